//! A symbol index over tree-sitter: text in, symbols out.
//!
//! [`Index`] takes texts and hands out [`Snapshot`]s, which answer questions; [`store::Store`]
//! keeps an index on disk and [`walk`] fills it from a tree of files.

mod extract;
mod file;
mod filter;
mod index;
pub mod keep;
mod language;
mod map;
#[doc(hidden)]
pub mod measure;
mod names;
mod parse;
mod position;
mod project;
mod references;
mod resolve;
mod search;
mod segment;
mod snapshot;
pub mod store;
mod structural;
mod symbol;
mod syntax;
pub mod text;
pub mod text_of;
mod text_search;
mod trigram;
pub mod walk;

pub use filter::{BadGlob, Filter};
pub use index::{EditError, Index, TextEdit};
pub use language::Language;
pub use map::{MapOptions, RepoMap};
pub use position::{LineIndex, Position};
pub use references::{Call, Certainty, Definition, Place, Reference};
pub use search::{Hit, MatchKind};
pub use snapshot::{Counts, FileEntry, Import, Snapshot, Symbol};
pub use structural::{QueryError, QueryMatch, structural_search};
pub use symbol::{ImportKind, Role, SymbolKind};
pub use syntax::{Syntax, SyntaxError, Token, TokenKind};
pub use text_search::{TextHit, TextHits};
