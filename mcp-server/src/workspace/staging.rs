//! Proposed changes, by call, by file and by hunk. Everything here is one operation, a three-way merge: a call is taken
//! back by merging its reverse, accepted by merging it into what lies underneath, and rebased by merging what moved.

use super::change::{CallNumber, FileChange, FileContent, Selection, Side};
use super::diff;
use super::path::RelPath;
use super::text::encode;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most files that may be staged at once.
const FILES: usize = 20_000;
/// The most bytes of text that may be staged at once.
const BYTES: usize = 512 << 20;

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
        self.files().filter(move |(path, _)| path.is_below(folder))
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
            let old = next.get(&change.path);
            let top = match old {
                Some(old) => merge(&change.before, &change.after, &old.top)
                    .ok_or_else(|| StageError::Stale { path: change.path.clone() })?,
                None => change.after.clone(),
            };
            let base = old.map_or_else(|| change.before.clone(), |old| old.base.clone());
            let status = old.map_or(Status::Staged, |old| old.status.clone());
            put(&mut next, &change.path, StagedFile { base, top, status });
        }
        if next.len() > FILES {
            return Err(StageError::Full { what: "over 20,000 files" });
        }
        if next.values().map(|file| bytes(&file.top) + bytes(&file.base)).sum::<usize>() > BYTES {
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
        if now.same(&old.base) {
            if old.status == Status::Staged {
                return false;
            }
            let file = StagedFile { status: Status::Staged, ..(**old).clone() };
            put(Arc::make_mut(&mut self.files), path, file);
            return true;
        }
        let file = match merge(&old.base, &old.top, &now) {
            Some(top) => StagedFile { base: now, top, status: Status::Staged },
            None if old.status == (Status::Conflicted { theirs: now.clone() }) => return false,
            None => StagedFile { status: Status::Conflicted { theirs: now }, ..(**old).clone() },
        };
        put(Arc::make_mut(&mut self.files), path, file);
        self.tidy();
        true
    }

    /// What the chosen changes would make of the files underneath, in path order.
    ///
    /// # Errors
    /// When something chosen is not staged, or a chosen call cannot be told apart from one that is not.
    pub fn choose(&self, selection: &Selection) -> Result<Vec<Chosen>, StageError> {
        self.each_chosen(selection, |path, file, part| {
            let target = match part {
                Part::Whole => file.top.clone(),
                Part::Hunks(ids) => picked(&file.base, &file.top, &|id| ids.contains(&id)),
                Part::Calls(calls) => self.replay(path, &file.base, calls)?,
            };
            Ok(Chosen { path: path.clone(), base: file.base.clone(), target })
        })
    }

    /// Forgets the chosen changes; gives the paths that changed.
    ///
    /// # Errors
    /// As [`Self::choose`]; nothing is forgotten then.
    pub fn discard(&mut self, selection: &Selection) -> Result<Vec<RelPath>, StageError> {
        let left = self.each_chosen(selection, |path, file, part| {
            let top = match part {
                Part::Whole => file.base.clone(),
                Part::Hunks(ids) => picked(&file.base, &file.top, &|id| !ids.contains(&id)),
                Part::Calls(calls) => self.reverse(path, &file.top, calls)?,
            };
            Ok((path.clone(), StagedFile { top, ..file.clone() }))
        })?;
        let paths = left.iter().map(|(path, _)| path.clone()).collect();
        for (path, file) in left {
            put(Arc::make_mut(&mut self.files), &path, file);
        }
        self.forget_calls(selection);
        self.tidy();
        Ok(paths)
    }

    /// Takes note that chosen changes were written.
    pub fn accepted(&mut self, chosen: &[Chosen], selection: &Selection) {
        let files = Arc::make_mut(&mut self.files);
        for Chosen { path, target, .. } in chosen {
            if let Some(file) = files.get(path) {
                let file = StagedFile { base: target.clone(), status: Status::Staged, top: file.top.clone() };
                put(files, path, file);
            }
        }
        self.forget_calls(selection);
        self.tidy();
    }

    fn each_chosen<T>(
        &self,
        selection: &Selection,
        mut part_of: impl FnMut(&RelPath, &StagedFile, Part<'_>) -> Result<T, StageError>,
    ) -> Result<Vec<T>, StageError> {
        self.check(selection)?;
        let mut chosen = Vec::new();
        for (path, file) in self.files() {
            let calls: Vec<&Call> =
                self.calls_of(path).filter(|call| selection.calls.contains(&call.number)).collect();
            let hunks = hunk_ids(file);
            let ids: Vec<&str> = selection
                .hunks
                .iter()
                .map(String::as_str)
                .filter(|id| hunks.iter().any(|hunk| hunk == id))
                .collect();
            let whole =
                selection.is_everything() || selection.paths.iter().any(|folder| path.is_below(folder));
            if whole {
                chosen.push(part_of(path, file, Part::Whole)?);
            } else if !ids.is_empty() {
                chosen.push(part_of(path, file, Part::Hunks(&ids))?);
            } else if !calls.is_empty() {
                chosen.push(part_of(path, file, Part::Calls(&calls))?);
            }
        }
        Ok(chosen)
    }

    fn check(&self, selection: &Selection) -> Result<(), StageError> {
        for number in &selection.calls {
            self.calls.iter().find(|call| call.number == *number).ok_or(StageError::NoCall(*number))?;
        }
        for folder in &selection.paths {
            self.below(folder).next().ok_or_else(|| StageError::NoFile(folder.clone()))?;
        }
        for id in &selection.hunks {
            let found = self.files().any(|(_, file)| hunk_ids(file).contains(id));
            if !found {
                return Err(StageError::NoHunk(id.clone()));
            }
        }
        Ok(())
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
    Hunks(&'a [&'a str]),
    Calls(&'a [&'a Call]),
}

fn entangled(call: &Call, path: &RelPath) -> StageError {
    StageError::Entangled { call: call.number, path: path.clone() }
}

fn put(files: &mut BTreeMap<RelPath, Arc<StagedFile>>, path: &RelPath, file: StagedFile) {
    if file.top.same(&file.base) {
        files.remove(path);
    } else {
        files.insert(path.clone(), Arc::new(file));
    }
}

fn bytes(side: &Side) -> usize {
    side.file().map_or(0, |file| file.bytes.len())
}

/// The names of a staged file's hunks. What is not text on both sides is one hunk.
#[must_use]
pub(super) fn hunk_ids(file: &StagedFile) -> Vec<String> {
    match texts(&file.base, &file.top) {
        Some((old, new)) => diff::hunks(&old, &new).into_iter().map(|hunk| hunk.id).collect(),
        None => vec![whole_id(&file.base, &file.top)],
    }
}

/// The name of the one hunk of a change that has no lines.
#[must_use]
pub(crate) fn whole_id(old: &Side, new: &Side) -> String {
    blake3::hash(format!("{old:?}{new:?}").as_bytes()).to_hex()[..8].to_owned()
}

/// Both sides as text of one encoding. A file that is not there is an empty text.
#[must_use]
pub(crate) fn texts(old: &Side, new: &Side) -> Option<(String, String)> {
    let text = |side: &Side| match side {
        Side::Absent => Some((String::new(), None)),
        Side::File(file) => file.text().ok().map(|(text, encoding)| (text.into_owned(), Some(encoding))),
        Side::Link(_) | Side::Folder => None,
    };
    let ((old, a), (new, b)) = (text(old)?, text(new)?);
    (a.is_none() || b.is_none() || a == b).then_some((old, new))
}

/// The old side with some of the hunks.
fn picked(old: &Side, new: &Side, chosen: &dyn Fn(&str) -> bool) -> Side {
    let whole = || if chosen(&whole_id(old, new)) { new.clone() } else { old.clone() };
    let Some((before, after)) = texts(old, new) else { return whole() };
    let text = diff::pick(&before, &after, &|hunk| chosen(&hunk.id));
    if text == after {
        return new.clone();
    }
    if text == before {
        return old.clone();
    }
    let form = new.file().or(old.file()).map(|file| (file, file.text()));
    let Some((file, Ok((_, encoding)))) = form else { return whole() };
    // Both texts are in this encoding, so any mixture is.
    encode(&text, encoding).map_or_else(|_| whole(), |bytes| Side::File(FileContent::new(bytes, file.mode)))
}

/// Both changes of one side, or nothing where they cannot be told apart.
#[must_use]
pub(crate) fn merge(base: &Side, ours: &Side, theirs: &Side) -> Option<Side> {
    if ours.same(theirs) || base.same(theirs) {
        return Some(ours.clone());
    }
    if base.same(ours) {
        return Some(theirs.clone());
    }
    let (Side::File(base), Side::File(ours), Side::File(theirs)) = (base, ours, theirs) else { return None };
    let ((base, a), (our, b), (their, c)) = (base.text().ok()?, ours.text().ok()?, theirs.text().ok()?);
    if a != b || b != c {
        return None;
    }
    let merged = diff::merge(&base, &our, &their)?;
    Some(Side::File(FileContent::new(encode(&merged, b).ok()?, ours.mode)))
}

#[cfg(test)]
mod tests;
