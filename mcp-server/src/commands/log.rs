//! All that a command wrote, in a file without a name, which the system takes back however this process ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::clean::ROW;

/// The most bytes of a log.
pub(super) const LOG: u64 = 64 << 20;
/// Every so many rows one is remembered by its place.
const MARK: u64 = 1_024;
/// What is written at once.
const PIECE: usize = 64 << 10;

/// Rows of text that can be read again from any of them.
#[derive(Debug)]
pub(super) struct Log {
    /// `None` once it could not be written.
    file: Option<File>,
    /// What the file does not have yet.
    unwritten: Vec<u8>,
    bytes: u64,
    rows: u64,
    /// Where each [`MARK`]th row begins.
    marks: Vec<u64>,
}

impl Log {
    /// An empty log, in a file system that has this folder.
    ///
    /// # Errors
    /// When no file can be made there.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let file = Some(tempfile::tempfile_in(folder)?);
        Ok(Self { file, unwritten: Vec::new(), bytes: 0, rows: 0, marks: Vec::new() })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &str) {
        if self.rows.is_multiple_of(MARK) {
            self.marks.push(self.bytes);
        }
        self.unwritten.extend_from_slice(row.as_bytes());
        self.bytes += row.len() as u64;
        self.rows += 1;
        if self.unwritten.len() >= PIECE {
            self.write();
        }
    }

    fn write(&mut self) {
        let written = self.file.as_mut().map(|file| {
            file.seek(SeekFrom::End(0))?;
            file.write_all(&self.unwritten)
        });
        self.unwritten.clear();
        if let Some(Err(_)) = written {
            self.file = None;
        }
    }

    /// Text from a byte on, at most so much of it, cut at a character.
    ///
    /// # Errors
    /// When it cannot be read, or could not be written.
    pub(super) fn text(&mut self, from: u64, most: usize) -> io::Result<String> {
        self.write();
        let file = self.file.as_mut().ok_or_else(|| io::Error::other("it could not be written"))?;
        file.seek(SeekFrom::Start(from))?;
        // Room for the rest of the last character.
        let mut bytes = Vec::new();
        file.take(most as u64 + 3).read_to_end(&mut bytes)?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            // Only its end is cut: whole characters were written.
            Err(error) => {
                String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned()
            }
        };
        let end = text.floor_char_boundary(most);
        Ok(text[..end].to_owned())
    }

    /// Some rows, the first counted from 0, at most so many and so many bytes of them; and how many these are.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn page(&mut self, first: u64, rows: u64, bytes: usize) -> io::Result<(String, u64)> {
        let Some(&mark) = usize::try_from(first / MARK).ok().and_then(|mark| self.marks.get(mark)) else {
            return Ok((String::new(), 0));
        };
        let (mut at, mut skip) = (mark, first % MARK);
        let (mut page, mut count) = (String::new(), 0);
        loop {
            let text = self.text(at, PIECE)?;
            let is_last = at + text.len() as u64 >= self.bytes;
            let mut rest = text.as_str();
            // A row that the piece may have cut is read again with the next piece.
            while let Some(row) = first_row(rest, is_last) {
                rest = &rest[row.len()..];
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                if count == rows || (page.len() + row.len() > bytes && count > 0) {
                    return Ok((page, count));
                }
                page.push_str(row);
                count += 1;
            }
            if is_last {
                return Ok((page, count));
            }
            at += (text.len() - rest.len()) as u64;
        }
    }
}

/// Rows of a text that begins with one.
pub(super) fn rows_of(mut text: &str) -> u64 {
    let mut rows = 0;
    while let Some(row) = first_row(text, true) {
        text = &text[row.len()..];
        rows += 1;
    }
    rows
}

/// The first row of a text: up to the end of its line, or as long as rows get.
fn first_row(text: &str, is_last: bool) -> Option<&str> {
    let most = text.ceil_char_boundary(ROW);
    match text.as_bytes()[..most].iter().position(|byte| *byte == b'\n') {
        Some(end) => Some(&text[..=end]),
        None if most >= ROW || (is_last && !text.is_empty()) => Some(&text[..most]),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(rows: impl IntoIterator<Item = String>) -> Log {
        let folder = tempfile::tempdir().expect("folder");
        let mut log = Log::new(folder.path()).expect("log");
        rows.into_iter().for_each(|row| log.add(&row));
        log
    }

    #[test]
    fn rows_are_read_from_any_on() {
        let mut log = log((0..10_000).map(|number| format!("row {number}\n")));
        for first in [0, 1, 1_023, 1_024, 1_025, 7_000, 9_999] {
            let (page, count) = log.page(first, 3, 1 << 20).expect("page");
            let wanted: Vec<u64> = (first..10_000).take(3).collect();
            assert_eq!(count, wanted.len() as u64);
            assert_eq!(page, wanted.iter().map(|number| format!("row {number}\n")).collect::<String>());
        }
        assert_eq!(log.page(10_000, 3, 1 << 20).expect("page"), (String::new(), 0));
        assert_eq!(log.page(u64::MAX, 3, 1 << 20).expect("page"), (String::new(), 0));
        assert_eq!(log.page(0, 100, 15).expect("page"), ("row 0\nrow 1\n".to_owned(), 2));
        // Writing goes on after reading.
        log.add("last");
        assert_eq!(log.page(9_999, 9, 100).expect("page"), ("row 9999\nlast".to_owned(), 2));
    }

    #[test]
    fn pieces_of_long_lines_are_rows() {
        let piece = "é".repeat(ROW / 2);
        let mut log = log((0..100).map(|_| piece.clone()).chain(["\n".to_owned(), "end\n".to_owned()]));
        assert_eq!(log.page(99, 9, 1 << 20).expect("page"), (format!("{piece}\nend\n"), 3));
        assert_eq!(log.text(1 << 10, 3).expect("text"), "é");
    }
}
