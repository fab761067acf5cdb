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

/// Searches of one kind, counted together.
struct Searches {
    what: &'static str,
    patterns: Vec<String>,
    literal: bool,
    /// How much of ripgrep's CPU they may take, if that has a limit.
    limit: Option<f64>,
}

/// What both have found.
#[derive(Default)]
struct Hits {
    ours: usize,
    theirs: usize,
    common: usize,
}

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    let ripgrep = Ripgrep::find()?;
    for (spec, common, selective, broad) in [
        (THEIA, "Disposable", r"Deferred<\w+Result>\(", r"new \w+Widget\("),
        (HOMEASSISTANT, "async_setup_entry", r"device_class=\w+\.PRECIPITATION\b", r"def async_\w+_entry\("),
    ] {
        let built = report.built(spec)?;
        let rare = rare(&built.index.snapshot());
        let kind = |what, patterns: &[&str], literal, limit| {
            let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            Searches { what, patterns, literal, limit }
        };
        let mut hits = Hits::default();
        for searches in [
            Searches { what: "rare literals", patterns: rare, literal: true, limit: Some(0.01) },
            kind("common literal", &[common], true, None),
            kind("regex with a rare literal", &[selective], false, Some(0.1)),
            kind("regex with common literals", &[broad], false, Some(0.1)),
            kind("regex without literals", &[r"[A-Z][a-z]+\d\d[a-z]"], false, Some(0.6)),
        ] {
            against(report, &built, &ripgrep, &searches, &mut hits)?;
        }
        report.goals.push(Goal {
            what: format!("{}: hits that both have, of all that either has", spec.id()),
            ours: hits.ours.to_string(),
            peer: hits.theirs.to_string(),
            value: hits.common as f64 / (hits.ours + hits.theirs - hits.common).max(1) as f64,
            limit: Limit::Least(1.0),
            unit: Unit::Share,
        });
    }
    Ok(())
}

/// Names that are used once.
fn rare(snapshot: &Snapshot) -> Vec<String> {
    let symbols = uses::sample(snapshot, 5_000);
    let rare = symbols.into_iter().filter(|symbol| symbol.name.len() > 10 && symbol.name.is_ascii());
    let rare = rare.filter(|symbol| snapshot.uses_of_name(&symbol.name, &Filter::default()).len() == 1);
    rare.map(|symbol| symbol.name).take(5).collect()
}

fn against(
    report: &mut Report<'_>,
    built: &Built,
    ripgrep: &Ripgrep,
    searches: &Searches,
    hits: &mut Hits,
) -> Result<()> {
    let (mut ours, mut theirs, mut compiling) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let (mut searched, mut lines) = (0, 0);
    let snapshot = built.index.snapshot();
    for pattern in &searches.patterns {
        let query = TextQuery { pattern: pattern.clone(), literal: searches.literal, ..TextQuery::default() };
        let bytes = |path: &str| built.store.bytes(path);
        let ask = || {
            let query = query.compile()?;
            Ok(snapshot.search_text(&query, &Filter::default(), u64::MAX, &bytes))
        };
        let theirs_too = if searches.literal { Pattern::Literal(pattern) } else { Pattern::Regex(pattern) };
        let mut least = [Duration::MAX; 3];
        for _ in 0..report.times(5).max(2) {
            least[0] = least[0].min(own_cost(ask).0);
            least[1] = least[1].min(ripgrep.cost(theirs_too, &built.corpus.root)?.cpu);
            least[2] = least[2].min(own_cost(|| query.compile()).0);
        }
        ours += least[0];
        theirs += least[1];
        compiling += least[2];
        let answer = ask().map_err(anyhow::Error::new::<devtoolkit_index::text::PatternError>)?;
        searched += answer.searched;
        lines += answer.matches;
        let mut found = Vec::new();
        for hit in &answer.hits {
            let start = usize::try_from(hit.offset).context("a file is smaller than memory")?;
            let spans = hit.spans.iter();
            found.extend(spans.map(|span| Hit {
                path: hit.path.clone(),
                start: start + span.start,
                end: start + span.end,
            }));
        }
        let wanted = ripgrep.hits(theirs_too, &built.corpus.root)?;
        hits.ours += found.len();
        hits.theirs += wanted.len();
        hits.common += found.iter().filter(|hit| wanted.binary_search(hit).is_ok()).count();
    }
    let id = built.corpus.spec.id();
    let patterns = searches.patterns.join("`, `");
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    report.goals.extend(searches.limit.map(|limit| Goal {
        what: format!("{id}: {}, against {}", searches.what, ripgrep.version),
        ours: format!("{} CPU", report::seconds(ours)),
        peer: format!("{} CPU", report::seconds(theirs)),
        value: ratio,
        limit: Limit::Most(limit),
        unit: Unit::Times,
    }));
    report.notes.push(format!(
        "{id}: {} (`{patterns}`): {ratio:.4}× ripgrep's CPU; {} for {lines} lines from {searched} of {} files, \
         {} of it to compile the pattern.",
        searches.what,
        report::seconds(ours),
        snapshot.file_count() * searches.patterns.len(),
        report::seconds(compiling),
    ));
    Ok(())
}
