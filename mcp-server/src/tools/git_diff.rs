//! `git_diff`: the difference between two sides.

use crate::repository::diff::{self, End, Form};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use crate::tools::selection::page;
use schemars::JsonSchema;
use serde::Deserialize;

/// Diff revisions, index, worktree, proposed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitDiff {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    stat: bool,
    offset: Option<usize>,
}

impl Tool for GitDiff {
    const NAME: &'static str = "git_diff";
    const TITLE: &'static str = "Git diff";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let (from, to) = sides(self.from.as_deref(), self.to.as_deref());
        let form = match (self.stat, &from, &to) {
            (true, ..) => Form::Counts,
            (_, End::Index, End::Worktree) => Form::Named,
            (_, End::Revision(head), End::Index) if head == "HEAD" => Form::Named,
            _ => Form::Patch,
        };
        let at = git::place(&context.snapshot, None, self.paths.first().map(String::as_str))?;
        let paths = git::paths(&context.snapshot, &self.paths)?;
        let text = git::with(context, at, READING, move |repository, bound| {
            diff::between(repository, &from, &to, &paths, form, bound)
        })?;
        page(&text, self.offset).map(ToolOutput::text)
    }
}

/// Both sides, with those that are not named.
fn sides(from: Option<&str>, to: Option<&str>) -> (End, End) {
    let to = to.map_or(End::Worktree, End::parse);
    let from = from.map(End::parse).unwrap_or_else(|| match to {
        End::Worktree | End::Proposed => End::Index,
        End::Index | End::Revision(_) => End::Revision("HEAD".to_owned()),
    });
    (from, to)
}
