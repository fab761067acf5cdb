//! The command line: flags and environment become values, once, and are passed down.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use opening::OpeningArguments;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod memory;
mod model;
mod models;
mod opening;
mod print;
mod run;
mod session;

/// A coding agent that runs its model on this machine.
#[derive(Debug, Parser)]
#[command(name = "devtoolkit-agent", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArguments),
    /// Take back what was applied last in a project; what changed since is kept
    Undo {
        /// The project's folder [default: the repository or project around the current folder]
        #[arg(long, value_name = "DIR")]
        workspace: Option<PathBuf>,
    },
    Model(model::ModelArguments),
    Session(session::SessionArguments),
    Memory(memory::MemoryArguments),
    /// The process in which the model runs; the agent starts it
    #[cfg(feature = "llama")]
    #[command(hide = true)]
    InferWorker {
        /// What is told on stderr
        #[arg(long, default_value = "warn")]
        log: tracing::Level,
    },
}

/// Becomes the place where a command runs, if we were started for that. Nothing else may have been done before.
#[cfg_attr(unix, expect(clippy::disallowed_methods, reason = "the arguments are read here"))]
pub(crate) fn launcher() -> Option<ExitCode> {
    #[cfg(unix)]
    return devtoolkit_mcp::sandbox::enter_launcher(std::env::args_os());
    #[cfg(not(unix))]
    return None;
}

/// Does what the command line says.
///
/// # Errors
/// When something that it names cannot be used.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Undo { workspace } => {
            let opening = OpeningArguments { workspace: workspace.clone(), ..OpeningArguments::default() };
            print::answer(&format!("{}\n", print::printable(&opening.undo()?)))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Model(arguments) => model::run(arguments),
        Command::Session(arguments) => session::run(arguments),
        Command::Memory(arguments) => memory::run(arguments),
        #[cfg(feature = "llama")]
        Command::InferWorker { log } => {
            tracing_subscriber::fmt()
                .with_env_filter(tracing_subscriber::EnvFilter::new(log.to_string()))
                .with_writer(std::io::stderr)
                .init();
            devtoolkit_agent::worker::serve().map(|()| ExitCode::SUCCESS)
        }
    }
}

/// The user's folder for what lasts, which need not exist yet: the same as the MCP server's.
///
/// # Errors
/// When the environment names none.
pub(crate) fn state_folder() -> Result<PathBuf> {
    let config = opening::person().config(None, Path::new(""));
    Ok(opening::folders(None, &config)?.state)
}

/// The project that is meant: the folder that is given, or the project around the current one; as sessions know it.
///
/// # Errors
/// When there is no such folder.
#[expect(clippy::disallowed_methods, reason = "the workspace is found here")]
pub(crate) fn workspace(given: Option<&Path>) -> Result<PathBuf> {
    let root = opening::root(given)?;
    std::fs::canonicalize(&root).with_context(|| format!("cannot use `{}` as a workspace", root.display()))
}

/// Prints an error with its causes.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    say(&print::printable(&format!("error: {error:#}")));
    ExitCode::from(2)
}

#[expect(clippy::print_stderr, reason = "what whoever starts it has to know")]
fn say(text: &str) {
    eprintln!("{text}");
}
