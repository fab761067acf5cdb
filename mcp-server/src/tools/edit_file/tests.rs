//! Edits as a host sends them, and the bytes that come of them.

use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::json;

/// An edit that does not fit: the reply, and nothing is staged.
#[track_caller]
fn refused(text: &str, old: &str, new: &str, reply: Expect) {
    let project = Project::new(&[("a", text)]);
    let edits = json!([{ "old": old, "new": new }]);
    reply.assert_eq(&project.call("edit_file", json!({ "path": "a", "edits": edits })));
    assert!(project.handle.snapshot().staging().is_empty());
}

/// An edit that fits: what the reply says of it, and the bytes.
#[track_caller]
fn bytes(before: &[u8], old: &str, new: &str, after: &[u8], note: &str) {
    let project = Project::new(&[]);
    project.write("a", before);
    let reply = project.call("edit_file", json!({ "path": "a", "edits": [{ "old": old, "new": new }] }));
    assert_eq!(reply.lines().next(), Some(format!("`a`: replaced at {note}").as_str()), "{reply}");
    project.call("accept_changes", json!({}));
    assert_eq!(project.on_disk("a").unwrap().escape_ascii().to_string(), after.escape_ascii().to_string());
}

#[test]
fn bytes_that_are_not_edited_stay() {
    bytes(b"a\r\nb\r\nc\r\n", "b", "B", b"a\r\nB\r\nc\r\n", "line 2");
    bytes(b"a\r\nb\nc\r\n", "b", "B", b"a\r\nB\nc\r\n", "line 2");
    bytes(b"\xef\xbb\xbfhello", "hello", "bye", b"\xef\xbb\xbfbye", "line 1");
    bytes(b"\xe9t\xe9 ok\n", "ok", "OK", b"\xe9t\xe9 OK\n", "line 1");
    bytes(b"\xff\xfea\0\r\0\n\0", "a", "b", b"\xff\xfeb\0\r\0\n\0", "line 1");
    bytes(b"\xfe\xff\0a\0\n", "\u{feff}a", "\u{e4}", b"\xfe\xff\0\xe4\0\n", "line 1");
}

#[test]
fn line_feeds_mean_the_files_own_line_ends() {
    let adapted = "line 1 (with the file's own line endings)";
    bytes(b"a\r\nb\r\nc\r\n", "a\nb\n", "a\nx\ny\n", b"a\r\nx\r\ny\r\nc\r\n", adapted);
    bytes(b"a\nb\nc\n", "a\r\nb", "a\r\nB", b"a\nB\nc\n", adapted);
    // A line that stays keeps its end, however mixed the file is.
    bytes(b"a\nb\r\nc\r\nd\n", "a\nb\nc", "a\nb\nC\nD", b"a\nb\r\nC\nD\r\nd\n", adapted);
    bytes(b"a\r\nb\r\n", "a", "a\na2", b"a\r\na2\r\nb\r\n", adapted);
    bytes("ä\r\n\r\nö".as_bytes(), "\n\nö", "\n\nü", "ä\r\n\r\nü".as_bytes(), adapted);
    bytes(b"a\r\nb\r\n", "a\r\nb", "a\nb", b"a\nb\r\n", "line 1");
    bytes(b"a\nb\n", "a", "a\r\nx", b"a\r\nx\nb\n", "line 1");
}

#[test]
fn an_ambiguous_edit_is_refused() {
    refused(
        "dup\ndup\n",
        "dup",
        "x",
        expect![[r#"
            error: `a`: nothing was staged
            failed: `old` matches 2 times (lines 1, 2), not once; add lines around it until only the right place matches, or set `count` or `replace_all`"#]],
    );
}

#[test]
fn a_miss_shows_the_closest_place() {
    let text = "fn one() {\n\tif a {\n\t\tgo(1);\n\t}\n}\n\nfn two() {\n    stop();\n}\n";
    refused(
        text,
        "    if a {\n        go(1);\n    }",
        "x",
        expect![[r#"
            error: `a`: nothing was staged
            failed: `old` does not occur, but for whitespace it is lines 2 to 4 (- wanted, + the file):
            -    if a {
            -        go(1);
            -    }
            +→   if a {
            +→   →   go(1);
            +→   }"#]],
    );
    refused(
        text,
        "fn two() {\n    stop(2);\n}",
        "x",
        expect![[r#"
            error: `a`: nothing was staged
            failed: `old` does not occur; the closest is lines 7 to 9 (- wanted, + the file):
             fn two() {
            -    stop(2);
            +    stop();
             }"#]],
    );
    refused(
        text,
        "    stop(1);",
        "x",
        expect![[r#"
            error: `a`: nothing was staged
            failed: `old` does not occur; the closest is line 8 (- wanted, + the file):
            -    stop(1);
            +    stop();"#]],
    );
    refused(
        text,
        "something else",
        "    stop();",
        expect![[r#"
            error: `a`: nothing was staged
            failed: `old` does not occur; `new` already stands at line 8, so the edit may be done already, nor anything like it; read_file shows the text as it is now"#]],
    );
}

#[test]
fn several_edits_come_together_or_not_at_all() {
    let project = Project::new(&[("a", "one\ntwo\nthree\nthree\n")]);
    let edit = |edits| project.call("edit_file", json!({ "path": "a", "edits": edits }));
    expect![[r#"
        error: `a`: 2 of 4 edits failed, so none was staged; send all of them again, corrected
        edit 1: replaced at line 1
        edit 2: failed: `old` is empty; give text to replace, or use write_file for the whole file
        edit 3: failed: `old` and `new` are the same
        edit 4: replaced 2 matches, lines 3, 4"#]]
    .assert_eq(&edit(json!([
        { "old": "one", "new": "1" },
        { "old": "", "new": "x" },
        { "old": "two", "new": "two" },
        { "old": "three", "new": "3", "count": 2 },
    ])));
    assert!(project.handle.snapshot().staging().is_empty());
    expect![[r#"
        `a`: edit 1: replaced at line 1
        edit 2: replaced at line 1
        edit 3: replaced 2 matches, lines 3, 4
        staged as change 1; not written before it is accepted"#]]
    .assert_eq(&edit(json!([
        { "old": "one", "new": "uno" },
        { "old": "uno\ntwo", "new": "un\ndeux" },
        { "old": "three", "new": "3", "replace_all": true },
    ])));
    let read = project.call("read_file", json!({ "path": "a" }));
    assert!(read.contains("un\n") && read.contains("deux") && !read.contains("three"), "{read}");
    let nothing = edit(json!([{ "old": "un", "new": "QQ" }, { "old": "QQ", "new": "un" }]));
    assert!(nothing.contains("change nothing"), "{nothing}");
}

#[test]
fn what_is_no_text_file_is_not_edited() {
    let project = Project::new(&[("d/x", "")]);
    project.write("bin", b"a\0b");
    project.write("latin", b"ok \xe9\n");
    let edit = |path: &str, new: &str| {
        project.call("edit_file", json!({ "path": path, "edits": [{ "old": "ok", "new": new }] }))
    };
    assert!(edit("bin", "x").contains("`bin` is binary"));
    assert!(edit("d", "x").contains("is a folder"));
    assert!(edit("no", "x").contains("does not exist"));
    assert!(edit(".git/config", "x").contains("protected"));
    assert!(edit("latin", "\u{20ac}").contains("has no `\u{20ac}`"), "{}", edit("latin", "\u{20ac}"));
}

#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]
fn a_mode_stays_and_another_name_of_a_file_keeps_its_text() {
    use std::os::unix::fs::PermissionsExt;
    let (project, outside) = (Project::new(&[("s.sh", "#!/bin/sh\necho a\n")]), tempfile::tempdir().unwrap());
    let (script, secret) = (project.root().join("s.sh"), outside.path().join("secret"));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o751)).unwrap();
    std::fs::write(&secret, "TOPSECRET").unwrap();
    std::fs::hard_link(&secret, project.root().join("hard")).unwrap();
    for (path, old) in [("s.sh", "echo a"), ("hard", "TOPSECRET")] {
        let edits = json!([{ "old": old, "new": "PWNED" }]);
        let reply = project.call("edit_file", json!({ "path": path, "edits": edits }));
        assert!(reply.contains("staged as"), "{reply}");
    }
    project.call("accept_changes", json!({}));
    assert_eq!(std::fs::metadata(&script).unwrap().permissions().mode() & 0o7777, 0o751);
    assert_eq!(project.on_disk("hard").as_deref(), Some(&b"PWNED"[..]));
    assert_eq!(std::fs::read(&secret).unwrap(), b"TOPSECRET");
}
