//! One file's facts, decoded as far as they are asked for.

use super::FileId;
use crate::segment::doc::{Doc, Shapes};
use crate::segment::{Segment, Stored};
use crate::symbol::{NONE, NameId, Shape, ShapeId, SymbolFact, Use};
use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

/// One file's decoded facts.
pub(crate) struct FileFacts<'s> {
    pub(crate) file: FileId,
    segment: &'s Segment,
    pub(crate) doc: Doc<'s>,
    stored: Stored<'s>,
    terms: OnceCell<Vec<u32>>,
    uses: OnceCell<ByName>,
    /// The uses of the few names that were asked for one by one.
    some_uses: RefCell<Vec<(NameId, Rc<[Use]>)>>,
    /// How many uses were sought by their place.
    sought: Cell<usize>,
    /// The symbols' indexes, name by name, and where each name's begin.
    symbols: OnceCell<(Vec<u32>, Vec<u32>)>,
    shapes: OnceCell<Shapes>,
    /// The name whose length was asked for last, with the length.
    last_len: Cell<(NameId, u32)>,
}

/// Names and places that uses are decoded for one by one; when there are more, all uses are.
const SOME: usize = 6;

/// The uses of one name, in order of position.
pub(crate) enum UsesOf<'f> {
    AmongAll(&'f [Use]),
    Alone(Rc<[Use]>),
}

impl Deref for UsesOf<'_> {
    type Target = [Use];

    fn deref(&self) -> &[Use] {
        match self {
            Self::AmongAll(uses) => uses,
            Self::Alone(uses) => uses,
        }
    }
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
            doc: Doc::open(stored.blob, stored.names() as usize),
            stored,
            terms: OnceCell::new(),
            uses: OnceCell::new(),
            some_uses: RefCell::default(),
            sought: Cell::new(0),
            symbols: OnceCell::new(),
            shapes: OnceCell::new(),
            last_len: Cell::new((NONE, 0)),
        }
    }

    /// The file's names as the segment's ordinals.
    pub(crate) fn terms(&self) -> &[u32] {
        self.terms.get_or_init(|| self.stored.terms())
    }

    /// The text of a name.
    pub(crate) fn name(&self, name: NameId) -> String {
        let term = match self.terms.get() {
            Some(terms) => terms.get(name as usize).copied(),
            None => self.stored.term(name),
        };
        term.and_then(|term| self.segment.name(term)).unwrap_or_default()
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
        match self.terms.get() {
            Some(terms) => terms.binary_search(&term).ok().map(crate::extract::offset),
            None => self.stored.local(term),
        }
    }

    /// The segment's number for a name.
    pub(crate) fn term(&self, name: &str) -> Option<u32> {
        self.segment.term(name)
    }

    fn by_name(&self) -> &ByName {
        self.uses.get_or_init(|| {
            let uses = self.doc.uses_by_name();
            let names = self.stored.names();
            let mut starts = Vec::with_capacity(names as usize + 1);
            let mut at = 0;
            for name in 0..=names {
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
    pub(crate) fn uses_of(&self, name: NameId) -> UsesOf<'_> {
        if self.uses.get().is_none() {
            let mut some = self.some_uses.borrow_mut();
            if let Some((_, uses)) = some.iter().find(|(known, _)| *known == name) {
                return UsesOf::Alone(uses.clone());
            }
            if some.len() < SOME {
                let uses: Rc<[Use]> = self.doc.uses_of(name).into();
                some.push((name, uses.clone()));
                return UsesOf::Alone(uses);
            }
        }
        let ByName { uses, starts } = self.by_name();
        let bound = |name: usize| starts.get(name).map_or(uses.len(), |at| *at as usize);
        UsesOf::AmongAll(uses.get(bound(name as usize)..bound(name as usize + 1)).unwrap_or_default())
    }

    /// The use whose name begins at an offset.
    pub(crate) fn use_starting(&self, offset: u32) -> Option<Use> {
        self.sought.set(self.sought.get() + 1);
        if self.uses.get().is_none() && self.sought.get() <= SOME {
            return self.doc.use_starting(offset);
        }
        self.uses().iter().find(|used| used.start == offset).copied()
    }

    /// The symbols of one name, in order.
    pub(crate) fn symbols_named(&self, name: NameId) -> &[u32] {
        if !self.doc.has_symbols(name) {
            return &[];
        }
        let (order, starts) = self.symbols.get_or_init(|| {
            // Counting sort by name keeps the order within each.
            let symbols = self.doc.symbols();
            let mut starts = vec![0u32; self.stored.names() as usize + 2];
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
        let mut scopes = (0u32..).zip(self.doc.scopes()).skip(1);
        scopes.find(|(_, scope)| scope.range.start == offset).map(|(index, _)| index)
    }

    /// The innermost symbol that is not local around an offset; `NONE` at the top.
    pub(crate) fn enclosing(&self, offset: u32) -> u32 {
        let around = |symbol: &SymbolFact| {
            !symbol.local && symbol.range.contains(&offset) && !is_name_at(symbol, offset)
        };
        let inner = (0u32..).zip(self.doc.symbols()).filter(|(_, symbol)| around(symbol));
        inner.min_by_key(|(_, symbol)| symbol.range.end - symbol.range.start).map_or(NONE, |(index, _)| index)
    }
}

fn is_name_at(symbol: &SymbolFact, offset: u32) -> bool {
    symbol.name_start == offset
}
