//! Sorted names as bytes: blocks in which each name is stored as what it does not share with the
//! one before ("front coding", Witten, Moffat and Bell, Managing Gigabytes, 1999).
//!
//! Over identifiers this takes less room than an FST, and going through the names costs a
//! thirtieth of it, which is what substrings, abbreviations and names by number are asked by.

use super::bytes::{Reader, put_varint, u32_at};
use crate::extract::offset;
use std::ops::Range;

/// Names between two that are stored whole.
pub(crate) const BLOCK: u32 = 32;
/// A name's two lengths share a byte; from this on the rest follows.
const LONG: u32 = 15;
/// Bytes that are copied at once.
const SHORT: usize = 16;
/// So few names are looked at one by one rather than searched.
const FEW: u32 = 64;

/// A table of distinct names in the order of their bytes. A name's place is its number.
#[derive(Clone, Copy)]
pub(crate) struct Names<'s> {
    /// Where each block begins in `text`: four bytes a block.
    heads: &'s [u8],
    text: &'s [u8],
    count: u32,
}

impl<'s> Names<'s> {
    /// Names over the bytes that [`Writer::finish`] made.
    pub(crate) fn open(section: &'s [u8], count: u32) -> Self {
        let heads = count.div_ceil(BLOCK) as usize * 4;
        let (heads, text) = section.split_at(heads.min(section.len()));
        Self { heads, text, count }
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The number of a name.
    pub(crate) fn find(&self, name: &[u8]) -> Option<u32> {
        let (number, found) = self.seek(name);
        found.then_some(number)
    }

    /// The name of a number.
    pub(crate) fn get(&self, number: u32) -> Option<Vec<u8>> {
        let mut names = self.range(number..self.count);
        names.advance().map(|(_, name)| name.to_vec())
    }

    /// The names of a range of numbers.
    pub(crate) fn range(&self, range: Range<u32>) -> Cursor<'s> {
        let block = range.start / BLOCK;
        let at = u32_at(self.heads.get(block as usize * 4..).unwrap_or_default(), 0) as usize;
        let reader = Reader::new(self.text.get(at..).unwrap_or_default());
        let end = range.end.min(self.count);
        let mut cursor = Cursor { reader, next: block * BLOCK, end, buffer: vec![0; 64], len: 0 };
        while cursor.next < range.start && cursor.advance().is_some() {}
        cursor
    }

    /// The number of the first name that is not before another, and whether it is that one.
    fn seek(&self, name: &[u8]) -> (u32, bool) {
        let (mut low, mut high) = (0, self.count.div_ceil(BLOCK));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.head(middle) <= name { low = middle + 1 } else { high = middle }
        }
        let mut names = self.range(low.saturating_sub(1) * BLOCK..self.count);
        while let Some((number, found)) = names.advance() {
            if found >= name {
                return (number, found == name);
            }
        }
        (self.count, false)
    }

    /// A block's first name.
    fn head(&self, block: u32) -> &'s [u8] {
        let at = u32_at(self.heads.get(block as usize * 4..).unwrap_or_default(), 0) as usize;
        let mut reader = Reader::new(self.text.get(at..).unwrap_or_default());
        let (_, own) = take_lengths(&mut reader);
        reader.take(own)
    }

    /// The numbers of the names that begin with a prefix, ASCII letters in either case: ranges in order.
    pub(crate) fn with_prefix(&self, prefix: &[u8]) -> Vec<Range<u32>> {
        let mut ranges = Vec::new();
        self.narrow(&mut prefix.to_vec(), 0, 0..self.count, &mut ranges);
        ranges
    }

    /// Adds to `ranges` the names of `within`, which all begin as `prefix` does up to `known`, that
    /// go on as it does in either case.
    fn narrow(&self, prefix: &mut [u8], known: usize, within: Range<u32>, ranges: &mut Vec<Range<u32>>) {
        if known == prefix.len() {
            ranges.push(within);
        } else if within.end - within.start <= FEW {
            let mut names = self.range(within);
            while let Some((number, name)) = names.advance() {
                if name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
                    ranges.push(number..number + 1);
                }
            }
        } else {
            let (upper, lower) = (prefix[known].to_ascii_uppercase(), prefix[known].to_ascii_lowercase());
            for byte in [upper, lower].into_iter().take(if upper == lower { 1 } else { 2 }) {
                prefix[known] = byte;
                let start = self.seek(&prefix[..=known]).0;
                // No UTF-8 has the byte 255, so there always is a next one.
                prefix[known] = byte.saturating_add(1);
                let end = self.seek(&prefix[..=known]).0;
                prefix[known] = byte;
                if start < end {
                    self.narrow(prefix, known + 1, start..end, ranges);
                }
            }
        }
    }
}

/// Names one after the other.
#[derive(Clone)]
pub(crate) struct Cursor<'s> {
    reader: Reader<'s>,
    next: u32,
    end: u32,
    /// Begins with the latest name.
    buffer: Vec<u8>,
    len: usize,
}

impl Cursor<'_> {
    /// The next name and its number.
    #[inline]
    pub(crate) fn advance(&mut self) -> Option<(u32, &[u8])> {
        if self.next >= self.end || self.reader.is_empty() {
            return None;
        }
        let (shared, own) = take_lengths(&mut self.reader);
        let shared = shared.min(self.len);
        // Most names' own bytes fit into one copy of a fixed length, which is much the quicker one.
        let place = self.buffer.get_mut(shared..).and_then(|rest| rest.first_chunk_mut::<SHORT>());
        match (self.reader.rest().first_chunk::<SHORT>(), place) {
            (Some(bytes), Some(place)) if own <= SHORT => {
                *place = *bytes;
                self.len = shared + own;
                self.reader.take(own);
            }
            _ => {
                let bytes = self.reader.take(own);
                self.len = shared + bytes.len();
                if self.buffer.len() < self.len {
                    self.buffer.resize(self.len + 2 * SHORT, 0);
                }
                self.buffer[shared..self.len].copy_from_slice(bytes);
            }
        }
        self.next += 1;
        Some((self.next - 1, self.latest()))
    }

    /// The name that [`Self::advance`] gave last.
    fn latest(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

/// Bytes shared with the name before, and bytes of the name's own.
#[inline]
fn take_lengths(reader: &mut Reader<'_>) -> (usize, usize) {
    let byte = u32::from(reader.byte());
    let mut length = |short: u32| if short < LONG { short } else { LONG.saturating_add(reader.varint()) };
    let (shared, own) = (length(byte >> 4), length(byte & 15));
    (shared as usize, own as usize)
}

/// Collects names, in order, into a table.
#[derive(Default)]
pub(crate) struct Writer {
    heads: Vec<u8>,
    text: Vec<u8>,
    before: Vec<u8>,
    count: u32,
}

impl Writer {
    /// Adds a name, which comes after all that were added. Gives its number.
    pub(crate) fn push(&mut self, name: &[u8]) -> u32 {
        if self.count.is_multiple_of(BLOCK) {
            self.heads.extend_from_slice(&offset(self.text.len()).to_le_bytes());
            self.before.clear();
        }
        let shared = name.iter().zip(&self.before).take_while(|(a, b)| a == b).count();
        let lengths = [offset(shared), offset(name.len() - shared)];
        self.text.push((lengths[0].min(LONG) << 4 | lengths[1].min(LONG)) as u8);
        for length in lengths.into_iter().filter(|length| *length >= LONG) {
            put_varint(&mut self.text, length - LONG);
        }
        self.text.extend_from_slice(&name[shared..]);
        self.before.truncate(shared);
        self.before.extend_from_slice(&name[shared..]);
        self.count += 1;
        self.count - 1
    }

    /// The table and the number of names.
    pub(crate) fn finish(self) -> (Vec<u8>, u32) {
        let mut table = self.heads;
        table.extend_from_slice(&self.text);
        (table, self.count)
    }
}

/// Calls `each` with every name of some tables, in order, and with the tables that have it and its
/// number in each.
pub(crate) fn union(tables: &[Names<'_>], mut each: impl FnMut(&[u8], &[(u32, u32)])) {
    let mut cursors: Vec<Cursor<'_>> = tables.iter().map(|names| names.range(0..names.count())).collect();
    let mut fronts: Vec<Option<u32>> =
        cursors.iter_mut().map(|cursor| cursor.advance().map(|(number, _)| number)).collect();
    let (mut name, mut places) = (Vec::new(), Vec::new());
    loop {
        places.clear();
        for (table, (cursor, front)) in (0u32..).zip(cursors.iter().zip(&fronts)) {
            let Some(number) = front else { continue };
            if places.is_empty() || cursor.latest() < name.as_slice() {
                places.clear();
                name.clear();
                name.extend_from_slice(cursor.latest());
            }
            if cursor.latest() == name {
                places.push((table, *number));
            }
        }
        if places.is_empty() {
            return;
        }
        each(&name, &places);
        for (table, _) in &places {
            let table = *table as usize;
            fronts[table] = cursors[table].advance().map(|(number, _)| number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn table(names: &BTreeSet<String>) -> (Vec<u8>, u32) {
        let mut writer = Writer::default();
        for name in names {
            writer.push(name.as_bytes());
        }
        writer.finish()
    }

    fn names() -> impl Strategy<Value = BTreeSet<String>> {
        prop::collection::btree_set("[aAbBé_]{0,4}|[a-c]{10,40}", 0..200)
    }

    proptest! {
        #[test]
        fn names_come_back(given in names(), other in "[aAbBé_]{0,4}") {
            let (bytes, count) = table(&given);
            let names = Names::open(&bytes, count);
            for (number, name) in given.iter().enumerate() {
                prop_assert_eq!(names.find(name.as_bytes()), Some(number as u32));
                prop_assert_eq!(names.get(number as u32), Some(name.as_bytes().to_vec()));
            }
            prop_assert_eq!(names.get(count), None);
            prop_assert_eq!(names.find(other.as_bytes()).is_some(), given.contains(&other));
        }

        #[test]
        fn prefixes_are_those_of_a_look_at_every_name(given in names(), prefix in "[aAbBé_c]{0,3}") {
            let (bytes, count) = table(&given);
            let found: Vec<u32> = Names::open(&bytes, count).with_prefix(prefix.as_bytes()).into_iter().flatten().collect();
            let begins = |name: &String| name.to_ascii_lowercase().starts_with(&prefix.to_ascii_lowercase());
            let expected: Vec<u32> = (0u32..).zip(&given).filter(|(_, name)| begins(name)).map(|(number, _)| number).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_union_has_each_name_once_with_all_its_places(parts in prop::collection::vec(names(), 0..4)) {
            let tables: Vec<_> = parts.iter().map(table).collect();
            let opened: Vec<_> = tables.iter().map(|(bytes, count)| Names::open(bytes, *count)).collect();
            let mut found = Vec::new();
            union(&opened, |name, places| {
                for (part, number) in places {
                    assert_eq!(opened[*part as usize].get(*number).as_deref(), Some(name));
                }
                found.push((String::from_utf8(name.to_vec()).expect("names are text"), places.len()));
            });
            let all: BTreeSet<String> = parts.iter().flatten().cloned().collect();
            let expected: Vec<(String, usize)> =
                all.into_iter().map(|name| (name.clone(), parts.iter().filter(|part| part.contains(&name)).count())).collect();
            prop_assert_eq!(found, expected);
        }

        /// Checksums come before this, but a wrong count or cut bytes must not panic either.
        #[test]
        fn damaged_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), count in 0u32..200) {
            let names = Names::open(&bytes, count);
            names.find(b"abc");
            names.with_prefix(b"a");
            names.get(count / 2);
        }
    }
}
