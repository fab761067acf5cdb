use crate::tools::fixture::Project;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Reads until the words come.
#[track_caller]
fn until(project: &Project, name: &str, words: &str) -> String {
    let (begun, mut all) = (Instant::now(), String::new());
    while !all.contains(words) {
        assert!(begun.elapsed() < Duration::from_secs(20), "`{words}` did not come: {all}");
        all.push_str(&project.call("read_process", json!({ "name": name, "wait_s": 1 })));
    }
    all
}

#[test]
fn a_prompt_is_answered() {
    let project = Project::new(&[]);
    let ask = "printf 'Name: '; read name; echo \"Hello $name\"; read rest; echo bye";
    let reply = project.call("start_process", json!({ "name": "ask", "command": ask, "wait_s": 5 }));
    assert!(reply.starts_with("Name: \n(`ask` runs for 0 s"), "{reply}");
    let reply = project.call("write_process", json!({ "name": "ask", "text": "Ada" }));
    assert!(reply.starts_with("Hello Ada\n(`ask` runs"), "{reply}");
    let reply = project.call("write_process", json!({ "name": "ask", "text": "x\n" }));
    assert!(reply.starts_with("bye\n("), "{reply}");
    until(&project, "ask", "exit code 0");
    let reply = project.call("write_process", json!({ "name": "ask", "text": "x" }));
    assert!(reply.contains("has ended"), "{reply}");
    let all = project.call("read_process", json!({ "name": "ask", "offset": 2, "limit": 5 }));
    assert!(all.starts_with("bye\n(2 lines; `ask` exit code 0"), "{all}");
}

#[test]
fn new_output_is_told_once_and_old_output_can_be_paged() {
    let project = Project::new(&[]);
    let count = "i=0; while :; do i=$((i+1)); echo \"line $i\"; sleep 0.05; done";
    project.call("start_process", json!({ "name": "count", "command": count }));
    let all = until(&project, "count", "line 8\n");
    assert_eq!(all.matches("line 7\n").count(), 1, "{all}");
    let page = project.call("read_process", json!({ "name": "count", "offset": 2, "limit": 2 }));
    assert!(page.starts_with("line 2\nline 3\n(") && page.contains("ask with offset 4"), "{page}");
    assert!(project.call("read_process", json!({})).starts_with("count: i=0; while :;"));
    let reply = project.call("start_process", json!({ "name": "count", "command": "true" }));
    assert!(reply.contains("a process `count` runs already"), "{reply}");
    let reply = project.call("stop_process", json!({ "name": "count" }));
    assert!(reply.contains("(`count` stopped after"), "{reply}");
    // A name is free again once its process has ended.
    let reply = project.call("start_process", json!({ "name": "count", "command": "echo again" }));
    assert!(reply.starts_with("again\n"), "{reply}");
}

#[test]
fn a_process_that_ignores_the_asking_is_killed() {
    let project = Project::new(&[]);
    let deaf = "trap '' TERM INT HUP; echo begun; while :; do sleep 0.1; done";
    project.call("start_process", json!({ "name": "deaf", "command": deaf, "wait_s": 5 }));
    let begun = Instant::now();
    let reply = project.call("stop_process", json!({ "name": "deaf" }));
    assert!(reply.contains("signal 9"), "{reply}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let again = project.call("stop_process", json!({ "name": "deaf" }));
    assert!(again.contains("signal 9"), "{again}");
}

#[test]
fn one_that_does_not_read_holds_nobody_up() {
    let project = Project::new(&[]);
    project.call("start_process", json!({ "name": "deaf", "command": "exec sleep 60" }));
    let text = "x".repeat(60_000);
    let replies: Vec<String> =
        (0..20).map(|_| project.call("write_process", json!({ "name": "deaf", "text": text }))).collect();
    assert!(replies.iter().any(|reply| reply.contains("does not read")), "{}", replies[19]);
    project.call("stop_process", json!({ "name": "deaf" }));
}

#[test]
fn there_are_so_many_and_no_more() {
    let project = Project::new(&[]);
    let start = |name: String| {
        project.call("start_process", json!({ "name": name, "command": "exec sleep 60", "wait_s": 0 }))
    };
    for number in 0..16 {
        assert!(start(number.to_string()).contains("runs"));
    }
    let reply = start("more".to_owned());
    assert!(reply.contains("16 processes run already"), "{reply}");
    project.call("stop_process", json!({ "name": "3" }));
    assert!(start("more".to_owned()).contains("runs"));
    for (arguments, words) in [
        (json!({ "name": "", "command": "true" }), "`name`"),
        (json!({ "name": "a b", "command": "true" }), "`name`"),
        (json!({ "name": "a", "command": "true", "wait_s": 601 }), "`wait_s`"),
        (json!({ "name": "a", "command": "" }), "there is no command"),
    ] {
        let reply = project.call("start_process", arguments);
        assert!(reply.starts_with("error: ") && reply.contains(words), "{reply}");
    }
    let none: Value = json!({ "name": "nobody" });
    assert!(project.call("read_process", none).contains("no process `nobody`: `3`, `0`, `1`"));
}

#[test]
fn it_is_told_when_the_view_is_no_longer_that_of_the_start() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let commands = &project.handle.commands();
    let sees = |order: &str| {
        let order = crate::sandbox::Order {
            argv: vec!["sh".into(), "-c".into(), order.into()],
            folder: crate::workspace::RelPath::root(),
            environment: Vec::new(),
            input: false,
            network: false,
            secrets: false,
            limits: crate::sandbox::Limits::default(),
        };
        commands
            .run(&order, &project.handle.snapshot(), Duration::from_secs(9), String::new())
            .expect("it runs")
    };
    let first = sees("true");
    assert!(!first.is_stale(&project.handle.snapshot()));
    project.call("write_file", json!({ "path": "a.txt", "content": "two\n" }));
    assert!(first.is_stale(&project.handle.snapshot()));
    let second = sees("true");
    assert!(!second.is_stale(&project.handle.snapshot()));
    project.call("accept_changes", json!({}));
    assert!(!second.is_stale(&project.handle.snapshot()), "what it saw staged is on disk now");
    project.call("undo_changes", json!({}));
    assert!(second.is_stale(&project.handle.snapshot()));
}
