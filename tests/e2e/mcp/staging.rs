//! Changes are staged, shown, asked about and written.

use super::{Project, REVISION};
use e2e_tests::mcp_client::McpClient;
use serde_json::json;

#[test]
fn a_change_is_written_when_the_person_agrees() {
    let project = Project::new(&[("a.txt", "one\ntwo\n")]);
    let mut client = project.server(&[]);
    client.ok("edit_file", json!({ "path": "a.txt", "edits": [{ "old": "two", "new": "2" }] }));
    assert_eq!(project.read("a.txt"), "one\ntwo\n", "staged is not written");
    assert!(client.ok("read_file", json!({ "path": "a.txt" })).contains("2\t2"), "staged text is read");
    let call = client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
    let question = client.asked("elicitation/create");
    let message = question["params"]["message"].as_str().expect("a message");
    assert!(message.contains("a.txt") && message.contains("-two") && message.contains("+2"), "{message}");
    client.send(
        &json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": {} } }),
    );
    let (text, failed) = client.reply(call);
    assert!(!failed, "{text}");
    assert_eq!(project.read("a.txt"), "one\n2\n");
}

#[test]
fn a_change_that_the_person_declines_stays_staged() {
    for (action, words) in [("decline", "declined"), ("cancel", "no answer")] {
        let project = Project::new(&[("a.txt", "one\n")]);
        let mut client = project.server(&[]);
        client.ok("write_file", json!({ "path": "a.txt", "content": "two\n" }));
        let call = client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
        let question = client.asked("elicitation/create");
        client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": action } }));
        let (text, failed) = client.reply(call);
        assert!(failed && text.contains(words), "{text}");
        assert_eq!(project.read("a.txt"), "one\n");
        assert!(client.ok("list_changes", json!({})).contains("a.txt"), "nothing is lost");
    }
}

#[test]
fn a_host_that_cannot_ask_is_told_which_flag_would_allow_it() {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    client.greet(REVISION, json!({}));
    client.ok("write_file", json!({ "path": "a.txt", "content": "one\n" }));
    let text = client.refused("accept_changes", json!({}));
    assert!(text.contains("--trust-host"), "{text}");
    assert!(!project.root().join("a.txt").exists());
}

#[test]
fn a_trusted_host_is_not_asked() {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&["--trust-host"]));
    client.greet(REVISION, json!({}));
    client.ok("write_file", json!({ "path": "a.txt", "content": "one\n" }));
    client.ok("accept_changes", json!({}));
    assert_eq!(project.read("a.txt"), "one\n");
    client.ok("undo_changes", json!({}));
    assert!(!project.root().join("a.txt").exists());
}

#[test]
fn direct_changes_are_written_at_once() {
    let project = Project::new(&[]);
    let mut client = project.server(&["--direct"]);
    client.ok("write_file", json!({ "path": "a.txt", "content": "one\n" }));
    assert_eq!(project.read("a.txt"), "one\n");
}

/// Since 2026-07-28 a server asks in its result, and the client repeats the call with the answer.
#[test]
fn the_newer_way_of_asking_binds_the_answer_to_what_was_shown() {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "e2e", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } },
    });
    let mut call = |name: &str, more: serde_json::Value| {
        let mut params = json!({ "name": name, "arguments": {}, "_meta": meta });
        params.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        client.request("tools/call", params)
    };
    call("write_file", json!({ "arguments": { "path": "a.txt", "content": "one\n" } }));
    let asked = call("accept_changes", json!({}))["result"].clone();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let yes = |asked: &serde_json::Value| {
        let key = asked["inputRequests"].as_object().expect("questions").keys().next().expect("one").clone();
        json!({ "requestState": asked["requestState"], "inputResponses": { key: { "action": "accept", "content": {} } } })
    };
    // What was staged afterwards was never shown: the old answer does not count for it.
    call("write_file", json!({ "arguments": { "path": "b.txt", "content": "two\n" } }));
    let again = call("accept_changes", yes(&asked))["result"].clone();
    assert_eq!(again["resultType"], "input_required", "{again}");
    assert!(!project.root().join("a.txt").exists());
    let done = call("accept_changes", yes(&again));
    assert_eq!(done["result"]["isError"], false, "{done}");
    assert_eq!((project.read("a.txt"), project.read("b.txt")), ("one\n".to_owned(), "two\n".to_owned()));
}
