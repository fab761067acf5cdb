//! What commands wrote to ignored places: a layer between the disk and what later commands write, bounded.

use super::tree::{Folder, Found, Size};
use crate::workspace::RelPath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what was thrown away, for names of its own.
static GONE: AtomicU64 = AtomicU64::new(0);

/// How large a layer may become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) size: Size,
    /// Bytes that are left free on the disk.
    pub(super) free: u64,
}

pub(super) const BOUNDS: Bounds = Bounds { size: Size { files: 1_000_000, bytes: 16 << 30 }, free: 1 << 30 };

/// What is known of a layer: its ignored folders and files, topmost ones only.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pieces {
    /// Counts what was put in.
    last: u64,
    pieces: BTreeMap<String, Piece>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Piece {
    size: Size,
    /// When something was last put in, by the count.
    used: u64,
}

/// A layer that is being changed, under the lock of its workspace.
pub(super) struct Cache<'a> {
    pub(super) layer: &'a Folder,
    /// Where what is thrown away goes, to be deleted when there is time.
    pub(super) gone: &'a Folder,
    pub(super) pieces: &'a mut Pieces,
    /// Whether there is something underneath, at a path within the root.
    pub(super) is_underneath: &'a dyn Fn(&RelPath) -> bool,
}

impl Pieces {
    /// The paths, within their root.
    pub(super) fn paths(&self) -> Vec<RelPath> {
        self.pieces.keys().filter_map(|path| RelPath::parse(path).ok()).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size(&self) -> Size {
        self.pieces.values().fold(Size::default(), |mut sum, piece| {
            sum += piece.size;
            sum
        })
    }
}

impl Cache<'_> {
    /// Moves what a command wrote at a path into the layer; gives how many files that were.
    pub(super) fn take(&mut self, upper: &Folder, path: &RelPath) -> io::Result<u64> {
        let Some((from, to, name)) = self.parents(upper, path)? else { return Ok(0) };
        if is_in_opaque(upper, path)? && from.facts(&name)?.is_some_and(|facts| facts.found == Found::Folder)
        {
            from.folder(&name)?.set_opaque()?;
        }
        let mut size = Size::default();
        let mut open = vec![(from, to, path.parent().unwrap_or_else(RelPath::root), vec![name])];
        while let Some((from, to, folder, names)) = open.last_mut() {
            let Some(name) = names.pop() else {
                open.pop();
                continue;
            };
            let path = folder.join_os(&name);
            let Some(new) = from.facts(&name)? else { continue };
            let old = to.facts(&name)?.map(|old| old.found);
            let is_folder = (new.found, old) == (Found::Folder, Some(Found::Folder));
            if is_folder {
                let (from, to) = (from.folder(&name)?, to.folder(&name)?);
                if !from.is_opaque() {
                    let names = from.names()?;
                    open.push((from, to, path, names));
                    continue;
                }
            }
            if new.found == Found::Special {
                continue;
            }
            if old == Some(Found::Folder) {
                throw_away(to, &name, self.gone)?;
            }
            if new.found == Found::Whiteout && !self.shines_through(&path)? {
                if matches!(old, Some(Found::File | Found::Link | Found::Whiteout | Found::Special)) {
                    to.unlink(&name)?;
                }
                continue;
            }
            if new.found == Found::Folder && matches!(old, Some(kind) if kind != Found::Folder) {
                to.unlink(&name)?;
            }
            from.rename(&name, to, &name)?;
            if (new.found, old) == (Found::Folder, Some(Found::Whiteout)) {
                // What the deletion hid stays hidden.
                to.folder(&name)?.set_opaque()?;
            }
            size += to.settle(&name)?;
        }
        self.note(path, size);
        Ok(size.files)
    }

    /// Hides what lies underneath a path, and drops what the layer has there.
    pub(super) fn hide(&mut self, path: &RelPath) -> io::Result<()> {
        let (to, name) = self.parent(path, &|_| 0o755)?;
        throw_away(&to, &name, self.gone)?;
        if !self.shines_through(path)? {
            return Ok(());
        }
        to.whiteout(&name)?;
        self.note(path, Size { files: 1, bytes: 0 });
        Ok(())
    }

    /// Drops what the layer has at a path and below it.
    pub(super) fn drop(&mut self, path: &RelPath) -> io::Result<()> {
        self.pieces.pieces.retain(|piece, _| RelPath::parse(piece).is_ok_and(|piece| !piece.is_below(path)));
        let parent = path.parent().unwrap_or_else(RelPath::root);
        if let Some(folder) = self.layer.descend(&parent.to_os())? {
            throw_away(&folder, &last(path), self.gone)?;
        }
        // Folders that were there only for it go with it.
        for folder in std::iter::successors(Some(parent), RelPath::parent).filter(|folder| !folder.is_root())
        {
            let above = folder.parent().unwrap_or_else(RelPath::root);
            let Some(above) = self.layer.descend(&above.to_os())? else { continue };
            if !above.remove_empty(&last(&folder)) {
                break;
            }
        }
        Ok(())
    }

    /// Drops what is oldest until the layer is as large as it may be; gives what was dropped.
    pub(super) fn keep_within(&mut self, bounds: &Bounds) -> io::Result<Vec<RelPath>> {
        let mut dropped = Vec::new();
        let is_over = |size: Size| size.files > bounds.size.files || size.bytes > bounds.size.bytes;
        let is_full = |cache: &Self| Ok::<_, io::Error>(cache.layer.free()? < bounds.free);
        if !is_over(self.pieces.size()) && !is_full(self)? {
            return Ok(dropped);
        }
        // What was replaced has been counted twice.
        for path in self.pieces.paths() {
            let parent = path.parent().unwrap_or_else(RelPath::root);
            let size = match self.layer.descend(&parent.to_os())? {
                Some(folder) => folder.settle(&last(&path))?,
                None => Size::default(),
            };
            if let Some(piece) = self.pieces.pieces.get_mut(path.as_str()) {
                piece.size = size;
            }
        }
        while is_over(self.pieces.size()) || is_full(self)? {
            let oldest = self.pieces.pieces.iter().min_by_key(|(_, piece)| piece.used);
            let Some(path) = oldest.map(|(path, _)| path.clone()) else { break };
            self.pieces.pieces.remove(&path);
            let Ok(path) = RelPath::parse(&path) else { continue };
            self.drop(&path)?;
            // Only what is deleted makes room.
            for name in self.gone.names()? {
                self.gone.remove(&name)?;
            }
            dropped.push(path);
        }
        Ok(dropped)
    }

    /// Whether what lies underneath a path would be seen. A deletion in a folder that hides everything would be listed
    /// as a name.
    fn shines_through(&self, path: &RelPath) -> io::Result<bool> {
        Ok(!is_in_opaque(self.layer, path)? && (self.is_underneath)(path))
    }

    fn note(&mut self, path: &RelPath, size: Size) {
        self.pieces.last += 1;
        let piece = self.pieces.pieces.entry(path.as_str().to_owned()).or_default();
        piece.size += size;
        piece.used = self.pieces.last;
    }

    /// The folders around a path in both layers; the one in this layer is made with the modes of the other.
    fn parents(&self, upper: &Folder, path: &RelPath) -> io::Result<Option<(Folder, Folder, OsString)>> {
        let parent = path.parent().unwrap_or_else(RelPath::root);
        let Some(from) = upper.descend(&parent.to_os())? else { return Ok(None) };
        let mode = |folder: &RelPath| {
            let above = folder.parent().unwrap_or_else(RelPath::root);
            let facts = upper.descend(&above.to_os()).ok().flatten()?.facts(&last(folder)).ok()??;
            Some(facts.mode)
        };
        let (to, name) = self.parent(path, &|folder| mode(folder).unwrap_or(0o755))?;
        Ok(Some((from, to, name)))
    }

    /// The folder around a path in this layer, made where there is none.
    fn parent(&self, path: &RelPath, mode: &dyn Fn(&RelPath) -> u32) -> io::Result<(Folder, OsString)> {
        let (mut to, mut at) = (self.layer.try_clone()?, RelPath::root());
        for name in path.parent().unwrap_or_else(RelPath::root).to_os().iter().filter(|name| *name != ".") {
            at = at.join_os(name);
            let old = to.facts(name)?.map(|old| old.found);
            if !matches!(old, None | Some(Found::Folder)) {
                to.unlink(name)?;
            }
            let made = to.make(name, mode(&at))?;
            if old == Some(Found::Whiteout) {
                made.set_opaque()?;
            }
            to = made;
        }
        Ok((to, last(path)))
    }
}

/// Whether a folder around a path hides all that lies underneath.
fn is_in_opaque(layer: &Folder, path: &RelPath) -> io::Result<bool> {
    let mut at = layer.try_clone()?;
    for name in path.parent().unwrap_or_else(RelPath::root).to_os().iter().filter(|name| *name != ".") {
        if at.facts(name)?.is_none_or(|facts| facts.found != Found::Folder) {
            break;
        }
        at = at.folder(name)?;
        if at.is_opaque() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Moves a name out of sight.
fn throw_away(folder: &Folder, name: &OsStr, gone: &Folder) -> io::Result<()> {
    if folder.facts(name)?.is_none() {
        return Ok(());
    }
    let number = GONE.fetch_add(1, Ordering::Relaxed);
    folder.rename(name, gone, &OsString::from(format!("old-{number}")))
}

/// The last name of a path, for the system.
pub(super) fn last(path: &RelPath) -> OsString {
    path.to_os().file_name().map(OsStr::to_owned).unwrap_or_default()
}
