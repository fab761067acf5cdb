//! The folders that are looked into for scripts, and the files in them.

use crate::workspace::{Kind, Reach, ReadError, RelPath, Snapshot, decode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::ControlFlow;

/// How deep folders lie that are looked into.
const DEPTH: usize = 6;
/// The most folders that are looked into.
const FOLDERS: usize = 2_000;
/// The largest file that is read, in bytes.
const FILE: u64 = 1 << 20;
/// Where others' code is kept, or what was made from ours.
const OTHERS: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "third_party",
    "target",
    "dist",
    "venv",
    "env",
    "virtualenv",
    "site-packages",
    "__pycache__",
    "testdata",
    "Pods",
];

/// Whether a folder of that name has others' code, or what was made from ours.
pub(super) fn is_others(name: &str) -> bool {
    OTHERS.contains(&name) || matches!(name, ".venv" | ".tox" | ".nox" | ".yarn" | ".pnpm" | ".eggs")
}

/// The folders of a workspace, with the names of their files.
pub(super) struct Tree<'a> {
    snapshot: &'a Snapshot,
    folders: BTreeMap<(usize, RelPath), BTreeSet<String>>,
    /// There are more folders than are looked into.
    pub(super) more: bool,
}

/// A folder that was looked into.
#[derive(Clone, Copy)]
pub(super) struct Folder<'a> {
    tree: &'a Tree<'a>,
    pub(super) path: &'a RelPath,
    names: &'a BTreeSet<String>,
}

impl<'a> Tree<'a> {
    /// The folders that are not ignored, hidden or others', nearest first.
    ///
    /// # Errors
    /// When the workspace itself cannot be read.
    pub(super) fn read(
        snapshot: &'a Snapshot,
        go_on: &dyn Fn() -> ControlFlow<()>,
    ) -> Result<Self, ReadError> {
        let mut tree = Self { snapshot, folders: BTreeMap::new(), more: false };
        let mut next = VecDeque::from([(0, RelPath::root())]);
        let reach = Reach { depth: 1, hidden: true, ignored: false };
        while let Some((depth, path)) = next.pop_front() {
            if tree.folders.len() >= FOLDERS || go_on().is_break() {
                tree.more = true;
                break;
            }
            let walked = match snapshot.walk(&path, reach, &|_| ControlFlow::Continue(())) {
                Ok(walked) => walked,
                Err(error) if path.is_root() => return Err(error),
                Err(_) => continue,
            };
            // The entries are the roots themselves.
            let is_above = path.is_root() && snapshot.roots().all().len() > 1;
            let mut names = BTreeSet::new();
            for (entry, kind) in walked.entries {
                match kind {
                    Kind::Folder if depth < DEPTH && (is_above || goes_into(entry.file_name())) => {
                        next.push_back((depth + 1, entry));
                    }
                    // A link is followed when it is read, if it stays inside.
                    Kind::File | Kind::Link => drop(names.insert(entry.file_name().to_owned())),
                    Kind::Folder | Kind::Special => {}
                }
            }
            tree.folders.insert((depth, path), names);
        }
        Ok(tree)
    }

    /// The folders, those around others before them.
    pub(super) fn folders(&'a self) -> impl Iterator<Item = Folder<'a>> {
        self.folders.iter().map(|((_, path), names)| Folder { tree: self, path, names })
    }

    fn folder(&'a self, path: &RelPath) -> Option<Folder<'a>> {
        let key = (path.names().count(), path.clone());
        self.folders.get_key_value(&key).map(|((_, path), names)| Folder { tree: self, path, names })
    }
}

fn goes_into(name: &str) -> bool {
    !name.starts_with('.') && !is_others(name)
}

impl<'a> Folder<'a> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The first of these names that there is.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.has(name))
    }

    /// This folder and those around it, innermost first.
    pub(super) fn upwards(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |folder| folder.tree.folder(&folder.path.parent()?))
    }

    /// The name of a program in the folder's own Python environment, as a path from the folder.
    pub(super) fn in_environment(&self, program: &str) -> Option<String> {
        [".venv/bin", "venv/bin"].into_iter().find_map(|bin| {
            let (entries, _) = self.tree.snapshot.list(&self.path.join(bin)).ok()?;
            let found = entries.iter().any(|(entry, _)| entry.file_name() == program);
            found.then(|| format!("{bin}/{program}"))
        })
    }

    /// A file's text, if there is such a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        if !self.has(name) {
            return Ok(None);
        }
        let seen =
            self.tree.snapshot.read_up_to(&self.path.join(name), FILE).map_err(|error| error.to_string())?;
        let text = decode(&seen.content.bytes).map_err(|_| "it is binary".to_owned())?;
        Ok(Some(text.0.into_owned()))
    }

    /// As [`Self::text`], for TOML.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn toml(&self, name: &str) -> Result<Option<toml::Table>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let line = |error: &toml::de::Error| match error.span() {
            Some(span) => {
                format!(" at line {}", text[..span.start.min(text.len())].matches('\n').count() + 1)
            }
            None => String::new(),
        };
        let parsed =
            text.parse().map_err(|error: toml::de::Error| format!("{}{}", error.message(), line(&error)));
        parsed.map(Some)
    }
}
