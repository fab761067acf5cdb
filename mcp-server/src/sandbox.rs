//! Where commands run: as confined as this machine allows, and never less than was said.

#![expect(clippy::disallowed_methods, reason = "programs are started here, with limits")]

use crate::workspace::{FileChange, RelPath, Snapshot};
use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What the sandbox has to know of the machine and the person; read once, by the command line.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Our own program, which confines commands from inside; `None` where there is none to start, as in unit tests.
    pub program: Option<PathBuf>,
    pub home: Option<PathBuf>,
    /// The variables that commands get.
    pub environment: Vec<(OsString, OsString)>,
}

/// How commands are confined, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

impl Sandbox {
    /// Finds out, in the background, what this machine can do.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self { machine }
    }

    /// How commands are confined here. Waits until the probe is through.
    #[must_use]
    pub fn tier(&self) -> Tier {
        Tier::Unconfined
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
        let program = order.argv.first().cloned().unwrap_or_default();
        let fail = |source: io::Error| {
            let program = program.to_string_lossy().into_owned();
            match source.kind() {
                io::ErrorKind::NotFound => SandboxError::NoProgram { program },
                _ => SandboxError::Start { program, source },
            }
        };
        let (output, writer) = io::pipe().map_err(fail)?;
        let mut command = Command::new(&program);
        command.args(order.argv.get(1..).unwrap_or_default()).current_dir(folder).env_clear();
        command.envs(self.machine.environment.iter().cloned()).envs(order.environment.iter().cloned());
        command.stdout(writer.try_clone().map_err(fail)?).stderr(writer).stdin(Stdio::null());
        let input = if order.input {
            let (reader, input) = io::pipe().map_err(fail)?;
            command.stdin(reader);
            Some(input)
        } else {
            None
        };
        let child = command.spawn().map_err(fail)?;
        Ok(Confined { child, output: Some(output), input })
    }
}

/// A command that is running. Dropping it ends it and all that it started.
pub struct Confined {
    child: Child,
    /// What it writes, to its output and its errors alike, in that order.
    pub output: Option<PipeReader>,
    pub input: Option<PipeWriter>,
}

impl Confined {
    /// How it ended, if it did.
    pub fn try_wait(&mut self) -> Option<Exit> {
        let status = self.child.try_wait().ok()??;
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt;
            if let Some(signal) = status.signal() {
                return Some(Exit::Signal(signal));
            }
        }
        Some(Exit::Code(status.code().unwrap_or(-1)))
    }

    /// Asks it, and all that it started, to end; does not wait.
    pub fn terminate(&mut self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            // It may have ended by itself.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        }
        #[cfg(not(unix))]
        let _ = self.child.kill();
    }

    /// Ends it and all that it started: asked first, killed after `grace`.
    pub fn stop(&mut self, grace: Duration) -> Exit {
        let until = Instant::now() + grace;
        while Instant::now() < until {
            if let Some(exit) = self.try_wait() {
                return exit;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.try_wait().unwrap_or(Exit::Signal(9))
    }

    /// Ports on which it, or something that it started, takes connections.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        Vec::new()
    }

    /// What it left behind, once it has ended: compared with what `snapshot` shows now.
    ///
    /// # Errors
    /// When what it wrote cannot be read.
    pub fn effects(self, _snapshot: &Snapshot) -> Result<Effects, SandboxError> {
        Ok(Effects::default())
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}
