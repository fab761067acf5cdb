//! `git_unstage`: files or hunks out of the index.

use crate::permission::Access;
use crate::repository::index;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;

/// Take files, or hunks of git_diff to `index`, out of the index.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitUnstage {
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    hunks: Vec<String>,
    repo: Option<String>,
}

impl Tool for GitUnstage {
    const NAME: &'static str = "git_unstage";
    const TITLE: &'static str = "Git unstage";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Stages;
    const IDEMPOTENT: bool = true;

    fn access(&self, _: &Snapshot) -> Result<Access, ToolError> {
        // The files stay as they are.
        Ok(Access::Stage)
    }

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), self.paths.first().map(String::as_str))?;
        let paths = git::paths(&context.snapshot, &self.paths)?;
        if paths.is_empty() && self.hunks.is_empty() {
            return Err(ToolError::Arguments("name `paths` or `hunks`; `.` is everything".to_owned()));
        }
        let text = git::with(context, at, READING, move |repository, bound| match self.hunks.is_empty() {
            true => index::unstage(repository, &paths, bound),
            false => index::unstage_hunks(repository, &paths, &self.hunks, bound),
        })?;
        Ok(ToolOutput::text(text))
    }
}
