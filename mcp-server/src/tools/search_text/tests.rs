//! Searches before and after the index is warm, against ripgrep's own libraries and program.

use super::candidates::{indexed, walked};
use crate::commands::Commands;
use crate::sandbox::{Machine, Sandbox};
use crate::symbols::Symbols;
use crate::tool::{Cancel, ToolContext};
use crate::tools::fixture::Project;
use crate::workspace::RelPath;
use arc_swap::ArcSwap;
use devtoolkit_index::text::{Case, TextQuery};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::sync::Arc;

/// A tree with everything that a search may come upon.
fn project() -> Project {
    let project = Project::new(&[
        (".gitignore", "target/\n*.log\n!keep.log\n"),
        (".git/HEAD", "needle\n"),
        (".hidden/x.txt", "needle\n"),
        ("src/main.rs", "fn main() {\n    needle();\n}\n\nfn other() {\n    Needle\n}\n"),
        ("src/a/b.rs", "one\ntwo\nneedle\nfour\nneedle needle\n"),
        ("src-x.rs", "needle\r\nno\r\n"),
        ("src/.ignore", "skipped.rs\n"),
        ("src/skipped.rs", "needle\n"),
        ("target/x.rs", "needle\n"),
        ("x.log", "needle\n"),
        ("keep.log", "needle\n"),
        ("long.js", &format!("{}needle{}\n", "x".repeat(3_000), "y".repeat(3_000))),
    ]);
    project.write("binary", b"needle\n\0needle\n");
    project.write("utf16.txt", b"\xff\xfen\0e\0e\0d\0l\0e\0\n\0");
    project.write("latin1.txt", b"\xe9 needle\n");
    project
}

#[track_caller]
fn check(arguments: Value, reply: Expect) {
    let project = project();
    let cold = project.call("search_text", arguments.clone());
    reply.assert_eq(&cold);
    project.indexed();
    assert_eq!(project.call("search_text", arguments), cold, "the index finds something else");
}

#[test]
fn lines_are_found_as_ripgrep_finds_them() {
    check(
        json!({ "query": "needle" }),
        expect![[r#"
        keep.log
        1: needle
        latin1.txt
        1: � needle
        long.js
        1: …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxneedleyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
        src-x.rs
        1: needle
        src/a/b.rs
        3: needle
        5: needle needle
        src/main.rs
        2:     needle();
        utf16.txt
        1: needle
        (8 matching lines in 7 files)"#]],
    );
    check(
        json!({ "query": "NEEDLE\\(", "ignore_case": true, "context": 1 }),
        expect![[r#"
        src/main.rs
        1- fn main() {
        2:     needle();
        3- }
        (1 matching line in 1 file)"#]],
    );
    check(
        json!({ "query": "needle()", "literal": true, "path": "src" }),
        expect![[r#"
        src/main.rs
        2:     needle();
        (1 matching line in 1 file)"#]],
    );
    check(
        json!({ "query": "needle", "glob": "*.rs", "count": true }),
        expect![[r#"
        src-x.rs: 1
        src/a/b.rs: 2
        src/main.rs: 1
        (4 matching lines in 3 files)"#]],
    );
}

#[test]
fn what_is_named_is_searched_and_what_is_wrong_is_told() {
    check(
        json!({ "query": "needle", "path": "target" }),
        expect![[r#"
        target/x.rs
        1: needle
        (1 matching line in 1 file)"#]],
    );
    check(
        json!({ "query": "needle", "path": "x.log" }),
        expect![[r#"
        x.log
        1: needle
        (1 matching line in 1 file)"#]],
    );
    check(json!({ "query": "nothing" }), expect!["(0 matching lines in 0 files)"]);
    check(
        json!({ "query": "a(" }),
        expect![
            "error: `a(` is not a regular expression: unclosed group, at character 2; escape what is meant literally, or search for the whole as literal text"
        ],
    );
}

#[test]
fn long_answers_come_in_parts() {
    check(
        json!({ "query": "needle", "path": "src", "limit": 2 }),
        expect![[r#"
        src/a/b.rs
        3: needle
        5: needle needle
        (2 matching lines in 1 file; more follow; ask with offset 2)"#]],
    );
    check(
        json!({ "query": "needle", "path": "src", "limit": 2, "offset": 2 }),
        expect![[r#"
        src/main.rs
        2:     needle();
        (1 matching line in 1 file)"#]],
    );
    check(
        json!({ "query": "needle", "path": "src", "offset": 9 }),
        expect!["(0 matching lines in 0 files; offset 9 is past the end)"],
    );
    check(
        json!({ "query": "needle", "count": true, "limit": 1 }),
        expect![[r#"
        keep.log: 1
        (8 matching lines in 7 files; 6 more; ask with offset 1)"#]],
    );
}

#[test]
fn staged_texts_are_searched_and_what_they_hide_is_not() {
    let project = project();
    project.indexed();
    let edits = json!([{ "old": "needle\nfour", "new": "pin\nfour" }]);
    project.call("edit_file", json!({ "path": "src/a/b.rs", "edits": edits }));
    project.call("write_file", json!({ "path": "target/new.rs", "content": "a needle\n" }));
    project.call("write_file", json!({ "path": "src/main.rs", "content": "nothing\n" }));
    for path in [".", "src", "target"] {
        let context = context(&project);
        let (walked, _) = walked(&context, &RelPath::parse(path).unwrap()).unwrap();
        assert!(path == "src" || walked.contains(&RelPath::parse("target/new.rs").unwrap()), "{walked:?}");
        let reply = project.call("search_text", json!({ "query": "needle", "path": path, "glob": "*.rs" }));
        assert!(!reply.contains("src/main.rs"), "{reply}");
        assert!(path == "target" || reply.contains("src/a/b.rs\n5: needle needle\n"), "{reply}");
        assert!(path == "src" || reply.contains("target/new.rs\n1: a needle\n"), "{reply}");
    }
}

fn query(pattern: &str, insensitive: bool, around: usize) -> TextQuery {
    TextQuery {
        pattern: pattern.to_owned(),
        case: if insensitive { Case::Insensitive } else { Case::Sensitive },
        before: around,
        after: around,
        ..TextQuery::default()
    }
}

fn context(project: &Project) -> ToolContext {
    let snapshot = project.handle.snapshot();
    let symbols = Arc::new(Symbols::start(snapshot.roots().clone(), None));
    let commands = Arc::new(Commands::new(Sandbox::new(Machine::default()), "/".into()));
    ToolContext {
        snapshot,
        symbols,
        commands,
        agreed: false,
        shown: Arc::new(ArcSwap::from_pointee(project.handle.snapshot())),
        cancel: Cancel::default(),
        progress: Box::new(|_| ()),
    }
}

#[test]
fn the_index_leaves_out_only_what_cannot_match() {
    let project = project();
    let context = context(&project);
    while !context.symbols.all().is_some_and(|all| all[0].knows_all()) {
        std::thread::yield_now();
    }
    for folder in [".", "src", "src/a"] {
        let folder = RelPath::parse(folder).unwrap();
        let (all, _) = walked(&context, &folder).unwrap();
        let some = indexed(&context, &folder, &query("needle", false, 0).compile().unwrap()).unwrap();
        assert!(!some.is_empty() && some.iter().all(|path| all.contains(path)), "{some:?} of {all:?}");
        let every = indexed(&context, &folder, &query("", false, 0).compile().unwrap()).unwrap();
        assert_eq!(every, all);
    }
    for ignored in ["target", ".hidden"] {
        let compiled = query("needle", false, 0).compile().unwrap();
        assert!(indexed(&context, &RelPath::parse(ignored).unwrap(), &compiled).is_none());
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "ripgrep itself is asked where there is one")]
fn hits_are_those_of_the_program() {
    let project = project();
    for warm in [false, true] {
        if warm {
            project.indexed();
        }
        for (pattern, insensitive, around) in [
            ("needle", false, 0),
            ("needle", true, 1),
            ("^n", false, 2),
            ("[a-z]{3}\\(", false, 0),
            ("e", true, 0),
        ] {
            let mut rg = std::process::Command::new("rg");
            rg.args(["--no-config", "-n", "--json", "--sort", "path", "-C"]);
            rg.arg(around.to_string()).args(if insensitive { vec!["-i"] } else { Vec::new() });
            rg.args(["-e", pattern, "./"]).current_dir(project.root());
            let Ok(output) = rg.output() else { return };
            let messages = String::from_utf8_lossy(&output.stdout).into_owned();
            let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let lines = messages.filter(|message| message["type"] == "match" || message["type"] == "context");
            let mut theirs: Vec<String> = lines
                .map(|line| {
                    let path = line["data"]["path"]["text"].as_str().unwrap().trim_start_matches("./");
                    format!("{path} {}", line["data"]["line_number"])
                })
                .collect();
            // The order is by names there, by paths here.
            theirs.sort();
            let arguments = json!({ "query": pattern, "ignore_case": insensitive, "context": around });
            let reply = project.call("search_text", arguments);
            let mut path = "";
            let mut ours = Vec::new();
            for line in reply.lines().filter(|line| *line != "--" && !line.starts_with('(')) {
                match line.split_once([':', '-']).filter(|(number, _)| number.parse::<u64>().is_ok()) {
                    Some((number, _)) => ours.push(format!("{path} {number}")),
                    None => path = line,
                }
            }
            ours.sort();
            assert_eq!(ours, theirs, "{pattern} warm: {warm}\n{reply}");
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_passed_over_and_what_is_too_large_is_told() {
    let project = Project::new(&[("a.txt", "needle\n")]);
    let root = project.root();
    std::os::unix::fs::symlink("/dev/zero", root.join("zero")).unwrap();
    std::os::unix::fs::symlink("/etc", root.join("etc")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    project.sparse("sparse.bin", 50 << 30);
    let search = || project.call("search_text", json!({ "query": "needle" }));
    let wanted = "a.txt\n1: needle\n(1 matching line in 1 file; not searched, over 16 MiB: `sparse.bin`)";
    assert_eq!(search(), wanted);
    project.indexed();
    assert_eq!(search(), wanted);
}

#[test]
fn a_cancelled_search_ends() {
    let project = project();
    let context = context(&project);
    context.cancel.set();
    let search: super::SearchText = serde_json::from_value(json!({ "query": "needle" })).unwrap();
    assert!(matches!(crate::tool::Tool::run(search, &context), Err(crate::tool::ToolError::Cancelled)));
}

#[test]
fn patterns_that_would_take_all_memory_are_refused_soon() {
    let project = Project::new(&[("a", "aaaa")]);
    for pattern in ["((a{100}){100}){100}", "(\\pL{200}){200}", "(x+x+)+y", "(a|aa)+$"] {
        let started = std::time::Instant::now();
        project.call("search_text", json!({ "query": pattern }));
        assert!(started.elapsed().as_secs() < 5, "{pattern}: {:?}", started.elapsed());
    }
}
