//! `git_clone`: a repository of another place.

use crate::permission::{Access, RepositoryChange};
use crate::repository::remote::{self, Clone};
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::git::{self, Decided, TRANSFER};
use crate::workspace::{RelPath, Snapshot, visible};
use schemars::JsonSchema;
use serde::Deserialize;

/// Clone a repository.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GitClone {
    /// https, ssh, or a folder
    url: String,
    /// New folder
    path: String,
    branch: Option<String>,
    /// Only so many commits
    depth: Option<u32>,
    #[serde(skip)]
    decided: Decided,
}

impl Tool for GitClone {
    const NAME: &'static str = "git_clone";
    const TITLE: &'static str = "Git clone";
    const TOOLSET: Toolset = Toolset::Git;
    const EFFECT: Effect = Effect::Reaches;

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        let (to, url) = (snapshot.roots().parse(&self.path)?, self.url.clone());
        let (branch, depth) = (self.branch.clone(), self.depth);
        let place = snapshot.clone();
        let plan = git::planned(move |_| remote::plan_clone(&place, &url, &to, branch.as_deref(), depth))?;
        Ok(self.decided.on(change(&plan)))
    }

    fn run(mut self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let to: RelPath = context.path(&self.path)?;
        let (decided, snapshot) = (self.decided.take(), context.snapshot.clone());
        let text = git::beside(context, TRANSFER, move |bound| {
            let plan = remote::plan_clone(&snapshot, &self.url, &to, self.branch.as_deref(), self.depth)?;
            decided.check(&change(&plan))?;
            remote::clone(&snapshot, &plan, bound)
        })?;
        Ok(ToolOutput::text(text))
    }
}

fn change(plan: &Clone) -> RepositoryChange {
    let from = visible(plan.from.as_str());
    let branch =
        plan.branch.as_deref().map(|branch| format!("Branch: {}\n", visible(branch))).unwrap_or_default();
    let depth = plan.depth.map(|depth| format!("Commits of history: {depth}\n")).unwrap_or_default();
    RepositoryChange {
        what: format!("Clone {from} into {}", plan.to),
        detail: format!("{branch}{depth}Its files are written below {}; nothing of it is run", plan.to),
        loses: Vec::new(),
        remote: Some(plan.from.as_str().to_owned()),
        hooks: Vec::new(),
    }
}
