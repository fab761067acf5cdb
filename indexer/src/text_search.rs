//! Text search over the index: trigrams say which files can match, and only those are read.

use crate::filter::Filter;
use crate::snapshot::{FileId, Snapshot};
use crate::text::{Compiled, LineRole};
use crate::trigram::Candidates;
use std::ops::{ControlFlow, Range};

/// Longest line shown, in bytes; longer ones are cut.
const LINE_LIMIT: usize = 2_000;

/// A line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextHit {
    pub path: String,
    /// Counted from 1.
    pub line: u64,
    /// Where the line starts, in bytes of the decoded text.
    pub offset: u64,
    /// The line, with U+FFFD for what is not UTF-8, cut past 2,000 bytes.
    pub text: String,
    pub role: LineRole,
    /// The matches, in bytes of the line before it was made UTF-8.
    pub spans: Vec<Range<usize>>,
}

/// What a text search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextHits {
    /// In path order; context lines included where they were asked for.
    pub hits: Vec<TextHit>,
    /// Matching lines among them.
    pub matches: u64,
    /// Whether the limit ended the search.
    pub more: bool,
    /// Files that were read.
    pub searched: usize,
}

impl Snapshot {
    /// The lines that a pattern matches, in path order, up to a number of matching lines. `bytes`
    /// gives a file's bytes as they were indexed; files it has nothing for are passed over.
    #[must_use]
    pub fn search_text(
        &self,
        query: &Compiled,
        filter: &Filter,
        limit: u64,
        bytes: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> TextHits {
        let mut found = TextHits::default();
        let mut scanner = query.scanner();
        for file in self.candidate_files(query, filter) {
            let path = self.path(file);
            let Some(bytes) = bytes(path) else { continue };
            found.searched += 1;
            let (mut matches, mut more) = (found.matches, false);
            let hits = &mut found.hits;
            scanner.search(&bytes, |line| {
                if line.role == LineRole::Match {
                    if matches == limit {
                        more = true;
                        return ControlFlow::Break(());
                    }
                    matches += 1;
                }
                let shown = &line.bytes[..line.bytes.len().min(LINE_LIMIT)];
                hits.push(TextHit {
                    path: path.to_owned(),
                    line: line.number,
                    offset: line.offset,
                    text: String::from_utf8_lossy(shown).into_owned(),
                    role: line.role,
                    spans: line.spans().to_vec(),
                });
                ControlFlow::Continue(())
            });
            (found.matches, found.more) = (matches, more);
            if more {
                break;
            }
        }
        found
    }

    /// How many lines match, file by file in path order.
    #[must_use]
    pub fn count_text(
        &self,
        query: &Compiled,
        filter: &Filter,
        bytes: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Vec<(String, u64)> {
        let mut scanner = query.scanner();
        let mut counts = Vec::new();
        for file in self.candidate_files(query, filter) {
            let path = self.path(file);
            let count = bytes(path).map_or(0, |bytes| scanner.count(&bytes));
            if count > 0 {
                counts.push((path.to_owned(), count));
            }
        }
        counts
    }

    /// The paths of the files that can have a match, in order; for those who read files themselves.
    #[must_use]
    pub fn text_candidates(&self, query: &Compiled, filter: &Filter) -> Vec<String> {
        self.candidate_files(query, filter).into_iter().map(|file| self.path(file).to_owned()).collect()
    }

    /// The files that can have a match, in path order.
    fn candidate_files(&self, query: &Compiled, filter: &Filter) -> Vec<FileId> {
        let mut files = Vec::new();
        for (part, held) in (0u32..).zip(self.parts()) {
            let candidates = held.segment.trigrams().map(|table| table.candidates(query.trigrams()));
            let mut add = |doc: u32| {
                let file = FileId { part, doc };
                if held.live.has(doc) && filter.admits_file(self.path(file), self.meta(file).language) {
                    files.push(file);
                }
            };
            match candidates {
                Some(Candidates::Some(docs)) => {
                    docs.iter().copied().for_each(&mut add);
                    // Files without trigrams can always match.
                    let unsearched = held.segment.unsearched();
                    unsearched.filter(|doc| docs.binary_search(doc).is_err()).for_each(&mut add);
                }
                Some(Candidates::All) | None => held.live.iter().for_each(&mut add),
            }
        }
        files.sort_unstable_by(|a, b| self.path(*a).cmp(self.path(*b)));
        files
    }
}
