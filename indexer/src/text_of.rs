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
    let source = source.get(line_start..).unwrap_or_default();
    let mut shown = one_line(before_comments(source));
    while shown.ends_with([':', '{', '=', ' ', ';']) && !shown.ends_with("::") {
        shown.pop();
    }
    shown
}

/// A header without the `#` comments that stand between its colon and its body.
fn before_comments(header: &str) -> &str {
    let only_comments = |rest: &str| {
        rest.contains('#') && rest.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
    };
    let end = header.match_indices(':').find(|(at, _)| only_comments(&header[at + 1..]));
    end.map_or(header, |(at, _)| &header[..at])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Index;

    /// Each symbol's signature and doc line.
    fn shown(path: &str, text: &str) -> Vec<(String, String)> {
        let mut index = Index::new();
        index.update(path, text);
        let outline = index.snapshot().outline(path).expect("the path was updated");
        outline.iter().map(|symbol| (signature(text, symbol), doc_line(text, symbol))).collect()
    }

    #[track_caller]
    fn check(path: &str, text: &str, wanted: &[(&str, &str)]) {
        let shown = shown(path, text);
        let shown: Vec<(&str, &str)> =
            shown.iter().map(|(signature, doc)| (signature.as_str(), doc.as_str())).collect();
        assert_eq!(shown, wanted);
    }

    #[test]
    fn a_signature_is_one_line_without_body_and_decorators() {
        check(
            "a.py",
            "@cache\n@other(1)\ndef f(\n    a: int,\r\n    b='é',\n) -> str:\n    r\"\"\"\n    Says it.\n\n    More.\"\"\"\n    return a\n",
            &[("def f( a: int, b='é', ) -> str", "Says it.")],
        );
        check(
            "a.py",
            "def f(a='#:'):  # a note\n    # another\n    return a\n\nclass A:\n    # x: y\n    pass\n",
            &[("def f(a='#:')", ""), ("class A", "")],
        );
        check(
            "a.ts",
            "/**\n * Draws *it*.\n */\nexport class K<T> extends B {\n  go(): void {}\n}\n",
            &[("export class K<T> extends B", "Draws *it*."), ("go(): void", "")],
        );
        check("a.rs", "/// One.\n/// Two.\npub fn f() {}\n", &[("pub fn f()", "One.")]);
        check("a.c", "// Adds.\nint add(int a) { return a; }\n", &[("int add(int a)", "Adds.")]);
    }

    #[test]
    fn long_signatures_are_cut() {
        let text = format!("def f({}):\n    pass\n", "abcdefgh, ".repeat(100));
        let shown = &shown("a.py", &text)[0].0;
        assert!(shown.ends_with(" …") && shown.chars().count() <= SHOWN + 2, "{shown}");
    }

    #[test]
    fn another_text_than_the_indexed_one_does_no_harm() {
        let mut index = Index::new();
        index.update("a.py", "def first(a): pass\n");
        let symbol = &index.snapshot().outline("a.py").expect("the path was updated")[0];
        for other in ["", "é", "ééééééééééééééé", "def"] {
            assert!(signature(other, symbol).len() <= other.len());
            assert_eq!(doc_line(other, symbol), "");
        }
    }
}
