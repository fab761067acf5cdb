//! One syntax tree → symbols, uses, scopes and imports, in a single walk with a cursor.
//!
//! What a node means comes from its language's table; what a *name* means comes from the context
//! that its ancestors hand down (`Ctx`), so one leaf rule serves parameters, bindings and uses.

use crate::language::{Class, CompiledRule, Ctx, Exports, Language, Spec, Table, Visit};
use crate::symbol::{
    Facts, ImportFact, ImportKind, NONE, NameId, Receiver, Role, Scope, ScopeKind, SymbolFact, SymbolKind,
    Use, Value, ValueKind,
};
use rustc_hash::{FxHashMap, FxHashSet};
use tree_sitter::{Node, Tree};

mod finish;

/// Names longer than this are not identifiers a person searches for.
const NAME_LIMIT: usize = 256;

/// Extracts everything the index keeps of one parsed text.
pub(crate) fn extract<'t>(language: Language, text: &'t [u8], tree: &Tree) -> Facts<'t> {
    let mut cx = Extract::new(language, text);
    cx.facts.has_errors = tree.root_node().has_error();
    cx.walk(tree);
    cx.finish(tree)
}

/// What the expression just visited was, as far as it can be a receiver or a value.
#[derive(Clone, Copy)]
struct Last {
    kind: LastKind,
    name: NameId,
    at: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LastKind {
    Name,
    Call,
    This,
    Super,
    Other,
}

const OTHER: Last = Last { kind: LastKind::Other, name: NONE, at: 0 };

/// An inner node on the way down.
#[derive(Clone, Copy)]
struct Frame<'r> {
    rule: Option<&'r CompiledRule>,
    ctx: Ctx,
    start: u32,
    end: u32,
    /// The symbol that a `Define` opened, or that an `Anonymous` gave its kind to.
    symbol: u32,
    /// The first symbol bound directly inside a `Declaration`, and whether there were more.
    bound: u32,
    bound_more: bool,
    /// The callee, receiver or head among the children.
    first: Last,
    opened_scope: bool,
    outermost_wrapper: bool,
}

/// The walk's state; languages' hooks work through its methods.
pub(crate) struct Extract<'t> {
    text: &'t [u8],
    spec: &'static Spec,
    table: &'static Table,
    facts: Facts<'t>,
    interned: FxHashMap<&'t [u8], NameId>,
    /// Names that already have a binding in a scope.
    declared: FxHashSet<(u32, NameId)>,
    frames: Vec<Frame<'static>>,
    scopes: Vec<u32>,
    /// Symbols being defined around the current node, outermost first.
    open: Vec<u32>,
    last: Last,
    last_comment: (u32, u32),
    /// Where the wrapper around the next definition begins.
    wrapper_start: Option<u32>,
    exporting: bool,
    exporting_default: bool,
}

impl<'t> Extract<'t> {
    fn new(language: Language, text: &'t [u8]) -> Self {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let file = Scope { kind: ScopeKind::File, range: 0..end };
        Self {
            text,
            spec: language.spec(),
            table: language.table(),
            facts: Facts { scopes: vec![file], ..Facts::default() },
            interned: FxHashMap::default(),
            declared: FxHashSet::default(),
            frames: Vec::with_capacity(64),
            scopes: vec![0],
            open: Vec::new(),
            last: OTHER,
            last_comment: (0, 0),
            wrapper_start: None,
            exporting: false,
            exporting_default: false,
        }
    }

    fn walk(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            let kind = node.kind_id();
            let rule = self.table.rule(kind);
            let parent = self.frames.last();
            let mut ctx = match parent {
                Some(Frame { rule: Some(above), ctx: outer, .. }) => {
                    let mut ctx = above.rest;
                    if !above.fields.is_empty()
                        && node.is_named()
                        && let Some(field) = cursor.field_id()
                        && let Some((_, given)) = above.fields.iter().find(|(id, _)| *id == field.get())
                    {
                        ctx = *given;
                    }
                    if ctx == Ctx::Inherit { *outer } else { ctx }
                }
                // Nodes without a rule hand on nothing but that this is a type.
                Some(Frame { rule: None, ctx: Ctx::Type | Ctx::Annotation, .. }) => Ctx::Type,
                Some(_) | None => Ctx::Read,
            };
            if parent.is_some_and(|frame| frame.rule.is_none()) && ctx == Ctx::Annotation {
                ctx = Ctx::Type;
            }
            let descend = self.enter(rule, node, ctx);
            if descend && cursor.goto_first_child() {
                continue;
            }
            if descend {
                let frame = self.frames.pop();
                if let Some(frame) = frame {
                    self.leave(frame, node.is_named());
                }
            }
            self.after_child(ctx);
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                let Some(frame) = self.frames.pop() else { return };
                let ctx = frame.ctx;
                self.leave(frame, true);
                self.after_child(ctx);
            }
        }
    }

    /// Visits a node on the way down. Says whether a frame was pushed and its children come next.
    fn enter(&mut self, rule: Option<&'static CompiledRule>, node: Node<'_>, ctx: Ctx) -> bool {
        if ctx == Ctx::Nothing {
            return false;
        }
        let Some(known) = rule else {
            if !node.is_named() {
                return false;
            }
            if node.child_count() == 0 {
                self.last = OTHER;
                return false;
            }
            if ctx == Ctx::Body {
                self.begin_body(node);
            }
            self.push(None, node, ctx);
            return true;
        };
        match known.class {
            Class::Skip => self.last = OTHER,
            Class::Comment => self.comment(node),
            Class::Name => self.name(node, ctx, false),
            Class::TypeName => self.name(node, ctx, true),
            Class::This => self.last = Last { kind: LastKind::This, name: NONE, at: start(node) },
            Class::Super => self.last = Last { kind: LastKind::Super, name: NONE, at: start(node) },
            Class::String => return self.string(known, node, ctx),
            Class::Modifier(word, exported) => self.modifier(node, word, exported),
            Class::Hook(hook) => {
                self.push(rule, node, ctx);
                if hook(self, node) == Visit::Children {
                    return true;
                }
                self.frames.pop();
                self.last = OTHER;
            }
            Class::Plain
            | Class::Transparent
            | Class::Define(..)
            | Class::DefineFlat(_)
            | Class::Declaration
            | Class::Anonymous(..)
            | Class::Scope(_)
            | Class::Wrapper
            | Class::Export(_)
            | Class::Member
            | Class::Call
            | Class::Generic
            | Class::Union
            | Class::Cast => {
                self.enter_inner(known, node, ctx);
                return true;
            }
        }
        false
    }

    fn enter_inner(&mut self, rule: &'static CompiledRule, node: Node<'_>, ctx: Ctx) {
        if ctx == Ctx::Body {
            self.begin_body(node);
        }
        self.push(Some(rule), node, ctx);
        match rule.class {
            Class::Define(kind, scope) => {
                self.define(kind);
                self.open_scope(scope, node);
            }
            Class::DefineFlat(kind) => self.define(kind),
            Class::Anonymous(kind, scope) => {
                if ctx == Ctx::Value {
                    self.adopt(kind);
                }
                self.open_scope(scope, node);
            }
            // The block of a function or namespace is its definition's own scope.
            Class::Scope(ScopeKind::Block) if ctx == Ctx::Body => {}
            Class::Scope(scope) => self.open_scope(scope, node),
            Class::Wrapper | Class::Export(_) => {
                if self.wrapper_start.is_none() {
                    self.wrapper_start = Some(start(node));
                    self.top().outermost_wrapper = true;
                }
                if let Class::Export(note) = rule.class {
                    self.exporting = true;
                    note(self, node);
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, rule: Option<&'static CompiledRule>, node: Node<'_>, ctx: Ctx) {
        self.frames.push(Frame {
            rule,
            ctx,
            start: start(node),
            end: offset(node.end_byte()),
            symbol: NONE,
            bound: NONE,
            bound_more: false,
            first: OTHER,
            opened_scope: false,
            outermost_wrapper: false,
        });
    }

    fn top(&mut self) -> &mut Frame<'static> {
        self.frames.last_mut().expect("called between a push and its pop")
    }

    /// Leaves an inner node: closes what it opened and says what it was as an expression.
    fn leave(&mut self, frame: Frame<'static>, named: bool) {
        if frame.opened_scope {
            self.scopes.pop();
        }
        if frame.symbol != NONE {
            self.open.pop();
        }
        if frame.outermost_wrapper {
            self.wrapper_start = None;
        }
        let Some(rule) = frame.rule else {
            if named {
                self.last = OTHER;
            }
            return;
        };
        self.last = match rule.class {
            Class::Export(_) => {
                self.exporting = false;
                self.exporting_default = false;
                OTHER
            }
            Class::Transparent | Class::Member | Class::Cast | Class::Hook(_) => self.last,
            Class::Call => match frame.first.kind {
                LastKind::Name => Last { kind: LastKind::Call, ..frame.first },
                LastKind::Super => frame.first,
                LastKind::Call | LastKind::This | LastKind::Other => OTHER,
            },
            Class::Generic => match frame.ctx {
                Ctx::Type | Ctx::Annotation | Ctx::Base => self.head_or_argument(frame.first),
                _ => OTHER,
            },
            Class::Union if frame.ctx == Ctx::Type || frame.ctx == Ctx::Annotation => frame.first,
            _ => OTHER,
        };
    }

    /// `Optional[T]` stands for `T`, `List[T]` for `List`.
    fn head_or_argument(&self, head: Last) -> Last {
        let is_wrapper = head.kind == LastKind::Name
            && self.name_text(head.name).is_some_and(|name| self.spec.wrappers.contains(&name));
        if is_wrapper { self.last } else { head }
    }

    /// Keeps what a finished child was for its parent.
    fn after_child(&mut self, ctx: Ctx) {
        let last = self.last;
        let Some(frame) = self.frames.last_mut() else { return };
        match ctx {
            Ctx::Callee | Ctx::Receiver => frame.first = last,
            Ctx::Value | Ctx::Annotation => self.value(ctx, last),
            Ctx::Base => {
                if last.kind == LastKind::Name
                    && let Some(symbol) = self.open.last()
                {
                    let bases = &mut self.facts.symbols[*symbol as usize].bases;
                    if bases.last() != Some(&last.at) {
                        bases.push(last.at);
                    }
                }
            }
            Ctx::Type => {
                if frame.first.kind == LastKind::Other
                    && last.kind == LastKind::Name
                    && matches!(
                        frame.rule,
                        Some(CompiledRule { class: Class::Generic | Class::Union, .. })
                    )
                {
                    frame.first = last;
                }
            }
            _ => {}
        }
    }

    /// `last` is what the symbol of the frame around is set to, or its type.
    fn value(&mut self, ctx: Ctx, last: Last) {
        let Some(frame) = self.frames.last() else { return };
        let symbol = match frame.rule {
            Some(CompiledRule {
                class: Class::Define(..) | Class::DefineFlat(_) | Class::Anonymous(..), ..
            }) => frame.symbol,
            Some(CompiledRule { class: Class::Declaration, .. }) if !frame.bound_more => frame.bound,
            _ => NONE,
        };
        let Some(symbol) = self.facts.symbols.get_mut(symbol as usize) else { return };
        let kind = match (ctx, last.kind) {
            (Ctx::Annotation, LastKind::Name) => ValueKind::Annotation,
            (Ctx::Value, LastKind::Call) => ValueKind::Call,
            (Ctx::Value, LastKind::Name) => ValueKind::Alias,
            _ => return,
        };
        if symbol.value.is_none_or(|value| value.kind != ValueKind::Annotation) {
            symbol.value = Some(Value { kind, at: last.at });
        }
    }

    // Names.

    /// A name leaf: a binding, the name of a definition, or a use.
    fn name(&mut self, node: Node<'_>, ctx: Ctx, is_type: bool) {
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
            Ctx::Name => return self.name_symbol(name, from),
            Ctx::Bind(kind) => return self.bind(name, from, kind, self.scope()),
            Ctx::Hoist(kind) => return self.bind(name, from, kind, self.function_scope()),
            Ctx::Param => return self.bind(name, from, SymbolKind::Variable, self.scope()),
            Ctx::Member => return self.member(name, from),
            Ctx::Keyword => return self.keyword(name, from),
            Ctx::Key => self.emit(name, from, Role::Write, Receiver::Other, NONE),
            _ => {
                let text = self.name_text(name);
                if !is_type && matches!(text, Some("self" | "cls")) && !self.spec.doc_comments {
                    // The name is still a use, of the parameter.
                    self.emit(name, from, Role::Read, Receiver::Bare, NONE);
                    self.last = Last { kind: LastKind::This, name, at: from };
                    return;
                }
                let role = if is_type { Role::Type } else { role_of(ctx) };
                self.emit(name, from, role, Receiver::Bare, NONE);
            }
        }
        self.last = Last { kind: LastKind::Name, name, at: from };
    }

    /// The name after a dot.
    fn member(&mut self, name: NameId, from: u32) {
        let frame = *self.top();
        let (receiver, of) = match frame.first.kind {
            LastKind::Name => (Receiver::Name, frame.first.name),
            LastKind::Call => (Receiver::Call, frame.first.name),
            LastKind::This => (Receiver::This, NONE),
            LastKind::Super => (Receiver::Super, NONE),
            LastKind::Other => (Receiver::Other, NONE),
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
        self.emit(name, from, role_of(frame.ctx), receiver, of);
    }

    fn keyword(&mut self, name: NameId, from: u32) {
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

    fn intern(&mut self, from: u32, to: u32) -> Option<NameId> {
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

    // Symbols.

    /// Opens the symbol of a `Define` node; its name comes later.
    fn define(&mut self, kind: SymbolKind) {
        let scope = self.scope();
        let symbol = self.add_symbol(NONE, NONE, kind, scope);
        let exported = self.spec.exports == Exports::Statement && self.is_exported(symbol, NONE);
        self.facts.symbols[symbol as usize].exported = exported;
        self.finish_symbol(symbol, NONE);
        self.top().symbol = symbol;
        self.open.push(symbol);
    }

    fn name_symbol(&mut self, name: NameId, from: u32) {
        self.last = OTHER;
        // The name may stand deeper than its definition, as C's declarators do.
        let Some(symbol) = self.open.last().copied() else { return };
        let scope = self.facts.symbols[symbol as usize].scope;
        self.declared.insert((scope, name));
        let exported = self.is_exported(symbol, name);
        let in_class = self.parent_kind(symbol).is_some_and(SymbolKind::has_members);
        let text = self.name_text(name).unwrap_or_default();
        let added = &mut self.facts.symbols[symbol as usize];
        if added.name != NONE {
            return;
        }
        (added.name, added.name_start) = (name, from);
        added.exported = (added.exported || exported) && !text.starts_with('#');
        if added.kind == SymbolKind::Function && in_class {
            added.kind = SymbolKind::Method;
        }
        if added.kind == SymbolKind::Method && matches!(text, "__init__" | "constructor") {
            added.kind = SymbolKind::Constructor;
        }
    }

    /// Binds a name in a scope: a new symbol, or a write when the scope already has it.
    fn bind(&mut self, name: NameId, from: u32, kind: SymbolKind, scope: u32) {
        self.last = Last { kind: LastKind::Name, name, at: from };
        if !self.declared.insert((scope, name)) {
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
        }
    }

    fn add_symbol(&mut self, name: NameId, from: u32, kind: SymbolKind, scope: u32) -> u32 {
        let symbol = offset(self.facts.symbols.len());
        let parent = self.open.last().copied().unwrap_or(NONE);
        let to = if name == NONE { from } else { from + offset(self.name_text(name).unwrap_or_default().len()) };
        let mut added = SymbolFact::new(name, from..to, kind);
        (added.scope, added.parent) = (scope, parent);
        self.facts.symbols.push(added);
        symbol
    }

    /// Gives a symbol that is not local its full range, its doc comment and `export`'s flags.
    /// `name` is `NONE` for the symbol of the node just entered.
    fn finish_symbol(&mut self, symbol: u32, name: NameId) {
        let is_holder = |frame: &&Frame<'_>| {
            matches!(
                frame.rule,
                Some(CompiledRule {
                    class: Class::Define(..) | Class::DefineFlat(_) | Class::Declaration | Class::Anonymous(..),
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
        let added = &mut self.facts.symbols[symbol as usize];
        if let Some(holder) = holder {
            added.range = wrapper.map_or(holder.start, |wrapper| wrapper.min(holder.start))..holder.end;
            added.signature_end = added.range.end;
        }
        added.default = self.exporting_default && at_file;
        let from = added.range.start;
        if self.spec.doc_comments && self.is_adjacent(self.last_comment, from) {
            self.facts.symbols[symbol as usize].doc = self.last_comment.0..self.last_comment.1;
        }
    }

    fn note_bound(&mut self, symbol: u32) {
        let declaration = self
            .frames
            .iter_mut()
            .rev()
            .take(6)
            .find(|frame| matches!(frame.rule, Some(CompiledRule { class: Class::Declaration, .. })));
        if let Some(frame) = declaration {
            frame.bound_more |= frame.bound != NONE;
            frame.bound = symbol;
        }
    }

    /// A nameless function or class is what the variable that holds it is.
    fn adopt(&mut self, kind: SymbolKind) {
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
        self.top().symbol = symbol;
        self.open.push(symbol);
    }

    fn is_exported(&self, symbol: u32, name: NameId) -> bool {
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
            Exports::Capital => text.chars().next().is_some_and(char::is_uppercase),
            Exports::Modifier => false,
            Exports::Always => scope != ScopeKind::Function && scope != ScopeKind::Block,
        }
    }

    fn modifier(&mut self, node: Node<'_>, word: &str, exported: bool) {
        let text = self.text.get(node.byte_range()).unwrap_or_default();
        let has = text.split(|byte| !byte.is_ascii_alphanumeric()).any(|part| part == word.as_bytes());
        if has && let Some(symbol) = self.open.last() {
            self.facts.symbols[*symbol as usize].exported = exported;
        }
    }

    fn parent_kind(&self, symbol: u32) -> Option<SymbolKind> {
        let parent = self.facts.symbols[symbol as usize].parent;
        self.facts.symbols.get(parent as usize).map(|parent| parent.kind)
    }

    /// The nearest class around, with the scope of its members.
    fn enclosing_class(&self) -> Option<(u32, u32)> {
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

    // Scopes.

    fn scope(&self) -> u32 {
        self.scopes.last().copied().unwrap_or(0)
    }

    fn function_scope(&self) -> u32 {
        let inner = |id: &u32| {
            !matches!(self.facts.scopes[*id as usize].kind, ScopeKind::Block | ScopeKind::Class)
        };
        self.scopes.iter().rev().copied().find(inner).unwrap_or(0)
    }

    fn open_scope(&mut self, kind: ScopeKind, node: Node<'_>) {
        let id = offset(self.facts.scopes.len());
        self.facts.scopes.push(Scope { kind, range: start(node)..offset(node.end_byte()) });
        self.scopes.push(id);
        self.top().opened_scope = true;
        // A definition inside is not what the wrapper surrounds.
        self.wrapper_start = None;
        (self.exporting, self.exporting_default) = (false, false);
    }

    // Comments and doc strings.

    fn comment(&mut self, node: Node<'_>) {
        let (from, to) = (start(node), offset(node.end_byte()));
        if self.is_adjacent(self.last_comment, from) {
            self.last_comment.1 = to;
        } else {
            self.last_comment = (from, to);
        }
    }

    /// Whether only blanks and at most one line break stand between a comment and an offset.
    fn is_adjacent(&self, comment: (u32, u32), from: u32) -> bool {
        if comment.1 == 0 || comment.1 > from {
            return false;
        }
        let between = self.text.get(comment.1 as usize..from as usize).unwrap_or_default();
        // Line comments of some grammars end after their line break.
        let breaks = usize::from(self.text.get(comment.1 as usize - 1) == Some(&b'\n'));
        between.iter().all(u8::is_ascii_whitespace)
            && between.iter().filter(|byte| **byte == b'\n').count() + breaks <= 1
    }

    fn begin_body(&mut self, node: Node<'_>) {
        let from = start(node);
        let symbol = self.frames.last().map_or(NONE, |frame| frame.symbol);
        if let Some(symbol) = self.facts.symbols.get_mut(symbol as usize) {
            symbol.signature_end = from.max(symbol.range.start);
        }
    }

    fn string(&mut self, rule: &'static CompiledRule, node: Node<'_>, ctx: Ctx) -> bool {
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
        let text = self.text.get(from as usize..to as usize).unwrap_or_default();
        let prefix = text.iter().take_while(|byte| byte.is_ascii_alphabetic());
        if prefix.clone().any(|byte| byte.eq_ignore_ascii_case(&b'f') || byte.eq_ignore_ascii_case(&b't')) {
            self.push(Some(rule), node, Ctx::Read);
            return true;
        }
        false
    }

    /// A statement that is only a string and the first of a body documents the definition.
    fn doc_string(&mut self, from: u32, to: u32) {
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
    fn quoted_type(&mut self, from: u32, to: u32) {
        let text = self.text.get(from as usize..to as usize).unwrap_or_default();
        let Some(quote) = text.iter().position(|byte| matches!(byte, b'"' | b'\'')) else { return };
        let inner = &text[quote + 1..text.len().saturating_sub(1).max(quote + 1)];
        let simple = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || !byte.is_ascii();
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

fn role_of(ctx: Ctx) -> Role {
    match ctx {
        Ctx::Callee => Role::Call,
        Ctx::Type | Ctx::Annotation | Ctx::Base => Role::Type,
        Ctx::Write | Ctx::Bind(_) | Ctx::Hoist(_) | Ctx::Param | Ctx::Key | Ctx::Keyword => Role::Write,
        Ctx::Inherit
        | Ctx::Read
        | Ctx::Name
        | Ctx::Receiver
        | Ctx::Member
        | Ctx::Value
        | Ctx::Body
        | Ctx::Nothing => Role::Read,
    }
}

/// `ALL_CAPS` with at least two characters.
fn is_constant(name: &str) -> bool {
    name.len() > 1
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn start(node: Node<'_>) -> u32 {
    offset(node.start_byte())
}

/// Offsets fit: larger texts are refused before they are parsed.
pub(crate) fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
