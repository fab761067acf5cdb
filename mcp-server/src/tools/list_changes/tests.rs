use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::json;

fn check(project: &Project, expect: Expect) {
    expect.assert_eq(&project.call("list_changes", json!({})));
}

#[test]
fn calls_files_hunks_and_sets_are_listed() {
    let project = Project::new(&[("a.txt", "1\n2\n3\n4\n"), ("b.txt", "b\n")]);
    check(&project, expect!["nothing is staged\n"]);
    project.call("write_file", json!({ "path": "a.txt", "content": "one\n2\n3\nfour\n" }));
    project.call("write_file", json!({ "path": "new.txt", "content": "x\ny\n" }));
    project.call("write_file", json!({ "path": "empty", "content": "" }));
    check(
        &project,
        expect![[r#"
        staged changes: 3, files: 3
        change 1: write a.txt
        change 2: new file new.txt
        change 3: new file empty
        M a.txt  +2 -2  changes 1
          hunk 066b3d3a  line 1
          hunk 5fd0abfa  line 4
        A empty  nothing becomes an empty file  changes 3
          hunk f293b60a
        A new.txt  +2 -0  changes 2
          hunk 998ce12b  lines 1-2
    "#]],
    );
    project.call("accept_changes", json!({ "only": ["a.txt"] }));
    project.call("checkpoint", json!({ "name": "before" }));
    check(
        &project,
        expect![[r#"
        staged changes: 2, files: 2
        change 2: new file new.txt
        change 3: new file empty
        A empty  nothing becomes an empty file  changes 3
          hunk f293b60a
        A new.txt  +2 -0  changes 2
          hunk 998ce12b  lines 1-2
        applied sets, newest first (undo_changes takes one back):
          set 1: write a.txt (1 file)
        checkpoints: before
    "#]],
    );
}

#[test]
fn a_conflict_and_hard_links_are_said() {
    let project = Project::new(&[("a.txt", "v1\n"), ("b.txt", "b\n")]);
    project.call("write_file", json!({ "path": "a.txt", "content": "v2\n" }));
    project.write("a.txt", "user\n");
    project.link("b.txt", "also");
    project.call("write_file", json!({ "path": "also", "content": "B\n" }));
    check(
        &project,
        expect![[r#"
        staged changes: 2, files: 2
        change 1: write a.txt
        change 2: write also
        M a.txt  +1 -1  changes 1  CONFLICT: below it is now a file of 5 bytes (d0e2bc5d); show_changes shows both, discard_changes drops the edit
          hunk 1c60f922  line 1
        M also  +1 -1  changes 2  [one of 2 hard links; the others keep the old text]
          hunk 47585b12  line 1
    "#]],
    );
    expect!["error: `a.txt` changed on disk since the edit was made, so nothing was written and both texts are kept; show_changes shows the difference, and discard_changes drops the edit"].assert_eq(&project.call("accept_changes", json!({})));
}

#[test]
fn a_long_list_has_pages() {
    let project = Project::new(&[]);
    for place in 0..400 {
        project.call("write_file", json!({ "path": format!("f{place:04}"), "content": "x\n" }));
    }
    let first = project.call("list_changes", json!({}));
    assert!(first.ends_with("(201 more lines: offset 1001)\n"), "{}", &first[first.len() - 60..]);
    let second = project.call("list_changes", json!({ "offset": 1001 }));
    assert_eq!(second.lines().count(), 201);
    let past = project.call("list_changes", json!({ "offset": 9999 }));
    assert!(past.contains("not among the lines 1 to 1201"), "{past}");
}
