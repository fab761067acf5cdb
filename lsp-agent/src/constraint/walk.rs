//! Which tokens a thread allows: a walk down the vocabulary's trie, together with what may be written.

use super::free::FreeText;
use super::lines::Exit;
use super::mask::TokenMask;
use super::part::{Part, Parts};
use super::sorted::{Sorted, Span, offset};
use super::state::{At, Machine, Stacks, Thread};
use super::trie::Trie;
use super::vocabulary::{TokenId, Vocabulary};
use super::{free, utf8};

/// So many texts are skipped one by one before it is worth a search for the first that is not skipped.
const SKIPS: u32 = 8;

/// Marks the tokens that threads allow.
pub(super) struct Walk<'a> {
    pub(super) parts: &'a Parts,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) stacks: &'a mut Stacks,
    pub(super) mask: &'a mut TokenMask,
    /// Threads of the nodes above: each node's begin where the last node's end.
    pub(super) threads: Vec<Thread>,
}

impl Walk<'_> {
    /// Marks what `thread` allows from the start of a token.
    pub(super) fn mark(&mut self, thread: Thread) {
        let (parts, vocabulary) = (self.parts, self.vocabulary);
        match (thread.at, thread.at.part().map(|part| parts.get(part))) {
            (At::Token { .. }, Some(Part::Token(token))) => {
                if (*token as usize) < vocabulary.size() {
                    self.mask.insert(*token);
                }
            }
            (At::Free { writing, .. }, Some(Part::Free(text)))
                if writing.utf8 == utf8::WHOLE
                    && !writing.over
                    // What follows open text can begin in a token that is longer than the text may be.
                    && (!text.is_open() || writing.left > vocabulary.longest()) =>
            {
                vocabulary.whole.mark(writing.left, self.mask);
                vocabulary.opening.mark(writing.left, self.mask);
                self.mark_ends(text, writing, thread);
            }
            _ => self.walk(&vocabulary.all, 0, thread),
        }
    }

    /// Marks, by their numbers, the tails that a thread between characters of a JSON string allows.
    pub(super) fn mark_tails(&mut self, thread: Thread) {
        self.walk(&self.vocabulary.tails.trie, 0, thread);
    }

    /// Marks the tokens that `thread` allows and that begin with one of `bytes`.
    pub(super) fn mark_beginning(&mut self, thread: Thread, bytes: &[u8]) {
        let trie = &self.vocabulary.all;
        bytes
            .iter()
            .filter_map(|byte| trie.child(0, *byte))
            .for_each(|child| self.enter(trie, child, thread));
    }

    /// Marks what `thread` allows below a node.
    fn walk(&mut self, trie: &Trie, node: u32, thread: Thread) {
        let parts = self.parts;
        match (thread.at, thread.at.part().map(|part| parts.get(part))) {
            (At::End | At::Token { .. }, _) => {}
            (At::Literal { written, .. }, Some(Part::Literal(text))) => {
                if let Some(child) = trie.child(node, text[written as usize]) {
                    self.enter(trie, child, thread);
                }
            }
            (At::OneOf { span, .. }, Some(Part::OneOf(texts))) => {
                let rule = |entry, depth| match texts.sorted.byte(entry, depth) {
                    Some(_) => Exit::Not,
                    None => Exit::May,
                };
                self.walk_sorted(trie, node, thread, Texts { sorted: &texts.sorted, span, back: 0 }, rule);
            }
            (At::Quote { span, .. }, Some(Part::Quote(file, rule))) => {
                let texts = Texts { sorted: &file.sorted, span, back: file.width() - 1 };
                self.walk_sorted(trie, node, thread, texts, |entry, depth| file.exit(*rule, entry, depth));
            }
            _ => trie.children(node).for_each(|child| self.enter(trie, child, thread)),
        }
    }

    /// Marks a child where `thread` allows its byte, and what is below.
    fn enter(&mut self, trie: &Trie, child: u32, thread: Thread) {
        let height = self.stacks.height();
        let from = self.threads.len();
        let mut machine = Machine { parts: self.parts, stacks: &mut *self.stacks, keeps: false };
        machine.step(thread, trie.byte(child), &mut self.threads);
        if self.threads.len() > from {
            trie.each_token(child, |token| self.mask.insert(token));
            self.walk_all(trie, child, from);
        }
        self.stacks.cut(height);
    }

    /// Marks what the threads from a place on allow below a node, and forgets them.
    fn walk_all(&mut self, trie: &Trie, node: u32, from: usize) {
        for at in from..self.threads.len() {
            self.walk(trie, node, self.threads[at]);
        }
        self.threads.truncate(from);
    }

    /// Goes down the trie along each text of a span. Neighbours share their starts, so each node is met once.
    fn walk_sorted(
        &mut self,
        trie: &Trie,
        node: u32,
        thread: Thread,
        texts: Texts<'_>,
        rule: impl Fn(u32, u32) -> Exit,
    ) {
        let Texts { sorted, span: Span { low, high, depth: start }, back } = texts;
        let mut path = vec![node];
        let (mut entry, mut skipped) = (low, 0);
        while entry < high {
            let shared = if entry == low { start } else { sorted.shared(entry) };
            let reached = start + offset(path.len()) - 1;
            // The ends of this text that lie in what it shares with the one before.
            for depth in shared.saturating_sub(back).max(start + 1)..=shared.min(reached) {
                if rule(entry, depth) == Exit::May {
                    self.leave(trie, path[(depth - start) as usize], thread, entry, depth);
                }
            }
            // Where the one before left the trie, this one does too.
            if shared > reached {
                skipped += 1;
                // Many such are jumped over, unless one can end before.
                let jumps = back == 0 && skipped % SKIPS == 0;
                entry = if jumps { sorted.behind(entry..high, start..reached + 1) } else { entry + 1 };
                continue;
            }
            skipped = 0;
            path.truncate((shared - start) as usize + 1);
            let mut depth = shared;
            while let Some(child) =
                sorted.byte(entry, depth).and_then(|byte| trie.child(path[(depth - start) as usize], byte))
            {
                depth += 1;
                let exit = rule(entry, depth);
                if exit == Exit::Never {
                    break;
                }
                path.push(child);
                trie.each_token(child, |token| self.mask.insert(token));
                if exit != Exit::Not {
                    self.leave(trie, child, thread, entry, depth);
                }
                if exit == Exit::Must {
                    break;
                }
            }
            entry += 1;
        }
    }

    fn leave(&mut self, trie: &Trie, node: u32, thread: Thread, entry: u32, depth: u32) {
        let height = self.stacks.height();
        let from = self.threads.len();
        let mut machine = Machine { parts: self.parts, stacks: &mut *self.stacks, keeps: false };
        machine.finish(thread, entry, depth, &mut self.threads);
        self.walk_all(trie, node, from);
        self.stacks.cut(height);
    }

    /// Of tokens in which free text ends or would have what may not come, unmarks those that cannot go on so, and marks
    /// those that can.
    fn mark_ends(&mut self, text: &FreeText, writing: free::Writing, thread: Thread) {
        let vocabulary = self.vocabulary;
        let is_long = |token: &TokenId| utf8::chars_begun(vocabulary.text(*token)) > writing.left as usize;
        for (end, progress) in text.ends.iter().zip(writing.progress) {
            vocabulary.holding(&end.text).into_iter().for_each(|token| self.try_token(token, thread));
            for rest in end.remainders(progress) {
                vocabulary.beginning_with(rest).iter().for_each(|token| self.try_token(*token, thread));
            }
            if writing.left > vocabulary.longest() {
                continue;
            }
            // Where few characters are left, an end may begin in a token that is longer than they are.
            for written in 1..=end.text.len() {
                let tokens = vocabulary.ending_with(&end.text[..written]);
                tokens.iter().filter(|token| is_long(token)).for_each(|token| self.try_token(*token, thread));
            }
            for rest in end.remainders(progress) {
                let mut node = 0;
                for byte in rest {
                    let Some(child) = vocabulary.all.child(node, *byte) else { break };
                    vocabulary.all.each_token(child, |token| self.try_token(token, thread));
                    node = child;
                }
            }
        }
    }

    fn try_token(&mut self, token: TokenId, thread: Thread) {
        let height = self.stacks.height();
        let mut machine = Machine { parts: self.parts, stacks: &mut *self.stacks, keeps: false };
        let mut threads = vec![thread];
        for byte in self.vocabulary.text(token) {
            let mut next = Vec::new();
            threads.iter().for_each(|thread| machine.step(*thread, *byte, &mut next));
            threads = next;
        }
        self.stacks.cut(height);
        if threads.is_empty() {
            self.mask.remove(token);
        } else {
            self.mask.insert(token);
        }
    }
}

/// Texts of a span; in their last `back` shared bytes a text can end though the one before does not.
struct Texts<'a> {
    sorted: &'a Sorted,
    span: Span,
    back: u32,
}
