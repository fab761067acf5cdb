//! Names in the strings of a Python module's `__all__`: each is a use of what the module binds under that name.

use super::{Extract, Frame, offset};
use crate::language::{Class, CompiledRule, Exports};
use crate::symbol::{NONE, Receiver, Role};

/// How many parentheses and `+` may stand between a list and its statement: more are a generated text, and each of
/// their strings would be asked about all of them.
const REACH: usize = 16;

impl Extract<'_> {
    /// Notes the use when a string is an entry of `__all__`, wherever in the text the name is bound.
    pub(super) fn listed(&mut self, from: u32, to: u32) {
        if self.spec.exports != Exports::NoUnderscore || !self.is_in_all() {
            return;
        }
        let text = self.text.get(from as usize..to as usize).unwrap_or_default();
        let Some(inside) = content(text) else { return };
        let at = from + offset(inside.start);
        if let Some(name) = self.intern(at, from + offset(inside.end)) {
            self.emit(name, at, Role::Read, Receiver::Bare, NONE);
        }
    }

    /// Whether the node that is visited stands directly in a list or tuple that the module's `__all__` is set to or gets
    /// more of.
    fn is_in_all(&self) -> bool {
        // Conditions at the top of a file open no scope; functions and classes do.
        if self.scopes.len() > 1 {
            return false;
        }
        let Some((around, above)) = self.frames.split_last() else { return false };
        let is_sequence = match around.rule.map(|rule| rule.class) {
            None | Some(Class::Plain) => is_bracketed(self.text_in(around)),
            Some(_) => false,
        };
        if !is_sequence {
            return false;
        }
        let passes = |frame: &&Frame<'_>| match frame.rule.map(|rule| rule.class) {
            Some(Class::Union | Class::Transparent) => true,
            Some(Class::Plain) => is_bracketed(self.text_in(frame)),
            _ => false,
        };
        let statement = above.iter().rev().take(REACH).find(|frame| !passes(frame));
        statement.is_some_and(|frame| {
            let is_call = matches!(frame.rule, Some(CompiledRule { class: Class::Call, .. }));
            adds_to_all(self.text_in(frame), is_call)
        })
    }

    fn text_in(&self, frame: &Frame<'_>) -> &[u8] {
        self.text.get(frame.start as usize..frame.end as usize).unwrap_or_default()
    }
}

/// A list, a tuple or arguments.
fn is_bracketed(text: &[u8]) -> bool {
    matches!(text, [b'[', .., b']'] | [b'(', .., b')'])
}

/// Whether a statement or a call sets `__all__` or adds to it.
fn adds_to_all(text: &[u8], is_call: bool) -> bool {
    let Some(rest) = text.strip_prefix(b"__all__") else { return false };
    let rest = rest.trim_ascii_start();
    if is_call {
        return rest.starts_with(b".append(") || rest.starts_with(b".extend(");
    }
    matches!(rest, [b'+', b'=', ..] | [b':', ..]) || rest.starts_with(b"=") && !rest.starts_with(b"==")
}

/// Where the name stands in a string that is nothing but one name: no escapes, interpolations or bytes.
fn content(text: &[u8]) -> Option<std::ops::Range<usize>> {
    let quote = text.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
    if !text[..quote].iter().all(|byte| matches!(byte, b'r' | b'R' | b'u' | b'U')) {
        return None;
    }
    let mark = text[quote];
    let marks = if text[quote..].starts_with(&[mark; 3]) { 3 } else { 1 };
    let inside = quote + marks..text.len().checked_sub(marks)?;
    let name = text.get(inside.clone())?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let begins = name.first().is_some_and(|byte| !byte.is_ascii_digit());
    (begins && name.iter().all(is_name)).then_some(inside)
}
