//! Clients that others wrote drive the real server: the official Python SDK, and the official inspector.

use super::Project;
use e2e_tests::binary;
use e2e_tests::foreign::{Foreign, stdout};
use e2e_tests::mcp_http::HttpServer;
use serde_json::Value;
use std::process::Command;

/// The ways of the SDK to begin, and the revision that each comes to with us.
const MODES: [(&str, &str); 2] = [("legacy", "2025-11-25"), ("auto", "2026-07-28")];

fn over_http(project: &Project) -> HttpServer {
    HttpServer::spawn(&mut project.command(&["--no-cache", "--http", "127.0.0.1:0"]))
}

/// Adds the server's command line to that of a client which starts it.
fn over_stdio(client: &mut Command, project: &Project) {
    client.arg(binary::devtoolkit_mcp()).arg("--no-cache").arg("--root").arg(project.root());
    project.prepare(client);
}

/// The SDK's session as `session.py` tells of it, from reading to accepting.
fn python_session(project: &Project, mut python: Command, (mode, revision): (&str, &str)) {
    let text = stdout(&mut python);
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(told["revision"], revision, "{mode}: {told}");
    assert_eq!(told["server"], "devtoolkit-mcp", "{mode}");
    let tools: Vec<&str> =
        told["tools"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(tools.contains(&"read_file") && tools.contains(&"accept_changes"), "{mode}: {tools:?}");
    let has = |step: &str, part: &str| {
        assert!(told[step].as_str().is_some_and(|text| text.contains(part)), "{mode}: {step}: {told}");
    };
    has("read", "one");
    has("missing", "error: ");
    has("staged", "a.txt");
    has("seen", "two");
    has("accepted", "a.txt");
    let questions = told["questions"].as_array().expect("a list");
    assert_eq!(questions.len(), 1, "{mode}: {told}");
    assert!(questions[0].as_str().is_some_and(|text| text.contains("a.txt")), "{mode}: {told}");
    assert_eq!(project.read("a.txt"), "two\n", "{mode}");
}

fn python(mode: &str, test: &str) -> Option<Command> {
    let mut python = Foreign::PythonSdk.command(test)?;
    python.arg(binary::checkout().join("tests/e2e/mcp/foreign/session.py")).arg(mode);
    Some(python)
}

#[test]
fn python_sdk_over_stdio() {
    for mode in MODES {
        let project = Project::new(&[("a.txt", "one\n")]);
        let Some(mut python) = python(mode.0, "python_sdk_over_stdio") else { return };
        python.arg("stdio");
        over_stdio(&mut python, &project);
        python_session(&project, python, mode);
    }
}

#[test]
fn python_sdk_over_http() {
    for mode in MODES {
        let project = Project::new(&[("a.txt", "one\n")]);
        let Some(mut python) = python(mode.0, "python_sdk_over_http") else { return };
        let server = over_http(&project);
        python.args(["http", &format!("http://{}/mcp", server.address), &server.token]);
        python_session(&project, python, mode);
    }
}

/// The inspector's answer to a method, as JSON.
fn inspect(inspector: &mut Command) -> Value {
    let text = stdout(inspector);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// `--strict` fails where a tool's schema is one that some hosts cannot take.
const LIST: [&str; 3] = ["--method", "tools/list", "--strict"];
const READ: [&str; 6] = ["--method", "tools/call", "--tool-name", "read_file", "--tool-arg", "path=a.txt"];

#[test]
fn inspector_over_stdio() {
    let project = Project::new(&[("a.txt", "one\n")]);
    for arguments in [&LIST[..], &READ] {
        let Some(mut inspector) = Foreign::Inspector.command("inspector_over_stdio") else { return };
        inspector.arg("--cli");
        over_stdio(&mut inspector, &project);
        inspected(arguments, &inspect(inspector.args(arguments)));
    }
}

#[test]
fn inspector_over_http() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let server = over_http(&project);
    for arguments in [&LIST[..], &READ] {
        let Some(mut inspector) = Foreign::Inspector.command("inspector_over_http") else { return };
        project.prepare(&mut inspector);
        inspector.args(["--cli", &format!("http://{}/mcp", server.address), "--transport", "http"]);
        inspector.arg("--header").arg(format!("Authorization: Bearer {}", server.token));
        inspected(arguments, &inspect(inspector.args(arguments)));
    }
}

fn inspected(arguments: &[&str], answer: &Value) {
    if arguments == LIST {
        let tools = answer["tools"].as_array().unwrap_or_else(|| panic!("no tools: {answer}"));
        assert!(tools.iter().any(|tool| tool["name"] == "read_file"), "{answer}");
    } else {
        let text = answer["content"][0]["text"].as_str();
        assert!(text.is_some_and(|text| text.contains("one")), "{answer}");
    }
}
