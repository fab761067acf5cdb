//! Patches as git, diff and models write them.

use super::parse::parse;
use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::json;

fn patch(project: &Project, patch: &str) -> String {
    project.call("apply_patch", json!({ "patch": patch }))
}

/// A patch of the file `a` that fits.
#[track_caller]
fn check(before: &[u8], hunks: &str, after: &[u8]) {
    let project = Project::new(&[]);
    project.write("a", before);
    let reply = patch(&project, &format!("--- a/a\n+++ b/a\n{hunks}"));
    assert!(reply.contains("staged as"), "{reply}");
    project.call("accept_changes", json!({}));
    assert_eq!(project.on_disk("a").unwrap().escape_ascii().to_string(), after.escape_ascii().to_string());
}

#[test]
fn hunks_fit_where_their_lines_are() {
    check(b"1\n2\n3\n", "@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n", b"1\ntwo\n3\n");
    // At another line, and with wrong counts or none.
    check(b"x\nx\nx\n1\n2\n3\n", "@@ -1,9 +1,2 @@\n 1\n-2\n+two\n 3\n", b"x\nx\nx\n1\ntwo\n3\n");
    check(b"x\n1\n2\n3\n", "@@ @@\n 1\n-2\n+two\n", b"x\n1\ntwo\n3\n");
    // The nearest of several.
    check(b"a\nb\na\nb\na\nb\n", "@@ -3,2 +3,2 @@\n a\n-b\n+c\n", b"a\nb\na\nc\na\nb\n");
    // What one hunk moves, the next follows.
    check(
        b"1\n2\n3\n4\n5\n6\n7\n8\n9\n",
        "@@ -1,2 +1,4 @@\n 1\n+x\n+y\n 2\n@@ -8,2 +10,1 @@\n 8\n-9\n",
        b"1\nx\ny\n2\n3\n4\n5\n6\n7\n8\n",
    );
    check(b"1\n2\n", "@@ -1,0 +2,1 @@\n+x\n", b"1\nx\n2\n");
    check(b"1\n\n2\n", "@@ -1,3 +1,3 @@\n 1\n\n-2\n+3\n", b"1\n\n3\n");
    check(b"-- a\nb\n", "@@ -1,2 +1,2 @@\n--- a\n+++ c\n b\n", b"++ c\nb\n");
}

#[test]
fn bytes_that_are_not_patched_stay() {
    check(b"1\r\n2\r\n3\r\n", "@@ -1,3 +1,4 @@\n 1\n-2\n+two\n+more\n 3\n", b"1\r\ntwo\r\nmore\r\n3\r\n");
    check(b"1\r\n2\n3\r\n", "@@ -1,3 +1,3 @@\n 1\r\n-2\n+two\n 3\r\n", b"1\r\ntwo\r\n3\r\n");
    check(b"1\n2\n", "@@ -1,2 +1,2 @@\r\n 1\r\n-2\r\n+two\r\n", b"1\ntwo\n");
    check(b"\xef\xbb\xbf1\n2", "@@ -1,2 +1,2 @@\n 1\n-2\n+two\n", b"\xef\xbb\xbf1\ntwo");
    check(b"\xe9\n2\n", "@@ -1,2 +1,2 @@\n \u{e9}\n-2\n+\u{e8}\n", b"\xe9\n\xe8\n");
}

#[test]
fn the_end_of_a_file_is_as_the_patch_says() {
    let none = "\\ No newline at end of file\n";
    check(b"1\n2", &format!("@@ -2 +2 @@\n-2\n{none}+3\n{none}"), b"1\n3");
    check(b"1\n2", &format!("@@ -2 +2 @@\n-2\n{none}+3\n"), b"1\n3\n");
    check(b"1\n2\n", &format!("@@ -2 +2 @@\n-2\n+3\n{none}"), b"1\n3");
    check(b"1\n2", &format!("@@ -1,2 +1,3 @@\n 1\n-2\n{none}+2\n+3\n{none}"), b"1\n2\n3");
    check(b"1\n2", "@@ -1,2 +1,3 @@\n 1\n 2\n+3\n", b"1\n2\n3");
}

#[test]
fn files_are_made_moved_and_deleted() {
    let project = Project::new(&[("old.txt", "1\n2\n"), ("gone", "x\n"), ("empty", ""), ("sp ace", "s\n")]);
    let reply = patch(
        &project,
        "From: someone\n\ndiff --git a/old.txt b/dir/new.txt\nsimilarity index 50%\nrename from old.txt\nrename to dir/new.txt\n\
         index 1..2 100644\n--- a/old.txt\n+++ b/dir/new.txt\n@@ -1,2 +1,2 @@\n 1\n-2\n+two\n\
         diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
         diff --git a/empty b/empty\ndeleted file mode 100644\nindex e69de29..0000000\n\
         diff --git a/run.sh b/run.sh\nnew file mode 100755\n--- /dev/null\n+++ b/run.sh\n@@ -0,0 +1,2 @@\n+#!/bin/sh\n+true\n\
         diff --git a/none b/none\nnew file mode 100644\nindex 0000000..e69de29\n\
         diff --git a/sp ace b/sp ace\n--- a/sp ace\t\n+++ b/sp ace\t\n@@ -1 +1 @@\n-s\n+t\n-- \n2.40\n",
    );
    expect![[r#"
        `dir/new.txt`: moved from `old.txt`, 1 hunk at line 1
        `gone`: deleted
        `empty`: deleted
        `run.sh`: new file
        `none`: new file
        `sp ace`: 1 hunk at line 1
        staged as change 1; not written before it is accepted"#]]
    .assert_eq(&reply);
    project.call("accept_changes", json!({}));
    assert_eq!(project.on_disk("dir/new.txt").as_deref(), Some(&b"1\ntwo\n"[..]));
    assert_eq!(project.on_disk("run.sh").as_deref(), Some(&b"#!/bin/sh\ntrue\n"[..]));
    assert_eq!(project.on_disk("none").as_deref(), Some(&b""[..]));
    assert_eq!(project.on_disk("sp ace").as_deref(), Some(&b"t\n"[..]));
    for gone in ["old.txt", "gone", "empty"] {
        assert_eq!(project.on_disk(gone), None, "{gone}");
    }
}

#[test]
fn nothing_is_staged_unless_all_fits() {
    let project = Project::new(&[("a", "1\n2\n3\n"), ("b", "x\n")]);
    let reply = patch(
        &project,
        "--- a/b\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+one\n@@ -2,2 +2,2 @@\n 2\n-33\n+x\n--- a/no\n+++ b/no\n@@ -1 +1 @@\n-x\n+y\n",
    );
    expect![[r#"
        error: nothing was staged: the patch does not fit
        `a`: hunk 2 (line 11 of the patch): its lines are not there, nor anything like it; read_file shows the text as it is now
        `no` does not exist; find_files or list_directory show what does"#]].assert_eq(&reply);
    assert!(project.handle.snapshot().staging().is_empty());
}

#[test]
fn a_file_may_come_twice() {
    let project = Project::new(&[("a", "1\n")]);
    let reply = patch(&project, "--- a\n+++ a\n@@ -1 +1 @@\n-1\n+2\n--- a\n+++ a\n@@ -1 +1 @@\n-2\n+3\n");
    expect![[r#"
        `a`: 1 hunk at line 1
        `a`: 1 hunk at line 1
        staged as change 1; not written before it is accepted"#]]
    .assert_eq(&reply);
    assert!(project.call("read_file", json!({ "path": "a" })).contains("\t3\n"));
}

#[track_caller]
fn refused(text: &str, why: Expect) {
    let project = Project::new(&[("a", "1\n")]);
    project.write("bin", b"\0");
    why.assert_eq(&patch(&project, text));
    assert!(project.handle.snapshot().staging().is_empty());
}

#[test]
fn hostile_patches_are_refused() {
    let absolute = "--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-1\n+2\n";
    let reply = patch(&Project::new(&[]), absolute);
    assert!(reply.contains("`/etc/passwd` is outside of the workspace"), "{reply}");
    refused(
        "--- a/../../out\n+++ b/../../out\n@@ -1 +1 @@\n-1\n+2\n",
        expect![[r#"
        error: nothing was staged: the patch does not fit
        `../../out` may lead outside of the workspace: `..` is refused; use a path relative to the workspace root"#]],
    );
    refused(
        "--- /dev/null\n+++ b/.git/hooks/pre-commit\n@@ -0,0 +1 @@\n+x\n",
        expect![[r#"
        error: nothing was staged: the patch does not fit
        `.git/hooks/pre-commit` is protected: git's own state is not for file tools; use the git tools"#]],
    );
    refused(
        "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n",
        expect![[r#"
        error: nothing was staged: the patch does not fit
        `a`: it exists already; a patch of it begins with its own name after `---`"#]],
    );
    refused(
        "--- a/bin\n+++ b/bin\n@@ -0,0 +1 @@\n+x\n",
        expect![[r#"
        error: nothing was staged: the patch does not fit
        `bin` is binary (1 bytes; a NUL byte in its first 8 KiB, or broken UTF-16); file_info tells its size and hash"#]],
    );
    refused(
        "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n",
        expect!["error: nothing was staged: line 2: symbolic links and submodules are not made by patches"],
    );
}

#[test]
fn what_is_no_patch_is_refused() {
    refused(
        "hello\n",
        expect![
            "error: nothing was staged: no file header is in the patch; a unified diff begins with `--- a/path` and `+++ b/path`"
        ],
    );
    refused(
        "@@ -1 +1 @@\n-1\n+2\n",
        expect!["error: nothing was staged: line 1: a hunk comes before any `--- a/path` and `+++ b/path`"],
    );
    refused(
        "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\nx\n",
        expect![
            "error: nothing was staged: line 5 is inside of a hunk but begins with none of ` `, `+`, `-`"
        ],
    );
    refused(
        "--- a/a\n+++ b/a\n@@ -1 +1 @@\n 1\n",
        expect!["error: nothing was staged: line 3: the hunk changes nothing"],
    );
    refused(
        "diff --git a/x.png b/x.png\nindex 1..2 100644\nGIT binary patch\nliteral 4\n",
        expect![
            "error: nothing was staged: line 3: binary patches are not applied; write_file and move_path change whole files"
        ],
    );
    refused(
        &("--- a/a\n+++ b/a\n".to_owned() + &"@@ -1 +1 @@\n-1\n+2\n".repeat(20_000)),
        expect!["error: nothing was staged: the patch has over 1000 files or 10000 hunks; send it in parts"],
    );
}

#[test]
fn names_are_read_as_git_writes_them() {
    let names = |header: &str| {
        let file = parse(&format!("{header}@@ -1 +1 @@\n-1\n+2\n")).unwrap().pop().unwrap();
        (file.old.unwrap_or_default(), file.new.unwrap_or_default())
    };
    let same = |name: &str| (name.to_owned(), name.to_owned());
    assert_eq!(names("--- a/x y\t2026-01-01\n+++ b/x y\t2026-01-01\n"), same("x y"));
    assert_eq!(names("--- a/x\n+++ a/x\n"), same("a/x"));
    assert_eq!(names("--- src/x\n+++ src/x\n"), same("src/x"));
    assert_eq!(names("--- i/x\n+++ w/x\n"), same("x"));
    assert_eq!(
        names("--- \"a/\\303\\244\\\"\\377\"\n+++ \"b/\\303\\244\\\"\\377\"\n"),
        same("\u{e4}\"\\xff")
    );
}

#[test]
fn a_slow_patch_ends() {
    let project = Project::new(&[("a", &"x\n".repeat(200_000))]);
    let hunk = |number: usize| format!("@@ -{number} +{number} @@\n x\n-y\n+z\n");
    let hunks: String = (1..1_000).map(hunk).collect();
    let started = std::time::Instant::now();
    let reply = patch(&project, &format!("--- a/a\n+++ b/a\n{hunks}"));
    assert!(reply.ends_with("979 more do not fit"), "{reply}");
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}
