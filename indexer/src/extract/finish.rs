//! The methods that languages' hooks work with, and the tidying after the walk.

use super::{Ctx, Extract, NONE, NameId, offset, start};
use crate::language::Class;
use crate::symbol::{Facts, ImportFact, ImportKind, Receiver, Role, SymbolKind, Value, ValueKind};
use tree_sitter::Node;

impl<'t> Extract<'t> {
    /// The name in a node's text.
    pub(crate) fn intern_node(&mut self, node: Node<'_>) -> NameId {
        self.intern(start(node), offset(node.end_byte())).unwrap_or(NONE)
    }

    /// The module that a node names, by its text or, in quotes, by the text inside. Imports and
    /// exports recorded from here on stand with it.
    pub(crate) fn module(&mut self, node: Node<'_>) -> NameId {
        let (from, to) = (node.start_byte(), node.end_byte());
        if matches!(self.text.get(from), Some(b'"' | b'\'' | b'`' | b'<')) {
            return self.module_range(from + 1, to.saturating_sub(1));
        }
        self.module_range(from, to)
    }

    /// The same for a stretch of the text.
    pub(crate) fn module_range(&mut self, from: usize, to: usize) -> NameId {
        self.module_at = offset(from);
        if to <= from { NONE } else { self.intern(self.module_at, offset(to)).unwrap_or(NONE) }
    }

    /// A name that is known without standing in the text.
    pub(crate) fn intern_literal(&mut self, name: &'static str) -> NameId {
        if let Some(known) = self.interned.get(name.as_bytes()) {
            return *known;
        }
        let id = offset(self.facts.names.len());
        self.facts.names.push(name);
        self.interned.insert(name.as_bytes(), id);
        id
    }

    /// Whether the hooked node stands where names are bound.
    pub(crate) fn is_binding(&self) -> bool {
        matches!(self.frames.last().map(|frame| frame.ctx), Some(Ctx::Bind(_)))
    }

    pub(crate) fn bind_here(&mut self, node: Node<'_>, kind: SymbolKind) {
        let name = self.intern_node(node);
        if name != NONE {
            self.bind(name, start(node), kind, self.scope());
        }
    }

    /// Emits a read of a name, as a member of the one before it where there is one.
    pub(crate) fn use_after(&mut self, node: Node<'_>, before: Option<NameId>) -> Option<NameId> {
        let name = self.intern_node(node);
        if name == NONE {
            return None;
        }
        match before {
            Some(of) => self.emit(name, start(node), Role::Read, Receiver::Name, of),
            None => self.emit(name, start(node), Role::Read, Receiver::Bare, NONE),
        }
        Some(name)
    }

    /// Records what an import or export speaks of, and the use of the bound name's text.
    pub(crate) fn import(&mut self, kind: ImportKind, module: NameId, name: NameId, bound: Option<Node<'_>>) {
        let (from, to) = match bound {
            Some(node) => (node.start_byte(), node.end_byte()),
            None => self.frames.last().map_or((0, 0), |frame| (frame.start as usize, frame.start as usize)),
        };
        self.import_range(kind, module, name, from, to);
    }

    /// The same where the bound name is part of a node; nothing is bound when the range is empty.
    pub(crate) fn import_range(
        &mut self,
        kind: ImportKind,
        module: NameId,
        name: NameId,
        from: usize,
        to: usize,
    ) {
        let (scope, at) = (self.scope(), offset(from));
        let alias = if from < to { self.intern(at, offset(to)).unwrap_or(NONE) } else { NONE };
        if alias != NONE {
            self.declared.insert((scope, alias));
            self.emit(alias, at, Role::Import, Receiver::Bare, NONE);
        }
        let module_at = if module == NONE { 0 } else { self.module_at };
        self.facts.imports.push(ImportFact { kind, module, module_at, name, alias, at, scope });
    }

    /// Records an export of `name` as `alias`.
    pub(crate) fn export(
        &mut self,
        kind: ImportKind,
        module: NameId,
        name: NameId,
        alias: NameId,
        at: Node<'_>,
    ) {
        let module_at = if module == NONE { 0 } else { self.module_at };
        let at = start(at);
        self.facts.imports.push(ImportFact { kind, module, module_at, name, alias, at, scope: 0 });
    }

    /// A name inside an import statement that is looked up in the module, not bound here.
    pub(crate) fn import_part(&mut self, node: Node<'_>) {
        let name = self.intern_node(node);
        if name != NONE {
            self.emit(name, start(node), Role::Import, Receiver::Other, NONE);
        }
    }

    /// Marks a name as bound elsewhere: assigning to it here binds nothing.
    pub(crate) fn unbind(&mut self, node: Node<'_>) {
        let name = self.intern_node(node);
        if name != NONE {
            self.declared.insert((self.scope(), name));
            self.emit(name, start(node), Role::Read, Receiver::Bare, NONE);
        }
    }

    /// What is defined next is the module's default export.
    pub(crate) fn export_default(&mut self) {
        self.exporting = true;
        self.exporting_default = true;
    }

    /// Whether the hooked node stands directly in a declaration.
    pub(crate) fn is_in_declaration(&self) -> bool {
        let above = self.frames.iter().rev().nth(1).and_then(|frame| frame.rule);
        above.is_some_and(|rule| matches!(rule.class, Class::Declaration))
    }

    /// Declares a field of the class around that holds what a parameter holds, as a constructor's
    /// `private x: T` does.
    pub(crate) fn declare_field_of(&mut self, parameter: Node<'_>) {
        let name = self.intern_node(parameter);
        let Some((class, scope)) = self.enclosing_class() else { return };
        if name == NONE || !self.declared.insert((scope, name)) {
            return;
        }
        let from = start(parameter);
        let symbol = self.add_symbol(name, from, SymbolKind::Field, scope);
        let exported = self.facts.symbols[class as usize].exported;
        let added = &mut self.facts.symbols[symbol as usize];
        (added.parent, added.exported) = (class, exported);
        added.value = Some(Value { kind: ValueKind::Alias, at: from });
    }

    /// Drops definitions that never got a name and scopes that bind nothing, and puts the rest in order.
    pub(super) fn finish(mut self) -> Facts<'t> {
        self.drop_nameless();
        self.keep_used_scopes();
        self.facts.uses.sort_by_key(|used| used.start);
        if self.follows {
            super::values::keep_followed(&mut self.facts);
        }
        self.facts
    }

    fn drop_nameless(&mut self) {
        let symbols = &mut self.facts.symbols;
        if symbols.iter().all(|symbol| symbol.name != NONE) {
            return;
        }
        let mut moved = Vec::with_capacity(symbols.len());
        let mut kept = 0;
        for symbol in symbols.iter_mut() {
            let parent = if symbol.parent == NONE { NONE } else { moved[symbol.parent as usize] };
            symbol.parent = parent;
            if symbol.name == NONE {
                moved.push(parent);
            } else {
                moved.push(kept);
                kept += 1;
            }
        }
        symbols.retain(|symbol| symbol.name != NONE);
    }

    fn keep_used_scopes(&mut self) {
        let facts = &mut self.facts;
        let mut used = vec![false; facts.scopes.len()];
        used[0] = true;
        for symbol in &facts.symbols {
            used[symbol.scope as usize] = true;
        }
        for import in &facts.imports {
            used[import.scope as usize] = true;
        }
        let mut moved = vec![0; used.len()];
        let mut kept = Vec::new();
        for (index, scope) in facts.scopes.drain(..).enumerate() {
            if used[index] {
                moved[index] = offset(kept.len());
                kept.push(scope);
            }
        }
        facts.scopes = kept;
        for symbol in &mut facts.symbols {
            symbol.scope = moved[symbol.scope as usize];
        }
        for import in &mut facts.imports {
            import.scope = moved[import.scope as usize];
        }
    }
}
