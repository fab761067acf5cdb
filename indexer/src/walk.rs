//! From a tree of files to the index: the walk, reading in parallel, and what changed since.

#![expect(clippy::disallowed_methods, reason = "reading the tree is this file's purpose")]

use crate::file::{Prepared, Workshop, hash, unread};
use crate::index::Index;
use crate::segment::{Meta, Stat, write};
use crate::snapshot::Snapshot;
use ignore::{WalkBuilder, WalkState};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Text gathered before a segment is written out, which bounds memory.
const FLUSH_BYTES: usize = 48 << 20;
/// Text that is read but not yet taken in, per thread, in files.
const QUEUE: usize = 32;
/// Files modified less than this before they were read are compared by hash the next time.
const DOUBT: Duration = Duration::from_secs(2);
/// Bytes searched for a NUL, which makes a file binary.
const BINARY_PROBE: usize = 8 << 10;

/// How a tree is walked.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// Larger files are counted but not read; bytes. At most 32 MiB get structure.
    pub max_file_bytes: u64,
    /// Reading and parsing threads, at least 1.
    pub threads: usize,
    /// Only the names of definitions, only where a scanner finds them; see `names.rs`.
    pub names_only: bool,
}

impl Default for WalkOptions {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { max_file_bytes: 2 << 20, threads: threads.min(16), names_only: false }
    }
}

/// What a walk found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkReport {
    /// Files in the tree that are not ignored.
    pub files: u64,
    /// Files read in this walk: new or changed ones.
    pub changed: u64,
    /// Files that were known and are gone.
    pub removed: u64,
    /// Bytes of the files read in this walk.
    pub bytes: u64,
    pub unreadable: u64,
    /// Files whose path is not UTF-8.
    pub unnameable: u64,
}

/// A step of the walk, for a progress bar.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub done: usize,
    pub total: usize,
}

/// A file of the walk.
struct Found {
    path: String,
    stat: Stat,
}

/// What reading a file came to.
enum Outcome {
    Taken(Box<Prepared>),
    /// Only touched: its facts hold.
    Same,
    Unreadable,
}

/// Where finished segments go: puts the bytes, as a part, into the index.
pub(crate) type Sink<'a> = dyn FnMut(&mut Index, Vec<u8>) + 'a;

/// Brings an index up to date with a tree: reads what is new or changed, forgets what is gone.
pub(crate) fn refresh(
    root: &Path,
    options: &WalkOptions,
    index: &mut Index,
    sink: &mut Sink<'_>,
    progress: &dyn Fn(Progress),
) -> WalkReport {
    let mut report = WalkReport::default();
    let found = list(root, &mut report);
    let before = index.snapshot();
    let mut changed = Vec::new();
    for file in &found {
        if !is_fresh(&before, file, options) {
            changed.push(file);
        }
    }
    report.removed = remove_gone(&before, &found, index);
    take_in(root, options, &changed, &before, index, sink, progress, &mut report);
    report.files = found.len() as u64;
    report
}

/// Every file of the tree in path order, as ripgrep would search them.
fn list(root: &Path, report: &mut WalkReport) -> Vec<Found> {
    let (sender, receiver) = mpsc::channel();
    let mut walk = WalkBuilder::new(root);
    walk.add_custom_ignore_filename(".rgignore").threads(2);
    walk.build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let found = match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    entry.metadata().map_err(|_| ()).map(|metadata| (entry.into_path(), stat(&metadata)))
                }
                Ok(_) => return WalkState::Continue,
                Err(_) => Err(()),
            };
            // The receiver lives until the walk is over.
            let _ = sender.send(found);
            WalkState::Continue
        })
    });
    drop(sender);
    let mut found = Vec::new();
    for file in receiver {
        match file.map(|(path, stat)| relative(root, &path).map(|path| Found { path, stat })) {
            Ok(Some(file)) => found.push(file),
            Ok(None) => report.unnameable += 1,
            Err(()) => report.unreadable += 1,
        }
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The path below the root, with `/`; `None` when it is not UTF-8.
pub(crate) fn relative(root: &Path, path: &Path) -> Option<String> {
    let path = path.strip_prefix(root).unwrap_or(path).to_str()?;
    Some(if std::path::MAIN_SEPARATOR == '/' { path.to_owned() } else { path.replace('\\', "/") })
}

pub(crate) fn stat(metadata: &fs::Metadata) -> Stat {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
    Stat { size: metadata.len(), modified, hash: 0 }
}

fn is_fresh(before: &Snapshot, found: &Found, options: &WalkOptions) -> bool {
    let Some(file) = before.file(&found.path) else { return false };
    let known = before.meta(file);
    // The limit may be another one than last time.
    known.unsearched == (found.stat.size > options.max_file_bytes)
        && !known.doubtful
        && known.stat.size == found.stat.size
        && known.stat.modified == found.stat.modified
}

fn remove_gone(before: &Snapshot, found: &[Found], index: &mut Index) -> u64 {
    let gone: Vec<String> = before
        .files()
        .map(|file| file.path)
        .filter(|path| found.binary_search_by(|file| file.path.as_str().cmp(path)).is_err())
        .collect();
    for path in &gone {
        index.remove(path);
    }
    gone.len() as u64
}

/// Reads files in parallel and adds them to the index in path order.
#[expect(clippy::too_many_arguments, reason = "the parts of one walk; a struct would only rename them")]
fn take_in(
    root: &Path,
    options: &WalkOptions,
    files: &[&Found],
    before: &Snapshot,
    index: &mut Index,
    sink: &mut Sink<'_>,
    progress: &dyn Fn(Progress),
    report: &mut WalkReport,
) {
    let next = AtomicUsize::new(0);
    let threads = options.threads.clamp(1, files.len().max(1));
    let (sender, receiver) = mpsc::sync_channel(QUEUE * threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                let (mut workshop, mut bytes) = (Workshop::default(), Vec::new());
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = read(root, options, file, before, &mut workshop, &mut bytes);
                    if sender.send((file.path.as_str(), outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut gathering = Gathering { builder: write::Builder::default(), index, sink, report };
        // Files come nearly in order; the builder needs them exactly so.
        let mut early: BTreeMap<&str, Outcome> = BTreeMap::new();
        let mut expected = files.iter().map(|file| file.path.as_str()).peekable();
        let mut done = 0;
        for (path, outcome) in receiver {
            early.insert(path, outcome);
            while let Some(path) = expected.peek().copied()
                && let Some(outcome) = early.remove(path)
            {
                expected.next();
                gathering.add(path, outcome);
                done += 1;
                progress(Progress { done, total: files.len() });
            }
        }
        gathering.flush();
    });
}

/// Files on their way into a segment.
struct Gathering<'a, 'f> {
    builder: write::Builder,
    index: &'a mut Index,
    sink: &'a mut Sink<'f>,
    report: &'a mut WalkReport,
}

impl Gathering<'_, '_> {
    fn add(&mut self, path: &str, outcome: Outcome) {
        let report = &mut *self.report;
        let prepared = match outcome {
            Outcome::Taken(prepared) => prepared,
            Outcome::Same => return,
            Outcome::Unreadable => {
                report.unreadable += 1;
                self.index.strike(path);
                return;
            }
        };
        report.changed += 1;
        report.bytes += prepared.meta.stat.size;
        self.index.strike(path);
        self.builder.add(path, prepared.meta, &prepared.encoded, &prepared.trigrams);
        if self.builder.text_bytes() > FLUSH_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.builder.is_empty() {
            let bytes = std::mem::take(&mut self.builder).finish();
            (self.sink)(self.index, bytes);
        }
    }
}

fn read(
    root: &Path,
    options: &WalkOptions,
    found: &Found,
    before: &Snapshot,
    workshop: &mut Workshop,
    bytes: &mut Vec<u8>,
) -> Outcome {
    if found.stat.size > options.max_file_bytes {
        return Outcome::Taken(Box::new(unread(found.stat)));
    }
    let limit = options.max_file_bytes;
    if read_into(&root.join(&found.path), limit, bytes).is_none() {
        return Outcome::Unreadable;
    }
    if bytes.len() as u64 > limit {
        return Outcome::Taken(Box::new(unread(found.stat)));
    }
    let stat = Stat { hash: hash(bytes), ..found.stat };
    let doubtful = is_recent(found.stat.modified);
    if let Some(known) = before.file(&found.path).map(|file| before.meta(file))
        && same_content(&known, &stat)
        && known.stat.modified == stat.modified
        && doubtful == known.doubtful
    {
        return Outcome::Same;
    }
    let probe = &bytes[..bytes.len().min(BINARY_PROBE)];
    let binary = memchr::memchr(0, probe).is_some() && !crate::text::is_utf16(bytes);
    let mut prepared = if options.names_only {
        workshop.prepare_names(&found.path, bytes, stat)
    } else if binary {
        // What stands before the first NUL is all that a text search looks at.
        let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
        workshop.prepare_text(&bytes[..end], stat)
    } else {
        workshop.prepare(&found.path, bytes, stat)
    };
    (prepared.meta.doubtful, prepared.meta.binary) = (doubtful, binary);
    Outcome::Taken(Box::new(prepared))
}

fn same_content(known: &Meta, stat: &Stat) -> bool {
    known.stat.hash == stat.hash && known.stat.size == stat.size
}

fn is_recent(modified: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let doubt = i64::try_from(now.saturating_sub(DOUBT).as_nanos()).unwrap_or(i64::MAX);
    modified >= doubt
}

/// A regular file's bytes, up to one more than the limit; `None` when it cannot be read.
pub(crate) fn read_file(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    read_into(path, limit, &mut bytes)?;
    Some(bytes)
}

/// The same into memory that is used again for the next file.
pub(crate) fn read_into(path: &Path, limit: u64, bytes: &mut Vec<u8>) -> Option<()> {
    bytes.clear();
    let mut file = open(path).ok()?;
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    // One more than the size, so that the end is seen without growing.
    bytes.reserve(usize::try_from(metadata.len().min(limit)).ok()? + 1);
    file.by_ref().take(limit + 1).read_to_end(bytes).ok()?;
    Some(())
}

/// Opens without waiting, so that a pipe that took a file's place cannot hang us.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<fs::File> {
    fs::File::open(path)
}

/// Whether a path is a folder now.
pub(crate) fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// The project around a folder: the nearest folder upwards with a repository, else with a manifest,
/// else the folder itself.
#[must_use]
pub fn project_root(folder: &Path) -> PathBuf {
    const MANIFESTS: [&str; 6] =
        ["package.json", "pyproject.toml", "setup.py", "Cargo.toml", "go.mod", "pom.xml"];
    let has = |folder: &Path, name: &str| folder.join(name).symlink_metadata().is_ok();
    let repository = folder.ancestors().find(|folder| has(folder, ".git"));
    let manifest = || folder.ancestors().find(|folder| MANIFESTS.iter().any(|name| has(folder, name)));
    repository.or_else(manifest).unwrap_or(folder).to_path_buf()
}

/// Brings single files up to date, as a watcher reports them. Says how many changed.
pub(crate) fn refresh_paths(root: &Path, options: &WalkOptions, paths: &[String], index: &mut Index) -> u64 {
    let (mut workshop, mut bytes) = (Workshop::default(), Vec::new());
    let mut changed = 0;
    for path in paths {
        let before = index.snapshot();
        let metadata = root.join(path).symlink_metadata().ok().filter(fs::Metadata::is_file);
        let Some(metadata) = metadata.filter(|_| !is_ignored(root, path)) else {
            changed += u64::from(index.remove(path));
            continue;
        };
        let found = Found { path: path.clone(), stat: stat(&metadata) };
        match read(root, options, &found, &before, &mut workshop, &mut bytes) {
            Outcome::Taken(prepared) => {
                index.store(path, &prepared);
                changed += 1;
            }
            Outcome::Same => {}
            Outcome::Unreadable => changed += u64::from(index.remove(path)),
        }
    }
    changed
}

/// Whether the walk would leave a file out.
fn is_ignored(root: &Path, path: &str) -> bool {
    // Walking one folder deep along the path asks the very rules that the walk asks.
    let mut folder = root.to_path_buf();
    let last = root.join(path);
    for part in path.split('/') {
        let wanted = folder.join(part);
        let mut walk = WalkBuilder::new(&folder);
        walk.add_custom_ignore_filename(".rgignore").max_depth(Some(1));
        // Links are followed nowhere on the way.
        let is_wanted = |entry: &ignore::DirEntry| {
            entry.path() == wanted && (wanted == last || entry.file_type().is_some_and(|kind| kind.is_dir()))
        };
        if !walk.build().flatten().any(|entry| is_wanted(&entry)) {
            return true;
        }
        folder = wanted;
    }
    false
}

#[cfg(test)]
mod tests;
