//! A model's tokens as bytes: tries to walk along a text, and the tokens that free text may use, sorted by length.

use super::mask::TokenMask;
use super::tails::{self, Tails};
use super::trie::{NONE, Trie};
use super::utf8;

/// A token's number in its model's vocabulary.
pub type TokenId = u32;

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes of text, perhaps a part of a character.
    Text(&'a [u8]),
    /// A mark such as `<|im_start|>`: never text.
    Control,
    /// Ends what the model says.
    End,
    /// Never to be generated.
    Unused,
}

/// Longer tokens are left out: they bound how deep a walk goes.
const LONGEST: usize = 512;

/// A model's tokens, prepared once for every constraint over them.
#[derive(Debug)]
pub struct Vocabulary {
    bytes: Vec<u8>,
    /// Where each token's bytes end; empty for what is not text.
    ends: Vec<u32>,
    end_tokens: Vec<TokenId>,
    /// Every token of text, by its bytes.
    sorted: Vec<TokenId>,
    /// The same, by its bytes from the last to the first.
    backwards: Vec<TokenId>,
    /// The most characters that a token has.
    longest: u32,
    pub(super) all: Trie,
    /// Tokens that a JSON string does not hold as they are.
    pub(super) tails: Tails,
    /// Tokens of whole characters.
    pub(super) whole: ByLength,
    /// Tokens of whole characters that a JSON string holds as they are.
    pub(super) plain: ByLength,
    /// Tokens that stop inside of a character which they began.
    pub(super) opening: ByLength,
}

impl Vocabulary {
    /// Prepares the tokens; their ids are their places.
    #[must_use]
    pub fn new<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Self {
        let (mut bytes, mut ends, mut end_tokens) = (Vec::new(), Vec::new(), Vec::new());
        for (id, piece) in (0..).zip(pieces) {
            match piece {
                Piece::Text(text) if text.len() <= LONGEST => bytes.extend_from_slice(text),
                Piece::End => end_tokens.push(id),
                Piece::Text(_) | Piece::Control | Piece::Unused => {}
            }
            ends.push(u32::try_from(bytes.len()).expect("a vocabulary is smaller than 4 GiB"));
        }
        let mut this = Self {
            bytes,
            ends,
            end_tokens,
            sorted: Vec::new(),
            backwards: Vec::new(),
            longest: 0,
            all: Trie::default(),
            tails: Tails::default(),
            whole: ByLength::default(),
            plain: ByLength::default(),
            opening: ByLength::default(),
        };
        this.sort();
        this
    }

    /// How many tokens there are, control tokens included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.ends.len()
    }

    /// A token's bytes; empty for tokens that are not text and for ids that do not exist.
    #[must_use]
    pub fn text(&self, token: TokenId) -> &[u8] {
        let token = token as usize;
        let start = if token == 0 { Some(&0) } else { self.ends.get(token - 1) };
        match (start, self.ends.get(token)) {
            (Some(start), Some(end)) => &self.bytes[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// The tokens that end what the model says.
    #[must_use]
    pub fn end_tokens(&self) -> &[TokenId] {
        &self.end_tokens
    }

    /// Bytes that no token writes alone. Where one is needed, a constraint can get stuck.
    #[must_use]
    pub fn missing_bytes(&self) -> Vec<u8> {
        let alone = |byte: &u8| self.all.child(0, *byte).is_none_or(|node| self.all.token(node) == NONE);
        (0..=u8::MAX).filter(alone).collect()
    }

    /// Tokens that begin with `prefix`.
    pub(super) fn beginning_with(&self, prefix: &[u8]) -> &[TokenId] {
        let cut = |token: &TokenId| {
            let text = self.text(*token);
            text[..text.len().min(prefix.len())].cmp(prefix)
        };
        let from = self.sorted.partition_point(|token| cut(token).is_lt());
        let count = self.sorted[from..].partition_point(|token| cut(token).is_eq());
        &self.sorted[from..from + count]
    }

    /// Tokens that end with `suffix`.
    pub(super) fn ending_with(&self, suffix: &[u8]) -> &[TokenId] {
        let cut =
            |token: &TokenId| self.text(*token).iter().rev().take(suffix.len()).cmp(suffix.iter().rev());
        let from = self.backwards.partition_point(|token| cut(token).is_lt());
        let count = self.backwards[from..].partition_point(|token| cut(token).is_eq());
        &self.backwards[from..from + count]
    }

    /// The most characters that a token has.
    pub(super) fn longest(&self) -> u32 {
        self.longest
    }

    /// Tokens that hold `part` anywhere.
    pub(super) fn holding(&self, part: &[u8]) -> Vec<TokenId> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&self.bytes[from..], part).map(|at| from + at) {
            let token = self.ends.partition_point(|end| *end as usize <= at);
            let end = self.ends[token] as usize;
            if at + part.len() <= end {
                found.push(u32::try_from(token).expect("ids are 32 bits"));
                from = end;
            } else {
                from = at + 1;
            }
        }
        found
    }

    fn sort(&mut self) {
        let size = u32::try_from(self.size()).expect("ids are 32 bits");
        let mut sorted: Vec<TokenId> = (0..size).filter(|token| !self.text(*token).is_empty()).collect();
        sorted.sort_unstable_by(|one, other| self.text(*one).cmp(self.text(*other)).then(one.cmp(other)));
        self.all = Trie::new(&sorted, |token| self.text(token));
        // A character that is begun must be finished, which takes tokens for the bytes that can follow.
        let finishes = (0x80..=0xBF)
            .all(|byte| self.all.child(0, byte).is_some_and(|node| self.all.token(node) != NONE));
        let (mut whole, mut plain, mut opening, mut odd) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for &token in &sorted {
            let text = self.text(token);
            let chars = utf8::chars_begun(text);
            let is_plain = match utf8::after(text) {
                Some(utf8::WHOLE) => {
                    whole.push((chars, token));
                    tails::start(text) == text.len()
                }
                Some(_) if finishes => {
                    opening.push((chars, token));
                    false
                }
                _ => false,
            };
            if is_plain {
                plain.push((chars, token));
            } else {
                odd.push(token);
            }
        }
        self.tails = Tails::new(&odd, |token| self.text(token));
        let size = self.size();
        (self.whole, self.plain, self.opening) =
            (ByLength::new(whole, size), ByLength::new(plain, size), ByLength::new(opening, size));
        let mut backwards = sorted.clone();
        backwards
            .sort_unstable_by(|one, other| self.text(*one).iter().rev().cmp(self.text(*other).iter().rev()));
        let longest = sorted.iter().map(|token| utf8::chars_begun(self.text(*token))).max().unwrap_or(0);
        self.longest = u32::try_from(longest).expect("tokens are short");
        (self.sorted, self.backwards) = (sorted, backwards);
    }
}

/// Tokens by their number of characters.
#[derive(Debug, Default)]
pub(super) struct ByLength {
    all: TokenMask,
    tokens: Vec<TokenId>,
    /// How many of `tokens` have at most as many characters as the place says.
    counts: Vec<usize>,
}

impl ByLength {
    fn new(mut tokens: Vec<(usize, TokenId)>, size: usize) -> Self {
        tokens.sort_unstable();
        let longest = tokens.last().map_or(0, |(chars, _)| *chars);
        let counts = (0..=longest).map(|most| tokens.partition_point(|(chars, _)| *chars <= most)).collect();
        let mut all = TokenMask::new(size);
        let tokens: Vec<TokenId> = tokens.into_iter().map(|(_, token)| token).collect();
        for token in &tokens {
            all.insert(*token);
        }
        Self { all, tokens, counts }
    }

    /// Adds the tokens of at most `chars` characters to `mask`.
    pub(super) fn mark(&self, chars: u32, mask: &mut TokenMask) {
        match self.counts.get(chars as usize) {
            Some(count) if *count < self.tokens.len() => {
                for token in &self.tokens[..*count] {
                    mask.insert(*token);
                }
            }
            _ => mask.add(&self.all),
        }
    }
}
