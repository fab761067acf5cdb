//! The folders that the layers lie in: one of each workspace below the user's state, and in it one of each process that
//! is locked as long as the process lives. What a process that was killed has left is found by its lock being free.

#![expect(clippy::disallowed_methods, reason = "the layers lie in a folder of their own in the user's state")]

use super::tree::Folder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The most processes of one workspace.
const SLOTS: u32 = 64;
/// How long one process waits for another that is changing the cache.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest record, in bytes.
const RECORD: u64 = 64 << 20;

/// The folder of a workspace, with a place in it for this process.
#[derive(Debug)]
pub(super) struct Room {
    /// Where everything lies.
    pub(super) path: PathBuf,
    slot: PathBuf,
    next: AtomicU64,
    _lock: File,
}

/// Held while what all processes of a workspace share is changed.
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Room {
    /// Opens the folder and takes a slot. `left` is given each folder of a run whose process is gone, before it is
    /// deleted.
    pub(super) fn open(path: &Path, left: &dyn Fn(&Self, &Path)) -> io::Result<Self> {
        make(&path.join("runs"))?;
        // The parents may have been made with another mode.
        let path = fs::canonicalize(path)?;
        let mut room = None;
        for slot in 0..SLOTS {
            let folder = path.join("runs").join(slot.to_string());
            let lock = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(folder.with_extension("lock"))?;
            if lock.try_lock().is_err() {
                continue;
            }
            match &room {
                None => {
                    room = Some(Self {
                        path: path.clone(),
                        slot: folder.clone(),
                        next: AtomicU64::new(0),
                        _lock: lock,
                    });
                }
                // Only what lies in a slot that was used has to be looked at.
                Some(_) if !folder.exists() => break,
                Some(_) => {}
            }
            if let Some(room) = &room {
                room.clear(&folder, left);
            }
        }
        let room = room.ok_or_else(|| io::Error::other("too many processes use this workspace"))?;
        make(&room.slot)?;
        Ok(room)
    }

    fn clear(&self, slot: &Path, left: &dyn Fn(&Self, &Path)) {
        let Ok(runs) = Folder::open(slot) else { return };
        for name in runs.names().unwrap_or_default() {
            left(self, &slot.join(&name));
            if let Err(error) = runs.remove(&name) {
                tracing::warn!("what a command left cannot be removed from `{}`: {error}", slot.display());
            }
        }
    }

    /// A new folder for a run.
    pub(super) fn run(&self) -> io::Result<PathBuf> {
        let path = self.slot.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        make(&path)?;
        Ok(path)
    }

    /// Deletes the folder of a run.
    pub(super) fn remove(&self, run: &Path) -> io::Result<()> {
        let name = run.file_name().unwrap_or_default();
        Folder::open(&self.slot)?.remove(name)
    }

    /// Waits a while for other processes that change what is shared.
    pub(super) fn lock(&self) -> io::Result<Lock> {
        let file = File::options().create(true).truncate(false).write(true).open(self.path.join("lock"))?;
        let started = Instant::now();
        while file.try_lock().is_err() {
            if started.elapsed() > PATIENCE {
                return Err(io::Error::other("another process is changing the cache of this workspace"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(Lock(file))
    }

    /// A record; what cannot be read is as if it had never been written.
    pub(super) fn record<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        let folder = Folder::open(&self.path).ok();
        let bytes = folder.and_then(|folder| folder.read(OsStr::new(name), RECORD).ok().flatten());
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(super) fn keep(&self, name: &str, record: &impl Serialize) -> io::Result<()> {
        Folder::open(&self.path)?.replace(name, &serde_json::to_vec(record)?)
    }

    /// A folder of the room, made where there is none.
    pub(super) fn folder(&self, names: &[&str]) -> io::Result<(PathBuf, Folder)> {
        let path = names.iter().fold(self.path.clone(), |path, name| path.join(name));
        let (mut at, names) = (Folder::open(&self.path)?, names.iter().map(OsString::from));
        for name in names {
            at = at.make(&name, 0o700)?;
        }
        Ok((path, at))
    }
}

/// Makes a folder of our own, with those around it.
pub(super) fn make(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
