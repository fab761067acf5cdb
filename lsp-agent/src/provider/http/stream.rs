//! An answer as it comes from a server, until it is whole, broken off or not wanted any more.

use super::HttpModel;
use super::draft::{ChunkError, Draft, LARGEST};
use super::events::{Events, LONGEST, TooLong};
use super::exchange::{Exchange, Head, Piece, Stop};
use super::refusal::{self, is_page, place, shown};
use crate::model::Answer;
use crate::protocol::Problem;
use crate::provider::Heard;
use serde::de::IgnoredAny;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The most bytes of a refusal that are read, and how long is waited for them.
const REFUSAL: usize = 64 << 10;
const FOR_REFUSAL: Duration = Duration::from_secs(5);

/// How long is waited for counts, once the model has ended.
const FOR_USAGE: Duration = Duration::from_secs(5);

/// What a server sends last.
const DONE: &str = "[DONE]";

type Hear<'a> = &'a mut dyn FnMut(Heard) -> ControlFlow<()>;

/// How far it is.
enum Step {
    More,
    /// Whoever listens has heard enough.
    Stopped,
    /// The server says that nothing follows.
    Done,
}

/// Reads the answer whose head came.
pub(super) fn read(
    model: &HttpModel,
    exchange: &Exchange,
    head: &Head,
    mut draft: Draft<'_>,
    hear: Hear<'_>,
) -> Result<Answer, Problem> {
    let begun = Instant::now();
    let kind = head.header("content-type").unwrap_or("text/event-stream").to_lowercase();
    if kind.starts_with("application/json") {
        return whole(model, exchange, draft, hear);
    }
    if !kind.starts_with("text/event-stream") {
        return Err(no_api(model, &format!("it answered with `{}`", shown(&kind))));
    }
    let mut events = Events::default();
    loop {
        let has_ended = draft.ended.is_some();
        let patience = if has_ended { FOR_USAGE.min(model.patience.silence) } else { model.patience.silence };
        let step = match exchange.next(patience, hear) {
            Ok(Piece::Bytes(bytes)) => {
                let events = events.push(&bytes).map_err(|TooLong| too_long(model))?;
                take(model, &events, &mut draft, hear)?
            }
            Ok(Piece::End) => {
                let mut last = std::mem::take(&mut events).finish().map_err(|TooLong| too_long(model))?;
                // An event that was cut says nothing.
                last.retain(|event| {
                    event.trim() == DONE || serde_json::from_str::<IgnoredAny>(event).is_ok()
                });
                match take(model, &last, &mut draft, hear)? {
                    Step::More if draft.ended.is_none() => {
                        return Err(broken(model, "the connection ended before the answer did"));
                    }
                    Step::More | Step::Done => Step::Done,
                    Step::Stopped => Step::Stopped,
                }
            }
            Err(Stop::Asked) => Step::Stopped,
            // What comes after the end would have been counts only.
            Err(Stop::Silent) | Ok(Piece::Failed(_)) if has_ended => Step::Done,
            Err(Stop::Silent) => return Err(silent(model)),
            Ok(Piece::Failed(why)) => return Err(broken(model, &shown(&why))),
            Ok(Piece::Head(_)) => return Err(broken(model, "it answered twice")),
        };
        match step {
            Step::More if begun.elapsed() > model.patience.whole => return Err(too_slow(model)),
            Step::More => {}
            Step::Stopped => return Ok(draft.stopped(model.context)),
            Step::Done => return finish(model, draft),
        }
    }
}

/// Hands on what events say.
fn take(
    model: &HttpModel,
    events: &[String],
    draft: &mut Draft<'_>,
    hear: Hear<'_>,
) -> Result<Step, Problem> {
    // Who only hears of comments can stop too.
    if hear(Heard::Nothing).is_break() {
        return Ok(Step::Stopped);
    }
    for event in events {
        if event.trim() == DONE {
            // Not every server says why.
            draft.ended.get_or_insert_with(|| "stop".to_owned());
            return Ok(Step::Done);
        }
        for piece in draft.add(event).map_err(|error| not_taken(model, error, event))? {
            if hear(Heard::Piece(piece)).is_break() {
                return Ok(Step::Stopped);
            }
        }
    }
    Ok(Step::More)
}

/// The answer of a server that knows no streams.
fn whole(
    model: &HttpModel,
    exchange: &Exchange,
    mut draft: Draft<'_>,
    hear: Hear<'_>,
) -> Result<Answer, Problem> {
    let mut body = Vec::new();
    loop {
        match exchange.next(model.patience.silence, hear) {
            Ok(Piece::Bytes(bytes)) if body.len() + bytes.len() > LARGEST => return Err(too_large(model)),
            Ok(Piece::Bytes(bytes)) => body.extend(bytes),
            Ok(Piece::End) => break,
            Ok(Piece::Failed(why)) => return Err(broken(model, &shown(&why))),
            Ok(Piece::Head(_)) => return Err(broken(model, "it answered twice")),
            Err(Stop::Asked) => return Ok(draft.stopped(model.context)),
            Err(Stop::Silent) => return Err(silent(model)),
        }
    }
    match take(model, &[String::from_utf8_lossy(&body).into_owned()], &mut draft, hear)? {
        Step::Stopped => Ok(draft.stopped(model.context)),
        Step::More | Step::Done => finish(model, draft),
    }
}

/// The start of a refusal's text, as far as it comes soon.
pub(super) fn rest(exchange: &Exchange, hear: Hear<'_>) -> Result<Vec<u8>, Stop> {
    let begun = Instant::now();
    let mut body = Vec::new();
    while body.len() < REFUSAL && begun.elapsed() < FOR_REFUSAL {
        match exchange.next(FOR_REFUSAL, hear) {
            Ok(Piece::Bytes(bytes)) => body.extend(bytes),
            Ok(Piece::Head(_) | Piece::End | Piece::Failed(_)) | Err(Stop::Silent) => break,
            Err(Stop::Asked) => return Err(Stop::Asked),
        }
    }
    body.truncate(REFUSAL);
    Ok(body)
}

fn finish(model: &HttpModel, draft: Draft<'_>) -> Result<Answer, Problem> {
    match draft.ended.as_deref() {
        Some("length") if draft.is_empty() => Err(Problem {
            what: format!("{} wrote nothing", place(model)),
            why: "all tokens that it may write were spent before its answer began, perhaps on thinking"
                .to_owned(),
            next: "let it think less, allow more tokens, or choose another model".to_owned(),
        }),
        Some("content_filter") => Err(Problem {
            what: format!("the answer of {} was cut off", place(model)),
            why: "the server's filter of contents ended it".to_owned(),
            next: "ask in other words, or choose another model".to_owned(),
        }),
        Some(_) => Ok(draft.whole(model.context)),
        None => Err(no_api(model, "its answer does not say that the model ended")),
    }
}

fn not_taken(model: &HttpModel, error: ChunkError, event: &str) -> Problem {
    match error {
        ChunkError::Told(error) => refusal::told(model, &error),
        ChunkError::TooLarge => too_large(model),
        ChunkError::NotJson if is_page(event) => no_api(model, "it answered with a web page"),
        ChunkError::NotJson => {
            let start: String = event.chars().take(80).collect();
            no_api(model, &format!("it sent `{}`", shown(&start)))
        }
    }
}

fn no_api(model: &HttpModel, why: &str) -> Problem {
    Problem {
        what: format!("`{}` does not answer as an OpenAI-compatible API does", model.base_url),
        why: why.to_owned(),
        next: "check the address: it mostly ends with `/v1`".to_owned(),
    }
}

fn broken(model: &HttpModel, why: &str) -> Problem {
    Problem {
        what: format!("the answer of {} broke off", place(model)),
        why: why.to_owned(),
        next: "ask again; if it breaks off each time, look at the server's log".to_owned(),
    }
}

pub(super) fn silent(model: &HttpModel) -> Problem {
    Problem {
        what: format!("{} says nothing", place(model)),
        why: format!("nothing came for {} seconds", model.patience.silence.as_secs_f32()),
        next: "ask again, or look whether the server still works".to_owned(),
    }
}

fn too_slow(model: &HttpModel) -> Problem {
    Problem {
        what: format!("{} did not finish its answer", place(model)),
        why: format!("it took longer than {} seconds", model.patience.whole.as_secs_f32()),
        next: "ask for less at once, or choose a quicker model".to_owned(),
    }
}

fn too_long(model: &HttpModel) -> Problem {
    no_api(model, &format!("it sent a line of more than {LONGEST} bytes"))
}

fn too_large(model: &HttpModel) -> Problem {
    Problem {
        what: format!("the answer of {} is too large", place(model)),
        why: format!("it has more than {LARGEST} bytes"),
        next: "ask for less at once, or choose another model".to_owned(),
    }
}
