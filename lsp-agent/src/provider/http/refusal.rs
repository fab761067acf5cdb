//! What a server's refusals mean: what can be tried again, how long it wants to be left alone, and words for a person.

use super::HttpModel;
use super::exchange::Head;
use crate::protocol::Problem;
use serde_json::Value;
use std::time::Duration;

/// Characters of a server's message that are shown.
const SHOWN: usize = 400;

/// The longest wait that is understood, in seconds; whether it is waited for is another question.
const LONGEST: f64 = 1e9;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server wants to be left alone, for so long where it says so.
    Limited {
        after: Option<Duration>,
        why: String,
    },
    /// It may be better soon.
    Passing(Problem),
    /// It does not take something in the request; the message in full, and what to say if nothing else helps.
    Refused {
        message: String,
        problem: Problem,
    },
    Final(Problem),
}

/// What an answer other than the model's means; `body` is what came of it.
pub(super) fn of(model: &HttpModel, head: &Head, body: &[u8]) -> Trouble {
    let Head { status, .. } = head;
    let told = Told::read(body, model);
    let why = format!("it answered {status}{}", told.shown());
    match status {
        300..400 => Trouble::Final(redirect(model, head)),
        401 | 403 => Trouble::Final(not_allowed(model, &why)),
        404 | 405 => Trouble::Final(not_found(model, &why)),
        400 | 413 | 422 if told.is_overflow() => Trouble::Final(overflow(model, &why)),
        400 | 422 => {
            let problem = Problem {
                what: format!("{} refuses the request", place(model)),
                why,
                next: "see what the server says; perhaps the model cannot do what is asked, such as calling tools"
                    .to_owned(),
            };
            Trouble::Refused { message: told.message, problem }
        }
        // Waiting brings no money.
        429 if told.code == "insufficient_quota" => Trouble::Final(no_credit(model, why)),
        402 => Trouble::Final(no_credit(model, why)),
        429 | 503 | 529 => Trouble::Limited { after: wait_of(head), why },
        408 | 425 | 500 | 502 | 504 | 520..=524 => Trouble::Passing(Problem {
            what: format!("{} has trouble of its own", place(model)),
            why: format!("{why}, and did so again"),
            next: "try again later, or choose another model".to_owned(),
        }),
        _ => Trouble::Final(Problem {
            what: format!("{} gives no answer", place(model)),
            why,
            next: format!("see whether `{}` is the address of an OpenAI-compatible API", model.base_url),
        }),
    }
}

/// What an error within an answer means, as the server tells it in JSON.
pub(super) fn told(model: &HttpModel, error: &Value) -> Problem {
    let told = Told::of(error, model);
    let why = format!("the server told of an error in the middle of its answer{}", told.shown());
    if told.is_overflow() {
        return overflow(model, &why);
    }
    let next = "ask again; if that does not help, choose another model".to_owned();
    Problem { what: format!("{} did not finish its answer", place(model)), why, next }
}

/// The model and where it runs.
pub(super) fn place(model: &HttpModel) -> String {
    format!("`{}` at `{}`", model.model, model.base_url)
}

fn overflow(model: &HttpModel, why: &str) -> Problem {
    Problem {
        what: format!("the request does not fit into the context of {}", place(model)),
        why: why.to_owned(),
        next: format!(
            "set its context, now {} tokens, to what the server really has, or choose a model with a larger one",
            model.context
        ),
    }
}

fn no_credit(model: &HttpModel, why: String) -> Problem {
    Problem {
        what: format!("there is no credit left for {}", place(model)),
        why,
        next: "add credit to the account that the key belongs to, or choose another model".to_owned(),
    }
}

fn redirect(model: &HttpModel, head: &Head) -> Problem {
    let to = head.header("location").map(|to| format!(" to `{}`", shown(to))).unwrap_or_default();
    Problem {
        what: format!("{} is elsewhere", place(model)),
        why: format!(
            "it answered {} with a redirect{to}, which is not followed: it could lead the key away",
            head.status
        ),
        next: "give the address where the API really is".to_owned(),
    }
}

fn not_allowed(model: &HttpModel, why: &str) -> Problem {
    let (what, why, next) = match &model.key {
        Some(key) => (
            "does not accept the key",
            format!("{why}; the key came from {}", key.from),
            format!(
                "check the key with whoever gave it, and whether it may use the model; it belongs in {}",
                key.from
            ),
        ),
        None => (
            "wants a key",
            format!("{why}; it was asked without a key"),
            "name the environment variable that holds the key, such as `OPENAI_API_KEY`, and set it"
                .to_owned(),
        ),
    };
    Problem { what: format!("{} {what}", place(model)), why, next }
}

fn not_found(model: &HttpModel, why: &str) -> Problem {
    Problem {
        what: format!("there is no model `{}`, or no API at `{}`", model.model, model.base_url),
        why: why.to_owned(),
        next: "check the model's name, and the address: it mostly ends with `/v1`".to_owned(),
    }
}

/// What a server says of an error.
#[derive(Debug, Default)]
struct Told {
    message: String,
    code: String,
}

impl Told {
    fn read(body: &[u8], model: &HttpModel) -> Self {
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => Self::of(&value, model),
            Err(_) if is_page(&text) => Self { message: "a web page".to_owned(), code: String::new() },
            Err(_) => Self { message: without_key(text.trim(), model), code: String::new() },
        }
    }

    fn of(value: &Value, model: &HttpModel) -> Self {
        let value = value.get(0).unwrap_or(value);
        let error = value.get("error").unwrap_or(value);
        let word = |name: &str| error.get(name).and_then(Value::as_str);
        let message = word("message").or_else(|| word("detail")).or_else(|| error.as_str());
        let message = message.map_or_else(|| error.to_string(), str::to_owned);
        let code = word("code").or_else(|| word("type")).unwrap_or("").to_owned();
        Self { message: without_key(&message, model), code }
    }

    /// For a sentence's end.
    fn shown(&self) -> String {
        if self.message.is_empty() { String::new() } else { format!(": {}", shown(&self.message)) }
    }

    fn is_overflow(&self) -> bool {
        let codes = ["context_length_exceeded", "exceed_context_size_error"];
        let words = [
            "context length",
            "context_length",
            "context window",
            "context size",
            "maximum context",
            "prompt is too long",
            "input is too long",
            "too many tokens",
        ];
        let message = self.message.to_lowercase();
        codes.contains(&self.code.as_str()) || words.iter().any(|words| message.contains(words))
    }
}

/// Whether a text is a web page rather than an answer.
pub(super) fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(20).collect();
    let start = start.to_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<?xml")
}

/// A server's words, cut, and without what could play tricks on a terminal.
pub(super) fn shown(text: &str) -> String {
    let is_tricky = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown = String::new();
    for letter in text.chars().take(SHOWN) {
        match letter {
            '\n' | '\t' | '\r' => shown.push(' '),
            letter if is_tricky(letter) => shown.extend(letter.escape_unicode()),
            letter => shown.push(letter),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Some servers repeat what they were sent.
fn without_key(text: &str, model: &HttpModel) -> String {
    match &model.key {
        Some(key) => text.replace(&key.value, "[key]"),
        None => text.to_owned(),
    }
}

/// How long a server wants to be left alone.
fn wait_of(head: &Head) -> Option<Duration> {
    let number = |name: &str| head.header(name)?.parse::<f64>().ok();
    if let Some(milliseconds) = number("retry-after-ms") {
        return seconds(milliseconds / 1000.0);
    }
    if let Some(after) = head.header("retry-after") {
        // A date is held against the server's own clock, which is the one that it was made by.
        let date = |text: &str| httpdate::parse_http_date(text).ok();
        let until_date = || {
            let (then, now) = (date(after)?, date(head.header("date")?)?);
            Some(then.duration_since(now).unwrap_or_default())
        };
        if let Some(wait) = after.parse::<f64>().ok().and_then(seconds).or_else(until_date) {
            return Some(wait);
        }
    }
    let resets = ["requests", "tokens"].into_iter().filter_map(|what| {
        let left = head.header(&format!("x-ratelimit-remaining-{what}"));
        // Of two limits only the one that is used up has to be waited for.
        let is_used_up =
            left.map_or(what == "requests", |left| left.starts_with('0') || left.starts_with('-'));
        let reset = head.header(&format!("x-ratelimit-reset-{what}")).filter(|_| is_used_up)?;
        spelled(reset)
    });
    resets.max()
}

fn seconds(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST)))
}

/// A time such as `6m0s`, `1.5s` or `20ms`; a number alone is seconds.
fn spelled(text: &str) -> Option<Duration> {
    if let Ok(number) = text.parse() {
        return seconds(number);
    }
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let end = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        rest = &rest[end..];
        sum += number * unit;
    }
    seconds(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::{HeaderMap, HeaderName, HeaderValue};

    fn wait(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        wait_of(&Head { status: 429, headers: HeaderMap::from_iter(headers) })
    }

    #[test]
    fn waits_are_read_however_they_are_written() {
        let seconds = |seconds: f64| Some(Duration::from_secs_f64(seconds));
        assert_eq!(wait(&[("retry-after", "7")]), seconds(7.0));
        assert_eq!(wait(&[("retry-after-ms", "1500"), ("retry-after", "7")]), seconds(1.5));
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"), date]), seconds(30.0));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT"), date]), seconds(0.0));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]), None);
        assert_eq!(wait(&[("x-ratelimit-reset-requests", "6m0s")]), seconds(360.0));
        assert_eq!(wait(&[("x-ratelimit-reset-requests", "1h2m3.5s")]), seconds(3723.5));
        let left = [
            ("x-ratelimit-remaining-requests", "12"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "20ms"),
        ];
        assert_eq!(wait(&left), seconds(0.02));
        for wrong in ["", "soon", "-1", "nan", "inf", "6m0", "6x", "m", ".s"] {
            assert_eq!(
                wait(&[("retry-after", wrong), ("x-ratelimit-reset-requests", wrong)]),
                None,
                "{wrong}"
            );
        }
        assert_eq!(wait(&[("retry-after", "1e300")]), seconds(LONGEST));
    }

    #[test]
    fn what_a_server_says_plays_no_tricks() {
        assert_eq!(shown("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb c\\u{202e}d");
        assert_eq!(shown(&"ä".repeat(500)).chars().count(), SHOWN + 1);
    }
}
