//! `diagnostics`: what is wrong in files, as far as it is known without running anything.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::listing::{counted, listing};
use crate::tools::source::Source;
use crate::tools::view::View;
use crate::workspace::{RelPath, Side};
use devtoolkit_index::{Language, Syntax};
use schemars::JsonSchema;
use serde::Deserialize;

/// Answers of a reply.
const SHOWN: usize = 100;
/// Errors of one file.
const EACH: usize = 200;
/// Files that are parsed for one answer.
const FILES: usize = 2_000;

/// List syntax errors: of a path, else of staged files.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Diagnostics {
    path: Option<String>,
    offset: Option<usize>,
}

/// One thing that is wrong.
struct Diagnostic {
    path: RelPath,
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// Who says so.
    origin: Origin,
    message: String,
}

/// Where a diagnostic comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Syntax,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
        }
    }
}

impl Tool for Diagnostics {
    const NAME: &'static str = "diagnostics";
    const TITLE: &'static str = "Diagnostics";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let (files, looked_at) = self.files(&view)?;
        let mut found = Vec::new();
        let left_out = files.len().saturating_sub(FILES);
        for (done, path) in files.iter().take(FILES).enumerate() {
            context.cancelled()?;
            context.progress(done as u64, Some(files.len() as u64), path.as_str());
            found.extend(syntax(context, path)?);
        }
        let answers: Vec<(String, String)> = found
            .iter()
            .map(|one| {
                let (line, column, origin) = (one.line, one.column, one.origin.name());
                (one.path.to_string(), format!("  {line}:{column} {origin}: {}", one.message))
            })
            .collect();
        let files = counted(looked_at, "file", "files");
        let mut text = match answers.is_empty() {
            true => format!("no syntax errors in {files}\n"),
            false => format!("{} in {files}\n", counted(answers.len(), "syntax error", "syntax errors")),
        };
        text.push_str(&listing(&answers, self.offset, SHOWN));
        if left_out > 0 {
            text.push_str(&format!("({left_out} more files with errors; narrow it with `path`)\n"));
        }
        Ok(ToolOutput::text(text + &view.notice()))
    }
}

impl Diagnostics {
    /// The files that may have something wrong, and how many were looked at.
    fn files(&self, view: &View<'_>) -> Result<(Vec<RelPath>, usize), ToolError> {
        let Some(path) = &self.path else {
            let staged = view.context.snapshot.staging().files();
            let staged = staged.filter(|(_, file)| matches!(file.top, Side::File(_)));
            let files: Vec<RelPath> = staged.map(|(path, _)| path.clone()).collect();
            return Ok((files.clone(), files.len()));
        };
        if let Ok(file) = view.context.path(path)
            && Language::of_path(path).is_some()
            && view.source(&file).is_ok()
        {
            return Ok((vec![file], 1));
        }
        let (mut files, mut count) = (Vec::new(), 0);
        for (root, filter) in view.filtered(Some(path))? {
            for file in root.snapshot.files().filter(|file| filter.admits_file(&file.path, file.language)) {
                view.context.cancelled()?;
                count += 1;
                if root.snapshot.has_syntax_errors(&file.path) == Some(true) {
                    files.push(view.path(&root, &file.path));
                }
            }
        }
        if count == 0 {
            // A path that is wrong, and not one without files of ours.
            let path = view.context.path(path)?;
            view.context.snapshot.list(&path)?;
        }
        files.sort_unstable();
        Ok((files, count))
    }
}

/// The syntax errors of a file; none where it is in no language that is known.
fn syntax(context: &ToolContext, path: &RelPath) -> Result<Vec<Diagnostic>, ToolError> {
    let Some(language) = Language::of_path(path.as_str()) else { return Ok(Vec::new()) };
    let Ok(source) = Source::read(context, path) else { return Ok(Vec::new()) };
    let tree = Syntax::parse(language, &source.text, &mut || context.cancelled().is_ok());
    context.cancelled()?;
    let Some(tree) = tree else { return Ok(Vec::new()) };
    let diagnostic = |error: devtoolkit_index::SyntaxError| {
        let (line, column) = source.place(error.range.start as usize);
        Diagnostic { path: source.path.clone(), line, column, origin: Origin::Syntax, message: error.message }
    };
    Ok(tree.errors(EACH).into_iter().map(diagnostic).collect())
}

#[cfg(test)]
mod tests;
