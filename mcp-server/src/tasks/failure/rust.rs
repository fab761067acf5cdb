//! What rustc, clippy, rustdoc, rustfmt and panics say; ruff and Deno's linter write as rustc does.

use super::Severity;
use super::found::Sink;
use super::located::{is_code, of_code};
use super::place::Place;
use crate::workspace::RelPath;

/// How many lines a header and its arrow may be apart.
const APART: usize = 5;
/// How much of a panic's message is gathered, in bytes.
const MESSAGE: usize = 600;

#[derive(Default)]
pub(super) struct Rust {
    header: Option<Header>,
    panic: Option<Panic>,
    /// Where the doc test stands that the output is of.
    doc_test: Option<(RelPath, u32, String)>,
}

struct Header {
    severity: Severity,
    code: Option<String>,
    message: String,
    /// How many lines ago.
    age: usize,
}

struct Panic {
    path: Option<RelPath>,
    at: (Option<u32>, Option<u32>),
    test: String,
    message: String,
}

impl Rust {
    pub(super) fn line(&mut self, line: &str, sink: &mut Sink<'_>) {
        let text = line.trim_start();
        if let Some(rest) = text.strip_prefix("--> ") {
            if let (Some(header), Some(place)) = (self.header.take(), Place::at_end(rest)) {
                sink.add(&place, header.severity, &header.message, header.code.as_deref());
            }
        } else if let Some(new) = header(line) {
            self.header = new;
        } else if let Some(header) = &mut self.header {
            header.age += 1;
            self.header = self.header.take().filter(|header| header.age < APART);
        }
        self.panics(text, sink);
        if let Some(rest) = line.strip_prefix("Diff in ") {
            let rest = rest.trim_end_matches(':');
            let old = rest.rsplit_once(" at line ").and_then(|(path, line)| Some((path, line.parse().ok()?)));
            let (path, line) = match (old, Place::at_end(rest)) {
                (Some((path, line)), _) => (path, Some(line)),
                (None, Some(place)) => (place.path, place.line),
                (None, None) => (rest, None),
            };
            sink.add(&Place { path, line, column: None }, Severity::Warning, "not formatted", None);
        }
    }

    fn panics(&mut self, text: &str, sink: &mut Sink<'_>) {
        if let Some((test, rest)) =
            text.strip_prefix("thread '").and_then(|rest| rest.split_once(" panicked at "))
        {
            self.end(sink);
            let mut test = test.split('\'').next().unwrap_or(test).to_owned();
            // Before Rust 1.73 the message stood before the place.
            let old =
                rest.rsplit_once("', ").map(|(message, place)| (message.trim_start_matches('\''), place));
            let (message, place) = old.unwrap_or(("", rest.trim_end_matches(':')));
            let place = Place::at_end(place);
            let path = place.and_then(|place| sink.places.resolve(place.path));
            let (mut path, mut at) = (path, place.map_or((None, None), |place| (place.line, place.column)));
            // What a doc test is made into lies outside.
            if let Some((file, line, name)) = self.doc_test.take().filter(|_| path.is_none()) {
                (path, at, test) = (Some(file), (Some(line), None), name);
            }
            self.panic = Some(Panic { path, at, test, message: message.to_owned() });
        } else if let Some(panic) = &mut self.panic {
            match text {
                "" => self.end(sink),
                text if text.starts_with("note:") || text.starts_with("stack backtrace:") => self.end(sink),
                text if panic.message.is_empty() => text.clone_into(&mut panic.message),
                text if panic.message.len() < MESSAGE
                    && (text.starts_with("left:") || text.starts_with("right:")) =>
                {
                    panic.message = format!("{}; {text}", panic.message);
                }
                _ => {}
            }
        } else if let Some(name) =
            text.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            // `---- src/lib.rs - total (line 5) stdout ----`
            let doc_test = name.split_once(" - ").and_then(|(path, rest)| {
                let line = rest.rsplit_once("(line ")?.1.strip_suffix(')')?.parse().ok()?;
                Some((sink.places.resolve(path)?, line, rest.to_owned()))
            });
            self.doc_test = doc_test;
        }
    }

    pub(super) fn end(&mut self, sink: &mut Sink<'_>) {
        if let Some(Panic { path: Some(path), at, test, message }) = self.panic.take() {
            sink.put(path, at, Severity::Error, &format!("{test}: {message}"), None);
        }
    }
}

/// The first line of a diagnostic: `Some(None)` for one that is only a remark.
fn header(line: &str) -> Option<Option<Header>> {
    let header = |severity, code: Option<&str>, message: &str| {
        Some(Header { severity, code: code.map(str::to_owned), message: message.to_owned(), age: 0 })
    };
    let (word, message) = line.split_once(": ").unwrap_or((line, ""));
    let (word, code) = match word.strip_suffix(']').and_then(|word| word.split_once('[')) {
        Some((word, code)) => (word, Some(code)),
        None => (word, None),
    };
    match word {
        "error" => return Some(header(Severity::Error, code, message)),
        "warning" => return Some(header(Severity::Warning, code, message)),
        "note" | "help" => return Some(None),
        "invalid-syntax" => return Some(header(Severity::Error, Some(word), message)),
        "unformatted" => return Some(header(Severity::Warning, None, "not formatted")),
        _ => {}
    }
    let (code, message) = line.split_once(' ').filter(|(code, _)| is_code(code))?;
    let message = message.strip_prefix("[*] ").unwrap_or(message);
    Some(header(of_code(code, false), Some(code), message))
}
