//! `git_create_branch`: a new branch.

use crate::permission::{Access, RepositoryChange};
use crate::repository::{GitError, Repository, branches};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, READING};
use crate::workspace::{Snapshot, visible};
use schemars::JsonSchema;
use serde::Deserialize;

/// Make a branch; git_switch goes to it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitCreateBranch {
    name: String,
    /// Default: HEAD
    from: Option<String>,
    repo: Option<String>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitCreateBranch {
    const NAME: &'static str = "git_create_branch";
    const TITLE: &'static str = "Git branch";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Destroys;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        let at = git::place(snapshot, self.repo.as_deref(), None)?;
        let (name, from) = (self.name.clone(), self.from.clone());
        let change =
            git::planned_with(snapshot, at, move |repository, _| change(repository, &name, from.as_deref()))?;
        Ok(self.decided.on(change))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        let decided = self.decided.take();
        let text = git::with(context, at, READING, move |repository, _| {
            decided.check(&change(repository, &self.name, self.from.as_deref())?)?;
            branches::create(repository, &self.name, self.from.as_deref())
        })?;
        Ok(ToolOutput::text(text))
    }
}

fn change(repository: &Repository, name: &str, from: Option<&str>) -> Result<RepositoryChange, GitError> {
    let start = branches::start(repository, name, from)?;
    Ok(RepositoryChange {
        what: format!("Make the branch {}", visible(name)),
        detail: format!("At {}\n{}", start.id(), branches::described(repository, &start)),
        loses: Vec::new(),
        remote: None,
        hooks: Vec::new(),
    })
}
