//! The targets of a Makefile and the recipes of a justfile.

use super::find::{Read, Script};
use super::folder::Folder;
use std::collections::BTreeSet;

/// As make looks for them.
const MAKEFILES: &[&str] = &["GNUmakefile", "makefile", "Makefile"];
const JUSTFILES: &[&str] = &["justfile", ".justfile", "Justfile", "JUSTFILE"];

/// Names, each with the first line of what it runs.
type Named<'a> = Vec<(&'a str, Option<&'a str>)>;

pub(super) fn makefile(folder: Folder<'_>) -> Read {
    read(folder, MAKEFILES, &["make"], targets)
}

pub(super) fn justfile(folder: Folder<'_>) -> Read {
    read(folder, JUSTFILES, &["just"], recipes)
}

fn read(
    folder: Folder<'_>,
    files: &[&'static str],
    program: &[&str],
    names: for<'a> fn(&'a str) -> Named<'a>,
) -> Read {
    let Some(file) = folder.first(files) else { return Ok(None) };
    let text = folder.text(file).map_err(|error| (file, error))?.unwrap_or_default();
    let mut seen = BTreeSet::new();
    let names = names(&text).into_iter().filter(|(name, _)| seen.insert(*name));
    let scripts = names.map(|(name, body)| Script::written(name, &[program, &[name]].concat(), body));
    Ok(Some((file, scripts.collect())))
}

/// The explicit targets that look like a task: no file with an ending, no pattern. Each with the first line of its
/// recipe.
fn targets(text: &str) -> Named<'_> {
    let mut found = Vec::new();
    let (mut is_defined, mut goes_on) = (false, false);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let continues = std::mem::replace(&mut goes_on, line.ends_with('\\'));
        match line.split_whitespace().next() {
            Some("define") => is_defined = true,
            Some("endef") => is_defined = false,
            _ => {}
        }
        if continues || is_defined || line.starts_with(['\t', ' ', '#']) {
            continue;
        }
        let Some((names, rest)) = line.split_once(':') else { continue };
        // `a := b`, `a = http://b`, and `a: b = c`, which is a variable of a target.
        let needs = rest.split([';', '#']).next().unwrap_or(rest);
        if needs.contains('=') || names.contains(['=', '$', '%', '(']) {
            continue;
        }
        let recipe = lines.peek().and_then(|next| next.strip_prefix('\t'));
        let recipe = recipe.map(|line| line.trim_start_matches(['@', '-', '+', ' ']).trim());
        let names = names.split_whitespace().filter(|name| is_task(name));
        found.extend(names.map(|name| (name, recipe.filter(|recipe| !recipe.is_empty()))));
    }
    found
}

/// Whether a name is a task's and not a file's.
fn is_task(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        && !matches!(name, "Makefile" | "else" | "endif" | "FORCE")
}

/// The recipes that are not private, each with the first line of its body.
fn recipes(text: &str) -> Named<'_> {
    let mut found = Vec::new();
    let mut is_private = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('[') {
            is_private |= line.contains("private");
            continue;
        }
        if line.trim().is_empty() || line.starts_with(['#', ' ', '\t', '}']) {
            continue;
        }
        let was_private = std::mem::take(&mut is_private);
        let line = line.strip_prefix('@').unwrap_or(line);
        let end =
            line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let is_recipe = rest.contains(':') && !rest.contains(":=");
        // `set`, `alias` and their like always have `:=` or no colon.
        if name.is_empty() || name.starts_with('_') || was_private || !is_recipe {
            continue;
        }
        let body = lines.peek().filter(|next| next.starts_with([' ', '\t'])).map(|next| next.trim());
        let body = body.map(|line| line.trim_start_matches(['@', '-'])).filter(|line| !line.is_empty());
        found.push((name, body));
    }
    found
}
