//! How tokens leave the plain text of a JSON string. Thousands of tokens are a word and a quote, but few things follow
//! the word: so what follows is tried once, for all words before it.

use super::mask::TokenMask;
use super::part::Length;
use super::string::{Step, Writing};
use super::trie::Trie;
use super::utf8;
use super::vocabulary::TokenId;
use std::collections::BTreeMap;

/// What tokens have from the first byte on that is not plain text of a JSON string.
#[derive(Debug, Default)]
pub(super) struct Tails {
    /// The tails, by their numbers.
    pub(super) trie: Trie,
    tails: Vec<Tail>,
}

/// One tail, and the tokens that have it.
#[derive(Debug)]
struct Tail {
    /// Characters of the string in it.
    chars: u32,
    /// Whether the string ends in it.
    closes: bool,
    /// The tokens, and how many characters each has before it.
    tokens: Vec<(u32, TokenId)>,
}

/// A string of any length.
const ANY: Length = Length { least: 0, most: u32::MAX };

impl Tails {
    /// Of tokens that are not plain.
    pub(super) fn new<'a>(tokens: &[TokenId], text: impl Fn(TokenId) -> &'a [u8]) -> Self {
        let mut found: BTreeMap<&[u8], Vec<(u32, TokenId)>> = BTreeMap::new();
        for &token in tokens {
            let (plain, tail) = text(token).split_at(start(text(token)));
            // Raw control characters and broken characters are in no JSON.
            if tail[0] < 0x20 || utf8::after(plain) != Some(utf8::WHOLE) {
                continue;
            }
            let chars = u32::try_from(utf8::chars_begun(plain)).expect("tokens are short");
            found.entry(tail).or_default().push((chars, token));
        }
        let texts: Vec<&[u8]> = found.keys().copied().collect();
        let numbers: Vec<TokenId> = (0..).take(texts.len()).collect();
        let trie = Trie::new(&numbers, |number| texts[number as usize]);
        let tail = |(text, tokens): (&[u8], Vec<(u32, TokenId)>)| {
            let (chars, closes) = content(text);
            Tail { chars, closes, tokens }
        };
        Self { trie, tails: found.into_iter().map(tail).collect() }
    }

    /// How many tails there are.
    pub(super) fn len(&self) -> usize {
        self.tails.len()
    }

    /// Adds to `mask` the tokens of `tails` that fit a string.
    pub(super) fn mark(&self, tails: &TokenMask, writing: Writing, length: Length, mask: &mut TokenMask) {
        for number in tails.iter() {
            let Tail { chars, closes, tokens } = &self.tails[number as usize];
            for (before, token) in tokens {
                let more = before + chars;
                if more <= writing.left && !(*closes && writing.written + more < length.least) {
                    mask.insert(*token);
                }
            }
        }
    }
}

/// Where a text stops to be plain: whole characters that a JSON string holds as they are.
pub(super) fn start(text: &[u8]) -> usize {
    let end =
        text.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\').unwrap_or(text.len());
    let mut whole = 0;
    let mut state = utf8::WHOLE;
    for (place, byte) in text[..end].iter().enumerate() {
        match utf8::step(state, *byte) {
            Some(next) => state = next,
            None => break,
        }
        if state == utf8::WHOLE {
            whole = place + 1;
        }
    }
    whole
}

/// How many characters of a string a tail has, and whether it closes the string.
fn content(tail: &[u8]) -> (u32, bool) {
    let mut writing = Writing::unbounded();
    let before = writing.written;
    for byte in tail {
        match writing.step(ANY, *byte) {
            Some(Step::Writing(next)) => writing = next,
            Some(Step::Closed) => return (writing.written - before, true),
            None => break,
        }
    }
    (writing.written - before, false)
}
