use super::*;
use expect_test::{Expect, expect};

fn parsed(language: Language, text: &str) -> Syntax<'_> {
    Syntax::parse(language, text, &mut || true).expect("it is short")
}

#[track_caller]
fn errors(language: Language, text: &str, wanted: Expect) {
    let shown: Vec<String> = parsed(language, text)
        .errors(10)
        .into_iter()
        .map(|error| format!("{:?} {}", error.range, error.message))
        .collect();
    wanted.assert_eq(&shown.join("\n"));
}

#[test]
fn errors_are_named_where_they_are() {
    errors(Language::Python, "def f(:\n    pass\n", expect!["6..6 missing `)`"]);
    errors(Language::Python, "x = 1\n", expect![[""]]);
    errors(Language::TypeScript, "const a = {;\nconst b = 2;\n", expect!["11..11 missing `}`"]);
    errors(Language::Go, "package p\nfunc f() {\n", expect!["19..20 unexpected `{`"]);
}

#[test]
fn tokens_are_the_text_without_white_space() {
    let text = "# note\nx = f('a b', 12)  # end\n";
    let mut shown = Vec::new();
    parsed(Language::Python, text).tokens(&mut |token| {
        let range = token.range.start as usize..token.range.end as usize;
        shown.push(format!("{:?} {}", token.kind, &text[range]));
    });
    expect![[r#"
        Comment # note
        Name x
        Other =
        Name f
        Other (
        Literal 'a b'
        Other ,
        Literal 12
        Other )
        Comment # end"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn branches_are_counted_as_mccabe_did() {
    let count = |language, text| parsed(language, text).branches().len();
    assert_eq!(count(Language::Python, "if a and b:\n  pass\nelif c:\n  pass\nelse:\n  pass\n"), 3);
    assert_eq!(count(Language::TypeScript, "for (const a of b) { if (a && b || c) {} else {} }"), 4);
    assert_eq!(count(Language::Rust, "fn f() { match a { 1 => 2, _ => 3 } while x {} }"), 3);
    assert_eq!(
        count(Language::Go, "package p\nfunc f() { if a && b { }; switch x { case 1: default: } }"),
        3
    );
    assert_eq!(count(Language::Cpp, "void f(int&& a) { a ? 1 : 2; }"), 1);
}

#[test]
fn a_leaf_has_the_kind_that_the_text_gives_it() {
    let tree = parsed(Language::TypeScript, "const a = { b };");
    assert_eq!(tree.leaf(&(6..7)), Some("identifier"));
    assert_eq!(tree.leaf(&(12..13)), Some("shorthand_property_identifier"));
    assert_eq!(tree.leaf(&(10..15)), None);
}

#[test]
fn nesting_does_not_reach_the_stack() {
    let text = "(".repeat(100_000);
    let tree = parsed(Language::Python, &text);
    assert!(!tree.errors(5).is_empty());
    assert!(tree.branches().is_empty());
    let mut count = 0;
    tree.tokens(&mut |_| count += 1);
    assert_eq!(count, 100_000);
    assert!(Syntax::parse(Language::Python, &text, &mut || false).is_none());
}
