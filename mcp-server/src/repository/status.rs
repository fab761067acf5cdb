//! What differs between the last commit, the index and the files, as `git status --short --branch` says it.

use super::candidates::{Candidates, Index};
use super::index::is_left_out;
use super::{Bound, GitError, Repository};
use crate::workspace::{RelPath, visible};
use git2::{Delta, DiffFindOptions, DiffOptions, RepositoryState};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Submodules whose commits are compared.
const SUBMODULES: usize = 200;

/// The mark of an untracked folder, of which all is untracked.
const FOLDER: char = '/';

/// The two letters of each path, with where it came from.
type Marks = BTreeMap<RelPath, ([char; 2], Option<RelPath>)>;

/// The state of a repository below some paths; of all of it without any.
pub(crate) fn status(repository: &Repository, paths: &[RelPath], bound: &Bound) -> Result<String, GitError> {
    repository.work()?;
    let inner: Vec<PathBuf> = paths.iter().map(|path| repository.inner(path)).collect::<Result<_, _>>()?;
    bound.go_on()?;
    let index = Index::read(repository).filter(|_| inner.iter().all(|path| path.as_os_str().is_empty()));
    let tree = repository.head()?.map(|commit| commit.tree_id());
    let is_committed = tree.is_some() && index.as_ref().and_then(Index::tree) == tree;
    // Each side reads the index by itself, so both can be compared at once.
    let other = if is_committed { None } else { Some(repository.again()?) };
    let paths = &inner;
    let (staged, unstaged) = std::thread::scope(|scope| {
        let staged = other.map(|other| scope.spawn(move || of_index(&other, paths)));
        let candidates = index.and_then(|index| index.candidates(repository, true, bound));
        (staged.map(|staged| staged.join()), of_files(repository, paths, candidates))
    });
    let staged = staged.unwrap_or_else(|| Ok(Ok(Marks::new())));
    let mut marks = staged.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    for (path, mark) in unstaged? {
        marks.entry(path).or_insert(([' ', ' '], None)).0[1] = mark;
    }
    submodules(repository, &mut marks)?;
    conflicts(repository, &mut marks)?;
    let mut text = head(repository, bound)?;
    put(&mut text, &marks);
    let proposed = repository.proposed().len();
    if proposed > 0 {
        let _ = writeln!(text, "({proposed} proposed changes are not on disk; list_changes shows them)");
    }
    Ok(text)
}

/// A line for each path, untracked ones last. What is gone from the index and still there as a file has one as each.
fn put(text: &mut String, marks: &Marks) {
    let is_new = |mark: char| matches!(mark, '?' | FOLDER);
    for (path, ([staged, unstaged], from)) in marks {
        let unstaged = if is_new(*unstaged) { ' ' } else { *unstaged };
        let from = from.as_ref().map(|from| format!("{from} -> ")).unwrap_or_default();
        if [*staged, unstaged] != [' ', ' '] {
            let _ = writeln!(text, "{staged}{unstaged} {from}{path}");
        }
    }
    for (path, ([_, mark], _)) in marks.iter().filter(|(_, (mark, _))| is_new(mark[1])) {
        let slash = if *mark == FOLDER { "/" } else { "" };
        let _ = writeln!(text, "?? {path}{slash}");
    }
}

/// The branch, what it follows, and what is in progress.
fn head(repository: &Repository, bound: &Bound) -> Result<String, GitError> {
    let mut text = match (repository.branch(), repository.head()?) {
        (Some(branch), None) => format!("## No commits yet on {branch}\n"),
        (None, Some(commit)) => format!("## HEAD (no branch) at {}\n", repository.short(commit.id())),
        (None, None) => "## HEAD (no branch)\n".to_owned(),
        (Some(branch), Some(_)) => {
            bound.go_on()?;
            format!("## {branch}{}\n", super::branches::follows(repository, &branch))
        }
    };
    let doing = match repository.git.state() {
        RepositoryState::Clean => return Ok(text),
        RepositoryState::Merge => "a merge",
        RepositoryState::Revert | RepositoryState::RevertSequence => "a revert",
        RepositoryState::CherryPick | RepositoryState::CherryPickSequence => "a cherry-pick",
        RepositoryState::Bisect => "a bisect",
        RepositoryState::Rebase | RepositoryState::RebaseInteractive | RepositoryState::RebaseMerge => {
            "a rebase"
        }
        RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => "applying patches",
    };
    let _ = writeln!(text, "({doing} is in progress)");
    Ok(text)
}

fn options(paths: &[PathBuf]) -> DiffOptions {
    let mut options = DiffOptions::new();
    options.disable_pathspec_match(true).include_typechange(true);
    // Submodules are looked at by ourselves, each held to the rules of a repository.
    options.ignore_submodules(true);
    for path in paths.iter().filter(|path| !path.as_os_str().is_empty()) {
        options.pathspec(path);
    }
    options
}

/// From the last commit to the index.
fn of_index(repository: &Repository, paths: &[PathBuf]) -> Result<Marks, GitError> {
    let head = repository.head()?;
    let tree = head.map(|commit| commit.tree()).transpose()?;
    let mut options = options(paths);
    options.ignore_submodules(false);
    let mut diff = repository.git.diff_tree_to_index(tree.as_ref(), None, Some(&mut options))?;
    if diff.deltas().any(|delta| delta.status() == Delta::Added) {
        diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
    }
    let mut marks = Marks::new();
    for delta in diff.deltas() {
        let mark = match delta.status() {
            Delta::Added => 'A',
            Delta::Deleted => 'D',
            Delta::Modified => 'M',
            Delta::Renamed => 'R',
            Delta::Typechange => 'T',
            Delta::Unmodified
            | Delta::Copied
            | Delta::Ignored
            | Delta::Untracked
            | Delta::Unreadable
            | Delta::Conflicted => continue,
        };
        let outer = |path: Option<&Path>| path.map(|path| repository.outer(path));
        let (old, new) = (outer(delta.old_file().path()), outer(delta.new_file().path()));
        let from = old.clone().filter(|_| mark == 'R');
        if let Some(path) = new.or(old) {
            marks.insert(path, ([mark, ' '], from));
        }
    }
    Ok(marks)
}

/// From the index to the files.
fn of_files(
    repository: &Repository,
    paths: &[PathBuf],
    candidates: Option<Candidates>,
) -> Result<Vec<(RelPath, char)>, GitError> {
    let mut options = options(paths);
    options.include_untracked(true).include_unreadable_as_untracked(true);
    let diff = match candidates {
        Some(mut candidates) => candidates.compare(repository, &mut options)?,
        None => repository.git.diff_index_to_workdir(None, Some(&mut options))?,
    };
    let mut marks = Vec::new();
    let index = repository.git.index()?;
    for delta in diff.deltas() {
        let mark = match delta.status() {
            Delta::Deleted if delta.old_file().path().is_some_and(|path| is_left_out(&index, path)) => {
                continue;
            }
            Delta::Added | Delta::Untracked | Delta::Unreadable => '?',
            Delta::Deleted => 'D',
            Delta::Modified | Delta::Renamed | Delta::Copied => 'M',
            Delta::Typechange => 'T',
            Delta::Unmodified | Delta::Ignored | Delta::Conflicted => continue,
        };
        let path = delta.new_file().path().or(delta.old_file().path());
        if let Some(path) = path {
            let is_folder =
                mark == '?' && delta.new_file().path_bytes().is_some_and(|path| path.ends_with(b"/"));
            marks.push((repository.outer(path), if is_folder { FOLDER } else { mark }));
        }
    }
    Ok(marks)
}

/// Submodules that stand at another commit than the index says.
fn submodules(repository: &Repository, marks: &mut Marks) -> Result<(), GitError> {
    let index = repository.git.index()?;
    if index.get_path(Path::new(".gitmodules"), 0).is_none() {
        return Ok(());
    }
    const LINK: u32 = 0o160_000;
    for entry in index.iter().filter(|entry| entry.mode == LINK).take(SUBMODULES) {
        let path = repository.outer(&super::index::path_of(&entry.path));
        if repository.snapshot.roots().lstat(&path.join(".git")).is_err() {
            continue;
        }
        // One that lies outside is not looked at.
        let Ok(inner) = super::open(&repository.snapshot, &path) else { continue };
        if inner.head().ok().flatten().is_some_and(|head| head.id() != entry.id) {
            marks.entry(path).or_insert(([' ', ' '], None)).0[1] = 'M';
        }
    }
    Ok(())
}

/// Paths that a merge left open, with git's letters for who did what.
fn conflicts(repository: &Repository, marks: &mut Marks) -> Result<(), GitError> {
    let index = repository.git.index()?;
    if !index.has_conflicts() {
        return Ok(());
    }
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let mark = match (&conflict.ancestor, &conflict.our, &conflict.their) {
            (_, Some(_), Some(_)) if conflict.ancestor.is_none() => ['A', 'A'],
            (_, Some(_), Some(_)) => ['U', 'U'],
            (Some(_), Some(_), None) => ['U', 'D'],
            (Some(_), None, Some(_)) => ['D', 'U'],
            (None, Some(_), None) => ['A', 'U'],
            (None, None, Some(_)) => ['U', 'A'],
            (_, None, None) => ['D', 'D'],
        };
        let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
        if let Some(entry) = entry {
            marks.insert(repository.outer(&super::index::path_of(&entry.path)), (mark, None));
        }
    }
    Ok(())
}

/// Names of paths with work that no commit has, for those who would lose it: tracked ones only.
pub(super) fn changed(repository: &Repository) -> Result<Vec<RelPath>, GitError> {
    let mut paths: Vec<RelPath> = of_index(repository, &[])?.into_keys().collect();
    let files = of_files(repository, &[], None)?;
    paths.extend(files.into_iter().filter(|(_, mark)| !matches!(*mark, '?' | FOLDER)).map(|(path, _)| path));
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Untracked paths that are not ignored; folders as one.
pub(super) fn untracked(repository: &Repository) -> Result<Vec<RelPath>, GitError> {
    let files = of_files(repository, &[], None)?;
    Ok(files.into_iter().filter(|(_, mark)| matches!(*mark, '?' | FOLDER)).map(|(path, _)| path).collect())
}

/// Refuses work on a repository in which something else is in progress.
pub(super) fn must_be_calm(repository: &Repository, what: &str) -> Result<(), GitError> {
    let text =
        head(repository, &Bound::new(crate::tool::Cancel::default(), std::time::Duration::from_secs(60)))?;
    match text.lines().nth(1) {
        None => Ok(()),
        Some(doing) => Err(GitError::Failed(format!(
            "{what} has to wait: {}; finish it first",
            visible(doing).trim_matches(['(', ')'])
        ))),
    }
}
