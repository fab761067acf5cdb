//! The server is killed, the disk is full, others write: what a person has is old or new, never between, and nothing that
//! was staged is lost. Of the samples' cases, `crash-12`, `crash-13` and `crash-14` are about the store of conversations,
//! which comes with the agent.

use super::attacks::{Scene, greeted, run_area};
use e2e_tests::binary;
use e2e_tests::mcp_client::McpClient;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

/// How often the server is killed, over all threads.
const KILLS: u32 = 100;
/// Workspaces in which that happens side by side.
const DESKS: u32 = 4;
/// Files that are written at once: most are changed, some are new, some deleted.
const FILES: usize = 20;
const NEW: usize = 3;
const DELETED: usize = 2;

/// Every path below a folder, with its text; folders have none.
type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    for entry in fs::read_dir(folder).expect("list").map(|entry| entry.expect("entry")) {
        match entry.file_type().expect("type").is_dir() {
            true => {
                found.insert(entry.path(), None);
                found.extend(tree(&entry.path()));
            }
            false => drop(found.insert(entry.path(), Some(fs::read(entry.path()).expect("read")))),
        }
    }
    found
}

fn text(file: usize, generation: u32) -> String {
    format!("file {file} of generation {generation}\n").repeat(400)
}

/// Stages the change of 20 files from generation 0 to another.
fn stage(client: &mut McpClient, generation: u32) {
    for file in 0..FILES - DELETED {
        let folder = if file < NEW { "made/deep/" } else { "" };
        let path = format!("{folder}f{file}");
        client.ok("write_file", json!({ "path": path, "content": text(file, generation) }));
    }
    for file in FILES - DELETED..FILES {
        client.ok("delete_path", json!({ "path": format!("f{file}") }));
    }
}

/// What came of kills.
#[derive(Debug, Default)]
struct Count {
    old: u32,
    new: u32,
    /// The disk was neither before the next start.
    between: u32,
}

/// Kills servers in one workspace, spread over an accept and a little more.
fn kill_again_and_again(first: u32) -> Count {
    let scene = Scene::new();
    for file in NEW..FILES {
        fs::write(scene.ws().join(format!("f{file}")), text(file, 0)).expect("write");
    }
    let old = tree(&scene.ws());
    let mut client = scene.server();
    // How long it takes, and what comes of it.
    stage(&mut client, 0xffff);
    let started = Instant::now();
    client.ok("accept_changes", json!({}));
    let duration = started.elapsed();
    client.ok("undo_changes", json!({}));
    assert_eq!(tree(&scene.ws()), old, "undo brings everything back");
    let mut count = Count::default();
    for kill in (first..KILLS).step_by(DESKS as usize) {
        stage(&mut client, kill + 1);
        client.start("tools/call", json!({ "name": "accept_changes", "arguments": {} }));
        thread::sleep(duration * kill * 12 / (KILLS * 10));
        client.kill();
        let found = tree(&scene.ws());
        client = scene.server();
        let staged = client.ok("list_changes", json!({}));
        let now = tree(&scene.ws());
        if now == old {
            count.old += 1;
            assert!(staged.contains("made/deep/f0"), "kill {kill}: what was staged is lost: {staged}");
            client.ok("accept_changes", json!({}));
        } else {
            count.new += 1;
            let text = client.refused("accept_changes", json!({}));
            assert!(text.contains("nothing is staged"), "kill {kill}: {text}");
        }
        count.between += u32::from(found != old && found != now);
        let new = tree(&scene.ws());
        assert_eq!(new.len(), old.len() - DELETED + NEW + 2, "kill {kill}: {:?}", new.keys());
        for (path, bytes) in new.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref()?))) {
            let file = path.file_name().and_then(|name| name.to_str()?.strip_prefix('f')?.parse().ok());
            let file = file.unwrap_or_else(|| panic!("kill {kill}: {} was left", path.display()));
            assert!(*bytes == text(file, kill + 1).as_bytes(), "kill {kill}: {} is not new", path.display());
        }
        client.ok("undo_changes", json!({}));
        assert_eq!(tree(&scene.ws()), old, "kill {kill}: undo brings everything back");
    }
    count
}

/// `crash-01`, with more files and of more kinds.
#[test]
fn a_server_killed_while_it_writes_leaves_everything_old_or_new() {
    let counts: Vec<Count> = thread::scope(|scope| {
        let desks: Vec<_> =
            (0..DESKS).map(|first| scope.spawn(move || kill_again_and_again(first))).collect();
        desks.into_iter().map(|desk| desk.join().expect("all is well")).collect()
    });
    let sum = |of: fn(&Count) -> u32| counts.iter().map(of).sum::<u32>();
    let (old, new, between) = (sum(|count| count.old), sum(|count| count.new), sum(|count| count.between));
    assert_eq!(old + new, KILLS);
    assert!(old > 5 && new > 5 && between > 5, "the moments were not spread: {counts:?}");
}

#[test]
fn the_cases_of_the_samples() {
    run_area("crash", |id, ran| {
        let text = ran.text();
        Some(match id {
            "crash-05" => ran.refused() && text.contains("`a`") && ran.bytes("a") == b"user-edit\n",
            "crash-10" => ran.refused() && text.contains("ermission") && ran.bytes("a") == b"v1\n",
            _ => return None,
        })
    });
}

/// `crash-09`: a disk of 1 MiB in a namespace of its own, which not every system lets us make.
#[test]
fn a_full_disk_leaves_everything_old() {
    let can = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        return;
    }
    let scene = Scene::new();
    fs::create_dir(scene.ws().join("small")).expect("create");
    let line =
        "mount -t tmpfs -o size=1m none \"$WS/small\" && echo v1 > \"$WS/small/a\" && exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", line]).arg(binary::devtoolkit_mcp()).env("WS", scene.ws());
    scene.prepare(&mut command);
    let mut client = greeted(&mut command);
    client.ok("write_file", json!({ "path": "beside", "content": "new\n" }));
    client.ok("write_file", json!({ "path": "small/a", "content": "0123456789abcde\n".repeat(2 << 16) }));
    let text = client.refused("accept_changes", json!({}));
    assert!(text.contains("small/a") && (text.contains("No space") || text.contains("full")), "{text}");
    // The disk as that server sees it.
    let inside = Path::new("/proc").join(client.process().to_string()).join("root");
    let seen = tree(&inside.join(scene.ws().strip_prefix("/").expect("absolute")));
    let names: Vec<_> = seen.keys().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, ["small", "a"], "no temporary file, nothing beside");
    assert!(seen.values().any(|bytes| bytes.as_deref() == Some(b"v1\n".as_slice())));
    assert!(client.ok("list_changes", json!({})).contains("small/a"), "it is still staged");
}

/// `crash-11`.
#[test]
fn of_two_servers_that_write_at_once_one_wins() {
    for _ in 0..5 {
        let scene = Scene::new();
        fs::write(scene.ws().join("a"), "v1\n").expect("write");
        let mut servers = [scene.server(), scene.server()];
        for (place, client) in servers.iter_mut().enumerate() {
            let edit = json!({ "old": "v1", "new": format!("v2 of {place}") });
            client.ok("edit_file", json!({ "path": "a", "edits": [edit] }));
        }
        let accept = json!({ "name": "accept_changes", "arguments": {} });
        let calls = servers.each_mut().map(|client| client.start("tools/call", accept.clone()));
        let replies: Vec<(String, bool)> =
            servers.iter_mut().zip(calls).map(|(client, call)| client.reply(call)).collect();
        let winners: Vec<usize> = (0..2).filter(|place| !replies[*place].1).collect();
        assert_eq!(winners.len(), 1, "{replies:?}");
        let written = fs::read_to_string(scene.ws().join("a")).expect("read");
        assert_eq!(written, format!("v2 of {}\n", winners[0]));
        let lost = &mut servers[1 - winners[0]];
        let staged = lost.ok("list_changes", json!({}));
        assert!(staged.contains("CONFLICT"), "both texts are kept: {staged}");
        assert_eq!(tree(&scene.ws()).len(), 1, "no temporary file");
    }
}

/// Whatever has become of our own records, the server starts, says so, and loses nobody's text.
#[test]
fn a_damaged_journal_is_said_and_costs_no_file() {
    for damage in [b"".as_slice(), b"garbage", b"devtoolkit-record 99 00\n{}"] {
        let scene = Scene::new();
        fs::write(scene.ws().join("a"), "v1\n").expect("write");
        let mut client = scene.server();
        client.ok("write_file", json!({ "path": "a", "content": "v2\n" }));
        client.ok("accept_changes", json!({}));
        client.ok("write_file", json!({ "path": "b", "content": "staged\n" }));
        client.kill();
        for (path, bytes) in tree(&scene.folder.path().join("home/state")) {
            if bytes.is_some() && !path.components().any(|part| part.as_os_str() == "locks") {
                fs::write(path, damage).expect("write");
            }
        }
        let mut client = scene.server();
        let text = client.refused("undo_changes", json!({}));
        assert!(!text.is_empty());
        assert!(client.ok("read_file", json!({ "path": "a" })).contains("v2"));
        client.ok("write_file", json!({ "path": "c", "content": "new\n" }));
        client.ok("accept_changes", json!({}));
        assert_eq!(fs::read(scene.ws().join("c")).expect("read"), b"new\n");
        assert_eq!(fs::read(scene.ws().join("a")).expect("read"), b"v2\n");
    }
}
