//! The second tier: rules on the disk itself, so what is written is written.

use crate::world::{World, finish, for_both_in, sh};
use devtoolkit_mcp::sandbox::{Exit, Tier};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::time::Duration;

fn for_both(test: fn(&World)) {
    for_both_in(Some(Tier::Landlock), test);
}

#[test]
fn it_writes_the_workspace_and_says_what() {
    for_both(|world| {
        fs::create_dir_all(world.path("home/ws/src")).expect("a folder");
        let confined = world
            .start(&sh("echo y >> a.txt && mkdir src/new && echo x > src/new/b.txt; cat a.txt"))
            .expect("started");
        let (ran, effects) = crate::world::effects(world, confined);
        assert_eq!((ran.output.as_str(), ran.exit), ("disk\ny\n", Exit::Code(0)));
        let written: Vec<&str> =
            effects.written.iter().map(devtoolkit_mcp::workspace::RelPath::as_str).collect();
        assert_eq!(written, ["a.txt", "src/new/b.txt"]);
        assert_eq!(fs::read_to_string(world.path("home/ws/src/new/b.txt")).expect("written"), "x\n");
    });
}

#[test]
fn nothing_else_is_written() {
    for_both(|world| {
        let outside = world.path("outside");
        let ran = world.sh(&format!(
            "for f in {}/f /etc/zz /usr/zz /zz /tmp/zz /var/tmp/zz /dev/shm/zz ~/zz ~/.toolrc ./new .git/HEAD .git/hooks/pre-commit; do echo x > $f; done; \
             mv .git old; mv ../ws ../ww; rm -rf .git; chmod 777 ../outside; ln -s /etc link; echo x > /proc/sys/kernel/core_pattern; \
             echo scratch > $TMPDIR/f && cat $TMPDIR/f",
            outside.display()
        ));
        assert!(ran.output.ends_with("scratch\n"), "{ran:?}");
        world.untouched();
    });
}

#[test]
fn secrets_are_not_there() {
    for_both(|world| {
        for line in [
            "cat ~/.ssh/id_rsa ~/.aws/credentials ~/.netrc",
            "cat $HOME/../state/token",
            "ln -s ~/.ssh a; cat a/id_rsa; cp ~/.netrc .; cat .netrc; cat /proc/self/root$HOME/.netrc; ln ~/.netrc n; cat n",
        ] {
            let ran = world.sh(line);
            assert!(!ran.output.contains("KEYTEXT"), "{line}: {ran:?}");
        }
        assert_eq!(world.sh("cat ~/.toolrc").output, "setting\n");
    });
}

#[test]
fn nobody_outside_is_reached() {
    for_both(|world| {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
        fs::create_dir_all(world.path("home/ws/src")).expect("a folder");
        let unix = UnixListener::bind(world.path("home/ws/src/sock")).expect("a socket");
        let line = format!(
            "python3 - <<'E'\nimport socket\nI=socket.AF_INET;S=socket.SOCK_STREAM\n\
             for f,t,a in [(I,S,('127.0.0.1',{})),(I,socket.SOCK_DGRAM,('127.0.0.1',{})),(socket.AF_UNIX,S,'src/sock')]:\n\
             \x20 try:\n    s=socket.socket(f,t);s.connect(a);s.send(b'x');print('sent')\n  except OSError as e: print('no')\n\
             a,b=socket.socketpair();a.send(b'x');print(b.recv(1))\nE",
            tcp.local_addr().expect("bound").port(),
            udp.local_addr().expect("bound").port()
        );
        assert_eq!(world.sh(&line).output, "no\nno\nno\nb'x'\n");
        // With the network, still not by path.
        let mut order = sh(&line);
        order.network = true;
        assert_eq!(finish(world.start(&order).expect("started")).output, "sent\nsent\nno\nb'x'\n");
        unix.set_nonblocking(true).expect("set");
        assert!(unix.accept().is_err());
    });
}

#[test]
fn other_processes_are_left_alone() {
    for_both(|world| {
        let own = std::process::id();
        let ran = world.sh(&format!("kill -0 {own} && echo ended; cat /proc/{own}/environ; cat /proc/$PPID/environ; readlink /proc/{own}/cwd; env"));
        assert!(!ran.output.contains("ended") && !ran.output.contains("CARGO"), "{ran:?}");
    });
}

#[test]
fn everything_ends() {
    for tier in [Tier::Landlock, Tier::Unconfined] {
        for_both_in(Some(tier), |world| {
            let away = "python3 -c \"import os,signal;signal.signal(signal.SIGTERM,signal.SIG_IGN);os.fork() and os._exit(0);os.setsid();os.fork() and os._exit(0);os.execvp('sleep',['sleep','NUMBER'])\"";
            let number = format!("{}7", 90_000 + std::process::id());
            let away = away.replace("NUMBER", &number);
            let running = || crate::ends::running(&number);
            // Its own end, being stopped, being killed, being dropped.
            assert_eq!(world.sh(&format!("{away}; setsid sleep {number} & echo done")).output, "done\n");
            assert_eq!(running(), 0);
            let line = format!("{away}; setsid sleep {number} & sleep {number}; wait");
            let mut confined = crate::ends::started(world, &line, &number, 3);
            assert_eq!(confined.stop(Duration::from_secs(2)), Exit::Signal(15));
            assert_eq!(running(), 0);
            let mut confined = crate::ends::started(world, &format!("trap '' TERM; {line}"), &number, 3);
            assert_eq!(confined.stop(Duration::from_millis(200)), Exit::Signal(9));
            assert_eq!(running(), 0);
            drop(crate::ends::started(world, &line, &number, 3));
            assert_eq!(running(), 0);
        });
    }
}

#[test]
fn secret_files_of_the_workspace_are_read_only_where_a_person_agreed() {
    for_both(|world| {
        fs::create_dir_all(world.path("home/ws/deep/er")).expect("a folder");
        for name in [".env", "deep/er/.env"] {
            fs::write(world.path("home/ws").join(name), "KEYTEXT").expect("a file");
        }
        let mut order = sh("cat .env deep/er/.env; echo x > deep/er/new; echo x > deep/new");
        let ran = finish(world.start(&order).expect("started"));
        assert!(!ran.output.contains("KEYTEXT"), "{ran:?}");
        order.secrets = true;
        let ran = finish(world.start(&order).expect("started"));
        assert!(ran.output.starts_with("KEYTEXTKEYTEXT"), "{ran:?}");
    });
}
