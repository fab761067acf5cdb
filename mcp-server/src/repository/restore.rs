//! Files as a revision or the index has them, as proposed changes: nothing is lost before a person accepts it, and what is
//! written then can be undone.

use super::diff::{self, End};
use super::{Bound, GitError, Repository};
use crate::workspace::{FileChange, FileContent, RelPath, Side};
use git2::Delta;
use std::path::PathBuf;

/// The most files of one call.
const FILES: usize = 5_000;

/// What would make files be as they are at `from`. Files that git does not know stay.
pub(crate) fn changes(
    repository: &Repository,
    from: &End,
    paths: &[RelPath],
    bound: &Bound,
) -> Result<Vec<FileChange>, GitError> {
    if matches!(from, End::Worktree | End::Proposed) {
        return Err(GitError::Arguments("`from` is a revision or `index`".to_owned()));
    }
    repository.work()?;
    let inner: Vec<PathBuf> = paths.iter().map(|path| repository.inner(path)).collect::<Result<_, _>>()?;
    let mut options = diff::options(&inner);
    let diff = diff::compare(repository, from, &End::Worktree, &mut options, false)?;
    let (index, mut changes) = (repository.git.index()?, Vec::new());
    for delta in diff.deltas() {
        bound.go_on()?;
        let old = delta.old_file();
        let Some(inner) = old.path().or(delta.new_file().path()) else { continue };
        if delta.status() == Delta::Deleted && super::index::is_left_out(&index, inner) {
            continue;
        }
        if matches!(delta.status(), Delta::Unmodified | Delta::Ignored | Delta::Untracked | Delta::Unreadable)
        {
            continue;
        }
        if changes.len() == FILES {
            return Err(GitError::Failed(format!("more than {FILES} files differ; name fewer `paths`")));
        }
        let path = repository.outer(inner);
        let before = repository.snapshot.side(&path)?;
        let after = match delta.status() {
            Delta::Added => Side::Absent,
            _ => with_ends(repository, inner, diff::side(repository, old.id(), old.mode().into())?, &before),
        };
        if !before.same(&after) {
            changes.push(FileChange { path, before, after });
        }
    }
    if changes.is_empty() {
        return Err(GitError::Failed(
            "nothing there differs from it; git_status shows what changed".to_owned(),
        ));
    }
    Ok(changes)
}

/// A text with the line ends that the file on disk has, where git only keeps line feeds of it.
fn with_ends(repository: &Repository, path: &std::path::Path, committed: Side, on_disk: &Side) -> Side {
    let (Side::File(text), Side::File(disk)) = (&committed, on_disk) else { return committed };
    let Side::File(normal) = super::index::normal(repository, path, &committed, on_disk.clone()) else {
        return committed;
    };
    if normal.bytes == disk.bytes || text.bytes.contains(&b'\r') {
        return committed;
    }
    let bytes =
        text.bytes.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] });
    Side::File(FileContent::new(bytes.collect::<Vec<u8>>(), text.mode))
}
