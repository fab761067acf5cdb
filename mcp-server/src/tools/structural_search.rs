//! `structural_search`: a tree-sitter query over all files of a language.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::listing::listing;
use crate::tools::source::{Source, cut};
use crate::tools::view::{View, wait};
use devtoolkit_index::{Language, QueryMatch, structural_search};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// Matches of a reply.
const SHOWN: usize = 100;
/// How far `offset` can go.
const DEPTH: usize = 20_000;
/// The longest query, in bytes.
const QUERY: usize = 8 << 10;
/// The longest search.
const LIMIT: Duration = Duration::from_secs(20);

/// Search syntax trees with a tree-sitter query.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StructuralSearch {
    language: String,
    query: String,
    path: Option<String>,
    offset: Option<usize>,
}

impl Tool for StructuralSearch {
    const NAME: &'static str = "structural_search";
    const TITLE: &'static str = "Structural search";
    const TOOLSET: Toolset = Toolset::Analysis;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let language = language(&self.language)?;
        if self.query.len() > QUERY {
            let size = self.query.len();
            return Err(ToolError::failed(format!("`query` has {size} bytes, over the limit of {QUERY}")));
        }
        let query = self.query.clone();
        let search = wait(context, "compiling the query", move || structural_search(language, &query))?;
        let mut search = search.map_err(|error| ToolError::failed(format!("`query`: {error}")))?;
        let view = View::new(context)?;
        let mut files = view.files(self.path.as_deref())?;
        files.retain(|(_, inner)| Language::of_path(inner) == Some(language));
        let wanted = (self.offset.unwrap_or(1) + SHOWN).min(DEPTH);
        let begun = Instant::now();
        let mut go_on = || context.cancelled().is_ok() && begun.elapsed() < LIMIT;
        let (mut answers, mut stopped) = (Vec::new(), None);
        for (done, (root, inner)) in files.iter().enumerate() {
            context.cancelled()?;
            if done % 64 == 63 && begun.elapsed() > Duration::from_millis(500) {
                context.progress(done as u64, Some(files.len() as u64), inner.as_str());
            }
            let Ok(source) = Source::read(context, &view.path(root, inner)) else { continue };
            let matches = search.matches_while(&source.text, &mut go_on);
            let heading = source.path.to_string();
            let lines = matches.iter().flat_map(|matched| shown(&source, matched));
            answers.extend(lines.map(|line| (heading.clone(), line)));
            if answers.len() > wanted || !go_on() {
                stopped = Some((files.len() - done - 1, inner.clone())).filter(|(more, _)| *more > 0);
                break;
            }
        }
        context.cancelled()?;
        let mut text = match answers.is_empty() {
            true => format!("no match in {} files\n", files.len()),
            false => listing(&answers, self.offset, SHOWN),
        };
        if let Some((more, path)) = stopped {
            let why = if go_on() { "" } else { " for the time limit of 20 s; narrow it with `path`" };
            text.push_str(&format!("(stopped after `{path}`{why}; {more} files were not searched)\n"));
        }
        Ok(ToolOutput::text(text + &view.notice()))
    }
}

fn language(name: &str) -> Result<Language, ToolError> {
    Language::from_name(&name.to_lowercase()).ok_or_else(|| {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
        let shown: String = name.chars().take(40).collect();
        ToolError::Arguments(format!("`language` `{shown}` is none of {}", known.join(", ")))
    })
}

/// Each capture of a match: its line, its name and how it begins.
fn shown(source: &Source, matched: &QueryMatch) -> Vec<String> {
    let as_given = |(name, range): &(String, std::ops::Range<u32>)| {
        let text = source.text.get(range.start as usize..range.end as usize).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let more = if text.lines().count() > 1 { " …" } else { "" };
        format!("  {} @{name} {}{more}", source.line_at(range.start as usize), cut(first.trim_end()))
    };
    matched.captures.iter().map(as_given).collect()
}

#[cfg(test)]
mod tests;
