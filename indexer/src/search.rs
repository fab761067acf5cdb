//! A typed name → symbols, best first.
//!
//! Tiers run from cheap to dear: the FST answers exact and prefix questions; only when they leave
//! room are substrings and then subsequences sought in the folded names.

use crate::filter::Filter;
use crate::segment::Segment;
use crate::snapshot::{FileId, Part, Snapshot, Symbol};
use crate::symbol::SymbolKind;
use fst::{Automaton, IntoStreamer, Streamer};
use memchr::memmem;

/// Names of one tier that are ranked; the FST yields more only for very short prefixes.
const NAMES_LIMIT: usize = 4_000;
/// Symbols of one name that are ranked.
const SYMBOLS_LIMIT: usize = 2_000;

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

/// A name that answers the query in one part.
struct Candidate {
    kind: MatchKind,
    /// Smaller is better within a kind.
    penalty: u32,
    part: u32,
    term: u32,
}

impl Snapshot {
    /// The symbols whose names answer a query, best first, at most `limit`. A query with dots
    /// (`Class.method`) also asks that the symbols around the name end with what stands before.
    #[must_use]
    pub fn find(&self, query: &str, filter: &Filter, limit: usize) -> Vec<Hit> {
        let query = query.trim().replace("::", ".");
        let (around, name) = query.rsplit_once('.').unwrap_or(("", &query));
        if name.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut hits = Vec::new();
        for tier in [Self::exact, Self::prefixed, Self::containing] {
            let mut candidates = tier(self, name);
            candidates.sort_by_key(|candidate| (candidate.kind, candidate.penalty));
            candidates.truncate(NAMES_LIMIT);
            self.expand(&candidates, around, filter, limit, &mut hits);
            if hits.len() >= limit {
                break;
            }
        }
        // A subsequence is a guess, and only wanted where nothing better is known.
        if hits.is_empty() {
            let mut candidates = self.fuzzy(name);
            candidates.sort_unstable_by_key(|candidate| candidate.penalty);
            candidates.truncate(NAMES_LIMIT);
            self.expand(&candidates, around, filter, limit, &mut hits);
        }
        hits.truncate(limit);
        hits
    }

    fn parts_numbered(&self) -> impl Iterator<Item = (u32, &Part)> {
        (0u32..).zip(self.parts())
    }

    fn exact(&self, name: &str) -> Vec<Candidate> {
        let found = |(part, held): (u32, &Part)| {
            let term = held.segment.term(name).filter(|term| held.segment.is_defined(*term))?;
            Some(Candidate { kind: MatchKind::Exact, penalty: 0, part, term })
        };
        self.parts_numbered().filter_map(found).collect()
    }

    fn prefixed(&self, name: &str) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (part, held) in self.parts_numbered() {
            let automaton = FoldedPrefix { prefix: name.as_bytes() };
            let mut stream = held.segment.names().search(automaton).into_stream();
            while let Some((found, output)) = stream.next() {
                let term = u32::try_from(output.value()).unwrap_or(u32::MAX);
                if found == name.as_bytes() || !held.segment.is_defined(term) {
                    continue;
                }
                let same_case = found.starts_with(name.as_bytes());
                let kind = match (found.len() == name.len(), same_case) {
                    (true, _) => MatchKind::ExactIgnoringCase,
                    (false, true) => MatchKind::Prefix,
                    (false, false) => MatchKind::PrefixIgnoringCase,
                };
                candidates.push(Candidate { kind, penalty: crate::extract::offset(found.len()), part, term });
                if candidates.len() >= NAMES_LIMIT {
                    break;
                }
            }
        }
        candidates
    }

    fn containing(&self, name: &str) -> Vec<Candidate> {
        let needle = name.to_lowercase();
        let finder = memmem::Finder::new(&needle);
        let mut candidates = Vec::new();
        for (part, held) in self.parts_numbered() {
            let folded = held.folded();
            let mut from = 0;
            while let Some(at) = finder.find(&folded.lower.as_bytes()[from..]) {
                let index = folded.index_at(from + at);
                let (start, end) = folded.range(index);
                // A match at the start was a prefix.
                let inside = from + at - start;
                from = end;
                if inside > 0 {
                    let word = starts_word(&folded.names[start..end], inside);
                    let kind = if word { MatchKind::Word } else { MatchKind::Substring };
                    let penalty = crate::extract::offset(end - start);
                    candidates.push(Candidate { kind, penalty, part, term: folded.terms[index] });
                }
            }
        }
        candidates
    }

    fn fuzzy(&self, name: &str) -> Vec<Candidate> {
        let wanted = mask(name);
        let first = name.bytes().next().map_or(0, bit);
        let lower = name.to_lowercase();
        let mut candidates = Vec::new();
        for (part, held) in self.parts_numbered() {
            let folded = held.folded();
            for (index, (mask, initials)) in folded.masks.iter().zip(&folded.initials).enumerate() {
                if mask & wanted != wanted || initials & first == 0 {
                    continue;
                }
                let (start, end) = folded.range(index);
                let gaps = gaps(&lower, &folded.names[start..end], &folded.lower[start..end]);
                if let Some(gaps) = gaps {
                    let penalty = gaps << 9 | crate::extract::offset((end - start).min(511));
                    candidates.push(Candidate {
                        kind: MatchKind::Fuzzy,
                        penalty,
                        part,
                        term: folded.terms[index],
                    });
                }
            }
        }
        candidates
    }

    /// Turns names into symbols, in order, until there are enough.
    fn expand(&self, names: &[Candidate], around: &str, filter: &Filter, limit: usize, hits: &mut Vec<Hit>) {
        let mut at = 0;
        while at < names.len() && hits.len() < limit {
            let key = (names[at].kind, names[at].penalty);
            let same = names[at..].iter().take_while(|name| (name.kind, name.penalty) == key).count();
            let mut found = Vec::new();
            for name in &names[at..at + same] {
                self.symbols_of(name, around, filter, &mut found);
                if found.len() > SYMBOLS_LIMIT {
                    break;
                }
            }
            found.sort_by_cached_key(rank);
            hits.extend(found.into_iter().map(|symbol| Hit { symbol, kind: key.0 }));
            at += same;
        }
    }

    fn symbols_of(&self, name: &Candidate, around: &str, filter: &Filter, found: &mut Vec<Symbol>) {
        let part = &self.parts()[name.part as usize];
        for (doc, _) in
            part.segment.postings(name.term).filter(|(doc, defines)| *defines && part.live.has(*doc))
        {
            let file = FileId { part: name.part, doc };
            if !filter.admits_file(self.path(file), self.meta(file).language) {
                continue;
            }
            self.symbols_in(file, name.term, &mut |symbol| {
                let fits = filter.admits_kind(symbol.kind) && is_inside(&symbol, around);
                if fits && found.len() <= SYMBOLS_LIMIT {
                    found.push(symbol);
                }
            });
            if found.len() > SYMBOLS_LIMIT {
                return;
            }
        }
    }

    /// Every symbol (without locals) of exactly that name.
    pub(crate) fn named(&self, name: &str, filter: &Filter) -> Vec<Symbol> {
        let mut found = Vec::new();
        for candidate in self.exact(name) {
            self.symbols_of(&candidate, "", filter, &mut found);
        }
        found.sort_by_cached_key(rank);
        found
    }
}

/// What a person most likely means comes first: types and functions before members and variables,
/// what is exported, outside of tests, near the root.
fn rank(symbol: &Symbol) -> (u32, bool, bool, u32, usize, String, u32) {
    let kind = match symbol.kind {
        SymbolKind::Class | SymbolKind::Interface | SymbolKind::Struct | SymbolKind::Enum => 0,
        SymbolKind::Function | SymbolKind::Module | SymbolKind::Namespace => 1,
        SymbolKind::Method | SymbolKind::Constructor => 2,
        SymbolKind::Constant | SymbolKind::EnumMember => 3,
        SymbolKind::Field | SymbolKind::Property => 4,
        SymbolKind::Variable | SymbolKind::TypeParameter => 5,
    };
    let folders = symbol.path.bytes().filter(|byte| *byte == b'/').count();
    let of_tests = symbol.path.split('/').any(|part| part.starts_with("test") || part.contains(".test."));
    (kind, of_tests, !symbol.exported, symbol.depth, folders, symbol.path.clone(), symbol.range.start)
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

/// The defined names of a segment, side by side for searching.
pub(crate) struct Folded {
    /// Each name followed by a line break.
    names: String,
    /// The same with ASCII letters in lower case: every offset agrees.
    lower: String,
    starts: Vec<u32>,
    terms: Vec<u32>,
    masks: Vec<u64>,
    /// The characters that begin a word of the name.
    initials: Vec<u64>,
}

impl Folded {
    fn new(segment: &Segment) -> Self {
        let mut names = String::new();
        let (mut starts, mut terms, mut masks, mut initials) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut stream = segment.names().stream();
        while let Some((name, output)) = stream.next() {
            let term = u32::try_from(output.value()).unwrap_or(u32::MAX);
            let Some(name) = std::str::from_utf8(name).ok().filter(|_| segment.is_defined(term)) else {
                continue;
            };
            starts.push(crate::extract::offset(names.len()));
            terms.push(term);
            masks.push(mask(name));
            initials.push(initial_mask(name));
            names.push_str(name);
            names.push('\n');
        }
        let lower = names.to_ascii_lowercase();
        Self { names, lower, starts, terms, masks, initials }
    }

    fn index_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= at) - 1
    }

    /// Start and end of a name, without its line break.
    fn range(&self, index: usize) -> (usize, usize) {
        let end = self.starts.get(index + 1).map_or(self.names.len(), |end| *end as usize);
        (self.starts[index] as usize, end - 1)
    }
}

impl Part {
    fn folded(&self) -> &Folded {
        self.folded.get_or_init(|| Folded::new(&self.segment))
    }
}

/// Which characters a name has: one bit for each letter and digit, and one for all others.
fn mask(name: &str) -> u64 {
    name.bytes().fold(0, |mask, byte| mask | bit(byte))
}

fn initial_mask(name: &str) -> u64 {
    let initials = name.bytes().enumerate().filter(|(at, _)| *at == 0 || starts_word(name, *at));
    initials.fold(0, |mask, (_, byte)| mask | bit(byte))
}

fn bit(byte: u8) -> u64 {
    1 << match byte {
        b'a'..=b'z' => byte - b'a',
        b'A'..=b'Z' => byte - b'A',
        b'0'..=b'9' => byte - b'0' + 26,
        b'_' => 36,
        _ => 37,
    }
}

/// How many of a query's characters continue neither the one before nor begin a word, when they all
/// stand in a name in order, the first where a word begins. Characters go to the next word that
/// begins with them before they go to a later place inside a word.
fn gaps(wanted: &str, name: &str, lower: &str) -> Option<u32> {
    let (first, rest) = wanted.as_bytes().split_first()?;
    let lower = lower.as_bytes();
    let word = |byte: u8, from: usize| {
        let found = memchr::memchr_iter(byte, &lower[from..]).map(|at| from + at);
        found.into_iter().find(|at| *at == 0 || starts_word(name, *at))
    };
    let mut at = word(*first, 0)?;
    let mut gaps = 0;
    for (index, byte) in rest.iter().enumerate() {
        let next = at + 1;
        let can_go_on = |at: usize| is_subsequence(&rest[index + 1..], &lower[at + 1..]);
        at = if lower.get(next) == Some(byte) && can_go_on(next) {
            next
        } else if let Some(found) = word(*byte, next.min(lower.len())).filter(|at| can_go_on(*at)) {
            found
        } else {
            gaps += 1;
            next + memchr::memchr(*byte, lower.get(next..)?)?
        };
    }
    Some(gaps)
}

fn is_subsequence(wanted: &[u8], name: &[u8]) -> bool {
    let mut left = name;
    wanted.iter().all(|byte| {
        let found = memchr::memchr(*byte, left);
        left = found.map_or(&[], |at| &left[at + 1..]);
        found.is_some()
    })
}

/// Whether a word of the name begins at the offset.
fn starts_word(name: &str, at: usize) -> bool {
    let bytes = name.as_bytes();
    let (before, here) = (bytes[at - 1], bytes[at]);
    !before.is_ascii_alphanumeric() || here.is_ascii_uppercase() && !before.is_ascii_uppercase()
}

/// Accepts names that begin with a prefix, ASCII letters in either case.
struct FoldedPrefix<'p> {
    prefix: &'p [u8],
}

impl Automaton for FoldedPrefix<'_> {
    /// Bytes of the prefix seen; `None` once the name differs.
    type State = Option<usize>;

    fn start(&self) -> Self::State {
        Some(0)
    }

    fn is_match(&self, state: &Self::State) -> bool {
        *state == Some(self.prefix.len())
    }

    fn can_match(&self, state: &Self::State) -> bool {
        state.is_some()
    }

    fn will_always_match(&self, state: &Self::State) -> bool {
        self.is_match(state)
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        let seen = (*state)?;
        match self.prefix.get(seen) {
            None => Some(seen),
            Some(wanted) if wanted.eq_ignore_ascii_case(&byte) => Some(seen + 1),
            Some(_) => None,
        }
    }
}
