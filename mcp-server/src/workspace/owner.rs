//! The owner's side of the workspace: what changes it.

use super::apply::{self, ApplyError};
use super::change::{CallNumber, FileChange, Selection, Side, WorkspaceOp};
use super::disk::ReadError;
use super::document::Document;
use super::journal::{Applied, Journal, JournalError, recorded};
use super::kept::Kept;
use super::merge::merge;
use super::path::{RelPath, Roots};
use super::secrets::Withholding;
use super::snapshot::{History, Snapshot, on_disk};
use super::staging::{Chosen, StageError, Staging};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Checkpoints kept.
const CHECKPOINTS: usize = 50;
/// Applied sets that readers are told of.
const SETS_SHOWN: usize = 10;

/// Why an operation was not done; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("nothing is staged")]
    NothingStaged,
    #[error("nothing was applied that could be undone")]
    NothingApplied,
    #[error("no checkpoint `{name}`; there is {known}")]
    NoCheckpoint { name: String, known: String },
    #[error("{} changed since set {set} was applied, in the same lines, so nothing was undone; edit by hand what should go", list(.paths))]
    UndoConflict { set: u32, paths: Vec<RelPath> },
}

fn list(paths: &[RelPath]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

/// A state to come back to.
struct Checkpoint {
    staging: Staging,
    /// The last set applied before it.
    set: u32,
}

/// The workspace. Readers work on [`Snapshot`]s.
pub struct Workspace {
    snapshot: Snapshot,
    journal: Journal,
    kept: Option<Kept>,
    checkpoints: BTreeMap<String, Checkpoint>,
    changed: BTreeSet<RelPath>,
}

impl Workspace {
    /// Opens a workspace; what was being applied when a process ended is finished or taken back first, and said so.
    ///
    /// # Errors
    /// When the journal's folder cannot be used.
    pub fn open(mut roots: Roots, state: &Path) -> Result<(Self, Vec<String>), JournalError> {
        roots.keep_out(state);
        let mut recovered = apply::recover(state);
        let journal = Journal::open(state, &roots)?;
        let snapshot = Snapshot::new(roots);
        let (kept, report) = Kept::open(&journal).unzip();
        recovered.extend(report.unwrap_or_default());
        let mut workspace =
            Self { snapshot, journal, kept, checkpoints: BTreeMap::new(), changed: BTreeSet::new() };
        if let Some(kept) = &workspace.kept {
            workspace.snapshot.staging = kept.staging();
            workspace.changed = workspace.snapshot.staging.files().map(|(path, _)| path.clone()).collect();
            workspace.refresh_all();
        }
        workspace.tell_history();
        Ok((workspace, recovered))
    }

    /// Keeps what is staged, so that it is staged again should this process end.
    pub fn keep(&mut self) {
        if let Some(kept) = &mut self.kept
            && let Err(error) = kept.keep(&self.journal, &self.snapshot.staging)
        {
            tracing::warn!("staged changes would be lost with this process: {error}");
        }
    }

    /// Lets readers know what can be taken back.
    fn tell_history(&mut self) {
        let line = |set: &Applied| format!("{}: {} ({})", set.number, set.title, files(set.paths().count()));
        let numbers = self.journal.numbers().into_iter().rev().take(SETS_SHOWN);
        let sets = numbers.filter_map(|number| Some(line(&self.journal.set(number).ok()?)));
        let history =
            History { sets: sets.collect(), checkpoints: self.checkpoints.keys().cloned().collect() };
        self.snapshot.history = Arc::new(history);
    }

    /// The workspace as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// Withholds more from readers than secrets.
    pub fn withhold(&mut self, withholding: Withholding) {
        self.snapshot.withholding = withholding;
    }

    /// What was applied.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The paths whose top layer changed since this was last asked: for the index.
    pub fn take_changes(&mut self) -> BTreeSet<RelPath> {
        std::mem::take(&mut self.changed)
    }

    /// Opens a buffer or gives it a new text; staged changes of it are rebased.
    pub fn open_document(&mut self, path: RelPath, document: Document) {
        Arc::make_mut(&mut self.snapshot.documents).insert(path.clone(), Arc::new(document));
        self.refresh(&path);
        self.changed.insert(path);
    }

    /// Closes a buffer: the disk is seen again.
    pub fn close_document(&mut self, path: &RelPath) {
        Arc::make_mut(&mut self.snapshot.documents).remove(path);
        self.refresh(path);
        self.changed.insert(path.clone());
    }

    /// Rebases every staged file onto what lies underneath now. Says whether anything changed.
    pub fn refresh_all(&mut self) -> bool {
        let paths: Vec<RelPath> = self.snapshot.staging.files().map(|(path, _)| path.clone()).collect();
        // All of them, not only up to the first that changed.
        paths.iter().filter(|path| self.refresh(path)).count() > 0
    }

    fn refresh(&mut self, path: &RelPath) -> bool {
        if self.snapshot.staging.get(path).is_none() {
            return false;
        }
        // What cannot be read now is compared again when it is applied.
        let Ok(now) = self.snapshot.underneath(path) else { return false };
        let changed = self.snapshot.staging.rebase(path, now);
        if changed {
            self.changed.insert(path.clone());
        }
        changed
    }

    /// Stages the edits of one call.
    ///
    /// # Errors
    /// As [`Staging::add`].
    pub fn stage(&mut self, title: String, files: Vec<FileChange>) -> Result<CallNumber, OpError> {
        let paths: Vec<RelPath> = files.iter().map(|change| change.path.clone()).collect();
        for path in &paths {
            let is_new = |change: &FileChange| change.after == Side::Folder && path.is_below(&change.path);
            // Tools look for themselves; here it holds for all of them.
            if !files.iter().any(is_new) && self.snapshot.locate_entry(path)? != *path {
                return Err(ReadError::Linked { path: path.clone() }.into());
            }
            self.refresh(path);
        }
        let number = self.snapshot.staging.add(title, files)?;
        self.changed.extend(paths);
        Ok(number)
    }

    /// Writes chosen changes.
    ///
    /// # Errors
    /// When nothing is chosen, or nothing could be written; everything is then as before.
    pub fn accept(&mut self, selection: &Selection) -> Result<Applied, OpError> {
        self.refresh_all();
        let chosen = self.snapshot.staging.choose(selection)?;
        if chosen.is_empty() {
            return Err(OpError::NothingStaged);
        }
        let conflicted = chosen.iter().filter(|change| self.is_conflicted(&change.path));
        let paths: Vec<RelPath> = conflicted.map(|change| change.path.clone()).collect();
        if !paths.is_empty() {
            return Err(ApplyError::Conflict { paths }.into());
        }
        let title = self.title(&chosen);
        let set = apply::apply(&self.snapshot.roots, &self.journal, &title, None, &chosen, &|| Ok(()))?;
        self.changed.extend(chosen.iter().map(|change| change.path.clone()));
        self.snapshot.staging.accepted(&chosen, selection);
        Ok(set)
    }

    fn is_conflicted(&self, path: &RelPath) -> bool {
        self.snapshot.staging.get(path).is_some_and(|file| file.status != super::Status::Staged)
    }

    /// What a set of accepted changes is called: its calls' titles.
    fn title(&self, chosen: &[Chosen]) -> String {
        let written: BTreeSet<&RelPath> = chosen.iter().map(|change| &change.path).collect();
        let calls = self.snapshot.staging.calls().iter();
        let meant = calls.filter(|call| call.files.iter().any(|change| written.contains(&change.path)));
        let titles: Vec<&str> = meant.map(|call| call.title.as_str()).collect();
        match titles.as_slice() {
            [] => "chosen changes".to_owned(),
            few @ ([_] | [_, _] | [_, _, _]) => few.join("; "),
            [first, second, more @ ..] => format!("{first}; {second}; {} more", more.len()),
        }
    }

    /// Forgets chosen changes; gives the paths.
    ///
    /// # Errors
    /// When something named is not staged.
    pub fn discard(&mut self, selection: &Selection) -> Result<Vec<RelPath>, OpError> {
        if self.snapshot.staging.is_empty() {
            return Err(OpError::NothingStaged);
        }
        let paths = self.snapshot.staging.discard(selection)?;
        self.changed.extend(paths.iter().cloned());
        Ok(paths)
    }

    /// Takes back a set that was written: only what it wrote, merged with what has changed since.
    ///
    /// # Errors
    /// When there is no such set, or the same lines have changed since.
    pub fn undo(&mut self, number: Option<u32>) -> Result<Applied, OpError> {
        let number = match number {
            Some(number) => number,
            None => self.newest()?,
        };
        let set = self.journal.set(number)?;
        let (mut chosen, mut conflicts) = (Vec::new(), Vec::new());
        let mut made: BTreeSet<RelPath> = set.folders.iter().filter_map(|folder| recorded(folder)).collect();
        for record in &set.files {
            let Some(path) = recorded(&record.path) else { continue };
            let before = self.journal.side(number, &record.before)?;
            let after = self.journal.side(number, &record.after)?;
            let now = on_disk(&self.snapshot.roots, &path)?;
            let is_made = made.remove(&path) && now == Side::Folder;
            match merge(if is_made { &now } else { &after }, &before, &now) {
                Some(target) => chosen.push(Chosen { path, base: now, target }),
                None => conflicts.push(path),
            }
        }
        // Folders that were made for the set go with it, unless somebody else has put something there.
        for path in made {
            if on_disk(&self.snapshot.roots, &path)? == Side::Folder {
                chosen.push(Chosen { path, base: Side::Folder, target: Side::Absent });
            }
        }
        if !conflicts.is_empty() {
            return Err(OpError::UndoConflict { set: number, paths: conflicts });
        }
        chosen.retain(|change| !change.base.is_all_of(&change.target));
        chosen.sort_by(|a, b| a.path.cmp(&b.path));
        let title = format!("undo of {number}: {}", set.title);
        let undone =
            apply::apply(&self.snapshot.roots, &self.journal, &title, Some(number), &chosen, &|| Ok(()))?;
        self.changed.extend(chosen.into_iter().map(|change| change.path));
        self.refresh_all();
        Ok(undone)
    }

    /// The newest set that was neither undone nor is itself an undoing that was undone again.
    fn newest(&self) -> Result<u32, OpError> {
        let mut undone = BTreeSet::new();
        for number in self.journal.numbers().into_iter().rev() {
            let set = match self.journal.set(number) {
                Ok(set) => set,
                // Put aside with a warning; the next older one is meant then.
                Err(JournalError::Gone(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            match set.undoes {
                Some(other) if !undone.contains(&number) => drop(undone.insert(other)),
                Some(_) => {}
                None if undone.contains(&number) => {}
                None => return Ok(number),
            }
        }
        Err(OpError::NothingApplied)
    }

    /// Remembers the state under a name; an older one of that name is forgotten.
    pub fn checkpoint(&mut self, name: String) {
        let set = self.journal.numbers().last().copied().unwrap_or_default();
        let state = Checkpoint { staging: self.snapshot.staging.clone(), set };
        self.checkpoints.insert(name, state);
        while self.checkpoints.len() > CHECKPOINTS {
            let oldest =
                self.checkpoints.iter().min_by_key(|(_, state)| state.set).map(|(name, _)| name.clone());
            self.checkpoints.remove(&oldest.unwrap_or_default());
        }
    }

    /// Goes back to a checkpoint: takes back every set since, newest first, and proposes again what was proposed then.
    ///
    /// # Errors
    /// At the first set that cannot be undone; those before it stay undone.
    pub fn undo_to(&mut self, name: &str) -> Result<Vec<Applied>, OpError> {
        let Some(state) = self.checkpoints.get(name) else {
            let known = match self
                .checkpoints
                .keys()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
            {
                none if none.is_empty() => "none".to_owned(),
                names => names,
            };
            return Err(OpError::NoCheckpoint { name: name.to_owned(), known });
        };
        let (staging, since) = (state.staging.clone(), state.set);
        let numbers = self.journal.numbers();
        let mut undone = Vec::new();
        for number in numbers.into_iter().rev().filter(|number| *number > since) {
            undone.push(self.undo(Some(number))?);
        }
        self.changed
            .extend(self.snapshot.staging.files().chain(staging.files()).map(|(path, _)| path.clone()));
        self.snapshot.staging = staging;
        self.refresh_all();
        Ok(undone)
    }

    /// What a staged path would be written as, for those who show it.
    #[must_use]
    pub fn staged(&self, path: &RelPath) -> Option<Side> {
        self.snapshot.staging.get(path).map(|file| file.top.clone())
    }

    /// Does one operation and says what it came to.
    ///
    /// # Errors
    /// As the operation.
    pub fn perform(&mut self, op: WorkspaceOp) -> Result<String, OpError> {
        let is_staged_only = matches!(op, WorkspaceOp::Stage { .. } | WorkspaceOp::Discard(_));
        let done = self.done(op);
        if !is_staged_only {
            self.tell_history();
        }
        done
    }

    fn done(&mut self, op: WorkspaceOp) -> Result<String, OpError> {
        Ok(match op {
            WorkspaceOp::Stage { title, files } => {
                let number = self.stage(title, files)?;
                format!("staged as change {number}; not written before it is accepted")
            }
            WorkspaceOp::Accept(selection) => written(&self.accept(&selection)?, "applied"),
            WorkspaceOp::Discard(selection) => {
                let paths = self.discard(&selection)?;
                format!("discarded the chosen changes of {}", list(&paths))
            }
            WorkspaceOp::Undo { checkpoint: Some(name), .. } => {
                let sets = self.undo_to(&name)?;
                format!(
                    "back at checkpoint `{name}`: {} sets undone, staged changes as they were then",
                    sets.len()
                )
            }
            WorkspaceOp::Undo { set, checkpoint: None } => written(&self.undo(set)?, "undone; this is"),
            WorkspaceOp::Checkpoint { name } => {
                self.checkpoint(name.clone());
                format!("checkpoint `{name}` set; undo_changes with `checkpoint` comes back here")
            }
        })
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// A set that was written, in words.
fn written(set: &Applied, verb: &str) -> String {
    let paths: Vec<String> = set.paths().take(20).map(|path| format!("`{path}`")).collect();
    let more = set.paths().count().saturating_sub(20);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let number = set.number;
    if paths.is_empty() {
        return format!("{verb} set {number}: every file was that way already");
    }
    let more = match set.forgotten {
        0 => more,
        forgotten => format!("{more}; the oldest applied sets can no longer be undone: {forgotten}"),
    };
    format!("{verb} set {number}: {}{more}; undo_changes with `set` {number} takes it back", paths.join(", "))
}
