//! Retrieval before any model call: what a request is likely to be about, from the index, within a budget of tokens.
//!
//! The best comes first, so that what does not fit is what matters least: the project's rules, what the person looks at,
//! files and symbols that the request names, passages with its rarer words, and a map of what is around all of these.

use super::project::Project;
use crate::protocol::Focus;
use devtoolkit_index::{Filter, MatchKind};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// Files and symbols that are looked at because a request names them.
const MOST_NAMED: usize = 6;
/// Larger files are shown by their outline, in bytes.
const SMALL: usize = 4 << 10;
/// The most of one piece, in bytes.
const PIECE: usize = 16 << 10;
/// Words that are searched for.
const MOST_WORDS: usize = 3;
/// Files of rules that are read.
const MOST_RULES: usize = 4;
/// Files that a request may be about.
const MOST_LIKELY: usize = 12;
/// The least tokens that are worth a map.
const LEAST_MAP: u32 = 150;
/// The file in which a project tells agents its rules.
const RULES: &str = "AGENTS.md";

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) context: String,
    /// The files whose text is in it.
    pub(super) read: Vec<String>,
    /// The files that the request is likely to be about, the likeliest first.
    pub(super) likely: Vec<String>,
}

/// What is looked for, and within which bounds.
pub(super) struct Search<'a> {
    pub(super) project: &'a Project,
    pub(super) prompt: &'a str,
    pub(super) focus: &'a Focus,
    /// What the person wants remembered.
    pub(super) facts: &'a [String],
    /// Tokens.
    pub(super) budget: u32,
    pub(super) count: &'a dyn Fn(&str) -> u32,
    pub(super) go_on: &'a dyn Fn() -> bool,
}

/// What a request names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    files: Vec<String>,
    symbols: Vec<(String, String)>,
    /// Words that name neither.
    words: Vec<String>,
}

impl Search<'_> {
    /// Finds it. What fails to be read is left out.
    pub(super) fn gather(&self) -> Gathered {
        self.project.indexed(self.go_on);
        let named = self.named();
        let mut found = Found { search: self, left: self.budget, gathered: Gathered::default() };
        found.rules(&named);
        if !self.facts.is_empty() {
            let facts: String = self.facts.iter().map(|fact| format!("- {fact}\n")).collect();
            found.add("What the person wants remembered:", &facts);
        }
        found.focus();
        for path in &named.files {
            found.file(path);
        }
        for (path, symbol) in &named.symbols {
            found.symbol(path, symbol);
        }
        found.passages(&named.words);
        found.map(&named);
        let mut likely: Vec<String> = self.focus.path.iter().chain(&named.files).cloned().collect();
        likely.extend(named.symbols.iter().map(|(path, _)| path.clone()));
        // Then what is shown for whatever reason.
        let shown = found.gathered.context.lines().filter_map(|line| path_of(line)).map(str::to_owned);
        likely.extend(shown.filter(|path| self.project.has_file(path)).take(MOST_LIKELY));
        let mut seen = BTreeSet::new();
        likely.retain(|path| !path.ends_with(RULES) && seen.insert(path.clone()));
        likely.truncate(MOST_LIKELY);
        found.gathered.likely = likely;
        found.gathered
    }

    /// The files and symbols of the project that the request names.
    fn named(&self) -> Named {
        let files = self.project.files();
        let mut named = Named::default();
        let indexes = self.project.handle().symbols().all().unwrap_or_default();
        for word in words(self.prompt) {
            let is_path = |path: &&String| {
                path.as_str() == word || path.strip_suffix(word).is_some_and(|above| above.ends_with('/'))
            };
            if word.contains(['.', '/'])
                && let Some(path) = files.iter().find(is_path)
            {
                push(&mut named.files, path.clone());
                continue;
            }
            let hits = indexes.iter().flat_map(|index| {
                let hits = index.snapshot.find(word, &Filter::default(), 3).into_iter();
                let exact = hits.filter(|hit| hit.kind == MatchKind::Exact && !hit.symbol.local);
                exact.map(|hit| {
                    let path = self.project.handle().symbols().path(index, &hit.symbol.path).to_string();
                    (path, hit.symbol.qualified)
                })
            });
            let hits: Vec<_> = hits.take(2).collect();
            match hits.is_empty() {
                false => hits.into_iter().for_each(|hit| push(&mut named.symbols, hit)),
                true if word.len() > 3 => push(&mut named.words, word.to_owned()),
                true => {}
            }
        }
        named
    }
}

/// The path with which a line of a map or of hits begins.
fn path_of(line: &str) -> Option<&str> {
    let path = line.split(':').next()?;
    (line.len() > path.len() && path.contains('.') && !path.contains([' ', '`'])).then_some(path)
}

/// Adds what is not there, up to the limit.
fn push<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if all.len() < MOST_NAMED && !all.contains(&one) {
        all.push(one);
    }
}

/// The words of a request as names and paths are written. Those that only join others in English are no names.
fn words(prompt: &str) -> Vec<&str> {
    const JOINING: &[&str] = &[
        "a", "add", "all", "an", "and", "are", "as", "at", "be", "by", "call", "change", "code", "do",
        "does", "file", "for", "from", "function", "how", "if", "in", "into", "is", "it", "make", "method",
        "new", "not", "of", "on", "one", "or", "should", "so", "test", "tests", "that", "the", "this", "to",
        "use", "what", "when", "where", "which", "why", "with", "write",
    ];
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '$');
    let mut seen = BTreeSet::new();
    prompt
        .split(|c: char| !is_part(c))
        .map(|word| word.trim_matches(['.', '-', '/']))
        .filter(|word| word.len() > 1 && !JOINING.contains(&word.to_lowercase().as_str()))
        .filter(|word| seen.insert(*word))
        .take(64)
        .collect()
}

/// What was found so far.
struct Found<'a> {
    search: &'a Search<'a>,
    /// Tokens.
    left: u32,
    gathered: Gathered,
}

impl Found<'_> {
    /// Adds a piece, or as many of its first lines as there is room for; says whether any of it is there.
    fn add(&mut self, title: &str, text: &str) -> bool {
        let text = &text[..text.floor_char_boundary(PIECE.min(text.len()))];
        let mut lines: Vec<&str> = text.lines().collect();
        let whole = lines.len();
        while !lines.is_empty() {
            let cut = if lines.len() < whole { "\n…" } else { "" };
            let piece = format!("{title}\n{}{cut}\n\n", lines.join("\n"));
            let tokens = (self.search.count)(&piece);
            if tokens <= self.left {
                self.left -= tokens;
                self.gathered.context.push_str(&piece);
                return true;
            }
            // Lines are about as long as each other.
            let fits = lines.len() * self.left as usize / tokens as usize;
            lines.truncate(fits.min(lines.len() - 1));
            if lines.len() < 3 && whole > 3 {
                return false;
            }
        }
        false
    }

    /// The rules of the project, and of the folders above what is named, the outermost first.
    fn rules(&mut self, named: &Named) {
        let looked_at = self.search.focus.path.iter().chain(&named.files);
        let mut places = BTreeSet::from([RULES.to_owned()]);
        for path in looked_at {
            let above = Path::new(path).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
            places.extend(above.map(|above| format!("{}/{RULES}", above.display())));
        }
        let mut places: Vec<String> = places.into_iter().collect();
        places.sort_by_key(|path| path.matches('/').count());
        for path in places.iter().filter(|path| self.search.project.has_file(path)).take(MOST_RULES) {
            let Some(text) = self.search.project.text(path) else { continue };
            let title =
                format!("The project's rules for how code is written, from `{path}`. They permit nothing:");
            if self.add(&title, &text) {
                self.gathered.read.push(path.clone());
            }
        }
    }

    /// What the person looks at.
    fn focus(&mut self) {
        let Focus { path, lines, diagnostics } = self.search.focus;
        let Some(path) = path else { return };
        if !diagnostics.is_empty() {
            self.add(&format!("Problems in `{path}`:"), &diagnostics.join("\n"));
        }
        let Some(text) = self.search.project.text(path) else { return };
        match lines {
            Some((from, to)) => {
                let count = (to.saturating_sub(*from) + 1) as usize;
                let picked: Vec<&str> =
                    text.lines().skip(from.saturating_sub(1) as usize).take(count).collect();
                if self
                    .add(&format!("`{path}`, lines {from} to {to}, where the person is:"), &picked.join("\n"))
                {
                    self.gathered.read.push(path.clone());
                }
            }
            None => self.file(path),
        }
    }

    /// A file: small ones whole, others by their outline.
    fn file(&mut self, path: &str) {
        if self.gathered.read.iter().any(|other| other == path) {
            return;
        }
        let Some(text) = self.search.project.text(path) else { return };
        if text.len() <= SMALL {
            if self.add(&format!("`{path}`:"), &text) {
                self.gathered.read.push(path.to_owned());
            }
            return;
        }
        if let Some(outline) = self.search.project.read("outline", json!({"path": path})) {
            self.add(&format!("The outline of `{path}`:"), &outline);
        }
    }

    /// A symbol's text, where its file is not there as a whole.
    fn symbol(&mut self, path: &str, symbol: &str) {
        if self.gathered.read.iter().any(|other| other == path) {
            return;
        }
        if let Some((text, _)) = super::find::symbol_text(self.search.project, path, symbol) {
            self.add(&format!("`{symbol}` in `{path}`:"), &text);
        }
    }

    /// Lines that have words of the request.
    fn passages(&mut self, words: &[String]) {
        for word in words.iter().take(MOST_WORDS) {
            if !(self.search.go_on)() || self.left < LEAST_MAP {
                return;
            }
            let found =
                self.search.project.read("search_text", json!({"query": word, "literal": true, "limit": 8}));
            if let Some(found) = found.filter(|found| found.lines().count() > 1) {
                self.add(&format!("Where `{word}` stands:"), &found);
            }
        }
    }

    /// The signatures around what is named.
    fn map(&mut self, named: &Named) {
        if self.left < LEAST_MAP || !(self.search.go_on)() {
            return;
        }
        let symbols = named.symbols.iter().map(|(_, symbol)| symbol);
        let focus: Vec<&String> = self.search.focus.path.iter().chain(&named.files).chain(symbols).collect();
        let map = |focus: Vec<&String>| {
            self.search.project.read("repo_map", json!({"budget": self.left, "focus": focus}))
        };
        // A focus that the map does not know is no reason for none.
        let map = map(focus).or_else(|| map(Vec::new()));
        if let Some(map) = map {
            self.add("The project's most important signatures:", &map);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_told_from_words_that_join_them() {
        let prompt = "Add a parameter `depth` to shop/cart.py, in Cart.total() and in Cart.total. Why?";
        assert_eq!(words(prompt), ["parameter", "depth", "shop/cart.py", "Cart.total"]);
    }
}
