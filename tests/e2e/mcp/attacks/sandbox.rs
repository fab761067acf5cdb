//! Commands that want out: the cases of area `sandbox`, the server killed while they run, and what they are told where
//! there is no sandbox. Each protection by itself is attacked by the server's own tests.

use super::super::Project;
use e2e_tests::processes::{gone_within, lives_within, mark};
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// How often the server is killed with commands running.
const KILLS: u32 = 100;
/// How many of them at the same time.
const DESKS: u32 = 4;

#[test]
fn sandbox_01_only_the_workspace_is_written_and_only_after_review() {
    let (project, outside) = (Project::new(&[]), Project::new(&[]));
    let mut client = project.server(&[]);
    let line = format!("echo x > {}/f; touch /etc/zz; echo ok > inside", outside.root().display());
    client.agreed("run_command", json!({ "command": line }));
    assert_eq!(fs::read_dir(outside.root()).expect("list").count(), 0);
    assert!(fs::symlink_metadata("/etc/zz").is_err());
    assert!(client.ok("read_file", json!({ "path": "inside" })).contains("ok"));
    assert!(!project.root().join("inside").exists());
}

#[test]
fn sandbox_02_keys_are_not_read() {
    let project = Project::new(&[]);
    for (folder, name) in
        [(".ssh", "id_rsa"), (".aws", "credentials"), (".", ".netrc"), ("state/devtoolkit", "token")]
    {
        fs::create_dir_all(project.home.path().join(folder)).expect("create");
        fs::write(project.home.path().join(folder).join(name), "KEYTEXT").expect("write");
    }
    let mut client = project.server(&[]);
    let line =
        "cat $HOME/.ssh/id_rsa $HOME/.aws/credentials $HOME/.netrc; grep -rs KEYTEXT $HOME /var/tmp /tmp";
    let (reply, _) = client.call_agreed("run_command", json!({ "command": line }));
    assert!(!reply.contains("KEYTEXT"), "{reply}");
}

#[test]
fn sandbox_03_nobody_is_called() {
    let project = Project::new(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let mut client = project.server(&[]);
    let line = format!("python3 -c \"import socket;socket.create_connection(('127.0.0.1',{port}))\"");
    let (reply, _) = client.call_agreed("run_command", json!({ "command": line }));
    listener.set_nonblocking(true).expect("set");
    assert!(listener.accept().is_err() && reply.contains("refused"), "{reply}");
}

#[test]
fn sandbox_06_the_servers_environment_is_its_own() {
    let project = Project::new(&[]);
    let mut command = project.command(&[]);
    command.env("FAKE_API_KEY", "sk-test-123");
    let mut client = e2e_tests::mcp_client::McpClient::spawn(&mut command);
    client.greet(super::REVISION, json!({ "elicitation": {} }));
    let line = "sh -c 'env; cat /proc/$PPID/environ'; cat /proc/*/environ";
    let (reply, _) = client.call_agreed("run_command", json!({ "command": line }));
    assert!(reply.contains("PATH=") && !reply.contains("sk-test-123"), "{reply}");
}

#[test]
fn sandbox_10_no_hook_is_made() {
    let project = Project::new(&[(".git/HEAD", "ref: refs/heads/main\n"), (".git/hooks/readme", "")]);
    let mut client = project.server(&[]);
    for line in [
        "cd .git && echo x > hooks/pre-commit",
        "mv .git old; mkdir -p .git/hooks && echo x > .git/hooks/pre-commit",
        "mkdir -p sub/.git/hooks && echo x > sub/.git/hooks/pre-commit",
    ] {
        let (reply, _) = client.call_agreed("run_command", json!({ "command": line }));
        client.call_agreed("accept_changes", json!({}));
        assert!(!project.root().join(".git/hooks/pre-commit").exists(), "{reply}");
        assert!(!project.root().join("sub/.git").exists(), "{reply}");
    }
}

#[test]
fn sandbox_11_without_a_sandbox_a_person_is_told_so() {
    let project = Project::new(&[]);
    for trusting in [&[][..], &["--trust-host"]] {
        let arguments: Vec<&str> = ["--sandbox", "none"].iter().chain(trusting).copied().collect();
        let mut client = project.server(&arguments);
        let id = client
            .start("tools/call", json!({ "name": "run_command", "arguments": { "command": "touch ran" } }));
        let question = client.asked("elicitation/create");
        let text = question["params"]["message"].as_str().unwrap_or_default();
        assert!(text.contains("sandbox: NONE"), "{text}");
        let no = json!({ "action": "decline" });
        client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": no }));
        assert!(client.reply(id).1);
        assert!(!project.root().join("ran").exists());
    }
}

#[test]
fn the_second_tier_says_what_it_is() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let mut client = project.server(&["--sandbox", "landlock"]);
    let id = client.start(
        "tools/call",
        json!({ "name": "run_command", "arguments": { "command": "echo two > a.txt; touch new" } }),
    );
    let question = client.asked("elicitation/create");
    let text = question["params"]["message"].as_str().unwrap_or_default();
    assert!(text.contains("WRITES TO THE WORKSPACE"), "{text}");
    client.send(
        &json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": {} } }),
    );
    let (reply, _) = client.reply(id);
    assert!(reply.contains("wrote") && reply.contains("a.txt"), "{reply}");
    assert_eq!((project.read("a.txt").as_str(), project.root().join("new").exists()), ("two\n", false));
}

#[test]
fn nothing_survives_a_server_that_is_killed() {
    let killing = |desk: u32| {
        for _ in 0..KILLS / DESKS {
            let (one, two) = (mark(), mark());
            let project = Project::new(&[]);
            let mut client = project.server(&[]);
            let line = format!("setsid sleep {one} & trap '' TERM HUP INT; sleep {two}");
            client.start_agreed("run_command", json!({ "command": line }));
            // Some are killed while the sandbox is being made.
            if desk != 0 {
                lives_within(&one, 30 * SECOND);
            }
            client.kill();
            gone_within(&one, 5 * SECOND);
            gone_within(&two, 5 * SECOND);
        }
    };
    std::thread::scope(|scope| {
        for desk in 0..DESKS {
            scope.spawn(move || killing(desk));
        }
    });
}
