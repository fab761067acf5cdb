//! From an edit of a file to an answer that sees it, in indexes of one, four and sixteen copies of a tree.
//! Every edit goes to all of the indexes, one after the other, so that their times can be compared.
#![expect(clippy::disallowed_methods, reason = "it copies a corpus")]

mod made;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkOptions;
use devtoolkit_index::{Filter, Index, TextEdit};
use tempfile::TempDir;

use super::{Report, parsed};
use crate::corpora::{self, Corpus, THEIA};
use crate::latency::Latencies;
use crate::random::Random;
use crate::report::{self, Goal, Limit, Unit};

/// Most seconds for 99 of 100.
const MOST: f64 = 10e-3;
/// How much longer it may take in sixteen copies than in one.
const GROWTH: f64 = 1.2;
/// Files that are edited, and edits of each.
const FILES: usize = 120;
const EDITS: usize = 5;

/// An index of some copies of the tree.
struct Copies {
    count: usize,
    index: Index,
    times: Latencies,
    /// Of opening a file: its whole text is parsed.
    opening: Latencies,
    _folders: [TempDir; 2],
}

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    let corpus = corpora::fetch(THEIA)?;
    let counts: &[usize] = if report.arguments.quick { &[1, 4] } else { &[1, 4, 16] };
    let mut indexes = counts.iter().map(|count| copies(&corpus, *count)).collect::<Result<Vec<_>>>()?;
    let paths = parsed(&corpus);
    let mut random = Random::new(5);
    let mut texts = BTreeMap::new();
    for number in 0..report.times(FILES) {
        let path = random.pick(&paths);
        let below = format!("{}/{path}", copy_name(0));
        let mut text = match texts.remove(&below) {
            Some(text) => text,
            None => fs::read_to_string(corpus.root.join(path)).context("cannot read a corpus")?,
        };
        // An editor opens the file first.
        for copies in &mut indexes {
            copies.opening.time(|| copies.index.update(&below, &text));
        }
        for edit in 0..EDITS {
            let (edit, question) =
                made::edit(&mut random, &indexes[0].index.snapshot(), &below, &text, number * EDITS + edit);
            let first = random.below(indexes.len());
            for turn in 0..counts.len() {
                let copies = &mut indexes[(first + turn) % counts.len()];
                let seen = copies.times.time(|| ask(&mut copies.index, &below, &edit, &question));
                ensure!(seen?, "`{question}` is not found in `{below}` after the edit {edit:?}");
            }
            text.replace_range(edit.range.clone(), &edit.text);
        }
        texts.insert(below, text);
    }
    add(report, &corpus, &indexes);
    check(report, &indexes, &texts);
    Ok(())
}

/// Makes an edit and asks for the name that it brought. Says whether it was there.
fn ask(index: &mut Index, path: &str, edit: &TextEdit, question: &str) -> Result<bool> {
    index.edit(path, std::slice::from_ref(edit))?;
    let hits = index.snapshot().find(question, &Filter::default(), 1);
    Ok(hits.iter().any(|hit| hit.symbol.name == question && hit.symbol.path == path))
}

fn copy_name(number: usize) -> String {
    format!("copy{number:02}")
}

/// An index of `count` copies of a corpus, stored and loaded again.
fn copies(corpus: &Corpus, count: usize) -> Result<Copies> {
    let (tree, cache) = (tempfile::tempdir()?, tempfile::tempdir()?);
    for number in 0..count {
        let below = tree.path().join(copy_name(number));
        for path in &corpus.files {
            copy(&corpus.root.join(path), &below.join(path))?;
        }
    }
    let store = Store::open(tree.path(), Some(cache.path()))?;
    store.refresh(&mut Index::new(), &WalkOptions::default(), &|_| {})?;
    let index = store.load().index;
    let (times, opening) = Default::default();
    Ok(Copies { count, index, times, opening, _folders: [tree, cache] })
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().expect("corpora have paths below their root");
    fs::create_dir_all(folder)?;
    // A second name of the file is as good as a copy, where the system can give one.
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))?;
    Ok(())
}

fn add(report: &mut Report<'_>, corpus: &Corpus, indexes: &[Copies]) {
    let one = &indexes[0].times;
    for copies in indexes {
        let size = report::bytes(corpus.bytes * copies.count as u64);
        let what = format!("edit until queryable, {}× {} ({size})", copies.count, corpus.spec.id());
        report.goals.extend(copies.times.goals(&what, MOST, MOST).into_iter().skip(1));
        report.notes.push(format!(
            "{what}: p50 / p99 {} CPU; a file opened anew, its whole text at once: {}.",
            copies.times.summary(),
            copies.opening.summary(),
        ));
    }
    let last = &indexes[indexes.len() - 1];
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        report.goals.push(Goal {
            what: format!("edit until queryable, growth from 1× to {}×: {name}", last.count),
            ours: format!("{} CPU", Unit::Seconds.show(last.times.cpu(share))),
            peer: format!("{} CPU", Unit::Seconds.show(one.cpu(share))),
            value: last.times.cpu(share) / one.cpu(share),
            limit: Limit::Most(GROWTH),
            unit: Unit::Times,
        });
    }
}

/// The edited files must have the symbols that an index made of the new texts alone has.
fn check(report: &mut Report<'_>, indexes: &[Copies], texts: &BTreeMap<String, String>) {
    let mut fresh = Index::new();
    let (mut same, mut all) = (0, 0);
    for (path, text) in texts {
        fresh.update(path, text);
        let wanted = format!("{:?}", plain(&fresh, path));
        for copies in indexes {
            all += 1;
            same += usize::from(format!("{:?}", plain(&copies.index, path)) == wanted);
        }
    }
    report.goals.push(Goal {
        what: "edited files with exactly the symbols and imports of a fresh index".to_owned(),
        ours: same.to_string(),
        peer: all.to_string(),
        value: same as f64 / all as f64,
        limit: Limit::Least(1.0),
        unit: Unit::Share,
    });
}

/// What an index says about a file, without how it is numbered.
fn plain(index: &Index, path: &str) -> impl std::fmt::Debug + use<> {
    let snapshot = index.snapshot();
    let symbols = snapshot.outline(path).unwrap_or_default();
    let symbols: Vec<_> = symbols
        .into_iter()
        .map(|symbol| {
            (
                symbol.qualified,
                symbol.kind,
                symbol.range,
                symbol.name_range,
                symbol.doc_range,
                symbol.exported,
            )
        })
        .collect();
    (symbols, snapshot.imports(path), snapshot.has_syntax_errors(path), snapshot.content_hash(path))
}
