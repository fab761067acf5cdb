//! `references` looks only where a name leads and keeps what it found; each use asked by itself must say the same.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const FILES: u32 = 3;
/// Names that the lines are filled with: few, so that they meet.
const NAMES: [&str; 5] = ["Ab", "Bc", "run", "size", "item"];
/// `0`, `1` and `2` are names, `@` is a file.
const LINES: [&str; 14] = [
    "export class 0 { 1(): 2 { return x; } 2 = new 1(); }",
    "export class 0 extends 1 { constructor() { super(); } 2() { return this; } }",
    "export interface 0 { 1: 2; }",
    "export function 0(1: 2) { return 1.2(); }",
    "export const 0 = new 1();",
    "import { 0 } from './@';",
    "import { 0 as 1 } from './@';",
    "import * as 0 from './@';",
    "export { 0 as 1 } from './@';",
    "export * from './@';",
    "new 0().1().2;",
    "const { 0: { 1 } } = 2;",
    "for (const 0 of 1) 0.2();",
    "0({ 1: 2 });",
];

fn line() -> impl Strategy<Value = String> {
    (prop::sample::select(&LINES[..]), [0usize..5, 0usize..5, 0usize..5], 0..FILES).prop_map(
        |(line, names, file)| {
            let file = format!("f{file}");
            line.chars().fold(String::new(), |mut text, letter| {
                match letter.to_digit(3) {
                    Some(digit) => text.push_str(NAMES[names[digit as usize]]),
                    None if letter == '@' => text.push_str(&file),
                    None => text.push(letter),
                }
                text
            })
        },
    )
}

/// The places of uses that, each by itself, lead to a symbol.
fn one_by_one(snapshot: &Snapshot, symbol: &Symbol) -> BTreeSet<(String, u32)> {
    let class = snapshot.constructed(symbol).map(|class| Target::Symbol(class.id));
    let asked = Asked { symbol: Target::Symbol(symbol.id), class };
    let mut places = BTreeSet::new();
    for file in snapshot.file_ids() {
        let facts = snapshot.facts(file);
        for used in facts.uses() {
            if asked.is_meant(used, &Resolver::new(snapshot).resolve(&facts, used)) {
                places.insert((snapshot.path(file).to_owned(), used.start));
            }
        }
    }
    places
}

proptest! {
    #[test]
    fn uses_are_the_same_alone_and_among_all(lines in prop::collection::vec(line(), 1..40)) {
        let mut index = Index::new();
        index.update("f.ts", &lines.join("\n"));
        let snapshot = index.snapshot();
        let file = snapshot.file("f.ts").expect("it was added");
        let all = snapshot.facts(file);
        let names = crate::extract::offset(all.terms().len());
        for name in 0..names {
            let alone = snapshot.facts(file).uses_of(name).to_vec();
            prop_assert_eq!(&alone, &*all.doc.uses_by_name().into_iter().filter(|used| used.name == name).collect::<Vec<_>>());
            prop_assert_eq!(all.doc.has_symbols(name), all.doc.symbols().iter().any(|symbol| symbol.name == name));
        }
        for used in all.uses() {
            let first = all.uses().iter().find(|other| other.start == used.start).copied();
            prop_assert_eq!(snapshot.facts(file).use_starting(used.start), first);
        }
    }

    #[test]
    fn each_use_alone_says_the_same(files in prop::collection::vec(prop::collection::vec(line(), 1..7), FILES as usize)) {
        let mut index = Index::new();
        for (number, lines) in files.iter().enumerate() {
            index.update(&format!("f{number}.ts"), &lines.join("\n"));
        }
        let snapshot = index.snapshot();
        for file in snapshot.files() {
            for symbol in snapshot.outline(&file.path).unwrap_or_default() {
                let found = snapshot.references(&symbol, &Filter::default());
                let resolved = found.iter().filter(|found| found.certainty == Certainty::Resolved);
                let resolved: BTreeSet<_> = resolved.map(|found| (found.path.clone(), found.range.start)).collect();
                prop_assert_eq!(&resolved, &one_by_one(&snapshot, &symbol), "{} in {}", symbol.qualified, symbol.path);
            }
        }
    }
}
