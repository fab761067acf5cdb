//! What jest, vitest, mocha, node's runner (its usual output and TAP) and node itself say.

use super::found::Sink;
use super::listed::at_message_end;
use super::place::Place;
use super::{Severity, cut};
use crate::workspace::RelPath;

/// How much of a message is gathered, in bytes.
const MESSAGE: usize = 600;

#[derive(Default)]
pub(super) struct JavaScript {
    state: State,
    /// The names of the test, outermost first.
    test: String,
    message: String,
    /// Where it stands if no line of the trace is in the workspace.
    otherwise: Option<Where>,
    /// The file that the lines are of.
    file: Option<RelPath>,
    /// What the message is further in than.
    indent: Option<usize>,
}

type Where = (RelPath, Option<u32>, Option<u32>);

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing that is wrong.
    #[default]
    Other,
    /// The names of mocha's test.
    Naming,
    /// The message and then its trace.
    Failed,
    /// The lines below `not ok`.
    Tap,
    TapMessage,
    TapStack,
}

impl JavaScript {
    pub(super) fn line(&mut self, line: &str, sink: &mut Sink<'_>) {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let text = line.trim_start();
        if self.heading(line, text, sink) {
            return;
        }
        if self.indent.take_if(|indent| !text.is_empty() && line.len() - text.len() <= *indent).is_some() {
            // A suite's name, which says nothing more.
            self.begin(State::Other, "", sink);
        }
        match self.state {
            State::Other => self.other(text, sink),
            State::Naming => self.naming(text),
            State::Failed => self.failed(text, sink),
            State::Tap | State::TapMessage | State::TapStack => self.tap(text, sink),
        }
    }

    /// Whether a line says which test or file failed.
    fn heading(&mut self, line: &str, text: &str, sink: &mut Sink<'_>) -> bool {
        let is_indented = text.len() < line.len();
        if let Some(rest) = text.strip_prefix("FAIL ") {
            let rest = rest.trim_start();
            let (path, names) = rest.split_once(" > ").unwrap_or((rest, ""));
            let path = path.split(" [").next().unwrap_or(path).split(" (").next().unwrap_or(path);
            if is_source(path) {
                self.begin(State::Failed, &names.replace(" > ", " › "), sink);
                self.file = sink.places.resolve(path);
                self.otherwise = self.file.clone().map(|path| (path, None, None));
                return true;
            }
        } else if let Some(name) = text.strip_prefix("● ") {
            let otherwise = self.file.clone().map(|path| (path, None, None));
            let state = if name == "Console" { State::Other } else { State::Failed };
            self.begin(state, if name == "Test suite failed to run" { "" } else { name }, sink);
            self.otherwise = otherwise;
            return true;
        } else if let Some(name) = text.strip_prefix("✖ ") {
            let otherwise = self.otherwise.take().filter(|_| self.state == State::Other);
            let (name, time) = name.rsplit_once(" (").unwrap_or((name, ""));
            let is_test = time.ends_with("ms)");
            self.begin(if is_test { State::Failed } else { State::Other }, name, sink);
            self.otherwise = otherwise.filter(|_| is_test);
            self.indent = is_test.then(|| line.len() - text.len());
            return true;
        } else if let Some(rest) = text.strip_prefix("test at ") {
            self.begin(State::Other, "", sink);
            self.otherwise = inside(Place::at_end(rest), sink);
            return true;
        } else if let Some(rest) = text.strip_prefix("not ok ") {
            let name = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([' ', '-']);
            let is_expected = name.contains("# SKIP") || name.contains("# TODO");
            self.begin(if is_expected { State::Other } else { State::Tap }, name, sink);
            return true;
        } else if is_indented
            && let Some((number, name)) = text.split_once(") ")
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.begin(State::Naming, "", sink);
            self.naming(name);
            return true;
        }
        false
    }

    fn begin(&mut self, state: State, test: &str, sink: &mut Sink<'_>) {
        self.end(sink);
        (self.state, self.indent) = (state, None);
        cut(test, MESSAGE).clone_into(&mut self.test);
    }

    /// Mocha's names, one a line, the last with a colon.
    fn naming(&mut self, text: &str) {
        if text.is_empty() || self.test.len() > MESSAGE {
            self.state = State::Other;
            return;
        }
        let name = text.strip_suffix(':');
        let between = if self.test.is_empty() { "" } else { " › " };
        self.test = format!("{}{between}{}", self.test, name.unwrap_or(text));
        if name.is_some() {
            self.state = State::Failed;
        }
    }

    /// An error that is thrown outside of any test.
    fn other(&mut self, text: &str, sink: &mut Sink<'_>) {
        let error = text.strip_prefix("Uncaught ").unwrap_or(text);
        let error = error.strip_prefix("error: ").unwrap_or(error);
        let name = error.split([':', ' ']).next().unwrap_or(error);
        if name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.ends_with("Error")
            && error.contains(": ")
        {
            self.state = State::Failed;
            cut(error, MESSAGE).clone_into(&mut self.message);
        } else if let Some(place) =
            Place::at_end(text).filter(|place| place.column.is_none() && is_source(place.path))
        {
            // Node names the line before it shows it.
            self.otherwise = inside(Some(place), sink).or(self.otherwise.take());
        }
    }

    fn failed(&mut self, text: &str, sink: &mut Sink<'_>) {
        if text.is_empty() {
            return;
        }
        let mark = ["at ", "❯ ", "╭─[ "].iter().find_map(|mark| text.strip_prefix(mark));
        if let Some(frame) = mark.filter(|_| !self.message.is_empty()) {
            self.frame(frame.trim_end_matches([']', ' ', '{']), sink);
        } else if let Some((path, message)) = text
            .strip_prefix("SyntaxError: ")
            .and_then(|rest| rest.split_once(": "))
            .filter(|(path, _)| is_source(path))
        {
            // What comes before it is jest's advice.
            let (place, message) = at_message_end(path, message);
            self.otherwise = inside(Some(place), sink).or(self.otherwise.take());
            self.message = format!("SyntaxError: {message}");
            self.end(sink);
        } else if self.message.is_empty() {
            self.indent = None;
            cut(text, MESSAGE).clone_into(&mut self.message);
        } else if self.message.len() < MESSAGE
            && (self.message.ends_with(':') || text.starts_with("Expected") || text.starts_with("Received"))
        {
            let between = if self.message.ends_with(':') { " " } else { "; " };
            self.message = format!("{}{between}{}", self.message, cut(text, MESSAGE));
        }
    }

    /// A line of a trace: the first in the workspace is where it happened.
    fn frame(&mut self, frame: &str, sink: &mut Sink<'_>) {
        // `total (src/cart.js:2:17)`, and vitest's `total src/cart.ts:1:51`.
        let whole = Place::at_end(frame);
        let last = frame.rsplit_once(' ').and_then(|(_, last)| Place::at_end(last));
        if let Some(place) = inside(whole, sink).or_else(|| inside(last, sink)) {
            self.otherwise = Some(place);
            self.end(sink);
        }
    }

    /// The block of YAML below `not ok`.
    fn tap(&mut self, text: &str, sink: &mut Sink<'_>) {
        let (key, value) = text.split_once(": ").unwrap_or((text, ""));
        let value = value.trim_matches(['\'', '"']);
        match (self.state, key) {
            (_, "...") => {
                if self.message.is_empty() && self.state != State::Other {
                    "failed".clone_into(&mut self.message);
                }
                self.end(sink);
            }
            (_, "failureType") if value == "subtestsFailed" => {
                self.message.clear();
                self.test.clear();
                self.state = State::Other;
            }
            (_, "location") => self.otherwise = inside(Place::at_end(value), sink),
            (_, "error") if value.starts_with('|') || value.starts_with('>') => {
                self.state = State::TapMessage;
            }
            (_, "error") => cut(value, MESSAGE).clone_into(&mut self.message),
            (State::TapMessage, "code" | "name" | "stack" | "expected" | "actual" | "operator")
                if text.contains(": ") =>
            {
                self.state = if key == "stack" { State::TapStack } else { State::Tap };
            }
            (_, "stack") => self.state = State::TapStack,
            (_, "at") => self.otherwise = inside(Place::at_end(value), sink),
            (State::TapMessage, _) if self.message.is_empty() => {
                cut(text, MESSAGE).clone_into(&mut self.message);
            }
            (State::TapMessage, _) if self.message.ends_with(':') => {
                self.message = format!("{} {}", self.message, cut(text, MESSAGE)).trim_end().to_owned();
            }
            (State::TapStack, _) => self.frame(text, sink),
            _ => {}
        }
    }

    /// Tells what is known of the failure, if that is enough.
    pub(super) fn end(&mut self, sink: &mut Sink<'_>) {
        let (test, message) = (std::mem::take(&mut self.test), std::mem::take(&mut self.message));
        let has_failed = std::mem::take(&mut self.state) != State::Other;
        // Mocha names the file of a test that took too long.
        let named = message.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
        let named = named.filter(|(_, path)| is_source(path) && has_failed && self.otherwise.is_none());
        let named = named.and_then(|(text, path)| Some((text.to_owned(), sink.places.resolve(path)?)));
        let (message, at) = match named {
            Some((message, path)) => (message, Some((path, None, None))),
            None => (message, self.otherwise.take()),
        };
        // Node says so of a file besides what went wrong in it.
        let is_known = |path: &RelPath| message.trim_matches('\'') == "test failed" && sink.mentions(path);
        let at = at.filter(|(path, ..)| !message.is_empty() && !is_known(path));
        if has_failed && let Some((path, line, column)) = at {
            let text =
                if test.is_empty() || is_source(&test) { message } else { format!("{test}: {message}") };
            sink.put(path, (line, column), Severity::Error, &text, None);
        }
    }

    /// A failed test of jest's JSON.
    pub(super) fn reported(&mut self, file: &str, test: &str, message: &str, sink: &mut Sink<'_>) {
        self.begin(State::Failed, test, sink);
        self.otherwise = sink.places.resolve(file).map(|path| (path, None, None));
        for line in message.lines() {
            let line = super::plain(line);
            self.failed(line.trim_start(), sink);
        }
        self.end(sink);
    }
}

/// A place, if it is in the workspace.
fn inside(place: Option<Place<'_>>, sink: &mut Sink<'_>) -> Option<Where> {
    let place = place?;
    Some((sink.places.resolve(place.path)?, place.line, place.column))
}

/// Whether a path ends as source files of JavaScript do.
fn is_source(path: &str) -> bool {
    let ends = ["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"];
    path.rsplit_once('.').is_some_and(|(_, end)| ends.contains(&end))
}
