//! From a request to changed files, with the project's own check in between.

use crate::program::{has_overlay, has_program, plan, text};
use crate::{AFTER, AREA, area, edit, fenced, right};
use devtoolkit_agent::protocol::{Phase, StepState, Verdict, What};
use serde_json::json;

const CHECK: &str = "python3 -m unittest test_area";

fn verdicts<'a>(heard: impl IntoIterator<Item = &'a What>) -> Vec<&'a Verdict> {
    let verdict =
        |what: &'a What| if let What::Verification { verdict } = what { Some(verdict) } else { None };
    heard.into_iter().filter_map(verdict).collect()
}

#[test]
fn what_was_approved_beforehand_is_done_and_on_disk() {
    let person = area();
    let ended = person.run(&right(), &["--approve", "all", "--check", CHECK, "add a depth to area"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AFTER));
    let names: Vec<String> = person.tree().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["area.py", "test_area.py"], "what a check leaves behind is nobody's change");
}

#[test]
fn the_check_sees_what_is_staged_while_the_disk_is_as_it_was() {
    let test = "the_check_sees_what_is_staged_while_the_disk_is_as_it_was";
    if !has_overlay(test) || !has_program(test, "python3") {
        return;
    }
    let person = area();
    person.script(&right());
    let mut run = person.speaks(&[]);
    run.until_phase(Phase::Idle);
    run.prompt("add a depth to area");
    run.until_phase(Phase::PlanReview);
    run.say(&json!({"command": "approve_plan"}));
    // The check is found, not named: where `pytest` is not there, `unittest` is tried.
    loop {
        match run.until(|what| matches!(what, What::PermissionRequest { .. } | What::Verification { .. })) {
            What::PermissionRequest { request, text, .. } => {
                assert!(text.contains("python3 -m "), "{text}");
                assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA));
                run.say(&json!({"command": "answer_permission", "request": request, "answer": "once"}));
            }
            What::Verification { verdict: Verdict::Passed { .. } } => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA), "nothing is written before it is accepted");
    run.until_phase(Phase::ChangeReview);
    let (code, err, _) = run.end();
    assert_eq!((code, err.as_str()), (Some(0), ""), "changes that wait are changes");
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA));
}

#[test]
fn what_the_person_allowed_for_always_is_not_asked_about() {
    let test = "what_the_person_allowed_for_always_is_not_asked_about";
    if !has_overlay(test) || !has_program(test, "python3") {
        return;
    }
    let person = area();
    let rule = format!("[[allow]]\ntool = \"run_command\"\ncommand = \"{CHECK}\"\n");
    person.write("config/devtoolkit/config.toml", &rule);
    let ended = person.run(&right(), &["--approve", "plan", "--check", CHECK, "add a depth to area"]);
    assert_eq!(ended.code, Some(0), "{} {}", ended.out, ended.err);
    assert!(ended.out.contains("Ran 1 test"), "{}", ended.out);
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA), "{}", ended.out);
    // It waits, and is taken later.
    let ended = person.run(&right(), &["--continue", "--approve", "all"]);
    assert_eq!(ended.code, Some(0), "{} {}", ended.out, ended.err);
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AFTER));
}

#[test]
fn a_failure_goes_back_to_the_model_and_is_mended() {
    let test = "a_failure_goes_back_to_the_model_and_is_mended";
    if !has_overlay(test) || !has_program(test, "python3") {
        return;
    }
    let person = area();
    let mut answers = right();
    // As long as the right one, and written within the same second: what Python compiled of it must not be taken again.
    answers[2] = fenced("def area(w, h, d):\n    return w * h + d\n");
    // The last message has what the check said.
    let mut mended = fenced(AFTER);
    mended["expect"] = json!("10 != 24");
    answers.push(mended);
    let ended = person.run(&answers, &["--json", "--approve", "all", "--check", CHECK, "add a depth"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    let events = ended.events();
    let verdicts = verdicts(events.iter().map(|event| &event.what));
    assert!(matches!(verdicts[..], [Verdict::Failed { .. }, Verdict::Passed { .. }]), "{verdicts:?}");
    let steps: Vec<(u32, StepState)> = events
        .iter()
        .filter_map(|event| {
            if let What::StepUpdate { step, state, .. } = &event.what { Some((step.0, *state)) } else { None }
        })
        .collect();
    let (started, done) = (StepState::Started, StepState::Done);
    assert_eq!(steps, [(1, started), (1, done), (2, started), (2, done)]);
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AFTER));
}

#[test]
fn what_is_never_mended_ends_as_failed_and_waits() {
    let test = "what_is_never_mended_ends_as_failed_and_waits";
    if !has_overlay(test) {
        return;
    }
    let person = area();
    let wrong = |number: u32| fenced(&format!("def area(w, h, d):\n    return {number}\n"));
    let mut answers = vec![text("ok"), plan(&json!([edit()]))];
    answers.extend((0..20).map(wrong));
    let check = "grep -q 'h . d' area.py";
    let rule = format!("[[allow]]\ntool = \"run_command\"\ncommand = \"{check}\"\n");
    person.write("config/devtoolkit/config.toml", &rule);
    let ended = person.run(&answers, &["--json", "--approve", "plan", "--check", check, "add a depth"]);
    let events = ended.events();
    let verdicts = verdicts(events.iter().map(|event| &event.what));
    assert_eq!(verdicts.len(), 3, "two rounds of mending: {verdicts:?}");
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Failed { .. })), "{verdicts:?}");
    assert!(matches!(
        events.last().map(|event| &event.what),
        Some(What::Status { phase: Phase::ChangeReview, .. })
    ));
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA));
}
