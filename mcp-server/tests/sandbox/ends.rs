//! Everything ends: what was started, what that started, and what tried to get away.

use crate::world::{World, finish, for_both, sh};
use devtoolkit_mcp::sandbox::{Confined, Exit, Limits};
use std::fs;
use std::io::Read as _;
use std::time::{Duration, Instant};

const AWAY: &str = "python3 -c \"import os;os.fork() and os._exit(0);os.setsid();os.fork() and os._exit(0);\
                    os.execvp('sleep',['sleep','NUMBER'])\"";

/// How many processes of the whole machine have this among their arguments.
pub(crate) fn running(number: &str) -> usize {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| {
            line.split(|byte| *byte == 0).collect::<Vec<_>>() == [&b"sleep"[..], number.as_bytes(), b""]
        })
        .count()
}

/// A number that no other test sleeps.
fn number(place: u32) -> String {
    format!("{}{place}", 90_000 + std::process::id())
}

pub(crate) fn started(world: &World, line: &str, number: &str, count: usize) -> Confined {
    let confined = world.start(&sh(line)).expect("started");
    let until = Instant::now() + Duration::from_secs(20);
    while running(number) < count {
        assert!(Instant::now() < until, "{line} has not begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    confined
}

fn gone(number: &str) {
    assert_eq!(running(number), 0, "something survived");
}

#[test]
fn with_the_command_goes_what_it_left() {
    for_both(|world| {
        let number = number(1);
        let ran =
            world.sh(&format!("setsid sleep {number} & {} ; echo done", AWAY.replace("NUMBER", &number)));
        assert_eq!((ran.output.as_str(), ran.exit), ("done\n", Exit::Code(0)));
        gone(&number);
    });
}

#[test]
fn stopping_ends_all_of_it() {
    for_both(|world| {
        let number = number(2);
        let line =
            format!("sleep {number} & setsid sleep {number} & {}; wait", AWAY.replace("NUMBER", &number));
        let mut confined = started(world, &line, &number, 3);
        let begun = Instant::now();
        assert_eq!(confined.stop(Duration::from_secs(2)), Exit::Signal(15));
        assert!(begun.elapsed() < Duration::from_secs(2));
        gone(&number);
    });
}

#[test]
fn who_does_not_want_to_end_is_killed() {
    for_both(|world| {
        let number = number(3);
        let line = format!("trap '' TERM INT HUP; sleep {number} & while :; do sleep 1; done");
        let mut confined = started(world, &line, &number, 1);
        let begun = Instant::now();
        assert_eq!(confined.stop(Duration::from_millis(300)), Exit::Signal(9));
        assert!(begun.elapsed() > Duration::from_millis(300));
        gone(&number);
    });
}

#[test]
fn a_dropped_command_is_gone() {
    for_both(|world| {
        let number = number(4);
        drop(started(
            world,
            &format!("sleep {number} & {}; wait", AWAY.replace("NUMBER", &number)),
            &number,
            2,
        ));
        gone(&number);
    });
}

#[test]
fn its_input_is_empty_unless_asked_for() {
    for_both(|world| {
        assert_eq!(world.sh("read x; echo got=$x; cat; tty").output, "got=\nnot a tty\n");
        assert_eq!(
            world.sh("(exec 3<>/dev/tty) || echo no terminal").output.matches("no terminal").count(),
            1
        );
        let mut order = sh("read x; echo got=$x");
        order.input = true;
        let mut confined = world.start(&order).expect("started");
        std::io::Write::write_all(&mut confined.input.take().expect("input"), b"word\n").expect("written");
        assert_eq!(finish(confined).output, "got=word\n");
    });
}

#[test]
fn memory_and_files_are_bounded() {
    for_both(|world| {
        let mut order = sh(
            "python3 -c 'x=bytearray(2<<30)'; echo $?; head -c 3000000 /dev/zero > big; stat -c %s big; ulimit -c",
        );
        order.limits = Limits { memory: 1 << 30, file: 1 << 20, ..Limits::default() };
        let ran = finish(world.start(&order).expect("started"));
        assert!(ran.output.contains("MemoryError\n1\n") && ran.output.ends_with("1048576\n0\n"), "{ran:?}");
    });
}

#[test]
fn a_fork_bomb_is_bounded() {
    for_both(|world| {
        let number = number(5);
        let mut order = sh(&format!("for i in $(seq 2000); do sleep {number} & done; echo through; wait"));
        order.limits.processes = 600;
        let begun = Instant::now();
        let mut confined = world.start(&order).expect("started");
        let mut output = Vec::new();
        let mut pipe = confined.output.take().expect("output");
        let reader = std::thread::spawn(move || {
            pipe.read_to_end(&mut output).expect("read");
            output
        });
        while confined.try_wait().is_none()
            && begun.elapsed() < Duration::from_secs(10)
            && running(&number) < 500
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(200));
        assert!(running(&number) < 600);
        confined.stop(Duration::ZERO);
        gone(&number);
        let output = reader.join().expect("output");
        assert!(String::from_utf8_lossy(&output).contains("fork"), "nothing was refused");
    });
}

#[test]
fn ports_are_found() {
    for_both(|world| {
        let line = "python3 -c \"import socket,time;s=socket.socket();s.bind(('127.0.0.1',8123));s.listen();\
                    t=socket.socket(socket.AF_INET6);t.bind(('::1',8124));t.listen();time.sleep(60)\"";
        for network in [false, true] {
            let mut order = sh(line);
            order.network = network;
            let confined = world.start(&order).expect("started");
            let until = Instant::now() + Duration::from_secs(20);
            while confined.ports() != [8123, 8124] {
                assert!(Instant::now() < until, "{:?}", confined.ports());
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    });
}
