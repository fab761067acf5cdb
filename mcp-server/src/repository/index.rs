//! The index: what the next commit will have.

use super::diff::{self, Changed, End};
use super::{Bound, GitError, Repository};
use crate::workspace::{FileContent, Kind, ReadError, RelPath, Side, hunks, picked};
use git2::{Delta, IndexEntry, IndexTime, Oid};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Paths that a reply names.
const SHOWN: usize = 100;

/// Takes files as they are on disk into the index: those that changed, appeared or went away.
pub(crate) fn stage(repository: &Repository, paths: &[RelPath], bound: &Bound) -> Result<String, GitError> {
    repository.work()?;
    let mut index = repository.git.index()?;
    let mut done = BTreeSet::new();
    let mut inner = Vec::new();
    for path in paths {
        let path_in_git = repository.inner(path)?;
        match submodule(repository, &index, path, &path_in_git)? {
            Some(entry) => {
                index.add(&entry)?;
                done.insert(path.clone());
            }
            None => inner.push(path_in_git),
        }
    }
    if !inner.is_empty() {
        let mut options = diff::options(&inner);
        options.include_untracked(true).recurse_untracked_dirs(true).ignore_submodules(true);
        for delta in repository.git.diff_index_to_workdir(Some(&index), Some(&mut options))?.deltas() {
            bound.go_on()?;
            let Some(path) = delta.new_file().path().or(delta.old_file().path()) else { continue };
            if delta.status() == Delta::Deleted && is_left_out(&index, path) {
                continue;
            }
            let outer = repository.outer(path);
            match repository.snapshot.roots().lstat(&outer).map(|stat| stat.kind) {
                Ok(Kind::File | Kind::Link) => index.add_path(path)?,
                // A repository of its own: only by its own name, after it was looked at.
                Ok(Kind::Folder) if delta.status() == Delta::Untracked => continue,
                Ok(Kind::Special) => continue,
                Ok(Kind::Folder) | Err(ReadError::NotFound { .. }) => index.remove_path(path)?,
                Err(error) => return Err(error.into()),
            }
            done.insert(outer);
        }
    }
    if done.is_empty() {
        let named: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
        return Err(GitError::Failed(format!(
            "nothing to stage at {}: unchanged, ignored or not on disk; git_status shows what changed{}",
            named.join(", "),
            not_on_disk(repository, paths)
        )));
    }
    index.write()?;
    Ok(format!("in the index: {}{}", list(&done), not_on_disk(repository, paths)))
}

/// A note on proposed changes, which git does not see before they are written.
fn not_on_disk(repository: &Repository, paths: &[RelPath]) -> String {
    let mut proposed = repository.proposed();
    proposed.retain(|path| paths.iter().any(|wanted| path.is_below(wanted)));
    match proposed.len() {
        0 => String::new(),
        count => format!(
            "\n({count} proposed changes there are not on disk, so git does not see them; accept_changes writes them)"
        ),
    }
}

fn list(paths: &BTreeSet<RelPath>) -> String {
    let mut text = paths.iter().take(SHOWN).map(RelPath::as_str).collect::<Vec<_>>().join(", ");
    if paths.len() > SHOWN {
        let _ = write!(text, " and {} more", paths.len() - SHOWN);
    }
    text
}

/// The entry of a submodule's commit as it stands, if the path is one.
fn submodule(
    repository: &Repository,
    index: &git2::Index,
    path: &RelPath,
    inner: &Path,
) -> Result<Option<IndexEntry>, GitError> {
    // libgit2 has no entry of no name.
    let known =
        Some(inner).filter(|inner| !inner.as_os_str().is_empty()).and_then(|inner| index.get_path(inner, 0));
    let Some(known) = known.filter(|entry| entry.mode == 0o160_000) else { return Ok(None) };
    let there = super::open(&repository.snapshot, path)?;
    let head =
        there.head()?.ok_or_else(|| GitError::Failed(format!("the submodule `{path}` has no commit yet")))?;
    Ok(Some(IndexEntry { id: head.id(), ..known }))
}

/// Takes chosen hunks of the difference between index and files into the index.
pub(crate) fn stage_hunks(
    repository: &Repository,
    paths: &[RelPath],
    names: &[String],
    bound: &Bound,
) -> Result<String, GitError> {
    repository.work()?;
    some_hunks(repository, (&End::Index, &End::Worktree), paths, names, bound, &|changed, chosen| {
        picked(&changed.path, &changed.old, &changed.new, chosen)
    })
}

/// Takes chosen hunks of the difference between the last commit and the index out of it.
pub(crate) fn unstage_hunks(
    repository: &Repository,
    paths: &[RelPath],
    names: &[String],
    bound: &Bound,
) -> Result<String, GitError> {
    let head = End::Revision("HEAD".to_owned());
    some_hunks(repository, (&head, &End::Index), paths, names, bound, &|changed, chosen| {
        picked(&changed.path, &changed.old, &changed.new, &|id| !chosen(id))
    })
}

/// What becomes of a file in the index when some of its hunks are chosen.
type Pick<'a> = &'a dyn Fn(&Changed, &dyn Fn(&str) -> bool) -> Side;

fn some_hunks(
    repository: &Repository,
    (from, to): (&End, &End),
    paths: &[RelPath],
    names: &[String],
    bound: &Bound,
    pick: Pick<'_>,
) -> Result<String, GitError> {
    let mut left: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let (mut index, mut done) = (repository.git.index()?, BTreeSet::new());
    for changed in diff::files(repository, from, to, paths, bound)? {
        let own: Vec<String> =
            hunks(&changed.path, &changed.old, &changed.new).into_iter().map(|hunk| hunk.id).collect();
        if !own.iter().any(|id| left.contains(id.as_str())) {
            continue;
        }
        let chosen = |id: &str| names.iter().any(|name| name == id);
        put(repository, &mut index, &changed, pick(&changed, &chosen))?;
        left.retain(|id| !own.iter().any(|own| own == id));
        done.insert(changed.path);
    }
    if let Some(unknown) = left.first() {
        return Err(GitError::Failed(format!(
            "there is no hunk `{}` any more, so the index was left as it is; git_diff names hunks after the @@",
            crate::workspace::visible(&unknown.chars().take(60).collect::<String>())
        )));
    }
    index.write()?;
    Ok(format!("{} hunks of {}", names.len(), list(&done)))
}

/// Makes a path of the index be this.
fn put(
    repository: &Repository,
    index: &mut git2::Index,
    changed: &Changed,
    side: Side,
) -> Result<(), GitError> {
    let inner = repository.inner(&changed.path)?;
    let Side::File(file) = side else {
        return match side {
            Side::Absent => Ok(index.remove_path(&inner)?),
            _ => Err(GitError::Failed(format!("`{}` is no text; stage it as a whole", changed.path))),
        };
    };
    let is_program = |side: &Side| side.mode().is_some_and(|mode| mode & 0o100 != 0);
    let known = index.get_path(&inner, 0).map(|entry| entry.mode);
    let mode = known.unwrap_or(if is_program(&changed.new) { 0o100_755 } else { 0o100_644 });
    index.add_frombuffer(&entry(&inner, mode, Oid::ZERO_SHA1), &file.bytes)?;
    Ok(())
}

/// An entry of which nothing is known of the file on disk, so that git looks at that.
fn entry(path: &Path, mode: u32, id: Oid) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    let path = bytes_of(path);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path,
    }
}

/// Makes paths of the index be as in the last commit.
pub(crate) fn unstage(repository: &Repository, paths: &[RelPath], bound: &Bound) -> Result<String, GitError> {
    let inner: Vec<PathBuf> = paths.iter().map(|path| repository.inner(path)).collect::<Result<_, _>>()?;
    let tree = diff::tree(repository, "HEAD")?;
    let mut options = diff::options(&inner);
    let diff = repository.git.diff_tree_to_index(tree.as_ref(), None, Some(&mut options))?;
    let (mut index, mut done) = (repository.git.index()?, BTreeSet::new());
    for delta in diff.deltas() {
        bound.go_on()?;
        let (old, new) = (delta.old_file(), delta.new_file());
        let Some(path) = new.path().or(old.path()) else { continue };
        if delta.status() == Delta::Conflicted {
            index.conflict_remove(path)?;
        }
        match old.exists() && !old.id().is_zero() {
            true => index.add(&entry(path, old.mode().into(), old.id()))?,
            false => index.remove(path, 0)?,
        }
        done.insert(repository.outer(path));
    }
    if done.is_empty() {
        return Err(GitError::Failed(
            "nothing there is in the index that the last commit has not; git_status shows what is".to_owned(),
        ));
    }
    index.write()?;
    Ok(format!("out of the index: {}", list(&done)))
}

/// Whether a sparse checkout leaves a path out, which is then no deletion.
pub(super) fn is_left_out(index: &git2::Index, path: &Path) -> bool {
    let skipped = git2::IndexEntryExtendedFlag::SKIP_WORKTREE.bits();
    index.get_path(path, 0).is_some_and(|entry| entry.flags_extended & skipped != 0)
}

/// What the index has at a path.
pub(super) fn side(repository: &Repository, path: &Path) -> Result<Side, GitError> {
    match repository.git.index()?.get_path(path, 0) {
        Some(entry) => diff::side(repository, entry.id, entry.mode),
        None => Ok(Side::Absent),
    }
}

/// A text as it would be in the repository: with line feeds only, where git is told to keep them so.
pub(super) fn normal(repository: &Repository, path: &Path, old: &Side, new: Side) -> Side {
    let Side::File(file) = &new else { return new };
    let has_cr = |bytes: &[u8]| bytes.windows(2).any(|two| two == b"\r\n");
    let is_kept = old.file().is_some_and(|old| has_cr(&old.bytes));
    if !has_cr(&file.bytes) || file.bytes.contains(&0) || !normalises(repository, path, is_kept) {
        return new;
    }
    let mut bytes = Vec::with_capacity(file.bytes.len());
    for (at, byte) in file.bytes.iter().enumerate() {
        if !(*byte == b'\r' && file.bytes.get(at + 1) == Some(&b'\n')) {
            bytes.push(*byte);
        }
    }
    Side::File(FileContent::new(bytes, file.mode))
}

/// Whether attributes or `core.autocrlf` ask for line feeds. What has other ends already keeps them, unless it is a text
/// by name.
fn normalises(repository: &Repository, path: &Path, is_kept: bool) -> bool {
    let attribute = |name: &str| {
        let value = repository.git.get_attr_bytes(path, name, git2::AttrCheckFlags::default());
        let value = value.ok().flatten().map(<[u8]>::to_vec);
        match git2::AttrValue::from_bytes(value.as_deref()) {
            git2::AttrValue::True => Some("true".to_owned()),
            git2::AttrValue::False => Some("false".to_owned()),
            git2::AttrValue::String(text) => Some(text.to_owned()),
            git2::AttrValue::Bytes(_) | git2::AttrValue::Unspecified => None,
        }
    };
    match attribute("text").or_else(|| attribute("crlf")).as_deref() {
        Some("false") => false,
        Some("auto") => !is_kept,
        Some(_) => true,
        None if attribute("eol").is_some() => true,
        None => {
            let config = repository.git.config().and_then(|config| config.get_string("core.autocrlf"));
            !is_kept
                && config.is_ok_and(|value| {
                    matches!(value.to_lowercase().as_str(), "true" | "input" | "yes" | "on" | "1")
                })
        }
    }
}

/// A path as git has it.
#[cfg(unix)]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path as git has it.
#[cfg(not(unix))]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// A path for git.
fn bytes_of(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        bytes.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect()
    } else {
        bytes.to_vec()
    }
}
