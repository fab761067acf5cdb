//! The index: text goes in, snapshots come out.
//!
//! It is a stack of immutable segments, each with the set of its documents that still hold. An
//! update adds a segment of one file and strikes the file's older document; small segments merge
//! as they gather, so what an update costs follows the file's size and not the repository's.

use crate::file::{FILE_LIMIT, Prepared, Workshop, hash};
use crate::language::Language;
use crate::segment::{self, Segment, Stat, write};
use crate::snapshot::{Live, Part, Snapshot};
use std::ops::Range;
use std::sync::Arc;
use tree_sitter::{InputEdit, Point, Tree};

/// Segments of about one size that may gather before they merge.
const FANOUT: usize = 8;
/// Merges of more bytes than this wait until the index is saved.
const MERGE_LIMIT: usize = 1 << 20;
/// Texts kept with their trees, so that the next edit is parsed incrementally.
const RECENT_TEXTS: usize = 32;
/// Bytes of text kept with their trees.
const RECENT_BYTES: usize = 16 << 20;

/// Texts with errors up to this size are parsed afresh after an edit; bytes.
const REPARSE_LIMIT: usize = 48 << 10;

/// Replaces a range of bytes by a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// Bytes of the text before this edit, on character boundaries.
    pub range: Range<usize>,
    pub text: String,
}

/// Why an edit could not be taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditError {
    #[error("the text of `{path}` is not at hand; pass it whole with `update`")]
    Unknown { path: String },
    #[error("edit {start}..{end} of `{path}` is outside its {len} bytes or splits a character")]
    OutOfRange { path: String, start: usize, end: usize, len: usize },
}

/// A text with its tree.
struct Recent {
    path: String,
    text: String,
    language: Language,
    tree: Tree,
}

/// The owner of the index. Updates need `&mut`; readers work on [`Snapshot`]s.
pub struct Index {
    pub(crate) parts: Vec<Part>,
    workshop: Workshop,
    /// Most recently used last.
    recent: Vec<Recent>,
    complete: bool,
}

impl Default for Index {
    fn default() -> Self {
        Self { parts: Vec::new(), workshop: Workshop::default(), recent: Vec::new(), complete: true }
    }
}

impl Index {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A view of the index as it is now: cheap to make, to clone and to send to other threads.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.parts.clone().into(), self.complete)
    }

    /// Sets whether every file of the tree has been taken in; see [`Snapshot::is_complete`].
    pub(crate) fn set_complete(&mut self, complete: bool) {
        self.complete = complete;
    }

    /// Indexes a text under a path (relative, with `/`), replacing what the path had before. When
    /// the path's last text is still at hand, only what changed is parsed again.
    pub fn update(&mut self, path: &str, text: &str) {
        if let Some(at) = self.recent.iter().position(|recent| recent.path == path) {
            let edit = difference(&self.recent[at].text, text);
            if self.edit_recent(at, &[edit]).is_ok() {
                return;
            }
        }
        let language = Language::of_path(path).filter(|_| text.len() < FILE_LIMIT);
        let tree = language.and_then(|language| {
            Some((language, self.workshop.parsers.parse(language, text.as_bytes(), None)?))
        });
        self.store_text(path, text, tree.as_ref());
        if let Some((language, tree)) = tree {
            self.remember(Recent { path: path.to_owned(), text: text.to_owned(), language, tree });
        }
    }

    /// Applies edits, one after the other, to the path's last text.
    ///
    /// # Errors
    /// When that text is no longer at hand (it then has to come whole, by [`Self::update`]), or an
    /// edit lies outside of it. The index is then as before.
    pub fn edit(&mut self, path: &str, edits: &[TextEdit]) -> Result<(), EditError> {
        let at = self.recent.iter().position(|recent| recent.path == path);
        let at = at.ok_or_else(|| EditError::Unknown { path: path.to_owned() })?;
        self.edit_recent(at, edits)
    }

    /// The path's last text, while it is at hand.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.recent.iter().find(|recent| recent.path == path).map(|recent| recent.text.as_str())
    }

    /// Forgets a path. Says whether it was there.
    pub fn remove(&mut self, path: &str) -> bool {
        self.recent.retain(|recent| recent.path != path);
        self.strike(path)
    }

    fn edit_recent(&mut self, at: usize, edits: &[TextEdit]) -> Result<(), EditError> {
        let mut recent = self.recent.remove(at);
        let (mut text, mut tree) = (recent.text.clone(), recent.tree.clone());
        for edit in edits {
            let range = edit.range.clone();
            if range.start > range.end
                || range.end > text.len()
                || !text.is_char_boundary(range.start)
                || !text.is_char_boundary(range.end)
            {
                let path = recent.path.clone();
                let len = text.len();
                self.recent.insert(at, recent);
                return Err(EditError::OutOfRange { path, start: range.start, end: range.end, len });
            }
            apply(&mut text, &mut tree, edit);
        }
        let parsers = &mut self.workshop.parsers;
        let mut parsed = parsers.parse(recent.language, text.as_bytes(), Some(&tree));
        // Around text that does not parse, what an old tree leads to can differ from a fresh parse.
        if text.len() < REPARSE_LIMIT && parsed.as_ref().is_some_and(|tree| tree.root_node().has_error()) {
            parsed = parsers.parse(recent.language, text.as_bytes(), None);
        }
        let parsed = parsed.map(|tree| (recent.language, tree));
        self.store_text(&recent.path.clone(), &text, parsed.as_ref());
        if let Some((_, tree)) = parsed {
            (recent.text, recent.tree) = (text, tree);
            self.remember(recent);
        }
        Ok(())
    }

    fn remember(&mut self, recent: Recent) {
        self.recent.push(recent);
        let mut bytes: usize = self.recent.iter().map(|recent| recent.text.len()).sum();
        while self.recent.len() > 1 && (self.recent.len() > RECENT_TEXTS || bytes > RECENT_BYTES) {
            bytes -= self.recent.remove(0).text.len();
        }
    }

    fn store_text(&mut self, path: &str, text: &str, tree: Option<&(Language, Tree)>) {
        let stat = Stat { size: text.len() as u64, modified: 0, hash: hash(text.as_bytes()) };
        let language = tree.map(|(language, _)| *language);
        let tree = tree.map(|(_, tree)| tree);
        let prepared = self.workshop.prepare_parsed(path, language, text.as_bytes(), stat, tree);
        self.store(path, &prepared);
    }

    /// Adds one file as a segment of its own and strikes its older document.
    pub(crate) fn store(&mut self, path: &str, prepared: &Prepared) {
        let mut builder = write::Builder::default();
        builder.add(path, prepared.meta, &prepared.encoded, &prepared.trigrams);
        self.strike(path);
        self.push_segment(builder.finish());
        self.merge_small();
    }

    /// Adds a segment whose paths are new or already struck.
    pub(crate) fn push_segment(&mut self, bytes: Vec<u8>) {
        let segment = Segment::open(Arc::new(bytes)).expect("what was just written opens");
        self.parts.push(Part::new(Arc::new(segment)));
    }

    /// Strikes a path's document. Says whether there was one.
    pub(crate) fn strike(&mut self, path: &str) -> bool {
        let mut found = false;
        for part in self.parts.iter_mut().rev() {
            if let Some(doc) = part.segment.doc_of(path).filter(|doc| part.live.has(*doc)) {
                Arc::make_mut(&mut part.live).strike(doc);
                found = true;
                break;
            }
        }
        if found {
            self.parts.retain(|part| part.live.count() > 0);
        }
        found
    }

    /// Merges the newest segments once enough of about one size have gathered.
    fn merge_small(&mut self) {
        loop {
            let size = |part: &Part| part.segment.len().max(1).ilog2() / 3;
            let Some(newest) = self.parts.last().map(size) else { return };
            let count = self.parts.iter().rev().take_while(|part| size(part) <= newest).count();
            let from = self.parts.len() - count;
            let bytes: usize = self.parts[from..].iter().map(|part| part.segment.len()).sum();
            if count < FANOUT || bytes > MERGE_LIMIT {
                return;
            }
            if !self.merge_from(from) {
                return;
            }
        }
    }

    /// Merges all segments from one on into one. Says whether it could: a damaged segment stays as
    /// it is, so that whoever asks is told and the index is built anew.
    pub(crate) fn merge_from(&mut self, from: usize) -> bool {
        let merged = merge_parts(&self.parts[from..]);
        if self.parts[from..].iter().any(|part| part.segment.is_damaged()) {
            return false;
        }
        self.parts.truncate(from);
        self.push_segment(merged);
        true
    }
}

/// The live documents of some parts as one segment.
pub(crate) fn merge_parts(parts: &[Part]) -> Vec<u8> {
    let tests: Vec<_> = parts.iter().map(|part| |doc: u32| part.live.has(doc)).collect();
    let merged: Vec<(&Segment, &dyn Fn(u32) -> bool)> =
        parts.iter().zip(&tests).map(|(part, test)| (&*part.segment, test as &dyn Fn(u32) -> bool)).collect();
    segment::write::merge(&merged)
}

/// The one edit between two texts: what lies between their common beginning and end.
fn difference(old: &str, new: &str) -> TextEdit {
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let mut start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    while !old.is_char_boundary(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let most = a.len().min(b.len()) - start;
    let mut same = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
    while !old.is_char_boundary(a.len() - same) || !new.is_char_boundary(b.len() - same) {
        same -= 1;
    }
    TextEdit { range: start..a.len() - same, text: new[start..b.len() - same].to_owned() }
}

/// Applies an edit to a text and tells the tree.
fn apply(text: &mut String, tree: &mut Tree, edit: &TextEdit) {
    let start_position = point(text, edit.range.start);
    let old_end_position = point(text, edit.range.end);
    text.replace_range(edit.range.clone(), &edit.text);
    let new_end_byte = edit.range.start + edit.text.len();
    tree.edit(&InputEdit {
        start_byte: edit.range.start,
        old_end_byte: edit.range.end,
        new_end_byte,
        start_position,
        old_end_position,
        new_end_position: point(text, new_end_byte),
    });
}

/// Row and byte column of an offset.
fn point(text: &str, offset: usize) -> Point {
    let before = &text.as_bytes()[..offset];
    let row = memchr::memchr_iter(b'\n', before).count();
    let column = offset - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    Point { row, column }
}

impl Live {
    fn strike(&mut self, doc: u32) {
        if let Some(word) = self.words.get_mut(doc as usize / 64) {
            *word &= !(1 << (doc % 64));
        }
    }
}

#[cfg(test)]
mod tests;
