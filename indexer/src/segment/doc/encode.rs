//! The writing half: facts → bytes.

use super::{
    Before, COMMON, DEFAULT, ESCAPE, EXPORTED, EXTRAS, Encoded, FILE_SCOPE, HAS_BASES, HAS_DOC,
    HAS_QUALIFIER, HAS_VALUE, LOCAL, OWN_SCOPE, OWN_SCOPE_REACH, PARAMETER_KIND, PLAIN, RARE, SAME_MODULE,
    SAME_NAME,
};
use crate::extract::offset;
use crate::language::Language;
use crate::search::Sketch;
use crate::segment::bytes::{head, put_signed, put_varint, zigzag};
use crate::symbol::{Facts, ImportFact, NONE, NameId, Receiver, Role, SymbolFact, Use, ValueKind};

/// Encodes facts.
pub(crate) fn encode(facts: &Facts<'_>, language: Option<Language>) -> Encoded {
    let order = alphabetical(&facts.names);
    let mut rank = vec![0; order.len()];
    let mut encoded = Encoded {
        text: String::with_capacity(facts.names.iter().map(|name| name.len()).sum()),
        ends: Vec::with_capacity(order.len()),
        // A few bytes for each use and more for each symbol, as a rule.
        blob: Vec::with_capacity(facts.uses.len() * 3 + facts.symbols.len() * 12 + order.len()),
    };
    for (position, (_, id)) in order.iter().enumerate() {
        rank[*id as usize] = offset(position);
        encoded.text.push_str(facts.names[*id as usize]);
        encoded.ends.push((offset(encoded.text.len()), Sketch::default()));
    }
    for symbol in facts.symbols.iter().filter(|symbol| !symbol.local) {
        let sketch = &mut encoded.ends[rank[symbol.name as usize] as usize].1;
        sketch.add(symbol.kind, symbol.exported, symbol.parent == NONE);
    }
    let out = &mut encoded.blob;
    put_varint(out, language.map_or(0, |language| language as u32) | u32::from(facts.has_errors) << 7);
    put_symbols(out, facts, &rank);
    put_scopes(out, facts);
    put_imports(out, &facts.imports, &rank);
    super::shapes::put(out, facts, &rank);
    put_uses(out, facts, &rank);
    encoded
}

/// The names' numbers in alphabetical order, each with its name's first bytes: these mostly tell
/// names apart without a look at the text.
fn alphabetical(names: &[&str]) -> Vec<(u64, u32)> {
    let mut order: Vec<(u64, u32)> = names.iter().map(|name| head(name)).zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| names[a.1 as usize].cmp(names[b.1 as usize])));
    order
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
            let at = match value.kind {
                ValueKind::Shape => value.at,
                _ => zigzag(value.at.wrapping_sub(symbol.name_start).cast_signed()),
            };
            put_varint(out, at << 2 | value.kind as u32);
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
