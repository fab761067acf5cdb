//! Each event and each command has a sample in `tests/samples/protocol/`, and a line in `docs/protocol.md`.

#![expect(clippy::disallowed_methods, reason = "tests read samples")]

use super::*;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The samples of a kind: each comes back as it was, and is named after what it is.
fn samples<T: Serialize + DeserializeOwned>(kind: &str, tag: &str) -> Vec<T> {
    let folder = checkout().join("tests/samples/protocol").join(kind);
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json[tag].as_str(), path.file_stem().and_then(|name| name.to_str()));
        let sample: T =
            serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(serde_json::to_value(&sample).unwrap(), json);
        sample
    };
    entries.map(read).collect()
}

/// Each kind of event once; a new one is an error here until it has its number.
fn event_number(what: &What) -> usize {
    match what {
        What::Status { .. } => 0,
        What::MessageDelta { .. } => 1,
        What::ReasoningDelta { .. } => 2,
        What::Plan { .. } => 3,
        What::StepUpdate { .. } => 4,
        What::ToolStart { .. } => 5,
        What::ToolOutput { .. } => 6,
        What::ToolEnd { .. } => 7,
        What::FileRead { .. } => 8,
        What::ChangeStaged { .. } => 9,
        What::PermissionRequest { .. } => 10,
        What::RateLimit { .. } => 11,
        What::Usage(_) => 12,
        What::Verification { .. } => 13,
        What::Error(_) => 14,
        What::Complete { .. } => 15,
        What::Cancelled => 16,
        What::CommandProposed { .. } => 17,
        What::CommandOutput { .. } => 18,
        What::ContextReduced { .. } => 19,
    }
}

fn command_number(command: &Command) -> usize {
    match command {
        Command::Prompt { .. } => 0,
        Command::ApprovePlan => 1,
        Command::RejectPlan { .. } => 2,
        Command::EditPlan { .. } => 3,
        Command::Accept { .. } => 4,
        Command::Reject { .. } => 5,
        Command::AnswerPermission { .. } => 6,
        Command::Cancel => 7,
        Command::Queue { .. } => 8,
        Command::Undo => 9,
        Command::SetMode { .. } => 10,
        Command::SetModel { .. } => 11,
    }
}

#[test]
fn every_event_and_command_has_a_sample() {
    let events: BTreeSet<usize> =
        samples::<Event>("events", "event").iter().map(|event| event_number(&event.what)).collect();
    assert_eq!(events, (0..20).collect());
    let commands: BTreeSet<usize> =
        samples::<Command>("commands", "command").iter().map(command_number).collect();
    assert_eq!(commands, (0..12).collect());
}

#[test]
fn every_sample_is_documented() {
    let docs = std::fs::read_to_string(checkout().join("docs/protocol.md")).unwrap();
    for kind in ["events", "commands"] {
        for entry in std::fs::read_dir(checkout().join("tests/samples/protocol").join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(docs.contains(&format!("| `{name}` |")), "docs/protocol.md says nothing of `{name}`");
        }
    }
}

#[test]
fn commands_may_leave_out_what_is_usual() {
    let prompt: Command = serde_json::from_str(r#"{"command": "prompt", "text": "why?"}"#).unwrap();
    assert_eq!(prompt, Command::Prompt { text: "why?".to_owned(), mode: None, focus: Focus::default() });
    assert!(serde_json::from_str::<Command>(r#"{"command": "approve"}"#).is_err());
}
