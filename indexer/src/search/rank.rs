//! The order of answers, and what of it is known of a file before its symbols are decoded.

use crate::filter::Filter;
use crate::snapshot::{FileId, Snapshot, Symbol};
use crate::symbol::SymbolKind;
use std::cmp::Ordering;

/// What a person most likely means comes first: types and functions before members and variables,
/// outside of tests, what is exported, near the root. Fields in order of weight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank<'s> {
    class: u8,
    of_tests: bool,
    hidden: bool,
    depth: u32,
    folders: u8,
    file: InPathOrder<'s>,
    start: u32,
}

impl<'s> Rank<'s> {
    /// The rank of a symbol of a snapshot.
    pub(crate) fn of(symbol: &Symbol, snapshot: &'s Snapshot) -> Self {
        Self {
            class: class(symbol.kind),
            hidden: !symbol.exported,
            depth: symbol.depth,
            start: symbol.range.start,
            ..Self::of_file(symbol.id.file, snapshot)
        }
    }

    /// A rank that no symbol of a file has a better one than; `None` when the filter admits none of them.
    pub(crate) fn at_best(
        sketch: Sketch,
        file: FileId,
        snapshot: &'s Snapshot,
        filter: &Filter,
    ) -> Option<Self> {
        let mut classes = sketch.0 & CLASSES;
        if !filter.kinds.is_empty() {
            classes &= filter.kinds.iter().fold(0, |classes, kind| classes | 1 << class(*kind));
        }
        (classes != 0).then(|| Self {
            class: classes.trailing_zeros() as u8,
            hidden: sketch.0 & EXPORTED == 0,
            depth: u32::from(sketch.0 & AT_TOP == 0),
            ..Self::of_file(file, snapshot)
        })
    }

    fn of_file(file: FileId, snapshot: &'s Snapshot) -> Self {
        let Standing { of_tests, folders } = snapshot.segment(file).standing(file.doc);
        let file = InPathOrder { file, snapshot };
        Self { class: 0, of_tests, hidden: false, depth: 0, folders, file, start: 0 }
    }
}

/// What a path alone says of its symbols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) of_tests: bool,
    /// Folders around the file; 255 for more.
    pub(crate) folders: u8,
}

impl Standing {
    pub(crate) fn of(path: &str) -> Self {
        let of_tests = path.split('/').any(|part| part.starts_with("test") || part.contains(".test."));
        let folders = path.bytes().filter(|byte| *byte == b'/').count();
        Self { of_tests, folders: folders.min(255) as u8 }
    }
}

/// Files in the order of their paths. Within a segment they are numbered so.
#[derive(Clone, Copy)]
struct InPathOrder<'s> {
    file: FileId,
    snapshot: &'s Snapshot,
}

impl PartialEq for InPathOrder<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

impl Eq for InPathOrder<'_> {}

impl PartialOrd for InPathOrder<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for InPathOrder<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.file.part == other.file.part {
            return self.file.doc.cmp(&other.file.doc);
        }
        let path = |this: &Self| this.snapshot.path(this.file);
        path(self).cmp(path(other)).then(self.file.cmp(&other.file))
    }
}

/// Smaller is likelier meant.
fn class(kind: SymbolKind) -> u8 {
    match kind {
        SymbolKind::Class | SymbolKind::Interface | SymbolKind::Struct | SymbolKind::Enum => 0,
        SymbolKind::Function | SymbolKind::Module | SymbolKind::Namespace => 1,
        SymbolKind::Method | SymbolKind::Constructor => 2,
        SymbolKind::Constant | SymbolKind::EnumMember => 3,
        SymbolKind::Field | SymbolKind::Property => 4,
        SymbolKind::Variable | SymbolKind::TypeParameter => 5,
    }
}

/// A bit for each class, and two more.
const CLASSES: u8 = (1 << 6) - 1;
const EXPORTED: u8 = 1 << 6;
const AT_TOP: u8 = 1 << 7;

/// What a file's symbols of one name are, all in one: their classes, and whether any is exported and
/// any has none around it. Tells the files apart that a common name is defined in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch(pub(crate) u8);

impl Sketch {
    /// Takes in a symbol.
    pub(crate) fn add(&mut self, kind: SymbolKind, exported: bool, at_top: bool) {
        self.0 |= 1 << class(kind);
        self.0 |= if exported { EXPORTED } else { 0 };
        self.0 |= if at_top { AT_TOP } else { 0 };
    }

    /// Whether the file has symbols of the name at all.
    pub(crate) fn is_defined(self) -> bool {
        self.0 != 0
    }
}
