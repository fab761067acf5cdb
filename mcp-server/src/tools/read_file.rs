//! `read_file`: numbered lines of a text file, or an image.

use crate::tool::{Content, Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

/// The most lines of a reply.
const LINES: usize = 5_000;
/// The most bytes of a reply.
const BYTES: usize = 256 << 10;
/// The largest image, in bytes.
const IMAGE: usize = 4 << 20;

/// Read a text file as numbered lines, or an image.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReadFile {
    path: String,
    /// First line, from 1
    offset: Option<usize>,
    /// Lines, at most 5000
    limit: Option<usize>,
}

impl Tool for ReadFile {
    const NAME: &'static str = "read_file";
    const TITLE: &'static str = "Read file";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let path = context.path(&self.path)?;
        let seen = context.snapshot.read(&path)?;
        if let Some(mime) = image_type(&seen.content.bytes).filter(|_| seen.content.bytes.len() <= IMAGE) {
            let bytes = seen.content.bytes.to_vec();
            return Ok(ToolOutput { content: vec![Content::Image { mime, bytes }], ops: Vec::new() });
        }
        let Ok((text, encoding)) = seen.content.text() else {
            let size = seen.content.bytes.len();
            return Err(ToolError::failed(format!(
                "`{path}` is binary ({size} bytes; a NUL byte is in its first 8 KiB); file_info shows its size and hash"
            )));
        };
        Ok(ToolOutput::text(numbered(
            &text,
            self.offset.unwrap_or(1),
            self.limit.unwrap_or(LINES),
            &encoding.to_string(),
        )?))
    }
}

/// The chosen lines with their numbers, and what there is besides.
fn numbered(text: &str, offset: usize, limit: usize, encoding: &str) -> Result<String, ToolError> {
    let total = text.lines().count();
    if offset == 0 || (offset > total && total > 0) {
        return Err(ToolError::failed(format!(
            "`offset` {offset} is not among the file's lines 1 to {total}"
        )));
    }
    let mut shown = String::new();
    let mut last = offset - 1;
    for (number, line) in text.lines().enumerate().skip(offset - 1).take(limit.min(LINES)) {
        if shown.len() + line.len() > BYTES && last >= offset {
            break;
        }
        let cut = line.floor_char_boundary(BYTES.min(line.len()));
        let _ = writeln!(shown, "{:>6}\t{}", number + 1, &line[..cut]);
        last = number + 1;
    }
    let encoding = if encoding == "UTF-8" { String::new() } else { format!(", {encoding}") };
    match total - last.min(total) {
        0 => drop(write!(shown, "({total} lines{encoding})")),
        more => drop(write!(shown, "({total} lines{encoding}; {more} more: offset {})", last + 1)),
    }
    Ok(shown)
}

fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
