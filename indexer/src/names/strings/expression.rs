//! The way through an f-string's expression to its closing brace or to the colon of its format.

use super::super::{definition, is_invisible, line_end, word_end};
use super::{Step, open};

/// Where in an interpolation's expression the walk stands.
#[derive(Clone, Copy)]
pub(super) struct Expression {
    /// Open brackets.
    depth: u32,
    /// Lambdas outside brackets that still await their colon.
    lambdas: u32,
    last: Last,
}

/// What the last token outside brackets was, as far as `:=` depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Something after which a whole expression may start.
    Opening,
    /// A name right after that: `:=` assigns to it.
    Name,
    /// Anything else: `:=` is a colon, and a format that starts with `=`.
    Other,
}

impl Expression {
    /// Just after the opening brace.
    pub(super) const START: Self = Self { depth: 0, lambdas: 0, last: Last::Opening };

    /// Goes on from `at` to the end, the format or the next string inside.
    pub(super) fn walk(&mut self, text: &[u8], mut at: usize) -> Step {
        while let Some(&byte) = text.get(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\\' | 0x0b | 0x0c => at += 1,
                b'\n' if definition(text, at + 1).is_some() => return Step::Broken(at),
                b'\n' => at += 1,
                b'#' => at = line_end(text, at),
                b'"' | b'\'' | b'`' => {
                    self.last = Last::Other;
                    let (start, content) = open(text, at);
                    return Step::Enter(start, content);
                }
                b'}' if self.depth == 0 => return Step::Leave(at + 1),
                b':' if self.depth == 0 => match self.colon(text.get(at + 1) == Some(&b'=')) {
                    Some(length) => at += length,
                    None => return Step::Colon(at + 1),
                },
                b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    let end = word_end(text, at);
                    self.word(&text[at..end]);
                    at = end;
                }
                0x80.. if is_invisible(text, at) => at += 3,
                0x80.. => {
                    let end = word_end(text, at);
                    self.word(&text[at..end]);
                    at = end;
                }
                _ => {
                    self.punctuation(byte);
                    at += 1;
                }
            }
        }
        Step::Leave(text.len())
    }

    /// Takes a colon outside brackets, or one with `=` behind it: its length, if the expression goes on after it.
    fn colon(&mut self, assigns: bool) -> Option<usize> {
        let length = if assigns && self.last == Last::Name {
            2
        } else if self.lambdas > 0 {
            self.lambdas -= 1;
            1
        } else {
            return None;
        };
        self.last = Last::Opening;
        Some(length)
    }

    fn word(&mut self, word: &[u8]) {
        if self.depth > 0 {
            return;
        }
        self.last = match word {
            b"lambda" => {
                self.lambdas += 1;
                Last::Other
            }
            b"and" | b"as" | b"else" | b"from" | b"if" | b"not" | b"or" | b"yield" => Last::Opening,
            _ if word[0].is_ascii_digit()
                || super::super::is_reserved(word)
                || self.last != Last::Opening =>
            {
                Last::Other
            }
            _ => Last::Name,
        };
    }

    fn punctuation(&mut self, byte: u8) {
        match byte {
            b'(' | b'[' | b'{' => self.depth += 1,
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.last = if byte == b',' { Last::Opening } else { Last::Other };
    }
}
