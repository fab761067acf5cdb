//! What finding names by a part of them needs, as bytes: which names are defined, which letters
//! each defined name has, and which groups of names have which trigrams.

use super::bytes::u32_at;
use super::names::{BLOCK, Cursor, Names};
use crate::extract::offset;
use crate::trigram::{self, Found, Table};
use std::ops::Range;

/// Names whose trigrams are noted together: fewer make a larger table, more take longer to look through.
const GROUP: u32 = 2 * BLOCK;
/// Postings that cost as much to read as a group does to look through.
const POSTINGS_PER_GROUP: usize = 200;
/// A block's record: a bit for each name that is defined, and how many are before the block.
const RECORD: usize = 8;

/// Letters of names fall into classes, each a bit of a mask. Frequent ones have a bit of their own.
const ANYWHERE: [&[u8]; 20] = [
    b"e",
    b"t",
    b"a",
    b"i",
    b"r",
    b"n",
    b"o",
    b"s",
    b"c",
    b"d",
    b"l",
    b"u",
    b"m",
    b"p",
    b"g",
    b"f",
    b"h",
    b"b",
    b"yvwk",
    b"xqjz0123456789",
];
/// The same for those that begin a word.
const AT_WORDS: [&[u8]; 12] =
    [b"s", b"c", b"pq", b"tz", b"ax", b"dy", b"rj", b"ik", b"mb", b"fnv", b"glh", b"eouw"];

/// The bits of each byte, in either case.
static ANYWHERE_BITS: [u32; 256] = bits(&ANYWHERE, 0);
static AT_WORDS_BITS: [u32; 256] = bits(&AT_WORDS, ANYWHERE.len());

const fn bits(classes: &[&[u8]], first: usize) -> [u32; 256] {
    let mut bits = [0; 256];
    let mut class = 0;
    while class < classes.len() {
        let mut at = 0;
        while at < classes[class].len() {
            let letter = classes[class][at];
            bits[letter as usize] = 1 << (first + class);
            bits[letter.to_ascii_uppercase() as usize] = 1 << (first + class);
            at += 1;
        }
        class += 1;
    }
    bits
}

/// The letters that a name has, and those that begin its words.
fn mask_of(name: &[u8]) -> u32 {
    let mask = |mask, (at, byte): (usize, &u8)| {
        let word = if starts_word(name, at) { AT_WORDS_BITS[*byte as usize] } else { 0 };
        mask | ANYWHERE_BITS[*byte as usize] | word
    };
    name.iter().enumerate().fold(0, mask)
}

/// What the mask of a name must have for the name to hold the letters in order, the first at a word.
pub(crate) fn mask_wanted(letters: &[u8]) -> u32 {
    let first = letters.first().map_or(0, |first| AT_WORDS_BITS[*first as usize]);
    letters.iter().fold(first, |mask, byte| mask | ANYWHERE_BITS[*byte as usize])
}

/// Whether a word of the name begins at the offset: its beginning, after what is no letter or digit,
/// or a capital after something else.
pub(crate) fn starts_word(name: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| name[before]) else { return true };
    !before.is_ascii_alphanumeric() || name[at].is_ascii_uppercase() && !before.is_ascii_uppercase()
}

/// Over the bytes that [`table`] made.
#[derive(Clone, Copy)]
pub(crate) struct Letters<'s> {
    names: Names<'s>,
    blocks: &'s [u8],
    masks: &'s [u8],
    trigrams: Option<Table<'s>>,
}

impl<'s> Letters<'s> {
    pub(crate) fn open(section: &'s [u8], names: Names<'s>) -> Self {
        let blocks = names.count().div_ceil(BLOCK) as usize * RECORD;
        let (blocks, rest) = section.split_at(blocks.min(section.len()));
        let last = blocks.len().saturating_sub(RECORD);
        let last = &blocks[last..];
        let defined = u32_at(last, 0).count_ones() + u32_at(last, 4);
        let (masks, trigrams) = rest.split_at((defined as usize * 4).min(rest.len()));
        Self { names, blocks, masks, trigrams: Table::open(trigrams) }
    }

    /// Which names of a block are defined, the first in the lowest bit, and how many are before it.
    fn block(&self, block: u32) -> (u32, usize) {
        let record = self.blocks.get(block as usize * RECORD..).unwrap_or_default();
        (u32_at(record, 0), u32_at(record, 4) as usize)
    }

    pub(crate) fn is_defined(&self, name: u32) -> bool {
        self.block(name / BLOCK).0 & 1 << (name % BLOCK) != 0
    }

    /// Calls `each` with the defined names that have all bits of a mask, which are those that
    /// [`mask_wanted`] is for and some more, and with their numbers.
    pub(crate) fn with_mask(&self, wanted: u32, mut each: impl FnMut(u32, &[u8])) {
        for block in 0..self.names.count().div_ceil(BLOCK) {
            let (defined, before) = self.block(block);
            let to = before + defined.count_ones() as usize;
            let masks = self.masks.get(before * 4..to * 4).unwrap_or_default();
            let mut fitting = 0;
            for (at, mask) in masks.chunks_exact(4).enumerate() {
                let mask = u32::from_le_bytes([mask[0], mask[1], mask[2], mask[3]]);
                fitting |= u32::from(mask & wanted == wanted) << at;
            }
            if fitting != 0 {
                let fitting = spread(fitting, defined);
                let last = BLOCK - fitting.leading_zeros();
                let mut names = self.names.range(block * BLOCK..block * BLOCK + last);
                while let Some((number, name)) = names.advance() {
                    if fitting & 1 << (number % BLOCK) != 0 {
                        each(number, name);
                    }
                }
            }
        }
    }

    /// Ranges of names outside of which no defined name has a text in it, letters in either case.
    pub(crate) fn with_trigrams(&self, text: &[u8]) -> impl Iterator<Item = Range<u32>> + use<> {
        let every = || (0..self.names.count().div_ceil(GROUP)).collect();
        let groups = self.trigrams.map_or_else(every, |table| {
            let mut found: Vec<Option<Found<'_>>> =
                trigrams(text).into_iter().map(|trigram| table.postings(trigram)).collect();
            found.sort_unstable_by_key(|found| found.as_ref().map_or(0, Found::count));
            let mut groups: Option<Vec<u32>> = None;
            for found in found {
                let Some(found) = found else { return Vec::new() };
                groups = Some(match groups {
                    None => all_of(&found),
                    Some(groups) if groups.len() * POSTINGS_PER_GROUP < found.count() as usize => {
                        return groups;
                    }
                    Some(groups) => shared(groups, &found),
                });
            }
            groups.unwrap_or_else(every)
        });
        groups.into_iter().map(|group| group * GROUP..(group + 1) * GROUP)
    }

    /// The names of a range, whether defined or not.
    pub(crate) fn names(&self, range: Range<u32>) -> Cursor<'s> {
        self.names.range(range)
    }
}

/// Puts the lowest bits of `bits` where `places` has a bit, in order.
fn spread(mut bits: u32, mut places: u32) -> u32 {
    if places == u32::MAX {
        return bits;
    }
    let mut out = 0;
    while bits != 0 && places != 0 {
        let place = places & places.wrapping_neg();
        out |= if bits & 1 != 0 { place } else { 0 };
        bits >>= 1;
        places ^= place;
    }
    out
}

fn all_of(found: &Found<'_>) -> Vec<u32> {
    let mut groups = Vec::with_capacity(found.count().min(1 << 16) as usize);
    found.for_each(|group| groups.push(group));
    groups
}

/// Those of the groups, which ascend, that were found.
fn shared(groups: Vec<u32>, found: &Found<'_>) -> Vec<u32> {
    let mut kept = Vec::new();
    let mut groups = groups.into_iter().peekable();
    found.for_each(|group| {
        while groups.next_if(|other| *other < group).is_some() {}
        kept.extend(groups.next_if_eq(&group));
    });
    kept
}

/// The distinct trigrams of a text, ascending, letters in lower case.
fn trigrams(text: &[u8]) -> Vec<u32> {
    let lower = text.to_ascii_lowercase();
    let mut all: Vec<u32> =
        lower.windows(3).map(|run| u32::from_be_bytes([0, run[0], run[1], run[2]])).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The section for a table of names, of which some are defined.
pub(super) fn table(names: Names<'_>, is_defined: impl Fn(u32) -> bool) -> Vec<u8> {
    let (mut blocks, mut masks) = (Vec::new(), Vec::new());
    let mut groups = trigram::Builder::default();
    let mut found: Vec<u32> = Vec::new();
    let (mut bits, mut before) = (0u32, 0u32);
    let mut cursor = names.range(0..names.count());
    while let Some((number, name)) = cursor.advance() {
        if is_defined(number) {
            bits |= 1 << (number % BLOCK);
            masks.extend_from_slice(&mask_of(name).to_le_bytes());
            found.extend(trigrams(name));
        }
        let ends = |size: u32| (number + 1).is_multiple_of(size) || number + 1 == names.count();
        if ends(BLOCK) {
            blocks.extend_from_slice(&bits.to_le_bytes());
            blocks.extend_from_slice(&before.to_le_bytes());
            before = offset(masks.len() / 4);
            bits = 0;
        }
        if ends(GROUP) {
            found.sort_unstable();
            found.dedup();
            groups.add(number / GROUP, &found);
            found.clear();
        }
    }
    blocks.extend_from_slice(&masks);
    groups.finish(&mut blocks);
    blocks
}
