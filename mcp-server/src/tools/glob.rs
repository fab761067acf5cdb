//! Globs over paths of the workspace.

use crate::tool::ToolError;
use globset::{GlobBuilder, GlobMatcher};

/// A glob as in ignore files: without a `/` it matches names at any depth; `*` stays within a folder, `**` does not.
///
/// # Errors
/// When it cannot be read.
pub(super) fn glob(pattern: &str) -> Result<GlobMatcher, ToolError> {
    let pattern = pattern.trim_start_matches("./");
    let anywhere = match pattern.contains('/') {
        true => pattern.trim_start_matches('/').to_owned(),
        false => format!("**/{pattern}"),
    };
    let glob = GlobBuilder::new(&anywhere).literal_separator(true).build();
    let glob = glob.map_err(|error| {
        ToolError::failed(format!(
            "`{pattern}` is no glob: {}; examples: `*.rs`, `src/**/test_*.py`",
            error.kind()
        ))
    })?;
    Ok(glob.compile_matcher())
}
