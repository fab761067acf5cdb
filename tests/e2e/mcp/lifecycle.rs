//! How the server starts and ends, and in which folders it works.

use super::{Project, REVISION};
use e2e_tests::binary;
use e2e_tests::mcp_client::McpClient;
use serde_json::json;
use std::process::Command;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_end_of_input_ends_the_server() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = project.server(&[]);
    client.ok("read_file", json!({ "path": "a.txt" }));
    let (status, took, errors) = client.close();
    assert!(status.success() && took < SECOND, "{status} after {took:?}");
    assert_eq!(errors, "", "nothing is told without need");
}

#[test]
fn the_end_of_input_ends_a_server_that_waits_for_the_person() {
    let project = Project::new(&[]);
    let mut client = project.server(&[]);
    client.ok("write_file", json!({ "path": "a.txt", "content": "one\n" }));
    client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
    client.asked("elicitation/create");
    let (status, took, _) = client.close();
    assert!(status.success() && took < SECOND, "{status} after {took:?}");
    assert!(!project.root().join("a.txt").exists());
}

#[test]
fn a_script_that_sends_everything_at_once_gets_every_answer() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    let start = json!({ "protocolVersion": REVISION, "capabilities": {}, "clientInfo": { "name": "e2e", "version": "1" } });
    let ids = [
        client.start("initialize", start),
        client.start("tools/list", json!({})),
        client.start("tools/call", json!({ "name": "read_file", "arguments": { "path": "a.txt" } })),
    ];
    let (status, ..) = client.close();
    assert!(status.success());
    for id in ids {
        assert!(client.answer(id).get("result").is_some());
    }
}

#[test]
fn a_host_that_leaves_without_a_word_is_no_error() {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    let (status, took, errors) = client.close();
    assert!(status.success() && took < SECOND, "{status} after {took:?}: {errors}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_server() {
    for signal in ["TERM", "INT"] {
        let project = Project::new(&[]);
        let mut client = project.server(&[]);
        client.ok("write_file", json!({ "path": "a.txt", "content": "one\n" }));
        client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
        client.asked("elicitation/create");
        let id = client.process().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().expect("kill").success());
        let (status, took, _) = client.end();
        assert!(status.success() && took < SECOND, "{signal}: {status} after {took:?}");
    }
}

#[test]
fn without_a_root_the_host_names_it_and_else_it_is_the_current_folder() {
    let (here, there) = (Project::new(&[("a.txt", "here\n")]), Project::new(&[("a.txt", "there\n")]));
    let spawn = || {
        let mut command = Command::new(binary::devtoolkit_mcp());
        here.prepare(&mut command);
        McpClient::spawn(&mut command)
    };
    let mut client = spawn();
    client.greet(REVISION, json!({}));
    assert!(client.ok("read_file", json!({ "path": "a.txt" })).contains("here"));
    let mut client = spawn();
    client.greet(REVISION, json!({ "roots": {} }));
    let call = client.start("tools/call", json!({ "name": "read_file", "arguments": { "path": "a.txt" } }));
    let asked = client.asked("roots/list");
    let uri = format!("file://{}", there.root().display());
    client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "roots": [{ "uri": uri }] } }));
    let (text, failed) = client.reply(call);
    assert!(!failed && text.contains("there"), "{text}");
}

#[test]
fn several_roots_are_told_apart_by_name() {
    let (one, two) = (Project::new(&[("a.txt", "first\n")]), Project::new(&[("a.txt", "second\n")]));
    let root = two.root().to_str().expect("ours").to_owned();
    let mut client = one.server(&["--root", &root]);
    let name = two.root().file_name().expect("ours").to_str().expect("ours").to_owned();
    assert!(client.ok("read_file", json!({ "path": format!("{name}/a.txt") })).contains("second"));
    assert!(client.refused("read_file", json!({ "path": "a.txt" })).contains(&name), "it names the roots");
}

#[test]
fn a_wrong_command_line_names_what_is_wrong_and_ends_with_2() {
    let project = Project::new(&[("a.txt", "")]);
    for (arguments, words) in [
        (vec!["--root", "nowhere"], "nowhere"),
        (vec!["--root", "a.txt"], "is no folder"),
        (vec!["--tools", "read_fil"], "`read_file`"),
        (vec!["--toolsets", "file"], "files"),
        (vec!["--log", "loud"], "loud"),
        (vec!["--sing"], "--sing"),
    ] {
        let mut command = Command::new(binary::devtoolkit_mcp());
        project.prepare(&mut command);
        let output = command.args(&arguments).output().expect("it starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(words), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "stdout belongs to the protocol");
    }
}
