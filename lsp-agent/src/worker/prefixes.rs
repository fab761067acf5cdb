//! Which prompts are still in the context's memory: sequences of tokens, of which a new request takes over the longest
//! that it shares.
//!
//! llama.cpp lets sequences share cells, so that together they are a tree: a copy of a prefix costs nothing, and a cell is
//! free once the last sequence that holds it is gone.

use std::collections::VecDeque;

/// A sequence's number in llama.cpp's context.
pub(super) type Sequence = i32;

/// A sequence that no request runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cached {
    pub(super) sequence: Sequence,
    pub(super) tokens: Vec<i32>,
}

/// The sequences of a context. Those that are cached are in order of their last use.
#[derive(Debug)]
pub(super) struct Prefixes {
    free: Vec<Sequence>,
    cached: VecDeque<Cached>,
}

/// How a request begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) sequence: Sequence,
    /// Where the shared tokens are to be copied from, and how many.
    pub(super) copy: Option<(Sequence, usize)>,
    /// Tokens that need not be evaluated.
    pub(super) shared: usize,
    /// Sequences to be removed first.
    pub(super) dropped: Vec<Sequence>,
}

impl Prefixes {
    /// `count` sequences, none of them used.
    pub(super) fn new(count: u32) -> Self {
        let free = (0..count.cast_signed()).rev().collect();
        Self { free, cached: VecDeque::new() }
    }

    /// Finds a sequence for a prompt, and what it can take over. Of the prompt at least the last token is left to be
    /// evaluated, because its output is what the answer begins with. `None` when every sequence runs.
    pub(super) fn start(&mut self, prompt: &[i32]) -> Option<Start> {
        let most = prompt.len().saturating_sub(1);
        let shared = |cached: &Cached| common(&cached.tokens, prompt).min(most);
        let best = (0..self.cached.len()).max_by_key(|place| shared(&self.cached[*place]));
        let best = best.filter(|place| shared(&self.cached[*place]) > 0);
        let mut dropped = Vec::new();
        let Some(place) = best else {
            let sequence = self.take(&mut dropped)?;
            return Some(Start { sequence, copy: None, shared: 0, dropped });
        };
        let taken = shared(&self.cached[place]);
        // What was used is the newest now.
        let cached = self.cached.remove(place)?;
        // A sequence that the prompt only continues goes on itself; one from which it branches stays for others.
        if taken == cached.tokens.len() || (self.free.is_empty() && self.cached.is_empty()) {
            return Some(Start { sequence: cached.sequence, copy: None, shared: taken, dropped });
        }
        let source = cached.sequence;
        self.cached.push_back(cached);
        let sequence = match self.free.pop() {
            Some(sequence) => sequence,
            None => {
                // The oldest is another than the source, which is the newest.
                let oldest = self.cached.pop_front()?;
                dropped.push(oldest.sequence);
                oldest.sequence
            }
        };
        Some(Start { sequence, copy: Some((source, taken)), shared: taken, dropped })
    }

    fn take(&mut self, dropped: &mut Vec<Sequence>) -> Option<Sequence> {
        if let Some(sequence) = self.free.pop() {
            return Some(sequence);
        }
        let oldest = self.cached.pop_front()?;
        dropped.push(oldest.sequence);
        Some(oldest.sequence)
    }

    /// A request ended; its tokens stay for the next. Gives the sequences that have become superfluous, because all that
    /// they hold is in this one too.
    pub(super) fn end(&mut self, sequence: Sequence, tokens: Vec<i32>) -> Vec<Sequence> {
        if tokens.is_empty() {
            self.free.push(sequence);
            return vec![sequence];
        }
        let is_inside = |cached: &Cached| tokens.starts_with(&cached.tokens);
        let (inside, others): (VecDeque<_>, VecDeque<_>) = self.cached.drain(..).partition(is_inside);
        let inside: Vec<Sequence> = inside.into_iter().map(|cached| cached.sequence).collect();
        self.free.extend(&inside);
        self.cached = others;
        self.cached.push_back(Cached { sequence, tokens });
        inside
    }

    /// Gives up the sequence that was not used for longest. `None` when nothing is cached.
    pub(super) fn evict(&mut self) -> Option<Sequence> {
        let oldest = self.cached.pop_front()?;
        self.free.push(oldest.sequence);
        Some(oldest.sequence)
    }

    /// What is cached, oldest first.
    pub(super) fn cached(&self) -> impl DoubleEndedIterator<Item = &Cached> {
        self.cached.iter()
    }

    /// A sequence for something that comes from disk.
    pub(super) fn free(&mut self) -> Option<Sequence> {
        self.free.pop()
    }
}

/// How many tokens two sequences have in common from their beginning.
pub(super) fn common(a: &[i32], b: &[i32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_turn_goes_on_where_the_last_one_ended() {
        let mut prefixes = Prefixes::new(4);
        let first = prefixes.start(&[1, 2, 3]).unwrap();
        assert_eq!((first.shared, first.copy), (0, None));
        prefixes.end(first.sequence, vec![1, 2, 3, 4, 5]);
        let second = prefixes.start(&[1, 2, 3, 4, 5, 6, 7]).unwrap();
        assert_eq!((second.sequence, second.shared, second.copy), (first.sequence, 5, None));
    }

    #[test]
    fn branches_share_and_leave_each_other_alone() {
        let mut prefixes = Prefixes::new(4);
        let first = prefixes.start(&[1, 2, 3]).unwrap().sequence;
        prefixes.end(first, vec![1, 2, 3, 4]);
        let branch = prefixes.start(&[1, 2, 9, 9]).unwrap();
        assert_eq!((branch.shared, branch.copy), (2, Some((first, 2))));
        assert_ne!(branch.sequence, first);
        prefixes.end(branch.sequence, vec![1, 2, 9, 9]);
        let back = prefixes.start(&[1, 2, 3, 4, 5]).unwrap();
        assert_eq!((back.sequence, back.shared), (first, 4));
    }

    #[test]
    fn the_last_token_is_always_evaluated() {
        let mut prefixes = Prefixes::new(2);
        let first = prefixes.start(&[1, 2]).unwrap().sequence;
        prefixes.end(first, vec![1, 2]);
        let again = prefixes.start(&[1, 2]).unwrap();
        assert_eq!(again.shared, 1);
    }

    proptest! {
        /// Against a list of what each sequence holds: nothing is lost, nothing is held twice, and what is said to be
        /// shared is.
        #[test]
        fn what_is_said_to_be_shared_is_there(prompts in prop::collection::vec(prop::collection::vec(0..3, 1..8), 1..40), count in 1_u32..5) {
            let mut prefixes = Prefixes::new(count);
            let mut held = vec![Vec::new(); count as usize];
            for prompt in prompts {
                let start = prefixes.start(&prompt).expect("nothing runs");
                for sequence in &start.dropped {
                    held[*sequence as usize].clear();
                }
                let place = start.sequence as usize;
                if let Some((source, shared)) = start.copy {
                    prop_assert!(held[place].is_empty());
                    held[place] = held[source as usize][..shared].to_vec();
                }
                held[place].truncate(start.shared);
                prop_assert_eq!(&held[place], &prompt[..start.shared]);
                prop_assert!(start.shared < prompt.len());
                held[place] = prompt.clone();
                for sequence in prefixes.end(start.sequence, prompt.clone()) {
                    prop_assert!(prompt.starts_with(&held[sequence as usize]));
                    held[sequence as usize].clear();
                }
                let cached: Vec<_> = prefixes.cached().cloned().collect();
                prop_assert!(cached.iter().all(|cached| held[cached.sequence as usize] == cached.tokens));
                prop_assert_eq!(cached.len() + prefixes.free.len(), count as usize);
            }
        }
    }
}
