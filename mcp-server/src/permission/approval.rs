//! What a person is shown when asked, bound to the exact bytes that it stands for.

use crate::tool::ToolError;
use crate::workspace::{Revision, Selection, Side, Snapshot, diff, is_unsafe};
use std::fmt::Write as _;

/// The most of a difference that a question shows, in bytes.
const SHOWN: usize = 12_000;

/// A text, and the key of what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    text: String,
    key: String,
}

impl Approval {
    /// For writing chosen changes.
    ///
    /// # Errors
    /// When nothing is chosen or it cannot be told apart.
    pub fn apply(snapshot: &Snapshot, selection: &Selection) -> Result<Self, ToolError> {
        let chosen =
            snapshot.staging().choose(selection).map_err(|error| ToolError::failed(error.to_string()))?;
        if chosen.is_empty() {
            return Err(ToolError::failed("nothing is staged, so there is nothing to accept"));
        }
        let (mut files, mut diffs) = (String::new(), String::new());
        let mut seen = blake3::Hasher::new();
        for change in &chosen {
            let _ =
                write!(seen_writer(&mut seen), "{}\0{:?}\0{:?}\0", change.path, change.base, change.target);
            let _ = writeln!(
                files,
                "  {} {}{}",
                mark(&change.base, &change.target),
                change.path,
                notes(snapshot, change)
            );
            if diffs.len() < SHOWN {
                diffs.push_str(&difference(&change.base, &change.target, change.path.as_str()));
            }
        }
        let mut text = format!("Write these changes to disk?\n{}", cut(&files));
        let _ = write!(text, "\n{}", cut(&visible(&diffs)));
        Ok(Self { text, key: seen.finalize().to_hex()[..32].to_owned() })
    }

    /// For taking back what was written.
    #[must_use]
    pub fn undo(set: Option<u32>, checkpoint: Option<&str>) -> Self {
        let what = match (set, checkpoint) {
            (_, Some(name)) => format!("everything applied since checkpoint `{}`", visible(name)),
            (Some(set), None) => format!("applied set {set}"),
            (None, None) => "the newest applied set".to_owned(),
        };
        let text =
            format!("Take back {what}? Files get the text they had before; what changed since is kept.");
        let key = Revision::of(text.as_bytes()).to_string();
        Self { text, key }
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// `Hasher` takes bytes; this lets it take formatted text.
fn seen_writer(hasher: &mut blake3::Hasher) -> impl std::fmt::Write + '_ {
    struct Writer<'a>(&'a mut blake3::Hasher);
    impl std::fmt::Write for Writer<'_> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    Writer(hasher)
}

fn mark(base: &Side, target: &Side) -> char {
    match (base, target) {
        (Side::Absent, _) => 'A',
        (_, Side::Absent) => 'D',
        _ => 'M',
    }
}

/// What one should know of a file before one writes it.
fn notes(snapshot: &Snapshot, change: &crate::workspace::Chosen) -> String {
    let mut notes = String::new();
    if super::needs_a_look(&change.path) {
        notes.push_str("  [can run code or steer tools]");
    }
    if let Ok(stat) = snapshot.roots().lstat(&change.path)
        && stat.links > 1
        && change.base.file().is_some()
    {
        let _ = write!(notes, "  [one of {} hard links; the others keep the old text]", stat.links);
    }
    notes
}

/// A file's change as a unified diff, or in words where it has no lines.
#[must_use]
pub(crate) fn difference(base: &Side, target: &Side, path: &str) -> String {
    let (from, to) = match (base, target) {
        (Side::Absent, _) => ("/dev/null".to_owned(), format!("b/{path}")),
        (_, Side::Absent) => (format!("a/{path}"), "/dev/null".to_owned()),
        _ => (format!("a/{path}"), format!("b/{path}")),
    };
    match crate::workspace::texts(base, target) {
        Some((old, new)) => {
            let text = diff::unified(&old, &new, &from, &to);
            if text.is_empty() { format!("--- {from}\n+++ {to}\n(an empty file)\n") } else { text }
        }
        None => format!("--- {from}\n+++ {to}\n{} becomes {}\n", in_words(base), in_words(target)),
    }
}

fn in_words(side: &Side) -> String {
    match side {
        Side::Absent => "nothing".to_owned(),
        Side::File(file) => {
            format!("a file of {} bytes ({})", file.bytes.len(), &file.revision.to_string()[..8])
        }
        Side::Link(to) => format!("a link to `{}`", visible(&to.display().to_string())),
        Side::Folder => "a folder".to_owned(),
    }
}

/// A text with everything that hides or reorders it shown as an escape; lines and tabs stay.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            // The end of a line on Windows.
            '\r' => {}
            c if is_unsafe(c) => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

fn cut(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(SHOWN);
    format!("{}\n… {} more bytes; show_changes shows all of it\n", &text[..end], text.len() - end)
}
