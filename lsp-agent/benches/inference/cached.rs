//! What does not have to be evaluated again: turns on a cached prefix, restarts, drafts; and what giving up costs.

use crate::arguments::Bare;
use crate::bare::Peer;
use crate::report::{Goal, Limit, Unit};
use crate::rows::{Subject, failed, median, rate};
use anyhow::Result;
use devtoolkit_agent::provider::wire::{Generate, Load};
use devtoolkit_agent::speed::{Measured, plain};
use std::time::{Duration, Instant};

/// Tokens of the prefix, and new ones of a turn.
const PREFIX: usize = 3_000;
const TURN: usize = 50;
/// Tokens of context: the prefix, some turns, and a long prompt to give up.
const CONTEXT: u64 = 8 << 10;
/// Tokens written with drafts and without.
const WRITTEN: u32 = 200;
/// Goals.
const TURN_MOST: f64 = 1.15;
const RESTART_MOST: f64 = 2.5;
const DRAFTS_LEAST: f64 = 1.8;
const CANCEL_MOST: f64 = 0.15;

/// A file that is repeated with one change.
const FILE: &str = include_str!("sample.py");

pub(crate) fn run(subject: &Subject<'_>) -> Result<Vec<Goal>> {
    let keep = tempfile::tempdir()?;
    let (load, said) = subject.load(CONTEXT)?;
    let load = Load { keep: Some(keep.path().to_owned()), ..load };
    let ours = subject.start(&load)?;
    let prefix = ours.words(PREFIX, 1_000).map_err(failed)?;
    let cold = ours.ask(plain(&prefix, 1)).map_err(failed)?.first + ours.loading;
    let mut goals = vec![turns(subject, &load, &ours, &prefix)?];
    goals.push(cancelling(subject, &ours)?);
    goals.push(memory(subject, &ours, said));
    ours.unload();
    let restarted = Instant::now();
    let again = ours.ask(plain(&prefix, 1)).map_err(failed)?;
    let seconds = restarted.elapsed().as_secs_f64();
    goals.insert(1, restart(subject, seconds, cold, again.usage.cached));
    drop(ours);
    goals.insert(2, drafts(subject)?);
    Ok(goals)
}

/// A turn's first token, beside the bare cost of its new tokens where they stand.
fn turns(subject: &Subject<'_>, load: &Load, ours: &Measured, prefix: &str) -> Result<Goal> {
    let bare = Bare {
        model: subject.path.to_owned(),
        context: load.context,
        batch: load.batch,
        threads: load.threads,
    };
    let mut peer = Peer::start(&bare)?;
    let (mut mine, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=subject.arguments.rounds {
        let more = ours.words(TURN, round + 1).map_err(failed)?;
        let answered = ours.ask(plain(&format!("{prefix}{more}"), 1)).map_err(failed)?;
        let tokens = (answered.usage.prompt - answered.usage.cached) as usize;
        let bare = peer.prompt_after(answered.usage.cached as usize, tokens)?;
        if round > 0 {
            mine.push(answered.first.as_secs_f64());
            theirs.push(bare);
            ratios.push(answered.first.as_secs_f64() / bare);
        }
    }
    let what = format!("first token of {TURN} new on {PREFIX} cached tokens, times the bare cost");
    let (mine, theirs) = (Unit::Seconds.show(median(&mine)), Unit::Seconds.show(median(&theirs)));
    let peer = format!("llama.cpp bare {theirs}");
    Ok(subject.goal(&what, mine, peer, median(&ratios), Limit::Most(TURN_MOST), Unit::Times))
}

/// A new process with a saved prefix, beside one that reads it.
fn restart(subject: &Subject<'_>, seconds: f64, cold: Duration, cached: u32) -> Goal {
    let cold = cold.as_secs_f64();
    let peer = format!("cold {} ({:.1}×)", Unit::Seconds.show(cold), cold / seconds);
    let what = format!("restart to the first token with {cached} tokens saved");
    subject.goal(&what, Unit::Seconds.show(seconds), peer, seconds, Limit::Most(RESTART_MOST), Unit::Seconds)
}

/// A file repeated with one change, with drafts from it and without.
fn drafts(subject: &Subject<'_>) -> Result<Goal> {
    let (load, _) = subject.load(2_048)?;
    let ours = subject.start(&load)?;
    let prompt = format!(
        "<|im_start|>user\nRename the function `total` to `sum_of_prices`, and write the whole file again.\n\n```python\n{FILE}```\n<|im_end|>\n\
         <|im_start|>assistant\n```python\n"
    );
    let request =
        |speculate| Generate { drafts: vec![FILE.to_owned()], speculate, ..plain(&prompt, WRITTEN) };
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut held = String::new();
    for round in 0..=subject.arguments.rounds {
        let plainly = ours.ask(request(false)).map_err(failed)?;
        let drafted = ours.ask(request(true)).map_err(failed)?;
        if round > 0 {
            without.push(plainly.decode());
            with.push(drafted.decode());
            ratios.push(drafted.decode() / plainly.decode());
            held = format!("{} of {} drafted held", drafted.usage.accepted, drafted.usage.drafted);
        }
    }
    let peer = format!("without drafts {}", rate(median(&without)));
    let what = format!("an edited file written with drafts ({held}), times as fast");
    Ok(subject.goal(
        &what,
        rate(median(&with)),
        peer,
        median(&ratios),
        Limit::Least(DRAFTS_LEAST),
        Unit::Times,
    ))
}

/// From giving a prompt up until the worker listens to the next request.
fn cancelling(subject: &Subject<'_>, ours: &Measured) -> Result<Goal> {
    let mut times = Vec::new();
    for round in 0..subject.arguments.rounds {
        let long = ours.words(PREFIX, 2_000 + round).map_err(failed)?;
        // Given up now here and now there within a step.
        let after = Duration::from_millis(37 * (round + 1));
        times.push(ours.cancelling(&long, after).map_err(failed)?.as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let worst = times.last().copied().unwrap_or(f64::NAN);
    let ours = format!("median {}", Unit::Seconds.show(median(&times)));
    let what = format!("a prompt given up in its middle until the next is begun, worst of {}", times.len());
    Ok(subject.goal(&what, ours, String::new(), worst, Limit::Most(CANCEL_MOST), Unit::Seconds))
}

/// The most memory that the worker had, beside what was said before it was loaded.
fn memory(subject: &Subject<'_>, ours: &Measured, said: u64) -> Goal {
    let (peak, said) = (ours.peak_memory().map_or(f64::NAN, |bytes| bytes as f64), said as f64);
    let peer = format!("said before {}", Unit::Bytes.show(said));
    let what = format!("most memory of the worker, context {CONTEXT}");
    subject.goal(&what, Unit::Bytes.show(peak), peer, peak, Limit::Most(said), Unit::Bytes)
}
