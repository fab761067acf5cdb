//! What `find` answers, and that its short cuts find what a look at every name finds.

use super::*;
use crate::{Index, Language, SymbolKind};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::fmt::Write as _;

/// Files, each after a line with its path. Every one becomes a segment before some merge.
fn index(files: &str) -> Index {
    let mut index = Index::new();
    for file in files.split("== ").skip(1) {
        let (path, text) = file.split_once('\n').expect("a path has a line");
        index.update(path, text);
    }
    index
}

/// Asks each line of `queries`, `NAME [--kind K] [--path P] [--lang L] [--limit N]`, of the files.
fn check(files: &str, queries: &str, expected: &Expect) {
    expected.assert_eq(&answers(&index(files).snapshot(), queries));
}

fn answers(snapshot: &Snapshot, queries: &str) -> String {
    let mut out = String::new();
    for query in queries.lines().map(str::trim).filter(|query| !query.is_empty()) {
        let _ = writeln!(out, "{query}");
        let mut words = query.split(' ');
        let name = words.next().unwrap_or_default();
        let (mut filter, mut limit) = (Filter::default(), 10);
        while let (Some(option), Some(value)) = (words.next(), words.next()) {
            match option {
                "--kind" => filter.kinds.extend(SymbolKind::ALL.iter().find(|kind| kind.name() == value)),
                "--path" => filter = filter.with_path(value).expect("a path"),
                "--lang" => filter.language = Language::from_name(value),
                _ => limit = value.parse().expect("a number"),
            }
        }
        for Hit { symbol, kind } in snapshot.find(name, &filter, limit) {
            let _ = writeln!(out, "  {kind:?} {} {} {}", symbol.kind.name(), symbol.qualified, symbol.path);
        }
    }
    out
}

const NAMES: &str = "== a.py
class FileReader:
    def read_file(self): pass
def file_reader(): pass
def open_file(): pass
def profile(): pass
def file(): pass
def File(): pass
FILE_LIMIT = 1
";

#[test]
fn whole_names_come_before_beginnings_and_those_before_middles() {
    check(
        NAMES,
        "file
        FILE
        reader
        ofi",
        &expect![[r#"
            file
              Exact function file a.py
              ExactIgnoringCase function File a.py
              Prefix function file_reader a.py
              PrefixIgnoringCase class FileReader a.py
              PrefixIgnoringCase constant FILE_LIMIT a.py
              Word function open_file a.py
              Word method FileReader.read_file a.py
              Substring function profile a.py
            FILE
              ExactIgnoringCase function file a.py
              ExactIgnoringCase function File a.py
              Prefix constant FILE_LIMIT a.py
              PrefixIgnoringCase class FileReader a.py
              PrefixIgnoringCase function file_reader a.py
              Word function open_file a.py
              Word method FileReader.read_file a.py
              Substring function profile a.py
            reader
              Word class FileReader a.py
              Word function file_reader a.py
            ofi
              Substring function profile a.py
        "#]],
    );
}

#[test]
fn abbreviations_are_sought_only_where_nothing_else_answers() {
    check(
        NAMES,
        "fr
        flr
        rdf
        ead
        xf",
        &expect![[r#"
            fr
              Fuzzy class FileReader a.py
              Fuzzy function file_reader a.py
            flr
              Fuzzy class FileReader a.py
              Fuzzy function file_reader a.py
            rdf
              Fuzzy method FileReader.read_file a.py
            ead
              Substring method FileReader.read_file a.py
              Substring class FileReader a.py
              Substring function file_reader a.py
            xf
        "#]],
    );
}

#[test]
fn types_come_before_members_and_tests_come_last() {
    check(
        "== deep/down/run.py
def run(): pass
== src/a.py
run = 1
class A:
    run = 2
class B:
    def run(self): pass
== src/b.py
class run: pass
== test/t.py
class run: pass
",
        "run
        run --limit 2
        run --limit 0",
        &expect![[r#"
            run
              Exact class run src/b.py
              Exact class run test/t.py
              Exact function run deep/down/run.py
              Exact method B.run src/a.py
              Exact field A.run src/a.py
              Exact variable run src/a.py
            run --limit 2
              Exact class run src/b.py
              Exact class run test/t.py
            run --limit 0
        "#]],
    );
}

#[test]
fn filters_narrow_before_the_limit_counts() {
    check(
        "== a.py
class Point: pass
def point(): pass
== lib/b.ts
export class Point { point = 1; }
== lib/c/d.ts
export interface Point {}
export enum PointKind { Point }
",
        "point --kind class --limit 1
        Point --kind enum-member
        point --kind interface --kind enum
        point --path lib --limit 3
        point --path *.py
        point --lang typescript --kind property
        point --lang rust",
        &expect![[r#"
            point --kind class --limit 1
              ExactIgnoringCase class Point a.py
            Point --kind enum-member
              Exact enum-member PointKind.Point lib/c/d.ts
            point --kind interface --kind enum
              ExactIgnoringCase interface Point lib/c/d.ts
              PrefixIgnoringCase enum PointKind lib/c/d.ts
            point --path lib --limit 3
              Exact field Point.point lib/b.ts
              ExactIgnoringCase class Point lib/b.ts
              ExactIgnoringCase interface Point lib/c/d.ts
            point --path *.py
              Exact function point a.py
              ExactIgnoringCase class Point a.py
            point --lang typescript --kind property
            point --lang rust
        "#]],
    );
}

#[test]
fn dots_ask_for_containers_or_are_part_of_a_name() {
    check(
        "== a.ts
export class Outer { inner() {} }
export namespace space { export class Outer { inner() {} } }
export interface Settings { 'editor.fontSize': number; 'my.editor.fontSize': number; }
export class editor { fontSize = 1; }
export interface editor { 'editor.fontSize': number; }
",
        "Outer.inner
        space.outer.inner
        space::Outer
        er.inner
        editor.fontSize
        editor.font
        editor.
        .",
        &expect![[r#"
            Outer.inner
              Exact method Outer.inner a.ts
              Exact method space.Outer.inner a.ts
            space.outer.inner
              Exact method space.Outer.inner a.ts
            space::Outer
              Exact class space.Outer a.ts
            er.inner
            editor.fontSize
              Exact property Settings.editor.fontSize a.ts
              Exact field editor.fontSize a.ts
              Exact property editor.editor.fontSize a.ts
              Word property Settings.my.editor.fontSize a.ts
            editor.font
              Prefix field editor.fontSize a.ts
              Prefix property Settings.editor.fontSize a.ts
              Prefix property editor.editor.fontSize a.ts
              Word property Settings.my.editor.fontSize a.ts
            editor.
              Prefix property Settings.editor.fontSize a.ts
              Prefix property editor.editor.fontSize a.ts
              Word property Settings.my.editor.fontSize a.ts
            .
              Substring property Settings.editor.fontSize a.ts
              Substring property editor.editor.fontSize a.ts
              Substring property Settings.my.editor.fontSize a.ts
        "#]],
    );
}

#[test]
fn replaced_and_removed_files_are_not_found() {
    let mut index = Index::new();
    for number in 0..20 {
        index.update(&format!("m{number:02}.py"), &format!("def before_{number:02}(): pass\n"));
    }
    for number in 0..18 {
        index.update(&format!("m{number:02}.py"), &format!("def after_{number:02}(): pass\n"));
    }
    index.remove("m18.py");
    assert!(index.snapshot().parts().len() > 1, "there is more than one segment");
    let queries = "before_01\nbefore\nfore_\nbf\nafter_17\nfter_1 --limit 3\naf17";
    expect![[r#"
        before_01
        before
          Prefix function before_19 m19.py
        fore_
          Substring function before_19 m19.py
        bf
          Fuzzy function before_19 m19.py
        after_17
          Exact function after_17 m17.py
        fter_1 --limit 3
          Substring function after_10 m10.py
          Substring function after_11 m11.py
          Substring function after_12 m12.py
        af17
          Fuzzy function after_17 m17.py
    "#]]
    .assert_eq(&answers(&index.snapshot(), queries));
}

#[test]
fn letters_beyond_ascii_are_found_in_their_own_case() {
    check(
        "== a.py
class Größe: pass
class GrößeÄnderung: pass
def größe(): pass
",
        "größe
        GRöße
        Änderung
        änderung
        gÄ",
        &expect![[r#"
            größe
              Exact function größe a.py
              ExactIgnoringCase class Größe a.py
              PrefixIgnoringCase class GrößeÄnderung a.py
            GRöße
              ExactIgnoringCase class Größe a.py
              ExactIgnoringCase function größe a.py
              PrefixIgnoringCase class GrößeÄnderung a.py
            Änderung
              Substring class GrößeÄnderung a.py
            änderung
            gÄ
              Fuzzy class GrößeÄnderung a.py
        "#]],
    );
}

/// Names of a few letters, so that they share much.
fn names() -> impl Strategy<Value = Vec<Vec<String>>> {
    let name = "[a-cA-C_][a-cA-C_1]{0,9}";
    prop::collection::vec(prop::collection::vec(name, 1..60), 1..12)
}

/// All defined names, by outlines.
fn defined(snapshot: &Snapshot) -> Vec<String> {
    let outlines = snapshot.files().flat_map(|file| snapshot.outline(&file.path).unwrap_or_default());
    let mut names: Vec<String> = outlines.map(|symbol| symbol.name).collect();
    names.sort();
    names
}

fn found(snapshot: &Snapshot, query: &str, admits: impl Fn(MatchKind) -> bool) -> Vec<String> {
    let hits = snapshot.find(query, &Filter::default(), 100_000);
    let hits = hits.into_iter().filter(|hit| admits(hit.kind));
    let mut names: Vec<String> = hits.map(|hit| hit.symbol.name).collect();
    names.sort();
    names
}

/// By the definition, letter by letter.
fn is_abbreviation(letters: &str, name: &str) -> bool {
    let bytes = name.as_bytes();
    let starts = (0..bytes.len()).filter(|at| letters::starts_word(bytes, *at));
    starts.into_iter().any(|start| {
        let mut rest = bytes[start..].iter();
        let mut letters = letters.bytes();
        let first = letters.next();
        first == rest.next().map(u8::to_ascii_lowercase)
            && letters.all(|letter| rest.any(|byte| byte.to_ascii_lowercase() == letter))
    })
}

proptest! {
    /// In several segments, some of whose files were replaced or removed.
    #[test]
    fn find_equals_a_look_at_every_name(files in names(), query in "[a-c_]{1,4}", again in 0usize..12) {
        let mut index = Index::new();
        for (number, names) in files.iter().chain(files.iter().take(again)).enumerate() {
            let text: String = names.iter().map(|name| format!("{name} = 1\n")).collect();
            index.update(&format!("m{}.py", number % 8), &text);
        }
        index.remove("m3.py");
        let snapshot = index.snapshot();
        let all = defined(&snapshot);
        let those = |fits: &dyn Fn(&str) -> bool| -> Vec<String> { all.iter().filter(|name| fits(name)).cloned().collect() };
        let contains = those(&|name| name.to_ascii_lowercase().contains(&query));
        prop_assert_eq!(found(&snapshot, &query, |kind| kind < MatchKind::Fuzzy), contains.clone());
        let begins = those(&|name| name.to_ascii_lowercase().starts_with(&query));
        prop_assert_eq!(found(&snapshot, &query, |kind| kind <= MatchKind::PrefixIgnoringCase), begins);
        prop_assert_eq!(found(&snapshot, &query, |kind| kind == MatchKind::Exact), those(&|name| name == query));
        let abbreviated = found(&snapshot, &query, |kind| kind == MatchKind::Fuzzy);
        let expected = if contains.is_empty() { those(&|name| is_abbreviation(&query, name)) } else { Vec::new() };
        prop_assert_eq!(abbreviated, expected);
    }

    /// The best of all files are the same however few are wanted, though fewer files are decoded.
    #[test]
    fn a_limit_cuts_the_answer_and_changes_nothing_else(files in names(), query in "[a-c]{1,2}", limit in 0usize..12) {
        let mut index = Index::new();
        for (number, names) in files.iter().enumerate() {
            let mut text = String::new();
            for (place, name) in names.iter().enumerate() {
                let _ = match (place + number) % 4 {
                    0 => writeln!(text, "class {name}: pass"),
                    1 => writeln!(text, "def {name}(): pass"),
                    2 => writeln!(text, "class K{place}:\n    {name} = 1\n    class L:\n        {name} = 2"),
                    _ => writeln!(text, "{name} = 1"),
                };
            }
            index.update(&format!("{}m{number}.py", "d/".repeat(number % 3)), &text);
        }
        let snapshot = index.snapshot();
        let mut all = snapshot.find(&query, &Filter::default(), 100_000);
        let cut = snapshot.find(&query, &Filter::default(), limit);
        let key = |hit: &Hit| (hit.kind, if hit.kind == MatchKind::Exact { 0 } else { hit.symbol.name.len() });
        let in_order = |a: &Hit, b: &Hit| {
            let ranks = [a, b].map(|hit| Rank::of(&hit.symbol, &snapshot));
            (key(a), ranks[0]) <= (key(b), ranks[1])
        };
        prop_assert!(all.is_sorted_by(in_order) || all.iter().any(|hit| hit.kind == MatchKind::Fuzzy));
        all.truncate(limit);
        prop_assert_eq!(cut, all);
    }
}
