//! Wrong and missing answers, to look at: each with its source line, and counted by the syntax around them.
#![expect(clippy::disallowed_methods, reason = "it reads the samples")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;

use crate::corpora::Corpus;
use crate::report::Table;
use crate::truth::{Name, Names};

/// How an answer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Marked `resolved`, and not what the checker says.
    Wrong,
    /// The checker knows, and we do not.
    Missing,
}

/// One failed answer.
pub(crate) struct Miss {
    pub(crate) verdict: Verdict,
    /// The name in the source that was not understood.
    pub(crate) asked: Name,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// Answers by the syntax that they stand in.
#[derive(Default)]
struct Tally {
    asked: usize,
    wrong: usize,
    missing: usize,
}

/// All failed answers of one sample.
pub(crate) struct Misses<'a> {
    corpus: &'a Corpus,
    found: Vec<Miss>,
    tallies: HashMap<(String, String, String), Tally>,
    texts: HashMap<String, String>,
    names: HashMap<String, Names>,
}

impl<'a> Misses<'a> {
    pub(crate) fn new(corpus: &'a Corpus) -> Self {
        Self {
            corpus,
            found: Vec::new(),
            tallies: HashMap::new(),
            texts: HashMap::new(),
            names: HashMap::new(),
        }
    }

    /// Counts an answer, right or wrong.
    pub(crate) fn count(&mut self, asked: &Name) {
        self.tallies.entry(syntax(asked)).or_default().asked += 1;
    }

    pub(crate) fn add(&mut self, miss: Miss) {
        let tally = self.tallies.entry(syntax(&miss.asked)).or_default();
        match miss.verdict {
            Verdict::Wrong => tally.wrong += 1,
            Verdict::Missing => tally.missing += 1,
        }
        self.found.push(miss);
    }

    /// The name at a byte of a file, with the syntax around it.
    pub(crate) fn describe(&mut self, path: &str, offset: usize) -> Option<Name> {
        let text = text(&mut self.texts, self.corpus, path);
        let names = self.names.entry(path.to_owned()).or_insert_with(|| Names::of(path, text));
        names.at(path, text, offset)
    }

    /// `path:line:col` with what stands there; line and column from 1.
    pub(crate) fn show(&mut self, path: &str, offset: usize) -> String {
        let text = text(&mut self.texts, self.corpus, path);
        let before = text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[start..].encode_utf16().count() + 1;
        let source = text[start..].lines().next().unwrap_or_default();
        format!("{path}:{line}:{column} `{}`", shortened(source))
    }

    /// The first `count` of them, taken evenly from all of the sample, ready to print.
    pub(crate) fn first(&mut self, count: usize) -> String {
        let mut text = String::new();
        let found = std::mem::take(&mut self.found);
        let step = found.len().div_ceil(count.max(1)).max(1);
        for miss in found.iter().step_by(step) {
            let Name { place, name, node, parent, field } = &miss.asked;
            let verdict = match miss.verdict {
                Verdict::Wrong => "WRONG",
                Verdict::Missing => "missing",
            };
            let here = self.show(&place.path, place.offset);
            let field = field.as_deref().unwrap_or("-");
            let id = self.corpus.spec.id();
            let _ = writeln!(text, "{verdict} {id} {here}\n    name `{name}` {node} in {parent}.{field}");
            let _ = writeln!(text, "    expected {}\n    got      {}", miss.expected, miss.got);
        }
        self.found = found;
        text
    }

    /// How many are wrong and missing in each syntax, the worst first.
    pub(crate) fn breakdown(&self) -> Table {
        let mut tallies: Vec<_> =
            self.tallies.iter().filter(|(_, tally)| tally.wrong + tally.missing > 0).collect();
        tallies.sort_by_key(|(syntax, tally)| (std::cmp::Reverse(tally.wrong + tally.missing), *syntax));
        let mut table = Table::new(["language", "parent", "field", "asked", "wrong", "missing"]);
        for ((language, parent, field), tally) in tallies {
            let number = |number: usize| number.to_string();
            let (asked, wrong, missing) = (number(tally.asked), number(tally.wrong), number(tally.missing));
            table.push([language, parent, field, &asked, &wrong, &missing]);
        }
        table
    }
}

fn text<'t>(texts: &'t mut HashMap<String, String>, corpus: &Corpus, path: &str) -> &'t str {
    texts.entry(path.to_owned()).or_insert_with(|| {
        let bytes = fs::read(corpus.root.join(path)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Language, parent and field.
fn syntax(name: &Name) -> (String, String, String) {
    let (_, extension) = name.place.path.rsplit_once('.').unwrap_or_default();
    (extension.to_owned(), name.parent.clone(), name.field.clone().unwrap_or_else(|| "-".to_owned()))
}

fn shortened(line: &str) -> String {
    let line = line.trim();
    if line.chars().count() <= 120 {
        return line.to_owned();
    }
    let kept: String = line.chars().take(119).collect();
    format!("{kept}…")
}
