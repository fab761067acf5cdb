//! `git_push`: a branch to a remote.

use crate::permission::{Access, RepositoryChange};
use crate::repository::remote::{self, Push};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, TRANSFER};
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;

/// Push a branch; never forced.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitPush {
    remote: Option<String>,
    /// Default: the current one
    branch: Option<String>,
    repo: Option<String>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitPush {
    const NAME: &'static str = "git_push";
    const TITLE: &'static str = "Git push";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        let at = git::place(snapshot, self.repo.as_deref(), None)?;
        let (name, branch) = (self.remote.clone(), self.branch.clone());
        let plan = git::planned_with(snapshot, at, move |repository, _| {
            remote::plan_push(repository, name.as_deref(), branch.as_deref())
        })?;
        Ok(self.decided.on(change(&plan)))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        let decided = self.decided.take();
        let text = git::with(context, at, TRANSFER, move |repository, bound| {
            let plan = remote::plan_push(repository, self.remote.as_deref(), self.branch.as_deref())?;
            decided.check(&change(&plan))?;
            remote::push(repository, &plan, bound)
        })?;
        Ok(ToolOutput::text(text))
    }
}

fn change(plan: &Push) -> RepositoryChange {
    RepositoryChange {
        what: plan.what(),
        detail: plan.detail(),
        loses: Vec::new(),
        remote: Some(plan.remote.address.as_str().to_owned()),
        hooks: Vec::new(),
    }
}
