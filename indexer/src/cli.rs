//! The command line: arguments, and what is printed for each question.

#![expect(clippy::disallowed_methods, reason = "a command line works in the current folder")]

mod print;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use devtoolkit_index::store::{Loaded, Store};
use devtoolkit_index::text::{Case, TextQuery};
use devtoolkit_index::walk::{Progress, WalkOptions, WalkReport, project_root};
use devtoolkit_index::{Filter, Index, Language, MapOptions, Snapshot, Symbol, SymbolKind};
use indicatif::{ProgressBar, ProgressStyle};
use print::{Output, Texts};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Index a tree of source code and ask it questions.
#[derive(Parser)]
#[command(name = "devtoolkit-index", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Global {
    /// Root of the tree [default: the project above the current folder]
    #[arg(short = 'C', long = "root", value_name = "DIR", global = true)]
    root: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long, global = true)]
    json: bool,
    /// Keep nothing on disk: index the tree in memory for this question
    #[arg(long, global = true)]
    no_cache: bool,
    /// Answer from the stored index without looking for changed files first
    #[arg(long, global = true, conflicts_with = "no_cache")]
    unchecked: bool,
    /// Where no index is stored yet, answer from the names tier at once and say that it is partial
    #[arg(long, global = true)]
    partial: bool,
    /// Only files below this folder, or matching this glob
    #[arg(long, value_name = "PATH|GLOB", global = true)]
    path: Option<String>,
    /// Only files in this language
    #[arg(long, value_name = "LANGUAGE", global = true, value_parser = language)]
    lang: Option<Language>,
    /// Files larger than this are counted, not read; in KiB
    #[arg(long, value_name = "KIB", global = true, default_value_t = 2048, value_parser = clap::value_parser!(u64).range(1..=131_072))]
    max_file_size: u64,
    /// Threads that read and parse [default: one for each processor]
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: Option<u64>,
}

#[derive(Subcommand)]
enum Command {
    /// Index a tree and print what was found
    Build {
        /// Its root [default: the project above the current folder]
        dir: Option<PathBuf>,
    },
    /// The tree of symbols of one file
    Outline { file: String },
    /// Symbols by name: exact, prefix, substring, then fuzzy
    Find {
        /// A name, part of one, or `Class.method`
        query: String,
        /// Only symbols of this kind; may be repeated
        #[arg(long, value_parser = kind)]
        kind: Vec<SymbolKind>,
        /// Answers at most
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        limit: u64,
    },
    /// Where the name at a place is defined
    Definition {
        /// FILE:LINE:COLUMN, counted from 1, columns in UTF-16 units
        place: String,
    },
    /// Where a symbol is used
    References {
        /// NAME, Class.method, or FILE:LINE:COLUMN
        target: String,
        /// Answers at most
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        limit: u64,
    },
    /// The functions that call a function
    Callers(CallArguments),
    /// The functions that a function calls
    Callees(CallArguments),
    /// The symbols that matter most, within a budget
    Map {
        /// Tokens (of about four bytes) at most
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        budget: u64,
        /// A file, folder or symbol to centre the map on; may be repeated
        #[arg(long, value_name = "FILE|SYMBOL")]
        focus: Vec<String>,
    },
    /// Structural search with a tree-sitter query
    Query {
        #[arg(value_parser = language)]
        language: Language,
        /// For example '(call function: (identifier) @f)'
        query: String,
        /// Answers at most
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        limit: u64,
    },
    /// Lines of text that a regular expression matches, as ripgrep finds them
    Text(TextArguments),
}

#[derive(Args)]
struct TextArguments {
    pattern: String,
    /// The pattern is plain text
    #[arg(short = 'F', long)]
    literal: bool,
    /// Letters match in either case
    #[arg(short, long)]
    ignore_case: bool,
    /// Only whole words
    #[arg(short, long)]
    word: bool,
    /// Lines shown around each match
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100))]
    context: u64,
    /// Print only how many lines match in each file
    #[arg(long)]
    count: bool,
    /// Matching lines at most
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    limit: u64,
}

#[derive(Args)]
struct CallArguments {
    /// NAME, Class.method, or FILE:LINE:COLUMN
    target: String,
    /// Calls between the function and the answer, at most
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    depth: u32,
}

fn language(name: &str) -> Result<Language, String> {
    Language::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
        format!("one of: {}", known.join(", "))
    })
}

fn kind(name: &str) -> Result<SymbolKind, String> {
    SymbolKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let known: Vec<&str> = SymbolKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of: {}", known.join(", "))
    })
}

/// Prints an error the way every command does.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    // Nothing is left to do when standard error is gone too.
    let _ = writeln!(std::io::stderr(), "devtoolkit-index: {error:#}");
    ExitCode::FAILURE
}

fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "devtoolkit-index: warning: {text}");
}

/// Runs a command. The exit code is 0 when there was an answer, 1 when there was none.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let global = &arguments.global;
    let root = match (&arguments.command, &global.root) {
        (Command::Build { dir: Some(_) }, Some(_)) => bail!("`build DIR` and `-C DIR` both name a root; give one"),
        (Command::Build { dir: Some(dir) }, None) | (_, Some(dir)) => dir.clone(),
        (_, None) => {
            let here = std::env::current_dir().context("cannot tell the current folder; pass -C DIR")?;
            project_root(&here)
        }
    };
    let store = if global.no_cache { Store::in_memory(&root)? } else { Store::open(&root, None)? };
    let mut filter = Filter::default();
    filter.language = global.lang;
    if let Some(path) = &global.path {
        filter = filter.with_path(&relative_to_root(&store, path))?;
    }
    let session = Session { store, filter, global };
    if let Command::Build { .. } = arguments.command {
        return session.build();
    }
    session.answer(&arguments.command)
}

/// One command's root, filter and settings.
struct Session<'a> {
    store: Store,
    filter: Filter,
    global: &'a Global,
}

impl Session<'_> {
    fn options(&self) -> WalkOptions {
        let mut options = WalkOptions { max_file_bytes: self.global.max_file_size * 1024, ..WalkOptions::default() };
        if let Some(threads) = self.global.threads {
            options.threads = usize::try_from(threads).unwrap_or(1);
        }
        options
    }

    fn build(&self) -> Result<ExitCode> {
        let begun = Instant::now();
        let (loaded, report) = self.refreshed()?;
        let snapshot = loaded.index.snapshot();
        print::build(&self.output(), &snapshot, &report, begun.elapsed(), &self.store)?;
        Ok(ExitCode::SUCCESS)
    }

    fn output(&self) -> Output {
        Output { json: self.global.json }
    }

    fn refreshed(&self) -> Result<(Loaded, WalkReport)> {
        let bar = Bar::new();
        let answer = self.store.load_and_refresh(&self.options(), &|progress| bar.show(progress));
        bar.clear();
        let (loaded, report) = answer?;
        if let Some(warning) = &loaded.warning {
            warn(warning);
        }
        Ok((loaded, report))
    }

    /// The index to ask, and whether it has names only.
    fn index(&self) -> Result<(Index, bool)> {
        if self.global.unchecked || self.global.partial {
            let loaded = self.store.load();
            if let Some(warning) = &loaded.warning {
                warn(warning);
            }
            if loaded.found && self.global.unchecked {
                return Ok((loaded.index, false));
            }
            if !loaded.found && self.global.partial {
                let mut index = Index::new();
                let options = WalkOptions { names_only: true, ..self.options() };
                self.store.refresh(&mut index, &options, &|_| {})?;
                return Ok((index, true));
            }
        }
        Ok((self.refreshed()?.0.index, false))
    }

    fn answer(&self, command: &Command) -> Result<ExitCode> {
        let (mut index, partial) = self.index()?;
        let question = |snapshot: &Snapshot| self.ask(command, snapshot);
        let mut answer = self.store.ask(&mut index, &self.options(), &question)??;
        if answer.stale && self.global.unchecked {
            // A file that the answer needs has changed since it was indexed.
            self.store.refresh(&mut index, &self.options(), &|_| {})?;
            answer = self.store.ask(&mut index, &self.options(), &question)??;
        }
        if partial {
            warn("partial answer: only names of Python definitions so far; `devtoolkit-index build` completes the index");
        }
        let mut out = std::io::stdout().lock();
        out.write_all(answer.text.as_bytes())?;
        out.flush()?;
        Ok(if answer.empty { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn ask(&self, command: &Command, snapshot: &Snapshot) -> Result<print::Answer> {
        let texts = Texts::new(&self.store, snapshot);
        let output = self.output();
        match command {
            Command::Build { .. } => bail!("`build` asks nothing"),
            Command::Outline { file } => {
                let path = self.known_path(snapshot, file)?;
                let symbols = snapshot.outline(&path).unwrap_or_default();
                let symbols: Vec<Symbol> =
                    symbols.into_iter().filter(|symbol| self.filter.admits_kind(symbol.kind)).collect();
                Ok(output.outline(&texts, &path, &symbols, &snapshot.imports(&path).unwrap_or_default()))
            }
            Command::Find { query, kind, limit } => {
                let mut filter = self.filter.clone();
                filter.kinds.clone_from(kind);
                let hits = snapshot.find(query, &filter, usize::try_from(*limit)?);
                Ok(output.hits(&texts, query, &hits))
            }
            Command::Definition { place } => {
                let (path, offset) = self.place(snapshot, &texts, place)?;
                Ok(output.definitions(&texts, place, &snapshot.definition(&path, offset)))
            }
            Command::References { target, limit } => {
                let mut found = Vec::new();
                for symbol in self.targets(snapshot, &texts, target)? {
                    found.extend(snapshot.references(&symbol, &self.filter));
                }
                found.sort_by(|a, b| (&a.path, a.range.start, a.certainty).cmp(&(&b.path, b.range.start, b.certainty)));
                found.dedup_by(|a, b| a.path == b.path && a.range == b.range);
                found.sort_by_key(|reference| reference.certainty);
                Ok(output.references(&texts, target, &found, usize::try_from(*limit)?))
            }
            Command::Callers(CallArguments { target, depth }) => {
                let mut calls = Vec::new();
                for symbol in self.targets(snapshot, &texts, target)? {
                    calls.extend(snapshot.callers(&symbol, *depth, &self.filter));
                }
                Ok(output.calls(&texts, target, &calls))
            }
            Command::Callees(CallArguments { target, depth }) => {
                let mut calls = Vec::new();
                for symbol in self.targets(snapshot, &texts, target)? {
                    calls.extend(snapshot.callees(&symbol, *depth, &self.filter));
                }
                Ok(output.calls(&texts, target, &calls))
            }
            Command::Map { budget, focus } => {
                let focus = focus.iter().map(|focus| self.focus(snapshot, focus)).collect();
                let options = MapOptions { budget: usize::try_from(*budget)?, focus };
                let map = snapshot.map(&options, &|path| texts.get(path).map(|text| text.to_string()));
                if let Some(unknown) = map.unknown_focus.first() {
                    bail!("--focus `{unknown}` names no file, folder or symbol; look for it with `find`");
                }
                Ok(output.map(&texts, &map))
            }
            Command::Text(wanted) => self.text(snapshot, &texts, wanted),
            Command::Query { language, query, limit } => {
                self.query(snapshot, &texts, *language, query, usize::try_from(*limit)?)
            }
        }
    }

    fn text(&self, snapshot: &Snapshot, texts: &Texts<'_>, wanted: &TextArguments) -> Result<print::Answer> {
        let context = usize::try_from(wanted.context)?;
        let query = TextQuery {
            pattern: wanted.pattern.clone(),
            literal: wanted.literal,
            case: if wanted.ignore_case { Case::Insensitive } else { Case::Sensitive },
            word: wanted.word,
            before: context,
            after: context,
            ..TextQuery::default()
        };
        let query = query.compile()?;
        let bytes = |path: &str| self.store.bytes(path);
        if wanted.count {
            let counts = snapshot.count_text(&query, &self.filter, &bytes);
            return Ok(self.output().counts(texts, &wanted.pattern, &counts));
        }
        let found = snapshot.search_text(&query, &self.filter, wanted.limit, &bytes);
        Ok(self.output().text_hits(texts, &wanted.pattern, &found))
    }

    fn query(
        &self,
        snapshot: &Snapshot,
        texts: &Texts<'_>,
        language: Language,
        query: &str,
        limit: usize,
    ) -> Result<print::Answer> {
        let mut search = devtoolkit_index::structural_search(language, query)?;
        let mut paths: Vec<String> = snapshot
            .files()
            .filter(|file| file.language == Some(language) && self.filter.admits_file(&file.path, file.language))
            .map(|file| file.path)
            .collect();
        paths.sort_unstable();
        let mut found = Vec::new();
        for path in paths {
            if let Some(text) = texts.get(&path) {
                found.extend(search.matches(&text).into_iter().map(|matched| (path.clone(), matched)));
            }
            if found.len() > limit {
                break;
            }
        }
        Ok(self.output().matches(texts, query, &found, limit))
    }

    /// A path the user gave, as the index has it.
    fn known_path(&self, snapshot: &Snapshot, given: &str) -> Result<String> {
        let path = relative_to_root(&self.store, given);
        if snapshot.contains(&path) {
            return Ok(path);
        }
        let why = if self.store.root().join(&path).is_file() {
            "is ignored, or has been left out of the index"
        } else {
            "is not there"
        };
        bail!("`{given}` {why}; paths are looked up below `{}` (-C DIR names another root)", self.store.root().display())
    }

    /// FILE:LINE:COLUMN as a path and a byte offset.
    fn place(&self, snapshot: &Snapshot, texts: &Texts<'_>, place: &str) -> Result<(String, u32)> {
        let Some((file, line, column)) = split_place(place) else {
            bail!("`{place}` is not FILE:LINE:COLUMN with numbers from 1, as in `src/main.py:12:5`");
        };
        let path = self.known_path(snapshot, file)?;
        let Some(text) = texts.get(&path) else {
            bail!("`{path}` is changing while it is read; ask again");
        };
        let lines = devtoolkit_index::LineIndex::new(&text);
        if line as usize > lines.line_count() {
            bail!("`{path}` has {} lines, so none at {line}", lines.line_count());
        }
        let position = devtoolkit_index::Position { line: line - 1, character: column - 1 };
        Ok((path, lines.offset(position)))
    }

    /// The symbols that a NAME or FILE:LINE:COLUMN means.
    fn targets(&self, snapshot: &Snapshot, texts: &Texts<'_>, target: &str) -> Result<Vec<Symbol>> {
        let mut symbols = Vec::new();
        if split_place(target).is_some() {
            let (path, offset) = self.place(snapshot, texts, target)?;
            for definition in snapshot.definition(&path, offset) {
                if let devtoolkit_index::Place::Symbol(symbol) = definition.place {
                    symbols.push(symbol);
                }
            }
        } else {
            let hits = snapshot.find(target, &Filter::default(), 50);
            let exact = hits.into_iter().filter(|hit| hit.kind == devtoolkit_index::MatchKind::Exact);
            symbols.extend(exact.map(|hit| hit.symbol));
        }
        if symbols.is_empty() {
            bail!("no symbol `{target}`; look for it with `find`");
        }
        Ok(symbols)
    }

    /// A focus that is a path is taken from the current folder, as paths are.
    fn focus(&self, snapshot: &Snapshot, focus: &str) -> String {
        let path = relative_to_root(&self.store, focus);
        if snapshot.contains(&path) { path } else { focus.to_owned() }
    }
}

/// Splits FILE:LINE:COLUMN; the file may have colons of its own.
fn split_place(place: &str) -> Option<(&str, u32, u32)> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    (line > 0 && column > 0 && !file.is_empty()).then_some((file, line, column))
}

/// A path as given (absolute, or below the current folder or the root) from the root, with `/`.
fn relative_to_root(store: &Store, given: &str) -> String {
    let path = Path::new(given);
    let absolute = std::env::current_dir().unwrap_or_default().join(path);
    let known = [absolute.canonicalize().ok(), store.root().join(path).canonicalize().ok()];
    let below = known.iter().flatten().find_map(|path| path.strip_prefix(store.root()).ok().map(Path::to_path_buf));
    let below = below.unwrap_or_else(|| path.to_path_buf());
    below.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// A progress bar, where somebody watches.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("indexing {bar:32} {pos}/{len} files  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }

    fn show(&self, progress: Progress) {
        self.bar.set_length(progress.total as u64);
        self.bar.set_position(progress.done as u64);
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
