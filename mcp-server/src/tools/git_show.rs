//! `git_show`: a commit with what it changed, or a file of a revision.

use crate::repository::diff::Form;
use crate::repository::show;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use crate::tools::selection::page;
use schemars::JsonSchema;
use serde::Deserialize;

/// Show a commit with its diff, or a file as `rev:path`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitShow {
    rev: String,
    #[serde(default)]
    paths: Vec<String>,
    /// Only count lines
    #[serde(default)]
    stat: bool,
    repo: Option<String>,
    offset: Option<usize>,
}

impl Tool for GitShow {
    const NAME: &'static str = "git_show";
    const TITLE: &'static str = "Git show";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), self.paths.first().map(String::as_str))?;
        let paths = git::paths(&context.snapshot, &self.paths)?;
        let form = if self.stat { Form::Counts } else { Form::Patch };
        let text = git::with(context, at, READING, move |repository, bound| {
            show::show(repository, &self.rev, &paths, form, bound)
        })?;
        page(&text, self.offset).map(ToolOutput::text)
    }
}
