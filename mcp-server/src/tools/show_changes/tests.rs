use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

fn check(project: &Project, arguments: Value, expect: Expect) {
    expect.assert_eq(&project.call("show_changes", arguments));
}

#[test]
fn the_diff_names_its_hunks() {
    let project = Project::new(&[("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")]);
    project.call("write_file", json!({ "path": "a.txt", "content": "one\n2\n3\n4\nfive\n6\n7\n8\nnine" }));
    check(
        &project,
        json!({}),
        expect![[r#"
        --- a/a.txt
        +++ b/a.txt
        @@ -1,4 +1,4 @@ 066b3d3a
        -1
        +one
         2
         3
         4
        @@ -5,4 +5,4 @@ 5eb234c8
        -5
        +five
         6
         7
         8
        @@ -9,1 +9,1 @@ 59da4039
        -9
        +nine
        \ No newline at end of file
    "#]],
    );
}

fn id(project: &Project, nth: usize) -> String {
    let shown = project.call("show_changes", json!({}));
    let hunk = shown.lines().filter(|line| line.starts_with("@@")).nth(nth).expect("a hunk");
    hunk.rsplit(' ').next().expect("a name").to_owned()
}

#[test]
fn each_hunk_can_be_shown_accepted_and_discarded() {
    let project = Project::new(&[("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")]);
    project.call("write_file", json!({ "path": "a.txt", "content": "one\n2\n3\n4\nfive\n6\n7\n8\nnine" }));
    check(
        &project,
        json!({ "only": [id(&project, 1)] }),
        expect![[r#"
        --- a/a.txt
        +++ b/a.txt
        @@ -2,7 +2,7 @@ 5eb234c8
         2
         3
         4
        -5
        +five
         6
         7
         8
    "#]],
    );
    project.call("accept_changes", json!({ "only": [id(&project, 1)] }));
    assert_eq!(project.on_disk("a.txt").as_deref(), Some(&b"1\n2\n3\n4\nfive\n6\n7\n8\n9\n"[..]));
    project.call("discard_changes", json!({ "only": [id(&project, 0)] }));
    check(
        &project,
        json!({}),
        expect![[r#"
        --- a/a.txt
        +++ b/a.txt
        @@ -6,4 +6,4 @@ 59da4039
         6
         7
         8
        -9
        +nine
        \ No newline at end of file
    "#]],
    );
    project.call("discard_changes", json!({}));
    check(&project, json!({}), expect!["nothing is staged"]);
    project.call("undo_changes", json!({}));
    assert_eq!(project.on_disk("a.txt").as_deref(), Some(&b"1\n2\n3\n4\n5\n6\n7\n8\n9\n"[..]));
}

#[test]
fn a_call_can_be_shown_alone() {
    let project = Project::new(&[("a.txt", "1\n2\n3\n")]);
    project.call("write_file", json!({ "path": "a.txt", "content": "one\n2\n3\n" }));
    project.call("write_file", json!({ "path": "a.txt", "content": "one\n2\nthree\n" }));
    check(
        &project,
        json!({ "only": ["2"] }),
        expect![[r#"
        --- a/a.txt
        +++ b/a.txt
        @@ -1,3 +1,3 @@ 0a9cb0a1
         1
         2
        -3
        +three
    "#]],
    );
    check(
        &project,
        json!({ "only": ["7"] }),
        expect!["error: no staged change 7; list_changes shows what is staged"],
    );
}

#[test]
fn files_without_lines_and_line_ends_are_shown_too() {
    let project = Project::new(&[("bin", "a\0b"), ("crlf", "a\r\nb\r\n"), ("gone", "x\u{202e}y\n")]);
    project.call("write_file", json!({ "path": "bin", "content": "text" }));
    project.call("write_file", json!({ "path": "crlf", "content": "a\nb\r\n" }));
    project.call("write_file", json!({ "path": "gone", "content": "xy\n" }));
    project.call("write_file", json!({ "path": "invoice\u{202e}gpj.sh", "content": "" }));
    check(
        &project,
        json!({}),
        expect![[r#"
        --- a/bin
        +++ b/bin
        a file of 3 bytes (fdeb88a4) becomes a file of 4 bytes (831c6831)  b6255db7
        --- a/crlf
        +++ b/crlf
        @@ -1,2 +1,2 @@ 1ef7be56
        -a\r
        +a
         b\r
        --- a/gone
        +++ b/gone
        @@ -1,1 +1,1 @@ 18941475
        -x\u{202e}y
        +xy
        --- /dev/null
        +++ b/invoice\u{202e}gpj.sh
        nothing becomes an empty file  57e50929
    "#]],
    );
}

#[test]
fn a_conflict_shows_both_texts() {
    let project = Project::new(&[("a.txt", "v1\n")]);
    project.call("write_file", json!({ "path": "a.txt", "content": "v2\n" }));
    project.write("a.txt", "user\n");
    check(
        &project,
        json!({}),
        expect![[r#"
        CONFLICT: `a.txt` changed in the same lines after this edit was made. The edit:
        --- a/a.txt
        +++ b/a.txt
        @@ -1,1 +1,1 @@ 1c60f922
        -v1
        +v2
        What it is now instead:
        --- a/a.txt
        +++ b/a.txt
        @@ -1,1 +1,1 @@
        -v1
        +user
        discard_changes drops the edit; repeat it on the new text
    "#]],
    );
}

#[test]
fn undo_names_a_set_or_a_checkpoint_and_can_itself_be_undone() {
    let project = Project::new(&[("a.txt", "v1\n")]);
    project.call("checkpoint", json!({ "name": "start" }));
    for text in ["v2\n", "v3\n"] {
        project.call("write_file", json!({ "path": "a.txt", "content": text }));
        project.call("accept_changes", json!({}));
    }
    expect!["error: `a.txt` changed since set 1 was applied, in the same lines, so nothing was undone; edit by hand what should go"].assert_eq(&project.call("undo_changes", json!({ "set": 1 })));
    expect!["undone; this is set 3: `a.txt`; undo_changes with `set` 3 takes it back"]
        .assert_eq(&project.call("undo_changes", json!({})));
    expect!["undone; this is set 4: `a.txt`; undo_changes with `set` 4 takes it back"]
        .assert_eq(&project.call("undo_changes", json!({ "set": 3 })));
    assert_eq!(project.on_disk("a.txt").as_deref(), Some(&b"v3\n"[..]));
    expect!["back at checkpoint `start`: 4 sets undone, staged changes as they were then"]
        .assert_eq(&project.call("undo_changes", json!({ "checkpoint": "start" })));
    assert_eq!(project.on_disk("a.txt").as_deref(), Some(&b"v1\n"[..]));
    expect!["error: no checkpoint `nowhere`; there is `start`"]
        .assert_eq(&project.call("undo_changes", json!({ "checkpoint": "nowhere" })));
    expect!["error: nothing was applied as set 99; list_changes shows what can be undone"]
        .assert_eq(&project.call("undo_changes", json!({ "set": 99 })));
}
