//! `find_todos`: what comments say is still to be done.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::listing::{counted, listing};
use crate::tools::source::{Source, cut};
use crate::tools::view::{View, wait};
use devtoolkit_index::text::TextQuery;
use devtoolkit_index::{Language, Syntax, TokenKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::ops::Range;

/// What marks a note.
const TAGS: [&str; 4] = ["TODO", "FIXME", "HACK", "XXX"];
/// Answers of a reply.
const SHOWN: usize = 100;
/// What begins a comment where no grammar says so.
const MARKERS: [&str; 8] = ["#", "//", "/*", "<!--", "--", ";", "%", "rem "];

/// Find TODO, FIXME, HACK and XXX in comments.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FindTodos {
    path: Option<String>,
    offset: Option<usize>,
}

impl Tool for FindTodos {
    const NAME: &'static str = "find_todos";
    const TITLE: &'static str = "Find todos";
    const TOOLSET: Toolset = Toolset::Analysis;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let query = TextQuery { pattern: TAGS.join("|"), word: true, ..TextQuery::default() };
        let mut answers = Vec::new();
        for (root, filter) in view.filtered(self.path.as_deref())? {
            // The index says which files can have one; each of them is then read.
            let query = query.compile().map_err(|error| ToolError::failed(error.to_string()))?;
            let (snapshot, workspace) = (root.snapshot.clone(), context.snapshot.clone());
            let (symbols, at) = (context.symbols.clone(), root.clone());
            let counts = wait(context, "searching text", move || {
                let bytes = |inner: &str| {
                    let seen = workspace.read_up_to(&symbols.path(&at, inner), 2 << 20).ok()?;
                    Some(seen.content.bytes.to_vec())
                };
                snapshot.count_text(&query, &filter, &bytes)
            })?;
            for (inner, _) in counts {
                context.cancelled()?;
                let Ok(source) = Source::read(context, &view.path(&root, &inner)) else { continue };
                answers.extend(notes(context, &inner, &source)?);
            }
        }
        let mut text = match answers.is_empty() {
            true => "no TODO, FIXME, HACK or XXX in comments\n".to_owned(),
            false => format!("{}\n", counted(answers.len(), "note", "notes")),
        };
        text.push_str(&listing(&answers, self.offset, SHOWN));
        Ok(ToolOutput::text(text + &view.notice()))
    }
}

/// The notes of one file under its path.
fn notes(context: &ToolContext, inner: &str, source: &Source) -> Result<Vec<(String, String)>, ToolError> {
    let tree = Language::of_path(inner)
        .and_then(|language| Syntax::parse(language, &source.text, &mut || context.cancelled().is_ok()));
    context.cancelled()?;
    let mut comments: Vec<Range<usize>> = Vec::new();
    match tree {
        Some(tree) => tree.tokens(&mut |token| {
            if token.kind == TokenKind::Comment {
                comments.push(token.range.start as usize..token.range.end as usize);
            }
        }),
        None => comments.extend((1..=source.lines()).filter_map(|line| {
            let text = source.line_text(line).to_lowercase();
            let at = MARKERS.iter().filter_map(|marker| text.find(marker)).min()?;
            // Lower case may be longer; the tag is then not cut off, only found a little early.
            let start = source.start_of(line);
            Some(start + at.min(source.line_text(line).len())..start + source.line_text(line).len())
        })),
    }
    let mut found = Vec::new();
    for comment in comments {
        let Some(text) = source.text.get(comment.clone()) else { continue };
        let mut at = comment.start;
        for line in text.split_inclusive('\n') {
            if let Some((tag, author, note)) = note(line) {
                let author = author.map_or_else(String::new, |author| format!("({author})"));
                let shown = format!("  {} {tag}{author} {}", source.line_at(at), cut(note));
                found.push((source.path.to_string(), shown.trim_end().to_owned()));
            }
            at += line.len();
        }
    }
    Ok(found)
}

/// The tag of a comment's line, who is named in brackets after it, and what it says.
fn note(line: &str) -> Option<(&'static str, Option<&str>, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let first = TAGS.into_iter().flat_map(|tag| line.match_indices(tag).map(move |(at, _)| (at, tag)));
    let whole = first
        .filter(|(at, tag)| !line[..*at].ends_with(is_word) && !line[at + tag.len()..].starts_with(is_word));
    let (at, tag) = whole.min()?;
    let rest = &line[at + tag.len()..];
    let (author, rest) = match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((author, rest)) if author.len() <= 60 => (Some(author.trim()), rest),
        _ => (None, rest),
    };
    let said = rest.trim_start_matches([':', '-', ' ', '\t']).trim();
    Some((tag, author, said.trim_end_matches("*/").trim_end_matches("-->").trim()))
}

#[cfg(test)]
mod tests;
