//! What is seen of the disk: the system read-only, the workspace and the home folder through overlays, secrets and
//! sockets not at all. Everything is prepared while the machine's own view is still there, and then put into place
//! from the outside in, so that nothing covers what a later step needs.

use super::hidden;
use crate::sandbox::plan::{Failure, Setting};
use crate::sandbox::view::Overlay;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, mount_change,
    mount_remount, move_mount, open_tree,
};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

mod devices;

/// Folders that are covered with all that is mounted there, and whose parts are still needed until then.
const COVERED: &[&str] = &["/proc", "/dev"];
const QUIET: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID.union(MountAttrFlags::MOUNT_ATTR_NODEV);

/// Something to be seen at a path.
pub(super) struct Piece {
    at: PathBuf,
    mount: OwnedFd,
    /// Whether there may be nothing at that path, and then nothing is to be hidden.
    optional: bool,
}

impl Piece {
    pub(super) fn new(at: impl Into<PathBuf>, mount: OwnedFd) -> Self {
        Self { at: at.into(), mount, optional: false }
    }

    /// Something empty in the place of something else.
    pub(super) fn hiding(at: &Path, mount: OwnedFd) -> Self {
        Self { at: at.to_owned(), mount, optional: true }
    }
}

/// A mount, as the kernel lists it.
struct Mounted {
    at: PathBuf,
    no_exec: bool,
}

/// Makes the view that the setting asks for.
pub(super) fn arrange(setting: &Setting, sockets: Vec<PathBuf>) -> Result<(), Failure> {
    let whole = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", whole).map_err(|error| Failure::confine("private mounts", &error.into()))?;
    let mounted = mounts().map_err(|error| Failure::confine("the list of mounts", &error))?;
    let mut pieces = Vec::new();
    for overlay in &setting.view.overlays {
        let mount = overlaid(overlay).map_err(|error| {
            Failure::confine(format!("the overlay of `{}`", overlay.at.display()), &error)
        })?;
        pieces.push(Piece::new(&overlay.at, mount));
    }
    let scratch = Path::new(&setting.view.scratch);
    let said = |step: &'static str| move |error| Failure::confine(step, &error);
    // One may be a link to the other.
    let shared: BTreeSet<PathBuf> =
        ["/tmp", "/var/tmp"].iter().filter_map(|place| fs::canonicalize(place).ok()).collect();
    for place in shared {
        pieces
            .push(Piece::new(place, clone(scratch).map_err(said("the private folder for temporary files"))?));
    }
    pieces.extend(devices::pieces().map_err(said("devices"))?);
    let mut tmpfs = Piece::new("/run", tmpfs("0755").map_err(said("a file system in memory"))?);
    tmpfs.optional = true;
    pieces.push(tmpfs);
    read_only(&mounted)?;
    pieces.extend(beneath(&setting.view.overlays, &mounted).map_err(said("mounts in the workspace"))?);
    pieces.extend(pinned(&setting.roots).map_err(said("`.git`"))?);
    pieces.extend(wanted_of_run().map_err(said("name servers"))?);
    pieces.extend(hidden::pieces(setting, sockets)?);
    put(pieces)
}

/// Puts pieces into place, outer ones first.
fn put(mut pieces: Vec<Piece>) -> Result<(), Failure> {
    pieces.sort_by_key(|piece| piece.at.components().count());
    for piece in pieces {
        match attach(&piece) {
            Err(error) if piece.optional && is_absent(&error) => {}
            other => {
                other.map_err(|error| {
                    Failure::confine(format!("mounting `{}`", piece.at.display()), &error)
                })?;
            }
        }
    }
    Ok(())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn attach(piece: &Piece) -> io::Result<()> {
    let attach = || move_mount(&piece.mount, "", CWD, &piece.at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH);
    match attach() {
        // It lies in a folder that is private now, and therefore empty.
        Err(Errno::NOENT) if !piece.optional => {
            let is_folder = fs::metadata(format!("/proc/self/fd/{}", piece.mount.as_raw_fd()))?.is_dir();
            if is_folder {
                fs::create_dir_all(&piece.at)?;
            } else {
                fs::create_dir_all(piece.at.parent().unwrap_or(Path::new("/")))?;
                fs::File::create(&piece.at)?;
            }
            Ok(attach()?)
        }
        other => Ok(other?),
    }
}

/// A folder through an overlay, mounted nowhere yet. Its layers are named by open files: no name needs escaping, and
/// the command learns none.
fn overlaid(overlay: &Overlay) -> io::Result<OwnedFd> {
    let open = |path: &OsStr| {
        rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    };
    let name = |file: &OwnedFd| format!("/proc/self/fd/{}", file.as_raw_fd());
    let lower = overlay.lower.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let (upper, work) = (open(&overlay.upper)?, open(&overlay.work)?);
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_flag(&context, "userxattr")?;
    let lower: Vec<String> = lower.iter().map(name).collect();
    fsconfig_set_string(&context, "lowerdir", lower.join(":"))?;
    fsconfig_set_string(&context, "upperdir", name(&upper))?;
    fsconfig_set_string(&context, "workdir", name(&work))?;
    fsconfig_create(&context)?;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, QUIET)?)
}

/// A file system in memory, mounted nowhere yet.
pub(super) fn tmpfs(mode: &str) -> io::Result<OwnedFd> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, "mode", mode)?;
    fsconfig_set_string(&context, "size", "64m")?;
    fsconfig_create(&context)?;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, QUIET)?)
}

/// What is at a path, to be mounted elsewhere too.
pub(super) fn clone(path: impl AsRef<Path>) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    Ok(open_tree(CWD, path.as_ref(), flags | OpenTreeFlags::AT_SYMLINK_NOFOLLOW)?)
}

/// Mounts something now; the rest of the preparation needs it.
pub(super) fn attach_now(mount: BorrowedFd<'_>, at: &str) -> io::Result<()> {
    Ok(move_mount(mount, "", CWD, at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
}

/// Makes what is mounted at a path read-only.
pub(super) fn remounted_read_only(at: &Path) -> io::Result<()> {
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    Ok(mount_remount(at, flags, c"")?)
}

/// Makes every mount that can be seen read-only; nothing on them makes anybody privileged, or is a device.
fn read_only(mounted: &[Mounted]) -> Result<(), Failure> {
    for mount in mounted.iter().filter(|mount| !is_covered(&mount.at)) {
        let mut flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
        if mount.no_exec {
            flags |= MountFlags::NOEXEC;
        }
        match mount_remount(&mount.at, flags, c"") {
            // Another mount covers it, or it is out of our reach, and of the command's, who may less.
            Ok(()) | Err(Errno::INVAL | Errno::ACCESS | Errno::NOENT) => {}
            Err(error) => {
                let step = format!("making `{}` read-only", mount.at.display());
                return Err(Failure::confine(step, &error.into()));
            }
        }
    }
    Ok(())
}

fn is_covered(at: &Path) -> bool {
    COVERED.iter().any(|covered| at.starts_with(covered))
}

/// Other mounts below a folder, which an overlay does not show: read-only.
fn beneath(overlays: &[Overlay], mounted: &[Mounted]) -> io::Result<Vec<Piece>> {
    let is_overlaid = |at: &Path| overlays.iter().any(|overlay| at == overlay.at);
    let is_beneath = |at: &Path| overlays.iter().any(|overlay| at.starts_with(&overlay.at));
    let mut pieces: Vec<Piece> = Vec::new();
    for at in mounted.iter().map(|mount| &mount.at) {
        let known = pieces.iter().any(|piece| piece.at == *at);
        if is_beneath(at) && !is_overlaid(at) && !known {
            match clone(at) {
                Ok(mount) => pieces.push(Piece { at: at.clone(), mount, optional: true }),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied || is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(pieces)
}

/// Each root's `.git`, as it is on disk: what lies there cannot be changed even for the command's own eyes.
fn pinned(roots: &[std::ffi::OsString]) -> io::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for root in roots {
        let at = Path::new(root).join(".git");
        match fs::symlink_metadata(&at) {
            Ok(found) if !found.is_symlink() => {
                pieces.push(Piece { mount: clone(&at)?, at, optional: true });
            }
            Ok(_) => {}
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(pieces)
}

/// What of `/run` the system itself leads to: name servers, and on some systems all programs.
fn wanted_of_run() -> io::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for path in ["/etc/resolv.conf", "/run/current-system", "/run/opengl-driver"] {
        let Ok(real) = fs::canonicalize(path) else { continue };
        let at = if path.starts_with("/run") { PathBuf::from(path) } else { real.clone() };
        if at.starts_with("/run") {
            pieces.push(Piece::new(at, clone(&real)?));
        }
    }
    Ok(pieces)
}

/// The mounts of this namespace.
fn mounts() -> io::Result<Vec<Mounted>> {
    let list = fs::read("/proc/self/mountinfo")?;
    Ok(list.split(|byte| *byte == b'\n').filter_map(mounted).collect())
}

fn mounted(line: &[u8]) -> Option<Mounted> {
    let mut fields = line.split(|byte| *byte == b' ').skip(4);
    let at = PathBuf::from(std::ffi::OsString::from_vec(unescaped(fields.next()?)));
    let no_exec = fields.next()?.split(|byte| *byte == b',').any(|option| option == b"noexec");
    Some(Mounted { at, no_exec })
}

/// A path of the kernel's lists, in which some characters are three octal digits.
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let code = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}
