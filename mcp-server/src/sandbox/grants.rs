//! What a command may open where rules on the disk itself confine it: everything but secrets to read, the workspace
//! but for what is pinned to write.

#![expect(
    clippy::disallowed_methods,
    reason = "rules are made for what is there, whatever the workspace shows"
)]

use super::plan::Grants;
use super::secrets;
use crate::workspace::{Protection, RelPath, protection};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders for files of all programs, in which sockets and other people's files lie.
const SHARED: &[&str] = &["/dev", "/run", "/tmp", "/var/tmp", "/var/run"];
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/fd"];
/// How far down other repositories are looked for.
const DEPTH: usize = 3;
/// Folders that are looked into for them, at most.
const FOLDERS: usize = 4_096;

/// The grants of a command with these roots, whose temporary files go to `scratch`.
pub(super) fn grants(roots: &[&Path], home: Option<&Path>, hidden: &[PathBuf], scratch: &Path) -> Grants {
    let homes = fs::read_dir("/home").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut closed = secrets::places(home, homes);
    closed.extend(SHARED.iter().map(PathBuf::from));
    closed.extend(hidden.iter().cloned());
    let mut closed: Vec<PathBuf> = closed.iter().filter_map(|place| fs::canonicalize(place).ok()).collect();
    let mut read = Vec::new();
    open_but(Path::new("/"), &closed, &mut read);
    // A home or a root may lie in a folder that is closed as such.
    closed.retain(|place| !roots.iter().copied().chain(home).any(|shown| shown.starts_with(place)));
    for shown in home.iter().chain(roots) {
        open_but(shown, &closed, &mut read);
    }
    read.extend(["/etc/resolv.conf"].iter().filter_map(|path| fs::canonicalize(path).ok()));
    read.push(scratch.to_owned());
    let mut write = vec![scratch.to_owned()];
    write.extend(DEVICES.iter().map(PathBuf::from));
    let mut folders = FOLDERS;
    for root in roots {
        write.extend(writable(root, root, &closed, (DEPTH, &mut folders)).unwrap_or_default());
    }
    let text = |paths: Vec<PathBuf>| paths.into_iter().map(PathBuf::into_os_string).collect();
    Grants { read: text(read), write: text(write) }
}

/// Grants a folder but for what is closed in it.
fn open_but(folder: &Path, closed: &[PathBuf], granted: &mut Vec<PathBuf>) {
    if closed.iter().any(|place| folder.starts_with(place)) {
        return;
    }
    if !closed.iter().any(|place| place.starts_with(folder)) {
        granted.push(folder.to_owned());
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // A link grants nothing by itself, and what it leads to is granted where it lies.
        if !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            open_but(&entry.path(), closed, granted);
        }
    }
}

/// What may be written of a folder that is to be taken apart; `None` where it can be written as a whole. Only a folder
/// of which nothing is pinned can be: who may write a folder may write all that is in it.
fn writable(
    root: &Path,
    folder: &Path,
    closed: &[PathBuf],
    (depth, folders): (usize, &mut usize),
) -> Option<Vec<PathBuf>> {
    let holds_closed = closed.iter().any(|place| place.starts_with(folder));
    *folders = folders.saturating_sub(1);
    if *folders == 0 && !holds_closed {
        return None;
    }
    let mut whole = depth < DEPTH && !holds_closed;
    let mut granted = Vec::new();
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        let inner = RelPath::from_os(path.strip_prefix(root).unwrap_or(&path));
        match protection(&inner) {
            _ if kind.is_symlink() || closed.contains(&path) => continue,
            Protection::None => {}
            pinned => {
                // One such file below is not worth a folder to which none can be added.
                whole &= pinned == Protection::RunsCode && !kind.is_dir();
                continue;
            }
        }
        let is_looked_into = depth > 0 || closed.iter().any(|place| place.starts_with(&path));
        let parts = match kind.is_dir() && is_looked_into {
            true => writable(root, &path, closed, (depth.saturating_sub(1), &mut *folders)),
            false => None,
        };
        match parts {
            Some(parts) => {
                whole = false;
                granted.extend(parts);
            }
            None => granted.push(path),
        }
    }
    if whole { None } else { Some(granted) }
}

#[cfg(test)]
mod tests {
    use super::grants;
    use std::fs;
    use std::path::{Path, PathBuf};

    #[test]
    fn what_is_pinned_and_what_is_secret_is_not_granted() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "home/.ssh",
            "home/ws/.git",
            "home/ws/src/deep",
            "home/ws/lib/sub/.git",
            "home/ws/lib/sub/src",
            "home/ws/.vscode",
            "tmp",
        ] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for name in
            ["home/.ssh/id", "home/.toolrc", "home/ws/a.txt", "home/ws/package.json", "home/ws/lib/b.txt"]
        {
            fs::write(at(name), "").unwrap();
        }
        fs::create_dir_all(at("home/ws/a/b/c/d/e")).unwrap();
        fs::write(at("home/ws/a/b/c/d/secret"), "").unwrap();
        let closed = [at("home/ws/a/b/c/d/secret")];
        let granted = grants(&[&at("home/ws")], Some(&at("home")), &closed, &at("tmp"));
        let is_in =
            |list: &[std::ffi::OsString], name: &str| list.iter().any(|path| at(name).starts_with(path));
        for name in [
            "home/ws/src/deep",
            "home/ws/a.txt",
            "home/ws/lib/sub/src",
            "home/ws/lib/b.txt",
            "home/ws/a/b/c/d/e/new",
            "tmp/x",
        ] {
            assert!(is_in(&granted.write, name), "{name}: {granted:?}");
        }
        for name in [
            "home/ws/.git/hooks",
            "home/ws/lib/sub/.git/x",
            "home/ws/.vscode/x",
            "home/ws/package.json",
            "home/ws/new",
            "home/.toolrc",
        ] {
            assert!(!is_in(&granted.write, name), "{name}: {granted:?}");
        }
        assert!(is_in(&granted.read, "home/.toolrc") && is_in(&granted.read, "home/ws/.git/HEAD"));
        assert!(!is_in(&granted.read, "home/.ssh/id"));
        assert!(
            !is_in(&granted.read, "home/ws/a/b/c/d/secret")
                && !is_in(&granted.write, "home/ws/a/b/c/d/secret")
        );
        let reads = |path: &str| {
            granted.read.iter().any(|granted| Path::new(path).starts_with(PathBuf::from(granted)))
        };
        assert!(
            reads("/usr/bin/env")
                && reads("/proc/self")
                && !reads("/etc/shadow")
                && !reads("/run/docker.sock")
        );
    }
}
