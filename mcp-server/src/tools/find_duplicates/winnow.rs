//! Fingerprints of token runs, and the clones that they lead to.

use super::Tokens;
use std::collections::{BTreeMap, HashSet, VecDeque};

/// Places with one fingerprint that are compared: more are boilerplate.
const PLACES: usize = 40;
/// Clones that are kept.
const CLONES: usize = 5_000;
/// The factor of the rolling hash: odd, so that no bit of a token is lost.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A run of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Run {
    pub(super) file: u32,
    pub(super) at: u32,
    pub(super) len: u32,
}

/// The fingerprints of a file's tokens with their places. Two files that share `least` tokens in a row share one.
pub(super) fn fingerprints(tokens: &[u32], least: usize) -> Vec<(u32, u32)> {
    let run = least / 2 + 1;
    let window = least - run + 1;
    let mut found: Vec<(u32, u32)> = Vec::new();
    if tokens.len() < least {
        return found;
    }
    let leaving = (1..run).fold(1u64, |power, _| power.wrapping_mul(FACTOR));
    let mut hash = 0u64;
    // The window's candidates, rising: the first is its least.
    let mut rising: VecDeque<(u64, usize)> = VecDeque::new();
    for (at, token) in tokens.iter().enumerate() {
        if at >= run {
            hash = hash.wrapping_sub(u64::from(tokens[at - run]).wrapping_mul(leaving));
        }
        hash = hash.wrapping_mul(FACTOR).wrapping_add(u64::from(*token));
        let Some(begins) = (at + 1).checked_sub(run) else { continue };
        let mixed = (hash ^ (hash >> 29)).wrapping_mul(FACTOR);
        while rising.back().is_some_and(|(other, _)| *other >= mixed) {
            rising.pop_back();
        }
        rising.push_back((mixed, begins));
        while rising.front().is_some_and(|(_, other)| other + window <= begins) {
            rising.pop_front();
        }
        if begins + 1 >= window
            && let Some((mixed, begins)) = rising.front()
        {
            let fingerprint = ((mixed >> 32) as u32, u32::try_from(*begins).unwrap_or(u32::MAX));
            // Code that repeats itself would fill a bucket alone: of equal ones in a row only the first is kept.
            if found.last().is_none_or(|(hash, _)| *hash != fingerprint.0) {
                found.push(fingerprint);
            }
        }
    }
    found
}

/// The clones, longest first: each a set of runs of the same tokens. Ends early once `go_on` says no.
pub(super) fn clones(
    files: &[Tokens],
    mut places: Vec<Vec<(u32, u32)>>,
    least: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Vec<Vec<Run>> {
    places.sort_unstable();
    let mut pairs: HashSet<(Run, Run)> = HashSet::new();
    'all: for places in &places {
        if !go_on() {
            break;
        }
        let places = &places[..places.len().min(PLACES)];
        for (number, one) in places.iter().enumerate() {
            for other in &places[number + 1..] {
                pairs.extend(widened(files, *one, *other, least));
                if pairs.len() > CLONES {
                    break 'all;
                }
            }
        }
    }
    // What is a copy of one run is a copy of all of its copies.
    let mut sets: BTreeMap<Run, Vec<Run>> = BTreeMap::new();
    for (one, other) in pairs {
        sets.entry(one.min(other)).or_default().push(one.max(other));
    }
    let mut found: Vec<Vec<Run>> = Vec::new();
    let mut told: HashSet<Run> = HashSet::new();
    for (first, mut others) in sets {
        if told.contains(&first) {
            continue;
        }
        others.sort_unstable();
        others.dedup();
        told.extend(&others);
        others.insert(0, first);
        found.push(others);
    }
    found.sort_by(|a, b| b[0].len.cmp(&a[0].len).then_with(|| a.cmp(b)));
    within_others(found)
}

/// The whole of what two places share; `None` when it is too short, or overlaps itself.
fn widened(files: &[Tokens], one: (u32, u32), other: (u32, u32), least: usize) -> Option<(Run, Run)> {
    let (a, b) = (&files[one.0 as usize].hashes, &files[other.0 as usize].hashes);
    let (i, j) = (one.1 as usize, other.1 as usize);
    let same_file = one.0 == other.0;
    let back = (1..=i.min(j)).take_while(|back| a[i - back] == b[j - back]).count();
    let (start, other_start) = (i - back, j - back);
    let mut len = a[start..].iter().zip(&b[other_start..]).take_while(|(x, y)| x == y).count();
    if same_file {
        len = len.min(start.abs_diff(other_start));
    }
    let run =
        |file, at: usize| Some(Run { file, at: u32::try_from(at).ok()?, len: u32::try_from(len).ok()? });
    if len < least { None } else { Some((run(one.0, start)?, run(other.0, other_start)?)) }
}

/// Leaves out clones all of whose runs lie within those of a longer one.
fn within_others(clones: Vec<Vec<Run>>) -> Vec<Vec<Run>> {
    let mut kept: Vec<Vec<Run>> = Vec::new();
    let mut covered: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for clone in clones {
        let is_within = |run: &Run| {
            covered.get(&run.file).is_some_and(|ranges| {
                ranges.iter().any(|(start, end)| *start <= run.at && run.at + run.len <= *end)
            })
        };
        if clone.iter().all(is_within) {
            continue;
        }
        for run in &clone {
            covered.entry(run.file).or_default().push((run.at, run.at + run.len));
        }
        kept.push(clone);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shared_has_a_fingerprint(
            shared in proptest::collection::vec(0u32..50, 20..60),
            before in proptest::collection::vec(50u32..99, 0..40),
            after in proptest::collection::vec(100u32..150, 0..40),
        ) {
            let one = [before.clone(), shared.clone(), after.clone()].concat();
            let other = [after, shared, before].concat();
            let (one, other) = (fingerprints(&one, 20), fingerprints(&other, 20));
            prop_assert!(one.iter().any(|(hash, _)| other.iter().any(|(same, _)| hash == same)));
        }
    }
}
