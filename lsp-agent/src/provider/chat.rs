//! A conversation with a model: written by its chat template, and what it answers as text, reasoning and tool calls.

use super::llama::{Known, Llama, Running};
use super::wire::{End, Generate, Say, Usage};
use crate::constraint::Form;
use crate::model::{Message, Part, ToolDescription};
use crate::template::Conversation;
use crate::template::calls::{Expected, Format, Reader, Said, form};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How an answer's tool calls are looked after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calls {
    /// Not at all: the model can write calls that cannot be read, or of tools that there are not.
    #[default]
    Free,
    /// It can write whole calls of the tools that it knows only, with arguments by their schemas. Not in every format
    /// ([`form::form`]), nor where the request has a form or a grammar of its own.
    Offered,
    /// It can write none. Where it does in spite of that, they are text.
    Held,
}

/// What is asked of a model.
#[derive(Clone, Debug)]
pub struct Question {
    pub messages: Vec<Message>,
    /// Tools that it knows.
    pub tools: Vec<ToolDescription>,
    /// How its calls of them are looked after.
    pub calls: Calls,
    /// Whether it is to think first, where it can; nothing leaves it to the template.
    pub thinking: Option<bool>,
    /// The time, in seconds since 1970 as the user's clock shows it.
    pub now: i64,
    /// More values for the template, such as `reasoning_effort`.
    pub more: Map<String, Value>,
    /// How it is to write. The `prompt` is made of the conversation.
    pub request: Generate,
}

impl Question {
    /// Asks for an answer to messages, of so many tokens at most.
    #[must_use]
    pub fn new(messages: Vec<Message>, now: i64, tokens: u32) -> Self {
        let request = Generate::new(Vec::new(), tokens);
        let (tools, calls) = (Vec::new(), Calls::default());
        Self { messages, tools, calls, thinking: None, now, more: Map::new(), request }
    }

    fn parts(&self, known: &Known) -> Result<(Vec<Part>, Format), String> {
        let Self { messages, tools, calls: _, thinking, now, more, request: _ } = self;
        let template = known.template().map_err(ToString::to_string)?;
        let conversation = Conversation {
            thinking: *thinking,
            more: more.clone(),
            ..Conversation::new(messages, tools, *now)
        };
        let parts = template.render_parts(&conversation, &known.facts.controls);
        Ok((parts.map_err(|error| error.to_string())?, template.format()))
    }

    /// The form of its calls, where it has no other one.
    fn form(&self, known: &Known, prompt: &str) -> Option<Form> {
        if self.request.form.is_some() || self.request.grammar.is_some() {
            return None;
        }
        let template = known.template().ok()?;
        let setting = template.setting(&known.facts.controls, prompt);
        match self.calls {
            Calls::Free => None,
            Calls::Offered => form::form(&setting, &self.tools),
            Calls::Held => form::held(&setting),
        }
    }

    /// How many tokens the conversation has in the model's vocabulary, without one that a vocabulary may begin with.
    /// Waits until the model is loaded.
    ///
    /// # Errors
    /// When no model can be loaded, or its template cannot write the conversation.
    pub fn count(self, llama: &Llama) -> Result<usize, String> {
        let tokens = llama.tokens_with(move |known| Ok(self.parts(known)?.0))?;
        Ok(tokens.len())
    }

    /// Asks it. The answer begins once the model is loaded.
    ///
    /// A conversation that the context cannot hold is refused, with both sizes, before anything is evaluated.
    #[must_use]
    pub fn ask(mut self, llama: &Llama) -> Answer {
        let tools: Arc<[ToolDescription]> = self.tools.clone().into();
        let calls = self.messages.iter().map(|message| message.calls.len()).sum();
        let (tell, expected) = mpsc::sync_channel(1);
        let running = llama.generate_with(move |known| {
            let (prompt, format) = self.parts(known)?;
            let text: String = prompt.iter().map(|part| part.text.as_str()).collect();
            // If nobody waits for the answer any more, it is cancelled.
            let may_call = self.calls != Calls::Held;
            let _ = tell.send(Reader::new(Expected { format, tools, prompt: &text, calls, may_call }));
            if let Some(form) = self.form(known, &text) {
                self.request.form = Some(form);
            }
            self.request.prompt = prompt;
            Ok(self.request)
        });
        Answer { running, expected, reader: None, heard: Vec::new(), ended: false }
    }
}

/// What is heard of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The model is being loaded; between 0 and 1.
    Loading(f32),
    /// Of the prompt's tokens, so many are evaluated, and so many of those were in the cache.
    Prefill {
        done: u32,
        cached: u32,
        total: u32,
    },
    Said(Said),
    /// It has ended, and nothing follows. A request that could not be served has [`End::Failed`].
    End {
        end: End,
        usage: Usage,
    },
}

/// An answer that comes. Dropping it cancels it.
pub struct Answer {
    running: Running,
    /// What reads it, once the conversation is written.
    expected: Receiver<Reader<Arc<[ToolDescription]>>>,
    reader: Option<Reader<Arc<[ToolDescription]>>>,
    /// What was read and not given out, the last first.
    heard: Vec<Heard>,
    ended: bool,
}

impl Answer {
    /// What comes next. Nothing when `time` passes before, or after the end.
    pub fn hear(&mut self, time: Duration) -> Option<Heard> {
        let begun = Instant::now();
        loop {
            if let Some(heard) = self.heard.pop() {
                return Some(heard);
            }
            if self.ended {
                return None;
            }
            match self.running.events.recv_timeout(time.saturating_sub(begun.elapsed())) {
                Ok(say) => self.take(say),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => {
                    self.end(End::Failed("the model's process is gone".to_owned()), Usage::default());
                }
            }
        }
    }

    fn take(&mut self, say: Say) {
        match say {
            Say::Loading { fraction } => self.heard.push(Heard::Loading(fraction)),
            Say::Prefill { done, cached, total, .. } => {
                self.heard.push(Heard::Prefill { done, cached, total });
            }
            Say::Text { text, .. } => {
                let said = self.reader().map(|reader| reader.push(text.as_bytes()));
                self.heard.extend(said.unwrap_or_default().into_iter().rev().map(Heard::Said));
            }
            Say::End { end, usage, .. } => self.end(end, usage),
            Say::Refused { what, .. } => self.end(End::Failed(what), Usage::default()),
            Say::Loaded(_)
            | Say::LoadFailed { .. }
            | Say::Unloaded
            | Say::Tokens { .. }
            | Say::Embedding { .. }
            | Say::Kept { .. }
            | Say::Cards { .. } => {}
        }
    }

    fn end(&mut self, end: End, usage: Usage) {
        self.ended = true;
        let said = self.reader().map(Reader::finish).unwrap_or_default();
        // A call that nobody let the model finish is not its fault.
        let was_stopped = matches!(end, End::Failed(_) | End::Cancelled);
        let said = said.into_iter().filter(|said| !(was_stopped && matches!(said, Said::Broken(_))));
        self.heard = said.map(Heard::Said).chain([Heard::End { end, usage }]).collect();
        self.heard.reverse();
    }

    fn reader(&mut self) -> Option<&mut Reader<Arc<[ToolDescription]>>> {
        if self.reader.is_none() {
            self.reader = self.expected.try_recv().ok();
        }
        self.reader.as_mut()
    }
}
