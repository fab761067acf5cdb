//! Updates and edits: what the index holds afterwards is what a fresh index of the text holds.

use super::*;
use crate::Filter;
use proptest::prelude::*;
use std::fmt::Write;

const PYTHON: &str = "import os\nfrom .m import a as b\n\n@deco\nclass Ä(Base):\n    '''Doc.'''\n    x: int = 1\n\n    def f(self, y, *z):\n        for i in y:\n            self.x = i\n        return b(i, key=z)\n\nLIMIT = 3\n";
const SCRIPT: &str = "import d, { e as f } from './m';\n/** Doc. */\nexport class K<T> extends d.Base {\n  private x: Map<string, f> = new Map();\n  go(𝒳: number) { const { a, b: [c] } = this.x; return (a + c) * 𝒳; }\n}\nexport const fn = async (q = 1) => { let r = `${q}`; };\n";

/// Everything an index knows of a path, as text.
fn known(index: &Index, path: &str) -> String {
    let snapshot = index.snapshot();
    let facts = snapshot.facts(snapshot.file(path).expect("the path was updated"));
    let mut known = String::new();
    let doc = &facts.doc;
    let _ = writeln!(known, "{:?} {}", doc.language, doc.has_errors);
    for symbol in doc.symbols() {
        let _ = writeln!(known, "{} {symbol:?}", facts.name(symbol.name));
    }
    for used in facts.uses() {
        let _ = writeln!(known, "{} {used:?}", facts.name(used.name));
    }
    let _ = writeln!(known, "{:?} {:?} {:?}", doc.scopes(), doc.imports(), doc.shapes());
    known
}

fn fresh(path: &str, text: &str) -> String {
    let mut index = Index::new();
    index.update(path, text);
    known(&index, path)
}

/// A random edit: where, how much it removes (both in thousandths of the text), what it puts there.
fn edits() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    let pieces = prop_oneof![
        "[a-z(){}\\[\\]:=.,'\"` \n]{0,6}",
        Just("\n    def g(self):\n        return 1\n".to_owned()),
        Just("class N:\n    pass\n".to_owned()),
        Just("function h() { return fn(1); }\n".to_owned()),
        Just("/* ".to_owned()),
        Just("𝒴ä".to_owned()),
        Just(String::new()),
    ];
    prop::collection::vec((0usize..1000, 0usize..60, pieces), 1..6)
}

fn to_edit(text: &str, (at, remove, piece): &(usize, usize, String)) -> TextEdit {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(text.len() * at / 1000);
    let end = boundary((start + text.len() * remove / 1000).min(text.len())).max(start);
    TextEdit { range: start..end, text: piece.clone() }
}

fn check(path: &str, text: &str, changes: &[(usize, usize, String)]) {
    let mut index = Index::new();
    index.update(path, text);
    let mut expected = text.to_owned();
    for change in changes {
        let edit = to_edit(&expected, change);
        index.edit(path, std::slice::from_ref(&edit)).expect("the edit lies in the text");
        expected.replace_range(edit.range.clone(), &edit.text);
        assert_eq!(
            known(&index, path),
            fresh(path, &expected),
            "after {edit:?}, the text being:\n{expected}"
        );
    }
    // The same by whole texts, which are compared with the ones before.
    index.update(path, text);
    assert_eq!(known(&index, path), fresh(path, text));
}

proptest! {
    #[test]
    fn edits_of_python_equal_a_fresh_parse(changes in edits()) {
        check("a.py", PYTHON, &changes);
    }

    #[test]
    fn edits_of_typescript_equal_a_fresh_parse(changes in edits()) {
        check("a.ts", SCRIPT, &changes);
    }

    #[test]
    fn the_difference_of_two_texts_turns_one_into_the_other(a in "[ab𝒳é\n]{0,12}", b in "[ab𝒳é\n]{0,12}") {
        let edit = difference(&a, &b);
        let mut text = a;
        text.replace_range(edit.range, &edit.text);
        prop_assert_eq!(text, b);
    }

    /// Whatever is added, replaced and removed, the index holds the last text of each path.
    #[test]
    fn segments_merge_without_losing_a_file(steps in prop::collection::vec((0u8..20, 0u8..6), 1..120)) {
        let mut index = Index::new();
        let mut expected = std::collections::BTreeMap::new();
        for (file, version) in steps {
            let path = format!("m{file}.py");
            if version == 0 {
                prop_assert_eq!(index.remove(&path), expected.remove(&path).is_some());
            } else {
                let text = format!("def only_{file}_{version}(): pass\ndef shared(): pass\n");
                index.update(&path, &text);
                expected.insert(path, text);
            }
        }
        let snapshot = index.snapshot();
        prop_assert_eq!(snapshot.file_count(), expected.len());
        for (path, text) in &expected {
            prop_assert_eq!(known(&index, path), fresh(path, text));
        }
        let shared = snapshot.find("shared", &Filter::default(), 100);
        prop_assert_eq!(shared.iter().filter(|hit| hit.symbol.name == "shared").count(), expected.len());
        prop_assert!(snapshot.parts().len() < 40, "segments gather without merging");
    }
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let mut index = Index::new();
    index.update("a.py", "def before(): pass\n");
    let snapshot = index.snapshot();
    let reader = std::thread::spawn(move || snapshot.find("before", &Filter::default(), 5).len());
    index.update("a.py", "def after(): pass\n");
    assert_eq!(reader.join().expect("the reader does not panic"), 1);
    assert!(index.snapshot().find("before", &Filter::default(), 5).is_empty());
}

#[test]
fn edits_outside_of_the_text_are_refused_and_change_nothing() {
    let mut index = Index::new();
    assert_eq!(index.edit("a.py", &[]), Err(EditError::Unknown { path: "a.py".to_owned() }));
    index.update("a.py", "ä = 1\n");
    let before = known(&index, "a.py");
    for range in [1..2, 0..99, Range { start: 5, end: 4 }] {
        let edit = TextEdit { range: range.clone(), text: "x".to_owned() };
        let refused = index.edit("a.py", &[edit]);
        assert!(matches!(refused, Err(EditError::OutOfRange { .. })), "{range:?}");
    }
    assert_eq!(known(&index, "a.py"), before);
    index.edit("a.py", &[TextEdit { range: 0..2, text: "b".to_owned() }]).expect("the text is still there");
}

#[test]
fn members_defined_outside_of_their_types_are_qualified() {
    let mut index = Index::new();
    index.update("a.cpp", "namespace n { class A; }\nvoid n::A::go() {}\nint A::count = 0;\n");
    index.update("b.go", "package p\n\nfunc (s *Store[T]) Get() {}\n");
    index.update("c.rs", "struct S;\nimpl S { fn new() {} }\n");
    let snapshot = index.snapshot();
    let names = |path: &str| {
        let outline = snapshot.outline(path).expect("the path was updated");
        outline.into_iter().map(|symbol| symbol.qualified).collect::<Vec<_>>()
    };
    assert_eq!(names("a.cpp"), ["n", "n.A.go", "A.count"]);
    assert_eq!(names("b.go"), ["p", "Store.Get"]);
    assert_eq!(names("c.rs"), ["S", "S", "S.new"]);
}

#[test]
fn bare_names_mean_members_where_this_may_be_left_out() {
    let mut index = Index::new();
    index.update("a.c", "enum color { RED };\nint f(void) { return RED; }\n");
    index.update("B.java", "class B { int size; int get() { return size; } }\n");
    index.update("c.py", "class C:\n    width = 1\n\ndef f():\n    return width\n");
    let snapshot = index.snapshot();
    let uses = |path: &str, name: &str| {
        let outline = snapshot.outline(path).expect("the path was updated");
        let symbol = outline.into_iter().find(|symbol| symbol.name == name).expect("it is defined");
        snapshot.references(&symbol, &Filter::default()).len()
    };
    assert_eq!((uses("a.c", "RED"), uses("B.java", "size"), uses("c.py", "width")), (1, 1, 0));
}
