//! The tools over the wire: questions, progress, replies.

use crate::mcp::Project;
use e2e_tests::mcp_client::McpClient;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_command_runs_when_the_person_agrees_and_not_before() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = project.server(&[]);
    let line = "cat a.txt; exit 3";
    let call = client.start("tools/call", json!({ "name": "run_command", "arguments": { "command": line } }));
    let question = client.asked("elicitation/create");
    let message = question["params"]["message"].as_str().expect("a message");
    assert!(message.contains(line), "{message}");
    assert_eq!(client.heard_answer(call, Duration::from_millis(200)), None, "it waits");
    let no = json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "decline" } });
    client.send(&no);
    let (text, failed) = client.reply(call);
    assert!(failed && text.contains("declined"), "{text}");
    let reply = client.agreed("run_command", json!({ "command": line }));
    assert!(reply.starts_with("one\n(exit code 3 after"), "{reply}");
}

#[test]
fn a_long_command_tells_how_far_it_is() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let arguments = json!({ "command": "echo first; sleep 1.5; echo second; sleep 1.5" });
    let params = json!({ "name": "run_command", "arguments": arguments, "_meta": { "progressToken": "p" } });
    let call = client.start("tools/call", params);
    let question = client.asked("elicitation/create");
    let yes = json!({ "action": "accept", "content": {} });
    client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": yes }));
    for words in ["first", "second"] {
        let told = client.asked("notifications/progress");
        assert_eq!(told["params"]["progressToken"], "p");
        assert_eq!(told["params"]["message"], words, "{told}");
    }
    assert!(client.reply(call).0.starts_with("first\nsecond\n(exit code 0"));
}

#[test]
fn a_host_that_cannot_ask_runs_nothing_of_consequence() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    client.greet(crate::mcp::REVISION, json!({}));
    let text = client.refused("run_command", json!({ "command": "touch b.txt" }));
    assert!(text.contains("cannot ask"), "{text}");
    assert!(!project.root().join("b.txt").exists());
}
