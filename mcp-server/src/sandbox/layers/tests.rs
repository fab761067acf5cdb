//! Commands over real overlays, and uppers that no overlay would make.

#![expect(clippy::disallowed_methods, reason = "the tests arrange files of their own")]

use super::*;
use crate::workspace::{FileChange, FileContent, Selection, Workspace};
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

mod cached;
mod hostile;
mod property;
mod staged;

/// A workspace on disk, and the layers of its commands.
struct Place {
    root: tempfile::TempDir,
    state: tempfile::TempDir,
    workspace: Workspace,
    layers: Layers,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let (root, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (path, text) in files {
            write(root.path(), path, text);
        }
        let roots = Roots::open(&[root.path().to_path_buf()]).unwrap();
        let (workspace, _) = Workspace::open(roots, &state.path().join("journal")).unwrap();
        let layers = Layers::open(&state.path().join("layers"), None).unwrap();
        Self { root, state, workspace, layers }
    }

    fn begin(&self) -> Run {
        self.layers.begin(&self.workspace.snapshot(), false).unwrap()
    }

    /// Does something in the fresh upper layer, as an overlay would, and gives what comes of it.
    fn by_hand(&self, work: impl FnOnce(&Path)) -> Effects {
        let run = self.begin();
        work(&run.path.join("upper-0"));
        run.effects().unwrap()
    }

    /// Does something over a real overlay; none where this user may not mount one.
    fn command<T: Send>(&self, work: impl FnOnce(&Path) -> T + Send) -> Option<(T, Effects)> {
        let run = self.begin();
        let done = over(&run, work)?;
        Some((done, run.effects().unwrap()))
    }

    fn stage(&mut self, effects: &Effects) {
        if !effects.changes.is_empty() {
            self.workspace.stage("command".to_owned(), effects.changes.clone()).unwrap();
        }
    }

    fn edit(&mut self, path: &str, text: Option<&str>) {
        let path = RelPath::parse(path).unwrap();
        let before = self.workspace.snapshot().side(&path).unwrap();
        let after =
            text.map_or(Side::Absent, |text| Side::File(FileContent::new(text.as_bytes(), before.mode())));
        if !before.same(&after) {
            self.workspace.stage("edit".to_owned(), vec![FileChange { path, before, after }]).unwrap();
        }
    }

    fn accept(&mut self) {
        if !self.workspace.snapshot().staging().is_empty() {
            self.workspace.accept(&Selection::default()).unwrap();
        }
    }
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Mounts what a run has made ready, in a thread that has it alone, and does something in it.
#[expect(unsafe_code, reason = "only this thread's view of mounts changes, and it ends with the thread")]
fn over<T: Send>(run: &Run, work: impl FnOnce(&Path) -> T + Send) -> Option<T> {
    let merged = tempfile::tempdir().unwrap();
    let view = run.view();
    let overlay = &view.overlays[0];
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: no file descriptor table or thread state is unshared but the mounts'.
            unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.ok()?;
            mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).ok()?;
            let text = |name: &std::ffi::OsString| name.to_str().unwrap().to_owned();
            let lower: Vec<String> = overlay.lower.iter().map(text).collect();
            let options = format!(
                "userxattr,lowerdir={},upperdir={},workdir={}\0",
                lower.join(":"),
                text(&overlay.upper),
                text(&overlay.work)
            );
            let options = std::ffi::CStr::from_bytes_with_nul(options.as_bytes()).unwrap();
            mount("overlay", merged.path(), "overlay", MountFlags::empty(), Some(options)).unwrap();
            let done = work(merged.path());
            unmount(merged.path(), UnmountFlags::empty()).unwrap();
            Some(done)
        });
        thread.join().unwrap()
    })
}

fn skipped(test: &str) {
    eprintln!("skipped: {test}: this user or this kernel cannot mount an overlay");
}

/// What a tree holds, a line for each name.
fn listing(root: &Path) -> BTreeMap<String, String> {
    let (mut found, mut open) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap();
            let what = if kind.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else if kind.is_dir() {
                open.push(path.clone());
                "folder".to_owned()
            } else if !kind.is_file() {
                "deletion".to_owned()
            } else {
                let mode = kind.permissions().mode() & 0o777;
                format!("{mode:o} {}", String::from_utf8_lossy(&fs::read(&path).unwrap()))
            };
            found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), what);
        }
    }
    found
}

/// Changes, a line for each.
fn told(effects: &Effects) -> String {
    let side = |side: &Side| match side {
        Side::Absent => "nothing".to_owned(),
        Side::File(file) => {
            let mode = file.mode.map_or(String::new(), |mode| format!(" {mode:o}"));
            format!("{:?}{mode}", String::from_utf8_lossy(&file.bytes))
        }
        Side::Link(to) => format!("-> {}", to.display()),
        Side::Folder => "folder".to_owned(),
    };
    let mut lines: Vec<String> = effects
        .changes
        .iter()
        .map(|change| format!("{}: {} => {}\n", change.path, side(&change.before), side(&change.after)))
        .collect();
    lines.sort();
    let mut refused: Vec<String> =
        effects.refused.iter().map(|(path, rule)| format!("{path}: refused: {rule}\n")).collect();
    refused.sort();
    let cached = if effects.cached > 0 { format!("cached: {}\n", effects.cached) } else { String::new() };
    lines.concat() + &refused.concat() + &cached
}
