//! Draws names from a corpus at random, yet the same ones each time: every name that tree-sitter sees in
//! code, and no text inside strings and comments.
#![expect(clippy::disallowed_methods, reason = "it reads the corpora")]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::num::NonZeroU16;

use tree_sitter::{Language, Parser, TreeCursor};

use super::{Name, Place};
use crate::corpora::{Corpus, FetchError, at};
use crate::random::Random;

/// Places of the same name that are asked about, for each declaration.
const ALIKE: usize = 300;

/// What is asked about.
pub(crate) struct Sample {
    /// Names anywhere in the code.
    pub(crate) names: Vec<Name>,
    /// Names at the place where a function, class, field or top-level variable is declared.
    pub(crate) declarations: Vec<Name>,
    /// For each of those, other places where the same name stands, by chance where there are many.
    pub(crate) alike: Vec<Vec<Place>>,
    /// Paths and first bytes of all names there are in code.
    pub(crate) in_code: HashSet<(String, usize)>,
}

/// One name as found, small enough to keep all of a corpus.
#[derive(Clone, Copy)]
struct Found {
    file: usize,
    start: usize,
    end: usize,
    node: u16,
    parent: u16,
    field: Option<NonZeroU16>,
    declared: Declared,
}

/// Whether a name's place makes it a definition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Declared {
    /// `class Name`, `function name()`, a field or method.
    ByKeyword,
    /// `name = value`, `{ name: value }`.
    ByValue,
    No,
}

const NAMES: &[&str] = &[
    "identifier",
    "property_identifier",
    "private_property_identifier",
    "type_identifier",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
];

/// Nodes whose `name` field (`property` in JavaScript's classes) is a declaration, at any depth.
pub(crate) const DECLARING: &[&str] = &[
    "function_definition",
    "class_definition",
    "function_declaration",
    "generator_function_declaration",
    "function_signature",
    "class_declaration",
    "abstract_class_declaration",
    "interface_declaration",
    "type_alias_declaration",
    "enum_declaration",
    "method_definition",
    "method_signature",
    "abstract_method_signature",
    "public_field_definition",
    "field_definition",
    "property_signature",
];

/// At most `names` names and `declarations` declarations of `corpus`. Files that do not parse cleanly are
/// left out, and so are those with a byte order mark or a lone carriage return, in which tools count columns
/// and lines differently.
pub(crate) fn draw(corpus: &Corpus, names: usize, declarations: usize) -> Result<Sample, FetchError> {
    let mut all = Vec::new();
    let mut declared = Vec::new();
    let mut texts = Vec::with_capacity(corpus.files.len());
    for (file, path) in corpus.files.iter().enumerate() {
        let full = corpus.root.join(path);
        let text = String::from_utf8(fs::read(&full).map_err(at(&full))?).unwrap_or_default();
        if counts_alike(&text)
            && let Some(language) = grammar(path)
        {
            collect(file, &text, &language, &mut all, &mut declared);
        }
        texts.push(text);
    }
    let name = |found: Found| name(found, &corpus.files[found.file], &texts[found.file]);
    let word = |found: &Found| &texts[found.file][found.start..found.end];
    let in_code = all.iter().map(|found| (corpus.files[found.file].clone(), found.start)).collect();
    let declarations = choose(declared, declarations);
    let alike = declarations.iter().map(|declared| {
        let same = |found: &Found| word(found) == word(declared) && found.start != declared.start;
        let same = all.iter().copied().filter(same).collect();
        choose(same, ALIKE).into_iter().map(|found| name(found).place).collect()
    });
    Ok(Sample {
        in_code,
        alike: alike.collect(),
        declarations: declarations.iter().copied().map(name).collect(),
        names: choose(all, names).into_iter().map(name).collect(),
    })
}

/// The names in the code of one file.
pub(crate) struct Names {
    by_start: HashMap<usize, Found>,
}

impl Names {
    /// Those of a file's text; none where it does not parse cleanly.
    pub(crate) fn of(path: &str, text: &str) -> Self {
        let mut all = Vec::new();
        if let Some(language) = grammar(path) {
            collect(0, text, &language, &mut all, &mut Vec::new());
        }
        Self { by_start: all.into_iter().map(|found| (found.start, found)).collect() }
    }

    /// The name that starts at a byte of that same text.
    pub(crate) fn at(&self, path: &str, text: &str, start: usize) -> Option<Name> {
        Some(name(*self.by_start.get(&start)?, path, text))
    }

    /// Whether there is none, as in a file that does not parse cleanly.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_start.is_empty()
    }

    /// The first bytes of the names that a declaration gives to a function, class, type or member.
    pub(crate) fn declared(&self) -> impl Iterator<Item = usize> + '_ {
        self.by_start.values().filter(|found| found.declared == Declared::ByKeyword).map(|found| found.start)
    }

    /// Whether the name at a byte is one that a value is given to: by a variable's declaration, an assignment,
    /// or as a key.
    pub(crate) fn is_given(&self, start: usize) -> bool {
        self.by_start.get(&start).is_some_and(|found| found.declared == Declared::ByValue)
    }
}

fn counts_alike(text: &str) -> bool {
    let bytes = text.as_bytes();
    let lone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
    !text.starts_with('\u{feff}') && !memchr::memchr_iter(b'\r', bytes).any(|at| lone(&at))
}

fn grammar(path: &str) -> Option<Language> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "py" | "pyi" => tree_sitter_python::LANGUAGE.into(),
        "ts" | "mts" | "cts" => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        "tsx" => tree_sitter_typescript::LANGUAGE_TSX.into(),
        "js" | "mjs" | "cjs" | "jsx" => tree_sitter_javascript::LANGUAGE.into(),
        _ => return None,
    })
}

fn collect(file: usize, text: &str, language: &Language, all: &mut Vec<Found>, listed: &mut Vec<Found>) {
    let mut parser = Parser::new();
    parser.set_language(language).expect("the grammars are built for this version of tree-sitter");
    let tree = parser.parse(text, None).expect("a parser with a language and no time limit always answers");
    if tree.root_node().has_error() {
        return;
    }
    let mut cursor = tree.walk();
    let mut parents = Vec::new();
    loop {
        let node = cursor.node();
        if let Some(&parent) = parents.last()
            && NAMES.contains(&node.kind())
            && !node.is_missing()
        {
            let (start, end, field) = (node.start_byte(), node.end_byte(), cursor.field_id());
            let (kind, name) = (language.node_kind_for_id(parent).unwrap_or_default(), cursor.field_name());
            let declared = declared(kind, name);
            let found = Found { file, start, end, node: node.kind_id(), parent, field, declared };
            all.push(found);
            if is_listed(declared, kind, name, parents.len()) {
                listed.push(found);
            }
        }
        if !advance(&mut cursor, &mut parents) {
            return;
        }
    }
}

fn declared(parent: &str, field: Option<&str>) -> Declared {
    match (parent, field) {
        (parent, Some("name" | "property")) if DECLARING.contains(&parent) => Declared::ByKeyword,
        ("variable_declarator", Some("name"))
        | ("assignment", Some("left"))
        | ("assignment_expression", Some("left"))
        | ("member_expression", Some("property"))
        | ("pair", Some("key"))
        // The name of a class or function that is itself a value.
        | ("class" | "function_expression" | "generator_function", Some("name")) => Declared::ByValue,
        _ => Declared::No,
    }
}

/// Whether a name is one that an outline would show. `depth` counts the nodes above it.
fn is_listed(declared: Declared, parent: &str, field: Option<&str>, depth: usize) -> bool {
    match (parent, field) {
        _ if declared == Declared::ByKeyword => true,
        // Deeper ones are local variables.
        ("variable_declarator", Some("name")) => depth <= 4,
        ("assignment", Some("left")) => depth <= 3,
        _ => false,
    }
}

/// Moves to the next node in text order, keeping the kinds of the nodes above it.
fn advance(cursor: &mut TreeCursor, parents: &mut Vec<u16>) -> bool {
    let kind = cursor.node().kind_id();
    if cursor.goto_first_child() {
        parents.push(kind);
        return true;
    }
    while !cursor.goto_next_sibling() {
        if !cursor.goto_parent() {
            return false;
        }
        parents.pop();
    }
    true
}

fn name(found: Found, path: &str, text: &str) -> Name {
    let before = &text[..found.start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count();
    let col = before[line_start..].encode_utf16().count();
    let language = grammar(path).expect("names come from files that were parsed");
    let kind = |id: u16| language.node_kind_for_id(id).unwrap_or_default().to_owned();
    let small = |number: usize| u32::try_from(number).expect("sources are smaller than 4 GiB");
    Name {
        place: Place { path: path.to_owned(), line: small(line), col: small(col), offset: found.start },
        name: text[found.start..found.end].to_owned(),
        node: kind(found.node),
        parent: kind(found.parent),
        field: found.field.and_then(|id| language.field_name_for_id(id.get())).map(str::to_owned),
    }
}

/// `count` of `all` by chance, in text order; the chance is the same each time.
fn choose(mut all: Vec<Found>, count: usize) -> Vec<Found> {
    let count = count.min(all.len());
    let mut random = Random::new(0);
    for chosen in 0..count {
        let left = all.len() - chosen;
        all.swap(chosen, chosen + random.below(left));
    }
    all.truncate(count);
    all.sort_unstable_by_key(|found| (found.file, found.start));
    all
}
