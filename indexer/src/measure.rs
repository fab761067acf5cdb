//! What only the benchmarks ask: one step of indexing alone, and where an index's bytes go.

use crate::extract::extract;
use crate::file::{FILE_LIMIT, Workshop, hash};
use crate::index::Index;
use crate::language::Language;
use crate::segment::doc::encode;
use crate::segment::write::Builder;
use crate::segment::{Meta, Section, Stat};
use crate::walk::{read_file, read_into};
use crate::{project, text, trigram};
use std::path::Path;

/// Reads files below a root, in path order, and makes a segment of their structure, without the trigrams: as
/// [`crate::store::Store::refresh`] does it, on this thread alone. Gives the segment's size in bytes.
#[must_use]
pub fn structure(root: &Path, paths: &[String]) -> usize {
    let mut workshop = Workshop::default();
    let (mut builder, mut bytes) = (Builder::default(), Vec::new());
    for path in paths {
        if read_into(&root.join(path), u64::from(u32::MAX), &mut bytes).is_none() {
            continue;
        }
        let stat = Stat { size: bytes.len() as u64, modified: 0, hash: hash(&bytes) };
        let text = text::decode(&bytes);
        let language = Language::of_path(path).filter(|_| text.len() < FILE_LIMIT);
        let tree = language.and_then(|language| workshop.parsers.parse(language, &text, None));
        let facts = match (language, &tree) {
            (Some(language), Some(tree)) => extract(language, &text, tree),
            _ => project::facts(path, &text),
        };
        let meta = Meta { language, unsearched: false, binary: false, doubtful: false, stat };
        builder.add(path, meta, &encode(&facts, language), &[]);
    }
    builder.finish().len()
}

/// Reads files below a root, in path order, and makes the trigram table over them. Gives its size in bytes.
#[must_use]
pub fn trigrams(root: &Path, paths: &[String]) -> usize {
    let mut scratch = trigram::Scratch::default();
    let mut builder = trigram::Builder::default();
    let mut found = Vec::new();
    for (doc, path) in (0u32..).zip(paths) {
        let Some(bytes) = read_file(&root.join(path), u64::from(u32::MAX)) else { continue };
        found.clear();
        trigram::extract(&text::decode(&bytes), &mut scratch, &mut found);
        builder.add(doc, &found);
    }
    let mut table = Vec::new();
    builder.finish(&mut table);
    table.len()
}

/// Bytes of each section over all segments of an index, by the section's name.
#[must_use]
pub fn section_sizes(index: &Index) -> Vec<(&'static str, u64)> {
    const SECTIONS: [(Section, &str); 8] = [
        (Section::Docs, "files"),
        (Section::Paths, "paths"),
        (Section::Names, "names"),
        (Section::Letters, "letters of names"),
        (Section::Terms, "terms"),
        (Section::Postings, "postings"),
        (Section::Blobs, "symbols and references"),
        (Section::Trigrams, "trigrams"),
    ];
    let size = |section| index.parts.iter().map(|part| part.segment.section(section).len() as u64).sum();
    SECTIONS.into_iter().map(|(section, name)| (name, size(section))).collect()
}
