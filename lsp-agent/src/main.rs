//! `devtoolkit-agent`: the agent as a program.

use clap::Parser;
use std::process::ExitCode;

mod cli;

pub(crate) fn main() -> ExitCode {
    if let Some(code) = cli::launcher() {
        return code;
    }
    match cli::run(&cli::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => cli::report(&error),
    }
}
