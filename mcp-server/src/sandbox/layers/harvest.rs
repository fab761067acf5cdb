//! What a command wrote, read from its upper layer: changes to be staged, pieces for the cache, and what is refused.
//!
//! The layer was written by code that nobody trusts. By now all of it has ended, so nothing moves any more; but there may
//! be anything in it.

use super::cache::last;
use super::tracked::{Tracked, is_made};
use super::tree::{DEPTH, Facts, Folder, Found, Moment};
use super::{Given, LayerError, kind_at};
use crate::workspace::{
    FILE_LIMIT, FileChange, FileContent, Kind, ReadError, RelPath, Root, Rules, STAGED_BYTES, STAGED_FILES,
    Side, Snapshot,
};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

mod gone;

/// The most names that are looked at, those of ignored folders aside.
const LOOKED_AT: usize = 400_000;
/// The most refusals that are named.
const REFUSALS: usize = 200;
/// The longest path, in bytes.
const PATH_LIMIT: usize = 4096;

const SPECIAL: &str = "a pipe, socket or device cannot be staged";
const LARGE: &str = "a file over 64 MiB cannot be staged; if it is built, have it ignored";
const DEEP: &str = "it lies deeper than 128 folders";
const LONG: &str = "its path is longer than 4096 bytes";
const MOVED_ON: &str =
    "it was changed on disk while the command ran, so what the command saw is not known; run it again";
const LINKED: &str = "a symbolic link of the workspace lies there, which is not replaced by a folder";
const HIDDEN: &str =
    "the workspace's own is secret and was not shown to the command, so it is not replaced either";
const HOLDS: &str = "the folder there holds files that stay, as ignored ones do";
const UNREADABLE: &str = "what lies there on disk cannot be read";

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    pub(super) changes: Vec<FileChange>,
    /// When the changed files were written.
    pub(super) moments: Vec<(RelPath, Moment)>,
    /// Ignored files and folders to be kept in the cache, topmost ones only.
    pub(super) pieces: Vec<RelPath>,
    /// Ignored files and folders of the disk that were deleted.
    pub(super) hidden: Vec<RelPath>,
    /// Folders and files that are gone, and with them what the cache has there.
    pub(super) gone: Vec<RelPath>,
    pub(super) refused: Vec<(RelPath, &'static str)>,
    /// Bytes of all changes, those of other roots too.
    pub(super) bytes: usize,
}

/// Reads the upper layer of a root. Paths are those of the workspace; other roots have brought some files and bytes
/// already.
///
/// # Errors
/// When it cannot be read, or there is more in it than can be staged.
pub(super) fn harvest(
    start: &Snapshot,
    root: &Root,
    upper: Folder,
    given: &Given,
    (files, bytes): (usize, usize),
) -> Result<Harvest, LayerError> {
    let mut reader = Reader {
        start,
        root,
        given,
        tracked: OnceCell::new(),
        looked_at: 0,
        files,
        again: Vec::new(),
        harvest: Harvest { bytes, ..Harvest::default() },
    };
    let top = start.roots().in_root(root, &RelPath::root());
    let above = start.rules_above(root);
    let above = Above { rules: Arc::clone(&above), old: above, is_left_out: false, is_opaque: false };
    let mut open = vec![reader.enter(&above, top, upper.try_clone()?, false)?];
    while let Some(frame) = open.last_mut() {
        let Some(name) = frame.names.pop() else {
            let Some(frame) = open.pop() else { break };
            reader.leave(&frame)?;
            continue;
        };
        let Some((path, folder, is_left_out)) = reader.look(frame, &name)? else { continue };
        let above = Above { is_left_out, ..frame.above.clone() };
        if open.len() > DEPTH {
            reader.refuse(path, DEEP);
            continue;
        }
        if let Some(is_new) = reader.makes_way(&path)? {
            open.push(reader.enter(&above, path, folder, is_new)?);
        }
    }
    reader.missing(&upper)?;
    reader.made_again()?;
    Ok(reader.harvest)
}

/// What holds in a folder because of what it lies in.
#[derive(Clone)]
struct Above {
    /// The rules as they are after the command.
    rules: Arc<Rules>,
    /// As they were before it.
    old: Arc<Rules>,
    is_left_out: bool,
    /// Nothing underneath is seen.
    is_opaque: bool,
}

/// What was there and what is there now, where these differ; or why that is refused.
type Compared = Result<Option<(Side, Side)>, &'static str>;

/// A folder of the upper layer.
struct Frame {
    path: RelPath,
    folder: Folder,
    /// Those that are still to be looked at, from the end.
    names: Vec<OsString>,
    /// All of them, where what is missing was deleted.
    all: BTreeSet<OsString>,
    above: Above,
    /// The command made it.
    is_new: bool,
    is_empty: bool,
}

struct Reader<'a> {
    start: &'a Snapshot,
    root: &'a Root,
    given: &'a Given,
    tracked: OnceCell<Tracked>,
    looked_at: usize,
    /// Changes of other roots.
    files: usize,
    /// Folders that were deleted and are there nevertheless, the inner ones first.
    again: Vec<RelPath>,
    harvest: Harvest,
}

impl Reader<'_> {
    fn enter(
        &mut self,
        above: &Above,
        path: RelPath,
        folder: Folder,
        is_new: bool,
    ) -> Result<Frame, LayerError> {
        if folder.is_opaque() {
            // It hides what the cache has there, too.
            self.harvest.gone.push(path.clone());
        }
        let is_opaque = above.is_opaque || folder.is_opaque();
        let is_changed = std::cell::Cell::new(false);
        let other = |name: &str| {
            let name = OsStr::new(name);
            let found = folder.facts(name).ok().flatten().map(|facts| facts.found);
            let text = match found {
                None if !is_opaque => return None,
                Some(Found::File) => folder.read(name, FILE_LIMIT).ok().flatten(),
                _ => None,
            };
            is_changed.set(true);
            Some(text)
        };
        // Git's own folder is not the command's to change.
        let other = |name: &str| if name.contains('/') { None } else { other(name) };
        let rules = self.start.rules_inside(&above.rules, &path, &other);
        let old = if is_changed.get() || !Arc::ptr_eq(&above.rules, &above.old) {
            self.start.rules_inside(&above.old, &path, &|_| None)
        } else {
            Arc::clone(&rules)
        };
        let mut names = folder.names()?;
        let all = if is_opaque { names.iter().cloned().collect() } else { BTreeSet::new() };
        names.reverse();
        let above = Above { rules, old, is_left_out: above.is_left_out, is_opaque };
        Ok(Frame { path, folder, is_empty: names.is_empty(), names, all, above, is_new })
    }

    /// Deals with a name of a folder; gives a folder that is to be gone into.
    fn look(&mut self, frame: &Frame, name: &OsStr) -> Result<Option<(RelPath, Folder, bool)>, LayerError> {
        let path = frame.path.join_os(name);
        self.looked_at += 1;
        if self.looked_at > LOOKED_AT {
            return Err(self.too_much("over 400,000 files"));
        }
        let Some(facts) = frame.folder.facts(name)? else { return Ok(None) };
        if let Some(rule) = self.rule_against(&path) {
            // What was there to be mounted over says nothing.
            let is_nothing = match facts.found {
                Found::Folder => frame.folder.folder(name)?.is_empty(),
                Found::Whiteout => self.given.hidden.contains(&path),
                Found::File => facts.size == 0 && self.start.roots().lstat(&path).is_err(),
                Found::Link | Found::Special => false,
            };
            if !is_nothing {
                self.refuse(path, rule);
            }
            return Ok(None);
        }
        let is_folder = match facts.found {
            Found::Whiteout => self.kind(&path) == Some(Kind::Folder),
            found => found == Found::Folder,
        };
        let is_left_out = self.is_left_out(frame, &path, name, is_folder);
        if is_left_out && !self.is_worked_on(&path, is_folder, &frame.above.old) {
            self.harvest.pieces.push(path);
            return Ok(None);
        }
        match facts.found {
            Found::Folder => return Ok(Some((path, frame.folder.folder(name)?, is_left_out))),
            Found::Whiteout => drop(self.deleted(&path, &frame.above.old, is_left_out)?),
            Found::Special => self.refuse(path, SPECIAL),
            Found::File | Found::Link => self.written(frame, path, name, &facts)?,
        }
        Ok(None)
    }

    /// Why a path is none of a command's, if it is none.
    fn rule_against(&self, path: &RelPath) -> Option<&'static str> {
        if let Err(error) = self.start.roots().refuse_protected(path) {
            return Some(rule_of(&error));
        }
        if path.as_str().len() > PATH_LIMIT {
            return Some(LONG);
        }
        self.given.hidden.contains(path).then_some(HIDDEN)
    }

    /// Whether a path is ignored, or of what tools make.
    fn is_left_out(&self, frame: &Frame, path: &RelPath, name: &OsStr, is_folder: bool) -> bool {
        if name == ".gitignore" && !frame.is_new {
            // A rule is reviewed, even one that speaks of itself.
            return frame.above.is_left_out;
        }
        let has = |file: &str| {
            let file = OsStr::new(file);
            let inner = frame.folder.folder(name).ok().and_then(|folder| folder.facts(file).ok()?);
            inner.is_some() || self.start.roots().lstat(&path.join_os(file)).is_ok()
        };
        frame.above.is_left_out
            || frame.above.rules.leaves_to_git(&self.absolute(path), is_folder)
            || (is_folder && is_made(name, self.kind(path).is_none(), has))
    }

    /// Whether a path, or something below it, is part of the work though it is ignored.
    fn is_worked_on(&self, path: &RelPath, is_folder: bool, old: &Rules) -> bool {
        let inner = self.inner(path);
        let is_old = |path: &RelPath| self.kind(path).is_some();
        // By ignoring a file that was not ignored, nothing is hidden from review.
        let is_made = is_folder && is_made(&last(path), false, |file| is_old(&path.join(file)));
        self.start.staging().below(path).next().is_some()
            || self.start.documents_below(path).next().is_some()
            || self.tracked.get_or_init(|| Tracked::of(self.root)).has(&inner)
            || (!is_made
                && self.kind(path).is_some_and(|kind| !self.was_left_out(path, kind == Kind::Folder, old)))
    }

    fn was_left_out(&self, path: &RelPath, is_folder: bool, old: &Rules) -> bool {
        let folders = std::iter::successors(path.parent(), RelPath::parent);
        let inside = |folder: RelPath| old.leaves_to_git(&self.absolute(&folder), true);
        old.leaves_to_git(&self.absolute(path), is_folder)
            || folders.take_while(|folder| !self.inner(folder).is_root()).any(inside)
    }

    /// Whether a folder may be at a path; then, whether it is new there.
    fn makes_way(&mut self, path: &RelPath) -> Result<Option<bool>, LayerError> {
        match self.kind(path) {
            Some(Kind::Folder) => Ok(Some(false)),
            None => Ok(Some(true)),
            Some(Kind::File) => {
                if let Some(before) = self.before(path) {
                    self.push(path.clone(), before, Side::Folder)?;
                    return Ok(Some(true));
                }
                Ok(None)
            }
            Some(Kind::Link) if self.start.staging().get(path).is_some() => {
                self.push(path.clone(), self.side(path).unwrap_or(Side::Absent), Side::Folder)?;
                Ok(Some(true))
            }
            Some(Kind::Link | Kind::Special) => {
                self.refuse(path.clone(), LINKED);
                Ok(None)
            }
        }
    }

    /// A file or a link that is in the layer.
    fn written(
        &mut self,
        frame: &Frame,
        path: RelPath,
        name: &OsStr,
        facts: &Facts,
    ) -> Result<(), LayerError> {
        let (before, after) = match self.compared(frame, &path, name, facts)? {
            Ok(Some(sides)) => sides,
            Ok(None) => return Ok(()),
            Err(rule) => {
                self.refuse(path, rule);
                return Ok(());
            }
        };
        if before == Side::Folder {
            let (changes, bytes) = (self.harvest.changes.len(), self.harvest.bytes);
            if self.deleted(&path, &frame.above.old, false)? {
                self.harvest.changes.truncate(changes);
                self.harvest.bytes = bytes;
                self.refuse(path, HOLDS);
                return Ok(());
            }
            // The folder itself becomes the file.
            self.harvest.changes.retain(|change| change.path != path);
        }
        if before == Side::Absent {
            // The cache may have a folder there.
            self.harvest.gone.push(path.clone());
        }
        self.harvest.moments.push((path.clone(), facts.modified));
        self.push(path, before, after)
    }

    /// What was at a path and what is there now, if that is another; or why it is refused.
    fn compared(
        &self,
        frame: &Frame,
        path: &RelPath,
        name: &OsStr,
        facts: &Facts,
    ) -> Result<Compared, LayerError> {
        let bytes = match facts.found {
            Found::Link => Some(None),
            _ if facts.size > FILE_LIMIT => None,
            _ => frame.folder.read(name, FILE_LIMIT)?.map(Some),
        };
        let after = match bytes {
            Some(None) => Side::Link(frame.folder.read_link(name)?),
            Some(Some(bytes)) => Side::File(FileContent::new(bytes, Some(facts.mode & 0o777))),
            None => return Ok(Err(LARGE)),
        };
        let before = match self.side(path) {
            Ok(before) => before,
            Err(error) => return Ok(Err(rule_of(&error))),
        };
        let after = self.with_mode(path, &before, after);
        if before.same(&after) && (after.mode().is_none() || before.mode() == after.mode()) {
            return Ok(Ok(None));
        }
        Ok(if self.moved_on(path) { Err(MOVED_ON) } else { Ok(Some((before, after))) })
    }

    /// A mode that is as it was shown is not said.
    fn with_mode(&self, path: &RelPath, before: &Side, after: Side) -> Side {
        let (Side::File(old), Side::File(mut new)) = (before, after.clone()) else { return after };
        if old.mode.is_none() && new.mode == self.given.modes.get(path).copied() {
            new.mode = None;
        }
        Side::File(new)
    }

    /// What the command saw at a path; none, and a refusal, where that cannot be known.
    fn before(&mut self, path: &RelPath) -> Option<Side> {
        if self.moved_on(path) {
            self.refuse(path.clone(), MOVED_ON);
            return None;
        }
        match self.side(path) {
            Ok(before) => Some(before),
            Err(error) => {
                self.refuse(path.clone(), rule_of(&error));
                None
            }
        }
    }

    /// Whether the disk has changed at a path since the command was started. What was staged or open then is known.
    fn moved_on(&self, path: &RelPath) -> bool {
        let is_known = self.start.staging().get(path).is_some() || self.start.document(path).is_some();
        let changed = || self.start.roots().lstat(path).ok()?.changed;
        !is_known
            && !self.given.modes.contains_key(path)
            && changed().is_some_and(|changed| changed > self.given.started)
            && !matches!(self.kind(path), Some(Kind::Folder))
    }

    /// Looks for what is missing in a folder that hides all that lay underneath, and for folders with nothing in them.
    fn leave(&mut self, frame: &Frame) -> Result<(), LayerError> {
        if frame.above.is_opaque && !frame.is_new {
            let listed = self.start.list(&frame.path).map(|(entries, _)| entries).unwrap_or_default();
            for (path, _) in listed {
                if !frame.all.contains(&last(&path)) && !self.given.hidden.contains(&path) {
                    self.deleted(&path, &frame.above.old, frame.above.is_left_out)?;
                }
            }
            self.holds_repository(&frame.path);
        }
        // One that is there only for the staged files in it has no side of its own.
        if frame.is_empty && self.side(&frame.path).is_ok_and(|side| side == Side::Absent) {
            self.push(frame.path.clone(), Side::Absent, Side::Folder)?;
        } else if self.start.staging().get(&frame.path).is_some_and(|staged| staged.top == Side::Absent) {
            self.again.push(frame.path.clone());
        }
        Ok(())
    }

    /// What is in the top layer, whether or not a tool would be shown it.
    fn side(&self, path: &RelPath) -> Result<Side, ReadError> {
        match self.start.staging().get(path) {
            Some(staged) => Ok(staged.top.clone()),
            None => self.start.underneath(path),
        }
    }

    /// What the command was shown at a path, ignored places aside.
    fn kind(&self, path: &RelPath) -> Option<Kind> {
        kind_at(self.start, path)
    }

    fn push(&mut self, path: RelPath, before: Side, after: Side) -> Result<(), LayerError> {
        let bytes = |side: &Side| side.file().map_or(0, |file| file.bytes.len());
        self.harvest.bytes += bytes(&before) + bytes(&after);
        self.harvest.changes.push(FileChange { path, before, after });
        if self.files + self.harvest.changes.len() > STAGED_FILES {
            return Err(self.too_much("over 20,000 files"));
        }
        if self.harvest.bytes > STAGED_BYTES {
            return Err(self.too_much("over 512 MiB of files"));
        }
        Ok(())
    }

    fn refuse(&mut self, path: RelPath, rule: &'static str) {
        if self.harvest.refused.len() < REFUSALS {
            self.harvest.refused.push((path, rule));
        }
    }

    /// The folder to be ignored is the one with most of it.
    fn too_much(&self, what: &'static str) -> LayerError {
        let mut folders: BTreeMap<RelPath, usize> = BTreeMap::new();
        for change in &self.harvest.changes {
            let inner = self.inner(&change.path);
            let folder =
                inner.names().next().filter(|_| inner.parent().is_some_and(|above| !above.is_root()));
            if let Some(folder) = folder {
                *folders.entry(RelPath::root().join(folder)).or_default() += 1;
            }
        }
        let most = folders.into_iter().max_by_key(|(_, count)| *count);
        LayerError::TooMuch { what, folder: most.map_or_else(RelPath::root, |(folder, _)| folder) }
    }

    fn inner(&self, path: &RelPath) -> RelPath {
        self.start.roots().locate(path).map_or_else(|| path.clone(), |(_, inner)| inner)
    }

    fn absolute(&self, path: &RelPath) -> PathBuf {
        let inner = self.inner(path);
        if inner.is_root() { self.root.path.clone() } else { self.root.path.join(inner.to_os()) }
    }
}

fn rule_of(error: &ReadError) -> &'static str {
    match error {
        ReadError::Protected { rule, .. } => rule,
        ReadError::TooLarge { .. } => LARGE,
        ReadError::Special { .. } => SPECIAL,
        ReadError::Linked { .. } | ReadError::Outside { .. } | ReadError::Loop { .. } => LINKED,
        _ => UNREADABLE,
    }
}
