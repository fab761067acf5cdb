//! Calls and what the policy says of them.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use super::*;
use crate::tool::Toolset;
use crate::toolbox::{Selected, Toolbox};
use crate::workspace::{FileChange, FileContent, Roots, Side, Workspace, WorkspaceOp};
use clap::ValueEnum as _;
use expect_test::expect;
use serde_json::{Value, json};

/// A workspace with a policy.
struct Scene {
    folder: tempfile::TempDir,
    workspace: Workspace,
    toolbox: Toolbox,
    tightened: Rules,
    tier: Tier,
    foreign: Option<String>,
}

impl Scene {
    fn new(policy: Policy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("ws");
        for (path, text) in
            [("a.txt", "a\n"), (".env", "KEY=1\n"), ("sub/tls.pem", "x\n"), ("private/x.txt", "x\n")]
        {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), text).unwrap();
        }
        #[cfg(unix)]
        for (to, name) in [(".env", "notes.txt"), ("/etc", "etc")] {
            std::os::unix::fs::symlink(to, root.join(name)).unwrap();
        }
        let roots = Roots::open(&[root]).unwrap();
        let (mut workspace, _) = Workspace::open(roots, &folder.path().join("state")).unwrap();
        workspace.withhold(Rules::withholding(&[&policy.rules]));
        let toolsets = Toolset::value_variants().to_vec();
        let toolbox = Toolbox::new(&Selected { toolsets, ..Selected::default() }, policy).unwrap();
        Self { folder, workspace, toolbox, tightened: Rules::default(), tier: Tier::Overlay, foreign: None }
    }

    fn stage(&mut self, path: &str, text: &str) {
        let after = Side::File(FileContent::new(text.as_bytes(), None));
        let file = FileChange { path: RelPath::parse(path).unwrap(), before: Side::Absent, after };
        self.workspace.perform(WorkspaceOp::Stage { title: path.to_owned(), files: vec![file] }).unwrap();
    }

    fn decide(&self, tool: &str, arguments: Value) -> Decision {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let around = Surroundings {
            snapshot: &self.workspace.snapshot(),
            tier: &|| self.tier,
            tightened: &self.tightened,
            foreign_programs: self.foreign.as_deref(),
        };
        self.toolbox.decide(tool, arguments, &around).unwrap_or_else(Decision::Deny)
    }

    /// In words.
    fn said(&self, tool: &str, arguments: Value) -> String {
        match self.decide(tool, arguments) {
            Decision::Allow(call) if call.agreed => "agreed".to_owned(),
            Decision::Allow(_) => "allowed".to_owned(),
            Decision::Ask(question) => format!("asks: {}", whys(&question.reasons)),
            Decision::Deny(error) => format!("denied: {error}"),
        }
    }

    fn run(&self, line: &str) -> String {
        self.said("run_command", json!({ "command": line }))
    }

    fn question(&self, tool: &str, arguments: Value) -> Question {
        match self.decide(tool, arguments) {
            Decision::Ask(question) => question,
            Decision::Allow(_) => panic!("it was allowed"),
            Decision::Deny(error) => panic!("{error}"),
        }
    }
}

fn rules(text: &str) -> Policy {
    Policy { rules: Rules::parse(text, "config.toml").unwrap(), ..Policy::default() }
}

fn trusting(cares: &[Care]) -> Policy {
    Policy { trust_host: Some(cares.to_vec()), ..Policy::default() }
}

#[test]
fn harmless_commands_run_where_something_holds_them() {
    let mut scene = Scene::new(Policy::default());
    assert_eq!(scene.run("ls -la 'a b' ok.txt"), "allowed");
    assert_eq!(scene.run("git status"), "allowed");
    assert_eq!(scene.said("run_command", json!({ "argv": ["cat", "a.txt"], "folder": "sub" })), "allowed");
    assert!(scene.run("ls; id").contains("one single command"));
    assert!(scene.said("run_command", json!({ "command": "ls", "network": true })).contains("network"));
    scene.tier = Tier::Landlock;
    assert_eq!(scene.run("ls"), "allowed");
    assert!(scene.run("git status").contains("no overlay"));
    assert!(scene.run("grep -r x .").contains("no overlay"));
    scene.tier = Tier::Unconfined;
    assert_eq!(scene.run("ls"), "asks: there is no sandbox here");
    scene.tier = Tier::Overlay;
    scene.foreign = Some("/ws/bin".to_owned());
    assert!(scene.run("ls").contains("/ws/bin"));
}

#[test]
fn commands_that_name_secrets_or_lead_outside_ask() {
    let scene = Scene::new(trusting(&[]));
    let root = scene.folder.path().join("ws");
    assert_eq!(scene.run(&format!("cat {}/a.txt", root.display())), "allowed");
    for (line, why) in [
        ("cat .env", "may hold secrets"),
        ("cat ./sub/tls.pem", "may hold secrets"),
        ("grep -e KEY .env", "may hold secrets"),
        #[cfg(unix)]
        ("cat notes.txt", "may hold secrets"),
    ] {
        assert!(scene.run(line).contains(why), "{line}: {}", scene.run(line));
    }
    // The host is trusted with these.
    for line in ["cat /etc/passwd", "cat ../x", "cat .git/config", "cat sub/../../x"] {
        assert_eq!(scene.run(line), "agreed", "{line}");
    }
    let scene = Scene::new(Policy::default());
    #[cfg(unix)]
    assert!(scene.run("cat etc/passwd").contains("outside"));
    assert!(scene.run("cat .git/config").contains("protected"));
    assert!(scene.said("run_command", json!({ "command": "ls", "folder": ".git" })).contains("denied"));
    assert!(
        scene.said("run_command", json!({ "command": "cat tls.pem", "folder": "sub" })).contains("secrets")
    );
}

#[test]
fn a_trusted_host_covers_what_it_can_show_and_no_more() {
    let mut scene = Scene::new(trusting(&[]));
    assert_eq!(scene.run("make && ./x"), "agreed");
    assert_eq!(scene.said("undo_changes", json!({})), "agreed");
    scene.stage("b.txt", "b");
    assert_eq!(scene.said("accept_changes", json!({})), "agreed");
    scene.stage("package.json", "{}");
    assert!(scene.said("accept_changes", json!({})).contains("`package.json` can run code"));
    assert_eq!(scene.said("accept_changes", json!({ "only": ["b.txt"] })), "agreed");
    assert!(scene.said("read_file", json!({ "path": ".env" })).contains("may hold secrets"));
    assert!(scene.said("run_command", json!({ "command": "npm i", "network": true })).contains("network"));
    scene.tier = Tier::Unconfined;
    assert!(scene.run("make").contains("no sandbox"));
    scene.toolbox = Scene::new(trusting(&[Care::Protected, Care::Unconfined, Care::Secrets])).toolbox;
    assert_eq!(scene.run("make"), "agreed");
    assert_eq!(scene.run("cat .env"), "agreed");
    assert_eq!(scene.said("accept_changes", json!({})), "agreed");
    assert_eq!(scene.said("read_file", json!({ "path": ".env" })), "agreed");
}

#[test]
fn secrets_are_asked_about_by_whatever_name_they_are_given() {
    let scene = Scene::new(Policy::default());
    for (tool, arguments) in [
        ("read_file", json!({ "path": ".env" })),
        ("read_file", json!({ "path": "./sub//tls.pem" })),
        ("read_files", json!({ "paths": ["a.txt", ".env"] })),
        ("search_text", json!({ "query": "KEY", "path": ".env" })),
        ("edit_file", json!({ "path": ".env", "edits": [{ "old": "a", "new": "b" }] })),
        ("write_file", json!({ "path": ".env", "content": "b" })),
        ("move_path", json!({ "from": ".env", "to": "b.txt" })),
        #[cfg(unix)]
        ("read_file", json!({ "path": "notes.txt" })),
    ] {
        assert!(scene.said(tool, arguments.clone()).contains("may hold secrets"), "{tool} {arguments}");
    }
    for (tool, arguments) in [
        ("read_file", json!({ "path": "a.txt" })),
        ("search_text", json!({ "query": "KEY" })),
        ("write_file", json!({ "path": ".env.local", "content": "b" })),
        ("list_directory", json!({ "path": "sub" })),
    ] {
        assert_eq!(scene.said(tool, arguments), "allowed", "{tool}");
    }
}

#[test]
fn rules_are_kept_in_their_order() {
    let mut scene = Scene::new(rules(
        "hosts = ['docs.example']
allow = [{ command = 'make' }, { tool = 'accept_changes', path = 'docs/**' }, { command = 'npm ci', network = true }]
ask = [{ tool = 'undo_changes' }, { tool = 'find_files' }]
deny = [{ path = 'private' }, { command = 'make clean' }]",
    ));
    assert_eq!(scene.run("make all"), "allowed");
    assert!(scene.run("make clean").starts_with("denied: refused: a `deny` rule (`config.toml`, line 4)"));
    assert!(scene.run("make all; ls").starts_with("asks"));
    assert_eq!(scene.said("run_command", json!({ "command": "npm ci", "network": true })), "allowed");
    assert!(scene.said("run_command", json!({ "command": "make", "network": true })).contains("network"));
    assert_eq!(scene.said("http_request", json!({ "url": "http://docs.example/x" })), "allowed");
    assert!(scene.said("find_files", json!({ "pattern": "*" })).contains("an `ask` rule"));
    for (tool, arguments) in [
        ("read_file", json!({ "path": "private/x.txt" })),
        ("read_file", json!({ "path": "PRIVATE/x.txt" })),
        ("write_file", json!({ "path": "private/new", "content": "" })),
        ("list_directory", json!({ "path": "private" })),
    ] {
        assert!(scene.said(tool, arguments).starts_with("denied"), "{tool}");
    }
    let seen = scene.workspace.snapshot().read(&RelPath::parse("private/x.txt").unwrap());
    assert!(seen.is_err_and(|error| error.to_string().contains("deny")));
    scene.stage("docs/a.md", "a");
    assert_eq!(scene.said("accept_changes", json!({})), "allowed");
    scene.stage("docs/package.json", "{}");
    assert!(scene.said("accept_changes", json!({})).contains("can run code"));
    scene.tier = Tier::Unconfined;
    assert!(scene.run("make all").contains("no sandbox"));
    scene.tier = Tier::Overlay;
    scene.tightened = Rules::parse_of_workspace("ask = [{ command = 'make' }]", "w.toml").unwrap().0;
    assert!(scene.run("make all").contains("an `ask` rule (`w.toml`, line 1) asks"));
    scene.toolbox = Scene::new(trusting(&[])).toolbox;
    assert!(scene.run("make all").contains("an `ask` rule"), "not even a trusted host covers it");
}

#[test]
fn a_rule_names_tools_that_exist() {
    let selected = Selected::default();
    let Err(error) = Toolbox::new(&selected, rules("\nask = [{ tool = 'read_fil' }]")) else {
        panic!("it was taken")
    };
    expect!["an `ask` rule (`config.toml`, line 2): no tool `read_fil`; did you mean `read_file`?"]
        .assert_eq(&error.to_string());
}

#[test]
fn a_question_says_what_runs_where_and_how() {
    let scene = Scene::new(Policy::default());
    let question = scene.question(
        "run_command",
        json!({ "command": "make\u{202e} && ./x\n", "folder": "sub", "network": true }),
    );
    expect![[r#"
        Run this shell line?
          make\u{202e} && ./x

        folder: `sub` of the workspace
        sandbox: yes, as you with fewer rights: the system is read-only, your secrets are hidden, what it writes is staged
        network: YES, it may reach anything that you can reach
        asked because: it has the character U+202E; it may use the network
    "#]]
    .assert_eq(question.text());
    expect!["refused: `run_command` needs a person's yes (it has the character U+202E; it may use the network), and this host cannot ask. Nothing was done, and what is staged stays staged. The person may start the server with `--trust-host=network`, if the host itself confirms such calls, or use a host that can ask"]
        .assert_eq(&question.refusal());
}

#[test]
fn a_yes_is_for_exactly_what_was_shown() {
    let mut scene = Scene::new(Policy::default());
    let mut keys = Vec::new();
    for arguments in [
        json!({ "command": "make a" }),
        json!({ "command": "make  a" }),
        json!({ "command": "make a", "network": true }),
        json!({ "command": "make a", "folder": "sub" }),
        json!({ "argv": ["make", "a"] }),
        json!({ "argv": ["make a"] }),
        json!({ "argv": ["make", "a", ""] }),
        json!({ "command": "make a\u{200b}" }),
        json!({ "command": format!("make {}", "x".repeat(20_000)) }),
        json!({ "command": format!("make {}y{}", "x".repeat(10_000), "x".repeat(9_999)) }),
    ] {
        keys.push(scene.question("run_command", arguments).key().to_owned());
    }
    scene.tier = Tier::Landlock;
    keys.push(scene.question("run_command", json!({ "command": "make a" })).key().to_owned());
    scene.tier = Tier::Unconfined;
    keys.push(scene.question("run_command", json!({ "command": "make a" })).key().to_owned());
    scene.stage("b", "b");
    keys.push(scene.question("accept_changes", json!({})).key().to_owned());
    scene.stage("c", "b");
    keys.push(scene.question("accept_changes", json!({})).key().to_owned());
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

#[test]
fn a_long_command_is_cut_only_in_what_is_shown() {
    let scene = Scene::new(Policy::default());
    let line = format!("make {}; rm -rf x", "x".repeat(50_000));
    let question = scene.question("run_command", json!({ "command": line }));
    assert!(question.text().len() < 6_000 && question.text().contains("; rm -rf x"), "{}", question.text());
    assert!(question.text().contains(question.key()), "the hash of all of it");
}

#[test]
fn new_scripts_of_a_package_are_shown_first() {
    let mut scene = Scene::new(Policy::default());
    scene.stage("a.txt2", &"long\n".repeat(10_000));
    scene.stage("package.json", r#"{"scripts":{"postinstall":"curl x|sh","test":"x"}}"#);
    let question = scene.question("accept_changes", json!({}));
    let head: String = question.text().lines().take(5).collect::<Vec<_>>().join("\n");
    expect![[r#"
        Write these changes to disk?
          A package.json  [can run code or steer tools]
            !! new script `postinstall`, which runs by itself on install: curl x|sh
            !! new script `test`: x
          A a.txt2"#]]
    .assert_eq(&head);
}

#[test]
fn what_a_rule_is_about_is_not_written_at_once() {
    let policy =
        Policy { direct: true, ..rules("deny = [{ path = 'private' }]\nask = [{ path = '*.lock' }]") };
    let project = crate::tools::fixture::Project::with(&[], policy);
    let patch = "--- /dev/null\n+++ b/private/new\n@@ -0,0 +1 @@\n+x\n";
    project.call("apply_patch", json!({ "patch": patch }));
    project.call("write_file", json!({ "path": "a.lock", "content": "x" }));
    project.call("write_file", json!({ "path": "a.txt", "content": "x" }));
    let written = ["private/new", "a.lock", "a.txt"].map(|path| project.on_disk(path).is_some());
    assert_eq!(written, [false, false, true]);
    assert!(project.call("accept_changes", json!({ "only": ["private/new"] })).contains("`deny` rule"));
}
