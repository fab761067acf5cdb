//! The trigram index behind text search: which files can hold a line that a pattern matches.
//!
//! A text's trigrams are runs of three bytes of one line, ASCII letters in lower case. A [`Query`] is the
//! condition on them that every match implies; a [`Table`] is the inverted index of a segment as bytes.
//! The index only ever rules files out: what remains is searched by [`crate::text`].

mod analysis;
mod build;
mod candidates;
mod extract;
mod postings;
mod query;
mod table;

pub(crate) use analysis::query;
pub(crate) use build::{Builder, merge};
pub(crate) use candidates::Candidates;
pub(crate) use extract::{Scratch, extract};
pub(crate) use query::Query;
pub(crate) use table::{Found, Table};

#[cfg(test)]
mod tests;
