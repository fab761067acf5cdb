//! The inverted index of one segment as bytes: trigram → documents.
//!
//! Layout, little-endian: a header; the postings of all trigrams; one entry per trigram, ascending; and a
//! record for every 32nd entry, which is what a lookup searches. An entry is three numbers: the step from
//! the trigram before, the count of documents, and the bytes of postings – or, where there is only one
//! document, that document itself and no postings.

use super::postings::{Postings, read_number, write_number};

/// Entries between two records.
const BLOCK: u32 = 32;

/// Documents, trigrams, bytes of postings, bytes of entries.
const HEADER: usize = 4 + 4 + 8 + 8;

/// First trigram, where its entry is, where its postings are.
const RECORD: usize = 4 + 4 + 8;

/// A table over bytes that [`Writer`] wrote. Damaged bytes give wrong answers, never a panic.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    universe: u32,
    len: u32,
    postings: &'a [u8],
    entries: &'a [u8],
    records: &'a [u8],
}

impl<'a> Table<'a> {
    /// Reads the header; `None` if the bytes are not as long as it says.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let number = |at: usize| usize::try_from(u64::from_le_bytes(*header.get(at..)?.first_chunk()?)).ok();
        let (postings, rest) = rest.split_at_checked(number(8)?)?;
        let (entries, records) = rest.split_at_checked(number(16)?)?;
        let len = short(header, 4)?;
        let fits = records.len() == len.div_ceil(BLOCK) as usize * RECORD;
        fits.then_some(Table { universe: short(header, 0)?, len, postings, entries, records })
    }

    /// One more than the highest document that was added.
    #[cfg(test)]
    pub(super) fn doc_count(&self) -> u32 {
        self.universe
    }

    /// The documents that have the trigram, if any.
    pub(crate) fn postings(&self, trigram: u32) -> Option<Found<'a>> {
        let (mut low, mut high) = (0, self.records.len() / RECORD);
        while low < high {
            let middle = (low + high) / 2;
            if short(self.records, middle * RECORD)? <= trigram { low = middle + 1 } else { high = middle }
        }
        let mut entries = self.entries_from(low.checked_sub(1)?);
        for _ in 0..BLOCK {
            let (found, postings) = entries.next()?;
            if found >= trigram {
                return (found == trigram).then_some(postings);
            }
        }
        None
    }

    /// All trigrams with their documents, ascending.
    pub(super) fn iter(&self) -> Entries<'a> {
        self.entries_from(0)
    }

    fn entries_from(&self, block: usize) -> Entries<'a> {
        let number = u32::try_from(block).map_or(self.len, |block| block.saturating_mul(BLOCK));
        Entries { table: *self, number, trigram: 0, entries: &[], postings: &[] }
    }
}

/// What a lookup finds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'a> {
    One(u32),
    Many(Postings<'a>),
}

impl Found<'_> {
    pub(crate) fn count(&self) -> u32 {
        match self {
            Found::One(_) => 1,
            Found::Many(postings) => postings.count,
        }
    }

    /// Calls `each` with the documents, ascending.
    pub(crate) fn for_each(&self, each: impl FnMut(u32)) {
        match self {
            Found::One(doc) => std::iter::once(*doc).for_each(each),
            Found::Many(postings) => postings.docs().for_each(each),
        }
    }
}

/// Iterates over entries. Damaged bytes end it early.
pub(super) struct Entries<'a> {
    table: Table<'a>,
    /// How many entries came before.
    number: u32,
    trigram: u32,
    entries: &'a [u8],
    postings: &'a [u8],
}

impl<'a> Iterator for Entries<'a> {
    type Item = (u32, Found<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.number >= self.table.len {
            return None;
        }
        if self.number.is_multiple_of(BLOCK) {
            let record = self.table.records.get((self.number / BLOCK) as usize * RECORD..)?;
            self.trigram = short(record, 0)?;
            self.entries = self.table.entries.get(short(record, 4)? as usize..)?;
            let start = u64::from_le_bytes(*record.get(8..)?.first_chunk()?);
            self.postings = self.table.postings.get(usize::try_from(start).ok()?..)?;
        }
        self.number += 1;
        self.trigram = self.trigram.checked_add(read_number(&mut self.entries)?)?;
        let count = read_number(&mut self.entries)?;
        let last = read_number(&mut self.entries)?;
        if count == 1 {
            return (last < self.table.universe).then_some((self.trigram, Found::One(last)));
        }
        let (bytes, rest) = self.postings.split_at_checked(last as usize)?;
        self.postings = rest;
        Some((self.trigram, Found::Many(Postings { bytes, count, universe: self.table.universe })))
    }
}

/// Writes a table, trigram by trigram.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    universe: u32,
    len: u32,
    trigram: u32,
    entries: Vec<u8>,
    records: Vec<u8>,
}

impl<'o> Writer<'o> {
    pub(super) fn new(universe: u32, out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        out.resize(start + HEADER, 0);
        Writer { out, start, universe, len: 0, trigram: 0, entries: Vec::new(), records: Vec::new() }
    }

    /// Adds a trigram, higher than the one before, with its documents, which ascend.
    pub(super) fn add(&mut self, trigram: u32, docs: &[u32]) {
        let begin = self.out.len();
        if self.len.is_multiple_of(BLOCK) {
            self.trigram = trigram;
            self.records.extend(trigram.to_le_bytes());
            self.records.extend(offset(self.entries.len()).to_le_bytes());
            self.records.extend(((begin - self.start - HEADER) as u64).to_le_bytes());
        }
        self.len += 1;
        write_number(trigram - self.trigram, &mut self.entries);
        write_number(offset(docs.len()), &mut self.entries);
        self.trigram = trigram;
        let last = match docs {
            [doc] => *doc,
            _ => {
                super::postings::encode(docs, self.universe, self.out);
                offset(self.out.len() - begin)
            }
        };
        write_number(last, &mut self.entries);
    }

    pub(super) fn finish(self) {
        let postings = (self.out.len() - self.start - HEADER) as u64;
        let header = &mut self.out[self.start..self.start + HEADER];
        header[..4].copy_from_slice(&self.universe.to_le_bytes());
        header[4..8].copy_from_slice(&self.len.to_le_bytes());
        header[8..16].copy_from_slice(&postings.to_le_bytes());
        header[16..].copy_from_slice(&(self.entries.len() as u64).to_le_bytes());
        self.out.extend(&self.entries);
        self.out.extend(&self.records);
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A count of documents, of the bytes of one list or of all entries: there are at most 2^32 documents of
/// one bit or more each, and 2^24 trigrams of at most 14 bytes.
fn offset(number: usize) -> u32 {
    u32::try_from(number).expect("below 2^32")
}
