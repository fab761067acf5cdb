//! Finding and starting other programs; where the checkout and the cache are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the workspace root")
}

/// The project's folder in the user's cache folder; not created here.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    let home =
        || env::home_dir().context("no home folder is known; set `XDG_CACHE_HOME` to a folder for caches");
    let base = match env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None if cfg!(windows) => match env::var_os("LOCALAPPDATA") {
            Some(folder) => PathBuf::from(folder),
            None => home()?.join("AppData").join("Local"),
        },
        None if cfg!(target_os = "macos") => home()?.join("Library").join("Caches"),
        None => home()?.join(".cache"),
    };
    Ok(base.join("devtoolkit"))
}

/// The program's file, from `PATH`; a name that is a path is taken as it is.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) { &["", ".exe", ".cmd", ".bat"] } else { &[""] };
    let folders: Vec<PathBuf> = if Path::new(name).components().count() > 1 {
        vec![PathBuf::new()]
    } else {
        env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect()
    };
    folders
        .iter()
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{name}{ending}"))))
        .find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file() && file.extension().is_some()
}

/// A program to start in the root of the checkout.
pub(crate) fn program(path: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(path);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// The cargo that started us.
pub(crate) fn cargo() -> Command {
    program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Shows the command, runs it with our output, and says whether it succeeded.
pub(crate) fn run(command: &mut Command) -> Result<bool> {
    eprintln!("{}", crate::paint::heading(&format!("$ {}", line(command))));
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    Ok(status.success())
}

/// Shows the command, runs it, and reads what it writes to stdout: whether it succeeded, and that text.
pub(crate) fn read(command: &mut Command) -> Result<(bool, String)> {
    eprintln!("{}", crate::paint::heading(&format!("$ {}", line(command))));
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Runs the command silently: whether it succeeded, and what it wrote to stdout and then to stderr.
pub(crate) fn capture(command: &mut Command) -> Result<(bool, String)> {
    let output = command.output().with_context(|| format!("cannot start `{}`", line(command)))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.success(), text))
}

/// The command as one would type it; the program without its folder.
fn line(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_programs_by_name_and_by_path() {
        let cargo = env::var("CARGO").expect("cargo runs the tests");
        assert_eq!(find(&cargo), Some(PathBuf::from(&cargo)));
        assert!(find("no-such-program-anywhere").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_run_is_no_program() {
        assert!(find(root().join("Cargo.toml").to_str().expect("a UTF-8 path")).is_none());
    }

    #[test]
    fn a_program_that_does_not_start_is_named() {
        let error = capture(&mut program("no-such-program-anywhere")).expect_err("it does not exist");
        assert_eq!(error.to_string(), "cannot start `no-such-program-anywhere`");
    }

    #[test]
    fn root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
