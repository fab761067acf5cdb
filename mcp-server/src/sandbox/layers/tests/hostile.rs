//! Uppers that are made to harm.

use super::*;
use expect_test::expect;
use rustix::fs::{FileType, Mode, XattrFlags, mknodat, setxattr};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

fn node(path: PathBuf, kind: FileType) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    mknodat(rustix::fs::CWD, path, kind, Mode::RWXU, 0).unwrap();
}

#[test]
fn only_files_folders_and_links_come_through() {
    let place = Place::new(&[
        ("a", "a"),
        ("b", "b"),
        ("d/x", "x"),
        (".git/HEAD", "ref"),
        ("sub/.git/HEAD", "ref"),
        ("sub/y", "y"),
    ]);
    let effects = place.by_hand(|upper| {
        node(upper.join("pipe"), FileType::Fifo);
        node(upper.join("a"), FileType::Fifo);
        node(upper.join("socket"), FileType::Socket);
        node(upper.join("b"), FileType::CharacterDevice);
        write(upper, "marked/whiteout", "");
        setxattr(upper.join("marked/whiteout"), "user.overlay.whiteout", b"y", XattrFlags::empty()).unwrap();
        write(upper, ".git/hooks/pre-commit", "evil");
        write(upper, "deep/.GIT/config", "evil");
        write(upper, ".devtoolkit/policy", "evil");
        node(upper.join("sub"), FileType::CharacterDevice);
        symlink("/etc/shadow", upper.join("link")).unwrap();
        symlink("/etc", upper.join("d")).unwrap();
        fs::write(upper.join(OsStr::from_bytes(b"bad\xffname")), "bytes").unwrap();
    });
    expect![[r#"
        b: "b" 644 => nothing
        bad\xffname: nothing => "bytes" 644
        d/x: "x" 644 => nothing
        d: folder => -> /etc
        link: nothing => -> /etc/shadow
        sub/y: "y" 644 => nothing
        .devtoolkit: refused: devtoolkit's own state is not for tools; list_changes and undo_changes use what it keeps
        .git: refused: git's own state is not for file tools; use the git tools
        a: refused: a pipe, socket or device cannot be staged
        deep/.GIT: refused: git's own state is not for file tools; use the git tools
        pipe: refused: a pipe, socket or device cannot be staged
        socket: refused: a pipe, socket or device cannot be staged
        sub/.git: refused: git's own state is not for file tools; use the git tools
    "#]]
    .assert_eq(&told(&effects));
    assert!(fs::read_dir(place.layers.0.room.path.join("runs/0")).unwrap().next().is_none(), "nothing stays");
}

#[test]
fn modes_that_forbid_reading_forbid_nothing() {
    let place = Place::new(&[("a", "a")]);
    let effects = place.by_hand(|upper| {
        write(upper, "a", "changed");
        write(upper, "d/e/f", "f");
        fs::set_permissions(upper.join("a"), fs::Permissions::from_mode(0o4000)).unwrap();
        fs::set_permissions(upper.join("d/e"), fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(upper.join("d"), fs::Permissions::from_mode(0o000)).unwrap();
    });
    expect![[r#"
        a: "a" 644 => "changed" 0
        d/e/f: nothing => "f" 644
    "#]]
    .assert_eq(&told(&effects));
}

#[test]
fn depth_is_bounded_and_everything_is_removed() {
    let place = Place::new(&[(".gitignore", "out\n")]);
    let run = place.begin();
    for top in ["src", "out"] {
        let mut at = Folder::open(&run.path.join("upper-0")).unwrap().make(OsStr::new(top), 0o755).unwrap();
        for _ in 0..3_000 {
            at = at.make(OsStr::new("d"), 0o755).unwrap();
        }
        at.write(OsStr::new("f"), b"f", 0o644, None).unwrap();
    }
    let effects = run.effects().unwrap();
    assert!(effects.changes.is_empty() && effects.refused.len() == 1, "{effects:?}");
    assert!(effects.refused[0].1.contains("128 folders"));
    let path = run.path.clone();
    drop(run);
    assert!(!path.exists());
    let depth = listing(&place.layers.0.room.path.join("cache/0")).len();
    assert!(depth <= 130, "{depth}");
}

#[test]
fn too_much_is_refused_as_a_whole() {
    let place = Place::new(&[(".gitignore", "out\n")]);
    let run = place.begin();
    let upper = run.path.join("upper-0");
    fs::create_dir(upper.join("vendor")).unwrap();
    for number in 0..20_001 {
        fs::write(upper.join(format!("vendor/{number}")), "").unwrap();
    }
    write(&upper, "out/x", "x");
    let error = run.effects().unwrap_err().to_string();
    expect!["the command changed over 20,000 files that are not ignored, most of them below `vendor`, and that is more than can be staged, so nothing of it was kept; name `vendor` in .gitignore if it is built or installed, and run it again"].assert_eq(&error);
    let path = run.path.clone();
    drop(run);
    assert!(!path.exists());
    assert!(listing(&place.layers.0.room.path.join("cache/0")).is_empty());
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let place = Place::new(&[]);
    let effects = place.by_hand(|upper| {
        fs::File::create(upper.join("huge")).unwrap().set_len(1 << 40).unwrap();
    });
    assert!(told(&effects).starts_with("huge: refused: a file over 64 MiB"), "{}", told(&effects));
}

#[test]
fn links_on_disk_lead_nowhere() {
    let outside = tempfile::tempdir().unwrap();
    let place = Place::new(&[("in/x", "x")]);
    symlink(outside.path(), place.root.path().join("out")).unwrap();
    let effects = place.by_hand(|upper| {
        write(upper, "out/evil", "evil");
        fs::hard_link(upper.join("out/evil"), upper.join("hard")).unwrap();
    });
    expect![[r#"
        hard: nothing => "evil" 644
        out: refused: a symbolic link of the workspace lies there, which is not replaced by a folder
    "#]]
    .assert_eq(&told(&effects));
    assert!(outside.path().read_dir().unwrap().next().is_none());
}

#[test]
fn a_folder_that_hides_everything_deletes_what_is_not_in_it() {
    let place = Place::new(&[
        (".gitignore", "*.o\n"),
        ("d/a", "a"),
        ("d/b", "b"),
        ("d/e/c", "c"),
        ("d/x.o", "o"),
        ("d/f/y.o", "o"),
    ]);
    let effects = place.by_hand(|upper| {
        write(upper, "d/a", "a");
        write(upper, "d/e/new", "new");
        setxattr(upper.join("d"), "user.overlay.opaque", b"y", XattrFlags::empty()).unwrap();
    });
    expect![[r#"
        d/b: "b" 644 => nothing
        d/e/c: "c" 644 => nothing
        d/e/new: nothing => "new" 644
    "#]]
    .assert_eq(&told(&effects));
    let Some((seen, _)) = place.command(listing) else { return skipped("a_folder_that_hides_everything") };
    assert!(!seen.contains_key("d/x.o") && !seen.contains_key("d/f/y.o"), "{seen:?}");
}
