//! `run_command`: a command is run to its end, its output shown, and what it wrote is staged.

use super::shell;
use crate::permission::{Access, Run};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Seconds that a command may take where nothing is said.
const USUAL: u64 = 120;

/// Run a shell line or argv.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RunCommand {
    command: Option<String>,
    argv: Option<Vec<String>>,
    folder: Option<String>,
    timeout_s: Option<u64>,
    network: Option<bool>,
}

impl Tool for RunCommand {
    const NAME: &'static str = "run_command";
    const TITLE: &'static str = "Run command";
    const TOOLSET: Toolset = Toolset::Shell;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        shell::check_timeout(self.timeout_s)?;
        let command = shell::command(self.command.as_deref(), self.argv.as_deref())?;
        let folder = shell::folder(snapshot, self.folder.as_deref())?;
        Ok(Access::Run(Run { command, folder, network: self.network.unwrap_or(false) }))
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let command = shell::command(self.command.as_deref(), self.argv.as_deref())?;
        let folder = shell::folder(&context.snapshot, self.folder.as_deref())?;
        let order = shell::order(context, &command, folder, (self.network.unwrap_or(false), false));
        let limit = Duration::from_secs(self.timeout_s.unwrap_or(USUAL));
        let ran = shell::run(context, &order, limit, shell::title(&command))?;
        let whole = ran.process.whole(&context.cancel)?;
        let text = format!("{}({})", shell::shown(&whole, ran.process.name()), ran.words);
        if whole.left_out > 0 {
            context.commands.keep(ran.process)?;
        }
        Ok(ToolOutput::happened(text, ran.ops))
    }
}

#[cfg(test)]
mod tests;
