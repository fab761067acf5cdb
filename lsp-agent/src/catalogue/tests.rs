use super::*;
use crate::machine::{Gpu, Machine, Memory};
use crate::placement::Wish;

const GB: u64 = 1_000_000_000;

fn machine(cores: u32, memory: u64, gpu: u64) -> Machine {
    let card = Gpu { name: "card".to_owned(), total: gpu * GB, free: gpu * GB, in_main: false };
    Machine {
        processor: String::new(),
        cores,
        avx2: true,
        avx512: false,
        amx: false,
        memory: Some(Memory { total: memory * GB, available: memory * GB }),
        gpus: if gpu == 0 { Vec::new() } else { vec![card] },
    }
}

/// The name of the first good model.
fn best(machine: &Machine, role: Option<Role>) -> Option<String> {
    let catalogue = Catalogue::built_in();
    let advice = recommend(&catalogue, machine, &Wish::default(), role);
    let good = advice.iter().find(|advice| matches!(advice.verdict, Verdict::Good { .. }));
    good.map(|advice| advice.entry.name.clone())
}

fn refused(text: &str) -> String {
    Catalogue::with(text, "`own.toml`").expect_err("it is wrong").to_string()
}

const OWN: &str = r#"
[[model]]
name = "mine"
title = "Mine"
publisher = "Me"
repository = "me/mine"
licence = "MIT"
roles = ["edit"]
parameters = 1000000
active = 1000000
context = 4096
shape = { layers = 2, embedding = 64, vocabulary = 100, kv_heads = 1, key = 64, value = 64 }
[[model.file]]
quantisation = "Q8_0"
name = "mine.gguf"
about = 2000000
"#;

#[test]
fn the_built_in_list_has_the_models() {
    let catalogue = Catalogue::built_in();
    assert_eq!(catalogue.models.len(), 10);
    assert_eq!(catalogue.models.iter().filter(|entry| entry.is_mixture()).count(), 6);
    for entry in &catalogue.models {
        let file = &entry.files[0];
        let shape = entry.shape(file);
        let weights = file.weights();
        // What is dealt out is what there is, but for rounding.
        assert!(shape.weights().abs_diff(weights) < weights / 50, "{}", entry.name);
        assert_eq!(shape.has_experts(), entry.is_mixture(), "{}", entry.name);
        let bits = weights as f64 * 8.0 / entry.parameters as f64;
        assert!((4.0..6.5).contains(&bits), "{} has {bits} bits a number", entry.name);
    }
}

#[test]
fn experts_are_most_of_a_mixture() {
    let catalogue = Catalogue::built_in();
    let entry = catalogue.find("qwen3-coder-30b-a3b").expect("it is there");
    let shape = entry.shape(&entry.files[0]);
    let experts: u64 = shape.layers.iter().map(|layer| layer.experts.all).sum();
    let share = experts as f64 / shape.weights() as f64;
    assert!((0.9..0.98).contains(&share), "{share}");
}

#[test]
fn every_machine_gets_what_it_can_run() {
    assert_eq!(best(&machine(2, 4, 0), None).as_deref(), Some("qwen2.5-coder-1.5b"));
    assert_eq!(best(&machine(8, 32, 0), None).as_deref(), Some("qwen3-coder-30b-a3b"));
    assert_eq!(best(&machine(8, 16, 0), None).as_deref(), Some("gpt-oss-20b"));
    assert_eq!(best(&machine(8, 16, 24), None).as_deref(), Some("qwen3-coder-30b-a3b"));
    assert_eq!(best(&machine(4, 3, 8), Some(Role::Edit)).as_deref(), Some("qwen2.5-coder-7b"));
    assert_eq!(best(&machine(2, 4, 0), Some(Role::Complete)).as_deref(), Some("qwen2.5-coder-1.5b"));
    assert_eq!(best(&machine(1, 2, 0), Some(Role::Complete)).as_deref(), Some("qwen2.5-coder-0.5b"));
    assert_eq!(best(&machine(1, 0, 0), None), None);
}

/// A model whose context would be too short to work with is not called good.
#[test]
fn a_context_to_work_with_belongs_to_a_good_model() {
    let catalogue = Catalogue::built_in();
    for memory in 4..24 {
        for advice in recommend(&catalogue, &machine(8, memory, 0), &Wish::default(), None) {
            if let Verdict::Good { placement, .. } = advice.verdict {
                assert!(
                    placement.context >= advice.entry.context.min(8192),
                    "{memory} {}",
                    advice.entry.name
                );
            }
        }
    }
}

#[test]
fn own_models_come_first_and_replace_ours() {
    let catalogue = Catalogue::with(OWN, "`own.toml`").expect("it is right");
    assert_eq!(catalogue.models[0].name, "mine");
    assert_eq!(catalogue.models[0].revision, "main");
    let same = OWN.replace("\"mine\"", "\"gpt-oss-20b\"");
    let catalogue = Catalogue::with(&same, "`own.toml`").expect("it is right");
    assert_eq!(catalogue.models.len(), 10);
    assert_eq!(catalogue.find("gpt-oss-20b").map(|entry| entry.title.as_str()), Some("Mine"));
}

#[test]
fn what_cannot_be_meant_is_named() {
    let with = |from: &str, to: &str| refused(&OWN.replace(from, to));
    assert!(with("roles", "rolls").contains("unknown field `rolls`"));
    assert!(with("[\"edit\"]", "[\"sing\"]").contains("`own.toml`"));
    assert!(with("me/mine", "me").contains("has to be `owner/name`"));
    assert!(with("me/mine", "../mine").contains("has to be `owner/name`"));
    assert!(with("mine.gguf", "../mine.gguf").contains("is no name of a `.gguf` file"));
    assert!(with("mine.gguf", "mine.bin").contains("is no name of a `.gguf` file"));
    assert!(with("about = 2000000", "about = 2000000\nsha256 = \"ab\"").contains("64 hexadecimal digits"));
    assert!(with("about = 2000000", "").contains("needs its `size` in bytes, or `about`"));
    assert!(with("layers = 2", "layers = 0").contains("`shape` has a size that no model has"));
    assert!(with("active = 1000000", "active = 2000000").contains("do not go together"));
    assert!(refused(&format!("{OWN}{OWN}")).contains("`mine` is there twice"));
}

#[test]
fn names_and_quantisations_that_are_not_there_lead_to_those_that_are() {
    let catalogue = Catalogue::built_in();
    assert_eq!(catalogue.closest("qwen2.5-coder-1.5"), Some("qwen2.5-coder-1.5b"));
    assert_eq!(catalogue.closest("zzz"), None);
    let entry = catalogue.find("gpt-oss-20b").expect("it is there");
    assert!(entry.file(Some("mxfp4")).is_ok());
    assert!(entry.file(Some("Q2_K")).expect_err("it is not there").contains("it has `MXFP4`"));
}
