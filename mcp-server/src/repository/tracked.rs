//! What an index lists, without the repository around it: nothing of a configuration is read.

use std::path::Path;

/// The paths that an index file lists, as bytes from the top of its repository; none where it cannot be read. The file was
/// found to be a regular one.
pub(crate) fn paths(index: &Path) -> Vec<Vec<u8>> {
    let opened = git2::Index::open(index);
    opened.map(|index| index.iter().map(|entry| entry.path).collect()).unwrap_or_default()
}
