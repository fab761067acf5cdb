//! One file's bytes → everything that a segment keeps of it.

use crate::extract::{extract, offset};
use crate::language::Language;
use crate::parse::Parsers;
use crate::segment::doc::{Encoded, encode};
use crate::segment::{Meta, Stat};
use crate::symbol::{Facts, Scope, ScopeKind, SymbolFact, SymbolKind};
use crate::{names, project, text, trigram};
use rustc_hash::FxHashMap;
use tree_sitter::Tree;
use xxhash_rust::xxh3::xxh3_64;

/// Larger files get no structure, whatever the settings say: offsets and flags share 32 bits.
pub(crate) const FILE_LIMIT: usize = 1 << 25;

/// A file, ready to be added to a segment.
pub(crate) struct Prepared {
    pub(crate) meta: Meta,
    pub(crate) encoded: Encoded,
    pub(crate) trigrams: Vec<u32>,
}

/// What turning files into facts needs again and again. Each thread has its own.
#[derive(Default)]
pub(crate) struct Workshop {
    pub(crate) parsers: Parsers,
    scratch: trigram::Scratch,
}

impl Workshop {
    /// Parses and extracts a file of any kind.
    pub(crate) fn prepare(&mut self, path: &str, bytes: &[u8], stat: Stat) -> Prepared {
        let text = text::decode(bytes);
        let language = Language::of_path(path).filter(|_| text.len() < FILE_LIMIT);
        let tree = language.and_then(|language| self.parsers.parse(language, &text, None));
        self.prepare_parsed(path, language, &text, stat, tree.as_ref())
    }

    /// A text of no language.
    pub(crate) fn prepare_text(&mut self, text: &[u8], stat: Stat) -> Prepared {
        self.prepare_parsed("", None, text, stat, None)
    }

    /// Only the names of definitions, where a scanner finds them: the first, quick tier.
    pub(crate) fn prepare_names(&mut self, path: &str, bytes: &[u8], stat: Stat) -> Prepared {
        let language = Language::of_path(path).filter(|language| *language == Language::Python);
        let facts = if language.is_some() { name_facts(bytes) } else { Facts::default() };
        prepared(language, &facts, stat, Vec::new())
    }

    /// The same with a tree that is already there.
    pub(crate) fn prepare_parsed(
        &mut self,
        path: &str,
        language: Option<Language>,
        text: &[u8],
        stat: Stat,
        tree: Option<&Tree>,
    ) -> Prepared {
        let facts = match (language, tree) {
            (Some(language), Some(tree)) => extract(language, text, tree),
            _ => project::facts(path, text),
        };
        let mut trigrams = Vec::new();
        trigram::extract(text, &mut self.scratch, &mut trigrams);
        prepared(language.filter(|_| tree.is_some()), &facts, stat, trigrams)
    }
}

fn prepared(language: Option<Language>, facts: &Facts<'_>, stat: Stat, trigrams: Vec<u32>) -> Prepared {
    let meta = Meta { language, unsearched: false, binary: false, doubtful: false, stat };
    Prepared { meta, encoded: encode(facts, language), trigrams }
}

/// What the names tier knows of a Python text: where `def` and `class` name something.
fn name_facts(text: &[u8]) -> Facts<'_> {
    let mut facts = Facts::default();
    facts.scopes.push(Scope { kind: ScopeKind::File, range: 0..offset(text.len()) });
    let mut known: FxHashMap<&str, u32> = FxHashMap::default();
    names::python(text, |found| {
        let bytes = &text[found.range.start as usize..found.range.end as usize];
        let Ok(name) = std::str::from_utf8(bytes) else { return };
        let id = *known.entry(name).or_insert_with(|| {
            facts.names.push(name);
            offset(facts.names.len() - 1)
        });
        let kind = match found.kind {
            names::NameKind::Function => SymbolKind::Function,
            names::NameKind::Class => SymbolKind::Class,
        };
        facts.symbols.push(SymbolFact::new(id, found.range, kind));
    });
    facts
}

/// A file that is known to be there but not read: binary, or past the limit.
pub(crate) fn unread(stat: Stat) -> Prepared {
    let mut prepared = prepared(None, &Facts::default(), stat, Vec::new());
    prepared.meta.unsearched = true;
    prepared
}

/// The hash by which contents are compared.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}
