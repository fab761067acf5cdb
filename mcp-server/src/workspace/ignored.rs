//! What `.gitignore` and its like leave out, as ripgrep has it: `.rgignore`, `.ignore`, `.gitignore` and
//! `.git/info/exclude` of every folder from the file upwards, above the root too, and git's global list.
//!
//! The matching is the `ignore` crate's. Its walk is not used, because it opens folders by their paths; here the rules
//! are read through the roots' handles.

use super::path::{RelPath, Root};
use super::snapshot::Snapshot;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The files with rules, what is nearest to the person first; from `OF_GIT` on only inside of a repository.
const FILES: [&str; 4] = [".rgignore", ".ignore", ".gitignore", ".git/info/exclude"];
const OF_GIT: usize = 2;
/// The most of such a file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// The rules for what lies in one folder.
#[derive(Debug)]
pub(crate) struct Rules {
    above: Option<Arc<Rules>>,
    files: [Option<Gitignore>; FILES.len()],
    /// A repository begins here.
    is_repository: bool,
    /// One begins here or above.
    in_repository: bool,
    global: Arc<Gitignore>,
    /// Whether there is any rule, here or above.
    any: bool,
}

impl Rules {
    /// The rules that hold in a root because of what lies above it.
    pub(super) fn above(root: &Path) -> Arc<Self> {
        let (global, _) = GitignoreBuilder::new(root).build_global();
        let mut rules = Arc::new(Self {
            above: None,
            files: [const { None }; FILES.len()],
            is_repository: false,
            in_repository: false,
            any: !global.is_empty(),
            global: Arc::new(global),
        });
        let folders: Vec<&Path> = root.ancestors().skip(1).collect();
        for folder in folders.into_iter().rev() {
            // Where we may not look, git could not either.
            if let Ok(dir) = Dir::open_ambient_dir(folder, ambient_authority()) {
                rules = rules.inside(&dir, Path::new(""), folder, &|_| true);
            }
        }
        rules
    }

    /// The rules inside of a folder, which is `inner` below a handle and `absolute` for the system; `has` says which names
    /// it may have.
    pub(super) fn inside(
        self: &Arc<Self>,
        dir: &Dir,
        inner: &Path,
        absolute: &Path,
        has: &dyn Fn(&str) -> bool,
    ) -> Arc<Self> {
        let is_there = |name: &str| has(name) && dir.symlink_metadata(inner.join(name)).is_ok();
        let has_git = is_there(".git");
        let is_repository = has_git || is_there(".jj");
        self.with(absolute, is_repository, &|name| {
            let first = name.split('/').next().unwrap_or(name);
            let may_be = if first == ".git" { has_git } else { has(first) };
            may_be.then(|| read(dir, &inner.join(name))).flatten()
        })
    }

    /// The same with texts from anywhere.
    fn with(
        self: &Arc<Self>,
        absolute: &Path,
        is_repository: bool,
        text: &dyn Fn(&str) -> Option<String>,
    ) -> Arc<Self> {
        let file = |name: &str| {
            let mut rules = GitignoreBuilder::new(absolute);
            for line in text(name)?.lines() {
                // A line that is no rule is passed over, as git does.
                let _ = rules.add_line(None, line);
            }
            rules.build().ok().filter(|rules| !rules.is_empty())
        };
        let files = FILES.map(file);
        if !is_repository && files.iter().all(Option::is_none) {
            return Arc::clone(self);
        }
        Arc::new(Self {
            above: Some(Arc::clone(self)),
            is_repository,
            in_repository: is_repository || self.in_repository,
            global: Arc::clone(&self.global),
            any: self.any || files.iter().any(Option::is_some),
            files,
        })
    }

    /// Whether there are rules at all.
    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// Whether a rule leaves a path out (`Some(true)`), keeps it in (`Some(false)`), or none speaks of it. The path is
    /// the system's, absolute.
    pub(super) fn verdict(&self, path: &Path, is_folder: bool) -> Option<bool> {
        let found = self.found(path, is_folder, &|place, in_repository| place < OF_GIT || in_repository);
        let global = || as_verdict(&self.global.matched(path, is_folder)).filter(|_| self.in_repository);
        found.into_iter().flatten().next().or_else(global)
    }

    /// Whether git's rules leave a path out, be there a repository or only its rules. The path is the system's,
    /// absolute.
    pub(crate) fn leaves_to_git(&self, path: &Path, is_folder: bool) -> bool {
        let found = self.found(path, is_folder, &|place, _| place >= OF_GIT);
        let global = || as_verdict(&self.global.matched(path, is_folder));
        found.into_iter().flatten().next().or_else(global) == Some(true)
    }

    /// What the nearest file of each kind says. A kind is asked where it `holds`: outside of a repository, or in one;
    /// what lies above a repository says nothing of what git leaves out in it.
    fn found(
        &self,
        path: &Path,
        is_folder: bool,
        holds: &dyn Fn(usize, bool) -> bool,
    ) -> [Option<bool>; FILES.len()] {
        let mut found = [None; FILES.len()];
        let mut left_repository = false;
        let mut next = Some(self);
        while let Some(rules) = next {
            for (place, found) in found.iter_mut().enumerate() {
                let is_meant = holds(place, self.in_repository) && (place < OF_GIT || !left_repository);
                if found.is_none()
                    && is_meant
                    && let Some(file) = &rules.files[place]
                {
                    *found = as_verdict(&file.matched(path, is_folder));
                }
            }
            left_repository |= rules.is_repository;
            next = rules.above.as_deref();
        }
        found
    }
}

impl Snapshot {
    /// The rules in a root because of what lies above it.
    pub(crate) fn rules_above(&self, root: &Root) -> Arc<Rules> {
        Rules::above(&root.path)
    }

    /// The rules inside of a folder of the top layer. `other` may have another text for one of the folder's files, or
    /// know that it is gone.
    pub(crate) fn rules_inside(
        &self,
        above: &Arc<Rules>,
        folder: &RelPath,
        other: &dyn Fn(&str) -> Option<Option<Vec<u8>>>,
    ) -> Arc<Rules> {
        let Some((root, inner)) = self.roots().locate(folder) else { return Arc::clone(above) };
        let (inner, is_top) = (inner.to_os(), inner.is_root());
        let absolute = if is_top { root.path.clone() } else { root.path.join(&inner) };
        let is_there = |name: &str| root.dir.symlink_metadata(inner.join(name)).is_ok();
        let is_repository = is_there(".git") || is_there(".jj");
        above.with(&absolute, is_repository, &|name| {
            if let Some(other) = other(name) {
                return Some(text(&other?));
            }
            // Git's own folder is in no other layer.
            if name.contains('/') {
                return read(&root.dir, &inner.join(name));
            }
            let path = folder.join(name);
            match self.staging().get(&path) {
                Some(staged) => Some(text(&staged.top.file()?.bytes)),
                None => match self.document(&path) {
                    Some(document) => Some(document.text.clone()),
                    None => read(&root.dir, &inner.join(name)),
                },
            }
        })
    }
}

fn as_verdict<T>(found: &Match<T>) -> Option<bool> {
    match found {
        Match::None => None,
        Match::Ignore(_) => Some(true),
        Match::Whitelist(_) => Some(false),
    }
}

/// A file of rules, as far as it is text.
fn read(dir: &Dir, path: &Path) -> Option<String> {
    let mut options = OpenOptions::new();
    options.read(true);
    super::disk::never_wait(&mut options);
    let file = dir.open_with(path, &options).ok()?;
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes).ok()?;
    Some(text(&bytes))
}

/// Bytes, as far as they are text.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = bytes.utf8_chunks().next().map(|chunk| chunk.valid()).unwrap_or_default();
    // The line with the first byte that is not UTF-8 is no rule any more.
    let whole = if text.len() == bytes.len() { text.len() } else { text.rfind('\n').unwrap_or(0) };
    text[..whole].to_owned()
}
