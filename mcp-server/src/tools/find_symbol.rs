//! `find_symbol`: symbols by a part of their name, best first.

use crate::symbols::RootIndex;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::placed;
use crate::tools::listing::listing;
use crate::tools::view::{View, wait};
use devtoolkit_index::{Symbol, SymbolKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Answers of a reply.
const SHOWN: usize = 50;
/// Answers of a reply with source.
const BODIES: usize = 10;
/// Lines of one answer's source.
const LINES: usize = 400;
/// How far `offset` can go.
const DEPTH: usize = 5_000;

/// Find symbols by name or part of it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FindSymbol {
    query: String,
    kind: Option<String>,
    path: Option<String>,
    body: Option<bool>,
    offset: Option<usize>,
}

impl Tool for FindSymbol {
    const NAME: &'static str = "find_symbol";
    const TITLE: &'static str = "Find symbol";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        if self.query.trim().is_empty() {
            return Err(ToolError::failed("`query` is empty; give a name or a part of one"));
        }
        let kinds = self.kind.as_deref().map(kind).transpose()?;
        let view = View::new(context)?;
        let body = self.body.unwrap_or(false);
        let shown = if body { BODIES } else { SHOWN };
        let wanted = (self.offset.unwrap_or(1).min(DEPTH) + shown + 1).min(DEPTH);
        let mut hits = Vec::new();
        for (root, mut filter) in view.filtered(self.path.as_deref())? {
            filter.kinds = kinds.into_iter().collect();
            let (snapshot, query) = (root.snapshot.clone(), self.query.clone());
            let found = wait(context, "searching names", move || snapshot.find(&query, &filter, wanted))?;
            hits.extend(found.into_iter().map(|hit| (root.clone(), hit)));
        }
        hits.sort_by_key(|(_, hit)| hit.kind);
        let first = self.offset.unwrap_or(1).max(1);
        let mut answers = Vec::new();
        for (at, (root, hit)) in hits.into_iter().enumerate() {
            context.cancelled()?;
            let is_shown = (first..first + shown).contains(&(at + 1));
            answers.push((
                String::new(),
                if is_shown { shown_hit(&view, &root, hit.symbol, body) } else { String::new() },
            ));
        }
        let mut text = match answers.is_empty() {
            true => format!("no symbol like `{}`; search_text finds text\n", cut(&self.query)),
            false => listing(&answers, self.offset, shown),
        };
        text.push_str(&view.notice());
        Ok(ToolOutput::text(text))
    }
}

fn cut(query: &str) -> String {
    query.chars().take(80).collect()
}

fn kind(name: &str) -> Result<SymbolKind, ToolError> {
    let wanted = name.to_lowercase().replace([' ', '_'], "-");
    let known = SymbolKind::ALL.into_iter().find(|kind| kind.name() == wanted);
    known.ok_or_else(|| {
        let names: Vec<&str> = SymbolKind::ALL.iter().map(|kind| kind.name()).collect();
        ToolError::Arguments(format!("`kind` `{}` is none of {}", cut(name), names.join(", ")))
    })
}

fn shown_hit(view: &View<'_>, root: &Arc<RootIndex>, symbol: Symbol, body: bool) -> String {
    let known = format!("{} {} {}", view.path(root, &symbol.path), symbol.kind.name(), symbol.qualified);
    match placed(view, root, symbol) {
        Some(found) if body => format!("{}\n{}", found.line(), found.numbered(LINES).trim_end()),
        Some(found) => found.line(),
        None => known,
    }
}

#[cfg(test)]
mod tests;
