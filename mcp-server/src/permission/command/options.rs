//! Options and arguments as most programs read them, held against what is known to be harmless.

use super::{Unclear, Word};

/// Which options are harmless. What is not listed, abbreviations too, asks.
#[derive(Clone, Copy)]
pub(super) struct Options {
    /// Letters of short options without a value.
    pub(super) flags: &'static str,
    /// Letters of short options with a value.
    pub(super) valued: &'static str,
    /// Long options without their dashes; those that take a value end with `=`. Where it may be left out, both are listed.
    pub(super) long: &'static [&'static str],
}

/// A command's words, told apart.
#[derive(Debug, Default)]
pub(super) struct Sorted<'w> {
    /// Names of the options, without dashes and values.
    pub(super) options: Vec<&'w str>,
    /// Options with the values that they have.
    pub(super) values: Vec<(&'w str, &'w str)>,
    /// Everything else, in order.
    pub(super) operands: Vec<&'w Word>,
    /// How many operands come before `--`; all where there is none.
    pub(super) before_dashes: usize,
}

impl Sorted<'_> {
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|option| names.contains(option))
    }
}

/// Tells options from operands. They may be mixed; after `--` there are only operands.
pub(super) fn sort<'w>(program: &str, known: Options, words: &'w [Word]) -> Result<Sorted<'w>, Unclear> {
    let mut sorted = Sorted::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        let unknown = || Unclear::new(format!("`{program} {text}` is not known to be harmless"));
        if text == "--" {
            sorted.before_dashes = sorted.operands.len();
            sorted.operands.extend(words);
            return Ok(sorted);
        }
        if let Some(option) = text.strip_prefix("--") {
            let (name, value) =
                option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let takes = known.long.iter().any(|long| long.strip_suffix('=') == Some(name));
            let bare = known.long.contains(&name);
            sorted.options.push(name);
            match value {
                Some(value) if takes => sorted.values.push((name, value)),
                None if bare => {}
                None if takes => sorted.values.push((name, value_of(words.next()).ok_or_else(unknown)?)),
                _ => return Err(unknown()),
            }
        } else if let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            for (at, letter) in letters.char_indices() {
                let name = &letters[at..=at];
                sorted.options.push(name);
                if known.flags.contains(letter) {
                    continue;
                }
                if !known.valued.contains(letter) {
                    return Err(unknown());
                }
                let rest = &letters[at + 1..];
                let value = if rest.is_empty() { value_of(words.next()).ok_or_else(unknown)? } else { rest };
                sorted.values.push((name, value));
                break;
            }
        } else {
            sorted.operands.push(word);
        }
    }
    sorted.before_dashes = sorted.operands.len();
    Ok(sorted)
}

/// A value in a word of its own. It never looks like an option: should the program not take a value there after all, it
/// would be one.
fn value_of(word: Option<&Word>) -> Option<&str> {
    let word = word.filter(|word| !word.glob)?;
    let rest = word.text.strip_prefix('-');
    let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    rest.is_none_or(is_number).then_some(word.text.as_str())
}
