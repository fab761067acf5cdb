//! `git_fetch`: what a remote has.

use crate::permission::{Access, RepositoryChange};
use crate::repository::remote::{self, Remote};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, TRANSFER};
use crate::tools::selection::page;
use crate::workspace::{Snapshot, visible};
use schemars::JsonSchema;
use serde::Deserialize;

/// Fetch branches of a remote; local ones stay.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitFetch {
    remote: Option<String>,
    /// Default: all
    branch: Option<String>,
    repo: Option<String>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitFetch {
    const NAME: &'static str = "git_fetch";
    const TITLE: &'static str = "Git fetch";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        let at = git::place(snapshot, self.repo.as_deref(), None)?;
        let (name, branch) = (self.remote.clone(), self.branch.clone());
        let found = git::planned_with(snapshot, at, move |repository, _| {
            remote::remote(repository, name.as_deref(), false)
        })?;
        Ok(self.decided.on(change(&found, branch.as_deref())))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        let decided = self.decided.take();
        let text = git::with(context, at, TRANSFER, move |repository, bound| {
            let found = remote::remote(repository, self.remote.as_deref(), false)?;
            decided.check(&change(&found, self.branch.as_deref()))?;
            remote::fetch(repository, &found, self.branch.as_deref(), bound)
        })?;
        page(&text, None).map(ToolOutput::text)
    }
}

fn change(remote: &Remote, branch: Option<&str>) -> RepositoryChange {
    let what = branch.map_or("all branches".to_owned(), |branch| format!("branch {}", visible(branch)));
    RepositoryChange {
        what: format!("Fetch {what} of {} from {}", visible(&remote.name), visible(remote.address.as_str())),
        detail: format!("Only refs/remotes/{} and tags change", visible(&remote.name)),
        loses: Vec::new(),
        remote: Some(remote.address.as_str().to_owned()),
        hooks: Vec::new(),
    }
}
