//! What `go test` says; its compiler and vet write lines that say it all.

use super::Severity;
use super::found::Sink;
use super::place::Place;
use std::collections::BTreeSet;

/// The most lines that wait for the name of their package.
const WAITING: usize = 2_000;

#[derive(Default)]
pub(super) struct Go {
    /// The test that the lines are of.
    test: String,
    failed: BTreeSet<String>,
    /// What was logged, until the package is known.
    waiting: Vec<Logged>,
    /// What was said when it panicked.
    panic: Option<String>,
}

struct Logged {
    test: String,
    file: String,
    line: u32,
    message: String,
}

impl Go {
    pub(super) fn line(&mut self, line: &str, sink: &mut Sink<'_>) {
        let text = line.trim_start();
        if let Some(rest) = text.strip_prefix("--- FAIL: ") {
            rest.split(' ').next().unwrap_or(rest).clone_into(&mut self.test);
            if self.failed.len() < WAITING {
                self.failed.insert(self.test.clone());
            }
        } else if let Some(name) =
            ["=== RUN ", "=== NAME ", "=== CONT "].iter().find_map(|word| text.strip_prefix(word))
        {
            name.trim().clone_into(&mut self.test);
        } else if let Some(package) = line.strip_prefix("FAIL\t").or_else(|| line.strip_prefix("ok  \t")) {
            self.package(package.split(['\t', ' ']).next().unwrap_or(package), sink);
        } else if let Some(message) =
            line.strip_prefix("panic: ").or_else(|| line.strip_prefix("fatal error: "))
        {
            self.panic = Some(format!("panic: {}", message.trim_end_matches(" [recovered]")));
        } else if let Some(frame) = line.strip_prefix('\t').filter(|_| self.panic.is_some()) {
            self.frame(frame, sink);
        } else if line.starts_with("    ") {
            self.logged(text);
        }
    }

    /// `cart_test.go:7: message`, or what belongs to the line before.
    fn logged(&mut self, text: &str) {
        let is_file = |path: &str| path.ends_with(".go") && !path.contains(char::is_whitespace);
        let place = Place::at_start(text).filter(|(place, _)| is_file(place.path) && place.column.is_none());
        if let Some((Place { path, line: Some(line), .. }, message)) = place
            && self.waiting.len() < WAITING
        {
            let (test, file, message) = (self.test.clone(), path.to_owned(), message.trim().to_owned());
            self.waiting.push(Logged { test, file, line, message });
            return;
        }
        let Some(last) = self.waiting.last_mut() else { return };
        // testify says it in lines of its own.
        if let Some(message) = text.strip_prefix("Error:").filter(|_| last.message.is_empty()) {
            message.trim().clone_into(&mut last.message);
        } else if (text.starts_with("expected:") || text.starts_with("actual")) && last.message.len() < 300 {
            last.message = format!("{} {text}", last.message);
        }
    }

    fn frame(&mut self, frame: &str, sink: &mut Sink<'_>) {
        let place = frame.split(" +0x").next().and_then(Place::at_end);
        let place = place.filter(|place| place.path.ends_with(".go"));
        let message = self.panic.as_deref().unwrap_or_default();
        let message =
            if self.test.is_empty() { message.to_owned() } else { format!("{}: {message}", self.test) };
        if place.is_some_and(|place| sink.error(&place, &message)) {
            self.panic = None;
        }
    }

    /// Everything that waits is of this package.
    fn package(&mut self, package: &str, sink: &mut Sink<'_>) {
        let failed = std::mem::take(&mut self.failed);
        for logged in self.waiting.drain(..).filter(|logged| failed.contains(&logged.test)) {
            if let Some(path) = sink.places.in_package(package, &logged.file) {
                let message = format!("{}: {}", logged.test, logged.message);
                sink.put(path, (Some(logged.line), None), Severity::Error, &message, None);
            }
        }
        self.test.clear();
        self.panic = None;
    }
}
