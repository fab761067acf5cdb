//! The tasks in `tests/tasks`: small projects, what is asked of each, and whether it was done.

use crate::{binary, limited};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

mod programs;
mod tally;

pub use programs::Programs;
pub use tally::Tally;

/// How long a check may take.
const CHECK: Duration = Duration::from_secs(60);
/// How long git may take.
const GIT: Duration = Duration::from_secs(60);
/// Bytes that are kept of what a check writes.
const MOST_OUTPUT: u64 = 64 << 10;
/// Files of a project, with what was added to it.
const MOST_FILES: usize = 1000;

/// A task, as its `task.toml` has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The folder's name: `01-rename-function`.
    #[serde(skip)]
    pub name: String,
    /// What is asked.
    pub prompt: String,
    pub language: Language,
    pub kind: Kind,
    /// A program and its arguments: it succeeds in the project's folder when the task is done. `python3` and `node`
    /// are whatever [`Programs`] has of these.
    pub check: Vec<String>,
    /// What may be changed or made, as paths in the project.
    pub files: Vec<String>,
}

/// What a project is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Python,
    TypeScript,
    JavaScript,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Rename,
    Parameter,
    Fix,
    Errors,
    Docstring,
    Test,
    Extract,
    Delete,
    Constant,
    Method,
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    Solved,
    /// No file has changed.
    Unchanged,
    /// This file may not be changed.
    Foreign(String),
    /// The check failed, with what it wrote.
    Failed(String),
    /// The check did not end in time.
    Slow,
}

impl Task {
    /// All tasks, by name.
    ///
    /// # Errors
    /// When one cannot be read or says what no task says.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut tasks = Vec::new();
        for entry in fs::read_dir(folder())? {
            let entry = entry?;
            let file = entry.path().join("task.toml");
            let text = fs::read_to_string(&file)?;
            let task: Self = toml::from_str(&text)
                .map_err(|error| io::Error::other(format!("`{}`: {error}", file.display())))?;
            tasks.push(Self { name: entry.file_name().to_string_lossy().into_owned(), ..task });
        }
        tasks.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tasks)
    }

    /// The patch of a right solution.
    #[must_use]
    pub fn solution(&self) -> PathBuf {
        folder().join(&self.name).join("solution.patch")
    }

    /// Puts the project into an empty folder, as a repository with one commit.
    ///
    /// # Errors
    /// When it cannot be written, or git fails.
    pub fn prepare(&self, to: &Path) -> io::Result<()> {
        copy(&self.project(), to)?;
        git(to, &["init", "--quiet"])?;
        git(to, &["add", "--all"])?;
        git(to, &["commit", "--quiet", "--message", "The project as it is"])
    }

    /// Whether what lies in the folder is a solution. The check's files lie there afterwards.
    ///
    /// # Errors
    /// When the folder cannot be read, or the check not be started.
    pub fn judge(&self, project: &Path, programs: &Programs) -> io::Result<Judgement> {
        let changed = self.changed(project)?;
        if changed.is_empty() {
            return Ok(Judgement::Unchanged);
        }
        match changed.into_iter().find(|path| !self.files.contains(path)) {
            Some(path) => Ok(Judgement::Foreign(path)),
            None => self.check(project, programs),
        }
    }

    /// Runs the check alone, over its own copy of its files.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn check(&self, project: &Path, programs: &Programs) -> io::Result<Judgement> {
        copy(&folder().join(&self.name).join("check"), project)?;
        let (program, arguments) =
            self.check.split_first().ok_or_else(|| io::Error::other("the check names no program"))?;
        let program = programs
            .of(program)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no `{program}`")))?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(project).env("PYTHONDONTWRITEBYTECODE", "1");
        let ended = limited::run(&mut command, CHECK, MOST_OUTPUT)?;
        Ok(match ended.status {
            None => Judgement::Slow,
            Some(status) if status.success() => Judgement::Solved,
            Some(_) => Judgement::Failed(ended.text()),
        })
    }

    /// Paths of what was changed, made or deleted, in order.
    fn changed(&self, project: &Path) -> io::Result<Vec<String>> {
        let (before, now) = (texts(&self.project())?, texts(project)?);
        let differs = |path: &&String| before.get(*path) != now.get(*path);
        let mut changed: Vec<String> = before.keys().chain(now.keys()).filter(differs).cloned().collect();
        changed.sort();
        changed.dedup();
        Ok(changed)
    }

    fn project(&self) -> PathBuf {
        folder().join(&self.name).join("project")
    }
}

/// Where the tasks lie.
fn folder() -> PathBuf {
    binary::checkout().join("tests").join("tasks")
}

/// Runs git in a folder, whatever the machine's own settings are.
fn git(folder: &Path, arguments: &[&str]) -> io::Result<()> {
    let mut command = Command::new("git");
    command.args(["-c", "core.autocrlf=false", "-c", "commit.gpgSign=false", "-c", "core.hooksPath="]);
    command.args(arguments).current_dir(folder);
    // Set where a hook of git runs the tests; they would lead to another repository.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Task").env(format!("GIT_{role}_EMAIL"), "task@example.com");
    }
    let ended = limited::run(&mut command, GIT, MOST_OUTPUT)?;
    if ended.succeeded() {
        return Ok(());
    }
    Err(io::Error::other(format!("`git {}` failed: {}", arguments.join(" "), ended.text())))
}

/// Whether it came by running the project, and is no part of it: caches, and what starts with a dot.
fn is_byproduct(name: &str) -> bool {
    name.starts_with('.') || name == "__pycache__" || name == "node_modules"
}

/// The files beneath a folder: their paths in it, with `/`, and what they hold.
fn texts(folder: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![(folder.to_owned(), String::new())];
    while let Some((folder, before)) = waiting.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_byproduct(&name) {
                continue;
            }
            let path = format!("{before}{name}");
            if entry.file_type()?.is_dir() {
                waiting.push((entry.path(), format!("{path}/")));
            } else {
                found.insert(path, fs::read(entry.path())?);
            }
            if found.len() + waiting.len() > MOST_FILES {
                return Err(io::Error::other(format!("there are over {MOST_FILES} files")));
            }
        }
    }
    Ok(found)
}

/// Copies what lies in a folder into another, over what is there.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for (path, text) in texts(from)? {
        let file = to.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text)?;
    }
    Ok(())
}
