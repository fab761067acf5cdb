//! What the parts of the trigram index promise one another.

use super::table::Found;
use super::*;
use crate::text::{Case, TextQuery, decode};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Trigrams per document, the plain way.
type Plain = Vec<BTreeSet<u32>>;

fn build(docs: &Plain) -> Vec<u8> {
    let mut builder = Builder::default();
    for (doc, trigrams) in (0..).zip(docs) {
        builder.add(doc, &trigrams.iter().copied().collect::<Vec<_>>());
    }
    let mut bytes = Vec::new();
    builder.finish(&mut bytes);
    bytes
}

fn documents(found: Found<'_>) -> Vec<u32> {
    let mut docs = Vec::new();
    found.for_each(|doc| docs.push(doc));
    docs
}

fn contents(table: &Table<'_>) -> BTreeMap<u32, Vec<u32>> {
    table.iter().map(|(trigram, found)| (trigram, documents(found))).collect()
}

fn inverted(docs: &Plain) -> BTreeMap<u32, Vec<u32>> {
    let mut lists = BTreeMap::<u32, Vec<u32>>::new();
    for (doc, trigrams) in (0..).zip(docs) {
        for trigram in trigrams {
            lists.entry(*trigram).or_default().push(doc);
        }
    }
    lists
}

/// Documents whose trigrams are frequent, rare or alone, so that all forms of postings occur.
fn some_documents() -> impl Strategy<Value = Plain> {
    let trigram = prop_oneof![4 => 0..30_u32, 2 => 0..3000_u32, 1 => 0..1_u32 << 24];
    prop::collection::vec(prop::collection::btree_set(trigram, 0..60), 0..90)
}

fn some_query() -> impl Strategy<Value = Query> {
    let leaf =
        prop_oneof![8 => (0..40_u32).prop_map(Query::Trigram), 1 => Just(Query::All), 1 => Just(Query::None)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let parts = prop::collection::vec(inner, 0..4);
        prop_oneof![parts.clone().prop_map(Query::and), parts.prop_map(Query::or)]
    })
}

proptest! {
    #[test]
    fn a_table_gives_back_what_was_added(docs in some_documents()) {
        let bytes = build(&docs);
        let table = Table::open(&bytes).expect("just written");
        let lists = inverted(&docs);
        prop_assert_eq!(table.doc_count() as usize, docs.len());
        prop_assert_eq!(&contents(&table), &lists);
        for trigram in (0..60).chain(lists.keys().map(|t| t + 1)) {
            prop_assert_eq!(table.postings(trigram).map(documents), lists.get(&trigram).cloned());
        }
        for (trigram, docs) in &lists {
            prop_assert_eq!(table.postings(*trigram).map(documents), Some(docs.clone()));
        }
    }

    #[test]
    fn merging_equals_building_anew(
        docs in some_documents(),
        parts in prop::collection::vec(0..4_usize, 90),
    ) {
        // The last part is not merged: its documents are left out.
        let part = |number: usize| -> Plain {
            (0..docs.len()).filter(|doc| parts[*doc] == number).map(|doc| docs[doc].clone()).collect()
        };
        let tables: Vec<Vec<u8>> = (0..3).map(|number| build(&part(number))).collect();
        let mut ids: Vec<Vec<Option<u32>>> = vec![Vec::new(); 4];
        let mut kept = Plain::new();
        for (doc, trigrams) in docs.iter().enumerate() {
            let live = doc % 5 != 0;
            ids[parts[doc]].push(live.then_some(kept.len() as u32));
            if live && parts[doc] < 3 {
                kept.push(trigrams.clone());
            } else if live {
                ids[3].pop();
            }
        }
        let open: Vec<Table<'_>> = tables.iter().filter_map(|bytes| Table::open(bytes)).collect();
        let mapped: Vec<_> = open.iter().zip(&ids).map(|(table, ids)| (table, ids.as_slice())).collect();
        let mut merged = vec![1, 2, 3];
        merge(&mapped, &mut merged);
        prop_assert_eq!(&merged[3..], &build(&kept)[..]);
    }

    #[test]
    fn damaged_bytes_do_not_panic(
        docs in some_documents(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = build(&docs);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Some(table) = Table::open(&bytes) {
            let ids: Vec<Option<u32>> = (0..docs.len() as u32).map(Some).collect();
            merge(&[(&table, &ids)], &mut Vec::new());
            for trigram in 0..40 {
                table.candidates(&Query::Trigram(trigram));
            }
        }
    }

    #[test]
    fn candidates_are_what_the_query_accepts(docs in some_documents(), query in some_query()) {
        let bytes = build(&docs);
        let accepted = |doc: &u32| query.accepts(&|trigram| docs[*doc as usize].contains(&trigram));
        let expected: Vec<u32> = (0..docs.len() as u32).filter(accepted).collect();
        let found = match Table::open(&bytes).expect("just written").candidates(&query) {
            Candidates::All => (0..docs.len() as u32).collect(),
            Candidates::Some(docs) => docs,
        };
        prop_assert_eq!(found, expected);
    }

    /// The one promise that search rests on.
    #[test]
    fn no_match_is_ruled_out((query, text) in some_search()) {
        if let Ok(compiled) = query.compile()
            && compiled.scanner().is_match(&text)
        {
            let (mut scratch, mut trigrams) = (Scratch::default(), Vec::new());
            extract(&decode(&text), &mut scratch, &mut trigrams);
            let has = |trigram: u32| trigrams.binary_search(&trigram).is_ok();
            prop_assert!(compiled.trigrams().accepts(&has), "{:?}", compiled.trigrams());
        }
    }
}

/// A search, and a text that often has a match.
fn some_search() -> impl Strategy<Value = (TextQuery, Vec<u8>)> {
    (some_pattern(), any::<[bool; 2]>()).prop_flat_map(|((pattern, literal), [insensitive, word])| {
        let source = if literal { regex_syntax::escape(&pattern) } else { pattern.clone() };
        let source = if insensitive { format!("(?i){source}") } else { source };
        // There are no strings for a class that holds nothing, and none are made for assertions.
        let matched = if source.contains("&&") { None } else { prop::string::string_regex(&source).ok() };
        let matched = matched.map_or_else(|| Just(String::new()).boxed(), Strategy::boxed);
        let case = if insensitive { Case::Insensitive } else { Case::Sensitive };
        let query = TextQuery { pattern, literal, case, word, ..TextQuery::default() };
        (Just(query), some_text(matched))
    })
}

/// Few letters, so that random patterns match random texts: with the pitfalls of case (`k` and the Kelvin
/// sign, `s` and the long s, `ß`), characters of several bytes, and what ends lines and texts.
const ALPHABET: &[&str] =
    &["a", "b", "K", "k", "\u{212a}", "s", "ſ", "S", "é", "É", "ß", "ẞ", "_", " ", "\r", "0"];

const CLASSES: &[&str] =
    &["[abk]", "[^a]", r"\w", r"\s", ".", "[[:alpha:]]", "[a-e]", r"(?-u:\xc3)", r"[a&&b]", r"\p{Lu}"];

const ASSERTIONS: &[&str] = &["^", "$", r"\b", r"\B", r"\A", r"\z", r"\<"];

const REPEATS: &[&str] = &["*", "+", "?", "{2}", "{1,3}", "{3}", "{4}", "{2,}", "*?", "{0}"];

/// A pattern, and whether it is plain text.
fn some_pattern() -> impl Strategy<Value = (String, bool)> {
    let letter = || prop::sample::select(ALPHABET).prop_map(str::to_owned);
    let piece = prop_oneof![
        12 => prop::collection::vec(letter(), 1..6).prop_map(|letters| letters.concat()),
        4 => prop::sample::select(CLASSES).prop_map(str::to_owned),
        1 => prop::sample::select(ASSERTIONS).prop_map(str::to_owned),
    ];
    let regex = piece.prop_recursive(4, 20, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 1..5);
        let repeat = prop::sample::select(REPEATS);
        prop_oneof![
            4 => several.clone().prop_map(|parts| parts.concat()),
            2 => several.prop_map(|parts| format!("(?:{})", parts.join("|"))),
            2 => (inner.clone(), repeat).prop_map(|(inner, repeat)| format!("({inner}){repeat}")),
            1 => inner.prop_map(|inner| format!("(?i:{inner})")),
        ]
    });
    let plain = prop::collection::vec(letter(), 0..6).prop_map(|letters| (letters.concat(), true));
    prop_oneof![5 => regex.prop_map(|regex| (regex, false)), 1 => plain]
}

/// Random text around what a pattern matches, in one of the forms a file can have.
fn some_text(matched: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let rest: &[&str] = &["\n", "\n", "c", "\0"];
    let around = || {
        let letter = prop::sample::select([ALPHABET, ALPHABET, rest].concat());
        prop::collection::vec(letter, 0..8).prop_map(|letters| letters.concat())
    };
    (around(), matched, around(), 0..9).prop_map(|(before, matched, after, form)| {
        let text = [before, matched, after].concat();
        let units = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<_>>();
        match form {
            0 => [b"\xff\xfe".as_slice(), &units(u16::to_le_bytes)].concat(),
            1 => [b"\xfe\xff".as_slice(), &units(u16::to_be_bytes)].concat(),
            2 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            // Not UTF-8.
            3 => text.into_bytes().into_iter().filter(|byte| *byte != 0xa9).collect(),
            _ => text.into_bytes(),
        }
    })
}

mod analysis {
    use super::*;

    /// The query as text: `abc` for a trigram, spaces for and, bars for or.
    fn shown(query: &Query) -> String {
        let all = |parts: &[Query], between: &str| parts.iter().map(shown).collect::<Vec<_>>().join(between);
        match query {
            Query::All => "all".to_owned(),
            Query::None => "none".to_owned(),
            Query::Trigram(trigram) => trigram.to_be_bytes()[1..].escape_ascii().to_string(),
            Query::And(parts) => all(parts, " "),
            Query::Or(parts) => format!("({})", all(parts, "|")),
        }
    }

    fn check(pattern: &str, expected: &str) {
        let query = TextQuery { pattern: pattern.to_owned(), ..TextQuery::default() };
        assert_eq!(shown(query.compile().expect("valid").trigrams()), expected, "{pattern}");
    }

    #[test]
    fn literals() {
        check("Hello", "ell hel llo");
        check("ab", "all");
        check("", "all");
        check("^def$", "def");
        check(r"\bdef\b", "def");
    }

    #[test]
    fn seams_show_through_what_is_short() {
        check("ab.*cd", "all");
        check("abc.*def", "abc def");
        check("ab[xy]cd", "(abx bxc xcd|aby byc ycd)");
        check("abc[xy].*", "abc (bcx|bcy)");
        check(r"x(a|b)\s*foo", "foo");
        check("xx(ab.*cd)", "xab xxa");
        check("ab(cd|.*)ef", "all");
        check("(foo)+bar", "bar foo oba oob");
        check("(foo){2}", "foo ofo oof");
        check("abc?d", "(abd|abc bcd)");
    }

    #[test]
    fn alternatives() {
        check("import|export", "ort por (exp xpo|imp mpo)");
        check("abc|de", "all");
        check("abc|[a&&b]", "abc");
        check("[a&&b]", "none");
    }

    #[test]
    fn repetitions() {
        check("(abc)*", "all");
        check("(abc)?", "all");
        check("(abc){0}def", "def");
        check("a{3}", "aaa");
        check("a{2,}", "all");
        check("a{3,}", "aaa");
        check("xa+y", "all");
        check("xa{2,}y", "aay xaa");
    }

    #[test]
    fn case() {
        check("(?i)hello", "ell hel llo");
        check("(?i)kin", r"(kin|\x84\xaai \xaain \xe2\x84\xaa)");
        check("(?i)é", "all");
        check("(?i)éa", r"(\xc3\x89a|\xc3\xa9a)");
    }

    #[test]
    fn large_patterns_stay_small() {
        let words: Vec<String> = (0..1000).map(|n| format!("w{n:04}x")).collect();
        check("[a-z]{3}", "all");
        for pattern in [
            words.join("|"),
            "(?i)".to_owned() + &"task".repeat(200),
            "(a|b|[cd]){1000}x".to_owned(),
            "abc".repeat(10_000),
        ] {
            let query = TextQuery { pattern, ..TextQuery::default() };
            let compiled = query.compile().expect("valid");
            assert!(shown(compiled.trigrams()).len() < 100_000);
        }
    }
}
