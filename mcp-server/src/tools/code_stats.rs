//! `code_stats`: lines by language, and the most branching functions.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::lines_of;
use crate::tools::listing::counted;
use crate::tools::source::Source;
use crate::tools::view::View;
use devtoolkit_index::{Language, Symbol, SymbolKind, Syntax, TokenKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The longest count.
const LIMIT: Duration = Duration::from_secs(30);
/// Functions that are listed, and the most.
const FUNCTIONS: usize = 15;
const MOST: usize = 200;

/// Count lines by language, and functions by complexity.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CodeStats {
    path: Option<String>,
    /// Functions listed
    top: Option<usize>,
}

/// Lines of a language.
#[derive(Default)]
struct Lines {
    files: usize,
    code: usize,
    comment: usize,
    blank: usize,
}

/// A function with its cyclomatic complexity.
struct Function {
    complexity: usize,
    place: String,
}

impl Tool for CodeStats {
    const NAME: &'static str = "code_stats";
    const TITLE: &'static str = "Code stats";
    const TOOLSET: Toolset = Toolset::Analysis;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let files = view.files(self.path.as_deref())?;
        let mut languages: BTreeMap<&'static str, Lines> = BTreeMap::new();
        let mut functions: Vec<Function> = Vec::new();
        let (begun, mut left_out) = (Instant::now(), 0);
        for (done, (root, inner)) in files.iter().enumerate() {
            context.cancelled()?;
            if begun.elapsed() > LIMIT {
                left_out = files.len() - done;
                break;
            }
            if done % 128 == 127 {
                context.progress(done as u64, Some(files.len() as u64), inner.as_str());
            }
            let Ok(source) = Source::read(context, &view.path(root, inner)) else { continue };
            let language = Language::of_path(inner);
            let tree = language.and_then(|language| {
                Syntax::parse(language, &source.text, &mut || context.cancelled().is_ok())
            });
            context.cancelled()?;
            let lines = languages.entry(language.map_or("other text", Language::name)).or_default();
            count(lines, &source, tree.as_ref());
            let Some(tree) = tree else { continue };
            let branches = tree.branches();
            if !branches.is_empty() {
                functions.extend(of_file(&view, &source, &branches)?);
                keep_most(&mut functions);
            }
        }
        let mut text = table(&languages);
        keep_most(&mut functions);
        let top = self.top.unwrap_or(FUNCTIONS).min(MOST);
        if !functions.is_empty() && top > 0 {
            text.push_str("\ncyclomatic complexity, highest first:\n");
        }
        for function in functions.iter().take(top) {
            let _ = writeln!(text, "{:>5} {}", function.complexity, function.place);
        }
        if left_out > 0 {
            let files = counted(left_out, "file was", "files were");
            let _ = writeln!(text, "({files} left out for the time limit; narrow it with `path`)");
        }
        Ok(ToolOutput::text(text + &view.notice()))
    }
}

/// Keeps the list short: only the highest are shown.
fn keep_most(functions: &mut Vec<Function>) {
    functions.sort_by(|a, b| b.complexity.cmp(&a.complexity).then_with(|| a.place.cmp(&b.place)));
    functions.truncate(MOST);
}

/// Adds a file's lines: a line with any code is code, one with only a comment is comment.
fn count(lines: &mut Lines, source: &Source, tree: Option<&Syntax<'_>>) {
    let total = source.lines();
    let mut code = vec![tree.is_none(); total];
    let mut comment = vec![false; total];
    if let Some(tree) = tree {
        tree.tokens(&mut |token| {
            let (first, last) = (token.range.start as usize, (token.range.end as usize).saturating_sub(1));
            let marked = if token.kind == TokenKind::Comment { &mut comment } else { &mut code };
            for line in source.line_at(first)..=source.line_at(last) {
                if let Some(mark) = marked.get_mut(line - 1) {
                    *mark = true;
                }
            }
        });
    }
    lines.files += 1;
    for (line, (code, comment)) in (1..).zip(code.into_iter().zip(comment)) {
        match source.line_text(line).trim().is_empty() {
            true => lines.blank += 1,
            false if comment && !code => lines.comment += 1,
            false => lines.code += 1,
        }
    }
}

/// The functions of a file, each with one more than the branches in it. What is in a function inside of it is that one's.
fn of_file(view: &View<'_>, source: &Source, branches: &[u32]) -> Result<Vec<Function>, ToolError> {
    let file = view.file(&source.path)?;
    let is_function = |symbol: &Symbol| {
        matches!(symbol.kind, SymbolKind::Function | SymbolKind::Method | SymbolKind::Constructor)
    };
    let mut functions: Vec<Symbol> = file.outline();
    functions.retain(is_function);
    let mut counts = vec![1; functions.len()];
    for at in branches {
        let around = functions.iter().enumerate().filter(|(_, function)| function.range.contains(at));
        if let Some((inner, _)) = around.min_by_key(|(_, function)| function.range.end - function.range.start)
        {
            counts[inner] += 1;
        }
    }
    let made = |(function, complexity): (Symbol, usize)| {
        let (first, last) = lines_of(&file, &function);
        Function { complexity, place: format!("{}:{first}-{last} {}", source.path, function.qualified) }
    };
    Ok(functions.into_iter().zip(counts).filter(|(_, count)| *count > 1).map(made).collect())
}

fn table(languages: &BTreeMap<&'static str, Lines>) -> String {
    let mut rows: Vec<(&str, &Lines)> = languages.iter().map(|(name, lines)| (*name, lines)).collect();
    rows.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.code));
    let mut total = Lines::default();
    let mut text =
        format!("{:<12}{:>8}{:>10}{:>10}{:>10}\n", "language", "files", "code", "comment", "blank");
    let put = |text: &mut String, name: &str, lines: &Lines| {
        let Lines { files, code, comment, blank } = lines;
        let _ = writeln!(text, "{name:<12}{files:>8}{code:>10}{comment:>10}{blank:>10}");
    };
    for (name, lines) in rows {
        put(&mut text, name, lines);
        total.files += lines.files;
        total.code += lines.code;
        total.comment += lines.comment;
        total.blank += lines.blank;
    }
    put(&mut text, "total", &total);
    text
}

#[cfg(test)]
mod tests;
