//! Commits: what one would be, and making exactly that one.

use super::{GitError, Repository, line, shown};
use crate::workspace::RelPath;
use git2::{Delta, ErrorCode, Oid};
use std::fmt::Write as _;

/// Files that are named before a commit is made.
const FILES: usize = 300;
/// The longest message, in bytes.
const MESSAGE: usize = 64 << 10;
/// The hooks that can be run for a commit, in order.
pub(crate) const HOOKS: [&str; 2] = ["pre-commit", "commit-msg"];

/// A commit that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    message: String,
    /// Replaces the last commit.
    amend: bool,
    pub(crate) hooks: Vec<String>,
    branch: String,
    author: String,
    head: Option<Oid>,
    /// Of every entry of the index, so that what was shown is what is committed.
    index: String,
    files: String,
}

/// What a commit would be.
pub(crate) fn plan(
    repository: &mut Repository,
    message: &str,
    amend: bool,
    hooks: bool,
) -> Result<Plan, GitError> {
    let message = git2::message_prettify(message.trim(), None)?;
    if message.trim().is_empty() {
        return Err(GitError::Arguments("`message` is empty; say what the commit changes".to_owned()));
    }
    if message.len() > MESSAGE || message.contains('\0') {
        return Err(GitError::Arguments(format!("`message` has a NUL or more than {MESSAGE} bytes")));
    }
    repository.work()?;
    let (index, files) = indexed(repository, amend)?;
    let head = repository.head()?;
    if amend && (head.is_none() || repository.git.state() != git2::RepositoryState::Clean) {
        return Err(GitError::Failed(
            "there is no commit to amend, or a merge is in progress; leave `amend` out".to_owned(),
        ));
    }
    let author = signature(repository)?;
    let author = format!("{} <{}>", line(author.name_bytes()), line(author.email_bytes()));
    let branch = repository.branch().unwrap_or_else(|| "no branch (HEAD is detached)".to_owned());
    let hooks = if hooks { present_hooks(repository)? } else { Vec::new() };
    Ok(Plan { message, amend, hooks, branch, author, head: head.map(|head| head.id()), index, files })
}

/// The index's fingerprint, and the files that it changes.
fn indexed(repository: &Repository, amend: bool) -> Result<(String, String), GitError> {
    let index = repository.git.index()?;
    if index.has_conflicts() {
        return Err(GitError::Failed(
            "the index has conflicts; mend the files and git_stage them".to_owned(),
        ));
    }
    let mut seen = blake3::Hasher::new();
    for entry in index.iter() {
        seen.update(&entry.path).update(&[0]).update(entry.id.as_bytes()).update(&entry.mode.to_le_bytes());
    }
    let head = repository.head()?;
    let tree = head.map(|head| head.tree()).transpose()?;
    let diff = repository.git.diff_tree_to_index(tree.as_ref(), Some(&index), None)?;
    let is_merge = repository.git.state() == git2::RepositoryState::Merge;
    let count = diff.deltas().len();
    if count == 0 && !amend && !is_merge {
        return Err(GitError::Failed(
            "nothing in the index differs from the last commit; git_stage takes files into it".to_owned(),
        ));
    }
    let mut files = String::new();
    for delta in diff.deltas().take(FILES) {
        let mark = match delta.status() {
            Delta::Added => 'A',
            Delta::Deleted => 'D',
            _ => 'M',
        };
        if let Some(path) = delta.new_file().path().or(delta.old_file().path()) {
            let _ = writeln!(files, "  {mark} {}", repository.outer(path));
        }
    }
    if count > FILES {
        let _ = writeln!(files, "  and {} more", count - FILES);
    }
    Ok((seen.finalize().to_hex()[..32].to_owned(), files))
}

/// Who commits, as the configuration says.
pub(super) fn signature(repository: &Repository) -> Result<git2::Signature<'static>, GitError> {
    repository.git.signature().map_err(|_| {
        GitError::Failed(
            "git does not know who commits; the person may set `user.name` and `user.email`".to_owned(),
        )
    })
}

/// The hooks that are there to be run, as paths: of the repository's own folder, or of `core.hooksPath`.
fn present_hooks(repository: &Repository) -> Result<Vec<String>, GitError> {
    let snapshot = &repository.snapshot;
    let work = repository.work()?;
    let config = repository.git.config()?;
    let named = config.get_path("core.hooksPath").ok();
    let common = super::open::follow(snapshot.roots(), work, repository.git.commondir());
    let folder = match named {
        Some(named) => super::open::follow(snapshot.roots(), work, &named),
        None => common.map(|common| common.join("hooks")),
    };
    let folder = folder.ok_or_else(|| {
        GitError::Refused(
            "the hooks (`core.hooksPath`) lie outside of the workspace; commit without `hooks`".to_owned(),
        )
    })?;
    let is_there = |hook: &RelPath| {
        snapshot.roots().resolve(hook).and_then(|hook| snapshot.roots().stat(&hook)).is_ok_and(|stat| {
            stat.kind == crate::workspace::Kind::File && stat.mode.is_none_or(|mode| mode & 0o111 != 0)
        })
    };
    let hooks = HOOKS.iter().map(|hook| folder.join(hook)).filter(is_there);
    Ok(hooks.map(|hook| hook.to_string()).collect())
}

impl Plan {
    /// One line: what it does.
    pub(crate) fn what(&self) -> String {
        let what = if self.amend { "Replace the last commit" } else { "Commit" };
        format!("{what} on {}", self.branch)
    }

    /// All that a person has to see of it.
    pub(crate) fn detail(&self) -> String {
        let mut detail =
            format!("{}\nAuthor: {}\nFiles:\n{}", shown(self.message.as_bytes()), self.author, self.files);
        if let Some(head) = self.head {
            let _ = writeln!(detail, "{}: {head}", if self.amend { "Replaces" } else { "Parent" });
        }
        for hook in &self.hooks {
            let _ = writeln!(detail, "Runs the hook {hook} in the sandbox");
        }
        let _ = write!(detail, "Index: {}", self.index);
        detail
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

/// Makes the commit that was planned. The caller has just planned it again and found it the same.
pub(crate) fn make(repository: &mut Repository, plan: &Plan) -> Result<String, GitError> {
    let author = signature(repository)?;
    let mut merged = Vec::new();
    if repository.git.state() == git2::RepositoryState::Merge {
        repository.git.mergehead_foreach(|id| {
            merged.push(*id);
            true
        })?;
    }
    let tree = repository.git.index()?.write_tree()?;
    let tree = repository.git.find_tree(tree)?;
    let head = repository.head()?;
    if head.as_ref().map(git2::Commit::id) != plan.head {
        return Err(GitError::Failed(
            "another commit was made meanwhile; look at git_status and commit again".to_owned(),
        ));
    }
    let id = match (&head, plan.amend) {
        (Some(head), true) => {
            head.amend(Some("HEAD"), None, Some(&author), None, Some(&plan.message), Some(&tree))?
        }
        _ => {
            let merged: Vec<_> =
                merged.iter().map(|id| repository.git.find_commit(*id)).collect::<Result<_, _>>()?;
            let parents: Vec<&git2::Commit<'_>> = head.iter().chain(&merged).collect();
            repository
                .git
                .commit(Some("HEAD"), &author, &author, &plan.message, &tree, &parents)
                .map_err(moved)?
        }
    };
    repository.git.cleanup_state()?;
    let subject = plan.message.lines().next().unwrap_or_default();
    Ok(format!("[{} {}] {}", plan.branch, repository.short(id), line(subject.as_bytes())))
}

fn moved(error: git2::Error) -> GitError {
    match error.code() {
        ErrorCode::Modified => {
            GitError::Failed("the branch moved meanwhile; look at git_status and commit again".to_owned())
        }
        _ => error.into(),
    }
}
