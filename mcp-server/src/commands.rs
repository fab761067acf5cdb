//! Running commands: their output, their time, and the processes that stay.

use crate::sandbox::{Order, Sandbox, SandboxError};
use crate::workspace::Snapshot;
use arc_swap::ArcSwap;
use output::Output;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

mod clean;
mod keeper;
mod log;
mod output;
mod process;

pub use keeper::{Cause, End};
pub use output::{News, Page, Whole};
pub use process::{Look, Process, ProcessError};

/// Processes that run at one time.
pub const PROCESSES: usize = 16;
/// Commands that have ended and whose output can still be read.
const KEPT: usize = 16;
/// How the names of commands begin that have no other.
const RUN: &str = "run-";

/// The commands of a workspace. What runs ends with it.
pub struct Commands {
    sandbox: Sandbox,
    /// Logs lie in its file system.
    folder: PathBuf,
    /// Those that can be asked about by name.
    named: ArcSwap<Vec<Arc<Process>>>,
    runs: AtomicU32,
}

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("there is no room to keep what it writes")]
    Log(#[source] io::Error),
    #[error("a process `{0}` runs already; stop_process ends it, or choose another name")]
    Taken(String),
    #[error("{PROCESSES} processes run already; stop_process ends one")]
    Full,
}

impl Commands {
    /// `state` is a folder of the user's own.
    #[must_use]
    pub fn new(sandbox: Sandbox, state: PathBuf) -> Self {
        Self { sandbox, folder: state, named: ArcSwap::default(), runs: AtomicU32::new(0) }
    }

    /// Where they run.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Starts a command that ends when what this returns is dropped. Its name is given here.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(
        &self,
        order: &Order,
        snapshot: &Snapshot,
        limit: Duration,
        what: String,
    ) -> Result<Process, CommandError> {
        let name = format!("{RUN}{}", self.runs.fetch_add(1, Ordering::Relaxed) + 1);
        self.begin(order, snapshot, Some(limit), (name, what))
    }

    fn begin(
        &self,
        order: &Order,
        snapshot: &Snapshot,
        limit: Option<Duration>,
        named: (String, String),
    ) -> Result<Process, CommandError> {
        let output = Output::new(&self.folder).map_err(CommandError::Log)?;
        let confined = self.sandbox.start(order, snapshot)?;
        Ok(Process::new(named, (confined, snapshot.clone()), output, limit))
    }

    /// Starts a command that stays, under a name. It ends with the workspace, or when it is told to.
    ///
    /// # Errors
    /// When it cannot be started, the name is taken, or as many run as may.
    pub fn start(
        &self,
        order: &Order,
        snapshot: &Snapshot,
        name: &str,
        what: String,
    ) -> Result<Arc<Process>, CommandError> {
        with(&self.named.load(), None, name)?;
        let process = Arc::new(self.begin(order, snapshot, None, (name.to_owned(), what))?);
        self.add(&process)?;
        Ok(process)
    }

    /// Keeps a command that has ended, so that its output can still be read.
    ///
    /// # Errors
    /// Only for one that runs.
    pub fn keep(&self, process: Process) -> Result<(), CommandError> {
        self.add(&Arc::new(process))
    }

    fn add(&self, process: &Arc<Process>) -> Result<(), CommandError> {
        let mut outcome = Ok(());
        self.named.rcu(|named| match with(named, Some(process), process.name()) {
            Ok(named) => named,
            Err(error) => {
                outcome = Err(error);
                Vec::clone(named)
            }
        });
        outcome
    }

    /// No longer keeps a command; it ends once nobody else does.
    pub fn forget(&self, process: &Arc<Process>) {
        self.named.rcu(|named| {
            let others = named.iter().filter(|other| !Arc::ptr_eq(other, process));
            others.cloned().collect::<Vec<_>>()
        });
    }

    /// All that can be asked about: those that have ended first, each oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Process>> {
        Vec::clone(&self.named.load())
    }

    /// The command of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Arc<Process>> {
        self.named.load().iter().find(|process| process.name() == name).cloned()
    }
}

/// Processes with one more, if there is room for one of that name: it takes the place of one that has ended.
fn with(
    named: &[Arc<Process>],
    new: Option<&Arc<Process>>,
    name: &str,
) -> Result<Vec<Arc<Process>>, CommandError> {
    let (over, mut running): (Vec<_>, Vec<_>) = named.iter().cloned().partition(|process| process.is_over());
    if running.iter().any(|process| process.name() == name) {
        return Err(CommandError::Taken(name.to_owned()));
    }
    if running.len() >= PROCESSES && new.is_none_or(|new| !new.is_over()) {
        return Err(CommandError::Full);
    }
    let mut kept: Vec<_> = over.into_iter().filter(|process| process.name() != name).collect();
    kept.drain(..kept.len().saturating_sub(KEPT));
    kept.append(&mut running);
    kept.extend(new.cloned());
    Ok(kept)
}
