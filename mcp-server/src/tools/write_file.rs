//! `write_file`: a whole file, new or replaced.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::listing::counted;
use crate::tools::target::{free, stage};
use crate::workspace::{Encoding, FILE_LIMIT, FileChange, FileContent, LineEnd, ReadError, Side, encode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;

/// Write a whole file; folders are made as needed.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct WriteFile {
    path: String,
    content: String,
}

impl Tool for WriteFile {
    const NAME: &'static str = "write_file";
    const TITLE: &'static str = "Write file";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Stages;
    const IDEMPOTENT: bool = true;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let given = context.path(&self.path)?;
        if self.content.len() as u64 > FILE_LIMIT {
            return Err(ToolError::failed(format!(
                "`content` has {} bytes, over the limit of {FILE_LIMIT}",
                self.content.len()
            )));
        }
        free(context, &given)?;
        let path = context.snapshot.locate(&given)?;
        let before = context.snapshot.side(&path)?;
        let (after, note) = match &before {
            Side::Absent => (FileContent::new(self.content.into_bytes(), None), ""),
            Side::File(file) => replaced(file, &self.content),
            Side::Folder => return Err(ReadError::Folder { path }.into()),
            Side::Link(_) => return Err(ReadError::Outside { path }.into()),
        };
        if before.file().is_some_and(|file| file.bytes == after.bytes) {
            return Ok(ToolOutput::text(format!("`{path}` has this content already; nothing changed")));
        }
        let lines = counted(after.text().map_or(0, |(text, _)| text.lines().count()), "line", "lines");
        let verb = if before == Side::Absent { "new file" } else { "write" };
        let (title, text) = (format!("{verb} {path}"), format!("{verb} `{path}`, {lines}{note}"));
        let change = FileChange { path, before, after: Side::File(after) };
        Ok(ToolOutput::op(text, stage(title, change)))
    }
}

/// A file's new content in the form of the old one, and what is to be said of that.
fn replaced(old: &FileContent, content: &str) -> (FileContent, &'static str) {
    let Ok((text, encoding)) = old.text() else {
        return (FileContent::new(content.as_bytes(), old.mode), " (it was binary)");
    };
    // Who reads lines does not see how they end, so a whole file of `\n` means "as before".
    let ends_crlf = text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count();
    let keeps = ends_crlf && content.contains('\n') && !content.contains('\r');
    let content = if keeps { LineEnd::CrLf.apply(content) } else { Cow::Borrowed(content) };
    let content = content.trim_start_matches('\u{feff}');
    match encode(content, encoding) {
        Ok(bytes) => {
            let note = match (keeps, encoding) {
                (true, _) => " (with CRLF, as before)",
                (false, Encoding::Utf8) => "",
                (false, _) => " (in its encoding)",
            };
            (FileContent::new(bytes, old.mode), note)
        }
        // What was taken for Latin-1 by guess becomes UTF-8 when its new text needs it.
        Err(_) => (FileContent::new(content.as_bytes(), old.mode), " (now in UTF-8)"),
    }
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use serde_json::json;

    fn write(project: &Project, path: &str, content: &str) -> String {
        project.call("write_file", json!({ "path": path, "content": content }))
    }

    #[track_caller]
    fn check(before: &[u8], content: &str, after: &[u8]) {
        let project = Project::new(&[]);
        project.write("a", before);
        write(&project, "a", content);
        project.call("accept_changes", json!({}));
        assert_eq!(
            project.on_disk("a").unwrap().escape_ascii().to_string(),
            after.escape_ascii().to_string()
        );
    }

    #[test]
    fn a_file_keeps_its_form() {
        check(b"a\nb", "c\nd\n", b"c\nd\n");
        check(b"a\r\nb\r\n", "c\nd\n", b"c\r\nd\r\n");
        check(b"a\r\nb\n", "c\nd\n", b"c\nd\n");
        check(b"\xef\xbb\xbfa", "\u{feff}b", b"\xef\xbb\xbfb");
        check(b"\xe9", "\u{e8}", b"\xe8");
        check(b"\xe9", "\u{20ac}", "\u{20ac}".as_bytes());
        check(b"a\0", "b", b"b");
    }

    #[test]
    fn folders_are_made_as_needed() {
        let project = Project::new(&[]);
        assert!(write(&project, "new/deep/a.txt", "x").starts_with("new file `new/deep/a.txt`, 1 line"));
        project.call("accept_changes", json!({}));
        assert_eq!(project.on_disk("new/deep/a.txt").as_deref(), Some(&b"x"[..]));
        assert!(write(&project, "new/deep/a.txt", "x").contains("nothing changed"));
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let project = Project::new(&[("d/x", ""), ("f", "")]);
        assert!(write(&project, "d", "x").contains("`d` is a folder"));
        assert!(write(&project, "f/x/y", "x").contains("`f` is a file"), "{}", write(&project, "f/x/y", "x"));
        write(&project, "s/t", "x");
        assert!(write(&project, "s/t/u", "x").contains("`s/t` is a file"));
        assert!(write(&project, "s", "x").contains("`s` is a folder"));
        assert!(write(&project, ".GIT/hooks/pre-commit", "x").contains("protected"));
        assert!(write(&project, "../x", "x").contains("`..` is refused"));
        assert_eq!(project.handle.snapshot().staging().files().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_outside() {
        use std::os::unix::fs::symlink;
        let (project, outside) = (Project::new(&[("in.txt", "in")]), tempfile::tempdir().unwrap());
        symlink(outside.path(), project.root().join("dir")).unwrap();
        symlink(outside.path().join("new"), project.root().join("dangling")).unwrap();
        symlink("in.txt", project.root().join("inside")).unwrap();
        assert!(write(&project, "dir/new.txt", "x").contains("leaves the workspace"));
        assert!(write(&project, "dangling", "x").contains("leaves the workspace"));
        assert!(write(&project, "inside", "x").contains("`in.txt`"));
        assert_eq!(project.handle.snapshot().staging().files().count(), 1);
    }
}
