//! The first process of a namespace: a `/proc` that shows only what lives there, and bounds that hold for all of it.

use super::mounts::{attach_now, clone};
use crate::sandbox::plan::Failure;
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, fsconfig_create, fsmount, fsopen,
    mount_remount, move_mount,
};
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

/// Settings of the whole machine, which root could change without any capability.
const READ_ONLY: &[&str] =
    &["/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi", "/proc/sysrq-trigger"];
/// What tells of the machine's memory and keys.
const HIDDEN: &[&str] = &[
    "/proc/kcore",
    "/proc/keys",
    "/proc/key-users",
    "/proc/kmsg",
    "/proc/timer_list",
    "/proc/sched_debug",
    "/proc/kpagecount",
    "/proc/kpageflags",
    "/proc/kpagecgroup",
    "/proc/vmallocinfo",
    "/proc/slabinfo",
];
/// Fewer tasks than this no kernel allows a namespace.
const FEWEST: u64 = 512;

/// Mounts the namespace's own `/proc`.
pub(in super::super) fn show_own(processes: u64) -> Result<(), Failure> {
    mount().map_err(|error| Failure::confine("its own /proc", &error))?;
    // A bound that holds for root too. Before Linux 6.14 it is the machine's, and not ours to change.
    if fs::metadata("/proc/sys/kernel/ns_last_pid").is_ok() && is_namespaced() {
        let _ = fs::write("/proc/sys/kernel/pid_max", processes.max(FEWEST).to_string());
    }
    for path in READ_ONLY {
        let made = over(path, path).and_then(|()| read_only(path));
        made.map_err(|error| Failure::confine(*path, &error))?;
    }
    for path in HIDDEN {
        over("/dev/null", path).map_err(|error| Failure::confine(*path, &error))?;
    }
    Ok(())
}

/// Whether the largest process number is each namespace's own.
fn is_namespaced() -> bool {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 14)
}

fn mount() -> io::Result<()> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&context)?;
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    attach_now(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, flags)?.as_fd(), "/proc")
}

/// Mounts what is at one path over another, if that exists.
fn over(source: &str, at: &str) -> io::Result<()> {
    if !Path::new(at).exists() {
        return Ok(());
    }
    match move_mount(clone(source)?, "", CWD, at, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH) {
        Err(Errno::NOENT) => Ok(()),
        other => Ok(other?),
    }
}

fn read_only(at: &str) -> io::Result<()> {
    let flags =
        MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    match mount_remount(at, flags, c"") {
        // There is no such thing on this machine.
        Err(Errno::NOENT | Errno::INVAL) if !Path::new(at).exists() => Ok(()),
        other => Ok(other?),
    }
}
