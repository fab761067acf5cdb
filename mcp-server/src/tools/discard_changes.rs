//! `discard_changes`: proposed changes are forgotten; the disk is as it was all along.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::selection::Chosen;
use crate::workspace::WorkspaceOp;
use schemars::JsonSchema;
use serde::Deserialize;

/// Forget staged changes, all or some.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct DiscardChanges {
    #[serde(flatten)]
    chosen: Chosen,
}

impl Tool for DiscardChanges {
    const NAME: &'static str = "discard_changes";
    const TITLE: &'static str = "Discard changes";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::op("", WorkspaceOp::Discard(self.chosen.selection(&context.snapshot)?)))
    }
}
