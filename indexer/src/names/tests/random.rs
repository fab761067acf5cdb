//! Random text: pieces of Python put together, and mere bytes.

use super::{parse, parsed, scanned};
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// What strings, comments and lines are made of, and what confuses those who look for them.
const PIECES: &[&str] = &[
    "'",
    "'",
    "\"",
    "\"",
    "'''",
    "\"\"\"",
    "`",
    "\\",
    "\\\\",
    "\\'",
    "\\\"",
    "\\n",
    "\\N{",
    "\\N{DASH}",
    "\\x4",
    "\\x41",
    "\\101",
    "\\u12",
    "\\u1234",
    "\\U0001F600",
    "f",
    "r",
    "b",
    "u",
    "t",
    "rb",
    "fr",
    "f'",
    "f\"",
    "f'''",
    "r'",
    "r\"",
    "b'",
    "rb\"",
    "rf'",
    "{",
    "}",
    "{",
    "}",
    "{{",
    "}}",
    "{x}",
    "{x!r}",
    "{x:",
    "{x:>{w}}",
    "(",
    ")",
    "[",
    "]",
    ":",
    ":=",
    "=",
    "!",
    ",",
    " ",
    "\t",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\x0c",
    "\\\n",
    "\\\r\n",
    "\0",
    "#",
    "# it's\n",
    "lambda",
    "lambda x:",
    "not ",
    " if ",
    " in ",
    "print ",
    "x",
    "y",
    "1",
    ".",
    "+",
    ";",
    "é",
    "\u{200b}",
    "\u{feff}",
    "\u{2060}",
    "pass\n",
    "async ",
    "def ",
    "class ",
    "\ndef f(): pass\n",
    "\nclass C: pass\n",
    "\nif x:\n  def g():\n    pass\n",
    "\nasync def h(a='\\''): 0\n",
    "\nx = ",
];

/// What most strings hold: with these alone a text mostly parses.
const MILD: &[&str] = &[
    "x",
    " ",
    "#",
    "\\n",
    "\\\\",
    "\\'",
    "\\\"",
    "\\\n",
    "\\x41",
    "\\N{DASH}",
    "{{",
    "}}",
    "{x}",
    "{x!r}",
    "{x:>{w}}",
    "é",
    "def f(): pass",
    "class ",
];

/// Pieces one after the other.
fn pieces(count: impl Into<SizeRange>) -> impl Strategy<Value = String> {
    vec(select(PIECES), count).prop_map(|pieces| pieces.concat())
}

/// What stands between quotes.
fn content() -> impl Strategy<Value = String> {
    let piece = prop_oneof![12 => select(MILD), 1 => select(PIECES)];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A string that is mostly well formed.
fn string() -> impl Strategy<Value = String> {
    let prefix = select(&["", "", "r", "b", "u", "f", "f", "f", "rb", "Rf", "t", "fb"][..]);
    let quote = select(&["'", "\"", "'''", "\"\"\"", "`"][..]);
    (prefix, quote, content()).prop_map(|(prefix, quote, content)| format!("{prefix}{quote}{content}{quote}"))
}

/// An expression, most often of an f-string with others inside, a few levels deep.
fn expression() -> impl Strategy<Value = String> {
    let simple =
        select(&["x", "x.y", "(x:=1)", "lambda: x", "{1:2}", "x, y", "not x", "x['y']", "x #'\n"][..]);
    let leaf = prop_oneof![4 => string(), 4 => simple.prop_map(String::from), 1 => pieces(0..4)];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let prefix = select(&["f", "f", "rf", "Fr", "t"][..]);
        let quote = select(&["'", "\"", "'''", "\"\"\""][..]);
        let tail = select(&["}", "}", "!r}", ":>3}", ":'}", ":{w}}", "=}", ":=1}", ":=y}", " \n}", ":"][..]);
        (prefix, quote, content(), vec((inner, tail), 1..3)).prop_map(|(prefix, quote, lead, parts)| {
            let parts: String = parts.iter().map(|(inner, tail)| format!("{{{inner}{tail}")).collect();
            format!("{prefix}{quote}{lead}{parts}{quote}")
        })
    })
}

/// A file: statements with strings between definitions.
fn file() -> impl Strategy<Value = String> {
    let end = prop_oneof![6 => Just(String::new()), 1 => pieces(1..3)];
    vec((expression(), end), 1..3).prop_map(|lines| {
        let line = |(value, end): &(String, String)| format!("x = {value}{end}\ndef f(): pass\n");
        lines.iter().map(line).collect()
    })
}

fn equals_the_parser(text: &str) {
    let names = scanned(text.as_bytes());
    let tree = parse(text.as_bytes());
    if !tree.root_node().has_error() {
        assert_eq!(parsed(&tree), names, "{text:?}");
    }
}

proptest! {
    #[test]
    fn pieces_are_read_as_the_parser_reads_them(text in pieces(0..16)) {
        equals_the_parser(&text);
    }

    #[test]
    fn files_are_read_as_the_parser_reads_them(text in file()) {
        equals_the_parser(&text);
    }

    #[test]
    fn any_bytes_are_accepted(text in vec(any::<u8>(), 0..256)) {
        for name in scanned(&text) {
            prop_assert!(name.range.start < name.range.end && name.range.end as usize <= text.len());
        }
    }
}

/// A property over texts that parse says little if few do.
#[test]
fn many_random_texts_parse() {
    let mut runner = TestRunner::deterministic();
    let mut share = |strategy: BoxedStrategy<String>| {
        let mut parsing = 0;
        for _ in 0..1000 {
            let text = strategy.new_tree(&mut runner).expect("nothing is filtered").current();
            parsing += usize::from(!parse(text.as_bytes()).root_node().has_error());
        }
        parsing
    };
    let (files, short) = (share(file().boxed()), share(pieces(0..6).boxed()));
    assert!(files > 250 && short > 150, "of 1000 files {files} parse, of 1000 short texts {short}");
}
