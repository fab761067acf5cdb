//! How much a layout takes, in main memory and on graphics cards.

use super::shape::{Bytes, Shape};
use super::{BATCH, KvType, Layout, STEP, Wish};
use crate::machine::Machine;

/// What the program, the vocabulary and llama.cpp's own tables take: a share that does not change, and bytes an entry.
const PROGRAM: u64 = 48 << 20;
const ENTRY: u64 = 256;
/// Bytes of a number while it is computed with.
const NUMBER: u64 = 4;
/// Tokens whose scores are asked for at once: one of each sequence, or a draft.
const SCORED: u64 = 32;

/// Bytes that a layout takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    pub main: Share,
    pub gpu: Share,
}

/// Bytes of one kind of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub weights: u64,
    /// Rearranged copies of mapped weights.
    pub copies: u64,
    /// Keys and values of the context.
    pub cache: u64,
    /// Buffers for computing, and in main memory the program itself.
    pub compute: u64,
}

impl Share {
    #[must_use]
    pub fn total(&self) -> u64 {
        let parts = [self.weights, self.copies, self.cache, self.compute];
        parts.into_iter().fold(0, u64::saturating_add)
    }
}

pub(super) fn need(
    shape: &Shape,
    wish: &Wish,
    machine: &Machine,
    layout: Layout,
    context: u64,
    kv: KvType,
) -> Need {
    let mut need = Need::default();
    let count = shape.layers.len() as u32;
    // The output is the first to go, then the layers from the last one on.
    let first_on_gpu = (count + 1).saturating_sub(layout.gpu_layers);
    let output_on_gpu = layout.gpu_layers > 0;
    // With a card in use, llama.cpp takes memory that the card can read in place of rearranged copies.
    let is_copied = machine.avx2 && layout.mmap && layout.gpu_layers == 0;
    let add = |share: &mut Share, bytes: Bytes, in_main: bool| {
        share.weights += bytes.all;
        share.copies += if in_main && is_copied { bytes.interleaved } else { 0 };
    };
    // What is not of experts is cut into tiles in place of being interleaved, in almost every format.
    let tiles = |bytes: Bytes| match machine.amx {
        true => Bytes { interleaved: bytes.all, ..bytes },
        false => bytes,
    };
    for (place, layer) in (0..count).zip(&shape.layers) {
        let on_gpu = place >= first_on_gpu;
        let share = if on_gpu { &mut need.gpu } else { &mut need.main };
        add(share, tiles(layer.shared), !on_gpu);
        let tokens = tokens(layer.window, context, wish);
        share.cache = share.cache.saturating_add(cache(layer.key, layer.value, tokens, kv));
        let experts_on_gpu = on_gpu && place >= layout.cpu_expert_layers;
        let share = if experts_on_gpu { &mut need.gpu } else { &mut need.main };
        add(share, layer.experts, !experts_on_gpu);
    }
    need.main.weights += shape.input;
    let share = if output_on_gpu { &mut need.gpu } else { &mut need.main };
    add(share, tiles(shape.output), !output_on_gpu);
    if shape.shares_embeddings {
        match output_on_gpu {
            true => need.gpu.weights += shape.input,
            false if is_copied && machine.amx => need.main.copies += shape.input,
            false => {}
        }
    }
    compute(shape, layout, context, &mut need);
    need
}

/// Tokens that a layer's cache holds.
fn tokens(window: Option<u64>, context: u64, wish: &Wish) -> u64 {
    match window {
        Some(window) if !wish.full_windows => {
            window.saturating_add(BATCH).min(context).next_multiple_of(STEP)
        }
        _ => context,
    }
}

fn cache(key: u64, value: u64, tokens: u64, kv: KvType) -> u64 {
    // What a hostile file claims may be past counting; it fits nowhere then.
    (kv.bytes(key) + kv.bytes(value)).saturating_mul(tokens)
}

fn compute(shape: &Shape, layout: Layout, context: u64, need: &mut Need) {
    let layer = shape.widest * BATCH * NUMBER;
    let mask = context * BATCH * NUMBER;
    need.main.compute = PROGRAM + shape.vocabulary * ENTRY + mask + layer;
    if layout.gpu_layers == 0 {
        // Room is made for the scores of a whole batch, but main memory is taken only as it is written to.
        need.main.compute += (shape.vocabulary * SCORED + shape.embedding * BATCH) * NUMBER;
        return;
    }
    // A card's memory is taken whole.
    let scores = (shape.vocabulary + shape.embedding) * BATCH * NUMBER;
    // Both sides keep what crosses between them.
    need.gpu.compute = scores.max(layer) + mask;
    if layout.cpu_expert_layers > 0 {
        need.gpu.compute += shape.largest_experts;
    }
}
