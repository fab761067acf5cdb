//! Namespaces of its own: users, mounts, processes, and, unless it may use the network, the network.

use super::{loopback, raw};
use crate::sandbox::plan::Failure;
use rustix::process::{getgid, getuid};
use rustix::thread::UnshareFlags;
use std::fs;

/// Enters new namespaces, as the user who we are: nobody else exists there.
pub(super) fn enter(network: bool) -> Result<(), Failure> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let mut namespaces = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    if !network {
        namespaces |= UnshareFlags::NEWNET;
    }
    raw::unshare(namespaces).map_err(|error| Failure::confine("namespaces", &error))?;
    for (file, text) in [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("{user} {user} 1")),
        ("/proc/self/gid_map", format!("{group} {group} 1")),
        // Whoever makes another user namespace is privileged there, and the kernel has more to be attacked.
        ("/proc/sys/user/max_user_namespaces", "0".to_owned()),
    ] {
        fs::write(file, text).map_err(|error| Failure::confine(file, &error))?;
    }
    if !network {
        loopback::bring_up().map_err(|error| Failure::confine("loopback", &error))?;
    }
    rustix::system::sethostname(b"sandbox")
        .map_err(|error| Failure::confine("the host's name", &error.into()))
}
