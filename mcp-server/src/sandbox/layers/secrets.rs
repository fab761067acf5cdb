//! Secret files of the workspace, wherever they lie on disk.

use super::tracked::is_made;
use crate::workspace::{Kind, RelPath, Snapshot, Withheld};
use std::collections::BTreeSet;

/// The most folders that are looked into.
const FOLDERS: usize = 50_000;

/// All that is not shown to a command: what no one is shown, and, without `agreed`, what is asked about. What lies in folders of dependencies is nobody's
/// secret.
pub(super) fn of(start: &Snapshot, agreed: bool) -> BTreeSet<RelPath> {
    let mut secrets = BTreeSet::new();
    let roots = start.roots();
    let mut open: Vec<RelPath> =
        roots.all().iter().map(|root| roots.in_root(root, &RelPath::root())).collect();
    let mut looked_at = 0;
    while let Some(folder) = open.pop() {
        looked_at += 1;
        if looked_at > FOLDERS {
            tracing::warn!(
                "secret files are not hidden from commands in all of this workspace, for it has over {FOLDERS} folders"
            );
            break;
        }
        // What we cannot read, a command cannot read either.
        let Ok((entries, _)) = roots.list(&folder) else { continue };
        for (path, kind) in entries {
            if kind == Kind::Folder {
                let name = path.file_name();
                if name != ".git" && !is_made(name.as_ref(), false, |_| false) {
                    open.push(path);
                }
            } else if start.withheld(&path).is_some_and(|why| why == Withheld::Never || !agreed) {
                secrets.insert(path);
            }
        }
    }
    secrets
}
