//! A source file's symbols with their lines, read from its text: right for staged texts and before the index is warm.

use crate::tool::ToolError;
use crate::workspace::RelPath;
use devtoolkit_index::text_of::signature;
use devtoolkit_index::{Index, Language, LineIndex};
use std::fmt::Write as _;

/// The most symbols of a reply.
const SYMBOLS: usize = 1_000;

/// The symbols from a line on, each with its lines and its signature.
///
/// # Errors
/// When the file is in no language that is parsed.
pub(super) fn headings(path: &RelPath, text: &str, from_line: usize) -> Result<String, ToolError> {
    let Some(language) = Language::of_path(path.file_name()) else {
        return Err(ToolError::failed(format!(
            "`{path}` is in no language that has an outline; read it as text"
        )));
    };
    let mut index = Index::new();
    index.update(path.as_str(), text);
    let lines = LineIndex::new(text);
    let line_of = |offset: u32| lines.position(offset).line as usize + 1;
    let symbols = index.snapshot().outline(path.as_str()).unwrap_or_default();
    let mut wanted = symbols.iter().filter(|symbol| line_of(symbol.range.start) >= from_line);
    let mut shown = String::new();
    for symbol in wanted.by_ref().take(SYMBOLS) {
        let (first, last) = (line_of(symbol.range.start), line_of(symbol.range.end.saturating_sub(1)));
        let (indent, signature) = ("  ".repeat(symbol.depth as usize), signature(text, symbol));
        let signature = if signature.is_empty() { &symbol.name } else { &signature };
        let _ = writeln!(shown, "{:>13}\t{indent}{signature}", format!("{first}-{last}"));
    }
    let (count, total) = (symbols.len(), text.lines().count());
    let _ = write!(shown, "({total} lines of {}; {count} symbols", language.name());
    if let Some(next) = wanted.next() {
        let more = wanted.count() + 1;
        let _ = write!(shown, "; {more} more; ask with offset {}", line_of(next.range.start));
    }
    shown.push(')');
    Ok(shown)
}
