//! All scripts of a workspace, each under a name of its own.

use super::folder::{Folder, Tree};
use super::kind::kind;
use super::{Task, TaskKind, cargo, javascript, make, python};
use crate::workspace::{ReadError, RelPath, Snapshot, visible};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The most tasks.
const TASKS: usize = 1_000;
/// The most tasks of one file.
const EACH: usize = 200;
/// The longest name of a script, in bytes.
const NAME: usize = 100;
/// How much of a script's text is kept, in characters.
const SCRIPT: usize = 200;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those of outer folders first; always in the same order.
    pub tasks: Vec<Task>,
    /// Files that could not be understood.
    pub problems: Vec<Problem>,
    /// There are more than are looked for.
    pub more: bool,
}

/// A file that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: RelPath,
    pub message: String,
}

/// A script as its file has it.
pub(super) struct Script {
    pub(super) name: String,
    pub(super) kind: TaskKind,
    pub(super) argv: Vec<String>,
    pub(super) text: Option<String>,
}

impl Script {
    /// One that is written in a file, for which its name says what it is.
    pub(super) fn written(name: &str, argv: &[&str], text: Option<&str>) -> Self {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        Self { name: name.to_owned(), kind: kind(name), argv, text: text.map(str::to_owned) }
    }

    /// One that every project of its sort has.
    pub(super) fn usual(name: &str, kind: TaskKind, argv: &[&str]) -> Self {
        Self { kind, ..Self::written(name, argv, None) }
    }
}

/// A file and the scripts that it has, if it is there; or what is wrong with it.
pub(super) type Read = Result<Option<(&'static str, Vec<Script>)>, (&'static str, String)>;

/// The scripts of a folder that are written in one sort of file. The word goes before names that are taken already.
struct Sort {
    word: &'static str,
    read: fn(Folder<'_>) -> Read,
}

/// Written scripts first: they get the plain names.
const SORTS: &[Sort] = &[
    Sort { word: "npm", read: javascript::package },
    Sort { word: "deno", read: javascript::deno },
    Sort { word: "just", read: make::justfile },
    Sort { word: "make", read: make::makefile },
    Sort { word: "python", read: python::python },
    Sort { word: "cargo", read: cargo::cargo },
    Sort { word: "go", read: go },
];

/// The scripts of a workspace, its staged texts seen. Folders that are ignored, hidden or others' are passed over.
/// `go_on` is asked for each folder, and may end the search.
///
/// # Errors
/// When the workspace cannot be read.
pub fn find(snapshot: &Snapshot, go_on: &dyn Fn() -> ControlFlow<()>) -> Result<Found, ReadError> {
    let tree = Tree::read(snapshot, go_on)?;
    let mut found = Found { more: tree.more, ..Found::default() };
    let mut names = BTreeSet::new();
    for folder in tree.folders() {
        if go_on().is_break() {
            found.more = true;
            break;
        }
        for sort in SORTS {
            match (sort.read)(folder) {
                Ok(None) => {}
                Ok(Some((file, scripts))) => found.add(folder.path, sort.word, file, scripts, &mut names),
                Err((file, message)) => {
                    found.problems.push(Problem { path: folder.path.join(file), message });
                }
            }
        }
    }
    Ok(found)
}

impl Found {
    fn add(
        &mut self,
        folder: &RelPath,
        word: &str,
        file: &str,
        scripts: Vec<Script>,
        names: &mut BTreeSet<String>,
    ) {
        let scripts = scripts.into_iter().filter(|script| is_plain(&script.name));
        for (place, script) in scripts.enumerate() {
            if place >= EACH || self.tasks.len() >= TASKS {
                self.more = true;
                return;
            }
            let name = unique(folder, word, &script.name, names);
            names.insert(name.clone());
            self.tasks.push(Task {
                name,
                kind: script.kind,
                argv: script.argv,
                folder: folder.clone(),
                origin: folder.join(file),
                script: script.text.map(|text| one_line(&text)),
            });
        }
    }
}

/// Whether a name is one that a person would type, and no option of the program that is given it.
fn is_plain(name: &str) -> bool {
    let is_fine = |c: char| c.is_alphanumeric() || "-_:./@+ ".contains(c);
    !name.is_empty()
        && name.len() <= NAME
        && !name.starts_with('-')
        && name.trim() == name
        && name.chars().all(is_fine)
}

fn unique(folder: &RelPath, word: &str, name: &str, taken: &BTreeSet<String>) -> String {
    let below = |name: &str| if folder.is_root() { name.to_owned() } else { format!("{folder}:{name}") };
    let (plain, worded) = (below(name), below(&format!("{word}:{name}")));
    let numbered = (2..).map(|number| format!("{worded}-{number}"));
    let mut names = [plain, worded.clone()].into_iter().chain(numbered);
    names.find(|name| !taken.contains(name)).expect("there are more numbers than names")
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = line.char_indices().nth(SCRIPT).map(|(end, _)| end);
    visible(&line[..cut.unwrap_or(line.len())]) + if cut.is_some() { "…" } else { "" }
}

/// What every module of Go has.
fn go(folder: Folder<'_>) -> Read {
    let scripts = || {
        vec![
            Script::usual("test", TaskKind::Test, &["go", "test", "./..."]),
            Script::usual("vet", TaskKind::Lint, &["go", "vet", "./..."]),
            Script::usual("fmt", TaskKind::Format, &["gofmt", "-l", "."]),
            Script::usual("build", TaskKind::Build, &["go", "build", "./..."]),
        ]
    };
    Ok(folder.has("go.mod").then(|| ("go.mod", scripts())))
}

#[cfg(test)]
mod tests;
