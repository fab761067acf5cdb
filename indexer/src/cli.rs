//! The command line: arguments, and what is printed for each question.

#![expect(clippy::disallowed_methods, reason = "a command line works in the current folder")]

mod ask;
mod build;
mod places;
mod print;
mod session;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::project_root;
use devtoolkit_index::{Filter, Language, SymbolKind};
use session::Session;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

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
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
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
        (Command::Build { dir: Some(_) }, Some(_)) => {
            bail!("`build DIR` and `-C DIR` both name a root; give one")
        }
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
        filter = filter.with_path(&places::relative_to_root(&store, path))?;
    }
    let session = Session { store, filter, global };
    if let Command::Build { .. } = arguments.command {
        return session.build();
    }
    session.answer(&arguments.command)
}
