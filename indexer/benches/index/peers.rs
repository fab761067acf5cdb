//! The programs that ours is compared with, run side by side with it: universal-ctags and ripgrep.
#![expect(
    clippy::disallowed_methods,
    reason = "it asks the peers for their versions and reads what they write"
)]

use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use thiserror::Error;

use crate::measure::{Cost, MeasureError, Program};

/// Why a peer could not be compared with.
#[derive(Debug, Error)]
pub(crate) enum PeerError {
    /// It is not there, or not the program we mean.
    #[error("`{name}` is not here; install {package} and run the benchmark again")]
    Missing {
        /// The program.
        name: &'static str,
        /// What to install.
        package: &'static str,
    },
    /// It could not be run.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// Its output could not be read.
    #[error("cannot read what `{name}` wrote")]
    Output {
        /// The program.
        name: &'static str,
        /// What the system or the parser said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Universal-ctags.
#[derive(Clone, Debug)]
pub(crate) struct Ctags {
    /// Name and version, for the report.
    pub(crate) version: String,
}

/// What ctags made of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CtagsRun {
    /// What the run cost.
    pub(crate) cost: Cost,
    /// Size of its tags file in bytes.
    pub(crate) bytes: u64,
}

impl Ctags {
    /// The ctags of this machine.
    pub(crate) fn find() -> Result<Self, PeerError> {
        let missing = PeerError::Missing { name: "ctags", package: "universal-ctags" };
        match first_line("ctags", "--version") {
            Some(line) if line.starts_with("Universal Ctags") => {
                let version = line.split([',', '(']).next().unwrap_or_default().trim();
                Ok(Self { version: version.to_owned() })
            }
            _ => Err(missing),
        }
    }

    /// Tags all files of one language (`Python`, `TypeScript`) under `root`.
    pub(crate) fn run(&self, language: &str, root: &Path) -> Result<CtagsRun, PeerError> {
        let folder = tempfile::tempdir().map_err(|source| output_error("ctags", source))?;
        let tags = folder.path().join("tags");
        let tags_text = tags.to_string_lossy().into_owned();
        let languages = format!("--languages={language}");
        let arguments = ["--options=NONE", &languages, "-f", &tags_text, "-R", "."];
        let cost = Program::new("ctags", &arguments).within(root).measure()?;
        let bytes = tags.metadata().map_err(|source| output_error("ctags", source))?.len();
        Ok(CtagsRun { cost, bytes })
    }
}

/// Ripgrep.
#[derive(Clone, Debug)]
pub(crate) struct Ripgrep {
    /// Name and version, for the report.
    pub(crate) version: String,
}

/// One match of a search.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// Path relative to the root, with `/`.
    pub(crate) path: String,
    /// First byte of the match in its file.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
}

/// What is searched for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pattern<'a> {
    /// This text.
    Literal(&'a str),
    /// What this regular expression matches.
    Regex(&'a str),
}

impl Ripgrep {
    /// The ripgrep of this machine.
    pub(crate) fn find() -> Result<Self, PeerError> {
        let line = first_line("rg", "--version").filter(|line| line.starts_with("ripgrep"));
        let version = line.ok_or(PeerError::Missing { name: "rg", package: "ripgrep" })?;
        Ok(Self { version })
    }

    /// What a search under `root` costs on one thread, with lines and their numbers written to a file.
    pub(crate) fn cost(&self, pattern: Pattern<'_>, root: &Path) -> Result<Cost, PeerError> {
        let folder = tempfile::tempdir().map_err(|source| output_error("rg", source))?;
        let program = search(pattern, &["--line-number", "--no-heading"], root, &folder.path().join("hits"));
        Ok(program.measure()?)
    }

    /// All matches under `root`, sorted.
    pub(crate) fn hits(&self, pattern: Pattern<'_>, root: &Path) -> Result<Vec<Hit>, PeerError> {
        let folder = tempfile::tempdir().map_err(|source| output_error("rg", source))?;
        let file = folder.path().join("hits");
        search(pattern, &["--json"], root, &file).measure()?;
        let text = std::fs::read_to_string(&file).map_err(|source| output_error("rg", source))?;
        let mut hits = Vec::new();
        for line in text.lines() {
            let message: Message = serde_json::from_str(line).map_err(|source| output_error("rg", source))?;
            if let Message::Match { data } = message {
                hits.extend(data.hits());
            }
        }
        hits.sort_unstable();
        Ok(hits)
    }
}

fn search(pattern: Pattern<'_>, flags: &[&str], root: &Path, output: &Path) -> Program {
    let (kind, text) = match pattern {
        Pattern::Literal(text) => ("--fixed-strings", text),
        Pattern::Regex(text) => ("--no-fixed-strings", text),
    };
    let mut arguments = vec!["--no-config", "--color=never", "--threads=1", kind];
    arguments.extend(flags);
    arguments.extend(["--regexp", text, "."]);
    // 1 means that nothing was found.
    Program::new("rg", &arguments).within(root).into_file(output).accepting(&[0, 1])
}

/// The part of ripgrep's JSON Lines that matters here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Message {
    Match {
        data: Matched,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Matched {
    path: MaybeText,
    absolute_offset: usize,
    submatches: Vec<Submatch>,
}

/// A path that is not Unicode comes as bytes; none of the corpora has one.
#[derive(Deserialize)]
struct MaybeText {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Submatch {
    start: usize,
    end: usize,
}

impl Matched {
    fn hits(self) -> impl Iterator<Item = Hit> {
        let path = self.path.text.unwrap_or_default();
        let path = path.trim_start_matches("./").replace('\\', "/");
        let base = self.absolute_offset;
        self.submatches.into_iter().map(move |submatch| Hit {
            path: path.clone(),
            start: base + submatch.start,
            end: base + submatch.end,
        })
    }
}

fn output_error(name: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> PeerError {
    PeerError::Output { name, source: Box::new(source) }
}

/// The first line that `program` writes when called with `argument`, if there is such a program.
fn first_line(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().map(str::to_owned)
}
