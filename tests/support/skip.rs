//! How a test says that it could not run here: `cargo xtask test` lists these notes at its end.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

/// Notes that `test` did nothing, and why; the test then returns. For what the machine does not allow only, such as
/// links on some systems: wrong behaviour of ours is asserted, never skipped.
///
/// # Panics
/// Where the note cannot be written, so that no skip goes unseen.
pub fn note(test: &str, why: &str) {
    let Some(file) = env::var_os("DEVTOOLKIT_SKIPPED") else {
        eprintln!("skipped: {test}: {why}");
        return;
    };
    let note = OpenOptions::new().create(true).append(true).open(file);
    // One write a line: tests run side by side.
    note.and_then(|mut file| file.write_all(format!("{test}: {why}\n").as_bytes()))
        .expect("notes can be written");
}
