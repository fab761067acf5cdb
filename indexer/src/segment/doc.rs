//! One file's facts as bytes and back.
//!
//! `head | symbols | scopes | imports | which names have uses | uses by name`. Uses are stored by
//! name, so that a question about one name has no others to sort out, and what an import binds is
//! not stored a second time as a use. Numbers share varints with the flags that go with them.

use std::ops::ControlFlow;

use super::bytes::{Reader, put_signed, put_varint, unzigzag, zigzag};
use crate::extract::offset;
use crate::language::Language;
use crate::symbol::{
    Facts, ImportFact, ImportKind, NONE, NameId, Receiver, Role, Scope, ScopeKind, SymbolFact, SymbolKind,
    Use, Value, ValueKind,
};

const LOCAL: u32 = 1 << 5;
const EXPORTED: u32 = 1 << 6;
const EXTRAS: u32 = 1 << 7;
/// Stands for the kind of a parameter, which is a variable.
const PARAMETER_KIND: u32 = 31;

const DEFAULT: u8 = 1;
const HAS_VALUE: u8 = 2;
const HAS_DOC: u8 = 4;
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

/// Role and receiver of a use as a prefix code, the common ones shortest. The lowest bit of a use
/// says that it is its name's last; then come `0` for a plain read, `10` and two bits, or `11` and
/// four bits.
const PLAIN: (Role, Receiver) = (Role::Read, Receiver::Bare);
const COMMON: [(Role, Receiver); 4] = [
    (Role::Read, Receiver::Name),
    (Role::Type, Receiver::Bare),
    (Role::Call, Receiver::Name),
    (Role::Call, Receiver::Bare),
];
const RARE: [(Role, Receiver); 15] = [
    (Role::Write, Receiver::Keyword),
    (Role::Read, Receiver::This),
    (Role::Call, Receiver::This),
    (Role::Write, Receiver::Bare),
    (Role::Write, Receiver::This),
    (Role::Write, Receiver::Name),
    (Role::Write, Receiver::Other),
    (Role::Type, Receiver::Name),
    (Role::Call, Receiver::Call),
    (Role::Call, Receiver::Other),
    (Role::Read, Receiver::Call),
    (Role::Read, Receiver::Other),
    (Role::Import, Receiver::Other),
    (Role::Read, Receiver::Super),
    (Role::Call, Receiver::Super),
];
/// Follows where none of these fits: a byte with both.
const ESCAPE: u32 = 15;

/// A file's facts, encoded: its names in order and the blob that speaks of them by number.
#[derive(Default)]
pub(crate) struct Encoded {
    /// The names, concatenated in alphabetical order.
    pub(crate) text: String,
    /// Ends of the names in `text`, each with whether the file defines it outside of functions.
    pub(crate) ends: Vec<(u32, bool)>,
    pub(crate) blob: Vec<u8>,
}

/// Encodes facts.
pub(crate) fn encode(facts: &Facts<'_>, language: Option<Language>) -> Encoded {
    let mut order: Vec<u32> = (0..offset(facts.names.len())).collect();
    order.sort_unstable_by_key(|id| facts.names[*id as usize]);
    let mut rank = vec![0; order.len()];
    for (position, id) in order.iter().enumerate() {
        rank[*id as usize] = offset(position);
    }
    let mut encoded = Encoded::default();
    for id in &order {
        encoded.text.push_str(facts.names[*id as usize]);
        encoded.ends.push((offset(encoded.text.len()), false));
    }
    for symbol in facts.symbols.iter().filter(|symbol| !symbol.local) {
        encoded.ends[rank[symbol.name as usize] as usize].1 = true;
    }
    let out = &mut encoded.blob;
    put_varint(out, language.map_or(0, |language| language as u32) | u32::from(facts.has_errors) << 7);
    put_symbols(out, facts, &rank);
    put_scopes(out, facts);
    put_imports(out, &facts.imports, &rank);
    put_uses(out, facts, &rank);
    encoded
}

fn put_symbols(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    put_varint(out, offset(facts.symbols.len()));
    let mut before = Before::default();
    for (index, symbol) in facts.symbols.iter().enumerate() {
        let parent = if symbol.parent == NONE { 0 } else { symbol.parent + 1 };
        let same = before.scope == symbol.scope && (symbol.local || before.parent == parent);
        let delta = zigzag(symbol.name_start.wrapping_sub(before.at).cast_signed());
        put_varint(out, delta << 1 | u32::from(same));
        put_varint(out, rank[symbol.name as usize]);
        let extras = [
            (symbol.default, DEFAULT),
            (symbol.value.is_some(), HAS_VALUE),
            (!symbol.doc.is_empty(), HAS_DOC),
            (!symbol.bases.is_empty(), HAS_BASES),
            (symbol.qualifier != NONE, HAS_QUALIFIER),
        ];
        let extras = extras.iter().filter(|(has, _)| *has).fold(0, |all, (_, flag)| all | flag);
        let flags = [(symbol.local, LOCAL), (symbol.exported, EXPORTED), (extras != 0, EXTRAS)];
        let flags = flags.iter().filter(|(has, _)| *has).fold(0, |all, (_, flag)| all | flag);
        let kind = if symbol.parameter { PARAMETER_KIND } else { symbol.kind as u32 };
        out.push((kind | flags) as u8);
        if !same {
            put_varint(out, symbol.scope);
        }
        before.scope = symbol.scope;
        if extras != 0 {
            out.push(extras);
        }
        if !symbol.local {
            if !same {
                put_varint(out, if parent == 0 { 0 } else { offset(index) + 1 - parent });
            }
            before.parent = parent;
            put_varint(out, symbol.name_start.saturating_sub(symbol.range.start));
            put_varint(out, symbol.range.end.saturating_sub(symbol.name_start));
            let whole = symbol.signature_end == symbol.range.end;
            put_varint(out, if whole { 0 } else { symbol.signature_end.saturating_sub(symbol.name_start) });
        }
        if !symbol.doc.is_empty() {
            put_signed(out, symbol.doc.start.wrapping_sub(symbol.name_start).cast_signed());
            put_varint(out, symbol.doc.end - symbol.doc.start);
        }
        if let Some(value) = symbol.value {
            let delta = zigzag(value.at.wrapping_sub(symbol.name_start).cast_signed());
            put_varint(out, delta << 2 | value.kind as u32);
        }
        if !symbol.bases.is_empty() {
            put_varint(out, offset(symbol.bases.len()));
            for base in &symbol.bases {
                put_signed(out, base.wrapping_sub(symbol.name_start).cast_signed());
            }
        }
        if symbol.qualifier != NONE {
            put_varint(out, rank[symbol.qualifier as usize]);
        }
        before.at = symbol.name_start;
    }
}

/// What the symbol before said, which the next often says again.
#[derive(Default)]
struct Before {
    at: u32,
    scope: u32,
    /// Index plus one; 0 for none.
    parent: u32,
}

fn put_scopes(out: &mut Vec<u8>, facts: &Facts<'_>) {
    put_varint(out, offset(facts.scopes.len()));
    let mut at = 0;
    let mut by_symbol = 0;
    for scope in &facts.scopes {
        let own = |(_, symbol): &(usize, &SymbolFact)| {
            symbol.name_start == scope.range.start && symbol.range.end == scope.range.end && !symbol.local
        };
        let mut symbols = facts.symbols.iter().enumerate().skip(by_symbol).take(OWN_SCOPE_REACH);
        if let Some((index, _)) = symbols.find(own) {
            put_varint(out, offset(index - by_symbol) << 4 | OWN_SCOPE | scope.kind as u32);
            by_symbol = index;
        } else {
            let delta = zigzag(scope.range.start.wrapping_sub(at).cast_signed());
            put_varint(out, delta << 4 | scope.kind as u32);
            put_varint(out, scope.range.end - scope.range.start);
        }
        at = scope.range.start;
    }
}

fn put_imports(out: &mut Vec<u8>, imports: &[ImportFact], rank: &[u32]) {
    let ranked = |name: NameId| if name == NONE { 0 } else { rank[name as usize] + 1 };
    put_varint(out, offset(imports.len()));
    let (mut at, mut module, mut module_at) = (0, NONE, 0);
    for import in imports {
        let flags = [
            ((import.module, import.module_at) == (module, module_at), SAME_MODULE),
            (import.alias == import.name, SAME_NAME),
            (import.scope == 0, FILE_SCOPE),
        ];
        let flags = flags.iter().filter(|(has, _)| *has).fold(0, |all, (_, flag)| all | flag);
        out.push(import.kind as u8 | flags);
        if flags & SAME_MODULE == 0 {
            put_varint(out, ranked(import.module));
            if import.module != NONE {
                put_signed(out, import.module_at.wrapping_sub(at).cast_signed());
            }
        }
        put_varint(out, ranked(import.name));
        if flags & SAME_NAME == 0 {
            put_varint(out, ranked(import.alias));
        }
        put_signed(out, import.at.wrapping_sub(at).cast_signed());
        if flags & FILE_SCOPE == 0 {
            put_varint(out, import.scope);
        }
        (at, module, module_at) = (import.at, import.module, import.module_at);
    }
}

/// Whether a use is the one that an import's alias stands for.
fn is_import(used: &Use) -> bool {
    used.role == Role::Import && used.receiver == Receiver::Bare
}

fn put_uses(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    // Counting sort by name keeps the order of position within each.
    let mut starts = vec![0u32; rank.len() + 1];
    let stored = || facts.uses.iter().filter(|used| !is_import(used));
    for used in stored() {
        starts[rank[used.name as usize] as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut sorted: Vec<&Use> = vec![&UNUSED; starts.last().copied().unwrap_or(0) as usize];
    let mut next = starts.clone();
    for used in stored() {
        let slot = &mut next[rank[used.name as usize] as usize];
        sorted[*slot as usize] = used;
        *slot += 1;
    }
    let mut has_uses = vec![0u8; rank.len().div_ceil(8)];
    for name in 0..rank.len() {
        if starts[name] < starts[name + 1] {
            has_uses[name / 8] |= 1 << (name % 8);
        }
    }
    out.extend_from_slice(&has_uses);
    for name in 0..rank.len() {
        let uses = &sorted[starts[name] as usize..starts[name + 1] as usize];
        let mut at = 0;
        for (index, used) in uses.iter().enumerate() {
            put_use(out, used, at, index + 1 == uses.len(), rank);
            at = used.start;
        }
    }
}

const UNUSED: Use = Use { name: 0, start: 0, role: Role::Read, receiver: Receiver::Bare, of: NONE };

fn put_use(out: &mut Vec<u8>, used: &Use, before: u32, last: bool, rank: &[u32]) {
    // Files stay below 32 MiB (`FILE_LIMIT`), so seven bits are free for the flags.
    let delta = used.start - before;
    let pair = (used.role, used.receiver);
    let place = |list: &[(Role, Receiver)]| list.iter().position(|known| *known == pair).map(|at| at as u32);
    let last = u32::from(last);
    if pair == PLAIN {
        put_varint(out, delta << 2 | last);
    } else if let Some(place) = place(&COMMON) {
        put_varint(out, delta << 5 | place << 3 | 0b010 | last);
    } else {
        let place = place(&RARE).unwrap_or(ESCAPE);
        put_varint(out, delta << 7 | place << 3 | 0b110 | last);
        if place == ESCAPE {
            out.push((used.role as u8) << 4 | used.receiver as u8);
        }
    }
    if used.receiver.is_named() {
        put_varint(out, rank[used.of as usize]);
    }
}

/// A decoded document, except for its uses.
#[derive(Clone, Debug)]
pub(crate) struct Doc<'s> {
    pub(crate) language: Option<Language>,
    pub(crate) has_errors: bool,
    pub(crate) symbols: Vec<SymbolFact>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) imports: Vec<ImportFact>,
    /// What follows: a bit for each name that has uses, then the uses.
    uses: &'s [u8],
}

/// Visits the symbols of a blob, in order, until told to stop, and decodes nothing else.
pub(crate) fn visit_symbols(blob: &[u8], mut each: impl FnMut(u32, SymbolFact) -> ControlFlow<()>) {
    let mut reader = Reader::new(blob);
    reader.varint();
    let mut before = Before::default();
    for index in 0..reader.varint() {
        if reader.is_empty() || each(index, take_symbol(&mut reader, index, &mut before)).is_break() {
            return;
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
        doc.uses = reader.rest();
        doc
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
    fn visit_uses(&self, count: usize, mut each: impl FnMut(Use)) {
        let (has_uses, uses) = self.uses.split_at(count.div_ceil(8).min(self.uses.len()));
        let mut reader = Reader::new(uses);
        for name in 0..count {
            if has_uses.get(name / 8).is_none_or(|byte| byte & 1 << (name % 8) == 0) {
                continue;
            }
            let mut start = 0u32;
            while !reader.is_empty() {
                let (used, last) = take_use(&mut reader, offset(name), start);
                start = used.start;
                each(used);
                if last {
                    break;
                }
            }
        }
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
    let at = at.wrapping_add_signed(reader.signed());
    let scope = if head & FILE_SCOPE == 0 { reader.varint() } else { 0 };
    ImportFact { kind, module, module_at, name, alias, at, scope }
}

/// The next use of a name, and whether it is the last one.
fn take_use(reader: &mut Reader<'_>, name: NameId, before: u32) -> (Use, bool) {
    let head = reader.varint();
    let (delta, (role, receiver)) = match head & 0b110 {
        0b010 => (head >> 5, COMMON[(head >> 3 & 3) as usize]),
        0b110 => match RARE.get((head >> 3 & 15) as usize) {
            Some(pair) => (head >> 7, *pair),
            None => {
                let byte = usize::from(reader.byte());
                let role = Role::ALL.get(byte >> 4).copied().unwrap_or(Role::Read);
                (head >> 7, (role, Receiver::ALL.get(byte & 15).copied().unwrap_or(Receiver::Other)))
            }
        },
        _ => (head >> 2, PLAIN),
    };
    let of = if receiver.is_named() { reader.varint() } else { NONE };
    (Use { name, start: before.wrapping_add(delta), role, receiver, of }, head & 1 != 0)
}

fn take_symbol(reader: &mut Reader<'_>, index: u32, before: &mut Before) -> SymbolFact {
    let head = reader.varint();
    let same = head & 1 != 0;
    let name_start = before.at.wrapping_add_signed(unzigzag(head >> 1));
    let name = reader.varint();
    let byte = u32::from(reader.byte());
    if !same {
        before.scope = reader.varint();
    }
    let extras = if byte & EXTRAS == 0 { 0 } else { reader.byte() };
    let kind = SymbolKind::from_number((byte & 0x1f) as u8).unwrap_or(SymbolKind::Variable);
    let mut symbol = SymbolFact::new(name, name_start..name_start, kind);
    symbol.parameter = byte & 0x1f == PARAMETER_KIND;
    (symbol.local, symbol.exported) = (byte & LOCAL != 0, byte & EXPORTED != 0);
    symbol.default = extras & DEFAULT != 0;
    symbol.scope = before.scope;
    if !symbol.local {
        if !same {
            let up = reader.varint();
            before.parent = if up == 0 { 0 } else { (index + 1).wrapping_sub(up) };
        }
        symbol.parent = before.parent.wrapping_sub(1);
        let start = name_start.saturating_sub(reader.varint());
        symbol.range = start..name_start.saturating_add(reader.varint());
        let signature = reader.varint();
        symbol.signature_end =
            if signature == 0 { symbol.range.end } else { name_start.saturating_add(signature) };
    }
    if extras & HAS_DOC != 0 {
        let start = name_start.wrapping_add_signed(reader.signed());
        symbol.doc = start..start.saturating_add(reader.varint());
    }
    if extras & HAS_VALUE != 0 {
        let value = reader.varint();
        let kind = match value & 3 {
            1 => ValueKind::Annotation,
            2 => ValueKind::Call,
            _ => ValueKind::Alias,
        };
        symbol.value = Some(Value { kind, at: name_start.wrapping_add_signed(unzigzag(value >> 2)) });
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
    before.at = name_start;
    symbol
}
