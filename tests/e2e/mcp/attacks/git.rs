//! Repositories that would like to run code, to lead outside or to lose work: the cases of area `git`, and relatives.

use super::super::REVISION;
use super::Scene;
use e2e_tests::binary;
use e2e_tests::mcp_client::McpClient;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// As every case begins: one commit, and a change of `f` that is in none.
const BEGIN: &str = "cd $WS; git init -q -b main; git config user.email a@b; git config user.name n; echo a>f; git add f; git commit -qm i; echo b>f; ";

fn scene(more: &str) -> Scene {
    let scene = Scene::new();
    scene.shell(&format!("{BEGIN}{more}"));
    scene
}

/// A host that can ask, of a server with the tools of files and git.
fn client(scene: &Scene) -> McpClient {
    let mut command = Command::new(binary::devtoolkit_mcp());
    let home = scene.folder.path().join("home");
    command.arg("--root").arg(scene.ws()).args(["--toolsets", "files,git"]).current_dir(scene.folder.path());
    command
        .env("HOME", &home)
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_CACHE_HOME", home.join("cache"));
    let mut client = McpClient::spawn(&mut command);
    client.greet(REVISION, json!({ "elicitation": {} }));
    client
}

fn no_code_ran(scene: &Scene) {
    assert!(!scene.out().join("marker").exists(), "code ran");
}

/// The tool is refused, or is none of ours.
#[track_caller]
fn refused(client: &mut McpClient, tool: &str, arguments: Value) -> String {
    let id = client.start_agreed(tool, arguments);
    let answer = client.answer(id);
    assert!(answer.get("error").is_some() || answer["result"]["isError"] == true, "{tool}: {answer}");
    answer.to_string()
}

/// The text of the question that a call leads to; it is declined.
fn question(client: &mut McpClient, tool: &str, arguments: Value) -> String {
    let call = client.start("tools/call", json!({ "name": tool, "arguments": arguments }));
    let question = client.asked("elicitation/create");
    client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "decline" } }));
    let (text, failed) = client.reply(call);
    assert!(failed, "{tool} went on though it was declined: {text}");
    question["params"]["message"].as_str().expect("a text").to_owned()
}

#[test]
fn git_01_a_monitor_is_not_run() {
    let scene = scene("git config core.fsmonitor \"touch $OUT/marker\"");
    assert_eq!(client(&scene).ok("git_status", json!({})), "## main\n M f\n");
    no_code_ran(&scene);
}

#[test]
fn git_02_a_difference_is_made_here() {
    let scene = scene("git config diff.external \"touch $OUT/marker\"");
    assert!(client(&scene).ok("git_diff", json!({})).contains("-a\n+b\n"));
    no_code_ran(&scene);
}

#[test]
fn git_06_hooks_run_only_when_asked_for_and_named() {
    let scene = scene(
        "for h in pre-commit commit-msg post-commit reference-transaction post-index-change prepare-commit-msg post-checkout; do printf '#!/bin/sh\\ntouch '$OUT'/marker\\n' > .git/hooks/$h; chmod +x .git/hooks/$h; done",
    );
    let mut client = client(&scene);
    client.ok("git_status", json!({}));
    client.ok("git_stage", json!({ "paths": ["f"] }));
    let asked = question(&mut client, "git_commit", json!({ "message": "m", "hooks": true }));
    assert!(asked.contains(".git/hooks/pre-commit") && asked.contains(".git/hooks/commit-msg"), "{asked}");
    let asked = question(&mut client, "git_commit", json!({ "message": "m" }));
    assert!(!asked.contains("hook") && asked.contains("M f") && asked.contains("n <a@b>"), "{asked}");
    client.agreed("git_commit", json!({ "message": "m" }));
    client.agreed("git_create_branch", json!({ "name": "x" }));
    client.agreed("git_switch", json!({ "to": "x" }));
    no_code_ran(&scene);
}

#[test]
fn git_08_what_looks_like_an_option_is_refused() {
    let scene = scene("");
    let mut client = client(&scene);
    let out = scene.out().join("marker").display().to_string();
    refused(&mut client, "git_diff", json!({ "target": format!("--output={out}") }));
    let option = format!("--output={out}");
    for (tool, arguments) in [
        ("git_diff", json!({ "from": option })),
        ("git_diff", json!({ "to": option })),
        ("git_log", json!({ "rev": option })),
        ("git_log", json!({ "rev": format!("HEAD..{option}") })),
        ("git_show", json!({ "rev": option })),
        ("git_blame", json!({ "path": "f", "rev": option })),
        ("git_blame", json!({ "path": "f", "rev": format!("--contents={out}") })),
        ("git_create_branch", json!({ "name": "-d" })),
        ("git_create_branch", json!({ "name": "x", "from": "--track" })),
        ("git_switch", json!({ "to": "--orphan" })),
        ("git_worktree", json!({ "action": "add", "path": "w", "branch": "-f" })),
        ("git_fetch", json!({ "remote": "--upload-pack=touch" })),
        ("git_push", json!({ "remote": "--receive-pack=touch" })),
        ("git_restore", json!({ "paths": ["f"], "from": "--source=x" })),
        ("git_clone", json!({ "url": "--upload-pack=touch", "path": "x" })),
    ] {
        let said = refused(&mut client, tool, arguments);
        assert!(said.contains("begins with `-`"), "{tool}: {said}");
    }
    no_code_ran(&scene);
}

#[test]
fn git_12_only_some_transports_are_used() {
    let scene = scene("");
    let mut client = client(&scene);
    let ext = format!("ext::sh -c touch% {}", scene.out().join("marker").display());
    let said = refused(&mut client, "git_clone", json!({ "url": ext, "dest": "x" }));
    assert!(said.contains("dest"), "{said}");
    let said = refused(&mut client, "git_clone", json!({ "url": ext, "path": "x" }));
    assert!(said.contains("remote helpers"), "{said}");
    // An address that a repository has configured is held to the same.
    for url in [
        ext.as_str(),
        "fd::17",
        "git://h/x",
        "file:///etc",
        "ssh://-oProxyCommand=touch/x",
        "http://example.org/x",
    ] {
        scene.shell(&format!("cd $WS; git config remote.evil.url '{url}'"));
        refused(&mut client, "git_fetch", json!({ "remote": "evil" }));
        refused(&mut client, "git_push", json!({ "remote": "evil" }));
    }
    scene.shell(&format!(
        "cd $WS; git config remote.evil.url https://good/x; git config 'url.{ext}.insteadOf' https://good/x"
    ));
    refused(&mut client, "git_fetch", json!({ "remote": "evil" }));
    assert!(!scene.ws().join("x").exists());
    no_code_ran(&scene);
}

#[test]
fn git_13_no_repository_is_made_outside() {
    let scene = scene("mkdir -p $OUT/../home/.ssh; echo KEY > $OUT/../home/.ssh/id");
    let mut client = client(&scene);
    let ssh = scene.folder.path().join("home/.ssh");
    refused(&mut client, "git_init", json!({ "path": ssh }));
    refused(&mut client, "git_clone", json!({ "url": ".", "path": ssh.join("x") }));
    refused(&mut client, "git_worktree", json!({ "action": "add", "path": ssh.join("x") }));
    assert_eq!(fs::read_dir(ssh).expect("list").count(), 1);
}

/// What file tools may not write of git's own.
fn not_written(path: &str, content: &str) {
    let scene = scene("mkdir -p sub");
    let before = fs::read(scene.ws().join(".git/config")).expect("config");
    let mut client = client(&scene);
    let said = client.refused("write_file", json!({ "path": path, "content": content }));
    assert!(said.contains("git"), "{said}");
    refused(&mut client, "accept_changes", json!({}));
    assert_eq!(fs::read(scene.ws().join(".git/config")).expect("config"), before);
    assert!(!scene.ws().join(".git/hooks/pre-commit").exists());
}

#[test]
fn git_18_no_hook_is_written() {
    not_written(".git/hooks/pre-commit", "#!/bin/sh\nid");
}

#[test]
fn git_19_no_configuration_is_written() {
    not_written(".git/config", "[core]\n\tfsmonitor = id");
}

#[test]
fn git_23_names_are_compared_after_resolution() {
    not_written(".git//hooks/pre-commit", "x");
    not_written("sub/../.git/hooks/pre-commit", "x");
}

#[test]
fn git_21_work_is_lost_only_by_a_decision_of_its_own() {
    let scene = scene("echo mine > new");
    let mut client = client(&scene);
    refused(&mut client, "git_reset", json!({ "mode": "hard", "ref": "HEAD~0" }));
    refused(&mut client, "git_clean", json!({ "force": true }));
    client.ok("git_restore", json!({ "paths": ["."], "from": "HEAD" }));
    let asked = question(&mut client, "accept_changes", json!({}));
    assert!(asked.contains("M f") && asked.contains("-b\n+a"), "{asked}");
    assert_eq!(fs::read_to_string(scene.ws().join("f")).expect("f"), "b\n");
    client.agreed("accept_changes", json!({}));
    assert_eq!(fs::read_to_string(scene.ws().join("f")).expect("f"), "a\n");
    client.agreed("undo_changes", json!({}));
    assert_eq!(fs::read_to_string(scene.ws().join("f")).expect("f"), "b\n", "it can be brought back");
    client.agreed("git_stash", json!({ "action": "save" }));
    let asked = question(&mut client, "git_stash", json!({ "action": "drop" }));
    assert!(asked.contains("LOSES") && asked.contains("  f"), "{asked}");
    let said = client.agreed("git_stash", json!({ "action": "drop" }));
    assert!(said.contains("refs/devtoolkit/kept/"), "{said}");
    assert!(scene.ws().join("new").exists());
}

/// What becomes of a repository that has been prepared.
enum Then {
    /// Its state is told, and no code runs.
    Told,
    /// It is refused, with these words.
    Refused(&'static str),
}
use Then::{Refused, Told};

/// Others of the same classes: how a repository is prepared, and what becomes of it.
const RELATIVES: &[(&str, &str, Then)] = &[
    (
        "hooks in a folder of their own",
        "mkdir h; printf '#!/bin/sh\\ntouch '$OUT'/marker\\n' > h/post-checkout; cp h/post-checkout h/pre-commit; chmod +x h/*; git config core.hooksPath h",
        Told,
    ),
    (
        "a monitor in an included file",
        "printf '[core]\\n\\tfsmonitor = touch '$OUT'/marker\\n' > .git/more; git config include.path more",
        Told,
    ),
    (
        "a monitor in a file that is included from outside",
        "printf '[core]\\n\\tfsmonitor = touch '$OUT'/marker\\n' > $OUT/more; git config include.path $OUT/more",
        Refused("leads outside"),
    ),
    (
        "an include on a condition",
        "printf '[core]\\n\\tfsmonitor = touch '$OUT'/marker\\n' > $OUT/more; git config includeIf.gitdir:/.path $OUT/more",
        Refused("leads outside"),
    ),
    ("an include from home", "git config include.path '~/more'", Refused("leads outside")),
    ("an include of a pipe", "mkfifo .git/pipe; git config include.path pipe", Refused("")),
    (
        "a monitor of this worktree only",
        "git config extensions.worktreeConfig true; git config --worktree core.fsmonitor \"touch $OUT/marker\"",
        Told,
    ),
    (
        "a filter by attributes",
        "echo '* filter=evil' > .gitattributes; git config filter.evil.clean \"touch $OUT/marker; cat\"; git config filter.evil.smudge \"touch $OUT/marker; cat\"; git config filter.evil.process \"touch $OUT/marker\"; git config filter.evil.required true",
        Told,
    ),
    (
        "a filter by the repository's own attributes",
        "mkdir -p .git/info; echo '* filter=evil' > .git/info/attributes; git config filter.evil.clean \"touch $OUT/marker; cat\"; git config filter.evil.smudge \"touch $OUT/marker; cat\"",
        Told,
    ),
    (
        "a filter by attributes of the index",
        "echo '* filter=evil' > .gitattributes; git add .gitattributes; rm .gitattributes; git config filter.evil.clean \"touch $OUT/marker; cat\"",
        Told,
    ),
    (
        "a text of binary files",
        "echo '* diff=evil' > .gitattributes; git config diff.evil.textconv \"touch $OUT/marker; cat\"; git config diff.evil.command \"touch $OUT/marker\"",
        Told,
    ),
    (
        "a merge driver",
        "echo '* merge=evil' > .gitattributes; git config merge.evil.driver \"touch $OUT/marker\"",
        Told,
    ),
    (
        "a signer",
        "git config commit.gpgSign true; git config gpg.program \"touch $OUT/marker\"; git config log.showSignature true",
        Told,
    ),
    (
        "a pager and an editor",
        "git config core.pager \"touch $OUT/marker\"; git config core.editor \"touch $OUT/marker\"; git config pager.log \"touch $OUT/marker\"",
        Told,
    ),
    (
        "aliases",
        "git config alias.status \"!touch $OUT/marker\"; git config alias.log \"!touch $OUT/marker\"",
        Told,
    ),
    (
        "ways to others",
        "git config core.sshCommand \"touch $OUT/marker\"; git config core.askPass \"touch $OUT/marker\"; git config credential.helper \"!touch $OUT/marker\"; git config core.gitProxy \"touch $OUT/marker\"",
        Told,
    ),
    (
        "a monitor of a submodule",
        "git -c protocol.file.allow=always submodule --quiet add ./ sub; git -C sub config core.fsmonitor \"touch $OUT/marker\"; git commit -qm s; echo c > sub/f",
        Told,
    ),
    (
        "a submodule that runs something to be updated",
        "git -c protocol.file.allow=always submodule --quiet add ./ sub; git config submodule.sub.update \"!touch $OUT/marker\"",
        Told,
    ),
    ("a working tree elsewhere", "git config core.worktree $OUT", Refused("core.worktree")),
    (
        "a git folder elsewhere",
        "mv .git $OUT/repo; echo \"gitdir: $OUT/repo\" > .git",
        Refused("outside of the workspace"),
    ),
    (
        "a git folder that is a link",
        "mv .git $OUT/repo; ln -s $OUT/repo .git",
        Refused("outside of the workspace"),
    ),
    (
        "a worktree of a repository outside",
        "cd $OUT; git init -q r; cd r; git -c user.name=n -c user.email=e commit -q --allow-empty -m i; rm -rf $WS/.git $WS/f; git worktree add -q $WS/w; cd $WS; mv w/.git .git; mv w/* . 2>/dev/null || true",
        Refused("outside of the workspace"),
    ),
    (
        "a common folder outside",
        "cp -r .git $OUT/repo; echo $OUT/repo > .git/commondir",
        Refused("outside of the workspace"),
    ),
    (
        "objects of others",
        "git init -q --bare $OUT/o; mkdir -p .git/objects/info; echo $OUT/o/objects > .git/objects/info/alternates",
        Refused("borrows objects"),
    ),
    (
        "objects that are a link",
        "mv .git/objects $OUT/objects; ln -s $OUT/objects .git/objects",
        Refused("outside"),
    ),
    (
        "references that are a link",
        "mv .git/refs/heads $OUT/heads; ln -s $OUT/heads .git/refs/heads",
        Refused("outside"),
    ),
    (
        "a configuration that is a link",
        "mv .git/config $OUT/config; ln -s $OUT/config .git/config",
        Refused("outside"),
    ),
    ("a head that is a pipe", "rm .git/HEAD; mkfifo .git/HEAD", Refused("pipe")),
    ("a branch that is a pipe", "mkfifo .git/refs/heads/x", Refused("pipe")),
    (
        "a list of what is ignored that is a device",
        "git config core.excludesFile /dev/zero",
        Refused("leads outside"),
    ),
    (
        "attributes from outside",
        "echo '* filter=evil' > $OUT/attributes; git config core.attributesFile $OUT/attributes",
        Refused("leads outside"),
    ),
    ("protections that are switched off", "git config core.protectNTFS false", Refused("protection")),
    (
        "a bare repository in disguise",
        "rm -rf .git; mkdir b; git init -q --bare b; mv b/* .; git config -f config core.fsmonitor \"touch $OUT/marker\"; git config -f config core.bare false; git config -f config core.worktree $WS",
        Told,
    ),
    (
        "names of its index that lead outside",
        "git update-index --add --cacheinfo 100644,$(git rev-parse HEAD:f),.g/../../x 2>/dev/null || true",
        Told,
    ),
];

#[test]
fn nothing_that_a_repository_says_is_run_or_leads_outside() {
    let mut wrong = Vec::new();
    for (what, line, then) in RELATIVES {
        let scene = scene(line);
        fs::create_dir(scene.folder.path().join("home/more")).expect("folder");
        let mut client = client(&scene);
        let begun = Instant::now();
        let mut said = Vec::new();
        for (tool, arguments) in [
            ("git_status", json!({})),
            ("git_diff", json!({})),
            ("git_diff", json!({ "from": "HEAD", "to": "worktree" })),
            ("git_log", json!({ "path": "f" })),
            ("git_show", json!({ "rev": "HEAD" })),
            ("git_blame", json!({ "path": "f" })),
            ("git_branches", json!({})),
            ("git_stage", json!({ "paths": ["f"] })),
            ("git_commit", json!({ "message": "m" })),
            ("git_create_branch", json!({ "name": "other" })),
            ("git_switch", json!({ "to": "other" })),
            ("git_worktree", json!({ "action": "add", "path": "w" })),
            ("git_restore", json!({ "paths": ["f"], "from": "HEAD" })),
        ] {
            said.push(client.call_agreed(tool, arguments));
        }
        let is_as_wanted = match then {
            Told => !said[0].1 && !said[1].1 && !said[3].1,
            Refused(words) => said.iter().all(|(text, failed)| *failed && text.contains(words)),
        };
        if !is_as_wanted || scene.out().join("marker").exists() || begun.elapsed() > Duration::from_secs(20) {
            wrong.push(format!(
                "{what}, in {:?}, marker {}: {said:#?}",
                begun.elapsed(),
                scene.out().join("marker").exists()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn secrets_are_shown_in_no_version() {
    let scene = scene(
        "echo TOPSECRET > .env; git add -f .env; git commit -qm s; echo TOPSECRET2 > .env; mv .env $OUT/x; git mv -f f g; cp $OUT/x .env",
    );
    let mut client = client(&scene);
    for (tool, arguments) in [
        ("git_diff", json!({})),
        ("git_diff", json!({ "from": "HEAD~1", "to": "HEAD" })),
        ("git_show", json!({ "rev": "HEAD" })),
        ("git_show", json!({ "rev": "HEAD:.env" })),
        ("git_show", json!({ "rev": ":.env" })),
        ("git_show", json!({ "rev": ":0:.env" })),
        ("git_blame", json!({ "path": ".env" })),
        ("git_restore", json!({ "paths": [".env"] })),
    ] {
        let call = client.start("tools/call", json!({ "name": tool, "arguments": arguments }));
        if let Some(question) = client.heard("elicitation/create", Duration::from_millis(500)) {
            client
                .send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "decline" } }));
        }
        let (text, _) = client.reply(call);
        assert!(!text.contains("TOPSECRET"), "{tool}: {text}");
    }
}
