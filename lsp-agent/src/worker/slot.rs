//! A request that runs: its tokens, how far they are evaluated, and what was written.

use super::choose::{self, Chooser};
use super::draft::{Costs, Drafts};
use super::prefixes::Sequence;
use super::smaller::Smaller;
use super::writer::{Step, Writer};
use crate::provider::wire::{End, Generate, Usage, Written};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use std::time::{Duration, Instant};

/// Bytes of a token, for how far it is worth to look ahead.
const FORCED_BYTES: usize = 6;

/// A running request.
pub(super) struct Slot {
    pub(super) ask: Box<Generate>,
    pub(super) sequence: Sequence,
    /// The prompt, then what was written.
    pub(super) tokens: Vec<i32>,
    /// Tokens that the context has.
    pub(super) evaluated: usize,
    pub(super) prompt: usize,
    pub(super) cached: usize,
    pub(super) drafts: Drafts,
    pub(super) begun: Instant,
    first: Option<Duration>,
    chooser: Chooser,
    writer: Writer,
    drafted: u32,
    accepted: u32,
}

/// Tokens that are evaluated before it is known that they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) tokens: Vec<i32>,
    source: Source,
}

/// Where a draft comes from.
#[derive(Clone, Copy, Debug, Default)]
enum Source {
    /// The form leaves nothing else.
    Form,
    /// What followed the last time.
    #[default]
    Seen,
    Smaller,
}

/// What one evaluated token brought.
pub(super) struct Brought {
    pub(super) text: String,
    pub(super) written: Option<Written>,
    pub(super) token: i32,
    pub(super) end: Option<End>,
}

impl Slot {
    pub(super) fn new(
        ask: Box<Generate>,
        chooser: Chooser,
        sequence: Sequence,
        prompt: Vec<i32>,
        cached: usize,
        drafts: Drafts,
    ) -> Self {
        let writer = Writer::new(ask.stop.clone());
        Self {
            ask,
            sequence,
            evaluated: cached,
            prompt: prompt.len(),
            cached,
            tokens: prompt,
            drafts,
            begun: Instant::now(),
            first: None,
            chooser,
            writer,
            drafted: 0,
            accepted: 0,
        }
    }

    pub(super) fn id(&self) -> u64 {
        self.ask.id
    }

    /// Whether the prompt is not evaluated yet, but for its last token.
    pub(super) fn in_prefill(&self) -> bool {
        self.evaluated + 1 < self.tokens.len()
    }

    pub(super) fn generated(&self) -> u32 {
        u32::try_from(self.tokens.len() - self.prompt).unwrap_or(u32::MAX)
    }

    /// Chooses the token that follows, from the output of the last one.
    pub(super) fn take(&mut self, model: &LlamaModel, logits: &[f32]) -> Brought {
        let Some(token) = self.chooser.choose(logits) else {
            let end = self.stuck(logits);
            return self.ended(end);
        };
        self.first.get_or_insert(self.begun.elapsed());
        let vocab = model.vocab();
        if vocab.is_eog(token) {
            let by_rule = self.chooser.has_end(&self.ask);
            return self.ended(if by_rule { End::Complete } else { End::Stop });
        }
        // Control tokens too: some families mark tools and thoughts with them.
        let bytes = vocab.token_to_piece(token, true, None);
        let written = (self.ask.alternatives > 0).then(|| {
            let (logprob, alternatives) = choose::alternatives(logits, token, self.ask.alternatives as usize);
            Written { token: token.0, bytes: bytes.clone(), logprob, alternatives }
        });
        self.tokens.push(token.0);
        self.drafts.push(token.0);
        let (mut text, step) = self.writer.push(&bytes);
        let end = match step {
            Step::Stopped(stop) => Some(End::Text(stop)),
            Step::On if self.chooser.is_done() => Some(End::Complete),
            Step::Repeats => Some(End::Repeats),
            Step::On if self.generated() >= self.ask.tokens => Some(End::Tokens),
            Step::On => self.out_of_time(),
        };
        if end.is_some() && !matches!(end, Some(End::Text(_))) {
            text.push_str(&self.writer.finish());
        }
        Brought { text, written, token: token.0, end }
    }

    /// Why nothing could be chosen.
    fn stuck(&self, logits: &[f32]) -> End {
        if !logits.iter().any(|logit| logit.is_finite()) {
            let what = "the model's output is no numbers; the file may be damaged: verify it";
            return End::Failed(what.to_owned());
        }
        if self.chooser.may_end() {
            return End::Complete;
        }
        let what = "the grammar or form cannot go on: the model has no token for what has to come next";
        End::Failed(what.to_owned())
    }

    /// A draft of what comes next, at most so many tokens: what must come, what followed the last time, or what a smaller
    /// model would say.
    pub(super) fn draft(
        &mut self,
        model: &LlamaModel,
        costs: Option<&Costs>,
        smaller: Option<&mut Smaller<'_>>,
        most: usize,
    ) -> Draft {
        let forced = self.chooser.forced(most * FORCED_BYTES);
        if !forced.is_empty() {
            let tokens = model.vocab().tokenize(&forced, false, false);
            let tokens = tokens.into_iter().take(most).map(|token| token.0).collect();
            return Draft { tokens, source: Source::Form };
        }
        // Several requests fill a batch by themselves.
        let Some(costs) = costs else { return Draft::default() };
        let seen = self.drafts.guess(self.drafts.trust.worth(costs, 0.0).min(most));
        if !seen.is_empty() {
            return Draft { tokens: seen.to_vec(), source: Source::Seen };
        }
        let Some(smaller) = smaller else { return Draft::default() };
        let worth = smaller.worth(costs);
        Draft { tokens: smaller.guess(&self.tokens, worth.min(most)), source: Source::Smaller }
    }

    /// Whether its time is over.
    pub(super) fn out_of_time(&self) -> Option<End> {
        (self.begun.elapsed() >= Duration::from_millis(self.ask.time)).then_some(End::Time)
    }

    fn ended(&mut self, end: End) -> Brought {
        Brought { text: self.writer.finish(), written: None, token: LlamaToken::new(-1).0, end: Some(end) }
    }

    /// Text that was held back when a request is ended from outside.
    pub(super) fn rest(&mut self) -> String {
        self.writer.finish()
    }

    /// Takes note of how a draft went.
    pub(super) fn told(&mut self, draft: &Draft, held: usize, smaller: Option<&mut Smaller<'_>>) {
        let drafted = draft.tokens.len();
        match (draft.source, smaller) {
            (Source::Seen, _) => self.drafts.trust.told(drafted, held),
            (Source::Smaller, Some(smaller)) => smaller.trust.told(drafted, held),
            (Source::Smaller, None) | (Source::Form, _) => {}
        }
        self.drafted += u32::try_from(drafted).unwrap_or_default();
        self.accepted += u32::try_from(held).unwrap_or_default();
    }

    pub(super) fn usage(&self) -> Usage {
        let milliseconds = |time: Duration| time.as_secs_f32() * 1_000.0;
        let count = |tokens: usize| u32::try_from(tokens).unwrap_or(u32::MAX);
        Usage {
            prompt: count(self.prompt),
            cached: count(self.cached),
            generated: self.generated(),
            drafted: self.drafted,
            accepted: self.accepted,
            first_token: milliseconds(self.first.unwrap_or_default()),
            total: milliseconds(self.begun.elapsed()),
        }
    }
}
