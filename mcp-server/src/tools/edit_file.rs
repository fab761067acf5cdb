//! `edit_file`: exact pieces of a text file replaced, all of them or none.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::closest::{line_of, place};
use crate::tools::target::{Target, stage};
use crate::workspace::FILE_LIMIT;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

mod matching;

use matching::{Found, find, replace};

/// The most edits of a call.
const EDITS: usize = 1_000;
/// Line numbers that a result names.
const NAMED: usize = 12;

/// Replace exact text in a file. All edits fit or none is staged.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct EditFile {
    path: String,
    edits: Vec<Edit>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// Must match once
    old: String,
    new: String,
    /// Matches expected
    count: Option<usize>,
    replace_all: Option<bool>,
}

impl Tool for EditFile {
    const NAME: &'static str = "edit_file";
    const TITLE: &'static str = "Edit file";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let (path, edits) = (context.path(&self.path)?, &self.edits);
        if edits.is_empty() {
            return Err(ToolError::failed("`edits` is empty; give at least one `old` and `new`"));
        }
        if edits.len() > EDITS {
            return Err(ToolError::failed(format!("`edits` has {}; at most {EDITS} at a time", edits.len())));
        }
        let target = Target::open(context, &path)?;
        let path = target.path.clone();
        let mut text = target.text.clone();
        let (mut results, mut failed) = (String::new(), 0);
        for (number, edit) in (1..).zip(edits) {
            context.cancelled()?;
            let result = edit.apply(&text);
            let label = if edits.len() == 1 { String::new() } else { format!("edit {number}: ") };
            match result {
                Ok(Done { text: after, note }) => {
                    text = after;
                    let _ = writeln!(results, "{label}{note}");
                }
                Err(why) => {
                    failed += 1;
                    let _ = writeln!(results, "{label}failed: {why}");
                }
            }
        }
        let results = results.trim_end();
        if failed > 0 {
            let rest = if edits.len() == 1 {
                "nothing was staged".to_owned()
            } else {
                format!(
                    "{failed} of {} edits failed, so none was staged; send all of them again, corrected",
                    edits.len()
                )
            };
            return Err(ToolError::failed(format!("`{path}`: {rest}\n{results}")));
        }
        Ok(match target.change(&text)? {
            Some(change) => {
                ToolOutput::op(format!("`{path}`: {results}"), stage(format!("edit {path}"), change))
            }
            None => ToolOutput::text(format!("`{path}`: together the edits change nothing\n{results}")),
        })
    }
}

/// A text after an edit, and what was done.
struct Done {
    text: String,
    note: String,
}

impl Edit {
    fn apply(&self, text: &str) -> Result<Done, String> {
        let (old, all) = (self.old.trim_start_matches('\u{feff}'), self.replace_all.unwrap_or(false));
        if old.is_empty() {
            return Err(
                "`old` is empty; give text to replace, or use write_file for the whole file".to_owned()
            );
        }
        if old == self.new {
            return Err("`old` and `new` are the same".to_owned());
        }
        if self.count == Some(0) {
            return Err("`count` is 0; leave the edit out instead".to_owned());
        }
        let Found { places, line_ends } = find(text, old);
        if places.is_empty() {
            return Err(self.missed(text, old));
        }
        let wanted = self.count.unwrap_or(1);
        let fits = if self.count.is_some() { places.len() == wanted } else { all || places.len() == 1 };
        let lines = lines_of(text, &places);
        if !fits {
            return Err(format!(
                "`old` matches {} times ({lines}), not {}; add lines around it until only the right place matches, or set `count` or `replace_all`",
                places.len(),
                if wanted == 1 { "once".to_owned() } else { format!("{wanted} times") },
            ));
        }
        if text.len() + places.len().saturating_mul(self.new.len()) > FILE_LIMIT as usize * 2 {
            return Err("the result would be too large".to_owned());
        }
        let (text, adapted) = replace(text, &places, old, &self.new);
        let mut note = match places.len() {
            1 => format!("replaced at {lines}"),
            many => format!("replaced {many} matches, {lines}"),
        };
        if line_ends || adapted {
            note.push_str(" (with the file's own line endings)");
        }
        Ok(Done { text, note })
    }
}

impl Edit {
    /// Why `old` is not there, and what is.
    fn missed(&self, text: &str, old: &str) -> String {
        let there = if self.new.trim().len() > 3 { text.find(&self.new) } else { None };
        let done = there.map(|at| {
            format!("; `new` already stands at line {}, so the edit may be done already", line_of(text, at))
        });
        format!("`old` does not occur{}{}", done.unwrap_or_default(), place(text, old))
    }
}

/// The lines on which places start, in words.
fn lines_of(text: &str, places: &[std::ops::Range<usize>]) -> String {
    let (mut line, mut at, mut numbers) = (1, 0, Vec::new());
    for place in places.iter().take(NAMED) {
        line += text[at..place.start].matches('\n').count();
        at = place.start;
        numbers.push(line.to_string());
    }
    let more = places.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let word = if places.len() == 1 { "line" } else { "lines" };
    format!("{word} {}{more}", numbers.join(", "))
}

#[cfg(test)]
mod tests;
