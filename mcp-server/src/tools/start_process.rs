//! `start_process`: a command that stays, such as a development server or a prompt.

use super::shell;
use crate::commands::{Process, ProcessError};
use crate::permission::{Access, CommandText, Run};
use crate::sandbox::Tier;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;
use std::time::Duration;

/// Seconds that a port is waited for, usually and at most.
const USUAL: u64 = 30;
const LONGEST: u64 = 600;
/// How long first output is waited for, where there is no port.
const FIRST: Duration = Duration::from_millis(500);
/// The longest name, in characters.
const NAME: usize = 40;

/// Start a dev server or prompt.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StartProcess {
    name: String,
    command: String,
    folder: Option<String>,
    port: Option<u16>,
    wait_s: Option<u64>,
    network: Option<bool>,
}

impl Tool for StartProcess {
    const NAME: &'static str = "start_process";
    const TITLE: &'static str = "Start process";
    const TOOLSET: Toolset = Toolset::Shell;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || self.name.len() > NAME || !self.name.chars().all(is_plain) {
            let text = format!("`name` has 1 to {NAME} letters, digits, `-`, `_` and `.`");
            return Err(ToolError::Arguments(text));
        }
        if self.wait_s.is_some_and(|seconds| seconds > LONGEST) {
            return Err(ToolError::Arguments(format!(
                "`wait_s` is at most {LONGEST}; read_process waits on"
            )));
        }
        let command = shell::command(Some(&self.command), None)?;
        let folder = shell::folder(snapshot, self.folder.as_deref())?;
        Ok(Access::Run(Run { command, folder, network: self.network.unwrap_or(false) }))
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let command = CommandText::Line(self.command.clone());
        let folder = shell::folder(&context.snapshot, self.folder.as_deref())?;
        let order = shell::order(context, &command, folder, (self.network.unwrap_or(false), true));
        let commands = &context.commands;
        let old = commands.find(&self.name).filter(|old| old.is_over());
        let process = commands.start(&order, &context.snapshot, &self.name, shell::title(&command))?;
        let mut notes = self.wait(context, &process, order.network).inspect_err(|_| {
            // Who gave the call up does not want the process.
            commands.forget(&process);
        })?;
        let mut text = shell::news(context, &process)?;
        let (state, mut ops) = shell::state(context, &process)?;
        if let Some(old) = old {
            // What one of the same name left behind would be lost with it.
            ops.splice(0..0, shell::state(context, &old)?.1);
        }
        let tier = commands.sandbox().tier();
        if tier == Tier::Overlay {
            notes.push_str("; it sees staged text as it is now");
        }
        let _ = write!(text, "(`{}` {state}{notes}; {})", self.name, shell::confined(tier));
        Ok(ToolOutput::happened(text, ops))
    }
}

impl StartProcess {
    /// Waits for the port or for first output, and says what is to be known of it.
    fn wait(
        &self,
        context: &ToolContext,
        process: &Process,
        has_network: bool,
    ) -> Result<String, ProcessError> {
        let mut notes = String::new();
        let Some(port) = self.port else {
            process.news_within(&context.cancel, self.wait_s.map_or(FIRST, Duration::from_secs))?;
            return Ok(notes);
        };
        let wait = self.wait_s.unwrap_or(USUAL);
        if !process.port_within(&context.cancel, port, Duration::from_secs(wait))? {
            let _ = write!(notes, "; nothing listens on port {port} after {wait} s");
        }
        if context.commands.sandbox().tier() != Tier::Unconfined && !has_network {
            notes.push_str("; without `network` its port is reached only from inside of its sandbox");
        }
        Ok(notes)
    }
}

#[cfg(test)]
mod tests;
