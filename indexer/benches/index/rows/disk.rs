//! What an index takes: memory while it is built, room on disk, and time until a new process answers from it.
#![expect(clippy::disallowed_methods, reason = "it asks the system for files as the index does")]

use anyhow::{Context as _, Result};
use devtoolkit_index::walk::WalkOptions;
use devtoolkit_index::{Filter, measure};

use super::Report;
use crate::corpora::{HOMEASSISTANT, THEIA};
use crate::latency::{Latencies, percentile};
use crate::measure::Program;
use crate::report::{self, Goal, Limit, Unit};

/// Most memory while theia is indexed, in bytes.
const PEAK: f64 = 80e6;
/// Most bytes of index to a byte of source: structure, and trigrams.
const STRUCTURE: f64 = 0.25;
const TRIGRAMS: f64 = 0.2;
/// Most seconds until a new process has answered.
const FIRST: f64 = 5e-3;

pub(super) fn size(report: &mut Report<'_>) -> Result<()> {
    for spec in [THEIA, HOMEASSISTANT] {
        let built = report.built(spec)?;
        let cache = tempfile::tempdir().context("cannot make a folder")?;
        let root = built.corpus.root.to_string_lossy();
        let program = Program::new(env!("CARGO_BIN_EXE_devtoolkit-index"), &["build", &root]);
        let peak = program.with("XDG_CACHE_HOME", cache.path()).measure()?.peak;
        let size = report::bytes(built.corpus.bytes);
        if spec.name == THEIA.name {
            report.goals.push(Goal {
                what: format!("{} ({size}): peak memory of `build`", spec.id()),
                ours: report::bytes(peak),
                peer: String::new(),
                value: peak as f64,
                limit: Limit::Most(PEAK),
                unit: Unit::Bytes,
            });
        } else {
            report.notes.push(format!(
                "{} ({size}): `build` takes {} of memory.",
                spec.id(),
                report::bytes(peak)
            ));
        }
        let sections = measure::section_sizes(&built.index);
        let trigrams =
            sections.iter().filter(|(name, _)| *name == "trigrams").map(|(_, size)| size).sum::<u64>();
        let all = built.store.size_on_disk();
        for (what, bytes, limit) in
            [("structure", all - trigrams, STRUCTURE), ("trigrams", trigrams, TRIGRAMS)]
        {
            report.goals.push(Goal {
                what: format!("{}: {what} on disk, against the source", spec.id()),
                ours: report::bytes(bytes),
                peer: size.clone(),
                value: bytes as f64 / built.corpus.bytes as f64,
                limit: Limit::Most(limit),
                unit: Unit::Times,
            });
        }
        let parts: Vec<String> =
            sections.iter().map(|(name, size)| format!("{name} {}", report::bytes(*size))).collect();
        report.notes.push(format!("{}: {}.", spec.id(), parts.join(", ")));
    }
    Ok(())
}

pub(super) fn start(report: &mut Report<'_>) -> Result<()> {
    let built = report.built(THEIA)?;
    let root = built.corpus.root.to_string_lossy();
    let binary = env!("CARGO_BIN_EXE_devtoolkit-index");
    let question = Program::new(binary, &["--unchecked", "-C", &root, "find", "WidgetManager"])
        .with("XDG_CACHE_HOME", report.cache.path());
    let nothing = Program::new(binary, &["--version"]);
    let (mut asked, mut bare) = (Vec::new(), Vec::new());
    let (mut asked_cpu, mut bare_cpu) = (Vec::new(), Vec::new());
    for _ in 0..report.times(60) {
        let cost = question.measure()?;
        asked.push(cost.wall.as_secs_f64());
        asked_cpu.push(cost.cpu.as_secs_f64());
        let cost = nothing.measure()?;
        bare.push(cost.wall.as_secs_f64());
        bare_cpu.push(cost.cpu.as_secs_f64());
    }
    let (asked, bare) = (percentile(&asked, 0.5), percentile(&bare, 0.5));
    report.goals.push(Goal {
        what: format!(
            "{}: a new process's first answer, `find --unchecked` over `--version`, median",
            THEIA.id()
        ),
        ours: format!("{} wall", Unit::Seconds.show(asked)),
        peer: format!("{} wall", Unit::Seconds.show(bare)),
        value: asked - bare,
        limit: Limit::Most(FIRST),
        unit: Unit::Seconds,
    });
    report.notes.push(format!(
        "The same in CPU time: {} against {}.",
        Unit::Seconds.show(percentile(&asked_cpu, 0.5)),
        Unit::Seconds.show(percentile(&bare_cpu, 0.5)),
    ));
    let mut times = Latencies::default();
    for _ in 0..report.times(100) {
        let found = times.time(|| {
            let loaded = built.store.load();
            loaded.index.snapshot().find("WidgetManager", &Filter::default(), 1).len()
        });
        anyhow::ensure!(found == 1, "the symbol is not in the stored index");
    }
    report.goals.extend(times.goals("in this process: load the stored index and find a name", FIRST, FIRST));
    fresh(report)
}

/// Finding out that nothing has changed, against asking the system for each known file.
fn fresh(report: &mut Report<'_>) -> Result<()> {
    let built = report.built(HOMEASSISTANT)?;
    let (mut ours, mut floor) = (Latencies::default(), Latencies::default());
    for _ in 0..report.times(10) {
        let mut index = built.store.load().index;
        let walked = ours.time(|| built.store.refresh(&mut index, &WalkOptions::default(), &|_| {}))?;
        anyhow::ensure!(walked.changed == 0, "the corpus changes while it is measured");
        floor.time(|| {
            let sizes = built.corpus.files.iter().map(|path| built.corpus.root.join(path).symlink_metadata());
            sizes.flatten().map(|metadata| metadata.len()).sum::<u64>()
        });
    }
    report.notes.push(format!(
        "{}: finding that none of {} files has changed takes {} CPU; asking the system for each of them {}: {:.2}×.",
        built.corpus.spec.id(),
        built.corpus.files.len(),
        Unit::Seconds.show(ours.cpu(0.0)),
        Unit::Seconds.show(floor.cpu(0.0)),
        ours.cpu(0.0) / floor.cpu(0.0),
    ));
    Ok(())
}
