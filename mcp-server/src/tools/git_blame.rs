//! `git_blame`: the commit that each line comes from.

use crate::repository::blame;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use schemars::JsonSchema;
use serde::Deserialize;

/// Lines of a reply, at most and by default.
const LIMIT: usize = 2_000;
const USUAL: usize = 300;

/// Show which commit each line comes from.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitBlame {
    path: String,
    /// Default: the file on disk
    rev: Option<String>,
    /// First line
    offset: Option<usize>,
    limit: Option<usize>,
}

impl Tool for GitBlame {
    const NAME: &'static str = "git_blame";
    const TITLE: &'static str = "Git blame";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let path = context.path(&self.path)?;
        let lines = (self.offset.unwrap_or(1), self.limit.unwrap_or(USUAL).clamp(1, LIMIT));
        let text = git::with(context, path.clone(), READING, move |repository, bound| {
            blame::blame(repository, &path, self.rev.as_deref(), lines, bound)
        })?;
        Ok(ToolOutput::text(text))
    }
}
