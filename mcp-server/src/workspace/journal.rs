//! What was applied: kept so that it can be undone, and so that an apply that is cut off anywhere is finished or taken
//! back at the next start.
//!
//! A journal is a folder of the user's state: `pending` while something is being applied, `sets/N` for what was, and
//! `texts/` with the bytes before and after. Each record begins with a line of its version and its hash.

#![expect(clippy::disallowed_methods, reason = "the journal owns its folder in the user's state")]

use super::change::{FileContent, Revision, Side};
use super::kept::StagedRecord;
use super::path::{RelPath, Roots};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The form of the records. Others are left alone.
const VERSION: u32 = 1;
/// What a record's first line begins with.
const MARK: &str = "devtoolkit-record";
/// How long one process waits for another that is applying.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much is kept for undo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) sets: usize,
    /// Of old and new texts.
    pub(super) bytes: u64,
}

const LIMITS: Limits = Limits { sets: 200, bytes: 256 << 20 };

/// Why the journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot use the journal `{}`", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the journal `{}` is of version {version}, newer than this program's {VERSION}; use a newer devtoolkit", .path.display())]
    Newer { path: PathBuf, version: u32 },
    #[error(
        "another process is writing to this workspace (`{}` is locked), so nothing was written; try again when it is done", .path.display()
    )]
    Busy { path: PathBuf },
    #[error("nothing was applied as set {0}; list_changes shows what can be undone")]
    NoSet(u32),
    #[error("set {0} is too old or damaged: its texts are no longer kept, so it cannot be undone")]
    Gone(u32),
}

/// A set of files that was written at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    pub number: u32,
    pub title: String,
    /// The set that this one took back.
    pub undoes: Option<u32>,
    /// The roots, so that recovery needs no workspace.
    pub(super) roots: Vec<PathBuf>,
    pub(super) phase: Phase,
    pub(super) files: Vec<Record>,
    /// Folders made for new files, outermost first.
    pub(super) folders: Vec<String>,
    /// How many old sets were forgotten for this one.
    #[serde(skip)]
    pub(super) forgotten: usize,
}

/// How far an apply has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Temporary files are being written: to be taken back.
    Preparing,
    /// All are written: to be finished.
    Committed,
    /// It could not be finished: what was written is being put back.
    TakingBack,
}

/// One file of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) path: String,
    pub(super) before: SideRecord,
    pub(super) after: SideRecord,
    /// The path of its temporary file.
    pub(super) temporary: String,
}

/// A side without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SideRecord {
    Absent,
    File { revision: String, mode: Option<u32> },
    Link(PathBuf),
    Folder,
}

impl SideRecord {
    pub(super) fn of(side: &Side) -> Self {
        match side {
            Side::Absent => Self::Absent,
            Side::File(file) => Self::File { revision: file.revision.to_string(), mode: file.mode },
            Side::Link(to) => Self::Link(to.clone()),
            Side::Folder => Self::Folder,
        }
    }

    /// Whether both are the same, but for a file's mode.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File { revision: a, .. }, Self::File { revision: b, .. }) => a == b,
            (a, b) => a == b,
        }
    }

    /// Whether only a file's mode makes it another than `other`.
    pub(super) fn is_other_mode(&self, other: &Self) -> bool {
        self.is_same(other) && self != other
    }

    /// Whether it is written by way of a temporary file.
    pub(super) fn has_text(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Link(_))
    }

    /// The name of its text.
    fn text(&self) -> Option<&str> {
        match self {
            Self::File { revision, .. } => Some(revision),
            Self::Absent | Self::Link(_) | Self::Folder => None,
        }
    }
}

impl Applied {
    /// The paths of the set, in the order written.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    pub(super) fn new(number: u32, title: &str, undoes: Option<u32>, roots: &Roots) -> Self {
        Self {
            number,
            title: title.to_owned(),
            undoes,
            roots: roots.all().iter().map(|root| root.path.clone()).collect(),
            phase: Phase::Preparing,
            files: Vec::new(),
            folders: Vec::new(),
            forgotten: 0,
        }
    }
}

/// The journal of one workspace.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
    /// The file that is locked for each root, in an order that all processes share.
    locks: Vec<PathBuf>,
    limits: Limits,
}

/// Held while something is applied; freed by the system when its process ends.
pub(super) struct Lock(#[expect(dead_code, reason = "held for its locks")] Vec<File>);

impl Journal {
    /// The journal of a workspace below the user's state folder.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn open(state: &Path, roots: &Roots) -> Result<Self, JournalError> {
        let paths: Vec<PathBuf> = roots.all().iter().map(|root| root.path.clone()).collect();
        let key = paths.iter().map(|path| key(path)).collect::<String>();
        let key = if paths.len() == 1 { key } else { key_of(key.as_bytes()) };
        let name = format!("{}-{key}", sanitized(&roots.all()[0].label));
        let journal = Self { folder: state.join("journals").join(name), locks: Vec::new(), limits: LIMITS };
        let journal = journal.with_roots(&paths);
        journal.make_folders(&state.join("locks")).map_err(|source| journal.error(source))?;
        Ok(journal)
    }

    /// All journals of the user's state folder, roots unknown.
    pub(super) fn all(state: &Path) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(state.join("journals")) else { return Vec::new() };
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.map(|entry| Self { folder: entry.path(), locks: Vec::new(), limits: LIMITS }).collect()
    }

    /// The same with the locks of these roots.
    pub(super) fn with_roots(mut self, roots: &[PathBuf]) -> Self {
        let state = self.folder.parent().and_then(Path::parent).unwrap_or(&self.folder).join("locks");
        self.locks = roots.iter().map(|root| state.join(key(root))).collect();
        self.locks.sort();
        self.locks.dedup();
        self
    }

    /// The folder it is kept in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn make_folders(&self, locks: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(locks)?;
        builder.create(self.folder.join("sets"))?;
        builder.create(self.staged_folder())?;
        builder.create(self.folder.join("texts"))
    }

    /// Where staged changes are kept.
    pub(super) fn staged_folder(&self) -> PathBuf {
        self.folder.join("staged")
    }

    pub(super) fn error(&self, source: io::Error) -> JournalError {
        JournalError::Io { path: self.folder.clone(), source }
    }

    /// Waits a while for other processes that are applying to one of the roots.
    pub(super) fn lock(&self) -> Result<Lock, JournalError> {
        let started = Instant::now();
        loop {
            match self.take_locks() {
                Ok(Ok(lock)) => return Ok(lock),
                Ok(Err(path)) if started.elapsed() > PATIENCE => return Err(JournalError::Busy { path }),
                Ok(Err(_)) => std::thread::sleep(Duration::from_millis(5)),
                Err(source) => return Err(self.error(source)),
            }
        }
    }

    /// The lock, if no one holds it.
    pub(super) fn try_lock(&self) -> Option<Lock> {
        self.take_locks().ok()?.ok()
    }

    /// All locks or none; gives the file of one that is held.
    fn take_locks(&self) -> io::Result<Result<Lock, PathBuf>> {
        let mut held = Vec::new();
        for path in &self.locks {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            match file.try_lock() {
                Ok(()) => held.push(file),
                Err(fs::TryLockError::WouldBlock) => return Ok(Err(path.clone())),
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(Ok(Lock(held)))
    }

    /// What is being applied, or was when its process ended.
    pub(super) fn pending(&self) -> Result<Option<Applied>, JournalError> {
        if let Some(set) = self.read::<Applied>(&self.folder.join("taking-back"))? {
            return Ok(Some(Applied { phase: Phase::TakingBack, ..set }));
        }
        self.read(&self.folder.join("pending"))
    }

    pub(super) fn write_pending(&self, set: &Applied) -> Result<(), JournalError> {
        self.write(&self.folder.join("pending"), set).map_err(|source| self.error(source))
    }

    /// Records that what is pending is being taken back: by a name, for which there is room on a full disk too.
    pub(super) fn turn_back(&self) -> Result<(), JournalError> {
        let renamed = fs::rename(self.folder.join("pending"), self.folder.join("taking-back"));
        renamed.and_then(|()| sync_folder(&self.folder)).map_err(|source| self.error(source))
    }

    /// Forgets what was pending. What stays is taken back again with the next change or start, which changes nothing.
    pub(super) fn drop_pending(&self) {
        for name in ["pending", "taking-back"] {
            match fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!("a record stays in the journal `{}`: {error}", self.folder.display());
                }
                _ => {}
            }
        }
    }

    /// Turns what is pending into a finished set; gives how many old ones were forgotten for it.
    pub(super) fn finish(&self, set: &Applied) -> Result<usize, JournalError> {
        let (from, to) = (self.folder.join("pending"), self.set_path(set.number));
        fs::rename(from, to).map_err(|source| self.error(source))?;
        Ok(self.prune())
    }

    /// The newest number that was given.
    pub(super) fn last(&self) -> u32 {
        self.numbers().last().copied().unwrap_or_default()
    }

    /// The numbers of all sets, oldest first.
    #[must_use]
    pub fn numbers(&self) -> Vec<u32> {
        let Ok(entries) = fs::read_dir(self.folder.join("sets")) else { return Vec::new() };
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        let mut numbers: Vec<u32> = entries.flatten().filter_map(name).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A set by its number.
    ///
    /// # Errors
    /// When there is none, or it is no longer kept.
    pub fn set(&self, number: u32) -> Result<Applied, JournalError> {
        let newest = self.last();
        let found: Option<Applied> = self.read(&self.set_path(number))?;
        let missing = if (1..=newest).contains(&number) { JournalError::Gone } else { JournalError::NoSet };
        found.filter(|set| set.number == number).ok_or(missing(number))
    }

    fn set_path(&self, number: u32) -> PathBuf {
        self.folder.join("sets").join(number.to_string())
    }

    /// Keeps a side's bytes.
    pub(super) fn keep(&self, side: &Side) -> Result<(), JournalError> {
        let Some(file) = side.file() else { return Ok(()) };
        let path = self.text_path(&file.revision.to_string());
        let is_kept = fs::metadata(&path).is_ok_and(|stat| stat.len() == file.bytes.len() as u64)
            && fs::read(&path).is_ok_and(|bytes| bytes == *file.bytes);
        if is_kept {
            return Ok(());
        }
        fs::write(path, &file.bytes).map_err(|source| self.error(source))
    }

    /// A side with its bytes, which are checked.
    pub(super) fn side(&self, number: u32, record: &SideRecord) -> Result<Side, JournalError> {
        Ok(match record {
            SideRecord::Absent => Side::Absent,
            SideRecord::Folder => Side::Folder,
            SideRecord::Link(to) => Side::Link(to.clone()),
            SideRecord::File { revision, mode } => {
                let bytes = fs::read(self.text_path(revision)).map_err(|_| JournalError::Gone(number))?;
                let file = FileContent::new(bytes, *mode);
                if file.revision.to_string() != *revision {
                    return Err(JournalError::Gone(number));
                }
                Side::File(file)
            }
        })
    }

    fn text_path(&self, revision: &str) -> PathBuf {
        self.folder.join("texts").join(revision)
    }

    /// A record, or none where there is none. A damaged one is put aside, never deleted, and a newer one is left alone.
    pub(super) fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, JournalError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.error(source)),
        };
        match unsealed(&bytes) {
            Ok(record) => Ok(Some(record)),
            Err(Some(version)) => Err(JournalError::Newer { path: path.to_path_buf(), version }),
            Err(None) => {
                // Records are written whole, so this one was damaged later.
                let hash = Revision::of(&bytes).to_string();
                let aside = path.with_extension(format!("damaged-{}", &hash[..8]));
                tracing::warn!("`{}` is damaged and was put aside as `{}`", path.display(), aside.display());
                fs::rename(path, aside).map_err(|source| self.error(source))?;
                Ok(None)
            }
        }
    }

    /// Writes a record that need not survive the machine.
    pub(super) fn write_unsynced(&self, path: &Path, record: &impl Serialize) -> Result<(), JournalError> {
        let temporary = path.with_extension("new");
        let written = sealed(record).and_then(|bytes| fs::write(&temporary, bytes));
        written.and_then(|()| fs::rename(&temporary, path)).map_err(|source| self.error(source))
    }

    fn write(&self, path: &Path, record: &impl Serialize) -> io::Result<()> {
        let temporary = path.with_extension("new");
        let mut file = File::create(&temporary)?;
        file.write_all(&sealed(record)?)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(&self.folder)
    }

    /// Forgets the oldest sets past the limits, and texts that no set has. Gives how many sets were forgotten.
    fn prune(&self) -> usize {
        let numbers = self.numbers();
        let sizes: HashMap<String, u64> = self.texts().into_iter().collect();
        if numbers.len() <= self.limits.sets && sizes.values().sum::<u64>() <= self.limits.bytes {
            return 0;
        }
        let mut kept = self.staged_texts();
        let (mut bytes, mut forgotten) = (0, 0);
        for (place, number) in numbers.iter().rev().enumerate() {
            // What cannot be read now, as one of a newer version, is left alone.
            let Ok(set) = self.set(*number) else { continue };
            let sides = set.files.iter().flat_map(|file| [&file.before, &file.after]);
            let texts: HashSet<&str> = sides.filter_map(SideRecord::text).collect();
            let new = texts.iter().filter(|text| !kept.contains(**text));
            bytes += new.filter_map(|text| sizes.get(*text)).sum::<u64>();
            // The newest can always be undone.
            if place > 0 && (place >= self.limits.sets || bytes > self.limits.bytes) {
                forgotten += usize::from(fs::remove_file(self.set_path(*number)).is_ok());
            } else {
                kept.extend(texts.into_iter().map(str::to_owned));
            }
        }
        for text in sizes.keys().filter(|text| !kept.contains(*text)) {
            let _ = fs::remove_file(self.text_path(text));
        }
        forgotten
    }

    /// Texts that are staged in some process, or were when it ended.
    fn staged_texts(&self) -> HashSet<String> {
        let Ok(entries) = fs::read_dir(self.staged_folder()) else { return HashSet::new() };
        let slots = entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_none());
        let records: Vec<StagedRecord> = slots.filter_map(|path| self.read(&path).ok().flatten()).collect();
        let sides = records.iter().flat_map(StagedRecord::sides);
        sides.filter_map(SideRecord::text).map(str::to_owned).collect()
    }

    fn texts(&self) -> Vec<(String, u64)> {
        let Ok(entries) = fs::read_dir(self.folder.join("texts")) else { return Vec::new() };
        let text =
            |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.metadata().ok()?.len()));
        entries.flatten().filter_map(text).collect()
    }
}

/// A record as bytes: a line of version and hash, then JSON.
fn sealed(record: &impl Serialize) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(record).map_err(io::Error::other)?;
    let mut bytes = format!("{MARK} {VERSION} {}\n", Revision::of(&json)).into_bytes();
    bytes.extend_from_slice(&json);
    Ok(bytes)
}

/// A record from bytes; the version of a newer one, or `None` for damage.
fn unsealed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Option<u32>> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(None)?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| None)?;
    let [mark, version, hash] = head.split(' ').collect::<Vec<_>>()[..] else { return Err(None) };
    let version: u32 = version.parse().ok().filter(|_| mark == MARK).ok_or(None)?;
    if version > VERSION {
        return Err(Some(version));
    }
    let json = &bytes[end + 1..];
    if Revision::of(json).to_string() != hash {
        return Err(None);
    }
    serde_json::from_slice(json).map_err(|_| None)
}

/// The name of a root among others.
fn key(root: &Path) -> String {
    key_of(root.as_os_str().as_encoded_bytes())
}

fn key_of(bytes: &[u8]) -> String {
    Revision::of(bytes).to_string()[..16].to_owned()
}

/// Makes a folder's names last through a power failure, where the system has a way to.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn sanitized(label: &str) -> String {
    label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect()
}

/// A path as the journal has it.
pub(super) fn recorded(path: &str) -> Option<RelPath> {
    RelPath::parse(path).ok()
}
