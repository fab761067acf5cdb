//! The names tier: where a file's definitions are named, found without parsing.
//!
//! [`python`] is a lexer that knows strings, comments and line starts and nothing else. That is enough because
//! the grammar reserves `def` and `class`: in a text that parses without error, each of them outside strings and
//! comments opens a line and is a definition. Where there are errors, it finds what still looks like one.

mod strings;

use std::ops::Range;
use strings::{Skipper, next_special};

/// What a [`Name`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum NameKind {
    /// `def` and `async def`, methods included.
    Function,
    /// `class`.
    Class,
}

/// One definition's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    /// The name's bytes in the text.
    pub range: Range<u32>,
    /// What it names.
    pub kind: NameKind,
}

/// Calls `emit` for every definition in a Python text, nested ones too, in text order.
///
/// Equal to tree-sitter-python's `function_definition` and `class_definition` names wherever that parser sees no
/// error, up to the limits on nested and on broken strings in `strings`. Any bytes are accepted; the time is linear
/// in their number. Bytes from 4 GiB on are not looked at.
pub(crate) fn python(text: &[u8], mut emit: impl FnMut(Name)) {
    let text = &text[..text.len().min(u32::MAX as usize)];
    let mut strings = Skipper::new(text);
    let mut at = 0;
    'lines: while at < text.len() {
        if let Some(name) = definition(text, at) {
            at = name.range.end as usize;
            emit(name);
        }
        loop {
            at = next_special(text, at);
            match text.get(at) {
                Some(b'\n') => {
                    at += 1;
                    continue 'lines;
                }
                Some(b'#') => at = line_end(text, at),
                Some(_) => at = strings.skip(at),
                None => return,
            }
        }
    }
}

/// The definition whose keyword is the first thing on the line that starts at `at`.
///
/// A keyword, a name and what must follow the name: `(` or type parameters, for a class also `:`.
fn definition(text: &[u8], at: usize) -> Option<Name> {
    let mut at = indentation_end(text, at);
    let kind = match text.get(at)? {
        b'd' => NameKind::Function,
        b'c' => NameKind::Class,
        b'a' => {
            at = gap_end(text, keyword_end(text, at, b"async")?);
            NameKind::Function
        }
        _ => return None,
    };
    let keyword: &[u8] = if kind == NameKind::Class { b"class" } else { b"def" };
    let start = gap_end(text, keyword_end(text, at, keyword)?);
    let end = word_end(text, start);
    let name = &text[start..end];
    if name.first().is_none_or(u8::is_ascii_digit) || is_reserved(name) {
        return None;
    }
    match (text.get(gap_end(text, end))?, kind) {
        (b'(' | b'[', _) | (b':', NameKind::Class) => Some(Name { range: start as u32..end as u32, kind }),
        _ => None,
    }
}

/// The end of `keyword` where it stands at `at` as a whole word.
fn keyword_end(text: &[u8], at: usize, keyword: &[u8]) -> Option<usize> {
    let end = at + keyword.len();
    (text.get(at..end)? == keyword && word_end(text, end) == end).then_some(end)
}

/// Words the grammar never takes for a name.
fn is_reserved(word: &[u8]) -> bool {
    matches!(
        word,
        b"False"
            | b"None"
            | b"True"
            | b"and"
            | b"as"
            | b"assert"
            | b"async"
            | b"await"
            | b"break"
            | b"class"
            | b"continue"
            | b"def"
            | b"del"
            | b"elif"
            | b"else"
            | b"except"
            | b"finally"
            | b"for"
            | b"from"
            | b"global"
            | b"if"
            | b"import"
            | b"in"
            | b"is"
            | b"lambda"
            | b"nonlocal"
            | b"not"
            | b"or"
            | b"pass"
            | b"raise"
            | b"return"
            | b"try"
            | b"while"
            | b"with"
            | b"yield"
    )
}

/// The end of the identifier or number at `at`: `at` itself where there is none.
///
/// Every non-ASCII character counts as part of a word, but for the three invisible ones that count as blanks: in a
/// text without errors no others stand outside strings and comments.
fn word_end(text: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = text.get(at) {
        let inside =
            byte == b'_' || byte.is_ascii_alphanumeric() || (byte >= 0x80 && !is_invisible(text, at));
        if !inside {
            break;
        }
        at += 1;
    }
    at
}

/// The end of the blanks at `at`, line ends not among them.
fn indentation_end(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at) {
            Some(b' ' | b'\t' | b'\r' | 0x0b | 0x0c) => at += 1,
            Some(&byte) if byte >= 0x80 && is_invisible(text, at) => at += 3,
            _ => return at,
        }
    }
}

/// The end of the blanks and line ends at `at`.
fn blank_end(text: &[u8], mut at: usize) -> usize {
    loop {
        at = indentation_end(text, at);
        match text.get(at) {
            Some(b'\n') => at += 1,
            _ => return at,
        }
    }
}

/// The end of all that may stand between two tokens: blanks, line ends, comments, continued lines.
fn gap_end(text: &[u8], mut at: usize) -> usize {
    loop {
        at = blank_end(text, at);
        match text.get(at) {
            Some(b'#') => at = line_end(text, at),
            Some(b'\\') => match continuation_end(text, at) {
                Some(end) => at = end,
                None => return at,
            },
            _ => return at,
        }
    }
}

/// The end of the line continuation whose backslash is at `at`.
fn continuation_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at + 1..)? {
        [b'\n' | 0, ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    }
}

/// U+200B, U+2060 or U+FEFF at `at`: the grammar's blanks beyond ASCII, three bytes each.
fn is_invisible(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 3), Some(b"\xe2\x80\x8b" | b"\xe2\x81\xa0" | b"\xef\xbb\xbf"))
}

/// The next line feed, or the end of the text.
fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |found| at + found)
}

#[cfg(test)]
mod tests;
