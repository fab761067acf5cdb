//! `git_log`: commits, newest first.

use crate::repository::date;
use crate::repository::history::{self, Wanted};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, READING};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::UNIX_EPOCH;

/// Commits of a reply, at most and by default.
const LIMIT: usize = 500;
const USUAL: usize = 30;

/// List commits, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitLog {
    /// Or a..b
    rev: Option<String>,
    path: Option<String>,
    author: Option<String>,
    /// Like 2026-03-01 or 2 weeks ago
    since: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

impl Tool for GitLog {
    const NAME: &'static str = "git_log";
    const TITLE: &'static str = "Git log";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, None, self.path.as_deref())?;
        let wanted = Wanted {
            path: self.path.as_deref().map(|path| context.path(path)).transpose()?,
            since: self.since.as_deref().map(|since| date::parse(since, now())).transpose()?,
            revision: self.rev,
            author: self.author.map(|author| author.to_lowercase()),
            skip: self.offset.unwrap_or(0),
            limit: self.limit.unwrap_or(USUAL).clamp(1, LIMIT),
        };
        let text = git::with(context, at, READING, move |repository, bound| {
            history::log(repository, &wanted, bound)
        })?;
        Ok(ToolOutput::text(text))
    }
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "`since` may be said as a distance from now")]
fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
