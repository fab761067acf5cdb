//! Differences between two sides: revisions, the index, the files, and the files with what is proposed.

use super::candidates::Index;
use super::{Bound, GitError, Repository, shown};
use crate::workspace::{FileContent, RelPath, Side, difference};
use git2::{Delta, DiffFindOptions, DiffOptions, Patch, Tree};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Files of more bytes are compared as a whole.
const LARGE: i64 = 8 << 20;
/// So much of a difference is made, in bytes; nobody pages through more.
const MOST: usize = 8 << 20;
/// Unchanged lines around a change, when all are wanted.
const ALL_LINES: u32 = 100_000_000;

/// What stands in the place of a text that is not shown.
const SECRET: &str = "changed; it may hold secrets and is not shown; read_file asks the person";

const LINK: u32 = 0o120_000;
const COMMIT: u32 = 0o160_000;

/// A side of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Of a revision; nothing where there is none yet.
    Revision(String),
    Index,
    Worktree,
    /// The files as they would be with all proposed changes.
    Proposed,
}

impl End {
    /// As it is written in arguments.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "index" => Self::Index,
            "worktree" => Self::Worktree,
            "proposed" => Self::Proposed,
            revision => Self::Revision(revision.to_owned()),
        }
    }

    /// Files are compared from the older to the newer; the other way round is turned round.
    fn rank(&self) -> u8 {
        match self {
            Self::Revision(_) => 0,
            Self::Index => 1,
            Self::Worktree => 2,
            Self::Proposed => 3,
        }
    }
}

/// How a difference is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With its lines.
    Patch,
    /// The same, each hunk with the name by which it can be taken into the index or out of it.
    Named,
    /// Lines added and removed of each file.
    Counts,
}

/// One file on both sides.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub(super) path: RelPath,
    /// Where it was, if elsewhere.
    from: Option<RelPath>,
    pub(super) old: Side,
    pub(super) new: Side,
    /// What there is to say besides lines.
    notes: Vec<String>,
}

/// The difference between two sides below some paths, or of all.
pub(crate) fn between(
    repository: &Repository,
    from: &End,
    to: &End,
    paths: &[RelPath],
    form: Form,
    bound: &Bound,
) -> Result<String, GitError> {
    let is_reversed = from.rank() > to.rank();
    let (first, second) = if is_reversed { (to, from) } else { (from, to) };
    let inner: Vec<PathBuf> = paths.iter().map(|path| repository.inner(path)).collect::<Result<_, _>>()?;
    let mut options = options(&inner);
    options.reverse(is_reversed);
    let is_whole = inner.iter().all(|path| path.as_os_str().is_empty());
    let index = Some(repository).filter(|_| is_whole && (first, second) == (&End::Index, &End::Worktree));
    let index = index.and_then(Index::read);
    let diff = match index.and_then(|index| index.candidates(repository, false, bound)) {
        Some(mut candidates) => {
            let diff = candidates.compare(repository, options.ignore_submodules(true))?;
            with_renames(diff)?
        }
        None => compare(repository, first, second, &mut options, true)?,
    };
    let mut over = BTreeMap::new();
    if *second == End::Proposed {
        over = proposals(repository, first, paths, is_reversed, bound)?;
    }
    show(repository, &diff, over, sparse(repository, second)?.as_ref(), form, bound)
}

/// What a tree changes against another.
pub(super) fn of_trees(
    repository: &Repository,
    old: Option<&Tree<'_>>,
    new: Option<&Tree<'_>>,
    paths: &[RelPath],
    form: Form,
    bound: &Bound,
) -> Result<String, GitError> {
    let inner: Vec<PathBuf> = paths.iter().map(|path| repository.inner(path)).collect::<Result<_, _>>()?;
    let diff = with_renames(repository.git.diff_tree_to_tree(old, new, Some(&mut options(&inner)))?)?;
    show(repository, &diff, BTreeMap::new(), None, form, bound)
}

pub(super) fn options(paths: &[PathBuf]) -> DiffOptions {
    let mut options = DiffOptions::new();
    options.context_lines(ALL_LINES).max_size(LARGE).disable_pathspec_match(true).indent_heuristic(true);
    options.include_typechange(true);
    for path in paths.iter().filter(|path| !path.as_os_str().is_empty()) {
        options.pathspec(path);
    }
    options
}

pub(super) fn compare<'r>(
    repository: &'r Repository,
    first: &End,
    second: &End,
    options: &mut DiffOptions,
    renames: bool,
) -> Result<git2::Diff<'r>, GitError> {
    let tree = |end: &End| match end {
        End::Revision(revision) => tree(repository, revision),
        End::Index | End::Worktree | End::Proposed => Ok(None),
    };
    let git = &repository.git;
    if second.rank() >= 1 {
        repository.work()?;
    }
    if second.rank() >= 2 {
        // Submodules could lie outside; git_status says which stand elsewhere.
        options.ignore_submodules(true);
    }
    let diff = match (first, second) {
        (End::Revision(_), End::Revision(_)) => {
            git.diff_tree_to_tree(tree(first)?.as_ref(), tree(second)?.as_ref(), Some(options))?
        }
        (End::Revision(_), End::Index) => {
            git.diff_tree_to_index(tree(first)?.as_ref(), None, Some(options))?
        }
        (End::Revision(_), _) => git.diff_tree_to_workdir_with_index(tree(first)?.as_ref(), Some(options))?,
        (End::Index, End::Worktree | End::Proposed) => git.diff_index_to_workdir(None, Some(options))?,
        // Both ends are the same.
        _ => git.diff_tree_to_tree(None, None, Some(options))?,
    };
    if renames { with_renames(diff) } else { Ok(diff) }
}

fn with_renames(mut diff: git2::Diff<'_>) -> Result<git2::Diff<'_>, GitError> {
    diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
    Ok(diff)
}

/// The index, where a side that is compared may leave files out that are not gone.
fn sparse(repository: &Repository, to: &End) -> Result<Option<git2::Index>, GitError> {
    Ok(if to.rank() >= 2 { Some(repository.git.index()?) } else { None })
}

/// The files that differ between two sides, in order of rank.
pub(super) fn files(
    repository: &Repository,
    from: &End,
    to: &End,
    paths: &[RelPath],
    bound: &Bound,
) -> Result<Vec<Changed>, GitError> {
    let inner: Vec<PathBuf> = paths.iter().map(|path| repository.inner(path)).collect::<Result<_, _>>()?;
    let diff = compare(repository, from, to, &mut options(&inner), false)?;
    let mut files = Vec::new();
    let sparse = sparse(repository, to)?;
    for place in 0..diff.deltas().len() {
        bound.go_on()?;
        files.extend(changed(repository, &diff, place, sparse.as_ref())?);
    }
    Ok(files)
}

/// The tree of a revision; none where `HEAD` is not born yet.
pub(super) fn tree<'r>(repository: &'r Repository, revision: &str) -> Result<Option<Tree<'r>>, GitError> {
    if revision == "HEAD" {
        return Ok(repository.head()?.map(|commit| commit.tree()).transpose()?);
    }
    let object = repository.object(revision)?;
    let tree = object.peel_to_tree();
    tree.map(Some)
        .map_err(|_| GitError::Failed(format!("`{}` has no tree of files", shown(revision.as_bytes()))))
}

/// The paths that have proposed changes, compared with the other side.
fn proposals(
    repository: &Repository,
    first: &End,
    paths: &[RelPath],
    is_reversed: bool,
    bound: &Bound,
) -> Result<BTreeMap<RelPath, Option<Changed>>, GitError> {
    let mut over = BTreeMap::new();
    for path in repository.proposed() {
        bound.go_on()?;
        if !paths.is_empty() && !paths.iter().any(|wanted| path.is_below(wanted)) {
            continue;
        }
        if repository.withholds(&path) {
            let notes = vec![SECRET.to_owned()];
            let hidden =
                Changed { path: path.clone(), from: None, old: Side::Absent, new: Side::Absent, notes };
            over.insert(path, Some(hidden));
            continue;
        }
        let inner = repository.inner(&path)?;
        let old = match first {
            End::Revision(revision) => {
                let entry = tree(repository, revision)?.and_then(|tree| tree.get_path(&inner).ok());
                entry.map_or(Ok(Side::Absent), |entry| {
                    side(repository, entry.id(), entry.filemode().cast_unsigned())
                })?
            }
            End::Index => super::index::side(repository, &inner)?,
            End::Worktree | End::Proposed => repository.snapshot.underneath(&path)?,
        };
        let new = super::index::normal(repository, &inner, &old, repository.snapshot.side(&path)?);
        let changed = (!old.same(&new)).then(|| {
            let (old, new) = if is_reversed { (new, old) } else { (old, new) };
            Changed { path: path.clone(), from: None, old, new, notes: Vec::new() }
        });
        over.insert(path, changed);
    }
    Ok(over)
}

/// A blob as a side.
pub(super) fn side(repository: &Repository, id: git2::Oid, mode: u32) -> Result<Side, GitError> {
    if mode & 0o170_000 == COMMIT {
        return Ok(Side::Folder);
    }
    let blob = repository.git.find_blob(id)?;
    Ok(of_bytes(blob.content(), mode))
}

fn of_bytes(bytes: &[u8], mode: u32) -> Side {
    if mode & 0o170_000 == LINK {
        return Side::Link(super::index::path_of(bytes));
    }
    Side::File(FileContent::new(bytes, Some(mode & 0o777)))
}

/// Writes a difference out, file by file, with what is proposed over it.
fn show(
    repository: &Repository,
    diff: &git2::Diff<'_>,
    mut over: BTreeMap<RelPath, Option<Changed>>,
    sparse: Option<&git2::Index>,
    form: Form,
    bound: &Bound,
) -> Result<String, GitError> {
    let mut text = String::new();
    let count = diff.deltas().len();
    for place in 0..count {
        bound.go_on()?;
        if text.len() > MOST {
            let _ = writeln!(text, "({} more files are left out; name paths)", count - place);
            return Ok(text);
        }
        let Some(changed) = changed(repository, diff, place, sparse)? else { continue };
        match over.remove(&changed.path) {
            Some(Some(proposed)) => put(&mut text, &proposed, form),
            Some(None) => {}
            None => put(&mut text, &changed, form),
        }
    }
    for proposed in over.into_values().flatten() {
        bound.go_on()?;
        put(&mut text, &proposed, form);
    }
    Ok(if text.is_empty() { "no differences\n".to_owned() } else { text })
}

fn put(text: &mut String, changed: &Changed, form: Form) {
    let Changed { path, from, old, new, notes } = changed;
    if form == Form::Counts {
        let counts =
            crate::workspace::texts(old, new).map(|(old, new)| crate::workspace::diff::counts(&old, &new));
        let counts = counts.map_or("binary".to_owned(), |(added, removed)| format!("+{added} -{removed}"));
        let from = from.as_ref().map(|from| format!("{from} -> ")).unwrap_or_default();
        let notes: String = notes.iter().map(|note| format!(" ({note})")).collect();
        let _ = writeln!(text, "{from}{path} {counts}{notes}");
        return;
    }
    if let Some(from) = from {
        let _ = writeln!(text, "renamed {from} -> {path}");
    }
    for note in notes {
        let _ = writeln!(text, "{path}: {note}");
    }
    if !old.same(new) {
        text.push_str(&difference(path, old, new, &|hunk| {
            Some(if form == Form::Named { hunk.id.clone() } else { String::new() })
        }));
    }
}

/// One file of a difference, with the texts that libgit2 compared: its line ends are the repository's.
pub(super) fn changed(
    repository: &Repository,
    diff: &git2::Diff<'_>,
    place: usize,
    sparse: Option<&git2::Index>,
) -> Result<Option<Changed>, GitError> {
    let Some(delta) = diff.get_delta(place) else { return Ok(None) };
    if matches!(delta.status(), Delta::Unmodified | Delta::Ignored | Delta::Untracked) {
        return Ok(None);
    }
    let (old_file, new_file) = (delta.old_file(), delta.new_file());
    if let (Delta::Deleted, Some(path), Some(index)) = (delta.status(), old_file.path(), sparse)
        && super::index::is_left_out(index, path)
    {
        return Ok(None);
    }
    let outer = |path: Option<&Path>| path.map(|path| repository.outer(path));
    let (old_path, new_path) = (outer(old_file.path()), outer(new_file.path()));
    let Some(path) = new_path.clone().or_else(|| old_path.clone()) else { return Ok(None) };
    let modes = [old_file.mode(), new_file.mode()].map(u32::from);
    let mut notes = Vec::new();
    if delta.status() == Delta::Conflicted {
        notes.push("in conflict; the file has both sides".to_owned());
        return Ok(Some(Changed { path, from: None, old: Side::Absent, new: Side::Absent, notes }));
    }
    if modes.iter().all(|mode| *mode != 0) && modes[0] != modes[1] {
        notes.push(format!("mode {:o} -> {:o}", modes[0], modes[1]));
    }
    let from = old_path.filter(|from| *from != path && delta.status() == Delta::Renamed);
    if modes.contains(&COMMIT) {
        let id = |file: git2::DiffFile<'_>| {
            if file.id().is_zero() { "nothing".to_owned() } else { file.id().to_string() }
        };
        notes.push(format!("submodule {} -> {}", id(old_file), id(new_file)));
        return Ok(Some(Changed { path, from, old: Side::Absent, new: Side::Absent, notes }));
    }
    if repository.withholds(&path) || from.as_ref().is_some_and(|from| repository.withholds(from)) {
        notes.push(SECRET.to_owned());
        return Ok(Some(Changed { path, from, old: Side::Absent, new: Side::Absent, notes }));
    }
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let patch = Patch::from_diff(diff, place)?;
    let is_binary = match &patch {
        Some(patch) => {
            halves(patch, &mut old, &mut new)?;
            patch.delta().flags().is_binary()
        }
        None => true,
    };
    if is_binary {
        let sizes = patch
            .as_ref()
            .map_or([0; 2], |patch| [patch.delta().old_file().size(), patch.delta().new_file().size()]);
        notes.push(format!("binary, {} -> {} bytes", sizes[0], sizes[1]));
        return Ok(Some(Changed { path, from, old: Side::Absent, new: Side::Absent, notes }));
    }
    let side = |bytes: Vec<u8>, mode: u32, exists: bool| match (exists, mode) {
        (false, _) => Side::Absent,
        (true, mode) => of_bytes(&bytes, mode),
    };
    let old = side(old, modes[0], delta.status() != Delta::Added);
    let new = side(new, modes[1], delta.status() != Delta::Deleted);
    Ok(Some(Changed { path, from, old, new, notes }))
}

/// Both texts of a patch that has every line.
fn halves(patch: &Patch<'_>, old: &mut Vec<u8>, new: &mut Vec<u8>) -> Result<(), GitError> {
    for hunk in 0..patch.num_hunks() {
        for line in 0..patch.num_lines_in_hunk(hunk)? {
            let line = patch.line_in_hunk(hunk, line)?;
            match line.origin() {
                ' ' => {
                    old.extend_from_slice(line.content());
                    new.extend_from_slice(line.content());
                }
                '-' => old.extend_from_slice(line.content()),
                '+' => new.extend_from_slice(line.content()),
                _ => {}
            }
        }
    }
    Ok(())
}
