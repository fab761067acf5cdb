//! `find_files`: files by a glob.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::glob::glob;
use crate::tools::tree::{below, gaps, walk};
use crate::tools::window::Window;
use crate::workspace::{Kind, Reach, RelPath};
use schemars::JsonSchema;
use serde::Deserialize;
use std::cmp::Reverse;
use std::fmt::Write as _;

/// Files of a reply, and the most of one.
const FILES: (usize, usize) = (500, 5_000);

/// Find files by glob.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FindFiles {
    /// As `*.rs` or `src/**/test_*`
    pattern: String,
    path: Option<String>,
    /// Include gitignored
    ignored: Option<bool>,
    newest_first: Option<bool>,
    offset: Option<usize>,
    limit: Option<usize>,
}

impl Tool for FindFiles {
    const NAME: &'static str = "find_files";
    const TITLE: &'static str = "Find files";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let folder = context.path(self.path.as_deref().unwrap_or("."))?;
        let folder = context.snapshot.locate(&folder)?;
        let matcher = glob(&self.pattern)?;
        let reach = Reach { depth: usize::MAX, hidden: true, ignored: self.ignored.unwrap_or(false) };
        let mut walked = walk(context, &folder, reach)?;
        walked.entries.retain(|(path, kind)| {
            matches!(kind, Kind::File | Kind::Link) && matcher.is_match(below(path, &folder))
        });
        let mut paths: Vec<&RelPath> = walked.entries.iter().map(|(path, _)| path).collect();
        if self.newest_first.unwrap_or(false) {
            newest_first(context, &mut paths)?;
        }
        let window = Window::new(self.offset, self.limit, FILES.0, FILES.1);
        let mut reply = String::new();
        for path in &paths[window.of(paths.len())] {
            let _ = writeln!(reply, "{path}");
        }
        let count = paths.len();
        let word = if count == 1 { "file" } else { "files" };
        let _ = write!(reply, "({count} {word}{}{})", window.rest(count), gaps(&walked));
        Ok(ToolOutput::text(reply))
    }
}

/// Sorts by the time of the last change; what is staged is newest.
fn newest_first(context: &ToolContext, paths: &mut Vec<&RelPath>) -> Result<(), ToolError> {
    let snapshot = &context.snapshot;
    let mut dated = Vec::with_capacity(paths.len());
    for (place, path) in paths.iter().enumerate() {
        if place % 256 == 0 {
            context.cancelled()?;
            context.progress(place as u64, Some(paths.len() as u64), "files dated");
        }
        let staged = snapshot.staging().get(path).is_some();
        let modified = snapshot.roots().lstat(path).ok().and_then(|stat| stat.modified);
        dated.push((Reverse((staged, modified)), *path));
    }
    dated.sort();
    *paths = dated.into_iter().map(|(_, path)| path).collect();
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    #[track_caller]
    fn check(arguments: Value, reply: Expect) {
        let project = Project::new(&[
            (".gitignore", "target/\n"),
            (".git/HEAD", ""),
            ("src/main.rs", ""),
            ("src/a/b.rs", ""),
            ("src/a/b.py", ""),
            ("target/x.rs", ""),
        ]);
        project.call("write_file", json!({ "path": "src/new.rs", "content": "x" }));
        reply.assert_eq(&project.call("find_files", arguments));
    }

    #[test]
    fn globs_match_names_or_paths() {
        check(
            json!({ "pattern": "*.rs" }),
            expect![[r#"
            src/a/b.rs
            src/main.rs
            src/new.rs
            (3 files)"#]],
        );
        check(
            json!({ "pattern": "src/*.rs" }),
            expect![[r#"
            src/main.rs
            src/new.rs
            (2 files)"#]],
        );
        check(
            json!({ "pattern": "a/**", "path": "src" }),
            expect![[r#"
            src/a/b.py
            src/a/b.rs
            (2 files)"#]],
        );
        check(
            json!({ "pattern": "main.rs" }),
            expect![[r#"
            src/main.rs
            (1 file)"#]],
        );
        check(
            json!({ "pattern": "x.*", "ignored": true }),
            expect![[r#"
            target/x.rs
            (1 file)"#]],
        );
        check(json!({ "pattern": "nothing" }), expect!["(0 files)"]);
        check(
            json!({ "pattern": "[" }),
            expect![
                "error: `[` is no glob: unclosed character class; missing ']'; examples: `*.rs`, `src/**/test_*.py`"
            ],
        );
    }

    #[test]
    fn parts_and_order_can_be_asked_for() {
        check(
            json!({ "pattern": "*.rs", "limit": 2 }),
            expect![[r#"
            src/a/b.rs
            src/main.rs
            (3 files; 1 more; ask with offset 2)"#]],
        );
        check(
            json!({ "pattern": "*.rs", "newest_first": true, "limit": 1 }),
            expect![[r#"
            src/new.rs
            (3 files; 2 more; ask with offset 1)"#]],
        );
    }
}
