//! Structural search: a tree-sitter query over one text.

use crate::language::Language;
use crate::parse::Parsers;
use std::ops::Range;
use streaming_iterator::StreamingIterator;
use tree_sitter::{Query, QueryCursor};

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
/// When the query does not parse, or names nodes or fields that the grammar lacks.
pub fn structural_search(language: Language, query: &str) -> Result<StructuralSearch, QueryError> {
    let named = |message: &str| message.trim().trim_matches('"').to_owned();
    let query = Query::new(&language.grammar(), query).map_err(|error| QueryError {
        line: error.row + 1,
        column: error.column + 1,
        message: match error.kind {
            tree_sitter::QueryErrorKind::NodeType => {
                format!("{} has no node `{}`", language.name(), named(&error.message))
            }
            tree_sitter::QueryErrorKind::Field => {
                format!("{} has no field `{}`", language.name(), named(&error.message))
            }
            tree_sitter::QueryErrorKind::Capture => format!("no capture `{}`", error.message),
            _ => format!("syntax error near `{}`", error.message.trim()),
        },
    })?;
    Ok(StructuralSearch { language, query, parsers: Parsers::default() })
}

impl StructuralSearch {
    /// The matches in a text, in order; at most 10,000.
    pub fn matches(&mut self, text: &str) -> Vec<QueryMatch> {
        let Some(tree) = self.parsers.parse(self.language, text.as_bytes(), None) else { return Vec::new() };
        let names = self.query.capture_names();
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(4_096);
        let mut found = Vec::new();
        let mut matches = cursor.matches(&self.query, tree.root_node(), text.as_bytes());
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
