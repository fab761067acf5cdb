//! Accepted changes onto disk: all of them or none, whatever happens in between. The only writer of users' files.
//!
//! 1. Under the journal's lock, every file is compared with what the change was made against.
//! 2. The set is recorded as being prepared; then each new text is written beside its target and synced.
//! 3. The set is recorded as committed: the moment at which it counts.
//! 4. Temporary files are renamed over their targets, the rest is deleted, folders are synced, the record is filed.
//!
//! Cut off before 3, recovery removes the temporary files; after 3, it goes on with 4.

use super::change::{FileContent, Side};
use super::disk::ReadError;
use super::journal::{Applied, Journal, JournalError, Phase, Record, SideRecord, recorded};
use super::path::{RelPath, Roots};
use super::snapshot::on_disk;
use super::staging::Chosen;
use cap_std::fs::{Dir, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Why nothing was applied. The files are as they were before.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("{} changed on disk since the edit was made, so nothing was written and both texts are kept; show_changes shows the difference, and discard_changes drops the edit", list(.paths))]
    Conflict { paths: Vec<RelPath> },
    #[error(
        "`{path}` is reached through a link now, so nothing was written; repeat the edit on the file itself"
    )]
    Moved { path: RelPath },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot write `{path}`, so nothing was written: {}", reason(.source))]
    Write { path: RelPath, source: io::Error },
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
            "permission denied (EACCES); the folder or file would have to be writable".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

/// Called before each change of the disk; tests make it fail.
pub(super) type Step<'a> = &'a dyn Fn(&RelPath) -> io::Result<()>;

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
    recover_pending(journal)?;
    verify(roots, chosen)?;
    let number = journal.numbers().last().copied().unwrap_or_default() + 1;
    let mut set = Applied::new(number, title, undoes, roots);
    for (place, change) in chosen.iter().enumerate() {
        journal.keep(&change.base)?;
        journal.keep(&change.target)?;
        let is_new_text = matches!(change.target, Side::File(_) | Side::Link(_));
        set.files.push(Record {
            path: change.path.as_str().to_owned(),
            before: SideRecord::of(&change.base),
            after: SideRecord::of(&change.target),
            temporary: is_new_text
                .then(|| format!(".devtoolkit-{}-{number}-{place}.tmp", std::process::id())),
        });
        let missing = missing_folders(roots, &change.path)?;
        let new = missing.into_iter().filter(|_| is_new_text).map(|folder| folder.as_str().to_owned());
        let known = std::mem::take(&mut set.folders);
        set.folders = known.into_iter().chain(new).collect();
        set.folders.sort();
        set.folders.dedup();
    }
    journal.write_pending(&set)?;
    if let Err(error) = prepare(roots, &set, chosen, step) {
        take_back(roots, &set);
        journal.drop_pending()?;
        return Err(error);
    }
    set.phase = Phase::Committed;
    journal.write_pending(&set)?;
    if let Err(error) = finish(roots, &set, step) {
        // Renames seldom fail once everything is written; then what was done is undone from the journal.
        roll_back(roots, journal, &set)?;
        journal.drop_pending()?;
        return Err(error);
    }
    journal.finish(&set)?;
    Ok(set)
}

/// Finishes or takes back whatever processes that are gone were applying, in any workspace. Gives a line for each.
pub(super) fn recover(state: &Path) -> Vec<String> {
    let mut report = Vec::new();
    for journal in Journal::all(state) {
        let Ok(Some(_)) = journal.pending() else { continue };
        let Some(_lock) = journal.try_lock() else { continue };
        match recover_pending(&journal) {
            Ok(Some(line)) => report.push(line),
            Ok(None) => {}
            Err(error) => report.push(format!("an interrupted apply could not be finished: {error}")),
        }
    }
    report
}

/// Under the lock: the same for one journal.
fn recover_pending(journal: &Journal) -> Result<Option<String>, ApplyError> {
    let Some(set) = journal.pending()? else { return Ok(None) };
    let roots = match Roots::open(&set.roots) {
        Ok(roots) => roots,
        Err(error) => {
            tracing::warn!("an interrupted apply is left for later: {error}");
            return Ok(None);
        }
    };
    let what = format!("`{}` ({} files)", set.title, set.files.len());
    if set.phase == Phase::Preparing {
        take_back(&roots, &set);
        journal.drop_pending()?;
        return Ok(Some(format!("an interrupted apply was taken back: {what}")));
    }
    finish(&roots, &set, &|_| Ok(()))?;
    journal.finish(&set)?;
    Ok(Some(format!("an interrupted apply was finished: {what}")))
}

/// Compares every file with what its change was made against.
fn verify(roots: &Roots, chosen: &[Chosen]) -> Result<(), ApplyError> {
    let mut conflicts = Vec::new();
    for change in chosen {
        let parent = change.path.parent().unwrap_or_else(RelPath::root);
        if roots.resolve(&parent)? != parent {
            return Err(ApplyError::Moved { path: change.path.clone() });
        }
        if !on_disk(roots, &change.path)?.same(&change.base) {
            conflicts.push(change.path.clone());
        }
    }
    if conflicts.is_empty() { Ok(()) } else { Err(ApplyError::Conflict { paths: conflicts }) }
}

/// The folders around a path that do not exist, outermost first.
fn missing_folders(roots: &Roots, path: &RelPath) -> Result<Vec<RelPath>, ApplyError> {
    let mut missing = Vec::new();
    let mut at = path.parent();
    while let Some(folder) = at.filter(|folder| !folder.is_root()) {
        match roots.stat(&folder) {
            Ok(_) => break,
            Err(ReadError::NotFound { .. }) => missing.push(folder.clone()),
            Err(error) => return Err(error.into()),
        }
        at = folder.parent();
    }
    missing.reverse();
    Ok(missing)
}

/// Makes folders and writes every new text beside its target.
fn prepare(roots: &Roots, set: &Applied, chosen: &[Chosen], step: Step<'_>) -> Result<(), ApplyError> {
    for folder in set.folders.iter().filter_map(|folder| recorded(folder)) {
        let (dir, inner) = roots.at(&folder)?;
        let made = step(&folder).and_then(|()| dir.create_dir(inner));
        made.map_err(|source| ApplyError::Write { path: folder.clone(), source })?;
    }
    for (record, change) in set.files.iter().zip(chosen) {
        let Some(temporary) = &record.temporary else { continue };
        let fail = |source| ApplyError::Write { path: change.path.clone(), source };
        let (parent, name) = parent_of(roots, &change.path)?;
        step(&change.path).map_err(fail)?;
        match &change.target {
            Side::File(file) => write_new(&parent, temporary, &name, file, &change.base).map_err(fail)?,
            Side::Link(to) => link(&parent, to, temporary).map_err(fail)?,
            Side::Absent | Side::Folder => {}
        }
        step(&change.path).map_err(fail)?;
    }
    Ok(())
}

/// Writes a text as a new file, with the mode, owner and attributes of the one that it will replace.
fn write_new(
    parent: &Dir,
    temporary: &str,
    old: &Path,
    content: &FileContent,
    base: &Side,
) -> io::Result<()> {
    let mut file = parent.open_with(temporary, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(&content.bytes)?;
    #[cfg(unix)]
    {
        use cap_std::fs::PermissionsExt;
        let base_mode = base.file().and_then(|file| file.mode);
        if let Some(mode) = content.mode.or(base_mode) {
            file.set_permissions(cap_std::fs::Permissions::from_mode(mode))?;
        }
        if base.file().is_some() {
            keep_attributes(parent, old, &file);
        }
    }
    #[cfg(not(unix))]
    let _ = (old, base);
    file.sync_all()
}

/// Owner and extended attributes, as far as the system lets us: a file without them is better than none.
#[cfg(unix)]
fn keep_attributes(parent: &Dir, old: &Path, new: &cap_std::fs::File) {
    use cap_std::fs::MetadataExt;
    use rustix::fs::{Gid, Uid};
    let Ok(old) = parent.open(old) else { return };
    if let (Ok(was), Ok(is)) = (old.metadata(), new.metadata())
        && (was.uid(), was.gid()) != (is.uid(), is.gid())
    {
        let _ = rustix::fs::fchown(new, Some(Uid::from_raw(was.uid())), Some(Gid::from_raw(was.gid())));
    }
    #[cfg(target_os = "linux")]
    {
        let mut names = vec![0; 16 << 10];
        let Ok(length) = rustix::fs::flistxattr(&old, &mut names[..]) else { return };
        for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let mut value = vec![0; 64 << 10];
            if let Ok(length) = rustix::fs::fgetxattr(&old, name, &mut value[..]) {
                let _ = rustix::fs::fsetxattr(new, name, &value[..length], rustix::fs::XattrFlags::empty());
            }
        }
    }
}

/// Renames and deletes. What was done already is passed over, so it can be done again after a crash.
fn finish(roots: &Roots, set: &Applied, step: Step<'_>) -> Result<(), ApplyError> {
    for record in set.files.iter().filter(|record| record.temporary.is_some()) {
        let (Some(path), Some(temporary)) = (recorded(&record.path), &record.temporary) else { continue };
        let fail = |source| ApplyError::Write { path: path.clone(), source };
        let (parent, name) = parent_of(roots, &path)?;
        if parent.symlink_metadata(temporary).is_err() {
            continue;
        }
        let now = SideRecord::of(&on_disk(roots, &path)?);
        if is_same(&now, &record.after) || !is_same(&now, &record.before) {
            // Done already, or somebody else's since: the new text stays in the journal.
            parent.remove_file(temporary).map_err(fail)?;
            continue;
        }
        step(&path).and_then(|()| parent.rename(temporary, &parent, &name)).map_err(fail)?;
        sync(&parent);
    }
    let deleted = set.files.iter().filter(|record| record.after == SideRecord::Absent);
    let mut paths: Vec<(RelPath, &Record)> =
        deleted.filter_map(|record| Some((recorded(&record.path)?, record))).collect();
    // What lies deeper goes first, so that folders are empty when their turn comes.
    paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.names().count()));
    for (path, record) in paths {
        let fail = |source| ApplyError::Write { path: path.clone(), source };
        if !is_same(&SideRecord::of(&on_disk(roots, &path)?), &record.before) {
            continue;
        }
        let (parent, name) = parent_of(roots, &path)?;
        step(&path).map_err(fail)?;
        match record.before {
            // A folder that is not empty has something in it that is not ours to delete.
            SideRecord::Folder => drop(parent.remove_dir(&name)),
            SideRecord::Absent | SideRecord::File { .. } | SideRecord::Link(_) => {
                parent.remove_file(&name).map_err(fail)?;
            }
        }
        sync(&parent);
    }
    Ok(())
}

/// Removes temporary files and new folders.
fn take_back(roots: &Roots, set: &Applied) {
    for record in &set.files {
        let (Some(path), Some(temporary)) = (recorded(&record.path), &record.temporary) else { continue };
        if let Ok((parent, _)) = parent_of(roots, &path) {
            // It may never have been made.
            let _ = parent.remove_file(temporary);
        }
    }
    remove_folders(roots, set);
}

/// Removes the folders that were made for a set, where they are empty.
pub(super) fn remove_folders(roots: &Roots, set: &Applied) {
    for folder in set.folders.iter().rev().filter_map(|folder| recorded(folder)) {
        if let Ok((dir, inner)) = roots.at(&folder) {
            // Someone may have put a file there.
            let _ = dir.remove_dir(inner);
        }
    }
}

/// Puts back what a set that failed halfway has written already.
fn roll_back(roots: &Roots, journal: &Journal, set: &Applied) -> Result<(), ApplyError> {
    for (place, record) in set.files.iter().enumerate() {
        let Some(path) = recorded(&record.path) else { continue };
        if !is_same(&SideRecord::of(&on_disk(roots, &path)?), &record.after) {
            continue;
        }
        let fail = |source| ApplyError::Write { path: path.clone(), source };
        let (parent, name) = parent_of(roots, &path)?;
        let temporary = format!(".devtoolkit-{}-{}-{place}-back.tmp", std::process::id(), set.number);
        match journal.side(set.number, &record.before)? {
            Side::Absent => parent.remove_file(&name).map_err(fail)?,
            Side::Folder => parent.create_dir(&name).map_err(fail)?,
            Side::Link(to) => {
                link(&parent, &to, &temporary)
                    .and_then(|()| parent.rename(&temporary, &parent, &name))
                    .map_err(fail)?;
            }
            Side::File(file) => {
                let base = Side::File(file.clone());
                write_new(&parent, &temporary, &name, &file, &base)
                    .and_then(|()| parent.rename(&temporary, &parent, &name))
                    .map_err(fail)?;
            }
        }
        sync(&parent);
    }
    take_back(roots, set);
    Ok(())
}

fn is_same(a: &SideRecord, b: &SideRecord) -> bool {
    match (a, b) {
        (SideRecord::File { revision: a, .. }, SideRecord::File { revision: b, .. }) => a == b,
        (a, b) => a == b,
    }
}

/// The open folder of a path, and its last name: what happens next happens in that folder and nowhere else.
fn parent_of(roots: &Roots, path: &RelPath) -> Result<(Dir, std::path::PathBuf), ApplyError> {
    let (dir, inner) = roots.at(path)?;
    let parent = inner.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = inner.file_name().ok_or_else(|| ReadError::Folder { path: path.clone() })?;
    let folder = dir.open_dir(parent).map_err(|source| ApplyError::Write { path: path.clone(), source })?;
    Ok((folder, name.into()))
}

#[cfg(unix)]
fn link(parent: &Dir, to: &Path, name: &str) -> io::Result<()> {
    parent.symlink_contents(to, name)
}

#[cfg(not(unix))]
fn link(_: &Dir, _: &Path, _: &str) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "symbolic links cannot be written on this system"))
}

/// Makes a folder's names last, where the system has a way to; the rename itself has happened either way.
fn sync(folder: &Dir) {
    if cfg!(unix)
        && let Ok(folder) = folder.try_clone()
    {
        let _ = folder.into_std_file().sync_all();
    }
}

#[cfg(test)]
mod tests;
