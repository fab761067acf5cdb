//! Folders changed by chance, whose state is held against what the git program says.

#![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

use super::git;
use crate::tools::fixture::Project;
use crate::tools::git::history::Chance;
use serde_json::json;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

const NAMES: [&str; 14] = [
    "a.txt",
    "a",
    "b.o",
    "sub/a.txt",
    "sub/b.o",
    "sub/deep/c.txt",
    "sub/deep/keep.o",
    "sub-more/d",
    "sub.x",
    "other/e.txt",
    "other/nested/f.o",
    "build/g.txt",
    "build/h",
    "[x]/*.txt",
];

const RULES: [&str; 8] =
    ["*.o\n", "!keep.o\n", "build/\n", "/other\n", "deep/*\n", "nested\n", "!build/h\n", "# none\n"];

/// One change by chance of the files or of the index.
fn change(project: &Project, chance: &mut Chance) -> String {
    let name = NAMES[chance.below(NAMES.len())];
    let path = project.root().join(name);
    let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
    let kind = chance.below(16);
    match kind {
        0..=3 => {
            // Whatever is in the way goes.
            for above in path.ancestors().take_while(|above| *above != project.root()) {
                if above.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                    let _ = fs::remove_file(above);
                }
            }
            let _ = fs::remove_dir_all(&path);
            project.write(name, ["one\n", "two\n", "three\n", ""][chance.below(4)]);
        }
        4 | 5 => drop(fs::remove_file(&path)),
        6 => drop(fs::remove_dir_all(
            project.root().join(["sub", "other", "build", "sub/deep"][chance.below(4)]),
        )),
        7 => drop(fs::create_dir_all(project.root().join(["empty/in", "sub/empty", "new"][chance.below(3)]))),
        8 if is_file => {
            let mode = [0o644, 0o755][chance.below(2)];
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
        }
        9 => drop(fs::remove_file(&path).and_then(|()| symlink("a.txt", &path))),
        10 => {
            let rules: String = (0..=chance.below(3)).map(|_| RULES[chance.below(RULES.len())]).collect();
            let _ = fs::write(
                project.root().join(["", "sub", "other"][chance.below(3)]).join(".gitignore"),
                rules,
            );
        }
        11 => drop(fs::write(project.root().join(".git/info/exclude"), RULES[chance.below(RULES.len())])),
        12 => drop(git(project, &["add", "-A"])),
        13 if is_file => drop(git(project, &["add", "-f", "--", name])),
        14 => {
            git(project, &["add", "-A"]);
            git(project, &["commit", "-q", "--allow-empty", "-m", "Next"]);
        }
        15 => drop(git(project, &["update-index", "--index-version", ["2", "4"][chance.below(2)]])),
        _ => {}
    }
    format!("{kind} {name}")
}

/// The lines in order, with renames as what they are made of: of files that are alike any may be the source.
fn apart(state: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in state.lines() {
        match line.strip_prefix('R').and_then(|rest| Some((rest, rest[2..].split_once(" -> ")?))) {
            Some((rest, (from, to))) => lines.extend([format!("D  {from}"), format!("A{}{to}", &rest[..2])]),
            None => lines.push(line.to_owned()),
        }
    }
    lines.sort_unstable();
    lines
}

#[test]
fn the_state_is_what_git_says_of_any_folder() {
    let mut lines = 0;
    for seed in 1..=12 {
        let mut chance = Chance(seed * 15_485_863);
        let project = Project::new(&[]);
        git(&project, &["init", "-q", "-b", "main"]);
        for (key, value) in [("user.name", "Ann"), ("user.email", "ann@x"), ("status.renames", "false")] {
            git(&project, &["config", key, value]);
        }
        let mut done = Vec::new();
        for _ in 0..25 {
            done.extend((0..=chance.below(3)).map(|_| change(&project, &mut chance)));
            // First ours, because git's own look refreshes the index.
            let ours = project.call("git_status", json!({}));
            let differences = project.call("git_diff", json!({ "stat": true }));
            let wanted = git(&project, &["status", "--short", "--branch", "--no-renames"]);
            assert_eq!(apart(&ours), apart(&wanted), "seed {seed} after {done:?}");
            lines += wanted.lines().count();
            let changed = git(&project, &["diff", "--name-only", "--no-renames"]);
            let named = |line: &str| {
                line.rsplit_once(" +").or(line.rsplit_once(" binary")).map(|(name, _)| name.to_owned())
            };
            let found: Vec<String> = differences.lines().filter_map(named).collect();
            assert_eq!(
                found,
                changed.lines().collect::<Vec<_>>(),
                "seed {seed} after {done:?}: {differences}"
            );
        }
    }
    assert!(lines > 1_000, "{lines} lines are too few to tell");
}
