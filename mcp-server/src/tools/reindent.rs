//! Given source, fitted to the place where it goes: indentation, line ends, and a look at the result's syntax.

use crate::tool::{ToolContext, ToolError, ToolOutput};
use crate::tools::source::Source;
use crate::tools::target::{Target, stage};
use crate::tools::view::FileView;
use crate::workspace::LineEnd;
use devtoolkit_index::{Language, Syntax, SyntaxError, TokenKind};
use std::ops::Range;

/// Lines that are looked at to tell how a file indents.
const LINES: usize = 2_000;

/// The white space that a line begins with.
pub(super) fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// One level of a text's indentation.
pub(super) fn unit(text: &str) -> String {
    let indents = text.lines().take(LINES).map(indentation).filter(|indent| !indent.is_empty());
    let mut least = usize::MAX;
    for indent in indents {
        if indent.starts_with('\t') {
            return "\t".to_owned();
        }
        if indent.len() > 1 {
            least = least.min(indent.len());
        }
    }
    " ".repeat(if least == usize::MAX { 4 } else { least.min(8) })
}

/// Source as it stands at an indentation: without blank lines around it, its own indentation replaced. Source whose first
/// line alone is at the margin, as when it is copied from a definition's first character on, keeps its other lines.
pub(super) fn reindent(source: &str, indent: &str, language: Language) -> String {
    let source = source.replace("\r\n", "\n");
    let source = source.trim_end();
    let skipped = source.lines().take_while(|line| line.trim().is_empty()).count();
    let lines: Vec<&str> = source.lines().skip(skipped).collect();
    let source = lines.join("\n");
    let literal = inside_literals(&source, language);
    let is_free = |number: usize, line: &str| !line.trim().is_empty() && !literal.contains(&number);
    let first = lines.first().map_or("", |line| indentation(line));
    let rest = lines.iter().enumerate().skip(1).filter(|(number, line)| is_free(*number, line));
    let least = rest.clone().map(|(_, line)| indentation(line).len()).min();
    let as_it_is = first.is_empty() && !indent.is_empty() && is_placed(&lines, least, indent);
    let own = if as_it_is { 0 } else { least.map_or(first.len(), |least| least.min(first.len())) };
    let mut text = String::with_capacity(source.len() + lines.len() * indent.len());
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        if number == 0 || (!as_it_is && is_free(number, line)) {
            text.push_str(indent);
            text.push_str(&line[own.min(indentation(line).len())..]);
        } else if !line.trim().is_empty() || literal.contains(&number) {
            text.push_str(line);
        }
    }
    text
}

/// Whether the lines after the first already stand at the indentation.
fn is_placed(lines: &[&str], least: Option<usize>, indent: &str) -> bool {
    if least.is_none_or(|least| least < indent.len()) {
        return false;
    }
    let begins =
        |line: &str, starts: &[&str]| starts.iter().any(|start| line.trim_start().starts_with(start));
    let at_indent = lines.iter().skip(1).filter(|line| indentation(line).len() == indent.len());
    let mut at_indent = at_indent.filter(|line| !line.trim().is_empty());
    let is_closed = at_indent.all(|line| begins(line, &["}", ")", "]"]));
    let is_led = lines.first().is_some_and(|line| begins(line, &["@", "#[", "//", "/*", "#"]));
    is_closed || is_led
}

/// The lines (from 0) that begin inside a literal whose text they are. A string that begins its line is a doc string.
fn inside_literals(source: &str, language: Language) -> Vec<usize> {
    let mut lines = Vec::new();
    let Some(tree) = Syntax::parse(language, source, &mut || true) else { return lines };
    tree.tokens(&mut |token| {
        let range = token.range.start as usize..token.range.end as usize;
        let text = source.get(range.clone()).unwrap_or_default();
        if token.kind != TokenKind::Literal || !text.contains('\n') {
            return;
        }
        let before = source.get(..range.start).unwrap_or_default();
        let begins = before.rsplit('\n').next().unwrap_or_default();
        if !begins.trim().is_empty() {
            let first = before.matches('\n').count();
            lines.extend((1..=text.matches('\n').count()).map(|line| first + line));
        }
    });
    lines
}

/// Proposes a file's text with a range replaced, and says what became of its syntax.
pub(super) fn replaced(
    context: &ToolContext,
    file: &FileView,
    range: Range<usize>,
    new: &str,
    said: String,
) -> Result<ToolOutput, ToolError> {
    let target = Target::open(context, &file.source.path)?;
    let path = target.path.clone();
    if target.text != file.source.text {
        return Err(ToolError::failed(format!("`{path}` has just changed; look again and repeat the call")));
    }
    let old = target.text.clone();
    let new = LineEnd::most(&old).apply(new);
    let text = format!("{}{new}{}", &old[..range.start], &old[range.end..]);
    let warning = new_errors(context, file.language, &old, &text)?;
    let said = format!("{said}{}", warning.map_or_else(String::new, |warning| format!("\n{warning}")));
    Ok(match target.change(&text)? {
        Some(change) => ToolOutput::op(said, stage(format!("edit {path}"), change)),
        None => ToolOutput::text(format!("`{path}` already has exactly this; nothing was staged")),
    })
}

/// A warning when a text has more syntax errors than it had.
pub(super) fn new_errors(
    context: &ToolContext,
    language: Language,
    old: &str,
    new: &str,
) -> Result<Option<String>, ToolError> {
    let errors = errors(context, language, new)?;
    if errors.is_empty() {
        return Ok(None);
    }
    let before = self::errors(context, language, old)?;
    let Some(first) = errors.first().filter(|_| errors.len() > before.len()) else { return Ok(None) };
    let line = new[..first.range.start as usize].matches('\n').count() + 1;
    Ok(Some(format!(
        "warning: this makes a syntax error, line {line}: {}; it is staged all the same",
        first.message
    )))
}

/// The syntax errors of a text.
pub(super) fn errors(
    context: &ToolContext,
    language: Language,
    text: &str,
) -> Result<Vec<SyntaxError>, ToolError> {
    let tree = Syntax::parse(language, text, &mut || context.cancelled().is_ok());
    context.cancelled()?;
    Ok(tree.map_or_else(Vec::new, |tree| tree.errors(1_000)))
}

/// Blank lines just above a line (from 1).
pub(super) fn blank_above(source: &Source, line: usize) -> usize {
    (1..line).rev().take_while(|line| source.line_text(*line).trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: Language, source: &str, wanted: &str) {
        assert_eq!(reindent(source, "    ", language), wanted);
    }

    #[test]
    fn source_at_the_margin_is_moved_in() {
        check(Language::Python, "def f(a):\n    return a\n", "    def f(a):\n        return a");
        check(
            Language::Python,
            "\n\n  def f(\n    a,\n  ):\n    pass\n\n",
            "    def f(\n      a,\n    ):\n      pass",
        );
        check(Language::TypeScript, "f() {\n  a;\n}", "    f() {\n      a;\n    }");
    }

    #[test]
    fn source_whose_first_line_was_cut_short_stays() {
        check(Language::Python, "def f(a):\n        return a", "    def f(a):\n        return a");
        check(Language::TypeScript, "f() {\n      a;\n    }", "    f() {\n      a;\n    }");
        check(Language::Python, "@x\n    def f(a):\n        pass", "    @x\n    def f(a):\n        pass");
        check(
            Language::Python,
            "def f(\n        a,\n    ):\n        pass",
            "    def f(\n        a,\n    ):\n        pass",
        );
    }

    #[test]
    fn text_inside_of_literals_is_not_moved() {
        check(
            Language::Python,
            "def f():\n    \"\"\"Doc.\n\n    More.\n    \"\"\"\n    return '''a\nb\n  c'''",
            "    def f():\n        \"\"\"Doc.\n\n        More.\n        \"\"\"\n        return '''a\nb\n  c'''",
        );
    }

    #[test]
    fn the_unit_is_the_least_indentation() {
        assert_eq!(unit("a:\n  b\n    c\n"), "  ");
        assert_eq!(unit("a {\n\tb\n}\n"), "\t");
        assert_eq!(unit("a\n"), "    ");
    }
}
