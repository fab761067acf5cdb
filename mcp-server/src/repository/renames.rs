//! Where a file was before it got its name, found as git finds it: among the files that went away, the same one, else the
//! one of the same base name that is much alike, else the one that is most alike. How much two files are alike is the
//! share of bytes in lines that both have (pieces of at most 64 bytes), as in git's `diffcore-delta`.

use super::{GitError, Repository};
use git2::{Commit, Delta, Oid};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// As with git, from so many files on only the same is looked for.
const CANDIDATES: usize = 1_000;
/// The longest piece that is compared, in bytes.
const PIECE: usize = 64;
/// The share that has to be alike, and that for a file of the same base name.
const ALIKE: f64 = 0.5;
const ALIKE_BY_NAME: f64 = 0.75;

/// The path and content in a parent of a file that a commit added.
pub(super) fn source(
    repository: &Repository,
    parent: &Commit<'_>,
    commit: &Commit<'_>,
    path: &Path,
    own: Oid,
) -> Result<Option<(PathBuf, Oid)>, GitError> {
    let diff = repository.git.diff_tree_to_tree(Some(&parent.tree()?), Some(&commit.tree()?), None)?;
    let gone: Vec<(PathBuf, Oid)> = diff
        .deltas()
        .filter(|delta| {
            delta.status() == Delta::Deleted
                && matches!(u32::from(delta.old_file().mode()), 0o100_644 | 0o100_755)
        })
        .filter_map(|delta| Some((delta.old_file().path()?.to_path_buf(), delta.old_file().id())))
        .collect();
    let has_name = |other: &Path| other.file_name() == path.file_name();
    let same = gone.iter().filter(|(_, blob)| *blob == own);
    if let Some(found) = same.clone().find(|(path, _)| has_name(path)).or(same.clone().next()) {
        return Ok(Some(found.clone()));
    }
    if gone.len() > CANDIDATES {
        return Ok(None);
    }
    let new = repository.git.find_blob(own)?;
    let pieces = counted(new.content());
    let alike = |blob: Oid| -> Result<f64, GitError> {
        let old = repository.git.find_blob(blob)?;
        Ok(share(old.content(), new.content(), &pieces))
    };
    let named: Vec<&(PathBuf, Oid)> = gone.iter().filter(|(path, _)| has_name(path)).collect();
    if let [only] = named.as_slice()
        && alike(only.1)? >= ALIKE_BY_NAME
    {
        return Ok(Some((*only).clone()));
    }
    let mut best: Option<(f64, bool, &(PathBuf, Oid))> = None;
    for found in &gone {
        let (score, named) = (alike(found.1)?, has_name(&found.0));
        let is_better = best.is_none_or(|(most, name, _)| score > most || (score == most && named && !name));
        if score >= ALIKE && is_better {
            best = Some((score, named, found));
        }
    }
    Ok(best.map(|(_, _, found)| found.clone()))
}

/// The bytes of each distinct piece of a text; a carriage return before a line's end does not count.
fn counted(text: &[u8]) -> HashMap<Vec<u8>, usize> {
    let mut found = HashMap::new();
    let is_text = !text[..text.len().min(8_000)].contains(&0);
    let mut piece = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        if is_text && *byte == b'\r' && text.get(at + 1) == Some(&b'\n') {
            continue;
        }
        piece.push(*byte);
        if piece.len() == PIECE || *byte == b'\n' {
            let count = piece.len();
            *found.entry(std::mem::take(&mut piece)).or_default() += count;
        }
    }
    if !piece.is_empty() {
        let count = piece.len();
        *found.entry(piece).or_default() += count;
    }
    found
}

/// How much of the larger text both have.
fn share(old: &[u8], new: &[u8], pieces: &HashMap<Vec<u8>, usize>) -> f64 {
    let (large, small) = (old.len().max(new.len()), old.len().min(new.len()));
    if large == 0 || (large - small) as f64 > large as f64 * (1.0 - ALIKE) {
        return 0.0;
    }
    let both: usize = counted(old)
        .iter()
        .map(|(piece, count)| pieces.get(piece).map_or(0, |other| *count.min(other)))
        .sum();
    both as f64 / large as f64
}
