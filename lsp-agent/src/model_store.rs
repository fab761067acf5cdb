//! The folder with the models that were pulled, each beside a manifest of where it came from and what its checksums are.

#![expect(clippy::disallowed_methods, reason = "the models folder is read and written here")]

use crate::catalogue::Catalogue;
use crate::gguf;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

mod pull;

pub use pull::{PullError, Pulling, Wanted};

const MANIFEST: &str = ".manifest.json";

/// A folder of models: files lie in `owner--name/`, or beside each other as somebody put them there.
#[derive(Clone, Debug)]
pub struct ModelStore {
    folder: PathBuf,
}

/// A model that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What it is called: as in the catalogue, or as its file.
    pub name: String,
    /// Of a split model all parts, the first first.
    pub files: Vec<PathBuf>,
    /// Bytes of all files that are there.
    pub bytes: u64,
    pub manifest: Option<Manifest>,
}

/// Where a model came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name in the catalogue, if it was pulled by it.
    pub name: Option<String>,
    pub hub: String,
    pub repository: String,
    pub revision: String,
    pub commit: Option<String>,
    pub licence: Option<String>,
    pub files: Vec<ManifestFile>,
}

/// One file of a model, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

/// Why the folder does not do what is asked.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("cannot use `{}`", path.display())]
    Disk { path: PathBuf, source: io::Error },
    #[error("`{}` is damaged; remove it, and pull the model again", path.display())]
    Manifest { path: PathBuf, source: serde_json::Error },
    #[error("`{name}` is not here yet; `devtoolkit-agent model pull {name}` brings it")]
    NotPulled { name: String },
    #[error("there is no model `{name}`{}; `devtoolkit-agent model list` shows all, and a path to a `.gguf` file always works", closest.as_ref().map_or(String::new(), |name| format!(", but there is `{name}`")))]
    Unknown { name: String, closest: Option<String> },
    #[error("`{name}` is the name of several models here; give the path of one: {paths}")]
    Several { name: String, paths: String },
    #[error("`{}` is not in the models folder, and is left alone; delete it yourself", .0.display())]
    Elsewhere(PathBuf),
}

/// What became of a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sum {
    Right(String),
    Wrong {
        found: String,
        wanted: String,
    },
    /// No manifest says what is right.
    Unknown(String),
}

impl ModelStore {
    /// The models in `folder`, which need not exist yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where this file of a repository stands once it is here.
    #[must_use]
    pub fn place(&self, repository: &str, file: &str) -> PathBuf {
        let name = Path::new(file).file_name().unwrap_or_default();
        self.folder.join(repository.replace('/', "--")).join(name)
    }

    /// All models here, by their names.
    ///
    /// # Errors
    /// When the folder is there and cannot be read, or a manifest is damaged.
    pub fn list(&self) -> Result<Vec<Kept>, StoreError> {
        let mut kept = Vec::new();
        for path in entries(&self.folder)? {
            if path.is_dir() {
                for path in entries(&path)? {
                    kept.extend(self.kept(&path)?);
                }
            } else {
                kept.extend(self.kept(&path)?);
            }
        }
        kept.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(kept)
    }

    /// The model at `path`, if its name is that of one: the only or the first of its files.
    fn kept(&self, path: &Path) -> Result<Option<Kept>, StoreError> {
        let is_model = path.extension().is_some_and(|ending| ending == "gguf") && path.is_file();
        if is_model && !gguf::is_part(path) { self.at(path).map(Some) } else { Ok(None) }
    }

    /// The model at `path`, wherever that is.
    ///
    /// # Errors
    /// When its manifest is damaged.
    pub fn at(&self, path: &Path) -> Result<Kept, StoreError> {
        let files = gguf::files(path);
        let manifest = manifest(&files[0])?;
        let stem = files[0].file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let plain = stem.split("-00001-of-").next().unwrap_or_default().to_owned();
        let name = manifest.as_ref().and_then(|manifest| manifest.name.clone()).unwrap_or(plain);
        let bytes = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|about| about.len()).sum();
        Ok(Kept { name, files, bytes, manifest })
    }

    /// The model that a person means: a path, a name in the catalogue, or the name of a file here.
    ///
    /// # Errors
    /// When there is none, with what comes nearest; or several.
    pub fn find(&self, catalogue: &Catalogue, name: &str) -> Result<Kept, StoreError> {
        let path = Path::new(name);
        if path.is_file() {
            return self.at(path);
        }
        let is_meant = |kept: &Kept| {
            kept.name == name
                || kept.files[0].file_name().is_some_and(|file| file == name)
                || kept.files[0].file_stem().is_some_and(|stem| stem == name)
        };
        let mut found: Vec<Kept> = self.list()?.into_iter().filter(is_meant).collect();
        if found.len() > 1 {
            let paths: Vec<String> =
                found.iter().map(|kept| format!("`{}`", kept.files[0].display())).collect();
            return Err(StoreError::Several { name: name.to_owned(), paths: paths.join(", ") });
        }
        match (found.pop(), catalogue.find(name)) {
            (Some(kept), _) => Ok(kept),
            (None, Some(_)) => Err(StoreError::NotPulled { name: name.to_owned() }),
            (None, None) => {
                let closest = catalogue.closest(name).map(str::to_owned);
                Err(StoreError::Unknown { name: name.to_owned(), closest })
            }
        }
    }

    /// Deletes a model and what belongs to it. Bytes that this freed are returned.
    ///
    /// # Errors
    /// When it is not in this folder, or cannot be deleted.
    pub fn remove(&self, kept: &Kept) -> Result<u64, StoreError> {
        let first = &kept.files[0];
        let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        // The link is judged, not where it leads: only it is deleted.
        let lies_in = first.parent().map(whole).unwrap_or_default();
        if !lies_in.starts_with(whole(&self.folder)) {
            return Err(StoreError::Elsewhere(first.clone()));
        }
        for file in &kept.files {
            delete(file)?;
        }
        delete(&beside(first))?;
        if let Some(folder) = first.parent().filter(|folder| *folder != self.folder) {
            // It stays where something else is in it.
            let _ = fs::remove_dir(folder);
        }
        Ok(kept.bytes)
    }

    fn write(&self, path: &Path, manifest: &Manifest) -> Result<(), StoreError> {
        let place = beside(path);
        replace(&place, manifest).map_err(|source| StoreError::Disk { path: place, source })
    }
}

impl Kept {
    /// Reads all bytes of the files, and holds their checksums against the manifest. `read` is told how many were.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn verify(&self, mut read: impl FnMut(u64)) -> Result<Vec<(PathBuf, Sum)>, StoreError> {
        let mut sums = Vec::new();
        for file in &self.files {
            let found = crate::download::file_sum(file, &mut read);
            let found = found.map_err(|source| StoreError::Disk { path: file.clone(), source })?;
            let wanted = self.manifest.as_ref().and_then(|manifest| {
                let own = |entry: &&ManifestFile| file.file_name().is_some_and(|name| *name == *entry.name);
                manifest.files.iter().find(own).map(|entry| entry.sha256.clone())
            });
            let sum = match wanted {
                None => Sum::Unknown(found),
                Some(wanted) if wanted == found => Sum::Right(found),
                Some(wanted) => Sum::Wrong { found, wanted },
            };
            sums.push((file.clone(), sum));
        }
        Ok(sums)
    }
}

/// Writes a JSON file of the folder as a whole, or leaves it as it is.
pub(crate) fn replace(place: &Path, value: &impl Serialize) -> io::Result<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = place.with_extension("json.new");
    fs::write(&new, serde_json::to_string_pretty(value)? + "\n")?;
    fs::rename(&new, place)
}

/// Where the manifest of the model at `path` stands.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(MANIFEST);
    path.with_file_name(name)
}

fn manifest(path: &Path) -> Result<Option<Manifest>, StoreError> {
    let path = beside(path);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StoreError::Disk { path, source }),
    };
    serde_json::from_str(&text).map(Some).map_err(|source| StoreError::Manifest { path, source })
}

/// What is in a folder, in order; of one that is not there, nothing.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |source| StoreError::Disk { path: folder.to_owned(), source };
    let found = match fs::read_dir(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let paths = found.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn delete(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Disk { path: path.to_owned(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
