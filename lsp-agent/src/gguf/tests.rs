use super::fixture::{F32, Fixture, Q4_K, Written};
use super::*;
use crate::machine::{Machine, Memory};
use crate::placement::{Shape, Wish, place};
use proptest::prelude::*;
use std::fs;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn parsed(bytes: &[u8]) -> Result<Gguf, Fault> {
    read(bytes, bytes.len() as u64)
}

/// What is said of a file with these bytes.
fn refusal(bytes: &[u8]) -> String {
    parsed(bytes).expect_err("this file is wrong").to_string()
}

fn model(fixture: &Fixture) -> Model {
    let head = parsed(&fixture.bytes()).expect("the fixture is right");
    Model {
        files: vec![PathBuf::from("a.gguf")],
        metadata: head.metadata,
        tensors: head.tensors,
        bytes: head.bytes,
    }
}

fn facts(fixture: &Fixture) -> ModelFacts {
    ModelFacts::of(&model(fixture)).expect("the fixture is a model")
}

fn unfit(fixture: &Fixture) -> String {
    ModelFacts::of(&model(fixture)).expect_err("this is no model").to_string()
}

#[test]
fn a_dense_model_is_read() {
    let facts = facts(&Fixture::dense());
    assert_eq!(facts.architecture, "llama");
    assert_eq!(facts.name.as_deref(), Some("Tiny"));
    assert_eq!(facts.quantisation, "Q4_K_M");
    assert_eq!(facts.context, 8192);
    assert_eq!(facts.vocabulary, 16);
    assert_eq!(facts.parameters, 256 * 16 + 256 + 2 * (256 + 256 * 256 + 256 * 512));
    assert_eq!(facts.active_parameters, facts.parameters);
    assert_eq!(facts.experts, None);
    // Two heads of 32 numbers each for keys and values.
    let layer = LayerFacts { heads: 8, kv_heads: 2, key: 64, value: 64, window: None, feed_forward: 512 };
    assert_eq!(facts.layers, [layer; 2]);
    assert_eq!(facts.formats[0].0.name(), "Q4_K");
    assert_eq!(facts.template.as_deref(), Some("{{ messages }}"));
    assert!(facts.tokens.can_fill());
    assert_eq!((facts.tokens.fim_prefix, facts.tokens.fim_middle), (Some(13), Some(15)));
    assert_eq!(facts.tokens.end, Some(1));
}

#[test]
fn version_two_is_read_alike() {
    let second = Fixture { version: 2, ..Fixture::dense() };
    assert_eq!(facts(&second), facts(&Fixture::dense()));
}

#[test]
fn experts_count_by_what_a_token_uses() {
    let facts = facts(&Fixture::mixture());
    assert_eq!(facts.experts, Some(Experts { count: 4, used: 2, shared: 0, feed_forward: 512 }));
    let of_experts = 2 * 256 * 512 * 4;
    assert_eq!(facts.active_parameters, facts.parameters - of_experts / 2);
}

#[test]
fn keys_for_each_layer_are_read() {
    let fixture = Fixture::dense()
        .key("llama.attention.head_count_kv", Written::U32s(vec![2, 4]))
        .key("llama.attention.sliding_window", Written::U32(512))
        .key("llama.attention.sliding_window_pattern", Written::Bools(vec![true, false]));
    let layers = facts(&fixture).layers;
    assert_eq!((layers[0].key, layers[0].window), (64, Some(512)));
    assert_eq!((layers[1].key, layers[1].window), (128, None));
}

#[test]
fn past_counting_is_no_panic() {
    let fixture = Fixture::dense()
        .key("llama.attention.sliding_window", Written::U64(u64::MAX))
        .key("llama.attention.sliding_window_pattern", Written::U32(2))
        .key("llama.attention.head_count_kv", Written::U32(1 << 20))
        .key("llama.attention.key_length", Written::U32(1 << 16))
        .key("llama.context_length", Written::U32(u32::MAX));
    survives(&fixture.bytes());
}

#[test]
fn a_window_without_a_known_pattern_is_no_saving() {
    let fixture = Fixture::dense().key("llama.attention.sliding_window", Written::U32(512));
    assert!(facts(&fixture).layers.iter().all(|layer| layer.window.is_none()));
}

#[test]
fn keys_name_tokens_before_texts_do() {
    let fixture = Fixture::dense()
        .key("tokenizer.ggml.fim_pre_token_id", Written::U32(3))
        .key("tokenizer.ggml.fim_suf_token_id", Written::U32(99));
    let tokens = facts(&fixture).tokens;
    assert_eq!(tokens.fim_prefix, Some(3));
    // A number past the vocabulary means nothing.
    assert_eq!(tokens.fim_suffix, Some(14));
}

#[test]
fn what_cannot_be_loaded_is_named() {
    let right = Fixture::dense().bytes();
    assert!(refusal(b"").contains("cut short"));
    assert!(refusal(b"PK\x03\x04 and more").contains("no GGUF file: it begins with `PK\\x03\\x04`"));
    let mut turned = right.clone();
    turned[4..8].copy_from_slice(&3u32.to_be_bytes());
    assert!(refusal(&turned).contains("big-endian"));
    let with_version = |version| refusal(&Fixture { version, ..Fixture::dense() }.bytes());
    assert!(with_version(1).contains("version 1"));
    assert!(with_version(4).contains("version 4"));
    assert!(refusal(&right[..right.len() - 1]).contains("cut short: tensor"));
    assert!(refusal(&right[..100]).contains("cut short"));
    let mut many = right.clone();
    many[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(refusal(&many).contains("claims 18446744073709551615 tensors"));
    let mut keys = right;
    keys[16..24].copy_from_slice(&1_000_000u64.to_le_bytes());
    assert!(refusal(&keys).contains("claims 1000000 keys"));
}

#[test]
fn tensors_that_cannot_be_are_named() {
    let with = |shape: &[u64], format| refusal(&Fixture::dense().tensor("odd", shape, format).bytes());
    assert!(with(&[16], 4).contains("quantisation 4, which this version does not know"));
    assert!(with(&[100, 2], Q4_K).contains("rows of Q4_K are multiples of 256"));
    assert!(with(&[1 << 40, 1 << 40], F32).contains("more than any file holds"));
    assert!(with(&[0], F32).contains("which is empty"));
    assert!(with(&[1, 1, 1, 1, 1], F32).contains("of 5 dimensions"));
    let twice = Fixture::dense().tensor("output_norm.weight", &[256], F32);
    assert!(refusal(&twice.bytes()).contains("`output_norm.weight` is there twice"));
}

#[test]
fn places_that_cannot_be_are_named() {
    let fixture = Fixture::dense();
    let bytes = fixture.bytes();
    let second = bytes.windows(18).position(|run| run == b"output_norm.weight").expect("it is there");
    // Name, number of dimensions, one dimension, format, offset.
    let offset = second + 18 + 4 + 8 + 4;
    let moved = |to: u64| {
        let mut bytes = bytes.clone();
        bytes[offset..offset + 8].copy_from_slice(&to.to_le_bytes());
        refusal(&bytes)
    };
    assert!(moved(0).contains("inside of what comes before it"));
    assert!(moved(1 << 40).contains("begins at 1099511627776, where"));
}

#[test]
fn alignment_is_a_power_of_two() {
    let with = |value| Fixture::dense().key("general.alignment", value).bytes();
    assert!(refusal(&with(Written::U32(33))).contains("`33` as `general.alignment`"));
    assert!(refusal(&with(Written::U32(0))).contains("`0` as `general.alignment`"));
    assert!(refusal(&with(Written::Text("32".to_owned()))).contains("general.alignment"));
    assert!(parsed(&with(Written::U32(32))).is_ok());
}

#[test]
fn what_is_no_language_model_is_named() {
    let dense = Fixture::dense;
    assert!(unfit(&dense().without("general.architecture")).contains("has no `general.architecture`"));
    let projector = dense().key("general.architecture", Written::Text("clip".to_owned()));
    assert!(unfit(&projector).contains("no language model but `clip`"));
    let adapter = dense().key("general.type", Written::Text("adapter".to_owned()));
    assert!(unfit(&adapter).contains("no language model but `adapter`"));
    assert!(unfit(&dense().without("token_embd.weight")).contains("has no `token_embd.weight`"));
}

#[test]
fn claims_that_tensors_do_not_bear_out_are_refused() {
    let with = |key: &str, value| unfit(&Fixture::dense().key(key, value));
    assert!(with("llama.block_count", Written::U32(999)).contains("999 layers"));
    assert!(with("llama.block_count", Written::U32(1)).contains("1 layers"));
    assert!(with("llama.block_count", Written::U64(1 << 60)).contains("llama.block_count"));
    assert!(with("llama.embedding_length", Written::U32(128)).contains("rows should have 128 numbers"));
    assert!(with("llama.embedding_length", Written::Text("x".to_owned())).contains("`x`"));
    assert!(with("llama.attention.head_count", Written::U32s(vec![8])).contains("for each layer"));
    assert!(with("llama.attention.key_length", Written::U64(1 << 50)).contains("key_length"));
    assert!(with("llama.expert_count", Written::U32(4)).contains("has no `llama.expert_used_count`"));
    let used = Fixture::mixture().key("llama.expert_used_count", Written::U32(9));
    assert!(unfit(&used).contains("`9` as `llama.expert_used_count`"));
}

#[test]
fn parts_are_found_from_any_of_them() {
    let folder = TempDir::new().expect("a folder");
    let whole = Fixture::mixture();
    let path = |number: u32| folder.path().join(format!("m-{number:05}-of-00003.gguf"));
    for (number, part) in (1..).zip(whole.parts(3)) {
        part.write(&path(number));
    }
    for number in 1..=3 {
        let found = open_model(&path(number)).expect("all parts are there");
        assert_eq!(found.files, [path(1), path(2), path(3)]);
        let read = ModelFacts::of(&found).expect("it is a model");
        assert_eq!(read.parameters, facts(&whole).parameters);
    }
    fs::remove_file(path(2)).expect("it is there");
    let error = open_model(&path(1)).expect_err("one is missing").to_string();
    assert!(error.contains("one of 3 parts, and `m-00002-of-00003.gguf` is missing"), "{error}");
    fs::copy(path(1), path(2)).expect("it is there");
    let error = open_model(&path(1)).expect_err("one is there twice").to_string();
    assert!(error.contains("does not say that it is part 2"), "{error}");
    whole.write(&path(2));
    let error = open_model(&path(1)).expect_err("one is of no part").to_string();
    assert!(error.contains("it says `nothing` as the number of parts"), "{error}");
    fs::rename(path(3), folder.path().join("renamed.gguf")).expect("it is there");
    let error = open_model(&folder.path().join("renamed.gguf")).expect_err("renamed").to_string();
    assert!(error.contains("its name does not end in `-00001-of-00003.gguf`"), "{error}");
}

#[test]
fn names_that_only_look_like_parts_are_none() {
    for name in
        ["a.gguf", "a-00001-of-00002.bin", "a-1-of-2.gguf", "a-00003-of-00002.gguf", "a-00000-of-00002.gguf"]
    {
        assert_eq!(parts(Path::new(name)), None, "{name}");
    }
    assert!(is_part(Path::new("a-00002-of-00002.gguf")) && !is_part(Path::new("a-00001-of-00002.gguf")));
}

#[test]
fn files_that_are_none_are_named() {
    let folder = TempDir::new().expect("a folder");
    let error = open(folder.path()).expect_err("a folder is none").to_string();
    assert!(error.contains("is no file") || error.contains("cannot be read"), "{error}");
    let error = open(&folder.path().join("no.gguf")).expect_err("it is not there").to_string();
    assert!(error.contains("no.gguf` cannot be read"), "{error}");
}

/// A list of a size that only a sparse file can have is neither read through nor kept.
#[test]
fn a_huge_claim_costs_nothing() {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3u32.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(b"k");
    bytes.extend(9u32.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend((1u64 << 42).to_le_bytes());
    let began = Instant::now();
    let error = read(bytes.chain(std::io::repeat(0)), 1 << 43).expect_err("no head is that long");
    assert!(matches!(error, Fault::Head(_)), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

/// Each list is short, and all of them together are not kept.
#[test]
fn many_lists_are_not_kept_without_end() {
    let mut fixture = Fixture::dense();
    for number in 0..1000 {
        fixture.keys.push((format!("list.{number}"), Written::U32s(vec![7; 2048])));
    }
    assert!(matches!(parsed(&fixture.bytes()), Err(Fault::Head(_))));
}

/// Whatever is read, it ends, and what passes has facts or a refusal.
fn survives(bytes: &[u8]) {
    if let Ok(head) = parsed(bytes) {
        let model = Model {
            files: vec![PathBuf::from("a.gguf")],
            metadata: head.metadata,
            tensors: head.tensors,
            bytes: head.bytes,
        };
        if let Ok(facts) = ModelFacts::of(&model) {
            assert!(facts.active_parameters <= facts.parameters);
            let shape = Shape::of(&model, &facts, false);
            let memory = Some(Memory { total: 1 << 34, available: 1 << 34 });
            let machine = Machine { cores: 1, avx2: true, memory, ..Machine::default() };
            let wish = Wish { context: Some(1 << 24), ..Wish::default() };
            if let Err(refusal) = place(&shape, &wish, &machine) {
                assert!(!refusal.to_string().is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn flipped_bytes_do_no_harm(changes in prop::collection::vec((0usize..4000, any::<u8>()), 1..12)) {
        let mut bytes = Fixture::mixture().bytes();
        for (place, byte) in changes {
            let place = place % bytes.len().min(2500);
            bytes[place] = byte;
        }
        survives(&bytes);
    }

    #[test]
    fn cut_files_are_refused(length in 0usize..100_000) {
        let bytes = Fixture::dense().bytes();
        let length = length % bytes.len();
        prop_assert!(parsed(&bytes[..length]).is_err());
    }

    #[test]
    fn spliced_heads_do_no_harm(from in 0usize..2000, to in 0usize..2000, length in 0usize..200) {
        let mut bytes = Fixture::mixture().bytes();
        let piece = bytes[from..from + length].to_vec();
        bytes.splice(to..to, piece);
        survives(&bytes);
    }

    #[test]
    fn large_numbers_do_no_harm(place in 0usize..2500, value in prop_oneof![
        Just(u64::MAX), Just(1u64 << 63), Just(i64::MAX as u64), Just(1u64 << 32), any::<u64>(),
    ]) {
        let mut bytes = Fixture::mixture().bytes();
        bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
        survives(&bytes);
    }

    #[test]
    fn any_bytes_do_no_harm(tail in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(tail);
        survives(&bytes);
    }
}
