//! Sessions that go on in another process.

use crate::program::Run;
use crate::{AFTER, AREA, area, right};
use devtoolkit_agent::protocol::{Phase, What};
use serde_json::json;

/// A run that was killed when its plan waited; the session's id.
fn killed_at_plan(person: &crate::program::Person) -> String {
    person.script(&right());
    let mut run = person.speaks(&["--check", "true"]);
    run.until_phase(Phase::Idle);
    run.prompt("add a depth");
    run.until_phase(Phase::PlanReview);
    let id = run.heard[0].session.clone();
    run.kill();
    id
}

fn accepted(mut run: Run) {
    run.until_phase(Phase::PlanReview);
    assert!(run.heard.iter().any(|event| matches!(event.what, What::Plan { .. })), "the plan is told again");
    run.say(&json!({"command": "approve_plan"}));
    let files = run.until_review();
    assert_eq!(files.len(), 1);
    run.say(&json!({"command": "accept", "which": "all"}));
    run.until_phase(Phase::Idle);
    let (code, err, _) = run.end();
    assert_eq!((code, err.as_str()), (Some(0), ""));
}

#[test]
fn a_session_goes_on_at_its_plan_by_name() {
    let person = area();
    let id = killed_at_plan(&person);
    accepted(person.speaks(&["--session", &id[..6], "--check", "true"]));
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AFTER));
    let shown = person.output(&["session", "show", &id]).out;
    assert_eq!(shown.matches("plan approved").count(), 1, "{shown}");
}

#[test]
fn the_newest_session_goes_on_and_what_was_approved_beforehand_is_done() {
    let person = area();
    let ended = person.run(&right(), &["--continue", "--approve", "all"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("has no session to continue; leave out --continue"), "{}", ended.err);
    let id = killed_at_plan(&person);
    let ended = person.run(&right(), &["--json", "--continue", "--approve", "all", "--check", "true"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    assert!(ended.events().iter().all(|event| event.session == id));
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AFTER));
}

#[test]
fn a_session_that_is_open_is_not_opened_twice() {
    let person = area();
    person.script(&right());
    let mut run = person.speaks(&[]);
    run.until_phase(Phase::Idle);
    let id = run.heard[0].session.clone();
    let ended = person.run(&right(), &["--session", &id, "--approve", "all", "add a depth"]);
    assert_eq!(ended.code, Some(1), "{}", ended.out);
    assert!(ended.err.contains(&format!("session `{id}` is open in another process")), "{}", ended.err);
    assert!(ended.err.contains(&format!("`devtoolkit-agent session fork {id}`")), "{}", ended.err);
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA));
    let deleted = person.output(&["session", "delete", &id]);
    assert!(deleted.code == Some(2) && deleted.err.contains("is open in another process"), "{deleted:?}");
    // The way out that it names.
    let fork = person.output(&["session", "fork", &id]).out;
    let ended = person.run(&right(), &["--session", fork.trim(), "--approve", "all", "add a depth"]);
    assert_eq!(ended.code, Some(0), "{} {}", ended.out, ended.err);
    run.kill();
    let ended = person.run(&right(), &["--session", &id]);
    assert_eq!(ended.code, Some(0), "the lock ends with its process: {}", ended.err);
}
