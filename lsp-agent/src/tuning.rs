//! What `model bench` found to be quickest, remembered for each model and machine in a small file beside the models.

#![expect(clippy::disallowed_methods, reason = "the file of what was measured is read and written here")]

use crate::machine::Machine;
use crate::model_store::{self, Kept, ModelStore};
use crate::placement::BATCH;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const FILE: &str = "tuned.json";
/// Measurements that are kept, the newest of them.
const KEPT: usize = 64;
/// Bytes of a file that is read.
const LIMIT: u64 = 256 << 10;
/// What a file that somebody wrote may ask for.
const THREADS: std::ops::RangeInclusive<u32> = 1..=1024;
const BATCHES: std::ops::RangeInclusive<u32> = 32..=BATCH as u32;

/// The settings that were the quickest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuned {
    /// Tokens of a prompt that are evaluated at once.
    pub batch: u32,
    pub threads: u32,
    /// Of a mixture beside a graphics card: layers whose experts stay on the processor.
    pub cpu_experts: Option<u32>,
    /// Tokens a second with these.
    pub prefill: f32,
    pub decode: f32,
}

/// All that was measured, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tunings {
    place: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The name of the model's first file, and the bytes of all.
    file: String,
    bytes: u64,
    machine: String,
    tuned: Tuned,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tuned: Vec<Entry>,
}

impl Tunings {
    /// What was remembered beside the models. A file that cannot be used is ignored, with a warning.
    #[must_use]
    pub fn read(store: &ModelStore) -> Self {
        let place = store.folder().join(FILE);
        let entries = match read(&place) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(
                    "`{}` is ignored ({error}); `devtoolkit-agent model bench` writes it anew",
                    place.display()
                );
                Vec::new()
            }
        };
        Self { place, entries }
    }

    /// What was found for this model on this machine.
    #[must_use]
    pub fn find(&self, kept: &Kept, machine: &Machine) -> Option<Tuned> {
        let (file, machine) = (file_name(kept), machine_key(machine));
        let is_meant =
            |entry: &&Entry| entry.file == file && entry.bytes == kept.bytes && entry.machine == machine;
        self.entries.iter().find(is_meant).map(|entry| entry.tuned.clone())
    }

    /// Remembers what was found, in place of what was found before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remember(&mut self, kept: &Kept, machine: &Machine, tuned: Tuned) -> io::Result<()> {
        let entry = Entry { file: file_name(kept), bytes: kept.bytes, machine: machine_key(machine), tuned };
        // Another process may have measured another model meanwhile.
        let mut entries = read(&self.place).unwrap_or_default();
        entries.retain(|old| (&old.file, &old.machine) != (&entry.file, &entry.machine));
        entries.insert(0, entry);
        entries.truncate(KEPT);
        let written = Written { tuned: entries };
        model_store::replace(&self.place, &written)?;
        self.entries = written.tuned;
        Ok(())
    }
}

fn read(place: &Path) -> io::Result<Vec<Entry>> {
    let file = match File::open(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut text = String::new();
    file.take(LIMIT).read_to_string(&mut text)?;
    let written: Written = serde_json::from_str(&text)?;
    let is_possible =
        |entry: &Entry| THREADS.contains(&entry.tuned.threads) && BATCHES.contains(&entry.tuned.batch);
    match written.tuned.iter().all(is_possible) {
        true => Ok(written.tuned),
        false => Err(io::Error::other("it has settings that are never measured")),
    }
}

fn file_name(kept: &Kept) -> String {
    kept.files[0].file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What of a machine decides which settings are quickest.
fn machine_key(machine: &Machine) -> String {
    let mut key = format!("{}, {} cores", machine.processor, machine.cores);
    for (has, name) in [(machine.avx2, "avx2"), (machine.avx512, "avx512")] {
        if has {
            key.push_str(&format!(", {name}"));
        }
    }
    for gpu in &machine.gpus {
        key.push_str(&format!(", {} with {} MB", gpu.name, gpu.total / 1_000_000));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn store() -> (TempDir, ModelStore) {
        let folder = TempDir::new().unwrap();
        let store = ModelStore::new(folder.path().join("models"));
        (folder, store)
    }

    fn kept(name: &str) -> Kept {
        Kept {
            name: name.to_owned(),
            files: vec![PathBuf::from(format!("/x/{name}.gguf"))],
            bytes: 7,
            manifest: None,
        }
    }

    fn tuned(batch: u32) -> Tuned {
        Tuned { batch, threads: 2, cpu_experts: None, prefill: 100.0, decode: 20.0 }
    }

    #[test]
    fn what_was_measured_is_of_one_model_and_one_machine() {
        let (_folder, store) = store();
        let machine = Machine { cores: 2, ..Machine::default() };
        let mut tunings = Tunings::read(&store);
        assert_eq!(tunings.find(&kept("a"), &machine), None);
        tunings.remember(&kept("a"), &machine, tuned(128)).unwrap();
        tunings.remember(&kept("b"), &machine, tuned(256)).unwrap();
        tunings.remember(&kept("a"), &machine, tuned(64)).unwrap();
        let read = Tunings::read(&store);
        assert_eq!(read, tunings);
        assert_eq!(read.entries.len(), 2);
        assert_eq!(read.find(&kept("a"), &machine), Some(tuned(64)));
        assert_eq!(read.find(&Kept { bytes: 8, ..kept("a") }, &machine), None, "another file of that name");
        assert_eq!(read.find(&kept("a"), &Machine { cores: 3, ..machine }), None, "another machine");
    }

    #[test]
    fn only_the_newest_are_kept() {
        let (_folder, store) = store();
        let mut tunings = Tunings::read(&store);
        for count in 0..=KEPT {
            tunings.remember(&kept(&count.to_string()), &Machine::default(), tuned(64)).unwrap();
        }
        assert_eq!(tunings.entries.len(), KEPT);
        assert_eq!(tunings.find(&kept("0"), &Machine::default()), None);
    }

    #[test]
    fn a_damaged_file_is_ignored_and_written_anew() {
        let (_folder, store) = store();
        let place = store.folder().join(FILE);
        let mut tunings = Tunings::read(&store);
        tunings.remember(&kept("a"), &Machine::default(), tuned(64)).unwrap();
        let text = fs::read_to_string(&place).unwrap();
        for damaged in ["{", &text.replace("64", "1000000"), &text.replace("\"file\"", "\"elif\"")] {
            fs::write(&place, damaged).unwrap();
            assert!(Tunings::read(&store).entries.is_empty(), "{damaged}");
        }
        tunings.remember(&kept("b"), &Machine::default(), tuned(64)).unwrap();
        assert_eq!(Tunings::read(&store).entries.len(), 1);
    }
}
