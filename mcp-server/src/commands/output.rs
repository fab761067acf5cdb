//! What a command wrote: its beginning and its end in memory, all of it in a log that can be paged.

use super::clean::{Cleaner, ROW};
use super::log::{LOG, Log, rows_of};
use std::io;
use std::path::Path;

/// The most text that is shown at once, in bytes: half from the beginning, half from the end.
pub(super) const SHOWN: usize = 256 << 10;
/// What words about left-out text take of it.
const WORDS: usize = 200;
const HALF: usize = SHOWN / 2 - WORDS;
/// Bytes after which a command is stopped.
pub(super) const FLOOD: u64 = 64 << 20;

/// Output as it comes.
#[derive(Debug)]
pub(super) struct Output {
    cleaner: Cleaner,
    /// As it was written, in bytes.
    written: u64,
    head: String,
    /// Whether the head takes no more.
    is_closed: bool,
    /// The last rows, up to twice as many bytes as are shown.
    tail: String,
    log: Log,
    read: Cursor,
}

/// How far a reader of new output is.
#[derive(Debug, Default)]
struct Cursor {
    /// Bytes of the log.
    bytes: u64,
    /// What was shown after them of a row that was still being written.
    row: String,
}

/// Some rows of the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub text: String,
    /// Rows of the whole output.
    pub rows: u64,
    /// The row at which it goes on, counted from 1, if there is more.
    pub next: Option<u64>,
}

/// What came since it was asked last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub text: String,
    /// There is more than is shown at once.
    pub more: bool,
}

/// The whole output, as much as is shown at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    pub head: String,
    /// Empty where nothing is left out.
    pub tail: String,
    /// Rows between the two.
    pub left_out: u64,
    /// The first of them, counted from 1.
    pub from: u64,
    pub rows: u64,
    pub written: u64,
}

impl Output {
    /// No output yet; its log lies in the file system of `folder`.
    ///
    /// # Errors
    /// When there is no room for a log.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            cleaner: Cleaner::default(),
            written: 0,
            head: String::new(),
            is_closed: false,
            tail: String::new(),
            log: Log::new(folder)?,
            read: Cursor::default(),
        })
    }

    /// Takes what was written.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        if !self.is_flood() {
            let Self { cleaner, head, is_closed, tail, log, .. } = self;
            cleaner.push(bytes, &mut |row| keep(row, head, is_closed, tail, log));
        }
    }

    /// Nothing more will come.
    pub(super) fn end(&mut self) {
        let Self { cleaner, head, is_closed, tail, log, .. } = self;
        cleaner.end(&mut |row| keep(row, head, is_closed, tail, log));
    }

    /// Whether it is more than is kept of any command.
    pub(super) fn is_flood(&self) -> bool {
        self.written > FLOOD || self.log.bytes() > LOG
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    fn rows(&self) -> u64 {
        self.log.rows() + u64::from(!self.cleaner.row().is_empty())
    }

    /// The last line that has something in it, for those who wait.
    pub(super) fn last_line(&self) -> String {
        let lines = [self.cleaner.row(), &self.tail, &self.head];
        let last = lines.iter().flat_map(|text| text.lines().rev()).find(|line| !line.trim().is_empty());
        last.unwrap_or_default().trim().chars().take(120).collect()
    }

    /// The beginning and the end.
    pub(super) fn whole(&self) -> Whole {
        let row = self.cleaner.row();
        let all = self.log.bytes() + row.len() as u64;
        let (rows, written) = (self.rows(), self.written);
        if !self.is_closed || all - self.head.len() as u64 <= HALF as u64 {
            let head = [&self.head, &self.tail, row].concat();
            return Whole { head, rows, written, ..Whole::default() };
        }
        let kept = format!("{}{row}", self.tail);
        let mut start = kept.ceil_char_boundary(kept.len().saturating_sub(HALF));
        // Rather a whole line than the rest of one.
        if let Some(end) = kept[start..kept.floor_char_boundary(start + ROW)].find('\n') {
            start += end + 1;
        }
        let tail = kept[start..].to_owned();
        let first = rows_of(&self.head);
        Whole {
            head: self.head.clone(),
            left_out: rows.saturating_sub(first + rows_of(&tail)),
            tail,
            from: first + 1,
            rows,
            written,
        }
    }

    /// The end of all that it wrote, at most so many bytes.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) fn end_of(&mut self, most: usize) -> io::Result<String> {
        let all = self.log.bytes();
        let mut from = all.saturating_sub(most as u64);
        loop {
            let text = self.log.text(from, most)?;
            // The place may be inside of a character.
            if !text.is_empty() || from >= all {
                return Ok(text + self.cleaner.row());
            }
            from += 1;
        }
    }

    /// Some rows, the first counted from 1.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) fn page(&mut self, first: u64, rows: u64) -> io::Result<Page> {
        let from = first.max(1) - 1;
        let (mut text, mut count) = self.log.page(from, rows, SHOWN)?;
        let row = self.cleaner.row();
        if !row.is_empty()
            && from + count == self.log.rows()
            && count < rows
            && text.len() + row.len() <= SHOWN
        {
            text.push_str(row);
            count += 1;
        }
        let next = from.saturating_add(count) + 1;
        let rows = self.rows();
        Ok(Page { text, rows, next: (next <= rows).then_some(next) })
    }

    /// Whether there is something that the last [`Self::news`] did not have.
    pub(super) fn has_news(&self) -> bool {
        self.log.bytes() > self.read.bytes || self.cleaner.row() != self.read.row
    }

    /// What came since this was asked last.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) fn news(&mut self) -> io::Result<News> {
        let mut text = self.log.text(self.read.bytes, SHOWN)?;
        let is_all = self.read.bytes + text.len() as u64 == self.log.bytes();
        let before = std::mem::take(&mut self.read.row);
        self.read.bytes += text.len() as u64;
        if is_all {
            text.push_str(self.cleaner.row());
            self.cleaner.row().clone_into(&mut self.read.row);
        }
        // A row that was shown while it was written is not shown again, unless it was drawn over.
        if text.starts_with(&before) {
            text.drain(..before.len());
        }
        Ok(News { text, more: !is_all })
    }
}

fn keep(row: &str, head: &mut String, is_closed: &mut bool, tail: &mut String, log: &mut Log) {
    log.add(row);
    if !*is_closed && head.len() + row.len() <= HALF {
        head.push_str(row);
        return;
    }
    *is_closed = true;
    tail.push_str(row);
    if tail.len() > 2 * HALF {
        let end = tail.floor_char_boundary(tail.len() - HALF);
        tail.drain(..end);
    }
}

#[cfg(test)]
mod tests;
