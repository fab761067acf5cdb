//! Work that is put aside: saved, brought back, dropped.

use super::{GitError, Repository, line, status};
use crate::workspace::{RelPath, visible};
use git2::{Oid, StashApplyOptions, StashFlags};
use std::fmt::Write as _;

/// Where dropped ones are kept, so that they can be brought back.
const KEPT: &str = "refs/devtoolkit/kept";
/// The longest message, in bytes.
const MESSAGE: usize = 4 << 10;

/// The stashes, newest first.
fn all(repository: &mut Repository) -> Result<Vec<(Oid, String)>, GitError> {
    let mut found = Vec::new();
    repository.git.stash_foreach(|_, message, id| {
        found.push((*id, line(message.as_bytes())));
        true
    })?;
    Ok(found)
}

/// A line for each stash.
pub(crate) fn list(repository: &mut Repository) -> Result<String, GitError> {
    let found = all(repository)?;
    if found.is_empty() {
        return Ok("no stashes\n".to_owned());
    }
    Ok(found.iter().enumerate().fold(String::new(), |mut text, (place, (id, message))| {
        let _ = writeln!(text, "stash@{{{place}}} {} {message}", repository.short(*id));
        text
    }))
}

/// One stash by its number.
fn one(repository: &mut Repository, number: usize) -> Result<(Oid, String), GitError> {
    let found = all(repository)?;
    let count = found.len();
    found.into_iter().nth(number).ok_or_else(|| {
        GitError::Failed(format!("there is no stash {number}, there are {count}; action `list` shows them"))
    })
}

/// The files that a stash holds.
fn files(repository: &Repository, id: Oid) -> Result<Vec<RelPath>, GitError> {
    let commit = repository.git.find_commit(id)?;
    let mut paths = Vec::new();
    let mut add = |old: Option<git2::Tree<'_>>, new: git2::Tree<'_>| -> Result<(), GitError> {
        let diff = repository.git.diff_tree_to_tree(old.as_ref(), Some(&new), None)?;
        let found = diff.deltas().filter_map(|delta| {
            delta.new_file().path().or(delta.old_file().path()).map(|path| repository.outer(path))
        });
        paths.extend(found);
        Ok(())
    };
    add(Some(commit.parent(0)?.tree()?), commit.tree()?)?;
    // The third parent has the untracked files.
    if let Ok(untracked) = commit.parent(2) {
        add(None, untracked.tree()?)?;
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// What is to be done with the stashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Save {
        message: String,
        untracked: bool,
        files: Vec<RelPath>,
    },
    /// And dropped afterwards, for `pop`.
    Apply {
        number: usize,
        id: Oid,
        files: Vec<RelPath>,
        drop: bool,
    },
    Drop {
        number: usize,
        id: Oid,
        files: Vec<RelPath>,
    },
}

/// What saving would put aside.
pub(crate) fn save(repository: &Repository, message: &str, untracked: bool) -> Result<Plan, GitError> {
    repository.work()?;
    status::must_be_calm(repository, "stashing")?;
    if repository.head()?.is_none() {
        return Err(GitError::Failed("there is no commit yet, so nothing can be stashed".to_owned()));
    }
    if message.len() > MESSAGE || message.contains(['\0', '\n']) {
        return Err(GitError::Arguments(format!("`message` is one line of at most {MESSAGE} bytes")));
    }
    let mut files = status::changed(repository)?;
    if untracked {
        files.extend(status::untracked(repository)?);
    }
    if files.is_empty() {
        return Err(GitError::Failed(
            "there is nothing to stash: no tracked file differs from the last commit".to_owned(),
        ));
    }
    refuse_proposed(repository, &files)?;
    Ok(Plan::Save { message: message.to_owned(), untracked, files })
}

fn refuse_proposed(repository: &Repository, files: &[RelPath]) -> Result<(), GitError> {
    let proposed = repository.proposed();
    let both: Vec<String> =
        proposed.iter().filter(|path| files.contains(path)).map(|path| format!("`{path}`")).collect();
    if both.is_empty() {
        return Ok(());
    }
    Err(GitError::Failed(format!(
        "files with proposed changes would change underneath them: {}; accept_changes or discard_changes first",
        both.join(", ")
    )))
}

/// What bringing one back would change.
pub(crate) fn apply(repository: &mut Repository, number: usize, drop: bool) -> Result<Plan, GitError> {
    repository.work()?;
    let (id, _) = one(repository, number)?;
    let files = files(repository, id)?;
    refuse_proposed(repository, &files)?;
    let mut dirty = status::changed(repository)?;
    dirty.extend(status::untracked(repository)?);
    let both: Vec<String> = files
        .iter()
        .filter(|path| dirty.iter().any(|dirty| path.is_below(dirty)))
        .map(|path| format!("`{path}`"))
        .collect();
    if !both.is_empty() {
        return Err(GitError::Failed(format!(
            "files of the stash have other work that no commit has: {}; git_commit or git_stash that first",
            both.join(", ")
        )));
    }
    Ok(Plan::Apply { number, id, files, drop })
}

/// What dropping one would lose.
pub(crate) fn drop(repository: &mut Repository, number: usize) -> Result<Plan, GitError> {
    let (id, _) = one(repository, number)?;
    Ok(Plan::Drop { number, id, files: files(repository, id)? })
}

impl Plan {
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Save { message, .. } if message.is_empty() => "Stash uncommitted work".to_owned(),
            Self::Save { message, .. } => format!("Stash uncommitted work as `{}`", visible(message)),
            Self::Apply { number, drop: false, .. } => format!("Bring back stash {number}"),
            Self::Apply { number, .. } => format!("Bring back stash {number} and drop it"),
            Self::Drop { number, .. } => format!("Drop stash {number}"),
        }
    }

    fn files(&self) -> &[RelPath] {
        match self {
            Self::Save { files, .. } | Self::Apply { files, .. } | Self::Drop { files, .. } => files,
        }
    }

    pub(crate) fn detail(&self) -> String {
        let id = match self {
            Self::Save { .. } => "Files go back to the last commit:".to_owned(),
            Self::Apply { id, .. } => format!("{id}\nFiles that are written:"),
            Self::Drop { id, .. } => format!("{id}\nWork that no commit has:"),
        };
        let files = self.files();
        let mut text = files.iter().take(300).fold(id, |text, path| format!("{text}\n  {path}"));
        if files.len() > 300 {
            let _ = write!(text, "\n  and {} more", files.len() - 300);
        }
        text
    }

    /// Files whose work of no commit would be lost.
    pub(crate) fn loses(&self) -> Vec<RelPath> {
        match self {
            Self::Drop { files, .. } => files.clone(),
            Self::Save { .. } | Self::Apply { .. } => Vec::new(),
        }
    }
}

/// Does what was planned. The caller has just planned it again and found it the same.
pub(crate) fn perform(repository: &mut Repository, plan: &Plan) -> Result<String, GitError> {
    match plan {
        Plan::Save { message, untracked, files } => {
            let stasher = super::commit::signature(repository)?;
            let flags = if *untracked { StashFlags::INCLUDE_UNTRACKED } else { StashFlags::DEFAULT };
            let message = Some(message.as_str()).filter(|message| !message.is_empty());
            let id = repository.git.stash_save2(&stasher, message, Some(flags))?;
            Ok(format!("stashed {} files as stash@{{0}} {}", files.len(), repository.short(id)))
        }
        Plan::Apply { number, id, files, drop } => {
            let mut options = StashApplyOptions::new();
            options.checkout_options(super::branches::careful());
            repository.git.stash_apply(*number, Some(&mut options))?;
            let mut text = format!("brought back {} files of stash {number}", files.len());
            if *drop {
                let kept = keep(repository, *id)?;
                repository.git.stash_drop(*number)?;
                let _ = write!(text, ", dropped; it stays as {kept}");
            }
            Ok(text)
        }
        Plan::Drop { number, id, .. } => {
            let kept = keep(repository, *id)?;
            repository.git.stash_drop(*number)?;
            Ok(format!(
                "dropped stash {number}; a copy stays as {kept}, which git_show and git_diff can name"
            ))
        }
    }
}

/// Gives a commit a name of ours, so that it can be brought back.
fn keep(repository: &Repository, id: Oid) -> Result<String, GitError> {
    let name = format!("{KEPT}/{}", &id.to_string()[..12]);
    repository.git.reference(&name, id, true, "kept by devtoolkit")?;
    Ok(name)
}
