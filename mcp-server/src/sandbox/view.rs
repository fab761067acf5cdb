//! What a confined command is to see of the disk, as plain paths. The server makes the folders ready; the launcher
//! mounts them.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;

/// The parts of the disk that a command may change, and where its changes go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct View {
    /// Folders that are shown through an overlay, in any order.
    pub(crate) overlays: Vec<Overlay>,
    /// A folder of its own that is shown as `/tmp` and `/var/tmp`.
    pub(crate) scratch: OsString,
    /// Files and folders that are shown empty, where they exist.
    pub(crate) hidden: Vec<OsString>,
}

/// A folder, as several layers show it. All paths are absolute and without links.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Overlay {
    /// Where it is seen.
    pub(crate) at: OsString,
    /// What lies underneath, topmost first; the folder on disk comes last. None may lie in another.
    pub(crate) lower: Vec<OsString>,
    /// Takes what is written. May hold something already.
    pub(crate) upper: OsString,
    /// An empty folder beside the upper one, for the kernel.
    pub(crate) work: OsString,
}
