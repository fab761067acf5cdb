//! `find_duplicates`: the same code in several places, comments and white space aside.
//!
//! Runs of tokens are hashed as they roll by, and of each window of hashes the least is kept (S. Schleimer, D. S. Wilkerson,
//! A. Aiken, "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD 2003), so every run of the wanted length
//! leaves a fingerprint. Places with one fingerprint are compared token by token and widened as far as they are the same.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::listing::{counted, listing};
use crate::tools::source::Source;
use crate::tools::view::View;
use crate::workspace::RelPath;
use devtoolkit_index::{Language, Syntax, TokenKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

mod winnow;

use winnow::{Run, clones, fingerprints};

/// Tokens of the shortest clone, unless the call says so.
const TOKENS: usize = 60;
/// The fewest that can be asked for.
const LEAST: usize = 20;
/// Tokens that are held at once: eight bytes each.
const MOST: usize = 6_000_000;
/// Clones of a reply.
const SHOWN: usize = 40;
/// The longest search.
const LIMIT: Duration = Duration::from_secs(30);

/// Find duplicated code.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FindDuplicates {
    path: Option<String>,
    /// Least tokens, else 60
    tokens: Option<usize>,
    offset: Option<usize>,
}

/// One file's tokens: a hash of each, and its line.
pub(super) struct Tokens {
    path: RelPath,
    pub(super) hashes: Vec<u32>,
    lines: Vec<u32>,
}

impl Tool for FindDuplicates {
    const NAME: &'static str = "find_duplicates";
    const TITLE: &'static str = "Find duplicates";
    const TOOLSET: Toolset = Toolset::Analysis;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let least = self.tokens.unwrap_or(TOKENS).max(LEAST);
        let begun = Instant::now();
        let (files, left_out) = read(&view, self.path.as_deref(), begun)?;
        let mut places: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for (number, file) in (0u32..).zip(&files) {
            context.cancelled()?;
            for (hash, at) in fingerprints(&file.hashes, least) {
                places.entry(hash).or_default().push((number, at));
            }
        }
        places.retain(|_, places| places.len() > 1);
        let mut go_on = || context.cancelled().is_ok() && begun.elapsed() < LIMIT;
        let found = clones(&files, places.into_values().collect(), least, &mut go_on);
        context.cancelled()?;
        let answers: Vec<(String, String)> = found
            .iter()
            .map(|clone| {
                let places: Vec<String> =
                    clone.iter().map(|run| format!("  {}", shown(&files, run))).collect();
                let (copies, tokens) = (clone.len(), clone[0].len);
                (String::new(), format!("{copies} copies of {tokens} tokens\n{}", places.join("\n")))
            })
            .collect();
        let mut text = match answers.is_empty() {
            true => format!("no code of {least} tokens or more is there twice in {} files\n", files.len()),
            false => format!("{}\n", counted(answers.len(), "clone", "clones")),
        };
        text.push_str(&listing(&answers, self.offset, SHOWN));
        if left_out > 0 || begun.elapsed() >= LIMIT {
            text.push_str(&format!("({left_out} files were left out; narrow it with `path`)\n"));
        }
        Ok(ToolOutput::text(text + &view.notice()))
    }
}

fn shown(files: &[Tokens], run: &Run) -> String {
    let file = &files[run.file as usize];
    let line = |at: usize| file.lines.get(at).copied().unwrap_or_default();
    format!("{}:{}-{}", file.path, line(run.at as usize), line(run.at as usize + run.len as usize - 1))
}

/// The tokens of all files below a path, and how many files were left out for the limits.
fn read(view: &View<'_>, path: Option<&str>, begun: Instant) -> Result<(Vec<Tokens>, usize), ToolError> {
    let files = view.files(path)?;
    let (mut read, mut held) = (Vec::new(), 0);
    let mut seen: HashSet<RelPath> = HashSet::new();
    for (done, (root, inner)) in files.iter().enumerate() {
        view.context.cancelled()?;
        if held > MOST || begun.elapsed() > LIMIT {
            return Ok((read, files.len() - done));
        }
        if done % 128 == 127 {
            view.context.progress(done as u64, Some(files.len() as u64), inner.as_str());
        }
        let Some(language) = Language::of_path(inner) else { continue };
        let Ok(source) = Source::read(view.context, &view.path(root, inner)) else { continue };
        // Two links to one file are no clone.
        if !seen.insert(source.path.clone()) {
            continue;
        }
        let tree = Syntax::parse(language, &source.text, &mut || view.context.cancelled().is_ok());
        view.context.cancelled()?;
        let Some(tree) = tree else { continue };
        let (mut hashes, mut lines) = (Vec::new(), Vec::new());
        tree.tokens(&mut |token| {
            if token.kind != TokenKind::Comment {
                let range = token.range.start as usize..token.range.end as usize;
                let mut hasher = DefaultHasher::new();
                source.text.get(range.clone()).hash(&mut hasher);
                // Half of it is enough: runs are compared token by token.
                hashes.push(hasher.finish() as u32);
                lines.push(u32::try_from(source.line_at(range.start)).unwrap_or(u32::MAX));
            }
        });
        held += hashes.len();
        read.push(Tokens { path: source.path, hashes, lines });
    }
    Ok((read, 0))
}

#[cfg(test)]
mod tests;
