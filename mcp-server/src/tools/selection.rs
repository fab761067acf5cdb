//! Which staged changes a call means, and a page of a long list of them.

use crate::tool::ToolError;
use crate::workspace::{CallNumber, Selection, Snapshot};
use schemars::JsonSchema;
use serde::Deserialize;

/// Everything, unless something is named.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct Chosen {
    /// Change numbers
    #[serde(default)]
    changes: Vec<u32>,
    #[serde(default)]
    paths: Vec<String>,
    /// Hunk ids of show_changes
    #[serde(default)]
    hunks: Vec<String>,
}

impl Chosen {
    /// With its paths checked.
    pub(super) fn selection(&self, snapshot: &Snapshot) -> Result<Selection, ToolError> {
        let paths = self.paths.iter().map(|path| snapshot.roots().parse(path)).collect::<Result<_, _>>()?;
        let calls = self.changes.iter().map(|number| CallNumber(*number)).collect();
        Ok(Selection { calls, paths, hunks: self.hunks.clone() })
    }
}

/// The most lines of a page.
const LINES: usize = 1_000;
/// The most bytes of a page.
const BYTES: usize = 64 << 10;

/// A text from a line on, as much of it as one reply holds, and where it goes on.
pub(super) fn page(text: &str, offset: Option<usize>) -> Result<String, ToolError> {
    let (offset, total) = (offset.unwrap_or(1), text.lines().count());
    if offset == 0 || offset > total.max(1) {
        return Err(ToolError::Arguments(format!("`offset` {offset} is not among the lines 1 to {total}")));
    }
    let (mut shown, mut last) = (String::new(), offset - 1);
    for line in text.lines().skip(offset - 1).take(LINES) {
        if shown.len() + line.len() > BYTES && last >= offset {
            break;
        }
        let cut = line.floor_char_boundary(BYTES.min(line.len()));
        shown.push_str(&line[..cut]);
        shown.push('\n');
        last += 1;
    }
    if last < total {
        shown.push_str(&format!("({} more lines: offset {})\n", total - last, last + 1));
    }
    Ok(shown)
}
