//! `rename_symbol`: a definition and its resolved uses get another name, in all files at once.
//!
//! What only has the same name is not touched unless asked, and listed for a person to look at. Names in quotes are uses
//! where the language says so: Python's `__all__` and its quoted types. The result is checked before it is staged: every
//! renamed place must still be to the parser what it was, and every name must still mean what it meant.

use crate::symbols::RootIndex;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::{Address, Found};
use crate::tools::listing::{counted, listing};
use crate::tools::target::Target;
use crate::tools::view::{View, wait};
use crate::workspace::{FileChange, WorkspaceOp};
use devtoolkit_index::{Certainty, Filter, Reference, SymbolKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

mod check;
mod edits;

use check::Renamed;

/// Uses by name only that are listed.
const LISTED: usize = 60;
/// The longest name, in bytes.
const NAME: usize = 200;
/// The most places that are renamed.
const PLACES: usize = 20_000;

/// Rename a symbol and its uses in all files.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RenameSymbol {
    #[serde(flatten)]
    address: Address,
    to: String,
    by_name: Option<bool>,
}

/// Places to rename by the index's paths, and uses that only match by name.
type Places = (BTreeMap<String, BTreeSet<(u32, u32)>>, Vec<Reference>);

impl Tool for RenameSymbol {
    const NAME: &'static str = "rename_symbol";
    const TITLE: &'static str = "Rename symbol";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        plausible(&self.to)?;
        let found = self.found(&view)?;
        let first = &found[0];
        let old = first.symbol.name.clone();
        if old == self.to {
            return Err(ToolError::failed(format!("`{old}` already has this name; nothing was staged")));
        }
        if first.symbol.kind == SymbolKind::Constructor {
            return Err(ToolError::failed(format!(
                "`{old}` is a constructor, whose name the language gives"
            )));
        }
        let Some((root, _)) = view.indexed(&first.file.source).filter(|_| view.is_complete()) else {
            return Err(ToolError::failed(format!(
                "a rename needs the uses in all files, and the index is not there yet; ask again in a moment {}",
                view.notice()
            )));
        };
        free(&found, &self.to)?;
        let (places, by_name) = places(context, &found, self.by_name.unwrap_or(false))?;
        let is_member = matches!(
            first.symbol.kind,
            SymbolKind::Method | SymbolKind::Property | SymbolKind::Field | SymbolKind::EnumMember
        );
        let files = self.edited(&view, root, &places, &old, is_member)?;
        let renamed: Vec<Renamed> = files.iter().map(|(renamed, _)| renamed.clone()).collect();
        let (from, to) = (old.clone(), self.to.clone());
        let clash = wait(context, "checking the new name", move || check::clash(&renamed, &from, &to))?;
        if let Some(clash) = clash {
            return Err(ToolError::failed(clash));
        }
        let mut said = String::new();
        let mut changes: Vec<FileChange> = Vec::new();
        let mut count = 0;
        for (renamed, target) in files {
            count += renamed.edits.len();
            let _ = writeln!(said, "  {}: {}", target.path, renamed.counted());
            changes.extend(target.change(&renamed.after)?);
        }
        let places = counted(count, "place", "places");
        let files = counted(changes.len(), "file", "files");
        let head = format!("renamed `{}` to `{}`: {places} in {files}\n", first.symbol.qualified, self.to);
        let rest = rest(&view, root, &found, &by_name)?;
        let title = format!("rename {old} to {}", self.to);
        Ok(ToolOutput::op((head + &said + &rest).trim_end(), WorkspaceOp::Stage { title, files: changes }))
    }
}

impl RenameSymbol {
    /// Each file with its edits.
    fn edited(
        &self,
        view: &View<'_>,
        root: &Arc<RootIndex>,
        places: &BTreeMap<String, BTreeSet<(u32, u32)>>,
        old: &str,
        is_member: bool,
    ) -> Result<Vec<(Renamed, Target)>, ToolError> {
        let context = view.context;
        let mut files = Vec::new();
        for (inner, ranges) in places {
            context.cancelled()?;
            let path = view.path(root, inner);
            let target = Target::open(context, &path)?;
            let source = view.quoted(root, inner).filter(|source| source.text == target.text);
            let Some(source) = source else {
                return Err(ToolError::failed(format!(
                    "`{path}` has just changed; repeat the call in a moment"
                )));
            };
            let ranges: Vec<Range<usize>> =
                ranges.iter().map(|(start, end)| source.at(*start)..source.at(*end)).collect();
            files.push((Renamed::new(context, inner, &target, &ranges, (old, &self.to), is_member)?, target));
        }
        Ok(files)
    }

    /// The definitions that are renamed: one, or the overloads of one.
    fn found(&self, view: &View<'_>) -> Result<Vec<Found>, ToolError> {
        let found = self.address.all(view)?;
        let first = &found[0].symbol;
        let is_same = |other: &Found| {
            (&other.symbol.path, &other.symbol.qualified) == (&first.path, &first.qualified) && !other.by_name
        };
        if !found.iter().all(is_same) {
            self.address.one(view)?;
            return Err(ToolError::failed(format!(
                "what stands at {} is known by name only; give the path of its definition",
                self.address.shown()
            )));
        }
        // Overloads, accessors and definitions for several cases are one symbol to those who use it.
        let mut all: Vec<Found> = Vec::new();
        for other in found[0].file.outline() {
            if !first.local && other.qualified == first.qualified {
                all.push(Found { file: found[0].file.clone(), symbol: other, by_name: false });
            }
        }
        Ok(if all.is_empty() { found } else { all })
    }
}

/// Refuses what is a name in no language.
fn plausible(name: &str) -> Result<(), ToolError> {
    let mut chars = name.chars();
    let begins = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$');
    if begins && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$') && name.len() <= NAME {
        return Ok(());
    }
    let shown: String = name.chars().take(60).collect();
    Err(ToolError::failed(format!(
        "`to` `{shown}` is no identifier: letters, digits and `_`, no digit first"
    )))
}

/// Refuses a name that something beside the symbol already has.
fn free(found: &[Found], to: &str) -> Result<(), ToolError> {
    let first = &found[0];
    let around = first.symbol.qualified.strip_suffix(first.symbol.name.as_str()).unwrap_or_default();
    let wanted = format!("{around}{to}");
    let taken =
        first.file.outline().into_iter().find(|other| !first.symbol.local && other.qualified == wanted);
    match taken {
        Some(other) => Err(ToolError::failed(format!(
            "`{wanted}` already exists, {}:{}; choose another name",
            first.file.source.path,
            first.file.source.line(other.name_range.start)
        ))),
        None => Ok(()),
    }
}

/// Where the name stands, and which uses only match by name.
fn places(context: &ToolContext, found: &[Found], all: bool) -> Result<Places, ToolError> {
    let (mut places, mut by_name): Places = Default::default();
    for found in found {
        let symbol = found.symbol.clone();
        let name = symbol.name_range.start..symbol.name_range.end;
        places.entry(symbol.path.clone()).or_default().insert((name.start, name.end));
        let snapshot = found.file.snapshot.clone();
        for used in wait(context, "following uses", move || snapshot.references(&symbol, &Filter::default()))?
        {
            match used.certainty == Certainty::Resolved || all {
                true => drop(places.entry(used.path).or_default().insert((used.range.start, used.range.end))),
                false => by_name.push(used),
            }
        }
    }
    by_name.sort_by(|a, b| (&a.path, a.range.start).cmp(&(&b.path, b.range.start)));
    by_name.dedup_by(|a, b| a.path == b.path && a.range == b.range);
    by_name.retain(|used| {
        places.get(&used.path).is_none_or(|places| !places.contains(&(used.range.start, used.range.end)))
    });
    let count: usize = places.values().map(BTreeSet::len).sum();
    if count > PLACES {
        return Err(ToolError::failed(format!(
            "there are {count} places to rename, over the limit of {PLACES}"
        )));
    }
    Ok((places, by_name))
}

/// What was not renamed and needs a look.
fn rest(
    view: &View<'_>,
    root: &Arc<RootIndex>,
    found: &[Found],
    by_name: &[Reference],
) -> Result<String, ToolError> {
    let mut answers = Vec::new();
    for used in by_name {
        view.context.cancelled()?;
        let Some(source) = view.quoted(root, &used.path) else { continue };
        let line = source.line(used.range.start);
        answers.push((String::new(), format!("  {}:{line} {}", source.path, source.shown(line))));
    }
    answers.dedup();
    if answers.is_empty() {
        return Ok(String::new());
    }
    let first = &found[0].symbol;
    let mut text = format!(
        "not renamed, because {} only by name (look at them; `by_name: true` renames these too):\n",
        if answers.len() == 1 { "it matches" } else { "they match" }
    );
    let shown = listing(&answers[..answers.len().min(LISTED)], None, LISTED);
    text.push_str(&shown);
    if answers.len() > LISTED {
        let _ =
            writeln!(text, "  ({} more; references of `{}` lists them)", answers.len() - LISTED, first.name);
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
