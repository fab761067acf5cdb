//! The writing half: facts → bytes.

use super::{
    Before, DEFAULT, EXPORTED, EXTRAS, Encoded, FILE_SCOPE, HAS_BASES, HAS_DOC, HAS_DOC_STRING,
    HAS_QUALIFIER, HAS_VALUE, LOCAL, OWN_SCOPE, OWN_SCOPE_REACH, PARAMETER_KIND, SAME_MODULE, SAME_NAME,
    shapes, uses, with_bits,
};
use crate::extract::offset;
use crate::language::Language;
use crate::search::Sketch;
use crate::segment::bytes::{head, put_signed, put_varint, zigzag};
use crate::symbol::{Facts, NONE, NameId, SymbolFact, SymbolKind, ValueKind};

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
    // Past the end all numbers are zero, which says it all of a file without structure.
    if !facts.scopes.is_empty() || !facts.names.is_empty() {
        let mut parts = Vec::with_capacity(facts.symbols.len() * 12);
        let ends = [put_structure, put_imports, shapes::put].map(|put| {
            put(&mut parts, facts, &rank);
            parts.len()
        });
        let starts = [0, ends[0], ends[1]];
        starts.iter().zip(ends).for_each(|(start, end)| put_varint(out, offset(end - start)));
        out.extend_from_slice(&parts);
        let named = facts.symbols.iter().map(|symbol| rank[symbol.name as usize] as usize);
        out.extend_from_slice(&with_bits(rank.len(), named));
        uses::put(out, facts, &rank);
    }
    encoded
}

/// The names' numbers in alphabetical order, each with its name's first bytes: these mostly tell
/// names apart without a look at the text.
fn alphabetical(names: &[&str]) -> Vec<(u64, u32)> {
    let mut order: Vec<(u64, u32)> = names.iter().map(|name| head(name)).zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| names[a.1 as usize].cmp(names[b.1 as usize])));
    order
}

fn put_structure(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    put_symbols(out, facts, rank);
    put_scopes(out, facts);
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
        let is_doc_string =
            !symbol.doc.is_empty() && !symbol.local && symbol.doc.start == symbol.signature_end;
        let extras = [
            (symbol.default, DEFAULT),
            (!symbol.doc.is_empty() && !is_doc_string, HAS_DOC),
            (is_doc_string, HAS_DOC_STRING),
            (!symbol.bases.is_empty(), HAS_BASES),
            (symbol.qualifier != NONE, HAS_QUALIFIER),
        ];
        let extras = extras.iter().filter(|(has, _)| *has).fold(0, |all, (_, flag)| all | flag);
        let flags = [
            (symbol.local, LOCAL),
            (symbol.exported, EXPORTED),
            (symbol.value.is_some(), HAS_VALUE),
            (extras != 0, EXTRAS),
        ];
        let flags = flags.iter().filter(|(has, _)| *has).fold(0, |all, (_, flag)| all | flag);
        let kind = SymbolKind::ALL.binary_search(&symbol.kind).map_or(PARAMETER_KIND, |place| place as u8);
        out.push(if symbol.parameter { PARAMETER_KIND } else { kind } | flags);
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
        put_extras(out, symbol, is_doc_string, rank);
        before.at = symbol.name_start;
    }
}

/// What the flags of a symbol say that it has.
fn put_extras(out: &mut Vec<u8>, symbol: &SymbolFact, is_doc_string: bool, rank: &[u32]) {
    if !symbol.doc.is_empty() {
        if !is_doc_string {
            put_signed(out, symbol.doc.start.wrapping_sub(symbol.name_start).cast_signed());
        }
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

fn put_imports(out: &mut Vec<u8>, facts: &Facts<'_>, rank: &[u32]) {
    let imports = &facts.imports;
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
        let base = if flags & SAME_MODULE == 0 && import.module != NONE { import.module_at } else { at };
        put_signed(out, import.at.wrapping_sub(base).cast_signed());
        if flags & FILE_SCOPE == 0 {
            put_varint(out, import.scope);
        }
        (at, module, module_at) = (import.at, import.module, import.module_at);
    }
}
