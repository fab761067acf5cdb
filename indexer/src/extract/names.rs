//! Name leaves: each is a binding, the name of a definition, or a use.

use super::{Extract, Last, LastKind, NAME_LIMIT, OTHER, offset, start};
use crate::language::{Class, CompiledRule, Ctx};
use crate::symbol::{NONE, NameId, Receiver, Role, SymbolKind, Use};
use tree_sitter::Node;

impl<'t> Extract<'t> {
    /// A name leaf: a binding, the name of a definition, or a use.
    pub(super) fn name(&mut self, node: Node<'_>, ctx: Ctx, is_type: bool) {
        let (from, to) = (start(node), offset(node.end_byte()));
        if to <= from {
            // A name the parser made up to repair an error.
            self.last = OTHER;
            return;
        }
        let Some(name) = self.intern(from, to) else {
            self.last = OTHER;
            return;
        };
        match ctx {
            // A type beside a name that is bound, not a name to bind.
            Ctx::Bind(SymbolKind::Variable) | Ctx::Param if is_type => {
                self.emit(name, from, Role::Type, Receiver::Bare, NONE);
            }
            Ctx::Name => return self.name_symbol(name, from),
            Ctx::Pattern => return self.pattern(name, from, is_type),
            Ctx::Token => return self.token(name, from, to),
            Ctx::Bind(_) | Ctx::Hoist(_) | Ctx::Param => {
                let (kind, scope) = match ctx {
                    Ctx::Bind(kind) => (kind, self.scope()),
                    Ctx::Hoist(kind) => (kind, self.function_scope()),
                    _ => (SymbolKind::Variable, self.scope()),
                };
                self.bind(name, from, kind, scope);
                return self.bound_in_pattern(name, from, ctx);
            }
            Ctx::Member => return self.member(name, from),
            Ctx::Keyword => return self.keyword(name, from),
            Ctx::Key => self.key(name, from),
            _ => {
                if !is_type && !self.spec.doc_comments && matches!(self.name_text(name), Some("self" | "cls"))
                {
                    // The name is still a use, of the parameter.
                    self.emit(name, from, Role::Read, Receiver::Bare, NONE);
                    self.last = Last { kind: LastKind::This, name, at: from };
                    return;
                }
                let role = if is_type && ctx != Ctx::Callee { Role::Type } else { role_of(ctx) };
                self.emit(name, from, role, Receiver::Bare, NONE);
                self.shorthand(name, from);
            }
        }
        self.last = Last { kind: LastKind::Name, name, at: from };
    }

    /// The name after a dot.
    pub(super) fn member(&mut self, name: NameId, from: u32) {
        let frame = *self.top();
        match frame.ctx {
            Ctx::Name => return self.name_symbol(name, from),
            Ctx::Bind(kind) if self.shape.qualifier != NONE => {
                return self.bind(name, from, kind, self.scope());
            }
            _ => {}
        }
        let (receiver, of) = match frame.first.kind {
            LastKind::Name => (Receiver::Name, frame.first.name),
            LastKind::Call => (Receiver::Call, frame.first.name),
            LastKind::This => (Receiver::This, NONE),
            LastKind::Super => (Receiver::Super, NONE),
            LastKind::Other if frame.first.at == NONE => (Receiver::Bare, NONE),
            LastKind::Other => (Receiver::Other, NONE),
            LastKind::Shape => {
                self.facts.receivers.push((from, frame.first.at));
                (Receiver::Other, NONE)
            }
        };
        let binds = matches!(frame.ctx, Ctx::Bind(_) | Ctx::Write | Ctx::Hoist(_));
        self.last = Last { kind: LastKind::Name, name, at: from };
        if binds
            && receiver == Receiver::This
            && self.spec.assigned_fields
            && let Some((class, scope)) = self.enclosing_class()
            && self.declared.insert((scope, name))
        {
            let symbol = self.add_symbol(name, from, SymbolKind::Field, scope);
            let added = &mut self.facts.symbols[symbol as usize];
            added.parent = class;
            added.local = false;
            self.note_bound(symbol);
            self.finish_symbol(symbol, name);
            return;
        }
        let called = matches!(frame.rule, Some(CompiledRule { class: Class::Call, .. }));
        let role = if called { Role::Call } else { role_of(frame.ctx) };
        self.emit(name, from, role, receiver, of);
    }

    pub(super) fn keyword(&mut self, name: NameId, from: u32) {
        let callee = self
            .frames
            .iter()
            .rev()
            .take(4)
            .find(|frame| matches!(frame.rule, Some(CompiledRule { class: Class::Call, .. })))
            .map_or(OTHER, |frame| frame.first);
        if callee.kind == LastKind::Name {
            self.emit(name, from, Role::Write, Receiver::Keyword, callee.name);
        } else {
            self.emit(name, from, Role::Write, Receiver::Other, NONE);
        }
    }

    pub(crate) fn emit(&mut self, name: NameId, start: u32, role: Role, receiver: Receiver, of: NameId) {
        self.facts.uses.push(Use { name, start, role, receiver, of });
    }

    pub(super) fn intern(&mut self, from: u32, to: u32) -> Option<NameId> {
        let bytes = self.text.get(from as usize..to as usize)?;
        if let Some(known) = self.interned.get(bytes) {
            return Some(*known);
        }
        if bytes.len() > NAME_LIMIT {
            return None;
        }
        let name = std::str::from_utf8(bytes).ok()?;
        let id = offset(self.facts.names.len());
        self.facts.names.push(name);
        self.interned.insert(bytes, id);
        Some(id)
    }

    pub(crate) fn name_text(&self, name: NameId) -> Option<&'t str> {
        self.facts.names.get(name as usize).copied()
    }
}

fn role_of(ctx: Ctx) -> Role {
    match ctx {
        Ctx::Callee => Role::Call,
        Ctx::Type | Ctx::Annotation | Ctx::Base | Ctx::Owner => Role::Type,
        Ctx::Write | Ctx::Bind(_) | Ctx::Hoist(_) | Ctx::Param | Ctx::Key | Ctx::Keyword => Role::Write,
        Ctx::Inherit
        | Ctx::Read
        | Ctx::Name
        | Ctx::Receiver
        | Ctx::Member
        | Ctx::Pattern
        | Ctx::Token
        | Ctx::Value
        | Ctx::Body
        | Ctx::Nothing => Role::Read,
    }
}
