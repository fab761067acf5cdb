//! `git_status`: what differs between the last commit, the index and the files.

use crate::repository::status;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use crate::tools::selection::page;
use schemars::JsonSchema;
use serde::Deserialize;

/// Git status.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitStatus {
    path: Option<String>,
    offset: Option<usize>,
}

impl Tool for GitStatus {
    const NAME: &'static str = "git_status";
    const TITLE: &'static str = "Git status";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, None, self.path.as_deref())?;
        let paths: Vec<_> = self.path.is_some().then(|| at.clone()).into_iter().collect();
        let text = git::with(context, at, READING, move |repository, bound| {
            status::status(repository, &paths, bound)
        })?;
        page(&text, self.offset).map(ToolOutput::text)
    }
}
