//! What a command wrote to the workspace itself, where no layer holds it back: what bears a newer time than its start.

#![expect(clippy::disallowed_methods, reason = "times on disk are compared with the clock")]

use crate::workspace::{RelPath, Roots};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Entries that are looked at, and files that are told.
const LOOKED_AT: usize = 200_000;
const TOLD: usize = 1_000;
/// Times of files are as exact as the kernel's ticks.
const TICK: Duration = Duration::from_millis(10);
/// Git's own state, and where there may be more than can be looked at.
const PASSED_OVER: &[&str] = &[".git", "node_modules"];

/// A moment, to be compared with files later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(SystemTime);

impl Since {
    pub(super) fn now() -> Self {
        Self(SystemTime::now() - TICK)
    }

    /// The files of the workspace that changed after it, sorted.
    pub(super) fn changed(self, roots: &Roots) -> Vec<RelPath> {
        let mut left = LOOKED_AT;
        let mut found = Vec::new();
        for root in roots.all() {
            let mut folders = vec![root.path.clone()];
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                    if left == 0 || found.len() == TOLD {
                        break;
                    }
                    left -= 1;
                    let Ok(metadata) = entry.metadata() else { continue };
                    if metadata.is_dir() {
                        let passed = PASSED_OVER.iter().any(|name| entry.file_name() == **name);
                        folders.extend((!passed).then(|| entry.path()));
                    } else if self.is_before(&metadata) {
                        let path = entry.path();
                        let inner = path.strip_prefix(&root.path).map(PathBuf::from).unwrap_or_default();
                        found.push(roots.in_root(root, &RelPath::from_os(&inner)));
                    }
                }
            }
        }
        found.sort();
        found
    }

    fn is_before(self, metadata: &fs::Metadata) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // A program may set the time of the text, but not this one.
            let (seconds, nanos) = (metadata.ctime(), metadata.ctime_nsec());
            let (Ok(seconds), Ok(nanos)) = (u64::try_from(seconds), u32::try_from(nanos)) else {
                return false;
            };
            SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos) >= self.0
        }
        #[cfg(not(unix))]
        metadata.modified().is_ok_and(|time| time >= self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Since;
    use crate::workspace::Roots;
    use std::fs;

    #[test]
    fn only_what_changed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("src/.git")).unwrap();
        fs::write(folder.path().join("old"), "").unwrap();
        std::thread::sleep(super::TICK * 3);
        let since = Since::now();
        for name in ["new", "src/new", "src/.git/new"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let roots = Roots::open(&[folder.path().to_owned()]).unwrap();
        let changed: Vec<String> = since.changed(&roots).iter().map(ToString::to_string).collect();
        assert_eq!(changed, ["new", "src/new"]);
    }
}
