//! From a regular expression to the trigrams that every line it matches must have.
//!
//! The method is Russ Cox's, "Regular Expression Matching with a Trigram Index, or How Google Code Search
//! Worked" (2012), on byte strings whose ASCII letters are in lower case. Unlike his, what is kept at the
//! two ends of an expression is at most two bytes: longer runs have become conditions by then, and a
//! trigram across a seam takes no more.

use super::extract::fold;
use super::query::Query;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};
use std::collections::BTreeSet;

/// The most strings an expression may stand for before only their ends are kept.
const MAX_EXACT: usize = 16;

/// The longest of those strings, in bytes.
const MAX_LENGTH: usize = 64;

/// The most different ends to keep. There are fewer once they are cut shorter.
const MAX_ENDS: usize = 64;

/// The most strings across a seam to look for: enough for two letters, digits or underscores.
const MAX_SEAM: usize = 37 * 37;

/// The most characters of a class to look at one by one.
const MAX_CLASS: usize = 64;

/// How many parts of a sequence are looked at.
const MAX_PARTS: usize = 256;

/// How many copies of a repeated expression are looked at: two seams show all trigrams across them.
const MAX_COPIES: u32 = 3;

type Strings = BTreeSet<Vec<u8>>;

/// What is known of the texts that an expression matches.
struct Facts {
    shape: Shape,
    /// Holds for every text with such a match, besides what follows from the shape.
    must: Query,
}

enum Shape {
    /// The match is one of these strings.
    Exact(Strings),
    /// The match starts with one of `first` and ends with one of `last`, of at most two bytes each; an
    /// empty string there means that nothing is known.
    Ends { first: Strings, last: Strings },
}

/// The condition that a text satisfies if one of its lines has a match of `hir` that holds no line feed.
pub(crate) fn query(hir: &Hir) -> Query {
    facts(hir).into_ends().must
}

fn facts(hir: &Hir) -> Facts {
    match hir.kind() {
        // Assertions only narrow what is matched.
        HirKind::Empty | HirKind::Look(_) => Facts::exact([Vec::new()]),
        HirKind::Literal(literal) => of_literal(&literal.0),
        HirKind::Class(class) => of_class(class),
        HirKind::Repetition(repetition) => of_repetition(repetition),
        HirKind::Capture(capture) => facts(&capture.sub),
        HirKind::Concat(parts) => {
            let rest = (parts.len() > MAX_PARTS).then(Facts::unknown);
            let parts = parts.iter().take(MAX_PARTS).map(facts).chain(rest);
            parts.reduce(Facts::then).unwrap_or_else(|| Facts::exact([Vec::new()]))
        }
        HirKind::Alternation(parts) => either(parts.iter().map(facts).collect()),
    }
}

fn of_literal(bytes: &[u8]) -> Facts {
    if bytes.contains(&b'\n') {
        return Facts::exact([]);
    }
    let folded: Vec<u8> = bytes.iter().copied().map(fold).collect();
    let long = folded.len() > MAX_LENGTH;
    let exact = Facts::exact([folded]);
    if long { exact.into_ends() } else { exact }
}

fn of_class(class: &Class) -> Facts {
    let size: usize = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| range.len()).sum(),
        Class::Bytes(class) => class.ranges().iter().map(|range| range.len()).sum(),
    };
    if size > MAX_CLASS {
        return Facts::unknown();
    }
    let mut strings: Strings = match class {
        Class::Unicode(class) => {
            let chars = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            chars.map(|c| c.to_string().into_bytes().into_iter().map(fold).collect()).collect()
        }
        Class::Bytes(class) => {
            let bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            bytes.map(|byte| vec![fold(byte)]).collect()
        }
    };
    strings.remove(b"\n".as_slice());
    if strings.len() > MAX_EXACT { Facts::exact(strings).into_ends() } else { Facts::exact(strings) }
}

fn of_repetition(repetition: &Repetition) -> Facts {
    match (repetition.min, repetition.max) {
        (_, Some(0)) => Facts::exact([Vec::new()]),
        (0, Some(1)) => either(vec![facts(&repetition.sub), Facts::exact([Vec::new()])]),
        (0, _) => Facts::unknown(),
        (min, max) => {
            let copies = min.min(MAX_COPIES);
            let all = (1..copies).fold(facts(&repetition.sub), |all, _| all.then(facts(&repetition.sub)));
            // More copies may follow, yet the match starts and ends as these copies do.
            if max == Some(copies) { all } else { all.into_ends() }
        }
    }
}

fn either(parts: Vec<Facts>) -> Facts {
    let whole = parts.iter().try_fold(Strings::new(), |mut all, part| {
        all.extend(part.whole().filter(|_| part.must == Query::All)?);
        (all.len() <= MAX_EXACT).then_some(all)
    });
    if let Some(strings) = whole {
        return Facts::exact(strings);
    }
    let (mut first, mut last, mut must) = (Strings::new(), Strings::new(), Vec::new());
    for part in parts {
        let ends = part.ends();
        first.extend(ends.first);
        last.extend(ends.last);
        must.push(ends.must);
    }
    let shape = Shape::Ends { first: few(first, head), last: few(last, tail) };
    Facts { shape, must: Query::or(must) }
}

/// Facts of which only the ends are left.
struct Ends {
    first: Strings,
    last: Strings,
    must: Query,
}

impl Facts {
    fn exact(strings: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Facts { shape: Shape::Exact(strings.into_iter().collect()), must: Query::All }
    }

    fn unknown() -> Self {
        let nothing = Strings::from([Vec::new()]);
        Facts { shape: Shape::Ends { first: nothing.clone(), last: nothing }, must: Query::All }
    }

    /// Turns whole strings into conditions and keeps their ends.
    fn ends(self) -> Ends {
        match self.shape {
            Shape::Exact(strings) => Ends {
                must: Query::and([self.must, trigrams_of(&strings)]),
                first: few(cut(&strings, head), head),
                last: few(cut(&strings, tail), tail),
            },
            Shape::Ends { first, last } => Ends { first, last, must: self.must },
        }
    }

    fn into_ends(self) -> Self {
        let Ends { first, last, must } = self.ends();
        Facts { shape: Shape::Ends { first, last }, must }
    }

    /// A match of `self` followed by one of `next`.
    fn then(self, next: Facts) -> Self {
        if let (Shape::Exact(left), Shape::Exact(right)) = (&self.shape, &next.shape) {
            let longest = |strings: &Strings| strings.iter().map(Vec::len).max().unwrap_or(0);
            if left.len() * right.len() <= MAX_EXACT && longest(left) + longest(right) <= MAX_LENGTH {
                return Facts {
                    shape: Shape::Exact(joined(left, right)),
                    must: Query::and([self.must, next.must]),
                };
            }
        }
        // A side that is known whole and short lets the other side's end show through it.
        let (left_whole, right_whole) = (self.whole(), next.whole());
        let (left, right) = (self.ends(), next.ends());
        let seam = if left.last.len() * right.first.len() <= MAX_SEAM {
            trigrams_of(&joined(&left.last, &right.first))
        } else {
            Query::All
        };
        let first = match left_whole {
            Some(whole) => few(cut(&joined(&whole, &right.first), head), head),
            None => left.first,
        };
        let last = match right_whole {
            Some(whole) => few(cut(&joined(&left.last, &whole), tail), tail),
            None => right.last,
        };
        Facts { shape: Shape::Ends { first, last }, must: Query::and([left.must, right.must, seam]) }
    }

    fn whole(&self) -> Option<Strings> {
        match &self.shape {
            Shape::Exact(strings) => Some(strings.clone()),
            Shape::Ends { .. } => None,
        }
    }
}

fn head(string: &[u8], length: usize) -> &[u8] {
    &string[..length.min(string.len())]
}

fn tail(string: &[u8], length: usize) -> &[u8] {
    &string[string.len() - length.min(string.len())..]
}

/// One end of each string, two bytes or shorter ones whole.
fn cut(strings: &Strings, end: fn(&[u8], usize) -> &[u8]) -> Strings {
    strings.iter().map(|string| end(string, 2).to_vec()).collect()
}

/// The same ends, cut shorter while there are too many.
fn few(mut ends: Strings, end: fn(&[u8], usize) -> &[u8]) -> Strings {
    for length in [1, 0] {
        if ends.len() <= MAX_ENDS {
            break;
        }
        ends = ends.iter().map(|string| end(string, length).to_vec()).collect();
    }
    // An unknown end makes the others pointless.
    if ends.contains(b"".as_slice()) { Strings::from([Vec::new()]) } else { ends }
}

fn joined(left: &Strings, right: &Strings) -> Strings {
    left.iter().flat_map(|l| right.iter().map(move |r| [l.as_slice(), r].concat())).collect()
}

/// The condition that a text has one of the strings.
fn trigrams_of(strings: &Strings) -> Query {
    if strings.iter().any(|string| string.len() < 3) {
        return Query::All;
    }
    let one = |string: &Vec<u8>| {
        Query::and(string.windows(3).map(|w| Query::Trigram(u32::from_be_bytes([0, w[0], w[1], w[2]]))))
    };
    Query::or(strings.iter().map(one))
}
