//! `cargo bench -p devtoolkit-mcp --bench shell`: what it costs to run a command confined, beside running it bare, turn by
//! turn in one run.

#[path = "../../../indexer/benches/index/report.rs"]
#[expect(dead_code, reason = "one form for all benchmarks, and not each needs all of it")]
mod report;

mod rows;

use std::process::ExitCode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports on the terminal")]
fn main() -> ExitCode {
    match rows::run() {
        Ok(goals) => {
            println!("{}\n\n{}", report::provenance(), report::goals(&goals));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
