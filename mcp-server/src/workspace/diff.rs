//! Two texts as hunks, some of the hunks as a text, three texts as one. The line algorithms are `similar`'s.

use similar::merge::TextMerge;
use similar::{Algorithm, DiffTag, TextDiff};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

/// The fewest hexadecimal digits of a hunk's id.
pub(crate) const HUNK_DIGITS: usize = 8;

/// After this the difference is no longer made smaller, only found.
const DEADLINE: Duration = Duration::from_millis(500);

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
    let diff = diff(old, new);
    let (old_lines, new_lines) = (lines(old), lines(new));
    let mut seen = HashMap::<[u8; 32], usize>::new();
    let mut names = HashSet::<String>::new();
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    let mut ranges: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in changed {
        match ranges.last_mut() {
            Some((old, new)) if old.end == op.old_range().start && new.end == op.new_range().start => {
                (old.end, new.end) = (op.old_range().end, op.new_range().end);
            }
            _ => ranges.push((op.old_range(), op.new_range())),
        }
    }
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
    ranges.into_iter().map(hunk).collect()
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
    let merge = TextMerge::from_lines(base, ours, theirs);
    (!merge.is_conflicted()).then(|| merge.to_string())
}

/// Lines added and removed.
#[must_use]
pub fn counts(old: &str, new: &str) -> (usize, usize) {
    let diff = diff(old, new);
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    changed
        .fold((0, 0), |(added, removed), op| (added + op.new_range().len(), removed + op.old_range().len()))
}

fn diff<'a>(old: &'a str, new: &'a str) -> TextDiff<'a, 'a, str> {
    TextDiff::configure().algorithm(Algorithm::Myers).timeout(DEADLINE).diff_lines(old, new)
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

    #[test]
    fn changes_of_different_lines_merge_and_of_the_same_do_not() {
        assert_eq!(merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n").as_deref(), Some("A\nb\nc\nD\n"));
        assert_eq!(merge("v1\n", "v2\n", "user\n"), None);
    }
}
