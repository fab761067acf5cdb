use crate::tools::fixture::Project;
use serde_json::json;
use std::time::{Duration, Instant};

#[track_caller]
fn check(command: &str, wanted: &str) {
    let reply = Project::new(&[("a.txt", "one\n"), ("sub/b.txt", "two\n")])
        .call("run_command", json!({ "command": command }));
    assert!(reply.starts_with(wanted), "{reply}");
}

#[test]
fn output_and_errors_come_in_order_with_the_exit_code() {
    check("echo out; echo err >&2; echo end; exit 3", "out\nerr\nend\n(exit code 3 after 0.");
    check("true", "(exit code 0 after 0.");
    check("kill -9 $$", "(ended by signal 9 (SIGKILL) after 0.");
    check("printf 'no newline'", "no newline\n(exit code 0");
    check("printf 'a\\0b\\377\\n'", "a␀b\u{fffd}\n(exit code 0");
}

#[test]
fn its_input_is_empty() {
    check("cat; read x; echo \"got=$x $?\"", "got= 1\n(exit code 0");
}

#[test]
fn it_runs_where_it_is_told() {
    let project = Project::new(&[("sub/b.txt", "two\n")]);
    let reply = project.call("run_command", json!({ "argv": ["cat", "b.txt"], "folder": "sub" }));
    assert!(reply.starts_with("two\n(exit code 0"), "{reply}");
    for (arguments, words) in [
        (json!({}), "there is no command"),
        (json!({ "command": " " }), "there is no command"),
        (json!({ "argv": [] }), "there is no command"),
        (json!({ "command": "a", "argv": ["b"] }), "not both"),
        (json!({ "command": "a\0b" }), "NUL"),
        (json!({ "command": "true", "folder": "../x" }), "`..` is refused"),
        (json!({ "command": "true", "folder": "nowhere" }), "the folder `nowhere` does not exist"),
        (json!({ "command": "true", "folder": "sub/b.txt" }), "`sub/b.txt` is no folder"),
        (json!({ "command": "true", "folder": ".git" }), "`.git`"),
        (json!({ "command": "true", "timeout_s": 3601 }), "start_process"),
        (json!({ "argv": ["no-such-program"] }), "no program `no-such-program`"),
    ] {
        let reply = project.call("run_command", arguments.clone());
        assert!(reply.starts_with("error: ") && reply.contains(words), "{arguments}: {reply}");
    }
}

#[test]
fn time_runs_out() {
    let project = Project::new(&[]);
    let begun = Instant::now();
    let reply =
        project.call("run_command", json!({ "command": "echo begun; exec sleep 60", "timeout_s": 1 }));
    assert!(reply.starts_with("begun\n(timed out and was stopped after 1."), "{reply}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    let deaf = "trap '' TERM; echo begun; while :; do sleep 0.1; done";
    let reply = project.call("run_command", json!({ "command": deaf, "timeout_s": 1 }));
    assert!(
        reply.starts_with("begun\n(timed out and was stopped after 3.") && reply.contains("signal 9"),
        "{reply}"
    );
}

#[test]
fn a_flood_is_stopped() {
    let flood =
        "yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    let reply = Project::new(&[]).call("run_command", json!({ "command": flood }));
    assert!(reply.len() < 257 << 10 && reply.starts_with("xxx"), "{}", reply.len());
    let end = &reply[reply.len() - 300..];
    assert!(end.contains("because it wrote more than 64 MiB"), "{end}");
    assert!(reply.contains("lines left out"), "{end}");
}

#[test]
fn a_child_that_holds_the_output_open_holds_nobody_up() {
    let begun = Instant::now();
    check("sleep 30 & echo done", "done\n(exit code 0");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
