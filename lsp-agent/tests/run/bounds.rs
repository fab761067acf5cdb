//! What a model may not do, and how often it may try.

use crate::program::{Person, plan, text};
use crate::{AREA, area, edit, fenced, right};
use devtoolkit_agent::protocol::{Event, StepState, What};
use serde_json::{Value, json};

fn steps(events: &[Event]) -> Vec<(StepState, String)> {
    let of = |event: &Event| match &event.what {
        What::StepUpdate { state, note, .. } => Some((*state, note.clone())),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn states(events: &[Event]) -> Vec<StepState> {
    steps(events).into_iter().map(|(state, _)| state).collect()
}

#[test]
fn an_edit_that_cannot_be_read_is_tried_three_times_and_told() {
    let person = area();
    let again = |words: &str| json!({"text": words, "expect": "Try again."});
    let answers = [
        text("ok"),
        plan(&json!([edit()])),
        text("no fence"),
        again("nor here"),
        again("```\nno end"),
        fenced(AREA),
    ];
    let ended = person.run(&answers, &["--json", "--approve", "all", "add a depth"]);
    let events = ended.events();
    let expected = [StepState::Started, StepState::Retried, StepState::Retried, StepState::Failed];
    assert_eq!(states(&events), expected, "{}", ended.out);
    let notes: Vec<String> = steps(&events).into_iter().map(|(_, note)| note).collect();
    assert!(notes[1..].iter().all(|note| note.contains("```")), "each says why: {notes:?}");
    let told = |event: &Event| matches!(&event.what, What::Complete { changed: false, summary } if summary.contains("step 1 failed"));
    assert!(events.iter().any(told), "{}", ended.out);
    assert_eq!(ended.code, Some(3));
    let ended = person.run(&answers, &["--approve", "all", "add a depth"]);
    assert!(ended.out.contains("step 1 failed"), "a person reads it too: {}", ended.out);
    assert_eq!(person.on_disk("area.py").as_deref(), Some(AREA));
}

#[test]
fn a_step_that_drops_what_nobody_asked_to_drop_is_refused() {
    let both = "def area(w, h):\n    return w * h\n\n\ndef edge(w, h):\n    return 2 * (w + h)\n";
    let person = Person::new(&[("area.py", both)]);
    let step = json!({"kind": "edit", "path": "area.py", "instruction": "add a depth to area"});
    let dropped = |word: &str| fenced(&format!("def area(w, h, d):\n    return w * h * d  # {word}\n"));
    let mut second = dropped("b");
    second["expect"] = json!("`edge` would be gone");
    let answers = [text("ok"), plan(&json!([step])), dropped("a"), second, dropped("c")];
    let ended = person.run(&answers, &["--json", "--approve", "all", "add a depth"]);
    let events = ended.events();
    let expected = [StepState::Started, StepState::Retried, StepState::Retried, StepState::Failed];
    assert_eq!(states(&events), expected, "{}", ended.out);
    assert_eq!(ended.code, Some(3), "nothing of it is staged any more");
    assert_eq!(person.on_disk("area.py").as_deref(), Some(both));
}

#[test]
fn a_request_goes_no_further_than_its_mode() {
    let person = area();
    let before = person.tree();
    for mode in ["ask", "plan"] {
        let answers = if mode == "ask" { vec![text("no changes")] } else { right() };
        let ended = person.run(&answers, &["--json", "--mode", mode, "--approve", "all", "add a depth"]);
        assert_eq!(ended.code, Some(0), "{}", ended.out);
        let changes = |event: &Event| {
            matches!(event.what, What::ChangeStaged { .. } | What::ToolStart { .. } | What::StepUpdate { .. })
        };
        assert!(!ended.events().iter().any(changes), "{mode}: {}", ended.out);
    }
    assert_eq!(person.tree(), before);
    let next = person.run(&[text("x")], &["--mode", "ask", "--approve", "all", "what is staged?"]);
    assert_eq!(next.code, Some(0), "nothing was left behind: {}", next.out);
    assert_eq!(person.tree(), before);
}

#[test]
fn while_it_understands_nothing_that_writes_is_called() {
    let person = area();
    let before = person.tree();
    let named = |name: &str, arguments: Value| json!({"name": name, "arguments": arguments});
    let through =
        |name: &str, arguments: Value| named("call_tool", json!({"name": name, "arguments": arguments}));
    let calls = json!({"calls": [
        named("write_file", json!({"path": "area.py", "content": "x"})),
        through("run_command", json!({"command": "touch ran"})),
        through("accept_changes", json!({})),
        through("delete_path", json!({"path": "area.py"})),
        named("read_file", json!({"path": "area.py"})),
    ]});
    for mode in ["ask", "plan", "agent"] {
        let mut answers = vec![calls.clone()];
        answers.extend(right());
        let ended = person.run(&answers, &["--json", "--mode", mode, "--approve", "none", "add a depth"]);
        let events = ended.events();
        let ends: Vec<bool> = events
            .iter()
            .filter_map(
                |event| if let What::ToolEnd { is_error, .. } = event.what { Some(is_error) } else { None },
            )
            .collect();
        assert_eq!(ends.len(), 5, "{}", ended.out);
        assert_eq!(ends.iter().filter(|is_error| **is_error).count(), 4, "only what reads: {}", ended.out);
        let is_more =
            |event: &Event| matches!(event.what, What::PermissionRequest { .. } | What::ChangeStaged { .. });
        assert!(!events.iter().any(is_more), "nor is a person asked about it: {}", ended.out);
    }
    assert_eq!(person.tree(), before);
}
