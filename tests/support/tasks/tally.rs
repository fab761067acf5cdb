//! What a run of the agent came to, from the events that it writes as JSON Lines (`docs/protocol.md`).

use serde_json::Value;
use std::collections::BTreeSet;

/// Tools by which a model changes files.
const EDITS: &[&str] = &[
    "apply_patch",
    "delete_path",
    "edit_file",
    "insert_at_symbol",
    "move_path",
    "rename_symbol",
    "replace_symbol",
    "write_file",
];

/// How the reason begins for which a step is tried again when what the model wrote does not parse.
const NOT_VALID: &str = "the new text is not valid";

/// Numbers of one run, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls of tools that change files.
    pub edits: usize,
    /// Those of them that did.
    pub applied: usize,
    /// Steps that were begun.
    pub steps: usize,
    /// Those of them of which every text parsed.
    pub parsed: usize,
    /// Tokens.
    pub prompt: u64,
    /// Of the prompt's tokens, those that were in a cache.
    pub cached: u64,
    pub generated: u64,
    /// Whether it came to its end.
    pub complete: bool,
    /// The last error that it told.
    pub error: Option<String>,
}

impl Tally {
    /// Reads events, one to a line; what is no event counts for nothing.
    #[must_use]
    pub fn of(lines: &str) -> Self {
        let mut tally = Self::default();
        let (mut open, mut begun, mut invalid) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for event in lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let text = |field: &str| event[field].as_str().unwrap_or_default();
            let count = |field: &str| event[field].as_u64().unwrap_or_default();
            // A later request counts its steps anew.
            let step = || (count("turn"), count("step"));
            match text("event") {
                "tool_start" if EDITS.contains(&text("tool")) => {
                    open.insert(text("call").to_owned());
                }
                "tool_end" if open.remove(text("call")) => {
                    tally.edits += 1;
                    tally.applied += usize::from(event["is_error"] == false);
                }
                "step_update" => {
                    begun.insert(step());
                    if text("note").starts_with(NOT_VALID) {
                        invalid.insert(step());
                    }
                }
                "usage" => {
                    tally.prompt += count("prompt");
                    tally.cached += count("cached");
                    tally.generated += count("generated");
                }
                "complete" => tally.complete = true,
                "error" => tally.error = Some(format!("{}: {}", text("what"), text("why"))),
                _ => {}
            }
        }
        tally.steps = begun.len();
        tally.parsed = begun.len() - invalid.len();
        tally
    }

    /// Adds the numbers of another run.
    pub fn add(&mut self, other: &Self) {
        self.edits += other.edits;
        self.applied += other.applied;
        self.steps += other.steps;
        self.parsed += other.parsed;
        self.prompt += other.prompt;
        self.cached += other.cached;
        self.generated += other.generated;
        self.complete &= other.complete;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary;
    use std::fs;

    /// One line of what `tests/samples` has of an event.
    fn sample(name: &str) -> Value {
        let file = binary::checkout().join("tests/samples/protocol/events").join(format!("{name}.json"));
        serde_json::from_str(&fs::read_to_string(file).expect("there is one")).expect("JSON")
    }

    fn with(mut event: Value, fields: &[(&str, Value)]) -> String {
        for (name, value) in fields {
            event[name] = value.clone();
        }
        event.to_string()
    }

    #[test]
    fn edits_that_failed_do_not_apply() {
        let call = |call: &str, tool: &str, is_error: bool| {
            let start = with(sample("tool_start"), &[("call", call.into()), ("tool", tool.into())]);
            let end = with(sample("tool_end"), &[("call", call.into()), ("is_error", is_error.into())]);
            format!("{start}\n{end}\n")
        };
        let lines = [
            call("a", "edit_file", true),
            call("b", "replace_symbol", false),
            call("c", "run_command", true),
            call("d", "write_file", false),
        ];
        let tally = Tally::of(&lines.concat());
        assert_eq!((tally.applied, tally.edits), (2, 3));
    }

    #[test]
    fn a_step_that_did_not_parse_once_counts_once() {
        let step = |step: u32, state: &str, note: &str| {
            let fields = [("step", step.into()), ("state", state.into()), ("note", note.into())];
            with(sample("step_update"), &fields) + "\n"
        };
        let lines = [
            step(1, "started", ""),
            step(1, "retried", "the new text is not valid python: line 4: invalid syntax"),
            step(1, "retried", "the new text is not valid python: line 5: invalid syntax"),
            step(1, "done", ""),
            step(2, "started", ""),
            step(2, "retried", "nothing has changed: write what the step asks for"),
            step(2, "done", ""),
        ];
        let tally = Tally::of(&lines.concat());
        assert_eq!((tally.parsed, tally.steps), (1, 2));
    }

    #[test]
    fn tokens_are_summed_and_ends_are_seen() {
        let events = ["usage", "usage", "error", "complete"].map(|name| sample(name).to_string());
        let mut tally = Tally::of(&format!("no event\n{}\n[1]\n", events.join("\n")));
        assert_eq!((tally.prompt, tally.cached, tally.generated), (3600, 3500, 240));
        assert_eq!(tally.error.as_deref(), Some("the model gave no answer: its process was killed"));
        assert!(tally.complete);
        tally.add(&Tally::of(""));
        assert!(!tally.complete && tally.prompt == 3600);
    }
}
