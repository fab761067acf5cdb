//! `read_process`: what a process has written, and how it is.

use super::shell;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;
use std::time::Duration;

/// Lines of a page, usually and at most.
const LINES: (u64, u64) = (500, 5_000);
/// The longest wait, in seconds.
const LONGEST: u64 = 600;

/// New output; a list without name.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReadProcess {
    name: Option<String>,
    offset: Option<u64>,
    limit: Option<u64>,
    wait_s: Option<u64>,
}

impl Tool for ReadProcess {
    const NAME: &'static str = "read_process";
    const TITLE: &'static str = "Read process";
    const TOOLSET: Toolset = Toolset::Shell;
    // What it changed is staged once it has ended.
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let Some(name) = &self.name else { return list(context) };
        let process = shell::process(context, name)?;
        if let Some(wait) = self.wait_s {
            process.news_within(&context.cancel, Duration::from_secs(wait.min(LONGEST)))?;
        }
        let (mut text, rest) = match (self.offset, self.limit) {
            (None, None) => (shell::news(context, &process)?, String::new()),
            (offset, limit) => {
                let limit = limit.unwrap_or(LINES.0).clamp(1, LINES.1);
                let first = offset.unwrap_or(1).max(1);
                let page = process.page(&context.cancel, first, limit)?;
                let rest = match page.next {
                    Some(next) => format!("{} lines; more follow, ask with offset {next}; ", page.rows),
                    None if first > page.rows => {
                        format!("{} lines, offset {first} is past the end; ", page.rows)
                    }
                    None => format!("{} lines; ", page.rows),
                };
                (page.text, rest)
            }
        };
        shell::end_line(&mut text);
        let (state, ops) = shell::state(context, &process)?;
        let _ = write!(text, "({rest}`{name}` {state})");
        Ok(ToolOutput::happened(text, ops))
    }
}

fn list(context: &ToolContext) -> Result<ToolOutput, ToolError> {
    let mut text = String::new();
    for process in context.commands.all() {
        let look = process.look(&context.cancel)?;
        let state = match &look.end {
            Some(end) => shell::ended(end),
            None => format!("runs for {} s", look.age.as_secs()),
        };
        let _ = writeln!(text, "{}: {} ({state})", process.name(), process.what());
    }
    Ok(ToolOutput::text(if text.is_empty() {
        "no processes; start_process starts one".to_owned()
    } else {
        text
    }))
}
