//! `repo_map`: the signatures that matter most for a focus, within a budget.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::view::{View, wait};
use crate::workspace::RelPath;
use devtoolkit_index::MapOptions;
use schemars::JsonSchema;
use serde::Deserialize;

/// Tokens of a map whose budget is not given.
const BUDGET: usize = 2_000;
/// Tokens of the largest map.
const MOST: usize = 16_000;
/// Entries of the focus.
const FOCUS: usize = 50;

/// Show the project's most important signatures.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RepoMap {
    /// Tokens
    budget: Option<usize>,
    /// Paths or symbols
    #[serde(default)]
    focus: Vec<String>,
}

impl Tool for RepoMap {
    const NAME: &'static str = "repo_map";
    const TITLE: &'static str = "Repo map";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        if self.focus.len() > FOCUS {
            let count = self.focus.len();
            return Err(ToolError::failed(format!("`focus` has {count} entries; give at most {FOCUS}")));
        }
        let view = View::new(context)?;
        let budget = self.budget.unwrap_or(BUDGET).clamp(100, MOST);
        let share = budget / view.roots().len().max(1);
        let mut unknown = vec![0; self.focus.len()];
        let mut text = String::new();
        for (number, root) in view.roots().iter().enumerate() {
            let focus: Vec<String> = self.focus.iter().map(|focus| inner(&view, number, focus)).collect();
            let options = MapOptions { budget: share, focus: focus.clone() };
            let (snapshot, reader) = (root.snapshot.clone(), view.reader(root));
            let map = wait(context, "ranking symbols", move || snapshot.map(&options, &reader))?;
            for (count, focus) in unknown.iter_mut().zip(&focus) {
                *count += usize::from(map.unknown_focus.contains(focus));
            }
            for line in map.text.lines() {
                match line.strip_suffix(':').filter(|line| !line.starts_with(' ')) {
                    Some(path) => text.push_str(&format!("{}:\n", view.path(root, path))),
                    None => text.push_str(&format!("{line}\n")),
                }
            }
        }
        let unknown = self.focus.iter().zip(unknown).find(|(_, count)| *count == view.roots().len());
        if let Some((unknown, _)) = unknown.filter(|_| view.is_complete()) {
            let shown: String = unknown.chars().take(120).collect();
            return Err(ToolError::failed(format!(
                "`focus`: `{shown}` is no source file, folder or symbol; look for it with find_symbol or find_files"
            )));
        }
        if text.is_empty() {
            text = "no symbols in languages that are known; list_directory shows the files\n".to_owned();
        }
        Ok(ToolOutput::text(text + &view.notice()))
    }
}

/// A focus as a root's index knows it: its own paths without the root's label, everything else as it is.
fn inner(view: &View<'_>, root: usize, focus: &str) -> String {
    let path = view.context.path(focus).ok().filter(|path| *path != RelPath::root());
    match path.and_then(|path| view.context.symbols.place(&path)) {
        Some((place, inner)) if place == root && !inner.is_empty() => inner,
        _ => focus.to_owned(),
    }
}

#[cfg(test)]
mod tests;
