//! What the tools of git share: where a repository is, work on a thread with an end, and doing what was shown.

use crate::permission::{Access, RepositoryChange};
use crate::repository::{Bound, GitError, Repository, open};
use crate::tool::{Cancel, ToolContext, ToolError};
use crate::tools::view::wait_at_most;
use crate::workspace::{RelPath, Snapshot};
use std::cell::OnceCell;
use std::sync::mpsc;
use std::time::Duration;

/// How long reading may take.
pub(super) const READING: Duration = Duration::from_secs(60);
/// How long a transfer may take.
pub(super) const TRANSFER: Duration = Duration::from_secs(600);
/// How much longer something that does not look at its bound is waited for.
const GRACE: Duration = Duration::from_secs(5);

impl From<GitError> for ToolError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Path(error) => Self::Path(error),
            GitError::Read(error) => Self::Read(error),
            GitError::Arguments(text) => Self::Arguments(text),
            GitError::Cancelled => Self::Cancelled,
            refused @ GitError::Refused(_) => Self::Refused(refused.to_string()),
            other @ (GitError::Failed(_) | GitError::Late(_)) => Self::Failed(other.to_string()),
        }
    }
}

/// The repository that is named, or that a path lies in, or the workspace's own.
pub(super) fn place(
    snapshot: &Snapshot,
    repo: Option<&str>,
    path: Option<&str>,
) -> Result<RelPath, ToolError> {
    Ok(snapshot.roots().parse(repo.or(path).unwrap_or("."))?)
}

/// Paths as they came.
pub(super) fn paths(snapshot: &Snapshot, paths: &[String]) -> Result<Vec<RelPath>, ToolError> {
    paths.iter().map(|path| Ok(snapshot.roots().parse(path)?)).collect()
}

/// Works with a repository, beside the call's own thread.
pub(super) fn with<T: Send + 'static>(
    context: &ToolContext,
    at: RelPath,
    limit: Duration,
    work: impl FnOnce(&mut Repository, &Bound) -> Result<T, GitError> + Send + 'static,
) -> Result<T, ToolError> {
    let snapshot = context.snapshot.clone();
    beside(context, limit, move |bound| work(&mut open(&snapshot, &at)?, bound))
}

/// Works beside the call's own thread.
pub(super) fn beside<T: Send + 'static>(
    context: &ToolContext,
    limit: Duration,
    work: impl FnOnce(&Bound) -> Result<T, GitError> + Send + 'static,
) -> Result<T, ToolError> {
    let bound = Bound::new(context.cancel.clone(), limit);
    Ok(wait_at_most(context, "git", limit + GRACE, move || work(&bound))??)
}

/// Finds out what a call would do, before it is decided on.
pub(super) fn planned<T: Send + 'static>(
    work: impl FnOnce(&Bound) -> Result<T, GitError> + Send + 'static,
) -> Result<T, ToolError> {
    let (sender, answer) = mpsc::channel();
    let bound = Bound::new(Cancel::default(), READING);
    std::thread::spawn(move || {
        // Whoever asked may have given up.
        let _ = sender.send(work(&bound));
    });
    match answer.recv_timeout(READING + GRACE) {
        Ok(done) => Ok(done?),
        Err(_) => {
            Err(ToolError::failed("git did not end and was given up; is a file of the repository a pipe?"))
        }
    }
}

/// The same with a repository.
pub(super) fn planned_with<T: Send + 'static>(
    snapshot: &Snapshot,
    at: RelPath,
    work: impl FnOnce(&mut Repository, &Bound) -> Result<T, GitError> + Send + 'static,
) -> Result<T, ToolError> {
    let snapshot = snapshot.clone();
    planned(move |bound| work(&mut open(&snapshot, &at)?, bound))
}

/// What was decided on: only that is done.
#[derive(Debug, Default)]
pub(super) struct Decided(OnceCell<RepositoryChange>);

impl Decided {
    /// Puts a change before the policy.
    pub(super) fn on(&self, change: RepositoryChange) -> Access {
        // Asked again, it is the first that counts, and a difference ends the call.
        let _ = self.0.set(change.clone());
        Access::Repository(change)
    }

    /// Ends a call that would do something else than what was decided on.
    pub(super) fn check(&self, now: &RepositoryChange) -> Result<(), GitError> {
        match self.0.get() {
            Some(then) if then == now => Ok(()),
            _ => Err(GitError::Refused(
                "the repository is no longer as it was shown, so nothing was done; call again".to_owned(),
            )),
        }
    }

    /// To be taken to another thread.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

#[cfg(test)]
mod history;
#[cfg(test)]
mod tests;
