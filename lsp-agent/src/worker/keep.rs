//! Cached prefixes on disk, so that a new process need not read a long prompt again.
//!
//! A file is llama.cpp's state of one sequence, and beside it what it has to be: llama.cpp aborts on a damaged one, so
//! nothing is given to it whose checksum is not right. Files are named by their tokens; whoever writes one writes all of
//! it before it gets its name, so several processes may.

#![expect(clippy::disallowed_methods, reason = "the cache's files are this file's purpose")]

use super::batches::Batches;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Prefixes that are kept of a model.
const KEPT: usize = 4;
/// Bytes of all kept prefixes of a model.
const BYTES: u64 = 2 << 30;
/// Prefixes of fewer tokens are read again sooner than loaded.
const LEAST: usize = 64;

/// What a state file has to be.
#[derive(Debug, Serialize, Deserialize)]
struct Label {
    fingerprint: String,
    tokens: usize,
    bytes: u64,
    checksum: String,
}

impl Batches<'_> {
    /// Writes what is cached to disk, the newest first; gives how many prefixes are there now.
    pub(super) fn keep(&mut self) -> u32 {
        let Some(folder) = self.keep.as_ref().map(|keep| keep.join(&self.fingerprint)) else { return 0 };
        if !self.changed {
            return 0;
        }
        self.changed = false;
        let worth = self.prefixes.cached().rev().filter(|cached| cached.tokens.len() >= LEAST).take(KEPT);
        let mut kept = 0;
        for cached in worth {
            match self.write(&folder, cached.sequence, &cached.tokens) {
                Ok(()) => kept += 1,
                Err(error) => {
                    tracing::warn!("a cached prefix cannot be kept in `{}`: {error}", folder.display());
                    break;
                }
            }
        }
        if let Err(error) = tidy(&folder) {
            tracing::warn!("old prefixes in `{}` cannot be removed: {error}", folder.display());
        }
        kept
    }

    fn write(&self, folder: &Path, sequence: i32, tokens: &[i32]) -> io::Result<()> {
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
        let name = blake3::hash(&bytes).to_hex()[..16].to_owned();
        let state = folder.join(format!("{name}.state"));
        let label = folder.join(format!("{name}.json"));
        if label.is_file() {
            let now = fs::FileTimes::new().set_modified(SystemTime::now());
            return File::options().append(true).open(&label)?.set_times(now);
        }
        fs::create_dir_all(folder)?;
        let partial = folder.join(format!("{name}.{}.partial", std::process::id()));
        let tokens_of: Vec<_> =
            tokens.iter().map(|token| llama_cpp_2::token::LlamaToken::new(*token)).collect();
        let written = self.context.state_seq_save_file(&partial, sequence, &tokens_of);
        let finished = written.map_err(io::Error::other).and_then(|written| {
            let (bytes, checksum) = checksum(&partial)?;
            // llama.cpp does not see what fails only when the file is closed.
            if bytes != written as u64 {
                let what = format!("{bytes} of {written} bytes could be written; the disk may be full");
                return Err(io::Error::new(io::ErrorKind::StorageFull, what));
            }
            let label =
                Label { fingerprint: self.fingerprint.clone(), tokens: tokens.len(), bytes, checksum };
            let text = serde_json::to_vec(&label)?;
            fs::rename(&partial, &state)?;
            let partial = folder.join(format!("{name}.{}.label", std::process::id()));
            fs::write(&partial, text)?;
            fs::rename(&partial, folder.join(format!("{name}.json")))
        });
        if finished.is_err() {
            // Nothing half-written stays.
            for left in [partial, state, folder.join(format!("{name}.{}.label", std::process::id()))] {
                let _ = fs::remove_file(left);
            }
        }
        finished
    }

    /// Reads what an earlier process kept; gives how many prefixes came back, and what was wrong with others.
    pub(super) fn restore(&mut self) -> (u32, Vec<String>) {
        let Some(folder) = self.keep.as_ref().map(|keep| keep.join(&self.fingerprint)) else {
            return (0, Vec::new());
        };
        let (mut restored, mut warnings) = (0, Vec::new());
        // The newest is to be the last that goes.
        for label in labels(&folder).into_iter().take(KEPT).rev() {
            match self.read(&label) {
                Ok(true) => restored += 1,
                Ok(false) => {}
                Err(error) => {
                    warnings.push(format!("the kept prefix `{}` is put aside: {error}", label.display()));
                    let _ = fs::remove_file(&label);
                    let _ = fs::remove_file(label.with_extension("state"));
                }
            }
        }
        (restored, warnings)
    }

    /// Whether there was room for it.
    fn read(&mut self, label: &Path) -> io::Result<bool> {
        let wrong = |what: &str| io::Error::other(what.to_owned());
        let known: Label = serde_json::from_slice(&fs::read(label)?)?;
        let state = label.with_extension("state");
        if known.fingerprint != self.fingerprint {
            return Err(wrong("it belongs to another model"));
        }
        let (bytes, checksum) = checksum(&state)?;
        if (bytes, &checksum) != (known.bytes, &known.checksum) {
            return Err(wrong("it is damaged"));
        }
        let size = self.context.n_ctx() as usize;
        if known.tokens == 0 || known.tokens >= size {
            return Ok(false);
        }
        let Some(sequence) = self.prefixes.free() else { return Ok(false) };
        match self.context.state_seq_load_file(&state, sequence, size) {
            Ok((tokens, _)) => {
                let tokens = tokens.into_iter().map(|token| token.0).collect();
                for sequence in self.prefixes.end(sequence, tokens) {
                    self.clear(sequence);
                }
                Ok(true)
            }
            Err(error) => {
                self.clear(sequence);
                self.prefixes.end(sequence, Vec::new());
                Err(io::Error::other(error))
            }
        }
    }
}

/// A file's length and checksum.
fn checksum(path: &Path) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path)?;
    let bytes = io::copy(&mut file, &mut hasher)?;
    Ok((bytes, hasher.finalize().to_hex().to_string()))
}

/// The labels of a folder, newest first. A folder that is not there has none.
fn labels(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut labels: Vec<(SystemTime, PathBuf)> = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    labels.sort();
    labels.into_iter().rev().map(|(_, path)| path).collect()
}

/// Removes the oldest prefixes beyond what is kept, and what no process finished.
fn tidy(folder: &Path) -> io::Result<()> {
    let mut bytes = 0;
    for (place, label) in labels(folder).into_iter().enumerate() {
        let state = label.with_extension("state");
        bytes += fs::metadata(&state).map(|state| state.len()).unwrap_or_default();
        if place >= KEPT || bytes > BYTES {
            fs::remove_file(&label)?;
            fs::remove_file(&state)?;
        }
    }
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let is_left =
            entry.path().extension().is_some_and(|extension| extension == "partial" || extension == "label");
        let age =
            entry.metadata().and_then(|state| state.modified()).ok().and_then(|then| then.elapsed().ok());
        if is_left && age.is_some_and(|age| age.as_secs() > 3_600) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
