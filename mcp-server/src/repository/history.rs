//! Walks over commits, newest first.

use super::tree_path::Places;
use super::{Bound, GitError, Repository, check_revision, date, line};
use crate::workspace::RelPath;
use git2::{Commit, ErrorCode, Oid};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fmt::Write as _;

/// The most commits that one walk looks at.
const STEPS: usize = 2_000_000;
/// Names shown beside a commit.
const NAMES: usize = 6;
/// A commit older than the oldest wanted day may hide newer ones, where clocks were wrong: so many are looked at.
const SLOP: usize = 50;

/// Which commits are wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// A revision or `a..b`; what is checked out without one.
    pub(crate) revision: Option<String>,
    pub(crate) path: Option<RelPath>,
    /// In lower case; found in a name or address.
    pub(crate) author: Option<String>,
    /// Seconds since 1970.
    pub(crate) since: Option<i64>,
    pub(crate) skip: usize,
    pub(crate) limit: usize,
}

/// One line for each commit, and a last one that says whether there are more.
pub(crate) fn log(repository: &Repository, wanted: &Wanted, bound: &Bound) -> Result<String, GitError> {
    let names = names(repository)?;
    let (mut text, mut seen) = (String::new(), 0);
    let mut walk = Walk::new(repository, wanted)?;
    let mut more = "";
    while let Some(found) = walk.next(bound)? {
        let Some(id) = found else {
            more = "(given up here after long: narrow it with `since`, `path` or a newer `rev`)\n";
            break;
        };
        let commit = repository.git.find_commit(id)?;
        if !by(&commit, wanted.author.as_deref()) {
            continue;
        }
        seen += 1;
        if seen > wanted.skip + wanted.limit {
            more = "more";
            break;
        }
        if seen > wanted.skip {
            let _ = writeln!(text, "{}", one_line(repository, &commit, &names));
        }
    }
    if more == "more" {
        let _ = writeln!(text, "(more; ask with offset {})", seen - 1);
    } else {
        text.push_str(more);
    }
    Ok(if text.is_empty() { "no commits\n".to_owned() } else { text })
}

fn by(commit: &Commit<'_>, author: Option<&str>) -> bool {
    let Some(wanted) = author else { return true };
    let author = commit.author();
    let text = format!("{} <{}>", line(author.name_bytes()), line(author.email_bytes()));
    text.to_lowercase().contains(wanted)
}

/// `abc1234 2026-03-01 Ann (main) Subject`.
pub(super) fn one_line(
    repository: &Repository,
    commit: &Commit<'_>,
    names: &HashMap<Oid, Vec<String>>,
) -> String {
    let beside = names.get(&commit.id()).map(|names| format!(" ({})", names.join(", "))).unwrap_or_default();
    let author = commit.author();
    let subject = line(commit.summary_bytes().unwrap_or_default());
    let day = date::day(author.when());
    format!("{} {day} {}{beside} {subject}", repository.short(commit.id()), line(author.name_bytes()))
}

/// Branches and tags by the commit that they name.
pub(super) fn names(repository: &Repository) -> Result<HashMap<Oid, Vec<String>>, GitError> {
    let mut names: HashMap<Oid, Vec<String>> = HashMap::new();
    let head = repository.branch();
    if head.is_none()
        && let Some(commit) = repository.head()?
    {
        names.entry(commit.id()).or_default().push("HEAD".to_owned());
    }
    for reference in repository.git.references()? {
        // One that is broken has no name to show.
        let Ok(reference) = reference else { continue };
        let full = reference.name_bytes();
        let is_shown = [&b"refs/heads/"[..], b"refs/tags/", b"refs/remotes/"]
            .iter()
            .any(|start| full.starts_with(start));
        let Some(id) = reference.target_peel().or_else(|| reference.target()).filter(|_| is_shown) else {
            continue;
        };
        let name = line(reference.shorthand_bytes());
        let name = match () {
            () if reference.is_tag() => format!("tag: {name}"),
            () if reference.is_branch() && head.as_deref() == Some(&name) => format!("HEAD -> {name}"),
            () => name,
        };
        let names = names.entry(id).or_default();
        if names.len() < NAMES {
            names.push(name);
        }
    }
    Ok(names)
}

/// Commits by time, newest first; with a path, only those that changed it, and only along parents that explain what it
/// is, as `git log -- path` simplifies history.
pub(super) struct Walk<'r> {
    repository: &'r Repository,
    path: Option<Places<'r>>,
    since: Option<i64>,
    /// The commits of a range.
    only: Option<HashSet<Oid>>,
    queue: BinaryHeap<(i64, Reverse<usize>, Oid)>,
    seen: HashSet<Oid>,
    steps: usize,
    old: usize,
}

impl<'r> Walk<'r> {
    fn new(repository: &'r Repository, wanted: &Wanted) -> Result<Self, GitError> {
        let (from, hidden) = ends(repository, wanted.revision.as_deref())?;
        let path = wanted.path.as_ref().map(|path| repository.inner(path)).transpose()?;
        let path = path.filter(|path| !path.as_os_str().is_empty());
        let mut walk = Self {
            repository,
            path: path.map(|path| Places::new(repository, &path)).transpose()?,
            since: wanted.since,
            only: None,
            queue: BinaryHeap::new(),
            seen: HashSet::new(),
            steps: 0,
            old: 0,
        };
        if let (Some(from), Some(hidden)) = (from, hidden) {
            let mut range = repository.git.revwalk()?;
            range.push(from)?;
            range.hide(hidden)?;
            walk.only = Some(range.take(STEPS).collect::<Result<_, _>>()?);
        }
        if let Some(from) = from {
            walk.push(from)?;
        }
        Ok(walk)
    }

    fn push(&mut self, id: Oid) -> Result<(), GitError> {
        if self.only.as_ref().is_some_and(|only| !only.contains(&id)) || !self.seen.insert(id) {
            return Ok(());
        }
        let time = match self.repository.git.find_commit(id) {
            Ok(commit) => commit.time().seconds(),
            // Where a clone was cut off.
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        self.queue.push((time, Reverse(self.seen.len()), id));
        Ok(())
    }

    /// The next commit; `None` inside where it was given up.
    fn next(&mut self, bound: &Bound) -> Result<Option<Option<Oid>>, GitError> {
        while let Some((time, _, id)) = self.queue.pop() {
            self.steps += 1;
            if self.steps.is_multiple_of(64) {
                if self.steps > STEPS || bound.is_spent(0.5) {
                    return Ok(Some(None));
                }
                bound.go_on()?;
            }
            let is_old = self.since.is_some_and(|since| time < since);
            self.old = if is_old { self.old + 1 } else { 0 };
            if self.old > SLOP {
                return Ok(None);
            }
            if self.step(id)? && !is_old {
                return Ok(Some(Some(id)));
            }
        }
        Ok(None)
    }

    /// Queues the parents of a commit that are to be followed, and says whether it is wanted itself.
    fn step(&mut self, id: Oid) -> Result<bool, GitError> {
        let commit = self.repository.git.find_commit(id)?;
        if let Some(path) = &mut self.path {
            let own = path.of(commit.tree_id())?;
            let mut same = None;
            for parent in commit.parent_ids() {
                let Ok(parent) = self.repository.git.find_commit(parent) else { continue };
                if path.of(parent.tree_id())? == own {
                    same = Some(parent.id());
                    break;
                }
            }
            if let Some(same) = same {
                self.push(same)?;
                return Ok(false);
            }
            if commit.parent_count() == 0 && own.is_none() {
                return Ok(false);
            }
        }
        for parent in commit.parent_ids() {
            self.push(parent)?;
        }
        Ok(true)
    }
}

/// Where a walk begins, and what is left out.
fn ends(repository: &Repository, revision: Option<&str>) -> Result<(Option<Oid>, Option<Oid>), GitError> {
    let Some(revision) = revision else { return Ok((repository.head()?.map(|commit| commit.id()), None)) };
    check_revision(revision)?;
    let Some((from, to)) = revision.split_once("..") else {
        return Ok((Some(repository.commit(revision)?.id()), None));
    };
    if to.starts_with('.') {
        return Err(GitError::Arguments(
            "`...` is not supported; write `a..b`: what b has and a has not".to_owned(),
        ));
    }
    let or_head = |name: &str| repository.commit(if name.is_empty() { "HEAD" } else { name });
    Ok((Some(or_head(to)?.id()), Some(or_head(from)?.id())))
}
