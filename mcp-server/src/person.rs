//! The person who runs a program of ours: their folders, their configuration, and what of their environment commands get.
//! Nothing of a workspace has a say in any of it.

#![expect(clippy::disallowed_methods, reason = "the person's configuration is read here")]

use crate::main_loop::Folders;
use crate::permission::{Rules, RulesError};
use crate::sandbox::{Machine, Tier};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The largest configuration that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// What commands get of the environment; nothing else of it is passed on.
const VARIABLES: &[&str] =
    &["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "SHELL", "TERM"];

/// The environment, as `main` found it.
pub struct Person<'a> {
    /// A variable by its name.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub home: Option<PathBuf>,
}

/// Where the configuration is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file, there or not.
    pub file: Option<PathBuf>,
    /// What no tool may touch because of it.
    pub kept_out: Option<PathBuf>,
    is_named: bool,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("`{}` is no file; name the configuration with --config FILE", .0.display())]
    NoFile(PathBuf),
    #[error("`{}` is over 1 MiB, which is no configuration", .0.display())]
    TooLarge(PathBuf),
    #[error("cannot read the configuration `{}`; mend it or name another with --config", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Rules(#[from] RulesError),
}

impl Person<'_> {
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    fn home(&self) -> Option<&Path> {
        self.home.as_deref().filter(|home| home.is_absolute())
    }

    /// The folder for our configuration, as the platform has it.
    #[must_use]
    pub fn config_folder(&self) -> Option<PathBuf> {
        let above = if cfg!(windows) {
            self.absolute("APPDATA")
        } else if cfg!(target_os = "macos") {
            let usual = || Some(self.home()?.join("Library/Application Support"));
            self.absolute("XDG_CONFIG_HOME").or_else(usual)
        } else {
            self.absolute("XDG_CONFIG_HOME").or_else(|| Some(self.home()?.join(".config")))
        };
        Some(above?.join("devtoolkit"))
    }

    /// The configuration that was named, or the usual one.
    #[must_use]
    pub fn config(&self, named: Option<&Path>, current: &Path) -> Config {
        match named {
            Some(named) => {
                let file = current.join(named);
                Config { kept_out: Some(file.clone()), file: Some(file), is_named: true }
            }
            None => {
                let folder = self.config_folder();
                let file = folder.as_ref().map(|folder| folder.join("config.toml"));
                Config { file, kept_out: folder, is_named: false }
            }
        }
    }

    /// The folders for state, cache and configuration; nothing where there is no home.
    #[must_use]
    pub fn folders(&self, cache: Option<PathBuf>, config: &Config) -> Option<Folders> {
        let state = match (self.absolute("XDG_STATE_HOME"), self.home()) {
            (Some(state), _) => state.join("devtoolkit"),
            (None, Some(home)) if cfg!(target_os = "macos") => {
                home.join("Library/Application Support/devtoolkit")
            }
            (None, Some(home)) => home.join(".local/state/devtoolkit"),
            (None, None) => return None,
        };
        Some(Folders { state, cache, config: config.kept_out.clone() })
    }

    /// What commands are to know of the machine; `program` is our own, and `demand` the sandbox that is insisted on.
    #[must_use]
    pub fn machine(&self, program: Option<PathBuf>, demand: Option<Tier>) -> Machine {
        let value = |name: &&str| (self.variable)(name).map(|value| ((*name).into(), value));
        Machine {
            program,
            home: self.home().map(Path::to_owned),
            state: None,
            own: Vec::new(),
            demand,
            environment: VARIABLES.iter().filter_map(value).collect(),
        }
    }
}

impl Config {
    /// Its rules, and whether there is a file at all.
    ///
    /// # Errors
    /// When it cannot be read or understood, or was named and is not there.
    pub fn read(&self) -> Result<(Rules, bool), ConfigError> {
        let Some(file) = &self.file else { return Ok((Rules::default(), false)) };
        match fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_named => {
                return Ok((Rules::default(), false));
            }
            Ok(found) if !found.is_file() => return Err(ConfigError::NoFile(file.clone())),
            Ok(found) if found.len() > LIMIT => return Err(ConfigError::TooLarge(file.clone())),
            Ok(_) | Err(_) => {}
        }
        let text = fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { path: file.clone(), source })?;
        Ok((Rules::parse(&text, &file.display().to_string())?, true))
    }
}
