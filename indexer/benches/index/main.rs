//! `cargo bench -p devtoolkit-index --bench index -- [ROW…]`: every goal of the index as a ratio measured in this
//! run, beside what it is compared with, and beside each figure how right the answers are.

mod arguments;
mod corpora;
mod latency;
mod measure;
mod peers;
mod random;
mod report;
mod rows;
mod score;
mod truth;

use std::process::ExitCode;

use arguments::Arguments;

#[expect(clippy::print_stderr, reason = "a benchmark says on the terminal what is wrong")]
fn main() -> ExitCode {
    let mut given = arguments::given();
    if given.first().is_some_and(|first| first == measure::MEASURE_CHILD) {
        return measure::measure_child(given.into_iter().skip(1));
    }
    // Cargo says so to every benchmark.
    given.retain(|argument| argument != "--bench");
    let outcome = Arguments::parse(&given).and_then(|arguments| rows::run(&arguments));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
