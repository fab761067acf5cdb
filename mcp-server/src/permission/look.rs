//! Why a person is asked about a command: what it is, and which files it names.

use super::command::{Unclear, judge, plain};
use super::{Care, CommandText, Reason, Run, Surroundings};
use crate::sandbox::Tier;
use crate::workspace::{PathError, Protection, ReadError, RelPath, Snapshot, is_secret, protection};
use std::path::Path;

/// None where the command is harmless as it is confined.
pub(super) fn reasons(run: &Run, tier: Tier, around: &Surroundings<'_>) -> Vec<Reason> {
    let (snapshot, folder) = (around.snapshot, &run.folder);
    let judged = plain(&run.command).and_then(|words| judge(&words, &|word| look(word, folder, snapshot)));
    let why = match judged {
        Err(unclear) if unclear.is_secret => return vec![Reason::of(Care::Secrets, unclear.why)],
        Err(unclear) => unclear.why,
        Ok(harmless) if tier > harmless.from && tier != Tier::Unconfined => {
            "it reads whole folders or runs what their files name, and there is no overlay here to hold that back".to_owned()
        }
        Ok(_) => match around.foreign_programs {
            Some(place) => format!("programs are also looked for in `{place}`, which the workspace can fill"),
            None => return Vec::new(),
        },
    };
    match &run.command {
        CommandText::Input { .. } => vec![Reason::new("what a process makes of its input cannot be told")],
        CommandText::Line(_) | CommandText::Argv(_) => vec![Reason::new(why)],
    }
}

/// Why a word, should it be a path, is not to be read without asking.
fn look(word: &str, folder: &RelPath, snapshot: &Snapshot) -> Option<Unclear> {
    if word.is_empty() || word == "-" {
        return None;
    }
    let outside = || Some(Unclear::new(format!("`{word}` leads outside of the workspace, or may")));
    let Ok(path) = parsed(word, folder, snapshot) else { return outside() };
    if let Protection::Refused(rule) = protection(&path) {
        return Some(Unclear::new(format!("`{word}` is protected: {rule}")));
    }
    let secret = || Some(Unclear::secret(format!("`{word}` may hold secrets")));
    let is_kept = |path: &RelPath| is_secret(path) || snapshot.withheld(path).is_some();
    if is_kept(&path) {
        return secret();
    }
    match snapshot.locate(&path) {
        Ok(real) if is_kept(&real) => secret(),
        Ok(_) | Err(ReadError::NotFound { .. } | ReadError::TooLong { .. }) => None,
        Err(_) => outside(),
    }
}

/// The path that a program would make of a word.
fn parsed(word: &str, folder: &RelPath, snapshot: &Snapshot) -> Result<RelPath, PathError> {
    if Path::new(word).is_absolute() {
        return snapshot.roots().parse(word);
    }
    let below = RelPath::parse(word)?;
    Ok(below.names().fold(folder.clone(), |path, name| path.join(name)))
}
