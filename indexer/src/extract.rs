//! One syntax tree → symbols, uses, scopes and imports, in a single walk with a cursor.
//!
//! What a node means comes from its language's table; what a *name* means comes from the context
//! that its ancestors hand down (`Ctx`), so one leaf rule serves parameters, bindings and uses.

use crate::language::{Class, CompiledRule, Ctx, Language, Spec, Table, Visit};
use crate::symbol::{Facts, NONE, NameId, Scope, ScopeKind, Shape, ShapeId};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use tree_sitter::{Node, Tree, TreeCursor};

mod comments;
mod context;
mod finish;
mod hooks;
mod listed;
mod names;
mod shape;
mod symbols;
mod values;

/// Names longer than this are not identifiers a person searches for.
const NAME_LIMIT: usize = 256;

/// Extracts everything the index keeps of one parsed text.
pub(crate) fn extract<'t>(language: Language, text: &'t [u8], tree: &Tree) -> Facts<'t> {
    let mut cx = Extract::new(language, text);
    cx.facts.has_errors = tree.root_node().has_error();
    cx.walk(tree);
    cx.finish()
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
    /// `at` is the number of a shape.
    Shape,
    Other,
}

const OTHER: Last = Last { kind: LastKind::Other, name: NONE, at: 0 };
/// No child of interest was visited yet.
const NOTHING: Last = Last { kind: LastKind::Other, name: NONE, at: NONE };

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
    /// What the `return` statements of a function gave.
    returned: Last,
    /// Of a `Declaration`, what the names of its pattern are parts of; `NONE` without one.
    pattern: ShapeId,
    /// What is expected of it, once asked; see `context`.
    expected: ShapeId,
    /// Named children so far.
    named: u32,
    /// Its type was stated.
    annotated: bool,
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
    shape: shape::Pending,
    /// Whether values are followed beyond names.
    follows: bool,
    /// Where the wrapper around the next definition begins.
    wrapper_start: Option<u32>,
    exporting: bool,
    exporting_default: bool,
    /// Where the module of the current import statement is written.
    module_at: u32,
}

impl<'t> Extract<'t> {
    fn new(language: Language, text: &'t [u8]) -> Self {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let file = Scope { kind: ScopeKind::File, range: 0..end };
        Self {
            text,
            spec: language.spec(),
            table: language.table(),
            // About what source text has of each, so that the tables seldom grow.
            facts: Facts {
                scopes: vec![file],
                names: Vec::with_capacity(text.len() / 64),
                uses: Vec::with_capacity(text.len() / 32),
                symbols: Vec::with_capacity(text.len() / 256),
                ..Facts::default()
            },
            interned: FxHashMap::with_capacity_and_hasher(text.len() / 64, FxBuildHasher),
            declared: FxHashSet::with_capacity_and_hasher(text.len() / 256, FxBuildHasher),
            frames: Vec::with_capacity(64),
            scopes: vec![0],
            open: Vec::new(),
            last: OTHER,
            last_comment: (0, 0),
            shape: shape::Pending::default(),
            follows: language.resolves(),
            wrapper_start: None,
            exporting: false,
            exporting_default: false,
            module_at: 0,
        }
    }

    fn walk(&mut self, tree: &Tree) {
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            let kind = node.kind_id();
            let mut end = u32::MAX;
            // Punctuation and keywords mean nothing by themselves, and every other node is one of them.
            if self.table.is_named(kind) {
                let rule = self.table.rule(kind);
                let ctx = self.context_of(&cursor);
                let descend = self.enter(rule, node, ctx, &mut cursor);
                if descend {
                    continue;
                }
                self.after_child(ctx);
                end = offset(node.end_byte());
            }
            while self.is_last(end) || !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                let Some(frame) = self.frames.pop() else { return };
                end = frame.end;
                let ctx = frame.ctx;
                self.leave(frame);
                self.after_child(ctx);
            }
        }
    }

    /// Goes to a node's first child, or past a bracket that it begins with.
    fn first_child(&self, cursor: &mut TreeCursor<'_>, from: u32) -> bool {
        match self.text.get(from as usize) {
            Some(b'(' | b'[' | b'{' | b':' | b'@') => {
                cursor.goto_first_child_for_byte(from as usize + 1).is_some()
            }
            _ => cursor.goto_first_child(),
        }
    }

    /// Whether nothing but blanks and a closing bracket or semicolon follow in the node around. The
    /// text says so sooner than the tree.
    fn is_last(&self, end: u32) -> bool {
        let Some(around) = self.frames.last() else { return true };
        match self.text.get(end as usize..around.end as usize) {
            Some([]) => true,
            Some([blank @ .., b')' | b']' | b'}' | b';']) => blank.iter().all(u8::is_ascii_whitespace),
            _ => false,
        }
    }

    /// What the named node at the cursor is for, by its field and the rule of the node around it.
    fn context_of(&self, cursor: &TreeCursor<'_>) -> Ctx {
        match self.frames.last() {
            Some(Frame { rule: Some(above), ctx: outer, .. }) => {
                let field = if above.fields.is_empty() { None } else { cursor.field_id() };
                let given =
                    field.and_then(|field| above.fields.iter().find(|(known, _)| *known == field.get()));
                let ctx = given.map_or(above.rest, |(_, ctx)| *ctx);
                if ctx == Ctx::Inherit { *outer } else { ctx }
            }
            // Nodes without a rule hand on nothing but that this is a type.
            Some(Frame { rule: None, ctx: Ctx::Type | Ctx::Annotation, .. }) => Ctx::Type,
            Some(_) | None => Ctx::Read,
        }
    }

    /// Visits a named node on the way down. Says whether a frame was pushed and the cursor is at the
    /// first child.
    fn enter(
        &mut self,
        rule: Option<&'static CompiledRule>,
        node: Node<'_>,
        ctx: Ctx,
        cursor: &mut TreeCursor<'_>,
    ) -> bool {
        if ctx == Ctx::Nothing {
            return false;
        }
        if let Some(around) = self.frames.last_mut() {
            around.named += u32::from(!matches!(rule, Some(CompiledRule { class: Class::Comment, .. })));
        }
        if rule.is_none() {
            if !self.first_child(cursor, start(node)) {
                self.last = OTHER;
                return false;
            }
            if ctx == Ctx::Body {
                self.begin_body(node);
            }
            self.push(None, node, ctx);
            return true;
        }
        if !self.enter_known(rule, node, ctx) {
            return false;
        }
        if self.first_child(cursor, start(node)) {
            return true;
        }
        if let Some(frame) = self.frames.pop() {
            self.leave(frame);
        }
        false
    }

    /// Visits a node with a rule. Says whether a frame was pushed and its children come next.
    fn enter_known(&mut self, rule: Option<&'static CompiledRule>, node: Node<'_>, ctx: Ctx) -> bool {
        let Some(known) = rule else { return false };
        match known.class {
            Class::Skip => self.skip(node, ctx),
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
            _ => {
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
        if matches!(rule.class, Class::DefineWithBody(..)) && node.child_by_field_name("body").is_none() {
            return self.push(None, node, Ctx::Type);
        }
        if matches!(rule.class, Class::Choice)
            && let Some(operator) = node.child_by_field_name("operator")
            && !matches!(operator.kind(), "||" | "??")
        {
            return self.push(None, node, Ctx::Read);
        }
        self.push(Some(rule), node, ctx);
        match rule.class {
            Class::Define(kind, scope) | Class::DefineWithBody(kind, scope) => {
                self.begin_with_declaration(rule.class);
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
            // The block of a function or class is its definition's own scope.
            Class::Scope(ScopeKind::Block | ScopeKind::Class) | Class::ObjectType if ctx == Ctx::Body => {}
            Class::FunctionType | Class::Signature => self.open_scope(ScopeKind::Function, node),
            Class::ObjectType => self.open_scope(ScopeKind::Class, node),
            Class::Each => self.open_scope(ScopeKind::Block, node),
            Class::Attribute => self.attribute(node),
            Class::Scope(scope) => self.open_scope(scope, node),
            Class::Wrapper | Class::Export(_) => {
                self.begin_wrapper(node);
                if let Class::Export(note) = rule.class {
                    self.exporting = true;
                    note(self, node);
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, rule: Option<&'static CompiledRule>, node: Node<'_>, ctx: Ctx) {
        // A member with parts of its own, as `a::f<T>`, means what the node around it means.
        let (ctx, first) = match self.frames.last() {
            Some(around) if ctx == Ctx::Member => (around.ctx, around.first),
            _ => (ctx, NOTHING),
        };
        self.frames.push(Frame {
            rule,
            ctx,
            start: start(node),
            end: offset(node.end_byte()),
            symbol: NONE,
            bound: NONE,
            bound_more: false,
            first,
            returned: OTHER,
            pattern: NONE,
            expected: context::UNASKED,
            named: 0,
            annotated: false,
            opened_scope: false,
            outermost_wrapper: false,
        });
    }

    fn top(&mut self) -> &mut Frame<'static> {
        self.frames.last_mut().expect("called between a push and its pop")
    }

    /// Leaves an inner node: closes what it opened and says what it was as an expression.
    fn leave(&mut self, frame: Frame<'static>) {
        if frame.opened_scope {
            self.close_scope(&frame);
        }
        if frame.symbol != NONE {
            self.open.pop();
            self.note_nameless(frame.symbol);
        }
        if frame.outermost_wrapper {
            self.wrapper_start = None;
        }
        if self.frames.len() < self.shape.until {
            self.forget();
        }
        let Some(rule) = frame.rule else {
            self.last = OTHER;
            return;
        };
        self.last = self.stands_for(rule, &frame);
    }

    /// What a node that is left stands for, as an expression or a type.
    fn stands_for(&mut self, rule: &CompiledRule, frame: &Frame<'_>) -> Last {
        match rule.class {
            Class::Export(_) => {
                self.exporting = false;
                self.exporting_default = false;
                OTHER
            }
            Class::Transparent | Class::Member | Class::Cast | Class::Hook(_) => self.last,
            Class::Call => self.called(frame.first),
            Class::Generic => match frame.ctx {
                Ctx::Type | Ctx::Annotation | Ctx::Base | Ctx::Owner => self.head_or_argument(frame.first),
                _ => OTHER,
            },
            Class::TypeArguments => {
                let is_wrapper = self.frames.last().is_some_and(|around| self.is_wrapper(around.first));
                if is_wrapper { frame.first } else { self.last }
            }
            Class::Union if frame.ctx == Ctx::Type || frame.ctx == Ctx::Annotation => frame.first,
            Class::Choice | Class::Default => frame.first,
            Class::List => self.made_of(self.last, Shape::Collection),
            Class::Index => self.made_of(frame.first, Shape::Element),
            Class::FunctionType => {
                let returned = self.shape_of(frame.first);
                self.made(Shape::Function(frame.start, returned))
            }
            Class::Signature => {
                let returned = self.shape_of(frame.first);
                let signature = self.made(Shape::Function(frame.start, returned));
                self.signature(signature);
                OTHER
            }
            Class::ObjectType if frame.opened_scope => {
                let object = self.made(Shape::Object(frame.start));
                self.either(object, frame.returned)
            }
            Class::Return => {
                self.returned(frame.first);
                OTHER
            }
            Class::Define(..) | Class::Anonymous(..) => {
                self.settle_returned(frame);
                OTHER
            }
            Class::Declaration => {
                self.settle_parameter(frame);
                OTHER
            }
            _ => OTHER,
        }
    }

    /// `Optional[T]` stands for `T`, `Array<T>` is a collection of it, `List[T]` stands for `List`.
    fn head_or_argument(&mut self, head: Last) -> Last {
        if self.is_wrapper(head) {
            return self.last;
        }
        let name = self.name_text(head.name).filter(|_| head.kind == LastKind::Name);
        let is_collection = name.is_some_and(|name| self.spec.collections.contains(&name));
        if is_collection { self.made_of(self.last, Shape::Collection) } else { head }
    }

    fn is_wrapper(&self, head: Last) -> bool {
        head.kind == LastKind::Name
            && self.name_text(head.name).is_some_and(|name| self.spec.wrappers.contains(&name))
    }

    /// Keeps what a finished child was for its parent.
    fn after_child(&mut self, ctx: Ctx) {
        let last = self.last;
        let Some(frame) = self.frames.last_mut() else { return };
        let first = frame.first;
        match (frame.rule.map(|rule| rule.class), ctx) {
            (_, Ctx::Callee | Ctx::Receiver | Ctx::Member) => frame.first = last,
            (Some(Class::Choice | Class::Union), Ctx::Value | Ctx::Type) => {
                let either = self.either(first, last);
                self.top().first = either;
            }
            (Some(Class::Generic), Ctx::Type) if first.kind == LastKind::Other => frame.first = last,
            (Some(Class::TypeArguments), _) if first.at == NONE => frame.first = last,
            (Some(Class::FunctionType | Class::Signature), Ctx::Type) => frame.first = last,
            (Some(Class::Return), _) => frame.first = last,
            (Some(Class::Field), Ctx::Key) | (Some(Class::Declaration), Ctx::Write) => frame.first = last,
            (Some(Class::Anonymous(..)), Ctx::Body) => self.returned(last),
            (_, Ctx::Owner) => self.name_after(last),
            (_, Ctx::Value | Ctx::Annotation) => self.value(ctx, last),
            (_, Ctx::Base) => self.base(last),
            _ => {}
        }
    }

    fn base(&mut self, last: Last) {
        if last.kind == LastKind::Name
            && let Some(symbol) = self.open.last()
        {
            let bases = &mut self.facts.symbols[*symbol as usize].bases;
            if bases.last() != Some(&last.at) {
                bases.push(last.at);
            }
        }
    }
}

fn start(node: Node<'_>) -> u32 {
    offset(node.start_byte())
}

/// Offsets fit: larger texts are refused before they are parsed.
pub(crate) fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
