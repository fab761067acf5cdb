//! Tables from documents, and from other tables.

use super::table::{Entries, Found, Table, Writer};

/// Postings to gather before they are sorted and packed: 2 MiB.
const BATCH: usize = 1 << 18;

/// Gathers the trigrams of documents. Needs 2 MiB besides about the size of the table while it is filled.
#[derive(Default)]
pub(crate) struct Builder {
    /// Trigram in the high half, document in the low half.
    batch: Vec<u64>,
    /// Tables of the full batches, each of later documents than the one before.
    packed: Vec<Packed>,
    doc_count: u32,
}

struct Packed {
    table: Vec<u8>,
    first_doc: u32,
}

impl Packed {
    fn source(&self) -> Source<'_> {
        let table = Table::open(&self.table).expect("the table was just written");
        Source::new(table, Ids::From(self.first_doc))
    }
}

impl Builder {
    /// Adds a document with its distinct trigrams. Documents come in ascending order.
    pub(crate) fn add(&mut self, doc: u32, trigrams: &[u32]) {
        debug_assert!(doc >= self.doc_count, "documents ascend");
        if self.batch.len() + trigrams.len() > BATCH {
            self.pack();
        }
        self.batch.extend(trigrams.iter().map(|trigram| u64::from(*trigram) << 32 | u64::from(doc)));
        self.doc_count = doc + 1;
    }

    /// Appends the table to `out`.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>) {
        self.pack();
        self.batch = Vec::new();
        let sources = self.packed.iter().map(Packed::source).collect();
        merge_sources(sources, self.doc_count, out);
    }

    fn pack(&mut self) {
        sort_by_trigram(&mut self.batch);
        let low = |pair: &u64| (*pair & u64::from(u32::MAX)) as u32;
        let Some(first_doc) = self.batch.iter().map(low).min() else { return };
        let mut table = Vec::new();
        let mut writer = Writer::new(self.doc_count - first_doc, &mut table);
        let mut docs = Vec::new();
        for pairs in self.batch.chunk_by(|a, b| a >> 32 == b >> 32) {
            docs.clear();
            docs.extend(pairs.iter().map(|pair| low(pair) - first_doc));
            writer.add((pairs[0] >> 32) as u32, &docs);
        }
        writer.finish();
        table.shrink_to_fit();
        self.packed.push(Packed { table, first_doc });
        self.batch.clear();
    }
}

/// Sorts pairs by their high half, a 24-bit number, without changing the order of equal ones.
fn sort_by_trigram(pairs: &mut Vec<u64>) {
    let mut other = vec![0; pairs.len()];
    for shift in [32, 44] {
        let digit = |pair: &u64| (pair >> shift) as usize % 4096;
        let mut starts = vec![0; 4097];
        for pair in &*pairs {
            starts[digit(pair) + 1] += 1;
        }
        for digit in 1..starts.len() {
            starts[digit] += starts[digit - 1];
        }
        for pair in &*pairs {
            let place: &mut usize = &mut starts[digit(pair)];
            other[*place] = *pair;
            *place += 1;
        }
        std::mem::swap(pairs, &mut other);
    }
}

/// Appends to `out` one table of the documents of several, each with its documents' new numbers by their
/// old ones; documents without a new number are left out. No two may get the same.
pub(crate) fn merge(tables: &[(&Table<'_>, &[Option<u32>])], out: &mut Vec<u8>) {
    let highest = tables.iter().flat_map(|(_, ids)| ids.iter().flatten()).max();
    let sources = tables.iter().map(|(table, ids)| Source::new(**table, Ids::Listed(ids))).collect();
    merge_sources(sources, highest.map_or(0, |doc| doc + 1), out);
}

/// The new numbers of a table's documents.
enum Ids<'a> {
    From(u32),
    Listed(&'a [Option<u32>]),
}

struct Source<'a> {
    entries: Entries<'a>,
    ids: Ids<'a>,
    front: Option<(u32, Found<'a>)>,
}

impl<'a> Source<'a> {
    fn new(table: Table<'a>, ids: Ids<'a>) -> Self {
        let mut entries = table.iter();
        Source { front: entries.next(), entries, ids }
    }

    fn trigram(&self) -> Option<u32> {
        Some(self.front?.0)
    }

    /// Adds the documents of the entry in front, renumbered, and moves on.
    fn take(&mut self, docs: &mut Vec<u32>) {
        let Some((_, found)) = self.front else { return };
        found.for_each(|doc| match self.ids {
            Ids::From(first) => docs.push(first + doc),
            Ids::Listed(ids) => docs.extend(ids.get(doc as usize).copied().flatten()),
        });
        self.front = self.entries.next();
    }
}

fn merge_sources(mut sources: Vec<Source<'_>>, doc_count: u32, out: &mut Vec<u8>) {
    let mut writer = Writer::new(doc_count, out);
    let mut docs = Vec::new();
    let mut before = None;
    while let Some(trigram) = sources.iter().filter_map(Source::trigram).min() {
        docs.clear();
        for source in &mut sources {
            if source.trigram() == Some(trigram) {
                source.take(&mut docs);
            }
        }
        // Renumbering may interleave the tables' documents.
        if !docs.is_sorted_by(|a, b| a < b) {
            docs.sort_unstable();
            docs.dedup();
        }
        // Only damaged tables repeat a trigram or go back to a lower one.
        if !docs.is_empty() && before.is_none_or(|before| before < trigram) {
            writer.add(trigram, &docs);
            before = Some(trigram);
        }
    }
    writer.finish();
}
