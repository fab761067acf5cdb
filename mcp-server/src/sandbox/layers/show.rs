//! What is staged or open, written into the fresh upper layer of a command, so that it is seen over the disk.

use super::Given;
use super::cache::last;
use super::tree::{Folder, Found, Moment};
use crate::workspace::{FileContent, Kind, RelPath, Revision, Root, Side, Snapshot};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

/// The most texts whose times are remembered.
const REMEMBERED: usize = 50_000;
/// Modes of files and folders that have none yet.
const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Which text commands saw last at a path, and of when. A build tool takes a file for unchanged while its time is older
/// than what was built of it; so a text keeps its time as long as it is shown, and another text gets a later one: also the
/// one on disk, when it is seen again after what was staged over it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown(BTreeMap<String, (String, Moment)>);

impl Shown {
    /// The time of a text, if it was the last one to be seen.
    fn moment(&self, path: &RelPath, revision: Revision) -> Option<Moment> {
        self.0
            .get(path.as_str())
            .filter(|(shown, _)| *shown == revision.to_string())
            .map(|(_, moment)| *moment)
    }

    pub(super) fn note(&mut self, path: &RelPath, revision: Revision, moment: Moment) {
        self.0.insert(path.as_str().to_owned(), (revision.to_string(), moment));
    }

    /// Forgets what is oldest.
    fn keep_within(&mut self) {
        if self.0.len() > REMEMBERED {
            let mut moments: Vec<Moment> = self.0.values().map(|(_, moment)| *moment).collect();
            moments.sort_unstable();
            let oldest = moments[moments.len() - REMEMBERED];
            self.0.retain(|_, (_, moment)| *moment >= oldest);
        }
    }
}

/// Writes what differs from the disk into the upper layer of a root.
pub(super) fn show(
    start: &Snapshot,
    root: &Root,
    (upper, cache): (&Folder, &Folder),
    shown: &mut Shown,
    given: &mut Given,
) -> io::Result<()> {
    let mut writer = Writer { start, root, upper, cache, given, shown, made: Vec::new() };
    // Deletions come last: a folder that was deleted may be there again, for what is new in it.
    let (deleted, there): (Vec<_>, Vec<_>) =
        writer.wanted().into_iter().partition(|(_, top)| *top == Side::Absent);
    for (path, top) in there.into_iter().chain(deleted) {
        let inner = writer.inner(&path);
        if top != Side::Absent {
            writer.given.paths.insert(path.clone());
        }
        match top {
            Side::File(content) => writer.file(&path, &inner, &content)?,
            Side::Link(to) => writer.parent(&inner)?.link(&last(&inner), &to)?,
            Side::Folder => drop(writer.folder(&inner)?),
            Side::Absent => writer.absent(&path, &inner)?,
        }
    }
    writer.hide()?;
    writer.shown.keep_within();
    writer.turn_back()
}

struct Writer<'a> {
    start: &'a Snapshot,
    root: &'a Root,
    upper: &'a Folder,
    cache: &'a Folder,
    given: &'a mut Given,
    shown: &'a mut Shown,
    /// Folders that were made over those of the disk, within the root.
    made: Vec<RelPath>,
}

impl Writer<'_> {
    /// What is to be seen, in path order.
    fn wanted(&mut self) -> BTreeMap<RelPath, Side> {
        let (start, top) = (self.start, self.start.roots().in_root(self.root, &RelPath::root()));
        let staged = start.staging().below(&top).map(|(path, staged)| (path.clone(), staged.top.clone()));
        let mut wanted: BTreeMap<RelPath, Side> = staged.collect();
        for path in start.documents_below(&top).filter(|path| start.staging().get(path).is_none()) {
            if let Ok(buffer) = start.underneath(path)
                && start.disk(path).is_ok_and(|disk| !disk.same(&buffer))
            {
                wanted.insert(path.clone(), buffer);
            }
        }
        let mut forgotten = Vec::new();
        for (name, (_, moment)) in &self.shown.0 {
            let Ok(path) = RelPath::parse(name) else { continue };
            if wanted.contains_key(&path) || !path.is_below(&top) {
                continue;
            }
            let modified = start.roots().lstat(&path).ok().and_then(|stat| moment_of(stat.modified?));
            match start.disk(&path) {
                Ok(side @ Side::File(_)) if modified.is_some_and(|modified| modified <= *moment) => {
                    wanted.insert(path, side);
                }
                _ => forgotten.push(name.clone()),
            }
        }
        for name in forgotten {
            self.shown.0.remove(&name);
        }
        wanted
    }

    fn file(&mut self, path: &RelPath, inner: &RelPath, content: &FileContent) -> io::Result<()> {
        let stat = self.start.roots().lstat(path).ok().filter(|stat| stat.kind == Kind::File);
        let mode = content.mode.or_else(|| stat?.mode).unwrap_or(FILE_MODE) & 0o777;
        let moment = self.shown.moment(path, content.revision);
        let moment = self.parent(inner)?.write(&last(inner), &content.bytes, mode, moment)?;
        self.shown.note(path, content.revision, moment);
        self.given.modes.insert(path.clone(), mode);
        Ok(())
    }

    fn absent(&mut self, path: &RelPath, inner: &RelPath) -> io::Result<()> {
        let parent = inner.parent().unwrap_or_else(RelPath::root);
        let is_cached = match self.cache.descend(&parent.to_os())? {
            Some(folder) => folder.facts(&last(inner))?.is_some(),
            None => false,
        };
        if !is_cached && self.start.roots().lstat(path).is_err() {
            return Ok(());
        }
        // Below a deletion there is nothing to be deleted.
        let mut at = self.upper.try_clone()?;
        for name in parent.to_os().iter().filter(|name| *name != ".") {
            match at.facts(name)?.map(|facts| facts.found) {
                None => break,
                Some(Found::Folder) => at = at.folder(name)?,
                Some(_) => return Ok(()),
            }
        }
        let (parent, name) = (self.parent(inner)?, last(inner));
        match parent.facts(&name)? {
            None => parent.whiteout(&name),
            Some(_) => Ok(()),
        }
    }

    /// Secret files are not seen.
    fn hide(&mut self) -> io::Result<()> {
        let top = self.start.roots().in_root(self.root, &RelPath::root());
        let hidden: BTreeSet<RelPath> =
            self.given.hidden.iter().filter(|path| path.is_below(&top)).cloned().collect();
        for path in hidden {
            let inner = self.inner(&path);
            let (parent, name) = (self.parent(&inner)?, last(&inner));
            parent.remove(&name)?;
            parent.whiteout(&name)?;
        }
        Ok(())
    }

    /// The folder around a path.
    fn parent(&mut self, inner: &RelPath) -> io::Result<Folder> {
        self.folder(&inner.parent().unwrap_or_else(RelPath::root))
    }

    /// A folder of the layer, made where there is none, with the mode of the one underneath.
    fn folder(&mut self, inner: &RelPath) -> io::Result<Folder> {
        let (mut at, mut path) = (self.upper.try_clone()?, RelPath::root());
        for name in inner.to_os().iter().filter(|name| *name != ".") {
            path = path.join_os(name);
            let old = at.facts(name)?.map(|facts| facts.found);
            if old != Some(Found::Folder) {
                if old.is_some() {
                    at.remove(name)?;
                }
                let place = self.start.roots().in_root(self.root, &path);
                let mode = self.start.roots().lstat(&place).ok().and_then(|stat| stat.mode);
                at.make(name, mode.unwrap_or(FOLDER_MODE))?;
                self.made.push(path.clone());
            }
            at = at.folder(name)?;
        }
        Ok(at)
    }

    /// Folders are not newer for what was written into them.
    fn turn_back(&self) -> io::Result<()> {
        for inner in self.made.iter().rev() {
            let place = self.start.roots().in_root(self.root, inner);
            let modified = self.start.roots().lstat(&place).ok().and_then(|stat| moment_of(stat.modified?));
            let parent = inner.parent().unwrap_or_else(RelPath::root);
            if let (Some(modified), Some(folder)) = (modified, self.upper.descend(&parent.to_os())?) {
                folder.set_modified(&last(inner), modified)?;
            }
        }
        Ok(())
    }

    fn inner(&self, path: &RelPath) -> RelPath {
        self.start.roots().locate(path).map_or_else(|| path.clone(), |(_, inner)| inner)
    }
}

fn moment_of(time: SystemTime) -> Option<Moment> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some((since.as_secs().cast_signed(), i64::from(since.subsec_nanos())))
}
