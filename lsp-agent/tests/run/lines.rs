//! Events on standard output and commands on standard input, as JSON Lines.

use crate::program::{Person, has_overlay, plan, text};
use crate::three;
use devtoolkit_agent::protocol::{Event, Phase, StepState, What};
use serde_json::{Value, json};

/// The numbers of events count without gaps; what is told beside the session's own has the number of the one before.
fn counted(heard: &[Event]) {
    let mut last = heard.first().map_or(0, |event| event.sequence);
    for event in heard {
        let next = event.sequence;
        assert!(next == last || next == last + 1, "{next} after {last}: {heard:#?}");
        last = next;
    }
    assert!(heard.iter().all(|event| event.session == heard[0].session));
}

#[test]
fn hunks_are_taken_and_dropped_one_by_one_with_reasons() {
    let (person, mut answers) = three();
    answers.push(json!({"text": "because", "expect": "I rejected a change of `a.txt`: keep two"}));
    person.script(&answers);
    let mut run = person.speaks(&["--check", "true"]);
    run.until_phase(Phase::Idle);
    run.prompt("count");
    run.until_phase(Phase::PlanReview);
    run.say(&json!({"command": "approve_plan"}));
    let files = run.until_review();
    let [(path, hunks)] = &files[..] else { panic!("{files:?}") };
    assert_eq!((path.as_str(), hunks.len()), ("a.txt", 3));
    assert_eq!((hunks[1].line, hunks[1].old.as_str(), hunks[1].new.as_str()), (3, "2\n", "12\n"));
    let of = |hunk: usize| json!({"which": "hunk", "path": "a.txt", "hunk": hunks[hunk].id});
    let with = |mut command: Value, name: &str| {
        command["command"] = json!(name);
        command
    };
    run.say(&with(of(0), "accept"));
    let left = run.until_review();
    assert_eq!(left[0].1.len(), 2);
    assert_eq!(person.on_disk("a.txt").as_deref(), Some("11\n\n2\n\n3\n"));
    let mut reject = with(of(1), "reject");
    reject["reason"] = json!("keep two");
    run.say(&reject);
    assert_eq!(run.until_review()[0].1.len(), 1);
    // One that is gone is an error, and the rest still waits.
    run.say(&with(of(1), "accept"));
    let What::Error(problem) = run.until(|what| matches!(what, What::Error(_))) else { panic!("an error") };
    assert_eq!(problem.what, "cannot accept this");
    run.say(&with(of(2), "accept"));
    run.until_phase(Phase::Idle);
    assert_eq!(person.on_disk("a.txt").as_deref(), Some("11\n\n2\n\n13\n"));
    // The next request's model hears of it.
    run.say(&json!({"command": "prompt", "text": "why?", "mode": "ask"}));
    run.until(|what| matches!(what, What::Complete { .. }));
    let (_, err, heard) = run.end();
    assert_eq!(err, "");
    counted(&heard);
}

#[test]
fn a_question_of_a_command_is_answered_once_or_denied() {
    let test = "a_question_of_a_command_is_answered_once_or_denied";
    if !has_overlay(test) {
        return;
    }
    let person = Person::new(&[("a.txt", "1\n")]);
    let run_it = |word: &str| json!({"kind": "command", "command": format!("echo {word} > {word}.txt"), "instruction": "run"});
    person.script(&[text("ok"), plan(&json!([run_it("yes"), run_it("no")]))]);
    let mut run = person.speaks(&["--check", "true"]);
    run.until_phase(Phase::Idle);
    run.prompt("run them");
    run.until_phase(Phase::PlanReview);
    run.say(&json!({"command": "approve_plan"}));
    for (word, answer, state) in [("yes", "once", StepState::Done), ("no", "deny", StepState::Failed)] {
        let asked = run.until(|what| matches!(what, What::PermissionRequest { .. }));
        let What::PermissionRequest { request, text, .. } = asked else { panic!("{asked:?}") };
        assert!(text.contains(&format!("echo {word} > {word}.txt")), "{text}");
        // An answer to another question changes nothing.
        run.say(&json!({"command": "answer_permission", "request": "call_99", "answer": "once"}));
        run.until(|what| matches!(what, What::Error(_)));
        run.say(&json!({"command": "answer_permission", "request": request, "answer": answer}));
        let is_over =
            |what: &What| matches!(what, What::StepUpdate { state: StepState::Done | StepState::Failed, .. });
        let What::StepUpdate { state: told, .. } = run.until(is_over) else { panic!("a step") };
        assert_eq!(told, state);
    }
    let files = run.until_review();
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["yes.txt"], "what a command writes is staged");
    assert_eq!(person.on_disk("yes.txt"), None);
    run.say(&json!({"command": "accept", "which": "file", "path": "yes.txt"}));
    run.until_phase(Phase::Idle);
    assert_eq!(person.on_disk("yes.txt").as_deref(), Some("yes\n"));
    assert_eq!(person.on_disk("no.txt"), None);
    counted(&run.end().2);
}

#[test]
fn a_line_that_is_no_command_is_an_error_and_the_run_goes_on() {
    let (person, answers) = three();
    person.script(&answers);
    let mut run = person.speaks(&["--mode", "plan"]);
    run.until_phase(Phase::Idle);
    for (line, why) in [
        ("nonsense", "line 1 is no command"),
        ("{\"command\": \"dance\"}", "line 2 is no command"),
        (&"x".repeat(2 << 20), "line 3 is no command"),
        ("{\"command\": \"approve_plan\"}", "the command cannot be followed"),
    ] {
        run.line(line);
        let What::Error(problem) = run.until(|what| matches!(what, What::Error(_))) else {
            panic!("an error")
        };
        assert_eq!(problem.what, why);
        assert!(!problem.next.is_empty());
    }
    run.prompt("count");
    run.until_phase(Phase::PlanReview);
    run.say(&json!({"command": "edit_plan", "edit": "comment", "step": 1, "text": "gently"}));
    let What::Plan { plan } = run.until(|what| matches!(what, What::Plan { .. })) else { panic!("a plan") };
    assert_eq!(plan.steps[0].comments, ["gently"]);
    let (_, err, heard) = run.end();
    assert_eq!(err, "");
    counted(&heard);
}
