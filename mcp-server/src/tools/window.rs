//! Part of a long list, and how to ask for the rest.

use std::ops::Range;

/// What a call asked to see of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) skip: usize,
    pub(super) take: usize,
}

impl Window {
    /// From a call's arguments: `usual` without a limit, never over `most`.
    pub(super) fn new(offset: Option<usize>, limit: Option<usize>, usual: usize, most: usize) -> Self {
        Self { skip: offset.unwrap_or(0), take: limit.unwrap_or(usual).clamp(1, most) }
    }

    /// What is seen of a list of that length.
    pub(super) fn of(self, length: usize) -> Range<usize> {
        let start = self.skip.min(length);
        start..start.saturating_add(self.take).min(length)
    }

    /// What is said of the rest; nothing where all is seen.
    pub(super) fn rest(self, length: usize) -> String {
        let seen = self.of(length);
        match length - seen.end {
            0 if seen.is_empty() && length > 0 => format!("; offset {} is past the end", self.skip),
            0 => String::new(),
            more => format!("; {more} more; ask with offset {}", seen.end),
        }
    }
}
