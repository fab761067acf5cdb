//! `cargo xtask bench tasks`: how many of the tasks in `tests/tasks` the agent does with a model, and what it takes.

#[path = "../../../indexer/benches/index/report.rs"]
#[expect(dead_code, reason = "one form for all benchmarks, and not each needs all of it")]
mod report;

mod arguments;
mod attempt;

use std::io;
use std::process::ExitCode;

use arguments::{Arguments, Subject};
use attempt::{Attempt, Bench};
use e2e_tests::binary;
use e2e_tests::tasks::{Programs, Tally};
use report::Table;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark reports on the terminal")]
fn main() -> ExitCode {
    let result = match Arguments::given() {
        Ok(Some(arguments)) => run(&arguments),
        Ok(None) => {
            println!("{}", arguments::USAGE);
            Ok(())
        }
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark reports on the terminal")]
fn run(arguments: &Arguments) -> io::Result<()> {
    let programs = Programs::here();
    if let Some(task) = arguments.tasks.iter().find(|task| !programs.runs(task.language)) {
        return Err(io::Error::other(format!(
            "nothing runs `{}` here: tasks need Python 3.9 and Node 22.18, or newer ones",
            task.name
        )));
    }
    let agent = arguments.agent.clone().unwrap_or_else(|| binary::devtoolkit_agent().to_owned());
    let bench = Bench { agent, programs, keep: arguments.keep };
    let mut table = Table::new([
        "model",
        "solved",
        "edits applied",
        "steps parsed",
        "prompt",
        "cached",
        "generated",
        "seconds",
    ]);
    for subject in &arguments.subjects {
        println!("{subject}");
        let mut attempts = Vec::new();
        for task in &arguments.tasks {
            let attempt = bench.attempt(task, subject)?;
            println!("  {attempt}");
            attempts.push(attempt);
        }
        table.push(&row(subject, &attempts));
    }
    println!("\n{}\n\n{table}", report::provenance());
    Ok(())
}

/// The sums of a model's attempts.
fn row(subject: &Subject, attempts: &[Attempt]) -> [String; 8] {
    let mut sum = Tally::default();
    for attempt in attempts {
        sum.add(&attempt.tally);
    }
    let solved = attempts.iter().filter(|attempt| attempt.is_solved()).count();
    let seconds: f64 = attempts.iter().map(|attempt| attempt.took.as_secs_f64()).sum();
    [
        subject.to_string(),
        format!("{solved}/{}", attempts.len()),
        format!("{}/{}", sum.applied, sum.edits),
        format!("{}/{}", sum.parsed, sum.steps),
        sum.prompt.to_string(),
        sum.cached.to_string(),
        sum.generated.to_string(),
        format!("{seconds:.0}"),
    ]
}
