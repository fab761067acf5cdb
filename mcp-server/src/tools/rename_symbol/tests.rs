use crate::tools::fixture::Project;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// The reply, then each file's staged text.
#[track_caller]
fn check(files: &[(&str, &str)], arguments: Value, wanted: Expect) {
    let project = Project::new(files);
    project.indexed();
    let mut shown = project.call("rename_symbol", arguments);
    for (path, text) in files {
        let after = project.call("read_file", json!({ "path": path }));
        if !shown.starts_with("error") && text.lines().any(|line| !after.contains(line)) {
            shown.push_str(&format!("\n{path}\n{after}"));
        }
    }
    wanted.assert_eq(&shown);
}

const PYTHON: &[(&str, &str)] = &[
    ("a.py", "def tax(n):\n    \"\"\"tax of n\"\"\"\n    return n  # tax\n\ndef other(): pass\n"),
    ("b.py", "from a import tax\nimport a\n\ndef f(x):\n    x.tax()\n    return tax(1) + a.tax(n=2)\n"),
    ("c.py", "from a import tax as vat\nvat(1)\n"),
];

#[test]
fn imports_follow_and_strings_and_comments_stay() {
    check(
        PYTHON,
        json!({ "symbol": "tax", "to": "duty" }),
        expect![[r#"
        renamed `tax` to `duty`: 5 places in 3 files
          a.py: 1
          b.py: 3
          c.py: 1
        not renamed, because it matches only by name (look at them; `by_name: true` renames these too):
          b.py:5 x.tax()
        staged as change 1; not written before it is accepted
        a.py
             1	def duty(n):
             2	    """tax of n"""
             3	    return n  # tax
             4	
             5	def other(): pass
        (5 lines; with staged changes)
        b.py
             1	from a import duty
             2	import a
             3	
             4	def f(x):
             5	    x.tax()
             6	    return duty(1) + a.duty(n=2)
        (6 lines; with staged changes)
        c.py
             1	from a import duty as vat
             2	vat(1)
        (2 lines; with staged changes)"#]],
    );
}

#[test]
fn script_exports_follow_and_shorthand_properties_get_both_names() {
    let files = [
        ("a.ts", "export const tax = 1;\nexport const rates = { tax };\n"),
        ("index.ts", "export { tax } from './a';\n"),
        (
            "b.ts",
            "import { tax } from './index';\nfunction f({ tax }: { tax: number }) { return tax; }\nf({ tax });\n",
        ),
    ];
    check(
        &files,
        json!({ "symbol": "tax", "path": "a.ts:1", "to": "duty" }),
        expect![[r#"
        renamed `tax` to `duty`: 5 places in 3 files
          a.ts: 2
          b.ts: 2
          index.ts: 1
        staged as change 1; not written before it is accepted
        a.ts
             1	export const duty = 1;
             2	export const rates = { tax: duty };
        (2 lines; with staged changes)
        index.ts
             1	export { duty } from './a';
        (1 line; with staged changes)
        b.ts
             1	import { duty } from './index';
             2	function f({ tax }: { tax: number }) { return tax; }
             3	f({ tax: duty });
        (3 lines; with staged changes)"#]],
    );
}

#[test]
fn members_and_locals() {
    let files = [(
        "a.py",
        "class A:\n    def go(self, by):\n        here = by\n        here = here + 1\n        return here\n\na = A()\na.go(by=2)\n",
    )];
    check(
        &files,
        json!({ "symbol": "A.go", "to": "walk" }),
        expect![[r#"
        renamed `A.go` to `walk`: 2 places in 1 file
          a.py: 2
        staged as change 1; not written before it is accepted
        a.py
             1	class A:
             2	    def walk(self, by):
             3	        here = by
             4	        here = here + 1
             5	        return here
             6	
             7	a = A()
             8	a.walk(by=2)
        (8 lines; with staged changes)"#]],
    );
    check(
        &files,
        json!({ "symbol": "3:9", "path": "a.py", "to": "there" }),
        expect![[r#"
        renamed `A.go.here` to `there`: 4 places in 1 file
          a.py: 4
        staged as change 1; not written before it is accepted
        a.py
             1	class A:
             2	    def go(self, by):
             3	        there = by
             4	        there = there + 1
             5	        return there
             6	
             7	a = A()
             8	a.go(by=2)
        (8 lines; with staged changes)"#]],
    );
    check(
        &files,
        json!({ "symbol": "2:18", "path": "a.py", "to": "via" }),
        expect![[r#"
        renamed `A.go.by` to `via`: 3 places in 1 file
          a.py: 3
        staged as change 1; not written before it is accepted
        a.py
             1	class A:
             2	    def go(self, via):
             3	        here = via
             4	        here = here + 1
             5	        return here
             6	
             7	a = A()
             8	a.go(via=2)
        (8 lines; with staged changes)"#]],
    );
}

#[test]
fn properties_that_are_taken_apart_get_both_names() {
    let files = [(
        "a.ts",
        "interface P { name: string }\nfunction f(p: P) { const { name } = p; return name + p.name; }\n",
    )];
    check(
        &files,
        json!({ "symbol": "P.name", "path": "a.ts", "to": "label" }),
        expect![[r#"
        renamed `P.name` to `label`: 3 places in 1 file
          a.ts: 3
        staged as change 1; not written before it is accepted
        a.ts
             1	interface P { label: string }
             2	function f(p: P) { const { label: name } = p; return name + p.label; }
        (2 lines; with staged changes)"#]],
    );
}

#[test]
fn names_that_cannot_be_are_refused() {
    for to in ["class", "None", "1a", "a b", "", "a.b", "tax", "other", "x\n"] {
        let project = Project::new(PYTHON);
        project.indexed();
        let reply = project.call("rename_symbol", json!({ "symbol": "tax", "path": "a.py", "to": to }));
        assert!(reply.starts_with("error: "), "{to}: {reply}");
        assert_eq!(project.call("list_changes", json!({})), "nothing is staged\n");
    }
    check(
        PYTHON,
        json!({ "symbol": "tax", "path": "a.py", "to": "other" }),
        expect!["error: `other` already exists, a.py:5; choose another name"],
    );
    check(
        PYTHON,
        json!({ "symbol": "tax", "path": "a.py", "to": "class" }),
        expect![
            "error: `to` `class` cannot be a name there in python: it is a keyword or has a meaning of its own; choose another"
        ],
    );
}

#[test]
fn another_name_that_is_seen_at_a_use_is_a_clash() {
    let files = [("a.py", "def tax(): pass\n\ndef f():\n    duty = 1\n    return tax() + duty\n")];
    check(
        &files,
        json!({ "symbol": "tax", "to": "duty" }),
        expect![
            "error: `duty` would mean something else, a.py:5: another `duty` is seen there; choose another name"
        ],
    );
    let files = [("a.ts", "const tax = 1;\nfunction f(duty: number) { return tax + duty; }\n")];
    check(
        &files,
        json!({ "symbol": "tax", "to": "duty" }),
        expect![
            "error: `duty` would mean something else, a.ts:2: another `duty` is seen there; choose another name"
        ],
    );
    let files =
        [("a.py", "def tax(): pass\n"), ("b.py", "from a import tax\n\ndef duty(): pass\n\ntax(), duty()\n")];
    check(
        &files,
        json!({ "symbol": "tax", "to": "duty" }),
        expect![
            "error: `duty` would mean something else, b.py:5: another `duty` is seen there; choose another name"
        ],
    );
}

#[test]
fn where_uses_are_known_by_name_only_they_are_listed_and_renamed_on_request() {
    let files = [
        ("a.go", "package p\n\nfunc Tax() int { return 1 }\n"),
        ("b.go", "package p\n\nfunc f() int { return Tax() }\n"),
    ];
    check(
        &files,
        json!({ "symbol": "Tax", "to": "Duty" }),
        expect![[r#"
        renamed `Tax` to `Duty`: 1 place in 1 file
          a.go: 1
        not renamed, because it matches only by name (look at them; `by_name: true` renames these too):
          b.go:3 func f() int { return Tax() }
        staged as change 1; not written before it is accepted
        a.go
             1	package p
             2	
             3	func Duty() int { return 1 }
        (3 lines; with staged changes)"#]],
    );
    check(
        &files,
        json!({ "symbol": "Tax", "to": "Duty", "by_name": true }),
        expect![[r#"
        renamed `Tax` to `Duty`: 2 places in 2 files
          a.go: 1
          b.go: 1
        staged as change 1; not written before it is accepted
        a.go
             1	package p
             2	
             3	func Duty() int { return 1 }
        (3 lines; with staged changes)
        b.go
             1	package p
             2	
             3	func f() int { return Duty() }
        (3 lines; with staged changes)"#]],
    );
    let files = [("a.rs", "pub fn tax() -> u8 { 1 }\nfn f() -> u8 { tax() }\n")];
    check(
        &files,
        json!({ "symbol": "tax", "to": "duty", "by_name": true }),
        expect![[r#"
        renamed `tax` to `duty`: 2 places in 1 file
          a.rs: 2
        staged as change 1; not written before it is accepted
        a.rs
             1	pub fn duty() -> u8 { 1 }
             2	fn f() -> u8 { duty() }
        (2 lines; with staged changes)"#]],
    );
}

#[test]
fn names_in_all_follow_where_the_module_binds_them() {
    let files = [
        (
            "shop/__init__.py",
            "from .lines import Line\nfrom .pricing import calc\n\n__all__ = [\"Line\", \"calc\"]\n",
        ),
        ("shop/lines.py", "class Line: pass\n"),
        (
            "shop/pricing.py",
            "__all__: list[str] = ['calc']  # 'calc'\n\ndef calc():\n    \"\"\"calc\"\"\"\n    return {'calc': ['calc']}\n",
        ),
        ("stars.py", "from shop import *\n\n__all__ = ()\n__all__ += ('calc',)\n__all__.append(\"calc\")\n"),
    ];
    check(
        &files,
        json!({ "symbol": "calc", "path": "shop/pricing.py", "to": "total" }),
        expect![[r#"
        renamed `calc` to `total`: 6 places in 3 files
          shop/__init__.py: 2, 1 in quotes
          shop/pricing.py: 2, 1 in quotes
          stars.py: 2, 2 in quotes
        staged as change 1; not written before it is accepted
        shop/__init__.py
             1	from .lines import Line
             2	from .pricing import total
             3	
             4	__all__ = ["Line", "total"]
        (4 lines; with staged changes)
        shop/pricing.py
             1	__all__: list[str] = ['total']  # 'calc'
             2	
             3	def total():
             4	    """calc"""
             5	    return {'calc': ['calc']}
        (5 lines; with staged changes)
        stars.py
             1	from shop import *
             2	
             3	__all__ = ()
             4	__all__ += ('total',)
             5	__all__.append("total")
        (5 lines; with staged changes)"#]],
    );
}

#[test]
fn names_in_all_that_mean_something_else_stay() {
    let files = [
        ("a.py", "def calc(): pass\n\n__all__ = ['calc']\n"),
        ("alias.py", "from a import calc as c\n\n__all__ = ['calc', 'c']\n"),
        ("dotted.py", "import a\n\n__all__ = ['calc']\na.calc()\n"),
        ("elsewhere.py", "__all__ = ['calc']\n"),
        ("inner.py", "def f():\n    from a import calc\n    return calc\n\n__all__ = ['calc']\n"),
        ("own.py", "def calc(): pass\n\n__all__ = ['calc']\n"),
    ];
    check(
        &files,
        json!({ "symbol": "calc", "path": "a.py", "to": "total" }),
        expect![[r#"
        renamed `calc` to `total`: 6 places in 4 files
          a.py: 2, 1 in quotes
          alias.py: 1
          dotted.py: 1
          inner.py: 2
        not renamed, because they match only by name (look at them; `by_name: true` renames these too):
          alias.py:3 __all__ = ['calc', 'c']
          dotted.py:3 __all__ = ['calc']
          elsewhere.py:1 __all__ = ['calc']
          inner.py:5 __all__ = ['calc']
        staged as change 1; not written before it is accepted
        a.py
             1	def total(): pass
             2	
             3	__all__ = ['total']
        (3 lines; with staged changes)
        alias.py
             1	from a import total as c
             2	
             3	__all__ = ['calc', 'c']
        (3 lines; with staged changes)
        dotted.py
             1	import a
             2	
             3	__all__ = ['calc']
             4	a.total()
        (4 lines; with staged changes)
        inner.py
             1	def f():
             2	    from a import total
             3	    return total
             4	
             5	__all__ = ['calc']
        (5 lines; with staged changes)"#]],
    );
}

const SHARED: &[(&str, &str)] = &[(
    "a.py",
    "__all__ = ['calc']\n\ndef calc(): pass\n\nclass A:\n    def calc(self): pass\n\ndef f():\n    calc = 1\n    return calc\n",
)];

#[test]
fn locals_and_members_are_not_in_all() {
    check(
        SHARED,
        json!({ "symbol": "A.calc", "to": "total" }),
        expect![[r#"
        renamed `A.calc` to `total`: 1 place in 1 file
          a.py: 1
        staged as change 1; not written before it is accepted
        a.py
             1	__all__ = ['calc']
             2	
             3	def calc(): pass
             4	
             5	class A:
             6	    def total(self): pass
             7	
             8	def f():
             9	    calc = 1
            10	    return calc
        (10 lines; with staged changes)"#]],
    );
    check(
        SHARED,
        json!({ "symbol": "9:5", "path": "a.py", "to": "total" }),
        expect![[r#"
        renamed `f.calc` to `total`: 2 places in 1 file
          a.py: 2
        staged as change 1; not written before it is accepted
        a.py
             1	__all__ = ['calc']
             2	
             3	def calc(): pass
             4	
             5	class A:
             6	    def calc(self): pass
             7	
             8	def f():
             9	    total = 1
            10	    return total
        (10 lines; with staged changes)"#]],
    );
}

#[test]
fn a_definition_is_in_all_whatever_locals_and_members_share_its_name() {
    check(
        SHARED,
        json!({ "symbol": "calc", "path": "a.py:3", "to": "total" }),
        expect![[r#"
        renamed `calc` to `total`: 2 places in 1 file
          a.py: 2, 1 in quotes
        staged as change 1; not written before it is accepted
        a.py
             1	__all__ = ['total']
             2	
             3	def total(): pass
             4	
             5	class A:
             6	    def calc(self): pass
             7	
             8	def f():
             9	    calc = 1
            10	    return calc
        (10 lines; with staged changes)"#]],
    );
}
