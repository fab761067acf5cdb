//! Who works on a session: one process at a time, by a lock that the system takes back when that process ends, however it
//! ends.

#![expect(
    clippy::disallowed_methods,
    reason = "the locks lie beside the database, in the user's state folder"
)]

use super::{Journal, JournalError};
use crate::database::DatabaseError;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;

/// The folder of the locks in the state folder. They stay there, empty, until their sessions are deleted: a lock that is
/// removed while it is free may just be being taken.
const FOLDER: &str = "sessions";

/// A session that this process works on, until this is dropped.
#[derive(Debug)]
pub struct Held {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Takes a session for this process; `id` is all of it.
    ///
    /// # Errors
    /// When another process has it, or the lock cannot be made.
    pub fn hold(&self, id: &str) -> Result<Held, JournalError> {
        let path = self.folder.join(FOLDER).join(format!("{id}.lock"));
        let disk = |source: io::Error| DatabaseError::Disk { path: path.clone(), source };
        let folder = self.folder.join(FOLDER);
        fs::create_dir_all(&folder).map_err(disk)?;
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(disk)?;
        match file.try_lock() {
            Ok(()) => Ok(Held { file, path }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Held(id.to_owned())),
            Err(TryLockError::Error(source)) => Err(disk(source).into()),
        }
    }
}

impl Held {
    /// Takes the lock away with its session.
    pub(super) fn remove(self) {
        let Self { file, path } = self;
        // An empty file that stays does no harm.
        drop(fs::remove_file(path));
        drop(file);
    }
}
