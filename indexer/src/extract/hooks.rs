//! What languages' hooks ask of the walk beyond imports: context, names, kinds, wrappers.

use super::{Extract, offset, start};
use crate::language::Ctx;
use crate::symbol::{NONE, SymbolKind};
use tree_sitter::Node;

impl Extract<'_> {
    /// What the hooked node is for.
    pub(crate) fn context(&self) -> Ctx {
        self.frames.last().map_or(Ctx::Read, |frame| frame.ctx)
    }

    /// Changes what the hooked node is for; children with `Ctx::Inherit` follow.
    pub(crate) fn set_context(&mut self, ctx: Ctx) {
        self.top().ctx = ctx;
    }

    /// The node's text; empty when it is not UTF-8.
    pub(crate) fn text_of(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Names or binds, as the hooked node's context says, by a stretch of the text.
    pub(crate) fn name_range(&mut self, from: usize, to: usize) {
        let from = offset(from);
        let Some(name) = self.intern(from, offset(to)) else { return };
        match self.context() {
            Ctx::Name => self.name_symbol(name, from),
            Ctx::Bind(kind) => self.bind(name, from, kind, self.scope()),
            _ => {}
        }
    }

    /// The container of the next definition, by name, when it is none around it.
    pub(crate) fn qualify(&mut self, from: usize, to: usize) {
        let depth = self.frames.len() - 1;
        if let Some(name) = self.intern(offset(from), offset(to)) {
            self.shape.qualifier = name;
            self.shape.until = self.shape.until.max(depth);
        }
    }

    pub(crate) fn is_qualified(&self) -> bool {
        self.shape.qualifier != NONE
    }

    /// Exports the definitions that the hooked node's parent holds.
    pub(crate) fn export_around(&mut self) {
        let depth = self.frames.len() - 1;
        self.shape.modifier = Some((true, self.scopes.len()));
        self.shape.until = self.shape.until.max(depth);
    }

    /// Corrects the kind of the innermost definition around.
    pub(crate) fn set_kind(&mut self, kind: SymbolKind) {
        if let Some(symbol) = self.open.last() {
            self.facts.symbols[*symbol as usize].kind = kind;
        }
    }

    /// The hooked node is the body, from an offset on, of the definition directly around it, and
    /// says what that is. False when no definition is directly around.
    pub(crate) fn is_body_of(&mut self, kind: SymbolKind, from: usize) -> bool {
        let Some(around) = self.frames.iter().rev().nth(1) else { return false };
        let Some(symbol) = self.facts.symbols.get_mut(around.symbol as usize) else { return false };
        symbol.kind = kind;
        symbol.signature_end = offset(from).max(symbol.range.start);
        true
    }

    /// The name of the class whose member is defined here; empty outside of classes.
    pub(crate) fn class_name(&self) -> &str {
        let class = |id: &&u32| self.facts.symbols[**id as usize].kind.has_members();
        // The member itself may be open already.
        let class =
            self.open.iter().rev().take(2).find(class).map(|id| self.facts.symbols[*id as usize].name);
        class.and_then(|name| self.name_text(name)).unwrap_or_default()
    }

    /// A comment that documents what is around it, not what follows.
    pub(crate) fn inner_comment(&mut self) {
        self.last_comment = (0, 0);
    }

    /// A comment that documents what follows it.
    pub(crate) fn outer_comment(&mut self, node: Node<'_>) {
        self.comment(node);
    }

    /// The uses in a text that the grammar leaves as one piece, as C's macro bodies are.
    pub(crate) fn tokens(&mut self, node: Node<'_>, is_keyword: impl Fn(&str) -> bool) {
        let text = self.text.get(..node.end_byte()).unwrap_or_default();
        let mut at = node.start_byte();
        while let Some(byte) = text.get(at).copied() {
            let rest = &text[at..];
            let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            match byte {
                b'"' | b'\'' => at += quoted(rest, byte),
                b'/' if rest.starts_with(b"//") => return,
                b'/' if rest.starts_with(b"/*") => {
                    at += rest
                        .windows(2)
                        .skip(2)
                        .position(|pair| pair == b"*/")
                        .map_or(rest.len(), |end| end + 4);
                }
                _ if word > 0 && !byte.is_ascii_digit() => {
                    if let Some(name) = self.intern(offset(at), offset(at + word))
                        && !self.name_text(name).is_some_and(&is_keyword)
                    {
                        self.token(name, offset(at), offset(at + word));
                    }
                    at += word;
                }
                _ => at += word.max(1),
            }
        }
    }

    /// The definition inside the hooked node begins where the node does.
    pub(crate) fn begin_wrapper(&mut self, node: Node<'_>) {
        if self.wrapper_start.is_none() {
            self.wrapper_start = Some(start(node));
            self.top().outermost_wrapper = true;
        }
    }
}

/// Length of the quoted text at the start of a text.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut escaped = true;
    let end = text.iter().position(|byte| {
        let ends = *byte == quote && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}
