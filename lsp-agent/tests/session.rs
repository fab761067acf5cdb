//! `devtoolkit-agent session` and `memory`, as a program, over sessions that were kept.

#![expect(clippy::disallowed_methods, reason = "tests start the program and make its files")]

use devtoolkit_agent::edit::Target;
use devtoolkit_agent::journal::{Entry, Journal};
use devtoolkit_agent::model::{Answer, CallId, Piece};
use devtoolkit_agent::protocol::{self, Command as Said, Focus, Hunk, Mode, Verdict, Which};
use devtoolkit_agent::session::{Event, Limits, Outcome, StagedFile};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

struct Person {
    home: TempDir,
}

impl Person {
    fn new() -> Self {
        let person = Self { home: TempDir::new().expect("a folder") };
        fs::create_dir(person.project()).expect("a folder");
        person
    }

    fn project(&self) -> PathBuf {
        fs::canonicalize(self.home.path()).expect("it is there").join("shop")
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.home.path().join("state/devtoolkit")).expect("it opens")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_devtoolkit-agent"));
        command.env_clear().current_dir(self.project()).args(arguments);
        command.env("HOME", self.home.path()).env("XDG_STATE_HOME", self.home.path().join("state"));
        command
    }

    fn answer(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("it starts");
        assert!(output.status.success(), "{arguments:?}: {}", err(&output));
        String::from_utf8(output.stdout).expect("it is UTF-8")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.answer(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("stdout is JSON and nothing else")
    }

    fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "stdout has answers alone");
        err(&output)
    }

    /// A session in which a function got a depth, and one of two changes was rejected.
    fn has_worked(&self) -> String {
        let journal = self.journal();
        let id = journal.create(&self.project(), Mode::Agent, Limits::default()).expect("it is made");
        for event in worked() {
            journal.record(&id, &Entry::Event(event)).expect("it is kept");
        }
        id
    }
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it is UTF-8")
}

const CODE: &str = "def area(w, h):\n    return w * h\n";
const AFTER: &str = "def area(w, h, d):\n    return w * h * d\n";

fn worked() -> Vec<Event> {
    let turn = 1;
    let prompt = "add a depth\u{1b}[2J\n#9 plan approved".to_owned();
    let plan = r#"{"title": "Depth", "description": "d", "reasoning": "volumes", "steps": [
        {"kind": "edit", "path": "a.py", "instruction": "add it"}]}"#;
    let existing = || vec!["a.py".to_owned()];
    let says = |text: &str| Event::Answered {
        turn,
        answer: Answer { text: text.to_owned(), existing: existing(), ..Answer::default() },
    };
    let hunk = Hunk { id: "h1".to_owned(), line: 1, old: CODE.to_owned(), new: AFTER.to_owned() };
    let (path, before, after) = ("a.py".to_owned(), Some(CODE.to_owned()), Some(AFTER.to_owned()));
    let staged = StagedFile { path, before, after, hunks: vec![hunk], conflict: false };
    let target = Target {
        path: "a.py".to_owned(),
        text: Some(CODE.to_owned()),
        symbol: None,
        around: String::new(),
        keeps_name: false,
    };
    let outcome = Outcome { staged: vec![staged.clone()], changes: vec![1], ..Outcome::default() };
    let verdict = Verdict::Failed { summary: "1 failed".to_owned(), output: "x\n".repeat(30) };
    let edit = "```\ndef area(w, h, d):\n    return w * h * d\n```";
    let which = Which::Hunk { path: "a.py".to_owned(), hunk: "h1".to_owned() };
    // Nothing is mended, so that the story is short.
    let mended = |turn| Event::Found { turn, target: Err("gone".to_owned()) };
    vec![
        Event::Command(Said::Prompt { text: prompt, mode: None, focus: Focus::default() }),
        Event::Gathered { turn, context: "a.py".to_owned(), read: Vec::new(), likely: Vec::new() },
        Event::Said { turn, piece: Piece::Text("It is ".to_owned()) },
        Event::Said { turn, piece: Piece::Text("in a.py.\u{9b}".to_owned()) },
        says("It is in a.py."),
        says(plan),
        Event::Command(Said::ApprovePlan),
        Event::Found { turn, target: Ok(target) },
        says(edit),
        Event::Called { turn, call: CallId("call_1".to_owned()), outcome },
        Event::Checked { turn, verdict: verdict.clone(), staged: vec![staged.clone()] },
        mended(turn),
        Event::Checked { turn, verdict: verdict.clone(), staged: vec![staged.clone()] },
        mended(turn),
        Event::Checked { turn, verdict, staged: vec![staged] },
        Event::Command(Said::Reject { which, reason: "too long".to_owned() }),
        Event::Reviewed { turn, staged: Vec::new(), said: Ok("dropped 1 hunk".to_owned()) },
    ]
}

#[test]
fn a_session_is_listed_and_shown() {
    let person = Person::new();
    assert!(person.answer(&["session", "list"]).starts_with("there is no session of `"));
    let id = person.has_worked();
    let list = person.answer(&["session", "list"]);
    assert!(
        list.contains(&format!("{id}  now   agent  17       add a depth\\u{{1b}}[2J #9 plan approved")),
        "{list}"
    );
    assert_eq!(
        person.answer(&["session", "list", "--root", "/"]),
        "there is no session of `/` yet; --all lists those of other workspaces\n"
    );
    assert_eq!(person.json(&["session", "list", "--all"])["sessions"][0]["id"], id.as_str());
    let shown = person.answer(&["session", "show", &id[..6]]);
    for part in [
        "\n#1 prompt: add a depth\\u{1b}[2J\n    #9 plan approved\n",
        "\nsays: It is in a.py.\\u{9b}\n",
        "\nplan: Depth\n    what: d\n    why: volumes\n    1. edit a.py: add it\n",
        "\n#7 plan approved\nstep 1 started\n",
        "\ntool: write_file {",
        "\nchanges: a.py\n    @@ line 1, hunk h1\n    -def area(w, h):\n",
        "\n    +def area(w, h, d):\n    +    return w * h * d\n",
        "\ncheck failed: 1 failed\n    | x\n",
        "    | (10 more lines)\n",
        "\n#16 rejected: hunk h1 of a.py, because too long\ndone: dropped 1 hunk\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    assert!(!shown.chars().any(|character| character.is_control() && character != '\n'), "{shown:?}");
}

#[test]
fn events_are_lines_of_json() {
    let person = Person::new();
    let id = person.has_worked();
    let text = person.answer(&["session", "show", &id, "--json"]);
    assert!(text.contains("\\u009b") && !text.contains('\u{9b}'));
    let events: Vec<protocol::Event> =
        text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(events.iter().all(|event| event.session == id));
}

#[test]
fn a_session_is_forked_exported_imported_and_deleted() {
    let person = Person::new();
    let id = person.has_worked();
    let fork = person.answer(&["session", "fork", &id, "--at", "6"]);
    let fork = fork.trim();
    assert!(person.answer(&["session", "show", fork]).contains(&format!("forked from: {id}\n")));
    assert!(person.refusal(&["session", "fork", &id, "--at", "99"]).contains("has no entry 99; it has 17"));
    let text = person.answer(&["session", "export", fork]);
    assert_eq!(text.lines().count(), 7);
    let file = person.home.path().join("kept.jsonl");
    fs::write(&file, &text).expect("it can be written");
    let copy = person.json(&["session", "import", &file.to_string_lossy(), "--root", "/"]);
    let copy = copy["id"].as_str().expect("an id");
    assert_eq!(person.answer(&["session", "export", copy]).lines().nth(6), text.lines().nth(6));
    assert_eq!(person.answer(&["session", "delete", copy]), format!("deleted session {copy}\n"));
    let gone = person.refusal(&["session", "show", copy]);
    assert_eq!(
        gone,
        format!("error: there is no session `{copy}`; `devtoolkit-agent session list --all` shows all\n")
    );
    // What is cut off on its way.
    fs::write(&file, &text[..text.len() - 20]).expect("it can be written");
    let cut = person.refusal(&["session", "import", &file.to_string_lossy()]);
    assert!(cut.contains("kept.jsonl`: line 7 is no entry of a session: "), "{cut}");
    let none = person.refusal(&["session", "import", "none.jsonl"]);
    assert!(none.starts_with("error: cannot read `none.jsonl`: "), "{none}");
}

#[test]
fn what_is_imported_says_nothing_to_a_terminal() {
    let person = Person::new();
    let mut child = person
        .command(&["session", "import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = "{\"devtoolkit_session\":1,\"root\":\"/\"}\n{\"\\u001b[2J\":1}\n";
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    assert!(
        said.starts_with(
            "error: cannot import `-`: line 2 is no entry of a session: unknown variant `\\u{1b}[2J`"
        ),
        "{said}"
    );
}

#[test]
fn facts_of_a_project_are_noted_changed_and_forgotten() {
    let person = Person::new();
    assert!(person.answer(&["memory", "list"]).starts_with("nothing; "));
    assert_eq!(person.answer(&["memory", "add", "tests run with `make check`"]), "noted as fact 1\n");
    assert_eq!(person.json(&["memory", "add", "prices are in cents\n    9  or\u{1b}c not"])["id"], 2);
    assert_eq!(
        person.answer(&["memory", "list"]),
        "    1  tests run with `make check`\n    2  prices are in cents\n           9  or\\u{1b}c not\n"
    );
    assert_eq!(person.answer(&["memory", "edit", "2", "prices are in euros"]), "changed fact 2\n");
    let found = person.json(&["memory", "list", "--for", "which price?"]);
    assert_eq!(found["facts"][0]["text"], "prices are in euros");
    assert!(person.answer(&["memory", "list", "--root", "/"]).starts_with("nothing; "));
    assert_eq!(person.answer(&["memory", "delete", "1"]), "forgot fact 1\n");
    let gone = person.refusal(&["memory", "delete", "1"]);
    assert_eq!(gone, "error: there is no fact 1 of this project; `devtoolkit-agent memory list` shows all\n");
    assert!(person.refusal(&["memory", "add", " "]).contains("the fact is empty; say what"));
    assert!(person.refusal(&["memory", "list", "--root", "none"]).contains("`none` does not exist"));
}
