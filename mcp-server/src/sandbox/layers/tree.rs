//! Folders held open, and names in them. What hostile code wrote is looked at through these: no link is followed, nothing
//! is waited for, and no depth is too deep.

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Stat, Timespec, Timestamps, XattrFlags,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Says of a folder that nothing underneath it is seen.
const OPAQUE: &str = "user.overlay.opaque";
/// Says of an empty file that it is a deletion.
const WHITEOUT: &str = "user.overlay.whiteout";
/// The most names that are read of one folder.
const NAMES: usize = 500_000;
/// The most folders in one another that are looked at.
pub(super) const DEPTH: usize = 128;

/// When a file's content last changed: seconds and nanoseconds of the epoch.
pub(super) type Moment = (i64, i64);

/// What a name stands for in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    File,
    Folder,
    Link,
    /// A deletion of what lies underneath.
    Whiteout,
    /// A pipe, socket or device.
    Special,
}

/// Facts about a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) found: Found,
    pub(super) mode: u32,
    pub(super) size: u64,
    /// Bytes that it takes on the disk.
    pub(super) taken: u64,
    pub(super) modified: Moment,
    pub(super) changed: Moment,
}

/// How large something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Size {
    pub(super) files: u64,
    /// Bytes taken on the disk.
    pub(super) bytes: u64,
}

impl std::ops::AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// A folder that is held open.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Folder {
    /// Opens a folder of our own by its path.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(CWD, path, FOLDER - OFlags::NOFOLLOW, Mode::empty())?))
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// A folder in this one, made readable first where its mode forbids it.
    pub(super) fn folder(&self, name: &OsStr) -> io::Result<Self> {
        let open = || rustix::fs::openat(&self.0, name, FOLDER, Mode::empty());
        let opened = match open() {
            Err(Errno::ACCESS) if self.facts(name)?.is_some_and(|facts| facts.found == Found::Folder) => {
                self.set_mode(name, 0o700)?;
                open()?
            }
            opened => opened?,
        };
        let folder = Self(opened);
        // It may be readable, and yet not to be entered or changed.
        let mode = rustix::fs::fstat(&folder.0)?.st_mode;
        if mode & 0o700 != 0o700 {
            rustix::fs::fchmod(&folder.0, Mode::from_raw_mode(mode & 0o777 | 0o700))?;
        }
        Ok(folder)
    }

    /// A folder in this one, made where there is none.
    pub(super) fn make(&self, name: &OsStr, mode: u32) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.0, name, Mode::RWXU) {
            Ok(()) => {
                let folder = self.folder(name)?;
                // Whatever the umask is; and it has to stay ours to write.
                rustix::fs::fchmod(&folder.0, Mode::from_raw_mode(mode & 0o777 | 0o700))?;
                Ok(folder)
            }
            Err(Errno::EXIST) => self.folder(name),
            Err(error) => Err(error.into()),
        }
    }

    /// A folder below this one, if all on the way to it are folders.
    pub(super) fn descend(&self, path: &Path) -> io::Result<Option<Self>> {
        let mut at = self.try_clone()?;
        for name in path.iter().filter(|name| *name != ".") {
            at = match at.folder(name) {
                Ok(folder) => folder,
                Err(error) if is_no_folder(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
        }
        Ok(Some(at))
    }

    /// The names in it, in order.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push(OsString::from_vec(name.to_vec()));
            }
            if names.len() > NAMES {
                return Err(io::Error::other("a folder has too many names"));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn is_empty(&self) -> bool {
        let Ok(entries) = Dir::read_from(&self.0) else { return false };
        entries.flatten().all(|entry| matches!(entry.file_name().to_bytes(), b"." | b".."))
    }

    /// What lies there; none for nothing.
    pub(super) fn facts(&self, name: &OsStr) -> io::Result<Option<Facts>> {
        let stat = match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut facts = facts_of(&stat);
        if facts.found == Found::File && facts.size == 0 && self.is_marked_deleted(name) {
            facts.found = Found::Whiteout;
        }
        Ok(Some(facts))
    }

    fn is_marked_deleted(&self, name: &OsStr) -> bool {
        let mut value = [0; 8];
        self.file(name).is_ok_and(|file| rustix::fs::fgetxattr(&file, WHITEOUT, &mut value[..]).is_ok())
    }

    /// Whether it hides all that lies underneath.
    pub(super) fn is_opaque(&self) -> bool {
        let mut value = [0; 8];
        rustix::fs::fgetxattr(&self.0, OPAQUE, &mut value[..]).is_ok_and(|length| value[..length] == *b"y")
    }

    pub(super) fn set_opaque(&self) -> io::Result<()> {
        Ok(rustix::fs::fsetxattr(&self.0, OPAQUE, b"y", XattrFlags::empty())?)
    }

    /// Opens a regular file; never waits for a pipe's other end.
    fn file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let open = || rustix::fs::openat(&self.0, name, flags, Mode::empty());
        let opened = match open() {
            // Its owner may forbid himself to read.
            Err(Errno::ACCESS) => {
                let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
                if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
                    return Err(Errno::ACCESS.into());
                }
                self.set_mode(name, stat.st_mode & 0o777 | 0o400)?;
                let opened = open();
                self.set_mode(name, stat.st_mode & 0o777)?;
                opened?
            }
            opened => opened?,
        };
        if FileType::from_raw_mode(rustix::fs::fstat(&opened)?.st_mode) != FileType::RegularFile {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(opened.into())
    }

    /// The bytes of a regular file; none past the limit.
    pub(super) fn read(&self, name: &OsStr, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.file(name)?.take(limit + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= limit).then_some(bytes))
    }

    pub(super) fn read_link(&self, name: &OsStr) -> io::Result<PathBuf> {
        let to = rustix::fs::readlinkat(&self.0, name, Vec::new())?;
        Ok(PathBuf::from(OsStr::from_bytes(to.as_bytes())))
    }

    /// Writes a new file. Its time is `modified`, or now; which it is, is given back.
    pub(super) fn write(
        &self,
        name: &OsStr,
        bytes: &[u8],
        mode: u32,
        modified: Option<Moment>,
    ) -> io::Result<Moment> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file: File = rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?.into();
        file.write_all(bytes)?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode & 0o777))?;
        if let Some(modified) = modified {
            rustix::fs::futimens(&file, &times(modified))?;
        }
        Ok(facts_of(&rustix::fs::fstat(&file)?).modified)
    }

    pub(super) fn link(&self, name: &OsStr, to: &Path) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(to, &self.0, name)?)
    }

    /// Hides what lies underneath.
    pub(super) fn whiteout(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::mknodat(&self.0, name, FileType::CharacterDevice, Mode::empty(), 0)?)
    }

    pub(super) fn set_modified(&self, name: &OsStr, modified: Moment) -> io::Result<()> {
        Ok(rustix::fs::utimensat(&self.0, name, &times(modified), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// The name is not that of a link.
    fn set_mode(&self, name: &OsStr, mode: RawMode) -> io::Result<()> {
        Ok(rustix::fs::chmodat(&self.0, name, Mode::from_raw_mode(mode), AtFlags::empty())?)
    }

    /// Takes away what makes a program run as another.
    pub(super) fn clear_set_id(&self, name: &OsStr, facts: &Facts) -> io::Result<()> {
        match facts.found {
            Found::File if facts.mode & 0o6000 != 0 => self.set_mode(name, facts.mode & 0o777),
            _ => Ok(()),
        }
    }

    /// Moves a name; what is at the new one is replaced if it is no folder.
    pub(super) fn rename(&self, name: &OsStr, to: &Self, new: &OsStr) -> io::Result<()> {
        match rustix::fs::renameat(&self.0, name, &to.0, new) {
            // To move a folder, its owner must be able to write to it.
            Err(Errno::ACCESS) => {
                drop(self.folder(name)?);
                Ok(rustix::fs::renameat(&self.0, name, &to.0, new)?)
            }
            renamed => Ok(renamed?),
        }
    }

    /// Deletes what is no folder.
    pub(super) fn unlink(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Deletes a folder if nothing is in it; says whether it did.
    pub(super) fn remove_empty(&self, name: &OsStr) -> bool {
        rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR).is_ok()
    }

    /// Deletes a name and all below it. Folders are first moved up into this one, so that none is too deep.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        let mut open = vec![name.to_owned()];
        let mut count = 0_u64;
        while let Some(name) = open.pop() {
            match rustix::fs::unlinkat(&self.0, &name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => continue,
                Err(Errno::ISDIR | Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
            let folder = self.folder(&name)?;
            for inner in folder.names()? {
                match rustix::fs::unlinkat(&folder.0, &inner, AtFlags::empty()) {
                    Ok(()) => continue,
                    Err(Errno::ISDIR | Errno::PERM) => {}
                    Err(error) => return Err(error.into()),
                }
                if rustix::fs::unlinkat(&folder.0, &inner, AtFlags::REMOVEDIR).is_ok() {
                    continue;
                }
                loop {
                    let moved = OsString::from(format!(".gone-{count}"));
                    count += 1;
                    if self.facts(&moved)?.is_none() {
                        folder.rename(&inner, self, &moved)?;
                        open.push(moved);
                        break;
                    }
                }
            }
            rustix::fs::unlinkat(&self.0, &name, AtFlags::REMOVEDIR)?;
        }
        Ok(())
    }

    /// Writes a file in one step, whatever was there.
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = OsString::from(format!("{name}.new"));
        self.remove(&temporary)?;
        self.write(&temporary, bytes, 0o600, None)?;
        self.rename(&temporary, self, OsStr::new(name))
    }

    /// Files below a name and the bytes that they take. What makes no sense in a cache is taken out of it: pipes and
    /// their like, programs that run as another, and folders deeper than any tool makes them.
    pub(super) fn settle(&self, name: &OsStr) -> io::Result<Size> {
        let mut size = Size::default();
        let mut open: Vec<(Self, Vec<OsString>)> = vec![(self.try_clone()?, vec![name.to_owned()])];
        loop {
            let depth = open.len();
            let Some((folder, names)) = open.last_mut() else { return Ok(size) };
            let Some(name) = names.pop() else {
                open.pop();
                continue;
            };
            let Some(facts) = folder.facts(&name)? else { continue };
            match facts.found {
                Found::Special => folder.unlink(&name)?,
                Found::Folder if depth > DEPTH => folder.remove(&name)?,
                Found::Folder => {
                    let inner = folder.folder(&name)?;
                    let names = inner.names()?;
                    open.push((inner, names));
                }
                Found::File | Found::Link | Found::Whiteout => {
                    folder.clear_set_id(&name, &facts)?;
                    size.files += 1;
                    size.bytes += facts.taken;
                }
            }
        }
    }

    /// Bytes that may still be written to the disk that it is on.
    pub(super) fn free(&self) -> io::Result<u64> {
        let space = rustix::fs::fstatvfs(&self.0)?;
        Ok(space.f_bavail * space.f_frsize)
    }
}

fn times(modified: Moment) -> Timestamps {
    let time = Timespec { tv_sec: modified.0, tv_nsec: modified.1 };
    Timestamps { last_access: time, last_modification: time }
}

fn facts_of(stat: &Stat) -> Facts {
    let found = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Found::File,
        FileType::Directory => Found::Folder,
        FileType::Symlink => Found::Link,
        FileType::CharacterDevice if stat.st_rdev == 0 => Found::Whiteout,
        _ => Found::Special,
    };
    let moment = |seconds, nanoseconds: u64| (seconds, nanoseconds.cast_signed());
    Facts {
        found,
        mode: stat.st_mode & 0o7777,
        size: stat.st_size.cast_unsigned(),
        taken: stat.st_blocks.cast_unsigned() * 512,
        modified: moment(stat.st_mtime, stat.st_mtime_nsec),
        changed: moment(stat.st_ctime, stat.st_ctime_nsec),
    }
}

/// Whether an error says that there is nothing, or something that is no folder.
fn is_no_folder(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::NOENT, Errno::NOTDIR, Errno::LOOP].iter().any(|known| code == Some(known.raw_os_error()))
}
