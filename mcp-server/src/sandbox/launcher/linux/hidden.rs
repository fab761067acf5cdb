//! What is seen empty: secrets, and the sockets of programs that would do more for a command than it may do itself.

use super::mounts::{Piece, attach_now, clone, remounted_read_only, tmpfs};
use crate::sandbox::plan::{Failure, Setting};
use crate::sandbox::secrets;
use rustix::fs::{Mode, OFlags, mkdirat, openat};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Covered by something else, where no overlay shows it again.
const GONE: [&str; 5] = ["/proc", "/dev", "/run", "/tmp", "/var/tmp"];
/// Where what stands for hidden things is made; it is covered in the end.
const WORKBENCH: &str = "/run";

/// The sockets that have a name on this machine.
pub(super) fn bound_sockets() -> Vec<PathBuf> {
    let list = fs::read("/proc/net/unix").unwrap_or_default();
    list.split(|byte| *byte == b'\n').skip(1).filter_map(socket_path).collect()
}

/// The path at the end of a line, after seven fields; names without a path begin with `@`.
fn socket_path(line: &[u8]) -> Option<PathBuf> {
    let path = line.splitn(8, |byte| *byte == b' ').nth(7)?;
    let start = path.iter().position(|byte| *byte == b'/')?;
    let blank = path[..start].iter().all(|byte| *byte == b' ' || byte.is_ascii_digit());
    blank.then(|| OsString::from_vec(path[start..].to_vec()).into())
}

/// One empty piece for each thing to be hidden.
pub(super) fn pieces(setting: &Setting, sockets: Vec<PathBuf>) -> Result<Vec<Piece>, Failure> {
    let shown: Vec<&Path> = setting.view.overlays.iter().map(|overlay| Path::new(&overlay.at)).collect();
    make(&places(setting, sockets, &shown), &shown)
        .map_err(|error| Failure::confine("hiding secrets", &error))
}

fn places(setting: &Setting, sockets: Vec<PathBuf>, shown: &[&Path]) -> Vec<PathBuf> {
    let home = setting.home.as_deref().map(Path::new);
    let homes = fs::read_dir("/home").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut places = secrets::places(home, homes);
    places.extend(setting.view.hidden.iter().map(PathBuf::from));
    places.extend(sockets);
    let is_below = |place: &Path, folders: &[&Path]| folders.iter().any(|folder| place.starts_with(folder));
    let gone = GONE.map(Path::new);
    let is_seen = |place: &Path| is_below(place, shown) || !is_below(place, &gone);
    // Of most there is nothing, and finding that out is cheap.
    let there = places.iter().filter(|place| is_seen(place) && fs::symlink_metadata(place).is_ok());
    let mut real: Vec<PathBuf> = there.filter_map(|place| fs::canonicalize(place).ok()).collect();
    real.sort();
    // What lies in something hidden is hidden with it.
    real.dedup_by(|inner, outer| inner.starts_with(&*outer));
    real.retain(|place| place.parent().is_some() && is_seen(place));
    real
}

fn make(places: &[PathBuf], shown: &[&Path]) -> io::Result<Vec<Piece>> {
    let bench = tmpfs("0755")?;
    mkdirat(&bench, "folder", Mode::from_raw_mode(0o555))?;
    openat(&bench, "file", OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC, Mode::from_raw_mode(0o444))?;
    attach_now(bench.as_fd(), WORKBENCH)?;
    remounted_read_only(Path::new(WORKBENCH))?;
    let empty = |place: &Path| match place.is_dir() {
        // Somewhere in it is what the command is to see, and a place for that has to be made.
        true if shown.iter().any(|path| path.starts_with(place)) => tmpfs("0755"),
        true => clone(Path::new(WORKBENCH).join("folder")),
        false => clone(Path::new(WORKBENCH).join("file")),
    };
    places.iter().map(|place| Ok(Piece::hiding(place, empty(place)?))).collect()
}
