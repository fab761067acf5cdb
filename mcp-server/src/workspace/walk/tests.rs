//! Walks against those of the `ignore` crate, which ripgrep uses.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use super::*;
use crate::workspace::Roots;
use ignore::WalkBuilder;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

fn snapshot(root: &Path) -> Snapshot {
    Snapshot::new(Roots::open(&[root.to_path_buf()]).unwrap())
}

/// Files and folders as we find them.
fn ours(root: &Path, folder: &str, hidden: bool) -> Vec<String> {
    let reach = Reach { depth: usize::MAX, hidden, ignored: false };
    let folder = RelPath::parse(folder).unwrap();
    let walked = snapshot(root).walk(&folder, reach, &|_| ControlFlow::Continue(())).unwrap();
    walked.entries.iter().map(|(path, _)| path.to_string()).collect()
}

/// The same as the crate finds them.
fn theirs(root: &Path, folder: &str, hidden: bool) -> Vec<String> {
    let mut walk = WalkBuilder::new(root.join(folder));
    walk.add_custom_ignore_filename(".rgignore").hidden(!hidden);
    let entries = walk.build().map(Result::unwrap).filter(|entry| entry.depth() > 0);
    let paths = entries.map(|entry| entry.path().strip_prefix(root).unwrap().display().to_string());
    let mut paths: Vec<String> = paths.filter(|path| !path.split('/').any(|name| name == ".git")).collect();
    paths.sort();
    paths
}

/// Rules and files over few names, so that they meet.
fn tree() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = || prop_oneof!["a", "b", "ab", "\\.a", "\\.b", "d"];
    let folder = proptest::collection::vec(prop_oneof!["a", "b", "\\.d"], 0..3);
    let rule = prop_oneof![
        "!?[ab]/?",
        "!?/?[abd]",
        "!?\\*a",
        "!?\\.[abd]",
        "a/b",
        "!?\\*\\*/b",
        "!?d/\\*",
        "#x",
        "\\*"
    ];
    let rules = proptest::collection::vec(rule, 0..4).prop_map(|rules| rules.join("\n"));
    let file = prop_oneof![
        6 => (name().prop_map(|name| format!("{name}.txt")), Just(String::new())),
        2 => (name(), Just(String::new())),
        4 => (prop_oneof!["\\.gitignore", "\\.ignore", "\\.rgignore", "\\.git/info/exclude"], rules),
        1 => (Just(".git/HEAD".to_owned()), Just(String::new())),
    ];
    let file = (folder, file).prop_map(|(folder, (name, text))| ([folder.join("/"), name].join("/"), text));
    proptest::collection::vec(file, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn rules_leave_out_what_ripgrep_leaves_out(files in tree(), hidden: bool) {
        let outer = tempfile::tempdir().unwrap();
        // Rules above the root hold too.
        let root = outer.path().canonicalize().unwrap().join("root");
        fs::create_dir(&root).unwrap();
        for (place, (path, text)) in files.iter().enumerate() {
            let path = path.trim_start_matches('/');
            let base = if place % 5 == 4 { outer.path() } else { &root };
            let path = base.join(path);
            // What has a file in its way is left out.
            let _ = fs::create_dir_all(path.parent().unwrap());
            let _ = fs::write(&path, text);
        }
        prop_assert_eq!(ours(&root, ".", hidden), theirs(&root, "", hidden));
        for folder in ["a", ".d", "b/a"] {
            if root.join(folder).is_dir() {
                prop_assert_eq!(ours(&root, folder, hidden), theirs(&root, folder, hidden), "in {}", folder);
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn links_are_shown_and_not_followed() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("secret"), "").unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("out")).unwrap();
    std::os::unix::fs::symlink(".", root.path().join("loop")).unwrap();
    assert_eq!(ours(root.path(), ".", false), ["loop", "out"]);
    let reach = Reach { depth: 9, hidden: true, ignored: true };
    let out =
        snapshot(root.path()).walk(&RelPath::parse("out").unwrap(), reach, &|_| ControlFlow::Continue(()));
    assert!(matches!(out, Err(ReadError::Outside { .. })), "{out:?}");
}

#[test]
fn deep_trees_are_walked_as_far_as_paths_go() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = root.path().to_path_buf();
    for _ in 0..400 {
        folder.push("d");
    }
    fs::create_dir_all(&folder).unwrap();
    assert_eq!(ours(root.path(), ".", false).len(), 400);
}
