//! `cargo bench -p devtoolkit-mcp --bench mcp`: our server and the reference file server, both driven by one client in
//! one run, turn by turn.

#[path = "../../../indexer/benches/index/report.rs"]
#[expect(dead_code, reason = "one form for all benchmarks, and not each needs all of it")]
mod report;

mod client;
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
