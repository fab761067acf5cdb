//! Which paths may differ between the index and the files.
//!
//! Looking at ten thousand files is cheap where that is all that is done. So what is certainly as the index says is left
//! out first, and libgit2 compares the rest by its own rules, as it would compare all. Where anything is unusual (a form of
//! the index, conflicts, many differences, another system than Linux) there is no such choice, and libgit2 compares all.

use super::{GitError, Repository};
use git2::DiffOptions;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
mod listing;
#[cfg(target_os = "linux")]
mod look;
#[cfg(not(target_os = "linux"))]
mod nothing;

#[cfg(target_os = "linux")]
pub(super) use look::Index;
#[cfg(not(target_os = "linux"))]
pub(super) use nothing::Index;

/// What is to be compared.
pub(super) struct Candidates {
    /// An index of nothing else.
    index: git2::Index,
    paths: Vec<PathBuf>,
}

impl Candidates {
    /// The difference between the index and the files. From then on the repository knows of no other files.
    pub(super) fn compare<'r>(
        &mut self,
        repository: &'r Repository,
        options: &mut DiffOptions,
    ) -> Result<git2::Diff<'r>, GitError> {
        // Or libgit2 would read the whole index, to look for attributes.
        repository.git.set_index(&mut self.index)?;
        if self.paths.is_empty() {
            return Ok(repository.git.diff_tree_to_tree(None, None, Some(options))?);
        }
        for path in &self.paths {
            options.pathspec(path);
        }
        Ok(repository.git.diff_index_to_workdir(Some(&self.index), Some(options))?)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
