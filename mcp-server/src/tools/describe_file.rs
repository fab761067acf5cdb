//! `file_info`: what lies at a path, without its text.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::workspace::{
    FILE_LIMIT, FileContent, Kind, Layer, LineEnd, Protection, ReadError, RelPath, Side, Stat, protection,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// Size, mode, encoding, line ends and hash of a file.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FileInfo {
    path: String,
}

impl Tool for FileInfo {
    const NAME: &'static str = "file_info";
    const TITLE: &'static str = "File info";
    const TOOLSET: Toolset = Toolset::Files;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let snapshot = &context.snapshot;
        let path = snapshot.locate_entry(&context.path(&self.path)?)?;
        let staged = snapshot.staging().get(&path);
        let on_disk = match snapshot.roots().lstat(&path) {
            Ok(stat) => Some(stat),
            Err(ReadError::NotFound { .. }) if staged.is_some() => None,
            Err(error) => return Err(error.into()),
        };
        let mut facts = format!("{path}: ");
        match (staged.map(|staged| &staged.top), &on_disk) {
            (Some(Side::Absent), _) => facts.push_str("its deletion is staged"),
            (Some(Side::File(file)), stat) => of_file(context, &path, Some(file), stat.as_ref(), &mut facts)?,
            (Some(Side::Link(to)), _) => drop(write!(facts, "a link to {}, staged", RelPath::shown(to))),
            (Some(Side::Folder), _) => facts.push_str("a folder, staged"),
            (None, Some(stat)) => match stat.kind {
                Kind::File => of_file(context, &path, None, Some(stat), &mut facts)?,
                Kind::Folder => of_folder(context, &path, stat, &mut facts)?,
                Kind::Link => of_link(context, &path, &mut facts)?,
                Kind::Special => facts.push_str("a pipe, socket or device; it is never opened"),
            },
            (None, None) => return Err(ReadError::NotFound { path }.into()),
        }
        if protection(&path) == Protection::RunsCode {
            facts.push_str("\nwriting it is shown to the person each time: it can run code or steer tools");
        }
        Ok(ToolOutput::text(facts))
    }
}

fn of_file(
    context: &ToolContext,
    path: &RelPath,
    staged: Option<&FileContent>,
    stat: Option<&Stat>,
    facts: &mut String,
) -> Result<(), ToolError> {
    let size = staged.map_or(stat.map_or(0, |stat| stat.size), |file| file.bytes.len() as u64);
    let _ = write!(facts, "a file of {size} bytes");
    if let Some(stat) = stat {
        put_stat(stat, facts);
    }
    if size > FILE_LIMIT {
        facts.push_str("\nover 64 MiB, so its content is not read");
        return Ok(());
    }
    let seen = context.snapshot.read(path)?;
    match seen.content.text() {
        Ok((text, encoding)) => {
            let count = text.matches('\n').count();
            let ends = match (count, text.matches("\r\n").count()) {
                (0, _) => "no line ends",
                (all, crlf) if crlf == all => "CRLF",
                (_, 0) => "LF",
                _ if LineEnd::most(&text) == LineEnd::CrLf => "mixed line ends, mostly CRLF",
                _ => "mixed line ends, mostly LF",
            };
            let lines = text.lines().count();
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { ", no final line end" };
            let _ = write!(facts, "\n{encoding}, {ends}, {lines} lines{end}");
        }
        Err(_) => facts.push_str("\nbinary"),
    }
    let layer = match seen.layer {
        Layer::Disk => "",
        Layer::Buffer => " (of the text in the editor)",
        Layer::Staged => " (of the staged text)",
    };
    let _ = write!(facts, "\nhash {}{layer}", seen.content.revision);
    if let Some(links) = stat.map(|stat| stat.links).filter(|links| *links > 1) {
        let _ =
            write!(facts, "\none of {links} hard links; once it is written, the others keep the old text");
    }
    Ok(())
}

fn of_folder(
    context: &ToolContext,
    path: &RelPath,
    stat: &Stat,
    facts: &mut String,
) -> Result<(), ToolError> {
    let (entries, more) = context.snapshot.list(path)?;
    let more = if more > 0 { " at least" } else { "" };
    let _ = write!(facts, "a folder with{more} {} entries", entries.len());
    put_stat(stat, facts);
    Ok(())
}

fn of_link(context: &ToolContext, path: &RelPath, facts: &mut String) -> Result<(), ToolError> {
    let to = context.snapshot.roots().read_link(path)?;
    let _ = write!(facts, "a link to {}, which ", RelPath::shown(&to));
    match context.snapshot.locate(path) {
        Ok(place) => drop(write!(facts, "is `{place}`")),
        Err(ReadError::Loop { .. }) => facts.push_str("leads in a circle"),
        Err(_) => facts.push_str("is not in the workspace"),
    }
    Ok(())
}

fn put_stat(stat: &Stat, facts: &mut String) {
    if let Some(mode) = stat.mode {
        let _ = write!(facts, ", mode {mode:03o}");
    }
    if let Some(modified) = stat.modified {
        let _ = write!(facts, ", changed {}", utc(modified));
    }
}

/// A time as `2026-11-21 09:05:03 UTC`.
fn utc(time: SystemTime) -> String {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days in eras of 400 years that begin on the first of March, so that leap days come last.
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::fixture::Project;
    use expect_test::{Expect, expect};
    use serde_json::json;
    use std::time::Duration;

    /// Without the times, which differ.
    fn facts(project: &Project, path: &str) -> String {
        let reply = project.call("file_info", json!({ "path": path }));
        match reply.split_once(", changed ") {
            Some((before, after)) => before.to_owned() + &after[23..],
            None => reply,
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], reply: Expect) {
        let project = Project::new(&[]);
        project.write("a", bytes);
        let facts = facts(&project, "a");
        let (facts, hash) = facts.split_once("\nhash ").unwrap();
        assert_eq!(hash.len(), 32);
        reply.assert_eq(facts);
    }

    #[test]
    fn the_form_of_a_text_is_told() {
        check(
            b"a\nb\n",
            expect![[r#"
            a: a file of 4 bytes, mode 644
            UTF-8, LF, 2 lines"#]],
        );
        check(
            b"a\r\nb",
            expect![[r#"
            a: a file of 4 bytes, mode 644
            UTF-8, CRLF, 2 lines, no final line end"#]],
        );
        check(
            b"a\r\nb\n",
            expect![[r#"
            a: a file of 5 bytes, mode 644
            UTF-8, mixed line ends, mostly LF, 2 lines"#]],
        );
        check(
            b"\xef\xbb\xbfa",
            expect![[r#"
            a: a file of 4 bytes, mode 644
            UTF-8 with a byte order mark, no line ends, 1 lines, no final line end"#]],
        );
        check(
            b"\xff\xfea\0",
            expect![[r#"
            a: a file of 4 bytes, mode 644
            UTF-16 LE, no line ends, 1 lines, no final line end"#]],
        );
        check(
            b"\xe9",
            expect![[r#"
            a: a file of 1 bytes, mode 644
            Latin-1 (guessed), no line ends, 1 lines, no final line end"#]],
        );
        check(
            b"a\0",
            expect![[r#"
            a: a file of 2 bytes, mode 644
            binary"#]],
        );
        check(
            b"",
            expect![[r#"
            a: a file of 0 bytes, mode 644
            UTF-8, no line ends, 0 lines"#]],
        );
    }

    #[test]
    fn what_else_lies_at_a_path_is_told() {
        let project = Project::new(&[("d/x", "x"), ("d/y", "y"), (".vscode/tasks.json", "{}")]);
        project.link("d/x", "second");
        expect!["d: a folder with 2 entries, mode 755"].assert_eq(&facts(&project, "d"));
        expect![[r#"
            second: a file of 1 bytes, mode 644
            UTF-8, no line ends, 1 lines, no final line end
            hash 3ae7d805f6789a6402acb70ad4096a85
            one of 2 hard links; once it is written, the others keep the old text"#]]
        .assert_eq(&facts(&project, "second"));
        expect![[r#"
            .vscode/tasks.json: a file of 2 bytes, mode 644
            UTF-8, no line ends, 1 lines, no final line end
            hash 6e46dd10defc9b56c29a6ec56b508c21
            writing it is shown to the person each time: it can run code or steer tools"#]]
        .assert_eq(&facts(&project, ".vscode/tasks.json"));
        expect!["error: `no` does not exist; find_files or list_directory show what does"]
            .assert_eq(&facts(&project, "no"));
        expect!["error: `.git/HEAD` is protected: git's own state is not for file tools; use the git tools"]
            .assert_eq(&facts(&project, ".git/HEAD"));
        project.call("write_file", json!({ "path": "new", "content": "x\n" }));
        project.call("delete_path", json!({ "path": "d/y" }));
        expect![[r#"
            new: a file of 2 bytes
            UTF-8, LF, 1 lines
            hash 44c77418e27569db9213c6b43d9049ec (of the staged text)"#]]
        .assert_eq(&facts(&project, "new"));
        expect!["d/y: its deletion is staged"].assert_eq(&facts(&project, "d/y"));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_pipes_are_told_and_not_followed() {
        use std::os::unix::fs::symlink;
        let project = Project::new(&[("a", "")]);
        for (to, name) in [("a", "inside"), ("/etc/passwd", "outside"), ("loop", "loop")] {
            symlink(to, project.root().join(name)).unwrap();
        }
        expect!["inside: a link to a, which is `a`"].assert_eq(&facts(&project, "inside"));
        expect!["outside: a link to /etc/passwd, which is not in the workspace"]
            .assert_eq(&facts(&project, "outside"));
        expect!["loop: a link to loop, which leads in a circle"].assert_eq(&facts(&project, "loop"));
        let socket = std::os::unix::net::UnixListener::bind(project.root().join("socket")).unwrap();
        expect!["socket: a pipe, socket or device; it is never opened"].assert_eq(&facts(&project, "socket"));
        drop(socket);
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        let at = |seconds: u64| utc(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_827_696), "2000-02-29 12:34:56 UTC");
        assert_eq!(at(4_107_542_400), "2100-03-01 00:00:00 UTC");
        assert_eq!(utc(UNIX_EPOCH - Duration::from_secs(1)), "1969-12-31 23:59:59 UTC");
    }
}
