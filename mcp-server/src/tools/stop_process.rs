//! `stop_process`: a process is ended, and what it wrote is staged.

use super::shell;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use schemars::JsonSchema;
use serde::Deserialize;

/// Stop a process.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StopProcess {
    name: String,
}

impl Tool for StopProcess {
    const NAME: &'static str = "stop_process";
    const TITLE: &'static str = "Stop process";
    const TOOLSET: Toolset = Toolset::Shell;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let process = shell::process(context, &self.name)?;
        process.stop(&context.cancel)?;
        let text = shell::news(context, &process)?;
        let (state, ops) = shell::state(context, &process)?;
        Ok(ToolOutput::happened(format!("{text}(`{}` {state})", self.name), ops))
    }
}
