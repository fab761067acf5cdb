//! What a program costs: its CPU time, peak memory and wall time, measured from outside.
//!
//! The system keeps one peak for all children of a process together. So each program runs under a small
//! process of its own, this same binary started again, which reports on its only child.
#![expect(clippy::disallowed_methods, reason = "it starts the programs it measures")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The argument that turns this binary into the small process; `main` must check for it first.
pub(crate) const MEASURE_CHILD: &str = "--measure-child";

/// What one run of a program cost.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// User and system time of the program and of the children it waited for.
    pub(crate) cpu: Duration,
    /// Elapsed time from its start to its end.
    pub(crate) wall: Duration,
    /// Most memory resident at once, in bytes. Up to 4 MB of it may be the small process's own.
    pub(crate) peak: u64,
    /// Its exit code, if it was not ended by a signal.
    pub(crate) code: Option<i32>,
}

/// Why a program could not be measured.
#[derive(Debug, Error)]
pub(crate) enum MeasureError {
    /// It could not be started.
    #[error("cannot start `{program}`; install it and run the benchmark again")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It failed.
    #[error("`{program}` ended with {status}: {output}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// Its last messages.
        output: String,
    },
    /// The small process said something else than a cost.
    #[error("no cost was reported for `{program}`")]
    Unreported {
        /// The program.
        program: String,
    },
}

/// A program and how to run it.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Name or path.
    pub(crate) name: OsString,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// The folder it runs in.
    pub(crate) folder: Option<PathBuf>,
    /// Environment variables that it gets besides this process's own.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// The file that takes its output, which is thrown away otherwise.
    pub(crate) output: Option<PathBuf>,
    /// Exit codes that mean success: ripgrep's 1, for one, only says that nothing was found.
    pub(crate) accepted: &'static [i32],
}

impl Program {
    /// `name` with `arguments`, in this process's folder.
    pub(crate) fn new(name: impl Into<OsString>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self {
            name: name.into(),
            arguments,
            folder: None,
            variables: Vec::new(),
            output: None,
            accepted: &[0],
        }
    }

    /// The same in `folder`.
    #[must_use]
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// The same with an environment variable set.
    #[must_use]
    pub(crate) fn with(mut self, variable: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((variable, value.into()));
        self
    }

    /// The same with its output written to `file`, an absolute path.
    #[must_use]
    pub(crate) fn into_file(mut self, file: &Path) -> Self {
        self.output = Some(file.to_owned());
        self
    }

    /// The same where each exit code in `codes` means success.
    #[must_use]
    pub(crate) fn accepting(mut self, codes: &'static [i32]) -> Self {
        self.accepted = codes;
        self
    }

    fn display(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

    /// Runs it and says what it cost.
    pub(crate) fn measure(&self) -> Result<Cost, MeasureError> {
        let start = |source| MeasureError::Start { program: self.display(), source };
        let this = std::env::current_exe().map_err(start)?;
        let mut command = Command::new(this);
        let output: &OsStr = self.output.as_ref().map_or(OsStr::new(""), |file| file.as_os_str());
        command.arg(MEASURE_CHILD).arg(output).arg(&self.name).args(&self.arguments).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let output = command.output().map_err(start)?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(MeasureError::Failed {
                program: self.display(),
                status: output.status,
                output: text,
            });
        }
        let cost: Option<Cost> = serde_json::from_slice(&output.stdout).ok();
        let cost = cost.ok_or_else(|| MeasureError::Unreported { program: self.display() })?;
        if cost.code.is_some_and(|code| self.accepted.contains(&code)) {
            Ok(cost)
        } else {
            let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(MeasureError::Failed { program: self.display(), status: output.status, output: text })
        }
    }
}

/// The small process. Its `arguments` are the file for the program's output (empty: none), the program and
/// the program's own arguments; it prints the cost.
#[cfg(unix)]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the process that started this one reads both")]
pub(crate) fn measure_child(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let (Some(output), Some(program)) = (arguments.next(), arguments.next()) else {
        return ExitCode::FAILURE;
    };
    let output = if output.is_empty() { Ok(Stdio::null()) } else { File::create(&output).map(Stdio::from) };
    let begin = Instant::now();
    let outcome = output.and_then(|output| {
        Command::new(&program).args(arguments).stdin(Stdio::null()).stdout(output).status()
    });
    let wall = begin.elapsed();
    let (status, usage) = match (outcome, getrusage(UsageWho::RUSAGE_CHILDREN)) {
        (Ok(status), Ok(usage)) => (status, usage),
        (Err(error), _) => {
            eprintln!("cannot start `{}`: {error}", program.to_string_lossy());
            return ExitCode::FAILURE;
        }
        (_, Err(error)) => {
            eprintln!("cannot ask for the cost: {error}");
            return ExitCode::FAILURE;
        }
    };
    let time =
        |value: nix::sys::time::TimeVal| Duration::from_micros(value.num_microseconds().unsigned_abs());
    let cost = Cost {
        cpu: time(usage.user_time()) + time(usage.system_time()),
        wall,
        peak: usage.max_rss().unsigned_abs() * PEAK_UNIT,
        code: status.code(),
    };
    println!("{}", serde_json::to_string(&cost).expect("a cost is made of plain values"));
    ExitCode::SUCCESS
}

/// The small process where the system does not keep such accounts.
#[cfg(not(unix))]
#[expect(clippy::print_stderr, reason = "the process that started this one reads it")]
pub(crate) fn measure_child(_arguments: impl Iterator<Item = OsString>) -> ExitCode {
    eprintln!("programs can be measured on Linux and macOS only");
    ExitCode::FAILURE
}

/// Bytes in one unit of `ru_maxrss`.
#[cfg(unix)]
const PEAK_UNIT: u64 = if cfg!(target_os = "macos") { 1 } else { 1024 };

/// CPU time of this process so far, user and system, all its threads together.
#[cfg(unix)]
pub(crate) fn own_cpu() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may always ask about itself");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(micros.unsigned_abs())
}

/// CPU time of this process so far: not known here, so it counts wall time.
#[cfg(not(unix))]
pub(crate) fn own_cpu() -> Duration {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed()
}

/// Runs `work` and says what it cost this process in CPU time, with what it returned.
pub(crate) fn own_cost<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = own_cpu();
    let result = work();
    (own_cpu() - before, result)
}
