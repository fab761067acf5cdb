//! The embedded model as a provider: llama.cpp in a process of its own, held to the form that an answer has to have.

#![expect(clippy::disallowed_methods, reason = "templates tell the model what day it is")]

use super::chat::{Calls, Heard as Told, Question};
use super::llama::Llama;
use super::wire::{End, Generate, Sampling};
use super::{Capacity, Heard, Prompt, Provider, Shape};
use crate::constraint::{Form, Layout};
use crate::model::{Answer, Part, Piece};
use crate::protocol::{Problem, Usage};
use crate::template::calls::Said;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often whoever waits is asked whether to go on.
const LOOK: Duration = Duration::from_millis(50);
/// Milliseconds that one answer may take.
const LONGEST: u64 = 900_000;
/// New tokens of a prompt from which the speed of reading can be told.
const TELLING: u32 = 200;

/// A model on this machine.
pub struct Embedded {
    name: String,
    llama: Llama,
    context: u32,
    /// Tokens of a prompt that it reads in a second, as bits of an `f32`; 0 where it is not known.
    reads: AtomicU32,
}

impl Embedded {
    /// `context` is how many tokens it was loaded for; `reads` what was measured before, in tokens of a prompt a second.
    #[must_use]
    pub fn new(name: String, llama: Llama, context: u32, reads: Option<f32>) -> Self {
        Self { name, llama, context, reads: AtomicU32::new(reads.unwrap_or(0.0).to_bits()) }
    }

    fn question(&self, prompt: &Prompt) -> Question {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut question = Question::new(prompt.messages.clone(), now, prompt.tokens);
        question.tools.clone_from(&prompt.tools);
        question.calls = match (&prompt.shape, prompt.may_call) {
            _ if prompt.tools.is_empty() => Calls::Free,
            (Shape::Text, true) => Calls::Offered,
            (Shape::Text, false) | (Shape::Json { .. } | Shape::Form(_), _) => Calls::Held,
        };
        let form = match &prompt.shape {
            Shape::Text => None,
            Shape::Json { schema, formats } => {
                Some(Form::Json { schema: schema.clone(), layout: Layout::Loose, formats: formats.clone() })
            }
            Shape::Form(form) => Some(form.clone()),
        };
        // What is held to a form cannot think first.
        question.thinking = form.is_some().then_some(false);
        // Of a call much is certain: its marks, names and keys.
        let speculate = !prompt.drafts.is_empty() || question.calls == Calls::Offered;
        let drafts = prompt.drafts.clone();
        let sampling = sampling(prompt);
        question.request = Generate { time: LONGEST, form, drafts, speculate, sampling, ..question.request };
        question
    }

    fn problem(&self, why: String) -> Problem {
        Problem {
            what: format!("the model `{}` gave no answer", self.name),
            why,
            next:
                "try again, or choose another model; `devtoolkit-agent model info` says what this one needs"
                    .to_owned(),
        }
    }

    fn usage(&self, usage: &super::wire::Usage) -> Usage {
        let new = usage.prompt.saturating_sub(usage.cached);
        if new >= TELLING && usage.first_token > 0.0 {
            let reads = new as f32 * 1000.0 / usage.first_token;
            self.reads.store(reads.to_bits(), Ordering::Relaxed);
        }
        let writing = usage.total - usage.first_token;
        let more = usage.generated.saturating_sub(1) as f32;
        Usage {
            prompt: usage.prompt,
            cached: usage.cached,
            generated: usage.generated,
            tokens_per_second: if writing > 0.0 { more * 1000.0 / writing } else { 0.0 },
            first_token: usage.first_token,
            context: self.context,
            context_used: usage.prompt + usage.generated,
        }
    }
}

/// The likeliest tokens at first; where those were not taken, ever less likely ones, the same for the same request.
fn sampling(prompt: &Prompt) -> Sampling {
    let temperature = match prompt.tries {
        0 => 0.0,
        1 => 0.4,
        _ => 0.8,
    };
    let seed = u32::try_from(prompt.number % u64::from(u32::MAX)).unwrap_or(0);
    Sampling { temperature, seed, ..Sampling::default() }
}

impl Provider for Embedded {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn capacity(&self) -> Result<Capacity, Problem> {
        let reads = f32::from_bits(self.reads.load(Ordering::Relaxed));
        Ok(Capacity { context: self.context, reads: (reads > 0.0).then_some(reads) })
    }

    fn count(&self, text: &str) -> Result<u32, Problem> {
        let tokens = self.llama.tokens(vec![Part::text(text)]).map_err(|why| self.problem(why))?;
        Ok(u32::try_from(tokens.len()).unwrap_or(u32::MAX))
    }

    fn ask(
        &self,
        prompt: &Prompt,
        hear: &mut dyn FnMut(Heard) -> ControlFlow<()>,
    ) -> Result<Answer, Problem> {
        let mut coming = self.question(prompt).ask(&self.llama);
        let mut answer = Answer::default();
        loop {
            let heard = match coming.hear(LOOK) {
                None => Heard::Nothing,
                Some(Told::Loading(fraction)) => Heard::Loading(fraction),
                Some(Told::Prefill { done, total, .. }) => Heard::Prefill { done, total },
                Some(Told::Said(Said::Text(text))) => {
                    answer.text.push_str(&text);
                    Heard::Piece(Piece::Text(text))
                }
                Some(Told::Said(Said::Reasoning(text))) => {
                    answer.reasoning.push_str(&text);
                    Heard::Piece(Piece::Reasoning(text))
                }
                Some(Told::Said(Said::Call(call))) => {
                    answer.calls.push(call);
                    Heard::Nothing
                }
                Some(Told::Said(Said::Broken(error))) => {
                    answer.broken.push(error.to_string());
                    Heard::Nothing
                }
                Some(Told::End { end: End::Failed(why), .. }) => return Err(self.problem(why)),
                Some(Told::End { usage, .. }) => {
                    answer.usage = self.usage(&usage);
                    return Ok(answer);
                }
            };
            if hear(heard).is_break() {
                // Dropping what comes cancels it.
                return Ok(answer);
            }
        }
    }
}
