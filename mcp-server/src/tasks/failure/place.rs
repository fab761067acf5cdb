//! Places as programs write them, and the paths of the workspace that they mean.

use crate::tasks::folder::is_others;
use crate::workspace::RelPath;
use std::collections::HashMap;

/// The longest path that is looked at, in bytes.
const PATH: usize = 1_024;
/// How many times files are looked for.
const LOOKS: usize = 20_000;

/// A place in some file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'l> {
    pub(super) path: &'l str,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

impl<'l> Place<'l> {
    /// A file as a whole.
    pub(super) fn file(path: &'l str) -> Self {
        Self { path, line: None, column: None }
    }

    /// What begins a text: `path:3`, `path:3:5`, `path(3)` or `path(3,5)`; and what follows it.
    pub(super) fn at_start(text: &'l str) -> Option<(Self, &'l str)> {
        for (at, mark) in text.match_indices([':', '(']) {
            let path = &text[..at];
            let Some((line, rest)) = number(&text[at + 1..]) else { continue };
            if path.is_empty() {
                return None;
            }
            let after = if mark == ":" { colon(rest) } else { bracket(rest) };
            // An end that is none: `a:3x`.
            let Some((column, rest)) = after else { continue };
            return Some((Self { path, line: Some(line), column }, rest));
        }
        None
    }

    /// What ends a text: `path:3:5`, `path:3`, or either in brackets.
    pub(super) fn at_end(text: &'l str) -> Option<Self> {
        let text = text
            .strip_suffix(')')
            .map_or(text, |text| text.rsplit_once('(').map_or(text, |(_, inner)| inner));
        let (before, last) = text.rsplit_once(':')?;
        let last = last.parse().ok()?;
        let whole = before.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse().ok()?)));
        let place = match whole {
            Some((path, line)) => Self { path, line: Some(line), column: Some(last) },
            None => Self { path: before, line: Some(last), column: None },
        };
        Some(place).filter(|place| !place.path.is_empty())
    }
}

/// The digits that a text begins with.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// What follows `path:3`.
fn colon(rest: &str) -> Option<(Option<u32>, &str)> {
    if let Some((column, after)) = rest.strip_prefix(':').and_then(number) {
        // mypy and others may add where it ends: `3:5:3:9`.
        let end =
            after.strip_prefix(':').and_then(number).and_then(|(_, after)| number(after.strip_prefix(':')?));
        let after = end.map_or(after, |(_, after)| after);
        if after.is_empty() || after.starts_with([':', ' ']) {
            return Some((Some(column), after.strip_prefix(':').unwrap_or(after)));
        }
    }
    (rest.is_empty() || rest.starts_with([':', ' '])).then(|| (None, rest.strip_prefix(':').unwrap_or(rest)))
}

/// What follows `path(3`.
fn bracket(rest: &str) -> Option<(Option<u32>, &str)> {
    let column = rest.strip_prefix(',').and_then(number);
    let (column, rest) = column.map_or((None, rest), |(column, rest)| (Some(column), rest));
    Some((column, rest.strip_prefix("):").or_else(|| rest.strip_prefix(") :"))?))
}

/// What paths mean, looked up once.
pub(super) struct Places<'a> {
    folder: &'a RelPath,
    /// An absolute path that lies inside.
    inside: &'a dyn Fn(&str) -> Option<RelPath>,
    has: &'a dyn Fn(&RelPath) -> bool,
    /// How many names at the start of a path are those of a root, which may be called anything.
    labels: usize,
    known: HashMap<String, Option<RelPath>>,
    looks: usize,
    /// The folders that make says it went into.
    entered: Vec<RelPath>,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        folder: &'a RelPath,
        inside: &'a dyn Fn(&str) -> Option<RelPath>,
        has: &'a dyn Fn(&RelPath) -> bool,
    ) -> Self {
        Self { folder, inside, has, labels: 0, known: HashMap::new(), looks: 0, entered: Vec::new() }
    }

    /// For a workspace of several roots.
    pub(super) fn labelled(self) -> Self {
        Self { labels: 1, ..self }
    }

    /// Sees where make goes.
    pub(super) fn follow(&mut self, line: &str) {
        let after =
            |word: &str| line.split_once(word).filter(|_| line.starts_with("make")).map(|(_, path)| path);
        if let Some(path) = after(": Entering directory ") {
            let path = path.trim_matches(['\'', '`']);
            if self.entered.len() < 100 {
                self.entered.push((self.inside)(path).unwrap_or_else(|| self.folder.clone()));
                self.known.clear();
            }
        } else if after(": Leaving directory ").is_some() {
            self.entered.pop();
            self.known.clear();
        }
    }

    /// The file of the workspace that a program means, if there is one that is not others'.
    pub(super) fn resolve(&mut self, path: &str) -> Option<RelPath> {
        let path = path.trim();
        if path.is_empty() || path.len() > PATH {
            return None;
        }
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let found = self.look(path);
        if self.known.len() < LOOKS {
            self.known.insert(path.to_owned(), found.clone());
        }
        found
    }

    fn look(&mut self, path: &str) -> Option<RelPath> {
        let file = path.strip_prefix("file://").unwrap_or(path);
        let mut folders = Vec::new();
        if file.starts_with('/') || cfg!(windows) && file.get(1..3) == Some(":\\") {
            let clean = beneath(&[], file)?;
            let whole = if file.starts_with('/') { format!("/{clean}") } else { clean };
            return (self.inside)(&whole).filter(|path| self.is_ours(path));
        }
        // Cargo and others write paths from a folder around the one that they run in.
        let mut next = Some(self.entered.last().unwrap_or(self.folder).clone());
        while let Some(folder) = next {
            next = folder.parent();
            folders.push(folder);
        }
        folders.into_iter().find_map(|folder| {
            let names: Vec<&str> = folder.names().collect();
            let path = RelPath::parse(&beneath(&names, file)?).ok()?;
            self.is_ours(&path).then_some(path)
        })
    }

    /// The file of a Go package: the package's name ends with its folder.
    pub(super) fn in_package(&mut self, package: &str, file: &str) -> Option<RelPath> {
        let mut rest = Some(package).filter(|package| package.len() < PATH / 4);
        while let Some(folder) = rest {
            if let Some(path) = self.resolve(&format!("{folder}/{file}")) {
                return Some(path);
            }
            rest = folder.split_once('/').map(|(_, rest)| rest);
        }
        self.resolve(file)
    }

    fn is_ours(&mut self, path: &RelPath) -> bool {
        self.looks += 1;
        self.looks <= LOOKS
            && !path.is_root()
            && !path.names().skip(self.labels).any(is_others)
            && (self.has)(path)
    }
}

/// A path with its `.` and `..` done, below some names; `None` where it leads outside.
fn beneath(names: &[&str], path: &str) -> Option<String> {
    let mut names = names.to_vec();
    for name in path.split(|c| c == '/' || cfg!(windows) && c == '\\') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()?),
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}
