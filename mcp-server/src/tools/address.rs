//! How a call says which symbol it means: by name, or by a place in a file.

use crate::symbols::RootIndex;
use crate::tool::ToolError;
use crate::tools::page::page;
use crate::tools::source::{Source, cut, whole_word};
use crate::tools::view::{FileView, View};
use crate::workspace::RelPath;
use devtoolkit_index::{Certainty, Definition, Filter, Language, MatchKind, Place, Symbol};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;
use std::sync::Arc;

/// Symbols of one name that are looked at.
const NAMESAKES: usize = 200;
/// Candidates that an error lists.
const LISTED: usize = 12;
/// Names like a wrong one that an error lists.
const NEAREST: usize = 5;
/// The most bytes of one definition's source.
const BODY: usize = 64 << 10;

/// A name with what is around it (`Class.method`), or LINE:COLUMN of the path, which may itself end in `:LINE` to mean the
/// name's use there. Its fields tell hosts nothing of this, because every tool repeats them; `definition` says it once.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Address {
    symbol: String,
    path: Option<String>,
}

/// A symbol with its file.
pub(super) struct Found {
    pub(super) file: FileView,
    pub(super) symbol: Symbol,
    /// What stands at the place has only the same name.
    pub(super) by_name: bool,
}

/// An address, read.
struct Meant<'a> {
    name: &'a str,
    path: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
}

impl Meant<'_> {
    /// The name that is pointed at, as an offset.
    fn offset(&self, source: &Source) -> Option<u32> {
        let line = self.line?;
        let bare = self.name.rsplit(['.', ':']).next().filter(|name| !name.is_empty());
        let at = match (self.column, bare) {
            (Some(column), _) => source.offset(line, column),
            (None, Some(name)) => source.start_of(line) + whole_word(source.line_text(line), name)?,
            (None, None) => return None,
        };
        u32::try_from(at).ok()
    }
}

impl Address {
    /// As it is said in a message.
    pub(super) fn shown(&self) -> String {
        let symbol: String = self.symbol.chars().take(80).collect();
        match &self.path {
            Some(path) => format!("`{symbol}` in `{}`", path.chars().take(120).collect::<String>()),
            None => format!("`{symbol}`"),
        }
    }

    /// The path and the line it may end in.
    pub(super) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The name alone, without what is around it.
    pub(super) fn name(&self) -> &str {
        self.symbol.rsplit(['.', ':', '#']).next().unwrap_or(&self.symbol).trim()
    }

    fn meant(&self) -> Meant<'_> {
        let (path, line) = self.path.as_deref().map_or((None, None), |path| {
            let (path, line, _) = split_place(path);
            (Some(path), line)
        });
        let symbol = self.symbol.trim();
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
        if path.is_some() {
            let (first, second) =
                symbol.split_once(':').map_or((symbol, None), |(first, second)| (first, Some(second)));
            if let Some(line) = number(first)
                && second.is_none_or(|second| number(second).is_some())
            {
                return Meant { name: "", path, line: Some(line), column: second.and_then(number) };
            }
            return Meant { name: symbol, path, line, column: None };
        }
        match split_place(symbol) {
            (path, Some(line), column) => Meant { name: "", path: Some(path), line: Some(line), column },
            (name, None, _) => Meant { name, path: None, line: None, column: None },
        }
    }

    /// The one symbol that is meant: a definition, or what the use at a place leads to.
    ///
    /// # Errors
    /// When there is none, with the names most like it, or more than one, with all of them.
    pub(super) fn one(&self, view: &View<'_>) -> Result<Found, ToolError> {
        let mut found = self.all(view)?;
        if found.len() == 1 {
            return Ok(found.remove(0));
        }
        let mut text = format!("{} means {} symbols; give `path` (and :LINE):\n", self.shown(), found.len());
        for found in found.iter().take(LISTED) {
            let _ = writeln!(text, "{}", found.line());
        }
        if found.len() > LISTED {
            let _ = writeln!(text, "and {} more", found.len() - LISTED);
        }
        Err(ToolError::failed(text.trim_end()))
    }

    /// The symbols that may be meant, at least one.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn all(&self, view: &View<'_>) -> Result<Vec<Found>, ToolError> {
        let meant = self.meant();
        if meant.name.is_empty() && meant.line.is_none() {
            return Err(ToolError::failed("`symbol` is empty; give a name, or LINE:COLUMN with a `path`"));
        }
        let found = match (meant.path, meant.line) {
            (Some(path), Some(line)) => at_line(view, path, line, &meant)?,
            (Some(path), None) if Language::of_path(path).is_some() && !path.contains(['*', '?']) => {
                in_file(view, path, meant.name)?
            }
            (path, _) => by_name(view, path, meant.name)?,
        };
        if found.is_empty() { Err(self.miss(view, &meant)) } else { Ok(found) }
    }

    /// The file that the name at a place stands for, as an imported module's does.
    pub(super) fn module(&self, view: &View<'_>) -> Option<RelPath> {
        let meant = self.meant();
        let file = view.file(&view.context.path(meant.path?).ok()?).ok()?;
        let (root, _) = view.indexed(&file.source)?;
        let definitions = file.snapshot.definition(&file.inner, meant.offset(&file.source)?);
        definitions.into_iter().find_map(|definition| match definition.place {
            Place::Module { path } => Some(view.path(root, &path)),
            Place::Symbol(_) => None,
        })
    }

    /// Nothing has the name: what does nearly.
    fn miss(&self, view: &View<'_>, meant: &Meant<'_>) -> ToolError {
        if meant.name.is_empty() {
            return ToolError::failed(format!(
                "no name with a known definition stands at {}; give a name, or LINE:COLUMN of one",
                self.shown()
            ));
        }
        let mut names: Vec<String> = Vec::new();
        if let Some(path) = meant.path
            && let Ok(path) = view.context.path(path)
            && let Ok(file) = view.file(&path)
        {
            names.extend(file.outline().into_iter().map(|symbol| symbol.qualified));
        }
        let bare = meant.name.rsplit(['.', ':']).next().unwrap_or_default();
        let beginning: String = bare.chars().take(3).collect();
        for root in view.roots() {
            let hits = [bare, beginning.as_str()].into_iter().filter(|query| !query.is_empty());
            let hits = hits.flat_map(|query| root.snapshot.find(query, &Filter::default(), 50));
            names.extend(hits.map(|hit| hit.symbol.qualified));
        }
        let wanted = meant.name.to_lowercase();
        let score = |name: &String| {
            let last = name.rsplit('.').next().unwrap_or(name).to_lowercase();
            let whole = strsim::jaro_winkler(&wanted, &name.to_lowercase());
            whole.max(strsim::jaro_winkler(&bare.to_lowercase(), &last))
        };
        let mut scored: Vec<(f64, String)> = names.into_iter().map(|name| (score(&name), name)).collect();
        scored.retain(|(score, _)| *score > 0.7);
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        scored.dedup_by(|a, b| a.1 == b.1);
        let near: Vec<String> =
            scored.into_iter().take(NEAREST).map(|(_, name)| format!("`{name}`")).collect();
        let hint = match near.as_slice() {
            [] => "find_symbol searches by parts of names".to_owned(),
            near => format!("nearest: {}", near.join(", ")),
        };
        let notice = view.notice();
        let notice = if notice.is_empty() { String::new() } else { format!(" {}", notice.trim_end()) };
        ToolError::failed(format!("no symbol {}; {hint}{notice}", self.shown()))
    }
}

impl Found {
    /// Path, line, kind, name and signature.
    pub(super) fn line(&self) -> String {
        line_of(&self.file, &self.symbol)
    }

    /// The first and the last line of the definition.
    pub(super) fn lines(&self) -> (usize, usize) {
        lines_of(&self.file, &self.symbol)
    }

    /// The source of the definition with line numbers, at most so many lines.
    pub(super) fn numbered(&self, lines: usize) -> String {
        let (first, last) = self.lines();
        let source = &self.file.source;
        let page = page(&source.text[..source.start_of(last + 1)], first, lines, BODY);
        let more = match page.more {
            0 => String::new(),
            more => format!("({more} more lines; read_file with offset {})\n", last - more + 1),
        };
        format!("{}{more}", page.text)
    }
}

/// The first and the last line of a definition.
pub(super) fn lines_of(file: &FileView, symbol: &Symbol) -> (usize, usize) {
    let last = symbol.range.end.max(symbol.range.start + 1) - 1;
    (file.source.line(symbol.range.start), file.source.line(last))
}

/// Path, line, kind, name and signature of a symbol.
pub(super) fn line_of(file: &FileView, symbol: &Symbol) -> String {
    let (path, line) = (&file.source.path, file.source.line(symbol.name_range.start));
    let shown = cut(&devtoolkit_index::text_of::signature(&file.source.text, symbol));
    format!("{path}:{line} {} {}  {shown}", symbol.kind.name(), symbol.qualified).trim_end().to_owned()
}

/// `path:12:5` as its parts; `path` alone has neither number.
fn split_place(text: &str) -> (&str, Option<usize>, Option<usize>) {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let Some((before, last)) = text.rsplit_once(':') else { return (text, None, None) };
    let Some(last) = number(last) else { return (text, None, None) };
    match before.rsplit_once(':').map(|(path, line)| (path, number(line))) {
        Some((path, Some(line))) => (path, Some(line), Some(last)),
        _ => (before, Some(last), None),
    }
}

/// What a place means: the name at a column, the use of a name on a line, or the definition there.
fn at_line(view: &View<'_>, path: &str, line: usize, meant: &Meant<'_>) -> Result<Vec<Found>, ToolError> {
    let path = view.context.path(path)?;
    let file = view.file(&path)?;
    let source = &file.source;
    if line > source.lines().max(1) {
        return Err(ToolError::failed(format!("`{path}` has {} lines, so none at {line}", source.lines())));
    }
    let bare = meant.name.rsplit(['.', ':']).next().unwrap_or_default();
    if let Some(at) = meant.offset(source) {
        let definitions = file.snapshot.definition(&file.inner, at);
        return definitions_of(view, file, definitions);
    }
    let outline = file.outline();
    let on_line = |symbol: &&Symbol| file.source.line(symbol.name_range.start) == line;
    let around = |symbol: &&Symbol| {
        let (first, last) = lines_of(&file, symbol);
        (first..=last).contains(&line)
    };
    let named = |symbol: &&Symbol| bare.is_empty() || symbol.name == bare;
    let symbol = outline.iter().find(|symbol| on_line(symbol) && named(symbol)).or_else(|| {
        let inside = outline.iter().filter(|symbol| around(symbol) && named(symbol));
        inside.min_by_key(|symbol| symbol.range.end - symbol.range.start)
    });
    Ok(symbol.cloned().map(|symbol| Found { file, symbol, by_name: false }).into_iter().collect())
}

/// The symbols of what was found, each with its file.
fn definitions_of(
    view: &View<'_>,
    file: FileView,
    definitions: Vec<Definition>,
) -> Result<Vec<Found>, ToolError> {
    let mut found = Vec::new();
    let root = view.indexed(&file.source).map(|(root, _)| root.clone());
    for definition in definitions {
        let by_name = definition.certainty == Certainty::ByName;
        let Place::Symbol(symbol) = definition.place else { continue };
        let one = match &root {
            Some(root) if symbol.path != file.inner => placed(view, root, symbol),
            _ => Some(Found { file: file.clone(), symbol, by_name }),
        };
        found.extend(one.map(|one| Found { by_name, ..one }));
    }
    Ok(found)
}

/// A root's symbol with its file; where the text is newer than the index, the symbol of that name in the newer text.
pub(super) fn placed(view: &View<'_>, root: &Arc<RootIndex>, symbol: Symbol) -> Option<Found> {
    let file = view.file(&view.path(root, &symbol.path)).ok()?;
    if file.whole {
        return Some(Found { file, symbol, by_name: false });
    }
    let again = file.outline().into_iter().find(|other| {
        other.name == symbol.name && (!root.snapshot.is_complete() || other.qualified == symbol.qualified)
    });
    again.map(|symbol| Found { file, symbol, by_name: false })
}

/// A file's symbols of a name.
fn in_file(view: &View<'_>, path: &str, name: &str) -> Result<Vec<Found>, ToolError> {
    let path = view.context.path(path)?;
    let file = view.file(&path)?;
    let outline = file.outline();
    let wanted = name.replace("::", ".").replace('#', ".");
    let is_whole = |symbol: &Symbol| symbol.qualified == wanted;
    let ends = |symbol: &Symbol| {
        symbol.name == wanted
            || symbol.qualified.strip_suffix(wanted.as_str()).is_some_and(|around| around.ends_with('.'))
    };
    let mut symbols: Vec<Symbol> = outline.iter().filter(|symbol| is_whole(symbol)).cloned().collect();
    if symbols.is_empty() {
        symbols = outline.iter().filter(|symbol| ends(symbol)).cloned().collect();
    }
    Ok(symbols.into_iter().map(|symbol| Found { file: file.clone(), symbol, by_name: false }).collect())
}

/// The symbols of a name in every root, or below a path.
fn by_name(view: &View<'_>, path: Option<&str>, name: &str) -> Result<Vec<Found>, ToolError> {
    let name = name.replace('#', ".");
    let mut found = Vec::new();
    for (root, filter) in view.filtered(path)? {
        view.context.cancelled()?;
        let hits = root.snapshot.find(&name, &filter, NAMESAKES);
        let exact = hits.into_iter().filter(|hit| hit.kind == MatchKind::Exact);
        found.extend(exact.filter_map(|hit| placed(view, &root, hit.symbol)));
    }
    Ok(found)
}
