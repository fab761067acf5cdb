//! The command line: flags and environment become values, once, and are passed down.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
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

/// Does what the command line says.
///
/// # Errors
/// When something that it names cannot be used.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.command {
        Command::Run(arguments) => run::run(arguments),
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
#[expect(clippy::disallowed_methods, reason = "the environment is read here")]
pub(crate) fn state_folder() -> Result<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = std::env::home_dir().filter(|path| path.is_absolute());
    let below = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/state" };
    let folder = state.or_else(|| home.map(|home| home.join(below)));
    let folder = folder.context("there is no home folder to keep sessions in; set HOME or XDG_STATE_HOME")?;
    Ok(folder.join("devtoolkit"))
}

/// The workspace that is meant: the folder that is given, or the current one.
///
/// # Errors
/// When there is no such folder.
#[expect(clippy::disallowed_methods, reason = "the workspace is found here")]
pub(crate) fn workspace(given: Option<&Path>) -> Result<PathBuf> {
    let folder = given.unwrap_or(Path::new("."));
    let root = std::fs::canonicalize(folder)
        .with_context(|| format!("cannot use `{}` as a workspace; pass --root", folder.display()))?;
    anyhow::ensure!(root.is_dir(), "`{}` is no folder; pass the folder of a project", folder.display());
    Ok(root)
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
