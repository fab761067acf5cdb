//! Numbered lines of a text, as many as a reply takes.

use std::fmt::Write as _;

/// The most lines of a reply.
pub(super) const LINES: usize = 5_000;
/// The most bytes of a reply's lines.
pub(super) const BYTES: usize = 256 << 10;

/// Some lines of a text.
pub(super) struct Page {
    /// With their numbers, each ended.
    pub(super) text: String,
    /// Lines of the whole text.
    pub(super) total: usize,
    /// Lines after these.
    pub(super) more: usize,
    /// Bytes of the last line that are left out.
    pub(super) cut: usize,
}

/// The lines from `offset` (counted from 1), at most `limit` of them and `bytes` bytes. A line that is longer than all of
/// that is cut.
pub(super) fn page(text: &str, offset: usize, limit: usize, bytes: usize) -> Page {
    let newlines = text.as_bytes().iter().filter(|byte| **byte == b'\n').count();
    let total = newlines + usize::from(!text.is_empty() && !text.ends_with('\n'));
    let skipped = offset.max(1) - 1;
    let (mut shown, mut count, mut cut) = (String::new(), 0, 0);
    for line in text.lines().skip(skipped).take(limit) {
        let room = bytes.saturating_sub(shown.len());
        if line.len() > room && count > 0 {
            break;
        }
        let end = line.floor_char_boundary(room);
        count += 1;
        cut = line.len() - end;
        let _ = writeln!(shown, "{:>6}\t{}", skipped + count, &line[..end]);
    }
    Page { text: shown, total, more: total.saturating_sub(skipped + count), cut }
}

impl Page {
    /// What there is besides the lines, in words.
    pub(super) fn rest(&self) -> String {
        let mut words = match self.total {
            0 => "the file is empty".to_owned(),
            1 => "1 line".to_owned(),
            total => format!("{total} lines"),
        };
        if self.cut > 0 {
            let _ = write!(words, "; {} more bytes of the last line are not shown", self.cut);
        }
        if self.more > 0 {
            let _ = write!(words, "; {} more; ask with offset {}", self.more, self.total - self.more + 1);
        }
        words
    }
}
