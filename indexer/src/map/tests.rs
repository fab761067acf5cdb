//! The map stays within its budget, in path order, and turns with the focus.

use super::*;
use crate::Index;
use proptest::prelude::*;

const FILES: [(&str, &str); 5] = [
    (
        "a/core.py",
        "class Engine:\n    def start_engine(self, é):\n        pass\n\ndef load_settings(path):\n    return path\n",
    ),
    (
        "a/web.py",
        "from a.core import Engine, load_settings\n\ndef serve_pages():\n    Engine().start_engine(load_settings('x'))\n",
    ),
    ("b/report.py", "from b.table import print_table\n\ndef make_report():\n    print_table()\n"),
    ("b/table.py", "def print_table():\n    pass\n\ndef unused_table():\n    pass\n"),
    ("notes.txt", "no symbols here\n"),
];

fn index(files: &[(&str, &str)]) -> Index {
    let mut index = Index::new();
    for (path, text) in files {
        index.update(path, text);
    }
    index
}

fn map_of(files: &[(&str, &str)], budget: usize, focus: &[&str]) -> RepoMap {
    let options = MapOptions { budget, focus: focus.iter().map(|focus| (*focus).to_owned()).collect() };
    let text = |path: &str| files.iter().find(|file| file.0 == path).map(|file| file.1.to_owned());
    index(files).snapshot().map(&options, &text)
}

fn paths(map: &RepoMap) -> Vec<&str> {
    map.text.lines().filter(|line| !line.starts_with(' ')).map(|line| line.trim_end_matches(':')).collect()
}

proptest! {
    #[test]
    fn no_budget_is_exceeded(budget in 0usize..120, focus in 0usize..6) {
        let focus: &[&str] = [&[][..], &["a/web.py"], &["b"], &["print_table"], &["a", "b"], &["."]][focus];
        let map = map_of(&FILES, budget, focus);
        prop_assert!(map.text.len() <= budget * 4, "{} bytes for {budget} tokens:\n{}", map.text.len(), map.text);
        let mut sorted = paths(&map);
        sorted.sort_unstable();
        sorted.dedup();
        prop_assert_eq!(paths(&map), sorted, "each file once, in path order");
        let signatures = map.text.lines().filter(|line| line.starts_with(' ')).count();
        prop_assert_eq!(signatures, map.symbols.len());
    }
}

#[test]
fn a_larger_budget_shows_more_and_none_shows_nothing() {
    assert_eq!(map_of(&FILES, 0, &[]), RepoMap::default());
    let all = map_of(&FILES, usize::MAX, &["."]);
    assert_eq!(paths(&all), ["a/core.py", "a/web.py", "b/report.py", "b/table.py"]);
    assert!(all.text.contains("    def start_engine(self, é)\n"), "{}", all.text);
    assert!(all.symbols.len() > map_of(&FILES, 20, &["."]).symbols.len());
}

#[test]
fn the_focus_decides_what_comes_first() {
    for (focus, first) in [
        ("a/web.py", "a/core.py"),
        ("./a/web.py", "a/core.py"),
        ("serve_pages", "a/core.py"),
        ("b/report.py", "b/table.py"),
        ("b/", "b/table.py"),
        ("make_report", "b/table.py"),
    ] {
        let map = map_of(&FILES, 10, &[focus]);
        assert_eq!(paths(&map), [first], "{focus}: {}", map.text);
        assert!(map.unknown_focus.is_empty());
    }
}

#[test]
fn what_names_nothing_is_told_whatever_else_is_in_focus() {
    let unknown = |focus: &[&str]| map_of(&FILES, 100, focus).unknown_focus;
    assert_eq!(unknown(&["nonsense"]), ["nonsense"]);
    assert_eq!(unknown(&["a/web.py", "a/web.py", "nonsense", "c/", ""]), ["nonsense", "c/", ""]);
    assert_eq!(unknown(&["notes.txt"]), ["notes.txt"], "it has no symbols");
    assert!(unknown(&["b/table.py", "b/report.py", "b", "print_table"]).is_empty(), "named twice over");
}

#[test]
fn a_single_file_has_a_map_too() {
    let map = map_of(&FILES[3..4], 100, &[]);
    assert_eq!(map.text, "b/table.py:\n  def print_table()\n  def unused_table()\n");
}

#[test]
fn a_text_that_is_gone_leaves_the_names() {
    let snapshot = index(&FILES).snapshot();
    let map = snapshot.map(&MapOptions { budget: 100, focus: Vec::new() }, &|_| None);
    assert!(map.text.contains("  print_table\n"), "{}", map.text);
}
