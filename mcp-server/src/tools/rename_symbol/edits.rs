//! One file's edits for a rename.

use devtoolkit_index::Syntax;
use std::ops::Range;

/// One replaced range, and where in the new text of it the renamed name stands.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
    /// Bytes into `text`.
    pub(super) name_at: usize,
    /// The grammar's kind of the name before; in a shorthand property, none that stays.
    pub(super) kind: Option<String>,
}

impl Edit {
    /// Whether the name is the content of a string, as in Python's `__all__`.
    pub(super) fn is_in_quotes(&self) -> bool {
        matches!(self.kind.as_deref(), Some("string_content" | "string_fragment"))
    }
}

/// The edits of a text: ranges that have another name (an alias of an import) are left alone. A property that is written
/// only once for its key and its value gets both.
pub(super) fn edits(
    tree: Option<&Syntax<'_>>,
    text: &str,
    ranges: &[Range<usize>],
    (old, new): (&str, &str),
    is_member: bool,
) -> Vec<Edit> {
    let own = ranges.iter().filter(|range| text.get((*range).clone()) == Some(old));
    let edit = |range: &Range<usize>| {
        let bytes = u32::try_from(range.start).ok()?..u32::try_from(range.end).ok()?;
        let kind = tree.and_then(|tree| tree.leaf(&bytes)).map(str::to_owned);
        let is_shorthand = kind.as_deref().is_some_and(|kind| kind.starts_with("shorthand_property"));
        let (text, name_at) = match (is_shorthand, is_member) {
            (false, _) => (new.to_owned(), 0),
            (true, true) => (format!("{new}: {old}"), 0),
            (true, false) => (format!("{old}: {new}"), old.len() + 2),
        };
        Some(Edit { range: range.clone(), text, name_at, kind: kind.filter(|_| !is_shorthand) })
    };
    own.filter_map(edit).collect()
}

/// The text with its edits done; they are in order and apart.
pub(super) fn applied(text: &str, edits: &[Edit]) -> String {
    let mut after = String::with_capacity(text.len() + edits.len() * 8);
    let mut at = 0;
    for edit in edits {
        after.push_str(&text[at..edit.range.start]);
        after.push_str(&edit.text);
        at = edit.range.end;
    }
    after.push_str(&text[at..]);
    after
}

/// Where an offset of the text is after the edits; inside of an edit, where the renamed name is.
pub(super) fn moved(edits: &[Edit], offset: usize) -> usize {
    let (start, inside) = shifted(edits, offset);
    start + inside.map_or(0, |edit| edit.name_at)
}

/// As [`moved`], but where an edit begins: a shorthand property becomes two names, which count as one place.
pub(super) fn place_after(edits: &[Edit], offset: usize) -> usize {
    shifted(edits, offset).0
}

/// The place that an offset of the new text belongs to, as [`place_after`] counts.
pub(super) fn place_of(edits: &[Edit], after: usize) -> usize {
    let new = |edit: &Edit| {
        let start = place_after(edits, edit.range.start);
        start..start + edit.text.len()
    };
    edits.iter().map(new).find(|range| range.contains(&after)).map_or(after, |range| range.start)
}

/// An offset after the edits, and the edit that it is in; then where that one begins.
fn shifted(edits: &[Edit], offset: usize) -> (usize, Option<&Edit>) {
    let (mut added, mut removed) = (0, 0);
    for edit in edits {
        if edit.range.contains(&offset) {
            return (edit.range.start + added - removed, Some(edit));
        }
        if edit.range.start > offset {
            break;
        }
        added += edit.text.len();
        removed += edit.range.len();
    }
    (offset + added - removed, None)
}
