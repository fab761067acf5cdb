//! Tokens a second, read and written, beside llama.cpp bare.

use crate::arguments::Bare;
use crate::bare::Peer;
use crate::report::{Goal, Limit, Unit};
use crate::rows::{Subject, failed, median, rate};
use anyhow::{Result, ensure};
use devtoolkit_agent::provider::wire::Load;
use devtoolkit_agent::speed::{Answered, plain, words};

/// Tokens of a prompt, and tokens written, as `llama-bench` has them.
const READ: usize = 512;
const WRITTEN: u32 = 128;
/// Tokens after which a text that ended early still counts.
const ENOUGH: u32 = 32;
/// Of our speed at least so much of the other's.
const LEAST: f64 = 0.98;

pub(crate) fn run(subject: &Subject<'_>) -> Result<Vec<Goal>> {
    Ok(vec![reading(subject)?, writing(subject)?])
}

fn bare(subject: &Subject<'_>, load: &Load) -> Bare {
    Bare { model: subject.path.to_owned(), context: load.context, batch: load.batch, threads: load.threads }
}

fn reading(subject: &Subject<'_>) -> Result<Goal> {
    let (load, _) = subject.load(READ as u64 + 256)?;
    let (ours, mut peer) = (subject.start(&load)?, Peer::start(&bare(subject, &load))?);
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=subject.arguments.rounds {
        let prompt = ours.words(READ, round + 1).map_err(failed)?;
        // The other begins with nothing cached; what is would be looked at beside each new token.
        ours.unload();
        ours.ask(plain("a", 1)).map_err(failed)?;
        let answered = ours.ask(plain(&prompt, 1)).map_err(failed)?;
        let tokens = (answered.usage.prompt - answered.usage.cached) as usize;
        let bare = tokens as f64 / peer.prompt(tokens)?;
        // The first of each finds nothing in memory.
        if round > 0 {
            mine.push(answered.prefill());
            theirs.push(bare);
        }
    }
    Ok(compared(subject, &format!("read {READ} tokens"), &mine, &theirs))
}

fn writing(subject: &Subject<'_>) -> Result<Goal> {
    let (load, _) = subject.load(256)?;
    let (ours, mut peer) = (subject.start(&load)?, Peer::start(&bare(subject, &load))?);
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    let mut seed = 0;
    for round in 0..=subject.arguments.rounds {
        let answered = loop {
            seed += 1;
            let answered: Answered = ours.ask(plain(&words(3, seed), WRITTEN)).map_err(failed)?;
            if answered.usage.generated >= ENOUGH {
                break answered;
            }
            ensure!(seed < 100, "the model writes nothing");
        };
        let bare = f64::from(WRITTEN) / peer.write(WRITTEN as usize)?;
        if round > 0 {
            mine.push(answered.decode());
            theirs.push(bare);
        }
    }
    Ok(compared(subject, &format!("write {WRITTEN} tokens"), &mine, &theirs))
}

/// The median of the rounds' ratios: what else the machine does meets both of a round alike.
fn compared(subject: &Subject<'_>, what: &str, mine: &[f64], theirs: &[f64]) -> Goal {
    let ratios: Vec<f64> = mine.iter().zip(theirs).map(|(mine, theirs)| mine / theirs).collect();
    let (ours, peer) = (rate(median(mine)), format!("llama.cpp bare {}", rate(median(theirs))));
    let what = format!("{what}, median of {}, times as fast", mine.len());
    subject.goal(&what, ours, peer, median(&ratios), Limit::Least(LEAST), Unit::Times)
}
