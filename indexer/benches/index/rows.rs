//! The rows of the report: which there are, and what they share.
#![expect(clippy::print_stdout, reason = "the report is what this program is for")]
#![expect(clippy::print_stderr, reason = "progress is for the terminal")]

mod cold;
mod disk;
mod edit;
mod find;
mod fuzzy;
mod names;
mod text;
mod uses;

use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkOptions;
use devtoolkit_index::{Index, Language};
use tempfile::TempDir;

use crate::arguments::Arguments;
use crate::corpora::{self, Corpus, Spec};
use crate::report::{self, Goal};
use crate::score;

/// A topic of the report: a few figures, with how right the answers are beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// Indexing a tree against the parser alone.
    Cold,
    /// The names tier against ctags.
    Names,
    /// Memory and size.
    Size,
    /// A new process's first answer.
    Start,
    /// From an edit to the answer that sees it.
    Edit,
    /// Symbols by name.
    Find,
    /// Symbols by the letters of their names, among many.
    Fuzzy,
    /// `references`: how fast.
    Uses,
    /// Text search against ripgrep.
    Text,
    /// `definition` against the type checkers.
    Definition,
    /// `references` against the type checkers.
    References,
}

/// What the rows add to, and what they share.
pub(crate) struct Report<'a> {
    pub(crate) arguments: &'a Arguments,
    /// Figures with a limit.
    pub(crate) goals: Vec<Goal>,
    /// What is good to know and has no limit; one line each.
    pub(crate) notes: Vec<String>,
    /// Tables of details with their headings.
    pub(crate) details: Vec<(String, report::Table)>,
    /// A cache folder of our own, gone at the end.
    pub(crate) cache: TempDir,
    built: HashMap<&'static str, Rc<Built>>,
}

/// A corpus with its index, as loaded from the disk.
pub(crate) struct Built {
    pub(crate) corpus: Corpus,
    pub(crate) store: Store,
    pub(crate) index: Index,
}

impl Row {
    /// Every row, in the order of the report.
    pub(crate) const ALL: &[Self] = &[
        Self::Cold,
        Self::Names,
        Self::Size,
        Self::Start,
        Self::Edit,
        Self::Find,
        Self::Fuzzy,
        Self::Uses,
        Self::Text,
        Self::Definition,
        Self::References,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Names => "names",
            Self::Size => "size",
            Self::Start => "start",
            Self::Edit => "edit",
            Self::Find => "find",
            Self::Fuzzy => "fuzzy",
            Self::Uses => "uses",
            Self::Text => "text",
            Self::Definition => "definition",
            Self::References => "references",
        }
    }

    /// The row of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|row| row.name() == name)
    }

    fn measure(self, report: &mut Report<'_>) -> Result<()> {
        match self {
            Self::Cold => cold::measure(report),
            Self::Names => names::measure(report),
            Self::Size => disk::size(report),
            Self::Start => disk::start(report),
            Self::Edit => edit::measure(report),
            Self::Find => find::measure(report),
            Self::Fuzzy => fuzzy::measure(report),
            Self::Uses => uses::measure(report),
            Self::Text => text::measure(report),
            Self::Definition => score::definitions(report),
            Self::References => score::references(report),
        }
    }
}

impl Report<'_> {
    /// A corpus with its index, built on first use into a cache folder of our own and loaded from there.
    pub(crate) fn built(&mut self, spec: Spec) -> Result<Rc<Built>> {
        if let Some(built) = self.built.get(spec.name) {
            return Ok(built.clone());
        }
        let corpus = corpora::fetch(spec)?;
        let store = Store::open(&corpus.root, Some(self.cache.path()))?;
        store
            .refresh(&mut Index::new(), &WalkOptions::default(), &|_| {})
            .context("cannot index a corpus")?;
        let built = Rc::new(Built { index: store.load().index, corpus, store });
        self.built.insert(spec.name, built.clone());
        Ok(built)
    }

    /// How often something is done: `often`, or less for a quick look.
    pub(crate) fn times(&self, often: usize) -> usize {
        if self.arguments.quick { often.div_ceil(5) } else { often }
    }
}

/// The files of a corpus that are parsed.
pub(crate) fn parsed(corpus: &Corpus) -> Vec<String> {
    corpus.files.iter().filter(|path| Language::of_path(path).is_some()).cloned().collect()
}

/// Measures all rows that are wanted and prints the report.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if let Some(folder) = &arguments.corpora {
        corpora::use_folder(folder);
    }
    let cache = tempfile::tempdir().context("cannot make a folder for the indexes")?;
    let (goals, notes, details, built) = Default::default();
    let mut report = Report { arguments, goals, notes, details, cache, built };
    let mut failed = Vec::new();
    for row in Row::ALL.iter().copied().filter(|row| arguments.wants(*row)) {
        eprintln!("measuring: {}", row.name());
        if let Err(error) = row.measure(&mut report) {
            eprintln!("error: {}: {error:#}", row.name());
            failed.push(row.name());
        }
    }
    println!("{}\n", report::provenance());
    println!("{}", report::goals(&report.goals));
    for (heading, table) in &report.details {
        println!("{heading}\n\n{table}");
    }
    for note in &report.notes {
        println!("- {note}");
    }
    if !failed.is_empty() {
        bail!("could not measure: {}", failed.join(", "));
    }
    Ok(())
}
