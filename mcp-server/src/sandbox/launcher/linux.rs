//! The place of tier A: namespaces of its own, and a view of the disk in which little can be written.

use crate::sandbox::plan::{Failure, Setting};

mod hidden;
pub(super) mod lockdown;
mod loopback;
mod mounts;
mod namespaces;
pub(super) mod privilege;
pub(super) mod processes;
pub(super) mod raw;
mod rules;
mod seccomp;

/// Moves this process into a place of its own; its next child is the first process there.
pub(super) fn make_place(setting: &Setting) -> Result<(), Failure> {
    // Afterwards those of this machine cannot be seen any more.
    let sockets = hidden::bound_sockets();
    namespaces::enter(setting.network)?;
    mounts::arrange(setting, sockets)?;
    privilege::pass_on().map_err(|error| Failure::confine("capabilities", &error))
}
