//! What the protocol's revisions ask for, and what a server has to bear.

use super::{Project, REVISION};
use e2e_tests::mcp_client::McpClient;
use serde_json::{Value, json};

/// What each request carries since 2026-07-28.
pub(super) fn newest_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "e2e", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } },
    })
}

#[test]
fn every_revision_is_spoken() {
    let project = Project::new(&[("a.txt", "one\n")]);
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut client = McpClient::spawn(&mut project.command(&[]));
        let greeting = client.greet(revision, json!({}));
        assert_eq!(greeting["result"]["protocolVersion"], revision);
        let answer =
            client.request("tools/call", json!({ "name": "read_file", "arguments": { "path": "a.txt" } }));
        assert!(answer["result"].get("resultType").is_none(), "later words are not said: {answer}");
    }
    let mut client = McpClient::spawn(&mut project.command(&[]));
    let greeting = client.greet("1999-01-01", json!({}));
    assert_eq!(greeting["result"]["protocolVersion"], "2025-11-25", "the newest that begins with a greeting");
}

#[test]
fn the_newest_revision_needs_no_greeting() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    let found = client.request("server/discover", json!({ "_meta": newest_meta() }));
    let versions = found["result"]["supportedVersions"].as_array().expect("versions");
    assert!(versions.contains(&json!("2026-07-28")), "{found}");
    let listed = client.request("tools/list", json!({ "_meta": newest_meta() }));
    assert!(listed["result"]["tools"].as_array().is_some_and(|tools| !tools.is_empty()), "{listed}");
    let arguments = json!({ "path": "a.txt" });
    let read = client.request(
        "tools/call",
        json!({ "_meta": newest_meta(), "name": "read_file", "arguments": arguments }),
    );
    assert_eq!(read["result"]["resultType"], "complete", "{read}");
    let mut unknown = newest_meta();
    unknown["io.modelcontextprotocol/protocolVersion"] = "2099-01-01".into();
    let refused = client.request("tools/list", json!({ "_meta": unknown }));
    assert!(
        refused["error"]["data"].to_string().contains("2026-07-28"),
        "it says what it supports: {refused}"
    );
}

#[test]
fn the_list_of_tools_is_the_same_for_every_connection() {
    let project = Project::new(&[]);
    let list = || project.server(&[]).request("tools/list", json!({}))["result"]["tools"].clone();
    let tools = list();
    assert_eq!(tools, list());
    for tool in tools.as_array().expect("a list") {
        let name = tool["name"].as_str().expect("a name");
        assert!(
            name.len() <= 30 && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()),
            "{name}"
        );
        assert!(!tool.to_string().contains("$schema"), "{tool}");
    }
    let size = tools.to_string().len();
    assert!(size <= 12_000, "the usual tools cost every host {size} characters, more than 3,000 tokens");
    let reading =
        project.server(&["--read-only"]).request("tools/list", json!({}))["result"]["tools"].clone();
    let reads = |tool: &Value| tool["annotations"]["readOnlyHint"] == true;
    assert!(reading.as_array().expect("a list").iter().all(reads), "{reading}");
    assert!(!tools.as_array().expect("a list").iter().all(reads));
}

#[test]
fn an_unknown_tool_is_an_error_of_the_protocol_and_a_wrong_argument_one_of_the_tool() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let unknown = client.request("tools/call", json!({ "name": "read_fil", "arguments": {} }));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    assert!(
        unknown["error"]["message"].as_str().is_some_and(|text| text.contains("`read_file`")),
        "{unknown}"
    );
    assert!(client.refused("read_file", json!({ "pat": "a" })).contains("did you mean `path`?"));
    let no_method = client.request("tools/destroy", json!({}));
    assert_eq!(no_method["error"]["code"], -32601, "{no_method}");
}

#[test]
fn no_message_ends_the_server() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    // Before the greeting, too.
    client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    client.send(&json!({ "jsonrpc": "2.0", "id": 77, "result": {} }));
    client.send_line("hello?");
    client.greet(REVISION, json!({}));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let lines = [
        "",
        "no JSON",
        "{",
        "null",
        "[]",
        "\u{0}",
        "[{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}]",
        r#"{"jsonrpc":"1.0","id":6,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":7}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"none"}}"#,
        r#"{"jsonrpc":"2.0","id":9999,"result":{"nobody":"asked"}}"#,
        r#"{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"read_file","arguments":[1]}}"#,
        deep.as_str(),
    ];
    for line in lines {
        client.send_line(line);
        let alive = client.request("ping", json!({}));
        assert!(
            alive.get("result").is_some(),
            "after `{}`: {alive}",
            line.chars().take(60).collect::<String>()
        );
    }
}

#[test]
fn a_message_without_end_costs_no_memory() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    let piece = "x".repeat(1 << 20);
    for _ in 0..64 {
        client.send_piece(&piece);
    }
    client.send_line("");
    assert!(client.request("ping", json!({})).get("result").is_some());
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string(format!("/proc/{}/status", client.process())).expect("it lives");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        let peak: u64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("a number");
        assert!(peak < 120 << 10, "peak memory {peak} KiB");
    }
}

#[test]
fn an_id_that_is_still_in_use_is_refused_and_the_first_request_answered() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    client.ok("write_file", json!({ "path": "a.txt", "content": "one\n" }));
    let call = client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
    let question = client.asked("elicitation/create");
    client.send(&json!({ "jsonrpc": "2.0", "id": call, "method": "ping" }));
    let refused = client.answer(call);
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    client.send(
        &json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": {} } }),
    );
    let (text, failed) = client.reply(call);
    assert!(!failed, "{text}");
}

#[test]
fn a_flood_of_calls_is_answered_or_refused_and_none_is_lost() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = project.server(&[]);
    let call = json!({ "name": "read_file", "arguments": { "path": "a.txt" } });
    let ids: Vec<u64> = (0..2_000).map(|_| client.start("tools/call", call.clone())).collect();
    let mut answered = 0;
    for id in ids {
        let answer = client.answer(id);
        match answer.get("result") {
            Some(result) => answered += usize::from(result["content"][0]["text"].to_string().contains("one")),
            None => assert!(
                answer["error"]["message"].to_string().contains("wait for an answer already"),
                "{answer}"
            ),
        }
    }
    assert!(answered >= 100, "{answered} of 2000");
    client.ok("read_file", json!({ "path": "a.txt" }));
}
