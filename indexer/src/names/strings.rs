//! The end of a Python string, interpolations and all, as tree-sitter-python sees it.
//!
//! Its rules are followed also where Python's are stricter, so that no text that parses is read differently: a line
//! end right after an escape stays inside a string, backquotes quote, any string may nest any other.

mod expression;

use super::{blank_end, continuation_end, is_invisible, line_end};
use expression::Expression;
use memchr::memchr2;
use std::ops::Range;

/// How often one string may be tried again from a later point after a line end cut it short.
///
/// Each try may read the line once more. Only strings that Python rejects need any; past the limit they are broken.
const TRIES: u32 = 16;

/// How deep strings and interpolations may nest; the grammar remembers at most 255 open strings.
const DEPTH: usize = 1 << 16;

/// What opened a string.
#[derive(Clone, Copy)]
struct Delimiter {
    quote: u8,
    raw: bool,
    format: bool,
    bytes: bool,
    triple: bool,
}

/// Where the skipper stands, innermost last.
#[derive(Clone, Copy)]
enum Context {
    /// Between the quotes.
    Content(Delimiter),
    /// Between an interpolation's braces.
    Expression(Expression),
    /// Between an interpolation's colon and its closing brace.
    Format,
}

/// Why the walk through one context stopped.
enum Step {
    /// Here the context is over.
    Leave(usize),
    /// Here the given one starts.
    Enter(usize, Context),
    /// Here the format of an interpolation starts.
    Colon(usize),
    /// No string can go on so; at this line end the text continues as code.
    Broken(usize),
}

/// The bytes that matter outside strings: they end a line or start a comment or a string.
const CODE: [bool; 256] = table(b"\n#'\"`");
/// The bytes that may matter inside a string.
const CONTENT: [bool; 256] = table(b"\n\\{}'\"`");

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut index = 0;
    while index < bytes.len() {
        table[bytes[index] as usize] = true;
        index += 1;
    }
    table
}

#[inline]
fn next_of(table: &[bool; 256], text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|&byte| table[byte as usize]).map_or(text.len(), |found| at + found)
}

/// The next line feed, `#` or quote at or after `at`, or the end of the text.
#[inline]
pub(super) fn next_special(text: &[u8], at: usize) -> usize {
    next_of(&CODE, text, at)
}

/// Finds the ends of a text's strings.
pub(super) struct Skipper<'a> {
    text: &'a [u8],
    /// The contexts around the current one.
    around: Vec<Context>,
    tries: u32,
    /// From here to there no brace closes a `\N{`, and there nothing else can: the end of the text, or a NUL.
    unclosed: Range<usize>,
}

impl<'a> Skipper<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, around: Vec::new(), tries: 0, unclosed: 0..0 }
    }

    /// The end of the string whose quote is at `at`; its prefix is read backwards from there.
    ///
    /// Of a string that its line cuts short, the line's end; of one that nothing ends, the text's.
    pub(super) fn skip(&mut self, at: usize) -> usize {
        self.tries = 0;
        let (mut at, mut context) = open(self.text, at);
        loop {
            let step = match &mut context {
                Context::Content(delimiter) => self.content(at, *delimiter),
                Context::Expression(expression) => expression.walk(self.text, at),
                Context::Format => self.format(at),
            };
            match step {
                Step::Enter(start, inner) if self.around.len() < DEPTH => {
                    self.around.push(std::mem::replace(&mut context, inner));
                    at = start;
                }
                Step::Colon(start) => {
                    context = Context::Format;
                    at = start;
                }
                Step::Leave(end) => {
                    at = end;
                    match self.around.pop() {
                        Some(outer) => context = outer,
                        None => return at,
                    }
                }
                Step::Enter(start, _) => match self.recover() {
                    Some(outer) => (at, context) = (start, outer),
                    None => return line_end(self.text, start),
                },
                Step::Broken(end) => match self.recover() {
                    Some(outer) => (at, context) = (end, outer),
                    None => return end,
                },
            }
        }
    }

    /// Gives up all contexts but those that a line end cannot have cut short: the innermost one left.
    fn recover(&mut self) -> Option<Context> {
        while let Some(context) = self.around.pop() {
            if matches!(context, Context::Content(Delimiter { triple: true, .. })) {
                return Some(context);
            }
        }
        None
    }

    /// Goes through a string's content from `at` on.
    fn content(&mut self, mut at: usize, delimiter: Delimiter) -> Step {
        let text = self.text;
        // The grammar cuts content into pieces. What a raw backslash keeps from ending a string does not count as
        // content: up to `empty` the piece has none, and a line end there belongs to the string.
        let (mut piece, mut empty) = (at, at);
        loop {
            at = delimiter.next_stop(text, at);
            let Some(&byte) = text.get(at) else { return Step::Leave(at) };
            match byte {
                b'\\' if delimiter.raw => {
                    let end = raw_escape_end(text, at, delimiter.quote);
                    empty = if empty == at { end } else { empty };
                    at = end;
                }
                // In bytes these escape nothing, yet the grammar takes the character after them along.
                b'\\' if delimiter.bytes && matches!(text.get(at + 1), Some(b'N' | b'u' | b'U')) => {
                    at = text.len().min(at + 3);
                }
                b'\\' => {
                    at = self.escape_end(at);
                    (piece, empty) = (at, at);
                }
                // Of a raw piece that is all escapes, the grammar makes other escapes when a brace follows.
                b'{' | b'}'
                    if delimiter.format
                        && delimiter.quote == b'`'
                        && (piece < at && empty == at)
                        && self.may_try() =>
                {
                    at = self.escape_end(piece);
                    (piece, empty) = (at, at);
                }
                b'{' | b'}' if delimiter.format => {
                    let doubled = text.get(at + 1) == Some(&byte);
                    if byte == b'{' && !doubled {
                        return Step::Enter(at + 1, Context::Expression(Expression::START));
                    }
                    at += if doubled { 2 } else { 1 };
                    (piece, empty) = (at, at);
                }
                b'\n' if !delimiter.triple && empty < at => match self.cut_short(piece) {
                    Some(Step::Leave(end)) => {
                        at = end;
                        (piece, empty) = (at, at);
                    }
                    Some(step) => return step,
                    // A line end that only the grammar's laxness let in is more likely the one that broke the string.
                    None if text[piece] == b'\n' => return Step::Broken(piece),
                    None => return Step::Broken(at),
                },
                _ if byte == delimiter.quote && !delimiter.triple => return Step::Leave(at + 1),
                _ if byte == delimiter.quote && text[at..].starts_with(&[byte; 3]) => {
                    return Step::Leave(at + 3);
                }
                _ => at += 1,
            }
        }
    }

    /// What may still follow at `piece` after a line end cut that piece of a string short: an escape, a comment, a
    /// continued line (`Leave` at their ends), an interpolation, or nothing.
    fn cut_short(&mut self, piece: usize) -> Option<Step> {
        if !self.may_try() {
            return None;
        }
        let at = blank_end(self.text, piece);
        match self.text.get(at)? {
            b'#' => Some(Step::Leave(line_end(self.text, at))),
            b'{' => Some(Step::Enter(at + 1, Context::Expression(Expression::START))),
            b'\\' if at == piece => Some(Step::Leave(self.escape_end(at))),
            b'\\' => continuation_end(self.text, at).map(Step::Leave),
            _ => None,
        }
    }

    fn may_try(&mut self) -> bool {
        self.tries += 1;
        self.tries <= TRIES
    }

    /// Goes through an interpolation's format from `at` on.
    fn format(&self, at: usize) -> Step {
        match memchr2(b'{', b'}', &self.text[at..]).map(|found| at + found) {
            Some(found) if self.text[found] == b'{' => {
                Step::Enter(found + 1, Context::Expression(Expression::START))
            }
            Some(found) => Step::Leave(found + 1),
            None => Step::Leave(self.text.len()),
        }
    }

    /// The end of the escape sequence at `at`: just past the backslash where it escapes nothing.
    fn escape_end(&mut self, at: usize) -> usize {
        let after = &self.text[at + 1..];
        let length = match after.first() {
            Some(b'u') => hex_length(&after[1..], 4),
            Some(b'U') => hex_length(&after[1..], 8),
            Some(b'x') => hex_length(&after[1..], 2),
            Some(b'0'..=b'9') => after.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count(),
            Some(b'\r') if after.get(1) == Some(&b'\n') => 2,
            Some(b'N') if after.get(1) == Some(&b'{') => {
                self.character_name_end(at + 3).map_or(0, |end| end - at - 1)
            }
            Some(b'\n' | 0 | b'\'' | b'"' | b'\\' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v') => 1,
            _ => 0,
        };
        at + 1 + length
    }

    /// The end of the `\N{…}` whose inside starts at `start`. The grammar seeks its brace past quotes and lines.
    fn character_name_end(&mut self, start: usize) -> Option<usize> {
        if self.unclosed.contains(&start) {
            return None;
        }
        let end = memchr2(b'}', 0, &self.text[start..]).map_or(self.text.len(), |found| start + found);
        if self.text.get(end) == Some(&b'}') {
            return (end > start).then_some(end + 1);
        }
        self.unclosed = start..end;
        None
    }
}

impl Delimiter {
    /// The next byte at or after `at` that may matter.
    #[inline]
    fn next_stop(self, text: &[u8], at: usize) -> usize {
        if self.triple && !self.format {
            memchr2(self.quote, b'\\', &text[at..]).map_or(text.len(), |found| at + found)
        } else {
            next_of(&CONTENT, text, at)
        }
    }
}

/// Where the content of the string starts whose quote is at `at`, and its context.
fn open(text: &[u8], at: usize) -> (usize, Context) {
    let quote = text[at];
    let triple = quote != b'`' && text[at..].starts_with(&[quote; 3]);
    let mut delimiter = Delimiter { quote, raw: false, format: false, bytes: false, triple };
    let letters = text[..at].iter().rev().take_while(|byte| b"bfrtuBFRTU".contains(byte)).count();
    let start = at - letters;
    if letters > 0 && !continues_word(text, start) {
        for letter in &text[start..at] {
            match letter.to_ascii_lowercase() {
                b'f' | b't' => delimiter.format = true,
                b'r' => delimiter.raw = true,
                b'b' => delimiter.bytes = true,
                _ => {}
            }
        }
    }
    (if triple { at + 3 } else { at + 1 }, Context::Content(delimiter))
}

/// Whether the byte before `at` belongs to a word: then letters from `at` on are its end, not a string's prefix.
fn continues_word(text: &[u8], at: usize) -> bool {
    match text[..at].last() {
        Some(b'_') => true,
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        Some(_) => at < 3 || !is_invisible(text, at - 3),
        None => false,
    }
}

/// The end of a raw string's backslash and what it keeps from ending the string.
fn raw_escape_end(text: &[u8], at: usize, quote: u8) -> usize {
    let mut end = at + 1;
    if text.get(end).is_some_and(|&byte| byte == quote || byte == b'\\') {
        end += 1;
    }
    if text.get(end) == Some(&b'\r') {
        end += 1;
    }
    if text.get(end) == Some(&b'\n') {
        end += 1;
    }
    end
}

/// The length of an escape with a letter and `digits` hexadecimal digits, of which `after` should start with.
fn hex_length(after: &[u8], digits: usize) -> usize {
    match after.get(..digits) {
        Some(found) if found.iter().all(u8::is_ascii_hexdigit) => 1 + digits,
        _ => 0,
    }
}
