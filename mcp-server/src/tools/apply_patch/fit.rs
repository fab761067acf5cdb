//! One file's hunks onto its text. Their lines have to be there; where they are, they say only roughly.

use super::parse::{Hunk, Line};
use crate::tools::closest;
use crate::workspace::LineEnd;
use std::hash::{BuildHasher, RandomState};

/// Lines that may be looked at for one file, over all hunks.
const WORK: usize = 50_000_000;

/// Hunks that do not fit whose closest places are looked for, in one file.
const EXPLAINED: usize = 5;

/// What became of a hunk.
pub(super) struct Fitted {
    /// Line of the patch at which the hunk begins.
    pub(super) at: usize,
    /// The line of the file at which it was applied, counted from 1; or why it was not.
    pub(super) outcome: Result<usize, String>,
}

/// The text with every hunk that fits, and what became of each.
pub(super) fn apply(text: &str, hunks: &[Hunk]) -> (String, Vec<Fitted>) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut after =
        After { lines: &lines, text: String::with_capacity(text.len()), from: 0, usual: LineEnd::most(text) };
    let hashes = Hashes::of(&lines);
    let (mut fitted, mut drift, mut work) = (Vec::new(), 0_i64, 0);
    for hunk in hunks {
        let old: Vec<&str> = hunk.lines.iter().filter_map(old).collect();
        let wanted = hunk.start.map(|start| {
            // An empty old side names the line before it.
            let first = if old.is_empty() { start } else { start.saturating_sub(1) };
            usize::try_from(first as i64 + drift).unwrap_or(0)
        });
        let outcome = find(&lines, &hashes, after.from, &old, wanted, &mut work);
        let explained = fitted.iter().filter(|fitted: &&Fitted| fitted.outcome.is_err()).count();
        let near = || if explained < EXPLAINED { near(text, &old) } else { String::new() };
        let outcome = outcome.map_err(|why| why + &near());
        if let Ok(place) = outcome {
            drift = hunk.start.map_or(drift, |start| {
                place as i64 - start.saturating_sub(usize::from(!old.is_empty())) as i64
            });
            after.put(hunk, place, old.len());
        }
        fitted.push(Fitted { at: hunk.at, outcome: outcome.map(|place| place + 1) });
    }
    after.text.push_str(&lines[after.from..].concat());
    (after.text, fitted)
}

fn old(line: &Line) -> Option<&str> {
    match line {
        Line::Same(text) | Line::Old(text) => Some(text),
        Line::New(_) => None,
    }
}

/// What is where the hunk should fit.
fn near(text: &str, old: &[&str]) -> String {
    if old.is_empty() { String::new() } else { closest::place(text, &(old.join("\n") + "\n")) }
}

/// The place nearest to the wanted one, at or after `from`, where the lines are.
fn find(
    lines: &[&str],
    hashes: &Hashes,
    from: usize,
    old: &[&str],
    wanted: Option<usize>,
    work: &mut usize,
) -> Result<usize, String> {
    let fits = |at: usize| {
        lines
            .get(at..at + old.len())
            .is_some_and(|there| there.iter().zip(old).all(|(a, b)| bare(a) == bare(b)))
    };
    if old.is_empty() {
        return match wanted {
            Some(at) if at >= from && at <= lines.len() => Ok(at),
            Some(at) => {
                Err(format!("the file has {} lines, so nothing can be added after line {at}", lines.len()))
            }
            None => Err("it has neither a line number nor lines around it; give one of them".to_owned()),
        };
    }
    if let Some(at) = wanted.filter(|at| *at >= from && fits(*at)) {
        return Ok(at);
    }
    *work += lines.len() - from.min(lines.len());
    if *work > WORK {
        return Err("finding its place takes too long; give right line numbers, or use edit_file".to_owned());
    }
    let places = hashes.places(from, old).into_iter().filter(|at| fits(*at));
    match wanted {
        Some(wanted) => {
            places.min_by_key(|at| at.abs_diff(wanted)).ok_or_else(|| "its lines are not there".to_owned())
        }
        None => match places.collect::<Vec<_>>().as_slice() {
            [only] => Ok(*only),
            [] => Err("its lines are not there".to_owned()),
            many => {
                Err(format!("its lines are there {} times; give a line number or more lines", many.len()))
            }
        },
    }
}

/// What the lines say, without their ends, as numbers that are compared quickly.
struct Hashes {
    state: RandomState,
    lines: Vec<u64>,
}

impl Hashes {
    fn of(lines: &[&str]) -> Self {
        let state = RandomState::new();
        let lines = lines.iter().map(|line| state.hash_one(bare(line))).collect();
        Self { state, lines }
    }

    /// Everywhere from a line on that lines are (Knuth, Morris and Pratt's search).
    fn places(&self, from: usize, old: &[&str]) -> Vec<usize> {
        let old: Vec<u64> = old.iter().map(|line| self.state.hash_one(bare(line))).collect();
        let mut back = vec![0; old.len()];
        for at in 1..old.len() {
            let mut length: usize = back[at - 1];
            while length > 0 && old[at] != old[length] {
                length = back[length - 1];
            }
            back[at] = length + usize::from(old[at] == old[length]);
        }
        let (mut found, mut length) = (Vec::new(), 0);
        for (at, line) in self.lines.iter().enumerate().skip(from) {
            while length > 0 && (length == old.len() || *line != old[length]) {
                length = back[length - 1];
            }
            length += usize::from(*line == old[length]);
            if length == old.len() {
                found.push(at + 1 - length);
            }
        }
        found
    }
}

/// A line without its end.
fn bare(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The new text as it grows.
struct After<'a> {
    lines: &'a [&'a str],
    text: String,
    /// Lines of the old text that are in it.
    from: usize,
    usual: LineEnd,
}

impl After<'_> {
    fn put(&mut self, hunk: &Hunk, place: usize, length: usize) {
        self.text.push_str(&self.lines[self.from..place].concat());
        let there = &self.lines[place..place + length];
        let here = there.concat();
        // Lines that are there to the byte say how lines end here; others only say what is in them.
        let exact = length > 0 && {
            let given = hunk.lines.iter().filter_map(old);
            there.iter().zip(given).all(|(line, given)| line.strip_suffix('\n').unwrap_or(line) == given)
        };
        let is_new = self.lines.is_empty();
        let end = if here.contains('\n') { LineEnd::most(&here) } else { self.usual };
        let end = if end == LineEnd::CrLf { "\r\n" } else { "\n" };
        let mut at = place;
        for line in &hunk.lines {
            self.end_line(end);
            match line {
                Line::Same(_) => {
                    self.text.push_str(self.lines[at]);
                    at += 1;
                }
                Line::Old(_) => at += 1,
                // Where CRLF is the rule, a line that has none was written without a thought of it.
                Line::New(text) if is_new || (exact && (end == "\n" || text.ends_with('\r'))) => {
                    self.text.push_str(text);
                    self.text.push('\n');
                }
                Line::New(text) => {
                    self.text.push_str(bare(text));
                    self.text.push_str(end);
                }
            }
        }
        self.from = at;
        if at == self.lines.len() {
            self.end_file(hunk, end);
        }
    }

    /// Gives the last line an end, before another one follows.
    fn end_line(&mut self, end: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push_str(end);
        }
    }

    /// Ends the text as the patch says, and where it says nothing, as it ended.
    fn end_file(&mut self, hunk: &Hunk, end: &str) {
        let was_ended = self.lines.last().is_none_or(|line| line.ends_with('\n'));
        let is_ended = !hunk.new_unended && (hunk.old_unended || was_ended);
        if is_ended {
            self.end_line(end);
        } else if self.text.ends_with('\n') {
            self.text.truncate(bare(&self.text).len());
        }
    }
}
