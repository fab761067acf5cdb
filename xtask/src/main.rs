//! `cargo xtask`: the one front door for setting up, testing, measuring and checking this repository.
#![expect(
    clippy::disallowed_methods,
    reason = "starting programs and reading the machine is what xtask is for"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line; its output is for people")]

mod agent;
mod bench;
mod bundle;
mod clients;
mod commands;
mod lint;
mod models;
mod paint;
mod program;
mod setup;
mod system;
mod test;
mod tools;
mod wheel;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    match commands::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} {error:#}", paint::error("error:"));
            match error.downcast_ref::<commands::WrongUse>() {
                Some(_) => ExitCode::from(2),
                None => ExitCode::FAILURE,
            }
        }
    }
}
