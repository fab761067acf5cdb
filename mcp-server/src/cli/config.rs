//! The person's configuration file: where it is, and what it says. Nothing of a workspace has a say in either.

use anyhow::{Context, Result, bail};
use devtoolkit_mcp::permission::Rules;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// Where the configuration is kept.
pub(super) struct Config {
    /// The file, there or not.
    pub(super) file: Option<PathBuf>,
    /// What no tool may touch because of it.
    pub(super) kept_out: Option<PathBuf>,
}

impl Config {
    /// The file that was named, or the usual one.
    pub(super) fn find(named: Option<&Path>, current: &Path) -> Self {
        match named {
            Some(named) => {
                let file = current.join(named);
                Self { kept_out: Some(file.clone()), file: Some(file) }
            }
            None => {
                let folder = folder();
                Self { file: folder.as_ref().map(|folder| folder.join("config.toml")), kept_out: folder }
            }
        }
    }

    /// Its rules, and whether there is a file at all.
    ///
    /// # Errors
    /// When it cannot be read or understood, or was named and is not there.
    pub(super) fn read(&self, is_named: bool) -> Result<(Rules, bool)> {
        let Some(file) = &self.file else { return Ok((Rules::default(), false)) };
        let shown = file.display();
        match fs::metadata(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => {
                return Ok((Rules::default(), false));
            }
            Ok(found) if !found.is_file() => {
                bail!("`{shown}` is no file; name the configuration with --config FILE")
            }
            Ok(found) if found.len() > LIMIT => bail!("`{shown}` is over 1 MiB, which is no configuration"),
            Ok(_) | Err(_) => {}
        }
        let text = fs::read_to_string(file).with_context(|| {
            format!("cannot read the configuration `{shown}`; mend it or name another with --config")
        })?;
        Ok((Rules::parse(&text, &shown.to_string())?, true))
    }
}

/// The user's folder for our configuration.
fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::home_dir().filter(|home| home.is_absolute());
    let above = if cfg!(windows) {
        absolute("APPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("XDG_CONFIG_HOME").or_else(|| Some(home()?.join("Library/Application Support")))
    } else {
        absolute("XDG_CONFIG_HOME").or_else(|| Some(home()?.join(".config")))
    };
    Some(above?.join("devtoolkit"))
}
