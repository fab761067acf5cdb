//! What a model may say next: a text made of [`Parts`] – fixed and free text, one of several, lines that exist in a
//! file, JSON by a schema – turned into the set of tokens that continue it.
//!
//! Everything is read byte by byte, so tokens need not respect any border between parts. Whatever is picked from the
//! allowed tokens, the text can be completed, where the vocabulary has a token for each single byte.

mod escape;
mod form;
mod free;
mod lines;
mod mask;
mod number;
mod part;
mod schema;
mod sorted;
mod state;
mod string;
mod tails;
mod trie;
mod utf8;
mod vocabulary;
mod walk;

#[cfg(test)]
mod tests;

use state::{At, Machine, Stacks, Thread};
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;
use walk::Walk;

pub use form::{Form, FormError};
pub use free::FreeText;
pub use lines::{LastBreak, Place, Quotable, QuoteError, QuoteRule, Quoting, Stop};
pub use mask::TokenMask;
pub use part::{Found, Length, OneOf, PartError, PartId, Parts};
pub use schema::{Layout, SchemaError, Schemas};
pub use vocabulary::{Piece, TokenId, Vocabulary};

/// The most ways to read one text at once.
const MOST_THREADS: usize = 256;

/// The most masks that are remembered.
const MOST_MASKS: usize = 32;

/// A token that is not allowed where it was given.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AcceptError {
    #[error("token {0} does not continue the text as it must")]
    NotAllowed(TokenId),
    #[error("the text can be read in more than {MOST_THREADS} ways")]
    Ambiguous,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// The tokens of the mask.
    Tokens,
    /// Only an end of what the model says: the text is complete.
    OnlyEnd,
    /// Nothing: the vocabulary has no token for a byte that must come.
    Nothing,
}

/// A text that is being written, token by token.
#[derive(Debug)]
pub struct Constraint {
    parts: Arc<Parts>,
    vocabulary: Arc<Vocabulary>,
    stacks: Stacks,
    state: State,
    /// What threads in texts allow: of JSON strings the tails, of free text the tokens.
    masks: HashMap<Thread, TokenMask>,
}

/// Where a constraint is, to go back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    threads: Vec<Thread>,
    is_ended: bool,
}

impl Constraint {
    /// A text made of `root`.
    #[must_use]
    pub fn new(vocabulary: Arc<Vocabulary>, parts: Arc<Parts>, root: PartId) -> Self {
        let mut this = Self {
            parts,
            vocabulary,
            stacks: Stacks::default(),
            state: State::default(),
            masks: HashMap::new(),
        };
        let mut machine = Machine { parts: &this.parts, stacks: &mut this.stacks, keeps: true };
        machine.begin(root, &mut this.state.threads);
        this
    }

    /// Sets `mask` to the tokens that may come next.
    pub fn allowed(&mut self, mask: &mut TokenMask) -> Allowed {
        mask.reset(self.vocabulary.size());
        let mut only_end = true;
        if !self.state.is_ended {
            for thread in self.state.threads.clone() {
                self.mark(thread, mask);
            }
            only_end = mask.is_empty();
        }
        if self.may_end() {
            self.vocabulary.end_tokens().iter().for_each(|token| mask.insert(*token));
        }
        match (only_end, self.may_end()) {
            (false, _) => Allowed::Tokens,
            (true, true) => Allowed::OnlyEnd,
            (true, false) => Allowed::Nothing,
        }
    }

    /// Continues the text with `token`.
    ///
    /// # Errors
    /// When it is not allowed; then nothing has changed.
    pub fn accept(&mut self, token: TokenId) -> Result<(), AcceptError> {
        if self.vocabulary.end_tokens().contains(&token) && self.may_end() {
            self.state.is_ended = true;
            return Ok(());
        }
        if self.state.is_ended {
            return Err(AcceptError::NotAllowed(token));
        }
        let vocabulary = Arc::clone(&self.vocabulary);
        let text = vocabulary.text(token);
        let threads = if text.is_empty() { self.step_over(token) } else { self.step(text)? };
        if threads.is_empty() {
            return Err(AcceptError::NotAllowed(token));
        }
        self.state.threads = threads;
        Ok(())
    }

    /// Whether the text is complete and nothing can follow.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.is_ended || self.state.threads.iter().all(|thread| thread.at == At::End)
    }

    /// Whether the model may stop here.
    #[must_use]
    pub fn may_end(&self) -> bool {
        self.state.is_ended || self.state.threads.iter().any(|thread| thread.at.may_stop(&self.parts))
    }

    /// What was chosen and quoted, in the order of the text; nothing before it is complete.
    #[must_use]
    pub fn found(&self) -> Vec<Found> {
        let ended = self.state.threads.iter().find(|thread| thread.at == At::End);
        ended.map(|thread| self.stacks.found(&self.parts, thread)).unwrap_or_default()
    }

    /// Where the text is now, to come back to with [`Constraint::restore`] when a draft is not taken.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.clone()
    }

    /// Goes back to a state of this same constraint.
    pub fn restore(&mut self, state: State) {
        self.state = state;
    }

    /// At most `most` bytes that must come next: they need no model.
    #[must_use]
    pub fn forced(&mut self, most: usize) -> Vec<u8> {
        let mut threads = self.state.threads.clone();
        let mut forced = Vec::new();
        let height = self.stacks.height();
        let mut machine = Machine { parts: &self.parts, stacks: &mut self.stacks, keeps: false };
        while forced.len() < most && threads.iter().all(|thread| thread.at.takes_bytes_only(machine.parts)) {
            let mut only = None;
            for byte in 0..=u8::MAX {
                let mut next = Vec::new();
                threads.iter().for_each(|thread| machine.step(*thread, byte, &mut next));
                if next.is_empty() {
                    continue;
                }
                if only.replace((byte, next)).is_some() {
                    only = None;
                    break;
                }
            }
            let Some((byte, next)) = only else { break };
            forced.push(byte);
            threads = next;
        }
        self.stacks.cut(height);
        forced
    }

    fn mark(&mut self, thread: Thread, mask: &mut TokenMask) {
        let part = thread.at.part().map(|part| self.parts.get(part));
        match (thread.at, part) {
            (At::String { part, writing }, Some(part::Part::JsonString(length))) if writing.is_between() => {
                let length = *length;
                self.mark_string(thread, part, writing, length, mask);
            }
            (At::String { part, writing }, Some(part::Part::JsonString(length))) if writing.is_escaping() => {
                let length = *length;
                self.mark_escape(thread, part, writing, length, mask);
            }
            (At::Free { part, writing }, _) if writing.left > self.vocabulary.longest() => {
                let key =
                    thread.with(At::Free { part, writing: free::Writing { left: u32::MAX, ..writing } });
                let size = self.vocabulary.size();
                mask.add(self.known(key, size, |walk| walk.mark(key)));
            }
            _ => self.walk(mask).mark(thread),
        }
    }

    /// Marks what may come between characters of a JSON string.
    fn mark_string(
        &mut self,
        thread: Thread,
        part: PartId,
        writing: string::Writing,
        length: Length,
        mask: &mut TokenMask,
    ) {
        let vocabulary = Arc::clone(&self.vocabulary);
        vocabulary.plain.mark(writing.left, mask);
        let key = thread.with(At::String { part, writing: string::Writing::unbounded() });
        let tails = self.known(key, vocabulary.tails.len(), |walk| walk.mark_tails(key));
        vocabulary.tails.mark(tails, writing, length, mask);
    }

    /// Marks what may come behind a backslash in a JSON string.
    fn mark_escape(
        &mut self,
        thread: Thread,
        part: PartId,
        writing: string::Writing,
        length: Length,
        mask: &mut TokenMask,
    ) {
        let vocabulary = Arc::clone(&self.vocabulary);
        let mut before = TokenMask::new(vocabulary.size());
        self.mark_string(thread, part, writing.before_escape(), length, &mut before);
        for letter in string::LETTERS {
            let tokens = vocabulary.beginning_with(std::slice::from_ref(letter));
            tokens.iter().filter(|token| before.contains(**token)).for_each(|token| mask.insert(*token));
        }
        self.walk(mask).mark_beginning(thread, string::OTHERS);
    }

    fn walk<'a>(&'a mut self, mask: &'a mut TokenMask) -> Walk<'a> {
        let (parts, vocabulary) = (&*self.parts, &*self.vocabulary);
        Walk { parts, vocabulary, stacks: &mut self.stacks, mask, threads: Vec::new() }
    }

    /// What `find` marks for a thread, remembered: it stays the same from token to token of a text.
    fn known(&mut self, key: Thread, size: usize, find: impl FnOnce(&mut Walk<'_>)) -> &TokenMask {
        if self.masks.len() == MOST_MASKS && !self.masks.contains_key(&key) {
            self.masks.clear();
        }
        let (parts, vocabulary, stacks) = (&*self.parts, &*self.vocabulary, &mut self.stacks);
        self.masks.entry(key).or_insert_with(|| {
            let mut mask = TokenMask::new(size);
            find(&mut Walk { parts, vocabulary, stacks, mask: &mut mask, threads: Vec::new() });
            mask
        })
    }

    fn step(&mut self, text: &[u8]) -> Result<Vec<Thread>, AcceptError> {
        let mut threads = self.state.threads.clone();
        let mut machine = Machine { parts: &self.parts, stacks: &mut self.stacks, keeps: true };
        for byte in text {
            let mut next = Vec::new();
            threads.iter().for_each(|thread| machine.step(*thread, *byte, &mut next));
            distinct(&mut next);
            if next.len() > MOST_THREADS {
                return Err(AcceptError::Ambiguous);
            }
            threads = next;
        }
        Ok(threads)
    }

    fn step_over(&mut self, token: TokenId) -> Vec<Thread> {
        let mut next = Vec::new();
        let mut machine = Machine { parts: &self.parts, stacks: &mut self.stacks, keeps: true };
        for thread in &self.state.threads {
            let part = thread.at.part().map(|part| machine.parts.get(part));
            if matches!(part, Some(part::Part::Token(wanted)) if *wanted == token) {
                machine.step_over(*thread, &mut next);
            }
        }
        distinct(&mut next);
        next
    }
}

/// Keeps the first of the threads that go on alike.
fn distinct(threads: &mut Vec<Thread>) {
    if threads.len() < 2 {
        return;
    }
    let mut known = std::collections::HashSet::new();
    threads.retain(|thread| known.insert(thread.with(thread.at)));
}
