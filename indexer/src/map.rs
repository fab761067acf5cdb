//! The repo map: the symbols that matter most for a focus, within a budget of tokens.
//!
//! Files are nodes; a file that uses a name points at the files that define it, the more strongly
//! the rarer the name. Personalised `PageRank` (Page et al. 1999; Haveliwala 2002) from the files in
//! focus gives each file a rank, and each name's share of it is its symbols' score.

use crate::segment::Segment;
use crate::segment::names::{self, Names};
use crate::snapshot::{FileId, Snapshot, Symbol};
use crate::symbol::SymbolKind;
use crate::text_of;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Share of rank that flows along edges; the rest returns to the focus.
const DAMPING: f32 = 0.85;
const ROUNDS: usize = 20;
/// A name that more files define says little about any of them.
const DEFINERS_LIMIT: usize = 12;
/// Symbols whose texts are looked at, best first.
const SYMBOLS_LIMIT: usize = 3_000;
/// Where nothing is used by another file, trees up to this size are mapped all the same.
const FEW_FILES: usize = 200;
/// What a definition that no other file uses takes of its file's rank.
const UNUSED: f32 = 0.01;
/// Bytes of text counted as one token.
const TOKEN_BYTES: usize = 4;

/// What a map is made for.
#[derive(Clone, Debug, Default)]
pub struct MapOptions {
    /// Tokens (of about four bytes) that the map's text may take.
    pub budget: usize,
    /// Paths or symbol names; empty for the whole tree.
    pub focus: Vec<String>,
}

/// A map, ready to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoMap {
    /// Each file's path, then its chosen symbols' signatures, indented by depth.
    pub text: String,
    /// The chosen symbols, in path order.
    pub symbols: Vec<Symbol>,
    /// Entries of the focus that name no file with symbols, no folder of such, and no symbol.
    pub unknown_focus: Vec<String>,
}

/// A defined name: where it is defined, and who else has it.
struct Name {
    /// Files, each with its own ordinal for the name.
    definers: Vec<(u32, u32)>,
    users: Vec<u32>,
    weight: f32,
}

/// A file's chosen lines with their symbols, in order of position.
type Lines = BTreeMap<(u32, u32), (String, Symbol)>;

/// A definition's score.
struct Scored {
    file: u32,
    term: u32,
    score: f32,
}

impl Snapshot {
    /// The map of the tree for a focus. `text` gives a file's text as it was indexed.
    #[must_use]
    pub fn map(&self, options: &MapOptions, text: &dyn Fn(&str) -> Option<String>) -> RepoMap {
        let files: Vec<FileId> = self.file_ids().filter(|file| self.meta(*file).language.is_some()).collect();
        let number: FxHashMap<FileId, u32> = files.iter().copied().zip(0..).collect();
        let mut map = RepoMap::default();
        let focus = self.focus(options, &number, &mut map.unknown_focus);
        let mut names = self.names_of_map(&number, &|file| focus.contains_key(&file));
        if names.is_empty() && files.len() <= FEW_FILES {
            names = self.names_of_map(&number, &|_| true);
        }
        let ranks = page_rank(files.len(), &names, &focus);
        let mut scored = score(&names, &ranks.0, &ranks.1);
        for entry in scored.iter_mut().filter(|entry| focus.contains_key(&entry.file)) {
            entry.score *= 4.0;
        }
        scored.sort_by(|a, b| b.score.total_cmp(&a.score).then((a.file, a.term).cmp(&(b.file, b.term))));
        scored.truncate(SYMBOLS_LIMIT);
        self.fill(&scored, &files, options.budget.saturating_mul(TOKEN_BYTES), text, &mut map);
        map
    }

    /// The names that are defined, with the files that use them. Names that no other file uses are
    /// there only where a file that defines them is of interest.
    fn names_of_map(
        &self,
        number: &FxHashMap<FileId, u32>,
        is_of_interest: &dyn Fn(u32) -> bool,
    ) -> Vec<Name> {
        let segments: Vec<&Segment> = self.parts().iter().map(|part| &*part.segment).collect();
        let mut names = Vec::new();
        let tables: Vec<Names<'_>> = segments.iter().map(|segment| segment.names()).collect();
        names::union(&tables, |text, places| {
            let Ok(text) = std::str::from_utf8(text) else { return };
            if text.len() < 3 || !places.iter().any(|(part, term)| segments[*part as usize].is_defined(*term))
            {
                return;
            }
            let mut name = Name { definers: Vec::new(), users: Vec::new(), weight: 0.0 };
            for (part, term) in places {
                for (doc, defines) in segments[*part as usize].postings(*term) {
                    let Some(file) = number.get(&FileId { part: *part, doc }) else { continue };
                    if defines { name.definers.push((*file, *term)) } else { name.users.push(*file) }
                }
            }
            let is_wanted =
                !name.users.is_empty() || name.definers.iter().any(|(file, _)| is_of_interest(*file));
            if name.definers.is_empty() || name.definers.len() > DEFINERS_LIMIT || !is_wanted {
                return;
            }
            name.weight = weight(text, name.definers.len(), name.users.len().max(1));
            names.push(name);
        });
        names
    }

    /// The files in focus, with their weights.
    fn focus(
        &self,
        options: &MapOptions,
        number: &FxHashMap<FileId, u32>,
        unknown: &mut Vec<String>,
    ) -> FxHashMap<u32, f32> {
        let mut focus = FxHashMap::default();
        for wanted in &options.focus {
            let path = wanted.trim_start_matches("./");
            let folder = path.trim_end_matches('/');
            let (files, weight) = if let Some(file) = self.file(path) {
                (vec![file], 1.0)
            } else if folder == "." || self.has_folder(folder) {
                let is_inside = |file: &FileId| folder == "." || is_under(self.path(*file), folder);
                (number.keys().copied().filter(is_inside).collect(), 0.2)
            } else {
                let hits = self.find(wanted, &crate::Filter::default(), 3).into_iter();
                let exact = hits.filter(|hit| hit.kind <= crate::MatchKind::ExactIgnoringCase);
                (exact.filter_map(|hit| self.file(&hit.symbol.path)).collect(), 1.0)
            };
            let mut known = files.iter().filter_map(|file| number.get(file)).peekable();
            if known.peek().is_none() {
                unknown.push(wanted.clone());
            }
            for file in known {
                *focus.entry(*file).or_insert(0.0) += weight;
            }
        }
        focus
    }

    /// Takes symbols, best first, until the budget is full.
    fn fill(
        &self,
        scored: &[Scored],
        files: &[FileId],
        budget: usize,
        text: &dyn Fn(&str) -> Option<String>,
        map: &mut RepoMap,
    ) {
        let mut texts: FxHashMap<String, Option<String>> = FxHashMap::default();
        let mut lines: BTreeMap<String, Lines> = BTreeMap::new();
        let mut used = 0;
        for entry in scored {
            let mut symbols = Vec::new();
            self.symbols_in(files[entry.file as usize], entry.term, &mut |symbol| symbols.push(symbol));
            for symbol in symbols.into_iter().filter(is_shown).take(4) {
                let source = texts.entry(symbol.path.clone()).or_insert_with(|| text(&symbol.path));
                let signature = source.as_ref().map(|source| text_of::signature(source, &symbol));
                let shown =
                    signature.filter(|shown| !shown.is_empty()).unwrap_or_else(|| symbol.qualified.clone());
                let line = format!("{}{shown}\n", "  ".repeat(symbol.depth as usize + 1));
                let new_file = if lines.contains_key(&symbol.path) { 0 } else { symbol.path.len() + 2 };
                let cost = line.len() + new_file;
                if used + cost > budget {
                    continue;
                }
                let key = (symbol.range.start, symbol.name_range.start);
                let lines = lines.entry(symbol.path.clone()).or_default();
                if let Entry::Vacant(place) = lines.entry(key) {
                    place.insert((line, symbol));
                    used += cost;
                }
            }
            if used + 24 > budget {
                break;
            }
        }
        for (path, symbols) in lines {
            map.text.push_str(&path);
            map.text.push_str(":\n");
            for (line, symbol) in symbols.into_values() {
                map.text.push_str(&line);
                map.symbols.push(symbol);
            }
        }
    }
}

fn is_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn is_shown(symbol: &Symbol) -> bool {
    !matches!(
        symbol.kind,
        SymbolKind::Field | SymbolKind::Property | SymbolKind::Variable | SymbolKind::EnumMember
    ) || symbol.depth == 0
}

/// How much a use of the name says: rare, long and public names say more.
fn weight(name: &str, definers: usize, users: usize) -> f32 {
    let long = name.len() >= 8 && name.bytes().any(|byte| byte == b'_' || byte.is_ascii_uppercase());
    let private = name.starts_with('_');
    let shape = if long { 3.0 } else { 1.0 } * if private { 0.2 } else { 1.0 };
    shape / (definers as f32 * (users as f32).sqrt())
}

/// Ranks of the files, and the sums of the weights that leave each.
fn page_rank(files: usize, names: &[Name], focus: &FxHashMap<u32, f32>) -> (Vec<f32>, Vec<f32>) {
    let mut out = vec![0.0f32; files];
    for name in names {
        for user in &name.users {
            out[*user as usize] += name.weight * name.definers.len() as f32;
        }
    }
    let total: f32 = focus.values().sum();
    let home = |file: usize| {
        if total > 0.0 {
            focus.get(&crate::extract::offset(file)).copied().unwrap_or(0.0) / total
        } else {
            1.0 / files as f32
        }
    };
    let mut ranks: Vec<f32> = (0..files).map(home).collect();
    for _ in 0..ROUNDS {
        let mut next: Vec<f32> = (0..files).map(|file| (1.0 - DAMPING) * home(file)).collect();
        for name in names {
            let flow: f32 =
                name.users.iter().map(|user| ranks[*user as usize] / out[*user as usize].max(1e-9)).sum();
            for (definer, _) in &name.definers {
                next[*definer as usize] += DAMPING * flow * name.weight;
            }
        }
        ranks = next;
    }
    (ranks, out)
}

/// Each definition's share of its users' ranks.
fn score(names: &[Name], ranks: &[f32], out: &[f32]) -> Vec<Scored> {
    let mut scored = Vec::new();
    for name in names {
        let flow: f32 =
            name.users.iter().map(|user| ranks[*user as usize] / out[*user as usize].max(1e-9)).sum();
        scored.extend(name.definers.iter().map(|(file, term)| {
            let own = if name.users.is_empty() { ranks[*file as usize] * UNUSED } else { flow };
            Scored { file: *file, term: *term, score: own * name.weight }
        }));
    }
    scored
}

#[cfg(test)]
mod tests;
