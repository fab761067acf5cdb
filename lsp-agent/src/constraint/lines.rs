//! A file's lines, sorted by what follows from each line's start: a quote of whole lines is a range of them.
//!
//! The order is found by prefix doubling (Manber and Myers 1990) over lines instead of characters, what neighbours
//! share after Kasai and others (2001), so that files of equal lines cost no more than others.

use super::escape;
use super::sorted::{Sorted, Span, common, offset};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use thiserror::Error;

/// The largest file that can be quoted, in bytes.
const LARGEST: usize = 16 << 20;

/// A file that cannot be quoted.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum QuoteError {
    #[error("a file of {0} bytes is too large to quote from, the most is {LARGEST}")]
    TooLarge(usize),
}

/// How a quote is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quoting {
    /// As in the file.
    Plain,
    /// Inside of a JSON string.
    Json,
}

/// A file to quote whole lines from. Line ends are `\n` in the quote, whatever they are in the file; a byte order mark
/// and a missing last line end are no part of it.
#[derive(Debug)]
pub struct Quotable {
    pub(super) sorted: Sorted,
    /// Where each line begins in what is sorted, and where that ends.
    lines: Vec<u32>,
    /// Where each line begins and where its text ends in the file.
    places: Vec<(usize, usize)>,
    /// The line that each entry begins with.
    first_lines: Vec<u32>,
    /// How a line's end is written.
    line_end: &'static [u8],
    /// Of each byte: whether a line's end is written there.
    ends: Vec<bool>,
    /// Where the last line's text ends.
    last_end: u32,
    /// The file's size in bytes.
    size: usize,
}

/// When a quote ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRule {
    pub stop: Stop,
    pub last_break: LastBreak,
}

/// Whether a text of several ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Not,
    May,
    /// It ends and cannot go on.
    Must,
    /// It went too far: it can neither go on nor end.
    Never,
}

/// How much is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// No more lines than it takes to be found once.
    AtUniqueLine,
    /// As many lines as the model likes, and so many that they are found once.
    Open,
}

/// Where the line break after the last line belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastBreak {
    /// To what follows the quote, such as `\n>>>>>>>`; or to nothing.
    Outside,
    /// To the quote: what follows it stands at the start of a line.
    Inside,
}

/// Lines of a file that were quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Lines, counted from zero.
    pub lines: Range<usize>,
    /// Bytes of the file, from the first line's start to the last line's end, without its line break.
    pub bytes: Range<usize>,
    /// Where the line after it begins, or the file ends.
    pub next: usize,
}

impl Quotable {
    /// Prepares a file's text.
    ///
    /// # Errors
    /// When it is too large.
    pub fn new(text: &str, quoting: Quoting) -> Result<Self, QuoteError> {
        if text.len() > LARGEST {
            return Err(QuoteError::TooLarge(text.len()));
        }
        let places = places(text);
        let line_end: &'static [u8] = match quoting {
            Quoting::Plain => b"\n",
            Quoting::Json => b"\\n",
        };
        let (mut written, mut lines, mut line_ends) = (Vec::new(), Vec::new(), Vec::new());
        for (start, end) in &places {
            lines.push(offset(written.len()));
            match quoting {
                Quoting::Plain => written.extend_from_slice(&text.as_bytes()[*start..*end]),
                Quoting::Json => escape::json(&text[*start..*end], &mut written),
            }
            line_ends.push(written.len());
            written.extend_from_slice(line_end);
        }
        lines.push(offset(written.len()));
        let mut ends = vec![false; written.len() + 1];
        let last_end = offset(written.len() - line_end.len());
        line_ends.into_iter().for_each(|end| ends[end] = true);
        let first_lines = sort_lines(&written, &lines);
        let shared = shared(&written, &lines, &first_lines);
        let end = offset(written.len());
        let entries = first_lines.iter().map(|line| (lines[*line as usize], end)).collect();
        let sorted = Sorted::new(written, entries, shared);
        Ok(Self { sorted, lines, places, first_lines, line_end, ends, last_end, size: text.len() })
    }

    /// Whether the quote may end after `depth` bytes of an entry: a line is complete and nothing else reads the same.
    fn may_end(&self, rule: QuoteRule, entry: u32, depth: u32) -> bool {
        let most = self.sorted.shared_most(entry);
        match rule.last_break {
            // A quote of nothing is of use in a file of nothing only.
            LastBreak::Outside => {
                most < depth + self.width()
                    && (depth > 0 || self.sorted.len() == 1)
                    && self.ends_at(entry, depth)
            }
            LastBreak::Inside => most < depth && self.ended(entry, depth, self.width()),
        }
    }

    /// What a quote may do after `depth` bytes of an entry.
    pub(super) fn exit(&self, rule: QuoteRule, entry: u32, depth: u32) -> Exit {
        match (self.is_closed(rule, entry, depth), rule.last_break) {
            (true, LastBreak::Outside) => Exit::Never,
            (true, LastBreak::Inside) => Exit::Must,
            (false, _) if self.may_end(rule, entry, depth) => Exit::May,
            (false, _) => Exit::Not,
        }
    }

    /// Whether something may follow that leaves a quote possible.
    pub(super) fn goes_on(&self, rule: QuoteRule, span: Span) -> bool {
        let mut entry = span.low;
        while entry < span.high {
            let next = self.sorted.byte(entry, span.depth).and_then(|byte| self.sorted.narrow(span, byte));
            match next {
                Some(next) if self.exit(rule, next.low, next.depth) != Exit::Never => return true,
                Some(next) => entry = next.high,
                None => entry += 1,
            }
        }
        false
    }

    /// Whether the quote went as far as it may: behind the last break, or beyond it where that is not quoted.
    fn is_closed(&self, rule: QuoteRule, entry: u32, depth: u32) -> bool {
        let most = self.sorted.shared_most(entry);
        if most >= depth {
            return false;
        }
        let stops = rule.stop == Stop::AtUniqueLine;
        let width = self.width();
        match rule.last_break {
            LastBreak::Inside => stops && self.ended(entry, depth, width),
            LastBreak::Outside => {
                let unique = |back| most + back < depth + width && self.ended(entry, depth, back);
                self.sorted.begin(entry) + depth > self.last_end || stops && (1..=width).any(unique)
            }
        }
    }

    /// The entry with which the quote may end here.
    pub(super) fn ending(&self, rule: QuoteRule, span: Span) -> Option<u32> {
        let entry = match rule.last_break {
            LastBreak::Inside => span.low,
            // Of the texts that read the same so far, one that ends its line here.
            LastBreak::Outside => {
                self.line_end.iter().try_fold(span, |span, byte| self.sorted.narrow(span, *byte))?.low
            }
        };
        self.may_end(rule, entry, span.depth).then_some(entry)
    }

    /// The lines that `depth` bytes of an entry cover.
    pub(super) fn place(&self, rule: QuoteRule, entry: u32, depth: u32) -> Place {
        let first = self.first_lines[entry as usize] as usize;
        let end = self.sorted.begin(entry) + depth;
        // Where the last break is not quoted, an empty last line begins where the quote ends.
        let begins = |line: &u32| match rule.last_break {
            LastBreak::Inside => *line < end,
            LastBreak::Outside => *line <= end,
        };
        let last = first + self.lines[first + 1..].partition_point(begins);
        let next = self.places.get(last + 1).map_or(self.size, |(start, _)| *start);
        Place { lines: first..last + 1, bytes: self.places[first].0..self.places[last].1, next }
    }

    /// How far back in the text a quote can begin to end.
    pub(super) fn width(&self) -> u32 {
        offset(self.line_end.len())
    }

    fn ends_at(&self, entry: u32, depth: u32) -> bool {
        self.ends[(self.sorted.begin(entry) + depth) as usize]
    }

    /// Whether a line's text ended `back` bytes before.
    fn ended(&self, entry: u32, depth: u32, back: u32) -> bool {
        depth >= back && self.ends_at(entry, depth - back)
    }
}

/// Where each line begins and where its text ends. A file of nothing has one line of nothing.
fn places(text: &str) -> Vec<(usize, usize)> {
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut places = Vec::new();
    while start < text.len() || places.is_empty() {
        let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |at| start + at);
        let is_crlf = end < text.len() && text[start..end].ends_with('\r');
        places.push((start, end - usize::from(is_crlf)));
        start = end + 1;
    }
    places
}

/// The lines in the order of the text from each to the end.
fn sort_lines(text: &[u8], lines: &[u32]) -> Vec<u32> {
    let count = lines.len() - 1;
    let line = |line: u32| &text[lines[line as usize] as usize..lines[line as usize + 1] as usize];
    let mut order: Vec<u32> = (0..offset(count)).collect();
    order.sort_unstable_by(|one, other| line(*one).cmp(line(*other)));
    let mut ranks = vec![0_u32; count];
    let mut last = 0;
    for pair in order.windows(2) {
        last += u32::from(line(pair[0]) != line(pair[1]));
        ranks[pair[1] as usize] = last;
    }
    let mut step = 1;
    while (last as usize) + 1 < count {
        // Rank now, and rank of what follows; past the end comes before everything.
        let key = |at: u32| {
            let next = ranks.get(at as usize + step).map_or(0, |rank| u64::from(*rank) + 1);
            u64::from(ranks[at as usize]) << 32 | next
        };
        order.sort_unstable_by_key(|at| key(*at));
        let mut finer = vec![0_u32; count];
        last = 0;
        for pair in order.windows(2) {
            last += u32::from(key(pair[0]) != key(pair[1]));
            finer[pair[1] as usize] = last;
        }
        ranks = finer;
        step *= 2;
    }
    order
}

/// How many bytes each text shares with the one before.
fn shared(text: &[u8], lines: &[u32], order: &[u32]) -> Vec<u32> {
    let count = order.len();
    let line = |line: usize| &text[lines[line] as usize..lines[line + 1] as usize];
    let mut place = vec![0; count];
    for (at, first) in order.iter().enumerate() {
        place[*first as usize] = at;
    }
    let mut shared = vec![0; count + 1];
    let mut alike = 0;
    for first in 0..count {
        if place[first] == 0 {
            alike = 0;
            continue;
        }
        let other = order[place[first] - 1] as usize;
        while first + alike < count && other + alike < count && line(first + alike) == line(other + alike) {
            alike += 1;
        }
        let rest = match (first + alike < count, other + alike < count) {
            (true, true) => common(line(first + alike), line(other + alike)),
            _ => 0,
        };
        shared[place[first]] = lines[first + alike] - lines[first] + rest;
        alike = alike.saturating_sub(1);
    }
    shared
}
