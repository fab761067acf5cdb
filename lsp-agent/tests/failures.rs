//! What goes wrong with the worker process, with a real model: each time a clear message, and the next request works.

#![cfg(all(feature = "llama", target_os = "linux"))]
#![expect(clippy::disallowed_methods, reason = "tests look at files and processes")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use devtoolkit_agent::provider::llama::{Llama, Running};
use devtoolkit_agent::provider::wire::{End, Generate, Grammar, Load, Loaded, Say};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use worker::{DEADLINE, ask, assert_alike, exact, finish, load, request, small_model, start};

#[path = "support/worker.rs"]
mod worker;

/// Kills of the worker in a row.
const KILLS: u64 = 30;

fn turn(number: u64) -> String {
    format!(
        "<|im_start|>user\n{} and {number}.<|im_end|>\n<|im_start|>assistant\n",
        "Count to ten. ".repeat(40)
    )
}

/// Waits until the model is loaded.
fn loaded(running: &Running) -> Loaded {
    let until = Instant::now() + DEADLINE;
    loop {
        match running.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Say::Loaded(loaded)) => return loaded,
            Ok(Say::End { end, .. }) => panic!("{end:?}"),
            Ok(_) => {}
            Err(error) => panic!("no model was loaded: {error}"),
        }
    }
}

fn kill(loaded: &Loaded) {
    let process = i32::try_from(loaded.process).ok().and_then(Pid::from_raw).unwrap();
    kill_process(process, Signal::KILL).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let below = std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap());
    below.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_worker_that_is_killed_at_any_moment_costs_no_more_than_its_turn() {
    let Some(exact) = exact("killed_at_any_moment") else { return };
    let folder = tempfile::tempdir().unwrap();
    let keeping = Load { keep: Some(folder.path().to_path_buf()), ..exact };
    let fresh = ask(&start(Load { keep: None, ..keeping.clone() }), request(&turn(0), 8));
    let llama = start(keeping);
    let mut killed = 0;
    for number in 0..KILLS {
        let running = llama.generate(request(&turn(number), 60));
        let worker = loaded(&running);
        // Anywhere from its first batch to the end of its answer, and while it writes what it cached.
        std::thread::sleep(Duration::from_millis(number * 37 % 600));
        let (sender, wait) = std::sync::mpsc::channel();
        let unloading = (number % 3 == 0).then(|| {
            let llama = llama.clone();
            std::thread::spawn(move || {
                llama.unload();
                let _ = sender.send(());
            })
        });
        if wait.recv_timeout(Duration::from_millis(number % 4)).is_err() {
            // It may have ended just now.
            let process = i32::try_from(worker.process).ok().and_then(Pid::from_raw).unwrap();
            let _ = kill_process(process, Signal::KILL);
        }
        let answer = finish(&running);
        match &answer.end {
            End::Tokens | End::Stop | End::Repeats => {}
            End::Failed(what) if what.contains("killed") => killed += 1,
            End::Failed(what) if what.contains("unloaded") => {}
            other => panic!("{other:?}"),
        }
        if let Some(unloading) = unloading {
            unloading.join().unwrap();
        }
        // Whoever dies too often is not started again by itself: one request is told so.
        let next = ask(&llama, request("x", 1));
        if let End::Failed(what) = &next.end {
            assert!(what.contains("times within a minute"), "{what}");
            assert_eq!(ask(&llama, request("x", 1)).end, End::Tokens);
        }
        llama.unload();
    }
    assert!(killed > KILLS / 4, "{killed} of {KILLS} were killed in their turn");
    assert_alike(&fresh, &ask(&llama, request(&turn(0), 8)), "what was kept is right");
}

#[test]
fn two_agents_share_what_was_kept() {
    let Some(exact) = exact("two_agents") else { return };
    let folder = tempfile::tempdir().unwrap();
    let keeping = Load { keep: Some(folder.path().to_path_buf()), ..exact };
    let fresh = ask(&start(Load { keep: None, ..keeping.clone() }), request(&turn(1), 6));
    let agents: Vec<Llama> = (0..2).map(|_| start(keeping.clone())).collect();
    for _ in 0..3 {
        let running: Vec<Running> = agents.iter().map(|agent| agent.generate(request(&turn(1), 6))).collect();
        for running in &running {
            assert_alike(&fresh, &finish(running), "of two agents");
        }
        std::thread::scope(|scope| {
            for agent in &agents {
                scope.spawn(|| agent.unload());
            }
        });
    }
    let restored = loaded(&agents[0].generate(request(&turn(1), 6)));
    assert_eq!((restored.restored, restored.warnings), (1, vec![]));
}

/// A small file system of its own; nothing where it cannot be made.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(test: &str, size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        if command.output().is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        worker::skipped(test, "only root can make a disk that is full");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk_costs_only_what_was_to_be_kept() {
    let Some(exact) = exact("full_disk") else { return };
    let Some(disk) = Disk::new("full_disk", "200k") else { return };
    let llama = start(Load { keep: Some(disk.0.path().to_path_buf()), ..exact });
    let first = ask(&llama, request(&turn(2), 6));
    llama.unload();
    assert_eq!(files(disk.0.path()), Vec::<PathBuf>::new(), "nothing half-written stays");
    let running = llama.generate(request(&turn(2), 6));
    let again = loaded(&running);
    assert_eq!((again.restored, again.warnings), (0, vec![]));
    assert_alike(&first, &finish(&running), "after a full disk");
}

#[test]
fn a_model_file_that_changes_under_us_is_told_and_survived() {
    let Some(exact) = exact("changes_under_us") else { return };
    let model = exact.path.clone();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("model.gguf");
    std::fs::copy(&model, &copy).unwrap();
    let llama = start(Load { path: copy.clone(), ..exact });
    let first = ask(&llama, request(&turn(3), 6));
    // Another file of the same name: what is loaded goes on.
    std::fs::rename(&copy, folder.path().join("old.gguf")).unwrap();
    std::fs::write(&copy, b"GGUF").unwrap();
    assert_alike(&first, &ask(&llama, request(&turn(3), 6)), "the file was replaced");
    llama.unload();
    let answer = ask(&llama, request("x", 1));
    assert!(matches!(&answer.end, End::Failed(what) if what.contains("model.gguf")), "{:?}", answer.end);
    std::fs::copy(&model, &copy).unwrap();
    assert_alike(&first, &ask(&llama, request(&turn(3), 6)), "the file is back");
    // The same file, cut off while its pages are in use: the system ends the process.
    let whole = std::fs::metadata(&copy).unwrap().len();
    std::fs::File::options().write(true).open(&copy).unwrap().set_len(whole / 4).unwrap();
    let answer = ask(&llama, request(&turn(4), 6));
    assert!(matches!(&answer.end, End::Failed(what) if what.contains("signal 7")), "{:?}", answer.end);
    let answer = ask(&llama, request("x", 1));
    assert!(matches!(&answer.end, End::Failed(what) if what.contains("model.gguf")), "{:?}", answer.end);
    std::fs::copy(&model, &copy).unwrap();
    assert_alike(&first, &ask(&llama, request(&turn(3), 6)), "the file is whole again");
}

#[test]
fn a_grammar_that_cannot_go_on_is_told() {
    let Some(model) = small_model("cannot_go_on") else { return };
    let llama = start(load(model));
    // No byte begins what stands behind the first letter.
    let grammar = Grammar { text: "root ::= \"a\" [^\\x00-\\U0010FFFF]".to_owned(), triggers: Vec::new() };
    let answer = ask(&llama, Generate { grammar: Some(grammar), ..request("x", 8) });
    assert!(
        matches!(&answer.end, End::Failed(what) if what.contains("cannot go on")),
        "{:?} {}",
        answer.end,
        answer.text
    );
    assert_eq!(ask(&llama, request("x", 1)).end, End::Tokens);
}

#[test]
fn what_was_not_begun_goes_to_the_next_worker() {
    let Some(model) = small_model("not_begun") else { return };
    let llama = start(load(model));
    let running = llama.generate(request("x", 1));
    let first = loaded(&running);
    finish(&running);
    kill(&first);
    let again = llama.generate(request("x", 1));
    assert_eq!(finish(&again).end, End::Tokens);
}
