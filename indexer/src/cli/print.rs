//! Answers as tables for people and JSON for programs.

use devtoolkit_index::store::Store;
use devtoolkit_index::text::LineRole;
use devtoolkit_index::{
    Call, Definition, Hit, Import, Language, LineIndex, MatchKind, Place, QueryMatch, Reference, RepoMap,
    Snapshot, Symbol, TextHit, TextHits, text_of,
};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;
use std::rc::Rc;

/// What a command prints.
pub(crate) struct Answer {
    pub(crate) text: String,
    /// Nothing was found.
    pub(crate) empty: bool,
    /// A file's text is not the indexed one any more.
    pub(crate) stale: bool,
}

/// The texts that answers quote, each read once.
pub(crate) struct Texts<'a> {
    store: &'a Store,
    snapshot: &'a Snapshot,
    texts: RefCell<HashMap<String, Option<Rc<str>>>>,
    stale: Cell<bool>,
}

/// Texts kept at once; answers are sorted by path, so few are needed again.
const TEXTS: usize = 256;

impl<'a> Texts<'a> {
    pub(crate) fn new(store: &'a Store, snapshot: &'a Snapshot) -> Self {
        Self { store, snapshot, texts: RefCell::default(), stale: Cell::new(false) }
    }

    /// A file's text, if it is still the indexed one.
    pub(crate) fn get(&self, path: &str) -> Option<Rc<str>> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let text: Option<Rc<str>> = self.store.text(self.snapshot, path).map(Into::into);
        if text.is_none() {
            self.stale.set(true);
        }
        let mut texts = self.texts.borrow_mut();
        if texts.len() >= TEXTS {
            texts.clear();
        }
        texts.insert(path.to_owned(), text.clone());
        text
    }

    /// Line and column from 1, the column in UTF-16 units; 0:0 when the text has changed.
    fn line_and_column(&self, path: &str, offset: u32) -> (u32, u32) {
        let Some(text) = self.get(path) else { return (0, 0) };
        let position = LineIndex::new(&text).position(offset);
        (position.line + 1, position.character + 1)
    }

    /// The line that an offset stands on, without its indentation.
    fn line(&self, path: &str, offset: u32) -> String {
        let Some(text) = self.get(path) else { return String::new() };
        let lines = LineIndex::new(&text);
        let line = lines.line(lines.position(offset).line).trim();
        line.chars().take(160).collect()
    }

    fn enclosing(&self, reference: &Reference) -> String {
        self.snapshot.enclosing(reference).map(|symbol| symbol.qualified).unwrap_or_default()
    }

    fn signature(&self, symbol: &Symbol) -> String {
        self.get(&symbol.path).map(|text| text_of::signature(&text, symbol)).unwrap_or_default()
    }

    fn doc(&self, symbol: &Symbol) -> String {
        self.get(&symbol.path).map(|text| text_of::doc_line(&text, symbol)).unwrap_or_default()
    }

    fn place(&self, path: &str, offset: u32) -> String {
        let (line, column) = self.line_and_column(path, offset);
        format!("{path}:{line}:{column}")
    }

    fn json_range(&self, path: &str, range: &Range<u32>) -> Value {
        let (line, column) = self.line_and_column(path, range.start);
        let (end_line, end_column) = self.line_and_column(path, range.end);
        json!({ "start": range.start, "end": range.end, "line": line, "column": column,
                "endLine": end_line, "endColumn": end_column })
    }

    fn json_symbol(&self, symbol: &Symbol) -> Value {
        json!({
            "name": symbol.name, "qualified": symbol.qualified, "kind": symbol.kind.name(),
            "kindNumber": symbol.kind as u8, "path": symbol.path,
            "nameRange": self.json_range(&symbol.path, &symbol.name_range),
            "range": self.json_range(&symbol.path, &symbol.range),
            "signature": self.signature(symbol), "doc": self.doc(symbol),
            "exported": symbol.exported, "depth": symbol.depth,
        })
    }
}

/// How answers are written.
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    fn answer(&self, texts: &Texts<'_>, json: &Value, empty: bool, human: impl FnOnce() -> String) -> Answer {
        let text = if self.json { format!("{json:#}\n") } else { human() };
        Answer { text, empty, stale: texts.stale.get() }
    }

    pub(crate) fn outline(
        &self,
        texts: &Texts<'_>,
        path: &str,
        symbols: &[Symbol],
        imports: &[Import],
        why_none: Option<&str>,
    ) -> Answer {
        let import = |import: &Import| {
            json!({ "module": import.module, "name": import.name, "alias": import.alias,
                    "kind": format!("{:?}", import.kind), "start": import.offset })
        };
        let json = json!({
            "path": path,
            "imports": imports.iter().map(import).collect::<Vec<_>>(),
            "symbols": symbols.iter().map(|symbol| texts.json_symbol(symbol)).collect::<Vec<_>>(),
        });
        self.answer(texts, &json, false, || {
            let mut table = Table::default();
            for symbol in symbols {
                let (line, _) = texts.line_and_column(path, symbol.name_range.start);
                let name = format!("{}{}", "  ".repeat(symbol.depth as usize), symbol.name);
                table.row([symbol.kind.name().to_owned(), name, line.to_string(), texts.signature(symbol)]);
            }
            table.text(&format!("{path} {}\n", why_none.unwrap_or("defines nothing")))
        })
    }

    pub(crate) fn hits(&self, texts: &Texts<'_>, query: &str, hits: &[Hit]) -> Answer {
        let hit = |hit: &Hit| {
            let mut value = texts.json_symbol(&hit.symbol);
            value["match"] = match_name(hit.kind).into();
            value
        };
        let json = json!({ "query": query, "hits": hits.iter().map(hit).collect::<Vec<_>>() });
        self.answer(texts, &json, hits.is_empty(), || {
            let mut table = Table::default();
            for Hit { symbol, .. } in hits {
                let place = texts.place(&symbol.path, symbol.name_range.start);
                table.row([
                    symbol.kind.name().to_owned(),
                    symbol.qualified.clone(),
                    place,
                    texts.signature(symbol),
                ]);
            }
            table.text(&format!("no symbol matches `{query}`\n"))
        })
    }

    pub(crate) fn definitions(&self, texts: &Texts<'_>, place: &str, definitions: &[Definition]) -> Answer {
        let definition = |definition: &Definition| {
            let mut value = match &definition.place {
                Place::Symbol(symbol) => texts.json_symbol(symbol),
                Place::Module { path } => json!({ "kind": "module", "path": path }),
            };
            value["certainty"] = definition.certainty.name().into();
            value
        };
        let json =
            json!({ "place": place, "definitions": definitions.iter().map(definition).collect::<Vec<_>>() });
        self.answer(texts, &json, definitions.is_empty(), || {
            let mut table = Table::default();
            for Definition { place, certainty } in definitions {
                let certainty = certainty.name().to_owned();
                match place {
                    Place::Symbol(symbol) => table.row([
                        certainty,
                        symbol.kind.name().to_owned(),
                        symbol.qualified.clone(),
                        texts.place(&symbol.path, symbol.name_range.start),
                        texts.signature(symbol),
                    ]),
                    Place::Module { path } => {
                        table.row([
                            certainty,
                            "module".to_owned(),
                            String::new(),
                            path.clone(),
                            String::new(),
                        ]);
                    }
                }
            }
            table.text(&format!("no name with a known definition stands at {place}\n"))
        })
    }

    pub(crate) fn references(
        &self,
        texts: &Texts<'_>,
        target: &str,
        found: &[Reference],
        limit: usize,
    ) -> Answer {
        let shown = &found[..found.len().min(limit)];
        let reference = |reference: &Reference| {
            json!({
                "path": reference.path, "range": texts.json_range(&reference.path, &reference.range),
                "role": reference.role.name(), "enclosing": texts.enclosing(reference),
                "certainty": reference.certainty.name(),
            })
        };
        let references: Vec<Value> = shown.iter().map(reference).collect();
        let json = json!({ "target": target, "total": found.len(), "references": references });
        self.answer(texts, &json, found.is_empty(), || {
            let mut table = Table::default();
            for reference in shown {
                table.row([
                    reference.certainty.name().to_owned(),
                    reference.role.name().to_owned(),
                    texts.place(&reference.path, reference.range.start),
                    texts.enclosing(reference),
                    texts.line(&reference.path, reference.range.start),
                ]);
            }
            more(table.text(&format!("nothing uses `{target}`\n")), found.len(), shown.len())
        })
    }

    pub(crate) fn calls(&self, texts: &Texts<'_>, target: &str, calls: &[Call]) -> Answer {
        let call = |call: &Call| {
            let mut value = texts.json_symbol(&call.symbol);
            value["call"] = json!({ "path": call.path, "range": texts.json_range(&call.path, &call.range) });
            value["depth"] = call.depth.into();
            value["certainty"] = call.certainty.name().into();
            value
        };
        let json = json!({ "target": target, "calls": calls.iter().map(call).collect::<Vec<_>>() });
        self.answer(texts, &json, calls.is_empty(), || {
            let mut table = Table::default();
            for call in calls {
                table.row([
                    call.depth.to_string(),
                    call.certainty.name().to_owned(),
                    call.symbol.qualified.clone(),
                    texts.place(&call.symbol.path, call.symbol.name_range.start),
                    format!("called at {}", texts.place(&call.path, call.range.start)),
                ]);
            }
            table.text(&format!("no calls known of `{target}`\n"))
        })
    }

    pub(crate) fn map(&self, texts: &Texts<'_>, map: &RepoMap, budget: usize) -> Answer {
        let symbols: Vec<Value> = map.symbols.iter().map(|symbol| texts.json_symbol(symbol)).collect();
        let json = json!({ "text": map.text, "symbols": symbols });
        self.answer(texts, &json, map.symbols.is_empty(), || {
            if map.text.is_empty() {
                format!(
                    "nothing to map: no symbol fits into {budget} tokens, or none is used by another file\n"
                )
            } else {
                map.text.clone()
            }
        })
    }

    pub(crate) fn text_hits(&self, texts: &Texts<'_>, pattern: &str, found: &TextHits) -> Answer {
        let hit = |hit: &TextHit| {
            let spans: Vec<[usize; 2]> = hit.spans.iter().map(|span| [span.start, span.end]).collect();
            json!({ "path": hit.path, "line": hit.line, "offset": hit.offset, "text": hit.text,
                    "isMatch": hit.role == LineRole::Match, "spans": spans })
        };
        let hits: Vec<Value> = found.hits.iter().map(hit).collect();
        let json = json!({ "pattern": pattern, "matches": found.matches, "more": found.more, "hits": hits });
        self.answer(texts, &json, found.matches == 0, || {
            let mut text = String::new();
            for hit in &found.hits {
                let mark = if hit.role == LineRole::Match { ':' } else { '-' };
                let _ = writeln!(text, "{}{mark}{}{mark}{}", hit.path, hit.line, hit.text);
            }
            if found.hits.is_empty() {
                let _ = writeln!(text, "no line matches `{pattern}`");
            }
            if found.more {
                let _ = writeln!(text, "… more; raise --limit or narrow with --path");
            }
            text
        })
    }

    pub(crate) fn counts(&self, texts: &Texts<'_>, pattern: &str, counts: &[(String, u64)]) -> Answer {
        let files: Vec<Value> =
            counts.iter().map(|(path, count)| json!({ "path": path, "matches": count })).collect();
        let json = json!({ "pattern": pattern, "files": files });
        self.answer(texts, &json, counts.is_empty(), || {
            let mut text = String::new();
            for (path, count) in counts {
                let _ = writeln!(text, "{path}:{count}");
            }
            if counts.is_empty() {
                let _ = writeln!(text, "no line matches `{pattern}`");
            }
            text
        })
    }

    pub(crate) fn matches(
        &self,
        texts: &Texts<'_>,
        query: &str,
        found: &[(String, QueryMatch)],
        limit: usize,
    ) -> Answer {
        let shown = &found[..found.len().min(limit)];
        let matched = |(path, matched): &(String, QueryMatch)| {
            let capture = |(name, range): &(String, Range<u32>)| json!({ "name": name, "range": texts.json_range(path, range) });
            let captures: Vec<Value> = matched.captures.iter().map(capture).collect();
            json!({ "path": path, "pattern": matched.pattern, "captures": captures })
        };
        let matches: Vec<Value> = shown.iter().map(matched).collect();
        let json = json!({ "query": query, "matches": matches, "more": found.len() > shown.len() });
        self.answer(texts, &json, found.is_empty(), || {
            let mut table = Table::default();
            for (path, matched) in shown {
                for (name, range) in &matched.captures {
                    table.row([
                        format!("@{name}"),
                        texts.place(path, range.start),
                        texts.line(path, range.start),
                    ]);
                }
            }
            more(table.text("no match\n"), found.len(), shown.len())
        })
    }
}

/// Why a file of the index has no symbols, where that is not for want of any.
pub(crate) fn why_no_symbols(snapshot: &Snapshot, path: &str, limit: u64) -> Option<&'static str> {
    let file = snapshot.files().find(|file| file.path == path)?;
    let is_known = Language::of_path(path).is_some();
    match file.language {
        Some(_) => None,
        None if file.size > limit => Some("is larger than --max-file-size, so it was not read"),
        None if is_known => Some("is binary or takes too long to parse, so it has no symbols here"),
        None => Some("is in no language that is parsed; `text` still searches it"),
    }
}

fn more(mut text: String, all: usize, shown: usize) -> String {
    if all > shown {
        let _ = writeln!(text, "… {} more; raise --limit or narrow with --path", all - shown);
    }
    text
}

fn match_name(kind: MatchKind) -> &'static str {
    match kind {
        MatchKind::Exact => "exact",
        MatchKind::ExactIgnoringCase => "exact-ignoring-case",
        MatchKind::Prefix => "prefix",
        MatchKind::PrefixIgnoringCase => "prefix-ignoring-case",
        MatchKind::Word => "word",
        MatchKind::Substring => "substring",
        MatchKind::Fuzzy => "fuzzy",
    }
}

/// Columns as wide as they need to be; the last one is left as it is.
#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
}

/// Columns are padded to this at most.
const COLUMN: usize = 60;

impl Table {
    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    fn text(&self, when_empty: &str) -> String {
        if self.rows.is_empty() {
            return when_empty.to_owned();
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count().min(COLUMN)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let _ = write!(line, "{cell:<width$}  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}
