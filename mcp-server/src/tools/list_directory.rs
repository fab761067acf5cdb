//! `list_directory`: what is in a folder, staged files among it.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::tree::{below, gaps, walk};
use crate::tools::window::Window;
use crate::workspace::{Kind, Reach, RelPath};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

/// Entries of a reply, and the most of one.
const ENTRIES: (usize, usize) = (1_000, 5_000);
/// The deepest that a listing goes.
const DEPTH: usize = 64;

/// List a folder.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ListDirectory {
    path: Option<String>,
    depth: Option<usize>,
    /// Include gitignored
    ignored: Option<bool>,
    sizes: Option<bool>,
    offset: Option<usize>,
    limit: Option<usize>,
}

impl Tool for ListDirectory {
    const NAME: &'static str = "list_directory";
    const TITLE: &'static str = "List directory";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let folder = context.path(self.path.as_deref().unwrap_or("."))?;
        let folder = context.snapshot.locate(&folder)?;
        let reach = Reach {
            depth: self.depth.unwrap_or(1).clamp(1, DEPTH),
            hidden: true,
            ignored: self.ignored.unwrap_or(false),
        };
        let walked = walk(context, &folder, reach)?;
        let window = Window::new(self.offset, self.limit, ENTRIES.0, ENTRIES.1);
        let seen = &walked.entries[window.of(walked.entries.len())];
        let mut reply = String::with_capacity(seen.len() * 24);
        for (path, kind) in seen {
            context.cancelled()?;
            reply.push_str(below(path, &folder));
            line(context, path, *kind, self.sizes.unwrap_or(false), &mut reply);
        }
        let count = walked.entries.len();
        let word = if count == 1 { "entry" } else { "entries" };
        let _ = write!(reply, "({count} {word}{}{})", window.rest(count), gaps(&walked));
        Ok(ToolOutput::text(reply))
    }
}

/// What follows a name.
fn line(context: &ToolContext, path: &RelPath, kind: Kind, sizes: bool, reply: &mut String) {
    let snapshot = &context.snapshot;
    match kind {
        Kind::Folder => reply.push('/'),
        Kind::Link => {
            let to = snapshot.roots().read_link(path).map(|to| RelPath::shown(&to)).unwrap_or_default();
            let _ = write!(reply, " -> {to}");
        }
        Kind::Special => reply.push_str(" (pipe, socket or device)"),
        Kind::File => {}
    }
    let staged = snapshot.staging().get(path);
    if sizes && kind == Kind::File {
        let size = match staged.and_then(|staged| staged.top.file()) {
            Some(file) => Some(file.bytes.len() as u64),
            None => snapshot.roots().lstat(path).ok().map(|stat| stat.size),
        };
        let _ = size.map(|size| write!(reply, "  {size} bytes"));
    }
    reply.push_str(if staged.is_some() { "  (staged)\n" } else { "\n" });
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use expect_test::expect;
    use serde_json::json;

    fn project() -> Project {
        let project = Project::new(&[
            (".gitignore", "target/\n*.log\n"),
            (".github/ci.yml", ""),
            ("src/main.rs", "fn main() {}\n"),
            ("src/a/b.rs", ""),
            ("target/x", ""),
            ("x.log", ""),
        ]);
        project.write(".git/HEAD", "");
        project
    }

    #[test]
    fn a_folder_is_listed_without_what_is_ignored() {
        let project = project();
        expect![[r#"
            .github/
            .gitignore
            src/
            (3 entries)"#]]
        .assert_eq(&project.call("list_directory", json!({})));
        expect![[r#"
            .github/
            .gitignore  14 bytes
            src/
            target/
            x.log  0 bytes
            (5 entries)"#]]
        .assert_eq(&project.call("list_directory", json!({ "ignored": true, "sizes": true })));
        expect![[r#"
            a/
            a/b.rs
            main.rs
            (3 entries)"#]]
        .assert_eq(&project.call("list_directory", json!({ "path": "src", "depth": 2 })));
    }

    #[test]
    fn staged_files_are_among_it() {
        let project = project();
        for path in ["src/main.rs", "src/new/deep.rs", "src/a.rs"] {
            project.call("write_file", json!({ "path": path, "content": "x" }));
        }
        expect![[r#"
            a/
            a.rs  (staged)
            a/b.rs
            main.rs  (staged)
            new/
            new/deep.rs  (staged)
            (6 entries)"#]]
        .assert_eq(&project.call("list_directory", json!({ "path": "src", "depth": 3 })));
        // What is worked on is shown, whatever the rules say of it.
        project.call("write_file", json!({ "path": "target/made", "content": "x" }));
        project.call("write_file", json!({ "path": "y.log", "content": "x" }));
        expect![[r#"
            .github/
            .gitignore
            src/
            target/
            y.log  (staged)
            (5 entries)"#]]
        .assert_eq(&project.call("list_directory", json!({ "depth": 1 })));
        expect!["deep.rs  (staged)\n(1 entry)"]
            .assert_eq(&project.call("list_directory", json!({ "path": "src/new" })));
    }

    #[test]
    fn long_lists_come_in_parts() {
        let files: Vec<String> = (0..1_500).map(|number| format!("d/{number:04}")).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|path| (path.as_str(), "")).collect();
        let project = Project::new(&files);
        let end =
            |arguments| project.call("list_directory", arguments).lines().next_back().unwrap().to_owned();
        assert_eq!(end(json!({ "path": "d" })), "(1500 entries; 500 more; ask with offset 1000)");
        assert_eq!(end(json!({ "path": "d", "offset": 1_000 })), "(1500 entries)");
        assert_eq!(
            end(json!({ "path": "d", "offset": 9_000 })),
            "(1500 entries; offset 9000 is past the end)"
        );
    }

    #[test]
    fn what_is_no_folder_is_told() {
        let project = project();
        let list = |path: &str| project.call("list_directory", json!({ "path": path }));
        assert!(list("src/main.rs").contains("is no folder"), "{}", list("src/main.rs"));
        assert!(list("no").contains("does not exist"));
        assert!(list(".git").contains("protected"));
        assert!(list("..").contains("refused"));
    }

    #[cfg(unix)]
    #[test]
    fn strange_names_are_shown_and_can_be_read() {
        use std::os::unix::{ffi::OsStrExt, fs::symlink};
        let project = Project::new(&[]);
        let name = std::ffi::OsStr::from_bytes(b"bad\xff\n\xe2\x80\xae.txt");
        #[expect(clippy::disallowed_methods, reason = "a name that the fixture cannot write")]
        std::fs::write(project.root().join(name), "hello").unwrap();
        symlink("bad", project.root().join("link")).unwrap();
        expect![[r#"
            bad\xff\u{a}\u{202e}.txt
            link -> bad
            (2 entries)"#]]
        .assert_eq(&project.call("list_directory", json!({})));
        let read = project.call("read_file", json!({ "path": r"bad\xff\u{a}\u{202e}.txt" }));
        assert!(read.contains("hello"), "{read}");
    }
}
