//! What a person is shown when asked, bound to the exact bytes that it stands for.

use super::{CommandText, RepositoryChange, Run};
use crate::sandbox::Tier;
use crate::tool::ToolError;
use crate::workspace::{RelPath, Revision, Selection, Snapshot, difference, mark, visible};
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
                diffs.push_str(&difference(&change.path, &change.base, &change.target, &|_| {
                    Some(String::new())
                }));
            }
        }
        let mut text = format!("Write these changes to disk?\n{}", cut(&files));
        let _ = write!(text, "\n{}", cut(&diffs));
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

    /// For reading files that hold secrets.
    #[must_use]
    pub fn secrets(paths: &[RelPath]) -> Self {
        let list: String = paths.iter().map(|path| format!("  {path}\n")).collect();
        Self::of(format!("Show the model these files, which may hold secrets?\n{list}"))
    }

    /// For running a program.
    #[must_use]
    pub fn run(run: &Run, tier: Tier) -> Self {
        let command = match &run.command {
            CommandText::Line(line) => visible(line),
            CommandText::Argv(argv) => visible(&format!("{argv:?}")),
            CommandText::Input { process, text } => visible(&format!("to {process}: {text}")),
        };
        let network = if run.network { ", with the network" } else { "" };
        Self::of(format!("Run this in `{}` ({tier:?}{network})?\n{command}", run.folder))
    }

    /// For changing a repository.
    #[must_use]
    pub fn repository(change: &RepositoryChange) -> Self {
        Self::of(format!("{}?\n{}", change.what, change.detail))
    }

    /// A question whose text is all that it stands for.
    fn of(text: String) -> Self {
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

/// What one should know of a file before one writes it.
fn notes(snapshot: &Snapshot, change: &crate::workspace::Chosen) -> String {
    let mut notes = String::new();
    if super::needs_a_look(&change.path) {
        notes.push_str("  [can run code or steer tools]");
    }
    if let Some(links) = snapshot.links(&change.path).filter(|links| *links > 1) {
        let _ = write!(notes, "  [one of {links} hard links; the others keep the old text]");
    }
    notes
}

fn cut(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(SHOWN);
    format!("{}\n… {} more bytes; show_changes shows all of it\n", &text[..end], text.len() - end)
}
