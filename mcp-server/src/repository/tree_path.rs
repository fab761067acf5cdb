//! What trees have at one path, for walks over many commits: most commits leave most folders as they are, and a folder
//! that was read once is not read again.

use super::{GitError, Repository};
use git2::{Odb, Oid};
use std::collections::HashMap;
use std::path::Path;

/// The mode of a folder in a tree.
const FOLDER: &[u8] = b"40000";
/// Bytes of an object's name.
const ID: usize = 20;

/// A path, and what the folders on the way to it were found to have there.
pub(super) struct Places<'r> {
    odb: Odb<'r>,
    names: Vec<Vec<u8>>,
    /// By how many names lead to the folder, and the folder.
    known: HashMap<(usize, Oid), Option<Oid>>,
}

impl<'r> Places<'r> {
    /// Looks at a path, seen from the top folder of a repository.
    pub(super) fn new(repository: &'r Repository, path: &Path) -> Result<Self, GitError> {
        let names = path.iter().map(|name| name.as_encoded_bytes().to_vec()).collect();
        Ok(Self { odb: repository.git.odb()?, names, known: HashMap::new() })
    }

    /// What a commit's tree has at the path.
    pub(super) fn of(&mut self, tree: Oid) -> Result<Option<Oid>, GitError> {
        let (mut at, mut seen) = (tree, Vec::new());
        let mut found = None;
        for depth in 0..self.names.len() {
            if let Some(known) = self.known.get(&(depth, at)) {
                found = *known;
                break;
            }
            seen.push((depth, at));
            let folder = self.odb.read(at)?;
            let Some((mode, id)) = entry(folder.data(), &self.names[depth]) else { break };
            if depth + 1 == self.names.len() {
                found = Some(id);
            } else if mode != FOLDER {
                break;
            }
            at = id;
        }
        self.known.extend(seen.into_iter().map(|place| (place, found)));
        Ok(found)
    }
}

/// The mode and object of a name in a tree: `mode name NUL id`, entry after entry.
fn entry<'t>(mut tree: &'t [u8], wanted: &[u8]) -> Option<(&'t [u8], Oid)> {
    while let Some(space) = tree.iter().position(|byte| *byte == b' ') {
        let (mode, rest) = tree.split_at(space);
        let rest = &rest[1..];
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (id, next) = rest[end + 1..].split_at_checked(ID)?;
        if &rest[..end] == wanted {
            return Oid::from_bytes(id).ok().map(|id| (mode, id));
        }
        tree = next;
    }
    None
}
