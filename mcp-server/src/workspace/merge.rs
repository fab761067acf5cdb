//! Sides of a change taken apart into hunks, put together from some of them, and merged.

use super::change::{FileContent, Side};
use super::diff::{self, Hunk};
use super::path::RelPath;
use super::text::encode;

/// The hunks of a file's change. What has no lines to tell apart is one hunk.
#[must_use]
pub fn hunks(path: &RelPath, old: &Side, new: &Side) -> Vec<Hunk> {
    match texts(old, new).filter(|(old, new)| old != new) {
        Some((old, new)) => diff::hunks(path.as_str(), &old, &new),
        None => {
            let id = blake3::hash(format!("{path}\0{old:?}{new:?}").as_bytes()).to_hex()[..diff::HUNK_DIGITS]
                .to_owned();
            vec![Hunk { id, old: 0..0, new: 0..0 }]
        }
    }
}

/// Both sides as text of one encoding. A file that is not there is an empty text.
#[must_use]
pub fn texts(old: &Side, new: &Side) -> Option<(String, String)> {
    let text = |side: &Side| match side {
        Side::Absent => Some((String::new(), None)),
        Side::File(file) => file.text().ok().map(|(text, encoding)| (text.into_owned(), Some(encoding))),
        Side::Link(_) | Side::Folder => None,
    };
    let ((old, a), (new, b)) = (text(old)?, text(new)?);
    (a.is_none() || b.is_none() || a == b).then_some((old, new))
}

/// The old side with some of the hunks.
#[must_use]
pub(crate) fn picked(path: &RelPath, old: &Side, new: &Side, chosen: &dyn Fn(&str) -> bool) -> Side {
    let whole = || if chosen(&hunks(path, old, new)[0].id) { new.clone() } else { old.clone() };
    let Some((before, after)) = texts(old, new).filter(|(before, after)| before != after) else {
        return whole();
    };
    let text = diff::pick(path.as_str(), &before, &after, &|hunk| chosen(&hunk.id));
    if text == after {
        return new.clone();
    }
    if text == before {
        return old.clone();
    }
    let form = new.file().or(old.file()).map(|file| (file, file.text()));
    let Some((file, Ok((_, encoding)))) = form else { return whole() };
    // Both texts are in this encoding, so any mixture is.
    encode(&text, encoding).map_or_else(|_| whole(), |bytes| Side::File(FileContent::new(bytes, file.mode)))
}

/// Both changes of one side, or nothing where they cannot be told apart.
#[must_use]
pub(super) fn merge(base: &Side, ours: &Side, theirs: &Side) -> Option<Side> {
    if let (Side::File(base), Side::File(our), Side::File(their)) = (base, ours, theirs) {
        // What our side does not change, or does not know, is as on the other.
        let mode = our.mode.filter(|mode| Some(*mode) != base.mode).or(their.mode);
        return Some(Side::File(FileContent { mode, ..merge_files(base, our, their)? }));
    }
    if ours.same(theirs) || base.same(theirs) {
        return Some(ours.clone());
    }
    base.same(ours).then(|| theirs.clone())
}

fn merge_files(base: &FileContent, ours: &FileContent, theirs: &FileContent) -> Option<FileContent> {
    let is = |a: &FileContent, b: &FileContent| a.revision == b.revision;
    if is(ours, theirs) || is(base, theirs) {
        return Some(ours.clone());
    }
    if is(base, ours) {
        return Some(theirs.clone());
    }
    let ((base, a), (our, b), (their, c)) = (base.text().ok()?, ours.text().ok()?, theirs.text().ok()?);
    if a != b || b != c {
        return None;
    }
    let merged = diff::merge(&base, &our, &their)?;
    Some(FileContent::new(encode(&merged, b).ok()?, None))
}
