//! A plan as a list to be ticked, and a tool's call in a few words.

use super::super::paint::{Hue, Style};
use super::super::plain;
use devtoolkit_agent::plan::{Action, Plan};
use serde_json::{Map, Value};

/// Columns of an argument of a call.
const ARGUMENT: usize = 48;
/// Arguments of a call that are shown.
const MOST_ARGUMENTS: usize = 6;

/// A plan with all that a person approves.
pub(super) fn plan(plan: &Plan, style: Style) -> String {
    let width = style.width;
    let mut shown = style.paint(Hue::Bold, &format!("Plan: {}", plain::line(&plan.title))) + "\n";
    if !plan.description.trim().is_empty() {
        shown += &format!("  {}\n", plain::wrap(&plan.description, width, 2, 2));
    }
    if !plan.reasoning.trim().is_empty() {
        let why = plain::wrap(&plan.reasoning, width, 7, 2);
        shown += &(style.paint(Hue::Faint, &format!("  Why: {why}")) + "\n");
    }
    for step in &plan.steps {
        let head = format!("{:>2} {}", step.id, action(&step.action));
        shown += &format!("  [ ] {}\n", style.paint(Hue::Bold, &head));
        if !step.instruction.trim().is_empty() {
            shown += &format!("         {}\n", plain::wrap(&step.instruction, width, 9, 9));
        }
        for comment in &step.comments {
            let comment = plain::wrap(comment, width, 11, 11);
            shown += &(style.paint(Hue::Warning, &format!("         » {comment}")) + "\n");
        }
    }
    shown
}

/// What a step does to what, on one line and never cut.
pub(super) fn action(action: &Action) -> String {
    let text = match action {
        Action::Edit { path, symbol: None } => format!("edit {path}"),
        Action::Edit { path, symbol: Some(symbol) } => format!("edit {path} › {symbol}"),
        Action::Create { path } => format!("create {path}"),
        Action::Delete { path } => format!("delete {path}"),
        Action::Move { path, to } => format!("move {path} → {to}"),
        Action::RenameSymbol { path, symbol, to } => format!("rename {symbol} → {to} ({path})"),
        Action::Command { command } => format!("run `{command}`"),
        Action::Note => "note".to_owned(),
    };
    plain::line(&text).into_owned()
}

/// A call: the only argument as it is, several with their names.
pub(super) fn call(tool: &str, arguments: &Map<String, Value>) -> String {
    let mut shown = plain::cut(tool, ARGUMENT);
    for (name, value) in arguments.iter().take(MOST_ARGUMENTS) {
        let value = match value {
            Value::String(text) => plain::cut(text, ARGUMENT),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                plain::cut(&value.to_string(), ARGUMENT)
            }
        };
        shown += &match arguments.len() {
            1 => format!(" {value}"),
            _ => format!(" {}={value}", plain::cut(name, ARGUMENT)),
        };
    }
    shown
}
