//! `devtoolkit-agent run` as a program, over small projects, with a model that answers from a script.

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "tests start the program and make its files")]

#[path = "support/program.rs"]
mod program;

#[path = "run/again.rs"]
mod again;
#[path = "run/bounds.rs"]
mod bounds;
#[path = "run/ends.rs"]
mod ends;
#[path = "run/lines.rs"]
mod lines;
#[path = "run/offline.rs"]
mod offline;
#[path = "run/refusals.rs"]
mod refusals;
#[path = "run/requests.rs"]
mod requests;

use program::{Person, plan, text};
use serde_json::{Value, json};

const AREA: &str = "def area(w, h):\n    return w * h\n";
const AFTER: &str = "def area(w, h, d):\n    return w * h * d\n";
const TESTS: &str = "import unittest\nfrom area import area\n\n\nclass AreaTest(unittest.TestCase):\n    def test_area(self):\n        self.assertEqual(area(2, 3, 4), 24)\n";

/// A Python project with a test that fails as long as nothing was done.
fn area() -> Person {
    Person::new(&[("area.py", AREA), ("test_area.py", TESTS)])
}

fn fenced(body: &str) -> Value {
    text(&format!("```python\n{body}```"))
}

fn edit() -> Value {
    json!({"kind": "edit", "path": "area.py", "symbol": "area", "instruction": "add a depth"})
}

/// What a model says that does it right.
fn right() -> Vec<Value> {
    vec![text("It is in area.py."), plan(&json!([edit()])), fenced(AFTER)]
}

/// A file with lines that are changed apart from each other, and what a model says that changes all three.
fn three() -> (Person, Vec<Value>) {
    let steps = json!([{"kind": "edit", "path": "a.txt", "instruction": "count from 10"}]);
    let answers = vec![text("ok"), plan(&steps), text("```\n11\n\n12\n\n13\n```")];
    (Person::new(&[("a.txt", "1\n\n2\n\n3\n")]), answers)
}
