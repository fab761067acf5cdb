//! One name in an open folder: what is there, and changing it. No link is followed on the way to it, so nothing that is
//! swapped in late leads elsewhere.

use super::change::{FileContent, Side};
use super::disk::{DiskFile, FILE_LIMIT, Kind, ReadError, Stat, read_into, stat_of};
use super::path::{RelPath, Roots};
use cap_std::fs::{Dir, File, OpenOptions};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

/// A name in a folder that is held open.
pub(super) struct Place {
    pub(super) path: RelPath,
    dir: Dir,
    name: OsString,
}

impl Place {
    /// Opens the folder around a path that has no links in it, as [`Roots::resolve`] gives it.
    ///
    /// # Errors
    /// When the folder does not exist, or a link has taken its place.
    pub(super) fn open(roots: &Roots, path: &RelPath) -> Result<Self, ReadError> {
        let (root, inner) = roots.at(path)?;
        let mut names: Vec<OsString> =
            inner.iter().map(ToOwned::to_owned).filter(|name| name != ".").collect();
        let name = names.pop().unwrap_or_else(|| ".".into());
        let mut dir = root.try_clone().map_err(|error| ReadError::new(path, error))?;
        for name in names {
            dir = open_folder(&dir, &name).map_err(|error| match dir.symlink_metadata(&name) {
                Ok(found) if found.is_symlink() => ReadError::Linked { path: path.clone() },
                _ => ReadError::new(path, error),
            })?;
        }
        Ok(Self { path: path.clone(), dir, name })
    }

    /// What lies there; a link is a link.
    pub(super) fn stat(&self) -> Result<Stat, ReadError> {
        let found = self.dir.symlink_metadata(&self.name);
        Ok(stat_of(&found.map_err(|error| ReadError::new(&self.path, error))?))
    }

    /// Reads a regular file of at most `limit` bytes.
    pub(super) fn read(&self, limit: u64) -> Result<DiskFile, ReadError> {
        let mut bytes = Vec::new();
        let stat = self.read_into(limit, &mut bytes)?;
        Ok(DiskFile { bytes, stat })
    }

    /// The same into memory that is used again for the next file.
    pub(super) fn read_into(&self, limit: u64, bytes: &mut Vec<u8>) -> Result<Stat, ReadError> {
        let file = open_file(&self.dir, &self.name).map_err(|error| match self.stat() {
            Ok(Stat { kind: Kind::Special, .. }) => ReadError::Special { path: self.path.clone() },
            Ok(Stat { kind: Kind::Link, .. }) => ReadError::Linked { path: self.path.clone() },
            _ => ReadError::new(&self.path, error),
        })?;
        read_into(&self.path, file, limit, bytes)
    }

    /// What is there as a side of a change; nothing is a side too.
    pub(super) fn side(&self) -> Result<Side, ReadError> {
        let stat = match self.stat() {
            Ok(stat) => stat,
            Err(ReadError::NotFound { .. }) => return Ok(Side::Absent),
            Err(error) => return Err(error),
        };
        match stat.kind {
            Kind::File => {
                let file = self.read(FILE_LIMIT)?;
                Ok(Side::File(FileContent::new(file.bytes, file.stat.mode)))
            }
            Kind::Folder => Ok(Side::Folder),
            Kind::Link => {
                let to = self.dir.read_link_contents(&self.name);
                Ok(Side::Link(to.map_err(|error| ReadError::new(&self.path, error))?))
            }
            Kind::Special => Err(ReadError::Special { path: self.path.clone() }),
        }
    }

    /// Writes a text as a new file that will replace `old`: with its owner, attributes and, where `mode` is none, mode.
    pub(super) fn write_new(&self, bytes: &[u8], mode: Option<u32>, old: Option<&Self>) -> io::Result<()> {
        let old = old.and_then(|old| open_file(&old.dir, &old.name).ok());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if old.is_some() || mode.is_some() {
            // Until it has the mode of the old one, it is for nobody else.
            cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let mut file = self.dir.open_with(&self.name, &options)?;
        file.write_all(bytes)?;
        #[cfg(unix)]
        keep_attributes(old.as_ref(), &file, mode)?;
        #[cfg(not(unix))]
        let _ = (old, mode);
        file.sync_all()
    }

    /// Makes a link that says `to`.
    #[cfg(unix)]
    pub(super) fn link(&self, to: &Path) -> io::Result<()> {
        self.dir.symlink_contents(to, &self.name)
    }

    /// Makes a link that says `to`.
    #[cfg(not(unix))]
    pub(super) fn link(&self, _: &Path) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "symbolic links cannot be written on this system"))
    }

    /// Renames it over another place; `is_new` refuses where something is there.
    pub(super) fn rename(&self, to: &Self, is_new: bool) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        if is_new {
            use rustix::fs::{RenameFlags, renameat_with};
            use rustix::io::Errno;
            match renameat_with(&self.dir, &self.name, &to.dir, &to.name, RenameFlags::NOREPLACE) {
                // Not every file system can refuse.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                done => return done.map_err(Into::into),
            }
        }
        let _ = is_new;
        self.dir.rename(&self.name, &to.dir, &to.name)
    }

    /// Makes a folder.
    pub(super) fn make_folder(&self) -> io::Result<()> {
        self.dir.create_dir(&self.name)
    }

    /// Deletes a file or a link.
    pub(super) fn remove(&self) -> io::Result<()> {
        self.dir.remove_file(&self.name)
    }

    /// Deletes a folder, if it is empty.
    pub(super) fn remove_folder(&self) -> io::Result<()> {
        self.dir.remove_dir(&self.name)
    }

    /// Whether something is there.
    pub(super) fn is_taken(&self) -> bool {
        self.dir.symlink_metadata(&self.name).is_ok()
    }

    /// Makes the folder's names last, where the system has a way to; what was done has happened either way.
    pub(super) fn sync(&self) {
        #[cfg(unix)]
        if let Ok(folder) = self.dir.open(".") {
            let _ = folder.sync_all();
        }
    }
}

#[cfg(unix)]
fn open_folder(dir: &Dir, name: &OsString) -> io::Result<Dir> {
    use rustix::fs::{Mode, OFlags, openat};
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    let flags = access | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(Dir::from_std_file(openat(dir, name, flags, Mode::empty())?.into()))
}

#[cfg(not(unix))]
fn open_folder(dir: &Dir, name: &OsString) -> io::Result<Dir> {
    if dir.symlink_metadata(name)?.is_symlink() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    dir.open_dir(name)
}

/// Opens for reading; never waits for a pipe's other end and never takes a terminal.
#[cfg(unix)]
fn open_file(dir: &Dir, name: &OsString) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, openat};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from_std(openat(dir, name, flags, Mode::empty())?.into()))
}

#[cfg(not(unix))]
fn open_file(dir: &Dir, name: &OsString) -> io::Result<File> {
    if dir.symlink_metadata(name)?.is_symlink() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    dir.open(name)
}

/// Owner and extended attributes as far as the system lets us, for a file without them is better than none; then the
/// mode.
#[cfg(unix)]
fn keep_attributes(old: Option<&File>, new: &File, mode: Option<u32>) -> io::Result<()> {
    use cap_std::fs::{MetadataExt, Permissions, PermissionsExt};
    use rustix::fs::{Gid, Uid};
    let was = old.and_then(|old| old.metadata().ok());
    let mut is_ours = true;
    if let (Some(was), Ok(is)) = (&was, new.metadata())
        && (was.uid(), was.gid()) != (is.uid(), is.gid())
    {
        let owner = (Some(Uid::from_raw(was.uid())), Some(Gid::from_raw(was.gid())));
        is_ours = rustix::fs::fchown(new, owner.0, owner.1).is_ok();
    }
    #[cfg(target_os = "linux")]
    if let Some(old) = old {
        keep_xattrs(old, new);
    }
    let Some(mode) = mode.or(was.map(|was| was.mode() & 0o7777)) else { return Ok(()) };
    // A program that ran as its owner does not come to run as us.
    let mode = if is_ours { mode } else { mode & 0o1777 };
    new.set_permissions(Permissions::from_mode(mode))
}

#[cfg(target_os = "linux")]
fn keep_xattrs(old: &File, new: &File) {
    let mut names = vec![0; 16 << 10];
    let Ok(length) = rustix::fs::flistxattr(old, &mut names[..]) else { return };
    let mut value = vec![0; 64 << 10];
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if let Ok(length) = rustix::fs::fgetxattr(old, name, &mut value[..]) {
            let _ = rustix::fs::fsetxattr(new, name, &value[..length], rustix::fs::XattrFlags::empty());
        }
    }
}
