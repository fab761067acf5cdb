//! `git_stash`: work put aside and brought back.

use crate::permission::{Access, RepositoryChange};
use crate::repository::stash::{self, Plan};
use crate::repository::{GitError, Repository};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, READING};
use crate::tools::selection::page;
use crate::workspace::Snapshot;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Action {
    List,
    Save,
    Apply,
    Pop,
    Drop,
}

/// Put uncommitted work aside, or bring it back.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitStash {
    action: Action,
    /// 0 is the newest
    #[serde(default)]
    number: usize,
    #[serde(default)]
    message: String,
    /// Untracked files too
    #[serde(default)]
    untracked: bool,
    repo: Option<String>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitStash {
    const NAME: &'static str = "git_stash";
    const TITLE: &'static str = "Git stash";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Destroys;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        if self.action == Action::List {
            return Ok(Access::Read);
        }
        let at = git::place(snapshot, self.repo.as_deref(), None)?;
        let asked = self.asked();
        let plan = git::planned_with(snapshot, at, move |repository, _| asked.plan(repository))?;
        Ok(self.decided.on(change(&plan)))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let at = git::place(&context.snapshot, self.repo.as_deref(), None)?;
        let (asked, decided) = (self.asked(), self.decided.take());
        let text = git::with(context, at, READING, move |repository, _| {
            if asked.action == Action::List {
                return stash::list(repository);
            }
            let plan = asked.plan(repository)?;
            decided.check(&change(&plan))?;
            stash::perform(repository, &plan)
        })?;
        page(&text, None).map(ToolOutput::text)
    }
}

/// What is asked for.
struct Asked {
    action: Action,
    number: usize,
    message: String,
    untracked: bool,
}

impl GitStash {
    fn asked(&self) -> Asked {
        Asked {
            action: self.action,
            number: self.number,
            message: self.message.clone(),
            untracked: self.untracked,
        }
    }
}

impl Asked {
    fn plan(&self, repository: &mut Repository) -> Result<Plan, GitError> {
        match self.action {
            Action::List | Action::Save => stash::save(repository, &self.message, self.untracked),
            Action::Apply => stash::apply(repository, self.number, false),
            Action::Pop => stash::apply(repository, self.number, true),
            Action::Drop => stash::drop(repository, self.number),
        }
    }
}

fn change(plan: &Plan) -> RepositoryChange {
    RepositoryChange {
        what: plan.what(),
        detail: plan.detail(),
        loses: plan.loses(),
        remote: None,
        hooks: Vec::new(),
    }
}
