//! `git_branches`: which branches there are.

use crate::repository::branches;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use crate::tools::selection::page;
use schemars::JsonSchema;
use serde::Deserialize;

/// List branches with their last commit.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitBranches {
    /// Also those of remotes
    #[serde(default)]
    remote: bool,
    repo: Option<String>,
    offset: Option<usize>,
}

impl Tool for GitBranches {
    const NAME: &'static str = "git_branches";
    const TITLE: &'static str = "Git branches";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        let remote = self.remote;
        let text = git::with(context, at, READING, move |repository, bound| {
            branches::list(repository, remote, bound)
        })?;
        page(&text, self.offset).map(ToolOutput::text)
    }
}
