//! The folders that one command gets, and what becomes of them.

#![expect(clippy::disallowed_methods, reason = "these folders are the sandbox's own")]

use super::view::{Overlay, View};
use super::{Effects, SandboxError};
use crate::workspace::Snapshot;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// What is left to do after a command.
#[derive(Default)]
pub(super) struct Aftermath {
    /// Folders that end with it.
    folder: Option<PathBuf>,
}

impl Aftermath {
    /// What it left behind.
    pub(super) fn effects(&self, _snapshot: &Snapshot) -> Result<Effects, SandboxError> {
        Ok(Effects::default())
    }
}

impl Drop for Aftermath {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take() {
            remove(&folder);
        }
    }
}

/// Removes a folder; the kernel leaves empty ones in it that nobody may read.
fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let _ = fs::set_permissions(entry.path().join("work/work"), fs::Permissions::from_mode(0o700));
        }
        let _ = fs::remove_dir_all(entry.path());
    }
    let _ = fs::remove_dir_all(folder);
}

/// Makes the folders for one command over the workspace's roots and the home folder.
pub(super) fn lay_out(state: &Path, roots: &[&Path], home: Option<&Path>) -> io::Result<(View, Aftermath)> {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = state.join("sandbox").join(format!("{}-{number}", std::process::id()));
    let aftermath = Aftermath { folder: Some(folder.clone()) };
    let scratch = folder.join("scratch");
    fs::create_dir_all(&scratch)?;
    let home = home.filter(|home| home.parent().is_some() && home.is_dir());
    let home = home.filter(|home| !roots.iter().any(|root| home.starts_with(root)));
    let mut overlays = Vec::new();
    for (number, at) in roots.iter().copied().chain(home).enumerate() {
        let (upper, work) = (folder.join(format!("{number}/upper")), folder.join(format!("{number}/work")));
        fs::create_dir_all(&upper)?;
        fs::create_dir_all(&work)?;
        overlays.push(Overlay {
            at: at.into(),
            lower: vec![at.into()],
            upper: upper.into(),
            work: work.into(),
        });
    }
    Ok((View { overlays, scratch: scratch.into(), hidden: vec![state.into()] }, aftermath))
}
