//! What a model wrote, as it comes: text, reasoning and tool calls, which each family marks in its own way.
//!
//! Marks are tokens that are not text, so what is given here must have them written out. What could become a mark is
//! held back until it is one or is not; so is a character that is not whole.

mod body;
pub mod form;
mod format;
mod harmony;
mod stream;

#[cfg(test)]
mod tests;

use crate::model::{CallId, ToolCall, ToolDescription};
use body::Wanted;
use stream::Stream;
use thiserror::Error;

pub(crate) use body::arguments;
pub use format::Format;

/// The largest call, in bytes.
const LARGEST: usize = 1 << 20;

/// The most calls of one answer.
pub(crate) const MOST_CALLS: usize = 64;

/// A part of what a model says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Text(String),
    Reasoning(String),
    Call(ToolCall),
    /// A call that cannot be read, in words for the model.
    Broken(CallError),
}

/// What is wrong with a call.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CallError {
    #[error("the tool call is not valid JSON: {0}")]
    Json(String),
    #[error("the tool call stops in the middle; write it again, shorter")]
    Unfinished,
    #[error("the tool call has no `name`; write {{\"name\": NAME, \"arguments\": ARGUMENTS}}")]
    NoName,
    #[error("the arguments of `{0}` are not a JSON object")]
    Arguments(String),
    #[error("the call of `{0}` has `{1}` twice")]
    Twice(String, String),
    #[error("a tool call of more than {LARGEST} bytes; write less at once")]
    TooLarge,
    #[error("more than {MOST_CALLS} tool calls in one answer; the rest is left out")]
    TooMany,
}

/// What an answer is expected to hold.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a, T> {
    pub format: Format,
    /// The tools that were offered.
    pub tools: T,
    /// The text that the model was given: its end says whether the model begins within its reasoning.
    pub prompt: &'a str,
    /// Calls of the conversation so far: ids go on from there.
    pub calls: usize,
    /// Whether it may call tools. What looks like a call is text where it may not.
    pub may_call: bool,
}

/// Reads one answer.
#[derive(Debug)]
pub struct Reader<T> {
    tools: T,
    stream: Stream,
    calls: usize,
    may_call: bool,
    read: usize,
}

impl<T: AsRef<[ToolDescription]>> Reader<T> {
    /// Reads an answer from its start.
    #[must_use]
    pub fn new(expected: Expected<'_, T>) -> Self {
        let Expected { format, tools, prompt, calls, may_call } = expected;
        // Small models forget the marks of tools that they were told about.
        let can_be_bare = match format {
            Format::Bare => true,
            Format::Tagged => !tools.as_ref().is_empty(),
            Format::Mistral | Format::DeepSeek | Format::Granite | Format::Harmony | Format::Fenced => false,
        };
        let stream = Stream::new(format, prompt, may_call && can_be_bare);
        Self { tools, stream, calls, may_call, read: 0 }
    }

    /// What the next bytes add.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Said> {
        let pieces = self.stream.push(bytes);
        self.said(pieces)
    }

    /// What is left at the end of the answer.
    pub fn finish(&mut self) -> Vec<Said> {
        let pieces = self.stream.finish();
        self.said(pieces)
    }

    fn said(&mut self, pieces: Vec<stream::Piece>) -> Vec<Said> {
        let mut said: Vec<Said> = Vec::new();
        for piece in pieces {
            match piece {
                stream::Piece::Text(text) => add_text(&text, &mut said),
                stream::Piece::Reasoning(text) => match said.last_mut() {
                    Some(Said::Reasoning(last)) => last.push_str(&text),
                    _ => said.push(Said::Reasoning(text)),
                },
                stream::Piece::Call { body, before, behind, .. } if !self.may_call => {
                    add_text(&format!("{before}{body}{behind}"), &mut said);
                }
                stream::Piece::Call { style, body, before, behind } => {
                    match body::read(&body, style, self.tools.as_ref()) {
                        Ok(calls) => self.call(calls, &mut said),
                        Err(body::NotRead::Text) => add_text(&format!("{before}{body}{behind}"), &mut said),
                        Err(body::NotRead::Broken(error)) => said.push(Said::Broken(error)),
                    }
                }
                stream::Piece::TooLarge => said.push(Said::Broken(CallError::TooLarge)),
            }
        }
        said
    }

    fn call(&mut self, calls: Vec<Wanted>, said: &mut Vec<Said>) {
        for Wanted { id, name, arguments } in calls {
            if self.read == MOST_CALLS {
                return said.push(Said::Broken(CallError::TooMany));
            }
            self.read += 1;
            self.calls += 1;
            let id = CallId(id.unwrap_or_else(|| format!("call_{}", self.calls)));
            said.push(Said::Call(ToolCall { id, name, arguments }));
        }
    }
}

fn add_text(text: &str, said: &mut Vec<Said>) {
    match said.last_mut() {
        Some(Said::Text(last)) => last.push_str(text),
        _ => said.push(Said::Text(text.to_owned())),
    }
}
