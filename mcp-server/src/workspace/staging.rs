//! Proposed changes, by call, by file and by hunk. Everything here is one operation, a three-way merge: a call is taken
//! back by merging its reverse, accepted by merging it into what lies underneath, and rebased by merging what moved.

use super::change::{CallNumber, FileChange, Selection, Side};
use super::merge::{hunks, merge, picked};
use super::path::RelPath;
use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

/// The most files that may be staged at once.
pub(crate) const STAGED_FILES: usize = 20_000;
/// The most bytes of text that may be staged at once.
pub(crate) const STAGED_BYTES: usize = 512 << 20;

/// The edits of one tool call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub number: CallNumber,
    pub title: String,
    pub files: Vec<FileChange>,
}

/// Whether a staged file fits what lies underneath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Staged,
    /// The text underneath changed in the same lines; it is here.
    Conflicted {
        theirs: Side,
    },
}

/// The proposed state of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// What lay underneath when it was last looked at.
    pub base: Side,
    /// What is proposed.
    pub top: Side,
    pub status: Status,
}

/// All proposed changes. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staging {
    files: Arc<BTreeMap<RelPath, Arc<StagedFile>>>,
    calls: Arc<Vec<Call>>,
    last: u32,
}

/// Why changes cannot be staged, or selected.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    #[error("`{path}` changed since it was read, in the same lines; read it again and repeat the edit")]
    Stale { path: RelPath },
    #[error("too much is staged: {what}; accept or discard some of it first")]
    Full { what: &'static str },
    #[error("no staged change {0}; list_changes shows what is staged")]
    NoCall(CallNumber),
    #[error("`{0}` has no staged change; list_changes shows what is staged")]
    NoFile(RelPath),
    #[error("no staged hunk `{0}`; show_changes names the hunks as they are now")]
    NoHunk(String),
    #[error("hunk `{0}` is in several files; name the whole file or change instead")]
    Ambiguous(String),
    #[error(
        "change {call} of `{path}` builds on another staged change of the same lines; name that one too, or the whole file"
    )]
    Entangled { call: CallNumber, path: RelPath },
}

/// What a path becomes, and what of it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub path: RelPath,
    pub base: Side,
    /// The base with what was chosen.
    pub target: Side,
}

impl Staging {
    /// As it was when it was kept.
    pub(super) fn restored(files: Vec<(RelPath, StagedFile)>, calls: Vec<Call>, last: u32) -> Self {
        let files = files.into_iter().map(|(path, file)| (path, Arc::new(file))).collect();
        let mut staging = Self { files: Arc::new(files), calls: Arc::new(calls), last };
        staging.tidy();
        staging
    }

    /// Whether it is the very same, by looking at where it lies.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.files, &other.files) && Arc::ptr_eq(&self.calls, &other.calls)
    }

    /// The newest call's number.
    pub(super) fn last(&self) -> u32 {
        self.last
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    #[must_use]
    pub fn get(&self, path: &RelPath) -> Option<&StagedFile> {
        self.files.get(path).map(|file| &**file)
    }

    /// Staged files in path order.
    pub fn files(&self) -> impl Iterator<Item = (&RelPath, &StagedFile)> {
        self.files.iter().map(|(path, file)| (path, &**file))
    }

    /// Staged files at or below a folder.
    pub fn below<'a>(&'a self, folder: &'a RelPath) -> impl Iterator<Item = (&'a RelPath, &'a StagedFile)> {
        let inside = if folder.is_root() { String::new() } else { format!("{folder}/") };
        let itself = self.files.get_key_value(folder);
        let rest = self.files.range::<str, _>((Bound::Included(inside.as_str()), Bound::Unbounded));
        let rest = rest.take_while(move |(path, _)| path.as_str().starts_with(&inside));
        itself.filter(|_| !folder.is_root()).into_iter().chain(rest).map(|(path, file)| (path, &**file))
    }

    /// The calls that have something staged, oldest first.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Stages the edits of one call: all of them or, with an error, none.
    ///
    /// # Errors
    /// When a path moved on since `before` was read, in the same lines, or too much is staged.
    pub fn add(&mut self, title: String, files: Vec<FileChange>) -> Result<CallNumber, StageError> {
        let mut next = (*self.files).clone();
        for change in &files {
            let old = next.get(&change.path).map(|file| &**file);
            let top = match old {
                Some(old) => merge(&change.before, &change.after, &old.top)
                    .ok_or_else(|| StageError::Stale { path: change.path.clone() })?,
                None => change.after.clone(),
            };
            // It may have gone in this very call, with what is in it.
            let known = old.or_else(|| self.get(&change.path));
            let base = known.map_or_else(|| change.before.clone(), |old| old.base.clone());
            let status = old.map_or(Status::Staged, |old| old.status.clone());
            put(&mut next, &change.path, StagedFile { base, top, status });
        }
        if next.len() > STAGED_FILES {
            return Err(StageError::Full { what: "over 20,000 files" });
        }
        if self.bytes(&next, &files) > STAGED_BYTES {
            return Err(StageError::Full { what: "over 512 MiB of text" });
        }
        self.last += 1;
        let number = CallNumber(self.last);
        Arc::make_mut(&mut self.calls).push(Call { number, title, files });
        self.files = Arc::new(next);
        self.tidy();
        Ok(number)
    }

    /// Takes note of what lies underneath a staged path now, and merges it in. Says whether anything changed.
    pub fn rebase(&mut self, path: &RelPath, now: Side) -> bool {
        let Some(old) = self.files.get(path) else { return false };
        let old = Arc::clone(old);
        if now.same(&old.base) && now.mode() == old.base.mode() {
            if old.status == Status::Staged {
                return false;
            }
            let file = StagedFile { status: Status::Staged, ..(*old).clone() };
            put(Arc::make_mut(&mut self.files), path, file);
            return true;
        }
        let Some(top) = merge(&old.base, &old.top, &now) else {
            let status = Status::Conflicted { theirs: now };
            let changed = old.status != status;
            put(Arc::make_mut(&mut self.files), path, StagedFile { status, ..(*old).clone() });
            return changed;
        };
        let file = StagedFile { base: now, top, status: Status::Staged };
        self.replace(path, file, |file| (&old.base, &file.base));
        self.tidy();
        true
    }

    /// What the chosen changes would make of the files underneath, in path order.
    ///
    /// # Errors
    /// When something chosen is not staged, or a chosen call cannot be told apart from one that is not.
    pub fn choose(&self, selection: &Selection) -> Result<Vec<Chosen>, StageError> {
        self.each_chosen(selection, |path, file, part| {
            let Part::Some { hunks, calls } = part else { return Ok(chosen(path, file, file.top.clone())) };
            let by_hunk = || picked(path, &file.base, &file.top, &|id| hunks.contains(&id));
            let target = match (hunks, calls) {
                (_, []) => by_hunk(),
                ([], _) => self.replay(path, &file.base, calls)?,
                (_, [first, ..]) => {
                    let by_call = self.replay(path, &file.base, calls)?;
                    merge(&file.base, &by_hunk(), &by_call).ok_or_else(|| entangled(first, path))?
                }
            };
            Ok(chosen(path, file, target))
        })
    }

    /// Forgets the chosen changes; gives the paths that changed.
    ///
    /// # Errors
    /// As [`Self::choose`]; nothing is forgotten then.
    pub fn discard(&mut self, selection: &Selection) -> Result<Vec<RelPath>, StageError> {
        let left = self.each_chosen(selection, |path, file, part| {
            let Part::Some { hunks, calls } = part else { return Ok((path.clone(), file.base.clone())) };
            let by_hunk = || picked(path, &file.base, &file.top, &|id| !hunks.contains(&id));
            let top = match (hunks, calls) {
                (_, []) => by_hunk(),
                ([], _) => self.reverse(path, &file.top, calls)?,
                (_, [first, ..]) => {
                    let by_call = self.reverse(path, &file.top, calls)?;
                    merge(&file.top, &by_hunk(), &by_call).ok_or_else(|| entangled(first, path))?
                }
            };
            Ok((path.clone(), top))
        })?;
        self.forget_calls(selection);
        let paths = left.iter().map(|(path, _)| path.clone()).collect();
        for (path, top) in left {
            let Some(old) = self.files.get(&path).map(Arc::clone) else { continue };
            let file = StagedFile { top, ..(*old).clone() };
            self.replace(&path, file, |file| (&old.top, &file.top));
        }
        self.tidy();
        Ok(paths)
    }

    /// Takes note that chosen changes were written.
    pub fn accepted(&mut self, chosen: &[Chosen], selection: &Selection) {
        self.forget_calls(selection);
        for Chosen { path, target, .. } in chosen {
            let Some(old) = self.files.get(path).map(Arc::clone) else { continue };
            let file = StagedFile { base: target.clone(), status: Status::Staged, top: old.top.clone() };
            self.replace(path, file, |file| (&old.base, &file.base));
        }
        self.tidy();
    }

    /// Puts a file in the place of what was staged, and tells anew what each call does to it: `moved` gives a text that
    /// calls were told against, and what it became.
    fn replace<'a>(
        &mut self,
        path: &RelPath,
        file: StagedFile,
        moved: impl FnOnce(&StagedFile) -> (&'a Side, &Side),
    ) {
        let (from, to) = moved(&file);
        let calls = Arc::make_mut(&mut self.calls);
        let mut told: Vec<&mut FileChange> = calls
            .iter_mut()
            .flat_map(|call| call.files.iter_mut())
            .filter(|change| change.path == *path)
            .collect();
        let anew = |change: &&mut FileChange| {
            Some((merge(from, to, &change.before)?, merge(from, to, &change.after)?))
        };
        let anew = told.iter().map(anew).collect::<Option<Vec<_>>>();
        // Among equal lines a merge may mean others: what the calls say must still come to the whole.
        let whole = |anew: &Vec<(Side, Side)>| {
            let back = anew
                .iter()
                .rev()
                .try_fold(file.top.clone(), |top, (before, after)| merge(after, before, &top));
            back.is_some_and(|back| back.same(&file.base))
        };
        match anew.filter(whole) {
            Some(anew) if told.len() > 1 => {
                for (change, (before, after)) in told.iter_mut().zip(anew) {
                    (change.before, change.after) = (before, after);
                }
            }
            // What cannot be told apart any more is the newest call's.
            _ => {
                let newest = told.len().saturating_sub(1);
                for (place, change) in told.into_iter().enumerate() {
                    let before = if place == newest { &file.base } else { &file.top };
                    (change.before, change.after) = (before.clone(), file.top.clone());
                }
            }
        }
        for call in calls {
            call.files.retain(|change| change.path != *path || !change.before.is_all_of(&change.after));
        }
        put(Arc::make_mut(&mut self.files), path, file);
    }

    fn each_chosen<T>(
        &self,
        selection: &Selection,
        mut part_of: impl FnMut(&RelPath, &StagedFile, Part<'_>) -> Result<T, StageError>,
    ) -> Result<Vec<T>, StageError> {
        let named = self.named(selection)?;
        let mut chosen = Vec::new();
        for (path, file) in self.files() {
            let calls: Vec<&Call> = match selection.calls.as_slice() {
                [] => Vec::new(),
                meant => self.calls_of(path).filter(|call| meant.contains(&call.number)).collect(),
            };
            let hunks: Vec<&str> =
                named.iter().filter(|(_, of)| *of == path).map(|(id, _)| id.as_str()).collect();
            if selection.is_everything() || selection.paths.iter().any(|folder| path.is_below(folder)) {
                chosen.push(part_of(path, file, Part::Whole)?);
            } else if !hunks.is_empty() || !calls.is_empty() {
                chosen.push(part_of(path, file, Part::Some { hunks: &hunks, calls: &calls })?);
            }
        }
        Ok(chosen)
    }

    /// The files of the hunks that a selection names; an error where something named is not staged.
    fn named<'a>(&'a self, selection: &Selection) -> Result<Vec<(String, &'a RelPath)>, StageError> {
        for number in &selection.calls {
            self.calls.iter().find(|call| call.number == *number).ok_or(StageError::NoCall(*number))?;
        }
        for folder in &selection.paths {
            self.below(folder).next().ok_or_else(|| StageError::NoFile(folder.clone()))?;
        }
        let mut named: BTreeMap<&str, Option<&RelPath>> =
            selection.hunks.iter().map(|id| (id.as_str(), None)).collect();
        if named.is_empty() {
            return Ok(Vec::new());
        }
        for (path, file) in self.files() {
            for hunk in hunks(path, &file.base, &file.top) {
                let Some(place) = named.get_mut(hunk.id.as_str()) else { continue };
                if place.replace(path).is_some() {
                    return Err(StageError::Ambiguous(hunk.id));
                }
            }
        }
        let place = |(id, place): (&str, Option<&'a RelPath>)| {
            place.map(|place| (id.to_owned(), place)).ok_or_else(|| StageError::NoHunk(id.to_owned()))
        };
        named.into_iter().map(place).collect()
    }

    /// Bytes that would be held with `files` and one more call; a text that several have is held once.
    fn bytes(&self, files: &BTreeMap<RelPath, Arc<StagedFile>>, call: &[FileChange]) -> usize {
        let of_files = files.values().flat_map(|file| [&file.base, &file.top]);
        let of_calls = self.calls.iter().flat_map(|call| &call.files).chain(call);
        let sides = of_files.chain(of_calls.flat_map(|change| [&change.before, &change.after]));
        let mut seen = HashSet::new();
        let texts = sides.filter_map(Side::file).filter(|file| seen.insert(file.bytes.as_ptr()));
        texts.map(|file| file.bytes.len()).sum()
    }

    fn calls_of<'a>(&'a self, path: &'a RelPath) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.files.iter().any(|change| change.path == *path))
    }

    /// A base with only some calls done to it, oldest first.
    fn replay(&self, path: &RelPath, base: &Side, calls: &[&Call]) -> Result<Side, StageError> {
        let all = self.calls_of(path).count() == calls.len();
        if let Some(file) = self.get(path).filter(|_| all) {
            return Ok(file.top.clone());
        }
        calls.iter().try_fold(base.clone(), |at, call| {
            let mut changes = call.files.iter().filter(|change| change.path == *path);
            changes
                .try_fold(at, |at, change| merge(&change.before, &change.after, &at))
                .ok_or_else(|| entangled(call, path))
        })
    }

    /// A proposed state with some calls taken back, newest first.
    fn reverse(&self, path: &RelPath, top: &Side, calls: &[&Call]) -> Result<Side, StageError> {
        calls.iter().rev().try_fold(top.clone(), |at, call| {
            let mut changes = call.files.iter().rev().filter(|change| change.path == *path);
            changes
                .try_fold(at, |at, change| merge(&change.after, &change.before, &at))
                .ok_or_else(|| entangled(call, path))
        })
    }

    fn forget_calls(&mut self, selection: &Selection) {
        Arc::make_mut(&mut self.calls).retain(|call| !selection.calls.contains(&call.number));
    }

    /// Forgets calls none of whose files is staged any more.
    fn tidy(&mut self) {
        let files = Arc::clone(&self.files);
        let calls = Arc::make_mut(&mut self.calls);
        for call in calls.iter_mut() {
            call.files.retain(|change| files.contains_key(&change.path));
        }
        calls.retain(|call| !call.files.is_empty());
    }
}

/// How much of a file is chosen.
enum Part<'a> {
    Whole,
    Some { hunks: &'a [&'a str], calls: &'a [&'a Call] },
}

fn chosen(path: &RelPath, file: &StagedFile, target: Side) -> Chosen {
    Chosen { path: path.clone(), base: file.base.clone(), target }
}

fn entangled(call: &Call, path: &RelPath) -> StageError {
    StageError::Entangled { call: call.number, path: path.clone() }
}

fn put(files: &mut BTreeMap<RelPath, Arc<StagedFile>>, path: &RelPath, file: StagedFile) {
    if !file.top.is_all_of(&file.base) {
        files.insert(path.clone(), Arc::new(file));
        return;
    }
    files.remove(path);
    if file.top == Side::Absent {
        return;
    }
    // The folders around what is there as it was are there too, though they had been deleted with it.
    for folder in std::iter::successors(path.parent(), RelPath::parent) {
        let is_deleted = |file: &Arc<StagedFile>| file.top == Side::Absent && file.base == Side::Folder;
        if files.get(&folder).is_some_and(is_deleted) {
            files.remove(&folder);
        }
    }
}

#[cfg(test)]
mod tests;
