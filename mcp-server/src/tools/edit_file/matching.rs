//! Where a text occurs, whatever its line endings, and what replaces it.

use crate::workspace::LineEnd;
use std::ops::Range;

/// Places that do not overlap, in order.
pub(super) struct Found {
    pub(super) places: Vec<Range<usize>>,
    /// They differ from what was looked for in line endings.
    pub(super) line_ends: bool,
}

/// Every place of `old`; where there is none, every place that differs only in line endings.
pub(super) fn find(text: &str, old: &str) -> Found {
    let places: Vec<Range<usize>> = text.match_indices(old).map(|(at, found)| at..at + found.len()).collect();
    if !places.is_empty() || !old.contains('\n') || !(text.contains('\r') || old.contains('\r')) {
        return Found { places, line_ends: false };
    }
    let (plain, cuts) = without_carriage_returns(text);
    let old = old.replace("\r\n", "\n");
    let at_home = |at: usize| at + cuts.partition_point(|cut| *cut <= at);
    let places = plain.match_indices(&old).map(|(at, _)| {
        // A place that begins with a line feed begins with its carriage return.
        let start = at_home(at);
        let start = if old.starts_with('\n') && text[..start].ends_with('\r') { start - 1 } else { start };
        start..at_home(at + old.len() - 1) + 1
    });
    let places: Vec<Range<usize>> = places.collect();
    Found { line_ends: !places.is_empty(), places }
}

/// A text without the carriage returns of its line ends, and where in it they were cut.
fn without_carriage_returns(text: &str) -> (String, Vec<usize>) {
    let (mut plain, mut cuts) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find("\r\n") {
        plain.push_str(&rest[..at]);
        cuts.push(plain.len());
        rest = &rest[at + 1..];
    }
    plain.push_str(rest);
    (plain, cuts)
}

/// The text with every place replaced, and whether line endings of `new` were adapted to the file's.
pub(super) fn replace(text: &str, places: &[Range<usize>], old: &str, new: &str) -> (String, bool) {
    let (mut after, mut at, mut adapted) = (String::with_capacity(text.len()), 0, false);
    // Who writes `\r\n` means it; who writes only `\n` means "a new line".
    let exact = places.iter().all(|place| &text[place.clone()] == old);
    let literal = !new.contains('\n') || (exact && (old.contains("\r\n") || new.contains("\r\n")));
    for place in places {
        after.push_str(&text[at..place.start]);
        if literal {
            after.push_str(new);
        } else {
            let fitted = fit(text, place, new);
            adapted |= fitted != new;
            after.push_str(&fitted);
        }
        at = place.end;
    }
    after.push_str(&text[at..]);
    (after, adapted)
}

/// The new text with the file's line endings: lines that stay keep theirs, others get what is usual there.
fn fit(text: &str, place: &Range<usize>, new: &str) -> String {
    let here = &text[place.clone()];
    let usual = if here.contains('\n') {
        LineEnd::most(here)
    } else {
        match text[place.end..].find('\n') {
            Some(end) if text[..place.end + end].ends_with('\r') => LineEnd::CrLf,
            Some(_) => LineEnd::Lf,
            None => LineEnd::most(text),
        }
    };
    let (old, new): (Vec<&str>, Vec<&str>) =
        (here.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let same = |a: &&str, b: &&str| bare(a) == bare(b) && a.ends_with('\n') == b.ends_with('\n');
    let head = old.iter().zip(&new).take_while(|(a, b)| same(a, b)).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| same(a, b)).count();
    let mut fitted = old[..head].concat();
    for line in &new[head..new.len() - tail] {
        fitted.push_str(&usual.apply(line));
    }
    fitted.push_str(&old[old.len() - tail..].concat());
    fitted
}

/// A line without its end.
fn bare(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}
