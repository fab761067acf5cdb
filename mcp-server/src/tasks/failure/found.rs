//! Where failures are put: each once, and no more than are shown.

use super::place::{Place, Places};
use super::{Failure, Failures, SHOWN, Severity};
use crate::workspace::{RelPath, visible};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many different failures are counted.
const COUNTED: usize = 10_000;
/// The longest message, in characters.
const MESSAGE: usize = 300;

pub(super) struct Sink<'a> {
    pub(super) places: Places<'a>,
    failures: Failures,
    seen: HashSet<u64>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(places: Places<'a>) -> Self {
        Self { places, failures: Failures::default(), seen: HashSet::new() }
    }

    /// Whether there is no use in going on.
    pub(super) fn is_full(&self) -> bool {
        self.seen.len() >= COUNTED
    }

    /// Whether something is shown of a file.
    pub(super) fn mentions(&self, path: &RelPath) -> bool {
        self.failures.found.iter().any(|failure| failure.path == *path)
    }

    /// An error, if its place is in the workspace.
    pub(super) fn error(&mut self, place: &Place<'_>, message: &str) -> bool {
        self.add(place, Severity::Error, message, None)
    }

    /// A failure, if its place is in the workspace.
    pub(super) fn add(
        &mut self,
        place: &Place<'_>,
        severity: Severity,
        message: &str,
        code: Option<&str>,
    ) -> bool {
        let path = self.places.resolve(place.path);
        path.map(|path| self.put(path, (place.line, place.column), severity, message, code)).is_some()
    }

    /// A failure at a path of the workspace.
    pub(super) fn put(
        &mut self,
        path: RelPath,
        (line, column): (Option<u32>, Option<u32>),
        severity: Severity,
        message: &str,
        code: Option<&str>,
    ) {
        let message = one_line(message);
        let code = code.map(one_line).filter(|code| !code.is_empty());
        let not_zero = |number: &u32| *number > 0;
        let (line, column) = (line.filter(not_zero), column.filter(not_zero));
        let failure = Failure { path, line, column, severity, message, code };
        let mut hasher = DefaultHasher::new();
        failure.hash(&mut hasher);
        if self.is_full() || !self.seen.insert(hasher.finish()) {
            return;
        }
        if self.failures.found.len() < SHOWN {
            self.failures.found.push(failure);
        } else {
            self.failures.more += 1;
        }
    }

    pub(super) fn finish(self) -> Failures {
        self.failures
    }
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.char_indices().nth(MESSAGE).map(|(end, _)| end);
    visible(&line[..end.unwrap_or(line.len())]) + if end.is_some() { "…" } else { "" }
}
