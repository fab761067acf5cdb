//! One task, given to the agent once.

#![expect(clippy::disallowed_methods, reason = "it starts the agent in folders of its own")]

use crate::arguments::Subject;
use e2e_tests::limited::{self, Ended};
use e2e_tests::tasks::{Judgement, Programs, Tally, Task};
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long the agent may work on a task.
const LIMIT: Duration = Duration::from_secs(600);
/// Bytes of events that are read; a long session writes a few of these.
const MOST_EVENTS: u64 = 64 << 20;
/// Characters of a reason that are shown.
const MOST_REASON: usize = 120;

/// What is the same for all attempts.
pub(crate) struct Bench {
    pub(crate) agent: PathBuf,
    pub(crate) programs: Programs,
    /// Whether the folders are left.
    pub(crate) keep: bool,
}

/// How a task went.
pub(crate) struct Attempt {
    task: String,
    outcome: Outcome,
    pub(crate) tally: Tally,
    pub(crate) took: Duration,
    /// Where everything lies, if it was kept.
    kept: Option<PathBuf>,
}

enum Outcome {
    Judged(Judgement),
    /// The agent did not end in time; whatever it has changed by then does not count.
    OutOfTime,
}

impl Bench {
    /// Lets the agent do a task in a new folder, and looks at what it did.
    ///
    /// # Errors
    /// When the agent or the check cannot be started, or the folder not be written.
    pub(crate) fn attempt(&self, task: &Task, subject: &Subject) -> io::Result<Attempt> {
        let place = tempfile::Builder::new().prefix("devtoolkit-task-").tempdir()?;
        let project = place.path().join("project");
        fs::create_dir(&project)?;
        task.prepare(&project)?;
        let mut command = self.command(place.path(), &project, subject)?;
        let ended = limited::run(command.arg(&task.prompt), LIMIT, MOST_EVENTS)?;
        let mut tally = Tally::of(&String::from_utf8_lossy(&ended.stdout));
        if !tally.complete && tally.error.is_none() {
            tally.error = last_words(&ended);
        }
        let outcome = match ended.status {
            None => Outcome::OutOfTime,
            Some(_) => Outcome::Judged(task.judge(&project, &self.programs)?),
        };
        let mut kept = None;
        if self.keep {
            fs::write(place.path().join("events.jsonl"), &ended.stdout)?;
            fs::write(place.path().join("agent.log"), &ended.stderr)?;
            kept = Some(place.keep());
        }
        Ok(Attempt { task: task.name.clone(), outcome, tally, took: ended.took, kept })
    }

    /// The agent's command line but for the prompt. It finds nothing that the person at this machine has set.
    fn command(&self, place: &Path, project: &Path, subject: &Subject) -> io::Result<Command> {
        let mut command = Command::new(&self.agent);
        command.args(["run", "--mode", "agent", "--approve", "all", "--json", "--workspace"]).arg(project);
        command.env("XDG_STATE_HOME", place.join("state")).env("XDG_CONFIG_HOME", place.join("config"));
        let mut has_own_cache = true;
        match subject {
            Subject::Script(file) => command.arg("--replay").arg(file),
            Subject::Model(model) => {
                // A model that goes by a name lies in the person's own cache.
                has_own_cache = Path::new(model).is_absolute();
                command.args(["--model", model])
            }
        };
        if has_own_cache {
            command.env("XDG_CACHE_HOME", place.join("cache"));
        }
        command.env("PATH", self.path()?);
        Ok(command)
    }

    /// `PATH`, with the Node of the checks before others, so that the agent can try what it writes.
    fn path(&self) -> io::Result<OsString> {
        let node = self.programs.node.as_deref().and_then(Path::parent).map(PathBuf::from);
        let others = env::var_os("PATH").unwrap_or_default();
        let folders = node.filter(|folder| folder.is_absolute()).into_iter().chain(env::split_paths(&others));
        env::join_paths(folders).map_err(io::Error::other)
    }
}

/// The last line of what the agent logged, for one that told no event of its end.
fn last_words(ended: &Ended) -> Option<String> {
    let text = String::from_utf8_lossy(&ended.stderr);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

impl Attempt {
    pub(crate) fn is_solved(&self) -> bool {
        matches!(self.outcome, Outcome::Judged(Judgement::Solved))
    }

    /// Why it is not solved.
    fn why(&self) -> String {
        let judgement = match &self.outcome {
            Outcome::OutOfTime => return format!("the agent took over {} s", LIMIT.as_secs()),
            Outcome::Judged(judgement) => judgement,
        };
        match judgement {
            Judgement::Solved => String::new(),
            Judgement::Unchanged => self.tally.error.clone().unwrap_or_else(|| "nothing has changed".into()),
            Judgement::Foreign(path) => format!("`{path}` was not to be changed"),
            Judgement::Slow => "the check did not end in time".into(),
            Judgement::Failed(output) => {
                let is_telling = |line: &&str| line.contains("Error") || line.contains("FAIL");
                let line = output.lines().rev().find(is_telling).unwrap_or("the check failed");
                line.trim().to_owned()
            }
        }
    }
}

impl fmt::Display for Attempt {
    /// One line, two where something was kept.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        let mark = if self.is_solved() { "solved" } else { "failed" };
        write!(out, "{:<20} {mark} {:>6.1} s", self.task, self.took.as_secs_f64())?;
        write!(out, "  edits {}/{}", tally.applied, tally.edits)?;
        write!(out, "  steps {}/{}", tally.parsed, tally.steps)?;
        write!(out, "  tokens {} ({} cached) + {}", tally.prompt, tally.cached, tally.generated)?;
        if !self.is_solved() {
            let why: String =
                self.why().lines().next().unwrap_or_default().chars().take(MOST_REASON).collect();
            write!(out, "  {why}")?;
        }
        match &self.kept {
            Some(folder) => write!(out, "\n    {}", folder.display()),
            None => Ok(()),
        }
    }
}
