//! The folders that one command gets, and what becomes of them.

#![expect(clippy::disallowed_methods, reason = "these folders are the sandbox's own")]

use super::written::Since;
use super::{Effects, SandboxError};
#[cfg(unix)]
use super::{Tier, grants, plan::Grants, view::Overlay, view::View};
use crate::workspace::{Roots, Snapshot};
use std::fs;
#[cfg(unix)]
use std::io;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(unix)]
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Where a command is to be.
#[cfg(unix)]
pub(super) struct Place<'a> {
    pub(super) roots: Vec<&'a Path>,
    pub(super) home: Option<&'a Path>,
    /// Folders of our own, which it is not to see.
    pub(super) own: Vec<PathBuf>,
}

/// What is left to do after a command.
#[derive(Default)]
pub(super) struct Aftermath {
    /// Folders that end with it.
    folder: Option<PathBuf>,
    /// Where it could write to the disk, and since when.
    disk: Option<(Roots, Since)>,
    /// What it wrote to, where there are layers.
    #[cfg(target_os = "linux")]
    run: Option<super::layers::Run>,
}

impl Aftermath {
    /// Remembers that it writes to these.
    #[cfg(target_os = "linux")]
    pub(super) fn layers(&mut self, run: super::layers::Run) {
        self.run = Some(run);
    }

    /// Whether the command would see another text if it were started now.
    pub(super) fn is_stale(&self, snapshot: &Snapshot) -> bool {
        #[cfg(target_os = "linux")]
        return self.run.as_ref().is_some_and(|run| run.is_stale(snapshot));
        #[cfg(not(target_os = "linux"))]
        {
            let _ = snapshot;
            false
        }
    }

    /// Remembers that it writes to the disk itself.
    #[cfg(unix)]
    pub(super) fn on_disk(&mut self, roots: &Roots) {
        self.disk = Some((roots.clone(), Since::now()));
    }

    /// What it left behind.
    pub(super) fn effects(&self, _snapshot: &Snapshot) -> Result<Effects, SandboxError> {
        #[cfg(target_os = "linux")]
        if let Some(run) = &self.run {
            return Ok(run.effects()?);
        }
        let written = self.disk.as_ref().map(|(roots, since)| since.changed(roots)).unwrap_or_default();
        Ok(Effects { written, ..Effects::default() })
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

/// Makes the folders for one command.
#[cfg(unix)]
pub(super) fn lay_out(state: &Path, place: &Place<'_>) -> io::Result<(View, Aftermath)> {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = state.join("sandbox").join(format!("{}-{number}", std::process::id()));
    let mut aftermath = Aftermath::default();
    aftermath.folder = Some(folder.clone());
    let scratch = folder.join("scratch");
    fs::create_dir_all(&scratch)?;
    let is_shown = |home: &Path| place.roots.iter().any(|root| home.starts_with(root));
    let home = place.home.filter(|home| home.parent().is_some() && home.is_dir() && !is_shown(home));
    let mut overlays = Vec::new();
    for (number, at) in place.roots.iter().copied().chain(home).enumerate() {
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
    let hidden = place.own.iter().map(Into::into).collect();
    Ok((View { overlays, scratch: scratch.into(), hidden }, aftermath))
}

/// A folder's path without links, if it exists.
pub(super) fn real(folder: PathBuf) -> PathBuf {
    fs::canonicalize(&folder).unwrap_or(folder)
}

/// What a command may open, where that is not decided by what it sees.
#[cfg(unix)]
pub(super) fn grants(tier: Tier, place: &Place<'_>, view: &View) -> Grants {
    match tier {
        Tier::Landlock => grants::grants(&place.roots, place.home, &place.own, Path::new(&view.scratch)),
        Tier::Overlay | Tier::Unconfined => Grants::default(),
    }
}
