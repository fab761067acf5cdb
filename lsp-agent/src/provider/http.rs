//! Models on servers that speak OpenAI's chat completions, whoever runs them.
//!
//! Answers are streamed. What passes by itself is waited for, within bounds; everything else is a problem that says what a
//! person can do. Redirects are not followed, and nothing is sent in the clear unless a person allowed it.

use super::{Capacity, Heard, Prompt, Provider, estimate, waiting};
use crate::https;
use crate::model::Answer;
use crate::protocol::Problem;
use draft::Draft;
use exchange::{Exchange, Piece, Stop};
use refusal::{Trouble, place};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use thiserror::Error;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

mod body;
mod draft;
mod events;
mod exchange;
mod refusal;
mod stream;

#[cfg(test)]
mod tests;

/// A model and where it is asked.
#[derive(Clone)]
pub struct HttpModel {
    /// The address of the API, such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// What the server calls the model.
    pub model: String,
    pub key: Option<Key>,
    /// Tokens that a prompt and its answer may have together.
    pub context: u32,
    /// Between 0 and 2; the server's own choice without.
    pub temperature: Option<f32>,
    /// Further headers of each request, by name and value.
    pub headers: Vec<(String, String)>,
    /// Whether the address may be `http://` although it leaves this machine: what is sent can be read on the way.
    pub allow_plain: bool,
    pub patience: Patience,
}

/// What proves to a server who asks. It is never shown.
#[derive(Clone)]
pub struct Key {
    value: String,
    from: String,
}

/// How patient a provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// With a server that sends nothing.
    pub silence: Duration,
    /// Before the second try; it doubles with each further one.
    pub wait: Duration,
    /// For all waits of one request that a busy server asks for.
    pub limited: Duration,
    /// For one answer.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self { silence: minutes(5), wait: Duration::from_secs(1), limited: minutes(10), whole: minutes(60) }
    }
}

/// Settings by which no model can be asked.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HttpError {
    #[error("`{0}` is not the address of an API; write one such as `https://api.openai.com/v1`")]
    Address(String),
    #[error(
        "`{0}` would send what is asked, and the key, in the clear; use `https://`, or allow plain HTTP in the settings"
    )]
    Plain(String),
    #[error("the key from {0} is empty or has characters that no key has; set it again")]
    Key(String),
    #[error("the header `{0}` cannot be sent; correct its name or value")]
    Header(String),
}

impl Key {
    /// A key, and in words where it came from, such as ``the environment variable `OPENAI_API_KEY` ``. White space around
    /// it is left out.
    ///
    /// # Errors
    /// When it is empty, or cannot be sent.
    pub fn new(value: &str, from: impl Into<String>) -> Result<Self, HttpError> {
        let (value, from) = (value.trim(), from.into());
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HttpError::Key(from));
        }
        Ok(Self { value: value.to_owned(), from })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key from {}", self.from)
    }
}

/// A model on a server.
pub struct Http {
    model: HttpModel,
    base: Url,
    headers: HeaderMap,
    /// What was found out of the server, for the requests that follow.
    dialect: AtomicU8,
}

/// What was tried for one request so far.
#[derive(Default)]
struct Tries {
    limited: u32,
    waited: Duration,
    passing: u32,
}

impl Http {
    /// How often a busy server is asked.
    const MOST_LIMITED: u32 = 5;
    /// How often a server that has trouble, or cannot be reached, is asked again.
    const MOST_PASSING: u32 = 2;

    /// A model. Nothing is sent yet.
    ///
    /// # Errors
    /// [`HttpError`] names the setting that cannot be.
    pub fn new(model: HttpModel) -> Result<Self, HttpError> {
        let wrong = || HttpError::Address(refusal::shown(&model.base_url));
        let base = Url::parse(&model.base_url).map_err(|_| wrong())?;
        let has_more = base.query().is_some() || base.fragment().is_some();
        let has_owner = !base.username().is_empty() || base.password().is_some();
        if has_owner {
            // A password must not be shown.
            return Err(HttpError::Address(base.host_str().unwrap_or_default().to_owned()));
        }
        if has_more || base.host().is_none() || !matches!(base.scheme(), "http" | "https") {
            return Err(wrong());
        }
        if base.scheme() == "http" && !https::is_loopback(&base) && !model.allow_plain {
            return Err(HttpError::Plain(model.base_url));
        }
        let headers = headers(&model)?;
        Ok(Self { model, base, headers, dialect: AtomicU8::new(0) })
    }

    fn url(&self) -> String {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["chat", "completions"]);
        }
        url.into()
    }

    fn begin(&self, body: Vec<u8>) -> Exchange {
        let config = https::agent(None, self.base.scheme() == "https")
            .timeout_send_body(Some(Duration::from_secs(60)))
            .max_idle_connections(0);
        Exchange::begin(config.build().new_agent(), self.url(), self.headers.clone(), body)
    }

    fn attempt(
        &self,
        prompt: &Prompt,
        dialect: body::Dialect,
        hear: &mut dyn FnMut(Heard) -> ControlFlow<()>,
    ) -> Result<Answer, Trouble> {
        let model = &self.model;
        let body = body::of(&model.model, model.temperature, prompt, dialect);
        let draft = Draft::new(prompt, Instant::now());
        let exchange = self.begin(body);
        let head = match exchange.next(model.patience.silence, hear) {
            Ok(Piece::Head(head)) => head,
            Ok(Piece::Failed(why)) => return Err(Trouble::Passing(self.unreachable(&why))),
            Ok(Piece::Bytes(_) | Piece::End) => {
                return Err(Trouble::Passing(self.unreachable("it sent no answer")));
            }
            Err(Stop::Asked) => return Ok(draft.stopped(model.context)),
            Err(Stop::Silent) => return Err(Trouble::Final(stream::silent(model))),
        };
        if head.status == 200 {
            return stream::read(model, &exchange, &head, draft, hear).map_err(Trouble::Final);
        }
        match stream::rest(&exchange, hear) {
            Ok(body) => Err(refusal::of(model, &head, &body)),
            Err(_) => Ok(draft.stopped(model.context)),
        }
    }

    /// Waits until it makes sense to try again; breaks when nobody wants to.
    fn wait(
        &self,
        trouble: Trouble,
        tries: &mut Tries,
        hear: &mut dyn FnMut(Heard) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Problem> {
        let patience = self.model.patience;
        match trouble {
            Trouble::Final(problem) | Trouble::Refused { problem, .. } => Err(problem),
            Trouble::Passing(problem) if tries.passing >= Self::MOST_PASSING => Err(problem),
            Trouble::Passing(_) => {
                let time = patience.wait * (1 << tries.passing);
                tries.passing += 1;
                Ok(waiting::wait(time, hear))
            }
            Trouble::Limited { after, why } => {
                // A server that says `0` is not asked without a breath.
                let time = after.unwrap_or(patience.wait * (1 << tries.limited)).max(patience.wait);
                tries.limited += 1;
                tries.waited = tries.waited.saturating_add(time);
                if tries.limited >= Self::MOST_LIMITED || tries.waited > patience.limited {
                    return Err(self.busy(tries, time, &why));
                }
                let seconds = u32::try_from(time.as_secs_f64().ceil() as u64).unwrap_or(u32::MAX);
                if hear(Heard::RateLimited { seconds }).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                Ok(waiting::wait(time, hear))
            }
        }
    }

    fn busy(&self, tries: &Tries, time: Duration, why: &str) -> Problem {
        let (asked, seconds) = (tries.limited, time.as_secs());
        Problem {
            what: format!("{} is too busy, or the limit of requests is reached", place(&self.model)),
            why: format!("asked {asked} times, {why}; the next try would be in {seconds} seconds"),
            next: "try again later, or choose another model".to_owned(),
        }
    }

    fn unreachable(&self, why: &str) -> Problem {
        Problem {
            what: format!("{} cannot be reached", place(&self.model)),
            why: refusal::shown(why),
            next: "check the address and the network, and whether the server runs".to_owned(),
        }
    }
}

impl Provider for Http {
    fn name(&self) -> String {
        format!("{} at {}", self.model.model, self.base.host_str().unwrap_or_default())
    }

    fn capacity(&self) -> Result<Capacity, Problem> {
        Ok(Capacity { context: self.model.context, reads: None })
    }

    /// A third of the text's bytes, rounded up: the vocabulary is not known, and hardly any text has more tokens.
    fn count(&self, text: &str) -> Result<u32, Problem> {
        Ok(estimate::tokens(text))
    }

    fn ask(
        &self,
        prompt: &Prompt,
        hear: &mut dyn FnMut(Heard) -> ControlFlow<()>,
    ) -> Result<Answer, Problem> {
        let mut tries = Tries::default();
        let mut dialect = body::Dialect::from_number(self.dialect.load(Ordering::Relaxed));
        loop {
            let trouble = match self.attempt(prompt, dialect, hear) {
                Ok(answer) => {
                    self.dialect.store(dialect.to_number(), Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(trouble) => trouble,
            };
            if let Trouble::Refused { message, .. } = &trouble
                && let Some(other) = dialect.after(message, prompt)
            {
                dialect = other;
                continue;
            }
            if self.wait(trouble, &mut tries, hear)?.is_break() {
                return Ok(Draft::new(prompt, Instant::now()).stopped(self.model.context));
            }
        }
    }
}

fn headers(model: &HttpModel) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("accept", HeaderValue::from_static("text/event-stream, application/json"));
    if let Some(Key { value, from }) = &model.key {
        let value = HeaderValue::from_str(&format!("Bearer {value}"));
        let mut value = value.map_err(|_| HttpError::Key(from.clone()))?;
        value.set_sensitive(true);
        headers.insert("authorization", value);
    }
    for (name, value) in &model.headers {
        let wrong = || HttpError::Header(refusal::shown(name));
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        if matches!(known.as_str(), "content-length" | "transfer-encoding" | "host" | "connection") {
            return Err(wrong());
        }
        headers.insert(known, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(headers)
}
