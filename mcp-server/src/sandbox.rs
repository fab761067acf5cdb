//! Where commands run: as confined as this machine allows, and never less than was said.

use crate::workspace::{FileChange, RelPath, Snapshot};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

mod bare;
#[cfg(unix)]
mod channel;
mod confined;
#[cfg(target_os = "linux")]
mod family;
#[cfg(unix)]
mod launch;
#[cfg(unix)]
mod launcher;
mod layout;
mod plan;
mod secrets;
mod view;

pub use confined::Confined;
#[cfg(unix)]
pub use launcher::enter as enter_launcher;

/// What the sandbox has to know of the machine and the person; read once, by the command line.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Our own program, which confines commands from inside; `None` where there is none to start, as in unit tests.
    pub program: Option<PathBuf>,
    pub home: Option<PathBuf>,
    /// Where the sandbox keeps its layers; `None` where there is no such place, as in unit tests.
    pub state: Option<PathBuf>,
    /// The variables that commands get.
    pub environment: Vec<(OsString, OsString)>,
}

/// How commands are confined, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// Namespaces, an overlay of the workspace, seccomp: commands see staged text, and what they write is staged.
    Overlay,
    /// Landlock and seccomp: commands see the disk, and what they write of the workspace is written.
    Landlock,
    /// Nothing: commands may do what the person may.
    Unconfined,
}

/// Bounds on what a command may use. Where the system cannot keep one, the tier's description says so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of memory of each process.
    pub memory: u64,
    /// Bytes of each file that is written.
    pub file: u64,
    pub processes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 8 << 30, file: 4 << 30, processes: 4_096 }
    }
}

/// A command to be started.
#[derive(Clone, Debug)]
pub struct Order {
    /// The program and its arguments; a shell line is `["sh", "-c", line]`.
    pub argv: Vec<OsString>,
    /// Where, inside of the workspace.
    pub folder: RelPath,
    /// Variables besides those of [`Machine`].
    pub environment: Vec<(OsString, OsString)>,
    /// Whether something will be written to its standard input; otherwise that is empty.
    pub input: bool,
    /// Whether it may use the network.
    pub network: bool,
    /// Whether it may read the workspace's secret files, because a person agreed to the command.
    pub secrets: bool,
    pub limits: Limits,
}

/// Why a command could not be started, or what it did could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("there is no program `{program}` where commands run; install it, or name its path")]
    NoProgram { program: String },
    #[error("cannot start `{program}`")]
    Start { program: String, source: io::Error },
    #[error("the sandbox cannot be made: {step}")]
    Confine { step: String, source: io::Error },
    #[error("the folder `{folder}` does not exist; list_directory shows what does")]
    NoFolder { folder: RelPath },
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Code(i32),
    /// By a signal: its number.
    Signal(i32),
}

/// What a command left behind.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// What is to be staged.
    pub changes: Vec<FileChange>,
    /// Files of build folders and caches, which stay in the sandbox's own layer.
    pub cached: usize,
    /// What it wrote and may not, and why not.
    pub refused: Vec<(RelPath, &'static str)>,
    /// What it wrote to the workspace itself, where no overlay holds it back.
    pub written: Vec<RelPath>,
}

/// The sandbox of a workspace. Cheap to ask; probed once.
pub struct Sandbox {
    machine: Machine,
}

/// Settings under which programs ask nobody anything.
const QUIET: &[(&str, &str)] = &[
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("PAGER", "cat"),
    ("PIP_NO_INPUT", "1"),
];

impl Sandbox {
    /// Finds out, in the background, what this machine can do.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self { machine }
    }

    /// How commands are confined here. Waits until the probe is through.
    #[must_use]
    pub fn tier(&self) -> Tier {
        match (&self.machine.program, &self.machine.state) {
            (Some(_), Some(_)) if cfg!(target_os = "linux") => Tier::Overlay,
            _ => Tier::Unconfined,
        }
    }

    /// Starts a command on what the snapshot shows.
    ///
    /// # Errors
    /// When there is no such program or folder, or the sandbox cannot be set up. It is never started less confined
    /// instead.
    pub fn start(&self, order: &Order, snapshot: &Snapshot) -> Result<Confined, SandboxError> {
        let no_folder = || SandboxError::NoFolder { folder: order.folder.clone() };
        let (root, inner) = snapshot.roots().locate(&order.folder).ok_or_else(no_folder)?;
        let folder = if inner.is_root() { root.path.clone() } else { root.path.join(inner.to_os()) };
        #[cfg(unix)]
        if let (Some(program), Some(state)) = (&self.machine.program, &self.machine.state) {
            let roots: Vec<&Path> = snapshot.roots().all().iter().map(|root| &*root.path).collect();
            return self.start_there(program, state, order, &roots, &folder);
        }
        bare::start(order, &folder, self.environment(order))
    }

    #[cfg(unix)]
    fn start_there(
        &self,
        program: &Path,
        state: &Path,
        order: &Order,
        roots: &[&Path],
        folder: &Path,
    ) -> Result<Confined, SandboxError> {
        let tier = self.tier();
        let home = self.machine.home.as_deref();
        let (view, aftermath) = layout::lay_out(state, roots, home)
            .map_err(|source| SandboxError::Confine { step: "its folders".to_owned(), source })?;
        let mut environment = self.environment(order);
        if tier == Tier::Overlay {
            environment.push(("TMPDIR".into(), "/tmp".into()));
        }
        let setting = plan::Setting {
            tier,
            network: order.network,
            home: home.map(Into::into),
            roots: roots.iter().map(|root| (*root).into()).collect(),
            view,
        };
        let task = plan::Task {
            tier,
            network: order.network,
            argv: order.argv.clone(),
            folder: folder.into(),
            environment,
            memory: order.limits.memory,
            file: order.limits.file,
            processes: order.limits.processes,
            grants: plan::Grants::default(),
        };
        launch::launch(program, &setting, &task, order, aftermath)
    }

    /// All that a command knows of our environment.
    fn environment(&self, order: &Order) -> Vec<(OsString, OsString)> {
        let quiet = QUIET.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let given = self.machine.environment.iter().chain(&order.environment).cloned();
        quiet.chain(given).collect()
    }
}
