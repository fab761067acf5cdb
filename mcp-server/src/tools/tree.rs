//! Walks over the workspace for tools that list and search it.

use crate::tool::{ToolContext, ToolError};
use crate::workspace::{Reach, RelPath, Walked};
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// Walks a folder; ends with the call, and says how far it is.
///
/// # Errors
/// When there is no such folder, or the call was cancelled.
pub(super) fn walk(context: &ToolContext, folder: &RelPath, reach: Reach) -> Result<Walked, ToolError> {
    let go_on = |entries| {
        if entries >= 10_000 {
            context.progress(entries as u64, None, "entries seen");
        }
        if context.cancelled().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let walked = context.snapshot.walk(folder, reach, &go_on)?;
    context.cancelled()?;
    Ok(walked)
}

/// A path as it is named from a folder above it.
pub(super) fn below<'a>(path: &'a RelPath, folder: &RelPath) -> &'a str {
    let inner = path.as_str().strip_prefix(folder.as_str()).and_then(|rest| rest.strip_prefix('/'));
    inner.filter(|_| !folder.is_root()).unwrap_or(path.as_str())
}

/// What a walk could not see, in words.
pub(super) fn gaps(walked: &Walked) -> String {
    let mut words = String::new();
    if let [first, rest @ ..] = walked.unreadable.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more folders", rest.len()) };
        let _ = write!(words, "; `{first}`{more} could not be read");
    }
    if walked.more {
        words.push_str("; there is more than can be looked at: name a folder further down");
    }
    words
}
