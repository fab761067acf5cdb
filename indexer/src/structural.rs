//! Structural search: a tree-sitter query over one text.

use crate::language::Language;
use crate::parse::Parsers;
use std::ops::{ControlFlow, Range};
use streaming_iterator::StreamingIterator;
use tree_sitter::{Query, QueryCursor, QueryCursorOptions, QueryCursorState, QueryErrorKind};

/// Matches of one text that are reported.
const MATCH_LIMIT: usize = 10_000;

/// A query that tree-sitter refuses.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}, column {column} of the query: {message}")]
pub struct QueryError {
    /// One-based.
    pub line: usize,
    /// One-based, in bytes.
    pub column: usize,
    pub message: String,
}

/// One match of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryMatch {
    /// Which of the query's patterns matched, from 0.
    pub pattern: usize,
    /// Each capture's name and the node's bytes.
    pub captures: Vec<(String, Range<u32>)>,
}

/// A compiled query with the parser it needs.
pub struct StructuralSearch {
    language: Language,
    query: Query,
    parsers: Parsers,
}

/// Compiles a tree-sitter query for a language.
///
/// # Errors
/// When the query does not parse, names nodes or fields that the grammar lacks, or captures nothing.
pub fn structural_search(language: Language, query: &str) -> Result<StructuralSearch, QueryError> {
    let compiled = Query::new(&language.grammar(), query).map_err(|error| refusal(language, &error))?;
    if compiled.capture_names().is_empty() {
        // Only captured nodes have a place to show.
        let (before, last) = query.rsplit_once('\n').unwrap_or(("", query));
        return Err(QueryError {
            line: before.lines().count() + 1,
            column: last.len() + 1,
            message: "nothing is captured; write `@name` after the node to show".to_owned(),
        });
    }
    Ok(StructuralSearch { language, query: compiled, parsers: Parsers::default() })
}

/// Tree-sitter's error in our words.
fn refusal(language: Language, error: &tree_sitter::QueryError) -> QueryError {
    let what = error.message.trim().trim_matches('"');
    // A second line would point into the query, which we do not print.
    let near = what.lines().next().unwrap_or_default();
    let language = language.name();
    let message = match error.kind {
        QueryErrorKind::NodeType => format!("{language} has no node `{what}`"),
        QueryErrorKind::Field => format!("{language} has no field `{what}`"),
        QueryErrorKind::Capture => format!("no capture `{what}`"),
        QueryErrorKind::Structure => format!("no tree of {language} can match `{near}`"),
        QueryErrorKind::Predicate => format!("predicate: {what}"),
        QueryErrorKind::Syntax | QueryErrorKind::Language => format!("syntax error at `{near}`"),
    };
    QueryError { line: error.row + 1, column: error.column + 1, message }
}

impl StructuralSearch {
    /// The matches in a text, in order; at most 10,000.
    pub fn matches(&mut self, text: &str) -> Vec<QueryMatch> {
        self.matches_while(text, &mut || true)
    }

    /// As [`Self::matches`], but ends with what was found once `go_on` says no; it is asked many times a millisecond.
    pub fn matches_while(&mut self, text: &str, go_on: &mut dyn FnMut() -> bool) -> Vec<QueryMatch> {
        let tree = self.parsers.parse_while(self.language, text.as_bytes(), None, go_on);
        let Some(tree) = tree else { return Vec::new() };
        let names = self.query.capture_names();
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(4_096);
        let mut found = Vec::new();
        let mut give_up =
            |_: &QueryCursorState| if go_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let options = QueryCursorOptions::new().progress_callback(&mut give_up);
        let mut matches =
            cursor.matches_with_options(&self.query, tree.root_node(), text.as_bytes(), options);
        while let Some(matched) = matches.next() {
            let capture = |capture: &tree_sitter::QueryCapture<'_>| {
                let range = capture.node.byte_range();
                let name = names.get(capture.index as usize).copied().unwrap_or_default();
                (name.to_owned(), crate::extract::offset(range.start)..crate::extract::offset(range.end))
            };
            let captures = matched.captures().iter().map(capture).collect();
            found.push(QueryMatch { pattern: matched.id() as usize, captures });
            if found.len() >= MATCH_LIMIT {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(query: &str, message: &str) {
        let error = structural_search(Language::Python, query).err().expect("the query is wrong");
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn a_refusal_names_the_place_and_the_reason() {
        refused("(nonsense) @a", "line 1, column 2 of the query: python has no node `nonsense`");
        refused("(module\n  colour: (_))", "line 2, column 3 of the query: python has no field `colour`");
        refused("((identifier) @a (#eq? @b \"x\"))", "line 1, column 25 of the query: no capture `b`");
        refused("(module", "line 1, column 8 of the query: syntax error at `(module`");
        refused(
            "(identifier (module)) @a",
            "line 1, column 13 of the query: no tree of python can match `(identifier (module)) @a`",
        );
        refused(
            "((identifier) @a (#match? @a \"[\"))",
            "line 1, column 1 of the query: predicate: Invalid regex '['",
        );
    }

    #[test]
    fn a_query_that_shows_nothing_says_what_to_write() {
        let message = "nothing is captured; write `@name` after the node to show";
        refused("(module)", &format!("line 1, column 9 of the query: {message}"));
        refused("", &format!("line 1, column 1 of the query: {message}"));
    }

    #[test]
    fn matches_come_in_order_and_predicates_hold() {
        let query = "((identifier) @name (#match? @name \"^[a-c]$\"))";
        let mut search = structural_search(Language::Python, query).expect("a good query");
        let found = search.matches("a = é + b\nd = c\n");
        let ranges: Vec<_> = found.iter().map(|found| found.captures[0].1.clone()).collect();
        assert_eq!(ranges, [0..1, 9..10, 15..16], "in bytes");
        assert!(search.matches("def (((").is_empty());
    }
}
