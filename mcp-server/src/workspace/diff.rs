//! Two texts as hunks, some of the hunks as a text, three texts as one. Which lines changed says `similar`.

use similar::{Algorithm, DiffTag, TextDiff};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::{Duration, Instant};

/// The fewest hexadecimal digits of a hunk's id.
pub(crate) const HUNK_DIGITS: usize = 8;

/// After this it is no longer looked for the smallest difference.
const DEADLINE: Duration = Duration::from_secs(2);

/// One changed region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Eight hex digits of what it does and which of its like it is. Another name for another
    /// change, so a name that was read before the texts changed never means something else.
    pub id: String,
    /// Lines of the old text, counted from 0.
    pub old: Range<usize>,
    /// Lines of the new text, counted from 0.
    pub new: Range<usize>,
}

/// The changed regions between two texts, in order. Changes with an unchanged line between them are two. The same
/// change has another name in another file.
#[must_use]
pub fn hunks(file: &str, old: &str, new: &str) -> Vec<Hunk> {
    let (old_lines, new_lines) = (lines(old), lines(new));
    let mut seen = HashMap::<[u8; 32], usize>::new();
    let mut names = HashSet::<String>::new();
    let hunk = |(old, new): (Range<usize>, Range<usize>)| {
        let mut hash = blake3::Hasher::new();
        hash.update(file.as_bytes());
        for side in [&old_lines[old.clone()], &new_lines[new.clone()]] {
            hash.update(b"\0");
            for line in side {
                hash.update(line.as_bytes());
            }
        }
        let nth = seen.entry(*hash.finalize().as_bytes()).and_modify(|nth| *nth += 1).or_default();
        hash.update(format!("\0{nth}").as_bytes());
        let hash = hash.finalize().to_hex();
        // The fewest digits are enough but for files of very many hunks.
        let id = (HUNK_DIGITS..=hash.len()).map(|digits| &hash[..digits]).find(|id| !names.contains(*id));
        let id = id.expect("hashes of different texts differ").to_owned();
        names.insert(id.clone());
        Hunk { id, old, new }
    };
    changes(old, new).into_iter().map(hunk).collect()
}

/// The old text with only some of its hunks applied.
#[must_use]
pub fn pick(file: &str, old: &str, new: &str, chosen: &dyn Fn(&Hunk) -> bool) -> String {
    let (old_lines, new_lines) = (lines(old), lines(new));
    let mut text = String::with_capacity(new.len());
    let mut at = 0;
    for hunk in hunks(file, old, new) {
        text.extend(old_lines[at..hunk.old.start].iter().copied());
        let taken = if chosen(&hunk) { &new_lines[hunk.new.clone()] } else { &old_lines[hunk.old.clone()] };
        text.extend(taken.iter().copied());
        at = hunk.old.end;
    }
    text.extend(old_lines[at..].iter().copied());
    text
}

/// Both changes of one text, or nothing where they touch the same lines in different ways (diff3).
#[must_use]
pub fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    if ours == theirs || base == theirs {
        return Some(ours.to_owned());
    }
    if base == ours {
        return Some(theirs.to_owned());
    }
    let mut sides =
        [ours, theirs].map(|side| Changes { all: changes(base, side), at: 0, lines: lines(side) });
    let (base, mut at) = (lines(base), 0);
    let mut merged = String::with_capacity(ours.len().max(theirs.len()));
    while let Some(start) = sides.iter().filter_map(Changes::start).min() {
        // A region grows as long as a change of either side touches it.
        let (mut end, first) = (start, [sides[0].at, sides[1].at]);
        while sides.iter_mut().any(|side| side.grow(&mut end)) {}
        let [our, their] = [0, 1].map(|side| sides[side].text(&base, start..end, first[side]));
        let [has_ours, has_theirs] = [0, 1].map(|side| sides[side].at > first[side]);
        if has_ours && has_theirs && our != their {
            return None;
        }
        merged.extend(base[at..start].iter().copied());
        merged.push_str(if has_ours { &our } else { &their });
        at = end;
    }
    merged.extend(base[at..].iter().copied());
    Some(merged)
}

/// One side's changes while they are merged.
struct Changes<'a> {
    all: Vec<(Range<usize>, Range<usize>)>,
    /// The first that was not merged yet.
    at: usize,
    lines: Vec<&'a str>,
}

impl Changes<'_> {
    fn start(&self) -> Option<usize> {
        self.all.get(self.at).map(|(old, _)| old.start)
    }

    /// Takes the next change if it touches a region that ends at `end`.
    fn grow(&mut self, end: &mut usize) -> bool {
        let Some((old, _)) = self.all.get(self.at).filter(|(old, _)| old.start <= *end) else { return false };
        (*end, self.at) = (old.end.max(*end), self.at + 1);
        true
    }

    /// A region with this side's changes from `first` on.
    fn text(&self, base: &[&str], region: Range<usize>, first: usize) -> String {
        let (mut text, mut at) = (String::new(), region.start);
        for (old, new) in &self.all[first..self.at] {
            text.extend(base[at..old.start].iter().copied());
            text.extend(self.lines[new.clone()].iter().copied());
            at = old.end;
        }
        text.extend(base[at..region.end].iter().copied());
        text
    }
}

/// Lines added and removed.
#[must_use]
pub fn counts(old: &str, new: &str) -> (usize, usize) {
    let sum = |(added, removed): (usize, usize), (old, new): (Range<usize>, Range<usize>)| {
        (added + new.len(), removed + old.len())
    };
    changes(old, new).into_iter().fold((0, 0), sum)
}

/// The changed ranges of lines, in order; between two there is a line that is the same. Where they cannot be found in
/// time, everything between the first and the last line that differ is one change.
fn changes(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let started = Instant::now();
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).timeout(DEADLINE).diff_lines(old, new);
    if started.elapsed() >= DEADLINE {
        return between(&lines(old), &lines(new));
    }
    let mut changes: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal) {
        match changes.last_mut() {
            Some((old, new)) if old.end == op.old_range().start && new.end == op.new_range().start => {
                (old.end, new.end) = (op.old_range().end, op.new_range().end);
            }
            _ => changes.push((op.old_range(), op.new_range())),
        }
    }
    changes
}

fn between(old: &[&str], new: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let before = old.iter().zip(new).take_while(same).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(same).count();
    let (old, new) = (before..old.len() - after, before..new.len() - after);
    if old.is_empty() && new.is_empty() { Vec::new() } else { vec![(old, new)] }
}

/// Lines with their ends, split as `similar` splits them.
pub(super) fn lines(text: &str) -> Vec<&str> {
    use similar::DiffableStr;
    text.tokenize_lines()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(prop_oneof!["[abc]", "[abc]\n", "[abc]\r\n"], 0..20)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn all_hunks_make_the_new_text_and_none_the_old(old in text(), new in text()) {
            prop_assert_eq!(&pick("f", &old, &new, &|_| true), &new);
            prop_assert_eq!(&pick("f", &old, &new, &|_| false), &old);
        }

        #[test]
        fn every_hunk_has_a_name_of_its_own(old in text(), new in text()) {
            let names: HashSet<String> = hunks("f", &old, &new).into_iter().map(|hunk| hunk.id).collect();
            prop_assert_eq!(names.len(), hunks("f", &old, &new).len());
        }

        #[test]
        fn what_only_one_side_changed_is_taken(base in text(), other in text()) {
            prop_assert_eq!(merge(&base, &other, &base), Some(other.clone()));
            prop_assert_eq!(merge(&base, &base, &other), Some(other));
        }
    }

    proptest! {
        #[test]
        fn sides_may_change_places(base in text(), ours in text(), theirs in text()) {
            prop_assert_eq!(merge(&base, &ours, &theirs), merge(&base, &theirs, &ours));
        }

        #[test]
        fn two_halves_of_a_change_merge_to_the_whole(old in text(), new in text(), half in any::<u64>()) {
            let of = |hunk: &Hunk| half >> (hunk.old.start % 64) & 1 == 0;
            let (one, other) = (pick("f", &old, &new, &of), pick("f", &old, &new, &|hunk| !of(hunk)));
            // Where the diff of a half is another one than the half of the diff, they may touch.
            if let Some(merged) = merge(&old, &one, &other) {
                prop_assert_eq!(merged, new);
            }
        }

        #[test]
        fn what_is_not_found_in_time_is_one_change(old in text(), new in text()) {
            let (old_lines, new_lines) = (lines(&old), lines(&new));
            let mut made = old_lines.clone();
            for (old, new) in between(&old_lines, &new_lines) {
                made.splice(old, new_lines[new].iter().copied());
            }
            prop_assert_eq!(made.concat(), new);
        }
    }

    /// Megabytes with a change every tenth line, and lines that are nearly all alike: the search for what is the same ends.
    #[test]
    fn large_texts_take_bounded_time() {
        let line = |line: usize| format!("line {line} of a large file, as long as lines often are\n");
        let old: String = (0..100_000).map(line).collect();
        let new: String = old.replace("3 of a", "3 of another");
        let alike: String = (0..300_000_u64).map(|line| format!("{}\n", line * 7919 % 13)).collect();
        let unlike: String =
            (0..300_000_u64).map(|line| format!("{}\n", (line * 31 + line / 17) % 13)).collect();
        let started = Instant::now();
        assert_eq!(hunks("f", &old, &new).len(), 10_000);
        assert_eq!(merge(&old, &new, &format!("{old}z\n")), Some(format!("{new}z\n")));
        assert_eq!(pick("f", &alike, &unlike, &|_| true), unlike);
        assert!(merge(&alike, &unlike, &old).is_none());
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }

    #[test]
    fn changes_of_different_lines_merge_and_of_the_same_do_not() {
        assert_eq!(merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n").as_deref(), Some("A\nb\nc\nD\n"));
        assert_eq!(merge("v1\n", "v2\n", "user\n"), None);
    }
}
