//! Text search against ripgrep: what it costs, and whether the hits are the same.

use std::time::Duration;

use anyhow::{Context as _, Result};
use devtoolkit_index::text::TextQuery;
use devtoolkit_index::{Filter, Snapshot};

use super::{Built, Report, uses};
use crate::corpora::{HOMEASSISTANT, THEIA};
use crate::measure::own_cost;
use crate::peers::{Hit, Pattern, Ripgrep};
use crate::report::{self, Goal, Limit, Unit};

/// One search and how much of ripgrep's CPU it may take.
struct Search {
    what: &'static str,
    pattern: String,
    literal: bool,
    limit: f64,
}

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    let ripgrep = Ripgrep::find()?;
    for (spec, common, with, without) in [
        (THEIA, "Disposable", r"new \w+Widget\(", r"[A-Z][a-z]+\d\d[a-z]"),
        (HOMEASSISTANT, "async_setup_entry", r"def async_\w+_entry\(", r"[A-Z][a-z]+\d\d[a-z]"),
    ] {
        let built = report.built(spec)?;
        let rare = rare(&built.index.snapshot());
        for search in [
            Search { what: "rare literal", pattern: rare, literal: true, limit: 0.01 },
            Search { what: "common literal", pattern: common.to_owned(), literal: true, limit: 0.1 },
            Search { what: "regex with a literal", pattern: with.to_owned(), literal: false, limit: 0.1 },
            Search { what: "regex without", pattern: without.to_owned(), literal: false, limit: 0.6 },
        ] {
            against(report, &built, &ripgrep, &search)?;
        }
    }
    Ok(())
}

/// A name that stands in one or two lines of the tree.
fn rare(snapshot: &Snapshot) -> String {
    let symbols = uses::sample(snapshot, 2_000);
    let rare = symbols.into_iter().filter(|symbol| symbol.name.len() > 14 && symbol.name.is_ascii());
    let mut rare = rare.filter(|symbol| snapshot.uses_of_name(&symbol.name, &Filter::default()).len() == 1);
    rare.next().map_or_else(|| "no_such_name_here".to_owned(), |symbol| symbol.name)
}

fn against(report: &mut Report<'_>, built: &Built, ripgrep: &Ripgrep, search: &Search) -> Result<()> {
    let snapshot = built.index.snapshot();
    let query = TextQuery { pattern: search.pattern.clone(), literal: search.literal, ..TextQuery::default() };
    let pattern = match search.literal {
        true => Pattern::Literal(&search.pattern),
        false => Pattern::Regex(&search.pattern),
    };
    let bytes = |path: &str| built.store.bytes(path);
    let ask = || query.compile().map(|query| snapshot.search_text(&query, &Filter::default(), u64::MAX, &bytes));
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..report.times(5).max(2) {
        ours = ours.min(own_cost(ask).0);
        theirs = theirs.min(ripgrep.cost(pattern, &built.corpus.root)?.cpu);
    }
    let answer = ask().context("a pattern of ours does not compile")?;
    let id = built.corpus.spec.id();
    let what = format!("{id}: {}, `{}`", search.what, search.pattern);
    report.goals.push(Goal {
        what: format!("{what}, against {}", ripgrep.version),
        ours: format!("{} CPU", report::seconds(ours)),
        peer: format!("{} CPU", report::seconds(theirs)),
        value: ours.as_secs_f64() / theirs.as_secs_f64(),
        limit: Limit::Most(search.limit),
        unit: Unit::Times,
    });
    let mut found: Vec<Hit> = Vec::new();
    for hit in &answer.hits {
        let start = usize::try_from(hit.offset).context("a file is smaller than memory")?;
        let spans = hit.spans.iter();
        found.extend(spans.map(|span| Hit { path: hit.path.clone(), start: start + span.start, end: start + span.end }));
    }
    found.sort_unstable();
    let wanted = ripgrep.hits(pattern, &built.corpus.root)?;
    let common = found.iter().filter(|hit| wanted.binary_search(hit).is_ok()).count();
    report.goals.push(Goal {
        what: format!("{what}: hits that both have, of all that either has"),
        ours: found.len().to_string(),
        peer: wanted.len().to_string(),
        value: common as f64 / (found.len() + wanted.len() - common).max(1) as f64,
        limit: Limit::Least(1.0),
        unit: Unit::Share,
    });
    Ok(())
}
