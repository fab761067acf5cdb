//! Whether a rename says what was said before.

use super::edits::{Edit, applied, edits, moved, place_after, place_of};
use crate::tool::{ToolContext, ToolError};
use crate::tools::target::Target;
use devtoolkit_index::{Certainty, Filter, Index, Language, Place, Snapshot, Syntax};
use std::collections::BTreeSet;

/// Uses whose meaning is looked at again.
const LOOKED_AT: usize = 2_000;

/// One file before and after.
#[derive(Clone)]
pub(super) struct Renamed {
    /// As the index knows it.
    inner: String,
    before: String,
    pub(super) after: String,
    pub(super) edits: Vec<Edit>,
}

impl Renamed {
    /// The file with its edits.
    ///
    /// # Errors
    /// When the new name is no name to the parser.
    pub(super) fn new(
        context: &ToolContext,
        inner: &str,
        target: &Target,
        ranges: &[std::ops::Range<usize>],
        names: (&str, &str),
        is_member: bool,
    ) -> Result<Self, ToolError> {
        let before = target.text.clone();
        let language = Language::of_path(inner);
        let parse = |text| Syntax::parse(language?, text, &mut || context.cancelled().is_ok());
        let tree = parse(&before);
        let edits = edits(tree.as_ref(), &before, ranges, names, is_member);
        let after = applied(&before, &edits);
        let new_tree = parse(&after);
        context.cancelled()?;
        if let (Some(tree), Some(new_tree)) = (&tree, &new_tree) {
            let errors = |tree: &Syntax<'_>| tree.errors(1_000).len();
            let is_name = |edit: &Edit| {
                let start = u32::try_from(moved(&edits, edit.range.start)).unwrap_or(u32::MAX);
                let end = start.saturating_add(u32::try_from(names.1.len()).unwrap_or(u32::MAX));
                edit.kind.is_none() || new_tree.leaf(&(start..end)) == edit.kind.as_deref()
            };
            if errors(new_tree) > errors(tree) || !edits.iter().all(is_name) {
                let language = language.map_or("", Language::name);
                return Err(ToolError::failed(format!(
                    "`to` `{}` cannot be a name there in {language}: it is a keyword or has a meaning of its own; choose another",
                    names.1
                )));
            }
        }
        drop((tree, new_tree));
        Ok(Self { inner: inner.to_owned(), before, after, edits })
    }

    /// How many places are renamed, and of them how many in strings: what looks like a text there is told of.
    pub(super) fn counted(&self) -> String {
        let count = self.edits.len();
        match self.edits.iter().filter(|edit| edit.is_in_quotes()).count() {
            0 => count.to_string(),
            quoted => format!("{count}, {quoted} in quotes"),
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.before[..offset].matches('\n').count() + 1
    }
}

/// The first place whose meaning the new name would change, in words: the old and the new texts are indexed side by side,
/// and every use of either name must lead where it led.
pub(super) fn clash(files: &[Renamed], old: &str, new: &str) -> Option<String> {
    let (mut before, mut after) = (Index::new(), Index::new());
    for file in files {
        before.update(&file.inner, &file.before);
        after.update(&file.inner, &file.after);
    }
    let (before, after) = (before.snapshot(), after.snapshot());
    for name in [old, new] {
        for used in before.uses_of_name(name, &Filter::default()).into_iter().take(LOOKED_AT) {
            let file = files.iter().find(|file| file.inner == used.path)?;
            let at = used.range.start as usize;
            let meant = places(files, targets(&before, &used.path, at), place_after);
            let means = places(files, targets(&after, &used.path, moved(&file.edits, at)), place_of);
            if meant != means && !(meant.is_empty() && means.is_empty()) {
                return Some(format!(
                    "`{new}` would mean something else, {}:{}: another `{new}` is seen there; choose another name",
                    file.inner,
                    file.line(at)
                ));
            }
        }
    }
    None
}

/// Definitions as places of the new texts.
fn places(
    files: &[Renamed],
    targets: Vec<(String, usize)>,
    place: fn(&[Edit], usize) -> usize,
) -> BTreeSet<(String, usize)> {
    let placed = |(path, start): (String, usize)| {
        let start = place(&files.iter().find(|file| file.inner == path)?.edits, start);
        Some((path, start))
    };
    targets.into_iter().filter_map(placed).collect()
}

/// The resolved definitions of the name at an offset, by path and offset.
fn targets(snapshot: &Snapshot, path: &str, offset: usize) -> Vec<(String, usize)> {
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    let resolved = snapshot.definition(path, offset).into_iter().filter_map(|definition| {
        match (definition.certainty, definition.place) {
            (Certainty::Resolved, Place::Symbol(symbol)) => {
                Some((symbol.path, symbol.name_range.start as usize))
            }
            _ => None,
        }
    });
    resolved.collect()
}
