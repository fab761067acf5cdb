//! Modes, links, and folders that are swapped for links.

use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

fn mode(tree: &Tree, name: &str) -> u32 {
    fs::metadata(tree.root.path().join(name)).unwrap().mode() & 0o7777
}

fn set_mode(tree: &Tree, name: &str, mode: u32) {
    fs::set_permissions(tree.root.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn permission_bits_stay_and_come_back() {
    let tree = Tree::new(&[("run", "v1\n"), ("secret", "v1\n"), ("set", "v1\n"), ("read-only", "v1\n")]);
    let modes = [("run", 0o751), ("secret", 0o600), ("set", 0o4755), ("read-only", 0o444)];
    for (name, mode) in modes {
        set_mode(&tree, name, mode);
    }
    let mut workspace = tree.open();
    for (name, _) in modes {
        stage(&mut workspace, name, "v2\n");
    }
    workspace.accept(&Selection::default()).unwrap();
    for (name, expected) in modes {
        assert_eq!((tree.read(name).as_str(), mode(&tree, name)), ("v2\n", expected), "{name}");
    }
    let gone = [change(&tree, "run", Side::Absent)];
    tree.apply(&gone, &|| Ok(())).unwrap();
    workspace.undo(None).unwrap();
    assert_eq!(
        (tree.read("run").as_str(), mode(&tree, "run")),
        ("v2\n", 0o751),
        "a deleted file comes back as it was"
    );
}

#[test]
fn a_mode_that_was_changed_meanwhile_is_kept() {
    let tree = Tree::new(&[("a", "v1\n"), ("b", "v1\n")]);
    let mut workspace = tree.open();
    stage(&mut workspace, "a", "v2\n");
    set_mode(&tree, "a", 0o755);
    workspace.accept(&Selection::default()).unwrap();
    assert_eq!((tree.read("a").as_str(), mode(&tree, "a")), ("v2\n", 0o755));
    // Between the check and the writing, too.
    let chosen = [change(&tree, "b", file("v2\n"))];
    tree.apply(&chosen, &|| {
        set_mode(&tree, "b", 0o700);
        Ok(())
    })
    .unwrap();
    assert_eq!((tree.read("b").as_str(), mode(&tree, "b")), ("v2\n", 0o700));
}

#[test]
fn a_hard_link_is_counted_and_the_other_name_keeps_the_old_text() {
    let tree = Tree::new(&[("a", "v1\n")]);
    let outside = temporary();
    fs::hard_link(tree.root.path().join("a"), outside.path().join("other")).unwrap();
    let mut workspace = tree.open();
    stage(&mut workspace, "a", "v2\n");
    assert_eq!(workspace.snapshot().links(&path("a")), Some(2));
    workspace.accept(&Selection::default()).unwrap();
    assert_eq!(tree.read("a"), "v2\n");
    assert_eq!(fs::read_to_string(outside.path().join("other")).unwrap(), "v1\n");
}

#[test]
fn links_are_changed_as_links() {
    let tree = Tree::new(&[("a", "v1\n")]);
    let outside = Tree::new(&[("theirs", "keep\n")]);
    symlink(outside.root.path(), tree.root.path().join("out")).unwrap();
    symlink("nowhere", tree.root.path().join("dangling")).unwrap();
    let before = tree.listing();
    let chosen = [change(&tree, "dangling", Side::Link("a".into())), change(&tree, "out", Side::Absent)];
    tree.apply(&chosen, &|| Ok(())).unwrap();
    assert_eq!(tree.listing(), "a: \"v1\\n\"\ndangling -> a\n");
    assert_eq!(outside.read("theirs"), "keep\n", "only the link went");
    tree.open().undo(None).unwrap();
    assert_eq!(tree.listing(), before);
}

#[test]
fn nothing_is_written_through_a_folder_that_became_a_link() {
    let points = each_fault(|at, count| {
        let tree = Tree::new(&[("d/a", "v1\n"), (".git/hooks/a", "v1\n")]);
        let outside = Tree::new(&[("a", "v1\n")]);
        for target in [outside.root.path().to_path_buf(), tree.root.path().join(".git/hooks")] {
            count.set(0);
            let folder = tree.root.path().join("d");
            let chosen = [change(&tree, "d/a", file("v2\n")), change(&tree, "d/new", file("new\n"))];
            let step = || {
                if count.replace(count.get() + 1) == at {
                    fs::rename(&folder, tree.root.path().join("was")).unwrap();
                    symlink(&target, &folder).unwrap();
                }
                Ok(())
            };
            let done = tree.apply(&chosen, &step);
            assert_eq!(outside.listing(), "a: \"v1\\n\"\n", "swapped at {at}: {done:?}");
            assert_eq!(tree.read(".git/hooks/a"), "v1\n", "swapped at {at}: {done:?}");
            assert_eq!(tree.read(".git/hooks/new"), "-", "swapped at {at}: {done:?}");
            if tree.root.path().join("was").exists() {
                fs::remove_file(&folder).unwrap();
                fs::rename(tree.root.path().join("was"), &folder).unwrap();
            }
            recover(tree.state.path());
            assert_clean(&tree, &format!("swapped at {at}"));
            tree.write("d/a", "v1\n");
            let _ = fs::remove_file(folder.join("new"));
        }
    });
    assert!(points > 5, "{points}");
}

#[test]
fn what_is_reached_through_a_link_is_not_staged_under_that_name() {
    let tree = Tree::new(&[("real/a", "v1\n"), (".git/config", "c\n")]);
    symlink("real", tree.root.path().join("l")).unwrap();
    symlink(".git", tree.root.path().join("g")).unwrap();
    let mut workspace = tree.open();
    for name in ["l/a", "g/config", ".git/config", "g/new", "GIT~1/x"] {
        let change = FileChange { path: path(name), before: Side::Absent, after: file("x") };
        let error = workspace.stage("sly".to_owned(), vec![change]).unwrap_err();
        assert!(
            matches!(error, OpError::Read(ReadError::Linked { .. } | ReadError::Protected { .. })),
            "{name}: {error}"
        );
    }
    let snapshot = workspace.snapshot();
    assert_eq!(snapshot.locate(&path("l/a")).unwrap(), path("real/a"));
    assert_eq!(snapshot.locate_entry(&path("l/a")).unwrap(), path("real/a"));
    assert_eq!(snapshot.locate_entry(&path("l")).unwrap(), path("l"), "a link is meant itself");
    assert!(matches!(snapshot.locate_entry(&path("g/config")), Err(ReadError::Protected { .. })));
}
