//! Which token comes next: what may come first, then the usual samplers, which are llama.cpp's.

use crate::constraint::{Constraint, Parts, Piece, TokenMask, Vocabulary};
use crate::provider::wire::{Generate, Grammar, Sampling};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use llama_cpp_2::token_type::LlamaTokenAttr;
use std::sync::Arc;

/// Tokens that a penalty for repeating looks back on.
const PENALTY_WINDOW: i32 = 64;

/// How the tokens of one request are chosen.
pub(super) struct Chooser {
    rule: Rule,
    penalties: Option<LlamaSampler>,
    /// None where the likeliest is taken.
    chance: Option<LlamaSampler>,
}

/// What may be written.
enum Rule {
    Anything,
    Grammar(LlamaSampler),
    Form { constraint: Box<Constraint>, mask: TokenMask },
}

impl Chooser {
    /// `vocabulary` is asked for where the request has a form.
    ///
    /// # Errors
    /// When the grammar or the form is none.
    pub(super) fn new(
        model: &LlamaModel,
        ask: &Generate,
        vocabulary: impl FnOnce() -> Arc<Vocabulary>,
    ) -> Result<Self, String> {
        let rule = match (&ask.grammar, &ask.form) {
            (None, None) => Rule::Anything,
            (Some(grammar), None) => Rule::Grammar(self::grammar(model, grammar)?),
            (None, Some(form)) => {
                let mut parts = Parts::new();
                let root = form.build(&mut parts, &|text| control_token(model, text));
                let root = root.map_err(|error| format!("the form cannot be used: {error}"))?;
                let constraint = Box::new(Constraint::new(vocabulary(), Arc::new(parts), root));
                Rule::Form { constraint, mask: TokenMask::default() }
            }
            (Some(_), Some(_)) => return Err("a request has a grammar or a form, not both".to_owned()),
        };
        let sampling = ask.sampling;
        let is_wrong = |value: f32| !value.is_finite() || value < 0.0;
        if is_wrong(sampling.temperature) || is_wrong(sampling.top_p) || is_wrong(sampling.min_p) {
            return Err("temperature, top_p and min_p are numbers from 0".to_owned());
        }
        let penalty = sampling.repeat_penalty;
        let penalties = (penalty > 0.0 && (penalty - 1.0).abs() > f32::EPSILON)
            .then(|| LlamaSampler::penalties(model.vocab().n_tokens(), PENALTY_WINDOW, penalty, 0.0, 0.0));
        Ok(Self { rule, penalties, chance: chance(sampling) })
    }

    /// The next token, which counts as written. `None` where nothing is allowed.
    ///
    /// What the samplers want is taken where it is allowed, which is so most of the time; only else all tokens are held
    /// against the rule. The chances of those that are allowed stay as they are to each other.
    pub(super) fn choose(&mut self, logits: &[f32]) -> Option<LlamaToken> {
        let wanted = self.wanted(logits)?;
        let token = match self.takes(wanted) {
            true => wanted,
            false => {
                let allowed = self.allowed(logits)?;
                self.takes(allowed).then_some(allowed)?
            }
        };
        if let Some(penalties) = &mut self.penalties {
            penalties.accept(token);
        }
        Some(token)
    }

    /// Whether what was to be written is complete, and nothing can follow.
    pub(super) fn is_done(&self) -> bool {
        matches!(&self.rule, Rule::Form { constraint, .. } if constraint.is_done())
    }

    /// Whether the text may end here, as far as its form goes.
    pub(super) fn may_end(&self) -> bool {
        matches!(&self.rule, Rule::Form { constraint, .. } if constraint.may_end())
    }

    /// Whether it is the rule that ends the text, and not the model.
    pub(super) fn has_end(&self, ask: &Generate) -> bool {
        match &self.rule {
            Rule::Anything => false,
            Rule::Grammar(_) => ask.grammar.as_ref().is_some_and(|grammar| grammar.triggers.is_empty()),
            Rule::Form { .. } => true,
        }
    }

    /// At most so many bytes that must come next.
    pub(super) fn forced(&mut self, most: usize) -> Vec<u8> {
        match &mut self.rule {
            Rule::Form { constraint, .. } => constraint.forced(most),
            Rule::Anything | Rule::Grammar(_) => Vec::new(),
        }
    }

    /// What the samplers want, whether it is allowed or not.
    fn wanted(&mut self, logits: &[f32]) -> Option<LlamaToken> {
        if self.chance.is_none() && self.penalties.is_none() {
            return best(logits).map(|(token, _)| token);
        }
        self.sample(candidates(logits))
    }

    /// Writes a token if it is allowed.
    fn takes(&mut self, token: LlamaToken) -> bool {
        match &mut self.rule {
            Rule::Anything => true,
            Rule::Grammar(grammar) => {
                let mut only = LlamaTokenDataArray::new(vec![LlamaTokenData::new(token, 0.0, 0.0)], false);
                grammar.apply(&mut only);
                let is_allowed = only.data.first().is_some_and(|only| only.logit().is_finite());
                if is_allowed {
                    grammar.accept(token);
                }
                is_allowed
            }
            Rule::Form { constraint, .. } => constraint.accept(token.0.cast_unsigned()).is_ok(),
        }
    }

    /// What the samplers want of the tokens that are allowed.
    fn allowed(&mut self, logits: &[f32]) -> Option<LlamaToken> {
        let candidates = match &mut self.rule {
            Rule::Anything => return None,
            Rule::Grammar(grammar) => {
                let mut candidates = candidates(logits);
                grammar.apply(&mut candidates);
                candidates.data.retain(|candidate| candidate.logit().is_finite());
                candidates
            }
            Rule::Form { constraint, mask } => {
                constraint.allowed(mask);
                let of = |token: u32| {
                    let logit = logits.get(token as usize).filter(|logit| logit.is_finite())?;
                    Some(LlamaTokenData::new(LlamaToken::new(token.cast_signed()), *logit, 0.0))
                };
                LlamaTokenDataArray::new(mask.iter().filter_map(of).collect(), false)
            }
        };
        self.sample(candidates)
    }

    fn sample(&mut self, mut candidates: LlamaTokenDataArray) -> Option<LlamaToken> {
        if candidates.data.is_empty() {
            return None;
        }
        if let Some(penalties) = &mut self.penalties {
            penalties.apply(&mut candidates);
        }
        if let Some(chance) = &mut self.chance {
            chance.apply(&mut candidates);
            return candidates.selected_token();
        }
        // The first of equals, as without a rule.
        let of = |candidate: &LlamaTokenData| (candidate.logit(), candidate.id().0);
        let first = |a: &&LlamaTokenData, b: &&LlamaTokenData| {
            let ((a, a_id), (b, b_id)) = (of(a), of(b));
            a.total_cmp(&b).then(b_id.cmp(&a_id))
        };
        candidates.data.iter().max_by(first).map(LlamaTokenData::id)
    }
}

fn grammar(model: &LlamaModel, grammar: &Grammar) -> Result<LlamaSampler, String> {
    let Grammar { text, triggers } = grammar;
    let made = match triggers.is_empty() {
        true => LlamaSampler::grammar(model, text, "root"),
        false => LlamaSampler::grammar_lazy(model, text, "root", triggers, &[]),
    };
    made.map_err(|error| format!("the grammar cannot be used: {error}"))
}

fn chance(sampling: Sampling) -> Option<LlamaSampler> {
    (sampling.temperature > 0.0).then(|| {
        LlamaSampler::chain_simple([
            LlamaSampler::top_k(sampling.top_k),
            LlamaSampler::top_p(sampling.top_p, 1),
            LlamaSampler::min_p(sampling.min_p, 1),
            LlamaSampler::temp(sampling.temperature),
            LlamaSampler::dist(sampling.seed),
        ])
    })
}

/// A model's tokens, prepared for forms.
pub(super) fn vocabulary(model: &LlamaModel) -> Vocabulary {
    let vocab = model.vocab();
    let pieces: Vec<Option<Vec<u8>>> = vocab
        .tokens()
        .map(|token| {
            let attributes = vocab.attr(token);
            let is_text = !attributes
                .intersects(LlamaTokenAttr::Control | LlamaTokenAttr::Unknown | LlamaTokenAttr::Unused);
            is_text.then(|| vocab.token_to_piece(token, false, None))
        })
        .collect();
    Vocabulary::new(vocab.tokens().zip(&pieces).map(|(token, piece)| match piece {
        _ if vocab.is_eog(token) => Piece::End,
        Some(bytes) => Piece::Text(bytes),
        None if vocab.is_control(token) => Piece::Control,
        None => Piece::Unused,
    }))
}

/// The control token of this text.
fn control_token(model: &LlamaModel, text: &str) -> Option<u32> {
    match model.vocab().tokenize(text.as_bytes(), false, true).as_slice() {
        [token] if model.vocab().is_control(*token) => Some(token.0.cast_unsigned()),
        _ => None,
    }
}

fn candidates(logits: &[f32]) -> LlamaTokenDataArray {
    let all = (0..).zip(logits).filter(|(_, logit)| logit.is_finite());
    let all = all.map(|(token, logit)| LlamaTokenData::new(LlamaToken::new(token), *logit, 0.0));
    LlamaTokenDataArray::from_iter(all, false)
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

/// The likeliest token and its log-probability.
pub(super) fn likeliest(logits: &[f32]) -> Option<(LlamaToken, f32)> {
    let (token, most) = best(logits)?;
    Some((token, -log_sum(logits, most)))
}

/// The logarithm of what `exp(logit - most)` come to.
fn log_sum(logits: &[f32], most: f32) -> f32 {
    logits.iter().filter(|logit| logit.is_finite()).map(|logit| (logit - most).exp()).sum::<f32>().ln()
}

/// A token's log-probability, and the likeliest tokens with theirs.
pub(super) fn alternatives(logits: &[f32], token: LlamaToken, count: usize) -> (f32, Vec<(i32, f32)>) {
    let most = best(logits).map_or(0.0, |(_, logit)| logit);
    let sum = log_sum(logits, most);
    let logprob = |logit: f32| logit - most - sum;
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
