//! `git_commit`: the index as a commit. Hooks run only where an argument asks for them, in the sandbox.

use crate::permission::{Access, RepositoryChange};
use crate::repository::commit::{self, Plan};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, READING};
use crate::workspace::{Snapshot, WorkspaceOp};
use schemars::JsonSchema;
use serde::Deserialize;

mod hooks;

/// Commit what is in the index.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitCommit {
    message: String,
    #[serde(default)]
    amend: bool,
    /// Run the repository's hooks
    #[serde(default)]
    hooks: bool,
    repo: Option<String>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitCommit {
    const NAME: &'static str = "git_commit";
    const TITLE: &'static str = "Git commit";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Destroys;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        let at = git::place(snapshot, self.repo.as_deref(), None)?;
        let (message, amend, hooks) = (self.message.clone(), self.amend, self.hooks);
        let plan = git::planned_with(snapshot, at, move |repository, _| {
            commit::plan(repository, &message, amend, hooks)
        })?;
        Ok(self.decided.on(change(&plan)))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        let decided = self.decided.take();
        let (message, amend, hooks) = (self.message, self.amend, self.hooks);
        let again = message.clone();
        let (plan, decided) = git::with(context, at.clone(), READING, move |repository, _| {
            let plan = commit::plan(repository, &again, amend, hooks)?;
            decided.check(&change(&plan))?;
            Ok((plan, decided))
        })?;
        let changes = hooks::run(context, &plan)?;
        let text = git::with(context, at, READING, move |repository, _| {
            // A hook may have taken its time.
            let plan = commit::plan(repository, &message, amend, hooks)?;
            decided.check(&change(&plan))?;
            commit::make(repository, &plan)
        })?;
        if changes.is_empty() {
            return Ok(ToolOutput::text(text));
        }
        Ok(ToolOutput::op(text, WorkspaceOp::Stage { title: "hooks of a commit".to_owned(), files: changes }))
    }
}

fn change(plan: &Plan) -> RepositoryChange {
    RepositoryChange {
        what: plan.what(),
        detail: plan.detail(),
        loses: Vec::new(),
        remote: None,
        hooks: plan.hooks.clone(),
    }
}
