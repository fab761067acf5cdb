//! `devtoolkit-index`: the symbol index from the command line.

use clap::Parser;
use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match cli::run(&arguments) {
        Ok(code) => code,
        Err(error) => cli::report(&error),
    }
}
