//! The names tier and the whole index against universal-ctags, each a process of its own.
#![expect(clippy::disallowed_methods, reason = "it reads the corpora")]

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use anyhow::Result;
use devtoolkit_index::Index;
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkOptions;

use super::{Report, parsed};
use crate::corpora::{self, Corpus, HOMEASSISTANT, THEIA};
use crate::measure::Program;
use crate::peers::Ctags;
use crate::report::{self, Goal, Limit, Unit};
use crate::truth::Names;

/// What the names tier may cost, in times of ctags.
const NAMES: f64 = 0.5;

pub(super) fn measure(report: &mut Report<'_>) -> Result<()> {
    let ctags = Ctags::find()?;
    let corpus = corpora::fetch(HOMEASSISTANT)?;
    let (ours, theirs, _) =
        against(report, &ctags, &corpus, "Python", &["--partial", "--no-cache", "find", "HomeAssistant"])?;
    report.goals.push(Goal {
        what: format!(
            "{}: names tier, a process that reads all and answers, against {}",
            corpus.spec.id(),
            ctags.version
        ),
        ours: format!("{} CPU", report::seconds(ours)),
        peer: format!("{} CPU", report::seconds(theirs)),
        value: ours.as_secs_f64() / theirs.as_secs_f64(),
        limit: Limit::Most(NAMES),
        unit: Unit::Times,
    });
    check(report, &corpus)?;
    let corpus = corpora::fetch(THEIA)?;
    let (ours, theirs, bytes) =
        against(report, &ctags, &corpus, "TypeScript", &["--no-cache", "find", "Widget"])?;
    report.notes.push(format!(
        "{}: the full index, references and trigrams included, takes {} CPU; {} takes {} for {} of tags: {:.2}×.",
        corpus.spec.id(),
        report::seconds(ours),
        ctags.version,
        report::seconds(theirs),
        report::bytes(bytes),
        ours.as_secs_f64() / theirs.as_secs_f64(),
    ));
    Ok(())
}

/// The least CPU of our program and of ctags, run in turn, and the size of the tags file.
fn against(
    report: &Report<'_>,
    ctags: &Ctags,
    corpus: &Corpus,
    language: &str,
    arguments: &[&str],
) -> Result<(Duration, Duration, u64)> {
    let program = Program::new(env!("CARGO_BIN_EXE_devtoolkit-index"), arguments).within(&corpus.root);
    let program = program.with("XDG_CACHE_HOME", report.cache.path());
    let (mut ours, mut theirs, mut bytes) = (Duration::MAX, Duration::MAX, 0);
    for _ in 0..report.times(5).max(2) {
        ours = ours.min(program.measure()?.cpu);
        let run = ctags.run(language, &corpus.root)?;
        theirs = theirs.min(run.cost.cpu);
        bytes = run.bytes;
    }
    Ok((ours, theirs, bytes))
}

/// The names tier against the functions and classes in tree-sitter's trees.
fn check(report: &mut Report<'_>, corpus: &Corpus) -> Result<()> {
    let mut index = Index::new();
    let options = WalkOptions { names_only: true, ..WalkOptions::default() };
    Store::in_memory(&corpus.root)?.refresh(&mut index, &options, &|_| {})?;
    let snapshot = index.snapshot();
    let (mut wanted, mut claimed, mut right) = (0, 0, 0);
    for path in parsed(corpus) {
        let Ok(text) = fs::read_to_string(corpus.root.join(&path)) else { continue };
        let names = Names::of(&path, &text);
        if names.is_empty() {
            continue;
        }
        let truth: HashSet<usize> = names.declared().collect();
        let outline = snapshot.outline(&path).unwrap_or_default();
        let ours: HashSet<usize> = outline.iter().map(|symbol| symbol.name_range.start as usize).collect();
        wanted += truth.len();
        claimed += ours.len();
        right += truth.intersection(&ours).count();
    }
    let goal = |figure: &str, whole: usize| Goal {
        what: format!("{}: names tier against tree-sitter: {figure}", corpus.spec.id()),
        ours: right.to_string(),
        peer: whole.to_string(),
        value: right as f64 / whole as f64,
        limit: Limit::Least(1.0),
        unit: Unit::Share,
    };
    report.goals.push(goal("precision", claimed));
    report.goals.push(goal("recall", wanted));
    Ok(())
}
