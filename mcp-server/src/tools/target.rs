//! Files as text for tools that show or change them, and what a change of one starts from.

use crate::tool::{ToolContext, ToolError};
use crate::workspace::{
    Encoding, FILE_LIMIT, FileChange, FileContent, Kind, ReadError, RelPath, Side, WorkspaceOp, encode,
};
use std::borrow::Cow;

/// A file's text and its encoding.
///
/// # Errors
/// When it is binary.
pub(super) fn text_of<'a>(
    path: &RelPath,
    content: &'a FileContent,
) -> Result<(Cow<'a, str>, Encoding), ToolError> {
    content.text().map_err(|_| {
        let size = content.bytes.len();
        ToolError::failed(format!(
            "`{path}` is binary ({size} bytes; a NUL byte in its first 8 KiB, or broken UTF-16); file_info tells its size and hash"
        ))
    })
}

/// A text file that is to be changed.
pub(super) struct Target {
    /// Where it really is, links followed.
    pub(super) path: RelPath,
    pub(super) text: String,
    content: FileContent,
    encoding: Encoding,
}

impl Target {
    /// The file that a path leads to.
    ///
    /// # Errors
    /// When there is none, or it is no text file inside of the workspace.
    pub(super) fn open(context: &ToolContext, path: &RelPath) -> Result<Self, ToolError> {
        let path = context.snapshot.locate(path)?;
        let content = match context.snapshot.side(&path)? {
            Side::File(content) => content,
            Side::Absent => return Err(ReadError::NotFound { path }.into()),
            Side::Folder => return Err(ReadError::Folder { path }.into()),
            Side::Link(_) => return Err(ReadError::Outside { path }.into()),
        };
        let (text, encoding) = text_of(&path, &content)?;
        let text = text.into_owned();
        Ok(Self { path, text, content, encoding })
    }

    /// The change to another text, in the file's own encoding; `None` when that changes nothing.
    ///
    /// # Errors
    /// When the encoding lacks a character, or the text is too large.
    pub(super) fn change(self, text: &str) -> Result<Option<FileChange>, ToolError> {
        let Self { path, content, encoding, .. } = self;
        if text.len() as u64 > FILE_LIMIT {
            return Err(ToolError::failed(format!(
                "`{path}` would have {} bytes, over the limit of {FILE_LIMIT}; nothing was staged",
                text.len()
            )));
        }
        let bytes = encode(text, encoding)
            .map_err(|error| ToolError::failed(format!("`{path}`: {error}; nothing was staged")))?;
        if *bytes == *content.bytes {
            return Ok(None);
        }
        let after = Side::File(FileContent::new(bytes, content.mode));
        Ok(Some(FileChange { path, before: Side::File(content), after }))
    }
}

/// Refuses a path that cannot become a file, because of what lies above or below it.
///
/// # Errors
/// When a file is where a folder would have to be, or the other way round.
pub(super) fn free(context: &ToolContext, path: &RelPath) -> Result<(), ToolError> {
    let snapshot = &context.snapshot;
    let mut above = path.parent();
    while let Some(folder) = above.filter(|folder| !folder.is_root()) {
        let staged = snapshot.staging().get(&folder).map(|staged| matches!(staged.top, Side::File(_)));
        let on_disk = || snapshot.roots().stat(&folder).is_ok_and(|stat| stat.kind == Kind::File);
        if staged.unwrap_or_else(on_disk) {
            return Err(ToolError::failed(format!(
                "`{folder}` is a file, so `{path}` cannot be below it; choose another path"
            )));
        }
        above = folder.parent();
    }
    let below =
        snapshot.staging().below(path).any(|(other, staged)| other != path && staged.top != Side::Absent);
    if below { Err(ReadError::Folder { path: path.clone() }.into()) } else { Ok(()) }
}

/// Proposes a change of one file.
pub(super) fn stage(title: String, file: FileChange) -> WorkspaceOp {
    WorkspaceOp::Stage { title, files: vec![file] }
}
