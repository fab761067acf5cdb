//! An answer as its pieces come: text, reasoning, and tool calls that are put together from theirs.

use crate::model::{Answer, CallId, Piece, ToolCall};
use crate::protocol::Usage;
use crate::provider::{Prompt, estimate};
use crate::template::calls::{CallError, MOST_CALLS, arguments};
use serde_json::Value;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// The largest answer, in bytes.
pub(super) const LARGEST: usize = 4 << 20;

/// The longest id of a call that is taken from a server, in bytes.
const LONGEST_ID: usize = 128;

/// Tools that a model is told of when it calls one that is not there.
const MOST_NAMES: usize = 32;

/// An answer that is not whole yet.
pub(super) struct Draft<'a> {
    prompt: &'a Prompt,
    text: String,
    reasoning: String,
    calls: Vec<Call>,
    /// Calls beyond the most were left out.
    too_many: bool,
    size: usize,
    usage: Option<Value>,
    begun: Instant,
    /// When the first of it came.
    first: Option<Duration>,
    /// Why the model ended, once it has.
    pub(super) ended: Option<String>,
}

/// A tool call that is not whole yet.
#[derive(Debug)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

/// A chunk that cannot be taken.
#[derive(Debug, PartialEq)]
pub(super) enum ChunkError {
    /// The server tells of an error, in JSON.
    Told(Value),
    NotJson,
    TooLarge,
}

impl<'a> Draft<'a> {
    /// The answer to a prompt that was sent at `begun`.
    pub(super) fn new(prompt: &'a Prompt, begun: Instant) -> Self {
        Self {
            prompt,
            text: String::new(),
            reasoning: String::new(),
            calls: Vec::new(),
            too_many: false,
            size: 0,
            usage: None,
            begun,
            first: None,
            ended: None,
        }
    }

    /// Adds a chunk as a server sends it, or a whole answer of a server that knows no streams.
    pub(super) fn add(&mut self, chunk: &str) -> Result<Vec<Piece>, ChunkError> {
        let Ok(Value::Object(mut chunk)) = serde_json::from_str(chunk) else {
            return Err(ChunkError::NotJson);
        };
        if chunk.get("error").is_some_and(|error| !error.is_null()) {
            return Err(ChunkError::Told(Value::Object(chunk)));
        }
        if let Some(usage) = chunk.remove("usage").filter(Value::is_object) {
            self.usage = Some(usage);
        }
        let Some(choice) = chunk.get("choices").and_then(|choices| choices.get(0)) else {
            return Ok(Vec::new());
        };
        if let Some(why) = choice.get("finish_reason").and_then(Value::as_str) {
            self.ended = Some(why.to_owned());
        }
        let Some(delta) = choice.get("delta").or_else(|| choice.get("message")) else {
            return Ok(Vec::new());
        };
        self.delta(delta)
    }

    fn delta(&mut self, delta: &Value) -> Result<Vec<Piece>, ChunkError> {
        let words = |names: &[&str]| {
            let found = names.iter().filter_map(|name| delta.get(*name)?.as_str());
            found.filter(|text| !text.is_empty()).map(str::to_owned).next()
        };
        let mut pieces = Vec::new();
        if let Some(text) = words(&["reasoning_content", "reasoning"]) {
            self.grow(text.len())?;
            self.reasoning.push_str(&text);
            pieces.push(Piece::Reasoning(text));
        }
        if let Some(text) = words(&["content", "refusal"]) {
            self.grow(text.len())?;
            self.text.push_str(&text);
            pieces.push(Piece::Text(text));
        }
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call)?;
        }
        Ok(pieces)
    }

    fn call(&mut self, delta: &Value) -> Result<(), ChunkError> {
        let function = delta.get("function").unwrap_or(delta);
        let text = |from: &Value, name: &str| from.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let (id, name) = (text(delta, "id"), text(function, "name"));
        let arguments = match function.get("arguments") {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            // Some servers send what it means.
            Some(value) => value.to_string(),
        };
        self.grow(id.len() + name.len() + arguments.len())?;
        let index = delta.get("index").and_then(Value::as_u64);
        let is_full = self.calls.len() >= MOST_CALLS;
        let last = match index {
            Some(_) => self.calls.iter_mut().rev().find(|call| call.index == index),
            None => self.calls.last_mut(),
        };
        // Some servers give all calls the same index, or none; a call's name comes with its first piece.
        let is_another = |call: &Call| {
            let has_other_id = !id.is_empty() && !call.id.is_empty() && id != call.id;
            !name.is_empty() && (has_other_id || index.is_none() && id.is_empty())
        };
        match last.filter(|call| !is_another(call)) {
            Some(call) => {
                if call.id.is_empty() {
                    call.id = id;
                }
                if call.name != name {
                    call.name.push_str(&name);
                }
                call.arguments.push_str(&arguments);
            }
            None if is_full => self.too_many = true,
            None => self.calls.push(Call { index, id, name, arguments }),
        }
        Ok(())
    }

    fn grow(&mut self, by: usize) -> Result<(), ChunkError> {
        self.size += by;
        self.first.get_or_insert_with(|| self.begun.elapsed());
        if self.size > LARGEST { Err(ChunkError::TooLarge) } else { Ok(()) }
    }

    /// Whether the model said nothing that is of use.
    pub(super) fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.calls.is_empty()
    }

    /// What was said until now, when no more is wanted: without calls, of which nobody knows whether they are whole.
    pub(super) fn stopped(mut self, context: u32) -> Answer {
        self.calls.clear();
        self.whole(context)
    }

    /// The whole answer, from a model with so large a context.
    pub(super) fn whole(mut self, context: u32) -> Answer {
        let mut answer = Answer {
            text: std::mem::take(&mut self.text),
            reasoning: std::mem::take(&mut self.reasoning),
            ..Answer::default()
        };
        self.put_calls(&mut answer);
        answer.usage = self.usage(&answer, context);
        answer
    }

    fn put_calls(&mut self, answer: &mut Answer) {
        let before = self.prompt.messages.iter().flat_map(|message| &message.calls);
        let mut taken: HashSet<String> = before.map(|call| call.id.0.clone()).collect();
        let mut number = taken.len();
        for Call { id, name, arguments: text, .. } in std::mem::take(&mut self.calls) {
            if !self.prompt.tools.iter().any(|tool| tool.name == name) {
                answer.broken.push(self.unknown(&name));
                continue;
            }
            let arguments = match arguments(&name, &text) {
                Ok(arguments) => arguments,
                Err(error) => {
                    answer.broken.push(format!("`{name}`: {error}"));
                    continue;
                }
            };
            // A call must not go by the name of another.
            let mut id = if id.len() > LONGEST_ID { String::new() } else { id };
            while id.is_empty() || !taken.insert(id.clone()) {
                number += 1;
                id = format!("call_{number}");
            }
            answer.calls.push(ToolCall { id: CallId(id), name, arguments });
        }
        if self.too_many {
            answer.broken.push(CallError::TooMany.to_string());
        }
    }

    fn unknown(&self, name: &str) -> String {
        let name: String = name.chars().take(64).flat_map(char::escape_debug).collect();
        let tools: Vec<String> =
            self.prompt.tools.iter().take(MOST_NAMES).map(|tool| format!("`{}`", tool.name)).collect();
        if tools.is_empty() {
            return format!("there is no tool `{name}`, nor any other; answer in text");
        }
        format!("there is no tool `{name}`; call one of {}", tools.join(", "))
    }

    fn usage(&self, answer: &Answer, context: u32) -> Usage {
        let estimated = || estimate::usage(estimate::prompt(self.prompt), answer, context);
        let mut usage =
            self.usage.as_ref().and_then(|told| read_usage(told, context)).unwrap_or_else(estimated);
        if let Some(first) = self.first {
            usage.first_token = first.as_secs_f32() * 1000.0;
            let writing = self.begun.elapsed().saturating_sub(first).as_secs_f32();
            // What came in one go says nothing of the model's speed.
            if writing > 0.001 {
                usage.tokens_per_second = usage.generated as f32 / writing;
            }
        }
        usage
    }
}

/// What a server says of its tokens.
fn read_usage(told: &Value, context: u32) -> Option<Usage> {
    let count = |value: Option<&Value>| {
        value.and_then(Value::as_u64).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
    };
    let prompt = count(told.get("prompt_tokens"))?;
    let generated = count(told.get("completion_tokens")).unwrap_or(0);
    let cached = told.pointer("/prompt_tokens_details/cached_tokens");
    let cached = count(cached.or_else(|| told.get("prompt_cache_hit_tokens"))).unwrap_or(0);
    let context_used = prompt.saturating_add(generated);
    Some(Usage { prompt, cached: cached.min(prompt), generated, context, context_used, ..Usage::default() })
}
