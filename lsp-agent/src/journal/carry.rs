//! Sessions as JSON Lines, to take one elsewhere: a header, then a line for each entry.

use super::{
    Beginning, Entry, Journal, JournalError, MOST_ENTRIES, MOST_OF_ENTRY, MOST_OF_SESSION, begin, count,
    each_entry, place, title, written,
};
use crate::database::root_text;
use crate::protocol::Mode;
use crate::session::Limits;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read, Write};
use std::path::Path;

/// What the lines are like.
const VERSION: u64 = 1;
/// The most bytes of the header.
const MOST_OF_HEADER: usize = 64 << 10;
/// No session tries anything more often.
const MOST_OF_LIMITS: u32 = 100;
/// Characters of what is said of a line.
const LONGEST_WHY: usize = 300;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    devtoolkit_session: u64,
    root: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    limits: WrittenLimits,
}

/// Enough of it to know whether the rest can be read.
#[derive(Deserialize)]
struct Version {
    devtoolkit_session: u64,
}

#[derive(Serialize, Deserialize)]
struct WrittenLimits {
    reading: u32,
    again: u32,
    repairs: u32,
}

impl Default for WrittenLimits {
    fn default() -> Self {
        let Limits { reading, again, repairs } = Limits::default();
        Self { reading, again, repairs }
    }
}

impl Journal {
    /// Writes a session as JSON Lines.
    ///
    /// # Errors
    /// When there is none, or it cannot be read, or not be written.
    pub fn export(&self, id: &str, to: &mut dyn Write) -> Result<(), JournalError> {
        let summary = self.find_exactly(id)?;
        let Limits { reading, again, repairs } = summary.limits;
        let header = Header {
            devtoolkit_session: VERSION,
            root: root_text(&summary.root)?.to_owned(),
            title: summary.title,
            mode: summary.mode,
            limits: WrittenLimits { reading, again, repairs },
        };
        let mut line = |text: String| to.write_all((text + "\n").as_bytes()).map_err(JournalError::Stream);
        let unwritable = |source| JournalError::Unwritable { source };
        line(serde_json::to_string(&header).map_err(unwritable)?)?;
        let key = place(self.database.read(), id)?.key;
        each_entry(self.database.read(), key, id, |_, entry| line(written(&entry)?))
    }

    /// Takes in a session that was written so, all of it or nothing, and gives its id here. `root` is its workspace here,
    /// where that is not the folder that it says. What was being done for it is not gone on with: that turn is cancelled.
    ///
    /// # Errors
    /// When a line is not what it should be, or it cannot be written.
    pub fn import(&self, from: &mut dyn BufRead, root: Option<&Path>) -> Result<String, JournalError> {
        let mut lines = Lines { from, number: 0 };
        let header = lines.header()?;
        let root = match root {
            Some(root) => root_text(root)?.to_owned(),
            None if Path::new(&header.root).is_absolute() => header.root,
            None => {
                return Err(
                    lines.wrong("names no absolute folder as `root`; give the workspace's with --root")
                );
            }
        };
        self.take_in(&mut lines)?;
        let WrittenLimits { reading, again, repairs } = header.limits;
        let beginning = Beginning {
            root: &root,
            title: &title(&header.title),
            mode: header.mode,
            limits: Limits { reading, again, repairs },
            parent: None,
        };
        let write = self.database.write()?;
        let (key, id) = begin(&write, self.database.now(), &beginning)?;
        write.execute(
            "INSERT INTO entry (session, sequence, json)
             SELECT ?1, row_number() OVER (ORDER BY number), json FROM temp.incoming",
            [key],
        )?;
        count(&write, key)?;
        self.settle(&write, &id, &beginning)?;
        write.execute("DELETE FROM temp.incoming", [])?;
        write.commit()?;
        Ok(id)
    }

    /// Reads the entries into a table of this connection's own, so that no other process waits for a slow reader.
    fn take_in(&self, lines: &mut Lines<'_>) -> Result<(), JournalError> {
        let own = self.database.read();
        own.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS incoming (number INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
             DELETE FROM temp.incoming;",
        )?;
        let filling = own.unchecked_transaction()?;
        let mut insert = filling.prepare("INSERT INTO temp.incoming (number, json) VALUES (?1, ?2)")?;
        let (mut entries, mut bytes) = (0, 0);
        while let Some(line) = lines.next(MOST_OF_ENTRY)? {
            let entry = serde_json::from_str(&line)
                .map_err(|error| lines.wrong(&format!("is no entry of a session: {error}")))?;
            // Where the staging stood elsewhere says nothing here.
            let Entry::Event(_) = &entry else { continue };
            let json = written(&entry)?;
            entries += 1;
            bytes += json.len() as i64;
            if entries > MOST_ENTRIES || bytes > MOST_OF_SESSION {
                return Err(lines.wrong("makes the session longer than one can be"));
            }
            insert.execute(params![entries, json])?;
        }
        drop(insert);
        filling.commit()?;
        Ok(())
    }
}

/// What is read, line by line.
struct Lines<'a> {
    from: &'a mut dyn BufRead,
    /// Of the line that was read last, counted from 1.
    number: u64,
}

impl Lines<'_> {
    fn header(&mut self) -> Result<Header, JournalError> {
        let none = "is no header of a session; give what `devtoolkit-agent session export` wrote";
        let line = self
            .next(MOST_OF_HEADER)?
            .ok_or(JournalError::Import { line: 1, why: "is missing".to_owned() })?;
        let version: Version = serde_json::from_str(&line).map_err(|_| self.wrong(none))?;
        let found = version.devtoolkit_session;
        if found != VERSION {
            return Err(self.wrong(&format!(
                "is of version {found}, and this program reads {VERSION}; use a devtoolkit-agent that knows it"
            )));
        }
        let header: Header = serde_json::from_str(&line)
            .map_err(|error| self.wrong(&format!("is no header of a session: {error}")))?;
        let WrittenLimits { reading, again, repairs } = header.limits;
        if [reading, again, repairs].into_iter().any(|limit| limit > MOST_OF_LIMITS) {
            return Err(self.wrong(&format!("has limits over {MOST_OF_LIMITS}")));
        }
        Ok(header)
    }

    /// The next line of at most so many bytes.
    fn next(&mut self, most: usize) -> Result<Option<String>, JournalError> {
        let mut line = Vec::new();
        // One more for the end of the line, and one to see that it is too long.
        let read = (&mut *self.from).take(most as u64 + 2).read_until(b'\n', &mut line);
        if read.map_err(JournalError::Stream)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if line.len() > most {
            return Err(self.wrong(&format!("has more than {most} bytes")));
        }
        String::from_utf8(line).map(Some).map_err(|_| self.wrong("is no text (UTF-8)"))
    }

    fn wrong(&self, why: &str) -> JournalError {
        JournalError::Import { line: self.number, why: why.chars().take(LONGEST_WHY).collect() }
    }
}
