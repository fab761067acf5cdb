//! A path with all that is below it, for tools that take it away.

use crate::tool::{ToolContext, ToolError};
use crate::tools::tree::walk;
use crate::workspace::{Kind, Reach, ReadError, RelPath, Side};

/// The most entries that are taken at once.
const ENTRIES: usize = 5_000;
/// The most bytes that are taken at once.
const BYTES: usize = 256 << 20;

/// Everything at a path and below it in the top layer, folders before what is in them. A link is a link.
///
/// # Errors
/// When there is nothing, or more than can be staged at once, or something in it that is not ours to take.
pub(super) fn subtree(context: &ToolContext, path: &RelPath) -> Result<Vec<(RelPath, Side)>, ToolError> {
    let snapshot = &context.snapshot;
    let is_root = snapshot.roots().locate(path).is_none_or(|(_, inner)| inner.is_root());
    if is_root {
        return Err(ToolError::Refused(format!(
            "`{path}` is the workspace itself, which stays; name something in it"
        )));
    }
    let first = snapshot.side(path)?;
    let is_staged_folder =
        first == Side::Absent && snapshot.staging().below(path).any(|(_, staged)| staged.top != Side::Absent);
    if first == Side::Absent && !is_staged_folder {
        return Err(ReadError::NotFound { path: path.clone() }.into());
    }
    if first != Side::Folder && !is_staged_folder {
        return Ok(vec![(path.clone(), first)]);
    }
    refuse_repository(context, path)?;
    let reach = Reach { depth: usize::MAX, hidden: true, ignored: true };
    let walked = walk(context, path, reach)?;
    if let Some(folder) = walked.unreadable.first() {
        return Err(ToolError::failed(format!("`{folder}` cannot be read, so `{path}` stays as it is")));
    }
    if walked.more || walked.entries.len() > ENTRIES {
        return Err(ToolError::failed(format!(
            "`{path}` has over {ENTRIES} entries, which is more than can be staged at once; take the folders in it one by one"
        )));
    }
    let mut taken = if is_staged_folder { Vec::new() } else { vec![(path.clone(), Side::Folder)] };
    let mut bytes = 0;
    for (place, (path, kind)) in walked.entries.iter().enumerate() {
        context.cancelled()?;
        context.progress(place as u64, Some(walked.entries.len() as u64), "files read");
        if *kind == Kind::Folder {
            refuse_repository(context, path)?;
        }
        let side = snapshot.side(path)?;
        bytes += side.file().map_or(0, |file| file.bytes.len());
        if bytes > BYTES {
            return Err(ToolError::failed(format!(
                "`{path}` and what comes before it are over 256 MiB, which is more than can be staged at once"
            )));
        }
        // A folder that is only staged is nothing but its files.
        if side != Side::Absent {
            taken.push((path.clone(), side));
        }
    }
    Ok(taken)
}

fn refuse_repository(context: &ToolContext, folder: &RelPath) -> Result<(), ToolError> {
    match context.snapshot.roots().lstat(&folder.join(".git")) {
        Ok(_) => Err(ToolError::Refused(format!(
            "`{folder}` holds a repository's `.git`, which is not for file tools; take the files in it one by one"
        ))),
        Err(_) => Ok(()),
    }
}

/// How many files are among it, in words.
pub(super) fn files(taken: &[(RelPath, Side)]) -> String {
    match taken.iter().filter(|(_, side)| *side != Side::Folder).count() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}
