//! Pulling a model: all its files, then its manifest, then a look at what came.

use super::{Kept, Manifest, ManifestFile, ModelStore, StoreError};
use crate::catalogue::{Entry, EntryFile};
use crate::download::{Address, Checked, Download, DownloadError, Expected, Hub, Patience, Progress};
use crate::gguf::{self, GgufError, ModelFacts};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// What is to be pulled.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// In the catalogue.
    pub name: Option<String>,
    /// Of the file, or the first part.
    pub address: Address,
    pub expected: Expected,
    pub licence: Option<String>,
}

/// Why a model was not pulled.
#[derive(Debug, Error)]
pub enum PullError {
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it came whole, but cannot be used")]
    Unfit(#[from] GgufError),
}

/// A pull that goes on.
pub struct Pulling<'a> {
    pub hub: &'a Hub,
    pub patience: Patience,
    pub cancel: &'a AtomicBool,
}

impl Wanted {
    /// A model of the catalogue.
    #[must_use]
    pub fn entry(entry: &Entry, file: &EntryFile) -> Self {
        let address = Address {
            repository: entry.repository.clone(),
            revision: entry.revision.clone(),
            file: file.name.clone(),
        };
        let expected = Expected { size: file.size, sha256: file.sha256.clone() };
        Self { name: Some(entry.name.clone()), address, expected, licence: Some(entry.licence.clone()) }
    }

    /// A file of any repository.
    #[must_use]
    pub fn address(address: Address) -> Self {
        Self { name: None, address, expected: Expected::default(), licence: None }
    }

    /// The addresses of all files: of a split model, of all parts.
    fn files(&self) -> Vec<Address> {
        let files = gguf::files(Path::new(&self.address.file));
        let address = |file: &std::path::PathBuf| Address {
            file: file.to_string_lossy().replace('\\', "/"),
            ..self.address.clone()
        };
        files.iter().map(address).collect()
    }
}

impl Pulling<'_> {
    /// Brings what is missing of a model. Whether any file had no checksum to be held against is returned too.
    ///
    /// # Errors
    /// When it cannot be had, or is no model that can be loaded; what came so far is kept.
    pub fn pull(
        &self,
        store: &ModelStore,
        wanted: &Wanted,
        mut progress: impl FnMut(&str, Progress),
    ) -> Result<(Kept, bool), PullError> {
        let files = wanted.files();
        let targets: Vec<_> = files.iter().map(|file| store.place(&file.repository, &file.file)).collect();
        let before = super::manifest(&targets[0])?;
        let mut unchecked = false;
        let mut entries: Vec<ManifestFile> = Vec::new();
        let mut commit = before.as_ref().and_then(|manifest| manifest.commit.clone());
        for (address, target) in files.iter().zip(&targets) {
            let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let own = |manifest: &Manifest| manifest.files.iter().find(|file| file.name == name).cloned();
            if let Some(known) = before.as_ref().and_then(own).filter(|_| is_file(target)) {
                entries.push(known);
                continue;
            }
            let expected = if files.len() == 1 { wanted.expected.clone() } else { Expected::default() };
            let download = Download {
                hub: self.hub,
                address,
                expected,
                target,
                patience: self.patience,
                cancel: self.cancel,
            };
            let fetched = download.run(|step| progress(&name, step))?;
            unchecked |= fetched.checked == Checked::Nothing;
            commit = fetched.commit.or(commit);
            entries.push(ManifestFile { name, size: fetched.size, sha256: fetched.sha256 });
        }
        let manifest = Manifest {
            name: wanted.name.clone(),
            hub: self.hub.to_string(),
            repository: wanted.address.repository.clone(),
            revision: wanted.address.revision.clone(),
            commit,
            licence: wanted.licence.clone(),
            files: entries,
        };
        store.write(&targets[0], &manifest)?;
        ModelFacts::of(&gguf::open_model(&targets[0])?)?;
        Ok((store.at(&targets[0])?, unchecked))
    }
}

#[expect(clippy::disallowed_methods, reason = "a file that is there is not pulled")]
fn is_file(path: &Path) -> bool {
    path.is_file()
}
