//! Pieces of text that symbols point at, made presentable.

use crate::snapshot::Symbol;
use std::ops::Range;

/// Longest signature or doc line shown, in characters.
const SHOWN: usize = 200;

/// The symbol's signature: its definition up to the body, on one line, at most 200 characters.
/// The text must be the one that was indexed.
#[must_use]
pub fn signature(text: &str, symbol: &Symbol) -> String {
    let start = symbol.signature_range.start;
    let source = slice(text, &symbol.signature_range);
    // Decorators and attributes say little: begin at the line of the name.
    let name_at = (symbol.name_range.start.saturating_sub(start)) as usize;
    let line_start = source.get(..name_at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let mut shown = one_line(source.get(line_start..).unwrap_or_default());
    while shown.ends_with([':', '{', '=', ' ', ';']) && !shown.ends_with("::") {
        shown.pop();
    }
    shown
}

/// The first line of the symbol's doc comment or string, without its markers; empty when there is
/// none. The text must be the one that was indexed.
#[must_use]
pub fn doc_line(text: &str, symbol: &Symbol) -> String {
    let markers = ['/', '*', '!', '#', '"', '\'', '-', ';', ' ', '\t'];
    let raw = slice(text, &symbol.doc_range);
    let raw = raw.trim_start_matches(|c: char| c.is_ascii_alphabetic() && raw_prefix(raw));
    for line in raw.lines() {
        let line = line.trim().trim_start_matches(markers);
        let line = line.trim_end_matches("*/").trim_end_matches(['"', '\'']).trim();
        if !line.is_empty() {
            return one_line(line);
        }
    }
    String::new()
}

/// Whether a doc string begins with prefix letters, as Python's `r"""…"""` does.
fn raw_prefix(raw: &str) -> bool {
    raw.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with(['"', '\''])
}

fn slice<'t>(text: &'t str, range: &Range<u32>) -> &'t str {
    text.get(range.start as usize..range.end as usize).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let more = word.chars().count() + 1;
        if length + more > SHOWN {
            shown.push_str(" …");
            return shown;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
        length += more;
    }
    shown
}
