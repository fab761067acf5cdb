//! Runs every test: doc tests first, then the rest, so that the runner's summary closes the output.

use std::path::PathBuf;
use std::{env, fs, process};

use anyhow::{Result, bail};

use crate::clients::Clients;
use crate::commands::{quoted, wrong_use};
use crate::models;
use crate::tools::Need;
use crate::{paint, program, setup};

/// A test that cannot run where it is appends `name: why` to the file that this variable names, and returns.
const SKIPPED_FILE: &str = "DEVTOOLKIT_SKIPPED";

/// `test [--strict] [FILTER…]`: when strict, the MCP clients of others and the small models must be there.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let strict = arguments.iter().any(|argument| argument == "--strict");
    let filters: Vec<&String> = arguments.iter().filter(|argument| *argument != "--strict").collect();
    if let Some(flag) = filters.iter().find(|filter| filter.starts_with('-')) {
        return Err(wrong_use(format!(
            "`test` takes `--strict` and parts of test names, and got `{flag}`; give flags to `cargo nextest run` or \
             `cargo test`"
        )));
    }
    setup::ensure(&[Need::Build, Need::Model])?;
    let mut variables = match Clients::get() {
        Ok(clients) => clients.variables(),
        Err(error) if strict => return Err(error.context("the MCP clients of others cannot be had")),
        Err(error) => {
            println!("{} the MCP clients of others cannot be had: {error:#}", paint::warning("warning:"));
            Vec::new()
        }
    };
    match models::variables() {
        Ok(models) => variables.extend(models),
        Err(error) if strict => return Err(error),
        Err(error) => println!("{} {error:#}", paint::warning("warning:")),
    }
    let skipped = SkippedFile::new();
    let nextest =
        program::capture(program::cargo().args(["nextest", "--version"])).is_ok_and(|(found, _)| found);
    let mut failed = Vec::new();
    let mut run = |name: &'static str, arguments: &[&str]| -> Result<()> {
        let mut command = program::cargo();
        command.args(arguments).args(&filters).env(SKIPPED_FILE, &skipped.0).envs(variables.iter().cloned());
        if !program::run(&mut command)? {
            failed.push(name);
        }
        Ok(())
    };
    run("cargo test --doc", &["test", "--workspace", "--quiet", "--no-fail-fast", "--doc", "--"])?;
    if nextest {
        run("cargo nextest run", &["nextest", "run", "--workspace", "--no-fail-fast"])?;
    } else {
        // All but the doc tests, and the benchmarks, which `--all-targets` would run.
        let targets = ["--lib", "--bins", "--tests", "--examples", "--"];
        run("cargo test", &[&["test", "--workspace", "--no-fail-fast"], &targets[..]].concat())?;
    }
    for line in skipped.lines() {
        println!("{} {line}", paint::warning("skipped:"));
    }
    if !failed.is_empty() {
        bail!("{} failed; what failed is listed above", quoted(failed));
    }
    Ok(())
}

/// Where tests note that they could not run; gone when dropped.
struct SkippedFile(PathBuf);

impl SkippedFile {
    fn new() -> SkippedFile {
        let file = SkippedFile(env::temp_dir().join(format!("devtoolkit-skipped-{}", process::id())));
        // One left behind by an earlier process of the same id would speak of other tests.
        let _ = fs::remove_file(&file.0);
        file
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            fs::read_to_string(&self.0).unwrap_or_default().lines().map(str::to_owned).collect();
        lines.sort();
        lines.dedup();
        lines
    }
}

impl Drop for SkippedFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_refused_before_anything_runs() {
        let error = command(&["--release".into()]).expect_err("a flag is no filter");
        assert!(error.to_string().contains("`--release`"));
    }

    #[test]
    fn notes_are_sorted_and_leave_nothing_behind() {
        let file = SkippedFile::new();
        assert!(file.lines().is_empty());
        fs::write(&file.0, "b: no link\na: runs as root\nb: no link\n").expect("the folder is writable");
        assert_eq!(file.lines(), ["a: runs as root", "b: no link"]);
        let path = file.0.clone();
        drop(file);
        assert!(!path.exists());
    }
}
