//! The inside of a JSON string, character by character, with its closing quote.

use super::part::Length;
use super::utf8;

/// A string that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Writing {
    /// Characters that may still come.
    pub(super) left: u32,
    pub(super) written: u32,
    utf8: u8,
    escape: Escape,
}

/// How far an escape is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Escape {
    No,
    Backslash,
    /// So many of four digits are written; `d` was the first, and surrogates are no characters.
    Digits {
        written: u8,
        after_d: bool,
    },
}

/// What ends an escape and is plain text elsewhere; and what else may follow a backslash.
pub(super) const LETTERS: &[u8] = b"/bfnrt";
pub(super) const OTHERS: &[u8] = b"\"\\u";

/// What a byte does to a string.
pub(super) enum Step {
    Writing(Writing),
    Closed,
}

impl Writing {
    pub(super) fn begin(length: Length) -> Self {
        Self { left: length.most, written: 0, utf8: utf8::WHOLE, escape: Escape::No }
    }

    /// Between characters, with all of them left and enough written: the bounds do not matter.
    pub(super) fn unbounded() -> Self {
        Self { left: u32::MAX / 2, written: u32::MAX / 2, utf8: utf8::WHOLE, escape: Escape::No }
    }

    /// Whether the next character may be any.
    pub(super) fn is_between(self) -> bool {
        self.utf8 == utf8::WHOLE && self.escape == Escape::No
    }

    /// Behind a backslash: the place before it, with a character less. What follows one of [`LETTERS`] here may follow
    /// it there, where it is a character of its own.
    pub(super) fn before_escape(self) -> Self {
        Self { left: self.left + 1, written: self.written - 1, escape: Escape::No, ..self }
    }

    /// Whether a backslash was the last byte.
    pub(super) fn is_escaping(self) -> bool {
        self.escape == Escape::Backslash
    }

    pub(super) fn step(self, length: Length, byte: u8) -> Option<Step> {
        let Self { utf8, escape, .. } = self;
        let next = match (escape, byte) {
            (Escape::No, b'"') => {
                let is_closed = utf8 == utf8::WHOLE && self.written >= length.least;
                return is_closed.then_some(Step::Closed);
            }
            (Escape::No, b'\\') if utf8 == utf8::WHOLE => Self { escape: Escape::Backslash, ..self.begun()? },
            (Escape::No, 0x20..) => {
                let next = if utf8::begins(byte) { self.begun()? } else { self };
                Self { utf8: utf8::step(utf8, byte)?, ..next }
            }
            (Escape::Backslash, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                Self { escape: Escape::No, ..self }
            }
            (Escape::Backslash, b'u') => {
                Self { escape: Escape::Digits { written: 0, after_d: false }, ..self }
            }
            (Escape::Digits { written: 1, after_d: true }, b'8'..) => return None,
            (Escape::Digits { written: 3, .. }, digit) if digit.is_ascii_hexdigit() => {
                Self { escape: Escape::No, ..self }
            }
            (Escape::Digits { written, .. }, digit) if digit.is_ascii_hexdigit() => {
                let after_d = written == 0 && digit.eq_ignore_ascii_case(&b'd');
                Self { escape: Escape::Digits { written: written + 1, after_d }, ..self }
            }
            _ => return None,
        };
        Some(Step::Writing(next))
    }
    /// One character more.
    fn begun(self) -> Option<Self> {
        Some(Self { left: self.left.checked_sub(1)?, written: self.written + 1, ..self })
    }
}
