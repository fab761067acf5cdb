//! The files of one stored index: segments, named by a hash of their headers, and the head that
//! names those which hold.
//!
//! Two lock files order the writers. `lock` is held while the head is replaced. `writing` is shared
//! by all who write segments that no head names yet: what the head does not name is removed only
//! when nobody holds it, so that what a killed process left behind goes and what is under way stays.

use super::compact;
use crate::index::Index;
use crate::segment::bytes::{u32_at, u64_at};
use crate::segment::{HEADER, OpenError, SCHEMA, Segment, grammars};
use crate::snapshot::{Live, Part};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_64;

pub(super) const HEAD: &str = "head";
const HEAD_MAGIC: &[u8; 8] = b"DTHEAD\0\0";
/// Magic, schema, grammars, whether it is complete, number of segments.
const HEAD_START: usize = 8 + 4 + 4 + 1 + 4;

/// Segments on their way into the folder, before a head names them. While this lives, nobody
/// removes them.
pub(super) struct Writing<'f> {
    folder: &'f Path,
    _shared: File,
}

impl<'f> Writing<'f> {
    pub(super) fn begin(folder: &'f Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let shared = File::create(folder.join("writing"))?;
        shared.lock_shared()?;
        Ok(Self { folder, _shared: shared })
    }

    /// Writes a segment and maps it.
    pub(super) fn segment(&self, bytes: &[u8]) -> io::Result<Segment> {
        let path = segment_path(self.folder, segment_id(bytes));
        write_atomically(&path, bytes)?;
        open_segment(&path).map_err(io::Error::other)
    }
}

/// Writes the index: the segments that are not there yet, then the head; then removes what the
/// head does not name.
pub(super) fn write(folder: &Path, index: &mut Index) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    compact(index);
    let mut head = HEAD_MAGIC.to_vec();
    head.extend_from_slice(&SCHEMA.to_le_bytes());
    head.extend_from_slice(&grammars().to_le_bytes());
    head.push(u8::from(index.snapshot().is_complete()));
    head.extend_from_slice(&crate::extract::offset(index.parts.len()).to_le_bytes());
    let mut kept = vec![folder.join(HEAD)];
    for part in &index.parts {
        let id = segment_id(part.segment.bytes());
        let path = segment_path(folder, id);
        let stored = path.symlink_metadata();
        if stored.map_or(true, |file| !file.is_file() || file.len() != part.segment.len() as u64) {
            write_atomically(&path, part.segment.bytes())?;
        }
        kept.push(path);
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

/// The segments that a head names, each with what of it holds, and whether that is the whole tree.
pub(super) fn parts(folder: &Path, head: &[u8]) -> Result<(Vec<Part>, bool), OpenError> {
    let body = head.len().checked_sub(8).filter(|body| *body >= HEAD_START).ok_or(OpenError::Malformed)?;
    if &head[..8] != HEAD_MAGIC {
        return Err(OpenError::Malformed);
    }
    // Another version may keep its checksum elsewhere, so this is asked first.
    if u32_at(head, 8) != SCHEMA || u32_at(head, 12) != grammars() {
        return Err(OpenError::OtherVersion);
    }
    if u64_at(head, body) != xxh3_64(&head[..body]) {
        return Err(OpenError::Damaged);
    }
    let complete = head[16] != 0;
    let mut at = HEAD_START;
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
    xxh3_64(&bytes[..bytes.len().min(HEADER)])
}

fn segment_path(folder: &Path, id: u64) -> PathBuf {
    folder.join(format!("{id:016x}.segment"))
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
    let (temporary, mut file) = temporary(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    written.and_then(|()| replace(&temporary, path)).inspect_err(|_| {
        // The first error says more than one about cleaning up.
        let _ = fs::remove_file(&temporary);
    })
}

/// A new file that nobody else writes to: other threads, and other machines' processes of the same
/// number, may be writing the same segment.
fn temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{count}.new", std::process::id()));
        match File::create_new(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (temporary, file)),
        }
    }
}

/// Renames a file onto another. A folder in the way is none of ours, and an index is worth more.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to).or_else(|error| {
        if !to.symlink_metadata()?.is_dir() {
            return Err(error);
        }
        fs::remove_dir_all(to)?;
        fs::rename(from, to)
    })
}

/// Removes segments that the head does not name and what killed processes left half written.
/// Processes that have a removed segment mapped keep it.
fn remove_others(folder: &Path, kept: &[PathBuf]) {
    let Ok(writing) = File::create(folder.join("writing")) else { return };
    if writing.try_lock().is_err() {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_ours = path.extension().is_some_and(|end| end == "segment" || end == "new");
        if is_ours && !kept.contains(&path) {
            // Windows refuses while another process reads it; the next save tries again.
            let _ = fs::remove_file(path);
        }
    }
}
