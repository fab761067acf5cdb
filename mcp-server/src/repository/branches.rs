//! Branches: which there are, a new one, and going to another.

use super::{Bound, GitError, Repository, check_revision, history, line};
use crate::workspace::{Protection, RelPath, protection, visible};
use git2::build::CheckoutBuilder;
use git2::{BranchType, Delta, Oid};
use std::fmt::Write as _;

/// Branches whose distance from what they follow is counted.
const COUNTED: usize = 50;
/// Branches that are listed.
const LISTED: usize = 2_000;
/// Files that are named before going to another commit.
const FILES: usize = 300;

/// What a branch follows and how far it is from that: `...origin/main [ahead 1, behind 2]`.
pub(super) fn follows(repository: &Repository, branch: &str) -> String {
    let Ok(local) = repository.git.find_branch(branch, BranchType::Local) else { return String::new() };
    let Ok(upstream) = local.upstream() else { return String::new() };
    let name = upstream.name_bytes().map(line).unwrap_or_default();
    let (Some(ours), Some(theirs)) = (local.get().target(), upstream.get().target()) else {
        return format!("...{name}");
    };
    let distance = match repository.git.graph_ahead_behind(ours, theirs) {
        Ok((0, 0)) | Err(_) => String::new(),
        Ok((ahead, 0)) => format!(" [ahead {ahead}]"),
        Ok((0, behind)) => format!(" [behind {behind}]"),
        Ok((ahead, behind)) => format!(" [ahead {ahead}, behind {behind}]"),
    };
    format!("...{name}{distance}")
}

/// Each branch with its last commit; the one that is checked out is marked.
pub(crate) fn list(repository: &Repository, remote: bool, bound: &Bound) -> Result<String, GitError> {
    let mut text = match (repository.branch(), repository.head()?) {
        (Some(branch), None) => format!("* {branch} (no commits yet)\n"),
        (None, Some(commit)) => format!("* (no branch) {}\n", repository.short(commit.id())),
        _ => String::new(),
    };
    let mut counted = 0;
    for kind in [BranchType::Local, BranchType::Remote] {
        if kind == BranchType::Remote && !remote {
            continue;
        }
        for (place, branch) in repository.git.branches(Some(kind))?.enumerate() {
            bound.go_on()?;
            if place >= LISTED {
                let _ = writeln!(text, "(more than {LISTED}; the rest is left out)");
                break;
            }
            let (branch, _) = branch?;
            let bytes = branch.name_bytes()?;
            let name = line(bytes);
            let mark = if branch.is_head() { '*' } else { ' ' };
            let mut beside = String::new();
            if kind == BranchType::Local && counted < COUNTED {
                counted += 1;
                beside = follows(repository, &String::from_utf8_lossy(bytes));
            }
            let commit = branch.get().peel_to_commit();
            let last = commit.map(|commit| {
                let subject = line(commit.summary_bytes().unwrap_or_default());
                format!("{} {} {subject}", repository.short(commit.id()), super::date::day(commit.time()))
            });
            let last = last.unwrap_or_else(|_| "(broken)".to_owned());
            let _ = writeln!(text, "{mark} {name}{beside} {last}");
        }
    }
    Ok(if text.is_empty() { "no branches\n".to_owned() } else { text })
}

/// A way to another commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Switch {
    /// The full name of the branch; none for a bare commit.
    branch: Option<String>,
    commit: Oid,
    from: String,
    files: String,
}

/// A name for a new branch.
fn check_name(name: &str) -> Result<(), GitError> {
    check_revision(name)?;
    if name == "HEAD" || !git2::Branch::name_is_valid(name)? {
        return Err(GitError::Arguments(format!("`{}` is no name for a branch", visible(name))));
    }
    Ok(())
}

/// Makes a branch, of what is checked out or of another revision.
pub(crate) fn create(repository: &Repository, name: &str, from: Option<&str>) -> Result<String, GitError> {
    let commit = start(repository, name, from)?;
    repository.git.branch(name, &commit, false)?;
    Ok(format!("made branch {} at {}", visible(name), repository.short(commit.id())))
}

/// Where a new branch would begin.
pub(crate) fn start<'r>(
    repository: &'r Repository,
    name: &str,
    from: Option<&str>,
) -> Result<git2::Commit<'r>, GitError> {
    check_name(name)?;
    if repository.git.find_branch(name, BranchType::Local).is_ok() {
        return Err(GitError::Failed(format!(
            "branch `{}` exists already; git_switch goes to it",
            visible(name)
        )));
    }
    repository.commit(from.unwrap_or("HEAD"))
}

/// The commit's name for a person.
pub(crate) fn described(repository: &Repository, commit: &git2::Commit<'_>) -> String {
    history::one_line(repository, commit, &std::collections::HashMap::new())
}

/// What going to a branch or commit would change. Refused where work that no commit has is in the way.
pub(crate) fn plan(repository: &Repository, to: &str, detach: bool) -> Result<Switch, GitError> {
    check_revision(to)?;
    repository.work()?;
    super::status::must_be_calm(repository, "switching")?;
    if repository.git.config()?.get_bool("core.sparseCheckout").unwrap_or(false) {
        return Err(GitError::Failed(
            "this is a sparse checkout, in which only the git program can switch; use run_command".to_owned(),
        ));
    }
    let branch = repository.git.find_branch(to, BranchType::Local).ok().filter(|_| !detach);
    let branch = branch.map(|branch| String::from_utf8_lossy(branch.get().name_bytes()).into_owned());
    if branch.is_none() && !detach {
        repository.commit(to)?;
        return Err(GitError::Failed(format!(
            "`{}` is no local branch; git_create_branch makes one of it, `detach` goes to the bare commit",
            visible(to)
        )));
    }
    if let Some(branch) = branch.as_deref().filter(|branch| in_other_worktree(repository, branch)) {
        return Err(GitError::Failed(format!("`{}` is checked out in another worktree", visible(branch))));
    }
    let commit = repository.commit(branch.as_deref().unwrap_or(to))?;
    let (files, changed) = changes(repository, &commit)?;
    let mut in_the_way: Vec<String> = repository
        .proposed()
        .into_iter()
        .filter(|path| changed.contains(path))
        .map(|path| path.to_string())
        .collect();
    if !in_the_way.is_empty() {
        return Err(GitError::Failed(format!(
            "files with proposed changes would be replaced: {}; accept_changes or discard_changes first",
            in_the_way.join(", ")
        )));
    }
    in_the_way = conflicts(repository, &changed)?;
    if !in_the_way.is_empty() {
        return Err(GitError::Failed(format!(
            "files with work that no commit has would be replaced: {}; git_commit or git_stash first",
            in_the_way.join(", ")
        )));
    }
    let bare = || {
        repository
            .git
            .head()
            .ok()
            .and_then(|head| head.target())
            .map_or_else(String::new, |id| id.to_string())
    };
    let from = repository.branch().unwrap_or_else(bare);
    Ok(Switch { branch, commit: commit.id(), from, files })
}

/// The files that differ between what is checked out and another commit: as a list for people, and their paths.
fn changes(repository: &Repository, commit: &git2::Commit<'_>) -> Result<(String, Vec<RelPath>), GitError> {
    let old = repository.head()?.map(|head| head.tree()).transpose()?;
    let diff = repository.git.diff_tree_to_tree(old.as_ref(), Some(&commit.tree()?), None)?;
    let (mut text, mut paths) = (String::new(), Vec::new());
    for delta in diff.deltas() {
        let mark = match delta.status() {
            Delta::Added => 'A',
            Delta::Deleted => 'D',
            _ => 'M',
        };
        let Some(path) = delta.new_file().path().or(delta.old_file().path()) else { continue };
        let path = repository.outer(path);
        let runs = protection(&path) != Protection::None;
        if paths.len() < FILES || runs {
            let note = if runs { "  [can run code or steer tools]" } else { "" };
            let _ = writeln!(text, "  {mark} {path}{note}");
        }
        paths.push(path);
    }
    if paths.len() > FILES {
        let _ = writeln!(text, "  {} files in all", paths.len());
    }
    Ok((text, paths))
}

/// How files are written: never over work that no commit has, ignored files included.
pub(super) fn careful<'cb>() -> CheckoutBuilder<'cb> {
    let mut checkout = CheckoutBuilder::new();
    checkout.safe().overwrite_ignored(false).recreate_missing(false);
    checkout
}

/// Files that stand in the way of another commit: with work that no commit has, or new to git.
fn conflicts(repository: &Repository, changed: &[RelPath]) -> Result<Vec<String>, GitError> {
    let dirty = super::status::changed(repository)?;
    let index = repository.git.index()?;
    let is_in_the_way = |path: &&RelPath| {
        let is_known = repository.inner(path).is_ok_and(|inner| index.get_path(&inner, 0).is_some());
        let is_new = !is_known && repository.snapshot.roots().lstat(path).is_ok();
        is_new || dirty.binary_search(path).is_ok()
    };
    Ok(changed.iter().filter(is_in_the_way).take(50).map(|path| format!("`{path}`")).collect())
}

impl Switch {
    pub(crate) fn what(&self) -> String {
        match &self.branch {
            Some(branch) => {
                format!("Switch from {} to {}", self.from, visible(branch.trim_start_matches("refs/heads/")))
            }
            None => format!("Switch from {} to the bare commit {}", self.from, self.commit),
        }
    }

    pub(crate) fn detail(&self) -> String {
        format!("Commit: {}\nFiles that are written or removed:\n{}", self.commit, self.files)
    }
}

/// Goes where it was planned to. The caller has just planned it again and found it the same.
pub(crate) fn switch(repository: &Repository, switch: &Switch) -> Result<String, GitError> {
    let commit = repository.git.find_commit(switch.commit)?;
    repository.git.checkout_tree(commit.as_object(), Some(&mut careful()))?;
    match &switch.branch {
        Some(branch) => repository.git.set_head(branch)?,
        None => repository.git.set_head_detached(switch.commit)?,
    }
    Ok(format!("now on {}", described(repository, &commit)))
}

/// Whether a branch is checked out in another worktree of the same repository.
pub(super) fn in_other_worktree(repository: &Repository, branch: &str) -> bool {
    let roots = repository.snapshot.roots();
    let at = |folder: &std::path::Path| folder.to_str().and_then(|folder| roots.parse(folder).ok());
    let (Some(own), Some(common)) = (at(repository.git.path()), at(repository.git.commondir())) else {
        return false;
    };
    let linked = roots.list(&common.join("worktrees")).map(|(found, _)| found).unwrap_or_default();
    let all = linked.into_iter().map(|(folder, _)| folder).chain([common]);
    all.filter(|folder| *folder != own).any(|folder| {
        let head = roots.peek(&folder.join("HEAD"), 4 << 10).unwrap_or_default();
        head.trim_ascii().strip_prefix(b"ref: ") == Some(branch.as_bytes())
    })
}
