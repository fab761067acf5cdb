//! The loop that evaluates batches: several requests at once, urgent ones first, drafts checked together with what they
//! follow, and every prompt begun where the longest cached prefix ends.

mod embed;

use super::choose::{self, Chooser};
use super::draft::{Costs, Drafts, LONGEST};
use super::prefixes::{Prefixes, Sequence, Start};
use super::slot::{Draft, Slot};
use super::smaller::Smaller;
use super::{Asks, Gone, Pipe};
use crate::constraint::Vocabulary;
use crate::provider::wire::{Ask, End, Generate, Load, Part, Say};
use anyhow::Result;
use llama_cpp_2::DecodeError;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Requests that wait for a sequence.
const WAITING: usize = 64;
/// How long one batch of a prompt should take, and the fewest tokens of it: what a cancelled request may still cost the
/// next one, since nothing stops a batch. In CPU time, a batch of 16 tokens has 80 % of the speed of a long one, of 64 tokens
/// 97 %; by the clock of two cores it is less.
const PREFILL_STEP: (Duration, usize) = (Duration::from_millis(400), 64);
/// The same of urgent requests, which the next keystroke cancels, and while another request writes.
const SHORT_STEP: (Duration, usize) = (Duration::from_millis(120), 16);
/// Cached sequences besides those that may run.
const CACHED: u32 = 12;
/// When nothing is asked for so long, cached prefixes are written to disk.
const IDLE: Duration = Duration::from_secs(20);

/// Sequences of a context. Vectors are made one at a time, and llama.cpp aborts on the mean over a batch that the number
/// of sequences does not divide.
pub(super) fn sequences(load: &Load) -> u32 {
    if load.embeddings {
        return 1;
    }
    load.parallel.clamp(1, 16) + CACHED
}

/// Why the loop ended.
pub(super) enum Left {
    Gone,
    /// For this, which is no request.
    Asked(Ask),
}

/// A loaded model with its context.
pub(super) struct Batches<'m> {
    pub(super) model: &'m LlamaModel,
    pub(super) context: LlamaContext<'m>,
    pub(super) prefixes: Prefixes,
    pub(super) keep: Option<PathBuf>,
    pub(super) fingerprint: String,
    /// Whether what is cached has changed since it was written to disk.
    pub(super) changed: bool,
    /// Whether a sequence can be cut anywhere. Recurrent models cannot go back.
    can_cut: bool,
    embeddings: bool,
    size: usize,
    batch: LlamaBatch<'static>,
    most: usize,
    parallel: usize,
    running: Vec<Slot>,
    waiting: VecDeque<Box<Generate>>,
    costs: Costs,
    /// Tokens of a prompt per second, as measured.
    speed: Option<f32>,
    /// The tokens as forms need them: made by the first request that has one.
    vocabulary: OnceCell<Arc<Vocabulary>>,
    /// A smaller model, for drafts.
    pub(super) smaller: Option<Smaller<'m>>,
}

/// A slot's part of a batch.
struct Share {
    slot: usize,
    /// Where its tokens begin in the batch, how many they are, and which of them, the last ones, are a draft.
    from: usize,
    count: usize,
    draft: Draft,
}

impl<'m> Batches<'m> {
    pub(super) fn new(model: &'m LlamaModel, context: LlamaContext<'m>, load: &Load) -> Self {
        let most = load.batch.max(64) as usize;
        Self {
            model,
            prefixes: Prefixes::new(sequences(load)),
            keep: load.keep.clone(),
            fingerprint: super::load::fingerprint(load),
            changed: false,
            can_cut: !model.is_recurrent() && !model.is_hybrid(),
            embeddings: load.embeddings,
            size: context.n_ctx() as usize,
            context,
            batch: LlamaBatch::new(most, 1),
            most,
            parallel: load.parallel.clamp(1, 16) as usize,
            running: Vec::new(),
            waiting: VecDeque::new(),
            costs: Costs::default(),
            speed: None,
            vocabulary: OnceCell::new(),
            smaller: None,
        }
    }

    /// Serves until another model is wanted or nobody asks any more.
    pub(super) fn run(&mut self, asks: &Asks, say: &mut Pipe) -> Result<Left> {
        loop {
            let idle = self.running.is_empty() && self.waiting.is_empty();
            let asked = if idle {
                let asked = asks.wait_for(IDLE);
                if matches!(asked, Ok(None)) {
                    self.keep();
                }
                asked
            } else {
                asks.next()
            };
            match asked {
                Err(Gone) => return Ok(Left::Gone),
                Ok(Some(ask)) => {
                    if let Some(ask) = self.take(ask, say)? {
                        self.end_all(End::Cancelled, say)?;
                        return Ok(Left::Asked(ask));
                    }
                }
                Ok(None) => {
                    self.admit(say)?;
                    self.step(say)?;
                }
            }
        }
    }

    /// Takes note of a question; gives back one that ends the loop.
    fn take(&mut self, ask: Ask, say: &mut Pipe) -> Result<Option<Ask>> {
        match ask {
            Ask::Load(_) | Ask::Unload => return Ok(Some(ask)),
            Ask::Generate(generate) if self.waiting.len() >= WAITING => {
                say.refuse(generate.id, format!("{WAITING} requests wait already"))?;
            }
            Ask::Generate(generate) if self.embeddings => {
                say.refuse(generate.id, "the loaded model embeds texts; it writes none")?;
            }
            Ask::Generate(generate) => {
                // Urgent ones stand before the others, in the order in which they came.
                let urgent = self.waiting.iter().take_while(|waiting| waiting.urgent).count();
                let place = if generate.urgent { urgent } else { self.waiting.len() };
                self.waiting.insert(place, generate);
            }
            Ask::Cancel { id } => self.cancel(id, say)?,
            Ask::Tokenize { id, parts } => {
                let tokens = self.tokens(&parts, false);
                say.say(&Say::Tokens { id, tokens })?;
            }
            Ask::Embed { id, text } => match self.embed(&text) {
                Ok(vector) => say.say(&Say::Embedding { id, vector })?,
                Err(what) => say.refuse(id, what)?,
            },
            Ask::Keep => {
                let prefixes = self.keep();
                say.say(&Say::Kept { prefixes })?;
            }
            Ask::Cards => say.say(&Say::Cards { cards: super::backends::cards() })?,
        }
        Ok(None)
    }

    fn cancel(&mut self, id: u64, say: &mut Pipe) -> Result<()> {
        if let Some(place) = self.waiting.iter().position(|waiting| waiting.id == id) {
            self.waiting.remove(place);
            let (end, usage) = (End::Cancelled, crate::provider::wire::Usage::default());
            say.say(&Say::End { id, end, usage })?;
        } else if let Some(place) = self.running.iter().position(|slot| slot.id() == id) {
            self.end(place, End::Cancelled, say)?;
        }
        Ok(())
    }

    /// The tokens of a prompt. What a person or a file says never becomes a control token.
    fn tokens(&self, parts: &[Part], with_beginning: bool) -> Vec<i32> {
        let vocab = self.model.vocab();
        let mut tokens: Vec<i32> = Vec::new();
        for part in parts {
            let first = tokens.is_empty() && with_beginning;
            let more = vocab.tokenize(part.text.as_bytes(), first && vocab.should_add_bos(), part.special);
            // A template that writes the token itself is not to get two.
            let doubled = first && more.len() > 1 && more[0] == vocab.bos() && more[1] == vocab.bos();
            tokens.extend(more.into_iter().skip(usize::from(doubled)).map(|token| token.0));
        }
        tokens
    }

    /// Lets waiting requests begin where there is room for them.
    fn admit(&mut self, say: &mut Pipe) -> Result<()> {
        while self.running.len() < self.parallel
            && let Some(ask) = self.waiting.pop_front()
        {
            let id = ask.id;
            if let Err(what) = self.begin(ask) {
                say.refuse(id, what)?;
            } else if let Some(slot) = self.running.last() {
                let [done, total] =
                    [slot.cached, slot.prompt].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
                say.say(&Say::Prefill { id, done, cached: done, total })?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, ask: Box<Generate>) -> Result<(), String> {
        let prompt = self.tokens(&ask.prompt, true);
        if prompt.is_empty() {
            return Err("the prompt is empty".to_owned());
        }
        if prompt.len() >= self.size {
            return Err(format!(
                "the prompt has {} tokens, and the context holds {}; shorten it, or load the model with a larger context",
                prompt.len(),
                self.size
            ));
        }
        let chooser = Chooser::new(self.model, &ask, || {
            let vocabulary = self.vocabulary.get_or_init(|| Arc::new(choose::vocabulary(self.model)));
            Arc::clone(vocabulary)
        })?;
        let start = self.prefixes.start(&prompt).ok_or("every sequence is taken")?;
        let shared = self.seat(&start);
        let drafts = if ask.speculate && self.can_cut {
            let texts = ask.drafts.iter().map(|text| {
                let part = Part { text: text.clone(), special: false };
                self.tokens(&[part], false)
            });
            Drafts::new(texts.chain([prompt.clone()]))
        } else {
            Drafts::default()
        };
        self.running.push(Slot::new(ask, chooser, start.sequence, prompt, shared, drafts));
        Ok(())
    }

    /// Makes a sequence hold what a request shares with another, and nothing else. Gives how much that is.
    fn seat(&mut self, start: &Start) -> usize {
        for sequence in &start.dropped {
            self.clear(*sequence);
        }
        let shared = if self.can_cut { start.shared } else { 0 };
        let position = u32::try_from(shared).unwrap_or(u32::MAX);
        let seated = match start.copy {
            _ if shared == 0 => false,
            Some((source, _)) => {
                self.clear(start.sequence);
                self.context.kv_cache_seq_cp(source, start.sequence, Some(0), Some(position)).is_ok()
            }
            None => self.context.kv_cache_seq_rm(start.sequence, Some(position), None).is_ok(),
        };
        if !seated {
            self.clear(start.sequence);
        }
        if seated { shared } else { 0 }
    }

    pub(super) fn clear(&mut self, sequence: Sequence) {
        // Removing all of a sequence cannot fail.
        let _ = self.context.kv_cache_seq_rm(sequence, None, None);
    }

    /// Evaluates one batch and hands out what it brought.
    fn step(&mut self, say: &mut Pipe) -> Result<()> {
        self.end_overdue(say)?;
        let shares = self.fill();
        if shares.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        match self.context.decode(&mut self.batch) {
            Ok(()) => {}
            Err(DecodeError::NoKvCacheSlot) => return self.make_room(&shares, say),
            Err(error) => {
                let text = format!("llama.cpp could not evaluate a batch: {error}");
                return self.end_all(End::Failed(text), say);
            }
        }
        self.context.synchronize();
        self.measure(&shares, begun.elapsed());
        // From the last, because a request that ends leaves the list.
        for share in shares.iter().rev() {
            self.hand_out(share, say)?;
        }
        Ok(())
    }

    fn measure(&mut self, shares: &[Share], took: Duration) {
        let tokens: usize = shares.iter().map(|share| share.count).sum();
        self.costs.told(tokens, took.as_secs_f32() * 1_000.0);
        if tokens > LONGEST {
            #[expect(clippy::cast_precision_loss, reason = "batches are far smaller")]
            let now = tokens as f32 / took.as_secs_f32().max(1e-4);
            self.speed = Some(self.speed.map_or(now, |speed| (speed + now) / 2.0));
        }
    }

    /// Fills the batch: what is being written first, then prompts, urgent ones before others.
    fn fill(&mut self) -> Vec<Share> {
        self.batch.clear();
        let mut shares = Vec::new();
        let mut left = self.most;
        let writing = self.running.iter().filter(|slot| !slot.in_prefill()).count();
        for (place, slot) in self.running.iter_mut().enumerate() {
            if slot.in_prefill() || left == 0 {
                continue;
            }
            let room =
                (self.size - slot.evaluated).min(slot.ask.tokens.saturating_sub(slot.generated()) as usize);
            let most = room.saturating_sub(1).min(left - 1).min(LONGEST);
            let draft = match slot.ask.speculate && self.can_cut {
                true => {
                    let costs = (writing == 1).then_some(&self.costs);
                    slot.draft(self.model, costs, self.smaller.as_mut(), most)
                }
                false => Draft::default(),
            };
            let from = self.most - left;
            let tokens = slot.tokens[slot.evaluated..].iter().chain(&draft.tokens);
            for (offset, token) in tokens.enumerate() {
                add(&mut self.batch, *token, slot.evaluated + offset, slot.sequence, true);
            }
            let count = 1 + draft.tokens.len();
            left -= count;
            shares.push(Share { slot: place, from, count, draft });
        }
        let mut prompts: Vec<usize> =
            (0..self.running.len()).filter(|place| self.running[*place].in_prefill()).collect();
        prompts.sort_by_key(|place| !self.running[*place].ask.urgent);
        let is_urgent = prompts.first().is_some_and(|place| self.running[*place].ask.urgent);
        let mut chunk = self.chunk(is_urgent || writing > 0).min(left);
        for place in prompts {
            let slot = &self.running[place];
            let count = (slot.tokens.len() - slot.evaluated).min(chunk);
            if count == 0 {
                break;
            }
            let from = self.most - left;
            for offset in 0..count {
                let at = slot.evaluated + offset;
                add(&mut self.batch, slot.tokens[at], at, slot.sequence, at + 1 == slot.tokens.len());
            }
            (left, chunk) = (left - count, chunk - count);
            shares.push(Share { slot: place, from, count, draft: Draft::default() });
        }
        shares.sort_by_key(|share| share.slot);
        shares
    }

    /// How much of a prompt is evaluated at once.
    fn chunk(&self, short: bool) -> usize {
        let (time, least) = if short { SHORT_STEP } else { PREFILL_STEP };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is bounded right after"
        )]
        let chunk = (self.speed.unwrap_or_default() * time.as_secs_f32()) as usize;
        chunk.clamp(least, self.most)
    }

    fn hand_out(&mut self, share: &Share, say: &mut Pipe) -> Result<()> {
        let slot = &mut self.running[share.slot];
        let draft = &share.draft.tokens;
        if draft.is_empty() && slot.evaluated + share.count < slot.tokens.len() {
            slot.evaluated += share.count;
            let [done, cached, total] = [slot.evaluated, slot.cached, slot.prompt]
                .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            say.say(&Say::Prefill { id: slot.id(), done, cached, total })?;
            return Ok(());
        }
        // All but the last token of a prompt, and the last one written.
        slot.evaluated += share.count - draft.len();
        let first = share.from + share.count - draft.len() - 1;
        let (mut held, mut text, mut tokens, mut end) = (0, String::new(), Vec::new(), None);
        loop {
            let place = i32::try_from(first + held).unwrap_or(i32::MAX);
            let brought = slot.take(self.model, self.context.get_logits_ith(place));
            text.push_str(&brought.text);
            tokens.extend(brought.written);
            end = brought.end.or(end);
            if end.is_some() || draft.get(held) != Some(&brought.token) {
                break;
            }
            slot.evaluated += 1;
            held += 1;
        }
        if !draft.is_empty() {
            slot.told(&share.draft, held, self.smaller.as_mut());
            let from = u32::try_from(slot.evaluated).unwrap_or(u32::MAX);
            // Only sequences that can be cut have drafts.
            let _ = self.context.kv_cache_seq_rm(slot.sequence, Some(from), None);
        }
        let is_full = slot.tokens.len() >= self.size;
        if !text.is_empty() || !tokens.is_empty() {
            say.say(&Say::Text { id: slot.id(), text, tokens })?;
        }
        match end {
            Some(end) => self.end(share.slot, end, say),
            None if is_full => {
                let text = format!("the context of {} tokens is full", self.size);
                self.end(share.slot, End::Failed(text), say)
            }
            None => Ok(()),
        }
    }

    /// The context is full: the oldest cached prefix goes, and where there is none, the request that came last.
    fn make_room(&mut self, shares: &[Share], say: &mut Pipe) -> Result<()> {
        // Part of a batch may have been evaluated.
        for share in shares {
            let slot = &self.running[share.slot];
            let from = u32::try_from(slot.evaluated).unwrap_or(u32::MAX);
            let _ = self.context.kv_cache_seq_rm(slot.sequence, Some(from), None);
        }
        if let Some(sequence) = self.prefixes.evict() {
            self.clear(sequence);
            return Ok(());
        }
        let last = (0..self.running.len())
            .max_by_key(|place| (!self.running[*place].ask.urgent, self.running[*place].begun));
        let Some(last) = last else { return Ok(()) };
        let what = match self.running.len() {
            1 => format!("the context of {} tokens is full", self.size),
            _ => format!(
                "the context of {} tokens is full of other requests; ask again when they have ended",
                self.size
            ),
        };
        self.end(last, End::Failed(what), say)
    }

    fn end_overdue(&mut self, say: &mut Pipe) -> Result<()> {
        for place in (0..self.running.len()).rev() {
            if let Some(end) = self.running[place].out_of_time() {
                self.end(place, end, say)?;
            }
        }
        Ok(())
    }

    fn end_all(&mut self, end: End, say: &mut Pipe) -> Result<()> {
        while !self.running.is_empty() {
            self.end(self.running.len() - 1, end.clone(), say)?;
        }
        for ask in std::mem::take(&mut self.waiting) {
            let usage = crate::provider::wire::Usage::default();
            say.say(&Say::End { id: ask.id, end: end.clone(), usage })?;
        }
        Ok(())
    }

    /// Ends a request; what it evaluated stays for the next.
    fn end(&mut self, place: usize, end: End, say: &mut Pipe) -> Result<()> {
        let mut slot = self.running.remove(place);
        let rest = slot.rest();
        let id = slot.id();
        if !rest.is_empty() && !matches!(end, End::Text(_)) {
            say.say(&Say::Text { id, text: rest, tokens: Vec::new() })?;
        }
        say.say(&Say::End { id, end, usage: slot.usage() })?;
        slot.tokens.truncate(slot.evaluated);
        for sequence in self.prefixes.end(slot.sequence, slot.tokens) {
            self.clear(sequence);
        }
        self.changed = true;
        Ok(())
    }
}

fn add(batch: &mut LlamaBatch<'_>, token: i32, position: usize, sequence: Sequence, output: bool) {
    let position = i32::try_from(position).expect("a context is far smaller");
    batch
        .add(LlamaToken::new(token), position, &[sequence], output)
        .expect("no more is added than there is room for");
}
