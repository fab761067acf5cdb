//! Events in any order: no panic, nothing without a person, nothing after a cancel.

use super::*;
use proptest::prelude::*;

fn command() -> impl Strategy<Value = Command> {
    let mode = prop_oneof![Just(Mode::Ask), Just(Mode::Plan), Just(Mode::Agent)];
    prop_oneof![
        3 => prop::option::of(mode.clone()).prop_map(|mode| Command::Prompt { text: "do it".to_owned(), mode, focus: Focus::default() }),
        3 => Just(Command::ApprovePlan),
        1 => Just(Command::RejectPlan { reason: "no".to_owned() }),
        1 => (0_u32..4).prop_map(|step| Command::EditPlan { edit: PlanEdit::Remove { step: StepId(step) } }),
        1 => Just(Command::Accept { which: Which::All }),
        1 => Just(Command::Reject { which: Which::All, reason: String::new() }),
        1 => (0_u32..4).prop_map(|call| Command::AnswerPermission { request: format!("call_{call}"), answer: Permission::Once }),
        1 => Just(Command::Cancel),
        1 => Just(Command::Queue { text: "more".to_owned() }),
        1 => Just(Command::Undo),
        1 => mode.prop_map(|mode| Command::SetMode { mode }),
    ]
}

/// What may happen next, of the turn that runs or the one before it.
#[derive(Clone, Debug)]
enum Next {
    Command(Command),
    Gathered,
    Said(&'static str),
    Plan(bool),
    Calls,
    Called(u64, bool),
    Found(bool),
    Checked(u8),
    Reviewed(usize),
    Failed,
    Questioned(u64),
    Overflowed,
}

fn next() -> impl Strategy<Value = (Next, bool)> {
    let text = prop_oneof![Just("text"), Just("```\ndef area(w, h, d):\n    return w\n```"), Just("")];
    let next = prop_oneof![
        4 => command().prop_map(Next::Command),
        3 => Just(Next::Gathered),
        3 => text.prop_map(Next::Said),
        3 => any::<bool>().prop_map(Next::Plan),
        1 => Just(Next::Calls),
        3 => (0_u64..6, any::<bool>()).prop_map(|(call, right)| Next::Called(call, right)),
        3 => any::<bool>().prop_map(Next::Found),
        2 => (0_u8..3).prop_map(Next::Checked),
        2 => (0_usize..3).prop_map(Next::Reviewed),
        1 => Just(Next::Failed),
        1 => (0_u64..6).prop_map(Next::Questioned),
        1 => Just(Next::Overflowed),
    ];
    (next, prop::bool::weighted(0.1))
}

fn event(next: Next, turn: u64, newest: Option<&CallId>) -> Event {
    let answer = |text: &str| Event::Answered {
        turn,
        answer: Answer { text: text.to_owned(), existing: vec!["a.py".to_owned()], ..Answer::default() },
    };
    // Half of the calls are the one that was made last.
    let id = |call: u64| match newest {
        Some(newest) if call < 3 => newest.clone(),
        _ => CallId(format!("call_{call}")),
    };
    match next {
        Next::Command(command) => Event::Command(command),
        Next::Gathered => {
            Event::Gathered { turn, context: String::new(), read: Vec::new(), likely: Vec::new() }
        }
        Next::Said(text) => answer(text),
        Next::Plan(true) => answer(&plan(&format!("{EDIT}, {COMMAND}, {EDIT}"))),
        Next::Plan(false) => answer(&plan("")),
        Next::Calls => {
            let calls = vec![crate::edit::tool_call(CallId("call_0".to_owned()), "read_file", &[])];
            let answer = Answer { calls, broken: vec!["b".to_owned()], ..Answer::default() };
            Event::Answered { turn, answer }
        }
        Next::Called(call, right) => {
            let after = if right { "def area(w, h, d):\n    return w\n" } else { "def area(" };
            let file = staged(after);
            Event::Called {
                turn,
                call: id(call),
                outcome: Outcome { staged: vec![file], ..Outcome::default() },
            }
        }
        Next::Found(true) => {
            let (path, text) = ("a.py".to_owned(), Some(CODE.to_owned()));
            let target = Target { path, text, symbol: None, around: String::new(), keeps_name: false };
            Event::Found { turn, target: Ok(target) }
        }
        Next::Found(false) => Event::Found { turn, target: Err("gone".to_owned()) },
        Next::Checked(kind) => {
            let verdict = match kind {
                0 => Verdict::Passed { summary: String::new() },
                1 => Verdict::NotChecked { why: String::new() },
                _ => Verdict::Failed { summary: String::new(), output: "a.py".to_owned() },
            };
            Event::Checked { turn, verdict, staged: vec![staged("")] }
        }
        Next::Reviewed(left) => {
            Event::Reviewed { turn, staged: vec![staged(""); left], said: Ok(String::new()) }
        }
        Next::Overflowed => Event::Overflowed { turn, need: 2, have: 1 },
        Next::Failed => {
            let problem = Problem { what: String::new(), why: String::new(), next: String::new() };
            Event::Failed { turn, problem }
        }
        Next::Questioned(call) => {
            Event::Questioned { turn, call: id(call), tool: "run_command".to_owned(), text: String::new() }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_person_decides(steps in prop::collection::vec(next(), 0..60)) {
        let mut session = Session::new("s".to_owned(), Mode::Agent, Limits::default());
        let (mut newest, mut sequence, mut is_approved) = (None, 0, false);
        for (next, is_late) in steps {
            let was = session.phase();
            let turn = session.turn - u64::from(is_late && session.turn > 0);
            let event = event(next, turn, newest.as_ref());
            let command = match &event {
                Event::Command(command) => Some(command.clone()),
                _ => None,
            };
            let is_heard = command.is_some() || turn == session.turn;
            let effects = session.handle(event);
            prop_assert!(is_heard || effects.is_empty(), "what is late has no effect");
            is_approved = match &command {
                Some(Command::ApprovePlan) if was == Phase::PlanReview => true,
                Some(Command::Cancel) => false,
                Some(Command::Prompt { .. }) if session.phase() == Phase::Understanding => {
                    is_approved && was == Phase::Understanding
                }
                _ => is_approved,
            };
            for effect in &effects {
                match effect {
                    Effect::Tell(told) => {
                        prop_assert_eq!(told.sequence, sequence + 1);
                        sequence = told.sequence;
                    }
                    Effect::Call { call, only_read, .. } => {
                        prop_assert!(*only_read || is_approved, "{} without an approved plan", call.name);
                        newest = Some(call.id.clone());
                    }
                    Effect::Review { .. } => {
                        let is_decision = matches!(command, Some(Command::Accept { .. } | Command::Reject { .. }));
                        prop_assert!(is_decision && was == Phase::ChangeReview);
                    }
                    Effect::Permit { .. } => {
                        let is_answer = matches!(command, Some(Command::AnswerPermission { .. }));
                        prop_assert!(is_answer);
                    }
                    _ => {}
                }
            }
            if was == Phase::PlanReview && session.phase() == Phase::Working {
                prop_assert!(matches!(command, Some(Command::ApprovePlan)));
            }
            if matches!(command, Some(Command::Cancel)) {
                prop_assert!(matches!(session.phase(), Phase::Idle | Phase::ChangeReview));
                let only_stops = |effect: &Effect| matches!(effect, Effect::Tell(_) | Effect::Stop { .. });
                prop_assert!(effects.iter().all(only_stops));
            }
        }
    }
}
