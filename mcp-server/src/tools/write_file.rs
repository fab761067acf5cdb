//! `write_file`: a whole file, new or replaced.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::{Encoding, FileChange, FileContent, ReadError, Side, WorkspaceOp, encode};
use schemars::JsonSchema;
use serde::Deserialize;

/// Write a whole file; folders are made as needed. Staged.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct WriteFile {
    path: String,
    content: String,
}

impl Tool for WriteFile {
    const NAME: &'static str = "write_file";
    const TITLE: &'static str = "Write file";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;
    const IDEMPOTENT: bool = true;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let path = context.snapshot.locate(&context.path(&self.path)?)?;
        let before = context.snapshot.side(&path)?;
        let (encoding, mode) = match &before {
            Side::Absent => (Encoding::Utf8, None),
            Side::File(file) => (file.text().map_or(Encoding::Utf8, |(_, encoding)| encoding), file.mode),
            Side::Folder => return Err(ReadError::Folder { path }.into()),
            Side::Link(_) => return Err(ReadError::Outside { path }.into()),
        };
        // A file that was Latin-1 by guess becomes UTF-8 when its new text needs it.
        let bytes = encode(&self.content, encoding).unwrap_or_else(|_| self.content.clone().into_bytes());
        let verb = if before == Side::Absent { "new file" } else { "write" };
        let title = format!("{verb} {path}");
        let after = Side::File(FileContent::new(bytes, mode));
        let text = format!("{verb} `{path}`, {} lines", self.content.lines().count());
        Ok(ToolOutput::op(
            text,
            WorkspaceOp::Stage { title, files: vec![FileChange { path, before, after }] },
        ))
    }
}
