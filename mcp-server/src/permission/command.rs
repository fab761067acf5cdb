//! What a command does, as far as can be told before it runs: harmless, or a person decides.
//!
//! A line is harmless when it is one plain command (`command/line.rs`) whose program and every single option and argument
//! are in the table (`command/programs.rs`). Everything else asks, with the reason. Harmless means that it may run
//! without a question where a sandbox holds it; it is never run less confined for it.

use super::CommandText;
use crate::sandbox::Tier;

mod line;
mod options;
mod programs;
mod special;
#[cfg(test)]
mod tests;

pub(crate) use line::{Word, all_commands, printable, words};

/// Why a command is not plainly harmless: one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unclear {
    pub(crate) why: String,
    /// It would show a secret.
    pub(crate) is_secret: bool,
}

impl Unclear {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_secret: false }
    }

    pub(crate) fn secret(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_secret: true }
    }
}

/// Says of a word that may be a path why it is not to be read without asking.
pub(crate) type Look<'a> = &'a dyn Fn(&str) -> Option<Unclear>;

/// What a harmless command may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Harmless {
    /// The weakest tier in which it is: some read whole trees, in which only an overlay hides secrets, or run what a
    /// workspace's files name, which only an overlay keeps from the disk.
    pub(crate) from: Tier,
}

/// The words of a command that is plain, whatever it does.
pub(crate) fn plain(command: &CommandText) -> Result<Vec<Word>, Unclear> {
    match command {
        CommandText::Line(line) => words(line),
        CommandText::Argv(argv) => {
            for word in argv {
                printable(word)?;
            }
            Ok(argv.iter().map(Word::plain).collect())
        }
        CommandText::Input { .. } => Err(Unclear::new("what a process makes of its input cannot be told")),
    }
}

/// Judges a plain command's words.
pub(crate) fn judge(words: &[Word], look: Look<'_>) -> Result<Harmless, Unclear> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Unclear::new("it names no program"));
    };
    if program.glob || program.text.contains('/') {
        return Err(Unclear::new(format!("`{}` names a program by its path", program.text)));
    }
    programs::judge(&program.text, arguments, look)
}
