use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const PYTHON: &str = "# note\n\ndef f(a, b):\n    \"\"\"Doc.\"\"\"\n    if a and b:  # why\n        return [x for x in a if x]\n    for c in a:\n        pass\n\ndef g():\n    return 1\n";
const SCRIPT: &str = "/* one\n   two */\nexport class A {\n  f(a: number) {\n    return a ? (b: number) => b || 1 : 2;\n  }\n}\n";

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    let project = Project::new(&[("a.py", PYTHON), ("b/a.ts", SCRIPT), ("README.md", "# A\n\ntext\n")]);
    project.indexed();
    wanted.assert_eq(&project.call("code_stats", arguments));
}

#[test]
fn lines_and_branches_are_counted() {
    check(
        json!({}),
        expect![[r#"
        language       files      code   comment     blank
        python             1         8         1         2
        typescript         1         5         2         0
        other text         1         2         0         1
        total              3        15         3         3

        cyclomatic complexity, highest first:
            6 a.py:3-8 f
            3 b/a.ts:4-6 A.f
    "#]],
    );
    check(
        json!({ "path": "b", "top": 0 }),
        expect![[r#"
        language       files      code   comment     blank
        typescript         1         5         2         0
        total              1         5         2         0
    "#]],
    );
    check(
        json!({ "path": "../b" }),
        expect![
            "error: `../b` may lead outside of the workspace: `..` is refused; use a path relative to the workspace root"
        ],
    );
}
