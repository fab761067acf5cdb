//! A folder and a link that change places for ever while tools read and write.

use super::Scene;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Swaps the folder `d` and a link until told to stop. They change places in one step: were there a moment with neither,
/// the server would make the folder anew.
fn swap(ws: &Path, target: &Path, stop: &AtomicBool) {
    let (folder, link) = (ws.join("d"), ws.join("link"));
    symlink(target, &link).expect("link");
    while !stop.load(Ordering::Relaxed) {
        renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).expect("swap");
        thread::yield_now();
    }
}

#[test]
fn nothing_is_read_or_written_through_a_link_that_is_swapped_in() {
    for inside in [false, true] {
        let scene = Scene::new();
        scene.shell("mkdir -p $WS/d $WS/.git/hooks; echo fine > $WS/d/f; echo TOPSECRET > $OUT/f; echo TOPSECRET > $WS/.git/hooks/f");
        let target = if inside { scene.ws().join(".git/hooks") } else { scene.out() };
        let (ws, stop) = (scene.ws(), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| swap(&ws, &target, &stop));
            let mut client = scene.server();
            let (started, mut calls, mut read) = (Instant::now(), 0, 0);
            while started.elapsed() < Duration::from_secs(3) {
                let (text, failed) = client.call("read_file", json!({ "path": "d/f" }));
                assert!(!text.contains("TOPSECRET"), "read through the link: {text}");
                read += u32::from(!failed);
                let (found, _) = client.call("search_text", json!({ "query": "SECRET|fine", "path": "d" }));
                assert!(!found.contains("TOPSECRET"), "searched through the link: {found}");
                for path in ["d/f", "d/new"] {
                    client.call("write_file", json!({ "path": path, "content": format!("fine {calls}\n") }));
                }
                if client.call("accept_changes", json!({})).1 {
                    client.call("discard_changes", json!({}));
                }
                client.call("list_directory", json!({ "path": "d" }));
                calls += 1;
            }
            stop.store(true, Ordering::Relaxed);
            assert!(read > 0 && calls > 10, "the race was run: {read} of {calls}");
        });
        assert_eq!(fs::read_to_string(target.join("f")).expect("it is there"), "TOPSECRET\n");
        assert_eq!(fs::read_dir(&target).expect("list").count(), 1, "nothing came to be beyond the link");
    }
}
