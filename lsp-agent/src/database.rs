//! The database in which the agent keeps what lasts longer than a run: one SQLite file in the user's state folder, which
//! several processes use at once.

#![expect(
    clippy::disallowed_methods,
    reason = "the database's folder and file are made here, and its clock is read"
)]

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// The file's name in the state folder.
pub const FILE: &str = "agent.db";

/// What the tables are like.
const VERSION: i64 = 1;
/// How long another process may write before this one gives up.
const PATIENCE: Duration = Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE session (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    root TEXT NOT NULL,
    title TEXT NOT NULL,
    mode TEXT NOT NULL,
    reading INTEGER NOT NULL,
    again INTEGER NOT NULL,
    repairs INTEGER NOT NULL,
    parent INTEGER REFERENCES session (key) ON DELETE SET NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    entries INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX session_root ON session (root, updated);
CREATE INDEX session_parent ON session (parent);
CREATE TABLE entry (
    session INTEGER NOT NULL REFERENCES session (key) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (session, sequence)
) STRICT;
CREATE TABLE fact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    root TEXT NOT NULL,
    text TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (root, text)
) STRICT;
CREATE VIRTUAL TABLE fact_words USING fts5 (
    text, content = 'fact', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER fact_added AFTER INSERT ON fact BEGIN
    INSERT INTO fact_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER fact_removed AFTER DELETE ON fact BEGIN
    INSERT INTO fact_words (fact_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER fact_changed AFTER UPDATE OF text ON fact BEGIN
    INSERT INTO fact_words (fact_words, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO fact_words (rowid, text) VALUES (new.id, new.text);
END;
";

/// Why the database cannot be used.
#[derive(Debug, Error)]
pub enum DatabaseError {
    #[error("cannot use `{}`", path.display())]
    Disk { path: PathBuf, source: io::Error },
    #[error("`{}` is of version {found}, newer than this program's {VERSION}; use a newer devtoolkit-agent", path.display())]
    Newer { path: PathBuf, found: i64 },
    #[error("`{}` is no database, or damaged; move it away, and a new one is made", path.display())]
    Damaged { path: PathBuf, source: rusqlite::Error },
    #[error("`{FILE}` is being written by another process; try again")]
    Busy { source: rusqlite::Error },
    #[error("`{FILE}` cannot be used")]
    Sqlite { source: rusqlite::Error },
    #[error("the path `{}` is no text (UTF-8), by which a workspace is known; rename the folder", .0.display())]
    Root(PathBuf),
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(source: rusqlite::Error) -> Self {
        if is_busy(&source) { Self::Busy { source } } else { Self::Sqlite { source } }
    }
}

/// A connection to it.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    /// Seconds since 1970.
    clock: fn() -> i64,
}

impl Database {
    /// Opens the database in `folder`; makes both where they are missing, for this user's eyes only.
    pub(crate) fn open(folder: &Path) -> Result<Self, DatabaseError> {
        Self::open_with(folder, now)
    }

    pub(crate) fn open_with(folder: &Path, clock: fn() -> i64) -> Result<Self, DatabaseError> {
        let path = folder.join(FILE);
        make(folder, &path).map_err(|source| DatabaseError::Disk { path: path.clone(), source })?;
        let damaged = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                DatabaseError::Damaged { path: path.clone(), source }
            }
            _ => source.into(),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(damaged)?;
        let database = Self { connection, clock };
        database.configure().map_err(damaged)?;
        match database.settle().map_err(damaged)? {
            found if found > VERSION => Err(DatabaseError::Newer { path, found }),
            _ => Ok(database),
        }
    }

    fn configure(&self) -> Result<(), rusqlite::Error> {
        self.connection.busy_timeout(PATIENCE)?;
        // What a person deletes is gone from the file, and the file gets smaller.
        patiently(|| self.connection.pragma_update(None, "auto_vacuum", "FULL"))?;
        patiently(|| self.connection.pragma_update(None, "secure_delete", true))?;
        // Written after each change, so that a killed process loses nothing; only a loss of power may cost the last ones.
        patiently(|| {
            let mode: String = self.connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            match mode.as_str() {
                "wal" => Ok(()),
                _ => self.connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())),
            }
        })?;
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        self.connection.pragma_update(None, "foreign_keys", true)
    }

    /// Makes the tables where there are none. Says which version they are of.
    fn settle(&self) -> Result<i64, rusqlite::Error> {
        let version = |connection: &Connection| {
            connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        };
        let found = version(&self.connection)?;
        if found != 0 {
            return Ok(found);
        }
        let transaction = self.write()?;
        // Another process may have been quicker.
        let found = version(&transaction)?;
        if found != 0 {
            return Ok(found);
        }
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        Ok(VERSION)
    }

    /// A change of it, all or nothing; no other process writes meanwhile.
    pub(crate) fn write(&self) -> Result<Transaction<'_>, rusqlite::Error> {
        Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
    }

    pub(crate) fn read(&self) -> &Connection {
        &self.connection
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Takes what was deleted out of the log too; where another process is in the way, that does it later.
    pub(crate) fn wipe(&self) {
        let wiped = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).optional();
        if let Err(error) = wiped {
            tracing::debug!(%error, "the log of `{FILE}` could not be emptied");
        }
    }
}

/// The text by which a workspace is known.
pub(crate) fn root_text(root: &Path) -> Result<&str, DatabaseError> {
    root.to_str().ok_or_else(|| DatabaseError::Root(root.to_owned()))
}

fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        // SQLite gives the files beside it the same mode.
        options.mode(0o600);
    }
    builder.create(folder)?;
    // Nobody else's eyes, even where it was made by something else.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = options.open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    options.open(path)?;
    Ok(())
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Tries again while others write: SQLite does not wait by itself where the kind of its log is changed.
fn patiently<T>(attempt: impl Fn() -> Result<T, rusqlite::Error>) -> Result<T, rusqlite::Error> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
