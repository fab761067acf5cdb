use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    let project =
        Project::new(&[("a.py", "def f(:\n  pass\n"), ("b/c.ts", "let é = (1;\n"), ("d.md", "# (\n")]);
    project.indexed();
    project.call("write_file", json!({ "path": "new.go", "content": "package p\nfunc {\n" }));
    wanted.assert_eq(&project.call("diagnostics", arguments));
}

#[test]
fn errors_of_a_path_or_of_what_is_staged() {
    check(
        json!({}),
        expect![[r#"
        1 syntax error in 1 file
        new.go
          2:1 syntax: unexpected `func {`
    "#]],
    );
    check(
        json!({ "path": "." }),
        expect![[r#"
        3 syntax errors in 4 files
        a.py
          1:7 syntax: missing `)`
        b/c.ts
          1:11 syntax: missing `)`
        new.go
          2:1 syntax: unexpected `func {`
    "#]],
    );
    check(
        json!({ "path": "b" }),
        expect![[r#"
        1 syntax error in 1 file
        b/c.ts
          1:11 syntax: missing `)`
    "#]],
    );
    check(
        json!({ "path": "a.py" }),
        expect![[r#"
        1 syntax error in 1 file
        a.py
          1:7 syntax: missing `)`
    "#]],
    );
    check(
        json!({ "path": "d.md" }),
        expect![[r#"
        no syntax errors in 1 file
    "#]],
    );
    check(
        json!({ "path": "nowhere" }),
        expect!["error: `nowhere` does not exist; find_files or list_directory show what does"],
    );
    check(
        json!({ "path": "nowhere.py" }),
        expect!["error: `nowhere.py` does not exist; find_files or list_directory show what does"],
    );
}
