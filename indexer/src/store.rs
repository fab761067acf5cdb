//! The index on disk: immutable segment files and one small head that names them.
//!
//! The head is replaced atomically, segments never change, and both are checksummed, so any number
//! of processes may read while one writes. What does not check out is built anew, with a warning.

#![expect(clippy::disallowed_methods, reason = "keeping the index on disk is this file's purpose")]

use crate::index::{Index, merge_parts};
use crate::segment::bytes::{u32_at, u64_at};
use crate::segment::{OpenError, SCHEMA, Segment, grammars};
use crate::snapshot::{Live, Part, Snapshot};
use crate::walk::{self, Progress, WalkOptions, WalkReport};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const HEAD: &str = "head";
const HEAD_MAGIC: &[u8; 8] = b"DTHEAD\0\0";
/// More segments than this are merged when the index is saved.
const SEGMENTS: usize = 6;
/// Largest text read back for an answer, in bytes.
const TEXT_LIMIT: u64 = 128 << 20;

/// Why an index could not be kept or loaded.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("no cache folder: set `XDG_CACHE_HOME` or `HOME`, or pass --no-cache")]
    NoCacheFolder,
    #[error("`{path}` is not a folder that can be read", path = path.display())]
    Root { path: PathBuf, source: io::Error },
    #[error("cannot write the index under `{path}`; pass --no-cache to do without", path = path.display())]
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
    /// Why what was stored could not be used, when something was.
    pub warning: Option<String>,
    /// Whether anything usable was stored.
    pub found: bool,
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
        let nothing = |warning| Loaded { index: Index::new(), warning, found: false };
        let Some(folder) = &self.folder else { return nothing(None) };
        for attempt in 0..3 {
            let head = match fs::read(folder.join(HEAD)) {
                Ok(head) => head,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return nothing(None),
                Err(error) => return nothing(Some(format!("cannot read the stored index: {error}"))),
            };
            match load_parts(folder, &head) {
                Ok((parts, complete)) => {
                    let mut index = Index::new();
                    index.parts = parts;
                    index.set_complete(complete);
                    return Loaded { index, warning: None, found: true };
                }
                // Another process may have replaced the head and removed the segments in between.
                Err(_) if attempt < 2 && fs::read(folder.join(HEAD)).is_ok_and(|now| now != head) => {}
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
    /// When the index cannot be written.
    pub fn refresh(
        &self,
        index: &mut Index,
        options: &WalkOptions,
        progress: &dyn Fn(Progress),
    ) -> Result<WalkReport, StoreError> {
        if let Some(folder) = &self.folder {
            fs::create_dir_all(folder).map_err(|source| self.write_error(source))?;
        }
        let folder = self.folder.clone().filter(|_| !options.names_only);
        let mut sink = |index: &mut Index, bytes: Vec<u8>| match &folder {
            Some(folder) => {
                let segment = write_segment(folder, &bytes)?;
                index.parts.push(Part::new(Arc::new(segment)));
                Ok(())
            }
            None => {
                index.push_segment(bytes);
                Ok(())
            }
        };
        let report = walk::refresh(&self.root, options, index, &mut sink, progress)
            .map_err(|source| self.write_error(source))?;
        index.set_complete(!options.names_only);
        if report.changed + report.removed > 0 && !options.names_only {
            self.save(index)?;
        }
        Ok(report)
    }

    /// Loads, and brings up to date: the way to an index for programs that can wait.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn load_and_refresh(
        &self,
        options: &WalkOptions,
        progress: &dyn Fn(Progress),
    ) -> Result<(Loaded, WalkReport), StoreError> {
        let mut loaded = self.load();
        let report = self.refresh(&mut loaded.index, options, progress)?;
        Ok((loaded, report))
    }

    /// Answers a question from an index; if stored bytes turn out damaged on the way, builds the
    /// index anew and asks again.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn ask<T>(
        &self,
        index: &mut Index,
        options: &WalkOptions,
        question: &dyn Fn(&Snapshot) -> T,
    ) -> Result<T, StoreError> {
        let snapshot = index.snapshot();
        let answer = question(&snapshot);
        if !snapshot.is_damaged() {
            return Ok(answer);
        }
        *index = Index::new();
        self.refresh(index, options, &|_| {})?;
        Ok(question(&index.snapshot()))
    }

    /// Writes the index: new segments, then the head, then removes what no head names.
    ///
    /// # Errors
    /// When the index cannot be written; what was stored before still holds.
    pub fn save(&self, index: &mut Index) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        self.write(folder, index).map_err(|source| self.write_error(source))
    }

    fn write(&self, folder: &Path, index: &mut Index) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        compact(index);
        let mut head = HEAD_MAGIC.to_vec();
        head.extend_from_slice(&SCHEMA.to_le_bytes());
        head.extend_from_slice(&grammars().to_le_bytes());
        head.push(u8::from(index.snapshot().is_complete()));
        head.extend_from_slice(&crate::extract::offset(index.parts.len()).to_le_bytes());
        let mut kept = Vec::new();
        for part in &index.parts {
            let id = segment_id(part.segment.bytes());
            if fs::metadata(segment_path(folder, id))
                .map_or(true, |file| file.len() != part.segment.len() as u64)
            {
                write_segment(folder, part.segment.bytes())?;
            }
            kept.push(id);
            head.extend_from_slice(&id.to_le_bytes());
            head.extend_from_slice(&crate::extract::offset(part.live.words.len()).to_le_bytes());
            for word in &part.live.words {
                head.extend_from_slice(&word.to_le_bytes());
            }
        }
        head.extend_from_slice(&xxh3_64(&head).to_le_bytes());
        write_atomically(&folder.join(HEAD), &head)?;
        remove_others(folder, &kept);
        Ok(())
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

    fn write_error(&self, source: io::Error) -> StoreError {
        StoreError::Write { path: self.folder.clone().unwrap_or_default(), source }
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
    while index.parts.len() > SEGMENTS {
        // The newest ones are the smallest.
        index.merge_from(index.parts.len() - SEGMENTS.div_ceil(2) - 1);
    }
}

fn load_parts(folder: &Path, head: &[u8]) -> Result<(Vec<Part>, bool), OpenError> {
    let body = head.len().checked_sub(8).ok_or(OpenError::Malformed)?;
    if head.get(..8) != Some(HEAD_MAGIC) {
        return Err(OpenError::Malformed);
    }
    if u64_at(head, body) != xxh3_64(&head[..body]) {
        return Err(OpenError::Damaged);
    }
    if u32_at(head, 8) != SCHEMA || u32_at(head, 12) != grammars() {
        return Err(OpenError::OtherVersion);
    }
    let complete = head[16] != 0;
    let mut at = 21;
    let mut parts = Vec::new();
    for _ in 0..u32_at(head, 17) {
        let (id, words) = (u64_at(head, at), u32_at(head, at + 8) as usize);
        at += 12;
        if at + words * 8 > body {
            return Err(OpenError::Damaged);
        }
        let live: Vec<u64> = (0..words).map(|word| u64_at(head, at + word * 8)).collect();
        at += words * 8;
        let segment = open_segment(&segment_path(folder, id))?;
        let live = Live::from_words(live, segment.doc_count()).ok_or(OpenError::Damaged)?;
        parts.push(Part::with_live(Arc::new(segment), live));
    }
    Ok((parts, complete))
}

/// Segments are named by a hash of their header, which holds the checksums of all the rest.
fn segment_id(bytes: &[u8]) -> u64 {
    xxh3_64(&bytes[..bytes.len().min(256)])
}

fn segment_path(folder: &Path, id: u64) -> PathBuf {
    folder.join(format!("{id:016x}.segment"))
}

fn write_segment(folder: &Path, bytes: &[u8]) -> io::Result<Segment> {
    let path = segment_path(folder, segment_id(bytes));
    write_atomically(&path, bytes)?;
    open_segment(&path).map_err(io::Error::other)
}

fn open_segment(path: &Path) -> Result<Segment, OpenError> {
    let file = File::open(path).map_err(|_| OpenError::Malformed)?;
    #[expect(unsafe_code, reason = "mapping: segment files are replaced, never changed or cut in place")]
    // SAFETY: nobody writes to a segment file once it has its name; see `write_atomically`.
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|_| OpenError::Malformed)?;
    Segment::open(Arc::new(map))
}

/// Writes a file under a temporary name beside it, and renames it once it is on disk.
fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        // The first error says more than one about cleaning up.
        let _ = fs::remove_file(&temporary);
    })
}

/// Removes segments that the head no longer names. Processes that have them mapped keep them.
fn remove_others(folder: &Path, kept: &[u64]) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_kept = kept.iter().any(|id| segment_path(folder, *id) == path);
        if path.extension().is_some_and(|end| end == "segment") && !is_kept {
            // Windows refuses while another process reads it; the next save tries again.
            let _ = fs::remove_file(path);
        }
    }
}

/// The live documents of an index as one segment, for measuring.
#[doc(hidden)]
#[must_use]
pub fn merged(index: &Index) -> Vec<u8> {
    merge_parts(&index.parts)
}
