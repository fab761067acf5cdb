//! The channels of gpt-oss: each message has a header that says to whom it goes and in which channel it stands.

use super::LARGEST;
use super::format::Style;
use super::stream::{Piece, begun};

const START: &str = "<|start|>";
const CHANNEL: &str = "<|channel|>";
const MESSAGE: &str = "<|message|>";
const ENDS: [&str; 4] = ["<|end|>", "<|call|>", "<|return|>", START];

/// The longest header, in bytes.
const LONGEST_HEADER: usize = 1024;

/// Where in an answer of channels the stream is.
#[derive(Debug)]
pub(super) enum Harmony {
    /// Before `<|message|>`.
    Header,
    Text,
    Reasoning,
    /// Arguments of a tool, which is named.
    Call {
        name: String,
    },
    /// The rest of a call that is too large.
    Skipped,
}

impl Harmony {
    /// What follows a prompt: it can end within a message that was begun for the model.
    pub(super) fn new(prompt: &str) -> Self {
        match prompt.rsplit_once(START).and_then(|(_, last)| last.split_once(MESSAGE)) {
            Some((header, body)) if !ENDS.iter().any(|end| body.contains(end)) => Self::after(header),
            _ => Self::Header,
        }
    }

    pub(super) fn cut(&mut self, held: &mut String, pieces: &mut Vec<Piece>) {
        while self.cut_once(held, pieces) {}
    }

    pub(super) fn finish(&mut self, held: String, pieces: &mut Vec<Piece>) {
        match self {
            Self::Text if !held.is_empty() => pieces.push(Piece::Text(held)),
            Self::Reasoning if !held.is_empty() => pieces.push(Piece::Reasoning(held)),
            Self::Call { name } => pieces.push(call(name, &held)),
            // A model that writes no channels at all says what it says.
            Self::Header if !held.trim().is_empty() && !held.contains("<|") => pieces.push(Piece::Text(held)),
            Self::Header | Self::Text | Self::Reasoning | Self::Skipped => {}
        }
    }

    fn cut_once(&mut self, held: &mut String, pieces: &mut Vec<Piece>) -> bool {
        if matches!(self, Self::Header) {
            let Some(at) = held.find(MESSAGE) else {
                if held.len() > LONGEST_HEADER {
                    *self = Self::Text;
                    return true;
                }
                return false;
            };
            let rest = held.split_off(at + MESSAGE.len());
            let header = std::mem::replace(held, rest);
            *self = Self::after(&header[..at]);
            return true;
        }
        let end = ENDS.iter().filter_map(|end| Some((held.find(end)?, end.len()))).min();
        let Some((at, width)) = end else {
            self.give(held, pieces);
            return false;
        };
        let rest = held.split_off(at + width);
        let mut body = std::mem::replace(held, rest);
        body.truncate(at);
        std::mem::replace(self, Self::Header).finish(body, pieces);
        true
    }

    /// Gives out what cannot become a mark.
    fn give(&mut self, held: &mut String, pieces: &mut Vec<Piece>) {
        let kept = ENDS.iter().map(|end| begun(held, end)).max().unwrap_or(0);
        let safe = held.len() - kept;
        match self {
            Self::Text | Self::Reasoning if safe > 0 => {
                let rest = held.split_off(safe);
                let text = std::mem::replace(held, rest);
                pieces.push(if matches!(self, Self::Text) {
                    Piece::Text(text)
                } else {
                    Piece::Reasoning(text)
                });
            }
            Self::Call { .. } if held.len() > LARGEST => {
                pieces.push(Piece::TooLarge);
                *self = Self::Skipped;
            }
            Self::Skipped => drop(held.drain(..safe)),
            Self::Header | Self::Text | Self::Reasoning | Self::Call { .. } => {}
        }
    }

    fn after(header: &str) -> Self {
        let (role, channel) = header.split_once(CHANNEL).unwrap_or((header, ""));
        let to = [role, channel].into_iter().find_map(|part| part.split_once("to=functions."));
        if let Some((_, name)) = to {
            let name =
                name.split(|letter: char| letter.is_whitespace() || letter == '<').next().unwrap_or_default();
            return Self::Call { name: name.to_owned() };
        }
        if channel.trim_start().starts_with("analysis") { Self::Reasoning } else { Self::Text }
    }
}

fn call(name: &str, arguments: &str) -> Piece {
    Piece::Call {
        style: Style::Named,
        body: format!("{name}\n{arguments}"),
        before: String::new(),
        behind: "",
    }
}
