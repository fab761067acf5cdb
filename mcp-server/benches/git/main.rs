//! `cargo bench -p devtoolkit-mcp --bench git`: our tools of git, the git program and `mcp-server-git`, asked turn by turn
//! in one run.

#[path = "../../../indexer/benches/index/report.rs"]
#[expect(dead_code, reason = "one form for all benchmarks, and not each needs all of it")]
mod report;

#[path = "../mcp/client.rs"]
#[expect(dead_code, reason = "one client for all benchmarks, and not each needs all of it")]
mod client;
mod rows;
mod sample;

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
