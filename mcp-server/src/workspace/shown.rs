//! A change as people and models read it.

use super::change::Side;
use super::diff::{Hunk, lines};
use super::merge::{hunks, texts};
use super::path::{RelPath, is_unsafe};
use std::fmt::Write as _;

/// Unchanged lines around a hunk.
const AROUND: usize = 3;

/// A file's change as a unified diff with one `@@` for each of its hunks, or in words where it has no lines. Only hunks
/// that `chosen` takes are shown; it gives the name that follows the `@@`.
#[must_use]
pub fn difference(
    path: &RelPath,
    base: &Side,
    target: &Side,
    chosen: &dyn Fn(&Hunk) -> Option<String>,
) -> String {
    let (from, to) = match (base, target) {
        (Side::Absent, _) => ("/dev/null".to_owned(), format!("b/{path}")),
        (_, Side::Absent) => (format!("a/{path}"), "/dev/null".to_owned()),
        _ => (format!("a/{path}"), format!("b/{path}")),
    };
    let mut shown = format!("--- {from}\n+++ {to}\n");
    let hunks = hunks(path, base, target);
    let Some((old, new)) = texts(base, target).filter(|(old, new)| old != new) else {
        let name = hunks.first().and_then(chosen).unwrap_or_default();
        let words = format!("{} becomes {}  {name}", in_words(base), in_words(target));
        let _ = writeln!(shown, "{}", words.trim_end());
        return shown;
    };
    let mark_cr = !(ends_alike(&old) && ends_alike(&new) && old.contains('\r') == new.contains('\r'));
    let (old, new) = (lines(&old), lines(&new));
    for (place, hunk) in hunks.iter().enumerate() {
        let Some(name) = chosen(hunk) else { continue };
        // Two hunks share the lines between them, so that the whole is a patch.
        let after = |hunk: &Hunk, end: usize| AROUND.min(end - hunk.old.end);
        let free = match place.checked_sub(1).map(|place| &hunks[place]) {
            Some(last) => hunk.old.start - last.old.end - after(last, hunk.old.start),
            None => hunk.old.start,
        };
        let before = AROUND.min(free);
        let after = after(hunk, hunks.get(place + 1).map_or(old.len(), |next| next.old.start));
        let head = |lines: &std::ops::Range<usize>| {
            let (start, count) = (lines.start - before, lines.len() + before + after);
            format!("{},{count}", if count == 0 { start } else { start + 1 })
        };
        let head = format!("@@ -{} +{} @@ {name}", head(&hunk.old), head(&hunk.new));
        let _ = writeln!(shown, "{}", head.trim_end());
        let mut put = |mark: char, lines: &[&str]| {
            for line in lines {
                shown.push(mark);
                put_line(&mut shown, line, mark_cr);
            }
        };
        put(' ', &old[hunk.old.start - before..hunk.old.start]);
        put('-', &old[hunk.old.clone()]);
        put('+', &new[hunk.new.clone()]);
        put(' ', &old[hunk.old.end..hunk.old.end + after]);
    }
    shown
}

fn ends_alike(text: &str) -> bool {
    let crlf = text.matches("\r\n").count();
    crlf == text.matches('\r').count() && (crlf == 0 || crlf == text.matches('\n').count())
}

fn put_line(shown: &mut String, line: &str, mark_cr: bool) {
    let (text, ended) = line.strip_suffix('\n').map_or((line, false), |text| (text, true));
    let (text, cr) = text.strip_suffix('\r').map_or((text, false), |text| (text, true));
    let ended = ended || cr;
    shown.push_str(&visible(text));
    shown.push_str(match (cr, mark_cr) {
        (true, true) => "\\r\n",
        _ => "\n",
    });
    if !ended {
        shown.push_str("\\ No newline at end of file\n");
    }
}

/// What is there, in a few words.
#[must_use]
pub fn in_words(side: &Side) -> String {
    match side {
        Side::Absent => "nothing".to_owned(),
        Side::File(file) if file.bytes.is_empty() => "an empty file".to_owned(),
        Side::File(file) => {
            format!("a file of {} bytes ({})", file.bytes.len(), &file.revision.to_string()[..8])
        }
        Side::Link(to) => format!("a link to `{}`", visible(&to.display().to_string())),
        Side::Folder => "a folder".to_owned(),
    }
}

/// One letter for what becomes of a file: added, deleted, modified.
#[must_use]
pub fn mark(base: &Side, target: &Side) -> char {
    match (base, target) {
        (Side::Absent, _) => 'A',
        (_, Side::Absent) => 'D',
        _ => 'M',
    }
}

/// A text with everything that hides or reorders it shown as an escape; line feeds and tabs stay.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\r' => shown.push_str("\\r"),
            c if is_unsafe(c) => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}
