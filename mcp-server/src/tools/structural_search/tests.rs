use crate::tools::fixture::{Project, SHOP};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

#[track_caller]
fn check(arguments: Value, wanted: Expect) {
    Project::check_in_shop("structural_search", arguments, &wanted);
}

#[test]
fn captures_are_shown_with_their_lines() {
    check(
        json!({ "language": "python", "query": "(call function: (identifier) @f)" }),
        expect![[r#"
        shop/cart.py
          12 @f vat
          12 @f sum
          15 @f Cart
          16 @f print
          17 @f vat
        shop/price.py
          6 @f tax
    "#]],
    );
    check(
        json!({ "language": "python", "query": "(class_definition) @c", "path": "shop/price.py" }),
        expect![[r#"
            shop/price.py
              4 @c class Price: …
        "#]],
    );
}

#[test]
fn a_wrong_query_names_its_place() {
    check(
        json!({ "language": "python", "query": "(nonsense) @c" }),
        expect!["error: `query`: line 1, column 2 of the query: python has no node `nonsense`"],
    );
    check(
        json!({ "language": "cobol", "query": "(a) @c" }),
        expect![
            "error: `language` `cobol` is none of python, typescript, tsx, javascript, rust, go, java, c, cpp"
        ],
    );
    check(
        json!({ "language": "python", "query": "(module" }),
        expect!["error: `query`: line 1, column 8 of the query: syntax error at `(module`"],
    );
}

#[test]
fn staged_text_is_searched() {
    let project = Project::new(SHOP);
    project.indexed();
    project.call("write_file", json!({ "path": "new.py", "content": "lambda: 1\n" }));
    let text = project.call("structural_search", json!({ "language": "python", "query": "(lambda) @l" }));
    assert_eq!(text, "new.py\n  1 @l lambda: 1\n");
}
