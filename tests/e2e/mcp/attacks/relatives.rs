//! Others of the same classes, made up here.

use super::{Scene, greeted};
use e2e_tests::binary;
use e2e_tests::mcp_client::McpClient;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

/// Every tool that takes a path, with arguments that would do something.
fn everywhere(path: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("read_file", json!({ "path": path })),
        ("write_file", json!({ "path": path, "content": "PWNED" })),
        ("edit_file", json!({ "path": path, "edits": [{ "old": "a", "new": "PWNED" }] })),
        ("list_directory", json!({ "path": path })),
        ("find_files", json!({ "pattern": "*", "path": path })),
        ("search_text", json!({ "query": "SECRET", "path": path })),
        ("delete_path", json!({ "path": path })),
        ("move_path", json!({ "from": path, "to": "stolen" })),
        ("move_path", json!({ "from": "plain.txt", "to": path })),
    ]
}

/// The paths are refused by every tool, each refusal says why, and nothing comes out or changes.
fn refused_everywhere(scene: &Scene, client: &mut McpClient, paths: &[String], words: &[&str]) {
    let mut wrong = Vec::new();
    let before = tree(scene);
    for path in paths {
        for (tool, arguments) in everywhere(path) {
            let started = Instant::now();
            let (text, failed) = client.call(tool, arguments);
            let is_said = words.iter().any(|word| text.contains(word));
            if !failed || !is_said || text.contains("TOPSECRET") || started.elapsed() > Duration::from_secs(5)
            {
                let text: String = text.chars().take(300).collect();
                wrong.push(format!("{tool} {path:?} in {:?}: {text}", started.elapsed()));
            }
        }
    }
    let (text, failed) = client.call("accept_changes", json!({}));
    assert!(failed && text.contains("nothing"), "something was staged: {text}");
    assert_eq!(tree(scene), before, "the disk changed");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every path and its bytes, of the workspace and beside it.
fn tree(scene: &Scene) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![scene.ws(), scene.out()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("list").map(|entry| entry.expect("entry")) {
            let kind = entry.file_type().expect("type");
            let bytes = if kind.is_file() { fs::read(entry.path()).unwrap_or_default() } else { Vec::new() };
            found.push((entry.path().display().to_string(), bytes));
            if kind.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

fn scene() -> Scene {
    let scene = Scene::new();
    scene.shell("echo TOPSECRET > $OUT/secret; echo a > $WS/plain.txt; mkdir -p $WS/.git/hooks; echo TOPSECRET > $WS/.git/config");
    scene
}

fn owned(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn what_leads_outside_is_refused_by_every_tool() {
    let scene = scene();
    for (name, to) in [
        ("out_dir", "../out"),
        ("out_file", "../out/secret"),
        ("root", "/"),
        ("proc", "/proc/self"),
        ("dangling", "../out/new"),
        ("twice", "out_dir/secret"),
    ] {
        symlink(to, scene.ws().join(name)).expect("link");
    }
    let mut client = scene.server();
    let long = "x/".repeat(2100);
    let paths = [
        "..",
        "../out",
        "plain.txt/../../out/secret",
        "/",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/stdin",
        "./../out/secret",
        "a/\\x2e\\x2e/\\x2e\\x2e/out/secret",
        "..\\u{2f}out",
        "\u{0}",
        "a\u{0}b",
        long.as_str(),
        "",
    ];
    let beyond =
        ["out_dir/secret", "out_dir/new/file", "root/etc/passwd", "proc/environ", "proc/root/etc/passwd"];
    let rules = [
        "outside",
        "symbolic link",
        "NUL",
        "too long",
        "is empty",
        "escapes a `/`",
        "does not exist",
        "leaves the workspace",
    ];
    refused_everywhere(&scene, &mut client, &owned(&paths), &rules);
    refused_everywhere(&scene, &mut client, &owned(&beyond), &rules);
    for path in ["out_file", "dangling", "twice", "proc"] {
        for tool in ["read_file", "list_directory"] {
            let text = client.refused(tool, json!({ "path": path }));
            assert!(
                rules.iter().any(|rule| text.contains(rule)) && !text.contains("TOPSECRET"),
                "{path}: {text}"
            );
        }
    }
    assert!(!scene.out().join("new").exists());
}

#[test]
fn gits_own_state_is_refused_however_it_is_spelled() {
    let scene = scene();
    symlink(".git", scene.ws().join("g")).expect("link");
    symlink(".git/config", scene.ws().join("c")).expect("link");
    fs::create_dir(scene.ws().join("sub")).expect("create");
    fs::write(scene.ws().join("sub/.git"), "gitdir: ../elsewhere\n").expect("write");
    let mut client = scene.server();
    let paths = [
        ".git/config",
        ".git/hooks/new",
        ".Git/config",
        ".GIT",
        "sub/.git",
        "plain/../.git/config",
        ".git./config",
        ".git ",
        ".git . ./x",
        ".git::$INDEX_ALLOCATION/config",
        "git~1/config",
        "GIT~1",
        ".g\u{200d}it/config",
        "\u{feff}.git/x",
        ".gi\u{ad}t/x",
        ".\u{ff47}it/x",
        ".ｇｉｔ/x",
        ".gi\u{fe0f}t/x",
        ".g\u{2060}it/hooks/x",
        ".git\u{e0101}/x",
        ".g\\u{200c}it/x",
        ".git\\config",
        "sub\\.GIT\\x",
        "gi7eba~1/x",
        ".g\u{1d173}it/x",
        ".devtoolkit/policy.toml",
        "sub/.DEVTOOLKIT",
        "DEVTOO~1/x",
        "g/config",
        "g/new",
        "g/hooks/new",
    ];
    let paths: Vec<String> = owned(&paths).into_iter().filter(|path| !path.contains("..")).collect();
    refused_everywhere(&scene, &mut client, &paths, &["is protected: "]);
    for tool in ["read_file", "list_directory"] {
        let text = client.refused(tool, json!({ "path": "c" }));
        assert!(text.contains("protected") || text.contains("folder"), "{text}");
    }
    let listed = client.ok("list_directory", json!({ "path": ".", "depth": 4 }));
    let is_git = |line: &str| line.trim_start().starts_with(".git") || line.contains("hooks");
    assert!(!listed.lines().any(is_git), "{listed}");
}

#[test]
fn our_own_state_below_a_root_is_refused() {
    let scene = scene();
    fs::write(scene.folder.path().join("plain.txt"), "a").expect("write");
    // The home folder itself as the workspace, as some hosts start us.
    let mut command = Command::new(binary::devtoolkit_mcp());
    scene.prepare(&mut command);
    command.arg("--root").arg(scene.folder.path());
    let mut client = greeted(&mut command);
    let state = scene.folder.path().join("home/state/devtoolkit");
    client.ok("list_directory", json!({ "path": scene.folder.path() }));
    let journal =
        fs::read_dir(state.join("journals")).expect("journals").next().expect("one").expect("entry").path();
    for path in [state.clone(), journal.join("sets/1"), state.join("token")] {
        for (tool, arguments) in [
            ("read_file", json!({ "path": path })),
            ("write_file", json!({ "path": path, "content": "x" })),
            ("list_directory", json!({ "path": path })),
        ] {
            let text = client.refused(tool, arguments);
            assert!(text.contains("protected"), "{tool} {}: {text}", path.display());
        }
    }
}

#[test]
fn what_can_run_code_is_named_and_never_written_at_once() {
    let scene = scene();
    let mut command = Command::new(binary::devtoolkit_mcp());
    scene.prepare(&mut command);
    let mut client = greeted(command.arg("--direct"));
    for path in [
        ".vscode/tasks.json",
        "Package.json",
        ".env.local",
        "sub/CLAUDE.md",
        ".github/workflows/ci.yml",
        "\u{200b}Makefile",
    ] {
        let text = client.ok("write_file", json!({ "path": path, "content": "x" }));
        assert!(text.contains("can run code"), "{path}: {text}");
    }
    client.ok("write_file", json!({ "path": "src/a", "content": "x" }));
    assert!(scene.ws().join("src/a").exists(), "the rest is written at once");
    assert!(!scene.ws().join(".vscode").exists() && !scene.ws().join(".env.local").exists());
}

#[test]
fn what_is_no_regular_file_is_never_opened() {
    let scene = scene();
    scene.shell("cd $WS; mkfifo pipe; ln -s pipe to_pipe; ln -s /dev/tty tty; ln -s /dev/fd/0 stdin; ln -s /proc/self/fd/1 magic; python3 -c 'import socket;s=socket.socket(socket.AF_UNIX);s.bind(\"s\")'; ln -s s to_sock; mknod null c 1 3 || true; mkdir d; mkfifo d/inner");
    let mut client = scene.server();
    for path in ["pipe", "to_pipe", "tty", "stdin", "magic", "s", "to_sock", "null", "d/inner"] {
        for (tool, arguments) in everywhere(path).into_iter().take(3) {
            let started = Instant::now();
            let text = client.refused(tool, arguments);
            assert!(started.elapsed() < Duration::from_secs(3), "{tool} {path} took {:?}", started.elapsed());
            assert!(
                text.contains("regular file") || text.contains("outside") || text.contains("leaves"),
                "{tool} {path}: {text}"
            );
        }
    }
    let started = Instant::now();
    let found = client.ok("search_text", json!({ "query": "a" }));
    assert!(found.contains("plain.txt") && started.elapsed() < Duration::from_secs(6), "{found}");
}

#[test]
fn every_name_that_a_system_allows_is_listed_and_read() {
    let scene = Scene::new();
    let names: [&[u8]; 8] = [
        b"bad\xff.txt",
        b"\xc3\x28",
        b"new\nline",
        b"tab\there",
        b"back\\slash",
        b"-rf",
        b" space ",
        "e\u{301}\u{202e}x".as_bytes(),
    ];
    for (place, name) in names.iter().enumerate() {
        fs::write(scene.ws().join(std::ffi::OsStr::from_bytes(name)), format!("text {place}\n"))
            .expect("write");
    }
    let mut client = scene.server();
    let listed = client.ok("list_directory", json!({ "path": "." }));
    let shown = [
        "bad\\xff.txt",
        "\\xc3(",
        "new\\u{a}line",
        "tab\\u{9}here",
        "back\\\\slash",
        "-rf",
        " space ",
        "e\u{301}\\u{202e}x",
    ];
    for (place, name) in shown.iter().enumerate() {
        assert!(listed.contains(name), "{name} in {listed}");
        let text = client.ok("read_file", json!({ "path": name }));
        assert!(text.contains(&format!("text {place}")), "{name}: {text}");
        client.ok("edit_file", json!({ "path": name, "edits": [{ "old": "text", "new": "TEXT" }] }));
    }
    client.ok("accept_changes", json!({}));
    for (place, name) in names.iter().enumerate() {
        let text = fs::read_to_string(scene.ws().join(std::ffi::OsStr::from_bytes(name))).expect("read");
        assert_eq!(text, format!("TEXT {place}\n"));
    }
    assert_eq!(fs::read_dir(scene.ws()).expect("list").count(), names.len(), "no other name came to be");
}
