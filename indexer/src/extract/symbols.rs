//! Symbols and the scopes that bind them.

use super::{Extract, Frame, Last, LastKind, OTHER, offset, start};
use crate::language::{Class, CompiledRule, Ctx, Exports};
use crate::symbol::{
    NONE, NameId, Receiver, Role, Scope, ScopeKind, Shape, SymbolFact, SymbolKind, Value, ValueKind,
};
use tree_sitter::Node;

impl Extract<'_> {
    /// Opens the symbol of a `Define` node; its name comes later.
    pub(super) fn define(&mut self, kind: SymbolKind) {
        let scope = self.scope();
        let symbol = self.add_symbol(NONE, NONE, kind, scope);
        let exported = self.spec.exports == Exports::Statement && self.is_exported(symbol, NONE);
        self.facts.symbols[symbol as usize].exported = exported;
        self.finish_symbol(symbol, NONE);
        self.top().symbol = symbol;
        self.open.push(symbol);
    }

    pub(super) fn name_symbol(&mut self, name: NameId, from: u32) {
        self.last = OTHER;
        // The name may stand deeper than its definition, as C's declarators do.
        let Some(symbol) = self.open.last().copied() else { return };
        let scope = self.facts.symbols[symbol as usize].scope;
        if self.facts.symbols[symbol as usize].name != NONE {
            return;
        }
        // A value may share its name with an interface.
        if self.facts.symbols[symbol as usize].kind != SymbolKind::Interface {
            self.declared.insert((scope, name));
        }
        let exported = self.is_exported(symbol, name);
        let in_class = self.is_member(symbol);
        let text = self.name_text(name).unwrap_or_default();
        let added = &mut self.facts.symbols[symbol as usize];
        (added.name, added.name_start) = (name, from);
        added.exported = (added.exported || exported) && !text.starts_with('#');
        if added.kind == SymbolKind::Function && in_class {
            added.kind = SymbolKind::Method;
        }
        if added.kind == SymbolKind::Method && matches!(text, "__init__" | "constructor") {
            added.kind = SymbolKind::Constructor;
        }
        self.qualify_symbol(symbol);
    }

    /// Binds a name in a scope: a new symbol, or a write when the scope already has it.
    pub(super) fn bind(&mut self, name: NameId, from: u32, kind: SymbolKind, scope: u32) {
        self.last = Last { kind: LastKind::Name, name, at: from };
        if self.name_nameless(name, from, kind) {
            return;
        }
        // Overloads and prototypes of one function share a name.
        if !self.declared.insert((scope, name)) && !kind.is_callable() {
            self.emit(name, from, Role::Write, Receiver::Bare, NONE);
            return;
        }
        let parameter = self.frames.last().is_some_and(|frame| frame.ctx == Ctx::Param)
            || self.frames.iter().rev().take(3).any(|frame| frame.ctx == Ctx::Param);
        let scope_kind = self.facts.scopes[scope as usize].kind;
        let local = parameter
            || kind == SymbolKind::TypeParameter
            || matches!(scope_kind, ScopeKind::Function | ScopeKind::Block);
        let text = self.name_text(name).unwrap_or_default();
        let kind = match kind {
            SymbolKind::Variable if !local && scope_kind == ScopeKind::Class => SymbolKind::Field,
            SymbolKind::Variable if !local && is_constant(text) => SymbolKind::Constant,
            kind => kind,
        };
        let symbol = self.add_symbol(name, from, kind, scope);
        let exported = !local && self.is_exported(symbol, name);
        let added = &mut self.facts.symbols[symbol as usize];
        (added.local, added.parameter, added.exported) = (local, parameter, exported);
        self.note_bound(symbol);
        if !local {
            self.finish_symbol(symbol, name);
            self.qualify_symbol(symbol);
        } else if !parameter && kind != SymbolKind::TypeParameter {
            // What its value defines is not what the wrapper surrounds.
            self.wrapper_start = None;
        }
    }

    pub(super) fn add_symbol(&mut self, name: NameId, from: u32, kind: SymbolKind, scope: u32) -> u32 {
        let symbol = offset(self.facts.symbols.len());
        let parent = self.open.last().copied().unwrap_or(NONE);
        let to =
            if name == NONE { from } else { from + offset(self.name_text(name).unwrap_or_default().len()) };
        let mut added = SymbolFact::new(name, from..to, kind);
        (added.scope, added.parent) = (scope, parent);
        self.facts.symbols.push(added);
        symbol
    }

    /// Gives a symbol that is not local its full range, its doc comment and `export`'s flags.
    /// `name` is `NONE` for the symbol of the node just entered.
    pub(super) fn finish_symbol(&mut self, symbol: u32, name: NameId) {
        let is_holder = |frame: &&Frame<'_>| {
            matches!(
                frame.rule,
                Some(CompiledRule {
                    class: Class::Define(..)
                        | Class::DefineFlat(_)
                        | Class::DefineWithBody(..)
                        | Class::Declaration
                        | Class::Anonymous(..),
                    ..
                })
            )
        };
        let holder = self.frames.iter().rev().find(is_holder);
        let bound_by_itself = |frame: &&Frame<'_>| {
            name == NONE || matches!(frame.rule, Some(CompiledRule { class: Class::Declaration, .. }))
        };
        let holder = holder.filter(bound_by_itself).map(|frame| frame.start..frame.end);
        let scope = self.facts.scopes[self.facts.symbols[symbol as usize].scope as usize].kind;
        let at_file = matches!(scope, ScopeKind::File | ScopeKind::Namespace);
        let wrapper = self.wrapper_start.take();
        let bare = holder.as_ref().map_or(0, |holder| holder.start);
        let holder = holder.map(|holder| self.attributes_before(holder.start)..holder.end);
        let added = &mut self.facts.symbols[symbol as usize];
        if let Some(holder) = holder {
            added.range = wrapper.map_or(holder.start, |wrapper| wrapper.min(holder.start))..holder.end;
            added.signature_end = added.range.end;
        }
        added.default = self.exporting_default && at_file;
        let from = added.range.start;
        // Attributes and comments may come in either order.
        let above = |at| self.is_adjacent(self.last_comment, at);
        if self.spec.doc_comments && (above(from) || (from < bare && above(bare))) {
            self.facts.symbols[symbol as usize].doc = self.last_comment.0..self.last_comment.1;
        }
    }

    pub(super) fn note_bound(&mut self, symbol: u32) {
        let declaration = self.frames.iter_mut().rev().take(6).find(|frame| {
            matches!(frame.rule, Some(CompiledRule { class: Class::Declaration | Class::Each, .. }))
        });
        if let Some(frame) = declaration {
            frame.bound_more |= frame.bound != NONE;
            frame.bound = symbol;
        }
    }

    /// A nameless function or class is what the variable that holds it is.
    pub(super) fn adopt(&mut self, kind: SymbolKind) {
        let index = self.frames.len().wrapping_sub(2);
        let Some(holder) = self.frames.get(index) else { return };
        let symbol = match holder.rule {
            Some(CompiledRule { class: Class::Declaration, .. }) if !holder.bound_more => holder.bound,
            Some(CompiledRule { class: Class::Define(..) | Class::DefineFlat(_), .. }) => holder.symbol,
            _ => NONE,
        };
        let holder_range = holder.start..holder.end;
        let Some(held) = self.facts.symbols.get_mut(symbol as usize) else { return };
        if held.parameter {
            return;
        }
        held.kind = if held.kind == SymbolKind::Field { SymbolKind::Method } else { kind };
        if held.local {
            held.local = false;
            held.range = holder_range;
            held.parent = self.open.last().copied().unwrap_or(NONE);
        }
        held.signature_end = held.range.end;
        // The variable's type is the function's; what the symbol holds is what calling it gives.
        if let Some(value) = held.value.take() {
            let of = self.shape_of_value(value);
            let called = self.add_shape(Shape::Called(of));
            self.facts.symbols[symbol as usize].value = Some(Value { kind: ValueKind::Shape, at: called });
        }
        self.top().symbol = symbol;
        self.open.push(symbol);
    }

    pub(super) fn is_exported(&self, symbol: u32, name: NameId) -> bool {
        let added = &self.facts.symbols[symbol as usize];
        let text = self.name_text(name).unwrap_or_default();
        let scope = self.facts.scopes[added.scope as usize].kind;
        match self.spec.exports {
            Exports::Statement => match scope {
                ScopeKind::File | ScopeKind::Namespace => self.exporting,
                ScopeKind::Class => {
                    !text.starts_with('#')
                        && self.facts.symbols.get(added.parent as usize).is_some_and(|class| class.exported)
                }
                ScopeKind::Function | ScopeKind::Block => false,
            },
            Exports::NoUnderscore => {
                let hidden = text.starts_with('_') && !(text.starts_with("__") && text.ends_with("__"));
                !hidden && scope != ScopeKind::Function
            }
            Exports::Capital => {
                text.chars().next().is_some_and(char::is_uppercase)
                    && !matches!(scope, ScopeKind::Function | ScopeKind::Block)
            }
            Exports::Modifier => self.modified(scope).unwrap_or_else(|| self.is_exported_by_parent(symbol)),
            Exports::Always => {
                !matches!(scope, ScopeKind::Function | ScopeKind::Block)
                    && self.modified(scope) != Some(false)
                    && !self.is_hidden_by_parent(symbol)
            }
        }
    }

    pub(super) fn modifier(&mut self, node: Node<'_>, word: &str, exported: bool) {
        let text = self.text.get(node.byte_range()).unwrap_or_default();
        let has = text.split(|byte| !byte.is_ascii_alphanumeric()).any(|part| part == word.as_bytes());
        if has {
            self.modify(exported);
        }
    }

    /// The nearest class around, with the scope of its members.
    pub(super) fn enclosing_class(&self) -> Option<(u32, u32)> {
        let class =
            self.open.iter().rev().copied().find(|id| self.facts.symbols[*id as usize].kind.has_members())?;
        let scope = self
            .scopes
            .iter()
            .rev()
            .copied()
            .find(|id| self.facts.scopes[*id as usize].kind == ScopeKind::Class)?;
        Some((class, scope))
    }

    pub(super) fn scope(&self) -> u32 {
        self.scopes.last().copied().unwrap_or(0)
    }

    pub(super) fn function_scope(&self) -> u32 {
        let inner =
            |id: &u32| !matches!(self.facts.scopes[*id as usize].kind, ScopeKind::Block | ScopeKind::Class);
        self.scopes.iter().rev().copied().find(inner).unwrap_or(0)
    }

    /// Ends a scope. A definition's own begins at its name: what stands before it (a return type, a
    /// decorator) sees nothing of what is bound inside.
    pub(super) fn close_scope(&mut self, frame: &Frame<'_>) {
        let scope = self.scopes.pop();
        if let Some(symbol) = self.facts.symbols.get(frame.symbol as usize)
            && let Some(scope) = scope.and_then(|scope| self.facts.scopes.get_mut(scope as usize))
            && symbol.name != NONE
            && scope.range.contains(&symbol.name_start)
        {
            scope.range.start = symbol.name_start;
        }
    }

    pub(crate) fn open_scope(&mut self, kind: ScopeKind, node: Node<'_>) {
        let id = offset(self.facts.scopes.len());
        self.facts.scopes.push(Scope { kind, range: start(node)..offset(node.end_byte()) });
        self.scopes.push(id);
        self.top().opened_scope = true;
        // A definition inside is not what the wrapper surrounds.
        self.wrapper_start = None;
        (self.exporting, self.exporting_default) = (false, false);
    }
}

/// `ALL_CAPS` with at least two characters.
fn is_constant(name: &str) -> bool {
    name.len() > 1
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
