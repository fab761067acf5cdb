//! Which staged changes a call means.

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
