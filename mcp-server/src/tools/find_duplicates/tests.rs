use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const BODY: &str = "    total = 0\n    for item in items:\n        if item.price > 0:\n            total += item.price * item.count\n        else:\n            total -= 1\n    return total\n";

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    let one = format!("def first(items):\n{BODY}\ndef other():\n    return 3\n");
    let two = format!("import os\n\ndef second(items):\n    # a comment\n{BODY}");
    let project =
        Project::new(&[("a.py", &one), ("b.py", &two), ("c/d.py", &format!("def third(items):\n{BODY}"))]);
    project.indexed();
    wanted.assert_eq(&project.call("find_duplicates", arguments));
}

#[test]
fn copies_are_found_whole_and_told_once() {
    check(
        json!({ "tokens": 30 }),
        expect![[r#"
        1 clone
        3 copies of 35 tokens
          a.py:1-8
          b.py:3-11
          c/d.py:1-8
    "#]],
    );
    check(
        json!({ "tokens": 30, "path": "c" }),
        expect![[r#"
        no code of 30 tokens or more is there twice in 1 files
    "#]],
    );
    check(
        json!({ "tokens": 200 }),
        expect![[r#"
        no code of 200 tokens or more is there twice in 3 files
    "#]],
    );
}

#[test]
fn a_file_of_one_token_over_and_over_ends() {
    let text = "x\n".repeat(20_000);
    let project = Project::new(&[("a.py", &text), ("b.py", &text)]);
    project.indexed();
    let reply = project.call("find_duplicates", json!({}));
    assert!(reply.contains("2 copies of 20000 tokens"), "{reply}");
}
