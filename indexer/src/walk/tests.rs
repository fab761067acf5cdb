//! Trees as they should not be: what can be indexed is, the rest is counted, nothing hangs.

#![expect(clippy::disallowed_methods, reason = "the tests make the trees")]

use super::*;
use crate::store::{Store, StoreError};
use crate::text::TextQuery;
use crate::{Counts, Filter};
use tempfile::TempDir;

fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().expect("folder");
    for (path, bytes) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("files lie in folders")).expect("create");
        fs::write(path, bytes).expect("write");
    }
    root
}

fn options() -> WalkOptions {
    WalkOptions { threads: 2, ..WalkOptions::default() }
}

fn walked(root: &TempDir) -> (Snapshot, WalkReport) {
    let store = Store::in_memory(root.path()).expect("the root is a folder");
    let mut index = Index::new();
    let report = store.refresh(&mut index, &options(), &|_| {}).expect("nothing is written");
    (index.snapshot(), report)
}

fn paths(snapshot: &Snapshot) -> Vec<String> {
    let mut paths: Vec<String> = snapshot.files().map(|file| file.path).collect();
    paths.sort();
    paths
}

fn finds(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.find(name, &Filter::default(), 1).first().is_some_and(|hit| hit.symbol.name == name)
}

fn lines_with(root: &TempDir, snapshot: &Snapshot, pattern: &str) -> Vec<(String, u64)> {
    let query =
        TextQuery { pattern: pattern.to_owned(), ..TextQuery::default() }.compile().expect("a pattern");
    snapshot.count_text(&query, &Filter::default(), &|path| read_file(&root.path().join(path), 1 << 30))
}

#[test]
fn an_empty_tree_and_an_empty_file_are_fine() {
    assert_eq!(walked(&tree(&[])).1, WalkReport::default());
    let (snapshot, report) = walked(&tree(&[("empty.py", b"")]));
    assert_eq!((report.files, report.changed, report.bytes), (1, 1, 0));
    assert_eq!(snapshot.outline("empty.py").map(|outline| outline.len()), Some(0));
}

#[test]
fn a_root_that_is_no_folder_is_refused() {
    let root = tree(&[("a.py", b"")]);
    for wrong in ["a.py", "nowhere", "a.py/deeper"] {
        let wrong = root.path().join(wrong);
        let refused = Store::in_memory(&wrong).expect_err("it is no folder");
        assert!(matches!(&refused, StoreError::Root { path, .. } if *path == wrong), "{refused}");
    }
}

#[test]
fn encodings_are_read_as_they_are() {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let root = tree(&[
        ("be.py", &utf16("def in_big(): pass\n", true)),
        ("bom.py", b"\xef\xbb\xbfdef after_bom(): pass\n"),
        ("latin.py", b"# d\xe9j\xe0\r\ndef after_latin(): pass\r\n"),
        ("le.py", &utf16("def in_little(𝒳): pass\n", false)),
        ("odd.py", b"\xff\xfed\0e\0f"),
        ("only_bom.py", b"\xef\xbb\xbf"),
        ("surrogate.py", b"\xff\xfe\x00\xd8x\0"),
    ]);
    let (snapshot, report) = walked(&root);
    assert_eq!((report.files, report.unreadable, snapshot.counts().binary), (7, 0, 0));
    for name in ["in_big", "in_little", "after_bom", "after_latin"] {
        assert!(finds(&snapshot, name), "{name}");
    }
    let defining = ["be.py", "bom.py", "latin.py", "le.py"].map(|path| (path.to_owned(), 1));
    assert_eq!(lines_with(&root, &snapshot, "def "), defining);
}

#[test]
fn nul_bytes_make_a_file_binary() {
    let late = [&b"def found_early(): pass\n"[..], &b"# x\n".repeat(4_000), b"\0\nlate\n"].concat();
    let root = tree(&[("early.py", b"before = 1\n\0def hidden(): pass\n"), ("late.py", &late)]);
    let (snapshot, _) = walked(&root);
    assert_eq!((snapshot.counts().binary, snapshot.counts().parsed), (1, 1));
    assert!(!finds(&snapshot, "hidden") && finds(&snapshot, "found_early"));
    assert_eq!(lines_with(&root, &snapshot, "before|hidden"), [], "as ripgrep has it");
}

#[test]
fn large_files_are_counted_and_still_searched() {
    let large = b"y = 1\n".repeat(400_000);
    let line = [&b"def one(): pass\n"[..], &b"z".repeat(1_000_000), b"\n"].concat();
    let root = tree(&[("large.py", &large), ("line.py", &line)]);
    let (snapshot, report) = walked(&root);
    let Counts { too_large, parsed, .. } = snapshot.counts();
    assert_eq!((report.files, too_large, parsed), (2, 1, 1));
    assert!(finds(&snapshot, "one"));
    assert_eq!(lines_with(&root, &snapshot, "y = 1"), [("large.py".to_owned(), 400_000)]);
}

#[test]
fn very_long_paths_are_indexed() {
    let root = tree(&[]);
    // Most systems end at 4,096 bytes for a whole path, and at 255 for a name.
    let folder = std::iter::repeat_n("d".repeat(200), 12).collect::<Vec<_>>().join("/");
    let path = format!("{folder}/{}.py", "f".repeat(200));
    let full = root.path().join(&path);
    if fs::create_dir_all(full.parent().expect("a folder"))
        .and_then(|()| fs::write(&full, "def deep(): pass\n"))
        .is_err()
    {
        // Windows, unless told otherwise, allows 260 characters: then no such file can exist.
        return;
    }
    let (snapshot, report) = walked(&root);
    assert_eq!((report.files, report.unreadable), (1, 0));
    assert!(finds(&snapshot, "deep") && snapshot.contains(&path));
}

#[test]
fn changes_of_single_files_are_taken_as_the_walk_takes_them() {
    let root =
        tree(&[("a.py", b"def a(): pass\n"), ("b.py", b"def b(): pass\n"), (".ignore", b"ignored.py\n")]);
    let store = Store::in_memory(root.path()).expect("the root is a folder");
    let mut index = Index::new();
    store.refresh(&mut index, &options(), &|_| {}).expect("nothing is written");
    fs::remove_file(root.path().join("a.py")).expect("remove");
    fs::remove_file(root.path().join("b.py")).expect("remove");
    fs::create_dir(root.path().join("b.py")).expect("create");
    fs::write(root.path().join("c.py"), "def c(): pass\n").expect("write");
    fs::write(root.path().join("ignored.py"), "def d(): pass\n").expect("write");
    let changed = ["a.py", "b.py", "c.py", "ignored.py", "never.py"].map(str::to_owned);
    assert_eq!(refresh_paths(root.path(), &options(), &changed, &mut index), 3);
    assert_eq!(paths(&index.snapshot()), ["c.py"]);
    assert_eq!(refresh_paths(root.path(), &options(), &changed, &mut index), 0, "nothing changed since");
}

#[cfg(unix)]
mod on_unix {
    use super::*;
    use nix::sys::stat::{Mode, SFlag, makedev, mknod};
    use std::os::unix::fs::symlink;

    #[test]
    fn only_regular_files_are_read() {
        let root = tree(&[("a.py", b"def here(): pass\n")]);
        let at = |name: &str| root.path().join(name);
        mknod(&at("pipe.py"), SFlag::S_IFIFO, Mode::S_IRWXU, 0).expect("pipes can be made");
        let _socket = std::os::unix::net::UnixListener::bind(at("socket.py")).expect("sockets can be made");
        symlink("/dev/zero", at("zero.py")).expect("link");
        // Only root may make one.
        let _ = mknod(&at("device.py"), SFlag::S_IFCHR, Mode::S_IRWXU, makedev(1, 5));
        let (snapshot, report) = walked(&root);
        assert_eq!(report, WalkReport { files: 1, changed: 1, bytes: 17, ..WalkReport::default() });
        assert!(finds(&snapshot, "here"));
        for name in ["pipe.py", "socket.py", "zero.py", "device.py"] {
            assert_eq!(read_file(&at(name), 10), None, "{name} may have taken a file's place since the walk");
        }
    }

    #[test]
    fn links_are_not_followed() {
        let outside = tree(&[("secret.py", b"def secret(): pass\n")]);
        let root = tree(&[("pkg/a.py", b"def here(): pass\n")]);
        let link = |to: &Path, name: &str| symlink(to, root.path().join(name)).expect("link");
        link(root.path(), "pkg/up");
        link(Path::new("round"), "round");
        link(Path::new("two"), "one");
        link(Path::new("one"), "two");
        link(&outside.path().join("secret.py"), "out.py");
        link(outside.path(), "out");
        link(Path::new("nowhere.py"), "broken.py");
        link(Path::new("pkg/a.py"), "again.py");
        let (snapshot, report) = walked(&root);
        assert_eq!(paths(&snapshot), ["pkg/a.py"]);
        assert_eq!((report.files, report.unreadable), (1, 0), "as ripgrep has it");
        let mut index = Index::new();
        let links = ["out.py", "out/secret.py", "round", "pkg/up/pkg/a.py"].map(str::to_owned);
        let root = root.path().canonicalize().expect("it is there");
        assert_eq!(refresh_paths(&root, &options(), &links, &mut index), 0, "nor by a watcher's word");
    }

    /// macOS refuses such names.
    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_not_utf8_are_counted() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let root = tree(&[("a.py", b"def here(): pass\n")]);
        fs::write(root.path().join(OsStr::from_bytes(b"b\xff.py")), "def lost(): pass\n").expect("write");
        let folder = root.path().join(OsStr::from_bytes(b"d\xfe"));
        fs::create_dir(&folder).expect("create");
        fs::write(folder.join("c.py"), "def lost(): pass\n").expect("write");
        fs::write(root.path().join("line\nbreak \u{202e}.py"), "def odd_name(): pass\n").expect("write");
        let (snapshot, report) = walked(&root);
        assert_eq!((report.files, report.unnameable), (2, 2));
        assert!(finds(&snapshot, "odd_name") && !finds(&snapshot, "lost"));
    }
}
