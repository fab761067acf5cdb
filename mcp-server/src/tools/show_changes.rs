//! `show_changes`: staged changes as a patch whose hunks have names.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::selection::{Chosen, page};
use crate::workspace::{Chosen as ChosenChange, Hunk, Snapshot, Status, difference, hunks};
use schemars::JsonSchema;
use serde::Deserialize;

/// Show staged changes as a diff; hunk ids follow the @@.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ShowChanges {
    #[serde(flatten)]
    chosen: Chosen,
    /// First line of the diff, from 1
    offset: Option<usize>,
}

impl Tool for ShowChanges {
    const NAME: &'static str = "show_changes";
    const TITLE: &'static str = "Show changes";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let snapshot = &context.snapshot;
        let selection = self.chosen.selection(snapshot)?;
        let chosen =
            snapshot.staging().choose(&selection).map_err(|error| ToolError::failed(error.to_string()))?;
        if chosen.is_empty() {
            return Ok(ToolOutput::text("nothing is staged"));
        }
        let mut shown = String::new();
        for (done, change) in chosen.iter().enumerate() {
            context.cancelled()?;
            context.progress(done as u64, Some(chosen.len() as u64), change.path.as_str());
            shown.push_str(&one(snapshot, change));
        }
        page(&shown, self.offset).map(ToolOutput::text)
    }
}

/// One file's chosen change, and the other text where there is a conflict.
fn one(snapshot: &Snapshot, change: &ChosenChange) -> String {
    let ChosenChange { path, base, target } = change;
    let Some(file) = snapshot.staging().get(path) else { return String::new() };
    if snapshot.withheld(path).is_some() {
        return format!("`{path}` may hold secrets: accept_changes shows its change to the person\n");
    }
    let all = hunks(path, base, &file.top);
    // A part of a file has the names that its hunks have in the whole.
    let name = |hunk: &Hunk| {
        let same = |other: &&Hunk| other.old == hunk.old && (target.same(&file.top) || other.id == hunk.id);
        Some(all.iter().find(same).map_or_else(String::new, |hunk| hunk.id.clone()))
    };
    let shown = difference(path, base, target, &name);
    match &file.status {
        Status::Staged => shown,
        Status::Conflicted { theirs } => {
            let theirs = difference(path, base, theirs, &|_| Some(String::new()));
            format!(
                "CONFLICT: `{path}` changed in the same lines after this edit was made. The edit:\n{shown}What it is now instead:\n{theirs}discard_changes drops the edit; repeat it on the new text\n"
            )
        }
    }
}

#[cfg(test)]
mod tests;
