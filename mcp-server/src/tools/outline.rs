//! `outline`: a file's imports and symbols with their lines.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::lines_of;
use crate::tools::listing::{counted, listing};
use crate::tools::source::cut;
use crate::tools::view::{FileView, View};
use devtoolkit_index::{Import, ImportKind, text_of};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most symbols of a reply.
const SYMBOLS: usize = 500;
/// The most modules of each kind of import line.
const MODULES: usize = 60;

/// List a file's imports and symbols with line ranges.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Outline {
    path: String,
    depth: Option<u32>,
    offset: Option<usize>,
}

impl Tool for Outline {
    const NAME: &'static str = "outline";
    const TITLE: &'static str = "Outline";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let file = view.file(&context.path(&self.path)?)?;
        let depth = self.depth.unwrap_or(u32::MAX).max(1);
        let symbols: Vec<_> = file.outline().into_iter().filter(|symbol| symbol.depth < depth).collect();
        let mut text = format!(
            "{} ({}, {}, {})\n",
            file.source.path,
            file.language.name(),
            counted(file.source.lines(), "line", "lines"),
            counted(symbols.len(), "symbol", "symbols")
        );
        if self.offset.is_none() {
            text.push_str(&imports(&file));
        }
        let mut answers = Vec::new();
        for symbol in &symbols {
            context.cancelled()?;
            let (first, last) = lines_of(&file, symbol);
            let lines = if first == last { first.to_string() } else { format!("{first}-{last}") };
            let shown = cut(&text_of::signature(&file.source.text, symbol));
            let shown = if shown.is_empty() { symbol.name.clone() } else { shown };
            let indent = "  ".repeat(symbol.depth as usize);
            let kind = symbol.kind.name();
            // `class Cart` says it already.
            let kind =
                if shown.split(' ').any(|word| word == kind) { String::new() } else { format!("{kind} ") };
            answers.push((String::new(), format!("{indent}{lines} {kind}{shown}")));
        }
        text.push_str(&listing(&answers, self.offset, SYMBOLS));
        if file.snapshot.has_syntax_errors(&file.inner) == Some(true) {
            text.push_str("(has syntax errors; diagnostics shows them)\n");
        }
        Ok(ToolOutput::text(text))
    }
}

/// What is imported from each module, and what is exported again.
fn imports(file: &FileView) -> String {
    let mut from: BTreeMap<(bool, String), Vec<String>> = BTreeMap::new();
    for import in file.snapshot.imports(&file.inner).unwrap_or_default() {
        let exports = matches!(
            import.kind,
            ImportKind::Export | ImportKind::ReExport | ImportKind::ReExportStar | ImportKind::ReExportModule
        );
        if !matches!(import.kind, ImportKind::PathAlias | ImportKind::PackageName) {
            from.entry((exports, import.module.clone())).or_default().extend(name_of(&import));
        }
    }
    let mut text = String::new();
    for exports in [false, true] {
        let modules = from.iter().filter(|((is_export, _), _)| *is_export == exports);
        let modules: Vec<String> = modules
            .map(|((_, module), names)| match (module.as_str(), names.as_slice()) {
                (module, []) => module.to_owned(),
                ("", names) => names.join(", "),
                (module, names) => format!("{module} ({})", names.join(", ")),
            })
            .collect();
        if !modules.is_empty() {
            let more = modules.len().saturating_sub(MODULES);
            let rest = if more > 0 { format!("; {more} more modules") } else { String::new() };
            let verb = if exports { "exports" } else { "imports" };
            let shown = modules.iter().take(MODULES).cloned().collect::<Vec<_>>().join("; ");
            text.push_str(&format!("{verb}: {shown}{rest}\n"));
        }
    }
    text
}

/// What of a module an import names: `a`, `a as b`, `*`.
fn name_of(import: &Import) -> Option<String> {
    let name = match import.kind {
        ImportKind::Star | ImportKind::ReExportStar | ImportKind::ReExportModule => "*",
        ImportKind::Default => "default",
        _ => import.name.as_deref().unwrap_or_default(),
    };
    match import.alias.as_deref().filter(|alias| *alias != name) {
        Some(alias) if name.is_empty() => (import.module.rsplit('.').next() != Some(alias)
            && !import.module.starts_with(&format!("{alias}.")))
        .then(|| format!("as {alias}")),
        Some(alias) => Some(format!("{name} as {alias}")),
        None => Some(name.to_owned()).filter(|name| !name.is_empty()),
    }
}

#[cfg(test)]
mod tests;
