//! Symbols by some of their letters, among half a million of generated ones.
#![expect(clippy::disallowed_methods, reason = "it writes the tree that it indexes")]

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::fs;

use anyhow::Result;
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkOptions;
use devtoolkit_index::{Filter, Index};

use super::{Report, find, uses};
use crate::corpora::THEIA;
use crate::latency::Latencies;
use crate::random::Random;

/// Most seconds for the median and for 99 of 100.
const MEDIAN: f64 = 2e-3;
const MOST: f64 = 6e-3;
const SYMBOLS: usize = 500_000;
const IN_A_FILE: usize = 1_000;
const QUERIES: usize = 500;

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    let theia = report.built(THEIA)?;
    let symbols = uses::sample(&theia.index.snapshot(), 20_000);
    let names = generate(&words(symbols.iter().map(|symbol| symbol.name.as_str())));
    let folder = tempfile::tempdir()?;
    for (number, names) in names.chunks(IN_A_FILE).enumerate() {
        let mut text = String::new();
        for name in names {
            let _ = writeln!(text, "def {name}(): pass");
        }
        fs::write(folder.path().join(format!("m{number:04}.py")), text)?;
    }
    let cache = tempfile::tempdir()?;
    let store = Store::open(folder.path(), Some(cache.path()))?;
    store.refresh(&mut Index::new(), &WalkOptions::default(), &|_| {})?;
    let index = store.load().index;
    let snapshot = index.snapshot();
    let mut random = Random::new(4);
    let mut query = || {
        let name = random.pick(&names).clone();
        letters(&mut random, &name)
    };
    let queries: Vec<String> = (0..report.times(QUERIES)).map(|_| query()).collect();
    let mut times = Latencies::default();
    let (mut slowest, mut answered) = ((0.0, ""), 0);
    for query in &queries {
        answered +=
            usize::from(!times.time(|| snapshot.find(query, &Filter::default(), find::LIMIT)).is_empty());
        if times.last() > slowest.0 {
            slowest = (times.last(), query);
        }
    }
    let what = format!("fuzzy among {} generated symbols, {} answers", names.len(), find::LIMIT);
    report.goals.extend(times.goals(&what, MEDIAN, MOST));
    report.notes.push(format!(
        "{what}: {answered} of {} queries had one; the slowest was `{}`.",
        queries.len(),
        slowest.1,
    ));
    find::check(report, &what, &snapshot, queries.iter().map(String::as_str));
    find::first(report, &format!("{} generated symbols", names.len()), &store, &names);
    let queries = find::queries(&snapshot, report.times(find::QUERIES));
    let what = format!("symbol queries among {} generated symbols, mixed as above", names.len());
    find::ask(report, &what, &snapshot, &queries);
    Ok(())
}

/// The words that names are made of: of three to ten small letters.
fn words<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words = BTreeSet::new();
    for name in names {
        let mut word = String::new();
        for character in name.chars().chain(['_']) {
            if !character.is_ascii_lowercase() {
                if (3..=10).contains(&word.len()) {
                    words.insert(std::mem::take(&mut word));
                }
                word.clear();
            }
            if character.is_ascii_alphabetic() {
                word.push(character.to_ascii_lowercase());
            }
        }
    }
    words.into_iter().collect()
}

/// Distinct names of two to four words, in camel or snake case.
fn generate(words: &[String]) -> Vec<String> {
    let mut random = Random::new(3);
    let mut names = HashSet::with_capacity(SYMBOLS);
    let mut ordered = Vec::with_capacity(SYMBOLS);
    while ordered.len() < SYMBOLS {
        let snake = random.below(3) == 0;
        let mut name = random.pick(words).clone();
        for _ in 0..1 + random.below(3) {
            let word = random.pick(words);
            if snake {
                name.push('_');
                name.push_str(word);
            } else {
                name.push_str(&word[..1].to_ascii_uppercase());
                name.push_str(&word[1..]);
            }
        }
        if names.insert(name.clone()) {
            ordered.push(name);
        }
    }
    ordered
}

/// What a person types for a name: one to three letters of the beginning of each of its words.
pub(super) fn letters(random: &mut Random, name: &str) -> String {
    let mut typed = String::new();
    let mut left = 0;
    for (at, character) in name.char_indices() {
        if at == 0 || character == '_' || character.is_ascii_uppercase() {
            left = 1 + random.below(3);
        }
        if character != '_' && left > 0 {
            typed.push(character.to_ascii_lowercase());
            left -= 1;
        }
    }
    typed
}
