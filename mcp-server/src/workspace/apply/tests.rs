#![expect(clippy::disallowed_methods, reason = "the tests arrange files of their own")]

use super::super::change::FileContent;
use super::super::owner::{OpError, Workspace};
use super::super::{CallNumber, FileChange, Selection, WorkspaceOp};
use super::*;
use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(unix)]
mod unix;

/// A root and a state folder.
struct Tree {
    root: tempfile::TempDir,
    state: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { root: temporary(), state: temporary() };
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).unwrap_or_else(|_| "-".to_owned())
    }

    fn roots(&self) -> Roots {
        Roots::open(&[self.root.path().to_path_buf()]).unwrap()
    }

    fn journal(&self) -> Journal {
        Journal::open(self.state.path(), &self.roots()).unwrap()
    }

    fn open(&self) -> Workspace {
        Workspace::open(self.roots(), self.state.path()).unwrap().0
    }

    fn apply(&self, chosen: &[Chosen], step: Step<'_>) -> Result<Applied, ApplyError> {
        apply(&self.roots(), &self.journal(), "test", None, chosen, step)
    }

    /// Everything below the root: a line for each name.
    fn listing(&self) -> String {
        let mut lines = Vec::new();
        list_folder(self.root.path(), "", &mut lines);
        lines.sort();
        lines.concat()
    }
}

/// Memory where there is some: the fault tests sync thousands of times.
fn temporary() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn list_folder(folder: &Path, prefix: &str, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().unwrap();
        if kind.is_symlink() {
            lines.push(format!("{name} -> {}\n", fs::read_link(entry.path()).unwrap().display()));
        } else if kind.is_dir() {
            lines.push(format!("{name}/\n"));
            list_folder(&entry.path(), &format!("{name}/"), lines);
        } else {
            lines.push(format!("{name}: {:?}\n", fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

fn path(text: &str) -> RelPath {
    RelPath::parse(text).unwrap()
}

fn file(text: &str) -> Side {
    Side::File(FileContent::new(text.as_bytes(), None))
}

/// A change from what is there now.
fn change(tree: &Tree, name: &str, target: Side) -> Chosen {
    Chosen { path: path(name), base: on_disk(&tree.roots(), &path(name)).unwrap(), target }
}

fn stage(workspace: &mut Workspace, name: &str, text: &str) -> CallNumber {
    let before = workspace.snapshot().side(&path(name)).unwrap();
    workspace
        .stage(format!("write {name}"), vec![FileChange { path: path(name), before, after: file(text) }])
        .unwrap()
}

/// One of everything: edits, deletions, new folders, a file that becomes a folder and the reverse, a move with an edit,
/// a change of case, a folder deleted and an empty one made.
fn everything() -> (Tree, Vec<Chosen>) {
    let tree = Tree::new(&[
        ("edit", "old\n"),
        ("gone", "bye\n"),
        ("deep/er/gone", "1"),
        ("deep/er/too", "2"),
        ("file-to-folder", "f"),
        ("folder-to-file/inner", "i"),
        ("Readme", "case\n"),
        ("from", "moved\n"),
        ("kept", "kept"),
    ]);
    let to = |name: &str, text: &str| change(&tree, name, file(text));
    let gone = |name: &str| change(&tree, name, Side::Absent);
    let mut chosen = vec![
        to("edit", "new\n"),
        gone("gone"),
        gone("deep"),
        gone("deep/er"),
        gone("deep/er/gone"),
        gone("deep/er/too"),
        gone("file-to-folder"),
        to("file-to-folder/a/b", "now below\n"),
        to("folder-to-file", "now a file\n"),
        gone("folder-to-file/inner"),
        gone("Readme"),
        to("README", "case\n"),
        gone("from"),
        to("to/new", "moved and edited\n"),
        change(&tree, "empty", Side::Folder),
        to("empty/x", "x"),
    ];
    if cfg!(unix) {
        chosen.push(change(&tree, "link", Side::Link("kept".into())));
    }
    chosen.sort_by(|a, b| a.path.cmp(&b.path));
    (tree, chosen)
}

const AFTER: &str = "README: \"case\\n\"
edit: \"new\\n\"
empty/
empty/x: \"x\"
file-to-folder/
file-to-folder/a/
file-to-folder/a/b: \"now below\\n\"
folder-to-file: \"now a file\\n\"
kept: \"kept\"
link -> kept
to/
to/new: \"moved and edited\\n\"
";

fn after() -> String {
    if cfg!(unix) { AFTER.to_owned() } else { AFTER.replace("link -> kept\n", "") }
}

#[test]
fn everything_is_written_and_undone_and_written_again() {
    let (tree, chosen) = everything();
    let before = tree.listing();
    tree.apply(&chosen, &|| Ok(())).unwrap();
    assert_eq!(tree.listing(), after());
    let mut workspace = tree.open();
    workspace.undo(None).unwrap();
    assert_eq!(tree.listing(), before);
    workspace.undo(Some(2)).unwrap();
    assert_eq!(tree.listing(), after());
    workspace.undo(Some(3)).unwrap();
    assert_eq!(tree.listing(), before);
}

/// A step that fails from its `first` call to its `last`, counted from 0, and counts.
fn failing(count: &Cell<usize>, first: usize, last: usize) -> impl Fn() -> io::Result<()> + '_ {
    move || {
        let now = count.replace(count.get() + 1);
        if (first..=last).contains(&now) { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
    }
}

/// A step that never returns from its `at`th call, as when the process is killed there.
fn dying(count: &Cell<usize>, at: usize) -> impl Fn() -> io::Result<()> + '_ {
    move || {
        if count.replace(count.get() + 1) == at {
            resume_unwind(Box::new("killed"));
        }
        Ok(())
    }
}

/// Runs `run` with faults at 0, 1, 2 … until none is reached; says how many were.
fn each_fault(mut run: impl FnMut(usize, &Cell<usize>)) -> usize {
    for at in 0.. {
        let count = Cell::new(0);
        run(at, &count);
        if count.get() <= at {
            return at;
        }
    }
    unreachable!("an apply has an end")
}

fn assert_clean(tree: &Tree, what: &str) {
    assert!(tree.journal().pending().unwrap().is_none(), "{what}: a record stayed");
    assert!(!tree.listing().contains(".devtoolkit"), "{what}: a temporary file stayed:\n{}", tree.listing());
}

#[test]
fn a_fault_at_any_step_leaves_all_as_it_was() {
    let points = each_fault(|at, count| {
        let (tree, chosen) = everything();
        let before = tree.listing();
        match tree.apply(&chosen, &failing(count, at, at)) {
            Ok(_) => assert_eq!(tree.listing(), after(), "fault {at}"),
            Err(_) => assert_eq!(tree.listing(), before, "fault {at}"),
        }
        // The last step files the record: when it fails, the next start does it.
        recover(tree.state.path());
        assert_clean(&tree, &format!("fault {at}"));
    });
    assert!(points > 30, "{points}");
}

#[test]
fn when_nothing_works_any_more_recovery_makes_it_all_old_or_all_new() {
    each_fault(|at, count| {
        let (tree, chosen) = everything();
        let before = tree.listing();
        let done = tree.apply(&chosen, &failing(count, at, usize::MAX));
        recover(tree.state.path());
        let expected = if done.is_ok() { after() } else { before };
        // What cannot even be taken back may also be finished: whole either way.
        let now = tree.listing();
        assert!(now == expected || now == after(), "fault {at}: {done:?}\n{now}");
        assert_clean(&tree, &format!("fault {at}"));
    });
}

#[test]
fn killed_at_any_step_and_again_in_recovery_it_is_all_old_or_all_new_and_undo_is_right() {
    let kills = each_fault(|at, count| {
        for again in (at % 5..30).step_by(5) {
            count.set(0);
            kill_twice(at, count, again);
        }
    });
    assert!(kills > 30, "{kills}");
}

fn kill_twice(at: usize, count: &Cell<usize>, again: usize) {
    let (tree, chosen) = everything();
    let before = tree.listing();
    let ended = catch_unwind(AssertUnwindSafe(|| tree.apply(&chosen, &dying(count, at))));
    let second = Cell::new(0);
    let ended_again = catch_unwind(AssertUnwindSafe(|| {
        let journal = tree.journal();
        let _lock = journal.lock().unwrap();
        drop(settle(&journal, &dying(&second, again)));
    }));
    drop(ended_again);
    let mut workspace = tree.open();
    assert_clean(&tree, &format!("killed at {at} and {again}"));
    let now = tree.listing();
    assert!(now == before || now == after(), "killed at {at} and {again}:\n{now}");
    if now == after() {
        workspace.undo(None).unwrap();
        assert_eq!(tree.listing(), before, "undo after a kill at {at} and {again}");
    } else {
        assert!(ended.is_err());
        assert!(matches!(workspace.undo(None), Err(OpError::NothingApplied)));
    }
}

#[test]
fn an_edit_from_outside_is_a_conflict_and_both_texts_are_kept() {
    let tree = Tree::new(&[("a", "v1\n"), ("b", "v1\n")]);
    let mut workspace = tree.open();
    stage(&mut workspace, "a", "v2\n");
    stage(&mut workspace, "b", "v2\n");
    tree.write("a", "user\n");
    let error = workspace.accept(&Selection::default()).unwrap_err();
    assert!(
        matches!(&error, OpError::Apply(ApplyError::Conflict { paths }) if *paths == [path("a")]),
        "{error}"
    );
    assert_eq!((tree.read("a"), tree.read("b")), ("user\n".to_owned(), "v1\n".to_owned()));
    let staged = workspace.staged(&path("a")).unwrap();
    assert!(staged.same(&file("v2\n")), "the proposal is kept too");
    // The rest can go ahead.
    workspace.accept(&Selection { paths: vec![path("b")], ..Selection::default() }).unwrap();
    assert_eq!((tree.read("a"), tree.read("b")), ("user\n".to_owned(), "v2\n".to_owned()));
}

#[test]
fn an_edit_while_it_is_being_applied_is_a_conflict_too() {
    let points = each_fault(|at, count| {
        let tree = Tree::new(&[("a", "v1\n"), ("b", "v1\n")]);
        let chosen = [
            change(&tree, "a", file("v2\n")),
            change(&tree, "b", file("v2\n")),
            change(&tree, "c", file("v2\n")),
        ];
        let step = || {
            if count.replace(count.get() + 1) == at {
                tree.write("b", "user\n");
                tree.write("c", "user\n");
            }
            Ok(())
        };
        let done = tree.apply(&chosen, &step);
        let mut seen = String::new();
        let _ = write!(seen, "{} {} {}", tree.read("a"), tree.read("b"), tree.read("c"));
        match done {
            // It came before the check, or after the name was taken.
            Ok(_) => assert!(seen.starts_with("v2\n"), "edit at {at}: {seen}"),
            Err(_) => assert_eq!(seen, "v1\n user\n user\n", "edit at {at}"),
        }
        assert_clean(&tree, &format!("edit at {at}"));
    });
    assert!(points > 5, "{points}");
}

#[test]
fn undo_touches_only_what_was_written() {
    let tree = Tree::new(&[("a", "1\n2\n3\n4\n5\n"), ("other", "x\n")]);
    let mut workspace = tree.open();
    stage(&mut workspace, "a", "one\n2\n3\n4\n5\n");
    stage(&mut workspace, "new/file", "n\n");
    workspace.accept(&Selection::default()).unwrap();
    tree.write("a", "one\n2\n3\n4\nfive\n");
    tree.write("other", "y\n");
    tree.write("new/theirs", "t\n");
    workspace.undo(None).unwrap();
    assert_eq!(tree.read("a"), "1\n2\n3\n4\nfive\n", "what changed since is kept");
    assert_eq!((tree.read("other"), tree.read("new/file")), ("y\n".to_owned(), "-".to_owned()));
    assert_eq!(tree.read("new/theirs"), "t\n", "a folder with something of theirs stays");
    tree.write("a", "uno\n");
    let error = workspace.undo(Some(2)).unwrap_err();
    assert!(matches!(error, OpError::UndoConflict { .. }), "{error}");
    assert_eq!(tree.read("a"), "uno\n");
}

#[test]
fn what_lies_below_a_file_is_refused_by_name() {
    let tree = Tree::new(&[("a", "file")]);
    let chosen = [Chosen { path: path("a/b/c"), base: Side::Absent, target: file("x") }];
    let error = tree.apply(&chosen, &|| Ok(())).unwrap_err();
    assert!(matches!(&error, ApplyError::BelowFile { path } if path.as_str() == "a/b/c"), "{error}");
    assert_eq!(tree.listing(), "a: \"file\"\n");
}

#[test]
fn the_second_process_gets_a_clear_answer() {
    let tree = Tree::new(&[("a", "v1\n")]);
    let chosen = [change(&tree, "a", file("v2\n"))];
    let held = tree.journal().lock().unwrap();
    let error = tree.apply(&chosen, &|| Ok(())).unwrap_err();
    assert!(error.to_string().starts_with("another process is writing to this workspace"), "{error}");
    drop(held);
    tree.apply(&chosen, &|| Ok(())).unwrap();
    // Another workspace with the same root among its roots, as another process has.
    let other = temporary();
    let both = Roots::open(&[other.path().to_path_buf(), tree.root.path().to_path_buf()]).unwrap();
    let journal = Journal::open(tree.state.path(), &both).unwrap();
    let held = tree.journal().lock().unwrap();
    assert!(journal.try_lock().is_none(), "the lock is each root's");
    drop(held);
    assert!(journal.try_lock().is_some());
}

#[test]
fn of_two_at_once_one_wins_and_the_other_has_a_conflict() {
    let tree = Tree::new(&[("a", "v1\n")]);
    let mut both = [tree.open(), tree.open()];
    for (place, workspace) in both.iter_mut().enumerate() {
        stage(workspace, "a", &format!("of {place}\n"));
    }
    let results = std::thread::scope(|scope| {
        let accept = |workspace: &'_ mut Workspace| workspace.accept(&Selection::default()).is_ok();
        let running: Vec<_> =
            both.iter_mut().map(|workspace| scope.spawn(move || accept(workspace))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect::<Vec<_>>()
    });
    let winner = results.iter().position(|won| *won).expect("one wins");
    assert!(!results[1 - winner], "only one wins");
    assert_eq!(tree.read("a"), format!("of {winner}\n"));
}

#[test]
fn a_root_that_vanished_is_said_and_its_record_waits() {
    let (tree, chosen) = everything();
    let count = Cell::new(0);
    let ended = catch_unwind(AssertUnwindSafe(|| tree.apply(&chosen, &dying(&count, 25))));
    assert!(ended.is_err());
    let away = tree.root.path().with_extension("away");
    fs::rename(tree.root.path(), &away).unwrap();
    assert!(recover(tree.state.path()).is_empty(), "it is not reported as done");
    fs::rename(&away, tree.root.path()).unwrap();
    assert_eq!(recover(tree.state.path()).len(), 1);
    assert_clean(&tree, "after it came back");
    // While it is open and gone, writing says so.
    let mut workspace = tree.open();
    stage(&mut workspace, "kept", "changed");
    fs::rename(tree.root.path(), &away).unwrap();
    fs::remove_dir_all(&away).unwrap();
    fs::create_dir_all(tree.root.path()).unwrap();
    let error = workspace.accept(&Selection::default()).unwrap_err();
    assert!(matches!(error, OpError::Apply(ApplyError::Conflict { .. })), "{error}");
}

#[test]
fn a_checkpoint_is_come_back_to() {
    let tree = Tree::new(&[("a", "v1\n")]);
    let mut workspace = tree.open();
    stage(&mut workspace, "a", "v2\n");
    workspace.perform(WorkspaceOp::Checkpoint { name: "here".to_owned() }).unwrap();
    workspace.accept(&Selection::default()).unwrap();
    stage(&mut workspace, "b", "b\n");
    workspace.accept(&Selection::default()).unwrap();
    workspace.perform(WorkspaceOp::Undo { set: None, checkpoint: Some("here".to_owned()) }).unwrap();
    assert_eq!(tree.listing(), "a: \"v1\\n\"\n");
    assert!(
        workspace.staged(&path("a")).unwrap().same(&file("v2\n")),
        "what was proposed then is proposed again"
    );
}
