//! Paths and places as people type them.

use devtoolkit_index::store::Store;
use std::path::Path;

/// Splits FILE:LINE:COLUMN; the file may have colons of its own.
pub(super) fn split_place(place: &str) -> Option<(&str, u32, u32)> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    (line > 0 && column > 0 && !file.is_empty()).then_some((file, line, column))
}

/// A path as given (absolute, or below the current folder or the root) from the root, with `/`.
pub(super) fn relative_to_root(store: &Store, given: &str) -> String {
    let path = Path::new(given);
    let absolute = std::env::current_dir().unwrap_or_default().join(path);
    let known = [absolute.canonicalize().ok(), store.root().join(path).canonicalize().ok()];
    let below =
        known.iter().flatten().find_map(|path| path.strip_prefix(store.root()).ok().map(Path::to_path_buf));
    let below = below.unwrap_or_else(|| path.to_path_buf());
    below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
