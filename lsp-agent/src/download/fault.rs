//! What can go wrong on the way, and what to do about it.

use crate::placement::Size;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Why a file is not there.
#[derive(Debug, Error)]
pub enum DownloadError {
    #[error(
        "`{0}` is no address of a hub: it has to begin with `https://`, or with `http://` and this machine's own name"
    )]
    Hub(String),
    #[error("the hub leads to `{to}`, which is not followed: only `https://` addresses are")]
    Redirect { to: String },
    #[error("there is no `{file}` on the hub; see that owner, name and file are right")]
    NotFound { file: String },
    #[error(
        "the hub does not give `{file}` to just anyone (it answered {status}); accept the model's terms on its page, and set `HF_TOKEN` to a token of yours"
    )]
    NotAllowed { file: String, status: u16 },
    #[error("the hub answered {status} for `{file}`, which is not understood")]
    Answer { file: String, status: u16 },
    #[error(
        "no file came for `{file}` in {attempts} attempts: {why}; the same command continues where it stopped"
    )]
    GivenUp { file: String, why: String, attempts: u32 },
    #[error(
        "the hub has another `{file}` than this version knows: its {what} is {found}, not {expected}; to take it as it is, pull it by its address, `OWNER/NAME/FILE.gguf`"
    )]
    Changed { file: String, what: String, expected: String, found: String },
    #[error(
        "`{file}` came with the checksum {found}, and {wanted} is right; it was thrown away: try again, or another hub with `--hub`"
    )]
    WrongSum { file: String, found: String, wanted: String },
    #[error("`{}` has {} free, and {} are needed; make room, or choose another folder with `--models`", folder.display(), Size(*free), Size(*missing))]
    NoSpace { folder: PathBuf, missing: u64, free: u64 },
    #[error("`{}` is being pulled by another process; wait until that one is done", .0.display())]
    Busy(PathBuf),
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    #[error("cannot write `{}`", path.display())]
    Disk { path: PathBuf, source: io::Error },
    #[error("stopped; the same command continues where it stopped")]
    Cancelled,
}

/// What ended one attempt.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Trying again is no use.
    Final(DownloadError),
    /// Trying again may help, after this time if the hub named one.
    Passing { why: String, after: Option<Duration> },
    /// All is there, and it is something else.
    WrongSum { found: String, wanted: String },
}

impl Trouble {
    pub(super) fn passing(why: impl Into<String>) -> Self {
        Self::Passing { why: why.into(), after: None }
    }
}

impl From<DownloadError> for Trouble {
    fn from(error: DownloadError) -> Self {
        Self::Final(error)
    }
}
