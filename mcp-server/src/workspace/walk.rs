//! Folders of the top layer, with what is below them, beneath the roots' handles.

use super::change::Side;
use super::disk::{Kind, ReadError};
use super::ignored::Rules;
use super::path::{RelPath, Root};
use super::snapshot::Snapshot;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// The most entries of a walk.
const ENTRIES: usize = 1_000_000;

/// What a walk goes into and shows.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Folders below one another; 1 shows only what lies in the folder itself.
    pub depth: usize,
    /// Names that begin with a dot, even where no rule keeps them in.
    pub hidden: bool,
    /// What `.gitignore` and its like leave out.
    pub ignored: bool,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    /// In order of their paths, which go by bytes. Links are not followed.
    pub entries: Vec<(RelPath, Kind)>,
    /// Folders that could not be read, and why the first could not.
    pub unreadable: Vec<RelPath>,
    /// There is more than can be looked at.
    pub more: bool,
}

impl Snapshot {
    /// Everything below a folder, staged files and folders among it; git's own state is left out. `go_on` is told how
    /// many entries there are already, folder by folder, and may end the walk.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn walk(
        &self,
        folder: &RelPath,
        reach: Reach,
        go_on: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Walked, ReadError> {
        let folder = self.locate(folder)?;
        let mut walked = Walked::default();
        let mut open = Vec::new();
        if folder.is_root() && self.roots().all().len() > 1 {
            for root in self.roots().all() {
                let path = self.roots().in_root(root, &RelPath::root());
                walked.entries.push((path.clone(), Kind::Folder));
                open.push((path, reach.depth - 1));
            }
        } else {
            open.push((folder.clone(), reach.depth));
        }
        for (folder, depth) in open {
            if depth > 0 {
                let walk = Walk { snapshot: self, reach, walked: &mut walked };
                walk.below(folder, depth, go_on)?;
            }
        }
        self.add_staged(&folder, reach.depth, &mut walked.entries);
        walked.entries.sort_unstable();
        walked.entries.dedup_by(|a, b| a.0 == b.0);
        Ok(walked)
    }

    /// Adds what is staged, and the folders around it: it is worked on, whatever rules say of it.
    fn add_staged(&self, folder: &RelPath, depth: usize, entries: &mut Vec<(RelPath, Kind)>) {
        let above = folder.names().count();
        for (path, staged) in self.staging().below(folder) {
            let Some(mut kind) = kind_of(&staged.top) else { continue };
            let mut at = Some(path.clone());
            while let Some(path) = at.filter(|path| path.names().count() > above) {
                at = path.parent();
                if path.names().count() - above <= depth {
                    entries.push((path, kind));
                }
                kind = Kind::Folder;
            }
        }
    }

    /// The rules in a folder because of all that lies above it.
    fn rules_down_to(&self, root: &Root, folder: &RelPath) -> Arc<Rules> {
        let (mut rules, mut inner, mut absolute) =
            (Rules::above(&root.path), PathBuf::new(), root.path.clone());
        for name in folder.names() {
            rules = rules.inside(&root.dir, &inner, &absolute, &|_| true);
            let name = RelPath::root().join(name).to_os();
            inner.push(&name);
            absolute.push(&name);
        }
        rules
    }
}

struct Walk<'a> {
    snapshot: &'a Snapshot,
    reach: Reach,
    walked: &'a mut Walked,
}

impl Walk<'_> {
    fn below(
        self,
        folder: RelPath,
        depth: usize,
        go_on: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let (root, inner) = self
            .snapshot
            .roots()
            .locate(&folder)
            .ok_or_else(|| ReadError::NoRoot { path: folder.clone() })?;
        // Where everything is shown, no rule has to be read.
        let rules = (!self.reach.ignored).then(|| self.snapshot.rules_down_to(root, &inner));
        let mut open = vec![(folder.clone(), depth, rules)];
        while let Some((at, depth, rules)) = open.pop() {
            let (entries, more) = match self.snapshot.children(&at) {
                Ok(listed) => listed,
                Err(error) if at == folder => return Err(error),
                Err(_) => {
                    self.walked.unreadable.push(at);
                    continue;
                }
            };
            self.walked.more |= more > 0;
            let inner = self.snapshot.roots().locate(&at).map_or_else(RelPath::root, |(_, inner)| inner);
            let inner = if inner.is_root() { PathBuf::new() } else { inner.to_os() };
            let absolute = root.path.join(&inner);
            let has = |name: &str| entries.binary_search_by(|(path, _)| path.file_name().cmp(name)).is_ok();
            // `.git` itself is not among the entries.
            let has = |name: &str| name == ".git" || has(name);
            let rules = rules.map(|rules| rules.inside(&root.dir, &inner, &absolute, &has));
            for (path, kind) in entries {
                if !self.shows(&path, kind, rules.as_deref(), &absolute) {
                    continue;
                }
                if self.walked.entries.len() >= ENTRIES {
                    self.walked.more = true;
                    return Ok(());
                }
                if kind == Kind::Folder && depth > 1 {
                    open.push((path.clone(), depth - 1, rules.clone()));
                }
                self.walked.entries.push((path, kind));
            }
            if go_on(self.walked.entries.len()).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn shows(&self, path: &RelPath, kind: Kind, rules: Option<&Rules>, absolute: &std::path::Path) -> bool {
        let is_hidden = || !self.reach.hidden && path.file_name().starts_with('.');
        let Some(rules) = rules.filter(|rules| rules.any()) else { return !is_hidden() };
        let name = RelPath::root().join(path.file_name()).to_os();
        match rules.verdict(&absolute.join(name), kind == Kind::Folder) {
            Some(ignored) => !ignored,
            None => !is_hidden(),
        }
    }
}

/// What a side is as an entry of its folder; `None` for nothing.
fn kind_of(side: &Side) -> Option<Kind> {
    match side {
        Side::Absent => None,
        Side::File(_) => Some(Kind::File),
        Side::Link(_) => Some(Kind::Link),
        Side::Folder => Some(Kind::Folder),
    }
}

impl Snapshot {
    /// The entries of a folder that is no link, in name order.
    pub(super) fn children(&self, folder: &RelPath) -> Result<(Vec<(RelPath, Kind)>, usize), ReadError> {
        let (mut entries, more) = match self.roots().list(folder) {
            Ok(listed) => listed,
            Err(ReadError::NotFound { .. }) if self.staging().below(folder).next().is_some() => {
                (Vec::new(), 0)
            }
            Err(error) => return Err(error),
        };
        entries.retain(|(path, _)| !self.roots().is_hidden(path));
        let depth = folder.names().count();
        let mut staged = self.staging().below(folder).peekable();
        if staged.peek().is_none() {
            return Ok((entries, more));
        }
        entries.retain(|(path, _)| self.staging().get(path).is_none_or(|file| file.top != Side::Absent));
        for (path, file) in staged {
            if file.top == Side::Absent || path.names().count() <= depth {
                continue;
            }
            let name = path.names().nth(depth).expect("it is below the folder");
            let is_it = path.names().count() == depth + 1;
            let kind = kind_of(&file.top).filter(|_| is_it).unwrap_or(Kind::Folder);
            entries.push((folder.join(name), kind));
        }
        entries.sort_unstable();
        entries.dedup_by(|a, b| a.0 == b.0);
        Ok((entries, more))
    }
}

#[cfg(test)]
mod tests;
