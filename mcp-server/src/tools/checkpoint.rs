//! `checkpoint`: a name for the state as it is, to come back to.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::WorkspaceOp;
use schemars::JsonSchema;
use serde::Deserialize;

/// The longest name, in characters.
const NAME_LIMIT: usize = 60;

/// Name the current state, so that undo_changes can return to it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Checkpoint {
    name: String,
}

impl Tool for Checkpoint {
    const NAME: &'static str = "checkpoint";
    const TITLE: &'static str = "Set checkpoint";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;
    const IDEMPOTENT: bool = true;

    fn run(self, _: &ToolContext) -> Result<ToolOutput, ToolError> {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/');
        let length = self.name.chars().count();
        if !(1..=NAME_LIMIT).contains(&length) || !self.name.chars().all(is_plain) {
            return Err(ToolError::Arguments(format!(
                "a checkpoint's `name` has 1 to {NAME_LIMIT} letters, digits, spaces or any of `-_./`"
            )));
        }
        Ok(ToolOutput::op("", WorkspaceOp::Checkpoint { name: self.name }))
    }
}
