//! The commands by name: what each does, how it is called, and which function runs it.

use anyhow::{Result, bail};

use crate::{agent, bench, bundle, lint, paint, setup, test};

struct Command {
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        usage: "demo",
        summary: "the main job on real input (comes with the agent)",
        run: demo,
    },
    Command {
        name: "test",
        usage: "test [--strict] [FILTER…]",
        summary: "run every test, or those whose name contains a filter; --strict: other people's MCP clients must be had",
        run: test::command,
    },
    Command {
        name: "lint",
        usage: "lint [--strict] [CHECK…]",
        summary: "format, clippy, docs, spelling, licences, unused dependencies; --strict: a skipped check fails",
        run: lint::command,
    },
    Command {
        name: "bench",
        usage: "bench NAME [ARGUMENT…]",
        summary: "measure against the goals and the peers, in a release build",
        run: bench::command,
    },
    Command {
        name: "mcpb",
        usage: "mcpb",
        summary: "the MCP server as a bundle for Claude Desktop, from a release build",
        run: bundle::command,
    },
    Command {
        name: "agent",
        usage: "agent [cuda] [vulkan] [metal]",
        summary: "the agent with its back ends as libraries, chosen when it starts, in a folder to copy",
        run: agent::command,
    },
    Command {
        name: "setup",
        usage: "setup [--check] [NEED…]",
        summary: "look for what building needs and install it, or say how; --check: only look",
        run: setup::command,
    },
];

/// The command line was wrong, rather than what it asked for.
#[derive(Debug)]
pub(crate) struct WrongUse(String);

impl std::fmt::Display for WrongUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUse {}

pub(crate) fn wrong_use(text: impl Into<String>) -> anyhow::Error {
    WrongUse(text.into()).into()
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let asks_help = |word: &str| matches!(word, "help" | "--help" | "-h");
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help());
        return Ok(());
    };
    if asks_help(name) {
        print!("{}", help());
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(wrong_use(format!(
            "no command `{name}`; there are {} (`cargo xtask help` describes them)",
            quoted(COMMANDS.iter().map(|command| command.name))
        )));
    };
    // `bench NAME --help` belongs to the bench.
    if rest.first().is_some_and(|first| asks_help(first)) {
        println!("usage: cargo xtask {}\n\n{}", command.usage, command.summary);
        return Ok(());
    }
    (command.run)(rest)
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn help() -> String {
    let mut text = format!("{} cargo xtask COMMAND\n\n", paint::heading("usage:"));
    let width = COMMANDS.iter().map(|command| command.usage.chars().count()).max().unwrap_or(0);
    for command in COMMANDS {
        text += &format!("  {:<width$}  {}\n", command.usage, command.summary);
    }
    text + "\nnew here? `cargo xtask test` looks for what building needs, then builds and tests everything\n"
}

fn demo(arguments: &[String]) -> Result<()> {
    if let Some(first) = arguments.first() {
        return Err(wrong_use(format!("`demo` takes no argument, and got `{first}`")));
    }
    bail!(
        "there is nothing to demonstrate yet: the demo comes with the agent, the last piece; \
         until then, `cargo xtask test` tests what exists and README.md says what that is"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_wrong_command_names_the_right_ones() {
        let error = run(&words("tset")).expect_err("there is no such command");
        assert!(error.is::<WrongUse>());
        assert_eq!(
            error.to_string(),
            "no command `tset`; there are `demo`, `test`, `lint`, `bench`, `mcpb`, `agent` and `setup` \
             (`cargo xtask help` describes them)"
        );
    }

    #[test]
    fn help_lists_every_command() {
        let help = help();
        for command in COMMANDS {
            assert!(help.contains(&format!("\n  {}  ", command.usage)), "{help}");
            assert!(help.contains(&format!("  {}\n", command.summary)), "{help}");
        }
    }

    #[test]
    fn the_demo_does_not_pretend() {
        let error = run(&words("demo")).expect_err("there is no demo yet");
        assert!(!error.is::<WrongUse>());
        assert!(run(&words("demo fast")).expect_err("no arguments").is::<WrongUse>());
    }

    #[test]
    fn quoting() {
        assert_eq!(quoted([]), "");
        assert_eq!(quoted(["a"]), "`a`");
        assert_eq!(quoted(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
