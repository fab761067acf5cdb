//! How right `definition` and `references` are: their answers marked `resolved` beside a type checker's.
//!
//! Precision is the right share of what we mark `resolved`; recall is the share of the checker's answers that
//! we both mark `resolved` and have right. What the checker does not know counts nowhere.
//!
//! The wanted references are those whose definition, by the checker, is the declaration asked about. Checkers
//! also list what is only related, such as the same member of another class of the hierarchy: right where we
//! say so, but not wanted; how much of all that is listed we find stands in a column of its own.
#![expect(clippy::print_stdout, reason = "misses are printed as they are found")]

mod misses;

use std::collections::{BTreeSet, HashSet};

use anyhow::{Context as _, Result};
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkOptions;
use devtoolkit_index::{Certainty, Definition, Filter, Index, Place, Snapshot};

use crate::corpora::{self, Corpus, SAMPLES, SampleLanguage};
use crate::report::{Goal, Limit, Table, Unit};
use crate::rows::Report;
use crate::truth::{self, DefinitionTruth, Expected, ReferencesTruth, Target, Truth};
use misses::{Miss, Misses, Verdict};

/// Least share of right answers among those marked `resolved`.
const PRECISION: f64 = 0.95;
/// Least share of the checker's answers that are found.
const RECALL: f64 = 0.80;

/// Answers counted.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    /// Answers that the checker has inside the sample.
    wanted: usize,
    /// Answers that we marked `resolved` where the checker knows better or agrees.
    claimed: usize,
    /// Of these, those that the checker gives too.
    right: usize,
    /// Of the wanted answers, those that we marked `resolved`.
    found: usize,
    /// Answers that the checker gives with all that is only related, and those of them that we found.
    listed: usize,
    found_listed: usize,
    /// Declarations with a wanted answer, and the sum of their recalls: large ones count no more than others.
    declarations: usize,
    recalls: f64,
    /// Wanted answers that we gave by name, at the first place, and right.
    right_by_name: usize,
}

impl Score {
    fn precision(&self) -> f64 {
        share(self.right, self.claimed)
    }

    fn recall(&self) -> f64 {
        share(self.found, self.wanted)
    }

    fn add(&mut self, other: &Self) {
        self.wanted += other.wanted;
        self.claimed += other.claimed;
        self.right += other.right;
        self.found += other.found;
        self.listed += other.listed;
        self.found_listed += other.found_listed;
        self.right_by_name += other.right_by_name;
        self.declarations += other.declarations;
        self.recalls += other.recalls;
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// One sample: its index and what the checker says.
struct Sample {
    corpus: Corpus,
    truth: Truth,
    snapshot: Snapshot,
}

/// Scores `definition`.
pub(crate) fn definitions(report: &mut Report<'_>) -> Result<()> {
    score("definition", report, |sample, misses| {
        let mut score = Score::default();
        for asked in &sample.truth.definitions {
            score_definition(&sample.snapshot, asked, &mut score, misses);
        }
        score
    })
}

/// Scores `references`.
pub(crate) fn references(report: &mut Report<'_>) -> Result<()> {
    score("references", report, |sample, misses| {
        let mut score = Score::default();
        for asked in &sample.truth.references {
            score_references(&sample.snapshot, asked, &mut score, misses);
        }
        score
    })
}

fn score(what: &str, report: &mut Report<'_>, of: impl Fn(&Sample, &mut Misses) -> Score) -> Result<()> {
    let columns = [
        "sample",
        "checker",
        "asked",
        "resolved",
        "right",
        "precision",
        "recall",
        "with by-name",
        "of all listed",
        "by declaration",
    ];
    let mut table = Table::new(columns);
    let arguments = report.arguments;
    let mut totals =
        [(SampleLanguage::Python, Score::default()), (SampleLanguage::TypeScript, Score::default())];
    for spec in SAMPLES.iter().filter(|spec| arguments.wants_sample(spec.name)) {
        let sample = prepare(corpora::fetch(*spec)?)?;
        let mut misses = Misses::new(&sample.corpus);
        let score = of(&sample, &mut misses);
        if arguments.misses > 0 {
            print!("{}", misses.first(arguments.misses));
        }
        if arguments.breakdown {
            println!("{what} in {}: where it misses\n\n{}", spec.id(), misses.breakdown());
        }
        push(&mut table, &spec.id(), &sample.truth.checker, &score);
        for (_, total) in totals.iter_mut().filter(|(language, _)| *language == spec.language) {
            total.add(&score);
        }
    }
    let mut all = Score::default();
    for (language, total) in totals.iter().filter(|(_, total)| total.wanted > 0) {
        let name = match language {
            SampleLanguage::Python => "all Python",
            SampleLanguage::TypeScript => "all TypeScript, JavaScript",
        };
        push(&mut table, name, "", total);
        report.goals.extend(goals(&format!("`{what}`, {name}"), total));
        all.add(total);
    }
    push(&mut table, "all", "", &all);
    report.details.push((format!("`{what}` against the type checkers, by sample:"), table));
    Ok(())
}

fn goals(what: &str, score: &Score) -> [Goal; 2] {
    let goal = |figure: &str, part: usize, whole: usize, least: f64| Goal {
        what: format!("{what}: {figure}"),
        ours: format!("{part} right"),
        peer: format!("{whole} {}", if figure == "recall" { "by the checker" } else { "marked `resolved`" }),
        value: share(part, whole),
        limit: Limit::Least(least),
        unit: Unit::Share,
    };
    [
        goal("precision", score.right, score.claimed, PRECISION),
        goal("recall", score.found, score.wanted, RECALL),
    ]
}

fn push(table: &mut Table, name: &str, checker: &str, score: &Score) {
    let number = |number: usize| number.to_string();
    let figure = |value: f64| Unit::Share.show(value);
    table.push(&[
        name.to_owned(),
        checker.to_owned(),
        number(score.wanted),
        number(score.claimed),
        number(score.right),
        figure(score.precision()),
        figure(score.recall()),
        figure(share(score.found + score.right_by_name, score.wanted)),
        if score.listed > 0 { figure(share(score.found_listed, score.listed)) } else { String::new() },
        if score.declarations > 0 {
            figure(score.recalls / score.declarations as f64)
        } else {
            String::new()
        },
    ]);
}

fn prepare(corpus: Corpus) -> Result<Sample> {
    let truth = truth::prepare(&corpus)?;
    let store = Store::in_memory(&corpus.root)?;
    let mut index = Index::new();
    store.refresh(&mut index, &WalkOptions::default(), &|_| {}).context("cannot index a sample")?;
    Ok(Sample { corpus, truth, snapshot: index.snapshot() })
}

fn score_definition(snapshot: &Snapshot, asked: &DefinitionTruth, score: &mut Score, misses: &mut Misses) {
    let expected = asked.expected();
    if matches!(expected, Expected::Itself | Expected::Unknown) {
        return;
    }
    let inside = expected == Expected::Inside;
    score.wanted += usize::from(inside);
    let offset = u32::try_from(asked.asked.place.offset).expect("sources are smaller than 4 GiB");
    let answers = snapshot.definition(&asked.asked.place.path, offset);
    let first = answers.first().map(|answer| (answer, spot(answer)));
    let right = first.as_ref().is_some_and(|(_, (path, offset))| asked.agrees(path, *offset));
    let resolved = first.as_ref().is_some_and(|(answer, _)| answer.certainty == Certainty::Resolved);
    score.claimed += usize::from(resolved);
    score.right += usize::from(resolved && right);
    score.found += usize::from(resolved && right);
    score.right_by_name += usize::from(inside && !resolved && right);
    misses.count(&asked.asked);
    let verdict = match (resolved, right) {
        (true, true) => return,
        (true, false) => Verdict::Wrong,
        (false, _) if inside => Verdict::Missing,
        (false, _) => return,
    };
    let targets: Vec<String> = asked.targets.iter().map(|target| misses.show_target(target)).collect();
    let got = first.map_or_else(
        || "nothing".to_owned(),
        |(answer, (path, offset))| format!("{} {}", answer.certainty.name(), misses.show(&path, offset)),
    );
    misses.add(Miss { verdict, asked: asked.asked.clone(), expected: targets.join(" or "), got });
}

/// Path and first byte of what an answer names.
fn spot(answer: &Definition) -> (String, usize) {
    match &answer.place {
        Place::Symbol(symbol) => (symbol.path.clone(), symbol.name_range.start as usize),
        Place::Module { path } => (path.clone(), 0),
    }
}

fn score_references(snapshot: &Snapshot, asked: &ReferencesTruth, score: &mut Score, misses: &mut Misses) {
    let place = &asked.asked.place;
    let offset = u32::try_from(place.offset).expect("sources are smaller than 4 GiB");
    // Other declarations of the same thing are no uses of it.
    let is_use = |misses: &mut Misses, path: &str, offset: usize| {
        (path, offset) != (place.path.as_str(), place.offset)
            && misses.describe(path, offset).is_some_and(|name| !name.declares())
    };
    let mut places = |places: &[truth::Place]| -> BTreeSet<(String, usize)> {
        let uses = places.iter().filter(|place| is_use(misses, &place.path, place.offset));
        uses.map(|place| (place.path.clone(), place.offset)).collect()
    };
    let (wanted, listed, unknown) = (places(&asked.direct), places(&asked.uses), places(&asked.unknown));
    let symbol = snapshot.symbol_at(&place.path, offset).filter(|symbol| symbol.name_range.start == offset);
    let mut claimed = BTreeSet::new();
    let mut by_name = HashSet::new();
    for found in symbol.iter().flat_map(|symbol| snapshot.references(symbol, &Filter::default())) {
        let spot = (found.path, found.range.start as usize);
        match found.certainty {
            Certainty::Resolved if spot != (place.path.clone(), place.offset) => _ = claimed.insert(spot),
            Certainty::Resolved => {}
            Certainty::ByName => _ = by_name.insert(spot),
        }
    }
    claimed.retain(|spot| {
        // Pyright does not follow a name to the other names that it is imported under.
        let same_name = misses.describe(&spot.0, spot.1).is_some_and(|name| name.name == asked.asked.name);
        let known = listed.contains(spot) || !unknown.contains(spot) && same_name;
        known && is_use(misses, &spot.0, spot.1)
    });
    score.wanted += wanted.len();
    score.claimed += claimed.len();
    score.right += listed.intersection(&claimed).count();
    score.found += wanted.intersection(&claimed).count();
    score.listed += listed.len();
    score.found_listed += listed.intersection(&claimed).count();
    score.declarations += usize::from(!wanted.is_empty());
    score.recalls +=
        if wanted.is_empty() { 0.0 } else { share(wanted.intersection(&claimed).count(), wanted.len()) };
    score.right_by_name += wanted.iter().filter(|spot| by_name.contains(*spot)).count();
    let target = misses.show(&place.path, place.offset);
    for spot in wanted.union(&claimed) {
        let Some(name) = misses.describe(&spot.0, spot.1) else { continue };
        misses.count(&name);
        let verdict = match (listed.contains(spot), claimed.contains(spot)) {
            (true, true) => continue,
            (false, _) => Verdict::Wrong,
            (true, false) => Verdict::Missing,
        };
        let definition = snapshot.definition(&spot.0, u32::try_from(spot.1).unwrap_or(u32::MAX));
        let got = definition.first().map_or_else(
            || "nothing".to_owned(),
            |answer| {
                let (path, offset) = self::spot(answer);
                format!("{} {}", answer.certainty.name(), misses.show(&path, offset))
            },
        );
        let expected = if verdict == Verdict::Wrong { format!("not {target}") } else { target.clone() };
        misses.add(Miss { verdict, asked: name, expected, got });
    }
}

impl Misses<'_> {
    fn show_target(&mut self, target: &Target) -> String {
        match target {
            Target::Inside(place) => self.show(&place.path, place.offset),
            Target::Outside { outside } => format!("outside, in {outside}"),
        }
    }
}
