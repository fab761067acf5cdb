//! `accept_changes`: what was staged is written to disk, once a person has agreed.

use crate::permission::Access;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::selection::Chosen;
use crate::workspace::{Snapshot, WorkspaceOp};
use schemars::JsonSchema;
use serde::Deserialize;

/// Write staged changes to disk, all or some. Asks the person.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AcceptChanges {
    #[serde(flatten)]
    chosen: Chosen,
}

impl Tool for AcceptChanges {
    const NAME: &'static str = "accept_changes";
    const TITLE: &'static str = "Accept changes";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Destroys;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        Ok(Access::Apply(self.chosen.selection(snapshot)?))
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::op("", WorkspaceOp::Accept(self.chosen.selection(&context.snapshot)?)))
    }
}
