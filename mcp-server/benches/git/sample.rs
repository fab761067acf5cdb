//! The repository that is asked about: always the same one, of many files and a long history.
#![expect(
    clippy::disallowed_methods,
    reason = "it makes the repository that is measured, with the git program"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Files besides the one with the long history.
pub(crate) const FILES: usize = 10_000;
/// Commits, each of which changes the long file and another one.
pub(crate) const COMMITS: usize = 1_000;
/// Lines of the long file.
pub(crate) const LINES: usize = 4_200;
/// The file with the long history.
pub(crate) const LONG: &str = "source/core/long.txt";

/// Makes the repository, with a few changes that are in no commit.
pub(crate) fn make(root: &Path) -> Result<()> {
    git(root, &["init", "-q", "-b", "main"])?;
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .spawn()
        .context("git is needed")?;
    import.stdin.take().context("it is piped")?.write_all(stream().as_bytes())?;
    ensure!(import.wait()?.success(), "git fast-import failed");
    git(root, &["reset", "-q", "--hard"])?;
    for file in [1, 5_000, 9_999] {
        let path = root.join(name(file));
        let text = std::fs::read_to_string(&path)?.replace("line 7 ", "LINE 7 ");
        std::fs::write(path, text)?;
    }
    std::fs::write(root.join("untracked.txt"), "new\n")?;
    // So that a first look finds no file that might have changed in the same moment.
    std::thread::sleep(std::time::Duration::from_secs(2));
    git(root, &["status", "--short"]).map(drop)
}

/// What the git program says.
pub(crate) fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root).output().context("git is needed")?;
    ensure!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn name(file: usize) -> String {
    format!("source/{:02}/{:02}/file_{file}.txt", file % 20, file % 31)
}

fn body(file: usize, version: usize) -> String {
    (0..40).fold(String::new(), |mut text, line| {
        let _ = writeln!(
            text,
            "line {line} of file {file} as of version {}",
            if line == 20 { version } else { 0 }
        );
        text
    })
}

fn stream() -> String {
    let mut long: Vec<String> = (0..LINES).map(|line| format!("    statement_{line}(argument);")).collect();
    let mut text = String::new();
    let put = |text: &mut String, path: &str, body: &str| {
        let _ = writeln!(text, "M 100644 inline {path}\ndata {}\n{body}", body.len());
    };
    for commit in 0..COMMITS {
        let author = format!("Ann <ann@x> {} +0000", 1_600_000_000 + commit * 3_600);
        let message = format!("Change {commit}\n");
        let _ = writeln!(text, "commit refs/heads/main\nauthor {author}\ncommitter {author}");
        let _ = writeln!(text, "data {}\n{message}", message.len());
        if commit == 0 {
            (0..FILES).for_each(|file| put(&mut text, &name(file), &body(file, 0)));
        }
        let file = commit * 7 % FILES;
        put(&mut text, &name(file), &body(file, commit));
        let at = commit * 1_009 % long.len();
        long[at] = format!("    statement_{at}(changed_{commit});");
        if commit % 3 == 0 {
            long.insert(at, format!("    // since {commit}"));
            long.pop();
        }
        put(&mut text, LONG, &(long.join("\n") + "\n"));
    }
    text
}
