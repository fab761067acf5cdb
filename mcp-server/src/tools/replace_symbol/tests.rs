use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// The reply, then the file's staged text.
#[track_caller]
fn check(path: &str, text: &str, arguments: Value, wanted: Expect) {
    let project = Project::new(&[(path, text)]);
    project.indexed();
    let reply = project.call("replace_symbol", arguments);
    let after = project.call("read_file", json!({ "path": path }));
    wanted.assert_eq(&format!("{reply}\n{after}"));
}

const PYTHON: &str =
    "class A:\n    @cache\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n";

#[test]
fn a_method_is_replaced_in_its_place() {
    let arguments =
        json!({ "symbol": "A.f", "path": "a.py", "body": "def f(self, x):\n    if x:\n        return x\n" });
    check(
        "a.py",
        PYTHON,
        arguments,
        expect![[r#"
        replaced `A.f`, a.py:3-4, by 3 lines; kept above it: decorators
        staged as change 1; not written before it is accepted
             1	class A:
             2	    @cache
             3	    def f(self, x):
             4	        if x:
             5	            return x
             6	
             7	    def g(self):
             8	        return 2
        (8 lines; with staged changes)"#]],
    );
}

#[test]
fn decorators_that_are_given_replace_those_that_were() {
    let arguments = json!({ "symbol": "A.f", "body": "@property\ndef f(self): return 3" });
    check(
        "a.py",
        PYTHON,
        arguments,
        expect![[r#"
        replaced `A.f`, a.py:2-4, by 2 lines
        staged as change 1; not written before it is accepted
             1	class A:
             2	    @property
             3	    def f(self): return 3
             4	
             5	    def g(self):
             6	        return 2
        (6 lines; with staged changes)"#]],
    );
}

#[test]
fn doc_comments_stay_unless_given() {
    let text = "/** Says. */\nexport class A {\n  /** Goes. */\n  go(): void {\n  }\n}\n";
    check(
        "a.ts",
        text,
        json!({ "symbol": "A.go", "body": "go(n: number): void {\n  n;\n}" }),
        expect![[r#"
        replaced `A.go`, a.ts:4-5, by 3 lines; kept above it: the doc comment
        staged as change 1; not written before it is accepted
             1	/** Says. */
             2	export class A {
             3	  /** Goes. */
             4	  go(n: number): void {
             5	    n;
             6	  }
             7	}
        (7 lines; with staged changes)"#]],
    );
    check(
        "a.ts",
        text,
        json!({ "symbol": "go", "body": "// New.\ngo() {}" }),
        expect![[r#"
        replaced `A.go`, a.ts:3-5, by 2 lines
        staged as change 1; not written before it is accepted
             1	/** Says. */
             2	export class A {
             3	  // New.
             4	  go() {}
             5	}
        (5 lines; with staged changes)"#]],
    );
    let text = "/// Says.\n#[inline]\nfn f() {}\n";
    check(
        "a.rs",
        text,
        json!({ "symbol": "f", "body": "fn f() { g() }" }),
        expect![[r#"
        replaced `f`, a.rs:3-3, by 1 line; kept above it: the doc comment and decorators
        staged as change 1; not written before it is accepted
             1	/// Says.
             2	#[inline]
             3	fn f() { g() }
        (3 lines; with staged changes)"#]],
    );
}

#[test]
fn a_new_syntax_error_is_said_and_staged_all_the_same() {
    check(
        "a.py",
        "def f():\n    pass\n",
        json!({ "symbol": "f", "body": "def f(:\n    pass" }),
        expect![[r#"
            replaced `f`, a.py:1-2, by 2 lines
            warning: this makes a syntax error, line 1: missing `)`; it is staged all the same
            staged as change 1; not written before it is accepted
                 1	def f(:
                 2	    pass
            (2 lines; with staged changes)"#]],
    );
}

#[test]
fn line_ends_and_encoding_stay() {
    let project = Project::new(&[]);
    project.write("a.py", b"# \xe9\r\ndef f():\r\n    pass\r\n");
    project.indexed();
    project
        .call("replace_symbol", json!({ "symbol": "f", "path": "a.py", "body": "def f():\n    return 1\n" }));
    project.call("accept_changes", json!({}));
    let after = project.on_disk("a.py").expect("it is there");
    assert_eq!(after, b"# \xe9\r\ndef f():\r\n    return 1\r\n");
}

#[test]
fn what_cannot_be_replaced_alone_is_refused() {
    check(
        "a.py",
        "a, b = 1, 2\n",
        json!({ "symbol": "a", "body": "a = 3" }),
        expect![[r#"
        error: `a` is defined in one statement with `b`; use edit_file
             1	a, b = 1, 2
        (1 line)"#]],
    );
    check(
        "a.py",
        "def f(): pass\n",
        json!({ "symbol": "f", "body": " " }),
        expect![[r#"
        error: `body` is empty; give the whole new definition, or delete its lines with edit_file
             1	def f(): pass
        (1 line)"#]],
    );
    check(
        "a.py",
        "def f(): pass\ndef f(): pass\n",
        json!({ "symbol": "f", "body": "x" }),
        expect![[r#"
        error: `f` means 2 symbols; give `path` (and :LINE):
        a.py:1 function f  def f()
        a.py:2 function f  def f()
             1	def f(): pass
             2	def f(): pass
        (2 lines)"#]],
    );
}
