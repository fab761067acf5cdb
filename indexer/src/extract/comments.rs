//! Comments and strings: what documents a definition, and types in quotes.

use super::{Extract, Last, LastKind, OTHER, offset, start};
use crate::language::{CompiledRule, Ctx};
use crate::symbol::{NONE, NameId, Receiver, Role};
use tree_sitter::Node;

impl Extract<'_> {
    pub(super) fn comment(&mut self, node: Node<'_>) {
        if !self.spec.doc_comments {
            return;
        }
        let (from, to) = (start(node), offset(node.end_byte()));
        if self.is_trailing(from) {
            self.last_comment = (0, 0);
        } else if self.is_adjacent(self.last_comment, from) {
            self.last_comment.1 = to;
        } else {
            self.last_comment = (from, to);
        }
    }

    /// Whether only blanks and at most one line break stand between a comment and an offset.
    pub(super) fn is_adjacent(&self, comment: (u32, u32), from: u32) -> bool {
        if comment.1 == 0 || comment.1 > from {
            return false;
        }
        let between = self.text.get(comment.1 as usize..from as usize).unwrap_or_default();
        // Line comments of some grammars end after their line break.
        let breaks = usize::from(self.text.get(comment.1 as usize - 1) == Some(&b'\n'));
        between.iter().all(u8::is_ascii_whitespace)
            && between.iter().filter(|byte| **byte == b'\n').count() + breaks <= 1
    }

    pub(super) fn begin_body(&mut self, node: Node<'_>) {
        let from = start(node);
        let symbol = self.frames.last().map_or(NONE, |frame| frame.symbol);
        if let Some(symbol) = self.facts.symbols.get_mut(symbol as usize) {
            symbol.signature_end = from.max(symbol.range.start);
        }
    }

    pub(super) fn string(&mut self, rule: &'static CompiledRule, node: Node<'_>, ctx: Ctx) -> bool {
        let (from, to) = (start(node), offset(node.end_byte()));
        self.last = OTHER;
        self.doc_string(from, to);
        if matches!(ctx, Ctx::Name | Ctx::Key | Ctx::Bind(_)) {
            if let Some(name) = self.intern(from + 1, to.saturating_sub(1)).filter(|_| to > from + 2) {
                match ctx {
                    Ctx::Name => self.name_symbol(name, from + 1),
                    Ctx::Bind(kind) => self.bind(name, from + 1, kind, self.scope()),
                    _ => self.emit(name, from + 1, Role::Write, Receiver::Other, NONE),
                }
            }
            return false;
        }
        if matches!(ctx, Ctx::Type | Ctx::Annotation) && !self.spec.doc_comments {
            self.quoted_type(from, to);
            return false;
        }
        self.listed(from, to);
        let text = self.text.get(from as usize..to as usize).unwrap_or_default();
        let prefix = text.iter().take_while(|byte| byte.is_ascii_alphabetic());
        if prefix.clone().any(|byte| byte.eq_ignore_ascii_case(&b'f') || byte.eq_ignore_ascii_case(&b't')) {
            self.push(Some(rule), node, Ctx::Read);
            return true;
        }
        false
    }

    /// A statement that is only a string and the first of a body documents the definition.
    pub(super) fn doc_string(&mut self, from: u32, to: u32) {
        if let [.., definition, body, statement] = self.frames.as_slice()
            && statement.start == from
            && statement.end == to
            && body.ctx == Ctx::Body
            && body.start == from
            && let Some(symbol) = self.facts.symbols.get_mut(definition.symbol as usize)
        {
            symbol.doc = from..to;
        }
    }

    /// A type in quotes, as Python's forward references are: its dotted name is used.
    pub(super) fn quoted_type(&mut self, from: u32, to: u32) {
        let text = self.text.get(from as usize..to as usize).unwrap_or_default();
        let Some(quote) = text.iter().position(|byte| matches!(byte, b'"' | b'\'')) else { return };
        let inner = &text[quote + 1..text.len().saturating_sub(1).max(quote + 1)];
        let simple =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || !byte.is_ascii();
        if inner.is_empty() || !inner.iter().all(simple) || inner[0].is_ascii_digit() {
            return;
        }
        let mut at = from + offset(quote) + 1;
        let mut before: Option<NameId> = None;
        for part in inner.split(|byte| *byte == b'.') {
            let end = at + offset(part.len());
            let Some(name) = self.intern(at, end).filter(|_| !part.is_empty()) else { return };
            match before {
                Some(of) => self.emit(name, at, Role::Type, Receiver::Name, of),
                None => self.emit(name, at, Role::Type, Receiver::Bare, NONE),
            }
            self.last = Last { kind: LastKind::Name, name, at };
            before = Some(name);
            at = end + 1;
        }
    }
}
