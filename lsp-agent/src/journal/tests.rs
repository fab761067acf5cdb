//! What is recorded is there afterwards, whatever happens to the process; and what comes from elsewhere is looked at.

#![expect(clippy::disallowed_methods, reason = "tests make and copy files")]

use super::*;
use crate::model::{CallId, Piece};
use crate::protocol::{Focus, Phase};
use crate::session::{Effect, Outcome};
use std::cell::Cell;
use std::fs;
use tempfile::TempDir;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(1_000) };
}

struct Place {
    folder: TempDir,
    journal: Journal,
}

fn here() -> Place {
    let folder = TempDir::new().unwrap();
    let database = Database::open_with(folder.path(), || NOW.get()).unwrap();
    let journal = Journal { database, folder: folder.path().to_owned() };
    Place { folder, journal }
}

const ROOT: &str = "/home/ada/shop";

impl Place {
    fn begun(&self) -> String {
        self.journal.create(Path::new(ROOT), Mode::Agent, Limits::default()).unwrap()
    }

    fn with(&self, events: &[Event]) -> String {
        let id = self.begun();
        for event in events {
            self.journal.record(&id, &Entry::Event(event.clone())).unwrap();
        }
        id
    }

    fn exported(&self, id: &str) -> String {
        let mut text = Vec::new();
        self.journal.export(id, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn imported(&self, text: &str) -> Result<String, JournalError> {
        self.journal.import(&mut text.as_bytes(), None)
    }

    fn events(&self, id: &str) -> Vec<Event> {
        let entries = self.journal.entries(id).unwrap().into_iter();
        entries
            .filter_map(|(_, entry)| if let Entry::Event(event) = entry { Some(event) } else { None })
            .collect()
    }

    fn replayed(&self, id: &str) -> Replayed {
        let Summary { id, mode, limits, .. } = self.journal.find(id).unwrap();
        let entries = self.journal.entries(&id).unwrap().into_iter().map(|(_, entry)| entry);
        replayed(id, mode, limits, entries)
    }
}

fn prompt(text: &str) -> Event {
    Event::Command(Command::Prompt { text: text.to_owned(), mode: None, focus: Focus::default() })
}

fn gathered() -> Event {
    Event::Gathered {
        turn: 1,
        context: "a.py: area\n\u{1b}[31m".to_owned(),
        read: Vec::new(),
        likely: Vec::new(),
    }
}

#[test]
fn what_is_recorded_comes_back_in_order() {
    let here = here();
    let id = here.begun();
    let began =
        Began { turn: 1, changing: Changing::Call(CallId("call_1".to_owned())), staged: 3, applied: 1 };
    let said = Event::Said { turn: 1, piece: Piece::Text("é\u{0}\n".to_owned()) };
    let entries =
        [Entry::Event(prompt("why?")), Entry::Event(gathered()), Entry::Began(began), Entry::Event(said)];
    for (place, entry) in entries.iter().enumerate() {
        assert_eq!(here.journal.record(&id, entry).unwrap(), place as u64 + 1);
    }
    let kept = here.journal.entries(&id).unwrap();
    assert_eq!(kept, (1..).zip(entries).collect::<Vec<_>>());
}

#[test]
fn a_list_has_the_newest_first() {
    let here = here();
    NOW.set(1_000);
    let first = here.with(&[prompt(&format!("  make\n it {}", "é".repeat(100)))]);
    NOW.set(1_001);
    let second = here.begun();
    let elsewhere = here.journal.create(Path::new("/home/ada/other"), Mode::Ask, Limits::default()).unwrap();
    NOW.set(1_005);
    here.journal.record(&first, &Entry::Event(prompt("again"))).unwrap();
    let ids = |root: Option<&str>, most| -> Vec<String> {
        let all = here.journal.list(root.map(Path::new), most).unwrap();
        all.into_iter().map(|summary| summary.id).collect()
    };
    assert_eq!(ids(Some(ROOT), 9), [first.clone(), second.clone()]);
    assert_eq!(ids(None, 9), [first.clone(), elsewhere, second]);
    assert_eq!(ids(None, 1).as_slice(), std::slice::from_ref(&first));
    assert_eq!(ids(Some("/work"), 9), Vec::<String>::new());
    let newest = here.journal.newest(Path::new(ROOT)).unwrap().unwrap();
    assert_eq!((newest.created, newest.updated, newest.entries), (1_000, 1_005, 2));
    assert_eq!((newest.title.chars().count(), newest.mode), (80, Mode::Agent));
    assert!(newest.title.starts_with("make it éé"), "{}", newest.title);
    assert_eq!(here.journal.newest(Path::new("/none")).unwrap(), None);
}

#[test]
fn a_session_is_found_by_how_its_id_begins() {
    let here = here();
    for id in ["aa000001", "aa000002", "ab000000"] {
        let key = here.begun();
        here.journal.database.read().execute("UPDATE session SET id = ?1 WHERE id = ?2", [id, &key]).unwrap();
    }
    assert_eq!(here.journal.find("ab").unwrap().id, "ab000000");
    assert_eq!(here.journal.find("AA000002").unwrap().id, "aa000002");
    let error = |prefix: &str| here.journal.find(prefix).unwrap_err().to_string();
    assert_eq!(error("aa"), "`aa` is the beginning of several sessions: aa000001, aa000002; give more of it");
    for none in ["", "ac", "aa0000010", "a%", "' OR 1"] {
        assert_eq!(
            error(none),
            format!("there is no session `{none}`; `devtoolkit-agent session list --all` shows all")
        );
    }
    let missing = here.journal.record("ab", &Entry::Event(prompt("x")));
    assert!(matches!(missing, Err(JournalError::NoSession(_))), "a whole id is needed to write");
}

#[test]
fn a_process_that_is_gone_loses_nothing() {
    let here = here();
    let id = here.with(&[prompt("why?"), gathered()]);
    // Nothing is closed, as after a kill: what is on disk now is all that there is.
    let copy = TempDir::new().unwrap();
    for name in ["agent.db", "agent.db-wal"] {
        fs::copy(here.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let other = Journal::open(copy.path()).unwrap();
    assert_eq!(other.entries(&id).unwrap().len(), 2);
    let second = Journal::open(here.folder.path()).unwrap();
    assert_eq!(second.entries(&id).unwrap().len(), 2);
    std::mem::forget(here.journal);
    assert_eq!(second.record(&id, &Entry::Event(prompt("and now?"))).unwrap(), 3);
}

#[test]
fn without_its_log_the_database_is_as_it_was_earlier() {
    let here = here();
    let early = here.with(&[prompt("early")]);
    here.journal.database.wipe();
    let late = here.with(&[prompt("late")]);
    let copy = TempDir::new().unwrap();
    fs::copy(here.folder.path().join("agent.db"), copy.path().join("agent.db")).unwrap();
    let other = Journal::open(copy.path()).unwrap();
    assert_eq!(other.entries(&early).unwrap().len(), 1);
    assert!(matches!(other.entries(&late), Err(JournalError::NoSession(_))));
    // From before the tables were written.
    let empty = TempDir::new().unwrap();
    fs::write(empty.path().join("agent.db"), "").unwrap();
    assert_eq!(Journal::open(empty.path()).unwrap().list(None, 9).unwrap(), []);
}

#[test]
fn several_processes_write_at_once() {
    let here = here();
    let id = here.begun();
    let write = || {
        let journal = Journal::open(here.folder.path()).unwrap();
        for _ in 0..20 {
            journal.record(&id, &Entry::Event(gathered())).unwrap();
        }
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(write)).collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
    let numbers: Vec<u64> =
        here.journal.entries(&id).unwrap().into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
}

#[test]
fn what_could_not_be_read_again_is_not_kept() {
    let here = here();
    let id = here.begun();
    let mut nested = serde_json::Value::Null;
    for _ in 0..125 {
        nested = serde_json::json!([nested]);
    }
    let mut call = crate::edit::tool_call(CallId("m0".to_owned()), "find", &[]);
    call.arguments.insert("deep".to_owned(), nested);
    let deep = Answer { calls: vec![call], ..Answer::default() };
    let error =
        here.journal.record(&id, &Entry::Event(Event::Answered { turn: 1, answer: deep })).unwrap_err();
    assert!(matches!(error, JournalError::Unwritable { .. }), "{error}");
    let large = Event::Output { turn: 1, call: CallId("c".to_owned()), text: "x".repeat(MOST_OF_ENTRY) };
    let error = here.journal.record(&id, &Entry::Event(large)).unwrap_err();
    assert!(matches!(error, JournalError::TooLarge { .. }), "{error}");
    assert_eq!(here.journal.entries(&id).unwrap(), []);
    // What cannot be measured is no reason to lose an answer.
    let usage = Usage { tokens_per_second: f32::NAN, prompt: 7, ..Usage::default() };
    here.journal
        .record(
            &id,
            &Entry::Event(Event::Answered { turn: 1, answer: Answer { usage, ..Answer::default() } }),
        )
        .unwrap();
    let [Event::Answered { answer, .. }] = &here.events(&id)[..] else { panic!("one answer") };
    assert_eq!((answer.usage.prompt, answer.usage.tokens_per_second), (7, 0.0));
}

#[test]
fn a_session_does_not_grow_without_end() {
    let here = here();
    let id = here.with(&[prompt("x")]);
    let set = format!("UPDATE session SET bytes = {MOST_OF_SESSION}");
    here.journal.database.read().execute(&set, []).unwrap();
    let error = here.journal.record(&id, &Entry::Event(gathered())).unwrap_err();
    assert!(matches!(error, JournalError::Full(_)), "{error}");
}

#[test]
fn an_entry_of_a_newer_program_is_named() {
    let here = here();
    let id = here.with(&[prompt("x"), gathered()]);
    let read = here.journal.database.read();
    read.execute(r#"UPDATE entry SET json = '{"event":{"Dreamt":{}}}' WHERE sequence = 2"#, []).unwrap();
    let error = here.journal.entries(&id).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("entry 2 of session `{id}` cannot be read; a newer devtoolkit-agent may have written it")
    );
}

#[test]
fn a_fork_goes_its_own_way() {
    let here = here();
    let id = here.with(&[prompt("why?"), gathered()]);
    let began = Began { turn: 1, changing: Changing::Check, staged: 3, applied: 1 };
    here.journal.record(&id, &Entry::Began(began)).unwrap();
    let answer = Answer { text: "so".to_owned(), ..Answer::default() };
    here.journal.record(&id, &Entry::Event(Event::Answered { turn: 1, answer })).unwrap();
    let fork = here.journal.fork(&id, Some(2)).unwrap();
    let cancelled = [prompt("why?"), gathered(), Event::Command(Command::Cancel)];
    assert_eq!(here.events(&fork), cancelled, "the model is not asked for both");
    assert!(here.replayed(&fork).open.is_empty());
    let summary = here.journal.find(&fork).unwrap();
    assert_eq!((summary.parent.as_deref(), summary.title.as_str()), (Some(id.as_str()), "why?"));
    here.journal.record(&fork, &Entry::Event(prompt("else?"))).unwrap();
    assert_eq!(here.journal.entries(&id).unwrap().len(), 4, "the parent stays");
    let whole = here.journal.fork(&id, None).unwrap();
    assert!(here.journal.entries(&whole).unwrap().iter().all(|(_, entry)| matches!(entry, Entry::Event(_))));
    for at in [0, 5, u64::MAX] {
        let error = here.journal.fork(&id, Some(at)).unwrap_err().to_string();
        assert_eq!(error, format!("session `{id}` has no entry {at}; it has 4"));
    }
    here.journal.delete(&id).unwrap();
    assert_eq!(here.journal.find(&fork).unwrap().parent, None);
    assert_eq!(here.events(&fork).len(), 4, "a fork outlives what it came from");
}

#[test]
fn what_is_deleted_is_gone_from_the_files() {
    let here = here();
    let id = here.with(&[prompt("a secret zebra")]);
    let other = here.with(&[prompt("a giraffe")]);
    let holds = |word: &str| {
        ["agent.db", "agent.db-wal"].iter().any(|name| {
            let bytes = fs::read(here.folder.path().join(name)).unwrap_or_default();
            bytes.windows(word.len()).any(|window| window == word.as_bytes())
        })
    };
    assert!(holds("zebra"));
    here.journal.delete(&id).unwrap();
    assert!(!holds("zebra") && holds("giraffe"));
    assert!(matches!(here.journal.delete(&id), Err(JournalError::NoSession(_))));
    assert_eq!(here.journal.entries(&other).unwrap().len(), 1);
}

#[test]
fn what_is_exported_can_be_imported() {
    let here = here();
    let id = here.with(&[prompt("why\u{1b}?"), gathered()]);
    let answer = Answer { text: "because\u{2028}".to_owned(), ..Answer::default() };
    here.journal.record(&id, &Entry::Event(Event::Answered { turn: 1, answer })).unwrap();
    here.journal.record(&id, &Entry::Event(Event::Command(Command::Cancel))).unwrap();
    let text = here.exported(&id);
    assert_eq!(text.lines().count(), 5);
    assert!(text.starts_with(r#"{"devtoolkit_session":1,"root":"/home/ada/shop","title":"why"#), "{text}");
    let copy = here.imported(&text).unwrap();
    assert_ne!(copy, id);
    assert_eq!(here.events(&copy), here.events(&id));
    assert_eq!(here.exported(&copy), text);
    let moved = here.journal.import(&mut text.as_bytes(), Some(Path::new("/else"))).unwrap();
    assert_eq!(here.journal.find(&moved).unwrap().root, Path::new("/else"));
    let windows = text.replace('\n', "\r\n");
    assert_eq!(here.exported(&here.imported(&windows).unwrap()), text);
}

const HEADER: &str = r#"{"devtoolkit_session":1,"root":"/home/ada/shop"}"#;

#[test]
fn what_cannot_be_imported_is_named_and_leaves_nothing() {
    let here = here();
    let good = serde_json::to_string(&Entry::Event(prompt("x"))).unwrap();
    let long = format!("{HEADER}\n{}\n", "x".repeat(MOST_OF_ENTRY + 1));
    let name = format!("{HEADER}\n{{\"event\":{{\"{}\":1}}}}", "y".repeat(10_000));
    for (text, wanted) in [
        ("", "line 1 is missing"),
        ("\n", "line 1 is no header of a session; give what"),
        ("{}", "line 1 is no header of a session; give what"),
        (r#"{"devtoolkit_session":2,"new":1}"#, "line 1 is of version 2, and this program reads 1; use"),
        (r#"{"devtoolkit_session":1}"#, "line 1 is no header of a session: missing field `root`"),
        (r#"{"devtoolkit_session":1,"root":"shop"}"#, "line 1 names no absolute folder as `root`"),
        (
            r#"{"devtoolkit_session":1,"root":"/a","limits":{"reading":101,"again":1,"repairs":1}}"#,
            "line 1 has limits",
        ),
        (&format!("{HEADER}\n{good}\n\n"), "line 3 is no entry of a session: EOF"),
        (&format!("{HEADER}\n{good}\n{{\"event\":{{\"Command\""), "line 3 is no entry of a session: EOF"),
        (
            &format!("{HEADER}\n{{\"event\":{{\"Dreamt\":{{}}}}}}"),
            "line 2 is no entry of a session: unknown variant",
        ),
        (&format!("{HEADER}\n{{\"other\":1}}"), "line 2 is no entry of a session: unknown variant"),
        (&format!("{HEADER}\n{}", "[".repeat(100_000)), "line 2 is no entry of a session"),
        (&format!("{{\"root\":\"{}\"}}", "x".repeat(1 << 20)), "line 1 has more than 65536 bytes"),
        (&name, "line 2 is no entry of a session: unknown variant `yyy"),
        (&long, "line 2 has more than 67108864 bytes"),
    ] {
        let error = here.imported(text).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}, and not {wanted}");
        assert!(error.len() < 400, "{} bytes", error.len());
    }
    let bytes = here.journal.import(&mut [HEADER.as_bytes(), b"\n\xff\n"].concat().as_slice(), None);
    assert_eq!(bytes.unwrap_err().to_string(), "line 2 is no text (UTF-8)");
    assert_eq!(here.journal.list(None, 9).unwrap(), []);
    let after = here.imported(&format!("{HEADER}\n{good}")).unwrap();
    assert_eq!(here.events(&after)[0], prompt("x"), "what failed before is not in it");
}

/// Whatever somebody writes into a session, its import waits for a person, and has nothing to do.
#[test]
fn nothing_of_an_import_is_done_by_itself() {
    let here = here();
    let plan = r#"{"title": "t", "steps": [{"kind": "command", "command": "rm -rf ."}]}"#;
    let says = |text: &str| Event::Answered {
        turn: 1,
        answer: Answer { text: text.to_owned(), ..Answer::default() },
    };
    let called = Event::Called { turn: 1, call: CallId("call_1".to_owned()), outcome: Outcome::default() };
    let approved =
        [prompt("x"), gathered(), says("seen"), says(plan), Event::Command(Command::ApprovePlan), called];
    // While a call runs, this ends its step, and with it the turn: the call stays open.
    let found = Event::Found { turn: 1, target: Err("gone".to_owned()) };
    let undo = Event::Command(Command::Undo);
    let queue = Event::Command(Command::Queue { text: "more".to_owned() });
    let scripts: [&[Event]; 6] = [
        &approved[..5],
        &[&approved[..5], &[found]].concat(),
        &[&approved[..5], &[queue]].concat(),
        &[&approved[..], std::slice::from_ref(&undo)].concat(),
        &[undo.clone(), undo],
        &[prompt("x")],
    ];
    for script in scripts {
        let id = here.with(script);
        assert!(!here.replayed(&id).open.is_empty(), "{script:?}");
        let copy = here.imported(&here.exported(&id)).unwrap();
        let replayed = here.replayed(&copy);
        assert_eq!(
            (replayed.open, replayed.session.phase()),
            (Vec::<Effect>::new(), Phase::Idle),
            "{script:?}"
        );
    }
    let id = here.with(&approved[..4]);
    let copy = here.imported(&here.exported(&id)).unwrap();
    assert_eq!(here.replayed(&copy).session.phase(), Phase::PlanReview, "a person can still decide");
}

#[test]
fn a_session_is_one_process_s_until_that_ends() {
    let place = here();
    let id = place.begun();
    let other = place.begun();
    let held = place.journal.hold(&id).unwrap();
    let again = Journal::open(place.folder.path()).unwrap();
    let refused = again.hold(&id).unwrap_err().to_string();
    assert!(refused.contains(&format!("session `{id}` is open in another process")), "{refused}");
    assert!(refused.contains(&format!("`devtoolkit-agent session fork {id}`")), "{refused}");
    assert!(again.hold(&other).is_ok(), "another session is free");
    assert!(
        matches!(again.delete(&id), Err(JournalError::Held(_))),
        "nor is it deleted under somebody's hands"
    );
    assert!(again.fork(&id, None).is_ok(), "a copy can be made");
    drop(held);
    drop(again.hold(&id).unwrap());
    again.delete(&id).unwrap();
    assert!(!place.folder.path().join(format!("sessions/{id}.lock")).exists());
}
