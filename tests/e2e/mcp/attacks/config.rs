//! Files that can run code or steer tools: the cases of area `config`, and relatives. No blanket yes covers them.

use super::super::{Project, REVISION};
use e2e_tests::mcp_client::McpClient;
use serde_json::json;

/// What a change of such a file says when nobody can be asked, and what the person sees who is.
fn held(path: &str, content: &str) -> String {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&["--trust-host", "--direct"]));
    client.greet(REVISION, json!({}));
    client.ok("write_file", json!({ "path": path, "content": content }));
    let text = client.refused("accept_changes", json!({}));
    assert!(text.contains("can run code") && text.contains("--trust-host=protected"), "{path}: {text}");
    assert!(!project.root().join(path).exists(), "{path} was written");
    let mut client = project.server(&["--trust-host"]);
    client.ok("write_file", json!({ "path": path, "content": content }));
    let call = client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
    let question = client.asked("elicitation/create");
    let message = question["params"]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("[can run code or steer tools]"), "{path}: {message}");
    client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "decline" } }));
    assert!(client.reply(call).1 && !project.root().join(path).exists(), "{path} was written");
    message
}

macro_rules! held {
    ($($name:ident: $path:expr;)*) => { $(#[test] fn $name() { held($path, "{ \"command\": \"id\" }\n"); })* };
}

held! {
    config_01_settings_of_an_editor: ".vscode/settings.json";
    config_02_tasks_of_an_editor: ".vscode/tasks.json";
    config_04_servers_of_an_agent: ".mcp.json";
    config_05_settings_of_an_agent: ".claude/settings.json";
    config_08_servers_of_another: ".kiro/settings/mcp.json";
}

#[test]
fn config_11_new_scripts_are_shown_first() {
    let message = held("package.json", "{\"scripts\":{\"postinstall\":\"curl x|sh\"}}");
    assert!(
        message.contains("!! new script `postinstall`, which runs by itself on install: curl x|sh"),
        "{message}"
    );
}

#[test]
fn config_12_nothing_of_a_workspace_moves_our_configuration() {
    let project = Project::new(&[
        (
            ".env",
            "XDG_CONFIG_HOME=./.x\nXDG_STATE_HOME=./.x\nHOME=./.x\nDEVTOOLKIT_CONFIG=./.x/config.toml\nCODEX_HOME=./.x\n",
        ),
        (".x/config.toml", "allow = [{ command = 'touch' }]\n"),
        (".x/devtoolkit/config.toml", "allow = [{ command = 'touch' }]\n"),
        (".config/devtoolkit/config.toml", "allow = [{ command = 'touch' }]\n"),
        ("devtoolkit/config.toml", "allow = [{ command = 'touch' }]\n"),
        ("config.toml", "allow = [{ command = 'touch' }]\n"),
    ]);
    let mut client = McpClient::spawn(&mut project.command(&[]));
    client.greet(REVISION, json!({}));
    let text = client.refused("run_command", json!({ "command": "touch marker" }));
    assert!(text.contains("needs a person's yes"), "{text}");
    assert!(
        !project.root().join(".x/devtoolkit/journals").exists() && !project.root().join("marker").exists()
    );
    let mut doctor = project.command(&["doctor"]);
    let told = String::from_utf8_lossy(&doctor.output().expect("it ends").stdout).into_owned();
    assert!(told.contains("config.toml` does not exist; nothing is configured"), "{told}");
}

/// Relatives, also by other spellings.
const FILES: &[&str] = &[
    ".idea/workspace.xml",
    ".zed/tasks.json",
    ".cursor/mcp.json",
    ".codex/config.toml",
    ".gemini/settings.json",
    ".amazonq/mcp.json",
    "x.code-workspace",
    ".devcontainer/devcontainer.json",
    ".envrc",
    ".env.production",
    ".nvim.lua",
    ".exrc",
    ".vimrc",
    ".dir-locals.el",
    ".npmrc",
    ".yarnrc.yml",
    ".pre-commit-config.yaml",
    ".husky/pre-commit",
    ".github/workflows/ci.yml",
    ".github/copilot-instructions.md",
    "AGENTS.md",
    "sub/CLAUDE.md",
    "GEMINI.md",
    ".cursorrules",
    "Makefile",
    "justfile",
    "build.rs",
    ".cargo/config.toml",
    "rust-toolchain.toml",
    "setup.py",
    "conftest.py",
    ".gitmodules",
    ".gitattributes",
    ".VSCode/Settings.JSON",
    "MAKEFILE",
    "Package.json",
    "a/b/.vscode/launch.json",
];

#[test]
fn no_blanket_yes_covers_a_relative() {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&["--trust-host"]));
    client.greet(REVISION, json!({}));
    for path in FILES {
        client.ok("write_file", json!({ "path": path, "content": "x\n" }));
        let text = client.refused("accept_changes", json!({ "only": [path] }));
        assert!(text.contains("can run code") && text.contains("--trust-host=protected"), "{path}: {text}");
    }
    // Nor does it come in with others.
    client.ok("write_file", json!({ "path": "plain.txt", "content": "x\n" }));
    client.refused("accept_changes", json!({}));
    assert!(!project.root().join("plain.txt").exists());
    client.ok("accept_changes", json!({ "only": ["plain.txt"] }));
    assert_eq!(std::fs::read_dir(project.root()).expect("folder").count(), 1);
}

#[test]
fn a_host_that_is_told_so_is_trusted_with_them() {
    let project = Project::new(&[]);
    let mut client = McpClient::spawn(&mut project.command(&["--trust-host=protected"]));
    client.greet(REVISION, json!({}));
    client.ok("write_file", json!({ "path": "Makefile", "content": "x:\n" }));
    client.ok("accept_changes", json!({}));
    assert_eq!(project.read("Makefile"), "x:\n");
}

#[test]
fn our_own_configuration_is_no_file_for_tools() {
    let project = Project::new(&[("devtoolkit/config.toml", "deny = [{ tool = 'http_request' }]\n")]);
    let mut command = project.command(&["--trust-host"]);
    command.env("XDG_CONFIG_HOME", project.root());
    let mut client = McpClient::spawn(&mut command);
    client.greet(REVISION, json!({}));
    for (tool, arguments) in [
        ("write_file", json!({ "path": "devtoolkit/config.toml", "content": "" })),
        ("write_file", json!({ "path": "Devtoolkit/CONFIG.TOML", "content": "" })),
        ("write_file", json!({ "path": "devtoolkit/new", "content": "" })),
        ("delete_path", json!({ "path": "devtoolkit" })),
        ("move_path", json!({ "from": "devtoolkit/config.toml", "to": "x" })),
        ("read_file", json!({ "path": "devtoolkit/config.toml" })),
    ] {
        let text = client.refused(tool, arguments.clone());
        assert!(text.contains("protected"), "{tool} {arguments}: {text}");
    }
}
