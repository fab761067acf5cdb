//! What a definition's surroundings say of it before or beside its name: modifiers, attributes,
//! receivers and qualified names, and C's nameless structs that a declarator names afterwards.

use super::{Extract, Last, LastKind, OTHER, offset, start};
use crate::language::{Class, CompiledRule, Ctx};
use crate::symbol::{NONE, NameId, Receiver, Role, ScopeKind, SymbolKind};
use tree_sitter::Node;

/// What was read and waits for the definition that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    /// Fewer frames than this mean that a modifier or qualifier has lost its definition.
    pub(super) until: usize,
    /// Whether definitions are exported, and the scopes around those that the modifier speaks of.
    pub(super) modifier: Option<(bool, usize)>,
    pub(super) qualifier: NameId,
    /// The attributes last seen, from the first to the end of the last.
    attributes: (u32, u32),
    /// A definition that was left without a name, directly inside a declaration.
    nameless: u32,
}

impl Default for Pending {
    fn default() -> Self {
        Self { until: 0, modifier: None, qualifier: NONE, attributes: (0, 0), nameless: NONE }
    }
}

impl Extract<'_> {
    /// A modifier's word stands in the node around.
    pub(super) fn modify(&mut self, exported: bool) {
        self.shape.modifier = Some((exported, self.scopes.len()));
        self.shape.until = self.shape.until.max(self.frames.len());
    }

    /// What a modifier says of a definition in a scope of that kind.
    pub(super) fn modified(&self, scope: ScopeKind) -> Option<bool> {
        let (exported, scopes) = self.shape.modifier?;
        // C++'s `static` hides functions of a file, not members of a class.
        (scopes == self.scopes.len() && (exported || scope != ScopeKind::Class)).then_some(exported)
    }

    /// Without a modifier, members of interfaces and enums are as visible as these.
    pub(super) fn is_exported_by_parent(&self, symbol: u32) -> bool {
        let added = &self.facts.symbols[symbol as usize];
        let Some(parent) = self.facts.symbols.get(added.parent as usize) else { return false };
        match parent.kind {
            SymbolKind::Interface | SymbolKind::EnumMember => parent.exported,
            SymbolKind::Enum => parent.exported && added.kind == SymbolKind::EnumMember,
            // What implements an interface is reached through it.
            SymbolKind::Namespace => !parent.bases.is_empty(),
            _ => false,
        }
    }

    /// What an unnamed namespace holds is seen in its file only.
    pub(super) fn is_hidden_by_parent(&self, symbol: u32) -> bool {
        let parent = self.facts.symbols[symbol as usize].parent;
        let parent = self.facts.symbols.get(parent as usize);
        parent.is_some_and(|parent| parent.kind == SymbolKind::Namespace && parent.name == NONE)
    }

    /// Drops what waited for a definition that did not come.
    pub(super) fn forget(&mut self) {
        self.shape.modifier = None;
        self.shape.qualifier = NONE;
        self.shape.until = 0;
    }

    /// Whether a definition is a member of what is around it.
    pub(super) fn is_member(&self, symbol: u32) -> bool {
        let added = &self.facts.symbols[symbol as usize];
        self.facts.scopes[added.scope as usize].kind == ScopeKind::Class
            || self.facts.symbols.get(added.parent as usize).is_some_and(|parent| parent.kind.has_members())
    }

    /// Gives a symbol the container that was named beside it; functions and variables with one are
    /// members.
    pub(super) fn qualify_symbol(&mut self, symbol: u32) {
        let qualifier = std::mem::replace(&mut self.shape.qualifier, NONE);
        let member = qualifier != NONE || self.is_member(symbol);
        let added = &mut self.facts.symbols[symbol as usize];
        added.qualifier = qualifier;
        added.kind = match added.kind {
            SymbolKind::Function if member => SymbolKind::Method,
            SymbolKind::Variable if qualifier != NONE => SymbolKind::Field,
            kind => kind,
        };
    }

    /// A type the index does not follow: it still names what it owns.
    pub(super) fn skip(&mut self, node: Node<'_>, ctx: Ctx) {
        self.last = OTHER;
        if ctx == Ctx::Owner {
            let name = self.intern_node(node);
            if name != NONE {
                self.last = Last { kind: LastKind::Name, name, at: start(node) };
            }
        }
    }

    /// Names the definition around after the type just visited, where nothing else has.
    pub(super) fn name_after(&mut self, last: Last) {
        if last.kind != LastKind::Name {
            return;
        }
        let frame = *self.top();
        if frame.symbol != NONE {
            self.name_symbol(last.name, last.at);
        } else if frame.bound == NONE
            && matches!(frame.rule, Some(CompiledRule { class: Class::Declaration, .. }))
        {
            self.bind(last.name, last.at, SymbolKind::Field, self.scope());
        }
    }

    /// A name in a pattern: bound, unless it is a type or begins with a capital.
    pub(super) fn pattern(&mut self, name: NameId, from: u32, is_type: bool) {
        let text = self.name_text(name).unwrap_or_default();
        if is_type || text.starts_with(char::is_uppercase) {
            let role = if is_type { Role::Type } else { Role::Read };
            self.emit(name, from, role, Receiver::Bare, NONE);
            self.last = Last { kind: LastKind::Name, name, at: from };
        } else {
            self.bind(name, from, SymbolKind::Variable, self.scope());
        }
    }

    /// A name among a macro's tokens.
    pub(super) fn token(&mut self, name: NameId, from: u32, to: u32) {
        let text = self.text;
        let before = &text[..from as usize];
        let separator = match before {
            [.., b':', b':'] | [.., b'-', b'>'] => 2,
            [.., b'.', b'.'] => 0,
            [.., b'.'] => 1,
            _ => 0,
        };
        let length = match self.last.kind {
            LastKind::This => 4,
            _ => offset(self.name_text(self.last.name).unwrap_or_default().len()),
        };
        let follows = self.last.at.saturating_add(length).saturating_add(separator) == from;
        let (receiver, of) = match self.last.kind {
            _ if separator == 0 => (Receiver::Bare, NONE),
            LastKind::Name if follows => (Receiver::Name, self.last.name),
            LastKind::This if follows => (Receiver::This, NONE),
            _ => (Receiver::Other, NONE),
        };
        let called = matches!(&text[to as usize..], [b'(', ..] | [b'!', b'(' | b'[' | b'{', ..]);
        let role = if called { Role::Call } else { Role::Read };
        self.emit(name, from, role, receiver, of);
        self.last = Last { kind: LastKind::Name, name, at: from };
    }

    // Attributes.

    pub(super) fn attribute(&mut self, node: Node<'_>) {
        let (from, to) = (start(node), offset(node.end_byte()));
        let run = if self.follows(from) { self.shape.attributes.0 } else { from };
        self.shape.attributes = (run, to);
    }

    /// Where a definition begins that starts at an offset, with its attributes.
    pub(super) fn attributes_before(&mut self, from: u32) -> u32 {
        if self.shape.attributes.1 == 0 || !self.follows(from) {
            return from;
        }
        std::mem::take(&mut self.shape.attributes).0
    }

    /// Whether only blanks and a comment stand between the attributes and an offset.
    fn follows(&self, from: u32) -> bool {
        let (_, end) = self.shape.attributes;
        let blank = |from: u32, to: u32| {
            let between = self.text.get(from as usize..to as usize);
            between.is_some_and(|between| between.iter().all(u8::is_ascii_whitespace))
        };
        let comment = self.last_comment;
        end != 0 && (blank(end, from) || (blank(end, comment.0) && blank(comment.1, from)))
    }

    /// Whether something stands before an offset on its line.
    pub(super) fn is_trailing(&self, from: u32) -> bool {
        let before = self.text.get(..from as usize).unwrap_or_default();
        let line = before.iter().rev().take_while(|byte| **byte != b'\n');
        let mut line = line.copied();
        // A byte order mark is not something.
        line.any(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf))
    }

    // Structs without a name.

    /// A struct inside a declaration begins, with its comment, where the declaration does.
    pub(super) fn begin_with_declaration(&mut self, class: Class) {
        if matches!(class, Class::DefineWithBody(..))
            && self.wrapper_start.is_none()
            && let [.., around, _] = self.frames.as_slice()
            && is_declaration(around.rule)
        {
            self.wrapper_start = Some(around.start);
        }
    }

    /// Remembers a definition just left for a declarator that may name it.
    pub(super) fn note_nameless(&mut self, symbol: u32) {
        if self.facts.symbols[symbol as usize].name == NONE
            && self.frames.last().is_some_and(|around| is_declaration(around.rule))
        {
            self.shape.nameless = symbol;
        }
    }

    /// `typedef struct { … } Name`, `struct { … } name`: the struct takes the declarator's name.
    pub(super) fn name_nameless(&mut self, name: NameId, from: u32, kind: SymbolKind) -> bool {
        if self.shape.nameless == NONE {
            return false;
        }
        let symbol = std::mem::replace(&mut self.shape.nameless, NONE);
        let Some(around) = self.frames.iter().rev().find(|frame| is_declaration(frame.rule)).copied() else {
            return false;
        };
        let struct_at = self.facts.symbols[symbol as usize].range.start;
        let scope = self.facts.symbols[symbol as usize].scope;
        let scope_kind = self.facts.scopes[scope as usize].kind;
        let fits = matches!(kind, SymbolKind::Class | SymbolKind::Field | SymbolKind::Variable);
        if !fits
            || !(around.start..around.end).contains(&struct_at)
            || matches!(scope_kind, ScopeKind::Function | ScopeKind::Block)
        {
            return false;
        }
        self.declared.insert((scope, name));
        let exported = self.is_exported(symbol, name);
        let added = &mut self.facts.symbols[symbol as usize];
        (added.name, added.name_start, added.exported) = (name, from, exported);
        // The name comes after the body: the signature is all of it.
        (added.range.end, added.signature_end) = (around.end, around.end);
        if kind != SymbolKind::Class {
            added.kind = if scope_kind == ScopeKind::Class { SymbolKind::Field } else { kind };
        }
        true
    }
}

fn is_declaration(rule: Option<&CompiledRule>) -> bool {
    matches!(rule, Some(CompiledRule { class: Class::Declaration, .. }))
}
