//! `undo_changes`: what was written is taken back, once a person has agreed.

use crate::permission::Access;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::{Snapshot, WorkspaceOp};
use schemars::JsonSchema;
use serde::Deserialize;

/// Take back accepted changes: the newest set, or one named. Asks the person.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct UndoChanges {
    /// Set number of list_changes
    set: Option<u32>,
    /// Back to this checkpoint
    checkpoint: Option<String>,
}

impl Tool for UndoChanges {
    const NAME: &'static str = "undo_changes";
    const TITLE: &'static str = "Undo changes";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Destroys;

    fn access(&self, _: &Snapshot) -> Result<Access, ToolError> {
        if self.set.is_some() && self.checkpoint.is_some() {
            return Err(ToolError::Arguments("give `set` or `checkpoint`, not both".to_owned()));
        }
        Ok(Access::Undo { set: self.set, checkpoint: self.checkpoint.clone() })
    }

    fn run(self, _: &ToolContext) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::op("", WorkspaceOp::Undo { set: self.set, checkpoint: self.checkpoint }))
    }
}
