//! Accepted changes onto disk: all of them or none, whatever happens in between. The only writer of users' files.
//!
//! 1. Under the lock of each root, every file is compared with what the change was made against.
//! 2. The set is recorded as being prepared; then each new text is written as a temporary file and synced.
//! 3. The set is recorded as committed: the moment at which it counts.
//! 4. Deletions and renames (`finish.rs`), folders are synced, the record is filed.
//!
//! Cut off before 3, recovery removes the temporary files; after 3, it goes on with 4. Where 4 cannot be done, the set is
//! recorded as being taken back, and what it has written is put back from the journal.

use super::change::Side;
use super::disk::{Kind, ReadError};
use super::journal::{Applied, Journal, JournalError, Phase, Record, SideRecord, recorded};
use super::path::{RelPath, Roots};
use super::place::Place;
use super::snapshot::on_disk;
use super::staging::Chosen;
use finish::{finish, take_back};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;

mod finish;

/// Why nothing was applied. The files are as they were before, but for [`ApplyError::Stuck`].
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("{} changed on disk since the edit was made, so nothing was written and both texts are kept; show_changes shows the difference, and discard_changes drops the edit", list(.paths))]
    Conflict { paths: Vec<RelPath> },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot write `{path}`, so nothing was written: {}", reason(.source))]
    Write { path: RelPath, source: io::Error },
    #[error("`{path}` lies below a file; delete or move that file in the same set")]
    BelowFile { path: RelPath },
    #[error(
        "{failed}; some files could not be put back either: {back}; their old texts are in the journal, and it is tried again with the next change"
    )]
    Stuck { failed: Box<ApplyError>, back: Box<ApplyError> },
    #[error(
        "an earlier apply was interrupted and cannot be finished yet, so nothing was written: its folder cannot be opened: {0}"
    )]
    Unsettled(io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn list(paths: &[RelPath]) -> String {
    let shown: Vec<String> = paths.iter().take(10).map(|path| format!("`{path}`")).collect();
    let more = paths.len().saturating_sub(10);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full; make room and accept again".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied (EACCES); the folder would have to be writable".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

/// Called before each change of the disk; tests make it fail, or never return.
pub(super) type Step<'a> = &'a dyn Fn() -> io::Result<()>;

/// Writes a set. What is already as wanted is left alone.
pub(super) fn apply(
    roots: &Roots,
    journal: &Journal,
    title: &str,
    undoes: Option<u32>,
    chosen: &[Chosen],
    step: Step<'_>,
) -> Result<Applied, ApplyError> {
    let _lock = journal.lock()?;
    settle(journal, step)?;
    verify(roots, chosen)?;
    let number = journal.last() + 1;
    let mut set = Applied::new(number, title, undoes, roots);
    for change in chosen {
        journal.keep(&change.base)?;
        journal.keep(&change.target)?;
        set.files.push(record(roots, &mut set.folders, chosen, change)?);
    }
    write_phase(journal, &mut set, Phase::Preparing, step)?;
    // Held open, they are found again wherever their folder is moved meanwhile.
    let mut made = Vec::new();
    let prepared = prepare(roots, &set, chosen, &mut made, step)
        .and_then(|()| write_phase(journal, &mut set, Phase::Committed, step));
    if let Err(error) = prepared {
        made.iter().for_each(|place| drop(place.remove()));
        journal.drop_pending();
        return Err(error);
    }
    let failed = match finish(roots, &set, step) {
        Ok(foreign) if foreign.is_empty() => None,
        Ok(paths) => Some(ApplyError::Conflict { paths }),
        Err(error) => Some(error),
    };
    if let Some(failed) = failed {
        let turned = step().map_err(|source| journal.error(source)).and_then(|()| journal.turn_back());
        return Err(match turned.map_err(Into::into).and_then(|()| take_back(roots, journal, &set, step)) {
            Ok(()) => {
                made.iter().for_each(|place| drop(place.remove()));
                journal.drop_pending();
                failed
            }
            Err(back) => ApplyError::Stuck { failed: Box::new(failed), back: Box::new(back) },
        });
    }
    match step().map_err(|source| journal.error(source)).and_then(|()| journal.finish(&set)) {
        Ok(forgotten) => set.forgotten = forgotten,
        // All is written; the next change or start files the record.
        Err(error) => tracing::warn!("what was applied is not filed yet: {error}"),
    }
    Ok(set)
}

fn write_phase(journal: &Journal, set: &mut Applied, phase: Phase, step: Step<'_>) -> Result<(), ApplyError> {
    let old = std::mem::replace(&mut set.phase, phase);
    let written = step().map_err(|source| journal.error(source)).and_then(|()| journal.write_pending(set));
    if written.is_err() {
        set.phase = old;
    }
    Ok(written?)
}

/// Finishes or takes back whatever processes that are gone were applying, in any workspace. Gives a line for each.
pub(super) fn recover(state: &std::path::Path) -> Vec<String> {
    let mut report = Vec::new();
    for journal in Journal::all(state) {
        let pending = match journal.pending() {
            Ok(Some(set)) => set,
            Ok(None) => continue,
            Err(error) => {
                report.push(error.to_string());
                continue;
            }
        };
        let journal = journal.with_roots(&pending.roots);
        let Some(_lock) = journal.try_lock() else { continue };
        match settle(&journal, &|| Ok(())) {
            Ok(lines) => report.extend(lines),
            // A root that is gone may come back, as a drive does.
            Err(ApplyError::Unsettled(error)) => tracing::debug!("an interrupted apply waits: {error}"),
            Err(error) => report.push(format!("an interrupted apply could not be finished: {error}")),
        }
    }
    report
}

/// Under the lock: the same for one journal.
fn settle(journal: &Journal, step: Step<'_>) -> Result<Vec<String>, ApplyError> {
    let Some(mut set) = journal.pending()? else { return Ok(Vec::new()) };
    let roots = Roots::open(&set.roots).map_err(ApplyError::Unsettled)?;
    let what = format!("`{}` ({} files)", set.title, set.files.len());
    if set.phase == Phase::Committed {
        match finish(&roots, &set, step) {
            Ok(foreign) => {
                journal.finish(&set)?;
                let mut lines = vec![format!("an interrupted apply was finished: {what}")];
                if !foreign.is_empty() {
                    let (paths, folder) = (list(&foreign), journal.folder().display());
                    lines.push(format!(
                        "{paths} changed meanwhile and kept that text; the texts of the apply are in `{folder}`"
                    ));
                }
                return Ok(lines);
            }
            Err(error) => {
                tracing::warn!("an interrupted apply cannot be finished, so it is taken back: {error}");
            }
        }
        journal.turn_back()?;
        set.phase = Phase::TakingBack;
    }
    if set.phase == Phase::TakingBack {
        take_back(&roots, journal, &set, step)?;
    }
    remove_temporaries(&roots, &set);
    journal.drop_pending();
    Ok(vec![format!("an interrupted apply was taken back: {what}")])
}

/// Compares every file with what its change was made against.
fn verify(roots: &Roots, chosen: &[Chosen]) -> Result<(), ApplyError> {
    let mut conflicts = Vec::new();
    for change in chosen {
        roots.refuse_protected(&change.path)?;
        let now = on_disk(roots, &change.path)?;
        if !now.same(&change.base) && !is_other_case(roots, chosen, change) {
            conflicts.push(change.path.clone());
        }
    }
    if conflicts.is_empty() { Ok(()) } else { Err(ApplyError::Conflict { paths: conflicts }) }
}

/// Whether what is found at a new path is only the same file under its old name, which goes away in this set: so do
/// systems that fold case see a file whose name changes case.
fn is_other_case(roots: &Roots, chosen: &[Chosen], change: &Chosen) -> bool {
    let file = |path: &RelPath| Place::open(roots, path).ok()?.stat().ok()?.file;
    let twin = chosen.iter().find(|other| {
        other.target == Side::Absent && other.path != change.path && folds_to(&other.path, &change.path)
    });
    change.base == Side::Absent
        && twin.is_some_and(|twin| file(&twin.path).is_some_and(|id| Some(id) == file(&change.path)))
}

/// Whether two paths differ in case at most.
fn folds_to(a: &RelPath, b: &RelPath) -> bool {
    a.as_str().to_lowercase() == b.as_str().to_lowercase()
}

/// The record of a change: where its temporary file will be, and which folders are made for it.
fn record(
    roots: &Roots,
    folders: &mut Vec<String>,
    chosen: &[Chosen],
    change: &Chosen,
) -> Result<Record, ApplyError> {
    let is_new_text = matches!(change.target, Side::File(_) | Side::Link(_));
    let mut at = change.path.parent().unwrap_or_else(RelPath::root);
    while !at.is_root() {
        match roots.lstat(&at).map(|stat| stat.kind) {
            Err(ReadError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
            // It goes away in the same set, perhaps only to be made again.
            Ok(_) if chosen.iter().any(|other| other.path == at && other.target == Side::Absent) => {}
            Ok(Kind::Folder) => break,
            Ok(_) if chosen.iter().any(|other| other.path == at && other.target == Side::Folder) => {}
            Ok(_) => return Err(ApplyError::BelowFile { path: change.path.clone() }),
        }
        let is_recorded = chosen.iter().any(|other| other.path == at && other.target == Side::Folder);
        if (is_new_text || change.target == Side::Folder) && !is_recorded {
            let place = folders.binary_search_by(|folder| folder.as_str().cmp(at.as_str()));
            if let Err(place) = place {
                folders.insert(place, at.as_str().to_owned());
            }
        }
        at = at.parent().unwrap_or_else(RelPath::root);
    }
    let random = RandomState::new().build_hasher().finish();
    Ok(Record {
        path: change.path.as_str().to_owned(),
        before: SideRecord::of(&change.base),
        after: SideRecord::of(&change.target),
        temporary: at.join(&format!(".devtoolkit-{random:016x}.tmp")).as_str().to_owned(),
    })
}

/// Writes every new text as a temporary file in the folder of its target, or the nearest one that exists.
fn prepare(
    roots: &Roots,
    set: &Applied,
    chosen: &[Chosen],
    made: &mut Vec<Place>,
    step: Step<'_>,
) -> Result<(), ApplyError> {
    for (record, change) in set.files.iter().zip(chosen) {
        if let (Some(temporary), true) = (recorded(&record.temporary), record.after.has_text()) {
            made.push(Place::open(roots, &temporary)?);
        }
        write_temporary(roots, record, &change.path, &change.target, Some(&change.base), step)?;
    }
    Ok(())
}

/// Writes a side as the temporary file of a record; what has no text has none.
fn write_temporary(
    roots: &Roots,
    record: &Record,
    path: &RelPath,
    side: &Side,
    base: Option<&Side>,
    step: Step<'_>,
) -> Result<(), ApplyError> {
    let Some(temporary) = recorded(&record.temporary) else { return Ok(()) };
    let fail = |source| ApplyError::Write { path: path.clone(), source };
    match side {
        Side::File(file) => {
            step().map_err(fail)?;
            // A mode that is not changed is that of the file as it is by now.
            let mode = file.mode.filter(|_| base.is_none_or(|base| base.mode() != file.mode));
            let old = Place::open(roots, path).ok();
            Place::open(roots, &temporary)?.write_new(&file.bytes, mode, old.as_ref()).map_err(fail)?;
            step().map_err(fail)
        }
        Side::Link(to) => {
            step().map_err(fail)?;
            Place::open(roots, &temporary)?.link(to).map_err(fail)
        }
        Side::Absent | Side::Folder => Ok(()),
    }
}

fn remove_temporaries(roots: &Roots, set: &Applied) {
    for temporary in set.files.iter().filter_map(|record| recorded(&record.temporary)) {
        if let Ok(place) = Place::open(roots, &temporary) {
            // It may never have been made.
            let _ = place.remove();
        }
    }
}

#[cfg(test)]
mod tests;
