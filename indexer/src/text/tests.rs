//! Searches against what ripgrep printed for the same files, and what must hold for any file.

use super::*;
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, sinks::Bytes};
use proptest::prelude::*;
use std::fmt::Write;
use std::ops::ControlFlow;

const RECORDED: &str = include_str!("ripgrep.txt");

/// One recorded search and what came of it.
#[derive(Default)]
struct Recorded {
    text: Vec<u8>,
    query: TextQuery,
    result: String,
}

/// Reads `"a\n" * 3 + "b"`.
fn text_of(source: &str) -> Vec<u8> {
    let piece = |piece: &str| {
        let (text, times) = piece.rsplit_once(" * ").unwrap_or((piece, "1"));
        unescaped(text).repeat(times.parse().expect("a number"))
    };
    source.split(" + ").flat_map(piece).collect()
}

fn unescaped(quoted: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut chars = quoted.trim_matches('"').chars();
    while let Some(c) = chars.next() {
        bytes.push(match c {
            '\\' => match chars.next().expect("a character after a backslash") {
                'n' => b'\n',
                'r' => b'\r',
                't' => b'\t',
                'x' => {
                    let digits: String = chars.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).expect("two hexadecimal digits")
                }
                other => other as u8,
            },
            other => other as u8,
        });
    }
    bytes
}

/// Reads `"pattern" -i -C 2`.
fn query_of(source: &str) -> TextQuery {
    let (pattern, flags) = source.rsplit_once('"').expect("a quoted pattern");
    let mut query = TextQuery {
        pattern: String::from_utf8(unescaped(&format!("{pattern}\""))).expect("patterns are UTF-8"),
        ..TextQuery::default()
    };
    let mut flags = flags.split_whitespace();
    while let Some(flag) = flags.next() {
        let mut number = || flags.next().expect("a number").parse::<u64>().expect("a number");
        match flag {
            "-i" => query.case = Case::Insensitive,
            "-S" => query.case = Case::Smart,
            "-F" => query.literal = true,
            "-w" => query.word = true,
            "-A" => query.after = number() as usize,
            "-B" => query.before = number() as usize,
            "-C" => {
                (query.before, query.after) = {
                    let lines = number() as usize;
                    (lines, lines)
                }
            }
            "-m" => query.limit = Some(number()),
            _ => panic!("unknown flag `{flag}`"),
        }
    }
    query
}

fn recorded() -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    let mut text = Vec::new();
    for line in RECORDED.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '='])) {
        if let Some(source) = line.strip_prefix("text ") {
            text = text_of(source);
        } else if let Some(source) = line.strip_prefix("search ") {
            all.push(Recorded { text: text.clone(), query: query_of(source), result: String::new() });
        } else {
            let current = all.last_mut().expect("a search comes first");
            current.result.push_str(line);
            current.result.push('\n');
        }
    }
    all
}

/// Our result of the search in the form of the recording.
fn result(query: &TextQuery, text: &[u8]) -> String {
    let compiled = query.compile().expect("ripgrep accepted the pattern");
    let mut scanner = compiled.scanner();
    let (mut printed, mut spans) = (String::new(), Vec::new());
    let outcome = scanner.search(text, |line| {
        if line.after_gap {
            printed.push_str("| --\n");
        }
        let sign = if line.role == LineRole::Match { ':' } else { '-' };
        let shown = line.bytes.escape_ascii().to_string().replace("\\'", "'");
        writeln!(printed, "| {}{sign}{}{sign}{shown}", line.number, line.offset).expect("a string takes all");
        if line.role == LineRole::Match {
            let visible = line.spans().into_iter().filter(|span| !span.is_empty());
            let visible: Vec<String> = visible.map(|span| format!("{}-{}", span.start, span.end)).collect();
            spans.push(visible.join(" "));
        } else {
            assert!(line.spans().is_empty());
        }
        ControlFlow::Continue(())
    });
    assert_eq!(outcome.matches as usize, spans.len());
    let kept = !query.pattern.contains(r"\A") && !query.pattern.contains("(?-m)");
    if kept && spans.iter().any(|line| !line.is_empty()) {
        writeln!(printed, "spans {}", spans.join("; ")).expect("a string takes all");
    }
    if let Some(offset) = outcome.nul.filter(|_| outcome.matches > 0) {
        writeln!(printed, "nul {offset}").expect("a string takes all");
    }
    let listed = if scanner.is_match(text) { " listed" } else { "" };
    writeln!(printed, "count {}{listed}", scanner.count(text)).expect("a string takes all");
    printed
}

#[test]
fn results_are_those_of_ripgrep() {
    let all = recorded();
    assert!(all.len() > 170);
    for Recorded { text, query, result: expected } in &all {
        assert_eq!(
            result(query, text),
            *expected,
            "{query:?} in {}",
            text[..text.len().min(200)].escape_ascii()
        );
    }
}

#[test]
fn a_search_can_be_broken_off_and_its_scanner_used_again() {
    let compiled = TextQuery { pattern: "a".to_owned(), ..TextQuery::default() }.compile().expect("valid");
    let mut scanner = compiled.scanner();
    for text in [b"a\na\na\n".as_slice(), b"\xef\xbb\xbfa\na\na\n"] {
        let outcome = scanner.search(text, |line| {
            if line.number == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(outcome, Outcome { matches: 2, nul: None });
        assert_eq!(scanner.count(text), 3);
    }
}

#[test]
fn bad_patterns_are_explained() {
    let check = |pattern: &str, literal: bool, expected: &str| {
        let query = TextQuery { pattern: pattern.to_owned(), literal, ..TextQuery::default() };
        assert_eq!(query.compile().expect_err("bad").to_string(), expected);
    };
    check(
        "é foo(bar",
        false,
        "`é foo(bar` is not a regular expression: unclosed group, at character 6; escape what is meant \
         literally, or search for the whole as literal text",
    );
    check(
        r"\p{Klingon}",
        false,
        "`\\p{Klingon}` is not a regular expression: Unicode property not found, at character 1; escape what \
         is meant literally, or search for the whole as literal text",
    );
    check(
        r"a\nb",
        false,
        r"`a\nb` asks for a line break, but no match spans lines; search for a part on one line",
    );
    check(
        "a\nb",
        true,
        "`a\nb` asks for a line break, but no match spans lines; search for a part on one line",
    );
    check(r"a\x00", false, r"`a\x00` asks for a NUL byte, but files that have one are not searched");
    let large = "((((a{30}){30}){30}){30}){30}";
    check(
        large,
        false,
        &format!(
            "`{large}` cannot be compiled: compiled regex exceeds size limit of 104857600; search for \
             something simpler"
        ),
    );
    let nested = "(".repeat(300) + "a" + &")".repeat(300);
    let shown = "(".repeat(200);
    check(
        &nested,
        false,
        &format!(
            "`{shown}…` is not a regular expression: exceed the maximum number of nested \
             parentheses/brackets (250), at character 251; escape what is meant literally, or search for the \
             whole as literal text"
        ),
    );
}

/// The text that ripgrep's own reader makes of the bytes.
fn as_read_by_ripgrep(bytes: &[u8]) -> Vec<u8> {
    let every_line = TextQuery::default().compile().expect("an empty pattern is valid");
    let mut searcher: Searcher = SearcherBuilder::new().binary_detection(BinaryDetection::none()).build();
    let mut text = Vec::new();
    let collect = Bytes(|_, line| {
        text.extend_from_slice(line);
        Ok(true)
    });
    searcher.search_reader(&every_line.matcher, bytes, collect).expect("memory can be read");
    text
}

const MARKS: &[&[u8]] = &[b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\xff\xfe", b"\xef\xbb"];

const PATTERNS: &[&str] = &["a", "b", "a.", "^", "$", "é", r"\s", "^$", ""];

proptest! {
    #[test]
    fn decoding_equals_ripgreps(
        mark in prop::sample::select(MARKS),
        rest in prop::collection::vec(prop_oneof![any::<u8>(), 0xd6..0xe0_u8, Just(b'a'), Just(0)], 0..40),
    ) {
        let bytes = [mark, &rest].concat();
        prop_assert_eq!(decode(&bytes).into_owned(), as_read_by_ripgrep(&bytes));
    }

    /// The two ways to search, in one piece and buffer by buffer, find the same.
    #[test]
    fn a_mark_changes_nothing_else(
        text in "[ab\r\n é]{0,40}",
        pattern in prop::sample::select(PATTERNS),
        context in 0..3_usize,
    ) {
        let pattern = pattern.to_owned();
        let query = TextQuery { pattern, before: context, after: context, ..TextQuery::default() };
        let plain = result(&query, text.as_bytes());
        prop_assert_eq!(&plain, &result(&query, format!("\u{feff}{text}").as_bytes()));
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        prop_assert_eq!(&plain, &result(&query, &[b"\xff\xfe", &units[..]].concat()));
    }
}
