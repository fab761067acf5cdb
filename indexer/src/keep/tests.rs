//! A keeper over a real folder, with the real watcher.

#![expect(clippy::disallowed_methods, reason = "the tests change files")]

use super::*;
use crate::Filter;
use std::fs;

/// Waits, at most 20 s, until the keeper's snapshot is as wanted.
fn wait_until(keeper: &Keeper, what: &str, wanted: impl Fn(&Snapshot, &State) -> bool) {
    let begun = Instant::now();
    while !wanted(&keeper.snapshot(), &keeper.state()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        std::thread::yield_now();
    }
}

fn finds(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.find(name, &Filter::default(), 1).first().is_some_and(|hit| hit.symbol.name == name)
}

fn keeper(root: &std::path::Path, cache: &std::path::Path) -> Keeper {
    let store = Store::open(root, Some(cache)).expect("the root is a folder");
    Keeper::start(store, WalkOptions { threads: 1, ..WalkOptions::default() })
}

#[test]
fn changes_on_disk_are_followed_and_open_texts_hide_them() {
    let (root, cache) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    fs::write(root.path().join("a.py"), "def first(): pass\n").expect("write");
    let keeper = keeper(root.path(), cache.path());
    wait_until(&keeper, "the tree is verified", |_, state| state.verified);
    assert!(finds(&keeper.snapshot(), "first"));
    assert!(keeper.snapshot().is_complete());

    fs::write(root.path().join("b.py"), "def second(): pass\n").expect("write");
    wait_until(&keeper, "a new file is seen", |snapshot, _| finds(snapshot, "second"));
    fs::create_dir(root.path().join("sub")).expect("folder");
    fs::write(root.path().join("sub/c.py"), "def third(): pass\n").expect("write");
    wait_until(&keeper, "a file in a new folder is seen", |snapshot, _| finds(snapshot, "third"));
    fs::remove_dir_all(root.path().join("sub")).expect("remove");
    wait_until(&keeper, "a removed folder is forgotten", |snapshot, _| !finds(snapshot, "third"));

    keeper.update("a.py", "def typed(): pass\n");
    keeper.flush();
    assert!(finds(&keeper.snapshot(), "typed") && !finds(&keeper.snapshot(), "first"));
    fs::write(root.path().join("a.py"), "def saved(): pass\n").expect("write");
    fs::write(root.path().join("d.py"), "def fourth(): pass\n").expect("write");
    wait_until(&keeper, "another file is seen", |snapshot, _| finds(snapshot, "fourth"));
    assert!(finds(&keeper.snapshot(), "typed"), "the open text hides the disk");
    keeper.edit("a.py", vec![TextEdit { range: 4..9, text: "edited".to_owned() }]).expect("the text is open");
    assert!(finds(&keeper.snapshot(), "edited"));
    keeper.close("a.py");
    wait_until(&keeper, "the disk shows again", |snapshot, _| finds(snapshot, "saved"));
}

#[test]
fn a_second_start_answers_from_what_is_stored() {
    let (root, cache) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    fs::write(root.path().join("a.py"), "def first(): pass\n").expect("write");
    let first = keeper(root.path(), cache.path());
    wait_until(&first, "the tree is verified", |_, state| state.verified);
    drop(first);
    let second = keeper(root.path(), cache.path());
    assert!(finds(&second.snapshot(), "first"), "before anything is verified");
    wait_until(&second, "the tree is verified", |_, state| state.verified);
    assert_eq!(second.state().report.map(|report| report.changed), Some(0));
}

#[test]
fn damage_that_a_reader_comes_upon_is_mended() {
    let (root, cache) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    fs::write(root.path().join("a.py"), "def first(): pass\n").expect("write");
    let store = Store::open(root.path(), Some(cache.path())).expect("the root is a folder");
    let options = WalkOptions { threads: 1, ..WalkOptions::default() };
    let built = store.build(&options, &|_| {});
    let segment = built.index.snapshot().parts()[0].segment.clone();
    let blobs = segment.section(crate::segment::Section::Blobs);
    let at = blobs.as_ptr() as usize - segment.bytes().as_ptr() as usize;
    let mut bytes = segment.bytes().to_vec();
    bytes[at] ^= 1;
    drop((built, segment));
    let folders = fs::read_dir(cache.path().join("devtoolkit/index")).expect("an index is stored").flatten();
    for file in folders.flat_map(|folder| fs::read_dir(folder.path()).expect("read").flatten()) {
        if file.path().extension().is_some_and(|end| end == "segment") {
            fs::write(file.path(), &bytes).expect("write");
        }
    }
    let keeper = keeper(root.path(), cache.path());
    wait_until(&keeper, "the damage is mended", |snapshot, state| {
        let found = snapshot.outline("a.py").is_some_and(|outline| outline.len() == 1);
        keeper.flush();
        found && state.verified && snapshot.is_complete() && !snapshot.is_damaged()
    });
    assert_eq!(keeper.state().warning.as_deref(), Some(DAMAGED));
}

#[test]
fn without_a_cache_the_index_is_kept_in_memory() {
    let root = tempfile::tempdir().expect("folder");
    fs::write(root.path().join("a.py"), "def first(): pass\n").expect("write");
    let keeper = keeper(root.path(), &root.path().join("a.py"));
    wait_until(&keeper, "the tree is verified", |_, state| state.verified);
    assert!(finds(&keeper.snapshot(), "first") && keeper.snapshot().is_complete());
    assert!(keeper.state().warning.is_some_and(|warning| warning.contains("cannot keep the index")));
}
