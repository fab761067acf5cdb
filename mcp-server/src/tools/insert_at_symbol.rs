//! `insert_at_symbol`: new source beside a definition, or in its body.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::{Address, Found, lines_of};
use crate::tools::listing::counted;
use crate::tools::reindent::{blank_above, indentation, reindent, replaced, unit};
use crate::tools::view::View;
use devtoolkit_index::{Language, Symbol};
use schemars::JsonSchema;
use serde::Deserialize;
use std::ops::Range;

/// Blank lines that are put between definitions at most.
const BLANK: usize = 2;

/// Insert source beside a definition, or in its body.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct InsertAtSymbol {
    #[serde(flatten)]
    address: Address,
    place: Where,
    text: String,
}

// Beside a definition, or at an end of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Where {
    Before,
    After,
    Start,
    End,
}

/// A range to replace, and how.
struct Gap {
    range: Range<usize>,
    indent: String,
    /// Put before and after the new lines, which are ended.
    around: (String, String),
    is_empty_body: bool,
}

impl Tool for InsertAtSymbol {
    const NAME: &'static str = "insert_at_symbol";
    const TITLE: &'static str = "Insert at symbol";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        if self.text.trim().is_empty() {
            return Err(ToolError::failed("`text` is empty; give the source to insert"));
        }
        let view = View::new(context)?;
        let found = self.address.one(&view)?;
        let gap = match self.place {
            Where::Before => before(&found)?,
            Where::After => after(&found)?,
            Where::Start => inside(&found, true)?,
            Where::End => inside(&found, false)?,
        };
        let (file, source) = (&found.file, &found.file.source);
        let text = reindent(&self.text, &gap.indent, file.language);
        let is_line = text.lines().count() == 1;
        let blank = if gap.is_empty_body { 0 } else { blank_lines(&found, self.place, is_line) };
        let (mut head, mut tail) = gap.around;
        match self.place {
            Where::Before | Where::Start => tail.insert_str(0, &"\n".repeat(blank)),
            Where::After | Where::End => head.push_str(&"\n".repeat(blank)),
        }
        // The file's last line may have no end.
        if !gap.is_empty_body && gap.range.start > 0 && !source.text[..gap.range.start].ends_with('\n') {
            head.insert(0, '\n');
        }
        let line = source.line_at(gap.range.start) + head.matches('\n').count();
        let place = match self.place {
            Where::Before => "before",
            Where::After => "after",
            Where::Start => "at the start of",
            Where::End => "at the end of",
        };
        let lines = counted(text.lines().count(), "line", "lines");
        let said = format!("inserted {lines} {place} `{}`, {}:{line}", found.symbol.qualified, source.path);
        replaced(context, file, gap.range, &format!("{head}{text}\n{tail}"), said)
    }
}

/// The line that a definition begins on, its doc comment included.
fn first_line(found: &Found) -> usize {
    let symbol = &found.symbol;
    let doc = &symbol.doc_range;
    let above = !doc.is_empty() && doc.end <= symbol.range.start;
    found.file.source.line(if above { doc.start } else { symbol.range.start })
}

fn before(found: &Found) -> Result<Gap, ToolError> {
    let source = &found.file.source;
    let line = first_line(found);
    let at = source.start_of(line);
    let start = source.at(found.symbol.range.start);
    let own = source.start_of(source.line_at(start));
    if !source.text[own..start].trim().is_empty() {
        return Err(shared(found, source.line_at(start)));
    }
    let indent = indentation(source.line_text(line)).to_owned();
    Ok(Gap { range: at..at, indent, around: Default::default(), is_empty_body: false })
}

fn after(found: &Found) -> Result<Gap, ToolError> {
    let source = &found.file.source;
    let (first, last) = found.lines();
    let end = source.at(found.symbol.range.end);
    let rest = source.text[end..source.start_of(last + 1).max(end)]
        .trim()
        .trim_start_matches([';', ','])
        .trim_start();
    if !rest.is_empty() && !rest.starts_with("//") && !rest.starts_with('#') && !rest.starts_with("/*") {
        return Err(shared(found, last));
    }
    let at = source.start_of(last + 1);
    let indent = indentation(source.line_text(first)).to_owned();
    Ok(Gap { range: at..at, indent, around: Default::default(), is_empty_body: false })
}

fn shared(found: &Found, line: usize) -> ToolError {
    let name = &found.symbol.qualified;
    ToolError::failed(format!("`{name}` shares line {line} with other code; use edit_file"))
}

fn inside(found: &Found, at_start: bool) -> Result<Gap, ToolError> {
    let (source, symbol) = (&found.file.source, &found.symbol);
    let body = source.at(symbol.signature_range.end);
    let end = source.at(symbol.range.end);
    let no_body = |why: &str| {
        Err(ToolError::failed(format!(
            "`{}` {why}; use place `after`, or replace_symbol with the whole definition",
            symbol.qualified
        )))
    };
    let (first, last) = found.lines();
    let indent = indentation(source.line_text(first)).to_owned();
    if found.file.language == Language::Python {
        let line = source.line_at(body);
        if body >= end || line == source.line(symbol.name_range.start) {
            return no_body("has no body on lines of its own");
        }
        let doc = &symbol.doc_range;
        let documented = !doc.is_empty() && doc.start >= symbol.signature_range.end;
        let line = match (at_start, documented) {
            (true, true) => {
                let after = source.line(doc.end) + 1;
                let is_blank = |line: &usize| source.line_text(*line).trim().is_empty();
                after + (after..=source.lines()).take_while(is_blank).count()
            }
            (true, false) => line,
            (false, _) => last + 1,
        };
        let indent = indentation(source.line_text(source.line_at(body))).to_owned();
        let at = source.start_of(line);
        return Ok(Gap { range: at..at, indent, around: Default::default(), is_empty_body: false });
    }
    let close = source.text[..end].trim_end_matches([';', ' ', '\n', '\r']).len();
    let braces = source.text.get(body..close).filter(|text| text.starts_with('{') && text.ends_with('}'));
    let Some(braces) = braces.filter(|text| text.len() > 1) else { return no_body("has no body in braces") };
    let content = &braces[1..braces.len() - 1];
    let child = content.lines().skip(1).find(|line| !line.trim().is_empty()).map(indentation);
    let child = child.map_or_else(|| format!("{indent}{}", unit(&source.text)), str::to_owned);
    if content.trim().is_empty() {
        let around = ("\n".to_owned(), indent);
        return Ok(Gap { range: body + 1..close - 1, indent: child, around, is_empty_body: true });
    }
    let (open, close_line) = (source.line_at(body), source.line_at(close - 1));
    let is_split =
        content.lines().next().is_some_and(|line| line.trim().is_empty() || line.trim().starts_with("//"));
    if open == close_line || !is_split {
        return no_body("has a body that shares its lines");
    }
    let at = source.start_of(if at_start { open + 1 } else { close_line });
    Ok(Gap { range: at..at, indent: child, around: Default::default(), is_empty_body: false })
}

/// Blank lines between the new lines and what they stand beside: as many as are there already, none between single lines,
/// else what is usual.
fn blank_lines(found: &Found, place: Where, is_line: bool) -> usize {
    let source = &found.file.source;
    if matches!(place, Where::Start | Where::End) {
        let children = children(found);
        let beside = if place == Where::Start { children.first() } else { children.last() };
        let between = children.iter().skip(1).map(|(first, _)| blank_above(source, *first)).max();
        return match (beside, between) {
            (None, _) => 0,
            (Some((first, last)), _) if is_line && first == last => 0,
            (Some(_), Some(between)) => between.min(BLANK),
            (Some(_), None) => 1,
        };
    }
    let (first, last) = found.lines();
    if is_line && first == last {
        return 0;
    }
    let below = (last + 1..=source.lines()).take_while(|line| source.line_text(*line).trim().is_empty());
    let is_top_of_python = found.symbol.depth == 0 && found.file.language == Language::Python;
    match blank_above(source, first_line(found)).max(below.count()) {
        0 if is_top_of_python => BLANK,
        0 => 1,
        blank => blank.min(BLANK),
    }
}

/// The lines of the definitions in a body.
fn children(found: &Found) -> Vec<(usize, usize)> {
    let around = &found.symbol;
    let is_inside = |child: &Symbol| {
        child.depth == around.depth + 1
            && around.range.start <= child.range.start
            && child.range.end <= around.range.end
    };
    let outline = found.file.outline();
    outline.iter().filter(|child| is_inside(child)).map(|child| lines_of(&found.file, child)).collect()
}

#[cfg(test)]
mod tests;
