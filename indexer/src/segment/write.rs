//! Making segments: from freshly extracted files, and by merging older segments.

use super::bytes::{head, put_varint};
use super::doc::Encoded;
use super::names::{self, Names};
use super::{DOC_RECORD, HEADER, MAGIC, Meta, NUMBER_BITS, SCHEMA, SECTIONS, Segment, grammars, letters};
use crate::extract::offset;
use crate::search::{Sketch, Standing};
use crate::symbol::NONE;
use crate::trigram;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

/// Terms between two entries of the term table that can be reached directly.
pub(super) const TERM_BLOCK: u32 = 32;

/// A name of a document, and what the document defines by it.
struct DocTerm {
    term: u32,
    sketch: Sketch,
}

/// Collects files, in path order, into a segment.
#[derive(Default)]
pub(crate) struct Builder {
    terms: FxHashMap<Box<str>, u32>,
    /// Terms of all documents, one after the other, by numbers of arrival.
    doc_terms: Vec<DocTerm>,
    docs: Vec<NewDoc>,
    paths: String,
    blobs: Vec<u8>,
    trigrams: trigram::Builder,
    text_bytes: usize,
}

struct NewDoc {
    meta: Meta,
    path_end: u32,
    terms_end: usize,
    blob_end: usize,
}

impl Builder {
    /// Adds a file. Paths must come in ascending order.
    pub(crate) fn add(&mut self, path: &str, meta: Meta, encoded: &Encoded, trigrams: &[u32]) {
        let doc = offset(self.docs.len());
        let mut from = 0;
        for (end, sketch) in &encoded.ends {
            let name = &encoded.text[from as usize..*end as usize];
            from = *end;
            let number = match self.terms.get(name) {
                Some(number) => *number,
                None => {
                    let number = offset(self.terms.len());
                    self.terms.insert(name.into(), number);
                    number
                }
            };
            self.doc_terms.push(DocTerm { term: number, sketch: *sketch });
        }
        self.paths.push_str(path);
        self.blobs.extend_from_slice(&encoded.blob);
        self.trigrams.add(doc, trigrams);
        self.text_bytes += usize::try_from(meta.stat.size).unwrap_or(0);
        self.docs.push(NewDoc {
            meta,
            path_end: offset(self.paths.len()),
            terms_end: self.doc_terms.len(),
            blob_end: self.blobs.len(),
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.docs.is_empty()
    }

    /// Bytes of text added so far.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// The segment, as bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut sorted: Vec<(u64, Box<str>, u32)> =
            self.terms.into_iter().map(|(name, number)| (head(&name), name, number)).collect();
        sorted.sort_unstable();
        let mut rank = vec![0; sorted.len()];
        let mut names = names::Writer::default();
        for (_, name, number) in &sorted {
            rank[*number as usize] = names.push(name.as_bytes());
        }
        let (names, count) = names.finish();
        let mut terms = self.doc_terms;
        for doc_term in &mut terms {
            doc_term.term = rank[doc_term.term as usize];
        }
        let mut trigrams = Vec::new();
        self.trigrams.finish(&mut trigrams);
        let (mut path_from, mut terms_from, mut blob_from) = (0, 0, 0);
        let docs: Vec<DocOut<'_>> = self
            .docs
            .iter()
            .map(|doc| {
                let out = DocOut {
                    path: &self.paths[path_from as usize..doc.path_end as usize],
                    meta: doc.meta,
                    terms: terms_from..doc.terms_end,
                    blob: &self.blobs[blob_from..doc.blob_end],
                };
                (path_from, terms_from, blob_from) = (doc.path_end, doc.terms_end, doc.blob_end);
                out
            })
            .collect();
        layout(&names, count, &docs, &terms, &trigrams)
    }
}

/// Merges the live documents of several segments into one. No path may be live in two of them.
pub(crate) fn merge(parts: &[(&Segment, &dyn Fn(u32) -> bool)]) -> Vec<u8> {
    let mut order: Vec<(&str, usize, u32)> = Vec::new();
    for (index, (segment, is_live)) in parts.iter().enumerate() {
        let live = (0..segment.doc_count()).filter(|doc| is_live(*doc));
        order.extend(live.map(|doc| (segment.path(doc), index, doc)));
    }
    order.sort_unstable();
    let mut used: Vec<Vec<bool>> =
        parts.iter().map(|(segment, _)| vec![false; segment.term_count() as usize]).collect();
    for (_, part, doc) in &order {
        for term in parts[*part].0.stored(*doc).terms() {
            if let Some(flag) = used[*part].get_mut(term as usize) {
                *flag = true;
            }
        }
    }
    let (names, count, moved) = merge_names(parts, &used);
    let mut terms = Vec::new();
    let mut docs = Vec::with_capacity(order.len());
    let mut new_ids: Vec<Vec<Option<u32>>> =
        parts.iter().map(|(segment, _)| vec![None; segment.doc_count() as usize]).collect();
    for (new, (path, part, doc)) in order.iter().enumerate() {
        let segment = parts[*part].0;
        new_ids[*part][*doc as usize] = Some(offset(new));
        let stored = segment.stored(*doc);
        let from = terms.len();
        let local = stored.terms();
        for (term, sketch) in local.iter().zip(sketches(stored.blob, local.len())) {
            terms.push(DocTerm { term: moved[*part].get(*term as usize).copied().unwrap_or(0), sketch });
        }
        docs.push(DocOut { path, meta: segment.meta(*doc), terms: from..terms.len(), blob: stored.blob });
    }
    let mut trigrams = Vec::new();
    let tables: Vec<_> = parts.iter().map(|(segment, _)| segment.trigrams()).collect();
    let mapped: Vec<_> = tables
        .iter()
        .zip(&new_ids)
        .filter_map(|(table, ids)| Some((table.as_ref()?, ids.as_slice())))
        .collect();
    trigram::merge(&mapped, &mut trigrams);
    layout(&names, count, &docs, &terms, &trigrams)
}

/// What a document defines outside of functions by each of its names.
fn sketches(blob: &[u8], count: usize) -> Vec<Sketch> {
    let mut sketches = vec![Sketch::default(); count];
    super::doc::visit_symbols(blob, |symbol| {
        if let Some(sketch) = sketches.get_mut(symbol.name as usize).filter(|_| !symbol.local) {
            sketch.add(symbol.kind, symbol.exported, symbol.parent == NONE);
        }
    });
    sketches
}

/// The union of the used names, and each part's new ordinals.
fn merge_names(
    parts: &[(&Segment, &dyn Fn(u32) -> bool)],
    used: &[Vec<bool>],
) -> (Vec<u8>, u32, Vec<Vec<u32>>) {
    let mut moved: Vec<Vec<u32>> = used.iter().map(|flags| vec![0; flags.len()]).collect();
    let mut writer = names::Writer::default();
    let tables: Vec<Names<'_>> = parts.iter().map(|(segment, _)| segment.names()).collect();
    names::union(&tables, |name, places| {
        let mut new = None;
        for (part, term) in places {
            let (part, term) = (*part as usize, *term as usize);
            if used[part].get(term) == Some(&true) {
                moved[part][term] = *new.get_or_insert_with(|| writer.push(name));
            }
        }
    });
    let (names, count) = writer.finish();
    (names, count, moved)
}

struct DocOut<'a> {
    path: &'a str,
    meta: Meta,
    /// Into the flat array of terms.
    terms: std::ops::Range<usize>,
    blob: &'a [u8],
}

/// Lays out a segment's file.
fn layout(names: &[u8], term_count: u32, docs: &[DocOut<'_>], terms: &[DocTerm], trigrams: &[u8]) -> Vec<u8> {
    let (term_table, postings) = invert(term_count, docs, terms);
    let mut defined = vec![false; term_count as usize];
    for doc_term in terms.iter().filter(|doc_term| doc_term.sketch.is_defined()) {
        defined[doc_term.term as usize] = true;
    }
    let letters = letters::table(Names::open(names, term_count), |term| defined[term as usize]);
    let (mut records, mut paths, mut blobs) = (Vec::new(), names::Writer::default(), Vec::new());
    let mut coded = Vec::new();
    for doc in docs {
        paths.push(doc.path.as_bytes());
        coded.clear();
        super::terms::put(&mut coded, terms[doc.terms.clone()].iter().map(|doc_term| doc_term.term));
        let from = blobs.len();
        put_varint(&mut blobs, offset(doc.terms.len()));
        put_varint(&mut blobs, offset(coded.len()));
        blobs.extend_from_slice(&coded);
        blobs.extend_from_slice(doc.blob);
        let sum = xxh3_64(&blobs[from..]) as u32;
        put_record(&mut records, doc, blobs.len(), sum);
    }
    let sections: [&[u8]; SECTIONS] =
        [&records, &paths.finish().0, names, &letters, &term_table, &postings, &blobs, trigrams];
    let size = HEADER + sections.iter().map(|section| section.len()).sum::<usize>();
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(MAGIC);
    for word in [SCHEMA, grammars(), offset(docs.len()), term_count] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    let mut at = HEADER as u64;
    for section in sections {
        for long in [at, section.len() as u64, xxh3_64(section)] {
            out.extend_from_slice(&long.to_le_bytes());
        }
        at += section.len() as u64;
    }
    let sum = xxh3_64(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    for section in sections {
        out.extend_from_slice(section);
    }
    out
}

fn put_record(out: &mut Vec<u8>, doc: &DocOut<'_>, blob_end: usize, sum: u32) {
    let start = out.len();
    let most = (1 << NUMBER_BITS) - 1;
    let number = |out: &mut Vec<u8>, number: u64| {
        out.extend_from_slice(&number.min(most).to_le_bytes()[..NUMBER_BITS as usize / 8]);
    };
    let (meta, Standing { of_tests, folders }) = (&doc.meta, Standing::of(doc.path));
    out.push(meta.language.map_or(0, |language| language as u8));
    let flags = [meta.unsearched, meta.doubtful, meta.binary, of_tests];
    out.push((0..).zip(flags).fold(0, |all, (place, flag)| all | u8::from(flag) << place));
    out.push(folders);
    number(out, meta.stat.size);
    out.extend_from_slice(&meta.stat.modified.to_le_bytes());
    out.extend_from_slice(&meta.stat.hash.to_le_bytes());
    number(out, blob_end as u64);
    out.extend_from_slice(&sum.to_le_bytes());
    debug_assert_eq!(out.len() - start, DOC_RECORD);
}

/// Turns documents' terms into terms' documents: the term table and the postings.
fn invert(term_count: u32, docs: &[DocOut<'_>], terms: &[DocTerm]) -> (Vec<u8>, Vec<u8>) {
    let mut starts = vec![0u32; term_count as usize + 1];
    for doc_term in terms {
        starts[doc_term.term as usize + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut flat = vec![(0u32, Sketch::default()); terms.len()];
    for (doc, out) in docs.iter().enumerate() {
        for DocTerm { term, sketch } in &terms[out.terms.clone()] {
            let slot = &mut starts[*term as usize];
            flat[*slot as usize] = (offset(doc), *sketch);
            *slot += 1;
        }
    }
    // Every start has moved to its end, which is the next one's start.
    let mut postings = Vec::with_capacity(terms.len() * 2);
    let (mut heads, mut lengths) = (Vec::new(), Vec::new());
    let mut from = 0;
    for term in 0..term_count {
        if term % TERM_BLOCK == 0 {
            heads.extend_from_slice(&offset(postings.len()).to_le_bytes());
            heads.extend_from_slice(&offset(lengths.len()).to_le_bytes());
        }
        let to = starts[term as usize] as usize;
        let mut before = 0;
        let length_before = postings.len();
        for (doc, sketch) in &flat[from..to] {
            put_varint(&mut postings, (doc - before) << 1 | u32::from(sketch.is_defined()));
            if sketch.is_defined() {
                postings.push(sketch.0);
            }
            before = *doc;
        }
        put_varint(&mut lengths, offset(postings.len() - length_before));
        from = to;
    }
    heads.extend_from_slice(&lengths);
    (heads, postings)
}
