//! Cuts an answer at its marks while it comes in.

use super::LARGEST;
use super::format::{BEGINNINGS, Format, Inside, Mark, Style};
use super::harmony::Harmony;
use serde::de::IgnoredAny;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Reasoning(String),
    /// A call's inside, and where it turns out to be text, what stood before and behind it.
    Call {
        style: Style,
        body: String,
        before: String,
        behind: &'static str,
    },
    TooLarge,
}

/// Cuts one answer.
#[derive(Debug)]
pub(super) struct Stream {
    format: Format,
    may_be_bare: bool,
    /// Bytes of a character that is not whole yet.
    bytes: Vec<u8>,
    /// What is not given out yet.
    held: String,
    place: Place,
    /// Of a call: its mark and the white space before it.
    before: String,
    harmony: Harmony,
}

/// Where in an answer the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing but white space was there.
    Start,
    Text,
    Reasoning {
        close: &'static str,
        fresh: bool,
    },
    /// So many bytes were looked at for the mark that ends it.
    Call {
        style: Style,
        close: Option<&'static str>,
        looked: usize,
    },
    /// The rest of a call that is too large.
    Skipped {
        close: Option<&'static str>,
    },
}

impl Stream {
    /// `may_be_bare`: whether an answer that begins with a brace can be calls.
    pub(super) fn new(format: Format, prompt: &str, may_be_bare: bool) -> Self {
        let begun = BEGINNINGS.iter().find(|mark| prompt.trim_end().ends_with(mark.open));
        let place = begun
            .and_then(|mark| mark.close)
            .map_or(Place::Start, |close| Place::Reasoning { close, fresh: true });
        Self {
            format,
            may_be_bare,
            bytes: Vec::new(),
            held: String::new(),
            place,
            before: String::new(),
            harmony: Harmony::new(prompt),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.take(bytes);
        let mut pieces = Vec::new();
        match self.format {
            Format::Harmony => self.harmony.cut(&mut self.held, &mut pieces),
            _ => while self.cut(&mut pieces) {},
        }
        pieces
    }

    pub(super) fn finish(&mut self) -> Vec<Piece> {
        let rest = std::mem::take(&mut self.bytes);
        self.held.push_str(&String::from_utf8_lossy(&rest));
        let mut pieces = self.push(&[]);
        let held = std::mem::take(&mut self.held);
        if self.format == Format::Harmony {
            self.harmony.finish(held, &mut pieces);
            return pieces;
        }
        match self.place {
            Place::Start | Place::Text => give(held, Piece::Text, &mut pieces),
            Place::Reasoning { .. } => give(held, Piece::Reasoning, &mut pieces),
            Place::Call { style, .. } => {
                pieces.push(Piece::Call {
                    style,
                    body: held,
                    before: std::mem::take(&mut self.before),
                    behind: "",
                });
            }
            Place::Skipped { .. } => {}
        }
        pieces
    }

    /// Adds whole characters to what is held; what is not UTF-8 becomes U+FFFD.
    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.bytes);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.held.push_str(text),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.held.push_str(&String::from_utf8_lossy(valid));
                    let Some(wrong) = error.error_len() else {
                        self.bytes = after.to_vec();
                        return;
                    };
                    self.held.push(char::REPLACEMENT_CHARACTER);
                    rest = &after[wrong..];
                }
            }
        }
    }

    /// Cuts at the next mark. Whether there may be another one.
    fn cut(&mut self, pieces: &mut Vec<Piece>) -> bool {
        match self.place {
            Place::Start => self.cut_start(),
            Place::Text => self.cut_text(pieces),
            Place::Reasoning { close, fresh } => self.cut_reasoning(close, fresh, pieces),
            Place::Call { style, close, looked } => self.cut_call(style, close, looked, pieces),
            Place::Skipped { close } => {
                let end = close.and_then(|close| Some(self.held.find(close)? + close.len()));
                self.held = match end {
                    Some(end) => self.held.split_off(end),
                    None => tail(&self.held, close),
                };
                self.place = if end.is_some() { Place::Text } else { self.place };
                end.is_some()
            }
        }
    }

    fn cut_start(&mut self) -> bool {
        let Some(start) = self.held.find(|character: char| !character.is_whitespace()) else { return false };
        self.held.drain(..start);
        let is_bare = self.may_be_bare && self.held.starts_with('{');
        self.before.clear();
        self.place = if is_bare { call(Style::Perhaps, None) } else { Place::Text };
        true
    }

    fn cut_text(&mut self, pieces: &mut Vec<Piece>) -> bool {
        let marks = self.format.marks();
        let found = marks
            .iter()
            .filter_map(|mark| Some((self.held.find(mark.open)?, mark)))
            .min_by_key(|(at, _)| *at);
        let Some((at, mark)) = found else {
            self.give_safe(marks.iter().map(|mark| mark.open), Piece::Text, pieces);
            return false;
        };
        let rest = self.held.split_off(at + mark.open.len());
        let before = std::mem::replace(&mut self.held, rest);
        let spoken = before[..at].trim_end();
        before[spoken.len()..].clone_into(&mut self.before);
        give(spoken.to_owned(), Piece::Text, pieces);
        let Mark { close, inside, .. } = *mark;
        self.place = match (inside, close) {
            (Inside::Reasoning, Some(close)) => Place::Reasoning { close, fresh: true },
            (Inside::Call(style), _) => call(style, close),
            (Inside::Nothing | Inside::Reasoning, _) => Place::Start,
        };
        true
    }

    fn cut_reasoning(&mut self, close: &'static str, fresh: bool, pieces: &mut Vec<Piece>) -> bool {
        if fresh {
            self.held.drain(..self.held.len() - self.held.trim_start().len());
        }
        if let Some(at) = self.held.find(close) {
            let rest = self.held.split_off(at + close.len());
            let before = std::mem::replace(&mut self.held, rest);
            give(before[..at].trim_end().to_owned(), Piece::Reasoning, pieces);
            self.place = Place::Start;
            return true;
        }
        let is_fresh = fresh && self.held.is_empty();
        self.give_safe([close].into_iter(), Piece::Reasoning, pieces);
        self.place = Place::Reasoning { close, fresh: is_fresh };
        false
    }

    fn cut_call(
        &mut self,
        style: Style,
        close: Option<&'static str>,
        looked: usize,
        pieces: &mut Vec<Piece>,
    ) -> bool {
        if self.held.len() > LARGEST {
            pieces.push(Piece::TooLarge);
            self.place = Place::Skipped { close };
            return true;
        }
        let Some(mark) = close else { return false };
        let Some(at) = self.held[looked..].find(mark).map(|at| looked + at) else {
            let looked = self.held.len() - tail(&self.held[looked..], close).len();
            self.place = Place::Call { style, close, looked };
            return false;
        };
        let end = at + mark.len();
        // The mark can stand in a text of the call's own.
        if style == Style::Tagged && is_unfinished(&self.held[..at]) {
            self.place = Place::Call { style, close, looked: end };
            return true;
        }
        let rest = self.held.split_off(end);
        let mut body = std::mem::replace(&mut self.held, rest);
        body.truncate(at);
        pieces.push(Piece::Call { style, body, before: std::mem::take(&mut self.before), behind: mark });
        self.place = if style == Style::Perhaps { Place::Text } else { Place::Start };
        true
    }

    /// Gives out what is held, but for what could become a mark and white space that a mark could follow.
    fn give_safe<'a>(
        &mut self,
        marks: impl Iterator<Item = &'a str>,
        kind: fn(String) -> Piece,
        pieces: &mut Vec<Piece>,
    ) {
        let kept = marks.map(|mark| begun(&self.held, mark)).max().unwrap_or(0);
        let safe = self.held[..self.held.len() - kept].trim_end().len();
        let rest = self.held.split_off(safe);
        give(std::mem::replace(&mut self.held, rest), kind, pieces);
    }
}

fn call(style: Style, close: Option<&'static str>) -> Place {
    Place::Call { style, close, looked: 0 }
}

fn give(text: String, kind: fn(String) -> Piece, pieces: &mut Vec<Piece>) {
    if !text.is_empty() {
        pieces.push(kind(text));
    }
}

/// How many bytes at the end of `text` could be the start of `mark`.
pub(super) fn begun(text: &str, mark: &str) -> usize {
    let longest = mark.len().min(text.len() + 1).saturating_sub(1);
    (1..=longest).rev().find(|count| text.as_bytes().ends_with(&mark.as_bytes()[..*count])).unwrap_or(0)
}

/// The end of `text` that could be the start of `mark`.
fn tail(text: &str, mark: Option<&str>) -> String {
    mark.map(|mark| text[text.len() - begun(text, mark)..].to_owned()).unwrap_or_default()
}

/// Whether a text is the start of a JSON value.
fn is_unfinished(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['{', '['])
        && serde_json::from_str::<IgnoredAny>(text).is_err_and(|error| error.is_eof())
}
