//! Wherever a session is cut, what was kept of it gives the same session, with the same still to be done, and from there
//! it goes on in the same way.

use super::*;
use crate::edit::{Target, TargetSymbol, tool_call};
use crate::journal::Changing;
use crate::model::{Answer, CallId};
use crate::protocol::{Focus, Verdict, Which};
use crate::session::{Outcome, Request, StagedFile, Wanted};
use proptest::prelude::*;

const CODE: &str = "def area(w, h):\n    return w * h\n";
const PLAN: &str = r#"{"title": "t", "steps": [
    {"kind": "edit", "path": "a.py", "symbol": "area", "instruction": "add a depth"},
    {"kind": "note", "instruction": "n"},
    {"kind": "command", "command": "make"}]}"#;

/// Small, so that they are reached.
const LIMITS: Limits = Limits { reading: 2, again: 1, repairs: 1 };

/// What happened, what the session wanted then, and what it was still waiting for.
struct Happened {
    event: Event,
    effects: Vec<Effect>,
    pending: Vec<Effect>,
    state: String,
}

fn staged(after: &str) -> StagedFile {
    let (path, before, after) = ("a.py".to_owned(), Some(CODE.to_owned()), Some(after.to_owned()));
    StagedFile { path, before, after, hunks: Vec::new(), conflict: false }
}

fn command(chance: u8) -> Command {
    match chance % 12 {
        0 => Command::Cancel,
        1 => Command::Queue { text: "more".to_owned() },
        2 => Command::Undo,
        3 => Command::RejectPlan { reason: "no".to_owned() },
        4 | 5 => Command::Accept { which: Which::All },
        6 => Command::SetMode { mode: if chance > 128 { Mode::Ask } else { Mode::Agent } },
        7 | 8 => {
            Command::Prompt { text: "do it".to_owned(), mode: Some(Mode::Agent), focus: Focus::default() }
        }
        _ => Command::ApprovePlan,
    }
}

/// What is not heard.
fn late(turn: u64, chance: u8) -> Event {
    match chance % 3 {
        0 => Event::Gathered { turn, context: String::new(), read: Vec::new(), likely: Vec::new() },
        1 => Event::Called { turn, call: CallId("call_1".to_owned()), outcome: Outcome::default() },
        _ => Event::Answered { turn, answer: Answer::default() },
    }
}

/// What the world answers to an effect.
fn answer(effect: &Effect, chance: u8) -> Option<Event> {
    let is_right = !chance.is_multiple_of(4);
    Some(match effect.clone() {
        Effect::Gather { turn, .. } => {
            Event::Gathered { turn, context: "a.py".to_owned(), read: Vec::new(), likely: Vec::new() }
        }
        Effect::Ask { turn, .. } if chance % 16 == 1 => {
            let problem = Problem { what: "w".to_owned(), why: String::new(), next: String::new() };
            Event::Failed { turn, problem }
        }
        Effect::Ask { turn, request } => Event::Answered { turn, answer: said(&request, is_right) },
        Effect::Call { turn, call, only_read } => {
            let code = if is_right { "def area(w, h, d):\n    return w\n" } else { "def area(" };
            let staged = if only_read { Vec::new() } else { vec![staged(code)] };
            let outcome = Outcome {
                is_error: false,
                text: "ok".to_owned(),
                staged,
                changes: vec![1, 2],
                ..Outcome::default()
            };
            Event::Called { turn, call: call.id, outcome }
        }
        Effect::Find { turn, .. } => {
            let symbol = Some(TargetSymbol { name: "area".to_owned(), text: CODE.to_owned() });
            let (path, text) = ("a.py".to_owned(), Some(CODE.to_owned()));
            let target = Target { path, text, symbol, around: String::new(), keeps_name: false };
            Event::Found { turn, target: if is_right { Ok(target) } else { Err("gone".to_owned()) } }
        }
        Effect::Check { turn, .. } => {
            let failed = || Verdict::Failed { summary: "1".to_owned(), output: "a.py".to_owned() };
            let passed = || Verdict::Passed { summary: "1".to_owned() };
            let verdict = if is_right { passed() } else { failed() };
            Event::Checked { turn, verdict, staged: vec![staged("")] }
        }
        Effect::Review { turn, .. } | Effect::Undo { turn } => {
            let staged = if is_right { Vec::new() } else { vec![staged("")] };
            Event::Reviewed { turn, staged, said: Ok("done".to_owned()) }
        }
        Effect::Tell(_)
        | Effect::Permit { .. }
        | Effect::Discard { .. }
        | Effect::Stop { .. }
        | Effect::UseModel { .. } => return None,
    })
}

fn said(request: &Request, is_right: bool) -> Answer {
    let text =
        |text: &str| Answer { text: text.to_owned(), existing: vec!["a.py".to_owned()], ..Answer::default() };
    let call = |name: &str| tool_call(CallId(name.to_owned()), "read_file", &[("path", "a.py")]);
    match &request.wanted {
        // The same names in every round, as models give them.
        Wanted::Text if request.tools && !is_right => {
            Answer { calls: vec![call("m0"), call("m1")], ..text("") }
        }
        Wanted::Text => text("seen"),
        Wanted::Plan { .. } => text(if is_right { PLAN } else { "no plan" }),
        Wanted::Edit { .. } => {
            text(if is_right { "```\ndef area(w, h, d):\n    return w\n```" } else { "no" })
        }
    }
}

/// What happens where each chance decides what is next.
fn story(chances: &[(u8, u8)]) -> Vec<Happened> {
    let mut session = Session::new("s".to_owned(), Mode::Agent, LIMITS);
    let (mut pending, mut happened): (Vec<Effect>, Vec<Happened>) = (Vec::new(), Vec::new());
    for (kind, chance) in chances {
        let event = match kind % 8 {
            // What is late, or of a turn that is not yet.
            0 => {
                let turn = session.turn();
                let turn = if chance % 2 == 0 && turn > 0 { turn - 1 } else { turn + 1 };
                late(turn, *chance)
            }
            1 => Event::Command(command(*chance)),
            _ if pending.is_empty() => Event::Command(command(*chance)),
            // Not always the first, because calls run beside each other; but reviews and undoing come one by one.
            _ => {
                let decided = |effect: &Effect| matches!(effect, Effect::Review { .. } | Effect::Undo { .. });
                let any = usize::from(*kind / 8) % pending.len();
                let first = pending.iter().position(decided).filter(|_| decided(&pending[any]));
                let done = pending.remove(first.unwrap_or(any));
                match answer(&done, *chance) {
                    Some(event) => event,
                    None => continue,
                }
            }
        };
        let turn = session.turn();
        let effects = session.handle(event.clone());
        if session.turn() != turn {
            pending.clear();
        }
        let lasts = |effect: &&Effect| answer(effect, 0).is_some();
        let of_turn = |effect: &&Effect| turn_of(effect) == Some(session.turn());
        pending.extend(effects.iter().filter(lasts).filter(of_turn).cloned());
        let state = format!("{session:?}");
        happened.push(Happened { event, effects, pending: pending.clone(), state });
    }
    happened
}

/// As it is after it was written and read.
fn kept(event: &Event) -> Entry {
    let json = crate::journal::written(&Entry::Event(event.clone())).unwrap();
    serde_json::from_str(&json).unwrap()
}

fn told(happened: &[Happened]) -> Vec<protocol::Event> {
    let effects = happened.iter().flat_map(|happened| &happened.effects);
    effects
        .filter_map(|effect| if let Effect::Tell(event) = effect { Some(event.clone()) } else { None })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn wherever_it_is_cut_it_goes_on_as_if_it_had_not_been(chances in prop::collection::vec(any::<(u8, u8)>(), 1..50)) {
        let story = story(&chances);
        for cut in 0..=story.len() {
            let (before, after) = story.split_at(cut);
            let entries = before.iter().map(|happened| kept(&happened.event));
            let mut again = replayed("s".to_owned(), Mode::Agent, LIMITS, entries);
            prop_assert_eq!(again.told, told(before));
            if let Some(last) = before.last() {
                prop_assert_eq!(&again.open, &last.pending);
                prop_assert_eq!(format!("{:?}", again.session), last.state.as_str());
            }
            for happened in after {
                prop_assert_eq!(&again.session.handle(happened.event.clone()), &happened.effects);
            }
        }
    }
}

/// A story in which everything goes well, by the numbers of its moments.
fn good_story() -> Vec<Happened> {
    // Another prompt; then whatever is pending is answered rightly, and what a person is asked is agreed to.
    let mut chances = vec![(2, 7)];
    chances.extend([(2, 11); 10]);
    chances.push((2, 5));
    story(&chances)
}

#[test]
fn the_stories_come_to_everything() {
    let story = good_story();
    let wanted = |is: fn(&Effect) -> bool| story.iter().any(|happened| happened.effects.iter().any(is));
    assert!(wanted(|effect| matches!(effect, Effect::Gather { .. })));
    assert!(wanted(|effect| matches!(effect, Effect::Ask { .. })));
    assert!(wanted(|effect| matches!(effect, Effect::Find { .. })));
    assert!(wanted(|effect| matches!(effect, Effect::Call { .. })));
    assert!(wanted(|effect| matches!(effect, Effect::Check { .. })));
    assert!(wanted(|effect| matches!(effect, Effect::Review { .. })));
}

#[test]
fn where_the_workspace_stood_is_known_until_the_effect_is_done() {
    let mut replay = Replay::new("s".to_owned(), Mode::Agent, LIMITS);
    let mut seen = Vec::new();
    for happened in good_story() {
        replay.take(kept(&happened.event));
        assert_eq!(replay.began, None, "after {:?}", happened.event);
        let Some(began) = happened.pending.iter().find_map(|effect| Began::before(effect, 3, 1)) else {
            continue;
        };
        replay.take(Entry::Began(Began { staged: 2, ..began.clone() }));
        replay.take(Entry::Began(began.clone()));
        let turn = replay.session.turn();
        replay.take(Entry::Event(Event::RateLimited { turn, seconds: 1 }));
        assert_eq!(replay.began, Some(began.clone()), "it is open, and the newest counts");
        seen.push(began.changing);
    }
    let calls = ["call_1", "call_2"].map(|call| Changing::Call(CallId(call.to_owned())));
    let [first, second] = calls;
    assert_eq!(seen, [first, second, Changing::Check, Changing::Review]);
}

#[test]
fn what_was_to_be_discarded_is_known_until_something_else_happens() {
    // The tool stages what is not valid.
    let mut chances = vec![(2, 7)];
    chances.extend([(2, 11); 6]);
    chances.push((2, 4));
    let entries = story(&chances).into_iter().map(|happened| Entry::Event(happened.event));
    let mut entries: Vec<Entry> = entries.collect();
    let again = |entries: &[Entry]| replayed("s".to_owned(), Mode::Agent, LIMITS, entries.to_vec());
    assert_eq!(again(&entries).discarded, [1, 2]);
    assert_eq!(again(&entries[..entries.len() - 1]).discarded, Vec::<u32>::new());
    entries.push(Entry::Event(Event::Command(Command::SetMode { mode: Mode::Agent })));
    assert_eq!(again(&entries).discarded, Vec::<u32>::new());
}
