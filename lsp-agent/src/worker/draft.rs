//! Guesses at what comes next, taken from what was seen: most of an edited file is the file.
//!
//! Prompt lookup (Saxena 2023): the last tokens are looked up in everything before them, and what followed there is the
//! draft. How much is drafted follows from how often drafts held and from what larger batches cost on this machine.

use std::collections::HashMap;

/// Tokens that have to agree before what follows is drafted.
const MATCH: usize = 3;
/// The longest draft.
pub(super) const LONGEST: usize = 24;
/// The lengths that are weighed against each other.
const LENGTHS: [usize; 6] = [0, 2, 4, 8, 16, LONGEST];
/// How fast measurements are forgotten.
const KEEP: f32 = 0.8;

/// The texts that drafts are taken from, and where their tokens follow each other.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    tokens: Vec<i32>,
    /// The last place at which each run of tokens ends.
    places: HashMap<[i32; MATCH], usize>,
    pub(super) trust: Trust,
}

/// How far drafts of one kind can be relied on.
#[derive(Debug)]
pub(super) struct Trust {
    /// How likely a drafted token is to hold.
    holds: f32,
}

impl Default for Trust {
    fn default() -> Self {
        Self { holds: 0.7 }
    }
}

impl Trust {
    /// Of a draft, so many tokens held.
    pub(super) fn told(&mut self, drafted: usize, held: usize) {
        // The token after those that held was tried and did not.
        let tried = (held + 1).min(drafted);
        if tried > 0 {
            #[expect(clippy::cast_precision_loss, reason = "drafts are short")]
            let rate = held as f32 / tried as f32;
            self.holds = KEEP * self.holds + (1.0 - KEEP) * rate;
        }
    }

    /// How many tokens to draft where evaluating n of them costs `cost(n)`, and drafting each takes `each` milliseconds.
    pub(super) fn worth(&self, costs: &Costs, each: f32) -> usize {
        // A draft of n gives one token, and each further one with the probability that all before it hold.
        let gain = |length: usize| {
            let mut expected = 1.0;
            let mut all = 1.0;
            for _ in 0..length {
                all *= self.holds;
                expected += all;
            }
            #[expect(clippy::cast_precision_loss, reason = "drafts are short")]
            let drafting = each * length as f32;
            expected / (costs.of(length + 1) + drafting)
        };
        LENGTHS.into_iter().max_by(|a, b| gain(*a).total_cmp(&gain(*b))).unwrap_or(0)
    }
}

impl Drafts {
    /// From texts that may be repeated; the prompt is the last of them.
    pub(super) fn new(texts: impl IntoIterator<Item = Vec<i32>>) -> Self {
        let mut drafts = Self::default();
        for text in texts {
            // No run goes over from one text to the next.
            drafts.tokens.push(i32::MIN);
            for token in text {
                drafts.push(token);
            }
        }
        drafts
    }

    /// A token came.
    pub(super) fn push(&mut self, token: i32) {
        // The run before it is looked up from now on, for what followed it: this token.
        if let Some(run) = self.tokens.last_chunk::<MATCH>() {
            self.places.insert(*run, self.tokens.len());
        }
        self.tokens.push(token);
    }

    /// What followed the last time the last tokens came, at most so many.
    pub(super) fn guess(&self, most: usize) -> &[i32] {
        let Some(run) = self.tokens.last_chunk::<MATCH>() else { return &[] };
        let Some(place) = self.places.get(run) else { return &[] };
        let rest = &self.tokens[*place..];
        let end = rest.iter().position(|token| *token == i32::MIN).unwrap_or(rest.len());
        &rest[..end.min(most)]
    }
}

/// What evaluating some tokens at once costs on this machine, in milliseconds: measured as it happens.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    /// By the length of the batch, up to the longest draft and one token.
    measured: [Option<f32>; LONGEST + 2],
}

impl Default for Costs {
    fn default() -> Self {
        Self { measured: [None; LONGEST + 2] }
    }
}

impl Costs {
    /// A batch of so many tokens took so long.
    pub(super) fn told(&mut self, tokens: usize, milliseconds: f32) {
        if let Some(old) = self.measured.get_mut(tokens) {
            *old = Some(old.map_or(milliseconds, |old| KEEP * old + (1.0 - KEEP) * milliseconds));
        }
    }

    /// The cost of a batch; of one that never was, between its neighbours.
    fn of(&self, tokens: usize) -> f32 {
        let known = |place: usize| self.measured[place].map(|cost| (place, cost));
        let below = (1..=tokens.min(LONGEST + 1)).rev().find_map(known);
        let above = (tokens..LONGEST + 2).find_map(known);
        #[expect(clippy::cast_precision_loss, reason = "batches are short")]
        match (below, above) {
            (Some((a, cost)), Some((b, other))) if a < b => {
                cost + (other - cost) * (tokens - a) as f32 / (b - a) as f32
            }
            (Some((_, cost)), Some(_)) => cost,
            // A guess that lets longer drafts be tried: a batch costs half of what its tokens cost alone.
            (Some((a, cost)), None) => cost * (1.0 + 0.15 * (tokens - a) as f32),
            (None, Some((b, cost))) => cost / (1.0 + 0.15 * (b - tokens) as f32),
            (None, None) => 1.0 + 0.15 * tokens as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_last_time_is_the_guess() {
        let mut drafts = Drafts::new([vec![1, 2, 3, 4, 5, 6], vec![9, 1, 2]]);
        assert_eq!(drafts.guess(8), &[] as &[i32], "two tokens are not enough, and runs do not cross texts");
        drafts.push(3);
        assert_eq!(drafts.guess(2), [4, 5]);
        assert_eq!(drafts.guess(8), [4, 5, 6]);
        for token in [7, 1, 2, 3] {
            drafts.push(token);
        }
        assert_eq!(drafts.guess(1), [7], "the newest place is taken");
    }

    #[test]
    fn drafts_grow_while_they_hold_and_shrink_when_they_do_not() {
        let mut trust = Trust::default();
        let mut costs = Costs::default();
        costs.told(1, 50.0);
        costs.told(5, 90.0);
        costs.told(17, 300.0);
        for _ in 0..30 {
            trust.told(8, 8);
        }
        assert!(trust.worth(&costs, 0.0) >= 4, "{}", trust.worth(&costs, 0.0));
        for _ in 0..30 {
            trust.told(8, 0);
        }
        assert_eq!(trust.worth(&costs, 0.0), 0);
        assert_eq!(Trust::default().worth(&costs, 200.0), 0, "what costs more than it spares is left");
    }
}
