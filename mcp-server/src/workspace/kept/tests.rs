#![expect(clippy::disallowed_methods, reason = "the tests arrange files of their own")]

use super::super::change::{FileContent, Selection};
use super::super::owner::Workspace;
use super::super::path::Roots;
use super::*;

struct Folders {
    root: tempfile::TempDir,
    state: tempfile::TempDir,
}

impl Folders {
    fn new() -> Self {
        let folders = Self { root: tempfile::tempdir().unwrap(), state: tempfile::tempdir().unwrap() };
        fs::write(folders.root.path().join("a"), "1\n2\n3\n").unwrap();
        folders
    }

    fn open(&self) -> (Workspace, Vec<String>) {
        let roots = Roots::open(&[self.root.path().to_path_buf()]).unwrap();
        Workspace::open(roots, self.state.path()).unwrap()
    }
}

fn stage(workspace: &mut Workspace, name: &str, text: &str) {
    let path = RelPath::parse(name).unwrap();
    let before = workspace.snapshot().side(&path).unwrap();
    let after = Side::File(FileContent::new(text.as_bytes(), None));
    workspace.stage(format!("write {name}"), vec![FileChange { path, before, after }]).unwrap();
    workspace.keep();
}

fn top(workspace: &Workspace, name: &str) -> String {
    let seen = workspace.snapshot().read(&RelPath::parse(name).unwrap()).unwrap();
    String::from_utf8(seen.content.bytes.to_vec()).unwrap()
}

#[test]
fn what_is_staged_is_there_after_a_restart_and_rebased() {
    let folders = Folders::new();
    let (mut first, _) = folders.open();
    stage(&mut first, "a", "one\n2\n3\n");
    stage(&mut first, "new/b", "b\n");
    drop(first);
    fs::write(folders.root.path().join("a"), "1\n2\n3\n4\n").unwrap();
    let (mut second, report) = folders.open();
    assert_eq!(report, ["staged changes of an earlier run are staged again, files: 2"]);
    assert_eq!((top(&second, "a").as_str(), top(&second, "new/b").as_str()), ("one\n2\n3\n4\n", "b\n"));
    let calls = Selection { calls: vec![CallNumber(1)], ..Selection::default() };
    second.accept(&calls).unwrap();
    second.keep();
    drop(second);
    let (mut third, _) = folders.open();
    assert_eq!(third.snapshot().staging().files().count(), 1, "what was accepted is not proposed again");
    stage(&mut third, "c", "c\n");
    assert_eq!(third.snapshot().staging().calls().last().unwrap().number, CallNumber(3), "numbers go on");
    third.discard(&Selection::default()).unwrap();
    third.keep();
    drop(third);
    assert!(folders.open().1.is_empty());
}

#[test]
fn two_processes_keep_their_own() {
    let folders = Folders::new();
    let (mut first, _) = folders.open();
    stage(&mut first, "x", "first\n");
    let (mut second, report) = folders.open();
    assert!(report.is_empty() && second.snapshot().staging().is_empty(), "the first one lives: {report:?}");
    stage(&mut second, "x", "second\n");
    drop(second);
    let (third, _) = folders.open();
    assert_eq!(top(&third, "x"), "second\n");
    drop((first, third));
    assert_eq!(top(&folders.open().0, "x"), "first\n");
}

#[test]
fn damage_is_said_and_costs_only_what_is_damaged() {
    let folders = Folders::new();
    let (mut first, _) = folders.open();
    stage(&mut first, "a", "one\n2\n3\n");
    stage(&mut first, "b", "b\n");
    let journal = first.journal().folder().to_path_buf();
    drop(first);
    let text = journal.join("texts").join(super::super::Revision::of(b"b\n").to_string());
    fs::write(&text, "B\n").unwrap();
    let (first, report) = folders.open();
    assert_eq!(report[1], "staged changes whose texts are damaged are lost: `b`");
    assert_eq!(first.snapshot().staging().files().count(), 1);
    drop(first);
    for damage in [&b""[..], b"garbage", b"devtoolkit-record 1 00\n{}", b"devtoolkit-record 99 00\n{}"] {
        fs::write(journal.join("staged/0"), damage).unwrap();
        let (mut workspace, report) = folders.open();
        assert!(report.is_empty(), "{report:?}");
        stage(&mut workspace, "a", "uno\n2\n3\n");
        drop(workspace);
        let (workspace, _) = folders.open();
        assert_eq!(top(&workspace, "a"), "uno\n2\n3\n");
        let kept = fs::read_dir(journal.join("staged")).unwrap().flatten();
        assert!(
            kept.into_iter().any(|entry| fs::read(entry.path()).unwrap() == damage),
            "nothing is deleted"
        );
        let _ = fs::remove_file(journal.join("staged/1"));
        let _ = fs::remove_file(journal.join("staged/0"));
    }
}
