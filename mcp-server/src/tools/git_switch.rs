//! `git_switch`: to another branch.

use crate::permission::{Access, RepositoryChange};
use crate::repository::branches::{self, Switch};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, READING};
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;

/// Check out another branch; uncommitted work is never overwritten.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitSwitch {
    to: String,
    /// Go to the bare commit
    #[serde(default)]
    detach: bool,
    repo: Option<String>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitSwitch {
    const NAME: &'static str = "git_switch";
    const TITLE: &'static str = "Git switch";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Destroys;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        let (at, to, detach) =
            (git::place(snapshot, self.repo.as_deref(), None)?, self.to.clone(), self.detach);
        let plan =
            git::planned_with(snapshot, at, move |repository, _| branches::plan(repository, &to, detach))?;
        Ok(self.decided.on(change(&plan)))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        let decided = self.decided.take();
        let text = git::with(context, at, READING, move |repository, _| {
            let plan = branches::plan(repository, &self.to, self.detach)?;
            decided.check(&change(&plan))?;
            branches::switch(repository, &plan)
        })?;
        Ok(ToolOutput::text(text))
    }
}

fn change(plan: &Switch) -> RepositoryChange {
    RepositoryChange {
        what: plan.what(),
        detail: plan.detail(),
        loses: Vec::new(),
        remote: None,
        hooks: Vec::new(),
    }
}
