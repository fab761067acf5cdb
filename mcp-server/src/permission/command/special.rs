//! Programs whose arguments are a language of their own.

use super::options::{Options, sort};
use super::{Harmless, Look, Unclear, Word};
use crate::sandbox::Tier;

mod git;
mod sed;

/// Judges a program that the table has no row for; `None` for all others.
pub(super) fn judge(program: &str, words: &[Word], look: Look<'_>) -> Option<Result<Harmless, Unclear>> {
    Some(match program {
        "echo" => free(words),
        "printf" => printf(words),
        "test" => test(words, look),
        "find" => find(words, look),
        "sed" => sed::judge(words, look),
        "git" => git::judge(words, look),
        _ => return None,
    })
}

const FINE: Result<Harmless, Unclear> = Ok(Harmless { from: Tier::Landlock });

/// Words that are only printed.
fn free(words: &[Word]) -> Result<Harmless, Unclear> {
    match words.iter().find(|word| word.glob) {
        Some(glob) => Err(Unclear::new(format!("`{}` may stand for any file's name", glob.text))),
        None => FINE,
    }
}

/// As a builtin of a shell it has one option, which names a variable and runs what stands in its index.
fn printf(words: &[Word]) -> Result<Harmless, Unclear> {
    match words.first() {
        Some(first) if first.text.starts_with('-') => {
            Err(Unclear::new(format!("`printf {}` is not known to be harmless", first.text)))
        }
        _ => free(words),
    }
}

/// `-v` and the like evaluate the name of a variable, and run what stands in its index.
const TESTS: &[&str] = &[
    "!", "-e", "-f", "-d", "-r", "-w", "-x", "-s", "-L", "-h", "-S", "-p", "-b", "-c", "-O", "-G", "-n",
    "-z", "=", "!=",
];

fn test(words: &[Word], look: Look<'_>) -> Result<Harmless, Unclear> {
    free(words)?;
    for word in words {
        let text = word.text.as_str();
        if TESTS.contains(&text) {
            continue;
        }
        if text.starts_with('-') || text.contains(['[', '$', '`', '(', ')']) {
            return Err(Unclear::new(format!("`test {text}` is not known to be harmless")));
        }
        if let Some(why) = look(text) {
            return Err(why);
        }
    }
    FINE
}

/// `find`'s tests and actions that print and nothing else, and how many words follow each.
#[rustfmt::skip]
const EXPRESSIONS: &[(&str, usize)] = &[
    ("!", 0), ("(", 0), (")", 0), (",", 0), ("-not", 0), ("-a", 0), ("-and", 0), ("-o", 0), ("-or", 0),
    ("-name", 1), ("-iname", 1), ("-path", 1), ("-ipath", 1), ("-wholename", 1), ("-iwholename", 1), ("-regex", 1),
    ("-iregex", 1), ("-regextype", 1), ("-lname", 1), ("-ilname", 1), ("-type", 1), ("-xtype", 1), ("-size", 1),
    ("-mtime", 1), ("-mmin", 1), ("-atime", 1), ("-amin", 1), ("-ctime", 1), ("-cmin", 1), ("-maxdepth", 1),
    ("-mindepth", 1), ("-perm", 1), ("-user", 1), ("-group", 1), ("-uid", 1), ("-gid", 1), ("-links", 1), ("-inum", 1),
    ("-empty", 0), ("-readable", 0), ("-writable", 0), ("-executable", 0), ("-nouser", 0), ("-nogroup", 0),
    ("-true", 0), ("-false", 0), ("-prune", 0), ("-quit", 0), ("-depth", 0), ("-mount", 0), ("-xdev", 0),
    ("-follow", 0), ("-daystart", 0), ("-noleaf", 0), ("-print", 0), ("-print0", 0), ("-printf", 1), ("-ls", 0),
];

fn find(words: &[Word], look: Look<'_>) -> Result<Harmless, Unclear> {
    free(words)?;
    let mut words = words.iter().map(|word| word.text.as_str()).peekable();
    while words.next_if(|word| ["-H", "-L", "-P"].contains(word)).is_some() {}
    while let Some(path) = words.next_if(|word| !word.starts_with(['-', '(', '!', ')', ','])) {
        if let Some(why) = look(path) {
            return Err(why);
        }
    }
    while let Some(word) = words.next() {
        let Some((_, follow)) = EXPRESSIONS.iter().find(|(known, _)| *known == word) else {
            return Err(Unclear::new(format!("`find {word}` is not known to be harmless")));
        };
        for _ in 0..*follow {
            words.next();
        }
    }
    FINE
}
