//! The workspace: disk, then open buffers, then staged changes. Readers see the top through a [`Snapshot`]; only its
//! owner changes it.

mod apply;
mod change;
pub mod diff;
mod disk;
mod document;
mod ignored;
mod journal;
mod kept;
mod merge;
mod own_rules;
mod owner;
mod path;
mod place;
mod protected;
mod secrets;
mod shown;
mod snapshot;
mod staging;
mod text;
mod walk;

pub use apply::ApplyError;
pub use change::{CallNumber, FileChange, FileContent, Revision, Selection, Side, WorkspaceOp};
pub(crate) use diff::HUNK_DIGITS;
pub use diff::Hunk;
pub use disk::{DiskFile, FILE_LIMIT, Kind, ReadError, Stat};
pub use document::Document;
pub(crate) use ignored::Rules;
pub use journal::{Applied, Journal, JournalError};
pub(crate) use merge::picked;
pub use merge::{hunks, texts};
pub use owner::{OpError, Workspace};
pub use path::{PathError, RelPath, Root, Roots};
pub use protected::{Protection, protection};
pub use secrets::{Withheld, Withholding, is_secret};
pub use shown::{difference, in_words, mark, revealed, visible};
pub use snapshot::{History, Layer, Seen, Snapshot};
pub use staging::{Call, Chosen, StageError, StagedFile, Staging, Status};
pub(crate) use staging::{STAGED_BYTES, STAGED_FILES};
pub use text::{Binary, Encoding, LineEnd, Unencodable, decode, encode, is_binary};
pub use walk::{Reach, Walked};
