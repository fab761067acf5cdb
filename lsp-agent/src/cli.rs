//! The command line: flags and environment become values, once, and are passed down.

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

mod model;

/// A coding agent that runs its model on this machine.
#[derive(Debug, Parser)]
#[command(name = "devtoolkit-agent", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Model(model::ModelArguments),
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
        Command::Model(arguments) => model::run(arguments),
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

/// Prints an error with its causes.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    say(&format!("error: {error:#}"));
    ExitCode::from(2)
}

#[expect(clippy::print_stderr, reason = "what whoever starts it has to know")]
fn say(text: &str) {
    eprintln!("{text}");
}
