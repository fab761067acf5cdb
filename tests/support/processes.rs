//! Processes of the machine, known by an argument that no other has.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A number of seconds to sleep that no other command of any test has, by which its process is known.
#[must_use]
pub fn mark() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("9{:07}{:02}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Whether any process has this as one of its arguments.
///
/// # Panics
/// Where the system does not list its processes.
#[must_use]
pub fn lives(mark: &str) -> bool {
    let of_process = |entry: fs::DirEntry| fs::read(entry.path().join("cmdline")).unwrap_or_default();
    let arguments = fs::read_dir("/proc").expect("list").flatten().map(of_process);
    arguments
        .into_iter()
        .any(|line| line.split(|byte| *byte == 0).any(|argument| argument == mark.as_bytes()))
}

/// Waits until no process has this argument.
///
/// # Panics
/// When one still has.
#[track_caller]
pub fn gone_within(mark: &str, most: Duration) {
    let begun = Instant::now();
    while lives(mark) {
        assert!(begun.elapsed() < most, "`{mark}` lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a process has this argument.
///
/// # Panics
/// When none has in time.
#[track_caller]
pub fn lives_within(mark: &str, most: Duration) {
    let begun = Instant::now();
    while !lives(mark) {
        assert!(begun.elapsed() < most, "`{mark}` was not started");
        std::thread::sleep(Duration::from_millis(5));
    }
}
