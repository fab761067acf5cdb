//! Killed at any moment, a session goes on: what was accepted is on disk once, what was not is nowhere, and nothing that
//! happened is forgotten.

#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "tests start the program and make its files")]

#[path = "support/program.rs"]
mod program;

use devtoolkit_agent::protocol::{Event, Hunk, Phase, What};
use program::{PATIENCE, Person, Run, plan, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

/// Kills of the whole test.
const KILLS: u32 = 100;
/// Of which so many sessions at once, because most of the time is spent in waiting.
const SIDE_BY_SIDE: u64 = 2;

const CODE: &str = "def area(w, h):\n    return w * h\n";
const LINES: &str = "one\n\ntwo\n\nthree\n";
const LOG: &str = "begun\n";

/// What the session proposes, each as its file, its old and its new lines, and whether it is accepted.
const PROPOSED: &[(&str, &str, &str, bool)] = &[
    ("area.py", "def area(w, h):\n    return w * h\n", "def area(w, h, d):\n    return w * h * d\n", true),
    ("lines.txt", "one\n", "1\n", true),
    ("lines.txt", "two\n", "2\n", false),
    ("lines.txt", "three\n", "3\n", true),
    ("log.txt", "", "ran\n", true),
    ("new.txt", "", "new\n", false),
];

fn answers() -> Vec<Value> {
    let steps = json!([
        {"kind": "edit", "path": "area.py", "symbol": "area", "instruction": "add a depth"},
        // Run twice, it would leave two lines.
        {"kind": "command", "command": "echo ran >> log.txt", "instruction": "note it"},
        {"kind": "edit", "path": "lines.txt", "instruction": "count in digits"},
        {"kind": "create", "path": "new.txt", "instruction": "say new"}
    ]);
    let slow = |mut answer: Value| {
        answer["pause"] = json!(15);
        answer
    };
    let area = "```python\ndef area(w, h, d):\n    return w * h * d\n```";
    let read = json!({"calls": [{"name": "read_file", "arguments": {"path": "lines.txt"}}]});
    // The first try of the third step cannot be taken.
    [
        read,
        text("ok"),
        plan(&steps),
        text(area),
        text("```\n```"),
        text("```\n1\n\n2\n\n3\n```"),
        text("```\nnew\n```"),
    ]
    .map(slow)
    .to_vec()
}

/// A small generator of numbers: the same seed gives the same kills.
struct Chance(u64);

impl Chance {
    /// At least 0 and less than `below`.
    fn number(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below.max(1)
    }
}

/// A session over its processes.
struct Story {
    person: Person,
    /// Once it was told.
    id: Option<String>,
    /// The places in `PROPOSED` that were accepted by a command, and those of them that were seen to be done.
    sent: BTreeSet<usize>,
    done: BTreeSet<usize>,
    /// The number of its newest event that was seen.
    last: u64,
    /// Where it stood when it was killed.
    killed_in: Vec<Phase>,
}

/// When a process is killed.
#[derive(Clone, Copy)]
enum Kill {
    Never,
    /// So long after its start.
    After(Duration),
    /// So long after the event of this number, to which a person still reacts.
    At(u64, Duration),
}

/// How a process of it ended.
#[derive(PartialEq)]
enum End {
    Killed,
    Over,
}

impl Story {
    fn new() -> Self {
        let person = Person::new(&[("area.py", CODE), ("lines.txt", LINES), ("log.txt", LOG)]);
        person.script(&answers());
        let (sent, done) = (BTreeSet::new(), BTreeSet::new());
        Self { person, id: None, sent, done, last: 0, killed_in: Vec::new() }
    }

    /// Goes on with it in a new process, and perhaps kills that.
    fn go_on(&mut self, kill: Kill) -> End {
        let id = self.id.clone();
        let session = id.iter().flat_map(|id| ["--session", id.as_str()]);
        let arguments = ["--check", "true"].into_iter().chain(session).collect::<Vec<_>>();
        let mut run = self.person.speaks(&arguments);
        let mut deadline = Instant::now() + if let Kill::After(time) = kill { time } else { PATIENCE };
        let (mut phase, mut is_last) = (Phase::Idle, matches!(kill, Kill::After(_)));
        let mut staged: Vec<(String, Vec<Hunk>)> = Vec::new();
        loop {
            let event = match run.next_before(deadline) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) if is_last => {
                    run.kill();
                    self.killed_in.push(phase);
                    return End::Killed;
                }
                Err(error) => panic!("{error}: {:#?}", run.heard),
            };
            self.id.get_or_insert_with(|| event.session.clone());
            self.last = self.last.max(event.sequence);
            match &event.what {
                What::ChangeStaged { path, hunks, .. } => {
                    staged.retain(|(other, _)| other != path);
                    staged.push((path.clone(), hunks.clone()));
                }
                What::Status { phase: new, .. } => {
                    phase = *new;
                    if phase == Phase::Verifying {
                        staged.clear();
                    }
                }
                _ => {}
            }
            if self.react(&event, &mut staged, &mut run) {
                let (code, err, heard) = run.end();
                // Of all that was changed, the last process may have changed nothing.
                assert!(matches!(code, Some(0 | 3)) && err.is_empty(), "{code:?} {err} {heard:#?}");
                return End::Over;
            }
            if let Kill::At(number, after) = kill
                && event.sequence >= number
                && !is_last
            {
                (is_last, deadline) = (true, Instant::now() + after);
            }
        }
    }

    /// Does what a person does; says whether the session is over.
    fn react(&mut self, event: &Event, staged: &mut Vec<(String, Vec<Hunk>)>, run: &mut Run) -> bool {
        match &event.what {
            What::Status { phase: Phase::Idle, .. } if event.turn == 0 => run.prompt("do it all"),
            What::Status { phase: Phase::Idle, .. } => {
                self.decided(&[]);
                return true;
            }
            What::Status { phase: Phase::PlanReview, .. } => run.say(&json!({"command": "approve_plan"})),
            What::PermissionRequest { request, .. } => {
                run.say(&json!({"command": "answer_permission", "request": request, "answer": "once"}));
            }
            What::Status { phase: Phase::ChangeReview, .. } => {
                self.decided(staged);
                let files = std::mem::take(staged);
                let (path, hunks) =
                    files.first().unwrap_or_else(|| panic!("nothing waits: {:#?}", run.heard));
                self.decide(path, hunks, run);
            }
            What::Error(problem) => panic!("{problem:?}: {:#?}", run.heard),
            _ => {}
        }
        false
    }

    /// What was accepted and does not wait any more is on disk.
    fn decided(&mut self, staged: &[(String, Vec<Hunk>)]) {
        let waits = |place: usize| {
            let (path, _, new, _) = PROPOSED[place];
            staged.iter().any(|(other, hunks)| other == path && hunks.iter().any(|hunk| hunk.new == new))
        };
        self.done.extend(self.sent.iter().copied().filter(|place| !waits(*place)));
        self.look(&self.person.tree());
    }

    /// The same right after a kill: what was being prepared beside a file is still there, and the next process clears it.
    fn look_at_remains(&self) {
        let mut is = self.person.tree();
        is.retain(|(path, _)| !(path.starts_with(".devtoolkit-") && path.ends_with(".tmp")));
        self.look(&is);
    }

    /// Decides on the first change that waits.
    fn decide(&mut self, path: &str, hunks: &[Hunk], run: &mut Run) {
        let hunk = hunks.first().expect("a file that changes has a change");
        let place = PROPOSED.iter().position(|(other, old, new, _)| {
            (*other, *old, *new) == (path, hunk.old.as_str(), hunk.new.as_str())
        });
        let place = place.unwrap_or_else(|| panic!("nobody proposed this of `{path}`: {hunk:?}"));
        let which = json!({"which": "hunk", "path": path, "hunk": hunk.id});
        let mut command = which;
        if PROPOSED[place].3 {
            assert!(!self.done.contains(&place), "it was accepted already: {hunk:?}");
            command["command"] = json!("accept");
            self.sent.insert(place);
        } else {
            command["command"] = json!("reject");
            command["reason"] = json!("not this");
        }
        run.say(&command);
    }

    /// Compares the disk with what may be there: all that is known to be done, and of what was asked for any part.
    fn look(&self, is: &[(String, String)]) {
        let open: Vec<usize> = self.sent.difference(&self.done).copied().collect();
        assert!(open.len() <= 1, "one decision at a time");
        let may: Vec<_> = [self.done.clone(), self.sent.clone()].iter().map(tree).collect();
        assert!(may.iter().any(|may| may == is), "{is:#?} is none of {may:#?}");
    }
}

/// The project with some of what was proposed.
fn tree(taken: &BTreeSet<usize>) -> Vec<(String, String)> {
    let before = [("area.py", CODE), ("lines.txt", LINES), ("log.txt", LOG)];
    let with = |(path, text): &(&str, &str)| {
        let mut text = (*text).to_owned();
        for (_, old, new, _) in taken.iter().map(|place| PROPOSED[*place]).filter(|(other, ..)| other == path)
        {
            match old {
                "" => text.push_str(new),
                old => text = text.replace(old, new),
            }
        }
        ((*path).to_owned(), text)
    };
    before.iter().map(with).collect()
}

/// Kills sessions at random moments until there were enough kills, and takes each to its end. `events` is how many a whole
/// session tells. Says where they were killed.
fn kills(seed: u64, kills: u32, events: u64) -> Vec<Phase> {
    let mut chance = Chance(seed | 1);
    let (mut left, mut killed_in) = (kills, Vec::new());
    while left > 0 {
        let mut story = Story::new();
        loop {
            let kill = match (left, chance.number(8)) {
                (0, _) => Kill::Never,
                // Before it tells anything, too.
                (_, 0) => Kill::After(Duration::from_millis(chance.number(200))),
                (_, 1 | 2) if story.id.is_some() => Kill::Never,
                _ => {
                    let number = story.last + chance.number(events.saturating_sub(story.last));
                    // From the next moment to about the next event.
                    Kill::At(number, Duration::from_micros(chance.number(30_000)))
                }
            };
            let end = story.go_on(kill);
            story.look_at_remains();
            match end {
                End::Killed => left -= 1,
                End::Over => break,
            }
        }
        finished(&story);
        killed_in.append(&mut story.killed_in);
    }
    killed_in
}

/// What is left of a session that is over.
fn finished(story: &Story) {
    let accepted = (0..PROPOSED.len()).filter(|place| PROPOSED[*place].3).collect();
    assert_eq!(story.person.tree(), tree(&accepted));
    let id = story.id.as_deref().expect("it was told");
    let export = story.person.output(&["session", "export", id]);
    assert_eq!((export.code, export.err.as_str()), (Some(0), ""));
    let commands = |name: &str| export.out.matches(&format!("\"command\":\"{name}\"")).count();
    assert_eq!((commands("prompt"), commands("approve_plan")), (1, 1), "{}", export.out);
    // What is told again is what was told: without gaps, and every decision once.
    let shown = story.person.output(&["session", "show", id, "--json"]);
    let events = shown.events();
    let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    let accepts = PROPOSED.iter().filter(|proposed| proposed.3).count();
    assert_eq!(commands("accept"), accepts, "{}", export.out);
    // Nothing stays staged: whoever comes next begins with nothing.
    let mut next = story.person.speaks(&[]);
    next.until_phase(Phase::Idle);
    let (_, err, _) = next.end();
    assert_eq!(err, "");
}

#[test]
fn a_session_that_is_killed_at_any_moment_goes_on() {
    let test = "a_session_that_is_killed_at_any_moment_goes_on";
    if !program::has_overlay(test) {
        return;
    }
    let mut whole = Story::new();
    assert!(whole.go_on(Kill::Never) == End::Over);
    finished(&whole);
    let events = whole.last;
    let threads: Vec<_> = (0..SIDE_BY_SIDE)
        .map(|place| {
            let share = KILLS / u32::try_from(SIDE_BY_SIDE).expect("few");
            thread::spawn(move || kills(0x5eed + (place << 32), share, events))
        })
        .collect();
    let killed_in: Vec<Phase> = threads
        .into_iter()
        .flat_map(|thread| thread.join().expect("a session that was killed goes on"))
        .collect();
    assert_eq!(killed_in.len(), KILLS as usize);
    // Otherwise not much was tried.
    let before = killed_in.iter().filter(|phase| {
        matches!(phase, Phase::Idle | Phase::Understanding | Phase::Planning | Phase::PlanReview)
    });
    let work = killed_in.iter().filter(|phase| matches!(phase, Phase::Working | Phase::Verifying));
    let review = killed_in.iter().filter(|phase| matches!(phase, Phase::ChangeReview));
    let counts = [before.count(), work.count(), review.count()];
    assert!(counts.iter().all(|count| *count >= 5), "before, during and after the work: {counts:?}");
}
