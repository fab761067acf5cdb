//! The tools over the wire: questions, progress, replies.

use crate::mcp::Project;
use e2e_tests::mcp_client::McpClient;
use e2e_tests::skip;
use serde_json::json;
use std::time::{Duration, Instant};

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

/// A server on a port of its own choosing would have to be asked for it: this one is told.
pub(super) const SERVER: &str = "
import http.server, sys
print('ready', flush=True)
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
";

#[test]
fn a_server_without_the_network_is_waited_for_too() {
    let project = Project::new(&[("serve.py", SERVER)]);
    let mut client = project.server(&[]);
    let arguments = json!({ "name": "web", "command": "python3 serve.py 8123", "port": 8123 });
    let reply = client.agreed("start_process", arguments);
    if !reply.contains("staged view") {
        return skip::note(
            "a_server_without_the_network_is_waited_for_too",
            "only namespaces have ports of their own",
        );
    }
    assert!(reply.contains("listens on 8123; without `network`"), "{reply}");
    let begun = Instant::now();
    let arguments = json!({ "name": "none", "command": "sleep 60", "port": 8124, "wait_s": 1 });
    let reply = client.agreed("start_process", arguments);
    assert!(reply.contains("nothing listens on port 8124 after 1 s"), "{reply}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    // One that ends is not waited for any longer.
    let arguments = json!({ "name": "short", "command": "echo oops; exit 4", "port": 8125 });
    let reply = client.agreed("start_process", arguments);
    assert!(
        reply.starts_with("oops\n(`short` exit code 4") && begun.elapsed() < Duration::from_secs(10),
        "{reply}"
    );
}
