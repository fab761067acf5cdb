//! The few devices that programs need, terminals of their own, and shared memory.

use super::{Piece, clone, tmpfs};
use rustix::fs::{Mode, OFlags, mkdirat, openat, symlinkat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen,
};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];
const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// All that is seen of `/dev`.
pub(super) fn pieces() -> io::Result<Vec<Piece>> {
    let folder = tmpfs("0755")?;
    let mut pieces = Vec::new();
    for name in DEVICES {
        let at = Path::new("/dev").join(name);
        let Ok(device) = clone(&at) else { continue };
        openat(&folder, *name, OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC, Mode::from_raw_mode(0o666))?;
        pieces.push(Piece::new(at, device));
    }
    for (name, target) in LINKS {
        symlinkat(*target, &folder, *name)?;
    }
    for name in ["pts", "shm"] {
        mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
    }
    pieces.push(Piece::new("/dev/pts", terminals()?));
    pieces.push(Piece::new("/dev/shm", tmpfs("1777")?));
    pieces.push(Piece::new("/dev", folder));
    Ok(pieces)
}

fn terminals() -> io::Result<OwnedFd> {
    let context = fsopen("devpts", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, "ptmxmode", "0666")?;
    fsconfig_set_string(&context, "mode", "0620")?;
    fsconfig_create(&context)?;
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}
