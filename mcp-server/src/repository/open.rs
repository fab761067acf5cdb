//! Finding a repository and looking at it before libgit2 does: everything that it reads has to lie inside of the
//! workspace, and nothing may be a pipe or device that would never end.

use super::{GitError, Repository, config};
use crate::workspace::{Kind, ReadError, RelPath, Roots, Snapshot};
use git2::RepositoryOpenFlags;
use std::path::{Component, Path, PathBuf};
use std::sync::Once;

/// The largest file that points to a git folder, in bytes.
const POINTER: u64 = 8 << 10;
/// The most references in files of their own that are looked at.
const REFERENCES: usize = 50_000;
/// How many repositories may borrow objects from each other, as with git.
const ALTERNATES: usize = 5;

/// Opens the repository around a path, and refuses it where a part of it lies outside.
pub(super) fn open(snapshot: &Snapshot, path: &RelPath) -> Result<Repository, GitError> {
    let (folder, git) = find(snapshot, path)?;
    check(snapshot, &git)?;
    trust_stored_objects();
    let roots = snapshot.roots();
    let flags = RepositoryOpenFlags::NO_SEARCH;
    let opened = git2::Repository::open_ext(absolute(roots, &folder)?, flags, std::iter::empty::<&Path>())
        .map_err(|error| unsupported(snapshot, &git, error))?;
    // What libgit2 made of it is held to the same rule: it may have followed something else.
    for part in [opened.path(), opened.commondir()] {
        inside(roots, part, "its git folder")?;
    }
    let work =
        opened.workdir().map(|work| inside(roots, work, "its working tree (`core.worktree`)")).transpose()?;
    Ok(Repository { git: opened, snapshot: snapshot.clone(), name: work.clone().unwrap_or(folder), work })
}

/// Reads objects as git does: their names are checked when they arrive, and their checksums of compression each time. To
/// hash each anew takes most of the time of a long history.
fn trust_stored_objects() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| git2::opts::strict_hash_verification(false));
}

/// The nearest folder upwards that has a repository, and its git folder.
fn find(snapshot: &Snapshot, path: &RelPath) -> Result<(RelPath, RelPath), GitError> {
    let roots = snapshot.roots();
    let mut at =
        if path.is_root() && roots.all().len() > 1 { only_root(snapshot)? } else { snapshot.locate(path)? };
    loop {
        let dot = at.join(".git");
        match roots.lstat(&dot) {
            Ok(stat) if stat.kind == Kind::File => {
                let git = pointed(roots, &dot)?;
                return Ok((at, git));
            }
            Ok(stat) if matches!(stat.kind, Kind::Folder | Kind::Link) => {
                let git = roots.resolve(&dot).map_err(|_| leads_outside(&dot))?;
                return match roots.lstat(&git).map(|stat| stat.kind) {
                    Ok(Kind::Folder) => Ok((at, git)),
                    Ok(Kind::File) => pointed(roots, &git).map(|git| (at, git)),
                    _ => Err(leads_outside(&dot)),
                };
            }
            Ok(_) => return Err(GitError::Refused(format!("`{dot}` is neither a folder nor a file"))),
            Err(ReadError::NotFound { .. } | ReadError::NoRoot { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let is_there = |name: &str, kind| roots.lstat(&at.join(name)).is_ok_and(|stat| stat.kind == kind);
        if is_there("HEAD", Kind::File) && is_there("objects", Kind::Folder) && is_there("refs", Kind::Folder)
        {
            return Ok((at.clone(), at));
        }
        match at.parent().filter(|parent| !parent.is_root() || roots.all().len() == 1) {
            Some(parent) => at = parent,
            None => return Err(none(path)),
        }
    }
}

fn none(path: &RelPath) -> GitError {
    GitError::Failed(format!(
        "no git repository holds `{path}` within the workspace (one around the workspace is not used); `repo` names the folder of another, git_clone makes one"
    ))
}

/// The one root that has a repository, where none is named.
fn only_root(snapshot: &Snapshot) -> Result<RelPath, GitError> {
    let roots = snapshot.roots();
    let all = roots.all().iter().map(|root| roots.in_root(root, &RelPath::root()));
    let mut with: Vec<RelPath> = all.filter(|root| roots.lstat(&root.join(".git")).is_ok()).collect();
    match (with.len(), with.pop()) {
        (1, Some(only)) => Ok(only),
        (0, _) => Err(none(&RelPath::root())),
        (_, last) => {
            let names: Vec<String> = with.iter().chain(&last).map(|root| format!("`{root}`")).collect();
            Err(GitError::Arguments(format!(
                "there are several repositories; name one with `repo`: {}",
                names.join(", ")
            )))
        }
    }
}

/// Where a `.git` file points.
fn pointed(roots: &Roots, file: &RelPath) -> Result<RelPath, GitError> {
    let bytes = roots.peek(file, POINTER)?;
    let text = String::from_utf8_lossy(&bytes);
    let to = text.strip_prefix("gitdir:").map(str::trim).filter(|to| !to.is_empty());
    let to =
        to.ok_or_else(|| GitError::Failed(format!("`{file}` is a file that points to no git folder")))?;
    let folder = file.parent().unwrap_or_else(RelPath::root);
    let named = follow(roots, &folder, Path::new(to)).ok_or_else(|| leads_outside(file))?;
    roots.resolve(&named).map_err(|_| leads_outside(file))
}

fn leads_outside(what: &RelPath) -> GitError {
    GitError::Refused(format!(
        "`{what}` leads to a git folder outside of the workspace; start the server with the repository that it belongs to as a root (--root)"
    ))
}

/// A path as a file of git's says it, seen from a folder, as one of the workspace.
pub(super) fn follow(roots: &Roots, folder: &RelPath, to: &Path) -> Option<RelPath> {
    let base = absolute(roots, folder).ok()?;
    let mut plain = PathBuf::new();
    for part in base.join(to).components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    roots.parse(plain.to_str()?).ok()
}

pub(super) fn absolute(roots: &Roots, path: &RelPath) -> Result<PathBuf, GitError> {
    let (root, inner) = roots.locate(path).ok_or_else(|| none(path))?;
    Ok(if inner.is_root() { root.path.clone() } else { root.path.join(inner.to_os()) })
}

/// The workspace's path of a folder that libgit2 settled on.
fn inside(roots: &Roots, folder: &Path, what: &str) -> Result<RelPath, GitError> {
    let refuse = || {
        GitError::Refused(format!(
            "{what} is `{}`, outside of the workspace; start the server with that repository as a root (--root)",
            RelPath::shown(folder)
        ))
    };
    let path = folder.to_str().and_then(|text| roots.parse(text).ok()).ok_or_else(refuse)?;
    if path.is_root() && roots.all().len() > 1 {
        return Err(refuse());
    }
    roots.resolve(&path).map_err(|_| refuse())
}

/// Looks at a git folder: links lead nowhere else, nothing is special, and what it names lies inside.
pub(super) fn check(snapshot: &Snapshot, git: &RelPath) -> Result<(), GitError> {
    let roots = snapshot.roots();
    check_folder(roots, git)?;
    let mut common = git.clone();
    let pointer = git.join("commondir");
    if roots.lstat(&pointer).is_ok() {
        let bytes = roots.peek(&roots.resolve(&pointer)?, POINTER)?;
        let to = String::from_utf8_lossy(&bytes);
        let named = follow(roots, git, Path::new(to.trim())).and_then(|named| roots.resolve(&named).ok());
        common = named.ok_or_else(|| leads_outside(&pointer))?;
        check_folder(roots, &common)?;
    }
    config::check(snapshot, &common.join("config"))?;
    config::check(snapshot, &git.join("config.worktree"))?;
    for inner in ["info", "objects", "objects/info", "objects/pack"] {
        check_folder(roots, &common.join(inner))?;
    }
    let mut left = REFERENCES;
    for folder in [common.join("refs"), git.join("refs")] {
        check_references(roots, &folder, &mut left)?;
    }
    check_alternates(roots, &common.join("objects"), 0)
}

/// No entry of a folder leads outside or is special. What is not there is in order.
fn check_folder(roots: &Roots, folder: &RelPath) -> Result<Vec<RelPath>, GitError> {
    let entries = match roots.list(folder) {
        Ok((entries, _)) => entries,
        Err(ReadError::NotFound { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut folders = Vec::new();
    for (path, kind) in entries {
        match kind {
            Kind::File => {}
            Kind::Folder => folders.push(path),
            // git's own daemons leave sockets here, which libgit2 never opens.
            Kind::Special if path.file_name().contains("fsmonitor") => {}
            Kind::Special => {
                return Err(GitError::Refused(format!(
                    "`{path}` is a pipe, socket or device, which git would wait for"
                )));
            }
            Kind::Link => match roots.stat(&path).map(|stat| stat.kind) {
                Ok(Kind::File | Kind::Folder) => {}
                // It points nowhere, and nothing is made there: git replaces links.
                Err(ReadError::NotFound { .. }) => {}
                _ => {
                    return Err(GitError::Refused(format!(
                        "`{path}` is a link that leads outside of the workspace"
                    )));
                }
            },
        }
    }
    Ok(folders)
}

fn check_references(roots: &Roots, folder: &RelPath, left: &mut usize) -> Result<(), GitError> {
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        folders.extend(check_folder(roots, &folder)?);
        *left = left.saturating_sub(1);
        if *left == 0 {
            return Err(GitError::Refused(format!(
                "`{folder}` has too many folders of references; `git pack-refs --all` packs them"
            )));
        }
    }
    Ok(())
}

/// Objects are borrowed only from inside of the workspace.
fn check_alternates(roots: &Roots, objects: &RelPath, depth: usize) -> Result<(), GitError> {
    let file = objects.join("info/alternates");
    if roots.lstat(&file).is_err() {
        return Ok(());
    }
    let bytes = roots.peek(&roots.resolve(&file)?, config::LIMIT)?;
    for line in String::from_utf8_lossy(&bytes).lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let named = follow(roots, objects, Path::new(line)).and_then(|named| roots.resolve(&named).ok());
        let named = named.filter(|_| depth < ALTERNATES).ok_or_else(|| {
            GitError::Refused(format!(
                "`{file}` borrows objects from outside of the workspace; `git repack -a -d` copies them into the repository"
            ))
        })?;
        check_folder(roots, &named)?;
        check_alternates(roots, &named, depth + 1)?;
    }
    Ok(())
}

/// Why libgit2 does not open it, where that can be said better.
fn unsupported(snapshot: &Snapshot, git: &RelPath, error: git2::Error) -> GitError {
    let config = snapshot.roots().peek(&git.join("config"), config::LIMIT).unwrap_or_default();
    let config = String::from_utf8_lossy(&config).to_lowercase();
    if config.contains("objectformat") && config.contains("sha256") {
        return GitError::Failed(
            "the repository names its objects by SHA-256, which is not supported; use the git program through run_command"
                .to_owned(),
        );
    }
    error.into()
}
