use super::*;
use crate::gguf::fixture::Fixture;
use crate::gguf::{Model, ModelFacts, read};
use crate::machine::{Gpu, Memory};
use proptest::prelude::*;
use std::path::PathBuf;

const GB: u64 = 1_000_000_000;

/// A machine with this much free memory and graphics cards of these sizes.
fn machine(free: u64, gpus: &[u64]) -> Machine {
    let gpu = |free: &u64| Gpu { name: "card".to_owned(), total: *free, free: *free, in_main: false };
    Machine {
        processor: String::new(),
        cores: 8,
        avx2: true,
        avx512: false,
        amx: false,
        memory: Some(Memory { total: free, available: free }),
        gpus: gpus.iter().map(gpu).collect(),
    }
}

/// A dense model like Qwen2.5-Coder-1.5B in Q4_K_M.
fn dense() -> Shape {
    let layer = Layer {
        shared: Bytes { all: 28_200_000, interleaved: 22_340_000 },
        key: 256,
        value: 256,
        ..Layer::default()
    };
    Shape {
        layers: vec![layer; 28],
        input: 131_000_000,
        output: Bytes { all: 191_000_000, interleaved: 0 },
        shares_embeddings: false,
        vocabulary: 151_936,
        embedding: 1536,
        widest: 1536 + 2 * 8960,
        largest_experts: 0,
        context: 32_768,
    }
}

/// A mixture like Qwen3-30B-A3B in Q4_K_M.
fn mixture() -> Shape {
    let layer = Layer {
        shared: Bytes { all: 12_000_000, interleaved: 0 },
        experts: Bytes { all: 360_000_000, interleaved: 240_000_000 },
        key: 512,
        value: 512,
        window: None,
    };
    Shape {
        layers: vec![layer; 48],
        input: 175_000_000,
        output: Bytes { all: 255_000_000, interleaved: 0 },
        shares_embeddings: false,
        vocabulary: 151_936,
        embedding: 2048,
        widest: 2048 + 8 * (2 * 768 + 2048),
        largest_experts: 130_000_000,
        context: 262_144,
    }
}

fn placed(shape: &Shape, wish: Wish, machine: &Machine) -> Placement {
    place(shape, &wish, machine).expect("it fits")
}

#[test]
fn without_a_card_everything_is_in_main_memory() {
    let placement = placed(&dense(), Wish::default(), &machine(16 * GB, &[]));
    assert_eq!((placement.gpu_layers, placement.context, placement.kv), (0, 32_768, KvType::F16));
    assert!(placement.mmap);
    assert_eq!(placement.threads, 8);
    assert_eq!(placement.need.gpu, Share::default());
    assert_eq!(placement.need.main.weights, dense().weights());
    assert_eq!(placement.need.main.copies, 28 * 22_340_000);
    assert_eq!(placement.need.main.cache, 28 * 512 * 2 * 32_768);
}

/// Where mapped pages and rearranged copies do not both fit, the file is read, and only one of them is there.
#[test]
fn little_memory_is_spared_the_copies() {
    let wish = Wish { context: Some(4096), ..Wish::default() };
    let placement = placed(&dense(), wish, &machine(2_000_000_000, &[]));
    assert!(!placement.mmap);
    assert_eq!(placement.need.main.copies, 0);
    let asked = Wish { mmap: Some(true), ..wish };
    assert!(place(&dense(), &asked, &machine(2_000_000_000, &[])).is_err());
}

/// Of SmolLM2, whose weights are 97 MB and whose output is its embeddings, llama.cpp made 100 MB of tiles.
#[test]
fn tiles_are_a_copy_of_all_but_experts() {
    let tiled = Machine { amx: true, ..machine(64 * GB, &[]) };
    let copies = |shape: &Shape| placed(shape, Wish::default(), &tiled).need.main.copies;
    assert_eq!(copies(&dense()), dense().weights() - dense().input);
    assert_eq!(copies(&Shape { shares_embeddings: true, ..dense() }), dense().weights());
    assert_eq!(copies(&mixture()), 48 * (12_000_000 + 240_000_000) + 255_000_000);
    let read = Wish { mmap: Some(false), ..Wish::default() };
    assert_eq!(placed(&dense(), read, &tiled).need.main.copies, 0);
}

#[test]
fn a_large_card_takes_everything_but_the_embeddings() {
    let placement = placed(&mixture(), Wish::default(), &machine(16 * GB, &[40 * GB]));
    assert_eq!((placement.gpu_layers, placement.cpu_expert_layers), (49, 0));
    assert_eq!(placement.need.main.weights, mixture().input);
    assert_eq!(placement.need.gpu.weights, mixture().weights() - mixture().input);
    assert_eq!(placement.need.main.copies, 0);
}

/// Its memory is not there twice.
#[test]
fn a_card_in_main_memory_takes_from_it() {
    let card = |free, in_main| {
        let mut machine = machine(free, &[free]);
        machine.gpus[0].in_main = in_main;
        machine
    };
    let wish = Wish { context: Some(4096), ..Wish::default() };
    let all = placed(&dense(), wish, &card(4 * GB, true));
    assert_eq!(all.gpu_layers, 29);
    let total = all.need.main.total() + all.need.gpu.total();
    let short = total + RESERVE - 1;
    assert_eq!(placed(&dense(), wish, &card(short, false)).gpu_layers, 29);
    assert!(placed(&dense(), wish, &card(short, true)).gpu_layers < 29);
}

#[test]
fn a_smaller_card_leaves_some_experts_to_the_processor() {
    let placement = placed(&mixture(), Wish::default(), &machine(32 * GB, &[12 * GB]));
    assert_eq!(placement.gpu_layers, 49);
    assert!((20..48).contains(&placement.cpu_expert_layers), "{}", placement.cpu_expert_layers);
    // One layer's experts more would not have fitted.
    let fewer = Wish { cpu_expert_layers: Some(placement.cpu_expert_layers - 1), ..Wish::default() };
    let with_fewer = placed(&mixture(), fewer, &machine(32 * GB, &[12 * GB]));
    assert!(with_fewer.gpu_layers < 49 || with_fewer.context < placement.context);
}

#[test]
fn a_small_card_takes_the_last_layers_of_a_dense_model() {
    let placement = placed(&dense(), Wish::default(), &machine(16 * GB, &[1_800_000_000]));
    assert!((1..29).contains(&placement.gpu_layers), "{}", placement.gpu_layers);
    assert_eq!(placement.cpu_expert_layers, 0);
    let nothing = placed(&dense(), Wish::default(), &machine(16 * GB, &[600_000_000]));
    assert_eq!(nothing.gpu_layers, 0);
}

#[test]
fn several_cards_hold_a_model_together() {
    assert_eq!(placed(&mixture(), Wish::default(), &machine(16 * GB, &[12 * GB; 3])).gpu_layers, 49);
}

#[test]
fn wishes_are_kept() {
    let machine = machine(64 * GB, &[24 * GB]);
    let wish = Wish {
        context: Some(5000),
        kv: Some(KvType::Q8),
        gpu_layers: Some(10),
        cpu_expert_layers: Some(48),
        threads: Some(3),
        mmap: Some(false),
        full_windows: false,
    };
    let placement = placed(&mixture(), wish, &machine);
    assert_eq!((placement.gpu_layers, placement.cpu_expert_layers), (10, 48));
    assert_eq!((placement.context, placement.kv, placement.threads), (5120, KvType::Q8, 3));
    assert!(!placement.mmap);
}

#[test]
fn less_memory_means_a_shorter_context_before_a_refusal() {
    let roomy = placed(&dense(), Wish::default(), &machine(4 * GB, &[]));
    let tight = placed(&dense(), Wish::default(), &machine(2_000_000_000, &[]));
    assert!(tight.context < roomy.context, "{} {}", tight.context, roomy.context);
}

#[test]
fn a_refusal_has_the_numbers_and_what_fits() {
    let wish = Wish { context: Some(32_768), ..Wish::default() };
    let refusal = place(&dense(), &wish, &machine(2_600_000_000, &[])).expect_err("too large");
    assert_eq!(refusal.nearest[0], Nearest::Kv(KvType::Q8));
    let Some(Nearest::Context(context)) = refusal.nearest.get(1) else {
        panic!("a shorter context fits: {refusal}");
    };
    let shorter = Wish { context: Some(*context), ..wish };
    assert!(place(&dense(), &shorter, &machine(2_600_000_000, &[])).is_ok());
    let longer = Wish { context: Some(context + 256), ..wish };
    assert!(place(&dense(), &longer, &machine(2_600_000_000, &[])).is_err());
    let text = refusal.to_string();
    assert!(text.contains("of which 2.1 GB can be used"), "{text}");
    assert!(text.contains("what fits is `--kv q8_0`, or `--context "), "{text}");
    let hopeless = place(&mixture(), &wish, &machine(4 * GB, &[])).expect_err("far too large");
    assert!(hopeless.nearest.is_empty());
    assert!(hopeless.to_string().contains("model recommend"), "{hopeless}");
}

#[test]
fn unknown_memory_is_said_to_be_unknown() {
    let machine = Machine { memory: None, ..machine(0, &[]) };
    assert!(!placed(&mixture(), Wish::default(), &machine).is_checked);
}

#[test]
fn windows_shorten_the_cache() {
    let mut shape = dense();
    shape.layers.iter_mut().step_by(2).for_each(|layer| layer.window = Some(512));
    let machine = machine(16 * GB, &[]);
    let cache = |wish| placed(&shape, wish, &machine).need.main.cache;
    let full = cache(Wish { full_windows: true, ..Wish::default() });
    assert_eq!(full, placed(&dense(), Wish::default(), &machine).need.main.cache);
    assert_eq!(cache(Wish::default()), full / 2 + 14 * 512 * 2 * 1024);
}

#[test]
fn a_file_has_the_shape_of_its_tensors() {
    let bytes = Fixture::mixture().bytes();
    let head = read(bytes.as_slice(), bytes.len() as u64).expect("the fixture is right");
    let model = Model {
        files: vec![PathBuf::from("a.gguf")],
        metadata: head.metadata,
        tensors: head.tensors,
        bytes: head.bytes,
    };
    let facts = ModelFacts::of(&model).expect("it is a model");
    let shape = Shape::of(&model, &facts, false);
    assert!(shape.has_experts() && shape.shares_embeddings);
    let experts = 256 * 512 * 4 / 256 * 144;
    assert_eq!(shape.layers[0].experts, Bytes { all: experts, interleaved: experts });
    assert_eq!(shape.weights(), model.tensors.iter().map(|tensor| tensor.bytes).sum::<u64>());
    assert_eq!((shape.layers[0].key, shape.layers[0].value), (64, 64));
}

/// 1.78 GB were measured of this model, 0.69 GB of them not mapped from the file.
#[test]
fn what_is_said_of_a_measured_model_is_a_little_more() {
    let wish = Wish { context: Some(1024), ..Wish::default() };
    let need = placed(&dense(), wish, &machine(16 * GB, &[])).need.main;
    assert!((1_780_000_000..2_000_000_000).contains(&need.total()), "{}", need.total());
}

#[test]
fn cache_types_take_what_their_blocks_take() {
    assert_eq!(KvType::F16.bytes(256), 512);
    assert_eq!(KvType::Q8.bytes(256), 272);
    assert_eq!(KvType::Q4.bytes(256), 144);
}

proptest! {
    #[test]
    fn what_is_placed_fits(free in 0u64..64, gpu in 0u64..48, context in 256u64..100_000, moe: bool) {
        let shape = if moe { mixture() } else { dense() };
        let gpus: &[u64] = if gpu == 0 { &[] } else { &[gpu * GB] };
        let machine = machine(free * GB, gpus);
        let wish = Wish { context: Some(context), ..Wish::default() };
        match place(&shape, &wish, &machine) {
            Ok(placement) => {
                prop_assert!(placement.need.main.total() <= free * GB);
                prop_assert!(placement.need.gpu.total() <= gpu * GB);
                prop_assert!(placement.context >= context);
            }
            Err(refusal) => for change in &refusal.nearest {
                let wish = match change {
                    Nearest::Kv(kv) => Wish { kv: Some(*kv), ..wish },
                    Nearest::Context(context) => Wish { context: Some(*context), ..wish },
                    Nearest::Both(context, kv) => Wish { context: Some(*context), kv: Some(*kv), ..wish },
                    Nearest::Model(_) => continue,
                };
                prop_assert!(place(&shape, &wish, &machine).is_ok());
            },
        }
    }

    /// Every byte of weights is counted once, wherever it goes, with the embeddings shared or not.
    #[test]
    fn no_weights_are_lost(gpu_layers in 0u32..60, cpu_expert_layers in 0u32..60) {
        let wish = Wish { gpu_layers: Some(gpu_layers), cpu_expert_layers: Some(cpu_expert_layers), ..Wish::default() };
        let placement = placed(&mixture(), wish, &machine(64 * GB, &[64 * GB]));
        let need = placement.need;
        prop_assert_eq!(need.main.weights + need.gpu.weights, mixture().weights());
    }
}
