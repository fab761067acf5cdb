//! `run_command`: a command is run to its end, its output shown, and what it wrote is staged.

use super::shell;
use crate::permission::{Access, Run};
use crate::tool::{Content, Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Seconds that a command may take, usually and at most.
const USUAL: u64 = 120;
const LONGEST: u64 = 3_600;

/// Run a shell line or argv; its edits are staged.
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
        if self.timeout_s.is_some_and(|seconds| seconds == 0 || seconds > LONGEST) {
            let text = format!("`timeout_s` is from 1 to {LONGEST}; start_process is for what runs longer");
            return Err(ToolError::Arguments(text));
        }
        let command = shell::command(self.command.as_deref(), self.argv.as_deref())?;
        let folder = shell::folder(snapshot, self.folder.as_deref())?;
        Ok(Access::Run(Run { command, folder, network: self.network.unwrap_or(false) }))
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let command = shell::command(self.command.as_deref(), self.argv.as_deref())?;
        let folder = shell::folder(&context.snapshot, self.folder.as_deref())?;
        let order = shell::order(context, &command, folder, (self.network.unwrap_or(false), false));
        let limit = self.timeout_s.unwrap_or(USUAL);
        let title = shell::title(&command);
        let commands = &context.commands;
        let process = commands.run(&order, &context.snapshot, Duration::from_secs(limit), title.clone())?;
        let end = process.ended(&context.cancel, |look| {
            context.progress(look.age.as_secs(), Some(limit), look.last_line.as_str());
        })?;
        let whole = process.whole(&context.cancel)?;
        let mut text = shell::shown(&whole, process.name());
        text.push_str(&format!("({}", shell::ended(&end)));
        if whole.left_out > 0 {
            text.push_str(&format!("; {} lines, {} bytes in all", whole.rows, whole.written));
        }
        text.push_str(&format!("; {}", shell::confined(commands.sandbox().tier())));
        let effects = process.effects(&context.cancel, context.latest())?.unwrap_or_default();
        let (words, ops) = shell::taken_over(effects, title);
        text.push_str(&words);
        text.push(')');
        if whole.left_out > 0 {
            commands.keep(process)?;
        }
        Ok(ToolOutput { content: vec![Content::Text(text)], ops })
    }
}

#[cfg(test)]
mod tests;
