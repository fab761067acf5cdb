//! The files of the overlays that commands run in: what is put there before a command, and what is made of what it
//! wrote.
//!
//! A command sees, topmost first, a fresh layer of its own that has the staged texts, the cache layer of the workspace
//! (what earlier commands wrote to ignored places), and the disk. It sees what was staged when it was started, and the disk
//! as it is. Afterwards its layer is read: changes of the work are to be staged, what is ignored moves to the cache layer,
//! all else is dropped.
//!
//! A command that runs long keeps the view that it was started with; [`Run::is_stale`] says that there is a newer one.

use super::Effects;
use super::view::{Overlay, View};
use crate::workspace::{Kind, RelPath, Roots, Side, Snapshot};
use cache::{BOUNDS, Bounds, Cache, Pieces};
use harvest::{Harvest, harvest};
use room::Room;
use show::Shown;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::{Folder, Moment};

mod cache;
mod harvest;
mod home;
mod room;
mod secrets;
mod show;
mod tidy;
mod tracked;
mod tree;

/// Bytes that have to be free for a command to be started.
const FREE: u64 = 256 << 20;

/// Why a command's layers could not be made ready, or what it wrote could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    #[error("cannot use the folder of what commands write")]
    Io(#[from] io::Error),
    #[error(
        "only {free} MiB are free on the disk that takes what commands write (`{}`), so nothing was started; make room and try again",
        .path.display()
    )]
    Full { path: PathBuf, free: u64 },
    #[error(
        "the command changed {what} that are not ignored, most of them below `{folder}`, and that is more than can be staged, so nothing of it was kept; name `{folder}` in .gitignore if it is built or installed, and run it again"
    )]
    TooMuch { what: &'static str, folder: RelPath },
}

/// The layers of a workspace. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Layers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    room: Room,
    home: Option<PathBuf>,
    bounds: Bounds,
}

/// What the server put into a command's layer besides texts.
#[derive(Debug, Default)]
struct Given {
    /// Secret files of the disk that are not shown.
    hidden: BTreeSet<RelPath>,
    /// What was written, deletions aside.
    paths: BTreeSet<RelPath>,
    /// Modes of the files among it.
    modes: BTreeMap<RelPath, u32>,
    /// When everything was ready.
    started: Moment,
}

/// The layers of one command. Dropping it deletes them.
#[derive(Debug)]
pub(super) struct Run {
    layers: Layers,
    path: PathBuf,
    start: Snapshot,
    given: Given,
}

/// The secret files of a workspace that a command is not to see, as they lie on disk.
pub(super) fn hidden(start: &Snapshot, agreed: bool) -> Vec<PathBuf> {
    let on_disk = |path: RelPath| {
        let (root, inner) = start.roots().locate(&path)?;
        Some(root.path.join(inner.to_os()))
    };
    secrets::of(start, agreed).into_iter().filter_map(on_disk).collect()
}

impl Layers {
    /// The layers of a workspace in a folder of its own, below the user's state.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn of(state: &Path, roots: &Roots, home: Option<&Path>) -> Result<Self, LayerError> {
        let mut key = blake3::Hasher::new();
        for root in roots.all() {
            key.update(root.path.as_os_str().as_encoded_bytes()).update(&[0]);
        }
        Self::open(&state.join("layers").join(&key.finalize().to_hex()[..16]), home)
    }

    /// Opens the layers of a workspace in a folder of its own; what commands of killed processes left is removed. The home
    /// folder is an absolute path.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub(super) fn open(folder: &Path, home: Option<&Path>) -> Result<Self, LayerError> {
        Self::bounded(folder, home, BOUNDS)
    }

    fn bounded(folder: &Path, home: Option<&Path>, bounds: Bounds) -> Result<Self, LayerError> {
        let room = Room::open(folder, &|room, run| {
            if let Err(error) = home::put_back(room, run) {
                tracing::debug!("the caches of a killed command are lost: {error}");
            }
        })?;
        home::keep_within(&room, &bounds)?;
        Ok(Self(Arc::new(Shared { room, home: home.map(Path::to_owned), bounds })))
    }

    /// Makes everything ready for a command that is to see what the snapshot shows, secret files only if they are its to
    /// see.
    ///
    /// # Errors
    /// When the disk is full, or the folder cannot be used.
    pub(super) fn begin(&self, start: &Snapshot, secrets: bool) -> Result<Run, LayerError> {
        let room = &self.0.room;
        let free = Folder::open(&room.path)?.free()?;
        if free < FREE {
            return Err(LayerError::Full { path: room.path.clone(), free: free >> 20 });
        }
        let given = Given::default();
        let mut run = Run { layers: self.clone(), path: room.run()?, start: start.clone(), given };
        run.given.hidden = secrets::of(start, secrets);
        run.fill()?;
        Ok(run)
    }
}

impl Run {
    /// What is to be mounted for the command.
    pub(super) fn view(&self) -> View {
        let folder = |name: String| self.path.join(name).into_os_string();
        let room = &self.layers.0.room.path;
        let roots = self.start.roots().all().iter().enumerate();
        let mut overlays: Vec<Overlay> = roots
            .map(|(place, root)| Overlay {
                at: root.path.clone().into_os_string(),
                lower: vec![room.join("cache").join(place.to_string()).into(), root.path.clone().into()],
                upper: folder(format!("upper-{place}")),
                work: folder(format!("work-{place}")),
            })
            .collect();
        if let Some(home) = self.home() {
            overlays.push(Overlay {
                at: home.clone().into(),
                lower: vec![home.clone().into()],
                upper: folder("home".to_owned()),
                work: folder("home-work".to_owned()),
            });
        }
        View { overlays, scratch: folder("scratch".to_owned()), hidden: Vec::new() }
    }

    /// Whether the command would see another text if it were started now.
    pub(super) fn is_stale(&self, now: &Snapshot) -> bool {
        let staged = |snapshot: &Snapshot| -> BTreeMap<RelPath, Side> {
            let files = snapshot.staging().files().map(|(path, file)| (path.clone(), file.top.clone()));
            let root = RelPath::root();
            let open = snapshot
                .documents_below(&root)
                .filter_map(|path| Some((path.clone(), snapshot.underneath(path).ok()?)));
            open.chain(files).collect()
        };
        staged(&self.start) != staged(now)
    }

    /// What the command left, once it and all that it started have ended. What a change starts from is what the command
    /// saw; what was staged since is merged with it, or a conflict, when it is staged.
    ///
    /// # Errors
    /// When it wrote more than can be staged, or what it wrote cannot be read; nothing of it is kept then.
    pub(super) fn effects(&self) -> Result<Effects, LayerError> {
        let mut effects = Effects::default();
        let mut moments = Vec::new();
        let mut harvests = Vec::new();
        let (mut files, mut bytes) = (0, 0);
        for (place, root) in self.start.roots().all().iter().enumerate() {
            let upper = Folder::open(&self.path.join(format!("upper-{place}")))?;
            let found = harvest(&self.start, root, upper, &self.given, (files, bytes))?;
            (files, bytes) = (files + found.changes.len(), found.bytes);
            harvests.push(found);
        }
        for (place, mut found) in harvests.into_iter().enumerate() {
            match self.keep(place, &found) {
                Ok(cached) => effects.cached += usize::try_from(cached).unwrap_or(usize::MAX),
                Err(error) => tracing::warn!("what a command wrote to ignored places is lost: {error}"),
            }
            effects.changes.append(&mut found.changes);
            effects.refused.append(&mut found.refused);
            moments.append(&mut found.moments);
        }
        if let Err(error) = self.remember(&effects, &moments) {
            tracing::debug!("the times of what a command wrote are lost: {error}");
        }
        Ok(effects)
    }

    /// The home folder, where there is one that no root shows already.
    fn home(&self) -> Option<&PathBuf> {
        let is_shown = |home: &PathBuf| self.roots().all().iter().any(|root| home.starts_with(&root.path));
        let is_there = |home: &PathBuf| home.parent().is_some() && Folder::open(home).is_ok();
        self.layers.0.home.as_ref().filter(|home| !is_shown(home) && is_there(home))
    }

    fn roots(&self) -> &Roots {
        self.start.roots()
    }

    /// Makes the folders of the run and writes what is staged.
    fn fill(&mut self) -> Result<(), LayerError> {
        let layers = self.layers.clone();
        let room = &layers.0.room;
        let run = Folder::open(&self.path)?;
        for name in ["scratch", "gone"] {
            run.make(OsStr::new(name), 0o700)?;
        }
        let _lock = room.lock()?;
        if let Some(home) = self.home() {
            home::take(room, &run, home)?;
        }
        let mut shown: Shown = room.record("shown");
        let start = self.start.clone();
        for (place, root) in start.roots().all().iter().enumerate() {
            self.tidy(place)?;
            let top = start.roots().in_root(root, &RelPath::root());
            let mode = start.roots().lstat(&top).ok().and_then(|stat| stat.mode).unwrap_or(0o755);
            let upper = run.make(OsStr::new(&format!("upper-{place}")), mode)?;
            run.make(OsStr::new(&format!("work-{place}")), 0o700)?;
            let (_, cache) = room.folder(&["cache", &place.to_string()])?;
            show::show(&start, root, (&upper, &cache), &mut shown, &mut self.given)?;
        }
        room.keep("shown", &shown)?;
        // By the clock of the file system, which is not as fine as ours.
        run.write(OsStr::new("started"), b"", 0o600, None)?;
        let facts = run.facts(OsStr::new("started"))?.ok_or(io::Error::from(io::ErrorKind::NotFound))?;
        self.given.started = facts.changed;
        Ok(())
    }

    /// Does something with the cache layer of a root, under its lock.
    fn with_cache<T>(
        &self,
        place: usize,
        work: impl FnOnce(&mut Cache<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        let room = &self.layers.0.room;
        let record = format!("pieces-{place}");
        let mut pieces: Pieces = room.record(&record);
        let (_, layer) = room.folder(&["cache", &place.to_string()])?;
        let gone = Folder::open(&self.path.join("gone"))?;
        let root = &self.roots().all()[place];
        let is_underneath = |inner: &RelPath| self.roots().lstat(&self.roots().in_root(root, inner)).is_ok();
        let mut cache =
            Cache { layer: &layer, gone: &gone, pieces: &mut pieces, is_underneath: &is_underneath };
        let done = work(&mut cache);
        room.keep(&record, &pieces)?;
        done
    }

    /// Drops from the cache what is no longer ignored, or lies where no folder is any more.
    fn tidy(&self, place: usize) -> io::Result<()> {
        let root = &self.roots().all()[place];
        let pieces: Pieces = self.layers.0.room.record(&format!("pieces-{place}"));
        if pieces.is_empty() {
            return Ok(());
        }
        self.with_cache(place, |cache| {
            for path in tidy::outdated(&self.start, root, cache)? {
                cache.drop(&path)?;
            }
            Ok(())
        })
    }

    /// Moves what is ignored to the cache; gives how many files.
    fn keep(&self, place: usize, found: &Harvest) -> io::Result<u64> {
        if found.pieces.is_empty() && found.hidden.is_empty() && found.gone.is_empty() {
            return Ok(0);
        }
        let _lock = self.layers.0.room.lock()?;
        let upper = Folder::open(&self.path.join(format!("upper-{place}")))?;
        let inner = |path: &RelPath| self.roots().locate(path).map(|(_, inner)| inner);
        self.with_cache(place, |cache| {
            for path in found.gone.iter().filter_map(inner) {
                cache.drop(&path)?;
            }
            for path in found.hidden.iter().filter_map(inner) {
                cache.hide(&path)?;
            }
            let mut files = 0;
            for path in found.pieces.iter().filter_map(inner) {
                files += cache.take(&upper, &path)?;
            }
            for path in cache.keep_within(&self.layers.0.bounds)? {
                tracing::warn!("`{path}` was dropped from the cache of what commands build, which is full");
            }
            Ok(files)
        })
    }

    /// What a command wrote is shown to the next with the time at which it was written.
    fn remember(&self, effects: &Effects, moments: &[(RelPath, Moment)]) -> io::Result<()> {
        if moments.is_empty() {
            return Ok(());
        }
        let room = &self.layers.0.room;
        let _lock = room.lock()?;
        let mut shown: Shown = room.record("shown");
        let moments: BTreeMap<&RelPath, Moment> =
            moments.iter().map(|(path, moment)| (path, *moment)).collect();
        for change in &effects.changes {
            if let (Side::File(after), Some(moment)) = (&change.after, moments.get(&change.path)) {
                shown.note(&change.path, after.revision, *moment);
            }
        }
        room.keep("shown", &shown)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let room = &self.layers.0.room;
        if let Err(error) = home::put_back(room, &self.path) {
            tracing::debug!("the caches of a command are lost: {error}");
        }
        if let Err(error) = room.remove(&self.path) {
            tracing::warn!("what a command wrote cannot be removed: {error}");
        }
    }
}

/// What is at a path in the top layer, where commands see it.
fn kind_at(snapshot: &Snapshot, path: &RelPath) -> Option<Kind> {
    // A folder that was deleted may have been made again, by what is in it.
    let is_holding = || snapshot.staging().below(path).any(|(_, file)| file.top != Side::Absent);
    if let Some(staged) = snapshot.staging().get(path) {
        return match staged.top {
            Side::Absent => is_holding().then_some(Kind::Folder),
            Side::File(_) => Some(Kind::File),
            Side::Link(_) => Some(Kind::Link),
            Side::Folder => Some(Kind::Folder),
        };
    }
    if snapshot.document(path).is_some() {
        return Some(Kind::File);
    }
    match snapshot.roots().lstat(path) {
        Ok(stat) => Some(stat.kind),
        Err(_) => is_holding().then_some(Kind::Folder),
    }
}

#[cfg(test)]
mod tests;
