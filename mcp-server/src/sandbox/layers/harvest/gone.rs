//! What a command deleted: files one by one, folders with all that the snapshot shows in them; and which folders are there
//! again.

use super::super::LayerError;
use super::super::cache::last;
use super::super::tracked::is_made;
use super::super::tree::Folder;
use super::{Reader, rule_of};
use crate::workspace::{Kind, RelPath, Rules, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

impl Reader<'_> {
    /// Something that is there no more; says whether something of it stays nevertheless.
    pub(super) fn deleted(
        &mut self,
        path: &RelPath,
        old: &Arc<Rules>,
        is_left_out: bool,
    ) -> Result<bool, LayerError> {
        self.harvest.gone.push(path.clone());
        let mut stays = BTreeSet::new();
        let mut folders: Vec<RelPath> = Vec::new();
        let mut open = vec![(path.clone(), Arc::clone(old), is_left_out)];
        while let Some((path, rules, is_left_out)) = open.pop() {
            let kind = self.kind(&path);
            let is_folder = kind == Some(Kind::Folder);
            let is_left_out = is_left_out
                || rules.leaves_to_git(&self.absolute(&path), is_folder)
                || (is_folder && is_made(&last(&path), false, |file| self.kind(&path.join(file)).is_some()));
            let stayed = match kind {
                None => false,
                _ if is_left_out && !self.is_worked_on(&path, is_folder, &rules) => {
                    self.harvest.hidden.push(path.clone());
                    true
                }
                Some(Kind::Folder) => {
                    let rules = self.start.rules_inside(&rules, &path, &|_| None);
                    let stays = self.holds_repository(&path);
                    let listed = self.start.list(&path).map(|(entries, _)| entries).unwrap_or_default();
                    open.extend(listed.into_iter().map(|(path, _)| (path, Arc::clone(&rules), is_left_out)));
                    folders.push(path.clone());
                    stays
                }
                Some(Kind::File | Kind::Link) => !self.removed(&path)?,
                Some(Kind::Special) => true,
            };
            if stayed {
                stays.extend(std::iter::successors(Some(path), RelPath::parent));
            }
        }
        for folder in folders.into_iter().rev().filter(|folder| !stays.contains(folder)) {
            if self.side(&folder).is_ok_and(|side| side == Side::Folder) {
                self.push(folder, Side::Folder, Side::Absent)?;
            }
        }
        Ok(stays.contains(path))
    }

    /// A file or a link that was deleted; says whether it can be.
    fn removed(&mut self, path: &RelPath) -> Result<bool, LayerError> {
        if self.given.hidden.contains(path) {
            return Ok(false);
        }
        let Some(before) = self.before(path) else { return Ok(false) };
        self.push(path.clone(), before, Side::Absent)?;
        Ok(true)
    }

    pub(super) fn holds_repository(&mut self, folder: &RelPath) -> bool {
        let git = folder.join(".git");
        let is_there = self.start.roots().lstat(&git).is_ok();
        if let (true, Err(error)) = (is_there, self.start.roots().refuse_protected(&git)) {
            self.refuse(git, rule_of(&error));
        }
        is_there
    }

    /// What was staged, and is gone without a trace, as nothing lay underneath.
    pub(super) fn missing(&mut self, upper: &Folder) -> Result<(), LayerError> {
        let rules = self.start.rules_above(self.root);
        let top = self.start.roots().in_root(self.root, &RelPath::root());
        let told: BTreeSet<RelPath> = self.harvest.changes.iter().map(|change| change.path.clone()).collect();
        let given = self.given.paths.iter().filter(|path| path.is_below(&top) && !told.contains(*path));
        for path in given {
            let inner = self.inner(path);
            let parent = inner.parent().unwrap_or_else(RelPath::root);
            let is_there = match upper.descend(&parent.to_os())? {
                Some(folder) => folder.facts(&last(&inner))?.is_some(),
                None => false,
            };
            let is_told = |path: &RelPath| self.harvest.changes.iter().any(|change| change.path == *path);
            if !is_there && self.kind(path).is_some() && !is_told(path) {
                self.deleted(path, &rules, false)?;
            }
        }
        Ok(())
    }

    /// Tells that folders which were deleted are there again. One with something in it that is told, or was staged, is
    /// there for that. What is ignored is not told, and would stay deleted with the folder.
    pub(super) fn made_again(&mut self) -> Result<(), LayerError> {
        let again = std::mem::take(&mut self.again);
        if again.is_empty() {
            return Ok(());
        }
        let is_there = |path: &RelPath, side: &Side| (path.clone(), *side != Side::Absent);
        let staged = self.start.staging().files();
        let mut there: BTreeMap<RelPath, bool> =
            staged.map(|(path, staged)| is_there(path, &staged.top)).collect();
        there.extend(self.harvest.changes.iter().map(|change| is_there(&change.path, &change.after)));
        for folder in again {
            let inside = format!("{folder}/");
            let below = there.range::<str, _>((Bound::Included(inside.as_str()), Bound::Unbounded));
            let mut below = below.take_while(|(path, _)| path.as_str().starts_with(&inside));
            if !below.any(|(_, is_there)| *is_there) {
                there.insert(folder.clone(), true);
                self.push(folder, Side::Absent, Side::Folder)?;
            }
        }
        Ok(())
    }
}
