//! `references`: the uses of a symbol, what is resolved first.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::Address;
use crate::tools::listing::{counted, listing};
use crate::tools::view::{View, wait};
use devtoolkit_index::{Certainty, Filter, Reference};
use schemars::JsonSchema;
use serde::Deserialize;

/// Uses of a reply.
const SHOWN: usize = 100;

/// Find uses of a symbol in all files.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct References {
    #[serde(flatten)]
    address: Address,
    offset: Option<usize>,
}

impl Tool for References {
    const NAME: &'static str = "references";
    const TITLE: &'static str = "References";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let found = match self.address.all(&view) {
            Ok(found) => found,
            Err(error) => return self.by_name(&view, error),
        };
        let first = &found[0];
        let is_same = |symbol: &devtoolkit_index::Symbol| {
            symbol.path == first.symbol.path && symbol.qualified == first.symbol.qualified
        };
        // Overloads are one symbol to whoever asks.
        if !found.iter().all(|found| is_same(&found.symbol)) {
            self.address.one(&view)?;
        }
        let mut uses = Vec::new();
        for found in &found {
            let (snapshot, symbol) = (found.file.snapshot.clone(), found.symbol.clone());
            let found =
                wait(context, "following uses", move || snapshot.references(&symbol, &Filter::default()))?;
            uses.extend(found);
        }
        uses.sort_by(|a, b| {
            (&a.path, a.range.start, a.certainty).cmp(&(&b.path, b.range.start, b.certainty))
        });
        uses.dedup_by(|a, b| a.path == b.path && a.range == b.range);
        uses.sort_by_key(|used| used.certainty);
        let by_name = uses.iter().filter(|used| used.certainty == Certainty::ByName).count();
        let mut text = format!(
            "{}\n{}, {by_name} of them by name only\n",
            first.line(),
            counted(uses.len(), "use", "uses")
        );
        let answers = shown(&view, &found[0].file, &uses)?;
        text.push_str(&listing(&answers, self.offset, SHOWN));
        if !first.file.whole {
            text.push_str("(only this file was looked at: the index does not have it as it is now)\n");
        }
        text.push_str(&view.notice());
        Ok(ToolOutput::text(text))
    }
}

impl References {
    /// Uses of a name that nothing here defines, as a library's are.
    fn by_name(&self, view: &View<'_>, error: ToolError) -> Result<ToolOutput, ToolError> {
        let name = self.address.name().to_owned();
        let mut answers = Vec::new();
        for (root, filter) in view.filtered(None)? {
            let (snapshot, name) = (root.snapshot.clone(), name.clone());
            let uses =
                wait(view.context, "looking for the name", move || snapshot.uses_of_name(&name, &filter))?;
            for used in uses {
                view.context.cancelled()?;
                let Some(source) = view.quoted(&root, &used.path) else { continue };
                let line = source.line(used.range.start);
                answers.push((source.path.to_string(), shown_use(line, &used, &source.shown(line))));
            }
        }
        if answers.is_empty() || self.address.path().is_some() {
            return Err(error);
        }
        let count = counted(answers.len(), "use", "uses");
        let text = format!("`{name}` is defined nowhere here; {count} by name only\n");
        Ok(ToolOutput::text(text + &listing(&answers, self.offset, SHOWN) + &view.notice()))
    }
}

/// Each use under its file.
fn shown(
    view: &View<'_>,
    file: &crate::tools::view::FileView,
    uses: &[Reference],
) -> Result<Vec<(String, String)>, ToolError> {
    let root = view.indexed(&file.source).map(|(root, _)| root.clone());
    let mut answers = Vec::new();
    for used in uses {
        view.context.cancelled()?;
        let source = match &root {
            Some(root) => view.quoted(root, &used.path),
            None => Some(file.source.clone()),
        };
        let Some(source) = source else { continue };
        let line = source.line(used.range.start);
        let heading = match used.certainty {
            Certainty::Resolved => source.path.to_string(),
            Certainty::ByName => format!("{} (by name only)", source.path),
        };
        answers.push((heading, shown_use(line, used, &source.shown(line))));
    }
    // `tax as vat` is two uses of one line.
    answers.dedup();
    Ok(answers)
}

fn shown_use(line: usize, used: &Reference, text: &str) -> String {
    format!("  {line} {}: {text}", used.role.name())
}

#[cfg(test)]
mod tests;
