//! `read_files`: several text files at once, each with its own text or error.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::page::{BYTES, LINES, page};
use crate::tools::target::text_of;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

/// The most files of a call.
const FILES: usize = 200;

/// Read several text files.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReadFiles {
    paths: Vec<String>,
}

impl Tool for ReadFiles {
    const NAME: &'static str = "read_files";
    const TITLE: &'static str = "Read files";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        if self.paths.is_empty() || self.paths.len() > FILES {
            let count = self.paths.len();
            return Err(ToolError::failed(format!("`paths` has {count} paths; give 1 to {FILES}")));
        }
        let mut reply = String::new();
        let mut lines = LINES;
        let mut left_out = Vec::new();
        for path in &self.paths {
            context.cancelled()?;
            let room = BYTES.saturating_sub(reply.len());
            if room < path.len() + 200 || lines == 0 {
                left_out.push(path.as_str());
                continue;
            }
            match read(context, path, lines, room) {
                Ok((text, read)) => {
                    lines -= read.min(lines);
                    reply.push_str(&text);
                }
                Err(error) => drop(writeln!(reply, "{error}\n")),
            }
        }
        if !left_out.is_empty() {
            let names = left_out[..left_out.len().min(20)].join("`, `");
            let _ = write!(reply, "{} more; ask again with `{names}`", left_out.len());
        }
        Ok(ToolOutput::text(reply.trim_end()))
    }
}

/// A file with a heading, and how many lines of it are shown.
fn read(context: &ToolContext, path: &str, lines: usize, room: usize) -> Result<(String, usize), ToolError> {
    let path = context.path(path)?;
    let seen = context.snapshot.read(&path)?;
    let (text, encoding) = text_of(&path, &seen.content)?;
    let page = page(&text, 1, lines, room);
    let shown = page.total - page.more;
    let encoding =
        if encoding == crate::workspace::Encoding::Utf8 { String::new() } else { format!("; {encoding}") };
    Ok((format!("=== {path} ({}{encoding})\n{}\n", page.rest(), page.text), shown))
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn each_file_has_its_own_outcome() {
        let project = Project::new(&[("a.txt", "one\ntwo\n"), ("d/b.txt", "b"), ("empty", "")]);
        project.write("bin", b"\0");
        let paths = json!({ "paths": ["a.txt", "no", "bin", "../x", "empty", "d", "d/b.txt"] });
        expect![[r#"
            === a.txt (2 lines)
                 1	one
                 2	two

            `no` does not exist; find_files or list_directory show what does

            `bin` is binary (1 bytes; a NUL byte in its first 8 KiB, or broken UTF-16); file_info tells its size and hash

            `../x` may lead outside of the workspace: `..` is refused; use a path relative to the workspace root

            === empty (the file is empty)

            `d` is a folder; list_directory shows what is in it

            === d/b.txt (1 line)
                 1	b"#]]
        .assert_eq(&project.call("read_files", paths));
    }

    #[test]
    fn the_files_share_one_limit() {
        let project = Project::new(&[("a", &"x\n".repeat(4_000)), ("b", &"y\n".repeat(4_000)), ("c", "z")]);
        let reply = project.call("read_files", json!({ "paths": ["a", "b", "c"] }));
        assert!(reply.contains("=== b (4000 lines; 3000 more; ask with offset 1001)"), "{reply}");
        assert!(reply.ends_with("1 more; ask again with `c`"), "{reply}");
        assert!(project.call("read_files", json!({ "paths": [] })).contains("give 1 to 200"));
    }
}
