//! Reads what a GGUF file says of itself, and checks it against the file, before anything loads it.
//!
//! A file may be hostile or half downloaded: nothing is allocated by what it claims, lengths are held against the bytes
//! that are there, and only the head is read. What passes here is what llama.cpp would also take, or refuse cleanly.

#![expect(clippy::disallowed_methods, reason = "model files are opened here; only their heads are read")]

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

mod facts;
mod fault;
#[cfg(test)]
pub(crate) mod fixture;
mod marks;
mod metadata;
mod quantisation;
mod reader;
mod split;
mod tensor;

pub use facts::{Experts, LayerFacts, ModelFacts, Tokens};
pub use fault::{Fault, GgufError};
pub use metadata::{Array, Metadata, Value};
pub use quantisation::Quantisation;
pub use split::{Model, is_part, parts};
pub use tensor::Tensor;

use reader::Head;

const MAGIC: [u8; 4] = *b"GGUF";
const VERSIONS: std::ops::RangeInclusive<u32> = 2..=3;
/// More than any model has; files that claim more are refused before anything is read.
const MOST_TENSORS: u64 = 1 << 16;
const MOST_KEYS: u64 = 1 << 14;
/// Bytes of the smallest entry: an empty name, no dimensions, a type and an offset.
const LEAST_TENSOR: u64 = 24;
/// An empty key, a type and one byte.
const LEAST_KEY: u64 = 13;
const USUAL_ALIGNMENT: u64 = 32;

/// The head of one GGUF file.
#[derive(Clone, Debug, PartialEq)]
pub struct Gguf {
    pub version: u32,
    pub metadata: Metadata,
    pub tensors: Vec<Tensor>,
    /// Where the weights begin, in bytes from the start of the file.
    pub weights_at: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// Reads the head of the file at `path`.
///
/// # Errors
/// When the file cannot be read, or its head is not one that can be loaded: [`Fault`] says which.
pub fn open(path: &Path) -> Result<Gguf, GgufError> {
    let in_file = |fault| GgufError { path: path.to_owned(), fault };
    let file = File::open(path).map_err(|error| in_file(Fault::Unreadable(error)))?;
    let about = file.metadata().map_err(|error| in_file(Fault::Unreadable(error)))?;
    if !about.is_file() {
        return Err(in_file(Fault::NoFile));
    }
    read(BufReader::with_capacity(1 << 18, file), about.len()).map_err(in_file)
}

/// Reads a head from `input`, which begins a file of `bytes` bytes.
///
/// # Errors
/// As of [`open`].
pub fn read(input: impl Read, bytes: u64) -> Result<Gguf, Fault> {
    let mut head = Head::new(input, bytes);
    let version = version(&mut head)?;
    let tensors = head.count("tensors", MOST_TENSORS, LEAST_TENSOR)?;
    let keys = head.count("keys", MOST_KEYS, LEAST_KEY)?;
    let metadata = Metadata::read(&mut head, keys)?;
    let alignment = alignment(&metadata)?;
    let mut list = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..tensors {
        let tensor = Tensor::read(&mut head)?;
        if !names.insert(tensor.name.clone()) {
            return Err(Fault::Repeated { what: "tensor", name: tensor.name });
        }
        list.push(tensor);
    }
    let weights_at = head.position().next_multiple_of(alignment);
    tensor::check_places(&list, alignment, weights_at, bytes)?;
    Ok(Gguf { version, metadata, tensors: list, weights_at, bytes })
}

fn version(head: &mut Head<impl Read>) -> Result<u32, Fault> {
    let magic: [u8; 4] = head.array()?;
    if magic != MAGIC {
        return Err(Fault::NotGguf { begins: magic.escape_ascii().to_string() });
    }
    let version = head.u32()?;
    // Versions are small, so one with empty low bytes was written the other way round.
    if version & 0xffff == 0 {
        return Err(Fault::BigEndian);
    }
    if !VERSIONS.contains(&version) {
        return Err(Fault::Version(version));
    }
    Ok(version)
}

fn alignment(metadata: &Metadata) -> Result<u64, Fault> {
    match metadata.get("general.alignment") {
        None => Ok(USUAL_ALIGNMENT),
        Some(Value::Unsigned(value)) if value.is_power_of_two() && *value <= 1 << 20 => Ok(*value),
        Some(value) => Err(Fault::Value {
            key: "general.alignment".to_owned(),
            value: value.to_string(),
            wanted: "a power of two up to 1048576",
        }),
    }
}

/// Reads the model at `path`: one file, or all parts of a split one, whichever of them is named.
///
/// # Errors
/// As of [`open`], and when parts are missing or do not belong together.
pub fn open_model(path: &Path) -> Result<Model, GgufError> {
    split::open_model(path)
}

/// The files of the model at `path`, by their names alone.
#[must_use]
pub fn files(path: &Path) -> Vec<PathBuf> {
    split::parts(path).unwrap_or_else(|| vec![path.to_owned()])
}

#[cfg(test)]
mod tests;
