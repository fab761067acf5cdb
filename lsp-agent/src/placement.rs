//! Where a model fits: what it needs, part by part, against what a machine has free.
//!
//! Pure functions of a [`Shape`] and a [`Machine`]. Weights and caches are counted as llama.cpp lays them out; buffers for
//! computing are estimated from above, from the widest layer and the scores over the vocabulary. Flash attention is taken to
//! be on. For Qwen2.5-Coder-1.5B, of which llama.cpp took 1.78 GB, this says 1.9 GB with a context of 1,024.

use crate::machine::Machine;
use serde::{Deserialize, Serialize};

mod need;
mod refusal;
mod shape;

pub use need::{Need, Share};
pub use refusal::{Nearest, Refusal, Size};
pub use shape::{Bytes, Layer, Shape};

use need::need;

/// Tokens of one step of reading a prompt (`n_ubatch`).
pub const BATCH: u64 = 512;
/// Tokens of context that are aimed at when none are asked for, where the model has them.
pub const USUAL_CONTEXT: u64 = 32 << 10;
/// The shortest context that is any use for editing code.
pub const LEAST_CONTEXT: u64 = 2 << 10;
/// Caches are laid out in steps of this many tokens.
const STEP: u64 = 256;
/// Memory that stays free: of the machine, and of each graphics card, whose driver takes some for itself.
const RESERVE: u64 = 512 << 20;

/// How the cache keeps keys and values, from the most exact to the smallest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KvType {
    /// More exact than any model needs: to hold models against each other.
    F32,
    #[default]
    F16,
    Q8,
    Q4,
}

impl KvType {
    /// Those that are offered, from the most exact to the smallest.
    pub const ALL: [Self; 3] = [Self::F16, Self::Q8, Self::Q4];

    /// llama.cpp's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Q8 => "q8_0",
            Self::Q4 => "q4_0",
        }
    }

    /// Bytes of this many numbers.
    #[must_use]
    pub fn bytes(self, numbers: u64) -> u64 {
        match self {
            Self::F32 => numbers * 4,
            Self::F16 => numbers * 2,
            Self::Q8 => numbers.div_ceil(32) * 34,
            Self::Q4 => numbers.div_ceil(32) * 18,
        }
    }
}

/// What is asked for; what is none is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Tokens of context, for all sequences together.
    pub context: Option<u64>,
    pub kv: Option<KvType>,
    /// Layers on the graphics cards, counted as llama.cpp does: the output first, then from the last one on.
    pub gpu_layers: Option<u32>,
    /// Layers, from the first, whose experts stay on the processor.
    pub cpu_expert_layers: Option<u32>,
    pub threads: Option<u32>,
    pub mmap: Option<bool>,
    /// Keep the whole context also where a layer looks back less far, so that a cached prefix can be cut anywhere.
    pub full_windows: bool,
}

/// Where everything goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// As in [`Wish::gpu_layers`].
    pub gpu_layers: u32,
    /// As in [`Wish::cpu_expert_layers`]; nothing of a dense model.
    pub cpu_expert_layers: u32,
    pub context: u64,
    pub kv: KvType,
    pub threads: u32,
    /// Whether weights are mapped from the file, and not read into memory of their own.
    pub mmap: bool,
    pub need: Need,
    /// Whether the machine said how much memory is free, so that this is more than a guess.
    pub is_checked: bool,
}

/// How the layers are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) gpu_layers: u32,
    pub(crate) cpu_expert_layers: u32,
    pub(crate) mmap: bool,
}

/// Finds the quickest place for the model: as much of it on graphics cards as they hold, a mixture's experts going to
/// the processor first.
///
/// # Errors
/// When it fits nowhere: the numbers, and what would fit.
pub fn place(shape: &Shape, wish: &Wish, machine: &Machine) -> Result<Placement, Box<Refusal>> {
    let kv = wish.kv.unwrap_or_default();
    let contexts = match wish.context {
        Some(context) => vec![context.next_multiple_of(STEP)],
        None => usual_contexts(shape),
    };
    let longest = contexts[0];
    for context in contexts {
        if let Some(placement) = fits(shape, wish, machine, context, kv) {
            return Ok(placement);
        }
    }
    Err(Box::new(refusal::refusal(shape, wish, machine, longest, kv)))
}

/// Contexts to try, the longest first.
fn usual_contexts(shape: &Shape) -> Vec<u64> {
    let longest = shape.context.clamp(LEAST_CONTEXT, USUAL_CONTEXT) / STEP * STEP;
    let halves = std::iter::successors(Some(longest), |context| Some(context / 2 / STEP * STEP));
    halves.take_while(|context| *context >= LEAST_CONTEXT).collect()
}

/// The first layout that fits with this context and cache.
pub(crate) fn fits(
    shape: &Shape,
    wish: &Wish,
    machine: &Machine,
    context: u64,
    kv: KvType,
) -> Option<Placement> {
    layouts(shape, wish, machine).into_iter().find_map(|layout| {
        let need = need(shape, wish, machine, layout, context, kv);
        has_room(shape, machine, &need).then(|| Placement {
            gpu_layers: layout.gpu_layers,
            cpu_expert_layers: layout.cpu_expert_layers,
            context,
            kv,
            threads: wish.threads.unwrap_or(machine.cores).max(1),
            mmap: layout.mmap,
            need,
            is_checked: machine.memory.is_some(),
        })
    })
}

/// All layouts that the wish allows, the quickest first.
pub(crate) fn layouts(shape: &Shape, wish: &Wish, machine: &Machine) -> Vec<Layout> {
    // The output counts as one.
    let all = shape.layers.len() as u32 + 1;
    let experts = if shape.has_experts() { all - 1 } else { 0 };
    let mut pairs = Vec::new();
    if !machine.gpus.is_empty() {
        pairs.extend((0..=experts).map(|on_cpu| (all, on_cpu)));
        pairs.extend((1..all).rev().map(|gpu| (gpu, experts)));
    }
    pairs.push((0, 0));
    if let Some(gpu) = wish.gpu_layers {
        let gpu = if machine.gpus.is_empty() { 0 } else { gpu.min(all) };
        pairs = (0..=experts).map(|on_cpu| (gpu, on_cpu)).collect();
    }
    if let Some(on_cpu) = wish.cpu_expert_layers {
        pairs.iter_mut().for_each(|pair| pair.1 = on_cpu.min(experts));
        pairs.dedup();
    }
    let both = pairs.into_iter().flat_map(|(gpu_layers, cpu_expert_layers)| {
        // A mapped file is shared with other processes and loads at once; where its pages and the rearranged copies do
        // not both fit, it is read instead.
        let ways = wish.mmap.map_or(vec![true, false], |mmap| vec![mmap]);
        ways.into_iter().map(move |mmap| Layout { gpu_layers, cpu_expert_layers, mmap })
    });
    both.collect()
}

/// Bytes that may be used of main memory; none where the system does not say.
pub(crate) fn main_room(machine: &Machine) -> Option<u64> {
    machine.memory.map(|memory| memory.available.saturating_sub(RESERVE))
}

/// Bytes that may be used of all graphics cards together. Layers are not divided, so a card can be left with room for
/// almost one.
pub(crate) fn gpu_room(shape: &Shape, machine: &Machine) -> u64 {
    let free: u64 = machine.gpus.iter().map(|gpu| gpu.free.saturating_sub(RESERVE)).sum();
    let lost = shape.largest_layer() * (machine.gpus.len() as u64).saturating_sub(1);
    free.saturating_sub(lost)
}

fn has_room(shape: &Shape, machine: &Machine, need: &Need) -> bool {
    let [main, gpu] = [need.main.total(), need.gpu.total()];
    let in_main = if machine.shares_memory() { main.saturating_add(gpu) } else { main };
    main_room(machine).is_none_or(|room| in_main <= room) && gpu <= gpu_room(shape, machine)
}

#[cfg(test)]
mod tests;
