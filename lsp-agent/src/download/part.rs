//! The file while it grows: locked, hashed as it comes, and renamed when it is whole.

#![expect(clippy::disallowed_methods, reason = "this is where downloads are written")]

use super::fault::DownloadError;
use sha2::{Digest, Sha256};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub(super) struct Part {
    file: File,
    path: PathBuf,
    /// Beside it: which version of the file this is.
    version: PathBuf,
    target: PathBuf,
    length: u64,
    /// Of what is there, once all of it was read.
    hash: Option<Sha256>,
    resumed: bool,
}

impl Part {
    /// Opens what is there of `target`, or begins.
    pub(super) fn open(target: &Path) -> Result<Self, DownloadError> {
        let beside = |ending: &str| {
            let mut name = target.file_name().unwrap_or_default().to_owned();
            name.push(ending);
            target.with_file_name(name)
        };
        let (path, version) = (beside(".part"), beside(".part.version"));
        let failed = |source| DownloadError::Disk { path: path.clone(), source };
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DownloadError::Busy(target.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Whoever held the lock may have finished, and renamed what we opened.
        if target.is_file() {
            let _ = fs::remove_file(&path);
            return Err(DownloadError::Exists(target.to_owned()));
        }
        let length = file.metadata().map_err(failed)?.len();
        let hash = (length == 0).then(Sha256::new);
        let target = target.to_owned();
        Ok(Self { file, path, version, target, length, hash, resumed: length > 0 })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether some of it came from an earlier time.
    pub(super) fn was_resumed(&self) -> bool {
        self.resumed
    }

    /// Keeps what is there only if it is of this version; of none, nothing can be told.
    pub(super) fn belong_to(&mut self, version: Option<&str>) -> Result<(), DownloadError> {
        let known = fs::read_to_string(&self.version).ok();
        if self.length > 0 && (version.is_none() || known.as_deref() != version) {
            self.clear()?;
        }
        match version {
            Some(version) if known.as_deref() != Some(version) => {
                fs::write(&self.version, version).map_err(|error| self.failed(error))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) -> Result<(), DownloadError> {
        self.file.set_len(0).map_err(|error| self.failed(error))?;
        (self.length, self.hash, self.resumed) = (0, Some(Sha256::new()), false);
        Ok(())
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.hash()?;
        let written = self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(bytes));
        written.map_err(|error| self.failed(error))?;
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The checksum of all that is there.
    pub(super) fn sum(&mut self) -> Result<String, DownloadError> {
        Ok(hexadecimal(&self.hash()?.clone().finalize()))
    }

    /// The hash of what is there, read once if it came from an earlier time.
    fn hash(&mut self) -> Result<&Sha256, DownloadError> {
        if self.hash.is_none() {
            let hash = hash(&mut self.file, self.length).map_err(|error| self.failed(error))?;
            self.hash = Some(hash);
        }
        Ok(self.hash.as_ref().expect("it was just set"))
    }

    /// Gives the file its name.
    pub(super) fn finish(&mut self) -> Result<(), DownloadError> {
        self.file.sync_all().map_err(|error| self.failed(error))?;
        fs::rename(&self.path, &self.target).map_err(|error| self.failed(error))?;
        let _ = fs::remove_file(&self.version);
        #[cfg(unix)]
        if let Some(folder) = self.target.parent().and_then(|folder| File::open(folder).ok()) {
            // The name is on disk only when the folder is; without it the file comes again.
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Throws away what is there.
    pub(super) fn discard(&mut self) {
        let _ = fs::remove_file(&self.version);
        let _ = fs::remove_file(&self.path);
    }

    fn failed(&self, source: io::Error) -> DownloadError {
        DownloadError::Disk { path: self.path.clone(), source }
    }
}

fn hash(file: &mut File, length: u64) -> io::Result<Sha256> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    let mut left = length;
    while left > 0 {
        let wanted = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = file.read(&mut piece[..wanted])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&piece[..count]);
        left -= count as u64;
    }
    Ok(hash)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksum of the file at `path`, in hexadecimal, told of as it goes.
pub(crate) fn file_sum(path: &Path, mut read: impl FnMut(u64)) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            count => {
                hash.update(&piece[..count]);
                read(count as u64);
            }
        }
    }
}
