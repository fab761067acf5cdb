//! `git_worktree`: another copy of the files, with a branch of its own.

use crate::permission::{Access, RepositoryChange};
use crate::repository::worktree::{self, Plan};
use crate::repository::{Bound, GitError, Repository};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, READING};
use crate::workspace::{RelPath, Snapshot};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Action {
    List,
    Add,
    Remove,
}

/// Make an isolated copy of the files with a branch of its own.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitWorktree {
    action: Action,
    /// Its folder
    path: Option<String>,
    /// Default: the folder's name
    branch: Option<String>,
    /// Where a new branch begins
    from: Option<String>,
    repo: Option<String>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitWorktree {
    const NAME: &'static str = "git_worktree";
    const TITLE: &'static str = "Git worktree";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Destroys;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        if self.action == Action::List {
            return Ok(Access::Read);
        }
        let at = git::place(snapshot, self.repo.as_deref(), None)?;
        let asked = self.asked(snapshot)?;
        let plan = git::planned_with(snapshot, at, move |repository, bound| asked.plan(repository, bound))?;
        Ok(self.decided.on(change(&plan)))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        if self.action == Action::List {
            let text = git::with(context, at, READING, |repository, _| worktree::list(repository))?;
            return Ok(ToolOutput::text(text));
        }
        let (asked, decided) = (self.asked(&context.snapshot)?, self.decided.take());
        let text = git::with(context, at, READING, move |repository, bound| {
            let plan = asked.plan(repository, bound)?;
            decided.check(&change(&plan))?;
            worktree::perform(repository, &plan)
        })?;
        Ok(ToolOutput::text(text))
    }
}

/// What is asked for.
struct Asked {
    removes: bool,
    path: RelPath,
    branch: Option<String>,
    from: Option<String>,
}

impl GitWorktree {
    fn asked(&self, snapshot: &Snapshot) -> Result<Asked, ToolError> {
        let path = self
            .path
            .as_deref()
            .ok_or_else(|| ToolError::Arguments("name the worktree's `path`".to_owned()))?;
        let path = snapshot.roots().parse(path)?;
        Ok(Asked {
            removes: self.action == Action::Remove,
            path,
            branch: self.branch.clone(),
            from: self.from.clone(),
        })
    }
}

impl Asked {
    fn plan(&self, repository: &Repository, bound: &Bound) -> Result<Plan, GitError> {
        match self.removes {
            true => worktree::remove(repository, &self.path, bound),
            false => worktree::add(repository, &self.path, self.branch.as_deref(), self.from.as_deref()),
        }
    }
}

fn change(plan: &Plan) -> RepositoryChange {
    RepositoryChange {
        what: plan.what(),
        detail: plan.detail(),
        loses: Vec::new(),
        remote: None,
        hooks: Vec::new(),
    }
}
