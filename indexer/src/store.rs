//! The index on disk: immutable segment files and one small head that names them.
//!
//! The head is replaced atomically, segments never change, and both are checksummed, so any number
//! of processes may read while one writes. What does not check out is built anew, with a warning.

#![expect(clippy::disallowed_methods, reason = "keeping the index on disk is this file's purpose")]

mod files;

use crate::index::{Index, merge_parts};
use crate::segment::OpenError;
use crate::snapshot::{Part, Snapshot};
use crate::walk::{self, Progress, WalkOptions, WalkReport};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// More segments than this are merged when the index is saved.
const SEGMENTS: usize = 6;
/// What is said when stored bytes turn out damaged after the index was opened.
pub(crate) const DAMAGED: &str = "the stored index is damaged; building it anew";
/// Largest text read back for an answer, in bytes.
const TEXT_LIMIT: u64 = 128 << 20;

/// Why an index could not be kept or loaded.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("no cache folder: set `XDG_CACHE_HOME` or `HOME`, or pass --no-cache")]
    NoCacheFolder,
    #[error("`{path}` is not a folder that can be read", path = path.display())]
    Root { path: PathBuf, source: io::Error },
    #[error("cannot keep the index under `{path}`", path = path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Where one root's index is kept.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    /// `None`: in memory only.
    folder: Option<PathBuf>,
}

/// An index as it was loaded.
pub struct Loaded {
    pub index: Index,
    /// Why what was stored could not be used, or why nothing can be stored.
    pub warning: Option<String>,
    /// Whether anything usable was stored.
    pub found: bool,
    /// What the last walk of the tree found, once there was one.
    pub report: Option<WalkReport>,
}

impl Store {
    /// The store of a root, under a cache folder (the user's own when `None` is given).
    ///
    /// # Errors
    /// When the root is not a readable folder, or no cache folder is known.
    pub fn open(root: &Path, cache: Option<&Path>) -> Result<Self, StoreError> {
        let root = canonical(root)?;
        let cache = cache.map(Path::to_path_buf).or_else(user_cache).ok_or(StoreError::NoCacheFolder)?;
        let name = root.file_name().map_or_else(|| "root".into(), |name| name.to_string_lossy().into_owned());
        let name: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
        let id = xxh3_64(root.as_os_str().as_encoded_bytes());
        let folder = cache.join("devtoolkit").join("index").join(format!("{name}-{id:016x}"));
        Ok(Self { root, folder: Some(folder) })
    }

    /// A store that keeps nothing.
    ///
    /// # Errors
    /// When the root is not a readable folder.
    pub fn in_memory(root: &Path) -> Result<Self, StoreError> {
        Ok(Self { root: canonical(root)?, folder: None })
    }

    /// The root, with links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Loads what is stored, at once and unverified against the tree; see [`Self::refresh`].
    #[must_use]
    pub fn load(&self) -> Loaded {
        let nothing = |warning| Loaded { index: Index::new(), warning, found: false, report: None };
        let Some(folder) = &self.folder else { return nothing(None) };
        for attempt in 0..3 {
            let head = match fs::read(folder.join(files::HEAD)) {
                Ok(head) => head,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return nothing(None),
                Err(error) => {
                    return nothing(Some(format!("cannot read the stored index: {error}; building it anew")));
                }
            };
            match files::parts(folder, &head) {
                Ok((parts, complete)) => {
                    let mut index = Index::new();
                    index.parts = parts;
                    index.set_complete(complete);
                    return Loaded { index, warning: None, found: true, report: None };
                }
                // Another process may have replaced the head and removed the segments in between.
                Err(_) if attempt < 2 && fs::read(folder.join(files::HEAD)).is_ok_and(|now| now != head) => {}
                Err(OpenError::OtherVersion) => {
                    return nothing(Some(
                        "the stored index is of another version; building it anew".to_owned(),
                    ));
                }
                Err(error) => return nothing(Some(format!("the stored index is {error}; building it anew"))),
            }
        }
        nothing(None)
    }

    /// Brings an index up to date with the tree and saves it when something changed.
    ///
    /// # Errors
    /// When the index cannot be written. It is up to date all the same, in memory.
    pub fn refresh(
        &self,
        index: &mut Index,
        options: &WalkOptions,
        progress: &dyn Fn(Progress),
    ) -> Result<WalkReport, StoreError> {
        let report = self.walk(index, options, progress);
        if report.changed + report.removed > 0 && !options.names_only {
            self.save(index)?;
        }
        Ok(report)
    }

    fn walk(&self, index: &mut Index, options: &WalkOptions, progress: &dyn Fn(Progress)) -> WalkReport {
        let folder = self.folder.as_deref().filter(|_| !options.names_only);
        // What cannot be written now stays in memory; saving tries again and says why it cannot.
        let writing = folder.and_then(|folder| files::Writing::begin(folder).ok());
        let mut sink = |index: &mut Index, bytes: Vec<u8>| match writing
            .as_ref()
            .and_then(|writing| writing.segment(&bytes).ok())
        {
            Some(segment) => index.parts.push(Part::new(Arc::new(segment))),
            None => index.push_segment(bytes),
        };
        let report = walk::refresh(&self.root, options, index, &mut sink, progress);
        index.set_complete(!options.names_only);
        report
    }

    /// Loads, and brings up to date: the way to an index for programs that can wait. Without a
    /// cache that can be written the index is in memory only, and `warning` says why.
    #[must_use]
    pub fn load_and_refresh(&self, options: &WalkOptions, progress: &dyn Fn(Progress)) -> Loaded {
        let mut loaded = self.load();
        self.bring_up_to_date(&mut loaded, options, progress);
        loaded
    }

    fn bring_up_to_date(&self, loaded: &mut Loaded, options: &WalkOptions, progress: &dyn Fn(Progress)) {
        let report = self.walk(&mut loaded.index, options, progress);
        let is_stored = loaded.found && report.changed + report.removed == 0;
        if !is_stored && let Err(error) = self.save(&mut loaded.index) {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            loaded.warning = Some(format!("{error}{}", cause.unwrap_or_default()));
        }
        loaded.report = Some(report);
    }

    /// Builds the index anew, whatever is stored.
    #[must_use]
    pub fn build(&self, options: &WalkOptions, progress: &dyn Fn(Progress)) -> Loaded {
        let mut loaded = Loaded { index: Index::new(), warning: None, found: false, report: None };
        self.bring_up_to_date(&mut loaded, options, progress);
        loaded
    }

    /// Answers a question from an index; if stored bytes turn out damaged on the way, builds the
    /// index anew, with a warning, and asks again.
    pub fn ask<T>(&self, loaded: &mut Loaded, options: &WalkOptions, question: &dyn Fn(&Snapshot) -> T) -> T {
        let in_memory = Self { root: self.root.clone(), folder: None };
        // A disk that damages what was just written leaves the memory.
        for store in [self, &in_memory] {
            let snapshot = loaded.index.snapshot();
            let answer = question(&snapshot);
            if !snapshot.is_damaged() {
                return answer;
            }
            *loaded = store.build(options, &|_| {});
            loaded.warning.get_or_insert_with(|| DAMAGED.to_owned());
        }
        question(&loaded.index.snapshot())
    }

    /// Writes the index: new segments, then the head, then removes what no head names.
    ///
    /// # Errors
    /// When the index cannot be written; what was stored before still holds.
    pub fn save(&self, index: &mut Index) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        files::write(folder, index).map_err(|source| StoreError::Write { path: folder.clone(), source })
    }

    /// Bytes that the stored index takes on disk.
    #[must_use]
    pub fn size_on_disk(&self) -> u64 {
        let entries = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    }

    /// The text of a file as it is on disk now, when it is the one that the index speaks of.
    #[must_use]
    pub fn text(&self, snapshot: &Snapshot, path: &str) -> Option<String> {
        let bytes = walk::read_file(&self.root.join(path), TEXT_LIMIT)?;
        if snapshot.content_hash(path) != Some(crate::file::hash(&bytes)) {
            return None;
        }
        Some(decoded(&bytes))
    }

    /// A file's bytes, for searching.
    #[must_use]
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        walk::read_file(&self.root.join(path), TEXT_LIMIT)
    }
}

/// Text whose offsets are the index's: invalid bytes keep their places.
fn decoded(bytes: &[u8]) -> String {
    let decoded = crate::text::decode(bytes);
    match std::str::from_utf8(&decoded) {
        Ok(text) => text.to_owned(),
        // One `?` for each byte that is not UTF-8 keeps every offset.
        Err(_) => decoded
            .utf8_chunks()
            .fold(String::new(), |text, chunk| text + chunk.valid() + &"?".repeat(chunk.invalid().len())),
    }
}

fn canonical(root: &Path) -> Result<PathBuf, StoreError> {
    let error = |source| StoreError::Root { path: root.to_path_buf(), source };
    let canonical = root.canonicalize().map_err(error)?;
    fs::read_dir(&canonical).map_err(error)?;
    Ok(canonical)
}

/// The user's cache folder, as the platform has it.
#[must_use]
pub fn user_cache() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(cache) = absolute("XDG_CACHE_HOME") {
        return Some(cache);
    }
    if cfg!(windows) {
        return absolute("LOCALAPPDATA");
    }
    let below = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    absolute("HOME").map(|home| home.join(below))
}

/// Merges small segments, and segments most of which no longer holds.
fn compact(index: &mut Index) {
    let mostly_dead = |part: &Part| part.live.count() * 2 < part.segment.doc_count();
    if let Some(first) = index.parts.iter().position(mostly_dead) {
        index.merge_from(first);
    }
    // The newest ones are the smallest.
    while index.parts.len() > SEGMENTS && index.merge_from(index.parts.len() - SEGMENTS.div_ceil(2) - 1) {}
}

/// The live documents of an index as one segment, for measuring.
#[doc(hidden)]
#[must_use]
pub fn merged(index: &Index) -> Vec<u8> {
    merge_parts(&index.parts)
}

#[cfg(test)]
mod tests;
