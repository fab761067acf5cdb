//! Every question, answered for people and for programs.

use super::{Project, text};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

/// Each question once, with a part of the table that answers it and the place of the same in JSON.
const QUESTIONS: &[(&[&str], &str, &str, &str)] = &[
    (&["build"], "  symbols        ", "/symbols", ""),
    (
        &["outline", "pkg/store.py"],
        "    save  5  def save(self, item, flush=False)",
        "/symbols/2/name",
        "save",
    ),
    (&["find", "Widg"], "class  Widget  web/widget.ts:1:14  export class Widget", "/hits/0/kind", "class"),
    (&["definition", "pkg/app.py:14:16"], "resolved  function  helper", "/definitions/0/name", "helper"),
    (&["references", "helper"], "resolved  call  pkg/app.py:14:16", "/references/0/certainty", "resolved"),
    (&["callers", "helper"], "1  resolved  App.run", "/calls/0/qualified", "App.run"),
    (&["callees", "App.run"], "Base.save", "/calls/0/name", "save"),
    (&["map", "--budget", "100"], "pkg/store.py:\n", "/symbols/0/path", "pkg/store.py"),
    (
        &["query", "python", "(class_definition name: (_) @c)"],
        "@c  pkg/app.py:6:7",
        "/matches/0/captures/0/name",
        "c",
    ),
    (&["text", "-F", "flush=True"], "pkg/app.py:13:", "/hits/0/path", "pkg/app.py"),
    (&["text", "--count", "def"], "pkg/app.py:3", "/files/0/path", "pkg/app.py"),
];

#[test]
fn every_question_has_a_table_and_json() {
    let project = Project::new();
    for (arguments, wanted, pointer, value) in QUESTIONS {
        let table = project.ask(arguments);
        assert!(table.contains(wanted), "{arguments:?}:\n{table}");
        assert!(
            table.ends_with('\n') && !table.contains(" \n") && !table.contains('\x1b'),
            "{arguments:?}:\n{table}"
        );
        let json = project.json(arguments);
        let found = json.pointer(pointer).unwrap_or_else(|| panic!("{arguments:?}: {json:#}"));
        assert!(value.is_empty() && found.is_u64() || found == value, "{arguments:?}: {json:#}");
        let uncached = project.json(&[&["--no-cache"][..], arguments].concat());
        if arguments[0] != "build" {
            assert_eq!(uncached, json, "{arguments:?}");
        }
    }
}

#[test]
fn build_says_what_it_found() {
    let project = Project::new();
    project.write("logo.png", b"\x89PNG\0\0binary");
    project.write("big.py", &b"x = 1\n".repeat(500_000));
    project.write(".gitignore", b"");
    project.write(".ignore", b"ignored.py\n");
    project.write("ignored.py", b"def ignored(): pass\n");
    let report = project.json(&["build"]);
    assert_eq!(report["skipped"]["binary"], 1);
    assert_eq!(report["skipped"]["tooLarge"], 1);
    assert_eq!(report["files"], 8);
    assert_eq!(report["parsed"], 5);
    assert!(report["symbols"].as_u64() > Some(8), "{report}");
    assert!(report["references"].as_u64() > Some(15), "{report}");
    assert!(report["indexBytes"].as_u64() > Some(500), "{report}");
    assert_eq!(project.json(&["build"])["read"]["files"], 0, "nothing changed");
    let human = project.ask(&["build"]);
    for wanted in ["files", "symbols", "references", "peak memory", "index on disk", "1 binary"] {
        assert!(human.contains(wanted), "{human}");
    }
    assert_eq!(project.run(&["find", "ignored"]).status.code(), Some(1));
}

#[test]
fn questions_are_answered_for_people() {
    let project = Project::new();
    let outline = project.ask(&["outline", "pkg/app.py"]);
    assert!(
        outline.contains("class        App") && outline.contains("def run(self, count=LIMIT)"),
        "{outline}"
    );
    let found = project.ask(&["find", "app.run"]);
    assert!(found.starts_with("method  App.run  pkg/app.py:12:9"), "{found}");
    let defined = project.ask(&["definition", "pkg/app.py:13:21"]);
    assert!(defined.starts_with("resolved  method  Base.save  pkg/store.py:5:9"), "{defined}");
    let keyword = project.ask(&["definition", "pkg/app.py:13:34"]);
    assert!(keyword.contains("flush") && keyword.contains("pkg/store.py:5:26"), "{keyword}");
    let module = project.ask(&["definition", "pkg/app.py:3:12"]);
    assert!(module.contains("module") && module.contains("pkg/store.py"), "{module}");
    let alias = project.ask(&["definition", "pkg/app.py:9:31"]);
    assert!(alias.contains("class  Store  pkg/store.py:9:7"), "{alias}");
    let member = project.ask(&["definition", "web/show.ts:4:12"]);
    assert!(member.starts_with("resolved  method  Widget.render  web/widget.ts:3:3"), "{member}");
    let callers = project.ask(&["callers", "helper"]);
    assert!(callers.contains("App.run") && callers.contains("resolved"), "{callers}");
    let callees = project.ask(&["callees", "App.run"]);
    assert!(callees.contains("Base.save") && callees.contains("helper"), "{callees}");
    let references = project.ask(&["references", "Store"]);
    assert!(references.contains("resolved  import") && references.contains("App.__init__"), "{references}");
    let map = project.ask(&["map", "--budget", "200", "--focus", "pkg/app.py"]);
    assert!(map.contains("pkg/store.py:\n") && map.len() <= 800, "{map}");
    let matched = project.ask(&["query", "python", "(class_definition name: (identifier) @name)"]);
    assert_eq!(matched.lines().count(), 3, "{matched}");
    assert_eq!(project.ask(&["text", "LIMIT = "]), "pkg/store.py:1:LIMIT = 3\n");
}

#[test]
fn json_has_ranges_in_bytes_and_in_utf16() {
    let project = Project::new();
    project.write("astral.py", "s = '𝒳𝒳'; é = s\r\nclass Nach(object): pass\r\n".as_bytes());
    let defined = project.json(&["definition", "astral.py:1:17"]);
    let definition = &defined["definitions"][0];
    assert_eq!(definition["name"], "s");
    assert_eq!(definition["certainty"], "resolved");
    let hit = project.json(&["find", "é"]);
    let range = &hit["hits"][0]["nameRange"];
    assert_eq!((&range["line"], &range["column"]), (&1.into(), &13.into()), "{range}");
    assert_eq!(range["start"], 16, "{range}");
    let class = project.json(&["find", "Nach", "--kind", "class"]);
    assert_eq!(class["hits"][0]["nameRange"]["line"], 2);
}

#[test]
fn filters_and_roots() {
    let project = Project::new();
    assert!(project.ask(&["find", "s", "--lang", "typescript"]).lines().all(|line| line.contains("web/")));
    assert!(project.ask(&["find", "s", "--path", "pkg"]).lines().all(|line| line.contains("pkg/")));
    assert!(project.ask(&["find", "s", "--path", "*.ts"]).lines().all(|line| line.contains("web/")));
    let inside = project.run_in(&project.root.path().join("pkg"), &["find", "Widget"]);
    assert!(text(&inside.stdout).contains("web/widget.ts"), "the root is the project above the folder");
    let elsewhere =
        project.run_in(Path::new("/"), &["-C", &project.root.path().to_string_lossy(), "find", "Widget"]);
    assert!(text(&elsewhere.stdout).contains("web/widget.ts"));
    let uncached = Project::new();
    assert!(uncached.ask(&["--no-cache", "find", "Widget"]).contains("web/widget.ts"));
    assert!(fs::read_dir(uncached.cache.path()).expect("read").next().is_none(), "nothing is kept");
}

#[test]
fn a_partial_answer_says_so() {
    let project = Project::new();
    let output = project.run(&["--partial", "find", "Store"]);
    assert!(text(&output.stdout).contains("pkg/store.py:9:7"));
    assert!(text(&output.stderr).contains("partial answer"), "{}", text(&output.stderr));
    project.ask(&["build"]);
    assert_eq!(text(&project.run(&["--partial", "find", "Store"]).stderr), "");
}

#[test]
fn changes_are_seen_and_unchecked_answers_never_quote_changed_text() {
    let project = Project::new();
    project.ask(&["build"]);
    project.write("pkg/store.py", b"\n\nclass Renamed: pass\n");
    fs::remove_file(project.root.path().join("web/show.ts")).expect("remove");
    assert_eq!(project.run(&["--unchecked", "find", "Base"]).status.code(), Some(1));
    assert!(project.ask(&["find", "Renamed"]).contains("pkg/store.py:3:7"));
    assert_eq!(project.run(&["find", "show"]).status.code(), Some(1));
    assert_eq!(project.run(&["find", "Base"]).status.code(), Some(1));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let project = Project::new();
    project.write("long.txt", &b"a line that is long enough to fill a pipe\n".repeat(20_000));
    for arguments in
        [&["text", "line", "--limit", "100000"][..], &["text", "line", "--limit", "100000", "--json"]]
    {
        let mut child = project
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
        reader.read_line(&mut line).expect("there is a line");
        drop(reader);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{line}");
    }
}

#[test]
fn a_folder_without_a_project_is_its_own_root() {
    let project = Project::new();
    let bare = tempfile::tempdir().expect("folder");
    fs::write(bare.path().join("only.py"), "def alone(): pass\n").expect("write");
    let found = project.run_in(bare.path(), &["find", "alone"]);
    assert!(text(&found.stdout).starts_with("function  alone  only.py:1:5"), "{found:?}");
    let map = project.run_in(bare.path(), &["map"]);
    assert_eq!(text(&map.stdout), "only.py:\n  def alone()\n");
    fs::remove_file(bare.path().join("only.py")).expect("remove");
    let nothing = project.run_in(bare.path(), &["map"]);
    assert_eq!((nothing.status.code(), nothing.stderr.len()), (Some(1), 0));
    assert!(text(&nothing.stdout).contains("nothing to map"), "{nothing:?}");
    assert_eq!(project.run_in(bare.path(), &["build"]).status.code(), Some(0));
}
