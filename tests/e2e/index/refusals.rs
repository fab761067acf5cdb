//! What cannot be answered: the message names the thing and the next step, and nothing else is printed.

use super::{Project, text};

/// Arguments, the exit code, and a part of the message.
const REFUSALS: &[(&[&str], i32, &str)] = &[
    (&["outline", "nowhere.py"], 1, "`nowhere.py` is not there; paths are looked up below `"),
    (&["outline", "pkg"], 1, "`pkg` is a folder; name a file in it"),
    (&["outline", "ignored.py"], 1, "`ignored.py` is ignored, or has been left out"),
    (&["outline"], 2, "<FILE>"),
    (&["definition", "pkg/app.py"], 1, "is not FILE:LINE:COLUMN"),
    (&["definition", "pkg/app.py:0:1"], 1, "with numbers from 1"),
    (&["definition", "pkg/app.py:99:1"], 1, "has 19 lines, so none at 99"),
    (
        &["definition", "pkg/app.py:13:99"],
        1,
        "line 13 of `pkg/app.py` ends at column 43, so there is none at 99",
    ),
    (&["definition", "pkg/app.py:99999999999:1"], 1, "is not FILE:LINE:COLUMN"),
    (&["definition", "big.py:1:1"], 1, "`big.py` is larger than --max-file-size"),
    (&["references", "no_such_name"], 1, "no symbol `no_such_name`; look for it with `find`"),
    (&["references", "pkg/app.py:6:1"], 1, "no name with a known definition stands at `pkg/app.py:6:1`"),
    (&["callers", "no_such_name"], 1, "no symbol `no_such_name`"),
    (&["callees", "pkg/app.py:99:1"], 1, "has 19 lines"),
    (&["callers", "helper", "--depth", "0"], 2, "0 is not in 1..=16"),
    (&["query", "python", "(nonsense)"], 1, "column 2 of the query: python has no node `nonsense`"),
    (&["query", "python", "(module)"], 1, "nothing is captured; write `@name`"),
    (&["query", "cobol", "(a)"], 2, "one of: python, typescript"),
    (&["find", "x", "--kind", "thing"], 2, "one of: module, namespace"),
    (&["find", "x", "--lang", "klingon"], 2, "one of: python, typescript"),
    (&["find", "x", "--limit", "0"], 2, "0 is not in 1..=10000"),
    (&["find", "x", "--path", "a["], 1, "`a[` is not a path or glob"),
    (&["map", "--focus", "nothing_like_it"], 1, "`nothing_like_it` names no source file, folder or symbol"),
    (
        &["map", "--focus", "pkg", "--focus", "pkg", "--focus", "no/such.py"],
        1,
        "`no/such.py` names no source file",
    ),
    (&["map", "--focus", "pyproject.toml"], 1, "`pyproject.toml` names no source file"),
    (&["map", "--budget", "0"], 2, "0 is not in 1..=1000000"),
    (&["text", "a("], 1, "is not a regular expression"),
    (&["text", "a", "--context", "101"], 2, "101 is not in 0..=100"),
    (&["-C", "pkg/app.py", "find", "x"], 1, "is not a folder that can be read"),
    (&["-C", "/no/such/folder", "find", "x"], 1, "`/no/such/folder` is not a folder"),
    (&["-C", "pkg", "build", "web"], 1, "both name a root; give one"),
    (&["build", "nowhere"], 1, "`nowhere` is not a folder"),
    (&["--unchecked", "--no-cache", "find", "x"], 2, "cannot be used with"),
    (&["fnid", "x"], 2, "unrecognized subcommand 'fnid'"),
];

#[test]
fn bad_input_names_the_thing_and_the_next_step() {
    let project = Project::new();
    project.write(".ignore", b"ignored.py\n");
    project.write("ignored.py", b"def ignored(): pass\n");
    project.write("big.py", &b"x = 1\n".repeat(500_000));
    for (arguments, code, wanted) in REFUSALS {
        for json in [&[][..], &["--json"]] {
            let arguments = [arguments, json].concat();
            let (found, message) = project.refusal(&arguments);
            assert_eq!(found, Some(*code), "{arguments:?}: {message}");
            assert!(message.contains(wanted), "{arguments:?}: {message}");
        }
    }
    let outside = tempfile::NamedTempFile::new().expect("file");
    let (code, message) = project.refusal(&["outline", &outside.path().to_string_lossy()]);
    assert!(code == Some(1) && message.contains("lies outside of the root"), "{message}");
}

#[test]
fn nothing_found_is_said_and_told_by_the_exit_code() {
    let project = Project::new();
    for (arguments, wanted) in [
        (&["find", "zzzqqq"][..], "no symbol matches `zzzqqq`\n"),
        (&["text", "zzzqqq"], "no line matches `zzzqqq`\n"),
        (&["definition", "pkg/app.py:6:1"], "no name with a known definition stands at pkg/app.py:6:1\n"),
        (&["query", "rust", "(line_comment) @c"], "no match\n"),
    ] {
        let nothing = project.run(arguments);
        assert_eq!((nothing.status.code(), text(&nothing.stdout).as_str()), (Some(1), wanted));
        let json = project.run(&[arguments, &["--json"]].concat());
        assert_eq!((json.status.code(), text(&json.stderr).as_str()), (Some(1), ""));
        serde_json::from_slice::<serde_json::Value>(&json.stdout).expect("an empty answer is JSON too");
    }
}

#[test]
fn files_without_symbols_say_why() {
    let project = Project::new();
    project.write("binary.py", b"\0\0");
    project.write("empty.py", b"");
    project.write("big.py", &b"x = 1\n".repeat(500_000));
    for (file, wanted) in [
        ("binary.py", "binary.py is binary"),
        ("empty.py", "empty.py defines nothing"),
        ("big.py", "big.py is larger than --max-file-size"),
        ("pyproject.toml", "pyproject.toml is in no language that is parsed"),
    ] {
        let outline = project.ask(&["outline", file]);
        assert!(outline.starts_with(wanted), "{outline}");
    }
}

#[cfg(unix)]
#[test]
fn a_machine_without_the_usual_folders_is_told_what_to_pass() {
    let project = Project::new();
    let homeless = project
        .command(&["find", "Widget"])
        .env_remove("XDG_CACHE_HOME")
        .env_remove("HOME")
        .output()
        .expect("the binary starts");
    assert_eq!(homeless.status.code(), Some(1));
    assert!(
        text(&homeless.stderr).contains("set `XDG_CACHE_HOME` or `HOME`, or pass --no-cache"),
        "{homeless:?}"
    );
    let gone =
        project.run_through("mkdir gone && cd gone && rmdir ../gone && exec \"$0\" \"$@\"", &["find", "x"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone.stderr).contains("cannot tell the current folder; pass -C DIR"), "{gone:?}");
}
