//! `cargo xtask bench inference`: models through our worker beside llama.cpp bare, turn by turn in one run.

#![cfg(feature = "llama")]

#[path = "../../../indexer/benches/index/report.rs"]
#[expect(dead_code, reason = "one form for all benchmarks, and not each needs all of it")]
mod report;

mod arguments;
mod bare;
mod cached;
mod rows;
mod throughput;

use std::process::ExitCode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports on the terminal")]
fn main() -> ExitCode {
    let result = match arguments::Task::given() {
        Ok(arguments::Task::Bare(bare)) => bare::serve(&bare),
        Ok(arguments::Task::Measure(arguments)) => rows::run(&arguments)
            .map(|goals| println!("{}\n\n{}", report::provenance(), report::goals(&goals))),
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
