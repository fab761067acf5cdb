//! One file's facts as bytes and back.
//!
//! Uses are stored by name, so that a question about one name decodes that name's uses only:
//! `head | symbols | scopes | imports | length of each name's uses | uses`.

use super::bytes::{Reader, put_signed, put_varint};
use crate::language::Language;
use crate::symbol::{
    Facts, ImportFact, ImportKind, NONE, NameId, Receiver, Role, Scope, ScopeKind, SymbolFact, SymbolKind,
    Use, Value, ValueKind,
};

const LOCAL: u32 = 1 << 5;
const EXPORTED: u32 = 1 << 6;
const EXTRAS: u32 = 1 << 7;

const DEFAULT: u8 = 1;
const HAS_VALUE: u8 = 2;
const HAS_DOC: u8 = 4;
const HAS_BASES: u8 = 8;
const PARAMETER: u8 = 16;

/// The common pairs of role and receiver get four bits; the rest an escape and a byte.
const TAGS: [(Role, Receiver); 15] = [
    (Role::Read, Receiver::Bare),
    (Role::Call, Receiver::Bare),
    (Role::Type, Receiver::Bare),
    (Role::Write, Receiver::Bare),
    (Role::Import, Receiver::Bare),
    (Role::Read, Receiver::Name),
    (Role::Call, Receiver::Name),
    (Role::Type, Receiver::Name),
    (Role::Write, Receiver::Name),
    (Role::Read, Receiver::This),
    (Role::Call, Receiver::This),
    (Role::Write, Receiver::This),
    (Role::Call, Receiver::Call),
    (Role::Write, Receiver::Keyword),
    (Role::Write, Receiver::Other),
];
const ESCAPE: u32 = 15;

/// A file's facts, encoded: its names in order and the blob that speaks of them by number.
#[derive(Default)]
pub(crate) struct Encoded {
    /// The names, concatenated in alphabetical order.
    pub(crate) text: String,
    /// Ends of the names in `text`, each with whether the file defines it outside of functions.
    pub(crate) ends: Vec<(u32, bool)>,
    pub(crate) blob: Vec<u8>,
    pub(crate) symbols: u32,
    pub(crate) uses: u32,
}

/// Encodes facts.
pub(crate) fn encode(facts: &Facts<'_>, language: Option<Language>) -> Encoded {
    let mut order: Vec<u32> = (0..crate::extract::offset(facts.names.len())).collect();
    order.sort_unstable_by_key(|id| facts.names[*id as usize]);
    let mut rank = vec![0; order.len()];
    for (position, id) in order.iter().enumerate() {
        rank[*id as usize] = crate::extract::offset(position);
    }
    let mut encoded = Encoded {
        symbols: crate::extract::offset(facts.symbols.iter().filter(|symbol| !symbol.local).count()),
        uses: crate::extract::offset(facts.uses.len()),
        ..Encoded::default()
    };
    for id in &order {
        encoded.text.push_str(facts.names[*id as usize]);
        encoded.ends.push((crate::extract::offset(encoded.text.len()), false));
    }
    for symbol in facts.symbols.iter().filter(|symbol| !symbol.local) {
        encoded.ends[rank[symbol.name as usize] as usize].1 = true;
    }
    let out = &mut encoded.blob;
    put_varint(out, language.map_or(0, |language| language as u32) | u32::from(facts.has_errors) << 7);
    put_varint(out, facts.lines);
    put_symbols(out, facts, &rank);
    put_scopes(out, &facts.scopes);
    put_imports(out, &facts.imports, &rank);
    put_uses(out, facts, &rank);
    encoded
}

fn put_symbols(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    put_varint(out, crate::extract::offset(facts.symbols.len()));
    let mut at = 0;
    for (index, symbol) in facts.symbols.iter().enumerate() {
        put_signed(out, symbol.name_start.wrapping_sub(at).cast_signed());
        at = symbol.name_start;
        put_varint(out, rank[symbol.name as usize]);
        let mut extras = 0;
        for (has, flag) in [
            (symbol.default, DEFAULT),
            (symbol.value.is_some(), HAS_VALUE),
            (!symbol.doc.is_empty(), HAS_DOC),
            (!symbol.bases.is_empty(), HAS_BASES),
            (symbol.parameter, PARAMETER),
        ] {
            extras |= if has { flag } else { 0 };
        }
        let flags = [(symbol.local, LOCAL), (symbol.exported, EXPORTED), (extras != 0, EXTRAS)];
        let flags = flags.iter().filter(|(has, _)| *has).fold(0, |all, (_, flag)| all | flag);
        out.push((symbol.kind as u32 | flags) as u8);
        put_varint(out, symbol.scope);
        if extras != 0 {
            out.push(extras);
        }
        if !symbol.local {
            let parent = if symbol.parent == NONE { 0 } else { crate::extract::offset(index) - symbol.parent };
            put_varint(out, parent);
            put_varint(out, symbol.name_start.saturating_sub(symbol.range.start));
            put_varint(out, symbol.range.end.saturating_sub(symbol.name_start));
            put_varint(out, symbol.signature_end.saturating_sub(symbol.name_start));
        }
        if !symbol.doc.is_empty() {
            put_signed(out, symbol.doc.start.wrapping_sub(symbol.name_start).cast_signed());
            put_varint(out, symbol.doc.end - symbol.doc.start);
        }
        if let Some(value) = symbol.value {
            out.push(value.kind as u8);
            put_signed(out, value.at.wrapping_sub(symbol.name_start).cast_signed());
        }
        if !symbol.bases.is_empty() {
            put_varint(out, crate::extract::offset(symbol.bases.len()));
            for base in &symbol.bases {
                put_signed(out, base.wrapping_sub(symbol.name_start).cast_signed());
            }
        }
    }
}

fn put_scopes(out: &mut Vec<u8>, scopes: &[Scope]) {
    put_varint(out, crate::extract::offset(scopes.len()));
    let mut at = 0;
    for scope in scopes {
        out.push(scope.kind as u8);
        put_signed(out, scope.range.start.wrapping_sub(at).cast_signed());
        put_varint(out, scope.range.end - scope.range.start);
        at = scope.range.start;
    }
}

fn put_imports(out: &mut Vec<u8>, imports: &[ImportFact], rank: &[u32]) {
    let ranked = |name: NameId| if name == NONE { 0 } else { rank[name as usize] + 1 };
    put_varint(out, crate::extract::offset(imports.len()));
    let mut at = 0;
    for import in imports {
        out.push(import.kind as u8);
        put_varint(out, ranked(import.module));
        put_varint(out, ranked(import.name));
        put_varint(out, ranked(import.alias));
        put_signed(out, import.at.wrapping_sub(at).cast_signed());
        put_varint(out, import.scope);
        at = import.at;
    }
}

fn put_uses(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    // Counting sort by name keeps the order of position within each.
    let mut starts = vec![0u32; rank.len() + 1];
    for used in &facts.uses {
        starts[rank[used.name as usize] as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut sorted = vec![0u32; facts.uses.len()];
    let mut next = starts.clone();
    for (index, used) in facts.uses.iter().enumerate() {
        let slot = &mut next[rank[used.name as usize] as usize];
        sorted[*slot as usize] = crate::extract::offset(index);
        *slot += 1;
    }
    let mut uses = Vec::with_capacity(facts.uses.len() * 3);
    for name in 0..rank.len() {
        let from = uses.len();
        let mut at = 0;
        for index in &sorted[starts[name] as usize..starts[name + 1] as usize] {
            let used = &facts.uses[*index as usize];
            put_use(&mut uses, used, at, rank);
            at = used.start;
        }
        put_varint(out, crate::extract::offset(uses.len() - from));
    }
    out.extend_from_slice(&uses);
}

fn put_use(out: &mut Vec<u8>, used: &Use, before: u32, rank: &[u32]) {
    // Files stay below 128 MiB (`FILE_LIMIT`), so four bits are free for the tag.
    let delta = used.start - before;
    let pair = (used.role, used.receiver);
    let tag = TAGS.iter().position(|tag| *tag == pair).map_or(ESCAPE, |tag| tag as u32);
    put_varint(out, delta << 4 | tag);
    if tag == ESCAPE {
        out.push((used.role as u8) << 4 | used.receiver as u8);
    }
    if used.receiver.is_named() {
        put_varint(out, rank[used.of as usize]);
    }
}

/// A decoded document, except for its uses.
#[derive(Clone, Debug)]
pub(crate) struct Doc<'s> {
    pub(crate) language: Option<Language>,
    pub(crate) lines: u32,
    pub(crate) has_errors: bool,
    pub(crate) symbols: Vec<SymbolFact>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) imports: Vec<ImportFact>,
    /// What follows: the lengths of each name's uses, then the uses.
    uses: &'s [u8],
}

impl<'s> Doc<'s> {
    /// Decodes everything but the uses. Name ends are unknown here: `range` of locals is empty.
    pub(crate) fn decode(blob: &'s [u8]) -> Self {
        let mut reader = Reader::new(blob);
        let head = reader.varint();
        let mut doc = Self {
            language: Language::from_number((head & 0x7f) as u8),
            has_errors: head & 0x80 != 0,
            lines: reader.varint(),
            symbols: Vec::new(),
            scopes: Vec::new(),
            imports: Vec::new(),
            uses: &[],
        };
        let mut at = 0;
        for index in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            let symbol = take_symbol(&mut reader, index, at);
            at = symbol.name_start;
            doc.symbols.push(symbol);
        }
        let mut at = 0u32;
        for _ in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            let kind = ScopeKind::ALL.get(usize::from(reader.byte())).copied().unwrap_or(ScopeKind::File);
            at = at.wrapping_add_signed(reader.signed());
            let end = at.saturating_add(reader.varint());
            doc.scopes.push(Scope { kind, range: at..end });
        }
        let mut at = 0u32;
        for _ in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            let kind = ImportKind::ALL.get(usize::from(reader.byte())).copied().unwrap_or(ImportKind::Bare);
            let mut name = || reader.varint().wrapping_sub(1);
            let (module, imported, alias) = (name(), name(), name());
            at = at.wrapping_add_signed(reader.signed());
            doc.imports.push(ImportFact { kind, module, name: imported, alias, at, scope: reader.varint() });
        }
        doc.uses = reader.rest();
        doc
    }

    /// The uses of one of the document's `count` names, in order of position.
    pub(crate) fn uses_of(&self, name: NameId, count: usize) -> Vec<Use> {
        let mut lengths = Reader::new(self.uses);
        let mut before = 0usize;
        let mut len = 0;
        for index in 0..count {
            let next = lengths.varint() as usize;
            if index < name as usize {
                before += next;
            } else if index == name as usize {
                len = next;
            }
        }
        let mut uses = Vec::new();
        let rest = lengths.rest();
        take_uses(rest.get(before..before + len).unwrap_or_default(), name, &mut uses);
        uses
    }

    /// How many uses the document's `count` names have.
    pub(crate) fn use_count(&self, count: usize) -> usize {
        self.all_uses(count).len()
    }

    /// All uses of the document's `count` names, in order of position.
    pub(crate) fn all_uses(&self, count: usize) -> Vec<Use> {
        let mut lengths = Reader::new(self.uses);
        let lens: Vec<usize> = (0..count).map(|_| lengths.varint() as usize).collect();
        let mut rest = Reader::new(lengths.rest());
        let mut uses = Vec::with_capacity(rest.rest().len() / 3);
        for (name, len) in lens.into_iter().enumerate() {
            take_uses(rest.take(len), crate::extract::offset(name), &mut uses);
        }
        uses.sort_unstable_by_key(|used| used.start);
        uses
    }
}

fn take_uses(bytes: &[u8], name: NameId, uses: &mut Vec<Use>) {
    let mut reader = Reader::new(bytes);
    let mut start = 0u32;
    while !reader.is_empty() {
        let number = reader.varint();
        start = start.wrapping_add(number >> 4);
        let (role, receiver) = match TAGS.get((number & 15) as usize) {
            Some(tag) => *tag,
            None => {
                let byte = usize::from(reader.byte());
                let role = Role::ALL.get(byte >> 4).copied().unwrap_or(Role::Read);
                (role, Receiver::ALL.get(byte & 15).copied().unwrap_or(Receiver::Other))
            }
        };
        let of = if receiver.is_named() { reader.varint() } else { NONE };
        uses.push(Use { name, start, role, receiver, of });
    }
}

fn take_symbol(reader: &mut Reader<'_>, index: u32, before: u32) -> SymbolFact {
    let name_start = before.wrapping_add_signed(reader.signed());
    let name = reader.varint();
    let byte = u32::from(reader.byte());
    let scope = reader.varint();
    let extras = if byte & EXTRAS == 0 { 0 } else { reader.byte() };
    let kind = SymbolKind::from_number((byte & 0x1f) as u8).unwrap_or(SymbolKind::Variable);
    let mut symbol = SymbolFact::new(name, name_start..name_start, kind);
    (symbol.local, symbol.exported) = (byte & LOCAL != 0, byte & EXPORTED != 0);
    (symbol.default, symbol.parameter) = (extras & DEFAULT != 0, extras & PARAMETER != 0);
    symbol.scope = scope;
    if !symbol.local {
        let parent = reader.varint();
        symbol.parent = if parent == 0 { NONE } else { index.wrapping_sub(parent) };
        let start = name_start.saturating_sub(reader.varint());
        symbol.range = start..name_start.saturating_add(reader.varint());
        symbol.signature_end = name_start.saturating_add(reader.varint());
    }
    if extras & HAS_DOC != 0 {
        let start = name_start.wrapping_add_signed(reader.signed());
        symbol.doc = start..start.saturating_add(reader.varint());
    }
    if extras & HAS_VALUE != 0 {
        let kind = match reader.byte() {
            1 => ValueKind::Annotation,
            2 => ValueKind::Call,
            _ => ValueKind::Alias,
        };
        symbol.value = Some(Value { kind, at: name_start.wrapping_add_signed(reader.signed()) });
    }
    if extras & HAS_BASES != 0 {
        for _ in 0..reader.varint() {
            if reader.is_empty() {
                break;
            }
            symbol.bases.push(name_start.wrapping_add_signed(reader.signed()));
        }
    }
    symbol
}
