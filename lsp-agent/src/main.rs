//! `devtoolkit-agent`: the agent as a program.

use clap::Parser;
use std::process::ExitCode;

mod cli;

pub(crate) fn main() -> ExitCode {
    // Before anything else: a command is confined by this program, started again.
    #[cfg(unix)]
    if let Some(code) = devtoolkit_mcp::sandbox::enter_launcher(std::env::args_os()) {
        return code;
    }
    match cli::run(&cli::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => cli::report(&error),
    }
}
