//! What a step changes, as it is on top of what is staged, with what it uses and who uses it.

use super::project::{Project, cut};
use crate::edit::{Target, TargetSymbol};
use crate::plan::{Action, Step};
use devtoolkit_index::{Filter, Symbol, text_of};
use serde_json::json;
use std::fmt::Write as _;

/// The most of what stands around a target, in bytes.
const AROUND: usize = 3 << 10;
/// Symbols that a target uses, whose signatures are shown.
const MOST_USED: usize = 8;

/// Finds it.
///
/// # Errors
/// When there is no file to edit, or one where a new one is to be; in words for the person and the model.
pub(super) fn target(project: &Project, step: &Step) -> Result<Target, String> {
    match &step.action {
        Action::Create { path } => {
            if project.has_file(path) {
                return Err(format!("`{path}` exists already"));
            }
            Ok(Target {
                path: path.clone(),
                text: None,
                symbol: None,
                around: beside(project, path),
                keeps_name: false,
            })
        }
        Action::Edit { path, symbol } => {
            let text = project
                .text(path)
                .ok_or_else(|| format!("there is no text file `{path}` that may be read"))?;
            let found = symbol.as_ref().and_then(|name| symbol_text(project, path, name));
            let around = match &found {
                Some((_, symbol)) => around(project, path, &text, symbol),
                // A symbol that the file does not have is no reason to give up: the whole file is there.
                None => String::new(),
            };
            let symbol = found.map(|(text, symbol)| TargetSymbol { name: symbol.qualified, text });
            Ok(Target { path: path.clone(), text: Some(text), symbol, around, keeps_name: false })
        }
        Action::Delete { .. }
        | Action::Move { .. }
        | Action::RenameSymbol { .. }
        | Action::Command { .. }
        | Action::Note => Err("this step changes no text".to_owned()),
    }
}

/// A symbol of a file with its text: by its name with what is around it, or by its name alone where only one has it.
pub(super) fn symbol_text(project: &Project, path: &str, name: &str) -> Option<(String, Symbol)> {
    let text = project.text(path)?;
    let outline = outline(project, path)?;
    let name = name.trim().trim_end_matches("()");
    let exact = outline.iter().find(|symbol| symbol.qualified == name);
    let last = name.rsplit(['.', ':', '#']).next().unwrap_or(name);
    let mut alike = outline.iter().filter(|symbol| symbol.name == last);
    let only = alike.next().filter(|_| alike.next().is_none());
    let symbol = exact.or(only)?.clone();
    let body = text.get(symbol.range.start as usize..symbol.range.end as usize)?;
    // The first line as it stands, so that what follows is indented as it is.
    let line = text[..symbol.range.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line..symbol.range.start as usize];
    let indent = if indent.trim().is_empty() { indent } else { "" };
    Some((format!("{indent}{body}\n"), symbol))
}

/// The symbols of a file as it is on top.
pub(super) fn outline(project: &Project, path: &str) -> Option<Vec<Symbol>> {
    let snapshot = project.snapshot();
    let (index, inner) = project.handle().symbols().of(&snapshot.roots().parse(path).ok()?)?;
    index.snapshot.outline(&inner)
}

/// The imports of the file, the signatures that a symbol uses, and the lines that use it.
fn around(project: &Project, path: &str, text: &str, symbol: &Symbol) -> String {
    let mut around = String::new();
    let is_import = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("import ")
            || line.starts_with("from ")
            || line.starts_with("use ")
            || line.contains("require(")
    };
    for line in text.lines().filter(is_import).take(20) {
        let _ = writeln!(around, "{line}");
    }
    for signature in used(project, path, symbol) {
        let _ = writeln!(around, "{signature}");
    }
    let place = json!({"symbol": symbol.qualified, "path": path});
    if let Some(uses) = project.read("references", place) {
        let _ = write!(around, "Used:\n{uses}");
    }
    cut(around, AROUND)
}

/// The signatures of what a symbol calls.
fn used(project: &Project, path: &str, symbol: &Symbol) -> Vec<String> {
    let snapshot = project.snapshot();
    let Ok(place) = snapshot.roots().parse(path) else { return Vec::new() };
    let Some((index, _)) = project.handle().symbols().of(&place) else { return Vec::new() };
    let calls = index.snapshot.callees(symbol, 1, &Filter::default());
    let mut signatures = Vec::new();
    for call in calls.into_iter().take(MOST_USED * 2) {
        let other = call.symbol;
        if other.qualified == symbol.qualified || signatures.len() >= MOST_USED {
            continue;
        }
        let at = project.handle().symbols().path(&index, &other.path).to_string();
        let Some(text) = project.text(&at) else { continue };
        let signature = format!("{at}: {}", text_of::signature(&text, &other));
        if !signatures.contains(&signature) {
            signatures.push(signature);
        }
    }
    signatures
}

/// The signatures of the files that stand beside a new one: how things are done there.
fn beside(project: &Project, path: &str) -> String {
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let focus = if folder == "." { Vec::new() } else { vec![folder] };
    let map = project.read("repo_map", json!({"budget": 500, "focus": focus}));
    cut(map.or_else(|| project.read("repo_map", json!({"budget": 500}))).unwrap_or_default(), AROUND)
}
