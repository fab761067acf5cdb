//! Models in several files, `name-00001-of-00003.gguf`: found by any of their names, and checked together.

use super::fault::{Fault, GgufError};
use super::metadata::Metadata;
use super::tensor::Tensor;
use super::{Gguf, open};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A whole model, in one file or several.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// In their order; llama.cpp is given the first.
    pub files: Vec<PathBuf>,
    /// The first file's.
    pub metadata: Metadata,
    /// All files'.
    pub tensors: Vec<Tensor>,
    /// Bytes of all files.
    pub bytes: u64,
}

impl Model {
    /// The file that is given to llama.cpp.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.files[0]
    }
}

/// The files of a model of which `path` is one part, by their names; none of a model in one file.
#[must_use]
pub fn parts(path: &Path) -> Option<Vec<PathBuf>> {
    let (stem, _, count) = part(path)?;
    Some((1..=count).map(|number| path.with_file_name(part_name(&stem, number, count))).collect())
}

/// Whether the name of `path` says that it is a part, and not the first.
#[must_use]
pub fn is_part(path: &Path) -> bool {
    part(path).is_some_and(|(_, number, _)| number > 1)
}

fn part_name(stem: &str, number: u32, count: u32) -> String {
    format!("{stem}-{number:05}-of-{count:05}.gguf")
}

/// What comes before the numbers, and the numbers: this part's, from one, and how many there are.
fn part(path: &Path) -> Option<(String, u32, u32)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".gguf")?;
    let (rest, count) = name.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let five = |digits: &str| match digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse::<u32>().ok(),
        false => None,
    };
    let (number, count) = (five(number)?, five(count)?);
    // As many as llama.cpp itself can number.
    (number >= 1 && number <= count && count <= 999).then(|| (stem.to_owned(), number, count))
}

pub(super) fn open_model(path: &Path) -> Result<Model, GgufError> {
    let Some(files) = parts(path) else {
        let one = open(path)?;
        if let Some(count) = one.metadata.number("split.count").filter(|count| *count > 1) {
            let why = format!(
                "it says that it is one of {count}, and its name does not end in `-00001-of-{count:05}.gguf`"
            );
            return Err(GgufError { path: path.to_owned(), fault: Fault::Part { why } });
        }
        return Ok(Model {
            files: vec![path.to_owned()],
            metadata: one.metadata,
            tensors: one.tensors,
            bytes: one.bytes,
        });
    };
    let mut heads = Vec::new();
    for file in &files {
        heads.push(open(file).map_err(|error| missing(error, &files))?);
    }
    join(files, heads)
}

/// A part that is not there is told of as missing beside one that is.
#[expect(clippy::disallowed_methods, reason = "only whether it is there")]
fn missing(error: GgufError, files: &[PathBuf]) -> GgufError {
    match &error.fault {
        Fault::Unreadable(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            let name = error.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let count = files.len() as u32;
            match files.iter().find(|file| file.is_file()) {
                Some(there) => GgufError { path: there.clone(), fault: Fault::PartMissing { name, count } },
                None => error,
            }
        }
        _ => error,
    }
}

fn join(files: Vec<PathBuf>, heads: Vec<Gguf>) -> Result<Model, GgufError> {
    let count = heads.len() as u64;
    let claimed = heads[0].metadata.number("split.tensors.count");
    let mut names = HashSet::new();
    let mut tensors = Vec::new();
    let mut bytes = 0u64;
    for (place, (file, head)) in files.iter().zip(&heads).enumerate() {
        let wrong = |why: String| Err(GgufError { path: file.clone(), fault: Fault::Part { why } });
        let said = head.metadata.number("split.count");
        if said != Some(count) {
            let said = said.map_or("nothing".to_owned(), |said| said.to_string());
            return wrong(format!("it says `{said}` as the number of parts, not {count}"));
        }
        if head.metadata.number("split.no") != Some(place as u64) {
            let number = place + 1;
            return wrong(format!("it does not say that it is part {number}"));
        }
        if head.metadata.number("split.tensors.count") != claimed {
            return wrong("its number of tensors is another than the first part's".to_owned());
        }
        for tensor in &head.tensors {
            if !names.insert(tensor.name.clone()) {
                return wrong(format!("tensor `{}` is in another part too", tensor.name));
            }
        }
        tensors.extend_from_slice(&head.tensors);
        bytes += head.bytes;
    }
    if claimed.is_some_and(|claimed| claimed != tensors.len() as u64) {
        let why = format!("the parts have {} tensors, not {}", tensors.len(), claimed.unwrap_or(0));
        return Err(GgufError { path: files[0].clone(), fault: Fault::Part { why } });
    }
    let metadata = heads.into_iter().next().map(|head| head.metadata).unwrap_or_default();
    Ok(Model { files, metadata, tensors, bytes })
}
