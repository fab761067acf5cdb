//! A text with its lines, as symbols point into it.

use crate::tool::{ToolContext, ToolError};
use crate::tools::target::text_of;
use crate::workspace::{Encoding, Layer, RelPath, Snapshot as Workspace};
use devtoolkit_index::Snapshot;
use std::sync::Arc;

/// The longest line that is shown, in characters.
const SHOWN: usize = 160;

/// A file's text.
pub(super) struct Source {
    /// Where it really is, links followed.
    pub(super) path: RelPath,
    pub(super) text: String,
    bytes: Arc<[u8]>,
    /// Whether the index counts in the file's own bytes and not the text's: it makes no guess at an encoding.
    is_guessed: bool,
    /// Where each line begins, in bytes.
    starts: Vec<usize>,
}

impl Source {
    /// The top layer's text of a path.
    pub(super) fn read(context: &ToolContext, path: &RelPath) -> Result<Self, ToolError> {
        Self::of(&context.snapshot, path)
    }

    /// As [`Self::read`], without a call's context.
    pub(super) fn of(workspace: &Workspace, path: &RelPath) -> Result<Self, ToolError> {
        let seen = workspace.read(path)?;
        let (text, encoding) = text_of(&seen.path, &seen.content)?;
        let text = text.into_owned();
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).collect();
        let is_guessed = encoding == Encoding::Latin1 && seen.layer == Layer::Disk;
        Ok(Self { path: seen.path, starts, bytes: seen.content.bytes, text, is_guessed })
    }

    /// The same for an index that was given the text.
    pub(super) fn as_given(&self) -> Self {
        let (path, text) = (self.path.clone(), self.text.clone());
        Self { path, text, bytes: self.bytes.clone(), is_guessed: false, starts: self.starts.clone() }
    }

    /// Whether an index's answers for a path are of this text.
    pub(super) fn is_of(&self, snapshot: &Snapshot, inner: &str) -> bool {
        snapshot.is_of(inner, &self.bytes) || snapshot.is_of(inner, self.text.as_bytes())
    }

    /// Whether offsets of the index need to be counted anew.
    pub(super) fn is_guessed(&self) -> bool {
        self.is_guessed
    }

    /// Bytes of the text from an offset of the index.
    pub(super) fn at(&self, offset: u32) -> usize {
        let offset = offset as usize;
        if self.is_guessed {
            let before = self.bytes.iter().take(offset);
            return before.map(|byte| if byte.is_ascii() { 1 } else { 2 }).sum();
        }
        self.text.floor_char_boundary(offset)
    }

    /// The line of an offset of the index, from 1.
    pub(super) fn line(&self, offset: u32) -> usize {
        self.line_at(self.at(offset))
    }

    /// The line of a byte of the text, from 1.
    pub(super) fn line_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// Line and column of a byte of the text, from 1; the column in characters.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let at = self.text.floor_char_boundary(at);
        let line = self.line_at(at);
        (line, self.text[self.starts[line - 1]..at].chars().count() + 1)
    }

    /// Number of lines.
    pub(super) fn lines(&self) -> usize {
        self.starts.len() - usize::from(self.text.is_empty() || self.text.ends_with('\n'))
    }

    /// Where a line (from 1) begins; past the end, the end.
    pub(super) fn start_of(&self, line: usize) -> usize {
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// A line's text (from 1) without its end.
    pub(super) fn line_text(&self, line: usize) -> &str {
        self.text[self.start_of(line)..self.start_of(line + 1)].trim_end_matches(['\n', '\r'])
    }

    /// A line as it is shown: trimmed and cut.
    pub(super) fn shown(&self, line: usize) -> String {
        cut(self.line_text(line).trim())
    }

    /// The offset of a line and column, both from 1, the column in characters.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let text = self.line_text(line);
        let inside = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
        self.start_of(line) + inside
    }
}

/// A line cut to what is shown.
pub(super) fn cut(line: &str) -> String {
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// Where a text has a name that is no part of a longer one.
pub(super) fn whole_word(text: &str, name: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.match_indices(name)
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word))
}
