//! `devtoolkit-index`, as a person and as a program meet it.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const APP: &str = "\"\"\"The app.\"\"\"\nfrom .store import Store as S, LIMIT\nimport pkg.store\n\n\nclass App:\n    \"\"\"Runs everything.\"\"\"\n\n    def __init__(self, store: S):\n        self.store = store\n\n    def run(self, count=LIMIT):\n        self.store.save(count, flush=True)\n        return helper(self)\n\n\ndef helper(app):\n    return app.unknown()\n";
const STORE: &str = "LIMIT = 3\n\n\nclass Base:\n    def save(self, item, flush=False):\n        \"\"\"Keeps an item.\"\"\"\n\n\nclass Store(Base):\n    pass\n";
const WEB: &str = "import { Widget } from './widget.js';\n/** Shows a widget. */\nexport function show(widget: Widget): void {\n  widget.render();\n}\n";
const WIDGET: &str = "export class Widget {\n  /** Draws it. */\n  render(): void {}\n}\n";

/// A project of its own with a cache of its own.
struct Project {
    root: TempDir,
    cache: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self { root: TempDir::new().expect("folder"), cache: TempDir::new().expect("folder") };
        for (path, text) in [
            ("pkg/__init__.py", ""),
            ("pkg/app.py", APP),
            ("pkg/store.py", STORE),
            ("web/show.ts", WEB),
            ("web/widget.ts", WIDGET),
            ("pyproject.toml", "[project]\nname = 'p'\n"),
        ] {
            project.write(path, text.as_bytes());
        }
        project
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().expect("files lie in folders")).expect("create");
        fs::write(path, bytes).expect("write");
    }

    fn run_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        Command::new(e2e_tests::binary::devtoolkit_index())
            .args(arguments)
            .current_dir(folder)
            .env("XDG_CACHE_HOME", self.cache.path())
            .output()
            .expect("the binary starts")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(self.root.path(), arguments)
    }

    /// What a question prints, with exit code 0 and nothing on standard error.
    fn ask(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.ask(&arguments)).expect("the answer is JSON")
    }

    /// The exit code and the message of a question that cannot be answered.
    fn refusal(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.run(arguments);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        (output.status.code(), text(&output.stderr))
    }

    /// Files of the stored index.
    fn stored(&self) -> Vec<PathBuf> {
        let index = self.cache.path().join("devtoolkit/index");
        let roots = fs::read_dir(index).expect("an index is stored").flatten();
        let files = roots.flat_map(|root| fs::read_dir(root.path()).expect("read").flatten());
        files
            .map(|file| file.path())
            .filter(|file| !file.ends_with("lock") && !file.ends_with("writing"))
            .collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// One answer to each kind of question, which together touch every part of the index.
fn everything(project: &Project) -> String {
    [
        &["find", "save"][..],
        &["find", "wid"],
        &["outline", "pkg/app.py"],
        &["definition", "pkg/app.py:13:21"],
        &["references", "Base.save"],
        &["text", "def \\w+"],
        &["map", "--budget", "300"],
    ]
    .iter()
    .map(|arguments| project.ask(&[arguments, &["--json"][..]].concat()))
    .collect()
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
fn bad_input_names_the_thing_and_the_next_step() {
    let project = Project::new();
    for (arguments, code, wanted) in [
        (&["outline", "nowhere.py"][..], 1, "`nowhere.py` is not there"),
        (&["definition", "pkg/app.py"], 1, "is not FILE:LINE:COLUMN"),
        (&["definition", "pkg/app.py:0:1"], 1, "with numbers from 1"),
        (&["definition", "pkg/app.py:99:1"], 1, "has 19 lines, so none at 99"),
        (&["references", "no_such_name"], 1, "no symbol `no_such_name`; look for it with `find`"),
        (&["query", "python", "(nonsense)"], 1, "column 2 of the query: python has no node `nonsense`"),
        (&["query", "cobol", "(a)"], 2, "one of: python, typescript"),
        (&["find", "x", "--kind", "thing"], 2, "one of: module, namespace"),
        (&["map", "--focus", "nothing_like_it"], 1, "names no file, folder or symbol"),
        (&["text", "a("], 1, "is not a regular expression"),
        (&["-C", "pkg/app.py", "find", "x"], 1, "is not a folder that can be read"),
        (&["-C", "/no/such/folder", "find", "x"], 1, "`/no/such/folder` is not a folder"),
        (&["find", "x", "--path", "a["], 1, "`a[` is not a path or glob"),
    ] {
        let (found, message) = project.refusal(arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {message}");
        assert!(message.contains(wanted), "{arguments:?}: {message}");
    }
    let nothing = project.run(&["find", "zzzqqq"]);
    assert_eq!(
        (nothing.status.code(), text(&nothing.stdout).as_str()),
        (Some(1), "no symbol matches `zzzqqq`\n")
    );
}

#[test]
fn hostile_files_are_indexed_as_far_as_they_go() {
    let project = Project::new();
    for end in ["py", "ts", "tsx", "js", "rs", "go", "java", "c", "cpp"] {
        project.write(&format!("deep.{end}"), &[b"(".repeat(100_000), b"\n".to_vec()].concat());
        project.write(&format!("long.{end}"), &[b"x".repeat(1_000_000), b"\n".to_vec()].concat());
        project.write(&format!("empty.{end}"), b"");
        project.write(&format!("bytes.{end}"), &[0xff, 0xfe, 0x80, b'\n', 0xc3]);
    }
    project.write("latin.py", b"# \xe9t\xe9\r\ndef after_latin():\r\n    pass\r\n");
    project.write("bom.py", b"\xef\xbb\xbfdef after_bom(): pass\n");
    project.write("broken.py", b"def (:\n  class\ndef still_found(): pass\n");
    project.write("huge.py", &b"y = 1\n".repeat(8_500_000));
    #[cfg(unix)]
    std::os::unix::fs::symlink(project.root.path(), project.root.path().join("loop")).expect("link");
    let report = project.json(&["build"]);
    assert_eq!(report["skipped"]["tooLarge"], 1);
    assert!(report["withSyntaxErrors"].as_u64() >= Some(9), "{report}");
    for name in ["after_latin", "after_bom", "still_found"] {
        assert!(project.ask(&["find", name]).contains("def "), "{name}");
    }
    assert!(project.ask(&["find", "after_bom"]).contains("bom.py:1:5"));
}

#[test]
fn a_damaged_index_is_built_anew_and_never_answers_wrongly() {
    let project = Project::new();
    project.ask(&["build"]);
    let expected = everything(&project);
    let originals: Vec<(PathBuf, Vec<u8>)> =
        project.stored().into_iter().map(|file| (file.clone(), fs::read(file).expect("read"))).collect();
    assert!(originals.len() >= 2, "a head and a segment");
    let restore = || {
        for file in project.stored() {
            fs::remove_file(file).expect("remove");
        }
        for (file, bytes) in &originals {
            fs::write(file, bytes).expect("write");
        }
    };
    for (file, bytes) in &originals {
        for step in 0..12 {
            let at = bytes.len() * step / 12;
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x41;
            for damaged in [flipped, bytes[..at].to_vec()] {
                restore();
                fs::write(file, &damaged).expect("write");
                let answers: Vec<Output> = ["find", "outline", "references", "text"]
                    .iter()
                    .zip(["save", "pkg/app.py", "Base.save", "def \\w+"])
                    .map(|(command, argument)| project.run(&[command, argument, "--json"]))
                    .collect();
                for answer in answers {
                    assert_eq!(answer.status.code(), Some(0), "byte {at} of {}: {answer:?}", file.display());
                    assert!(expected.contains(&text(&answer.stdout)), "byte {at} of {}", file.display());
                }
            }
        }
    }
}

#[test]
fn many_processes_share_one_index() {
    let project = Project::new();
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..6).map(|_| scope.spawn(|| project.ask(&["find", "Widget"]))).collect();
        for asked in asked {
            assert!(asked.join().expect("no panic").contains("web/widget.ts"));
        }
    });
}
