//! Calls that are given up.

use super::Project;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A project whose search takes its while.
fn large() -> Project {
    let project = Project::new(&[]);
    let line = "abcdefghijklmnopqrstuvwxyz aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n";
    for number in 0..40 {
        project.write(&format!("{number}.txt"), line.repeat(12_000).as_bytes());
    }
    project
}

fn slow_search() -> Value {
    json!({ "name": "search_text", "arguments": { "query": "[ax][a-z ]{50}[0-9]", "limit": 1 } })
}

#[test]
fn a_cancelled_question_is_given_up_and_changes_nothing() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    client.ok("write_file", json!({ "path": "a.txt", "content": "one\n" }));
    let call = client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
    let question = client.asked("elicitation/create");
    client.cancel(call);
    // An answer that comes too late counts no more.
    client.send(
        &json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": {} } }),
    );
    client.ok("list_changes", json!({}));
    assert!(!project.root().join("a.txt").exists());
}

#[test]
fn a_cancelled_call_is_not_answered_and_holds_nobody_up() {
    let project = large();
    let mut client = project.server(&["--no-cache"]);
    let call = client.start("tools/call", slow_search());
    std::thread::sleep(Duration::from_millis(30));
    client.cancel(call);
    let begun = Instant::now();
    client.ok("list_changes", json!({}));
    assert!(begun.elapsed() < Duration::from_secs(2), "the server was held up for {:?}", begun.elapsed());
    assert_eq!(
        client.heard_answer(call, Duration::from_millis(100)),
        None,
        "a cancelled call is not answered"
    );
}
