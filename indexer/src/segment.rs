//! One immutable segment: the facts of some files and the tables over them, as bytes to map.
//!
//! Layout: a header with a checksummed table of sections, then the sections. Names are ordinals of
//! one sorted table; every file's facts are a blob of their own that never changes when segments
//! merge, because names inside a file are numbered in alphabetical order, as ordinals are.

mod bits;
pub(crate) mod bytes;
pub(crate) mod doc;
pub(crate) mod letters;
pub(crate) mod names;
mod terms;
pub(crate) mod write;

use crate::language::Language;
use crate::search::{Sketch, Standing};
use crate::trigram;
use bytes::Reader;
use letters::Letters;
use names::Names;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use terms::Terms;
use xxhash_rust::xxh3::xxh3_64;

/// Changes whenever the layout or what is extracted changes; older files are rebuilt.
pub(crate) const SCHEMA: u32 = 12;

const MAGIC: &[u8; 8] = b"DTINDEX\0";
const SECTIONS: usize = 8;
/// Bytes of the header, with its checksum.
pub(crate) const HEADER: usize = 8 + 4 + 4 + 4 + 4 + SECTIONS * 24 + 8;
const DOC_RECORD: usize = 35;
/// Sizes and places in a record have so many bits.
const NUMBER_BITS: u32 = 48;

/// The sections, in file order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Docs,
    Paths,
    Names,
    Letters,
    Terms,
    Postings,
    Blobs,
    Trigrams,
}

/// Why bytes are not a segment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum OpenError {
    #[error("not an index file, or cut short")]
    Malformed,
    #[error("written by another version")]
    OtherVersion,
    #[error("damaged: a checksum does not match")]
    Damaged,
}

/// Bytes that stay where they are: a mapped file or memory.
pub(crate) trait Bytes: AsRef<[u8]> + Send + Sync {}
impl<T: AsRef<[u8]> + Send + Sync> Bytes for T {}

/// How a file was on disk when it was indexed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Bytes.
    pub(crate) size: u64,
    /// Nanoseconds since 1970; 0 for text that is not on disk.
    pub(crate) modified: i64,
    /// XXH3 of the bytes.
    pub(crate) hash: u64,
}

/// What is kept of a file besides its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) language: Option<Language>,
    /// The text has no trigrams here (binary, too large): text search must read it.
    pub(crate) unsearched: bool,
    /// A NUL byte stands near the start.
    pub(crate) binary: bool,
    /// Read in the same moment as it was written: the next check must compare hashes.
    pub(crate) doubtful: bool,
    pub(crate) stat: Stat,
}

/// The paths of all documents, one after the other.
#[derive(Default)]
struct Paths {
    text: String,
    ends: Vec<usize>,
}

/// An opened segment.
pub(crate) struct Segment {
    bytes: Arc<dyn Bytes>,
    sections: [Range<usize>; SECTIONS],
    checksums: [u64; SECTIONS],
    docs: u32,
    terms: u32,
    /// Filled on first use: a path is wanted for nearly every answer.
    paths: OnceLock<Paths>,
    /// Something read later turned out damaged: answers from here must not be used.
    damaged: AtomicBool,
    /// 0: trigrams not looked at; 1: checked; 2: damaged.
    trigrams_checked: AtomicU8,
}

impl Segment {
    /// Opens a segment; checks everything but the blobs and trigrams, which are checked when read.
    pub(crate) fn open(bytes: Arc<dyn Bytes>) -> Result<Self, OpenError> {
        let all = (*bytes).as_ref();
        let header = all.get(..HEADER).ok_or(OpenError::Malformed)?;
        if &header[..8] != MAGIC {
            return Err(OpenError::Malformed);
        }
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        if word(8) != SCHEMA || word(12) != grammars() {
            return Err(OpenError::OtherVersion);
        }
        if long(HEADER - 8) != xxh3_64(&header[..HEADER - 8]) {
            return Err(OpenError::Damaged);
        }
        let mut sections: [Range<usize>; SECTIONS] = Default::default();
        let mut checksums = [0; SECTIONS];
        for (index, section) in sections.iter_mut().enumerate() {
            let at = 24 + index * 24;
            let from = usize::try_from(long(at)).map_err(|_| OpenError::Malformed)?;
            let len = usize::try_from(long(at + 8)).map_err(|_| OpenError::Malformed)?;
            let to = from.checked_add(len).filter(|to| *to <= all.len()).ok_or(OpenError::Malformed)?;
            *section = from..to;
            checksums[index] = long(at + 16);
            let late = index == Section::Blobs as usize || index == Section::Trigrams as usize;
            if !late && xxh3_64(&all[section.clone()]) != checksums[index] {
                return Err(OpenError::Damaged);
            }
        }
        let (docs, terms) = (word(16), word(20));
        if sections[0].len() != docs as usize * DOC_RECORD {
            return Err(OpenError::Damaged);
        }
        Ok(Self {
            bytes,
            sections,
            checksums,
            docs,
            terms,
            paths: OnceLock::new(),
            damaged: AtomicBool::new(false),
            trigrams_checked: AtomicU8::new(0),
        })
    }

    pub(crate) fn section(&self, section: Section) -> &[u8] {
        &(*self.bytes).as_ref()[self.sections[section as usize].clone()]
    }

    /// The whole segment.
    pub(crate) fn bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// Size of the whole segment, in bytes.
    pub(crate) fn len(&self) -> usize {
        (*self.bytes).as_ref().len()
    }

    pub(crate) fn doc_count(&self) -> u32 {
        self.docs
    }

    pub(crate) fn term_count(&self) -> u32 {
        self.terms
    }

    /// All names, by ordinal.
    pub(crate) fn names(&self) -> Names<'_> {
        Names::open(self.section(Section::Names), self.terms)
    }

    /// What finds names by a part of them.
    pub(crate) fn letters(&self) -> Letters<'_> {
        Letters::open(self.section(Section::Letters), self.names())
    }

    /// Whether anything read so far failed its checksum.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    pub(crate) fn mark_damaged(&self) {
        self.damaged.store(true, Ordering::Relaxed);
    }

    // Documents.

    fn record(&self, doc: u32) -> &[u8] {
        let at = doc as usize * DOC_RECORD;
        self.section(Section::Docs).get(at..at + DOC_RECORD).unwrap_or(&[0; DOC_RECORD])
    }

    /// A document's path, relative to the root, with `/`.
    pub(crate) fn path(&self, doc: u32) -> &str {
        let Paths { text, ends } = self.paths.get_or_init(|| {
            let mut paths = Paths::default();
            let mut cursor = Names::open(self.section(Section::Paths), self.docs).range(0..self.docs);
            while let Some((_, path)) = cursor.advance() {
                paths.text.push_str(std::str::from_utf8(path).unwrap_or_default());
                paths.ends.push(paths.text.len());
            }
            paths
        });
        let end_of = |doc: usize| ends.get(doc).copied().unwrap_or_default();
        let from = (doc as usize).checked_sub(1).map_or(0, end_of);
        text.get(from..end_of(doc as usize)).unwrap_or_default()
    }

    /// What a document's path says of its symbols.
    pub(crate) fn standing(&self, doc: u32) -> Standing {
        let record = self.record(doc);
        Standing { of_tests: record[1] & 8 != 0, folders: record[2] }
    }

    /// The document of a path. Documents are in path order.
    pub(crate) fn doc_of(&self, path: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.docs);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.path(middle).cmp(path) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The first document whose path is not before `path`.
    pub(crate) fn first_doc_from(&self, path: &str) -> u32 {
        let (mut low, mut high) = (0, self.docs);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.path(middle) < path { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// One of the two numbers of a record that have fewer than 64 bits.
    fn number(&self, doc: u32, at: usize) -> u64 {
        bytes::u64_at(self.record(doc), at) & ((1 << NUMBER_BITS) - 1)
    }

    pub(crate) fn meta(&self, doc: u32) -> Meta {
        let record = self.record(doc);
        Meta {
            language: Language::from_number(record[0]),
            unsearched: record[1] & 1 != 0,
            doubtful: record[1] & 2 != 0,
            binary: record[1] & 4 != 0,
            stat: Stat {
                size: self.number(doc, 3),
                modified: bytes::u64_at(record, 9).cast_signed(),
                hash: bytes::u64_at(record, 17),
            },
        }
    }

    /// The documents that text search must always read.
    pub(crate) fn unsearched(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.docs).filter(|doc| self.record(*doc)[1] & 1 != 0)
    }

    /// A document's terms and blob, as stored.
    pub(crate) fn stored(&self, doc: u32) -> Stored<'_> {
        let end_of = |doc: u32| usize::try_from(self.number(doc, 25)).unwrap_or(usize::MAX);
        let from = doc.checked_sub(1).map_or(0, end_of);
        let stored = self.section(Section::Blobs).get(from..end_of(doc)).unwrap_or_default();
        let sound = xxh3_64(stored) as u32 == bytes::u32_at(self.record(doc), 31);
        if !sound {
            self.mark_damaged();
            return Stored { terms: Terms::new(&[], 0), count: 0, blob: &[] };
        }
        let mut reader = Reader::new(stored);
        let (count, terms_len) = (reader.varint(), reader.varint() as usize);
        let coded = reader.take(terms_len);
        // Each takes a bit at least.
        let count = count.min(crate::extract::offset(coded.len()).saturating_mul(8));
        let terms = Terms::new(coded, count);
        Stored { terms, count, blob: reader.rest() }
    }

    // Terms.

    /// The ordinal of a name.
    pub(crate) fn term(&self, name: &str) -> Option<u32> {
        self.names().find(name.as_bytes())
    }

    /// The name of an ordinal.
    pub(crate) fn name(&self, term: u32) -> Option<String> {
        String::from_utf8(self.names().get(term)?).ok()
    }

    /// Where the term's postings lie.
    fn postings_range(&self, term: u32) -> Range<usize> {
        let table = self.section(Section::Terms);
        let block = (term / write::TERM_BLOCK) as usize;
        let blocks = self.terms.div_ceil(write::TERM_BLOCK) as usize;
        let start = bytes::u32_at(table.get(block * 8..).unwrap_or_default(), 0) as usize;
        let at = bytes::u32_at(table.get(block * 8 + 4..).unwrap_or_default(), 0) as usize;
        let mut reader = Reader::new(table.get(blocks * 8 + at..).unwrap_or_default());
        let mut from = start;
        for _ in 0..term % write::TERM_BLOCK {
            from += reader.varint() as usize;
        }
        from..from + reader.varint() as usize
    }

    /// Whether some document defines the term outside of functions.
    pub(crate) fn is_defined(&self, term: u32) -> bool {
        self.letters().is_defined(term)
    }

    /// The documents that have the name, ascending, each with whether it defines it.
    pub(crate) fn postings(&self, term: u32) -> impl Iterator<Item = (u32, bool)> {
        self.sketches(term).map(|(doc, sketch)| (doc, sketch.is_defined()))
    }

    /// The documents that have the name, ascending, each with what it defines by it.
    pub(crate) fn sketches(&self, term: u32) -> Postings<'_> {
        let range = self.postings_range(term);
        Postings {
            reader: Reader::new(self.section(Section::Postings).get(range).unwrap_or_default()),
            doc: 0,
        }
    }

    /// The trigram table, checked on first use.
    pub(crate) fn trigrams(&self) -> Option<trigram::Table<'_>> {
        let section = self.section(Section::Trigrams);
        if self.trigrams_checked.load(Ordering::Relaxed) == 0 {
            let sound = xxh3_64(section) == self.checksums[Section::Trigrams as usize];
            self.trigrams_checked.store(if sound { 1 } else { 2 }, Ordering::Relaxed);
            if !sound {
                self.mark_damaged();
            }
        }
        if self.trigrams_checked.load(Ordering::Relaxed) != 1 {
            return None;
        }
        trigram::Table::open(section)
    }
}

/// A document's bytes before they are decoded.
pub(crate) struct Stored<'s> {
    terms: Terms<'s>,
    count: u32,
    pub(crate) blob: &'s [u8],
}

impl Stored<'_> {
    /// How many names the document has.
    pub(crate) fn names(&self) -> u32 {
        self.count
    }

    /// The document's names as ordinals, ascending.
    pub(crate) fn terms(&self) -> Vec<u32> {
        self.terms.clone().collect()
    }

    /// The ordinal of a name that has a number in the document.
    pub(crate) fn term(&self, local: u32) -> Option<u32> {
        self.terms.clone().nth(local as usize)
    }

    /// The document's own number for an ordinal.
    pub(crate) fn local(&self, wanted: u32) -> Option<u32> {
        let mut terms = (0..).zip(self.terms.clone());
        let (local, term) = terms.find(|(_, term)| *term >= wanted)?;
        (term == wanted).then_some(local)
    }
}

/// Iterates over documents, each with what it defines by the name.
pub(crate) struct Postings<'s> {
    reader: Reader<'s>,
    doc: u32,
}

impl Iterator for Postings<'_> {
    type Item = (u32, Sketch);

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let entry = self.reader.varint();
        self.doc = self.doc.wrapping_add(entry >> 1);
        let sketch = if entry & 1 == 0 { 0 } else { self.reader.byte() };
        Some((self.doc, Sketch(sketch)))
    }
}

/// A number that changes with any grammar's version, which changes what is extracted.
pub(crate) fn grammars() -> u32 {
    static NUMBER: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *NUMBER.get_or_init(|| {
        let mut text = env!("CARGO_PKG_VERSION").to_owned();
        for language in Language::ALL {
            let grammar = language.grammar();
            let size = (grammar.abi_version(), grammar.node_kind_count(), grammar.parse_state_count());
            text.push_str(&format!("{} {size:?};", language.name()));
        }
        xxh3_64(text.as_bytes()) as u32
    })
}
