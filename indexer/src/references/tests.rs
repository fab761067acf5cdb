//! Small projects in, definitions and uses out. `--- path` begins a file; `$` marks what is asked about.

mod generated;
mod python;
mod typescript;

use super::*;
use crate::Index;
use std::fmt::Write;

/// The index of a project, and where its mark stands.
fn project(texts: &str) -> (Index, String, u32) {
    let mut index = Index::new();
    let mut marked = None;
    for file in texts.split("--- ").skip(1) {
        let (path, text) = file.split_once('\n').expect("a file's text begins on the line after its path");
        if let Some(at) = text.find('$') {
            marked = Some((path.to_owned(), crate::extract::offset(at)));
        }
        index.update(path, &text.replace('$', ""));
    }
    let (path, at) = marked.expect("one name is marked");
    (index, path, at)
}

fn line(index: &Index, path: &str, at: u32) -> usize {
    let text = index.text(path).expect("files of the project are there");
    text[..at as usize].matches('\n').count() + 1
}

fn mark(certainty: Certainty) -> &'static str {
    if certainty == Certainty::ByName { "?" } else { "" }
}

/// What the marked name means: `path:line name`, with `?` where only the name is known.
fn definition(texts: &str) -> String {
    let (index, path, at) = project(texts);
    let mut shown = Vec::new();
    for found in index.snapshot().definition(&path, at) {
        shown.push(match found.place {
            Place::Symbol(symbol) => {
                let line = line(&index, &symbol.path, symbol.name_range.start);
                format!("{}:{line} {}{}", symbol.path, symbol.qualified, mark(found.certainty))
            }
            Place::Module { path } => path,
        });
    }
    shown.join(", ")
}

/// Where the marked definition is used: `path:line` with `?` where only the name is known, each once.
fn references(texts: &str) -> String {
    let (index, path, at) = project(texts);
    let snapshot = index.snapshot();
    let symbol = snapshot.symbol_at(&path, at).expect("the mark stands at a definition");
    let mut shown = String::new();
    for found in snapshot.references(&symbol, &Filter::default()) {
        let line = line(&index, &found.path, found.range.start);
        let _ = write!(shown, " {}:{line}{}", found.path, mark(found.certainty));
    }
    shown.trim_start().to_owned()
}

fn calls(texts: &str, depth: u32, into: bool) -> String {
    let (index, path, at) = project(texts);
    let snapshot = index.snapshot();
    let symbol = snapshot.symbol_at(&path, at).expect("the mark stands at a definition");
    let ask = if into { Snapshot::callers } else { Snapshot::callees };
    let found = ask(&snapshot, &symbol, depth, &Filter::default());
    let shown =
        found.iter().map(|call| format!("{}@{}{}", call.symbol.name, call.depth, mark(call.certainty)));
    shown.collect::<Vec<_>>().join(" ")
}
