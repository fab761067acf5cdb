//! What an agent starts with, from flags, the environment and the person's configuration.

#![expect(
    clippy::disallowed_methods,
    reason = "the environment and the person's configuration are read here"
)]

use super::models::models;
use anyhow::{Context, Result, bail};
use clap::Args;
use devtoolkit_agent::agent::{Agent, Begin, Opening, Project, Setup, project_root};
use devtoolkit_agent::journal::Journal;
use devtoolkit_agent::memory::Memory;
use devtoolkit_agent::protocol::{Event, Mode};
use devtoolkit_agent::session::Limits;
use devtoolkit_mcp::main_loop::Folders;
use devtoolkit_mcp::permission::Policy;
use devtoolkit_mcp::person::{Config, Person};
use std::env;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Where an agent works, and with what.
#[derive(Debug, Default, Args)]
pub(crate) struct OpeningArguments {
    /// The project's folder [default: the repository or project around the current folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// A model: a name as in `model list`, the path of a `.gguf` file, or a server of `agent.toml`
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Answers from a script in the place of a model, for tests and demonstrations
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub(crate) replay: Option<PathBuf>,
    /// The command that checks the project, in the place of the one that is found
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,
    /// Your configuration, instead of devtoolkit/config.toml in your folder for configurations
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Keep no index on disk
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Which session goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    New,
    /// The newest of the project.
    Newest,
    /// By the beginning of its id.
    Named(String),
}

/// The environment, as the library takes it.
pub(crate) fn person() -> Person<'static> {
    Person { variable: &|name| env::var_os(name), home: env::home_dir() }
}

/// The folders of the user.
pub(crate) fn folders(cache: Option<PathBuf>, config: &Config) -> Result<Folders> {
    person()
        .folders(cache, config)
        .context("there is no home folder to keep sessions in; set HOME or XDG_STATE_HOME")
}

/// The folder of the project: the one that is named, or the project around the current folder.
///
/// # Errors
/// When it is not there.
pub(crate) fn root(named: Option<&Path>) -> Result<PathBuf> {
    let current = env::current_dir()
        .context("the current folder is gone; start from another, or name the project's folder")?;
    let Some(named) = named else {
        return Ok(project_root(&current, env::home_dir().as_deref(), &|path| path.exists()));
    };
    if !named.is_dir() {
        let what = if named.exists() { "is no folder" } else { "does not exist" };
        bail!("`{}` {what}; name the folder of a project", named.display());
    }
    Ok(current.join(named))
}

impl OpeningArguments {
    /// The project, for a command that asks no model.
    ///
    /// # Errors
    /// When it cannot be used.
    fn project(&self) -> Result<(Project, Config)> {
        let root = root(self.workspace.as_deref())?;
        let config = person().config(self.config.as_deref(), &env::current_dir().unwrap_or_default());
        let cache = if self.no_cache { None } else { devtoolkit_index::store::user_cache() };
        let folders = folders(cache, &config)?;
        let (rules, _) = config.read()?;
        let mut machine = person().machine(env::current_exe().ok(), None);
        // Python takes compiled code for that of a text which has as many bytes and was written in the same second: a check
        // would judge what stood there before it was mended.
        machine.environment.push(("PYTHONDONTWRITEBYTECODE".into(), "1".into()));
        let policy = Policy { rules, ..Policy::default() };
        Ok((Project::open(Opening { root, folders, machine, policy })?, config))
    }

    /// Takes back what was applied last in the project.
    ///
    /// # Errors
    /// When there is nothing, or it cannot be taken back.
    pub(crate) fn undo(&self) -> Result<String> {
        let (project, _) = self.project()?;
        project.undo().map_err(|why| anyhow::anyhow!("nothing was taken back: {why}"))
    }

    /// Starts an agent.
    ///
    /// # Errors
    /// When the project, the session or the model cannot be used.
    pub(crate) fn start(&self, which: Which, mode: Option<Mode>) -> Result<(Agent, Receiver<Event>)> {
        // What is named wrongly is told before anything is loaded.
        let root = root(self.workspace.as_deref())?;
        let state = super::state_folder()?;
        let (journal, memory) = (Journal::open(&state)?, Memory::open(&state)?);
        let begin = begin(&journal, &super::workspace(Some(&root))?, which, mode)?;
        let (models, settings) = models(self)?;
        let (project, config) = self.project()?;
        let setup = Setup {
            project,
            models,
            journal: Some(journal),
            memory: Some(memory),
            begin,
            limits: Limits::default(),
            check: self.check.clone().or(settings.check),
            first_token: settings.first_token.map(|seconds| Duration::from_secs(seconds.into())),
            config: config.file,
        };
        Ok(Agent::start(setup)?)
    }
}

fn begin(journal: &Journal, root: &Path, which: Which, mode: Option<Mode>) -> Result<Begin> {
    Ok(match which {
        Which::New => Begin::New(mode.unwrap_or_default()),
        Which::Named(id) => Begin::Resume(journal.find(&id)?.id),
        Which::Newest => match journal.newest(root)? {
            Some(kept) => Begin::Resume(kept.id),
            None => bail!("`{}` has no session to continue; leave out --continue", root.display()),
        },
    })
}
