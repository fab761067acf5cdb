//! Looks at every file once, folder by folder and in several threads, and leaves out what is as the index says.

use super::super::{Bound, Repository, index};
use super::Candidates;
use super::listing::{Listing, Traits};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags, Stat, fstat, openat, openat2, statat,
};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The largest index that is looked at, in bytes.
const LARGE: u64 = 256 << 20;
/// Of more paths than these libgit2 compares all.
const MOST: usize = 1_000;
/// Threads, and folders that one takes at a time.
const THREADS: usize = 8;
const BATCH: usize = 16;
/// Bytes for what a folder lists.
const BUFFER: usize = 32 << 10;
/// Files that libgit2 asks the index for besides those it compares.
const RULES: [&[u8]; 2] = [b".gitattributes", b".gitmodules"];

const SUBMODULE: u32 = 0o160_000;

/// The index as it was read.
pub(in super::super) struct Index {
    listing: Listing,
    /// Seconds and nanoseconds when it was written.
    written: [u32; 2],
}

/// A folder that the index has, with what lies directly in it.
#[derive(Debug, Default)]
struct Folder {
    /// With a slash at its end; nothing for the top.
    path: Vec<u8>,
    /// The first entry at or below it.
    first: usize,
    files: Vec<usize>,
    folders: Vec<Vec<u8>>,
}

/// What was found.
#[derive(Debug, Default)]
struct Found {
    entries: Vec<usize>,
    /// What the index does not have, and an entry in the same folder.
    others: Vec<(Vec<u8>, usize)>,
}

struct Walk<'w> {
    listing: &'w Listing,
    folders: Vec<Folder>,
    top: OwnedFd,
    written: [u32; 2],
    untracked: bool,
    bound: &'w Bound,
    next: AtomicUsize,
}

impl Index {
    /// Reads the index of a repository; nothing where libgit2 has to.
    pub(in super::super) fn read(repository: &Repository) -> Option<Self> {
        let config = repository.git.config().ok()?;
        let is_set = |key: &str| config.get_bool(key).unwrap_or(false);
        if is_set("core.ignorecase") || is_set("core.precomposeunicode") {
            return None;
        }
        let (bytes, written) = read_index(&repository.git.path().join("index"))?;
        Some(Self { listing: Listing::parse(bytes)?, written })
    }

    /// The tree that a commit of all of it would have, where that is known.
    pub(in super::super) fn tree(&self) -> Option<git2::Oid> {
        self.listing.tree
    }

    /// Looks at the files, and with `untracked` for what is not in the index; nothing where libgit2 has to.
    pub(in super::super) fn candidates(
        &self,
        repository: &Repository,
        untracked: bool,
        bound: &Bound,
    ) -> Option<Candidates> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        let top = openat(CWD, repository.git.workdir()?, flags, Mode::empty()).ok()?;
        let (listing, written, next) = (&self.listing, self.written, AtomicUsize::new(0));
        let walk = Walk { listing, folders: folders(listing), top, written, untracked, bound, next };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        let threads = threads.min(walk.folders.len().div_ceil(BATCH));
        let found = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| walk.run())).collect();
            let own = walk.run();
            let all = others.into_iter().map(|other| other.join().unwrap_or(Err(Errno::CANCELED)));
            all.chain([own]).collect::<Result<Vec<Found>, _>>()
        });
        candidates(listing, found.ok()?)
    }
}

fn read_index(path: &Path) -> Option<(Vec<u8>, [u32; 2])> {
    let flags = OFlags::CLOEXEC | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = openat(CWD, path, flags, Mode::empty()).ok()?;
    let stat = fstat(&file).ok()?;
    let size = u64::try_from(stat.st_size).ok().filter(|size| *size <= LARGE)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let (mut bytes, mut length) = (vec![0; usize::try_from(size).ok()?], 0);
    while length < bytes.len() {
        match rustix::io::read(&file, &mut bytes[length..]).ok()? {
            0 => return None,
            count => length += count,
        }
    }
    Some((bytes, traits(&stat).modified))
}

/// The folders that have files in the index, each before those below it.
fn folders(listing: &Listing) -> Vec<Folder> {
    let mut folders = vec![Folder::default()];
    let mut around = vec![0];
    for entry in 0..listing.len() {
        let name = listing.name(entry);
        while around.len() > 1 && !name.starts_with(&folders[around[around.len() - 1]].path) {
            around.pop();
        }
        let mut at = around[around.len() - 1];
        let mut length = folders[at].path.len();
        while let Some(slash) = name[length..].iter().position(|byte| *byte == b'/') {
            folders[at].folders.push(name[length..length + slash].to_vec());
            length += slash + 1;
            at = folders.len();
            around.push(at);
            folders.push(Folder { path: name[..length].to_vec(), first: entry, ..Folder::default() });
        }
        folders[at].files.push(entry);
    }
    // The index has them in the order of their names with a slash.
    folders.iter_mut().for_each(|folder| folder.folders.sort_unstable());
    folders
}

/// What libgit2 needs for comparing what was found.
fn candidates(listing: &Listing, all: Vec<Found>) -> Option<Candidates> {
    let count: usize = all.iter().map(|found| found.entries.len() + found.others.len()).sum();
    // A folder's name is taken for a pattern by libgit2, even where it is told that there are none.
    let is_plain = |(path, _): &(Vec<u8>, usize)| {
        let is_kept = |byte: &u8| !byte.is_ascii_whitespace() && !byte.is_ascii_control();
        !path.iter().any(|byte| b"*?[\\!#".contains(byte))
            && path.first().is_some_and(is_kept)
            && path.last().is_some_and(is_kept)
    };
    if count > MOST || !all.iter().flat_map(|found| &found.others).all(is_plain) {
        return None;
    }
    let (mut compared, mut beside, mut paths) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for found in all {
        compared.extend(found.entries);
        for (path, entry) in found.others {
            paths.insert(path);
            // So that libgit2 knows the folder around it for one that the index has.
            beside.extend(listing.len().gt(&entry).then_some(entry));
        }
    }
    paths.extend(compared.iter().chain(&beside).map(|entry| listing.name(*entry).to_vec()));
    let is_rule = |name: &[u8]| {
        let leaf = name.rsplit(|byte| *byte == b'/').next();
        RULES.iter().any(|rule| leaf == Some(*rule))
    };
    beside.extend((0..listing.len()).filter(|entry| is_rule(listing.name(*entry))));
    let mut chosen = git2::Index::new().ok()?;
    for entry in beside.difference(&compared) {
        chosen.add(&listing.entry(*entry, false)).ok()?;
    }
    for entry in &compared {
        chosen.add(&listing.entry(*entry, true)).ok()?;
    }
    let paths = paths.iter().map(|path| index::path_of(path)).collect();
    Some(Candidates { index: chosen, paths })
}

impl Walk<'_> {
    /// Takes folders until there are no more.
    fn run(&self) -> Result<Found, Errno> {
        let mut found = Found::default();
        let mut buffer = Vec::with_capacity(BUFFER);
        loop {
            let start = self.next.fetch_add(BATCH, Ordering::Relaxed);
            let Some(batch) = self.folders.get(start..) else { return Ok(found) };
            self.bound.go_on().map_err(|_| Errno::CANCELED)?;
            for folder in batch.iter().take(BATCH) {
                self.look(folder, buffer.spare_capacity_mut(), &mut found)?;
            }
            if found.entries.len() + found.others.len() > MOST {
                return Err(Errno::TOOBIG);
            }
        }
    }

    fn look(&self, folder: &Folder, buffer: &mut [MaybeUninit<u8>], found: &mut Found) -> Result<(), Errno> {
        // Who watches the folder hears of an opening, unless it is only a place to look from.
        let reading = if self.untracked { OFlags::RDONLY } else { OFlags::PATH };
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW | reading;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let path: &[u8] = if folder.path.is_empty() { b"." } else { &folder.path };
        let opened = match openat2(&self.top, path, flags, Mode::empty(), resolve) {
            Ok(opened) => opened,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                found.entries.extend(folder.files.iter().filter(|entry| !self.listing.is_left_out(**entry)));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if self.untracked {
            self.others(folder, opened.as_fd(), buffer, found)?;
        }
        for entry in &folder.files {
            let name = &self.listing.name(*entry)[folder.path.len()..];
            if !self.listing.is_left_out(*entry) && !self.is_same(opened.as_fd(), name, *entry)? {
                found.entries.push(*entry);
            }
        }
        Ok(())
    }

    /// Lists a folder for what the index does not have.
    fn others(
        &self,
        folder: &Folder,
        opened: BorrowedFd<'_>,
        buffer: &mut [MaybeUninit<u8>],
        found: &mut Found,
    ) -> Result<(), Errno> {
        let mut entries = RawDir::new(opened, buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let leaf = |entry: &usize| &self.listing.name(*entry)[folder.path.len()..];
            let is_known = matches!(name, b"." | b".." | b".git")
                || folder.files.binary_search_by(|entry| leaf(entry).cmp(name)).is_ok()
                || (folder.folders.binary_search_by(|known| known.as_slice().cmp(name)).is_ok()
                    && matches!(entry.file_type(), FileType::Directory | FileType::Unknown));
            if !is_known {
                found.others.push(([&folder.path, name].concat(), folder.first));
            }
        }
        Ok(())
    }

    /// Whether a file is for certain what the index has.
    fn is_same(&self, folder: BorrowedFd<'_>, name: &[u8], entry: usize) -> Result<bool, Errno> {
        let known = self.listing.traits(entry);
        if known.mode == SUBMODULE {
            return Ok(false);
        }
        let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(false),
            Err(error) => return Err(error),
        };
        let is = traits(&stat);
        // What was written in the moment of the index, or later, may have changed after that without a trace.
        Ok(is == known && is.modified < self.written)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index keeps the lower 32 bits, and the system's types differ from machine to machine"
)]
fn traits(stat: &Stat) -> Traits {
    let mode = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => 0o100_644 | if stat.st_mode & 0o100 == 0 { 0 } else { 0o111 },
        _ => stat.st_mode & 0o170_000,
    };
    Traits {
        changed: [stat.st_ctime as u32, stat.st_ctime_nsec as u32],
        modified: [stat.st_mtime as u32, stat.st_mtime_nsec as u32],
        file: stat.st_ino as u32,
        mode,
        owner: [stat.st_uid, stat.st_gid],
        size: stat.st_size as u32,
    }
}
