//! Texts that no author meant: nothing panics, and what is found stays well formed.

use super::{Language, SNIPPETS, well_formed, with_facts};
use proptest::prelude::*;

fn survives(language: Language, text: &[u8]) -> usize {
    with_facts(language, text, |facts| {
        well_formed(facts, text);
        facts.symbols.iter().filter(|symbol| !symbol.local).count()
    })
}

#[test]
fn empty_texts_define_nothing() {
    for language in Language::ALL {
        for text in ["", "\u{feff}", "\n", "\r\n\r\n", "\0", "   \t"] {
            assert_eq!(survives(*language, text.as_bytes()), 0, "{language:?} {text:?}");
        }
    }
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    for (language, text) in SNIPPETS {
        let marked = format!("\u{feff}{text}");
        assert_eq!(
            survives(language, marked.as_bytes()),
            survives(language, text.as_bytes()),
            "{language:?}"
        );
    }
}

#[test]
fn line_breaks_of_windows_change_nothing() {
    for (language, text) in SNIPPETS {
        let windows = text.replace('\n', "\r\n");
        let outline = |text: &str| {
            with_facts(language, text.as_bytes(), |facts| {
                let shown = facts.symbols.iter().map(|symbol| {
                    let doc = !symbol.doc.is_empty();
                    (facts.names[symbol.name as usize].to_owned(), symbol.kind, symbol.exported, doc)
                });
                shown.collect::<Vec<_>>()
            })
        };
        survives(language, windows.as_bytes());
        assert_eq!(outline(&windows), outline(text), "{language:?}");
    }
}

#[test]
fn text_cut_anywhere_stays_well_formed() {
    for (language, text) in SNIPPETS {
        for end in 0..text.len() {
            survives(language, &text.as_bytes()[..end]);
        }
    }
}

#[test]
fn bytes_that_are_no_text_stay_well_formed() {
    for (language, text) in SNIPPETS {
        for at in (0..text.len()).step_by(7) {
            for bad in [&b"\0"[..], b"\xff", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"\r", b"\"", b"{"] {
                let mut bytes = text.as_bytes().to_vec();
                bytes.splice(at..at, bad.iter().copied());
                survives(language, &bytes);
            }
        }
    }
}

#[test]
fn a_hundred_thousand_brackets_finish() {
    for language in Language::ALL {
        for bracket in ["(", "[", "{", "<", "((()))", "a("] {
            survives(*language, bracket.repeat(100_000).as_bytes());
        }
        let closed = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
        survives(*language, closed.as_bytes());
    }
}

#[test]
fn deep_nesting_of_each_languages_own_kind_finishes() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(20_000), close.repeat(20_000));
    survives(Language::Rust, format!("use {};", deep("a::{", "}")).as_bytes());
    survives(Language::Rust, format!("fn f() {}", deep("{", "}")).as_bytes());
    survives(Language::Rust, format!("m!{}", deep("[", "]")).as_bytes());
    survives(Language::Go, format!("package p\nfunc f() {}", deep("{", "}")).as_bytes());
    survives(Language::Java, deep("class A { ", "}").as_bytes());
    survives(Language::C, format!("int {}x{};", "(".repeat(20_000), ")".repeat(20_000)).as_bytes());
    survives(Language::C, format!("int f{};", "()".repeat(20_000)).as_bytes());
    survives(Language::C, deep("struct { ", "};").as_bytes());
    survives(Language::Cpp, deep("namespace a { ", "}").as_bytes());
    survives(Language::Cpp, format!("void {}f() {{}}", "a::".repeat(20_000)).as_bytes());
}

#[test]
fn a_line_of_a_megabyte_finishes() {
    for (language, text) in SNIPPETS {
        let line = text.replace('\n', " ");
        let times = (1 << 20) / line.len() + 1;
        survives(language, line.repeat(times).as_bytes());
        survives(language, "x".repeat(1 << 20).as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Pieces of the languages' own words in any order.
    #[test]
    fn words_in_any_order_stay_well_formed(which in 0usize..9, seed in prop::collection::vec(0usize..1 << 16, 0..60)) {
        let (language, text) = SNIPPETS[which];
        let words: Vec<&str> = text.split_inclusive([' ', '\n', '(', '{', ':', '<']).collect();
        let mixed: String = seed.iter().map(|pick| words[pick % words.len()]).collect();
        survives(language, mixed.as_bytes());
    }
}
