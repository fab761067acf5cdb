//! `move_path`: a file, a link or a folder gets another path.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::subtree::{files, subtree};
use crate::tools::target::free;
use crate::tools::tree::below;
use crate::workspace::{FileChange, RelPath, Side, WorkspaceOp};
use schemars::JsonSchema;
use serde::Deserialize;

/// Move or rename a file or folder.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct MovePath {
    from: String,
    /// The whole new path
    to: String,
}

impl Tool for MovePath {
    const NAME: &'static str = "move_path";
    const TITLE: &'static str = "Move";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let snapshot = &context.snapshot;
        let from = snapshot.locate_entry(&context.path(&self.from)?)?;
        let to = context.path(&self.to)?;
        let taken = subtree(context, &from)?;
        free(context, &to)?;
        let to = snapshot.locate_entry(&to)?;
        if to == from {
            return Err(ToolError::failed(format!("`{from}` is there already; nothing changed")));
        }
        if to.is_below(&from) {
            return Err(ToolError::failed(format!(
                "`{to}` is inside of `{from}`, which cannot move into itself"
            )));
        }
        refuse_taken(context, &from, &to)?;
        let what = if taken.len() == 1 { String::new() } else { format!(" ({})", files(&taken)) };
        let mut changes = Vec::with_capacity(taken.len() * 2);
        for (path, before) in taken {
            let place = if path == from {
                to.clone()
            } else {
                RelPath::parse(&format!("{to}/{}", below(&path, &from)))?
            };
            // Folders are made for what is in them.
            if before != Side::Folder {
                changes.push(FileChange { path: place, before: Side::Absent, after: before.clone() });
            }
            changes.push(FileChange { path, before, after: Side::Absent });
        }
        let op = WorkspaceOp::Stage { title: format!("move {from} to {to}"), files: changes };
        Ok(ToolOutput::op(format!("move `{from}` to `{to}`{what}"), op))
    }
}

/// Refuses a place where there is something already.
fn refuse_taken(context: &ToolContext, from: &RelPath, to: &RelPath) -> Result<(), ToolError> {
    let snapshot = &context.snapshot;
    let there = snapshot.side(to)?;
    if there == Side::Absent {
        return Ok(());
    }
    let parent = to.parent().unwrap_or_else(RelPath::root);
    let has_name = snapshot.list(&parent)?.0.iter().any(|(path, _)| path == to);
    Err(ToolError::failed(match there {
        _ if !has_name => format!(
            "`{from}` and `{to}` are one name to this file system; move by way of a third name, and accept in between"
        ),
        Side::Folder => {
            format!("`{to}` is a folder; give the whole new path, as `{}`", to.join(from.file_name()))
        }
        Side::Absent | Side::File(_) | Side::Link(_) => {
            format!("`{to}` exists already; delete_path it first, or choose another path")
        }
    }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

    use crate::tools::fixture::Project;
    use expect_test::expect;
    use serde_json::json;

    fn to(project: &Project, from: &str, to: &str) -> String {
        project.call("move_path", json!({ "from": from, "to": to }))
    }

    #[test]
    fn files_and_folders_move_as_they_are() {
        let project = Project::new(&[("src/a.rs", "a"), ("src/in/b.rs", "b"), ("x", "x")]);
        project.write("src/bin", b"\0\xff");
        project.call("write_file", json!({ "path": "src/a.rs", "content": "edited" }));
        expect!["move `src` to `lib/core` (3 files)\nstaged as change 2; not written before it is accepted"]
            .assert_eq(&to(&project, "src", "lib/core"));
        expect!["move `x` to `X`\nstaged as change 3; not written before it is accepted"]
            .assert_eq(&to(&project, "x", "X"));
        expect![[r#"
            X  (staged)
            lib/
            lib/core/
            lib/core/a.rs  (staged)
            lib/core/bin  (staged)
            lib/core/in/
            lib/core/in/b.rs  (staged)
            (7 entries)"#]]
        .assert_eq(&project.call("list_directory", json!({ "depth": 9 })));
        project.call("accept_changes", json!({}));
        assert_eq!(project.on_disk("lib/core/a.rs").as_deref(), Some(&b"edited"[..]));
        assert_eq!(project.on_disk("lib/core/bin").as_deref(), Some(&b"\0\xff"[..]));
        assert!(!project.root().join("src").exists() && project.on_disk("x").is_none());
    }

    #[test]
    fn nothing_is_overwritten() {
        let project = Project::new(&[("a", "a"), ("b", "b"), ("d/x", "x")]);
        assert!(to(&project, "a", "b").contains("`b` exists already"));
        assert!(to(&project, "a", "d").contains("as `d/a`"), "{}", to(&project, "a", "d"));
        assert!(to(&project, "a", "b/c").contains("`b` is a file"));
        assert!(to(&project, "d", "d/e").contains("into itself"));
        assert!(to(&project, "a", "a").contains("nothing changed"));
        assert!(to(&project, "no", "c").contains("does not exist"));
        assert!(to(&project, "a", "../out/f").contains("refused"));
        assert!(to(&project, "a", ".git/config").contains("protected"));
        assert!(to(&project, ".", "c").contains("the workspace itself"));
        assert!(project.handle.snapshot().staging().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_mode_and_a_link_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let project = Project::new(&[("run.sh", "#!/bin/sh\n")]);
        let path = project.root().join("run.sh");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o751)).unwrap();
        symlink("run.sh", project.root().join("link")).unwrap();
        to(&project, "run.sh", "go.sh");
        to(&project, "link", "other");
        project.call("accept_changes", json!({}));
        let moved = project.root().join("go.sh").symlink_metadata().unwrap();
        assert_eq!(moved.permissions().mode() & 0o7777, 0o751);
        assert!(project.root().join("other").symlink_metadata().unwrap().is_symlink());
    }
}
