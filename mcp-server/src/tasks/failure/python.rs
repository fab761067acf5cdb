//! What pytest, unittest and Python itself say.

use super::found::Sink;
use super::place::Place;
use super::{Severity, cut};
use crate::workspace::RelPath;
use std::collections::BTreeMap;

/// How many tests are remembered, so that the summary does not tell them again.
const TOLD: usize = 10_000;
/// As [`TOLD`], for those without a name.
const UNNAMED: usize = 1_000;

#[derive(Default)]
pub(super) struct Python {
    part: Part,
    /// The test that the lines are of.
    test: Option<String>,
    /// The innermost place in the workspace so far.
    place: Option<(RelPath, u32)>,
    message: Option<String>,
    /// The lines are of a traceback as Python itself writes it.
    in_trace: bool,
    /// The error says a place of its own: the code cannot be parsed.
    is_syntax: bool,
    /// How often a test was told that the summary will name.
    told: BTreeMap<String, u32>,
    /// What was told without the name of its test.
    unnamed: Vec<String>,
}

/// Of pytest's output.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Other,
    Failures,
    Summary,
}

impl Python {
    pub(super) fn line(&mut self, line: &str, sink: &mut Sink<'_>) {
        if let Some(title) = ruled(line, '=') {
            self.end(sink);
            self.part = match title {
                "FAILURES" | "ERRORS" => Part::Failures,
                "short test summary info" => Part::Summary,
                _ => Part::Other,
            };
        } else if self.is_frame(line, sink) || self.traced(line, sink) {
        } else if self.part == Part::Failures {
            self.pytest(line, sink);
        } else if let Some(rest) = line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR ")) {
            self.summary(rest, sink);
        } else if let Some(rest) = line.strip_prefix("FAIL: ").or_else(|| line.strip_prefix("ERROR: ")) {
            self.end(sink);
            self.test = rest.ends_with(')').then(|| rest.split(' ').next().unwrap_or(rest).to_owned());
        } else if line.starts_with("Ran ") {
            self.end(sink);
        }
    }

    /// `  File "cart.py", line 3, in total`, which pytest may have after an `E`.
    fn is_frame(&mut self, line: &str, sink: &mut Sink<'_>) -> bool {
        let after_e = line.strip_prefix("E ").filter(|_| self.part == Part::Failures);
        let text = after_e.unwrap_or(line).trim_start();
        let frame = text.strip_prefix("File \"").and_then(|rest| rest.split_once("\", line "));
        let Some((path, rest)) = frame.filter(|_| text.len() < line.len()) else { return false };
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let Ok(number) = rest[..end].parse() else { return false };
        if let Some(path) = sink.places.resolve(path) {
            self.place = Some((path, number));
        }
        self.is_syntax = after_e.is_some();
        self.in_trace = after_e.is_none();
        self.message = None;
        true
    }

    /// Whether a line belongs to a traceback as Python writes it. What ends it is the error.
    fn traced(&mut self, line: &str, sink: &mut Sink<'_>) -> bool {
        if line.starts_with("Traceback (most recent call last)") {
            (self.in_trace, self.place, self.message) = (true, None, None);
            return true;
        }
        if !self.in_trace {
            return false;
        }
        if line.is_empty() || line.starts_with([' ', '\t']) {
            return true;
        }
        self.in_trace = false;
        self.message = Some(line.strip_prefix("E ").unwrap_or(line).trim_start().to_owned());
        self.tell(sink);
        true
    }

    /// A line of pytest's reports.
    fn pytest(&mut self, line: &str, sink: &mut Sink<'_>) {
        if let Some(title) = ruled(line, '_') {
            self.end(sink);
            let titles = ["ERROR collecting ", "ERROR at setup of ", "ERROR at teardown of "];
            let name = titles.iter().find_map(|before| title.strip_prefix(before)).unwrap_or(title);
            self.test = Some(name.to_owned());
        } else if let Some(said) = line.strip_prefix("E ") {
            let said = said.trim();
            let is_error = said.split(':').next().is_some_and(|name| name.ends_with("Error"));
            if self.message.is_none() && !said.is_empty() && (!self.is_syntax || is_error) {
                self.message = Some(said.to_owned());
            }
        } else if line.starts_with("The above exception was")
            || line.starts_with("During handling of the above")
        {
            self.message = None;
        } else if let Some((place, rest)) =
            Place::at_start(line).filter(|(place, _)| place.path.ends_with(".py"))
            && let Some(number) = place.line
            && let Some(path) = sink.places.resolve(place.path)
        {
            self.place = Some((path, number));
            // With `--tb=line` this is all there is.
            if self.test.is_none() && !rest.trim().is_empty() {
                self.message = Some(rest.trim().to_owned());
                self.tell(sink);
                if self.unnamed.len() < UNNAMED {
                    self.unnamed.push(rest.trim().to_owned());
                }
            }
        }
    }

    /// `tests/test_cart.py::TestCart::test_total - assert 3 == 4`
    fn summary(&mut self, rest: &str, sink: &mut Sink<'_>) {
        let (id, message) = rest.split_once(" - ").unwrap_or((rest, ""));
        let (path, test) =
            id.split_once("::").map_or((id, None), |(path, test)| (path, Some(test.replace("::", "."))));
        if !path.ends_with(".py") || (self.part != Part::Summary && test.is_none()) {
            return;
        }
        let name = test.clone().unwrap_or_else(|| path.to_owned());
        if let Some(told) = self.told.get_mut(&name).filter(|told| **told > 0) {
            *told -= 1;
            return;
        }
        // Its message may be cut here.
        let start = message.strip_suffix("...").unwrap_or(message);
        if let Some(at) = self.unnamed.iter().position(|told| !start.is_empty() && told.starts_with(start)) {
            self.unnamed.remove(at);
            return;
        }
        let message = match (&test, message) {
            (Some(test), "") => format!("{test}: failed"),
            (Some(test), message) => format!("{test}: {message}"),
            (None, "") => "cannot be collected".to_owned(),
            (None, message) => message.to_owned(),
        };
        sink.error(&Place::file(path), &message);
    }

    /// Tells what is known of the error, if that is enough.
    fn tell(&mut self, sink: &mut Sink<'_>) {
        self.is_syntax = false;
        let (Some((path, line)), Some(message)) = (self.place.take(), self.message.take()) else { return };
        let of_test = self.test.as_ref().filter(|test| !test.ends_with(".py"));
        let text = of_test.map_or_else(|| message.clone(), |test| format!("{test}: {message}"));
        sink.put(path, (Some(line), None), Severity::Error, &text, None);
        if let Some(test) = &self.test
            && self.told.len() < TOLD
        {
            *self.told.entry(cut(test, 300).to_owned()).or_default() += 1;
        }
    }

    pub(super) fn end(&mut self, sink: &mut Sink<'_>) {
        self.tell(sink);
        let (told, unnamed) = (std::mem::take(&mut self.told), std::mem::take(&mut self.unnamed));
        *self = Self { part: self.part, told, unnamed, ..Self::default() };
    }
}

/// The title of a line that is filled up on both sides: `==== FAILURES ====`.
fn ruled(line: &str, mark: char) -> Option<&str> {
    let title = line.trim_matches(mark);
    let is_ruled = line.starts_with(mark) && line.ends_with(mark) && title.len() > 2;
    title
        .strip_prefix(' ')?
        .strip_suffix(' ')
        .filter(|title| is_ruled && title.contains(|c: char| c.is_alphanumeric()))
}
