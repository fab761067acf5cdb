//! What is to be known of a project beyond one session: short facts that a person or a session noted, found again by the
//! words of a request.

use crate::database::{Database, DatabaseError, root_text};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;
use std::path::Path;
use thiserror::Error;

/// The most facts of one project.
pub const MOST_FACTS: u32 = 1_000;
/// The most characters of one fact.
pub const LONGEST_FACT: usize = 2_000;
/// Words of a request that are looked for.
const MOST_WORDS: usize = 64;

/// Words that say nothing of what a request is about.
const EMPTY_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "do", "does", "for", "from", "how", "i", "if", "in",
    "is", "it", "me", "my", "not", "of", "on", "or", "our", "please", "should", "so", "that", "the", "then",
    "there", "this", "to", "was", "we", "what", "when", "where", "which", "why", "with", "you",
];

/// Why the memory does not do what is asked.
#[derive(Debug, Error)]
pub enum MemoryError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the fact is empty; say what is to be remembered")]
    Empty,
    #[error("the fact has {0} characters; at most {LONGEST_FACT} are kept, so say it shorter or in two")]
    TooLong(usize),
    #[error("{MOST_FACTS} facts of this project are kept already; delete one that no longer holds")]
    Full,
    #[error("there is no fact {0} of this project; `devtoolkit-agent memory list` shows all")]
    NoFact(i64),
    #[error("fact {0} says the same already")]
    Known(i64),
}

impl From<rusqlite::Error> for MemoryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Something that is to be known of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its number, which no other fact gets, of whatever project.
    pub id: i64,
    pub text: String,
    /// Seconds since 1970.
    pub created: i64,
    pub updated: i64,
}

/// What is known of all projects.
#[derive(Debug)]
pub struct Memory {
    database: Database,
}

impl Memory {
    /// The memory in the user's state folder, which is made if it is missing. Several processes may have it open.
    ///
    /// # Errors
    /// When the folder or the database cannot be used.
    pub fn open(folder: &Path) -> Result<Self, MemoryError> {
        Ok(Self { database: Database::open(folder)? })
    }

    /// Notes a fact of a project, and gives its number. What is known already is not noted twice.
    ///
    /// # Errors
    /// When it is empty or too long, when the project has too many, or when it cannot be written.
    pub fn remember(&self, root: &Path, text: &str) -> Result<i64, MemoryError> {
        let (root, text) = (root_text(root)?, checked(text)?);
        let write = self.database.write()?;
        if let Some(id) = known(&write, root, text)? {
            return Ok(id);
        }
        let count: u32 =
            write.query_row("SELECT count(*) FROM fact WHERE root = ?1", [root], |row| row.get(0))?;
        if count >= MOST_FACTS {
            return Err(MemoryError::Full);
        }
        let id: i64 = write.query_row(
            "INSERT INTO fact (root, text, created, updated) VALUES (?1, ?2, ?3, ?3) RETURNING id",
            params![root, text, self.database.now()],
            |row| row.get(0),
        )?;
        write.commit()?;
        Ok(id)
    }

    /// All facts of a project, the oldest first.
    ///
    /// # Errors
    /// When the root is no text, or the database cannot be read.
    pub fn list(&self, root: &Path) -> Result<Vec<Fact>, MemoryError> {
        let mut statement = self
            .database
            .read()
            .prepare("SELECT id, text, created, updated FROM fact WHERE root = ?1 ORDER BY id")?;
        let facts = statement.query_map([root_text(root)?], fact)?;
        Ok(facts.collect::<Result<_, _>>()?)
    }

    /// Says a fact of a project in other words.
    ///
    /// # Errors
    /// When there is none of this number, or another says the same; and as for [`Self::remember`].
    pub fn edit(&self, root: &Path, id: i64, text: &str) -> Result<(), MemoryError> {
        let (root, text) = (root_text(root)?, checked(text)?);
        let write = self.database.write()?;
        if let Some(other) = known(&write, root, text)?.filter(|other| *other != id) {
            return Err(MemoryError::Known(other));
        }
        let changed = write.execute(
            "UPDATE fact SET text = ?3, updated = ?4 WHERE root = ?1 AND id = ?2",
            params![root, id, text, self.database.now()],
        )?;
        if changed == 0 {
            return Err(MemoryError::NoFact(id));
        }
        write.commit()?;
        Ok(())
    }

    /// Forgets a fact of a project.
    ///
    /// # Errors
    /// When there is none of this number, or it cannot be written.
    pub fn forget(&self, root: &Path, id: i64) -> Result<(), MemoryError> {
        let write = self.database.write()?;
        let gone =
            write.execute("DELETE FROM fact WHERE root = ?1 AND id = ?2", params![root_text(root)?, id])?;
        if gone == 0 {
            return Err(MemoryError::NoFact(id));
        }
        write.commit()?;
        self.database.wipe();
        Ok(())
    }

    /// The facts of a project that have words of a request, the most telling first; at most so many.
    ///
    /// # Errors
    /// As for [`Self::list`].
    pub fn found(&self, root: &Path, request: &str, most: u32) -> Result<Vec<Fact>, MemoryError> {
        let words = words(request);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = self.database.read().prepare(
            "SELECT fact.id, fact.text, fact.created, fact.updated FROM fact_words JOIN fact ON fact.id = fact_words.rowid
             WHERE fact_words MATCH ?1 AND fact.root = ?2 ORDER BY bm25(fact_words), fact.id LIMIT ?3",
        )?;
        let facts = statement.query_map(params![words, root_text(root)?, most], fact)?;
        Ok(facts.collect::<Result<_, _>>()?)
    }
}

fn fact(row: &Row<'_>) -> rusqlite::Result<Fact> {
    Ok(Fact { id: row.get(0)?, text: row.get(1)?, created: row.get(2)?, updated: row.get(3)? })
}

fn checked(text: &str) -> Result<&str, MemoryError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(MemoryError::Empty),
        length if length > LONGEST_FACT => Err(MemoryError::TooLong(length)),
        _ => Ok(text),
    }
}

/// The fact that says just this.
fn known(read: &Connection, root: &str, text: &str) -> Result<Option<i64>, rusqlite::Error> {
    let found =
        read.query_row("SELECT id FROM fact WHERE root = ?1 AND text = ?2", [root, text], |row| row.get(0));
    found.optional()
}

/// A request as a query for any of its words. Each is letters and digits alone, in quotes, so that none is an operator.
fn words(request: &str) -> String {
    let mut seen = BTreeSet::new();
    let words = request.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let telling = words.map(str::to_lowercase).filter(|word| !EMPTY_WORDS.contains(&word.as_str()));
    let new: Vec<String> = telling.filter(|word| seen.insert(word.clone())).take(MOST_WORDS).collect();
    new.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR ")
}

#[cfg(test)]
mod tests;
