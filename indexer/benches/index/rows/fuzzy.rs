//! Symbols by some of their letters, among half a million of generated ones.
#![expect(clippy::disallowed_methods, reason = "it writes the tree that it indexes")]

use std::collections::HashSet;
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
use crate::report::Unit;

/// Most seconds for the median and for 99 of 100.
const MEDIAN: f64 = 2e-3;
const MOST: f64 = 6e-3;
const SYMBOLS: usize = 500_000;
const IN_A_FILE: usize = 1_000;
const QUERIES: usize = 500;

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    let theia = report.built(THEIA)?;
    let names = generate(&words(&theia.index.snapshot().find_words(report.times(20_000))));
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
    let mut preparing = Latencies::default();
    preparing.time(|| snapshot.find("qzxj", &Filter::default(), find::LIMIT));
    let mut random = Random::new(4);
    let queries: Vec<String> = (0..report.times(QUERIES)).map(|_| letters(&mut random, &names)).collect();
    let mut times = Latencies::default();
    let (mut slowest, mut answered) = ((0.0, ""), 0);
    for query in &queries {
        answered += usize::from(!times.time(|| snapshot.find(query, &Filter::default(), find::LIMIT)).is_empty());
        if times.last() > slowest.0 {
            slowest = (times.last(), query);
        }
    }
    let what = format!("fuzzy among {} generated symbols, {} answers", names.len(), find::LIMIT);
    report.goals.extend(times.goals(&what, MEDIAN, MOST));
    report.notes.push(format!(
        "{what}: {answered} of {} queries had one; the slowest was `{}`; the first takes {} more.",
        queries.len(),
        slowest.1,
        Unit::Seconds.show(preparing.cpu(0.5)),
    ));
    find::check(report, &what, &snapshot, queries.iter().map(String::as_str));
    Ok(())
}
