//! Linked worktrees: a copy of the files for each task, with a branch of its own.

use super::{Bound, GitError, Repository, branches, status};
use crate::workspace::{Kind, ReadError, RelPath, visible};
use git2::{Oid, WorktreeAddOptions, WorktreeLockStatus, WorktreePruneOptions};
use std::fmt::Write as _;

/// Worktrees that are looked at.
const LISTED: usize = 200;

/// A line for each worktree: its folder and branch.
pub(crate) fn list(repository: &Repository) -> Result<String, GitError> {
    let here = repository.work.as_ref().unwrap_or(&repository.name);
    let mut text =
        format!("{here} {} (this one)\n", repository.branch().unwrap_or_else(|| "(no branch)".to_owned()));
    let roots = repository.snapshot.roots();
    for name in repository.git.worktrees()?.iter_bytes().take(LISTED) {
        let name = String::from_utf8_lossy(name);
        let Ok(worktree) = repository.git.find_worktree(&name) else { continue };
        let Some(path) = worktree.path().to_str().and_then(|path| roots.parse(path).ok()) else {
            let _ = writeln!(text, "{} (outside of the workspace)", RelPath::shown(worktree.path()));
            continue;
        };
        match super::open(&repository.snapshot, &path) {
            Ok(there) if there.work == repository.work => {}
            Ok(there) => {
                let _ =
                    writeln!(text, "{path} {}", there.branch().unwrap_or_else(|| "(no branch)".to_owned()));
            }
            Err(_) => {
                let _ = writeln!(text, "{path} (cannot be opened)");
            }
        }
    }
    Ok(text)
}

/// A change of the worktrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Add { path: RelPath, branch: String, is_new: bool, commit: Oid },
    Remove { path: RelPath, name: String, branch: String },
}

/// What a new worktree would be: of a branch, which is made where there is none.
pub(crate) fn add(
    repository: &Repository,
    path: &RelPath,
    branch: Option<&str>,
    from: Option<&str>,
) -> Result<Plan, GitError> {
    let path = repository.snapshot.locate(path)?;
    let roots = repository.snapshot.roots();
    if !matches!(roots.lstat(&path), Err(ReadError::NotFound { .. })) {
        return Err(GitError::Failed(format!("`{path}` exists already; name a new folder")));
    }
    let parent = path.parent().unwrap_or_else(RelPath::root);
    if !roots.lstat(&parent).is_ok_and(|stat| stat.kind == Kind::Folder) {
        return Err(GitError::Failed(format!(
            "the folder `{parent}` does not exist; name a new folder in one that does"
        )));
    }
    let branch = branch.unwrap_or_else(|| path.file_name()).to_owned();
    let existing =
        repository.git.find_branch(&branch, git2::BranchType::Local).ok().filter(|_| from.is_none());
    let (is_new, commit) = match existing {
        Some(existing) => {
            let name = String::from_utf8_lossy(existing.get().name_bytes()).into_owned();
            if repository.branch().as_deref() == Some(&branch)
                || branches::in_other_worktree(repository, &name)
            {
                return Err(GitError::Failed(format!(
                    "`{}` is checked out already; name another branch",
                    visible(&branch)
                )));
            }
            (false, existing.get().peel_to_commit()?.id())
        }
        None => (true, branches::start(repository, &branch, from)?.id()),
    };
    Ok(Plan::Add { path, branch, is_new, commit })
}

/// What removing a worktree would be. Refused where it has work that no commit has.
pub(crate) fn remove(repository: &Repository, path: &RelPath, bound: &Bound) -> Result<Plan, GitError> {
    let there = super::open(&repository.snapshot, path)?;
    let located = repository.snapshot.locate(path)?;
    if !there.git.is_worktree() || there.work.as_ref() != Some(&located) {
        return Err(GitError::Failed(format!("`{path}` is no linked worktree; action `list` shows them")));
    }
    if !there.proposed().is_empty() {
        return Err(GitError::Failed(format!(
            "`{path}` has proposed changes; accept_changes or discard_changes first"
        )));
    }
    let state = status::status(&there, &[], bound)?;
    if state.lines().count() > 1 {
        return Err(GitError::Failed(format!(
            "`{path}` has work that no commit has; commit or stash it there first:\n{}",
            state.lines().skip(1).take(20).collect::<Vec<_>>().join("\n")
        )));
    }
    let worktree = git2::Worktree::open_from_repository(&there.git)?;
    if !matches!(worktree.is_locked()?, WorktreeLockStatus::Unlocked) {
        return Err(GitError::Failed(format!("`{path}` is locked by a person, who can unlock it")));
    }
    let name = worktree.name()?.unwrap_or_default().to_owned();
    Ok(Plan::Remove {
        path: located,
        name,
        branch: there.branch().unwrap_or_else(|| "(no branch)".to_owned()),
    })
}

impl Plan {
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Add { path, branch, .. } => {
                format!("Make the worktree {path} of branch {}", visible(branch))
            }
            Self::Remove { path, .. } => format!("Remove the worktree {path}"),
        }
    }

    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Add { commit, is_new, .. } => {
                format!("{} at commit {commit}", if *is_new { "A new branch" } else { "The branch as it is" })
            }
            Self::Remove { branch, .. } => format!(
                "All files there go away, those that git ignores too; the branch {} and its commits stay",
                visible(branch)
            ),
        }
    }
}

/// Does what was planned. The caller has just planned it again and found it the same.
pub(crate) fn perform(repository: &Repository, plan: &Plan) -> Result<String, GitError> {
    let roots = repository.snapshot.roots();
    match plan {
        Plan::Add { path, branch, is_new, commit } => {
            let git = &repository.git;
            let commit = git.find_commit(*commit)?;
            let reference = match is_new {
                true => git.branch(branch, &commit, false)?,
                false => git.find_branch(branch, git2::BranchType::Local)?,
            };
            let reference = reference.into_reference();
            let mut options = WorktreeAddOptions::new();
            options.reference(Some(&reference));
            // Its name within git; taken ones are kept by worktrees that stand.
            let taken = git.worktrees()?;
            let is_taken = |name: &str| taken.iter_bytes().any(|taken| taken == name.as_bytes());
            let plain: String = path
                .file_name()
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' })
                .collect();
            let names = std::iter::once(plain.clone()).chain((2..).map(|count| format!("{plain}-{count}")));
            let name = names.into_iter().find(|name| !is_taken(name)).unwrap_or(plain);
            git.worktree(&name, &super::open::absolute(roots, path)?, Some(&options))?;
            Ok(format!("made {path} on branch {}", visible(branch)))
        }
        Plan::Remove { path, name, branch } => {
            let worktree = repository.git.find_worktree(name)?;
            worktree.prune(Some(WorktreePruneOptions::new().valid(true).working_tree(true)))?;
            Ok(format!("removed {path}; branch {} stays", visible(branch)))
        }
    }
}
