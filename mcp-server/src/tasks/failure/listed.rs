//! Programs that name a file and then list what is wrong with it, or only name the files that are wrong.

use super::Severity;
use super::found::Sink;
use super::place::Place;

const UNFORMATTED: &str = "not formatted";

/// What eslint's usual format, the formatters and gofmt's list say.
#[derive(Default)]
pub(super) struct Listed {
    /// The line that may name the file of what follows.
    file: String,
    /// gofmt was told to list files.
    lists_go: bool,
}

impl Listed {
    pub(super) fn line(&mut self, line: &str, sink: &mut Sink<'_>) {
        if line.is_empty() {
            self.file.clear();
        } else if line.starts_with([' ', '\t']) {
            self.entry(line.trim_start(), sink);
        } else {
            unformatted(line, sink);
            self.lists_go |= line.contains("gofmt") && line.contains("-l");
            if self.lists_go && line.ends_with(".go") {
                sink.add(&Place::file(line), Severity::Warning, UNFORMATTED, None);
            }
            line.clone_into(&mut self.file);
        }
    }

    /// `3:5  error  message  rule`.
    fn entry(&self, entry: &str, sink: &mut Sink<'_>) -> Option<()> {
        let (place, rest) = entry.split_once(char::is_whitespace).filter(|_| !self.file.is_empty())?;
        let (line, column) = place.split_once(':')?;
        let (line, column) = (line.parse().ok()?, column.parse().ok()?);
        let (word, rest) = rest.trim_start().split_once(char::is_whitespace)?;
        let severity = match word {
            "error" | "✖" | "×" => Severity::Error,
            "warning" | "⚠" | "‼" => Severity::Warning,
            _ => return None,
        };
        let rest = rest.trim();
        let (message, code) =
            rest.rsplit_once("  ").map_or((rest, None), |(message, code)| (message, Some(code)));
        let place = Place { path: &self.file, line: Some(line), column: Some(column) };
        sink.add(&place, severity, message.trim_end(), code);
        Some(())
    }
}

/// What prettier, black and ruff say of files as a whole.
fn unformatted(line: &str, sink: &mut Sink<'_>) {
    let named = ["[warn] ", "would reformat ", "Would reformat: "]
        .iter()
        .find_map(|before| line.strip_prefix(before));
    if let Some(path) = named {
        sink.add(&Place::file(path), Severity::Warning, UNFORMATTED, None);
    } else if let Some((path, message)) = line.strip_prefix("[error] ").and_then(|rest| rest.split_once(": "))
    {
        let (place, message) = at_message_end(path, message);
        sink.error(&place, message);
    } else if let Some((path, message)) =
        line.strip_prefix("error: cannot format ").and_then(|rest| rest.split_once(": "))
    {
        // `Cannot parse for target version Python 3.11: 1:6: def f(:`
        let mut place = Place::file(path);
        let parts: Vec<&str> = message.splitn(4, ':').collect();
        if let [_, line, column, _] = parts[..] {
            (place.line, place.column) = (line.trim().parse().ok(), column.parse().ok());
        }
        sink.error(&place, message);
    }
}

/// A place of which the message's end says the line: `Unexpected token (2:12)`.
pub(super) fn at_message_end<'l>(path: &'l str, message: &'l str) -> (Place<'l>, &'l str) {
    let split = message.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    let at = split.and_then(|(text, at)| {
        let (line, column) = at.split_once(':')?;
        Some((text, line.parse().ok()?, column.parse().ok()?))
    });
    match at {
        Some((text, line, column)) => (Place { path, line: Some(line), column: Some(column) }, text),
        None => (Place::file(path), message),
    }
}
