//! Which staged changes a call means, and a page of a long list of them.

use crate::tool::ToolError;
use crate::workspace::{CallNumber, HUNK_DIGITS, RelPath, Selection, Snapshot};
use schemars::JsonSchema;
use serde::Deserialize;

/// Everything, unless something is named.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct Chosen {
    /// Paths, hunk ids or change numbers
    #[serde(default)]
    only: Vec<String>,
}

impl Chosen {
    /// What each name means: a staged path if there is one, else a hunk or a change if it looks like one.
    pub(super) fn selection(&self, snapshot: &Snapshot) -> Result<Selection, ToolError> {
        let mut selection = Selection::default();
        for name in &self.only {
            let path = snapshot.roots().parse(name);
            let staged = |path: &RelPath| snapshot.staging().below(path).next().is_some();
            let is_hunk = name.len() >= HUNK_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            match (path, name.parse()) {
                (Ok(path), _) if staged(&path) => selection.paths.push(path),
                _ if is_hunk => selection.hunks.push(name.clone()),
                (_, Ok(number)) => selection.calls.push(CallNumber(number)),
                (path, _) => selection.paths.push(path?),
            }
        }
        Ok(selection)
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
