//! `write_process`: a line for a process that asks.

use super::shell;
use crate::permission::{Access, CommandText, Run};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::{RelPath, Snapshot};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// The longest text, in bytes.
const TEXT: usize = 64 << 10;
/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_millis(500);

/// Send a line to a process.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct WriteProcess {
    name: String,
    text: String,
}

impl Tool for WriteProcess {
    const NAME: &'static str = "write_process";
    const TITLE: &'static str = "Write to process";
    const TOOLSET: Toolset = Toolset::Shell;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, _: &Snapshot) -> Result<Access, ToolError> {
        if self.text.len() > TEXT {
            return Err(ToolError::Arguments(format!("`text` is over {TEXT} bytes; write a file instead")));
        }
        let command = CommandText::Input { process: self.name.clone(), text: self.line() };
        Ok(Access::Run(Run { command, folder: RelPath::root(), network: false }))
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let process = shell::process(context, &self.name)?;
        if process.is_over() {
            let text =
                format!("`{}` has ended; read_process says how, start_process starts it again", self.name);
            return Err(ToolError::Failed(text));
        }
        // What is told afterwards is the answer.
        let mut text = shell::news(context, &process)?;
        process.write(&context.cancel, self.line())?;
        process.news_within(&context.cancel, ANSWER)?;
        text.push_str(&shell::news(context, &process)?);
        let (state, ops) = shell::state(context, &process)?;
        text.push_str(&format!("(`{}` {state})", self.name));
        Ok(ToolOutput::happened(text, ops))
    }
}

impl WriteProcess {
    /// The text with the end of its line.
    fn line(&self) -> String {
        if self.text.ends_with('\n') { self.text.clone() } else { format!("{}\n", self.text) }
    }
}
