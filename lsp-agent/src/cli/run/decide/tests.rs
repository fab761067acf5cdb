//! Whole runs: what is sent, what is asked, and how they end.

use super::super::stand_in::{Pace, StandIn, Trouble, agrees, play};
use super::*;
use devtoolkit_agent::protocol::{Focus, Problem};
use expect_test::{Expect, expect};

mod events;

fn wanted(approve: Approve, prompts: &[&str]) -> Wanted {
    let prompts = prompts.iter().map(|prompt| (*prompt).to_owned()).collect();
    Wanted { approve, mode: None, prompts, continued: false, listens: false }
}

fn nobody(question: &Question) -> Answer {
    panic!("asked of {question:?}")
}

/// Runs patiently and hastily, which makes no difference.
#[track_caller]
fn check_run(
    wanted: &Wanted,
    trouble: Trouble,
    person: &mut dyn FnMut(&Question) -> Answer,
    expected: &Expect,
) {
    for pace in [Pace::Patient, Pace::Hasty] {
        expected.assert_eq(&play(wanted.clone(), &mut StandIn::new(trouble), pace, person));
    }
}

#[track_caller]
fn check(approve: Approve, trouble: Trouble, person: &mut dyn FnMut(&Question) -> Answer, expected: Expect) {
    check_run(&wanted(approve, &["do it"]), trouble, person, &expected);
}

#[test]
fn a_person_is_asked_of_everything() {
    check(
        Approve::Ask,
        Trouble::None,
        &mut agrees,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        ? plan of 2 steps
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:answer_permission, request:call_2, answer:session
        ? a.py def area(w, h, d=1):, 3 left
        > command:accept, which:hunk, path:a.py, hunk:0.0
        ? a.py # with a depth, 2 left
        > command:accept, which:hunk, path:a.py, hunk:1.0
        ? b.py area(1, 2, 3), 1 left
        > command:accept, which:hunk, path:b.py, hunk:2.0
        = 0"#]],
    );
}

#[test]
fn an_approved_plan_is_not_asked_of() {
    check(
        Approve::Plan,
        Trouble::None,
        &mut agrees,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:answer_permission, request:call_2, answer:session
        ? a.py def area(w, h, d=1):, 3 left
        > command:accept, which:hunk, path:a.py, hunk:0.0
        ? a.py # with a depth, 2 left
        > command:accept, which:hunk, path:a.py, hunk:1.0
        ? b.py area(1, 2, 3), 1 left
        > command:accept, which:hunk, path:b.py, hunk:2.0
        = 0"#]],
    );
}

#[test]
fn everything_can_be_approved_beforehand() {
    check(
        Approve::All,
        Trouble::None,
        &mut nobody,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        > command:answer_permission, request:call_2, answer:once
        > command:accept, which:all
        = 0"#]],
    );
}

#[test]
fn nothing_is_approved_where_nobody_can_be_asked() {
    check(
        Approve::None,
        Trouble::None,
        &mut nobody,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        = 3"#]],
    );
    let plan = Wanted { mode: Some(Mode::Plan), ..wanted(Approve::All, &["do it"]) };
    check_run(
        &plan,
        Trouble::None,
        &mut nobody,
        &expect![[r#"
        > command:prompt, text:do it, mode:plan, focus:path:null, lines:null, diagnostics:[]
        = 0"#]],
    );
}

#[test]
fn an_answer_changes_nothing_and_is_done() {
    let ask = Wanted { mode: Some(Mode::Ask), ..wanted(Approve::None, &["why?", "and now?"]) };
    check_run(
        &ask,
        Trouble::None,
        &mut nobody,
        &expect![[r#"
        > command:prompt, text:why?, mode:ask, focus:path:null, lines:null, diagnostics:[]
        > command:prompt, text:and now?, mode:ask, focus:path:null, lines:null, diagnostics:[]
        = 0"#]],
    );
}

#[test]
fn what_fails_ends_the_run() {
    let two = wanted(Approve::All, &["one", "two"]);
    check_run(
        &two,
        Trouble::NoModel,
        &mut nobody,
        &expect![[r#"
        > command:prompt, text:one, mode:null, focus:path:null, lines:null, diagnostics:[]
        ! the model gave no answer
        = 1"#]],
    );
    check(
        Approve::All,
        Trouble::Conflict,
        &mut nobody,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        > command:answer_permission, request:call_2, answer:once
        > command:accept, which:all
        ! it cannot be applied
        = 1"#]],
    );
}

#[test]
fn nothing_changed_has_a_code_of_its_own() {
    check(
        Approve::All,
        Trouble::NothingToDo,
        &mut nobody,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        = 3"#]],
    );
    let mut rejects = |question: &Question| match question {
        Question::Change { .. } => Answer::Send(Command::Reject { which: Which::All, reason: String::new() }),
        Question::Plan(_) | Question::Permission { .. } => agrees(question),
    };
    check(
        Approve::Plan,
        Trouble::None,
        &mut rejects,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:answer_permission, request:call_2, answer:session
        ? a.py def area(w, h, d=1):, 3 left
        > command:reject, which:all, reason:
        = 3"#]],
    );
}

#[test]
fn a_person_can_end_it_at_each_question() {
    let mut at_once = |_: &Question| Answer::Cancel;
    check(
        Approve::Ask,
        Trouble::None,
        &mut at_once,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        ? plan of 2 steps
        > command:cancel
        = 130"#]],
    );
    check(
        Approve::Plan,
        Trouble::None,
        &mut at_once,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:cancel
        = 130"#]],
    );
    let mut at_last = |question: &Question| match question {
        Question::Change { .. } => Answer::Cancel,
        Question::Plan(_) | Question::Permission { .. } => agrees(question),
    };
    check(
        Approve::Plan,
        Trouble::None,
        &mut at_last,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:answer_permission, request:call_2, answer:session
        ? a.py def area(w, h, d=1):, 3 left
        = 130"#]],
    );
}

#[test]
fn a_conflict_puts_the_question_again() {
    let mut tries = 0;
    let mut person = |question: &Question| match question {
        Question::Change { .. } if tries < 2 => {
            tries += 1;
            agrees(question)
        }
        Question::Change { .. } => Answer::Leave,
        Question::Plan(_) | Question::Permission { .. } => agrees(question),
    };
    let wanted = wanted(Approve::Plan, &["do it"]);
    let mut stand_in = StandIn::new(Trouble::Conflict);
    expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:answer_permission, request:call_2, answer:session
        ? a.py def area(w, h, d=1):, 3 left
        > command:accept, which:hunk, path:a.py, hunk:0.0
        ! it cannot be applied
        ? a.py def area(w, h, d=1):, 3 left
        > command:accept, which:hunk, path:a.py, hunk:0.0
        ! it cannot be applied
        ? a.py def area(w, h, d=1):, 3 left
        = 0"#]]
    .assert_eq(&play(wanted, &mut stand_in, Pace::Patient, &mut person));
}

#[test]
fn nobody_is_asked_twice() {
    let mut once = 0;
    let mut person = |_: &Question| {
        once += 1;
        Answer::Nobody
    };
    check(
        Approve::Plan,
        Trouble::None,
        &mut person,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        ? `make`, in `.`, without network
        > command:answer_permission, request:call_2, answer:deny
        = 0"#]],
    );
    check(
        Approve::Ask,
        Trouble::None,
        &mut person,
        expect![[r#"
        > command:prompt, text:do it, mode:null, focus:path:null, lines:null, diagnostics:[]
        ? plan of 2 steps
        = 3"#]],
    );
    assert_eq!(once, 4);
}

#[test]
fn requests_follow_each_other() {
    let all = wanted(Approve::All, &["one", "two"]);
    check_run(
        &all,
        Trouble::None,
        &mut nobody,
        &expect![[r#"
        > command:prompt, text:one, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        > command:answer_permission, request:call_2, answer:once
        > command:accept, which:all
        > command:prompt, text:two, mode:null, focus:path:null, lines:null, diagnostics:[]
        > command:approve_plan
        > command:answer_permission, request:call_6, answer:once
        > command:accept, which:all
        = 0"#]],
    );
    // The plan of the first is given up for the second; that of the last stays.
    let plans = Wanted { mode: Some(Mode::Plan), ..wanted(Approve::Ask, &["one", "two"]) };
    check_run(
        &plans,
        Trouble::None,
        &mut nobody,
        &expect![[r#"
        > command:prompt, text:one, mode:plan, focus:path:null, lines:null, diagnostics:[]
        > command:cancel
        > command:prompt, text:two, mode:plan, focus:path:null, lines:null, diagnostics:[]
        = 0"#]],
    );
}
