//! Which commit a line comes from.
//!
//! The walk is git's own: commits are looked at newest first, each hands the lines that it did not change on to its parents
//! and keeps the rest. Files are compared by the same difference as git's, of the same parts, so the answers are the same.
//! (libgit2's `blame_file` compares whole trees for each commit, which takes half a minute on a long history.)

use super::tree_path::Places;
use super::{Bound, GitError, Repository, date, line, renames};
use crate::workspace::{RelPath, Side};
use changes::{Change, changes};
use git2::{Blob, Commit, ErrorCode, Oid};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

mod changes;

/// The largest file, in bytes.
const LARGE: usize = 16 << 20;
/// Versions of a file that are kept: what a commit had is what the next one is compared with.
const KEPT: usize = 8;

/// Lines of the file, and where they are in the version that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    last: usize,
    here: usize,
    count: usize,
}

/// A file in a commit that may have written lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Suspect {
    commit: Oid,
    path: PathBuf,
}

/// The lines of a file with their commits, in runs: from `first` (counted from 1), at most `limit`. Without a revision it
/// is the file on disk.
pub(crate) fn blame(
    repository: &Repository,
    path: &RelPath,
    revision: Option<&str>,
    (first, limit): (usize, usize),
    bound: &Bound,
) -> Result<String, GitError> {
    if repository.withholds(path) {
        return Err(GitError::Refused(format!("`{path}` may hold secrets, and its lines are not shown")));
    }
    let inner = repository.inner(path)?;
    let start = repository.commit(revision.unwrap_or("HEAD"))?;
    let mut places = Places::new(repository, &inner)?;
    let blob = places.of(start.tree_id())?;
    let committed = blob.map(|blob| repository.git.find_blob(blob)).transpose();
    let committed = committed.map_err(|_| GitError::Failed(format!("`{path}` is no file there")))?;
    let Some(committed) = committed else {
        return Err(GitError::Failed(format!(
            "`{path}` is in no commit of {}; git_log with its path shows where it was",
            start.id()
        )));
    };
    let text = match revision {
        Some(_) => committed.content().to_vec(),
        None => on_disk(repository, path, &inner, committed.content())?,
    };
    if text.len().max(committed.content().len()) > LARGE || text.contains(&0) {
        return Err(GitError::Failed(format!("`{path}` is binary, or larger than {LARGE} bytes")));
    }
    let total = count(&text);
    if first == 0 || first > total.max(1) {
        return Err(GitError::Arguments(format!("`offset` {first} is not among the lines 1 to {total}")));
    }
    let wanted = first - 1..total.min(first - 1 + limit);
    let mut walk = Walk {
        repository,
        bound,
        queue: BinaryHeap::new(),
        waiting: HashMap::new(),
        found: vec![None; total],
        order: 0,
        places: HashMap::from([(inner.clone(), places)]),
        versions: VecDeque::new(),
    };
    let all = vec![Piece { last: wanted.start, here: wanted.start, count: wanted.len() }];
    // What differs from the commit is in none yet.
    let (_, passed) = split(&all, &changes(committed.content(), &text)?);
    walk.run(&start, inner, passed)?;
    let rest = total - wanted.end;
    let mut shown = runs(repository, &text, wanted, &walk.found)?;
    if rest > 0 {
        let _ = writeln!(shown, "({rest} more lines: offset {})", total - rest + 1);
    }
    Ok(shown)
}

/// The file as git would have it.
fn on_disk(
    repository: &Repository,
    path: &RelPath,
    inner: &Path,
    committed: &[u8],
) -> Result<Vec<u8>, GitError> {
    let located = repository.snapshot.locate(path)?;
    let old = Side::File(crate::workspace::FileContent::new(committed, None));
    match super::index::normal(repository, inner, &old, repository.snapshot.underneath(&located)?) {
        Side::File(file) => Ok(file.bytes.to_vec()),
        Side::Absent => {
            Err(GitError::Failed(format!("`{path}` is not on disk; `rev` names a commit that has it")))
        }
        Side::Link(_) | Side::Folder => Err(GitError::Failed(format!("`{path}` is no regular file"))),
    }
}

/// A parent that may have written lines, the path there, and what changed from it; nothing where nothing did.
type Parent<'r> = (Commit<'r>, PathBuf, Option<Vec<Change>>);

struct Walk<'r> {
    repository: &'r Repository,
    bound: &'r Bound,
    /// Newest first.
    queue: BinaryHeap<(i64, Reverse<usize>, Suspect)>,
    /// Lines that are still looked for.
    waiting: HashMap<Suspect, Vec<Piece>>,
    /// The commit of each line.
    found: Vec<Option<Oid>>,
    order: usize,
    /// What trees have at each path that the file had.
    places: HashMap<PathBuf, Places<'r>>,
    /// The newest last.
    versions: VecDeque<Rc<Blob<'r>>>,
}

impl<'r> Walk<'r> {
    fn run(&mut self, start: &Commit<'r>, path: PathBuf, pieces: Vec<Piece>) -> Result<(), GitError> {
        self.hand(start, path, pieces);
        while let Some((_, _, suspect)) = self.queue.pop() {
            self.bound.go_on()?;
            let Some(mut pieces) = self.waiting.remove(&suspect) else { continue };
            let commit = self.repository.git.find_commit(suspect.commit)?;
            for (parent, path, changed) in self.parents(&commit, &suspect.path)? {
                let passed;
                (pieces, passed) = match changed {
                    None => (Vec::new(), pieces),
                    Some(changed) => split(&pieces, &changed),
                };
                self.hand(&parent, path, passed);
            }
            for piece in pieces {
                self.found[piece.last..piece.last + piece.count].fill(Some(suspect.commit));
            }
        }
        Ok(())
    }

    /// Makes a commit answer for lines.
    fn hand(&mut self, to: &Commit<'_>, path: PathBuf, pieces: Vec<Piece>) {
        if pieces.is_empty() {
            return;
        }
        let suspect = Suspect { commit: to.id(), path };
        if let Some(waiting) = self.waiting.get_mut(&suspect) {
            waiting.extend(pieces);
            return;
        }
        self.order += 1;
        self.queue.push((to.time().seconds(), Reverse(self.order), suspect.clone()));
        self.waiting.insert(suspect, pieces);
    }

    /// The parents that a file may come from. One that has the very same file answers for all of it.
    fn parents(&mut self, commit: &Commit<'r>, path: &Path) -> Result<Vec<Parent<'r>>, GitError> {
        let Some(own) = self.at_path(commit, path)? else { return Ok(Vec::new()) };
        let mut found: Vec<(usize, Commit<'r>, PathBuf, Oid)> = Vec::new();
        let mut without = Vec::new();
        for (place, parent) in commit.parent_ids().enumerate() {
            let parent = match self.repository.git.find_commit(parent) {
                Ok(parent) => parent,
                // Where a clone was cut off.
                Err(error) if error.code() == ErrorCode::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            match self.at_path(&parent, path)? {
                Some(blob) if blob == own => return Ok(vec![(parent, path.to_path_buf(), None)]),
                Some(blob) => found.push((place, parent, path.to_path_buf(), blob)),
                None => without.push((place, parent)),
            }
        }
        for (place, parent) in without {
            self.bound.go_on()?;
            match renames::source(self.repository, &parent, commit, path, own)? {
                Some((from, blob)) if blob == own => return Ok(vec![(parent, from, None)]),
                Some((from, blob)) => found.push((place, parent, from, blob)),
                None => {}
            }
        }
        found.sort_by_key(|(place, ..)| *place);
        let mut seen = HashSet::new();
        found.retain(|(_, _, _, blob)| seen.insert(*blob));
        let new = self.version(own)?;
        let with_changes = |(_, parent, path, blob)| {
            let old = self.version(blob)?;
            Ok((parent, path, Some(changes(old.content(), new.content())?)))
        };
        found.into_iter().map(with_changes).collect()
    }

    /// What a commit has at a path.
    fn at_path(&mut self, commit: &Commit<'_>, path: &Path) -> Result<Option<Oid>, GitError> {
        if let Some(places) = self.places.get_mut(path) {
            return places.of(commit.tree_id());
        }
        let mut places = Places::new(self.repository, path)?;
        let found = places.of(commit.tree_id());
        self.places.insert(path.to_path_buf(), places);
        found
    }

    fn version(&mut self, id: Oid) -> Result<Rc<Blob<'r>>, GitError> {
        if let Some(known) = self.versions.iter().find(|blob| blob.id() == id) {
            return Ok(Rc::clone(known));
        }
        let blob = Rc::new(self.repository.git.find_blob(id)?);
        if self.versions.len() == KEPT {
            self.versions.pop_front();
        }
        self.versions.push_back(Rc::clone(&blob));
        Ok(blob)
    }
}

/// Divides lines into those that changes touch, and those that the older version has too, at their places there.
fn split(pieces: &[Piece], changes: &[Change]) -> (Vec<Piece>, Vec<Piece>) {
    let (mut kept, mut passed) = (Vec::new(), Vec::new());
    for piece in pieces {
        let (mut at, end) = (piece.here, piece.here + piece.count);
        let mut take = |from: usize, to: usize, place: Option<usize>| {
            let part =
                Piece { last: piece.last + from - piece.here, here: place.unwrap_or(from), count: to - from };
            if to > from {
                if place.is_some() { &mut passed } else { &mut kept }.push(part);
            }
        };
        let first = changes.partition_point(|(_, new)| new.end <= at);
        // Where the lines before the next change are in the older version.
        let (mut old, mut new) =
            first.checked_sub(1).map_or((0, 0), |last| (changes[last].0.end, changes[last].1.end));
        for (before, after) in &changes[first..] {
            if after.start >= end {
                break;
            }
            if at < after.start {
                take(at, after.start, Some(at - new + old));
                at = after.start;
            }
            let to = end.min(after.end);
            take(at, to, None);
            at = at.max(to);
            (old, new) = (before.end, after.end);
        }
        if at < end {
            take(at, end, Some(at - new + old));
        }
    }
    (kept, passed)
}

fn count(text: &[u8]) -> usize {
    let feeds = text.iter().filter(|byte| **byte == b'\n').count();
    feeds + usize::from(!text.is_empty() && !text.ends_with(b"\n"))
}

/// Runs of lines of one commit, each below a line that says which.
fn runs(
    repository: &Repository,
    text: &[u8],
    wanted: Range<usize>,
    found: &[Option<Oid>],
) -> Result<String, GitError> {
    let mut shown = String::new();
    let mut last = None;
    for (place, content) in
        text.split_inclusive(|byte| *byte == b'\n').enumerate().skip(wanted.start).take(wanted.len())
    {
        if last != Some(found[place]) {
            last = Some(found[place]);
            let head = match found[place] {
                None => "not committed".to_owned(),
                Some(id) => {
                    let commit = repository.git.find_commit(id)?;
                    let author = commit.author();
                    let subject = line(commit.summary_bytes().unwrap_or_default());
                    let (name, day) = (line(author.name_bytes()), date::day(author.when()));
                    format!("{} {day} {name}: {subject}", repository.short(id))
                }
            };
            let _ = writeln!(shown, "{head}");
        }
        let content = super::shown(content.strip_suffix(b"\n").unwrap_or(content));
        let _ = writeln!(shown, "{:>6}\t{content}", place + 1);
    }
    Ok(shown)
}
