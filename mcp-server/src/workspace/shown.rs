//! A change as people and models read it.

use super::change::Side;
use super::diff::{Hunk, lines};
use super::merge::{hunks, texts};
use super::path::{RelPath, is_unsafe};
use std::borrow::Cow;
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
        let words = match base.is_all_of(target) || !base.same(target) {
            true => format!("{} becomes {}  {name}", in_words(base), in_words(target)),
            false => format!("mode {} becomes {}  {name}", mode(base), mode(target)),
        };
        let _ = writeln!(shown, "{}", words.trim_end());
        return shown;
    };
    if base.mode().zip(target.mode()).is_some_and(|(old, new)| old != new) {
        let _ = writeln!(shown, "mode {} becomes {}", mode(base), mode(target));
    }
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

/// A file's permission bits, as `chmod` has them.
fn mode(side: &Side) -> String {
    side.mode().map_or_else(|| "as usual".to_owned(), |mode| format!("{mode:o}"))
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

/// A text as a model reads it, with everything that no person would see shown as an escape; and how much that was. What
/// letters and pictures are joined with stays, one at a time: a row of such marks can spell anything.
#[must_use]
pub fn revealed(text: &str) -> (Cow<'_, str>, usize) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if text.bytes().all(is_plain) {
        return (Cow::Borrowed(text), 0);
    }
    let (mut shown, mut count, mut last) = (String::with_capacity(text.len()), 0, Seen::Nothing);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let joins = matches!(c, '\u{200c}' | '\u{200d}');
        let varies = matches!(c, '\u{fe00}'..='\u{fe0f}');
        let (is_shown, seen) = match c {
            '\n' | '\t' => (true, Seen::Nothing),
            '\r' => (rest.peek() == Some(&'\n'), Seen::Nothing),
            _ if varies => (last == Seen::Letter, Seen::Varied),
            _ if joins => (matches!(last, Seen::Letter | Seen::Varied), Seen::Nothing),
            c if is_unsafe(c) => (false, Seen::Nothing),
            c => (true, if c.is_whitespace() { Seen::Nothing } else { Seen::Letter }),
        };
        if is_shown {
            shown.push(c);
        } else {
            count += 1;
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        }
        last = if is_shown { seen } else { Seen::Nothing };
    }
    (Cow::Owned(shown), count)
}

/// What stands before a character, for those that need something to hold on to.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Nothing,
    Letter,
    Varied,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_shown() {
        for (text, shown, count) in [
            ("plain\n\ttext", "plain\n\ttext", 0),
            ("crlf\r\n", "crlf\r\n", 0),
            ("é 漢字 नमस्ते می\u{200c}خواهم", "é 漢字 नमस्ते می\u{200c}خواهم", 0),
            ("✔\u{fe0f} ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}⃣", "✔\u{fe0f} ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}⃣", 0),
            ("a\u{e0041}\u{e0042}", "a\\u{e0041}\\u{e0042}", 2),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}", 2),
            ("a\u{200b}b\u{feff}\u{ad}", "a\\u{200b}b\\u{feff}\\u{ad}", 3),
            ("😀\u{fe00}\u{fe01}\u{fe02}", "😀\u{fe00}\\u{fe01}\\u{fe02}", 2),
            ("😀\u{e0100}", "😀\\u{e0100}", 1),
            ("a\u{200d}\u{200c}\u{200d}", "a\u{200d}\\u{200c}\\u{200d}", 2),
            (" \u{200d}", " \\u{200d}", 1),
            ("\u{1b}[2J\u{8}\0", "\\u{1b}[2J\\u{8}\\u{0}", 3),
            ("over\rwritten", "over\\u{d}written", 1),
        ] {
            assert_eq!(revealed(text), (Cow::Borrowed(shown), count), "{text:?}");
        }
    }
}
