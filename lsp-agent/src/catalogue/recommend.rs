//! Which model a machine should run: the most capable one that fits and writes fast enough.

use super::{Catalogue, Entry, EntryFile, Role};
use crate::machine::Machine;
use crate::placement::{Placement, Refusal, Wish, place};

/// Bytes a second that reading weights takes: of one core, of main memory with all cores, and of graphics memory. A
/// model writes a token each time its active weights are read. Taken from two cores that wrote 20 tokens a second with
/// 1 GB; what a machine really does, `model bench` measures.
const OF_CORE: f64 = 10e9;
const OF_MAIN: f64 = 40e9;
const OF_GPU: f64 = 300e9;
/// Tokens of context below which a model sees too little of a task, where it could see more.
const CONTEXT: u64 = 8 << 10;

/// One model, judged for a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice<'a> {
    pub entry: &'a Entry,
    pub file: &'a EntryFile,
    pub verdict: Verdict,
}

/// How a model does on a machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It fits, and writes about this many tokens a second.
    Good {
        placement: Placement,
        rate: f64,
    },
    /// It fits, and is too slow to work with.
    Slow {
        placement: Placement,
        rate: f64,
    },
    Unfit(Box<Refusal>),
}

/// Judges all models that take `role`, or any without one. The first good one is the recommended.
#[must_use]
pub fn recommend<'a>(
    catalogue: &'a Catalogue,
    machine: &Machine,
    wish: &Wish,
    role: Option<Role>,
) -> Vec<Advice<'a>> {
    let takes = |entry: &&Entry| role.is_none_or(|role| entry.roles.contains(&role));
    let judged = catalogue.models.iter().filter(takes).map(|entry| {
        let file = &entry.files[0];
        let verdict = match placed(entry, file, machine, wish) {
            Err(refusal) => Verdict::Unfit(refusal),
            Ok(placement) => {
                let rate = rate(entry, file, machine, &placement);
                match rate >= least(role) {
                    true => Verdict::Good { placement, rate },
                    false => Verdict::Slow { placement, rate },
                }
            }
        };
        Advice { entry, file, verdict }
    });
    judged.collect()
}

/// Its place with a context that is asked for, or else one that is long enough to work with.
fn placed(
    entry: &Entry,
    file: &EntryFile,
    machine: &Machine,
    wish: &Wish,
) -> Result<Placement, Box<Refusal>> {
    let shape = entry.shape(file);
    let least = entry.context.min(CONTEXT);
    let placement = place(&shape, wish, machine)?;
    match wish.context.is_none() && placement.context < least {
        true => place(&shape, &Wish { context: Some(least), ..*wish }, machine),
        false => Ok(placement),
    }
}

/// Tokens a second below which a role is no help: completions appear while one types.
fn least(role: Option<Role>) -> f64 {
    match role {
        Some(Role::Complete) => 15.0,
        Some(Role::Edit | Role::Plan | Role::Ask | Role::Embed) | None => 6.0,
    }
}

fn rate(entry: &Entry, file: &EntryFile, machine: &Machine, placement: &Placement) -> f64 {
    let weights = file.weights() as f64;
    let active = weights * entry.active as f64 / entry.parameters as f64;
    let need = &placement.need;
    let total = (need.main.weights + need.gpu.weights).max(1) as f64;
    let on_gpu = if placement.gpu_layers > 0 { need.gpu.weights as f64 / total } else { 0.0 };
    let of_main = (OF_CORE * f64::from(machine.cores)).min(OF_MAIN);
    let of_gpu = if machine.shares_memory() { OF_MAIN } else { OF_GPU };
    1.0 / (active * on_gpu / of_gpu + active * (1.0 - on_gpu) / of_main)
}
