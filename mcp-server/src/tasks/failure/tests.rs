//! The samples are what the programs really printed; only the paths of the machine were replaced.

#![expect(clippy::disallowed_methods, reason = "a test arranges files of its own")]

mod compiled;
mod javascript;
mod python;

use super::*;
use expect_test::{Expect, expect};

/// What there is in the workspace of the samples, which is `/shop`.
const FILES: &[&str] = &[
    "Bad.mk",
    "a.c",
    "cart.py",
    "cart/bad.go",
    "cart/cart.go",
    "cart/cart_test.go",
    "lint/a.js",
    "lint/b.js",
    "lint/c.js",
    "main.go",
    "nt/cart.test.js",
    "nt/missing.test.js",
    "src/cart.js",
    "src/cart.test.js",
    "src/lib.rs",
    "src/main.rs",
    "src/missing.test.js",
    "src/syntax.test.js",
    "test/cart.test.js",
    "tests/test_broken.py",
    "tests/test_cart.py",
    "tests/test_syntax.py",
    "ts/a.ts",
    "vt/cart.test.ts",
    "vt/cart.ts",
    "vt/missing.test.ts",
    "vt/syntax.test.ts",
    "web/a.ts",
    "web/node_modules/b/a.ts",
];

fn read_in(folder: &str, command: &[&str], output: &str) -> Failures {
    let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
    let folder = RelPath::parse(folder).expect("folder");
    let inside = |path: &str| RelPath::parse(path.strip_prefix("/shop/")?).ok();
    let has = |path: &RelPath| FILES.contains(&path.as_str());
    read(output, &command, Places::new(&folder, &inside, &has), &|| ControlFlow::Continue(()))
}

fn table(failures: &Failures) -> String {
    let mut table = String::new();
    for one in &failures.found {
        let number = |number: Option<u32>| number.map(|number| format!(":{number}")).unwrap_or_default();
        let (line, column) = (number(one.line), number(one.column));
        let code = one.code.as_ref().map(|code| format!(" [{code}]")).unwrap_or_default();
        table.push_str(&format!(
            "{}{line}{column} {}{code}: {}\n",
            one.path,
            one.severity.name(),
            one.message
        ));
    }
    if failures.more > 0 {
        table.push_str(&format!("{} more\n", failures.more));
    }
    table
}

#[track_caller]
fn check(output: &str, wanted: Expect) {
    wanted.assert_eq(&table(&read_in(".", &[], output)));
}

/// Written by hand in the form that these programs document, because they were not at hand.
#[test]
fn others() {
    // Before Rust 1.73, and rustfmt before 1.6.
    check(
        "thread 'tests::adds' panicked at 'assertion failed', src/lib.rs:18:9\nDiff in /shop/src/main.rs at line 3:\n",
        expect![[r#"
            src/main.rs:3 warning: not formatted
            src/lib.rs:18:9 error: tests::adds: assertion failed
        "#]],
    );
    // testify
    check(
        "--- FAIL: TestX (0.00s)\n    cart_test.go:9: \n        \tError Trace:\t/shop/cart/cart_test.go:9\n\
         \x20       \tError:      \tNot equal: \n        \t            \texpected: 4\n\
         \x20       \t            \tactual  : 3\nFAIL\texample.com/shop/cart\t0.1s\n",
        expect![[r#"
            cart/cart_test.go:9 error: TestX: Not equal: expected: 4 actual : 3
        "#]],
    );
    // tape
    check(
        "not ok 1 adds\n  ---\n    operator: equal\n    at: Test.<anonymous> (/shop/test/cart.test.js:4:9)\n  ...\n",
        expect![[r#"
            test/cart.test.js:4:9 error: adds: failed
        "#]],
    );
    // deno test, deno lint
    check(
        "total ... FAILED (1ms)\nerror: AssertionError: Values are not equal.\n    at file:///shop/src/cart.test.js:4:9\n\n\
         error[no-unused-vars]: `a` is never used\n --> /shop/ts/a.ts:1:7\n  |\n",
        expect![[r#"
            src/cart.test.js:4:9 error: AssertionError: Values are not equal.
            ts/a.ts:1:7 error [no-unused-vars]: `a` is never used
        "#]],
    );
    // Several programs at once; javac, sphinx and shells.
    check(
        "web:test: ts/a.ts(3,5): error TS2304: no\nERROR in ./ts/a.ts:4:1: error: no\na.c:1: WARNING: odd\n\
         Makefile: line 3: no\na.c: line 4: foo: command not found\n",
        expect![[r#"
            ts/a.ts:3:5 error [TS2304]: no
            ts/a.ts:4:1 error: no
            a.c:1 warning: odd
            a.c:4 error: foo: command not found
        "#]],
    );
}

#[test]
fn paths_are_those_of_the_workspace() {
    let output = "a.ts(1,1): error TS1: below the folder\nlint/a.js:1:1: error: above it\n../ts/a.ts:1:1: error: aside\n\
        ../../a.c:1:1: error: outside\n/shop/../shop/a.c:2:2: error: round about\n/shop/../a.c:1:1: error: outside\n\
        /other/a.c:1:1: error: outside\nnode_modules/b/a.ts:1:1: error: others'\nnone.c:1:1: error: not there\n\
        ./././a.ts:3:1: error: dots\nfile:///shop/a.c:1: error: a URL\n\u{1b}[31ma.c\u{1b}[0m:9:9: \u{1b}]8;;x\u{7}error\u{1b}]8;;\u{7}: linked\n\
        10%\r50%\ra.c:8:8: error: over a progress bar\r\n";
    let failures = read_in("web", &[], output);
    expect![[r#"
        web/a.ts:1:1 error [TS1]: below the folder
        lint/a.js:1:1 error: above it
        ts/a.ts:1:1 error: aside
        a.c:2:2 error: round about
        web/a.ts:3:1 error: dots
        a.c:1 error: a URL
        a.c:9:9 error: linked
        a.c:8:8 error: over a progress bar
    "#]]
    .assert_eq(&table(&failures));
    let entered = "make[1]: Entering directory '/shop/cart'\nbad.go:3:8: undefined: x\nmake[1]: Leaving directory '/shop/cart'\nbad.go:4:8: x\n";
    check(
        entered,
        expect![[r#"
        cart/bad.go:3:8 error: undefined: x
    "#]],
    );
}

#[test]
fn a_root_may_be_called_as_others_folders_are() {
    let (inside, has) = (|_: &str| None, |_: &RelPath| true);
    let root = RelPath::root();
    let places = Places::new(&root, &inside, &has).labelled();
    let output = "vendor/a.c:1: error: ours\nvendor/vendor/a.c:1: error: others'\n";
    let failures = read(output, &[], places, &|| ControlFlow::Continue(()));
    assert_eq!(table(&failures), "vendor/a.c:1 error: ours\n");
}

#[test]
fn what_only_looks_like_one_is_none() {
    let output = "a.c:10:int main() {\na.c:3\n12:30:45: error: not a file\na.c: error\nhttp://localhost:3000: error: x\n\
        src/lib.rs:1:1: note: only a remark\ncart.py:5: DeprecationWarning: old\nwarning: unused\n --> nowhere.rs:1:1\n\
        --- PASS: TestX (0.0s)\n{\"a\": 1}\n[1]\n[\n]\n{\n}\nlint/a.js\n\n  1:1  error  far away  x\nmain.go\n✖ 3 problems\n";
    check(output, expect![[""]]);
}

#[test]
fn each_once_and_no_more_than_are_shown() {
    let line = |number: usize| format!("a.c:{}:1: error: bad\n", number % 250 + 1);
    let failures = read_in(".", &[], &(0..1_000).map(line).collect::<String>());
    assert_eq!((failures.found.len(), failures.more), (SHOWN, 50));
    let many: String = (0..30_000).map(|number| format!("a.c:{number}:1: error: bad\n")).collect();
    assert_eq!(read_in(".", &[], &many).more, 9_800);
    let long = format!("a.c:1:1: error: {}\u{202e}\n", "x ".repeat(10_000));
    let found = read_in(".", &[], &long).found;
    assert_eq!(found[0].message.chars().count(), 301);
}

#[test]
fn hostile_output_takes_no_longer_than_its_length() {
    let pieces = [
        "x",
        ":1",
        "(1",
        "a.c:1:1: error: ",
        "[\n",
        "{\n",
        "[",
        "{\"a\":",
        "\u{1b}[",
        "\u{1b}]8;;",
        "\u{9b}31",
        "\r",
        "\n\n",
        "é",
        "thread 'a' panicked at b:1:1:\n",
        "left: 1\n",
        "● a\n",
        "  1) a\n",
        "not ok 1 - a\n  error: |-\n",
        "    a_test.go:1: x\n",
        "--- FAIL: a\n",
        "FAIL\ta/b/c/d/e/f/g\n",
        "  File \"a.c\", line 1\n",
        "____ a ____\n",
        "==== FAILURES ====\n",
        "E a\n",
        "make: Entering directory '/shop'\n",
        "{\"Action\":\"output\",\"Output\":\"a.c:1:1: error: b\"}\n",
        "FAILED a.py::b - c\n",
        "error: a\n --> a.c:1:1\n",
        "--> ",
        "at ",
        "❯ ",
    ];
    let time = |text: &str| {
        let started = std::time::Instant::now();
        drop(read_in(".", &[], text));
        started.elapsed()
    };
    for piece in pieces {
        // A product of two lengths would take hours.
        let taken = time(&piece.repeat((1 << 17) / piece.len()));

        assert!(taken.as_secs() < 5, "{piece:?} took {taken:?}");
    }
    for pair in pieces.windows(2) {
        let text = pair.concat().repeat((1 << 15) / (pair[0].len() + pair[1].len()));
        assert!(time(&text).as_secs() < 5, "{pair:?}");
    }
}

#[test]
fn a_reading_that_nobody_waits_for_ends() {
    let (inside, has) = (|_: &str| None, |_: &RelPath| true);
    let root = RelPath::root();
    let output = "a.c:1:1: error: x\n".to_owned() + &"\n".repeat(1_000) + "a.c:2:1: error: x\n";
    let failures = read(&output, &[], Places::new(&root, &inside, &has), &|| ControlFlow::Break(()));
    assert_eq!(failures.found.len(), 1);
}

#[test]
fn files_are_those_that_the_snapshot_has() {
    use crate::workspace::{FileChange, FileContent, Roots, Workspace};
    let (root, state) = (tempfile::tempdir().expect("root"), tempfile::tempdir().expect("state"));
    for name in ["kept.c", "deleted.c"] {
        std::fs::write(root.path().join(name), "").expect("file");
    }
    std::fs::create_dir(root.path().join("folder.c")).expect("folder");
    let roots = Roots::open(&[root.path().to_path_buf()]).expect("roots");
    let (mut workspace, _) = Workspace::open(roots, state.path()).expect("workspace");
    let file = || Side::File(FileContent::new(&b""[..], None));
    let change =
        |path: &str, before, after| FileChange { path: RelPath::parse(path).expect("path"), before, after };
    let changes = vec![change("new.c", Side::Absent, file()), change("deleted.c", file(), Side::Absent)];
    workspace.stage("changes".to_owned(), changes).expect("staged");
    let absolute = root.path().join("kept.c");
    let names =
        ["kept.c", "new.c", "deleted.c", "folder.c", "../kept.c", "/etc/passwd", &absolute.to_string_lossy()];
    let output: String = names.iter().map(|name| format!("{name}:1: error: in {}\n", name.len())).collect();
    let failures =
        failures(&output, &[], &RelPath::root(), &workspace.snapshot(), &|| ControlFlow::Continue(()));
    let found: Vec<&str> = failures.found.iter().map(|failure| failure.path.as_str()).collect();
    assert_eq!(found, ["kept.c", "new.c", "kept.c"]);
}
