//! An open editor buffer: its text hides the file on disk.

use super::text::Encoding;

/// A buffer and its version. Its line ends are the editor's; what it is written as is the file's encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The editor's version of the text.
    pub version: i32,
    pub text: String,
    pub encoding: Encoding,
}
