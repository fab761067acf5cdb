//! One file's facts as bytes and back.
//!
//! `head | symbols | scopes | imports | shapes | which names have uses | uses by name`. Uses are stored by
//! name, so that a question about one name has no others to sort out, and what an import binds is
//! not stored a second time as a use. Numbers share varints with the flags that go with them.

mod encode;
mod shapes;
mod uses;

use super::bytes::{Reader, unzigzag};
use crate::language::Language;
use crate::search::Sketch;
use crate::symbol::{
    ImportFact, ImportKind, NONE, NameId, Receiver, Role, Scope, ScopeKind, SymbolFact, SymbolKind, Use,
    Value, ValueKind,
};

pub(crate) use encode::encode;
pub(crate) use shapes::Shapes;

/// A symbol's kind by its place in the list of all, and one place more: a parameter, which is a variable.
const KIND: u8 = 15;
const PARAMETER_KIND: u8 = 15;
const LOCAL: u8 = 1 << 4;
const EXPORTED: u8 = 1 << 5;
const HAS_VALUE: u8 = 1 << 6;
const EXTRAS: u8 = 1 << 7;

const DEFAULT: u8 = 1;
const HAS_DOC: u8 = 2;
/// The doc comment begins where the signature ends, as a doc string does.
const HAS_DOC_STRING: u8 = 4;
const HAS_BASES: u8 = 8;
const HAS_QUALIFIER: u8 = 16;

/// Says that a scope is a symbol's own, from its name to its end.
const OWN_SCOPE: u32 = 1 << 3;
/// Symbols among which a scope's own is sought.
const OWN_SCOPE_REACH: usize = 256;

/// Import flags beside the kind: as the import before, its alias, the file's scope.
const SAME_MODULE: u8 = 1 << 4;
const SAME_NAME: u8 = 1 << 5;
const FILE_SCOPE: u8 = 1 << 6;

/// A file's facts, encoded: its names in order and the blob that speaks of them by number.
#[derive(Default)]
pub(crate) struct Encoded {
    /// The names, concatenated in alphabetical order.
    pub(crate) text: String,
    /// Ends of the names in `text`, each with what the file defines by it outside of functions.
    pub(crate) ends: Vec<(u32, Sketch)>,
    pub(crate) blob: Vec<u8>,
}

/// What the symbol before said, which the next often says again.
#[derive(Default)]
struct Before {
    at: u32,
    scope: u32,
    /// Index plus one; 0 for none.
    parent: u32,
}

/// A decoded document, except for its uses.
#[derive(Clone, Debug)]
pub(crate) struct Doc<'s> {
    pub(crate) language: Option<Language>,
    pub(crate) has_errors: bool,
    pub(crate) symbols: Vec<SymbolFact>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) imports: Vec<ImportFact>,
    shapes: &'s [u8],
    /// What follows: a bit for each name that has uses, then the uses.
    uses: &'s [u8],
}

/// Visits the symbols of a blob, in order, and decodes nothing else.
pub(crate) fn visit_symbols(blob: &[u8], mut each: impl FnMut(SymbolFact)) {
    let mut reader = Reader::new(blob);
    reader.varint();
    let mut before = Before::default();
    for index in 0..reader.varint() {
        if reader.is_empty() {
            return;
        }
        each(take_symbol(&mut reader, index, &mut before));
    }
}

/// Visits the symbols of one name that are not local, each with the names and parents of all symbols
/// up to it. Passes over all others.
pub(crate) fn visit_named(
    blob: &[u8],
    wanted: NameId,
    mut each: impl FnMut(u32, SymbolFact, &[(NameId, u32)]),
) {
    let mut reader = Reader::new(blob);
    reader.varint();
    let count = reader.varint();
    let mut before = Before::default();
    let mut parents = Vec::with_capacity(count.min(1 << 12) as usize);
    for index in 0..count {
        if reader.is_empty() {
            return;
        }
        let head = take_head(&mut reader, index, &mut before);
        parents.push((head.name, if head.is_local() { NONE } else { before.parent.wrapping_sub(1) }));
        if head.name == wanted && !head.is_local() {
            each(index, take_rest(&mut reader, &head, &before), &parents);
        } else {
            skip_rest(&mut reader, &head);
        }
    }
}

impl<'s> Doc<'s> {
    /// Decodes everything but the uses. Name ends are unknown here: `range` of locals is empty.
    pub(crate) fn decode(blob: &'s [u8]) -> Self {
        let mut reader = Reader::new(blob);
        let head = reader.varint();
        let mut doc = Self {
            language: Language::from_number((head & 0x7f) as u8),
            has_errors: head & 0x80 != 0,
            symbols: Vec::new(),
            scopes: Vec::new(),
            imports: Vec::new(),
            shapes: &[],
            uses: &[],
        };
        let mut before = Before::default();
        for index in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            doc.symbols.push(take_symbol(&mut reader, index, &mut before));
        }
        doc.take_scopes(&mut reader);
        let mut before = (0, NONE, 0);
        for _ in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            let import = take_import(&mut reader, before);
            before = (import.at, import.module, import.module_at);
            doc.imports.push(import);
        }
        let length = reader.varint() as usize;
        let rest = reader.rest();
        (doc.shapes, doc.uses) = rest.split_at(length.min(rest.len()));
        doc
    }

    /// What values and receivers are made of.
    pub(crate) fn shapes(&self) -> Shapes {
        Shapes::decode(self.shapes)
    }

    fn take_scopes(&mut self, reader: &mut Reader<'_>) {
        let (mut at, mut by_symbol) = (0u32, 0u32);
        for _ in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            let head = reader.varint();
            let kind = ScopeKind::ALL.get((head & 7) as usize).copied().unwrap_or(ScopeKind::File);
            let range = if head & OWN_SCOPE == 0 {
                let start = at.wrapping_add_signed(unzigzag(head >> 4));
                start..start.saturating_add(reader.varint())
            } else {
                by_symbol = by_symbol.saturating_add(head >> 4);
                let symbol = self.symbols.get(by_symbol as usize);
                symbol.map_or(0..0, |symbol| symbol.name_start..symbol.range.end)
            };
            at = range.start;
            self.scopes.push(Scope { kind, range });
        }
    }

    /// How many uses the document's `count` names have.
    pub(crate) fn use_count(&self, count: usize) -> usize {
        let mut uses = self.imports.iter().filter(|import| import.binds()).count();
        self.visit_uses(count, |_| uses += 1);
        uses
    }

    /// All uses of the document's `count` names, name by name, each name's in order of position.
    pub(crate) fn uses_by_name(&self, count: usize) -> Vec<Use> {
        let mut imports: Vec<Use> = self.imports.iter().filter(|import| import.binds()).map(use_of).collect();
        imports.sort_unstable_by_key(|used| (used.name, used.start));
        let mut imports = imports.into_iter().peekable();
        let mut uses = Vec::with_capacity(self.uses.len() / 2);
        self.visit_uses(count, |used| {
            while let Some(import) =
                imports.next_if(|import| (import.name, import.start) < (used.name, used.start))
            {
                uses.push(import);
            }
            uses.push(used);
        });
        uses.extend(imports);
        uses
    }

    /// Visits the stored uses, name by name.
    fn visit_uses(&self, count: usize, each: impl FnMut(Use)) {
        uses::visit(self.uses, count, each);
    }
}

/// The use that an import's alias stands for.
fn use_of(import: &ImportFact) -> Use {
    Use { name: import.alias, start: import.at, role: Role::Import, receiver: Receiver::Bare, of: NONE }
}

/// `before` is where the import before stands, its module, and where that stands.
fn take_import(reader: &mut Reader<'_>, before: (u32, NameId, u32)) -> ImportFact {
    let head = reader.byte();
    let kind = ImportKind::ALL.get(usize::from(head & 15)).copied().unwrap_or(ImportKind::Bare);
    let (at, mut module, mut module_at) = before;
    if head & SAME_MODULE == 0 {
        module = reader.varint().wrapping_sub(1);
        module_at = if module == NONE { 0 } else { at.wrapping_add_signed(reader.signed()) };
    }
    let name = reader.varint().wrapping_sub(1);
    let alias = if head & SAME_NAME == 0 { reader.varint().wrapping_sub(1) } else { name };
    // The first name of a statement counts from its module.
    let base = if head & SAME_MODULE == 0 && module != NONE { module_at } else { at };
    let at = base.wrapping_add_signed(reader.signed());
    let scope = if head & FILE_SCOPE == 0 { reader.varint() } else { 0 };
    ImportFact { kind, module, module_at, name, alias, at, scope }
}

/// A symbol's beginning, which is enough to pass over it.
struct Head {
    name: NameId,
    name_start: u32,
    /// The kind and flags.
    byte: u8,
    extras: u8,
}

impl Head {
    fn is_local(&self) -> bool {
        self.byte & LOCAL != 0
    }
}

/// Takes a symbol's beginning; `before` then has its place, scope and, if it is not local, parent.
#[inline(always)]
fn take_head(reader: &mut Reader<'_>, index: u32, before: &mut Before) -> Head {
    let head = reader.varint();
    let same = head & 1 != 0;
    before.at = before.at.wrapping_add_signed(unzigzag(head >> 1));
    let name = reader.varint();
    let byte = reader.byte();
    if !same {
        before.scope = reader.varint();
    }
    let extras = if byte & EXTRAS == 0 { 0 } else { reader.byte() };
    if !same && byte & LOCAL == 0 {
        let up = reader.varint();
        before.parent = if up == 0 { 0 } else { (index + 1).wrapping_sub(up) };
    }
    Head { name, name_start: before.at, byte, extras }
}

/// Passes over what follows a symbol's beginning.
#[inline(always)]
fn skip_rest(reader: &mut Reader<'_>, head: &Head) {
    let count = |flag: u8, numbers: u32| if head.extras & flag == 0 { 0 } else { numbers };
    let ranges = if head.is_local() { 0 } else { 3 };
    let value = u32::from(head.byte & HAS_VALUE != 0);
    reader.skip_varints(ranges + count(HAS_DOC, 2) + count(HAS_DOC_STRING, 1) + value);
    let bases = if head.extras & HAS_BASES == 0 { 0 } else { reader.varint() };
    reader.skip_varints(bases.saturating_add(count(HAS_QUALIFIER, 1)));
}

fn take_symbol(reader: &mut Reader<'_>, index: u32, before: &mut Before) -> SymbolFact {
    let head = take_head(reader, index, before);
    take_rest(reader, &head, before)
}

fn take_rest(reader: &mut Reader<'_>, head: &Head, before: &Before) -> SymbolFact {
    let Head { name, name_start, byte, extras } = *head;
    let kind = SymbolKind::ALL.get(usize::from(byte & KIND)).copied().unwrap_or(SymbolKind::Variable);
    let mut symbol = SymbolFact::new(name, name_start..name_start, kind);
    symbol.parameter = byte & KIND == PARAMETER_KIND;
    (symbol.local, symbol.exported) = (head.is_local(), byte & EXPORTED != 0);
    symbol.default = extras & DEFAULT != 0;
    symbol.scope = before.scope;
    if !symbol.local {
        symbol.parent = before.parent.wrapping_sub(1);
        let start = name_start.saturating_sub(reader.varint());
        symbol.range = start..name_start.saturating_add(reader.varint());
        let signature = reader.varint();
        symbol.signature_end =
            if signature == 0 { symbol.range.end } else { name_start.saturating_add(signature) };
    }
    if extras & (HAS_DOC | HAS_DOC_STRING) != 0 {
        let start = if extras & HAS_DOC == 0 {
            symbol.signature_end
        } else {
            name_start.wrapping_add_signed(reader.signed())
        };
        symbol.doc = start..start.saturating_add(reader.varint());
    }
    if byte & HAS_VALUE != 0 {
        symbol.value = Some(take_value(reader, name_start));
    }
    if extras & HAS_BASES != 0 {
        for _ in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            symbol.bases.push(name_start.wrapping_add_signed(reader.signed()));
        }
    }
    if extras & HAS_QUALIFIER != 0 {
        symbol.qualifier = reader.varint();
    }
    symbol
}

/// What a symbol of that place holds.
fn take_value(reader: &mut Reader<'_>, name_start: u32) -> Value {
    let value = reader.varint();
    let kind = match value & 3 {
        0 => ValueKind::Shape,
        1 => ValueKind::Annotation,
        2 => ValueKind::Call,
        _ => ValueKind::Alias,
    };
    let at = match kind {
        ValueKind::Shape => value >> 2,
        _ => name_start.wrapping_add_signed(unzigzag(value >> 2)),
    };
    Value { kind, at }
}
