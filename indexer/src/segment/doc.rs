//! One file's facts as bytes and back.
//!
//! `head | lengths of the next three | symbols, scopes | imports | shapes | which names have symbols | uses`.
//! Each part is decoded when it is asked for. Uses are stored by name, so that a question about one name has
//! no others to sort out, and what an import binds is not stored a second time as a use. Numbers share
//! varints with the flags that go with them.

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
use std::cell::OnceCell;
use uses::Uses;

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

/// A document, decoded as far as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Doc<'s> {
    pub(crate) language: Option<Language>,
    pub(crate) has_errors: bool,
    structure: OnceCell<(Vec<SymbolFact>, Vec<Scope>)>,
    imports: OnceCell<Vec<ImportFact>>,
    parts: Parts<'s>,
    /// A bit for each name that has symbols.
    has_symbols: &'s [u8],
    uses: Uses<'s>,
}

/// The parts of a blob whose lengths stand behind its head, and the rest.
#[derive(Clone, Copy, Debug)]
struct Parts<'s> {
    symbols: &'s [u8],
    imports: &'s [u8],
    shapes: &'s [u8],
    rest: &'s [u8],
}

impl<'s> Parts<'s> {
    /// The head, and the parts behind it.
    fn of(blob: &'s [u8]) -> (u32, Self) {
        let mut reader = Reader::new(blob);
        let head = reader.varint();
        let lengths = [(); 3].map(|()| reader.varint() as usize);
        let [symbols, imports, shapes] = lengths.map(|length| reader.take(length));
        (head, Self { symbols, imports, shapes, rest: reader.rest() })
    }
}

/// Visits the symbols of a blob, in order, and decodes nothing else.
pub(crate) fn visit_symbols(blob: &[u8], mut each: impl FnMut(SymbolFact)) {
    let mut reader = Reader::new(Parts::of(blob).1.symbols);
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
    let mut reader = Reader::new(Parts::of(blob).1.symbols);
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
    /// The document of a blob, with so many names.
    pub(crate) fn open(blob: &'s [u8], names: usize) -> Self {
        let (head, parts) = Parts::of(blob);
        let (has_symbols, uses) = parts.rest.split_at(names.div_ceil(8).min(parts.rest.len()));
        Self {
            language: Language::from_number((head & 0x7f) as u8),
            has_errors: head & 0x80 != 0,
            structure: OnceCell::new(),
            imports: OnceCell::new(),
            parts,
            has_symbols,
            uses: Uses::open(uses, names),
        }
    }

    /// The symbols. Name ends are unknown here: `range` of locals is empty.
    pub(crate) fn symbols(&self) -> &[SymbolFact] {
        &self.structure().0
    }

    /// The scopes, the file's own first.
    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.structure().1
    }

    fn structure(&self) -> &(Vec<SymbolFact>, Vec<Scope>) {
        self.structure.get_or_init(|| {
            let mut reader = Reader::new(self.parts.symbols);
            let count = reader.varint();
            let mut symbols = Vec::with_capacity(reader.at_most(count));
            let mut before = Before::default();
            for index in 0..count {
                if reader.is_empty() {
                    break;
                }
                symbols.push(take_symbol(&mut reader, index, &mut before));
            }
            let scopes = take_scopes(&mut reader, &symbols);
            (symbols, scopes)
        })
    }

    /// Whether any symbol has the name.
    pub(crate) fn has_symbols(&self, name: NameId) -> bool {
        has_bit(self.has_symbols, name as usize)
    }

    /// The imports, in order.
    pub(crate) fn imports(&self) -> &[ImportFact] {
        self.imports.get_or_init(|| {
            let mut reader = Reader::new(self.parts.imports);
            let count = reader.varint();
            let mut imports = Vec::with_capacity(reader.at_most(count));
            let mut before = (0, NONE, 0);
            for _ in 0..count {
                if reader.is_empty() {
                    break;
                }
                let import = take_import(&mut reader, before);
                before = (import.at, import.module, import.module_at);
                imports.push(import);
            }
            imports
        })
    }

    /// What values and receivers are made of.
    pub(crate) fn shapes(&self) -> Shapes {
        Shapes::decode(self.parts.shapes)
    }

    /// How many uses the document's names have.
    pub(crate) fn use_count(&self) -> usize {
        let mut uses = self.imports().iter().filter(|import| import.binds()).count();
        self.uses.visit(|_| {
            uses += 1;
            true
        });
        uses
    }

    /// All uses, name by name, each name's in order of position.
    pub(crate) fn uses_by_name(&self) -> Vec<Use> {
        let mut imports: Vec<Use> =
            self.imports().iter().filter(|import| import.binds()).map(use_of).collect();
        imports.sort_unstable_by_key(|used| (used.name, used.start));
        let mut imports = imports.into_iter().peekable();
        let mut uses = Vec::with_capacity(self.uses.len() / 2);
        self.uses.visit(|used| {
            while let Some(import) =
                imports.next_if(|import| (import.name, import.start) < (used.name, used.start))
            {
                uses.push(import);
            }
            uses.push(used);
            true
        });
        uses.extend(imports);
        uses
    }

    /// The use whose name begins at an offset.
    pub(crate) fn use_starting(&self, offset: u32) -> Option<Use> {
        let mut found = None;
        self.uses.visit(|used| {
            found = Some(used).filter(|used| used.start == offset);
            found.is_none()
        });
        let imports = || self.imports().iter().filter(|import| import.at == offset && import.binds());
        let import = imports().map(use_of).min_by_key(|used| used.name);
        // Of several, the one whose name comes first, as among all.
        match (found, import) {
            (Some(used), Some(import)) if import.name < used.name => Some(import),
            (found, import) => found.or(import),
        }
    }

    /// The uses of one name, in order of position.
    pub(crate) fn uses_of(&self, name: NameId) -> Vec<Use> {
        let mut uses = Vec::new();
        self.uses.visit_name(name, |used| uses.push(used));
        let stored = uses.len();
        let bound = self.imports().iter().filter(|import| import.alias == name && import.binds());
        uses.extend(bound.map(use_of));
        if stored != uses.len() {
            uses.sort_by_key(|used| used.start);
        }
        uses
    }
}

/// Whether the bit of that place is set.
fn has_bit(bits: &[u8], place: usize) -> bool {
    bits.get(place / 8).is_some_and(|byte| byte & 1 << (place % 8) != 0)
}

/// Bits of which those of some places are set.
fn with_bits(count: usize, places: impl Iterator<Item = usize>) -> Vec<u8> {
    let mut bits = vec![0; count.div_ceil(8)];
    places.for_each(|place| bits[place / 8] |= 1 << (place % 8));
    bits
}

fn take_scopes(reader: &mut Reader<'_>, symbols: &[SymbolFact]) -> Vec<Scope> {
    let (mut at, mut by_symbol) = (0u32, 0u32);
    let count = reader.varint();
    let mut scopes = Vec::with_capacity(reader.at_most(count));
    for _ in 0..count {
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
            let symbol = symbols.get(by_symbol as usize);
            symbol.map_or(0..0, |symbol| symbol.name_start..symbol.range.end)
        };
        at = range.start;
        scopes.push(Scope { kind, range });
    }
    scopes
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
