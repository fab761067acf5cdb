//! What the server and its launcher say to each other. Both are the same program, so nothing here needs versions.

use super::view::View;
use super::{Order, Tier};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::Path;

/// What the launcher itself has to know: where the command will be.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setting {
    pub(super) tier: Tier,
    pub(super) network: bool,
    pub(super) home: Option<OsString>,
    /// The roots of the workspace: absolute, without links.
    pub(super) roots: Vec<OsString>,
    pub(super) view: View,
}

/// What is run there. The channel carries its standard input and its output with it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) tier: Tier,
    pub(super) network: bool,
    pub(super) argv: Vec<OsString>,
    pub(super) folder: OsString,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) memory: u64,
    pub(super) file: u64,
    pub(super) processes: u64,
    /// What it may read and write where no mounts decide on that.
    pub(super) grants: Grants,
}

impl Task {
    pub(super) fn new(
        tier: Tier,
        order: &Order,
        folder: &Path,
        environment: Vec<(OsString, OsString)>,
        grants: Grants,
    ) -> Self {
        Self {
            tier,
            network: order.network,
            argv: order.argv.clone(),
            folder: folder.into(),
            environment,
            memory: order.limits.memory,
            file: order.limits.file,
            processes: order.limits.processes,
            grants,
        }
    }
}

/// Access by rules on the disk itself.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Grants {
    pub(super) read: Vec<OsString>,
    pub(super) write: Vec<OsString>,
}

/// What the server says later.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// Everything is asked to end.
    Stop,
}

/// What the launcher says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Started,
    Failed(Failure),
    /// Said by the first process, which ends then.
    Ended(Ending),
    /// Said when nothing is left of it: only mounts are still to be taken down, which nobody needs to wait for.
    Over,
}

/// How the command itself ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Ending {
    Code(i32),
    Signal(i32),
}

/// What did not work, so that nothing was started.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) step: Step,
    /// What the system said; 0 where it said nothing.
    pub(super) errno: i32,
}

/// Where starting came to an end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Step {
    Program,
    Folder,
    Confine(String),
}

impl Failure {
    /// A step of confining that failed.
    pub(super) fn confine(step: impl Into<String>, error: &std::io::Error) -> Self {
        Self { step: Step::Confine(step.into()), errno: error.raw_os_error().unwrap_or_default() }
    }
}
