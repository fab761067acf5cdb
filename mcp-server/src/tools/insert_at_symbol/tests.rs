use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// The reply, then the file's staged text.
#[track_caller]
fn check(path: &str, text: &str, arguments: Value, wanted: Expect) {
    let project = Project::new(&[(path, text)]);
    project.indexed();
    let reply = project.call("insert_at_symbol", arguments);
    let after = project.call("read_file", json!({ "path": path }));
    wanted.assert_eq(&format!("{reply}\n{after}"));
}

const PYTHON: &str = "import os\n\n\nclass A:\n    \"\"\"Says.\"\"\"\n\n    def f(self):\n        return 1";

#[test]
fn beside_a_definition() {
    let text = "def g(x):\n    return x\n";
    check(
        "a.py",
        PYTHON,
        json!({ "symbol": "A", "place": "after", "text": text }),
        expect![[r#"
            inserted 2 lines after `A`, a.py:11
            staged as change 1; not written before it is accepted
                 1	import os
                 2	
                 3	
                 4	class A:
                 5	    """Says."""
                 6	
                 7	    def f(self):
                 8	        return 1
                 9	
                10	
                11	def g(x):
                12	    return x
            (12 lines; with staged changes)"#]],
    );
}

#[test]
fn above_a_definition() {
    let text = "def g(x):\n    return x\n";
    check(
        "a.py",
        PYTHON,
        json!({ "symbol": "A", "place": "before", "text": text }),
        expect![[r#"
        inserted 2 lines before `A`, a.py:4
        staged as change 1; not written before it is accepted
             1	import os
             2	
             3	
             4	def g(x):
             5	    return x
             6	
             7	
             8	class A:
             9	    """Says."""
            10	
            11	    def f(self):
            12	        return 1
        (12 lines; with staged changes)"#]],
    );
    check(
        "a.py",
        PYTHON,
        json!({ "symbol": "A.f", "place": "after", "text": text }),
        expect![[r#"
            inserted 2 lines after `A.f`, a.py:10
            staged as change 1; not written before it is accepted
                 1	import os
                 2	
                 3	
                 4	class A:
                 5	    """Says."""
                 6	
                 7	    def f(self):
                 8	        return 1
                 9	
                10	    def g(x):
                11	        return x
            (11 lines; with staged changes)"#]],
    );
}

#[test]
fn in_a_body() {
    let text = "def g(self):\n    return 2\n";
    check(
        "a.py",
        PYTHON,
        json!({ "symbol": "A", "place": "start", "text": text }),
        expect![[r#"
            inserted 2 lines at the start of `A`, a.py:7
            staged as change 1; not written before it is accepted
                 1	import os
                 2	
                 3	
                 4	class A:
                 5	    """Says."""
                 6	
                 7	    def g(self):
                 8	        return 2
                 9	
                10	    def f(self):
                11	        return 1
            (11 lines; with staged changes)"#]],
    );
    check(
        "a.py",
        PYTHON,
        json!({ "symbol": "A", "place": "end", "text": text }),
        expect![[r#"
            inserted 2 lines at the end of `A`, a.py:10
            staged as change 1; not written before it is accepted
                 1	import os
                 2	
                 3	
                 4	class A:
                 5	    """Says."""
                 6	
                 7	    def f(self):
                 8	        return 1
                 9	
                10	    def g(self):
                11	        return 2
            (11 lines; with staged changes)"#]],
    );
}

#[test]
fn in_a_body_in_braces() {
    let text = "class B {}\n\nexport class A {\n  x = 1;\n  f() {\n  }\n}\n";
    check(
        "a.ts",
        text,
        json!({ "symbol": "A", "place": "end", "text": "g() {\n  return 1;\n}" }),
        expect![[r#"
            inserted 3 lines at the end of `A`, a.ts:7
            staged as change 1; not written before it is accepted
                 1	class B {}
                 2	
                 3	export class A {
                 4	  x = 1;
                 5	  f() {
                 6	  }
                 7	  g() {
                 8	    return 1;
                 9	  }
                10	}
            (10 lines; with staged changes)"#]],
    );
    check(
        "a.ts",
        text,
        json!({ "symbol": "A", "place": "start", "text": "y = 2;" }),
        expect![[r#"
        inserted 1 line at the start of `A`, a.ts:4
        staged as change 1; not written before it is accepted
             1	class B {}
             2	
             3	export class A {
             4	  y = 2;
             5	  x = 1;
             6	  f() {
             7	  }
             8	}
        (8 lines; with staged changes)"#]],
    );
    check(
        "a.ts",
        text,
        json!({ "symbol": "B", "place": "start", "text": "y = 2;" }),
        expect![[r#"
        inserted 1 line at the start of `B`, a.ts:2
        staged as change 1; not written before it is accepted
             1	class B {
             2	  y = 2;
             3	}
             4	
             5	export class A {
             6	  x = 1;
             7	  f() {
             8	  }
             9	}
        (9 lines; with staged changes)"#]],
    );
}

#[test]
fn among_single_lines() {
    check(
        "a.rs",
        "struct S {\n    a: u8,\n}\n",
        json!({ "symbol": "S", "place": "end", "text": "b: u8," }),
        expect![[r#"
            inserted 1 line at the end of `S`, a.rs:3
            staged as change 1; not written before it is accepted
                 1	struct S {
                 2	    a: u8,
                 3	    b: u8,
                 4	}
            (4 lines; with staged changes)"#]],
    );
    check(
        "a.go",
        "package p\n\nfunc F() {\n\tg()\n}\n",
        json!({ "symbol": "F", "place": "end", "text": "h()" }),
        expect![[r#"
            inserted 1 line at the end of `F`, a.go:5
            staged as change 1; not written before it is accepted
                 1	package p
                 2	
                 3	func F() {
                 4		g()
                 5		h()
                 6	}
            (6 lines; with staged changes)"#]],
    );
}

#[test]
fn what_has_no_room_is_refused() {
    check(
        "a.py",
        "class A: pass\n",
        json!({ "symbol": "A", "place": "end", "text": "x = 1" }),
        expect![[r#"
            error: `A` has no body on lines of its own; use place `after`, or replace_symbol with the whole definition
                 1	class A: pass
            (1 line)"#]],
    );
    check(
        "a.ts",
        "type A = number;\n",
        json!({ "symbol": "A", "place": "end", "text": "x" }),
        expect![[r#"
        error: `A` has no body in braces; use place `after`, or replace_symbol with the whole definition
             1	type A = number;
        (1 line)"#]],
    );
    check(
        "a.ts",
        "const a = 1; const b = 2;\n",
        json!({ "symbol": "b", "place": "before", "text": "x" }),
        expect![[r#"
            error: `b` shares line 1 with other code; use edit_file
                 1	const a = 1; const b = 2;
            (1 line)"#]],
    );
    check(
        "a.ts",
        "",
        json!({ "symbol": "b", "place": "beside", "text": "x" }),
        expect![[r#"
        error: insert_at_symbol: `place`: unknown variant `beside`, expected one of `before`, `after`, `start`, `end`
        (the file is empty)"#]],
    );
}
