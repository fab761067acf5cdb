//! A typed name → symbols, best first.
//!
//! Tiers run from cheap to dear: the sorted names answer exact and prefix questions; only when they
//! leave room are substrings sought, in the names that have their trigrams, and only when nothing
//! answers are abbreviations, in the names that have their letters. Of the names found, only the
//! files that can hold a wanted answer are decoded.

mod fuzzy;
mod rank;

use crate::extract::offset;
use crate::filter::Filter;
use crate::segment::letters;
use crate::snapshot::{FileId, Part, Snapshot, Symbol, SymbolId};
use memchr::memmem;
use rank::Rank;
use rustc_hash::FxHashSet;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(crate) use rank::{Sketch, Standing};

/// Names of one tier that are ranked: more there are only for a letter or two.
const NAMES_LIMIT: usize = 4_000;
/// Symbols of exactly one name that are looked at for a use that cannot be resolved.
const NAMESAKES_LIMIT: usize = 2_000;

/// How a symbol's name answers the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchKind {
    Exact,
    ExactIgnoringCase,
    Prefix,
    PrefixIgnoringCase,
    /// The query begins at a word of the name: `Reader` in `FileReader` or `file_reader`.
    Word,
    Substring,
    /// The query's letters stand in the name in order, the first at a word: `fr` in `file_reader`.
    /// Sought only when nothing else answers.
    Fuzzy,
}

/// One answer of [`Snapshot::find`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub symbol: Symbol,
    pub kind: MatchKind,
}

/// One way to read a query: a name, and the names of the symbols that must be around it.
struct Reading<'q> {
    around: &'q str,
    name: &'q str,
}

/// A name that answers the query in one part.
#[derive(Clone, Copy)]
struct Candidate<'q> {
    kind: MatchKind,
    /// Smaller is better within a kind.
    penalty: u32,
    around: &'q str,
    part: u32,
    term: u32,
}

impl Candidate<'_> {
    fn key(&self) -> (MatchKind, u32) {
        (self.kind, self.penalty)
    }
}

/// Adds the names of a tier.
type Tier = for<'q> fn(&Snapshot, &Reading<'q>, &mut Vec<Candidate<'q>>);

impl Snapshot {
    /// The symbols whose names answer a query, best first, at most `limit`. A query with dots
    /// (`Class.method`) is a name with dots, or asks that the symbols around a name end with what
    /// stands before its last dot.
    #[must_use]
    pub fn find(&self, query: &str, filter: &Filter, limit: usize) -> Vec<Hit> {
        let plain = query.trim();
        let dotted = plain.replace("::", ".");
        let mut readings = vec![Reading { around: "", name: plain }];
        if let Some((around, name)) = dotted.rsplit_once('.') {
            readings.push(Reading { around, name });
        }
        readings.retain(|reading| !reading.name.is_empty());
        let mut hits = Vec::new();
        for tier in [Self::exact, Self::prefixed, Self::containing] as [Tier; 3] {
            if hits.len() < limit {
                self.answer(tier, &readings, filter, limit, &mut hits);
            }
        }
        // An abbreviation is a guess, and only wanted where nothing better is known.
        if hits.is_empty() {
            self.answer(Self::abbreviated, &readings, filter, limit, &mut hits);
        }
        hits
    }

    /// Adds the answers of one tier.
    fn answer(
        &self,
        tier: Tier,
        readings: &[Reading<'_>],
        filter: &Filter,
        limit: usize,
        hits: &mut Vec<Hit>,
    ) {
        let mut names = Vec::new();
        for reading in readings {
            tier(self, reading, &mut names);
        }
        if names.len() > NAMES_LIMIT {
            names.select_nth_unstable_by_key(NAMES_LIMIT, Candidate::key);
            names.truncate(NAMES_LIMIT);
        }
        names.sort_unstable_by_key(Candidate::key);
        let mut seen: FxHashSet<SymbolId> = hits.iter().map(|hit| hit.symbol.id).collect();
        for group in names.chunk_by(|a, b| a.key() == b.key()) {
            if hits.len() >= limit {
                break;
            }
            let found = self.best(group, filter, limit - hits.len(), &mut seen);
            hits.extend(found.into_iter().map(|symbol| Hit { symbol, kind: group[0].kind }));
        }
    }

    fn parts_numbered(&self) -> impl Iterator<Item = (u32, &Part)> {
        (0u32..).zip(self.parts())
    }

    fn exact<'q>(&self, wanted: &Reading<'q>, names: &mut Vec<Candidate<'q>>) {
        for (part, held) in self.parts_numbered() {
            if let Some(term) = held.segment.term(wanted.name) {
                let kind = MatchKind::Exact;
                names.push(Candidate { kind, penalty: 0, around: wanted.around, part, term });
            }
        }
    }

    fn prefixed<'q>(&self, wanted: &Reading<'q>, names: &mut Vec<Candidate<'q>>) {
        let prefix = wanted.name.as_bytes();
        for (part, held) in self.parts_numbered() {
            let letters = held.segment.letters();
            for range in held.segment.names().with_prefix(prefix) {
                let mut cursor = letters.names(range);
                while let Some((term, name)) = cursor.advance() {
                    let kind = match (name.len() == prefix.len(), name.starts_with(prefix)) {
                        (true, true) => continue,
                        (true, false) => MatchKind::ExactIgnoringCase,
                        (false, true) => MatchKind::Prefix,
                        (false, false) => MatchKind::PrefixIgnoringCase,
                    };
                    if letters.is_defined(term) {
                        let penalty = offset(name.len());
                        names.push(Candidate { kind, penalty, around: wanted.around, part, term });
                    }
                }
            }
        }
    }

    fn containing<'q>(&self, wanted: &Reading<'q>, names: &mut Vec<Candidate<'q>>) {
        let needle = wanted.name.to_ascii_lowercase();
        let finder = memmem::Finder::new(&needle);
        let (mut text, mut lower, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for (part, held) in self.parts_numbered() {
            let letters = held.segment.letters();
            for range in letters.with_trigrams(needle.as_bytes()) {
                text.clear();
                ends.clear();
                let first = range.start;
                let mut cursor = letters.names(range);
                while let Some((_, name)) = cursor.advance() {
                    text.extend_from_slice(name);
                    ends.push(text.len());
                }
                lower.clone_from(&text);
                lower.make_ascii_lowercase();
                let mut from = 0;
                while let Some(at) = finder.find(&lower[from..]).map(|at| from + at) {
                    let index = ends.partition_point(|end| *end <= at);
                    let (start, end) = (index.checked_sub(1).map_or(0, |before| ends[before]), ends[index]);
                    if at + needle.len() > end {
                        from = at + 1;
                        continue;
                    }
                    from = end;
                    let term = first + offset(index);
                    // A match at the start was a prefix.
                    if at > start && letters.is_defined(term) {
                        let word = letters::starts_word(&text[start..end], at - start);
                        let kind = if word { MatchKind::Word } else { MatchKind::Substring };
                        let penalty = offset(end - start);
                        names.push(Candidate { kind, penalty, around: wanted.around, part, term });
                    }
                }
            }
        }
    }

    fn abbreviated<'q>(&self, wanted: &Reading<'q>, names: &mut Vec<Candidate<'q>>) {
        let lower = wanted.name.to_ascii_lowercase();
        let mask = letters::mask_wanted(lower.as_bytes());
        for (part, held) in self.parts_numbered() {
            held.segment.letters().with_mask(mask, |term, name| {
                if let Some(gaps) = fuzzy::gaps(lower.as_bytes(), name) {
                    let penalty = gaps << 9 | offset(name.len().min(511));
                    let kind = MatchKind::Fuzzy;
                    names.push(Candidate { kind, penalty, around: wanted.around, part, term });
                }
            });
        }
    }

    /// The best symbols of some names, best first. Files are decoded in the order of what their best
    /// symbol can be, until nothing that is left can be better than what was found.
    fn best(
        &self,
        names: &[Candidate<'_>],
        filter: &Filter,
        limit: usize,
        seen: &mut FxHashSet<SymbolId>,
    ) -> Vec<Symbol> {
        let mut waiting = BinaryHeap::from(self.files_of(names, filter));
        let mut found: BinaryHeap<Reverse<Found<'_>>> = BinaryHeap::new();
        let mut best = Vec::new();
        while best.len() < limit {
            let is_next = match (found.peek(), waiting.peek()) {
                (Some(Reverse(found)), Some(Reverse(waiting))) => found.rank < waiting.rank,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            if is_next {
                best.extend(found.pop().map(|Reverse(found)| found.symbol));
                continue;
            }
            let Some(Reverse(Waiting { file, name, .. })) = waiting.pop() else { break };
            let Candidate { around, term, .. } = names[name];
            self.symbols_in(file, term, &mut |symbol| {
                let fits = filter.admits_kind(symbol.kind) && is_inside(&symbol, around);
                if fits && seen.insert(symbol.id) {
                    found.push(Reverse(Found { rank: Rank::of(&symbol, self), symbol }));
                }
            });
        }
        best
    }

    /// The files that define some names, each with the best that it can have.
    fn files_of(&self, names: &[Candidate<'_>], filter: &Filter) -> Vec<Reverse<Waiting<'_>>> {
        let mut files = Vec::new();
        for (name, Candidate { part, term, .. }) in names.iter().enumerate() {
            let held = &self.parts()[*part as usize];
            let defining = held.segment.sketches(*term).filter(|(_, sketch)| sketch.is_defined());
            for (doc, sketch) in defining.filter(|(doc, _)| held.live.has(*doc)) {
                let file = FileId { part: *part, doc };
                if filter.admits(self, file)
                    && let Some(rank) = Rank::at_best(sketch, file, self, filter)
                {
                    files.push(Reverse(Waiting { rank, file, name }));
                }
            }
        }
        files
    }

    /// Every symbol (without locals) of exactly that name.
    pub(crate) fn named(&self, name: &str, filter: &Filter) -> Vec<Symbol> {
        let mut names = Vec::new();
        self.exact(&Reading { around: "", name }, &mut names);
        self.best(&names, filter, NAMESAKES_LIMIT, &mut FxHashSet::default())
    }
}

/// A file that is not decoded yet.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting<'s> {
    /// None of its symbols has a better one.
    rank: Rank<'s>,
    file: FileId,
    /// Which of the names it defines.
    name: usize,
}

/// A symbol that fits.
struct Found<'s> {
    rank: Rank<'s>,
    symbol: Symbol,
}

impl PartialEq for Found<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Found<'_> {}

impl PartialOrd for Found<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.rank, self.symbol.id).cmp(&(other.rank, other.symbol.id))
    }
}

/// Whether the symbols around a symbol end with the wanted ones.
fn is_inside(symbol: &Symbol, around: &str) -> bool {
    if around.is_empty() {
        return true;
    }
    let containers =
        symbol.qualified.strip_suffix(symbol.name.as_str()).unwrap_or_default().trim_end_matches('.');
    let (containers, around) = (containers.to_lowercase(), around.to_lowercase());
    containers == around || containers.strip_suffix(&around).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
