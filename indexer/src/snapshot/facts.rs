//! One file's facts, decoded as far as they are asked for.

use super::FileId;
use crate::segment::Segment;
use crate::segment::doc::{Doc, Shapes};
use crate::symbol::{NONE, NameId, Shape, ShapeId, SymbolFact, Use};
use std::cell::{Cell, OnceCell};

/// One file's decoded facts.
pub(crate) struct FileFacts<'s> {
    pub(crate) file: FileId,
    segment: &'s Segment,
    pub(crate) doc: Doc<'s>,
    /// The file's names as the segment's ordinals.
    pub(crate) terms: Vec<u32>,
    uses: OnceCell<ByName>,
    /// The symbols' indexes, name by name, and where each name's begin.
    symbols: OnceCell<(Vec<u32>, Vec<u32>)>,
    shapes: OnceCell<Shapes>,
    /// The name whose length was asked for last, with the length.
    last_len: Cell<(NameId, u32)>,
}

/// All uses, name by name, each name's in order of position.
struct ByName {
    uses: Vec<Use>,
    /// Where each name's begin, and the end.
    starts: Vec<u32>,
}

impl<'s> FileFacts<'s> {
    pub(super) fn new(segment: &'s Segment, file: FileId) -> Self {
        let stored = segment.stored(file.doc);
        Self {
            file,
            segment,
            doc: Doc::decode(stored.blob),
            terms: stored.terms(),
            uses: OnceCell::new(),
            symbols: OnceCell::new(),
            shapes: OnceCell::new(),
            last_len: Cell::new((NONE, 0)),
        }
    }

    /// The text of a name.
    pub(crate) fn name(&self, name: NameId) -> String {
        self.terms.get(name as usize).and_then(|term| self.segment.name(*term)).unwrap_or_default()
    }

    /// Bytes of a name.
    pub(crate) fn name_len(&self, name: NameId) -> u32 {
        if self.last_len.get().0 != name {
            self.last_len.set((name, crate::extract::offset(self.name(name).len())));
        }
        self.last_len.get().1
    }

    /// The file's number for a name that its segment knows by a number.
    pub(crate) fn local_of(&self, term: u32) -> Option<NameId> {
        self.terms.binary_search(&term).ok().map(crate::extract::offset)
    }

    /// The segment's number for a name.
    pub(crate) fn term(&self, name: &str) -> Option<u32> {
        self.segment.term(name)
    }

    fn by_name(&self) -> &ByName {
        self.uses.get_or_init(|| {
            let uses = self.doc.uses_by_name(self.terms.len());
            let mut starts = Vec::with_capacity(self.terms.len() + 1);
            let mut at = 0;
            for name in 0..=crate::extract::offset(self.terms.len()) {
                at += uses[at..].iter().take_while(|used| used.name < name).count();
                starts.push(crate::extract::offset(at));
            }
            ByName { uses, starts }
        })
    }

    /// All uses, name by name.
    pub(crate) fn uses(&self) -> &[Use] {
        &self.by_name().uses
    }

    /// The uses of one name, in order of position.
    pub(crate) fn uses_of(&self, name: NameId) -> &[Use] {
        let ByName { uses, starts } = self.by_name();
        let bound = |name: usize| starts.get(name).map_or(uses.len(), |at| *at as usize);
        uses.get(bound(name as usize)..bound(name as usize + 1)).unwrap_or_default()
    }

    /// The use whose name begins at an offset.
    pub(crate) fn use_starting(&self, offset: u32) -> Option<Use> {
        self.uses().iter().find(|used| used.start == offset).copied()
    }

    /// The symbols of one name, in order.
    pub(crate) fn symbols_named(&self, name: NameId) -> &[u32] {
        let (order, starts) = self.symbols.get_or_init(|| {
            // Counting sort by name keeps the order within each.
            let symbols = &self.doc.symbols;
            let mut starts = vec![0u32; self.terms.len() + 2];
            let slot = |symbol: &SymbolFact| (symbol.name as usize).min(starts.len() - 2);
            let slots: Vec<usize> = symbols.iter().map(slot).collect();
            slots.iter().for_each(|slot| starts[slot + 1] += 1);
            (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
            let mut next = starts.clone();
            let mut order = vec![0; symbols.len()];
            for (index, slot) in (0u32..).zip(slots) {
                order[next[slot] as usize] = index;
                next[slot] += 1;
            }
            (order, starts)
        });
        let bound = |name: usize| starts.get(name).map_or(order.len(), |at| *at as usize);
        order.get(bound(name as usize)..bound((name as usize).saturating_add(1))).unwrap_or_default()
    }

    fn shapes(&self) -> &Shapes {
        self.shapes.get_or_init(|| self.doc.shapes())
    }

    /// The shape of that number.
    pub(crate) fn shape(&self, shape: ShapeId) -> Shape {
        self.shapes().shapes.get(shape as usize).copied().unwrap_or(Shape::Unknown)
    }

    /// What the use with `Receiver::Other` that begins at an offset is a member of.
    pub(crate) fn receiver(&self, start: u32) -> Option<ShapeId> {
        let receivers = &self.shapes().receivers;
        let found = receivers.binary_search_by_key(&start, |(at, _)| *at).ok()?;
        Some(receivers[found].1)
    }

    /// The scope whose symbols are the members of an object type.
    pub(crate) fn object_scope(&self, shape: ShapeId) -> Option<u32> {
        match self.shape(shape) {
            Shape::Object(at) => self.scope_starting(at),
            _ => None,
        }
    }

    /// The scope that begins at an offset, the file's own left out.
    pub(crate) fn scope_starting(&self, offset: u32) -> Option<u32> {
        let mut scopes = (0u32..).zip(&self.doc.scopes).skip(1);
        scopes.find(|(_, scope)| scope.range.start == offset).map(|(index, _)| index)
    }

    /// The innermost symbol that is not local around an offset; `NONE` at the top.
    pub(crate) fn enclosing(&self, offset: u32) -> u32 {
        let around = |symbol: &SymbolFact| {
            !symbol.local && symbol.range.contains(&offset) && !is_name_at(symbol, offset)
        };
        let inner = (0u32..).zip(&self.doc.symbols).filter(|(_, symbol)| around(symbol));
        inner.min_by_key(|(_, symbol)| symbol.range.end - symbol.range.start).map_or(NONE, |(index, _)| index)
    }
}

fn is_name_at(symbol: &SymbolFact, offset: u32) -> bool {
    symbol.name_start == offset
}
