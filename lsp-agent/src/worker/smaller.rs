//! Drafts by a smaller model of the same vocabulary (Leviathan and others 2023), where nothing that was seen tells what
//! comes next.

use super::draft::{Costs, LONGEST, Trust};
use super::prefixes::common;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use std::time::Instant;

/// Tokens that it reads at once: what a draft may cost at most while it catches up with a prompt.
const CHUNK: usize = 128;
/// It stops where its own next token is less likely than this.
const LEAST_CHANCE: f32 = 0.5;
/// How fast it is forgotten, from token to token, that drafts were too slow.
const PATIENCE: f32 = 0.99;
/// How fast measurements are forgotten.
const KEEP: f32 = 0.8;

/// A smaller model with a context of its own, of one sequence.
pub(super) struct Smaller<'m> {
    model: &'m LlamaModel,
    context: LlamaContext<'m>,
    batch: LlamaBatch<'static>,
    /// What the context holds.
    tokens: Vec<i32>,
    pub(super) trust: Trust,
    /// Milliseconds that a drafted token takes.
    each: f32,
}

/// Whether two models mean the same by every token.
pub(super) fn is_alike(one: &LlamaModel, other: &LlamaModel) -> bool {
    let (one, other) = (one.vocab(), other.vocab());
    // Sizes may differ by what fills up the table.
    let count = one.n_tokens().min(other.n_tokens());
    one.vocab_type() == other.vocab_type()
        && one.n_tokens().abs_diff(other.n_tokens()) <= 512
        && one.bos() == other.bos()
        && (0..count).map(LlamaToken::new).all(|token| one.text(token) == other.text(token))
}

impl<'m> Smaller<'m> {
    pub(super) fn new(model: &'m LlamaModel, context: LlamaContext<'m>) -> Self {
        let batch = LlamaBatch::new(CHUNK, 1);
        Self { model, context, batch, tokens: Vec::new(), trust: Trust::default(), each: 0.0 }
    }

    /// How many tokens it is worth to let it draft.
    pub(super) fn worth(&mut self, costs: &Costs) -> usize {
        let worth = self.trust.worth(costs, self.each);
        if worth == 0 {
            // What was slow while the machine was busy is tried again some time.
            self.each *= PATIENCE;
        }
        worth
    }

    /// At most so many tokens that may follow. Nothing while it is still reading what came before.
    pub(super) fn guess(&mut self, tokens: &[i32], most: usize) -> Vec<i32> {
        let drafted = self.draft(tokens, most.min(LONGEST));
        if drafted.is_none() {
            // Its context is full or broken; it begins anew where it can.
            self.context.clear_kv_cache();
            self.tokens.clear();
        }
        drafted.unwrap_or_default()
    }

    /// `None` where it cannot be evaluated.
    fn draft(&mut self, tokens: &[i32], most: usize) -> Option<Vec<i32>> {
        // The last token is always evaluated: what follows comes from it.
        let shared = common(&self.tokens, tokens).min(tokens.len().checked_sub(1)?);
        self.cut(shared)?;
        let missing = &tokens[shared..];
        if most == 0 || tokens.len() + most >= self.context.n_ctx() as usize {
            return Some(Vec::new());
        }
        self.evaluate(&missing[..missing.len().min(CHUNK)])?;
        if missing.len() > CHUNK {
            return Some(Vec::new());
        }
        let begun = Instant::now();
        let mut draft = Vec::new();
        while let Some(token) = self.likely() {
            draft.push(token);
            if draft.len() == most {
                break;
            }
            self.evaluate(&[token])?;
        }
        if !draft.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "drafts are short")]
            let each = begun.elapsed().as_secs_f32() * 1_000.0 / draft.len() as f32;
            self.each = if self.each > 0.0 { KEEP * self.each + (1.0 - KEEP) * each } else { each };
        }
        Some(draft)
    }

    /// The likeliest token, where it is likely enough and goes on with the text.
    fn likely(&self) -> Option<i32> {
        let logits = self.context.get_logits_ith(self.batch.n_tokens() - 1);
        let (token, logprob) = super::choose::likeliest(logits)?;
        (logprob.exp() >= LEAST_CHANCE && !self.model.vocab().is_eog(token)).then_some(token.0)
    }

    fn cut(&mut self, length: usize) -> Option<()> {
        self.tokens.truncate(length);
        let from = u32::try_from(length).ok()?;
        self.context.kv_cache_seq_rm(0, Some(from), None).ok().map(drop)
    }

    fn evaluate(&mut self, tokens: &[i32]) -> Option<()> {
        self.batch.clear();
        for (offset, token) in tokens.iter().enumerate() {
            let position = i32::try_from(self.tokens.len() + offset).ok()?;
            let is_last = offset + 1 == tokens.len();
            self.batch.add(LlamaToken::new(*token), position, &[0], is_last).ok()?;
        }
        self.context.decode(&mut self.batch).ok()?;
        self.tokens.extend_from_slice(tokens);
        Some(())
    }
}
