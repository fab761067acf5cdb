//! `references` of global symbols: how fast.

use anyhow::Result;
use devtoolkit_index::{Filter, Snapshot, Symbol};

use super::Report;
use crate::corpora::{HOMEASSISTANT, THEIA};
use crate::latency::Latencies;
use crate::random::Random;

/// Most seconds for the median and for 99 of 100.
const MEDIAN: f64 = 1e-3;
const MOST: f64 = 5e-3;
/// Symbols asked about in each corpus.
const SYMBOLS: usize = 1_000;

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    for spec in [THEIA, HOMEASSISTANT] {
        let built = report.built(spec)?;
        let snapshot = built.index.snapshot();
        let symbols = sample(&snapshot, report.times(SYMBOLS));
        let (mut times, mut found, mut slowest) = (Latencies::default(), Vec::new(), (0.0, String::new()));
        for symbol in &symbols {
            let uses = times.time(|| snapshot.references(symbol, &Filter::default()).len());
            found.push(uses as f64);
            if times.last() > slowest.0 {
                slowest = (times.last(), format!("`{}` with {uses} references", symbol.qualified));
            }
        }
        let what = format!("{}: `references` of a symbol from any file's outline", spec.id());
        report.goals.extend(times.goals(&what, MEDIAN, MOST));
        report.notes.push(format!(
            "{}: references to a symbol: {} on average, {} at most; slowest: {}.",
            spec.id(),
            (found.iter().sum::<f64>() / found.len() as f64).round(),
            found.iter().copied().fold(0.0, f64::max),
            slowest.1,
        ));
    }
    Ok(())
}

/// Symbols by chance, each as likely as any other.
pub(super) fn sample(snapshot: &Snapshot, count: usize) -> Vec<Symbol> {
    let files: Vec<_> = snapshot.files().collect();
    let all: Vec<Symbol> =
        files.iter().flat_map(|file| snapshot.outline(&file.path).unwrap_or_default()).collect();
    let mut random = Random::new(1);
    (0..count).map(|_| random.pick(&all).clone()).collect()
}
