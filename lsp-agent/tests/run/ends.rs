//! How a run ends: its exit codes, and Ctrl-C.

use crate::program::{Person, plan, text};
use crate::{AREA, area, right, three};
use devtoolkit_agent::protocol::What;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

#[test]
fn an_exit_code_says_how_it_went() {
    let person = area();
    let failure = json!({"problem": {"what": "it broke", "why": "a fuse", "next": "mend it"}});
    let note = plan(&json!([{"kind": "note", "instruction": "all is well"}]));
    let rows: [(&[&str], _, i32); 6] = [
        (&["--mode", "ask", "what is it?"], vec![text("an area")], 0),
        (&["--mode", "plan", "add a depth"], right(), 0),
        (&["--mode", "ask", "what is it?"], vec![failure], 1),
        (&["--mode", "sing", "what is it?"], vec![], 2),
        // Nobody approved the plan; and a plan that changes nothing.
        (&["add a depth"], right(), 3),
        (&["--approve", "all", "add a depth"], vec![text("ok"), note], 3),
    ];
    for (arguments, answers, code) in rows {
        let ended = person.run(&answers, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {} {}", ended.out, ended.err);
    }
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA));
}

#[test]
fn several_requests_are_done_in_turn_and_a_failure_ends_them() {
    let person = area();
    let failure = json!({"text": "hm", "problem": {"what": "it broke", "why": "a fuse", "next": "mend it"}});
    let ended = person.run(&[text("one"), failure, text("three")], &["--mode", "ask", "a?", "b?", "c?"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("one") && !ended.out.contains("three"), "{}", ended.out);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains("it broke") && said.contains("a fuse") && said.contains("mend it"), "{said}");
}

#[test]
fn an_interrupt_cancels_and_the_session_can_go_on() {
    let (person, mut answers) = three();
    // It is told that it waits, so that it is known to have been asked.
    answers[2]["rate_limited"] = json!(60);
    answers[2]["pause"] = json!(60_000);
    person.script(&answers);
    let mut run = person.speaks(&["--approve", "plan", "count"]);
    run.until(|what| matches!(what, What::RateLimit { .. }));
    let id = run.heard[0].session.clone();
    interrupt(run.id());
    run.until(|what| matches!(what, What::Cancelled));
    let (code, err, heard) = run.end();
    assert_eq!((code, err.as_str()), (Some(130), ""), "{heard:#?}");
    assert_eq!(person.on_disk("a.txt").as_deref(), Some("1\n\n2\n\n3\n"));
    // Answer N is for request N: what was cancelled is not asked again.
    answers[2] = text("never asked");
    answers.push(text("still here"));
    let ended = person.run(&answers, &["--session", &id, "--mode", "ask", "are you there?"]);
    assert_eq!(ended.code, Some(0), "{} {}", ended.out, ended.err);
    assert!(ended.out.contains("still here"), "{}", ended.out);
}

#[test]
fn an_interrupt_ends_a_command_too() {
    let test = "an_interrupt_ends_a_command_too";
    if !crate::program::has_overlay(test) {
        return;
    }
    let person = Person::new(&[("a.txt", "1\n")]);
    let steps = json!([{"kind": "command", "command": "echo begun; sleep 600", "instruction": "wait"}]);
    person.script(&[text("ok"), plan(&steps)]);
    let mut run = person.speaks(&["--approve", "all", "wait"]);
    run.until(|what| matches!(what, What::CommandOutput { .. }));
    interrupt(run.id());
    let (code, err, heard) = run.end();
    assert_eq!((code, err.as_str()), (Some(130), ""), "{heard:#?}");
}

fn interrupt(process: u32) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(process, Signal::INT).expect("it runs");
}
