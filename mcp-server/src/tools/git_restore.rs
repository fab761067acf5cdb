//! `git_restore`: files as a revision has them, proposed for review.

use crate::repository::diff::End;
use crate::repository::restore;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use crate::workspace::WorkspaceOp;
use schemars::JsonSchema;
use serde::Deserialize;

/// Stage files as the index or a revision has them; accept_changes writes them.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitRestore {
    paths: Vec<String>,
    /// Revision; default: index
    from: Option<String>,
    repo: Option<String>,
}

impl Tool for GitRestore {
    const NAME: &'static str = "git_restore";
    const TITLE: &'static str = "Git restore";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), self.paths.first().map(String::as_str))?;
        let paths = git::paths(&context.snapshot, &self.paths)?;
        if paths.is_empty() {
            return Err(ToolError::Arguments("name `paths`; `.` is everything".to_owned()));
        }
        let from = self.from.as_deref().map_or(End::Index, End::parse);
        let files = git::with(context, at, READING, move |repository, bound| {
            restore::changes(repository, &from, &paths, bound)
        })?;
        let title = format!("restore from {}", self.from.as_deref().unwrap_or("the index"));
        Ok(ToolOutput::op("", WorkspaceOp::Stage { title, files }))
    }
}
