//! Git in process, by libgit2. The only room that names `git2`.
//!
//! What a repository configures never runs: there are no hooks, filters besides line ends, outside diffs, pagers, signers,
//! credential helpers or remote helpers here. A repository is opened only where all of it lies inside the workspace.

use crate::tool::Cancel;
use crate::workspace::{PathError, ReadError, RelPath, Snapshot, is_secret, visible};
use git2::{ErrorClass, ErrorCode, Oid};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) mod blame;
pub(crate) mod branches;
mod candidates;
pub(crate) mod commit;
mod config;
pub(crate) mod date;
pub(crate) mod diff;
pub(crate) mod history;
pub(crate) mod index;
mod open;
pub(crate) mod remote;
mod renames;
pub(crate) mod restore;
pub(crate) mod show;
pub(crate) mod stash;
pub(crate) mod status;
pub(crate) mod tracked;
mod transport;
mod tree_path;
pub(crate) mod worktree;

/// Why something could not be done with a repository.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0}")]
    Arguments(String),
    #[error("refused: {0}")]
    Refused(String),
    #[error("{0}")]
    Failed(String),
    #[error(
        "it took longer than {0} s and was given up; ask for less: a path, fewer commits, a newer `since`"
    )]
    Late(u64),
    #[error("cancelled")]
    Cancelled,
}

impl From<git2::Error> for GitError {
    fn from(error: git2::Error) -> Self {
        let text = visible(error.message());
        Self::Failed(match (error.class(), error.code()) {
            (_, ErrorCode::Owner) => format!(
                "git does not trust this repository, because another user owns it ({text}); the person may add it to `safe.directory` of their own git configuration"
            ),
            (_, ErrorCode::Locked) => {
                format!("git's state is locked by another program ({text}); try again when it has ended")
            }
            (_, ErrorCode::Conflict) => {
                format!("it would overwrite changes that no commit has ({text}); commit or stash them first")
            }
            (ErrorClass::Index, _) if text.contains("extension") => format!(
                "the index is of a form that is not supported (a split or sparse index: {text}); the git program can rewrite it"
            ),
            (ErrorClass::Repository, _) if text.contains("extension") => format!(
                "the repository is of a form that is not supported ({text}); use the git program through run_command"
            ),
            _ => text,
        })
    }
}

/// How long a call may go on, and whether anyone still waits for it.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    cancel: Cancel,
    limit: Duration,
    begun: Instant,
}

impl Bound {
    pub(crate) fn new(cancel: Cancel, limit: Duration) -> Self {
        Self { cancel, limit, begun: Instant::now() }
    }

    /// Ends work that nobody waits for, or that takes too long.
    pub(crate) fn go_on(&self) -> Result<(), GitError> {
        if self.cancel.is_set() {
            return Err(GitError::Cancelled);
        }
        if self.begun.elapsed() > self.limit { Err(GitError::Late(self.limit.as_secs())) } else { Ok(()) }
    }

    /// Whether a share of the time has gone: to give what was found so far.
    fn is_spent(&self, share: f64) -> bool {
        self.begun.elapsed() > self.limit.mul_f64(share)
    }
}

/// An open repository that lies inside of the workspace with everything it reads.
pub(crate) struct Repository {
    git: git2::Repository,
    snapshot: Snapshot,
    /// The top folder of its files; a bare one has none.
    work: Option<RelPath>,
    /// What a person would call it: that folder, or the bare repository's.
    pub(crate) name: RelPath,
}

impl Repository {
    /// The folder of its files.
    fn work(&self) -> Result<&RelPath, GitError> {
        self.work.as_ref().ok_or_else(|| {
            GitError::Failed(format!("`{}` is a bare repository: it has commits, but no files", self.name))
        })
    }

    /// The same repository once more, for another thread.
    fn again(&self) -> Result<Self, GitError> {
        open::open(&self.snapshot, &self.name)
    }

    /// A path of git's as one of the workspace.
    fn outer(&self, path: &Path) -> RelPath {
        let work = self.work.clone().unwrap_or_else(RelPath::root);
        RelPath::from_os(path).names().fold(work, |at, name| at.join(name))
    }

    /// A path of the workspace as git's own, relative to the top folder: empty for that.
    fn inner(&self, path: &RelPath) -> Result<PathBuf, GitError> {
        let work = self.work.clone().unwrap_or_else(RelPath::root);
        let outside = || {
            GitError::Arguments(format!(
                "`{path}` is not in the repository `{}`; name its repository with `repo`",
                self.name
            ))
        };
        let inside = self.snapshot.locate_entry(path)?;
        if !inside.is_below(&work) {
            return Err(outside());
        }
        let names = inside.names().skip(work.names().count());
        let rest = names.fold(RelPath::root(), |at, name| at.join(name));
        Ok(if rest.is_root() { PathBuf::new() } else { rest.to_os() })
    }

    /// The commit that a revision names.
    fn commit(&self, revision: &str) -> Result<git2::Commit<'_>, GitError> {
        self.object(revision)?
            .peel_to_commit()
            .map_err(|_| GitError::Failed(format!("`{}` is no commit", visible(revision))))
    }

    /// The object that a revision names.
    fn object(&self, revision: &str) -> Result<git2::Object<'_>, GitError> {
        check_revision(revision)?;
        self.git.revparse_single(revision).map_err(|error| self.unknown(revision, &error))
    }

    fn unknown(&self, revision: &str, error: &git2::Error) -> GitError {
        let shown = visible(&revision.chars().take(100).collect::<String>());
        if matches!(self.head(), Ok(None)) {
            return GitError::Failed(format!("there is no commit yet, so `{shown}` names nothing"));
        }
        match error.code() {
            ErrorCode::Ambiguous => {
                GitError::Failed(format!("`{shown}` names several objects; give more of it"))
            }
            _ => GitError::Failed(format!(
                "no revision `{shown}`; git_branches and git_log show what there is"
            )),
        }
    }

    /// The commit that is checked out; none before the first.
    fn head(&self) -> Result<Option<git2::Commit<'_>>, GitError> {
        match self.git.head() {
            Ok(head) => Ok(Some(head.peel_to_commit()?)),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The branch that is checked out, made already or not; none where HEAD is detached.
    fn branch(&self) -> Option<String> {
        let head = self.git.find_reference("HEAD").ok()?;
        let name = head.symbolic_target_bytes()?;
        let name = name.strip_prefix(b"refs/heads/").unwrap_or(name);
        Some(visible(&String::from_utf8_lossy(name)))
    }

    /// A short name of an object, as unambiguous as git makes it.
    fn short(&self, id: Oid) -> String {
        let short = self.git.find_object(id, None).and_then(|object| object.short_id());
        short
            .ok()
            .and_then(|short| short.as_str().ok().map(str::to_owned))
            .unwrap_or_else(|| id.to_string()[..7].to_owned())
    }

    /// Whether a file's text is for no model to see, in any version.
    fn withholds(&self, path: &RelPath) -> bool {
        // What is on disk, a person may have opened.
        let is_gone = || self.snapshot.roots().lstat(path).is_err();
        self.snapshot.withheld(path).is_some() || (is_secret(path) && is_gone())
    }

    /// Proposed changes of the repository's files that are not on disk.
    fn proposed(&self) -> Vec<RelPath> {
        let Some(work) = &self.work else { return Vec::new() };
        self.snapshot.staging().below(work).map(|(path, _)| path.clone()).collect()
    }
}

/// Opens the repository that a path of the workspace belongs to.
pub(crate) fn open(snapshot: &Snapshot, path: &RelPath) -> Result<Repository, GitError> {
    open::open(snapshot, path)
}

/// Refuses what is no revision: it would be an option to other programs, or has characters that no name has.
pub(crate) fn check_revision(revision: &str) -> Result<(), GitError> {
    let shown = || visible(&revision.chars().take(100).collect::<String>());
    if revision.starts_with('-') {
        return Err(GitError::Refused(format!(
            "`{}` begins with `-`, as options do; name a branch, a tag or a commit",
            shown()
        )));
    }
    if revision.is_empty() || revision.len() > 1_000 || revision.chars().any(char::is_control) {
        return Err(GitError::Arguments(format!(
            "`{}` is no revision; name a branch, a tag or a commit",
            shown()
        )));
    }
    Ok(())
}

/// Bytes as text for showing: what hides something is escaped.
fn shown(bytes: &[u8]) -> String {
    visible(&String::from_utf8_lossy(bytes))
}

/// The same on one line.
fn line(bytes: &[u8]) -> String {
    shown(bytes).replace(['\n', '\t'], " ")
}
