//! Text search: the lines of one file that a pattern matches, exactly as ripgrep finds them.
//!
//! Built on ripgrep's own libraries and set up as it sets them up for a folder: a file is searched line by
//! line, one with a byte order mark is decoded first, and one with a NUL byte is given up where the buffer
//! with that byte starts. What files to look at is for `trigram.rs` to say.

mod decode;
mod pattern;
mod scan;

pub(crate) use decode::{decode, is_utf16};
pub use pattern::{Case, Compiled, PatternError, TextQuery};
pub use scan::{Line, LineRole, Outcome, Scanner};

#[cfg(test)]
mod tests;
