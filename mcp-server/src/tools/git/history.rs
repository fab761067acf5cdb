//! Histories made by chance, on which our answers are held against the git program's.

#![expect(clippy::disallowed_methods, reason = "tests ask the git program")]

use crate::tools::fixture::Project;
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Numbers that look random and are always the same.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

type Files = HashMap<&'static str, Vec<String>>;

const NAMES: [&str; 4] = ["a.txt", "deep/er/b.txt", "c.txt", "moved/d.txt"];

/// Lines that are often alike, so that there are many ways to say what changed.
fn line(chance: &mut Chance) -> String {
    let words = ["{", "}", "", "    return 1;", "    if (x) {", "    }", "// note"];
    match chance.below(3) {
        0 => words[chance.below(words.len())].to_owned(),
        _ => format!("    line_{}();", chance.below(400)),
    }
}

fn edit(lines: &mut Vec<String>, chance: &mut Chance) {
    for _ in 0..=chance.below(3) {
        let at = chance.below(lines.len() + 1);
        let count = chance.below(4).min(lines.len() - at);
        let new: Vec<String> = (0..chance.below(5)).map(|_| line(chance)).collect();
        lines.splice(at..at + count, new);
    }
}

/// A stream for `git fast-import`.
fn stream(seed: u64, commits: usize) -> String {
    let mut chance = Chance(seed);
    let mut all: Vec<Files> = Vec::new();
    let mut text = String::new();
    for mark in 1..=commits {
        let (mut parents, mut files) = (Vec::new(), Files::new());
        if mark > 1 {
            parents.push(mark - 1 - chance.below(4.min(mark - 1)));
            files = all[parents[0] - 1].clone();
            let other = mark - 1 - chance.below(6.min(mark - 1));
            if chance.below(4) == 0 && other != parents[0] {
                // A merge has some files of the other side, whole or in part.
                for (name, lines) in &all[other - 1] {
                    match chance.below(3) {
                        0 => drop(files.insert(name, lines.clone())),
                        1 => {
                            let half = lines.len() / 2;
                            let own = files.entry(name).or_default();
                            let rest = own.split_off(half.min(own.len()));
                            *own = lines[..half].iter().cloned().chain(rest).collect();
                        }
                        _ => {}
                    }
                }
                parents.push(other);
            }
        }
        let name = NAMES[chance.below(3)];
        let lines = files.entry(name).or_default();
        if lines.is_empty() {
            lines.extend((0..60).map(|_| line(&mut chance)));
        }
        edit(lines, &mut chance);
        if chance.below(12) == 0
            && let Some(lines) = files.remove("c.txt")
        {
            files.insert("moved/d.txt", lines);
        }
        let _ = writeln!(text, "commit refs/heads/main\nmark :{mark}");
        let author = ["Ann <ann@x>", "Bob <bob@y>"][chance.below(2)];
        let time = 1_700_000_000 + mark * 60;
        let _ = writeln!(
            text,
            "author {author} {time} +0100\ncommitter {author} {time} +0100\ndata 3\nc{:02}",
            mark % 100
        );
        for (place, parent) in parents.iter().enumerate() {
            let _ = writeln!(text, "{} :{parent}", if place == 0 { "from" } else { "merge" });
        }
        text.push_str("deleteall\n");
        let mut names: Vec<_> = files.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            let body: String = files[name].iter().map(|line| format!("{line}\n")).collect();
            let _ = writeln!(text, "M 100644 inline {name}\ndata {}\n{body}", body.len());
        }
        all.push(files);
    }
    text
}

fn project(seed: u64, commits: usize) -> Project {
    let project = Project::new(&[]);
    super::tests::git(&project, &["init", "-q", "-b", "main"]);
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(project.root())
        .stdin(Stdio::piped())
        .spawn()
        .expect("git");
    import.stdin.take().expect("piped").write_all(stream(seed, commits).as_bytes()).expect("written");
    assert!(import.wait().expect("it ends").success());
    super::tests::git(&project, &["reset", "-q", "--hard"]);
    project
}

/// The commit of each line, as git says it.
fn blamed_by_git(project: &Project, name: &str) -> Vec<String> {
    let text = super::tests::git(project, &["blame", "--porcelain", name]);
    let mut found = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0].len() == 40 && words.len() >= 3 && words[1].parse::<usize>().is_ok() {
            found.push(words[0].to_owned());
        }
    }
    found
}

fn blamed_by_us(project: &Project, name: &str) -> Vec<String> {
    let text = project.call("git_blame", json!({ "path": name, "limit": 2_000 }));
    let (mut found, mut last) = (Vec::new(), String::new());
    for line in text.lines() {
        if line.as_bytes().get(6) == Some(&b'\t') {
            found.push(last.clone());
        } else {
            last = line.split(' ').next().expect("a commit").to_owned();
        }
    }
    found
}

#[test]
fn lines_come_from_the_commits_that_git_says() {
    let mut lines = 0;
    for seed in 1..=12 {
        let project = project(seed * 7_919, 120);
        for name in NAMES {
            if project.on_disk(name).is_none() {
                continue;
            }
            let (ours, theirs) = (blamed_by_us(&project, name), blamed_by_git(&project, name));
            assert_eq!(ours.len(), theirs.len(), "seed {seed} {name}");
            let wrong: Vec<_> =
                (0..ours.len()).filter(|line| !theirs[*line].starts_with(&ours[*line])).collect();
            assert!(wrong.is_empty(), "seed {seed} {name}: lines {wrong:?}");
            lines += ours.len();
        }
    }
    assert!(lines > 1_500, "{lines} lines are too few to tell");
}

#[test]
fn commits_are_listed_as_git_lists_them() {
    for seed in 1..=6 {
        let project = project(seed * 104_729, 150);
        for arguments in [
            &[][..],
            &["--", "a.txt"],
            &["--", "deep"],
            &["--", "deep/er/b.txt"],
            &["--", "moved/d.txt"],
            &["--author=bob", "--", "a.txt"],
            &["HEAD~20..HEAD~5"],
            &["HEAD~40..", "--", "a.txt"],
            &["--since=@1700003000", "--", "a.txt"],
        ] {
            let wanted = super::tests::git(&project, &[&["log", "--format=%h"], arguments].concat());
            let mut ours = json!({ "limit": 500 });
            for argument in arguments {
                match argument {
                    &"--" => {}
                    argument if argument.starts_with("--author=") => ours["author"] = json!("BOB"),
                    argument if argument.starts_with("--since=") => continue,
                    argument if argument.contains("..") => ours["rev"] = json!(argument),
                    path => ours["path"] = json!(path),
                }
            }
            if arguments[..].iter().any(|argument| argument.starts_with("--since")) {
                continue;
            }
            let text = project.call("git_log", ours);
            let found: Vec<&str> = text.lines().map(|line| line.split(' ').next().expect("an id")).collect();
            let wanted: Vec<&str> = wanted.lines().collect();
            assert_eq!(
                found,
                if wanted.is_empty() { vec!["no"] } else { wanted },
                "seed {seed} {arguments:?}"
            );
        }
    }
}
