//! An immutable view of the index, and the plain values its answers are made of.

mod facts;

use crate::language::Language;
use crate::segment::doc;
use crate::segment::{Meta, Segment};
use crate::symbol::{ImportFact, ImportKind, NONE, NameId, SymbolFact, SymbolKind};
use std::ops::Range;
use std::sync::Arc;

pub(crate) use facts::FileFacts;

/// Which documents of a segment hold.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) words: Vec<u64>,
    docs: u32,
}

impl Live {
    fn all(docs: u32) -> Self {
        let mut words = vec![u64::MAX; (docs as usize).div_ceil(64)];
        if let Some(last) = words.last_mut().filter(|_| !docs.is_multiple_of(64)) {
            *last = (1 << (docs % 64)) - 1;
        }
        Self { words, docs }
    }

    /// The set stored with a saved index; `None` when its size does not fit.
    pub(crate) fn from_words(words: Vec<u64>, docs: u32) -> Option<Self> {
        let all = Self::all(docs);
        let fits = words.len() == all.words.len() && words.iter().zip(&all.words).all(|(a, b)| a & !b == 0);
        fits.then_some(Self { words, docs })
    }

    pub(crate) fn has(&self, doc: u32) -> bool {
        self.words.get(doc as usize / 64).is_some_and(|word| word & (1 << (doc % 64)) != 0)
    }

    pub(crate) fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.docs).filter(|doc| self.has(*doc))
    }
}

/// A segment with what of it holds.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) segment: Arc<Segment>,
    pub(crate) live: Arc<Live>,
}

impl Part {
    pub(crate) fn new(segment: Arc<Segment>) -> Self {
        let live = Live::all(segment.doc_count());
        Self::with_live(segment, live)
    }

    pub(crate) fn with_live(segment: Arc<Segment>, live: Live) -> Self {
        Self { segment, live: Arc::new(live) }
    }
}

/// A file of one snapshot: its part and its document there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileId {
    pub(crate) part: u32,
    pub(crate) doc: u32,
}

/// A view of the index at one moment. Cloning costs two reference counts; any number of threads
/// may ask while the index goes on changing.
#[derive(Clone)]
pub struct Snapshot {
    parts: Arc<[Part]>,
    complete: bool,
}

/// One definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// With the symbols around it: `Class.method`.
    pub qualified: String,
    pub kind: SymbolKind,
    /// Relative to the root, with `/`.
    pub path: String,
    /// The whole definition, in bytes.
    pub range: Range<u32>,
    /// The name alone, in bytes.
    pub name_range: Range<u32>,
    /// From the start of the definition to its body, in bytes; see [`crate::text_of::signature`].
    pub signature_range: Range<u32>,
    /// The doc comment or string, in bytes; empty when there is none.
    pub doc_range: Range<u32>,
    /// Whether other files can use it.
    pub exported: bool,
    /// A parameter or variable of a function: left out of outlines.
    pub local: bool,
    /// Symbols around it.
    pub depth: u32,
    /// Which of the file's symbols it is.
    pub(crate) id: SymbolId,
}

/// A symbol of one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SymbolId {
    pub(crate) file: FileId,
    pub(crate) index: u32,
}

/// What an import statement says, one for each name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub kind: ImportKind,
    /// The module as written; empty for exports of local names.
    pub module: String,
    /// The name asked of the module.
    pub name: Option<String>,
    /// The name it has here or is exported as.
    pub alias: Option<String>,
    /// Bytes from the start of the file.
    pub offset: u32,
}

/// A file of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    pub path: String,
    /// `None` for files that are only searched as text.
    pub language: Option<Language>,
    /// Bytes.
    pub size: u64,
    /// XXH3 of the bytes that were indexed.
    pub hash: u64,
}

/// Totals of an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files in a language that is parsed.
    pub parsed: u64,
    /// Without locals.
    pub symbols: u64,
    pub references: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Files with a NUL byte near the start: neither parsed nor searched.
    pub binary: u64,
    /// Files past the size limit, not read.
    pub too_large: u64,
    /// Files of a known language that took too long to parse, searched as text.
    pub too_slow: u64,
    /// Files with text that the parser could not place.
    pub with_errors: u64,
}

impl Snapshot {
    pub(crate) fn new(parts: Arc<[Part]>, complete: bool) -> Self {
        Self { parts, complete }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the whole tree has been taken in. While it has not, answers are right about the
    /// files that are there and say nothing of the others.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether a stored file turned out damaged while questions were answered from it. What was
    /// answered must then be thrown away and asked again of an index built anew.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.parts.iter().any(|part| part.segment.is_damaged())
    }

    /// Number of files.
    #[must_use]
    pub fn file_count(&self) -> usize {
        self.parts.iter().map(|part| part.live.count() as usize).sum()
    }

    /// All files, part by part in path order.
    pub fn files(&self) -> impl Iterator<Item = FileEntry> + '_ {
        self.file_ids().map(|id| {
            let meta = self.meta(id);
            FileEntry {
                path: self.path(id).to_owned(),
                language: meta.language,
                size: meta.stat.size,
                hash: meta.stat.hash,
            }
        })
    }

    /// What the index holds in all.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for id in self.file_ids() {
            let meta = self.meta(id);
            let facts = self.facts(id);
            counts.bytes += meta.stat.size;
            counts.parsed += u64::from(meta.language.is_some());
            counts.binary += u64::from(meta.binary);
            counts.too_large += u64::from(meta.unsearched);
            let is_known = Language::of_path(self.path(id)).is_some();
            let unparsed = meta.language.is_none() && !meta.binary && !meta.unsearched;
            counts.too_slow += u64::from(unparsed && is_known);
            counts.with_errors += u64::from(facts.doc.has_errors);
            counts.symbols += facts.doc.symbols().iter().filter(|symbol| !symbol.local).count() as u64;
            counts.references += facts.doc.use_count() as u64;
        }
        counts
    }

    pub(crate) fn file_ids(&self) -> impl Iterator<Item = FileId> + '_ {
        (0u32..)
            .zip(self.parts.iter())
            .flat_map(|(part, held)| held.live.iter().map(move |doc| FileId { part, doc }))
    }

    pub(crate) fn segment(&self, file: FileId) -> &Segment {
        &self.parts[file.part as usize].segment
    }

    pub(crate) fn path(&self, file: FileId) -> &str {
        self.segment(file).path(file.doc)
    }

    pub(crate) fn meta(&self, file: FileId) -> Meta {
        self.segment(file).meta(file.doc)
    }

    /// The file of a path.
    pub(crate) fn file(&self, path: &str) -> Option<FileId> {
        (0u32..).zip(self.parts.iter()).find_map(|(part, held)| {
            let doc = held.segment.doc_of(path).filter(|doc| held.live.has(*doc))?;
            Some(FileId { part, doc })
        })
    }

    /// Whether any file lies under a folder.
    #[must_use]
    pub fn has_folder(&self, folder: &str) -> bool {
        let prefix = format!("{folder}/");
        self.parts.iter().any(|part| {
            let segment = &part.segment;
            (segment.first_doc_from(&prefix)..segment.doc_count())
                .take_while(|doc| segment.path(*doc).starts_with(&prefix))
                .any(|doc| part.live.has(doc))
        })
    }

    /// Whether the index has the path.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    /// The hash of the bytes that the path's answers come from.
    #[must_use]
    pub fn content_hash(&self, path: &str) -> Option<u64> {
        Some(self.meta(self.file(path)?).stat.hash)
    }

    /// Whether the path's answers come from these bytes.
    #[must_use]
    pub fn is_of(&self, path: &str, bytes: &[u8]) -> bool {
        self.content_hash(path) == Some(crate::file::hash(bytes))
    }

    pub(crate) fn facts(&self, file: FileId) -> FileFacts<'_> {
        FileFacts::new(self.segment(file), file)
    }

    /// The symbols of one file, without locals, in order of position. `None` for unknown paths.
    #[must_use]
    pub fn outline(&self, path: &str) -> Option<Vec<Symbol>> {
        let file = self.file(path)?;
        let facts = self.facts(file);
        let mut symbols: Vec<Symbol> = (0..crate::extract::offset(facts.doc.symbols().len()))
            .filter(|index| !facts.doc.symbols()[*index as usize].local)
            .map(|index| self.symbol(&facts, index))
            .collect();
        symbols.sort_by_key(|symbol| (symbol.range.start, std::cmp::Reverse(symbol.range.end)));
        Some(symbols)
    }

    /// The imports of one file, in order. `None` for unknown paths.
    #[must_use]
    pub fn imports(&self, path: &str) -> Option<Vec<Import>> {
        let facts = self.facts(self.file(path)?);
        let optional = |name: NameId| (name != NONE).then(|| facts.name(name));
        let import = |import: &ImportFact| Import {
            kind: import.kind,
            module: optional(import.module).unwrap_or_default(),
            name: optional(import.name),
            alias: optional(import.alias),
            offset: import.at,
        };
        Some(facts.doc.imports().iter().map(import).collect())
    }

    /// Whether the parser met text it could not place in the file. `None` for unknown paths.
    #[must_use]
    pub fn has_syntax_errors(&self, path: &str) -> Option<bool> {
        Some(self.facts(self.file(path)?).doc.has_errors)
    }

    pub(crate) fn symbol(&self, facts: &FileFacts<'_>, index: u32) -> Symbol {
        let fact = &facts.doc.symbols()[index as usize];
        let parent = if fact.local { facts.enclosing(fact.name_start) } else { fact.parent };
        let parent_of =
            |index: u32| facts.doc.symbols().get(index as usize).map(|symbol| (symbol.name, symbol.parent));
        let around = containers(parent, parent_of).collect();
        self.made(SymbolId { file: facts.file, index }, fact, around, &|name| facts.name(name))
    }

    /// The symbols (without locals) of a name in one file.
    pub(crate) fn symbols_in(&self, file: FileId, term: u32, each: &mut dyn FnMut(Symbol)) {
        let segment = self.segment(file);
        let stored = segment.stored(file.doc);
        let Some(local) = stored.local(term) else { return };
        doc::visit_named(stored.blob, local, |index, fact, parents| {
            let name_of = |name: NameId| {
                // That name's own number is known; others' are found one after the other.
                let term = if name == local { Some(term) } else { stored.term(name) };
                term.and_then(|term| segment.name(term)).unwrap_or_default()
            };
            let around = containers(fact.parent, |index| parents.get(index as usize).copied());
            each(self.made(SymbolId { file, index }, &fact, around.collect(), &name_of));
        });
    }

    /// A symbol from its fact and the names around it, innermost first.
    fn made(
        &self,
        id: SymbolId,
        fact: &SymbolFact,
        around: Vec<NameId>,
        name_of: &dyn Fn(NameId) -> String,
    ) -> Symbol {
        let name = name_of(fact.name);
        let name_range = fact.name_start..fact.name_start + crate::extract::offset(name.len());
        let depth = crate::extract::offset(around.len());
        let qualifier = Some(fact.qualifier).filter(|qualifier| *qualifier != NONE);
        let mut qualified = String::new();
        for around in around.into_iter().rev().chain(qualifier) {
            qualified.push_str(&name_of(around));
            qualified.push('.');
        }
        qualified.push_str(&name);
        // `A::B` of C++ is one name of the text.
        if qualified.contains("::") {
            qualified = qualified.replace("::", ".");
        }
        Symbol {
            qualified,
            name,
            kind: fact.kind,
            path: self.path(id.file).to_owned(),
            range: fact.range.start..fact.range.end.max(name_range.end),
            signature_range: fact.range.start..fact.signature_end.max(name_range.end),
            name_range,
            doc_range: fact.doc.clone(),
            exported: fact.exported,
            local: fact.local,
            depth,
            id,
        }
    }
}

/// The names of the symbols around one, innermost first. `parent_of` gives a symbol's name and parent.
fn containers(
    innermost: u32,
    parent_of: impl Fn(u32) -> Option<(NameId, u32)>,
) -> impl Iterator<Item = NameId> {
    let mut at = innermost;
    std::iter::from_fn(move || {
        let (name, parent) = parent_of(at)?;
        // Parents come before what they contain, so damaged numbers cannot go in circles.
        at = if parent < at { parent } else { NONE };
        Some(name)
    })
    .take(64)
}
