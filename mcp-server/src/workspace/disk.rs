//! Reading the tree beneath its roots. Every path is resolved at the moment of use by handles that the system keeps
//! beneath the root (`openat2` where there is one), so a link that leaves it is refused even when it is swapped in late.

#![expect(clippy::disallowed_methods, reason = "reading the tree is this file's purpose")]

use super::path::{RelPath, Root, Roots};
use cap_std::fs::{Dir, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The largest file that is read, in bytes.
pub const FILE_LIMIT: u64 = 64 << 20;
/// The most entries of a folder that are looked at.
pub(super) const FOLDER_LIMIT: usize = 200_000;

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    File,
    Folder,
    Link,
    /// A pipe, socket or device.
    Special,
}

/// Facts about what lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: Kind,
    /// Bytes.
    pub size: u64,
    /// Unix permission bits.
    pub mode: Option<u32>,
    /// Names that the file has.
    pub links: u64,
    pub modified: Option<SystemTime>,
    /// When its text, mode or names last changed, whatever its times were set to: seconds and nanoseconds of the epoch.
    pub changed: Option<(i64, i64)>,
    /// Which file it is, whatever its names: device and inode.
    pub file: Option<(u64, u64)>,
}

/// A file as it is read.
#[derive(Clone, Debug)]
pub struct DiskFile {
    pub bytes: Vec<u8>,
    pub stat: Stat,
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("`{path}` does not exist; find_files or list_directory show what does")]
    NotFound { path: RelPath },
    #[error("`{path}` leaves the workspace through a symbolic link; only what lies inside can be used")]
    Outside { path: RelPath },
    #[error("`{path}` is a loop of symbolic links")]
    Loop { path: RelPath },
    #[error(
        "`{path}` is reached through a link, which is not followed here; use the path of the file itself"
    )]
    Linked { path: RelPath },
    #[error("`{path}` is a folder; list_directory shows what is in it")]
    Folder { path: RelPath },
    #[error("`{path}` is no folder")]
    NoFolder { path: RelPath },
    #[error("`{path}` is not a regular file (a pipe, socket or device), and is not opened")]
    Special { path: RelPath },
    #[error(
        "`{path}` has {size} bytes, over the limit of {limit}; search_text finds lines in files up to 16 MiB"
    )]
    TooLarge { path: RelPath, size: u64, limit: u64 },
    #[error("`{path}` is too long: a path has at most 4096 bytes and each name 255")]
    TooLong { path: RelPath },
    #[error("no permission to read `{path}` (EACCES); its owner or mode would have to change")]
    Denied { path: RelPath },
    #[error("`{path}` is protected: {rule}")]
    Protected { path: RelPath, rule: &'static str },
    #[error(
        "`{path}` may hold secrets, so it is not shown before the person agrees; name it as `path` in a call of its own, and they are asked"
    )]
    Secret { path: RelPath },
    #[error("`{path}` begins with no root of this workspace")]
    NoRoot { path: RelPath },
    #[error("cannot read `{path}`")]
    Io { path: RelPath, source: io::Error },
}

impl ReadError {
    pub(super) fn new(path: &RelPath, source: io::Error) -> Self {
        let path = path.clone();
        match (source.kind(), source.raw_os_error()) {
            (io::ErrorKind::NotFound, _) => Self::NotFound { path },
            // What cap-std says itself, without the system: the path led outside.
            (io::ErrorKind::PermissionDenied, None) => Self::Outside { path },
            (io::ErrorKind::CrossesDevices, _) => Self::Outside { path },
            (io::ErrorKind::PermissionDenied, _) => Self::Denied { path },
            (_, Some(code)) if is_loop(code) => Self::Loop { path },
            (io::ErrorKind::InvalidFilename, _) => Self::TooLong { path },
            (io::ErrorKind::IsADirectory, _) => Self::Folder { path },
            (io::ErrorKind::NotADirectory, _) => Self::NotFound { path },
            _ => Self::Io { path, source },
        }
    }
}

/// `ELOOP`, for which the standard library has no stable name.
fn is_loop(code: i32) -> bool {
    #[cfg(unix)]
    return code == rustix::io::Errno::LOOP.raw_os_error();
    #[cfg(not(unix))]
    return code == 1921;
}

/// An absolute folder without links, for a root.
pub(super) fn canonical(folder: &Path) -> io::Result<PathBuf> {
    let path = std::fs::canonicalize(folder)?;
    if path.is_dir() { Ok(path) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// A folder without links, as far as it exists.
pub(super) fn real(folder: &Path) -> PathBuf {
    let found = folder.ancestors().find_map(|above| {
        let rest = folder.strip_prefix(above).ok()?;
        Some(std::fs::canonicalize(above).ok()?.join(rest))
    });
    found.unwrap_or_else(|| folder.to_path_buf())
}

impl Root {
    /// Bytes of the disk that it is on: all, and those that may still be written.
    #[must_use]
    pub fn space(&self) -> Option<(u64, u64)> {
        #[cfg(unix)]
        {
            let space = rustix::fs::fstatvfs(&self.dir).ok()?;
            Some((space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize))
        }
        #[cfg(not(unix))]
        return None;
    }
}

impl Roots {
    /// What lies at a path, links inside of the workspace followed.
    ///
    /// # Errors
    /// When there is nothing, or it is outside.
    pub fn stat(&self, path: &RelPath) -> Result<Stat, ReadError> {
        let (dir, inner) = self.at(path)?;
        let metadata = dir.metadata(&inner).map_err(|error| ReadError::new(path, error))?;
        Ok(stat_of(&metadata))
    }

    /// What lies at a path; a link is a link.
    ///
    /// # Errors
    /// When there is nothing, or its folder is outside.
    pub fn lstat(&self, path: &RelPath) -> Result<Stat, ReadError> {
        let (dir, inner) = self.at(path)?;
        let metadata = dir.symlink_metadata(&inner).map_err(|error| ReadError::new(path, error))?;
        Ok(stat_of(&metadata))
    }

    /// Where a link points, as it is written.
    ///
    /// # Errors
    /// When it is no link.
    pub fn read_link(&self, path: &RelPath) -> Result<PathBuf, ReadError> {
        let (dir, inner) = self.at(path)?;
        dir.read_link_contents(&inner).map_err(|error| ReadError::new(path, error))
    }

    /// A folder's entries in name order, and how many more there are past `FOLDER_LIMIT`.
    ///
    /// # Errors
    /// When there is no folder beneath the root.
    pub fn list(&self, path: &RelPath) -> Result<(Vec<(RelPath, Kind)>, usize), ReadError> {
        if self.all().len() > 1 && path.is_root() {
            let roots = self.all().iter();
            return Ok((roots.map(|root| (self.in_root(root, &RelPath::root()), Kind::Folder)).collect(), 0));
        }
        let (dir, inner) = self.at(path)?;
        let folder = |error: io::Error| match error.kind() {
            io::ErrorKind::NotADirectory => ReadError::NoFolder { path: path.clone() },
            _ => ReadError::new(path, error),
        };
        let mut entries = Vec::new();
        let mut more = 0;
        for entry in dir.read_dir(&inner).map_err(folder)? {
            let entry = entry.map_err(folder)?;
            if entries.len() == FOLDER_LIMIT {
                more += 1;
                continue;
            }
            let kind = entry.file_type().map_or(Kind::Special, kind_of);
            entries.push((path.join_os(&entry.file_name()), kind));
        }
        // No two have the same name, and names decide.
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok((entries, more))
    }

    /// The path without links: where a read or a write at `path` really goes. What does not exist yet is resolved as far
    /// as it does.
    ///
    /// # Errors
    /// When it leaves the workspace.
    pub fn resolve(&self, path: &RelPath) -> Result<RelPath, ReadError> {
        let (dir, inner) = self.at(path)?;
        let (root, _) = self.locate(path).ok_or_else(|| ReadError::NoRoot { path: path.clone() })?;
        let mut missing: Vec<&std::ffi::OsStr> = Vec::new();
        let mut at: &Path = &inner;
        loop {
            match dir.canonicalize(at) {
                Ok(found) => {
                    let found =
                        missing.iter().rev().fold(RelPath::from_os(&found), |at, name| at.join_os(name));
                    return Ok(self.in_root(root, &found));
                }
                // A link that points nowhere would be written through.
                Err(error)
                    if error.kind() == io::ErrorKind::NotFound && dir.symlink_metadata(at).is_err() =>
                {
                    let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else {
                        return Err(ReadError::new(path, error));
                    };
                    missing.push(name);
                    at = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(ReadError::Outside { path: path.clone() });
                }
                Err(error) => return Err(ReadError::new(path, error)),
            }
        }
    }

    /// A small regular file's bytes at a path without links, git's own state too: for those who check that.
    ///
    /// # Errors
    /// When there is none, it is reached through a link or has more than `limit` bytes.
    pub(crate) fn peek(&self, path: &RelPath, limit: u64) -> Result<Vec<u8>, ReadError> {
        Ok(super::place::Place::open(self, path)?.read(limit)?.bytes)
    }

    /// The handle of a path's root, and the path for the system.
    pub(super) fn at(&self, path: &RelPath) -> Result<(&Dir, PathBuf), ReadError> {
        let (root, inner) = self.locate(path).ok_or_else(|| ReadError::NoRoot { path: path.clone() })?;
        Ok((&root.dir, inner.to_os()))
    }
}

/// So that opening a pipe does not wait for its other end.
pub(super) fn never_wait(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// The bytes of an opened file, if it is a regular one of at most `limit` bytes, into memory that may be used again.
pub(super) fn read_into(
    path: &RelPath,
    file: File,
    limit: u64,
    bytes: &mut Vec<u8>,
) -> Result<Stat, ReadError> {
    bytes.clear();
    let fail = |error| ReadError::new(path, error);
    let stat = stat_of(&file.metadata().map_err(fail)?);
    match stat.kind {
        Kind::File => {}
        Kind::Folder => return Err(ReadError::Folder { path: path.clone() }),
        Kind::Link | Kind::Special => return Err(ReadError::Special { path: path.clone() }),
    }
    let too_large = |size| ReadError::TooLarge { path: path.clone(), size, limit };
    if stat.size > limit {
        return Err(too_large(stat.size));
    }
    // One more than the size, so that the end is seen without growing.
    bytes.reserve(usize::try_from(stat.size).unwrap_or_default() + 1);
    // The file may grow while it is read.
    file.take(limit + 1).read_to_end(bytes).map_err(fail)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(stat)
}

fn kind_of(kind: FileType) -> Kind {
    match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => Kind::Link,
        _ => Kind::Special,
    }
}

pub(super) fn stat_of(metadata: &Metadata) -> Stat {
    #[cfg(unix)]
    let (mode, links, file, changed) = {
        use cap_std::fs::MetadataExt;
        let (mode, file) = (metadata.mode() & 0o7777, (metadata.dev(), metadata.ino()));
        (Some(mode), metadata.nlink(), Some(file), Some((metadata.ctime(), metadata.ctime_nsec())))
    };
    #[cfg(not(unix))]
    let (mode, links, file, changed) = (None, 1, None, None);
    let modified = metadata.modified().ok().map(cap_std::time::SystemTime::into_std);
    Stat { kind: kind_of(metadata.file_type()), size: metadata.len(), mode, links, modified, changed, file }
}
