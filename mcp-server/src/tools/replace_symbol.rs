//! `replace_symbol`: a whole definition replaced by another.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::{Address, Found};
use crate::tools::listing::counted;
use crate::tools::reindent::{indentation, reindent, replaced};
use crate::tools::view::View;
use schemars::JsonSchema;
use serde::Deserialize;

/// Replace a whole definition.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReplaceSymbol {
    #[serde(flatten)]
    address: Address,
    body: String,
}

impl Tool for ReplaceSymbol {
    const NAME: &'static str = "replace_symbol";
    const TITLE: &'static str = "Replace symbol";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        if self.body.trim().is_empty() {
            return Err(ToolError::failed(
                "`body` is empty; give the whole new definition, or delete its lines with edit_file",
            ));
        }
        let view = View::new(context)?;
        let found = self.address.one(&view)?;
        alone(&found)?;
        let (start, kept) = beginning(&found, &self.body);
        let source = &found.file.source;
        let line = source.line_at(start);
        let before = &source.text[source.start_of(line)..start];
        let indent = indentation(source.line_text(line)).to_owned();
        let body = reindent(&self.body, &indent, found.file.language);
        // What stands before the definition on its line stays there.
        let body = body.strip_prefix(indent.as_str()).unwrap_or(&body);
        let end = source.at(found.symbol.range.end).max(start);
        let (_, last) = found.lines();
        let name = &found.symbol.qualified;
        let lines = counted(body.lines().count(), "line", "lines");
        let mut said = format!("replaced `{name}`, {}:{line}-{last}, by {lines}", source.path);
        if !kept.is_empty() {
            said.push_str(&format!("; kept above it: {kept}"));
        }
        if !before.trim().is_empty() {
            said.push_str(&format!("; `{}` stays before it", before.trim()));
        }
        if !names(body, &found.symbol.name) {
            said.push_str(&format!("; the new text does not name `{}`: is it renamed?", found.symbol.name));
        }
        replaced(context, &found.file, start..end, body, said)
    }
}

/// Refuses a definition that shares its statement with others, as in `a, b = 1, 2`.
fn alone(found: &Found) -> Result<(), ToolError> {
    let symbol = &found.symbol;
    let shares = |other: &devtoolkit_index::Symbol| {
        other.depth == symbol.depth
            && other.name_range != symbol.name_range
            && other.name != symbol.name
            && other.range.start < symbol.range.end
            && symbol.range.start < other.range.end
    };
    match found.file.outline().into_iter().find(shares) {
        Some(other) => Err(ToolError::failed(format!(
            "`{}` is defined in one statement with `{}`; use edit_file",
            symbol.qualified, other.qualified
        ))),
        None => Ok(()),
    }
}

/// Where the replaced text begins, and what stays above it in words: a doc comment or decorators that the new text does
/// not have.
fn beginning(found: &Found, body: &str) -> (usize, String) {
    let (source, symbol) = (&found.file.source, &found.symbol);
    let start = source.at(symbol.range.start);
    let body = body.trim_start();
    let is_decorated = |text: &str| text.starts_with('@') || text.starts_with("#[");
    let has_comment =
        body.starts_with("//") || body.starts_with("/*") || (body.starts_with('#') && !is_decorated(body));
    let above = !symbol.doc_range.is_empty() && symbol.doc_range.end <= symbol.range.start;
    let mut kept = Vec::new();
    if above && has_comment {
        return (source.at(symbol.doc_range.start), String::new());
    }
    if above {
        kept.push("the doc comment");
    }
    let name = source.at(symbol.name_range.start);
    let after = decorators(&source.text, start, name).filter(|_| !is_decorated(body) && !has_comment);
    if after.is_some() {
        kept.push("decorators");
    }
    (after.unwrap_or(start), kept.join(" and "))
}

/// Where a definition begins after lines of decorators or attributes; `None` when it has none of its own lines.
fn decorators(text: &str, start: usize, name: usize) -> Option<usize> {
    let mut at = start;
    while text[at..].starts_with('@') || text[at..].starts_with("#[") {
        let mut depth = 0usize;
        let end = text[at..name].char_indices().find(|(_, c)| {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            *c == '\n' && depth == 0
        });
        at += end?.0;
        at += text[at..].len() - text[at..].trim_start().len();
    }
    (at > start && at <= name).then_some(at)
}

/// Whether a text has a name that is no part of a longer one.
fn names(text: &str, name: &str) -> bool {
    crate::tools::source::whole_word(text, name).is_some()
}

#[cfg(test)]
mod tests;
