//! An immutable view of the workspace: the only way to read a file.

use super::change::{FileContent, Side};
use super::disk::{FILE_LIMIT, Kind, ReadError};
use super::document::Document;
use super::path::{RelPath, Roots};
use super::place::Place;
use super::secrets::Withholding;
use super::staging::Staging;
use super::text::encode;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a text comes from. The higher hides the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Disk,
    Buffer,
    Staged,
}

/// A file as it is seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where it really is, links followed.
    pub path: RelPath,
    pub content: FileContent,
    pub layer: Layer,
    /// Names that the file has on disk; above 1 there are hard links.
    pub links: u64,
}

/// What can be taken back, for those who show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Sets that were written, newest first, each as a line: at most ten.
    pub sets: Vec<String>,
    /// Names of checkpoints.
    pub checkpoints: Vec<String>,
}

/// A view of the workspace at one moment; two reference counts to clone. (The disk below it goes on changing.)
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) roots: Roots,
    pub(super) documents: Arc<BTreeMap<RelPath, Arc<Document>>>,
    pub(super) staging: Staging,
    pub(super) history: Arc<History>,
    pub(super) withholding: Withholding,
}

impl Snapshot {
    pub(super) fn new(roots: Roots) -> Self {
        Self {
            roots,
            documents: Arc::default(),
            staging: Staging::default(),
            history: Arc::default(),
            withholding: Withholding::default(),
        }
    }

    #[must_use]
    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    #[must_use]
    pub fn staging(&self) -> &Staging {
        &self.staging
    }

    /// What can be taken back.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Reads the top layer.
    ///
    /// # Errors
    /// When there is no file, it is protected, withheld as a secret, outside, too large or no regular file.
    pub fn read(&self, path: &RelPath) -> Result<Seen, ReadError> {
        self.read_up_to(path, FILE_LIMIT)
    }

    /// As [`Self::read`], with a limit of its own in bytes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_up_to(&self, path: &RelPath, limit: u64) -> Result<Seen, ReadError> {
        let named = path;
        let path = self.locate(named)?;
        self.refuse_withheld(named)?;
        self.refuse_withheld(&path)?;
        if let Some(staged) = self.staging.get(&path) {
            return match &staged.top {
                Side::File(content) => {
                    Ok(Seen { path, content: content.clone(), layer: Layer::Staged, links: 1 })
                }
                Side::Absent | Side::Link(_) | Side::Folder => Err(ReadError::NotFound { path }),
            };
        }
        if let Some(content) = self.buffer(&path) {
            return Ok(Seen { path, content, layer: Layer::Buffer, links: 1 });
        }
        let file = Place::open(&self.roots, &path)?.read(limit)?;
        let links = file.stat.links;
        Ok(Seen { path, content: FileContent::new(file.bytes, file.stat.mode), layer: Layer::Disk, links })
    }

    /// What is at a path in the top layer, a link as a link: what a change of it starts from. The path is one that
    /// [`Self::locate`] or [`Self::locate_entry`] gave.
    ///
    /// # Errors
    /// When it is protected, withheld as a secret, reached through a link or too large.
    pub fn side(&self, path: &RelPath) -> Result<Side, ReadError> {
        self.roots.refuse_protected(path)?;
        self.refuse_withheld(path)?;
        match self.staging.get(path) {
            Some(staged) => Ok(staged.top.clone()),
            None => self.underneath(path),
        }
    }

    /// What is at a path below the staged layer, a link as a link.
    ///
    /// # Errors
    /// When it is outside, too large or no regular file.
    pub fn underneath(&self, path: &RelPath) -> Result<Side, ReadError> {
        if let Some(content) = self.buffer(path) {
            return Ok(Side::File(content));
        }
        on_disk(&self.roots, path)
    }

    /// What is at a path on disk, a link as a link.
    ///
    /// # Errors
    /// As [`Self::underneath`].
    pub(crate) fn disk(&self, path: &RelPath) -> Result<Side, ReadError> {
        self.roots.refuse_protected(path)?;
        on_disk(&self.roots, path)
    }

    /// Names that the file on disk has; above 1 there are hard links. `None` where there is no file.
    #[must_use]
    pub fn links(&self, path: &RelPath) -> Option<u64> {
        let stat = self.roots.lstat(path).ok()?;
        (stat.kind == Kind::File).then_some(stat.links)
    }

    /// Where a path leads, inside of the workspace and with links followed; what does not exist yet is taken as it is.
    ///
    /// # Errors
    /// When it leaves the workspace or is protected.
    pub fn locate(&self, path: &RelPath) -> Result<RelPath, ReadError> {
        self.roots.refuse_protected(path)?;
        // Where a file goes, and may be a folder by now, nothing on disk is below it.
        let mut above = std::iter::successors(path.parent(), RelPath::parent);
        let is_in_new = above.any(|folder| {
            let staged = self.staging.get(&folder);
            staged.is_some_and(|file| file.base != Side::Folder && !matches!(file.top, Side::Link(_)))
        });
        if is_in_new || self.staging.get(path).is_some() || (path.is_root() && self.roots.all().len() > 1) {
            return Ok(path.clone());
        }
        let path = self.roots.resolve(path)?;
        self.roots.refuse_protected(&path)?;
        Ok(path)
    }

    /// A folder's entries in name order, staged files and folders among them; git's own state is left out. Also how many
    /// more there are than are looked at.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn list(&self, folder: &RelPath) -> Result<(Vec<(RelPath, Kind)>, usize), ReadError> {
        let folder = self.locate(folder)?;
        self.children(&folder)
    }

    /// The open buffer of a path.
    #[must_use]
    pub fn document(&self, path: &RelPath) -> Option<&Document> {
        self.documents.get(path).map(|document| &**document)
    }

    /// Open buffers at or below a folder.
    pub fn documents_below<'a>(&'a self, folder: &'a RelPath) -> impl Iterator<Item = &'a RelPath> {
        self.documents.keys().filter(move |path| path.is_below(folder))
    }

    /// The bytes of the top layer at a path that a walk gave, into memory that is used again for the next file.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_into(&self, path: &RelPath, limit: u64, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
        self.refuse_withheld(path)?;
        let staged = self.staging.get(path).map(|staged| staged.top.file().cloned());
        match staged.or_else(|| self.buffer(path).map(Some)) {
            None => Place::open(&self.roots, path)?.read_into(limit, bytes).map(drop),
            Some(None) => Err(ReadError::NotFound { path: path.clone() }),
            Some(Some(content)) => {
                bytes.clear();
                bytes.extend_from_slice(&content.bytes);
                Ok(())
            }
        }
    }

    /// Where an entry of a folder really is: links are followed on the way there, but the last name is not.
    ///
    /// # Errors
    /// When its folder leaves the workspace, or it is protected.
    pub fn locate_entry(&self, path: &RelPath) -> Result<RelPath, ReadError> {
        self.roots.refuse_protected(path)?;
        let Some(parent) = path.parent().filter(|_| self.staging.get(path).is_none()) else {
            return Ok(path.clone());
        };
        let path = self.locate(&parent)?.join(path.file_name());
        self.roots.refuse_protected(&path)?;
        Ok(path)
    }

    fn buffer(&self, path: &RelPath) -> Option<FileContent> {
        let document = self.documents.get(path)?;
        let bytes =
            encode(&document.text, document.encoding).unwrap_or_else(|_| document.text.clone().into_bytes());
        Some(FileContent::new(bytes, None))
    }
}

/// What is at a path on disk, a link as a link.
///
/// # Errors
/// When it is reached through a link, too large or no regular file.
pub(super) fn on_disk(roots: &Roots, path: &RelPath) -> Result<Side, ReadError> {
    match Place::open(roots, path) {
        Ok(place) => place.side(),
        Err(ReadError::NotFound { .. }) => Ok(Side::Absent),
        Err(error) => Err(error),
    }
}
