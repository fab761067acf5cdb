//! What changed between two versions of a file, as git's blame sees it: the difference that xdiff finds between them.
//!
//! A long history compares large files that differ in one place, thousands of times. Two shortcuts leave the answer as it
//! is: where only one answer is possible it is found without xdiff, and else xdiff gets a short word for each line.

use super::GitError;
use git2::{DiffOptions, Patch};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Lines of a parent, and what they became.
pub(super) type Change = (Range<usize>, Range<usize>);

/// Ends of files are compared in blocks of so many bytes, as git does.
const BLOCK: usize = 1_024;

/// The changes that lead from one text to the other, in order.
pub(super) fn changes(old: &[u8], new: &[u8]) -> Result<Vec<Change>, GitError> {
    if old == new {
        return Ok(Vec::new());
    }
    let (old, new) = without_common_end(old, new);
    match at_one_place(old, new) {
        Some(change) => Ok(vec![change]),
        None => by_words(old, new),
    }
}

/// Both texts without whole blocks at their ends that are the same, but for one line of those.
fn without_common_end<'t>(old: &'t [u8], new: &'t [u8]) -> (&'t [u8], &'t [u8]) {
    let blocks = old.rchunks_exact(BLOCK).zip(new.rchunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let same = &old[old.len() - blocks * BLOCK..];
    let kept = same.iter().position(|byte| *byte == b'\n').map_or(same.len(), |at| at + 1);
    let cut = same.len() - kept;
    (&old[..old.len() - cut], &new[..new.len() - cut])
}

/// The one change between texts, where there can be no other: between the lines that both begin with and those that both
/// end with, no line is on both sides; and what was only added or taken away cannot move up by a line and look the same.
fn at_one_place(old: &[u8], new: &[u8]) -> Option<Change> {
    let start = common_lines(old, new);
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = common_last_lines(old_rest, new_rest);
    let (gone, come) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    let is_certain = match (gone, come) {
        ([], only) | (only, []) => {
            let before = lines(&old[..start]).next_back();
            before.is_none() || lines(only).next_back() != before
        }
        _ => {
            let gone: HashSet<&[u8]> = lines(gone).collect();
            !lines(come).any(|line| gone.contains(line))
        }
    };
    let first = old[..start].iter().filter(|byte| **byte == b'\n').count();
    is_certain.then(|| (first..first + lines(gone).count(), first..first + lines(come).count()))
}

fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// The bytes of the whole lines that both begin with.
fn common_lines(old: &[u8], new: &[u8]) -> usize {
    let blocks = old.chunks_exact(BLOCK).zip(new.chunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let rest = old.iter().zip(new).skip(blocks * BLOCK).take_while(|(a, b)| a == b).count();
    let same = &old[..blocks * BLOCK + rest];
    same.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// The bytes of the whole lines that both end with; each text begins with a line.
fn common_last_lines(old: &[u8], new: &[u8]) -> usize {
    let blocks = old.rchunks_exact(BLOCK).zip(new.rchunks_exact(BLOCK)).take_while(|(a, b)| a == b).count();
    let bytes = |text: &[u8]| text.len() - blocks * BLOCK;
    let rest = old[..bytes(old)].iter().rev().zip(new[..bytes(new)].iter().rev());
    let same = blocks * BLOCK + rest.take_while(|(a, b)| a == b).count();
    let begins_line = |text: &[u8]| text.len() == same || text[text.len() - same - 1] == b'\n';
    if begins_line(old) && begins_line(new) {
        return same;
    }
    let end = &old[old.len() - same..];
    end.iter().position(|byte| *byte == b'\n').map_or(0, |at| same - at - 1)
}

/// The changes as xdiff finds them. It looks at nothing but which lines are the same, how far they are indented and which
/// are blank, so both texts are given to it in words that keep this and are shorter.
fn by_words(old: &[u8], new: &[u8]) -> Result<Vec<Change>, GitError> {
    let old: Vec<&[u8]> = lines(old).collect();
    // A line's number is its first place in the old text, or one after all of those.
    let mut numbers: HashMap<&[u8], usize> = HashMap::with_capacity(old.len());
    let numbered: Vec<usize> =
        old.iter().enumerate().map(|(place, line)| *numbers.entry(line).or_insert(place)).collect();
    let mut words = [Vec::new(), Vec::new()];
    old.iter().zip(&numbered).for_each(|(line, number)| put(&mut words[0], line, *number));
    let (mut next, mut beyond) = (0, old.len());
    for line in lines(new) {
        // Most lines follow each other as they did, and need not be looked up.
        let number = match old.get(next) {
            Some(same) if *same == line => numbered[next],
            _ => {
                let number = *numbers.entry(line).or_insert(beyond);
                beyond += usize::from(number == beyond);
                next = if number < old.len() { number } else { next };
                number
            }
        };
        next += usize::from(number < old.len());
        put(&mut words[1], line, number);
    }
    xdiff(&words[0], &words[1])
}

fn xdiff(old: &[u8], new: &[u8]) -> Result<Vec<Change>, GitError> {
    let mut options = DiffOptions::new();
    options.context_lines(0).interhunk_lines(0).indent_heuristic(true).force_text(true);
    let patch = Patch::from_buffers(old, None, new, None, Some(&mut options))?;
    // Where nothing is on a side, git counts from the line before.
    let range = |start: u32, count: u32| {
        let start = if count == 0 { start as usize } else { start as usize - 1 };
        start..start + count as usize
    };
    let hunk = |place| {
        let (hunk, _) = patch.hunk(place)?;
        Ok((range(hunk.old_start(), hunk.old_lines()), range(hunk.new_start(), hunk.new_lines())))
    };
    (0..patch.num_hunks()).map(hunk).collect()
}

/// Writes a line with its words replaced by its number.
fn put(text: &mut Vec<u8>, line: &[u8], mut number: usize) {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let Some(indent) = line.iter().position(|byte| !is_space(byte)) else {
        text.extend_from_slice(line);
        return;
    };
    text.extend_from_slice(&line[..indent]);
    loop {
        text.push(b'0' + (number % 64) as u8);
        number /= 64;
        if number == 0 {
            break;
        }
    }
    text.extend(line.ends_with(b"\n").then_some(b'\n'));
}

#[cfg(test)]
mod tests;
