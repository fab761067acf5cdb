use super::*;
use crate::gguf::fixture::Fixture;
use crate::machine::Memory;
use crate::placement::KvType;
use std::path::Path;
use tempfile::TempDir;

fn machine(available: u64) -> Machine {
    let memory = Some(Memory { total: available, available });
    Machine { cores: 4, avx2: true, memory, ..Machine::default() }
}

fn tuned() -> Tuned {
    Tuned { batch: 128, threads: 3, cpu_experts: Some(1), prefill: 100.0, decode: 20.0 }
}

/// A folder with one model, `tiny`.
fn store() -> (TempDir, ModelStore) {
    let folder = TempDir::new().unwrap();
    Fixture::mixture().write(&folder.path().join("tiny.gguf"));
    let store = ModelStore::new(folder.path().to_owned());
    (folder, store)
}

fn named(store: &ModelStore, machine: &Machine, name: &str, wish: &Wish) -> Result<Loadable, LoadingError> {
    let (catalogue, tunings) = (Catalogue::built_in(), Tunings::read(store));
    Loading { store, catalogue: &catalogue, machine, tunings: &tunings }.named(name, wish)
}

#[test]
fn a_name_or_a_path_becomes_what_a_process_is_told() {
    let (folder, store) = store();
    let path = folder.path().join("tiny.gguf");
    for name in ["tiny", &path.display().to_string()] {
        let Loadable { load, placement, tuned, .. } =
            named(&store, &machine(8 << 30), name, &Wish::default()).unwrap();
        assert_eq!(load.path, path);
        assert_eq!((load.context, load.threads, load.batch, load.kv), (8192, 4, 512, KvType::F16));
        assert_eq!((load.gpu_layers, load.cpu_experts, load.mmap), (0, 0, true));
        assert_eq!((u64::from(load.context), load.threads), (placement.context, placement.threads));
        assert_eq!(tuned, None);
    }
}

#[test]
fn wishes_are_kept() {
    let (_folder, store) = store();
    let wish = Wish {
        context: Some(3000),
        kv: Some(KvType::Q8),
        threads: Some(2),
        mmap: Some(false),
        ..Wish::default()
    };
    let load = named(&store, &machine(8 << 30), "tiny", &wish).unwrap().load;
    assert_eq!((load.context, load.kv, load.threads, load.mmap), (3072, KvType::Q8, 2, false));
}

#[test]
fn what_was_measured_is_used_where_nothing_else_is_asked_for() {
    let (folder, store) = store();
    let machine = machine(8 << 30);
    let kept = store.at(&folder.path().join("tiny.gguf")).unwrap();
    Tunings::read(&store).remember(&kept, &machine, tuned()).unwrap();
    let Loadable { load, placement, tuned: found, .. } =
        named(&store, &machine, "tiny", &Wish::default()).unwrap();
    assert_eq!((load.batch, load.threads, placement.threads), (128, 3, 3));
    assert_eq!(found, Some(tuned()));
    let asked = Wish { threads: Some(1), ..Wish::default() };
    assert_eq!(named(&store, &machine, "tiny", &asked).unwrap().load.threads, 1);
    let other = Machine { cores: 8, ..machine };
    assert_eq!(named(&store, &other, "tiny", &Wish::default()).unwrap().load.batch, 512);
}

#[test]
fn measured_experts_go_to_the_processor_where_that_fits() {
    let (folder, store) = store();
    let gpu = crate::machine::Gpu { name: "card".to_owned(), total: 8 << 30, free: 8 << 30, in_main: false };
    let machine = Machine { gpus: vec![gpu], ..machine(8 << 30) };
    let kept = store.at(&folder.path().join("tiny.gguf")).unwrap();
    assert_eq!(named(&store, &machine, "tiny", &Wish::default()).unwrap().load.cpu_experts, 0);
    Tunings::read(&store).remember(&kept, &machine, tuned()).unwrap();
    let load = named(&store, &machine, "tiny", &Wish::default()).unwrap().load;
    assert_eq!((load.gpu_layers, load.cpu_experts), (3, 1));
    let asked = Wish { cpu_expert_layers: Some(2), ..Wish::default() };
    assert_eq!(named(&store, &machine, "tiny", &asked).unwrap().load.cpu_experts, 2);
}

#[test]
fn what_does_not_fit_is_refused_with_numbers_and_what_would() {
    let (_folder, store) = store();
    let wish = Wish { context: Some(1 << 20), ..Wish::default() };
    let error = named(&store, &machine(1 << 30), "tiny", &wish).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, LoadingError::Unfit { .. }), "{text}");
    assert!(text.starts_with("`tiny` does not fit: it needs "), "{text}");
    assert!(text.contains("what fits is `--context "), "{text}");
}

#[test]
fn what_is_no_model_is_told() {
    let (folder, store) = store();
    let broken = folder.path().join("broken.gguf");
    #[expect(clippy::disallowed_methods, reason = "tests make their own files")]
    std::fs::write(&broken, "text").unwrap();
    let told = |path: &Path| {
        named(&store, &machine(8 << 30), &path.display().to_string(), &Wish::default())
            .unwrap_err()
            .to_string()
    };
    assert!(told(&broken).contains("is no GGUF file"), "{}", told(&broken));
    assert!(told(Path::new("tinny")).contains("there is no model `tinny`"), "{}", told(Path::new("tinny")));
}
