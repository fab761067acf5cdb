//! Which files git tracks, so that they are staged whatever is ignored; and which folders hold what tools make.

use super::tree::{Folder, Found};
use crate::repository;
use crate::workspace::{RelPath, Root};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The largest file that says where a repository is, in bytes.
const POINTER: u64 = 4 << 10;
/// Folders of these names are made by tools, whether or not they are ignored.
const MADE: &[&str] = &[
    "node_modules",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".tox",
    ".nox",
    ".ipynb_checkpoints",
    ".gradle",
    ".parcel-cache",
    ".turbo",
];
/// A folder of this name that has this file was made by a tool.
const MADE_WITH: &[(&str, &str)] =
    &[("target", "CACHEDIR.TAG"), (".venv", "pyvenv.cfg"), ("venv", "pyvenv.cfg"), ("env", "pyvenv.cfg")];
/// The same for a folder of any name, if it is new.
const MADE_NEW: &[&str] = &["CACHEDIR.TAG", "pyvenv.cfg"];

/// Whether a folder holds what tools make; `has` says which names are in it, now or before.
pub(super) fn is_made(name: &OsStr, is_new: bool, has: impl Fn(&str) -> bool) -> bool {
    MADE.iter().any(|made| name == *made)
        || MADE_WITH.iter().any(|(made, file)| name == *made && has(file))
        || (is_new && MADE_NEW.iter().any(|file| has(file)))
}

/// The paths of a repository's index that lie in a root, in order.
#[derive(Debug, Default)]
pub(super) struct Tracked(Vec<Vec<u8>>);

impl Tracked {
    /// What git tracks in a root; nothing where there is no repository, or one that cannot be read.
    pub(super) fn of(root: &Root) -> Self {
        let found = root.path.ancestors().find_map(|above| Some((above, index(above)?)));
        let Some((above, path)) = found else { return Self::default() };
        let paths = repository::tracked::paths(&path);
        let mut before =
            root.path.strip_prefix(above).unwrap_or(Path::new("")).as_os_str().as_bytes().to_vec();
        if !before.is_empty() {
            before.push(b'/');
        }
        let inner = paths.iter().filter_map(|path| Some(path.strip_prefix(&*before)?.to_vec()));
        let mut paths: Vec<Vec<u8>> = inner.collect();
        paths.sort_unstable();
        Self(paths)
    }

    /// Whether a path within the root is tracked, or something below it.
    pub(super) fn has(&self, inner: &RelPath) -> bool {
        let path = inner.to_os();
        let path = path.as_os_str().as_bytes();
        let folder = [path, b"/"].concat();
        let starts = |with: &[u8]| {
            let place = self.0.partition_point(|tracked| tracked.as_slice() < with);
            self.0.get(place).is_some_and(|tracked| tracked.starts_with(with))
        };
        self.0.binary_search_by(|tracked| tracked.as_slice().cmp(path)).is_ok() || starts(&folder)
    }
}

/// The index of the repository whose top is this folder. A worktree's `.git` is a file that says where it is.
fn index(top: &Path) -> Option<PathBuf> {
    let folder = Folder::open(top).ok()?;
    let git = OsStr::new(".git");
    let git = match folder.facts(git).ok()??.found {
        Found::Folder => top.join(git),
        Found::File => {
            let text = folder.read(git, POINTER).ok()??;
            top.join(OsStr::from_bytes(text.strip_prefix(b"gitdir:")?.trim_ascii()))
        }
        _ => return None,
    };
    let facts = Folder::open(&git).ok()?.facts(OsStr::new("index")).ok()??;
    (facts.found == Found::File).then(|| git.join("index"))
}
