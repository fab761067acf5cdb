//! `read_file`: numbered lines of a text file, or an image.

use crate::tool::{Content, Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::headings::headings;
use crate::tools::page::{BYTES, LINES, page};
use crate::tools::target::text_of;
use crate::workspace::{Encoding, Layer};
use schemars::JsonSchema;
use serde::Deserialize;

/// The largest image, in bytes.
const IMAGE: usize = 4 << 20;

/// Read a text file as numbered lines, or an image.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReadFile {
    path: String,
    /// First line, from 1
    offset: Option<usize>,
    limit: Option<usize>,
    /// Symbols instead of text
    outline: Option<bool>,
}

impl Tool for ReadFile {
    const NAME: &'static str = "read_file";
    const TITLE: &'static str = "Read file";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let path = context.path(&self.path)?;
        let seen = context.snapshot.read(&path)?;
        if let Some(mime) = image_type(&seen.content.bytes) {
            let bytes = seen.content.bytes.to_vec();
            if bytes.len() > IMAGE {
                let size = bytes.len();
                return Err(ToolError::failed(format!("`{path}` is an image of {size} bytes, over 4 MiB")));
            }
            let content = vec![Content::Image { mime, bytes }];
            return Ok(ToolOutput { content, ..ToolOutput::default() });
        }
        let (text, encoding) = text_of(&path, &seen.content)?;
        let offset = self.offset.unwrap_or(1);
        if self.outline.unwrap_or(false) {
            return Ok(ToolOutput::text(headings(&path, &text, offset)?));
        }
        let page = page(&text, offset, self.limit.unwrap_or(LINES).min(LINES), BYTES);
        if offset > page.total.max(1) {
            return Err(ToolError::failed(format!(
                "`offset` {offset} is past the end: `{path}` has {} lines",
                page.total
            )));
        }
        let rest = page.rest();
        Ok(ToolOutput::text(format!("{}({rest}{})", page.text, notes(encoding, seen.layer))))
    }
}

/// What is unusual about a text.
fn notes(encoding: Encoding, layer: Layer) -> String {
    let encoding = if encoding == Encoding::Utf8 { String::new() } else { format!("; {encoding}") };
    let layer = match layer {
        Layer::Disk => "",
        Layer::Buffer => "; unsaved in the editor",
        Layer::Staged => "; with staged changes",
    };
    encoding + layer
}

fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::tools::fixture::Project;
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    #[track_caller]
    fn check(bytes: &[u8], mut arguments: Value, reply: Expect) {
        let project = Project::new(&[]);
        project.write("a", bytes);
        arguments["path"] = "a".into();
        reply.assert_eq(&project.call("read_file", arguments));
    }

    #[test]
    fn lines_are_numbered_and_the_rest_is_told() {
        check(
            b"one\r\ntwo\nthree",
            json!({}),
            expect![[r#"
                 1	one
                 2	two
                 3	three
            (3 lines)"#]],
        );
        check(
            b"one\ntwo\nthree\n",
            json!({ "offset": 2, "limit": 1 }),
            expect![[r#"
                 2	two
            (3 lines; 1 more; ask with offset 3)"#]],
        );
        check(b"", json!({}), expect!["(the file is empty)"]);
        check(
            b"\n",
            json!({ "offset": 0 }),
            expect![[r#"
                 1	
            (1 line)"#]],
        );
        check(b"a\n", json!({ "offset": 9 }), expect!["error: `offset` 9 is past the end: `a` has 1 lines"]);
        check(
            b"a\n",
            json!({ "offset": -1 }),
            expect!["error: read_file: `offset`: invalid value: integer `-1`, expected usize"],
        );
    }

    #[test]
    fn other_encodings_are_read_and_told() {
        check(
            b"\xef\xbb\xbfhi\n",
            json!({}),
            expect![[r#"
                 1	hi
            (1 line; UTF-8 with a byte order mark)"#]],
        );
        check(
            b"\xe9t\xe9\n",
            json!({}),
            expect![[r#"
                 1	été
            (1 line; Latin-1 (guessed))"#]],
        );
        check(
            b"\xff\xfeh\0i\0",
            json!({}),
            expect![[r#"
                 1	hi
            (1 line; UTF-16 LE)"#]],
        );
        check(
            b"a\0b",
            json!({}),
            expect![
                "error: `a` is binary (3 bytes; a NUL byte in its first 8 KiB, or broken UTF-16); file_info tells its size and hash"
            ],
        );
    }

    #[test]
    fn images_are_shown_as_such() {
        check(b"\x89PNG\r\n\x1a\n\0", json!({}), expect!["[image/png, 9 bytes]"]);
        check(b"GIF89a\0", json!({}), expect!["[image/gif, 7 bytes]"]);
        check(b"RIFF\0\0\0\0WEBP", json!({}), expect!["[image/webp, 12 bytes]"]);
    }

    #[test]
    fn replies_have_a_limit() {
        let project = Project::new(&[
            ("lines", &"x\n".repeat(12_000)),
            ("long", &"ä".repeat(200_000)),
            ("wide", &format!("{}\n", "y".repeat(1_000)).repeat(600)),
        ]);
        let end = |path: &str, offset: usize| {
            let reply = project.call("read_file", json!({ "path": path, "offset": offset }));
            assert!(reply.len() < 300_000);
            reply.lines().next_back().unwrap().to_owned()
        };
        assert_eq!(end("lines", 1), "(12000 lines; 7000 more; ask with offset 5001)");
        assert_eq!(end("lines", 10_001), "(12000 lines)");
        assert_eq!(end("long", 1), "(1 line; 137856 more bytes of the last line are not shown)");
        assert_eq!(end("wide", 1), "(600 lines; 340 more; ask with offset 261)");
    }

    #[test]
    fn an_outline_comes_from_the_text_as_it_is() {
        let project = Project::new(&[("a.py", "x = 1\n"), ("a.txt", "x")]);
        let text = "import os\n\nclass Cart:\n    def add(self, item):\n        return item\n\n\ndef total():\n    pass\n";
        project.call("write_file", json!({ "path": "a.py", "content": text }));
        let outline = |path: &str, offset: usize| {
            project.call("read_file", json!({ "path": path, "outline": true, "offset": offset }))
        };
        expect![[r#"
                      3-5	class Cart
                      4-5	  def add(self, item)
                      8-9	def total()
            (9 lines of python; 3 symbols)"#]]
        .assert_eq(&outline("a.py", 1));
        expect![[r#"
                      8-9	def total()
            (9 lines of python; 3 symbols)"#]]
        .assert_eq(&outline("a.py", 5));
        expect!["error: `a.txt` is in no language that has an outline; read it as text"]
            .assert_eq(&outline("a.txt", 1));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_but_files_of_the_workspace_is_read() {
        use std::os::unix::fs::symlink;
        let (project, outside) =
            (Project::new(&[("ok.txt", "in"), ("d/x", "")]), tempfile::tempdir().unwrap());
        let root = project.root();
        for (to, name) in [
            (outside.path().to_str().unwrap(), "dir"),
            ("/etc/passwd", "link.txt"),
            ("ok.txt", "inside_link"),
            ("b", "a"),
            ("a", "b"),
            ("/dev/zero", "zero"),
            ("/proc/self/environ", "environ"),
        ] {
            symlink(to, root.join(name)).unwrap();
        }
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("sock")).unwrap();
        project.sparse("sparse.bin", 50 << 30);
        let sibling = format!("{}-evil/f", root.display());
        let long = "a/".repeat(3_000) + "f";
        let cases = [
            ("../out/secret.txt", "`..` is refused"),
            ("sub/../../out/secret.txt", "`..` is refused"),
            ("/etc/passwd", "outside of the workspace"),
            (&sibling, "outside of the workspace"),
            ("link.txt", "symbolic link"),
            ("dir/x", "symbolic link"),
            ("a", "loop of symbolic links"),
            ("zero", "symbolic link"),
            ("environ", "symbolic link"),
            ("/proc/self/environ", "outside of the workspace"),
            ("ok\0.txt", "NUL"),
            (&long, "too long"),
            ("d", "is a folder"),
            ("fifo", "not a regular file"),
            ("sock", "not a regular file"),
            ("sparse.bin", "over the limit"),
            ("", "empty"),
        ];
        for (path, why) in cases {
            let reply = project.call("read_file", json!({ "path": path }));
            assert!(reply.starts_with("error: ") && reply.contains(why), "{path:.40}: {reply}");
            assert!(reply.len() < 600, "{reply}");
        }
        assert!(project.call("read_file", json!({ "path": "inside_link" })).contains("in\n"));
    }
}
