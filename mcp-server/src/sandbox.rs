//! Where commands run: as confined as this machine allows, and never less than was said.

use crate::workspace::{FileChange, RelPath, Snapshot};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;

mod bare;
#[cfg(unix)]
mod channel;
mod confined;
#[cfg(target_os = "linux")]
mod family;
#[cfg(unix)]
mod grants;
#[cfg(unix)]
mod launch;
#[cfg(unix)]
mod launcher;
#[cfg(target_os = "linux")]
mod layers;
mod layout;
#[cfg(unix)]
mod plan;
#[cfg(unix)]
mod probe;
#[cfg(unix)]
mod secrets;
mod trial;
#[cfg(unix)]
mod view;
mod written;

pub use confined::Confined;
#[cfg(unix)]
pub use launcher::enter as enter_launcher;
pub use trial::{Protection, Trial};

/// What the sandbox has to know of the machine and the person; read once, by the command line.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Our own program, which confines commands from inside; `None` where there is none to start, as in unit tests.
    pub program: Option<PathBuf>,
    pub home: Option<PathBuf>,
    /// Where the sandbox keeps its layers; `None` where there is no such place, as in unit tests.
    pub state: Option<PathBuf>,
    /// More folders of our own that no command is to see.
    pub own: Vec<PathBuf>,
    /// The tier that the person demands, instead of the best one; commands are refused where it does not hold.
    pub demand: Option<Tier>,
    /// The variables that commands get.
    pub environment: Vec<(OsString, OsString)>,
}

/// How commands are confined, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// Namespaces, an overlay of the workspace, seccomp: commands see staged text, and what they write is staged.
    Overlay,
    /// Landlock and seccomp, on macOS seatbelt: commands see the disk, and what they write of the workspace is written.
    Landlock,
    /// Nothing: commands may do what the person may.
    Unconfined,
}

impl Tier {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overlay => "overlay",
            Self::Landlock => "landlock",
            Self::Unconfined => "none",
        }
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = [Self::Overlay, Self::Landlock, Self::Unconfined];
        let found = known.into_iter().find(|tier| tier.name() == name);
        found.ok_or_else(|| {
            format!("there is no such sandbox; there are {}", known.map(Self::name).join(", "))
        })
    }
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
    #[error(
        "the sandbox `{}` was demanded and does not hold on this machine, so nothing was started; `devtoolkit-mcp doctor` says why",
        .tier.name()
    )]
    Broken { tier: Tier },
    #[error("the sandbox cannot be made: {step}")]
    Confine { step: String, source: io::Error },
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Layers(#[from] layers::LayerError),
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

/// The sandbox of a workspace. Cheap to ask; probed once, at its first use.
pub struct Sandbox {
    machine: Machine,
    trials: OnceLock<Vec<Trial>>,
    #[cfg(target_os = "linux")]
    layers: OnceLock<layers::Layers>,
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
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        // Mounts and rules are on folders, never on links to them.
        let home = machine.home.map(layout::real);
        Self {
            machine: Machine { home, ..machine },
            trials: OnceLock::new(),
            #[cfg(target_os = "linux")]
            layers: OnceLock::new(),
        }
    }

    /// How commands are confined here: as well as was demanded, or else as well as this machine can. Waits until the
    /// probe is through.
    #[must_use]
    pub fn tier(&self) -> Tier {
        let best = || self.trials().iter().find(|trial| trial.holds()).map(|trial| trial.tier);
        self.machine.demand.or_else(best).unwrap_or(Tier::Unconfined)
    }

    /// How each tier that this system may have stood the attacks of the probe, best first. None is tried after the
    /// first that holds.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        self.trials.get_or_init(|| self.probe())
    }

    /// Whether the tier stood its attacks. One that was demanded may not have, and then nothing is started.
    #[must_use]
    pub fn holds(&self) -> bool {
        let tier = self.tier();
        tier == Tier::Unconfined || self.trials().iter().any(|trial| trial.tier == tier && trial.holds())
    }

    fn probe(&self) -> Vec<Trial> {
        #[cfg(unix)]
        if let (Some(program), Some(state)) = (&self.machine.program, &self.machine.state) {
            let candidates: &[Tier] = match self.machine.demand.as_slice() {
                [Tier::Unconfined] => &[],
                [demanded] => &[*demanded],
                _ if cfg!(target_os = "linux") => &[Tier::Overlay, Tier::Landlock],
                _ if cfg!(target_os = "macos") => &[Tier::Landlock],
                _ => &[],
            };
            let mut trials: Vec<Trial> = Vec::new();
            for tier in candidates {
                trials.push(probe::attack(*tier, program, state));
                if trials.last().is_some_and(Trial::holds) {
                    break;
                }
            }
            return trials;
        }
        Vec::new()
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
        let tier = self.tier();
        if tier != Tier::Unconfined && !self.trials().iter().any(|trial| trial.tier == tier && trial.holds())
        {
            return Err(SandboxError::Broken { tier });
        }
        #[cfg(unix)]
        if let (Some(program), Some(state)) = (&self.machine.program, &self.machine.state) {
            return self.start_there(program, state, order, snapshot, &folder);
        }
        bare::start(order, &folder, self.environment(order))
    }

    #[cfg(unix)]
    fn start_there(
        &self,
        program: &Path,
        state: &Path,
        order: &Order,
        snapshot: &Snapshot,
        folder: &Path,
    ) -> Result<Confined, SandboxError> {
        let tier = self.tier();
        let mut place = layout::Place {
            roots: snapshot.roots().all().iter().map(|root| &*root.path).collect(),
            home: self.machine.home.as_deref(),
            own: std::iter::once(state.to_owned()).chain(self.machine.own.iter().cloned()).collect(),
        };
        // Where there are no layers to hide them in, there are rules.
        #[cfg(target_os = "linux")]
        if tier == Tier::Landlock {
            place.own.extend(layers::hidden(snapshot, order.secrets));
        }
        let (mut view, mut aftermath) = layout::lay_out(state, &place)
            .map_err(|source| SandboxError::Confine { step: "its folders".to_owned(), source })?;
        #[cfg(target_os = "linux")]
        if tier == Tier::Overlay {
            self.overlay(state, (order, snapshot), &mut view, &mut aftermath)?;
        }
        let grants = layout::grants(tier, &place, &view);
        let mut environment = self.environment(order);
        match tier {
            Tier::Overlay => environment.push(("TMPDIR".into(), "/tmp".into())),
            Tier::Landlock => {
                aftermath.on_disk(snapshot.roots());
                let folder = Path::new(&view.scratch);
                environment.push(("TMPDIR".into(), folder.into()));
                environment.push(("XDG_CACHE_HOME".into(), folder.join("cache").into()));
                environment.push(("npm_config_cache".into(), folder.join("npm").into()));
            }
            Tier::Unconfined => aftermath.on_disk(snapshot.roots()),
        }
        let setting = plan::Setting {
            tier,
            network: order.network,
            home: place.home.map(Into::into),
            roots: place.roots.iter().map(|root| (*root).into()).collect(),
            view,
        };
        let task = plan::Task::new(tier, order, folder, environment, grants);
        launch::launch(program, &setting, &task, order, aftermath)
    }

    /// Shows the workspace through layers, so that nothing is written but to them.
    #[cfg(target_os = "linux")]
    fn overlay(
        &self,
        state: &Path,
        (order, snapshot): (&Order, &Snapshot),
        view: &mut view::View,
        aftermath: &mut layout::Aftermath,
    ) -> Result<(), SandboxError> {
        let layers = match self.layers.get() {
            Some(layers) => layers,
            None => {
                let opened = layers::Layers::of(state, snapshot.roots(), self.machine.home.as_deref())?;
                self.layers.get_or_init(|| opened)
            }
        };
        let run = layers.begin(snapshot, order.secrets)?;
        *view = view::View { hidden: std::mem::take(&mut view.hidden), ..run.view() };
        aftermath.layers(run);
        Ok(())
    }

    /// All that a command knows of our environment.
    fn environment(&self, order: &Order) -> Vec<(OsString, OsString)> {
        let quiet = QUIET.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let given = self.machine.environment.iter().chain(&order.environment).cloned();
        quiet.chain(given).collect()
    }
}
