use super::*;
use crate::download::stand_in::{Reply, StandIn};
use crate::download::{Address, Hub, Patience};
use crate::gguf::fixture::Fixture;
use sha2::{Digest, Sha256};
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

struct Here {
    _folder: TempDir,
    store: ModelStore,
}

fn here() -> Here {
    let folder = TempDir::new().expect("a folder");
    let store = ModelStore::new(folder.path().join("models"));
    Here { _folder: folder, store }
}

/// Pulls `file` from a hub that has all parts of the fixture under its names.
fn pulled(store: &ModelStore, file: &str, parts: u16) -> Result<(Kept, bool), PullError> {
    let hub = StandIn::start(move |asked| {
        let number = asked.path.rsplit_once('-').map_or(0, |_| {
            let digits =
                asked.path.split("-000").nth(1).and_then(|text| text.get(..2)?.parse::<usize>().ok());
            digits.unwrap_or(1) - 1
        });
        let fixture =
            if parts == 1 { Fixture::dense() } else { Fixture::dense().parts(parts)[number].clone() };
        let bytes = fixture.bytes();
        let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Reply::file(asked, &bytes, &sum)
    });
    let hub = Hub::new(&hub.base, None).expect("it is one");
    let wanted = Wanted::address(Address::parse(&format!("o/n/{file}")).expect("it is one"));
    let pulling = Pulling { hub: &hub, patience: Patience::default(), cancel: &AtomicBool::new(false) };
    pulling.pull(store, &wanted, |_, _| {})
}

#[test]
fn a_pulled_model_has_a_manifest_and_is_found() {
    let here = here();
    let (kept, unchecked) = pulled(&here.store, "tiny.gguf", 1).expect("it comes");
    assert!(!unchecked);
    assert_eq!(kept.name, "tiny");
    let manifest = kept.manifest.clone().expect("it has one");
    assert_eq!((manifest.repository.as_str(), manifest.commit.as_deref()), ("o/n", Some("c0ffee")));
    assert_eq!(here.store.list().expect("it can be read"), std::slice::from_ref(&kept));
    let catalogue = Catalogue::built_in();
    for name in ["tiny", "tiny.gguf", &kept.files[0].to_string_lossy()] {
        assert_eq!(here.store.find(&catalogue, name).expect("it is there"), kept);
    }
    let sums = kept.verify(|_| {}).expect("it can be read");
    assert!(matches!(sums[0].1, Sum::Right(_)));
    // A second pull brings nothing.
    assert!(pulled(&here.store, "tiny.gguf", 1).is_ok());
}

#[test]
fn all_parts_are_pulled_and_removed_together() {
    let here = here();
    let (kept, _) = pulled(&here.store, "m-00001-of-00003.gguf", 3).expect("all come");
    assert_eq!((kept.name.as_str(), kept.files.len()), ("m", 3));
    assert_eq!(kept.manifest.as_ref().map(|manifest| manifest.files.len()), Some(3));
    assert_eq!(here.store.list().expect("it can be read").len(), 1);
    assert!(
        kept.verify(|_| {}).expect("they can be read").iter().all(|(_, sum)| matches!(sum, Sum::Right(_)))
    );
    assert_eq!(here.store.remove(&kept).expect("it can be"), kept.bytes);
    assert!(here.store.list().expect("it can be read").is_empty());
    assert!(entries(here.store.folder()).expect("it can be read").is_empty(), "its folder is gone too");
}

#[test]
fn changed_bytes_are_noticed() {
    let here = here();
    let (kept, _) = pulled(&here.store, "tiny.gguf", 1).expect("it comes");
    let mut bytes = fs::read(&kept.files[0]).expect("it is there");
    *bytes.last_mut().expect("it has some") ^= 1;
    fs::write(&kept.files[0], bytes).expect("it can be written");
    assert!(matches!(kept.verify(|_| {}).expect("it can be read")[0].1, Sum::Wrong { .. }));
}

#[test]
fn files_of_others_are_read_and_left_alone() {
    let here = here();
    let elsewhere = TempDir::new().expect("a folder");
    let path = elsewhere.path().join("own.gguf");
    Fixture::dense().write(&path);
    let kept = here.store.find(&Catalogue::built_in(), &path.to_string_lossy()).expect("it is there");
    assert!(matches!(kept.verify(|_| {}).expect("it can be read")[0].1, Sum::Unknown(_)));
    assert!(matches!(here.store.remove(&kept), Err(StoreError::Elsewhere(_))));
    assert!(path.is_file());
}

#[test]
fn names_lead_on() {
    let here = here();
    let catalogue = Catalogue::built_in();
    let error = |name: &str| here.store.find(&catalogue, name).expect_err("it is not there").to_string();
    assert!(error("gpt-oss-20b").contains("`devtoolkit-agent model pull gpt-oss-20b` brings it"));
    assert!(error("gpt-oss-20").contains("but there is `gpt-oss-20b`"));
    assert!(error("zzz").contains("there is no model `zzz`; `devtoolkit-agent model list`"));
}

#[test]
fn a_damaged_manifest_is_told_of() {
    let here = here();
    let (kept, _) = pulled(&here.store, "tiny.gguf", 1).expect("it comes");
    fs::write(beside(&kept.files[0]), "{").expect("it can be written");
    let error = here.store.list().expect_err("it is damaged").to_string();
    assert!(error.contains("manifest.json` is damaged"), "{error}");
}

#[test]
fn what_is_no_model_is_told_of_after_it_came() {
    let here = here();
    let hub = StandIn::start(|asked| {
        let sum: String = Sha256::digest(b"text").iter().map(|byte| format!("{byte:02x}")).collect();
        Reply::file(asked, b"text", &sum)
    });
    let hub = Hub::new(&hub.base, None).expect("it is one");
    let wanted = Wanted::address(Address::parse("o/n/f.gguf").expect("it is one"));
    let pulling = Pulling { hub: &hub, patience: Patience::default(), cancel: &AtomicBool::new(false) };
    assert!(matches!(pulling.pull(&here.store, &wanted, |_, _| {}), Err(PullError::Unfit(_))));
}
