//! A model that answers from a script, for tests, demonstrations and repeated sessions: JSON Lines, one answer a line.
//!
//! Answer N is for the session's request N, so that a session that is started again goes on in the right place.

use super::{Capacity, Heard, Prompt, Provider, estimate, waiting};
use crate::model::{Answer, CallId, Piece, ToolCall};
use crate::protocol::Problem;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::ops::ControlFlow;
use std::time::Duration;
use thiserror::Error;

/// Tokens that it says it can take.
const CONTEXT: u32 = 32_768;

/// The longest pause, in milliseconds.
const LONGEST_PAUSE: u64 = 600_000;

/// Into how many pieces a text is cut.
const PIECES: usize = 3;

/// A script of answers.
#[derive(Clone, Debug)]
pub struct Replay {
    answers: Vec<Line>,
}

/// A script that cannot be followed.
#[derive(Debug, Error)]
pub enum ReplayError {
    #[error("line {line} of the script is not an answer")]
    Line { line: usize, source: serde_json::Error },
    #[error("the pause in line {line} of the script is longer than {LONGEST_PAUSE} milliseconds")]
    Pause { line: usize },
}

/// One answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    text: String,
    reasoning: String,
    calls: Vec<Call>,
    broken: Vec<String>,
    problem: Option<Failure>,
    /// Seconds; told, and not waited for.
    rate_limited: Option<u32>,
    /// Milliseconds.
    pause: u64,
    /// What the last message must have in it.
    expect: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    #[serde(default)]
    arguments: Map<String, Value>,
}

/// A [`Problem`], of which nothing is misspelled.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    what: String,
    why: String,
    next: String,
}

impl Replay {
    /// Reads a script. Each line is an object with any of `text`, `reasoning`, `calls` (`name` and `arguments`), `broken`
    /// (calls that cannot be read, in words), `problem` (`what`, `why` and `next`; it comes after the text), `rate_limited`
    /// (seconds that are told first), `pause` (milliseconds before the answer, at most ten minutes) and `expect` (a text
    /// that the last message must have in it). Empty lines are passed over.
    ///
    /// # Errors
    /// When a line is not such an object; the error names it.
    pub fn read(text: &str) -> Result<Self, ReplayError> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = lines.map(|(place, line)| {
            let place = place + 1;
            // A list would be read as the fields in their order.
            let object = serde_json::from_str::<Map<String, Value>>(line);
            let answer: Line = object
                .and_then(|_| serde_json::from_str(line))
                .map_err(|source| ReplayError::Line { line: place, source })?;
            if answer.pause > LONGEST_PAUSE { Err(ReplayError::Pause { line: place }) } else { Ok(answer) }
        });
        Ok(Self { answers: read.collect::<Result<_, _>>()? })
    }

    fn line(&self, prompt: &Prompt) -> Result<&Line, Problem> {
        let number = prompt.number;
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let line = place.and_then(|place| self.answers.get(place)).ok_or_else(|| Problem {
            what: format!("the script has no answer to request {number}"),
            why: format!("its answers are {} in all, one for each request in turn", self.answers.len()),
            next: "add a line to the script, or ask for less".to_owned(),
        })?;
        let last = prompt.messages.last().map_or("", |message| message.text.as_str());
        match line.expect.as_deref().filter(|expected| !last.contains(expected)) {
            None => Ok(line),
            Some(expected) => Err(Problem {
                what: format!("request {number} is not the one that the script expects"),
                why: format!(
                    "`{}` is not in its last message, which ends with `{}`",
                    short(expected),
                    end(last)
                ),
                next: "correct `expect` in the script, or what leads to the request".to_owned(),
            }),
        }
    }
}

impl Line {
    /// Tells what comes before the calls; `answer` has what was heard.
    fn tell(&self, answer: &mut Answer, hear: &mut dyn FnMut(Heard) -> ControlFlow<()>) -> ControlFlow<()> {
        if let Some(seconds) = self.rate_limited {
            hear(Heard::RateLimited { seconds })?;
        }
        waiting::wait(Duration::from_millis(self.pause), hear)?;
        for piece in pieces(&self.reasoning) {
            answer.reasoning.push_str(piece);
            hear(Heard::Piece(Piece::Reasoning(piece.to_owned())))?;
        }
        for piece in pieces(&self.text) {
            answer.text.push_str(piece);
            hear(Heard::Piece(Piece::Text(piece.to_owned())))?;
        }
        ControlFlow::Continue(())
    }

    fn calls(&self, prompt: &Prompt) -> Vec<ToolCall> {
        let before: usize = prompt.messages.iter().map(|message| message.calls.len()).sum();
        let numbered = self.calls.iter().zip(before + 1..);
        let call = |(call, number): (&Call, usize)| ToolCall {
            id: CallId(format!("call_{number}")),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        };
        numbered.map(call).collect()
    }
}

impl Provider for Replay {
    fn name(&self) -> String {
        "replay".to_owned()
    }

    fn capacity(&self) -> Result<Capacity, Problem> {
        Ok(Capacity { context: CONTEXT, reads: None })
    }

    /// A third of the text's bytes, rounded up: there is no vocabulary.
    fn count(&self, text: &str) -> Result<u32, Problem> {
        Ok(estimate::tokens(text))
    }

    fn ask(
        &self,
        prompt: &Prompt,
        hear: &mut dyn FnMut(Heard) -> ControlFlow<()>,
    ) -> Result<Answer, Problem> {
        let line = self.line(prompt)?;
        let mut answer = Answer::default();
        if line.tell(&mut answer, hear).is_continue() {
            if let Some(Failure { what, why, next }) = line.problem.clone() {
                return Err(Problem { what, why, next });
            }
            answer.calls = line.calls(prompt);
            answer.broken.clone_from(&line.broken);
        }
        answer.usage = estimate::usage(estimate::prompt(prompt), &answer, CONTEXT);
        Ok(answer)
    }
}

/// A text in a few pieces, cut between characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let length = text.len().div_ceil(PIECES).max(1);
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(length));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn short(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

fn end(text: &str) -> String {
    short(&text[text.floor_char_boundary(text.len().saturating_sub(100))..])
}

#[cfg(test)]
mod tests;
