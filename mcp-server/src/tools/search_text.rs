//! `search_text`: the lines that a pattern matches, as ripgrep finds them, staged and open texts instead of the disk's.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::window::Window;
use devtoolkit_index::text::{Case, Compiled, TextQuery};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

mod candidates;
mod scan;

use candidates::candidates;
use scan::{Found, Line, Scan};

/// Matching lines of a reply, and the most of one.
const LINES: (usize, usize) = (200, 2_000);
/// Files of a reply that counts, and the most of one.
const COUNTS: (usize, usize) = (1_000, 5_000);
/// The most lines around a match.
const CONTEXT: usize = 50;
/// The most bytes of a reply's lines.
const BYTES: usize = 128 << 10;
/// The furthest that an offset goes.
const OFFSET: usize = 200_000;

/// Search file contents with a regex, as ripgrep does.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SearchText {
    query: String,
    path: Option<String>,
    glob: Option<String>,
    literal: Option<bool>,
    ignore_case: Option<bool>,
    context: Option<usize>,
    /// Only count, by file
    count: Option<bool>,
    offset: Option<usize>,
    limit: Option<usize>,
}

impl Tool for SearchText {
    const NAME: &'static str = "search_text";
    const TITLE: &'static str = "Search text";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let count = self.count.unwrap_or(false);
        let (usual, most) = if count { COUNTS } else { LINES };
        let window = Window::new(self.offset, self.limit, usual, most);
        if window.skip > OFFSET {
            return Err(ToolError::failed(format!("`offset` is over {OFFSET}; narrow the search instead")));
        }
        let compiled = self.compile(if count { None } else { Some(window.skip + window.take + 1) })?;
        let folder = context.path(self.path.as_deref().unwrap_or("."))?;
        let found = candidates(context, &folder, &compiled, self.glob.as_deref())?;
        let scan = Scan::new(context, &compiled, &found.paths);
        let mut reply = String::new();
        let mut notes = if count {
            let counts = scan.counts()?;
            let matches: u64 = counts.found.iter().map(|(_, count)| count).sum();
            for (path, count) in &counts.found[window.of(counts.found.len())] {
                let _ = writeln!(reply, "{path}: {count}");
            }
            let (files, rest) = (counts.found.len(), window.rest(counts.found.len()));
            let _ = write!(reply, "({} in {}{rest}", lines(matches as usize), in_files(files));
            counts.skipped.notes()
        } else {
            let hits = scan.lines(window.skip + window.take + 1)?;
            print(&hits.found, window, &mut reply);
            hits.skipped.notes()
        };
        notes.push_str(&found.notes);
        let _ = write!(reply, "{notes})");
        Ok(ToolOutput::text(reply))
    }
}

impl SearchText {
    fn compile(&self, limit: Option<usize>) -> Result<Compiled, ToolError> {
        let around = self.context.unwrap_or(0).min(CONTEXT);
        let query = TextQuery {
            pattern: self.query.clone(),
            literal: self.literal.unwrap_or(false),
            case: if self.ignore_case.unwrap_or(false) { Case::Insensitive } else { Case::Sensitive },
            before: around,
            after: around,
            limit: limit.map(|limit| limit as u64),
            ..TextQuery::default()
        };
        if query.pattern.is_empty() {
            return Err(ToolError::failed("`query` is empty; find_files lists files"));
        }
        query.compile().map_err(|error| ToolError::failed(error.to_string()))
    }
}

/// Writes the lines that were asked for, each file under its name, and how many there are.
fn print(found: &Found<Vec<Line>>, window: Window, reply: &mut String) {
    let (mut seen, mut shown, mut files, mut more) = (0_usize, 0, 0, false);
    'files: for (path, lines) in found {
        let mut named = false;
        for line in lines {
            // Lines around a match come with it.
            let place = if line.is_match || line.is_before { seen } else { seen.saturating_sub(1) };
            if place >= window.skip + window.take || reply.len() > BYTES {
                more = true;
                break 'files;
            }
            seen += usize::from(line.is_match);
            if place < window.skip {
                continue;
            }
            if !named {
                let _ = writeln!(reply, "{path}");
                (named, files) = (true, files + 1);
            } else if line.after_gap {
                reply.push_str("--\n");
            }
            shown += usize::from(line.is_match);
            let _ =
                writeln!(reply, "{}{}{}", line.number, if line.is_match { ": " } else { "- " }, line.text);
        }
    }
    let _ = write!(reply, "({} in {}", lines(shown), in_files(files));
    if more {
        let _ = write!(reply, "; more follow; ask with offset {}", window.skip + shown);
    } else if window.skip > 0 && shown == 0 {
        let _ = write!(reply, "; offset {} is past the end", window.skip);
    }
}

fn lines(count: usize) -> String {
    if count == 1 { "1 matching line".to_owned() } else { format!("{count} matching lines") }
}

fn in_files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

#[cfg(test)]
mod tests;
