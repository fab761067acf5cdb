//! Files and staged changes as resources, and who subscribes to them.

use super::Project;
use e2e_tests::mcp_client::McpClient;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_millis(300);

fn read(client: &mut McpClient, uri: &str) -> Value {
    client.request("resources/read", json!({ "uri": uri }))
}

#[test]
fn files_and_staged_changes_are_read() {
    let project = Project::new(&[("a b.txt", "one\n")]);
    project.write("bytes", b"\0\x01\x02");
    let mut client = project.server(&[]);
    let listed = client.request("resources/list", json!({}));
    assert_eq!(listed["result"]["resources"][0]["uri"], "devtoolkit://staged", "{listed}");
    let templates = client.request("resources/templates/list", json!({}));
    assert_eq!(templates["result"]["resourceTemplates"].as_array().map(Vec::len), Some(2), "{templates}");
    let text =
        |answer: &Value| answer["result"]["contents"][0]["text"].as_str().unwrap_or_default().to_owned();
    assert_eq!(text(&read(&mut client, "devtoolkit://staged")), "");
    client.ok("write_file", json!({ "path": "a b.txt", "content": "two\n" }));
    assert_eq!(text(&read(&mut client, "devtoolkit://file/a%20b.txt")), "two\n", "the staged text is seen");
    for uri in ["devtoolkit://staged", "devtoolkit://staged/a%20b.txt"] {
        let diff = text(&read(&mut client, uri));
        assert!(diff.contains("-one") && diff.contains("+two"), "{uri}: {diff}");
    }
    let absolute = format!("file://{}/bytes", project.root().display());
    assert_eq!(read(&mut client, &absolute)["result"]["contents"][0]["blob"], "AAEC");
}

#[test]
fn what_is_not_there_or_not_ours_is_an_error_that_names_it() {
    let project = Project::new(&[("a.txt", "one\n")]);
    project.write(".git/config", b"secret\n");
    let mut client = project.server(&[]);
    for (uri, words) in [
        ("devtoolkit://file/none.txt", "none.txt"),
        ("devtoolkit://staged/a.txt", "nothing is staged"),
        ("devtoolkit://file/../a.txt", "`..` is refused"),
        ("devtoolkit://file/%2e%2e/a.txt", "`..` is refused"),
        ("file:///etc/passwd", "outside"),
        ("devtoolkit://file/.git/config", "protected"),
        ("devtoolkit://nothing", "devtoolkit://staged"),
    ] {
        let answer = read(&mut client, uri);
        let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{uri}: {answer}"));
        assert!(message.contains(words), "{uri}: {message}");
    }
}

#[test]
fn subscribers_hear_of_staged_changes_and_of_changes_on_disk() {
    let project = Project::new(&[("a.txt", "one\n"), ("b.txt", "one\n")]);
    let mut client = project.server(&[]);
    let updated = "notifications/resources/updated";
    for uri in ["devtoolkit://staged", "devtoolkit://file/b.txt"] {
        let answer = client.request("resources/subscribe", json!({ "uri": uri }));
        assert!(answer.get("result").is_some(), "{answer}");
    }
    client.ok("write_file", json!({ "path": "a.txt", "content": "two\n" }));
    assert_eq!(client.asked(updated)["params"]["uri"], "devtoolkit://staged");
    project.write("b.txt", b"another\n");
    assert_eq!(client.asked(updated)["params"]["uri"], "devtoolkit://file/b.txt");
    client.request("resources/unsubscribe", json!({ "uri": "devtoolkit://staged" }));
    client.ok("write_file", json!({ "path": "a.txt", "content": "three\n" }));
    assert_eq!(client.heard(updated, SOON), None, "who unsubscribed hears nothing");
}

#[test]
fn subscriptions_are_bounded_and_checked() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let subscribe =
        |client: &mut McpClient, uri: &str| client.request("resources/subscribe", json!({ "uri": uri }));
    assert!(subscribe(&mut client, "file:///etc/passwd").get("error").is_some());
    for number in 0..100 {
        let answer = subscribe(&mut client, &format!("devtoolkit://file/{number}"));
        assert!(answer.get("result").is_some(), "{answer}");
    }
    let answer = subscribe(&mut client, "devtoolkit://file/more");
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("100")), "{answer}");
    client.ok("list_changes", json!({}));
}

/// Since 2026-07-28 one long request replaces subscribing.
#[test]
fn listening_in_the_newer_way_tells_changes_until_it_is_cancelled() {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    let meta = super::protocol::newest_meta();
    let listening = client.start(
        "subscriptions/listen",
        json!({ "_meta": meta, "notifications": { "resourceSubscriptions": ["devtoolkit://staged", "https://elsewhere"] } }),
    );
    let accepted = client.asked("notifications/subscriptions/acknowledged");
    assert!(
        accepted.to_string().contains("devtoolkit://staged") && !accepted.to_string().contains("elsewhere"),
        "{accepted}"
    );
    let stage = |client: &mut McpClient, text: &str| {
        let arguments = json!({ "path": "a.txt", "content": text });
        client.request("tools/call", json!({ "_meta": meta, "name": "write_file", "arguments": arguments }))
    };
    stage(&mut client, "one\n");
    assert_eq!(client.asked("notifications/resources/updated")["params"]["uri"], "devtoolkit://staged");
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": listening } }));
    stage(&mut client, "two\n");
    assert_eq!(client.heard("notifications/resources/updated", SOON), None);
}
