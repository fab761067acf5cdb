//! What is kept of sessions: what happened to each, in order, in the agent's database. Whatever else a session is comes of
//! replaying that.

use crate::database::{Database, DatabaseError, root_text};
use crate::model::Answer;
use crate::protocol::{Command, Mode, Usage};
use crate::session::{Event, Limits};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use thiserror::Error;

mod carry;
mod entry;
mod hold;
mod replay;

#[cfg(test)]
mod tests;

pub use entry::{Began, Changing, Entry};
pub use hold::Held;
pub use replay::{Replay, Replayed, replayed};

/// The most bytes of one entry.
pub const MOST_OF_ENTRY: usize = 64 << 20;
/// The most bytes of one session, and the most entries.
const MOST_OF_SESSION: i64 = 1 << 30;
const MOST_ENTRIES: i64 = 4 << 20;
/// Characters of a title.
const LONGEST_TITLE: usize = 80;
/// Ids that are tried before chance is blamed.
const MOST_TRIES: usize = 16;

/// Why the journal does not do what is asked.
#[derive(Debug, Error)]
pub enum JournalError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("there is no session `{0}`; `devtoolkit-agent session list --all` shows all")]
    NoSession(String),
    #[error("`{prefix}` is the beginning of several sessions: {}; give more of it", ids.join(", "))]
    Several { prefix: String, ids: Vec<String> },
    #[error("session `{id}` has no entry {at}; it has {entries}")]
    NoEntry { id: String, at: u64, entries: u64 },
    #[error(
        "entry {sequence} of session `{id}` cannot be read; a newer devtoolkit-agent may have written it"
    )]
    Unreadable { id: String, sequence: u64, source: serde_json::Error },
    #[error("what happened cannot be kept, because it could not be read again")]
    Unwritable { source: serde_json::Error },
    #[error("what happened takes {bytes} bytes; at most {MOST_OF_ENTRY} are kept at once")]
    TooLarge { bytes: usize },
    #[error("session `{0}` is as long as a session can be; start another, or fork an earlier place of it")]
    Full(String),
    #[error(
        "session `{0}` is open in another process; end that one, or go on with a copy: `devtoolkit-agent session fork {0}`"
    )]
    Held(String),
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
    #[error("line {line} {why}")]
    Import { line: u64, why: String },
    #[error("cannot read or write the session")]
    Stream(#[source] std::io::Error),
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What a list says of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: String,
    /// The workspace's folder.
    pub root: PathBuf,
    /// How its first request begins; empty before that.
    pub title: String,
    /// As it was begun.
    pub mode: Mode,
    /// As it was begun: with others, what happened would not lead to where it led.
    pub limits: Limits,
    /// The session that it was forked from, if that is still there.
    pub parent: Option<String>,
    /// Seconds since 1970.
    pub created: i64,
    pub updated: i64,
    /// How many there are.
    pub entries: u64,
}

/// What is kept of all sessions.
#[derive(Debug)]
pub struct Journal {
    database: Database,
    /// The state folder.
    folder: PathBuf,
}

/// What a session begins with.
#[derive(Clone, Copy)]
struct Beginning<'a> {
    root: &'a str,
    title: &'a str,
    mode: Mode,
    limits: Limits,
    parent: Option<i64>,
}

/// A session's row, as far as adding to it needs it.
struct Place {
    key: i64,
    entries: i64,
    bytes: i64,
    title: String,
}

impl Journal {
    /// The journal in the user's state folder, which is made if it is missing. Several processes may have it open.
    ///
    /// # Errors
    /// When the folder or the database cannot be used.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        Ok(Self { database: Database::open(folder)?, folder: folder.to_owned() })
    }

    /// Begins a session, and gives its id.
    ///
    /// # Errors
    /// When the root is no text, or it cannot be written.
    pub fn create(&self, root: &Path, mode: Mode, limits: Limits) -> Result<String, JournalError> {
        let beginning = Beginning { root: root_text(root)?, title: "", mode, limits, parent: None };
        let write = self.database.write()?;
        let (_, id) = begin(&write, self.database.now(), &beginning)?;
        write.commit()?;
        Ok(id)
    }

    /// Adds to a session, and gives the entry's number, counted from 1. Once this returns, killing the process takes
    /// nothing away.
    ///
    /// # Errors
    /// When there is no such session, or it cannot be written, or the entry or the session is too large.
    pub fn record(&self, id: &str, entry: &Entry) -> Result<u64, JournalError> {
        let json = written(entry)?;
        let write = self.database.write()?;
        let place = place(&write, id)?;
        let sequence = add(&write, &place, id, &json)?;
        let title = match entry {
            Entry::Event(Event::Command(Command::Prompt { text, .. })) if place.title.is_empty() => {
                title(text)
            }
            Entry::Event(_) | Entry::Began(_) => place.title,
        };
        let now = self.database.now();
        write.execute(
            "UPDATE session SET title = ?2, updated = max(updated, ?3) WHERE key = ?1",
            params![place.key, title, now],
        )?;
        write.commit()?;
        Ok(sequence)
    }

    /// The sessions of a workspace, or of all, the one that went on last first; at most so many.
    ///
    /// # Errors
    /// When the root is no text, or the database cannot be read.
    pub fn list(&self, root: Option<&Path>, most: u32) -> Result<Vec<Summary>, JournalError> {
        let root = root.map(root_text).transpose()?;
        let mut statement = self.database.read().prepare(&format!(
            "{SUMMARY} WHERE ?1 IS NULL OR s.root = ?1 ORDER BY s.updated DESC, s.key DESC LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![root, most], summary)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The session of a workspace that went on last.
    ///
    /// # Errors
    /// As for [`Self::list`].
    pub fn newest(&self, root: &Path) -> Result<Option<Summary>, JournalError> {
        Ok(self.list(Some(root), 1)?.pop())
    }

    /// The session whose id begins so.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, prefix: &str) -> Result<Summary, JournalError> {
        const SHOWN: usize = 8;
        let none = || JournalError::NoSession(prefix.to_owned());
        if prefix.is_empty() || prefix.bytes().any(|byte| !byte.is_ascii_hexdigit()) {
            return Err(none());
        }
        let lower = prefix.to_ascii_lowercase();
        let mut statement = self.database.read().prepare(&format!(
            "{SUMMARY} WHERE s.id >= ?1 AND s.id < ?1 || 'g' ORDER BY s.id LIMIT {SHOWN}"
        ))?;
        let mut found =
            statement.query_map([&lower], summary)?.collect::<Result<Vec<Summary>, rusqlite::Error>>()?;
        match found.len() {
            0 => Err(none()),
            1 => Ok(found.remove(0)),
            _ => Err(JournalError::Several {
                prefix: prefix.to_owned(),
                ids: found.into_iter().map(|summary| summary.id).collect(),
            }),
        }
    }

    /// What happened to a session, in order, with each entry's number.
    ///
    /// # Errors
    /// When there is no such session, or an entry cannot be read.
    pub fn entries(&self, id: &str) -> Result<Vec<(u64, Entry)>, JournalError> {
        let mut entries = Vec::new();
        self.each_entry(id, |sequence, entry| {
            entries.push((sequence, entry));
            Ok(())
        })?;
        Ok(entries)
    }

    /// Goes through what happened to a session, in order, one entry in memory at a time.
    ///
    /// # Errors
    /// As for [`Self::entries`], and what `take` says.
    pub fn each_entry(
        &self,
        id: &str,
        take: impl FnMut(u64, Entry) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let place = place(self.database.read(), id)?;
        each_entry(self.database.read(), place.key, id, take)
    }

    /// A session that begins as this one did up to the entry `at`, or as a whole. What was still being done there is not
    /// done a second time: that turn is cancelled in the fork.
    ///
    /// # Errors
    /// When there is no such session or entry, or it cannot be read or written.
    pub fn fork(&self, id: &str, at: Option<u64>) -> Result<String, JournalError> {
        let parent = self.find_exactly(id)?;
        let at = at.unwrap_or(parent.entries);
        if at > parent.entries || (at == 0 && parent.entries > 0) {
            return Err(JournalError::NoEntry { id: id.to_owned(), at, entries: parent.entries });
        }
        let write = self.database.write()?;
        let from = place(&write, id)?.key;
        let beginning = Beginning {
            root: root_text(&parent.root)?,
            title: &parent.title,
            mode: parent.mode,
            limits: parent.limits,
            parent: Some(from),
        };
        let (key, fork) = begin(&write, self.database.now(), &beginning)?;
        // Where the staging stood matters to the one that runs there.
        write.execute(
            "INSERT INTO entry (session, sequence, json)
             SELECT ?1, row_number() OVER (ORDER BY sequence), json FROM entry
             WHERE session = ?2 AND sequence <= ?3 AND json NOT LIKE '{\"began\":%'",
            params![key, from, i64::try_from(at).unwrap_or(i64::MAX)],
        )?;
        count(&write, key)?;
        self.settle(&write, &fork, &beginning)?;
        write.commit()?;
        Ok(fork)
    }

    /// Deletes a session. Its forks stay.
    ///
    /// # Errors
    /// When there is none, a process works on it, or it cannot be written.
    pub fn delete(&self, id: &str) -> Result<(), JournalError> {
        let held = self.hold(&self.find_exactly(id)?.id)?;
        let gone = self.database.write()?;
        if gone.execute("DELETE FROM session WHERE id = ?1", [id])? == 0 {
            return Err(JournalError::NoSession(id.to_owned()));
        }
        gone.commit()?;
        held.remove();
        self.database.wipe();
        Ok(())
    }

    fn find_exactly(&self, id: &str) -> Result<Summary, JournalError> {
        let found = self.database.read().query_row(&format!("{SUMMARY} WHERE s.id = ?1"), [id], summary);
        found.optional()?.ok_or_else(|| JournalError::NoSession(id.to_owned()))
    }

    /// Ends the turn of a session that was copied, where something was still being done for it.
    fn settle(&self, write: &Connection, id: &str, beginning: &Beginning<'_>) -> Result<(), JournalError> {
        let copied = place(write, id)?;
        let mut replay = Replay::new(id.to_owned(), beginning.mode, beginning.limits);
        each_entry(write, copied.key, id, |_, entry| {
            replay.take(entry);
            Ok(())
        })?;
        if let Some(event) = replay.settling() {
            add(write, &place(write, id)?, id, &written(&Entry::Event(event))?)?;
        }
        Ok(())
    }
}

/// Summaries, from `session s`.
const SUMMARY: &str =
    "SELECT s.id, s.root, s.title, s.mode, s.reading, s.again, s.repairs, p.id, s.created, s.updated,
    s.entries FROM session s LEFT JOIN session p ON p.key = s.parent";

fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let mode: String = row.get(3)?;
    Ok(Summary {
        id: row.get(0)?,
        root: PathBuf::from(row.get::<_, String>(1)?),
        title: row.get(2)?,
        mode: mode_of(&mode).unwrap_or_default(),
        limits: Limits { reading: row.get(4)?, again: row.get(5)?, repairs: row.get(6)? },
        parent: row.get(7)?,
        created: row.get(8)?,
        updated: row.get(9)?,
        entries: row.get::<_, i64>(10)?.unsigned_abs(),
    })
}

const MODES: [(Mode, &str); 3] = [(Mode::Ask, "ask"), (Mode::Plan, "plan"), (Mode::Agent, "agent")];

fn mode_name(mode: Mode) -> &'static str {
    MODES.iter().find(|(other, _)| *other == mode).map_or("agent", |(_, name)| name)
}

fn mode_of(name: &str) -> Option<Mode> {
    MODES.iter().find(|(_, other)| *other == name).map(|(mode, _)| *mode)
}

/// A new session's row.
fn begin(write: &Connection, now: i64, beginning: &Beginning<'_>) -> Result<(i64, String), JournalError> {
    let Beginning { root, title, mode, limits, parent } = *beginning;
    for _ in 0..MOST_TRIES {
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(JournalError::Random)?;
        let id = format!("{:08x}", u32::from_be_bytes(random));
        let added = write.execute(
            "INSERT OR IGNORE INTO session
             (id, root, title, mode, reading, again, repairs, parent, created, updated)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
            params![
                id,
                root,
                title,
                mode_name(mode),
                limits.reading,
                limits.again,
                limits.repairs,
                parent,
                now
            ],
        )?;
        if added == 1 {
            return Ok((write.last_insert_rowid(), id));
        }
    }
    Err(JournalError::Random(getrandom::Error::UNEXPECTED))
}

fn place(read: &Connection, id: &str) -> Result<Place, JournalError> {
    let found = read.query_row("SELECT key, entries, bytes, title FROM session WHERE id = ?1", [id], |row| {
        Ok(Place { key: row.get(0)?, entries: row.get(1)?, bytes: row.get(2)?, title: row.get(3)? })
    });
    found.optional()?.ok_or_else(|| JournalError::NoSession(id.to_owned()))
}

/// Adds an entry, and gives its number.
fn add(write: &Connection, place: &Place, id: &str, json: &str) -> Result<u64, JournalError> {
    let (entries, bytes) = (place.entries + 1, place.bytes.saturating_add_unsigned(json.len() as u64));
    if entries > MOST_ENTRIES || bytes > MOST_OF_SESSION {
        return Err(JournalError::Full(id.to_owned()));
    }
    write.execute(
        "INSERT INTO entry (session, sequence, json) VALUES (?1, ?2, ?3)",
        params![place.key, entries, json],
    )?;
    write.execute(
        "UPDATE session SET entries = ?2, bytes = ?3 WHERE key = ?1",
        params![place.key, entries, bytes],
    )?;
    Ok(entries.unsigned_abs())
}

/// Counts anew what a session has, once much was copied into it.
fn count(write: &Connection, key: i64) -> Result<(), rusqlite::Error> {
    write.execute(
        "UPDATE session SET (entries, bytes) =
         (SELECT count(*), coalesce(sum(octet_length(json)), 0) FROM entry WHERE session = ?1) WHERE key = ?1",
        [key],
    )?;
    Ok(())
}

fn each_entry(
    read: &Connection,
    key: i64,
    id: &str,
    mut take: impl FnMut(u64, Entry) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut statement =
        read.prepare("SELECT sequence, json FROM entry WHERE session = ?1 ORDER BY sequence")?;
    let mut rows = statement.query([key])?;
    while let Some(row) = rows.next()? {
        let sequence = row.get::<_, i64>(0)?.unsigned_abs();
        let json = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let entry = serde_json::from_str(json).map_err(|source| JournalError::Unreadable {
            id: id.to_owned(),
            sequence,
            source,
        })?;
        take(sequence, entry)?;
    }
    Ok(())
}

/// An entry as it is kept: one line, which can be read again.
fn written(entry: &Entry) -> Result<String, JournalError> {
    let unwritable = |source| JournalError::Unwritable { source };
    let json = serde_json::to_string(&*finite(entry)).map_err(unwritable)?;
    if json.len() > MOST_OF_ENTRY {
        return Err(JournalError::TooLarge { bytes: json.len() });
    }
    // A tool's arguments may be nested almost as deep as can be read; what stands around them makes them too deep.
    serde_json::from_str::<Entry>(&json).map_err(unwritable)?;
    Ok(json)
}

/// JSON has no numbers that are none or without end: a speed that could not be measured is kept as zero.
fn finite(entry: &Entry) -> Cow<'_, Entry> {
    let Entry::Event(Event::Answered { turn, answer }) = entry else { return Cow::Borrowed(entry) };
    let Usage { tokens_per_second, first_token, .. } = answer.usage;
    if tokens_per_second.is_finite() && first_token.is_finite() {
        return Cow::Borrowed(entry);
    }
    let finite = |number: f32| if number.is_finite() { number } else { 0.0 };
    let usage = Usage {
        tokens_per_second: finite(tokens_per_second),
        first_token: finite(first_token),
        ..answer.usage
    };
    Cow::Owned(Entry::Event(Event::Answered { turn: *turn, answer: Answer { usage, ..answer.clone() } }))
}

/// How a request begins, on one line.
fn title(text: &str) -> String {
    let mut title = String::new();
    for word in text.split_whitespace() {
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
        if title.len() > 4 * LONGEST_TITLE {
            break;
        }
    }
    title.chars().take(LONGEST_TITLE).collect()
}
