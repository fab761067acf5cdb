//! `list_changes`: what is staged, by call, by file and by hunk, and what can be undone.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::selection::page;
use crate::workspace::{RelPath, Snapshot, StagedFile, Status, hunks, in_words, mark, texts, visible};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

/// The most hunks that are named for one file.
const HUNKS: usize = 20;

/// List staged changes, their files and hunks, and what can be undone.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ListChanges {
    /// First line of the list, from 1
    offset: Option<usize>,
}

impl Tool for ListChanges {
    const NAME: &'static str = "list_changes";
    const TITLE: &'static str = "List changes";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let staging = context.snapshot.staging();
        let mut shown = match staging.files().count() {
            0 => "nothing is staged\n".to_owned(),
            files => format!("staged changes: {}, files: {files}\n", staging.calls().len()),
        };
        for call in staging.calls() {
            let _ = writeln!(shown, "change {}: {}", call.number, visible(&call.title));
        }
        for (path, file) in staging.files() {
            context.cancelled()?;
            put_file(&mut shown, &context.snapshot, path, file);
        }
        let history = context.snapshot.history();
        if !history.sets.is_empty() {
            let _ = writeln!(shown, "applied sets, newest first (undo_changes takes one back):");
        }
        for set in &history.sets {
            let _ = writeln!(shown, "  set {}", visible(set));
        }
        if !history.checkpoints.is_empty() {
            let _ = writeln!(shown, "checkpoints: {}", history.checkpoints.join(", "));
        }
        page(&shown, self.offset).map(ToolOutput::text)
    }
}

fn put_file(shown: &mut String, snapshot: &Snapshot, path: &RelPath, file: &StagedFile) {
    let calls = snapshot.staging().calls().iter();
    let calls = calls.filter(|call| call.files.iter().any(|change| change.path == *path));
    let calls: Vec<String> = calls.map(|call| call.number.to_string()).collect();
    let hunks = hunks(path, &file.base, &file.top);
    let lined = texts(&file.base, &file.top).is_some_and(|(old, new)| old != new);
    let size = match lined {
        true => {
            let sum = hunks.iter().fold((0, 0), |sum, hunk| (sum.0 + hunk.new.len(), sum.1 + hunk.old.len()));
            format!("+{} -{}", sum.0, sum.1)
        }
        false => format!("{} becomes {}", in_words(&file.base), in_words(&file.top)),
    };
    let _ = write!(shown, "{} {path}  {size}", mark(&file.base, &file.top));
    if !calls.is_empty() {
        let _ = write!(shown, "  changes {}", calls.join(" "));
    }
    if let Some(links) = snapshot.links(path).filter(|links| *links > 1) {
        let _ = write!(shown, "  [one of {links} hard links; the others keep the old text]");
    }
    if let Status::Conflicted { theirs } = &file.status {
        let _ = write!(
            shown,
            "  CONFLICT: below it is now {}; show_changes shows both, discard_changes drops the edit",
            in_words(theirs)
        );
    }
    shown.push('\n');
    for hunk in hunks.iter().take(HUNKS) {
        let place = match (lined, hunk.new.len()) {
            (false, _) => String::new(),
            (true, 0) => format!("  after line {}", hunk.new.start),
            (true, 1) => format!("  line {}", hunk.new.start + 1),
            (true, _) => format!("  lines {}-{}", hunk.new.start + 1, hunk.new.end),
        };
        let _ = writeln!(shown, "  hunk {}{place}", hunk.id);
    }
    if let Some(more) = hunks.len().checked_sub(HUNKS).filter(|more| *more > 0) {
        let _ = writeln!(shown, "  {more} more hunks; show_changes shows them");
    }
}

#[cfg(test)]
mod tests;
