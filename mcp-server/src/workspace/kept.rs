//! Staged changes that outlive the process: a host that restarts its server loses nothing that nobody has reviewed.
//!
//! Each process has a slot of its own in the journal, locked as long as it lives; the next one that starts takes a slot
//! whose process is gone, with what is staged in it.

#![expect(clippy::disallowed_methods, reason = "the slots lie in the journal's folder in the user's state")]

use super::change::{CallNumber, FileChange, Side};
use super::journal::{Journal, JournalError, SideRecord, recorded};
use super::path::RelPath;
use super::staging::{Call, StagedFile, Staging, Status};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::PathBuf;

/// The most processes of one workspace that keep what is staged.
const SLOTS: u32 = 64;

/// The staged layer without its texts.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct StagedRecord {
    last: u32,
    files: Vec<ChangeRecord>,
    calls: Vec<CallRecord>,
}

#[derive(Serialize, Deserialize)]
struct CallRecord {
    number: u32,
    title: String,
    files: Vec<ChangeRecord>,
}

#[derive(Serialize, Deserialize)]
struct ChangeRecord {
    path: String,
    before: SideRecord,
    after: SideRecord,
}

impl StagedRecord {
    /// Every side that it names.
    pub(super) fn sides(&self) -> impl Iterator<Item = &SideRecord> {
        let changes = self.files.iter().chain(self.calls.iter().flat_map(|call| &call.files));
        changes.flat_map(|change| [&change.before, &change.after])
    }
}

/// A slot of this process.
pub(super) struct Kept {
    path: PathBuf,
    /// What was kept last.
    staging: Staging,
    _lock: File,
}

impl Kept {
    /// Takes a slot, best one with something staged in it; gives that, and a line about it.
    pub(super) fn open(journal: &Journal) -> Option<(Self, Vec<String>)> {
        let (mut empty, mut chosen) = (None, None);
        for slot in 0..SLOTS {
            let path = journal.staged_folder().join(slot.to_string());
            let lock =
                File::options().create(true).truncate(false).write(true).open(path.with_extension("lock"));
            let Some(lock) = lock.ok().filter(|lock| lock.try_lock().is_ok()) else { continue };
            match journal.read::<StagedRecord>(&path) {
                Ok(Some(record)) => {
                    chosen = Some((path, lock, Some(record)));
                    break;
                }
                Ok(None) if empty.is_some() => break,
                Ok(None) => empty = Some((path, lock, None)),
                // One of a newer version is left alone.
                Err(error) => tracing::warn!("staged changes of another run are left alone: {error}"),
            }
        }
        let (path, lock, record) = chosen.or(empty)?;
        let (staging, report) = record.map(|record| restored(journal, record)).unwrap_or_default();
        Some((Self { path, staging, _lock: lock }, report))
    }

    /// What was staged when the slot was taken.
    pub(super) fn staging(&self) -> Staging {
        self.staging.clone()
    }

    /// Keeps what is staged now. Not synced: it is to survive this process, not the machine.
    pub(super) fn keep(&mut self, journal: &Journal, staging: &Staging) -> Result<(), JournalError> {
        if self.staging.is(staging) {
            return Ok(());
        }
        if staging.is_empty() {
            drop(fs::remove_file(&self.path));
        } else {
            let change = |path: &RelPath, before: &Side, after: &Side| {
                journal.keep(before)?;
                journal.keep(after)?;
                let (before, after) = (SideRecord::of(before), SideRecord::of(after));
                Ok(ChangeRecord { path: path.as_str().to_owned(), before, after })
            };
            let of_call = |call: &Call| {
                let files = call.files.iter().map(|file| change(&file.path, &file.before, &file.after));
                let files = files.collect::<Result<_, JournalError>>()?;
                Ok(CallRecord { number: call.number.0, title: call.title.clone(), files })
            };
            let files = staging.files().map(|(path, file)| change(path, &file.base, &file.top));
            let record = StagedRecord {
                last: staging.last(),
                files: files.collect::<Result<_, JournalError>>()?,
                calls: staging.calls().iter().map(of_call).collect::<Result<_, JournalError>>()?,
            };
            journal.write_unsynced(&self.path, &record)?;
        }
        self.staging = staging.clone();
        Ok(())
    }
}

/// The staged layer with its texts, as far as they are kept; and what to say of it.
fn restored(journal: &Journal, record: StagedRecord) -> (Staging, Vec<String>) {
    let mut lost = Vec::new();
    let mut change = |record: ChangeRecord| {
        let sides =
            journal.side(0, &record.before).and_then(|before| Ok((before, journal.side(0, &record.after)?)));
        let (Some(path), Ok((before, after))) = (recorded(&record.path), sides) else {
            lost.push(format!("`{}`", record.path));
            return None;
        };
        Some(FileChange { path, before, after })
    };
    let files: Vec<FileChange> = record.files.into_iter().filter_map(&mut change).collect();
    let calls = record.calls.into_iter().map(|call| Call {
        number: CallNumber(call.number),
        title: call.title,
        files: call.files.into_iter().filter_map(&mut change).collect(),
    });
    let calls = calls.collect();
    let count = files.len();
    let files = files.into_iter().map(|change| {
        (change.path, StagedFile { base: change.before, top: change.after, status: Status::Staged })
    });
    let mut report = vec![format!("staged changes of an earlier run are staged again, files: {count}")];
    if !lost.is_empty() {
        lost.sort();
        lost.dedup();
        report.push(format!("staged changes whose texts are damaged are lost: {}", lost.join(", ")));
    }
    (Staging::restored(files.collect(), calls, record.last), report)
}

#[cfg(test)]
mod tests;
