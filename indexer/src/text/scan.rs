//! Searches the bytes of one file after the other.

use super::decode::plain;
use super::pattern::Compiled;
use grep_matcher::Matcher;
use grep_regex::RegexMatcher;
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkContextKind, SinkMatch,
};
use std::io;
use std::ops::{ControlFlow, Range};

/// A line to show.
#[derive(Debug)]
pub struct Line<'a> {
    /// Counted from 1.
    pub number: u64,
    /// Where the line starts, in bytes of the decoded text: without a byte order mark, UTF-16 as UTF-8.
    pub offset: u64,
    /// The line without its line feed. It may end in a carriage return and need not be UTF-8.
    pub bytes: &'a [u8],
    /// Whether it matches.
    pub role: LineRole,
    /// Lines were left out between this one and the one shown before. Only with context.
    pub after_gap: bool,
    matcher: &'a RegexMatcher,
}

impl Line<'_> {
    /// The matches in a matching line, as ranges of `bytes`, ascending. Some may be empty.
    ///
    /// They are looked for only now: a line is known to match by its first one.
    pub fn spans(&self) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        if self.role == LineRole::Match {
            let found = self.matcher.find_iter(self.bytes, |span| {
                spans.push(span.start()..span.end());
                true
            });
            found.expect("the matcher has no errors");
        }
        spans
    }
}

/// Why a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineRole {
    /// It matches.
    Match,
    /// It comes before a line that matches.
    Before,
    /// It comes after a line that matches.
    After,
}

/// How the search of a file ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Matching lines shown.
    pub matches: u64,
    /// Where a NUL byte ended the search, in bytes of the decoded text. Lines shown came from buffers
    /// before the one with that byte; ripgrep warns of such a file.
    pub nul: Option<u64>,
}

/// One thread's buffers for searching file after file.
pub struct Scanner<'c> {
    compiled: &'c Compiled,
    /// For text in one piece.
    whole: Searcher,
    /// The same without line numbers.
    unnumbered: Searcher,
}

impl Compiled {
    /// A searcher for one thread.
    pub fn scanner(&self) -> Scanner<'_> {
        let mut builder = SearcherBuilder::new();
        builder.max_matches(self.limit).bom_sniffing(false);
        let unnumbered = builder.line_number(false).build();
        let whole = builder.line_number(true).before_context(self.before).after_context(self.after).build();
        Scanner { compiled: self, whole, unnumbered }
    }

    /// For text that must be decoded or may have a NUL byte: reads as ripgrep does, buffer by buffer.
    ///
    /// Made anew for each file, because a buffer grows for a long line, and where the buffers start decides
    /// how much of a file with a NUL byte is searched. So the answer does not hang on the files before.
    fn buffered(&self, before: usize, after: usize) -> Searcher {
        SearcherBuilder::new()
            .max_matches(self.limit)
            .before_context(before)
            .after_context(after)
            .binary_detection(BinaryDetection::quit(0))
            .build()
    }
}

impl Scanner<'_> {
    /// Shows the matching lines of a file and their context, in order, until `show` breaks off.
    ///
    /// These are the lines that ripgrep prints for a file that it comes to in a folder.
    pub fn search(&mut self, bytes: &[u8], show: impl FnMut(&Line<'_>) -> ControlFlow<()>) -> Outcome {
        let matcher = &self.compiled.matcher;
        let mut lines = Lines { matcher, show, after_gap: false, outcome: Outcome::default() };
        run(match plain(bytes) {
            Some(text) => self.whole.search_slice(matcher, text, &mut lines),
            None => {
                let mut buffered = self.compiled.buffered(self.compiled.before, self.compiled.after);
                buffered.search_reader(matcher, bytes, &mut lines)
            }
        });
        lines.outcome
    }

    /// Whether a line of the file matches. Reads no further than the first that does.
    pub fn is_match(&mut self, bytes: &[u8]) -> bool {
        self.tally(bytes, true).matches > 0
    }

    /// How many lines of the file match, at most the query's limit. As ripgrep counts: none if there is a
    /// NUL byte.
    pub fn count(&mut self, bytes: &[u8]) -> u64 {
        let outcome = self.tally(bytes, false);
        if outcome.nul.is_some() { 0 } else { outcome.matches }
    }

    fn tally(&mut self, bytes: &[u8], first_only: bool) -> Outcome {
        let matcher = &self.compiled.matcher;
        let mut tally = Tally { first_only, outcome: Outcome::default() };
        run(match plain(bytes) {
            Some(text) => self.unnumbered.search_slice(matcher, text, &mut tally),
            None => self.compiled.buffered(0, 0).search_reader(matcher, bytes, &mut tally),
        });
        tally.outcome
    }
}

fn run(result: io::Result<()>) {
    result.expect("reading memory and matching without limits do not fail");
}

struct Lines<'l, F> {
    matcher: &'l RegexMatcher,
    show: F,
    after_gap: bool,
    outcome: Outcome,
}

impl<F: FnMut(&Line<'_>) -> ControlFlow<()>> Lines<'_, F> {
    fn show(&mut self, role: LineRole, number: Option<u64>, offset: u64, bytes: &[u8]) -> bool {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        self.outcome.matches += u64::from(role == LineRole::Match);
        let number = number.unwrap_or_default();
        let after_gap = std::mem::take(&mut self.after_gap);
        (self.show)(&Line { number, offset, bytes, role, after_gap, matcher: self.matcher }).is_continue()
    }
}

impl<F: FnMut(&Line<'_>) -> ControlFlow<()>> Sink for Lines<'_, F> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, line: &SinkMatch<'_>) -> io::Result<bool> {
        Ok(self.show(LineRole::Match, line.line_number(), line.absolute_byte_offset(), line.bytes()))
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> io::Result<bool> {
        let role = match line.kind() {
            SinkContextKind::Before => LineRole::Before,
            SinkContextKind::After | SinkContextKind::Other => LineRole::After,
        };
        Ok(self.show(role, line.line_number(), line.absolute_byte_offset(), line.bytes()))
    }

    fn context_break(&mut self, _: &Searcher) -> io::Result<bool> {
        self.after_gap = true;
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, offset: u64) -> io::Result<bool> {
        self.outcome.nul = Some(offset);
        Ok(true)
    }
}

struct Tally {
    first_only: bool,
    outcome: Outcome,
}

impl Sink for Tally {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, _: &SinkMatch<'_>) -> io::Result<bool> {
        self.outcome.matches += 1;
        Ok(!self.first_only)
    }

    fn binary_data(&mut self, _: &Searcher, offset: u64) -> io::Result<bool> {
        self.outcome.nul = Some(offset);
        Ok(true)
    }
}
