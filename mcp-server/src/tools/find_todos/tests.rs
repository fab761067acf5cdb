use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const FILES: &[(&str, &str)] = &[
    ("a.py", "# TODO(ann): later\nx = 'TODO: no'  # FIXME - now\n# TODOS are none, nor is autodoTODO\n"),
    ("b.ts", "/* one\n * HACK: ugly */\nconst TODO = 1; // XXX\n"),
    ("c.yaml", "# TODO: write\nkey: TODO\n"),
    ("d.bin", "TODO\0# TODO\n"),
];

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    let project = Project::new(FILES);
    project.indexed();
    project.call("write_file", json!({ "path": "new.go", "content": "package p // TODO staged\n" }));
    wanted.assert_eq(&project.call("find_todos", arguments));
}

#[test]
fn notes_of_comments_are_found_and_those_of_strings_are_not() {
    check(
        json!({}),
        expect![[r#"
        6 notes
        a.py
          1 TODO(ann) later
          2 FIXME now
        b.ts
          2 HACK ugly
          3 XXX
        c.yaml
          1 TODO write
        new.go
          1 TODO staged
    "#]],
    );
    check(
        json!({ "path": "b.ts" }),
        expect![[r#"
        2 notes
        b.ts
          2 HACK ugly
          3 XXX
    "#]],
    );
    check(
        json!({ "path": "d.bin" }),
        expect![[r#"
        no TODO, FIXME, HACK or XXX in comments
    "#]],
    );
}
