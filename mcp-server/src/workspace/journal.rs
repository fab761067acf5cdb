//! What was applied: kept so that it can be undone, and so that an apply that is cut off anywhere is finished or taken
//! back at the next start.
//!
//! A journal is a folder of the user's state: `lock`, `pending.json` while something is being applied, `sets/N.json` for
//! what was, and `texts/` with the bytes before and after.

#![expect(clippy::disallowed_methods, reason = "the journal owns its folder in the user's state")]

use super::change::{FileContent, Revision, Side};
use super::path::{RelPath, Roots};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Sets kept for undo.
const SETS: usize = 200;
/// Bytes of old and new texts kept for undo.
const BYTES: u64 = 256 << 20;
/// The form of the records. Others are left alone.
const VERSION: u32 = 1;

/// Why the journal could not be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot use the journal `{}`", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the journal `{}` is of version {version}, newer than this program's {VERSION}; use a newer devtoolkit", .path.display())]
    Newer { path: PathBuf, version: u32 },
    #[error("nothing was applied as set {0}; list_changes shows what can be undone")]
    NoSet(u32),
    #[error("the texts of set {0} are no longer kept, so it cannot be undone")]
    Gone(u32),
}

/// A set of files that was written at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    version: u32,
    pub number: u32,
    pub title: String,
    /// The set that this one took back.
    pub undoes: Option<u32>,
    /// The roots, so that recovery needs no workspace.
    pub(super) roots: Vec<PathBuf>,
    pub(super) phase: Phase,
    pub(super) files: Vec<Record>,
    /// Folders made for new files.
    pub(super) folders: Vec<String>,
}

/// How far an apply has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// Temporary files are being written: to be taken back.
    Preparing,
    /// All are written: to be finished.
    Committed,
}

/// One file of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) path: String,
    pub(super) before: SideRecord,
    pub(super) after: SideRecord,
    /// The name of the new text's temporary file, in the same folder.
    pub(super) temporary: Option<String>,
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
}

impl Applied {
    /// The paths of the set, in the order written.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    pub(super) fn new(number: u32, title: &str, undoes: Option<u32>, roots: &Roots) -> Self {
        Self {
            version: VERSION,
            number,
            title: title.to_owned(),
            undoes,
            roots: roots.all().iter().map(|root| root.path.clone()).collect(),
            phase: Phase::Preparing,
            files: Vec::new(),
            folders: Vec::new(),
        }
    }
}

/// The journal of one workspace.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
}

/// Held while something is applied; freed by the system when its process ends.
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Journal {
    /// The journal of a workspace below the user's state folder.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn open(state: &Path, roots: &Roots) -> Result<Self, JournalError> {
        let first = &roots.all()[0];
        let key = Revision::of(first.path.as_os_str().as_encoded_bytes()).to_string();
        let folder = state.join("journals").join(format!("{}-{}", sanitized(&first.label), &key[..16]));
        let journal = Self { folder };
        journal.make_folders().map_err(|source| journal.error(source))?;
        Ok(journal)
    }

    /// All journals of the user's state folder.
    pub(super) fn all(state: &Path) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(state.join("journals")) else { return Vec::new() };
        entries.flatten().map(|entry| Self { folder: entry.path() }).collect()
    }

    /// The folder it is kept in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn make_folders(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.folder.join("sets"))?;
        builder.create(self.folder.join("texts"))
    }

    fn error(&self, source: io::Error) -> JournalError {
        JournalError::Io { path: self.folder.clone(), source }
    }

    /// Waits for other processes that are applying.
    pub(super) fn lock(&self) -> Result<Lock, JournalError> {
        let file = File::options().create(true).truncate(false).write(true).open(self.folder.join("lock"));
        let file = file.map_err(|source| self.error(source))?;
        file.lock().map_err(|source| self.error(source))?;
        Ok(Lock(file))
    }

    /// The lock, if no one holds it.
    pub(super) fn try_lock(&self) -> Option<Lock> {
        let file =
            File::options().create(true).truncate(false).write(true).open(self.folder.join("lock")).ok()?;
        file.try_lock().ok()?;
        Some(Lock(file))
    }

    /// What is being applied, or was when its process ended.
    pub(super) fn pending(&self) -> Result<Option<Applied>, JournalError> {
        self.read(&self.folder.join("pending.json"))
    }

    pub(super) fn write_pending(&self, set: &Applied) -> Result<(), JournalError> {
        self.write(&self.folder.join("pending.json"), set).map_err(|source| self.error(source))
    }

    pub(super) fn drop_pending(&self) -> Result<(), JournalError> {
        fs::remove_file(self.folder.join("pending.json")).map_err(|source| self.error(source))
    }

    /// Turns what is pending into a finished set.
    pub(super) fn finish(&self, set: &Applied) -> Result<(), JournalError> {
        let (from, to) = (self.folder.join("pending.json"), self.set_path(set.number));
        fs::rename(from, to).map_err(|source| self.error(source))?;
        self.prune();
        Ok(())
    }

    /// The numbers of all sets, oldest first.
    #[must_use]
    pub fn numbers(&self) -> Vec<u32> {
        let Ok(entries) = fs::read_dir(self.folder.join("sets")) else { return Vec::new() };
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u32> = entries.flatten().filter_map(name).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A set by its number.
    ///
    /// # Errors
    /// When there is none.
    pub fn set(&self, number: u32) -> Result<Applied, JournalError> {
        self.read(&self.set_path(number))?.ok_or(JournalError::NoSet(number))
    }

    fn set_path(&self, number: u32) -> PathBuf {
        self.folder.join("sets").join(format!("{number}.json"))
    }

    /// Keeps a side's bytes.
    pub(super) fn keep(&self, side: &Side) -> Result<(), JournalError> {
        let Some(file) = side.file() else { return Ok(()) };
        let path = self.text_path(&file.revision.to_string());
        if fs::metadata(&path).is_ok_and(|stat| stat.len() == file.bytes.len() as u64) {
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

    fn read(&self, path: &Path) -> Result<Option<Applied>, JournalError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.error(source)),
        };
        let version = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|json| json["version"].as_u64());
        if let Some(version) =
            version.and_then(|version| u32::try_from(version).ok()).filter(|version| *version > VERSION)
        {
            return Err(JournalError::Newer { path: path.to_path_buf(), version });
        }
        if let Ok(set) = serde_json::from_slice(&bytes) {
            return Ok(Some(set));
        }
        // Records are written whole, so this one was damaged later: it is put aside, not lost.
        let aside = path.with_extension("damaged");
        tracing::warn!("`{}` is damaged and was put aside as `{}`", path.display(), aside.display());
        fs::rename(path, aside).map_err(|source| self.error(source))?;
        Ok(None)
    }

    fn write(&self, path: &Path, set: &Applied) -> io::Result<()> {
        let temporary = path.with_extension("new");
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(set).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(&self.folder)
    }

    /// Forgets the oldest sets past the limits, and texts that no set has.
    fn prune(&self) {
        let numbers = self.numbers();
        let texts: u64 = self.texts().iter().map(|(_, size)| size).sum();
        if numbers.len() <= SETS && texts <= BYTES {
            return;
        }
        let mut kept: std::collections::HashSet<String> = std::collections::HashSet::new();
        let mut bytes = 0;
        let sizes: std::collections::HashMap<String, u64> = self.texts().into_iter().collect();
        for (place, number) in numbers.iter().rev().enumerate() {
            let Ok(set) = self.set(*number) else { continue };
            let texts: Vec<String> =
                set.files.iter().flat_map(|file| [&file.before, &file.after]).filter_map(revision).collect();
            bytes += texts
                .iter()
                .filter(|text| !kept.contains(*text))
                .filter_map(|text| sizes.get(text))
                .sum::<u64>();
            // The newest can always be undone.
            if place > 0 && (place >= SETS || bytes > BYTES) {
                let _ = fs::remove_file(self.set_path(*number));
            } else {
                kept.extend(texts);
            }
        }
        for (text, _) in self.texts() {
            if !kept.contains(&text) {
                let _ = fs::remove_file(self.text_path(&text));
            }
        }
    }

    fn texts(&self) -> Vec<(String, u64)> {
        let Ok(entries) = fs::read_dir(self.folder.join("texts")) else { return Vec::new() };
        let text =
            |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.metadata().ok()?.len()));
        entries.flatten().filter_map(text).collect()
    }
}

fn revision(record: &SideRecord) -> Option<String> {
    match record {
        SideRecord::File { revision, .. } => Some(revision.clone()),
        SideRecord::Absent | SideRecord::Link(_) | SideRecord::Folder => None,
    }
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
