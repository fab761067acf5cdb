//! Nothing of a run leaves the machine.

use crate::program::has_program;
use crate::{AFTER, area, right};
use std::fs;

#[test]
fn nothing_leaves_the_machine() {
    let test = "nothing_leaves_the_machine";
    if !has_program(test, "strace") {
        return;
    }
    let person = area();
    let script = person.script(&right());
    let calls = person.at("calls");
    let calls = calls.to_string_lossy().into_owned();
    let program = env!("CARGO_BIN_EXE_devtoolkit-agent");
    let of = |end: &[&str]| {
        let begin = ["-f", "-qq", "-e", "trace=execve,connect,bind,sendto,sendmsg,sendmmsg", "-o", &calls];
        let traced = person.command_of("strace", &[&begin, end].concat()).output().expect("it starts");
        (traced.status.code(), fs::read_to_string(&calls).expect("it was traced"))
    };
    if !of(&["true"]).1.contains("execve(") {
        return crate::program::skipped(test, "programs cannot be traced here");
    }
    let arguments = ["--approve", "all", "--check", "true", "add a depth to area"];
    let (code, seen) = of(&[&[program, "run", "--replay", &script], &arguments[..]].concat());
    assert_eq!(code, Some(0), "{seen}");
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AFTER));
    assert!(seen.contains(&format!("execve(\"{program}\"")), "{seen}");
    // The sandbox is tried with a listener on this machine, which a command must not reach; nothing else is spoken to.
    let is_here = |line: &str| ["\"127.0.0.1\"", "\"::1\""].iter().any(|here| line.contains(here));
    let is_addressed = |line: &&str| line.contains("sin_addr") || line.contains("sin6_addr");
    let beyond: Vec<&str> = seen.lines().filter(is_addressed).filter(|line| !is_here(line)).collect();
    assert!(beyond.is_empty(), "{beyond:#?}");
    let asks =
        |line: &&str| line.contains("sun_path=\"/") && (line.contains("nscd") || line.contains("resolve"));
    assert_eq!(seen.lines().find(asks), None, "nor is a name looked up");
}
