//! The scripts of a project, and what programs say is wrong with its files. Texts come in and values go out; nothing
//! is run here.

mod cargo;
mod failure;
mod find;
mod folder;
mod javascript;
mod kind;
mod make;
mod python;

pub use failure::{Failure, Failures, Severity, failures};
pub use find::{Found, Problem, find};

use crate::workspace::RelPath;

/// What a script is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKind {
    Test,
    Lint,
    Format,
    Build,
    Dev,
    Docs,
    Other,
}

impl TaskKind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Lint => "lint",
            Self::Format => "format",
            Self::Build => "build",
            Self::Dev => "dev",
            Self::Docs => "docs",
            Self::Other => "other",
        }
    }
}

/// A script of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// `test`, or `web:test` in a folder; no two tasks have the same.
    pub name: String,
    /// Guessed from the name.
    pub kind: TaskKind,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it is started.
    pub folder: RelPath,
    /// The file that it was found in.
    pub origin: RelPath,
    /// What it runs, where that is written out: one line, at most 200 characters.
    pub script: Option<String>,
}
