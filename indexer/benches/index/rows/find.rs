//! Symbols by name: how fast, and whether the answers are those of looking at every symbol.

use anyhow::Result;
use devtoolkit_index::store::Store;
use devtoolkit_index::{Filter, MatchKind, Snapshot};

use super::{Report, fuzzy, uses};
use crate::corpora::{HOMEASSISTANT, THEIA};
use crate::latency::Latencies;
use crate::random::Random;
use crate::report::{Goal, Limit, Unit};

/// Most seconds for the median and for 99 of 100.
const MEDIAN: f64 = 50e-6;
const MOST: f64 = 500e-6;
/// Most seconds for the first question after loading.
const FIRST: f64 = 5e-3;
const FIRST_ASKED: usize = 100;
pub(super) const QUERIES: usize = 3_000;
/// Queries whose answers are compared.
const CHECKED: usize = 150;
/// Answers asked for.
pub(super) const LIMIT: usize = 20;

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    for spec in [THEIA, HOMEASSISTANT] {
        let built = report.built(spec)?;
        let snapshot = built.index.snapshot();
        let queries = queries(&snapshot, report.times(QUERIES));
        let what =
            format!("{}: symbol queries, exact, prefix and substring mixed, {LIMIT} answers", spec.id());
        ask(report, &what, &snapshot, &queries);
        let names: Vec<String> = queries.iter().map(|(_, name)| name.clone()).collect();
        first(report, &spec.id(), &built.store, &names);
    }
    Ok(())
}

/// Times questions that look inside names, each asked of the stored index as a new process would load it.
pub(super) fn first(report: &mut Report<'_>, what: &str, store: &Store, names: &[String]) {
    let mut random = Random::new(5);
    for kind in ["substring", "abbreviation"] {
        let mut times = Latencies::default();
        for _ in 0..report.times(FIRST_ASKED) {
            let name = random.pick(names);
            let query = if kind == "substring" {
                &name[name.len() / 3..]
            } else {
                &fuzzy::letters(&mut random, name)
            };
            let load_and_ask = || store.load().index.snapshot().find(query, &Filter::default(), LIMIT).len();
            times.time(load_and_ask);
        }
        let what = format!("{what}: load the stored index and find by {kind}");
        report.goals.extend(times.goals(&what, FIRST, FIRST));
    }
}

/// Times the queries, and compares some of the answers.
pub(super) fn ask(
    report: &mut Report<'_>,
    what: &str,
    snapshot: &Snapshot,
    queries: &[(&'static str, String)],
) {
    let mut times = Latencies::default();
    let mut kinds: Vec<(&'static str, Latencies)> = Vec::new();
    for (kind, query) in queries {
        let found = times.time(|| snapshot.find(query, &Filter::default(), LIMIT).len());
        if found == 0 {
            report.notes.push(format!("{what}: nothing is found for `{query}`, which is part of a name."));
        }
        let at = kinds.iter().position(|(known, _)| known == kind).unwrap_or_else(|| {
            kinds.push((kind, Latencies::default()));
            kinds.len() - 1
        });
        kinds[at].1.add(times.last());
    }
    report.goals.extend(times.goals(what, MEDIAN, MOST));
    let parts: Vec<String> =
        kinds.iter().map(|(kind, times)| format!("{kind} {}", times.summary())).collect();
    report.notes.push(format!("{what}: p50/p99 CPU by kind: {}.", parts.join(", ")));
    check(report, what, snapshot, queries.iter().map(|(_, query)| query.as_str()));
}

/// Names, and beginnings and middles of names, by chance.
pub(super) fn queries(snapshot: &Snapshot, count: usize) -> Vec<(&'static str, String)> {
    let mut random = Random::new(2);
    let names = uses::sample(snapshot, count);
    let names = names.into_iter().map(|symbol| symbol.name).filter(|name| is_plain(name));
    let query = |name: String| match random.below(3) {
        0 => ("exact", name),
        1 if name.len() > 3 => ("prefix", name[..3 + random.below(name.len() - 3)].to_owned()),
        2 if name.len() > 5 => {
            let from = 1 + random.below(name.len() - 5);
            let to = from + 4 + random.below(name.len() - from - 3);
            ("substring", name[from..to].to_owned())
        }
        _ => ("exact", name),
    };
    names.map(query).collect()
}

/// Whether a name is a word: a key in quotes may have dots, which `find` takes for `Class.member`.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Each answer must be one, and there must be as many as there are, or as were asked for.
pub(super) fn check<'a>(
    report: &mut Report<'_>,
    what: &str,
    snapshot: &Snapshot,
    queries: impl Iterator<Item = &'a str>,
) {
    let paths: Vec<String> = snapshot.files().map(|file| file.path).collect();
    let outlines = paths.iter().flat_map(|path| snapshot.outline(path).unwrap_or_default());
    let names: Vec<(String, String)> =
        outlines.map(|symbol| (symbol.name.to_ascii_lowercase(), symbol.name)).collect();
    let (mut right, mut asked) = (0, 0);
    for query in queries.take(CHECKED) {
        let lower = query.to_ascii_lowercase();
        let exact = names.iter().filter(|(_, name)| name == query).count();
        let inside = names.iter().filter(|(name, _)| name.contains(&lower)).count();
        // Letters in order are a guess, which is made only where nothing better is known.
        let all = match inside {
            0 => names.iter().filter(|(_, name)| is_abbreviation(&lower, name)).count(),
            inside => inside,
        };
        let hits = snapshot.find(query, &Filter::default(), LIMIT);
        let count = |most: MatchKind| hits.iter().filter(|hit| hit.kind <= most).count();
        let fits = hits.len() == all.min(LIMIT)
            && count(MatchKind::Exact) == exact.min(LIMIT)
            && count(MatchKind::Substring) == inside.min(LIMIT)
            && hits
                .iter()
                .all(|hit| is_abbreviation(&lower, &hit.symbol.name) || count(MatchKind::Substring) > 0)
            && hits.is_sorted_by_key(|hit| hit.kind);
        asked += 1;
        right += usize::from(fits);
    }
    report.goals.push(Goal {
        what: format!("{what}: as complete as a look at every symbol"),
        ours: right.to_string(),
        peer: asked.to_string(),
        value: right as f64 / asked as f64,
        limit: Limit::Least(1.0),
        unit: Unit::Share,
    });
}

/// Whether the letters stand in the name in order, the first of them where a word begins.
fn is_abbreviation(letters: &str, name: &str) -> bool {
    let (Some(first), bytes) = (letters.bytes().next(), name.as_bytes()) else { return false };
    let begins = |at: usize| match at.checked_sub(1).map(|before| bytes[before]) {
        None => true,
        Some(before) => {
            !before.is_ascii_alphanumeric() || bytes[at].is_ascii_uppercase() && !before.is_ascii_uppercase()
        }
    };
    let start = (0..bytes.len()).find(|at| bytes[*at].to_ascii_lowercase() == first && begins(*at));
    start.is_some_and(|start| {
        let mut rest = bytes[start + 1..].iter().map(u8::to_ascii_lowercase);
        letters.bytes().skip(1).all(|letter| rest.any(|other| other == letter))
    })
}
