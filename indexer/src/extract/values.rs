//! What expressions and types are made of, noted as shapes where a name alone does not say it.

use super::{Extract, Frame, Last, LastKind, OTHER};
use crate::language::{Class, CompiledRule, Ctx};
use crate::symbol::{Facts, ImportKind, NONE, Receiver, Shape, ShapeId, SymbolKind, Value, ValueKind};

/// Passes over a file's shapes that settle which of them can be followed.
const PASSES: usize = 8;

impl Extract<'_> {
    pub(super) fn add_shape(&mut self, shape: Shape) -> ShapeId {
        let id = super::offset(self.facts.shapes.len());
        self.facts.shapes.push(shape);
        id
    }

    /// The shape of what was visited; `NONE` when it cannot be followed.
    pub(super) fn shape_of(&mut self, last: Last) -> ShapeId {
        match last.kind {
            LastKind::Name => self.add_shape(Shape::Name(last.at)),
            LastKind::This => self.add_shape(Shape::This(last.at)),
            LastKind::Call => {
                let callee = self.add_shape(Shape::Name(last.at));
                self.add_shape(Shape::Called(callee))
            }
            LastKind::Shape => last.at,
            LastKind::Super | LastKind::Other => NONE,
        }
    }

    /// What is made of something visited; nothing that can be followed when that cannot.
    pub(super) fn made_of(&mut self, last: Last, make: impl FnOnce(ShapeId) -> Shape) -> Last {
        if !self.follows {
            return OTHER;
        }
        match self.shape_of(last) {
            NONE => OTHER,
            of => self.made(make(of)),
        }
    }

    pub(super) fn made(&mut self, shape: Shape) -> Last {
        if !self.follows {
            return OTHER;
        }
        Last { kind: LastKind::Shape, name: NONE, at: self.add_shape(shape) }
    }

    /// One or the other.
    pub(super) fn either(&mut self, one: Last, other: Last) -> Last {
        let follows = |last: Last| !matches!(last.kind, LastKind::Other | LastKind::Super);
        match (follows(one), follows(other)) {
            (true, true) if self.follows => {
                let (one, other) = (self.shape_of(one), self.shape_of(other));
                self.made(Shape::Either(one, other))
            }
            (false, true) => other,
            _ => one,
        }
    }

    /// What calling something visited gives.
    pub(super) fn called(&mut self, callee: Last) -> Last {
        match callee.kind {
            // Python writes `super()` where others have a keyword.
            LastKind::Name if !self.spec.doc_comments && self.name_text(callee.name) == Some("super") => {
                Last { kind: LastKind::Super, name: NONE, at: callee.at }
            }
            LastKind::Name => Last { kind: LastKind::Call, ..callee },
            LastKind::Super => callee,
            LastKind::Call | LastKind::Shape => self.made_of(callee, Shape::Called),
            LastKind::This | LastKind::Other => OTHER,
        }
    }

    /// The value that says what a symbol holds.
    pub(super) fn value_of(&mut self, ctx: Ctx, last: Last) -> Option<Value> {
        let kind = match (ctx, last.kind) {
            (Ctx::Annotation, LastKind::Name) => ValueKind::Annotation,
            (_, LastKind::Name) => ValueKind::Alias,
            (Ctx::Value, LastKind::Call) => ValueKind::Call,
            (_, LastKind::This | LastKind::Shape) if self.follows => {
                return Some(Value { kind: ValueKind::Shape, at: self.shape_of(last) });
            }
            _ => return None,
        };
        Some(Value { kind, at: last.at })
    }

    /// The same as a shape.
    pub(super) fn shape_of_value(&mut self, value: Value) -> ShapeId {
        match value.kind {
            ValueKind::Shape => value.at,
            ValueKind::Annotation | ValueKind::Alias => self.add_shape(Shape::Name(value.at)),
            ValueKind::Call => {
                let callee = self.add_shape(Shape::Name(value.at));
                self.add_shape(Shape::Called(callee))
            }
        }
    }

    /// `last` is what the symbol of the frame around is set to, or its type.
    pub(super) fn value(&mut self, ctx: Ctx, last: Last) {
        let Some(frame) = self.frames.last().copied() else { return };
        let symbol = match frame.rule.map(|rule| rule.class) {
            Some(Class::Define(..) | Class::DefineFlat(_) | Class::Anonymous(..)) => frame.symbol,
            Some(Class::Declaration | Class::Each) if !frame.bound_more => frame.bound,
            Some(Class::Declaration | Class::Each) => NONE,
            _ => return,
        };
        if frame.annotated {
            return;
        }
        let is_each = matches!(frame.rule, Some(CompiledRule { class: Class::Each, .. }));
        let last = if is_each { self.made_of(last, Shape::Element) } else { last };
        if frame.pattern != NONE {
            self.fill(frame.pattern, last);
        } else if let Some(value) = self.value_of(ctx, last)
            && let Some(symbol) = self.facts.symbols.get_mut(symbol as usize)
        {
            symbol.value = Some(value);
        }
        if ctx == Ctx::Annotation {
            self.top().annotated = true;
        }
    }

    /// Says what a shape is that was noted before that was read.
    pub(super) fn fill(&mut self, shape: ShapeId, last: Last) {
        let of = self.shape_of(last);
        if let Some(known) = self.facts.shapes.get(of as usize) {
            self.facts.shapes[shape as usize] = *known;
        }
    }

    /// `return last`, or the body of a function that is an expression.
    pub(super) fn returned(&mut self, last: Last) {
        if !self.follows || matches!(last.kind, LastKind::Other | LastKind::Super) {
            return;
        }
        let Some(function) = self.frames.iter().rposition(is_function) else { return };
        if self.frames[function].symbol != NONE && !self.frames[function].annotated {
            let before = self.frames[function].returned;
            self.frames[function].returned = self.either(before, last);
        }
    }

    /// `(a: A): B` among the members of a type: the type is also that function.
    pub(super) fn signature(&mut self, signature: Last) {
        let Some(around) = self.frames.last().copied() else { return };
        if around.opened_scope {
            let either = self.either(around.returned, signature);
            self.top().returned = either;
        } else if around.ctx == Ctx::Body
            && let Some(symbol) = self.open.last().copied()
            && self.facts.symbols[symbol as usize].kind == SymbolKind::Interface
        {
            let before = self.facts.symbols[symbol as usize].value;
            let before =
                before.map_or(OTHER, |value| Last { kind: LastKind::Shape, name: NONE, at: value.at });
            let either = self.either(before, signature);
            self.facts.symbols[symbol as usize].value = self.value_of(Ctx::Annotation, either);
        }
    }

    /// A function that is left returns what its `return` statements said, unless its type says more.
    pub(super) fn settle_returned(&mut self, frame: &Frame<'_>) {
        if frame.returned.kind == LastKind::Other || frame.annotated {
            return;
        }
        let value = self.value_of(Ctx::Value, frame.returned);
        if let Some(symbol) = self.facts.symbols.get_mut(frame.symbol as usize)
            && symbol.value.is_none()
            && symbol.kind != SymbolKind::Constructor
        {
            symbol.value = value;
        }
    }
}

/// Whether `return` inside a frame speaks of it.
pub(super) fn is_function(frame: &Frame<'_>) -> bool {
    use crate::symbol::ScopeKind::Function;
    matches!(
        frame.rule,
        Some(CompiledRule { class: Class::Define(_, Function) | Class::Anonymous(_, Function), .. })
    )
}

/// Drops what cannot be followed: values and shapes that begin with a name the file does not bind, and shapes
/// that nothing asks for. The uses must be in order.
pub(super) fn keep_followed(facts: &mut Facts<'_>) {
    let mut bound =
        vec![facts.imports.iter().any(|import| import.kind == ImportKind::Star); facts.names.len()];
    let names = facts.symbols.iter().map(|symbol| symbol.name);
    for name in names.chain(facts.imports.iter().map(|import| import.alias)).filter(|name| *name != NONE) {
        bound[name as usize] = true;
    }
    let uses = &facts.uses;
    let is_bound = |at: u32| {
        let same =
            uses[uses.partition_point(|used| used.start < at)..].iter().take_while(|used| used.start == at);
        !same.clone().any(|used| used.receiver == Receiver::Bare && !bound[used.name as usize])
    };
    let followed = followed(&facts.shapes, is_bound);
    let is_followed = |shape: ShapeId| followed.get(shape as usize).copied().unwrap_or(false);
    for symbol in &mut facts.symbols {
        symbol.value = symbol.value.filter(|value| match value.kind {
            ValueKind::Shape => is_followed(value.at),
            ValueKind::Annotation | ValueKind::Call | ValueKind::Alias => is_bound(value.at),
        });
    }
    facts.receivers.retain(|(_, shape)| is_followed(*shape));
    facts.receivers.sort_unstable();
    facts.receivers.dedup_by_key(|(at, _)| *at);
    if !facts.shapes.is_empty() {
        keep_used(facts, &followed);
    }
}

/// Drops the shapes that nothing asks for. Where only one of two can be followed, it stands for both.
fn keep_used(facts: &mut Facts<'_>, followed: &[bool]) {
    for index in 0..facts.shapes.len() {
        if let Shape::Either(one, other) = facts.shapes[index] {
            let known = |part: ShapeId| followed.get(part as usize).copied().unwrap_or(false);
            match (known(one), known(other)) {
                (true, false) => facts.shapes[index] = facts.shapes[one as usize],
                (false, true) => facts.shapes[index] = facts.shapes[other as usize],
                _ => {}
            }
        }
    }
    let mut used = vec![false; facts.shapes.len()];
    let values = facts.symbols.iter().filter_map(|symbol| symbol.value);
    let values = values.filter(|value| value.kind == ValueKind::Shape).map(|value| value.at);
    let mut left: Vec<ShapeId> = values.chain(facts.receivers.iter().map(|(_, shape)| *shape)).collect();
    while let Some(shape) = left.pop() {
        if let Some(is_used) = used.get_mut(shape as usize)
            && !std::mem::replace(is_used, true)
        {
            left.extend(facts.shapes[shape as usize].parts());
        }
    }
    let mut moved = vec![NONE; used.len()];
    let mut kept = Vec::new();
    for (index, shape) in facts.shapes.drain(..).enumerate() {
        if used[index] {
            moved[index] = super::offset(kept.len());
            kept.push(shape);
        }
    }
    let to = |shape: ShapeId| moved.get(shape as usize).copied().unwrap_or(NONE);
    facts.shapes = kept.into_iter().map(|shape| shape.with_parts(to)).collect();
    facts.receivers.iter_mut().for_each(|(_, shape)| *shape = to(*shape));
    for value in facts.symbols.iter_mut().filter_map(|symbol| symbol.value.as_mut()) {
        if value.kind == ValueKind::Shape {
            value.at = to(value.at);
        }
    }
}

/// Which shapes lead back to something known.
fn followed(shapes: &[Shape], is_bound: impl Fn(u32) -> bool) -> Vec<bool> {
    let begins = |shape: &Shape| match shape {
        Shape::Unknown => false,
        Shape::Name(at) => is_bound(*at),
        _ => true,
    };
    let mut followed: Vec<bool> = shapes.iter().map(begins).collect();
    for _ in 0..PASSES {
        let mut changed = false;
        for (index, shape) in shapes.iter().enumerate() {
            let known = |part: ShapeId| followed.get(part as usize).copied().unwrap_or(false);
            let holds = match *shape {
                Shape::Either(one, other) => known(one) || known(other),
                Shape::Function(..) | Shape::This(_) | Shape::Object(_) => true,
                Shape::Unknown | Shape::Name(_) => followed[index],
                of => known(of.parts()[0]),
            };
            changed |= followed[index] && !holds;
            followed[index] &= holds;
        }
        if !changed {
            break;
        }
    }
    followed
}
