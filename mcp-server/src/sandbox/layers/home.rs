//! The layer over the home folder: of what commands write there, only the caches of package tools are kept. One command
//! at a time has them; another that runs meanwhile begins without, and both are put together afterwards.

use super::cache::{Bounds, Cache, Pieces, last};
use super::room::Room;
use super::tree::{Folder, Found};
use crate::workspace::RelPath;
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// What is kept. Nothing in it is read by a shell, or run because it is found.
const KEPT: &[&str] = &[
    ".cache",
    ".npm",
    ".cargo/registry",
    ".cargo/git",
    ".gradle/caches",
    ".m2/repository",
    ".nuget/packages",
    ".pnpm-store",
    ".yarn/berry",
    "go/pkg",
];
const NAME: &str = "home";

/// Gives a run the layer, or an empty one while another has it. Under the lock.
pub(super) fn take(room: &Room, run: &Folder, home: &Path) -> io::Result<()> {
    let (all, name) = (Folder::open(&room.path)?, OsStr::new(NAME));
    let mode = Folder::open(home.parent().unwrap_or(home))
        .and_then(|above| above.facts(home.file_name().unwrap_or_default()))
        .ok()
        .flatten()
        .map_or(0o700, |facts| facts.mode);
    if all.facts(name)?.is_some_and(|facts| facts.found == Found::Folder) {
        all.rename(name, run, name)?;
    }
    run.make(name, mode)?;
    run.make(OsStr::new("home-work"), 0o700)?;
    Ok(())
}

/// Takes back what a run has of it; the rest is left to be deleted.
pub(super) fn put_back(room: &Room, run: &Path) -> io::Result<()> {
    let (run, all, name) = (Folder::open(run)?, Folder::open(&room.path)?, OsStr::new(NAME));
    if run.facts(name)?.is_none() {
        return Ok(());
    }
    let _lock = room.lock()?;
    let upper = run.folder(name)?;
    if all.facts(name)?.is_none() {
        prune(&upper)?;
        return run.rename(name, &all, name);
    }
    let (layer, gone) = (all.folder(name)?, run.make(OsStr::new("gone"), 0o700)?);
    let (mut pieces, is_underneath) = (Pieces::default(), |_: &RelPath| true);
    let mut cache = Cache { layer: &layer, gone: &gone, pieces: &mut pieces, is_underneath: &is_underneath };
    for path in kept() {
        cache.take(&upper, &path)?;
    }
    Ok(())
}

/// Empties the layer if it has become too large.
pub(super) fn keep_within(room: &Room, bounds: &Bounds) -> io::Result<()> {
    let (all, name) = (Folder::open(&room.path)?, OsStr::new(NAME));
    if all.facts(name)?.is_none() {
        return Ok(());
    }
    let _lock = room.lock()?;
    let size = all.settle(name)?;
    if size.files > bounds.size.files || size.bytes > bounds.size.bytes || all.free()? < bounds.free {
        tracing::warn!("the caches of package tools that commands filled were dropped, for there is no room");
        all.remove(name)?;
    }
    Ok(())
}

fn kept() -> impl Iterator<Item = RelPath> {
    KEPT.iter().filter_map(|path| RelPath::parse(path).ok())
}

/// Removes all that is not kept.
fn prune(upper: &Folder) -> io::Result<()> {
    let mut open = vec![(upper.try_clone()?, RelPath::root())];
    while let Some((folder, at)) = open.pop() {
        for name in folder.names()? {
            let path = at.join_os(&name);
            if kept().any(|kept| kept == path) {
                continue;
            }
            let is_folder = folder.facts(&last(&path))?.is_some_and(|facts| facts.found == Found::Folder);
            if is_folder && kept().any(|kept| kept.is_below(&path)) {
                open.push((folder.folder(&name)?, path));
            } else {
                folder.remove(&name)?;
            }
        }
    }
    Ok(())
}
