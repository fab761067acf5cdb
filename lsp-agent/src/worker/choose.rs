//! Which token comes next: constraints first, then the usual samplers, which are llama.cpp's.

use crate::provider::wire::{Grammar, Sampling};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

/// Tokens that a penalty for repeating looks back on.
const PENALTY_WINDOW: i32 = 64;

/// How the tokens of one request are chosen.
pub(super) struct Chooser {
    sampling: Sampling,
    grammar: Option<LlamaSampler>,
    penalties: Option<LlamaSampler>,
    /// None where the likeliest is taken.
    chance: Option<LlamaSampler>,
}

impl Chooser {
    /// # Errors
    /// When the grammar is none.
    pub(super) fn new(
        model: &LlamaModel,
        sampling: Sampling,
        grammar: Option<&Grammar>,
    ) -> Result<Self, String> {
        let grammar = match grammar {
            None => None,
            Some(Grammar { text, triggers }) => {
                let made = match triggers.is_empty() {
                    true => LlamaSampler::grammar(model, text, "root"),
                    false => LlamaSampler::grammar_lazy(model, text, "root", triggers, &[]),
                };
                Some(made.map_err(|error| format!("the grammar cannot be used: {error}"))?)
            }
        };
        let is_wrong = |value: f32| !value.is_finite() || value < 0.0;
        if is_wrong(sampling.temperature) || is_wrong(sampling.top_p) || is_wrong(sampling.min_p) {
            return Err("temperature, top_p and min_p are numbers from 0".to_owned());
        }
        let vocabulary = model.vocab().n_tokens();
        let penalty = sampling.repeat_penalty;
        let penalties = (penalty > 0.0 && (penalty - 1.0).abs() > f32::EPSILON)
            .then(|| LlamaSampler::penalties(vocabulary, PENALTY_WINDOW, penalty, 0.0, 0.0));
        let chance = (sampling.temperature > 0.0).then(|| {
            LlamaSampler::chain_simple([
                LlamaSampler::top_k(sampling.top_k),
                LlamaSampler::top_p(sampling.top_p, 1),
                LlamaSampler::min_p(sampling.min_p, 1),
                LlamaSampler::temp(sampling.temperature),
                LlamaSampler::dist(sampling.seed),
            ])
        });
        Ok(Self { sampling, grammar, penalties, chance })
    }

    /// The next token, which counts as written. `None` where nothing is allowed.
    pub(super) fn choose(&mut self, logits: &[f32]) -> Option<LlamaToken> {
        let token = match self.likeliest(logits) {
            Some(token) => token,
            None => self.sample(logits)?,
        };
        for sampler in [&mut self.grammar, &mut self.penalties].into_iter().flatten() {
            sampler.accept(token);
        }
        Some(token)
    }

    /// The likeliest token, where that is what is wanted and it is allowed: most of the time, and much quicker than
    /// looking at all of them.
    fn likeliest(&mut self, logits: &[f32]) -> Option<LlamaToken> {
        if self.sampling.temperature > 0.0 || self.penalties.is_some() {
            return None;
        }
        let (token, logit) = best(logits)?;
        let Some(grammar) = &mut self.grammar else { return Some(token) };
        let mut only = LlamaTokenDataArray::new(vec![LlamaTokenData::new(token, logit, 0.0)], false);
        grammar.apply(&mut only);
        only.data.first().is_some_and(|only| only.logit().is_finite()).then_some(token)
    }

    fn sample(&mut self, logits: &[f32]) -> Option<LlamaToken> {
        let all = (0..).zip(logits).filter(|(_, logit)| logit.is_finite());
        let all = all.map(|(token, logit)| LlamaTokenData::new(LlamaToken::new(token), *logit, 0.0));
        let mut candidates = LlamaTokenDataArray::from_iter(all, false);
        if let Some(grammar) = &mut self.grammar {
            grammar.apply(&mut candidates);
            candidates.data.retain(|candidate| candidate.logit().is_finite());
        }
        if let Some(penalties) = &mut self.penalties {
            penalties.apply(&mut candidates);
        }
        if candidates.data.is_empty() {
            return None;
        }
        match &mut self.chance {
            Some(chance) => {
                chance.apply(&mut candidates);
                candidates.selected_token()
            }
            None => {
                candidates.data.iter().max_by(|a, b| a.logit().total_cmp(&b.logit())).map(LlamaTokenData::id)
            }
        }
    }
}

/// The token of the highest logit; the first of several. What is no number is none.
fn best(logits: &[f32]) -> Option<(LlamaToken, f32)> {
    let mut best: Option<(usize, f32)> = None;
    for (place, logit) in logits.iter().enumerate() {
        if best.is_none_or(|(_, most)| *logit > most) && logit.is_finite() {
            best = Some((place, *logit));
        }
    }
    let (place, logit) = best?;
    Some((LlamaToken::new(i32::try_from(place).ok()?), logit))
}

/// A token's log-probability, and the likeliest tokens with theirs.
pub(super) fn alternatives(logits: &[f32], token: LlamaToken, count: usize) -> (f32, Vec<(i32, f32)>) {
    let most = best(logits).map_or(0.0, |(_, logit)| logit);
    let sum: f32 = logits.iter().filter(|logit| logit.is_finite()).map(|logit| (logit - most).exp()).sum();
    let logprob = |logit: f32| logit - most - sum.ln();
    let mut places: Vec<(i32, f32)> = (0..).zip(logits.iter().copied()).collect();
    let count = count.min(places.len());
    if count > 0 && count < places.len() {
        places.select_nth_unstable_by(count - 1, |a, b| b.1.total_cmp(&a.1));
    }
    places.truncate(count);
    places.sort_by(|a, b| b.1.total_cmp(&a.1));
    let own = usize::try_from(token.0).ok().and_then(|place| logits.get(place)).copied();
    let likely = places.into_iter().map(|(token, logit)| (token, logprob(logit))).collect();
    (logprob(own.unwrap_or(f32::NEG_INFINITY)), likely)
}
