//! Proposed changes as plain values.

use super::path::RelPath;
use super::text::{self, Binary, Encoding};
use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Which text this is: the first 16 bytes of its BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision([u8; 16]);

impl Revision {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        Self(half)
    }

    /// From the form that `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A file's bytes and mode. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct FileContent {
    pub bytes: Arc<[u8]>,
    pub revision: Revision,
    /// Unix permission bits; `None` for a new file, which gets the usual ones.
    pub mode: Option<u32>,
}

impl FileContent {
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>, mode: Option<u32>) -> Self {
        let bytes = bytes.into();
        Self { revision: Revision::of(&bytes), bytes, mode }
    }

    /// As text.
    ///
    /// # Errors
    /// When it is binary.
    pub fn text(&self) -> Result<(Cow<'_, str>, Encoding), Binary> {
        text::decode(&self.bytes)
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileContent({} bytes, {}, {:?})", self.bytes.len(), self.revision, self.mode)
    }
}

/// What is at a path on one side of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    Absent,
    File(FileContent),
    /// A symbolic link and what it says.
    Link(PathBuf),
    Folder,
}

impl Side {
    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&FileContent> {
        match self {
            Self::File(file) => Some(file),
            Self::Absent | Self::Link(_) | Self::Folder => None,
        }
    }

    /// A file's permission bits, where they are known.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        self.file().and_then(|file| file.mode)
    }

    /// Whether both are the same, a file's mode included where both know it.
    #[must_use]
    pub fn is_all_of(&self, other: &Self) -> bool {
        self.same(other) && self.mode().zip(other.mode()).is_none_or(|(mode, other)| mode == other)
    }

    /// Whether both are the same, but for a file's mode.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(a), Self::File(b)) => a.revision == b.revision,
            (a, b) => a == b,
        }
    }
}

/// Proposed edits of one path. `before` is what the call saw there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    pub path: RelPath,
    pub before: Side,
    pub after: Side,
}

/// Which proposed changes are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Changes by number.
    pub calls: Vec<CallNumber>,
    /// Whole files.
    pub paths: Vec<RelPath>,
    /// Hunks, as `show_changes` names them.
    pub hunks: Vec<String>,
}

impl Selection {
    /// Whether nothing is named, which means everything.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.calls.is_empty() && self.paths.is_empty() && self.hunks.is_empty()
    }
}

/// One staging call's number, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallNumber(pub u32);

impl fmt::Display for CallNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What a tool wants done with the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkspaceOp {
    /// Proposes the edits of one call.
    Stage { title: String, files: Vec<FileChange> },
    /// Writes proposed changes to disk.
    Accept(Selection),
    /// Forgets proposed changes.
    Discard(Selection),
    /// Takes back what was written: a set by number, or all that came after a checkpoint; the newest without either.
    Undo { set: Option<u32>, checkpoint: Option<String> },
    /// Remembers the state under a name.
    Checkpoint { name: String },
}
