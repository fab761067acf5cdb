//! The two calls that Rust cannot vouch for, made while this process has one thread and has opened nothing.

#![expect(unsafe_code, reason = "each call says why it is sound here")]

use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::fs;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Closes everything that was inherited besides standard input, output and errors.
pub(in super::super) fn close_inherited() -> io::Result<()> {
    let mut open: Vec<RawFd> = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        open.extend(entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok()));
    }
    for number in open.into_iter().filter(|number| *number > 2) {
        // The folder that was just read is among them and closed already.
        if fs::symlink_metadata(format!("/proc/self/fd/{number}")).is_ok() {
            // SAFETY: it is open, and nothing in this process, which has just begun, knows of it.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
    }
    Ok(())
}

/// Leaves the given namespaces for new ones.
pub(in super::super) fn unshare(namespaces: UnshareFlags) -> io::Result<()> {
    assert!(!namespaces.contains(UnshareFlags::FILES), "open files stay shared");
    // SAFETY: the table of open files is not among what is unshared.
    Ok(unsafe { unshare_unsafe(namespaces) }?)
}
