use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    Project::check_in_shop("outline", arguments, &wanted);
}

#[test]
fn imports_come_first_then_symbols_with_their_lines() {
    check(
        json!({ "path": "shop/cart.py" }),
        expect![[r#"
        shop/cart.py (python, 17 lines, 5 symbols)
        imports: os; shop.price (tax as vat, Price)
        4-12 class Cart
          7-8 constructor def __init__(self)
          8 field self.items = []
          10-12 method def total(self)
        14-17 function def main()
    "#]],
    );
    check(
        json!({ "path": "web/cart.ts", "depth": 1 }),
        expect![[r#"
        web/cart.ts (typescript, 4 lines, 2 symbols)
        1-3 export class Cart
        4 function export const tax = (n: number) => n
    "#]],
    );
}

#[test]
fn what_has_no_symbols_says_so() {
    let project = Project::new(&[("a.md", "# A\n"), (".env", "A=1\n")]);
    expect!["error: `a.md` is in no language with symbols (python, typescript, tsx, javascript, rust, go, java, c, cpp); read_file shows its text"].assert_eq(&project.call("outline", json!({ "path": "a.md" })));
    expect!["error: `b.py` does not exist; find_files or list_directory show what does"]
        .assert_eq(&project.call("outline", json!({ "path": "b.py" })));
    expect!["error: `../b.py` may lead outside of the workspace: `..` is refused; use a path relative to the workspace root"].assert_eq(&project.call("outline", json!({ "path": "../b.py" })));
}

#[test]
fn staged_text_is_seen_and_files_that_the_index_leaves_out_are_parsed() {
    let project =
        Project::new(&[("a.py", "def old(): pass\n"), (".gitignore", "b.py\n"), ("b.py", "def b(): pass\n")]);
    project.call("write_file", json!({ "path": "a.py", "content": "def new(x):\n    return x\n" }));
    let text = project.call("outline", json!({ "path": "a.py" }));
    assert!(text.contains("1-2 function def new(x)") && !text.contains("old"), "{text}");
    let text = project.call("outline", json!({ "path": "b.py" }));
    assert!(text.contains("def b()"), "{text}");
}

#[test]
fn other_encodings_keep_their_lines() {
    let project = Project::new(&[]);
    project.write("a.py", b"# \xe9 \xe9\xe9\ndef f():\n    pass\n\ndef g(): return '\xe9'\n");
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain("# é\ndef h(): pass\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    project.write("b.py", utf16);
    project.indexed();
    let text = project.call("outline", json!({ "path": "a.py" }));
    assert!(text.contains("2-3 function def f()") && text.contains("5 function def g()"), "{text}");
    let text = project.call("outline", json!({ "path": "b.py" }));
    assert!(text.contains("2 function def h()"), "{text}");
}

#[test]
fn hostile_files_are_refused_or_answered() {
    let brackets = "(".repeat(100_000);
    let project = Project::new(&[("deep.py", &brackets), ("deep.ts", &brackets)]);
    project.write("big.py", vec![b'x'; 50 << 20]);
    project.write("nul.py", b"a\0b");
    for path in ["deep.py", "deep.ts"] {
        let text = project.call("outline", json!({ "path": path }));
        assert!(text.contains("syntax errors"), "{text}");
    }
    for path in ["big.py", "nul.py", "."] {
        let text = project.call("outline", json!({ "path": path }));
        assert!(text.starts_with("error: `"), "{text}");
    }
}
