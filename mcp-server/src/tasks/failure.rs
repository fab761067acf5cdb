//! What programs print about files, as values: one pass over the output, in which every reader sees every line. What a
//! line is, is told from the line, because anything may have been run by a Makefile or a script.
//!
//! The time is linear in the output: lines are cut, nothing is searched for twice, and look-ups of files are counted.

mod found;
mod go;
mod javascript;
mod json;
mod listed;
mod located;
mod place;
mod python;
mod rust;

use crate::workspace::{RelPath, Side, Snapshot};
use found::Sink;
use place::Places;
use std::borrow::Cow;
use std::ops::ControlFlow;

/// The most failures that are given back.
const SHOWN: usize = 200;
/// How much of a line is looked at, in bytes; before terminal escapes are taken out, four times as much.
const LINE: usize = 4 << 10;
/// How many JSON values are looked for that go over several lines.
const VALUES: usize = 8;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong at a place in the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    pub path: RelPath,
    /// From 1, where the program says it.
    pub line: Option<u32>,
    /// From 1, counted as the program counts.
    pub column: Option<u32>,
    pub severity: Severity,
    /// One line, at most 300 characters; for a test, its name comes first.
    pub message: String,
    /// The program's name for what is wrong: `E0308`, `no-unused-vars`.
    pub code: Option<String>,
}

/// What was read from an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// In the order of the output, each once.
    pub found: Vec<Failure>,
    /// How many others there are, at least.
    pub more: usize,
}

/// What the output of `command`, run in `folder`, says is wrong with files of the workspace. `go_on` is asked now and
/// then, and may end the reading.
#[must_use]
pub fn failures(
    output: &str,
    command: &[String],
    folder: &RelPath,
    snapshot: &Snapshot,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> Failures {
    let inside = |absolute: &str| snapshot.roots().parse(absolute).ok();
    let has = |path: &RelPath| is_file(snapshot, path);
    let places = Places::new(folder, &inside, &has);
    let places = if snapshot.roots().all().len() > 1 { places.labelled() } else { places };
    read(output, command, places, go_on)
}

fn is_file(snapshot: &Snapshot, path: &RelPath) -> bool {
    let Ok(path) = snapshot.locate(path) else { return false };
    match snapshot.staging().get(&path) {
        Some(staged) => matches!(staged.top, Side::File(_)),
        None => snapshot.document(&path).is_some() || snapshot.links(&path).is_some(),
    }
}

fn read(
    output: &str,
    command: &[String],
    places: Places<'_>,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> Failures {
    let mut sink = Sink::new(places);
    let mut readers = Readers::default();
    readers.line(&command.join(" "), &mut sink);
    let (mut rest, mut count, mut values) = (output, 0_usize, 0);
    while !rest.is_empty() && !sink.is_full() {
        count += 1;
        if count.is_multiple_of(256) && go_on().is_break() {
            break;
        }
        if values < VALUES && matches!(rest.as_bytes()[0], b'[' | b'{') && rest[1..].starts_with(['\n', '\r'])
        {
            values += 1;
            if let Some(used) = json::several_lines(rest, &mut sink) {
                rest = &rest[used..];
                continue;
            }
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if line.starts_with(['{', '[']) && json::line(line, &mut readers, &mut sink) {
            continue;
        }
        readers.line(&plain(line), &mut sink);
    }
    readers.end(&mut sink);
    sink.finish()
}

/// A line as it is seen in the end: without terminal escapes, and without what it wrote over itself.
fn plain(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches('\r');
    let line = cut(line.rsplit('\r').next().unwrap_or(line), 4 * LINE);
    let is_plain = |byte: u8| (byte >= b' ' && byte != 0x7f && byte != 0xc2) || byte == b'\t';
    if line.bytes().all(is_plain) {
        return Cow::Borrowed(cut(line, LINE).trim_end());
    }
    let stripped = anstream::adapter::strip_str(line).to_string();
    Cow::Owned(cut(&stripped, LINE).trim_end().to_owned())
}

fn cut(line: &str, limit: usize) -> &str {
    &line[..line.floor_char_boundary(limit)]
}

/// Those who see every line.
#[derive(Default)]
struct Readers {
    python: python::Python,
    javascript: javascript::JavaScript,
    rust: rust::Rust,
    go: go::Go,
    listed: listed::Listed,
}

impl Readers {
    fn line(&mut self, line: &str, sink: &mut Sink<'_>) {
        sink.places.follow(line);
        located::line(line, sink);
        self.python.line(line, sink);
        self.javascript.line(line, sink);
        self.rust.line(line, sink);
        self.go.line(line, sink);
        self.listed.line(line, sink);
    }

    fn end(&mut self, sink: &mut Sink<'_>) {
        self.python.end(sink);
        self.javascript.end(sink);
        self.rust.end(sink);
    }
}

#[cfg(test)]
mod tests;
