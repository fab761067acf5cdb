//! What the cache layer has and should not have any more.

use super::cache::{Cache, last};
use super::kind_at;
use super::tracked::is_made;
use super::tree::Found;
use crate::workspace::{Kind, RelPath, Root, Rules, Snapshot};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Paths within a root whose pieces would hide what is worked on: no longer ignored, staged, changed on disk since, or
/// below what is a file by now.
pub(super) fn outdated(start: &Snapshot, root: &Root, cache: &Cache<'_>) -> io::Result<Vec<RelPath>> {
    let mut rules = Chain { start, root, known: BTreeMap::new() };
    let mut outdated = Vec::new();
    for piece in cache.pieces.paths() {
        let place = |path: &RelPath| start.roots().in_root(root, path);
        let folders: Vec<RelPath> = std::iter::successors(piece.parent(), RelPath::parent).collect();
        // A folder may be there only for what is ignored in it; but a file may have taken its place.
        let is_none = |folder: &RelPath| {
            !folder.is_root() && kind_at(start, &place(folder)).is_some_and(|kind| kind != Kind::Folder)
        };
        if let Some(file) = folders.iter().rfind(|folder| is_none(folder)) {
            outdated.push(file.clone());
            continue;
        }
        if !rules.leave_out(&piece, &folders, cache)? {
            outdated.push(piece);
            continue;
        }
        let parent = piece.parent().unwrap_or_else(RelPath::root);
        let Some(folder) = cache.layer.descend(&parent.to_os())? else { continue };
        let Some(facts) = folder.facts(&last(&piece))? else {
            outdated.push(piece);
            continue;
        };
        let changed = start.roots().lstat(&place(&piece)).ok().and_then(|stat| stat.changed);
        if facts.found != Found::Folder && changed.is_some_and(|changed| changed > facts.changed) {
            outdated.push(piece.clone());
        }
        let staged = place(&piece);
        let staged = start.staging().below(&staged).map(|(path, _)| path);
        outdated.extend(staged.filter_map(|path| Some(start.roots().locate(path)?.1)));
    }
    Ok(outdated)
}

/// The rules of folders that were asked for.
struct Chain<'a> {
    start: &'a Snapshot,
    root: &'a Root,
    known: BTreeMap<RelPath, Arc<Rules>>,
}

impl Chain<'_> {
    /// Whether a path is ignored, or one of the folders around it; these are given from the inside out.
    fn leave_out(&mut self, path: &RelPath, folders: &[RelPath], cache: &Cache<'_>) -> io::Result<bool> {
        for at in folders.iter().rev().skip(1).chain([path]) {
            let place = self.start.roots().in_root(self.root, at);
            let parent = at.parent().unwrap_or_else(RelPath::root);
            let folder = cache.layer.descend(&at.to_os())?;
            let is_folder = folder.is_some() || kind_at(self.start, &place) == Some(Kind::Folder);
            let has = |name: &str| {
                let cached = folder.as_ref().and_then(|folder| folder.facts(name.as_ref()).ok()?);
                cached.is_some() || self.start.roots().lstat(&place.join(name)).is_ok()
            };
            let is_new = self.start.roots().lstat(&place).is_err();
            if is_folder && is_made(&last(at), is_new, has) {
                return Ok(true);
            }
            if self.inside(&parent).leaves_to_git(&self.absolute(at), is_folder) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn inside(&mut self, folder: &RelPath) -> Arc<Rules> {
        if let Some(rules) = self.known.get(folder) {
            return Arc::clone(rules);
        }
        // No deeper than a layer is.
        let above = match folder.parent() {
            Some(parent) => self.inside(&parent),
            None => self.start.rules_above(self.root),
        };
        let place = self.start.roots().in_root(self.root, folder);
        let rules = self.start.rules_inside(&above, &place, &|_| None);
        self.known.insert(folder.clone(), Arc::clone(&rules));
        rules
    }

    fn absolute(&self, inner: &RelPath) -> PathBuf {
        if inner.is_root() { self.root.path.clone() } else { self.root.path.join(inner.to_os()) }
    }
}
