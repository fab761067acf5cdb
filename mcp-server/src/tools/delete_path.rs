//! `delete_path`: a file, a link or a folder with all that is in it.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::subtree::{files, subtree};
use crate::workspace::{FileChange, Side, WorkspaceOp};
use schemars::JsonSchema;
use serde::Deserialize;

/// Delete a file or a whole folder.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct DeletePath {
    path: String,
}

impl Tool for DeletePath {
    const NAME: &'static str = "delete_path";
    const TITLE: &'static str = "Delete";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let path = context.snapshot.locate_entry(&context.path(&self.path)?)?;
        let taken = subtree(context, &path)?;
        let what = match taken.as_slice() {
            [(_, Side::File(_))] => String::new(),
            [(_, Side::Link(_))] => " (only the link)".to_owned(),
            all => format!(" ({})", files(all)),
        };
        let change = |(path, before)| FileChange { path, before, after: Side::Absent };
        let op = WorkspaceOp::Stage {
            title: format!("delete {path}"),
            files: taken.into_iter().map(change).collect(),
        };
        Ok(ToolOutput::op(format!("delete `{path}`{what}"), op))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests arrange files of their own")]

    use crate::tools::fixture::Project;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn files_and_folders_go_once_it_is_accepted_and_come_back() {
        let project = Project::new(&[("a", "a"), ("d/x", "x"), ("d/e/.hidden", "h"), ("keep", "k")]);
        let delete = |path: &str| project.call("delete_path", json!({ "path": path }));
        expect!["delete `a`\nstaged as change 1; not written before it is accepted"].assert_eq(&delete("a"));
        expect!["delete `d` (2 files)\nstaged as change 2; not written before it is accepted"]
            .assert_eq(&delete("d"));
        assert!(project.on_disk("d/x").is_some());
        expect!["keep\n(1 entry)"].assert_eq(&project.call("list_directory", json!({})));
        expect!["error: `a` does not exist; find_files or list_directory show what does"]
            .assert_eq(&delete("a"));
        project.call("accept_changes", json!({}));
        assert!(!project.root().join("d").exists() && !project.root().join("a").exists());
        project.call("undo_changes", json!({}));
        assert_eq!(project.on_disk("d/e/.hidden").as_deref(), Some(&b"h"[..]));
    }

    #[test]
    fn a_staged_folder_can_be_deleted_too() {
        let project = Project::new(&[]);
        project.call("write_file", json!({ "path": "n/a", "content": "x" }));
        let reply = project.call("delete_path", json!({ "path": "n" }));
        assert!(reply.starts_with("delete `n`"), "{reply}");
        assert!(project.handle.snapshot().staging().is_empty());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let project = Project::new(&[("sub/.git/HEAD", ""), ("sub/a", ""), ("deep/sub/.git/HEAD", "")]);
        let delete = |path: &str| project.call("delete_path", json!({ "path": path }));
        assert!(delete(".").contains("the workspace itself"));
        assert!(delete("sub").contains("holds a repository's `.git`"));
        assert!(delete("deep").contains("`deep/sub` holds a repository's `.git`"), "{}", delete("deep"));
        assert!(delete("sub/.git").contains("protected"));
        assert!(delete("../x").contains("refused"));
        assert!(delete("sub/a").starts_with("delete `sub/a`"));
    }

    #[cfg(unix)]
    #[test]
    fn of_a_link_only_the_link_goes() {
        let (project, outside) = (Project::new(&[("d/x", "x")]), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(outside.path(), project.root().join("out")).unwrap();
        std::os::unix::fs::symlink("d", project.root().join("in")).unwrap();
        let inside = project.call("delete_path", json!({ "path": "out/x" }));
        assert!(inside.contains("leaves the workspace"), "{inside}");
        for link in ["out", "in"] {
            let reply = project.call("delete_path", json!({ "path": link }));
            assert!(reply.starts_with(&format!("delete `{link}` (only the link)")), "{reply}");
        }
        project.call("accept_changes", json!({}));
        assert!(outside.path().exists() && project.on_disk("d/x").is_some());
        assert!(project.root().join("out").symlink_metadata().is_err());
    }
}
