#![expect(clippy::disallowed_methods, reason = "the test makes folders")]

use super::*;
use expect_test::{Expect, expect};

fn check(text: &str, expect: Expect) {
    let shown = match RelPath::parse(text) {
        Ok(path) => path.to_string(),
        Err(error) => error.to_string(),
    };
    expect.assert_eq(&shown);
}

#[test]
fn paths_are_tidied() {
    check("src//./a.rs", expect!["src/a.rs"]);
    check("./", expect!["."]);
    check("a\\x2db", expect!["a-b"]);
}

#[test]
fn what_leads_outside_is_refused() {
    check(
        "../out",
        expect![
            "`../out` may lead outside of the workspace: `..` is refused; use a path relative to the workspace root"
        ],
    );
    check(
        "a/\\x2e\\x2e/b",
        expect![[
            r"`a/\x2e\x2e/b` may lead outside of the workspace: `..` is refused; use a path relative to the workspace root"
        ]],
    );
    check("a\\x2fb", expect![[r"`a\x2fb` escapes a `/` inside a name, which no file name can have"]]);
    check("ok\0.txt", expect![[r"`ok\u{0}.txt` has a NUL byte, which no file name can have"]]);
    check("a\\x00", expect![[r"`a\x00` has a NUL byte, which no file name can have"]]);
    check(
        "/etc/passwd",
        expect![
            "`/etc/passwd` is outside of the workspace: it is absolute and not below the workspace root; use a path relative to the workspace"
        ],
    );
    check(
        "",
        expect!["the path is empty; name a file relative to the workspace, or `.` for the workspace itself"],
    );
}

#[test]
fn long_paths_are_refused_and_shown_cut() {
    let error = RelPath::parse(&"a/".repeat(3000)).unwrap_err().to_string();
    assert!(error.contains("too long") && error.len() < 300, "{error}");
    assert!(matches!(RelPath::parse(&"n".repeat(256)), Err(PathError::TooLong { .. })));
}

#[test]
fn names_that_hide_something_are_shown_escaped() {
    check("invoice\u{202e}gpj.sh", expect![[r"invoice\u{202e}gpj.sh"]]);
    assert_eq!(RelPath::parse("invoice\\u{202e}gpj.sh"), RelPath::parse("invoice\u{202e}gpj.sh"));
}

#[cfg(unix)]
#[test]
fn every_name_can_be_given_back_as_it_is_shown() {
    use std::os::unix::ffi::OsStrExt;
    for name in [
        &b"bad\xff.txt"[..],
        b"back\\slash",
        b"\\xff",
        b"line\nbreak",
        b"\\u{41}",
        "äöü".as_bytes(),
        b"\x80\\",
    ] {
        let shown = RelPath::root().join_os(std::ffi::OsStr::from_bytes(name));
        let again = RelPath::parse(shown.as_str()).unwrap();
        assert_eq!((again.to_os().as_os_str().as_bytes(), &again), (name, &shown));
    }
}

#[test]
fn absolute_paths_below_a_root_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::create_dir_all(a.join("b")).unwrap();
    std::fs::create_dir_all(&b).unwrap();
    let one = Roots::open(std::slice::from_ref(&a)).unwrap();
    assert_eq!(one.parse(a.join("x/y").to_str().unwrap()).unwrap().as_str(), "x/y");
    assert_eq!(one.parse(a.to_str().unwrap()).unwrap(), RelPath::root());
    assert!(one.parse(&format!("{}-evil/f", a.display())).is_err());
    let two = Roots::open(&[a.clone(), b.clone()]).unwrap();
    assert_eq!(two.parse(b.join("x").to_str().unwrap()).unwrap().as_str(), "b/x");
    assert!(matches!(two.parse("c/x"), Err(PathError::NoRoot { .. })));
    let (root, path) =
        two.locate(&two.parse("b/x").unwrap()).map(|(root, path)| (root.path.clone(), path)).unwrap();
    assert_eq!((root, path.as_str()), (b.canonicalize().unwrap(), "x"));
}
