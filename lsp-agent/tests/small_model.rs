//! The agent with a small real model: whatever it says, plans name what there is, and what was read once is not read again.
//! How much it solves is counted by `cargo xtask bench tasks`.

#![cfg(all(feature = "llama", target_os = "linux"))]
#![expect(clippy::disallowed_methods, reason = "tests start programs and look at files")]

#[path = "support/program.rs"]
mod program;

use devtoolkit_agent::plan::Action;
use devtoolkit_agent::protocol::{Usage, What};
use program::{Ended, Person, has_program, skipped};
use std::fs;
use std::path::PathBuf;

const AREA: &str = "def area(w, h):\n    \"\"\"The area of a rectangle.\"\"\"\n    return w * h\n";
/// The most tokens of what a request begins with, before anything of the project.
const FIXED: u32 = 1_500;

fn model(test: &str) -> Option<String> {
    let model = std::env::var_os("DEVTOOLKIT_QWEN_CODER").map(PathBuf::from).filter(|path| path.is_file());
    if model.is_none() {
        skipped(test, "`DEVTOOLKIT_QWEN_CODER` names no model");
    }
    model.map(|path| path.to_string_lossy().into_owned())
}

fn usages(ended: &Ended) -> Vec<Usage> {
    let usage = |what| if let What::Usage(usage) = what { Some(usage) } else { None };
    ended.events().into_iter().filter_map(|event| usage(event.what)).collect()
}

#[test]
fn what_was_read_in_one_turn_is_cached_in_the_next() {
    let Some(model) = model("what_was_read_in_one_turn_is_cached_in_the_next") else { return };
    let person = Person::new(&[("area.py", AREA)]);
    let ended = person.output(&[
        "run",
        "--json",
        "--mode",
        "ask",
        "--model",
        &model,
        "What does area() in area.py compute? Answer in one sentence.",
        "And what are its parameters called? Answer in one sentence.",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let usages = usages(&ended);
    assert!(usages.len() >= 2, "{usages:?}");
    assert!(usages[0].prompt <= FIXED, "system prompt, tools and a file of three lines: {:?}", usages[0]);
    for turn in usages.windows(2) {
        let known = turn[0].prompt;
        assert!(f64::from(turn[1].cached) >= 0.95 * f64::from(known), "{turn:?}");
    }
}

#[test]
fn a_plan_names_only_what_there_is_and_nothing_is_written_that_was_not_staged() {
    let Some(model) = model("a_plan_names_only_what_there_is_and_nothing_is_written_that_was_not_staged")
    else {
        return;
    };
    let test = "import unittest\nfrom area import area\n\n\nclass AreaTest(unittest.TestCase):\n    def test_area(self):\n        self.assertEqual(area(2, 3, 4), 24)\n";
    let person = Person::new(&[("area.py", AREA), ("test_area.py", test)]);
    let request = "Add a third parameter d to the function area in area.py and multiply by it.";
    let ended = person.output(&["run", "--json", "--approve", "all", "--model", &model, request]);
    assert!(matches!(ended.code, Some(0 | 1 | 3)), "{:?}: {}", ended.code, ended.err);
    let events = ended.events();
    let plans: Vec<_> = events
        .iter()
        .filter_map(|event| if let What::Plan { plan } = &event.what { Some(plan) } else { None })
        .collect();
    assert!(!plans.is_empty(), "{}", ended.out);
    for step in plans.iter().flat_map(|plan| &plan.steps) {
        match &step.action {
            Action::Edit { path, symbol } => {
                assert!(person.on_disk(path).is_some(), "{step:?}");
                let known = ["area", "AreaTest", "AreaTest.test_area"];
                assert!(symbol.as_deref().is_none_or(|symbol| known.contains(&symbol)), "{step:?}");
            }
            Action::Delete { path } | Action::Move { path, .. } | Action::RenameSymbol { path, .. } => {
                assert!(matches!(path.as_str(), "area.py" | "test_area.py"), "{step:?}");
            }
            Action::Create { .. } | Action::Command { .. } | Action::Note => {}
        }
    }
    let staged: Vec<&str> = events
        .iter()
        .filter_map(|event| match &event.what {
            What::ChangeStaged { path, .. } => Some(path.as_str()),
            _ => None,
        })
        .collect();
    for (path, text) in person.tree() {
        let before = [("area.py", AREA), ("test_area.py", test)].into_iter().find(|(name, _)| *name == path);
        let is_as_before = before.is_some_and(|(_, before)| before == text);
        assert!(is_as_before || staged.contains(&path.as_str()), "`{path}` was written and never staged");
    }
}

#[test]
fn an_answer_of_the_embedded_model_opens_no_socket_of_a_network() {
    let test = "an_answer_of_the_embedded_model_opens_no_socket_of_a_network";
    let Some(model) = model(test) else { return };
    if !has_program(test, "strace") {
        return;
    }
    let person = Person::new(&[("area.py", AREA)]);
    let calls = person.at("calls");
    let calls = calls.to_string_lossy().into_owned();
    let traced = |end: &[&str]| {
        let begin = ["-f", "-qq", "--seccomp-bpf", "-e", "trace=execve,socket", "-o", &calls];
        let output = person.command_of("strace", &[&begin, end].concat()).output().expect("it starts");
        (output.status.code(), fs::read_to_string(&calls).unwrap_or_default())
    };
    if !traced(&["true"]).1.contains("execve(") {
        return skipped(test, "programs cannot be traced here");
    }
    let program = env!("CARGO_BIN_EXE_devtoolkit-agent");
    let asks = [program, "run", "--mode", "ask", "--model", &model, "What does area() in area.py compute?"];
    let (code, seen) = traced(&asks);
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("infer-worker"), "the model's process is seen too: {seen}");
    let sockets: Vec<&str> = seen.lines().filter(|line| line.contains("AF_INET")).collect();
    assert!(sockets.is_empty(), "{sockets:#?}");
}
