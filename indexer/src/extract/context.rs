//! What the place of an expression or a pattern says of it: the type it is declared with, the parameter it is
//! an argument for, what a function around it returns. Object literals and callbacks get their members and
//! parameters from there, patterns their names.

use super::{Extract, LastKind};
use crate::language::{Class, Ctx};
use crate::symbol::{NONE, NameId, Receiver, Role, Shape, ShapeId, Value, ValueKind};

/// Nodes above an expression that are asked what they expect of it.
const REACH: u32 = 24;
/// Nothing has been asked yet.
pub(super) const UNASKED: ShapeId = NONE - 1;

impl Extract<'_> {
    /// What is expected of the node of a frame; `NONE` when its place says nothing.
    fn expected(&mut self, depth: usize, reach: u32) -> ShapeId {
        let frame = self.frames[depth];
        if frame.expected != UNASKED {
            return frame.expected;
        }
        let expected = match depth.checked_sub(1).filter(|_| reach > 0) {
            Some(parent) => self.expected_in(parent, frame.ctx, reach - 1),
            None => NONE,
        };
        self.frames[depth].expected = expected;
        expected
    }

    /// What a frame expects of its child that is being visited.
    fn expected_in(&mut self, depth: usize, ctx: Ctx, reach: u32) -> ShapeId {
        let frame = self.frames[depth];
        let binds = matches!(ctx, Ctx::Bind(_) | Ctx::Hoist(_) | Ctx::Param);
        let Some(rule) = frame.rule else { return NONE };
        match rule.class {
            Class::Transparent | Class::Choice | Class::Default | Class::Fields => {
                self.expected(depth, reach)
            }
            Class::Items => {
                let of = self.expected(depth, reach);
                self.shape_on(of, Shape::Element(of))
            }
            Class::Field if frame.first.kind == LastKind::Name => {
                let of = self.expected(depth, reach);
                self.shape_on(of, Shape::Member(of, frame.first.name))
            }
            Class::Declaration | Class::Each if binds => self.pattern_slot(depth),
            Class::Declaration | Class::DefineFlat(_) => self.declared_type(depth),
            Class::Return => match self.frames[..depth].iter().rposition(super::values::is_function) {
                Some(function) => self.result_of(function, reach),
                None => NONE,
            },
            Class::Anonymous(..) if ctx == Ctx::Body => self.result_of(depth, reach),
            Class::Anonymous(..) if ctx == Ctx::Param => self.parameter(depth, 0, reach),
            Class::Plain if ctx == Ctx::Param && depth > 0 => {
                self.parameter(depth - 1, frame.named.saturating_sub(1), reach)
            }
            Class::Arguments if depth > 0 => self.argument(depth - 1, frame.named.saturating_sub(1)),
            _ => NONE,
        }
    }

    fn shape_on(&mut self, of: ShapeId, shape: Shape) -> ShapeId {
        if of == NONE { NONE } else { self.add_shape(shape) }
    }

    /// The shape that the names of a declaration's pattern are parts of; what it is comes later.
    fn pattern_slot(&mut self, depth: usize) -> ShapeId {
        if self.frames[depth].pattern == NONE {
            self.frames[depth].pattern = self.add_shape(Shape::Unknown);
        }
        self.frames[depth].pattern
    }

    /// The type that a declaration states, or that of what is assigned to.
    fn declared_type(&mut self, depth: usize) -> ShapeId {
        let frame = self.frames[depth];
        let symbol = if frame.bound == NONE { frame.symbol } else { frame.bound };
        if symbol == NONE && !frame.annotated {
            return self.shape_of(frame.first);
        }
        if frame.pattern != NONE && frame.annotated {
            return frame.pattern;
        }
        let Some(symbol) = self.facts.symbols.get(symbol as usize) else { return NONE };
        let Some(value) = symbol.value.filter(|_| frame.annotated && !frame.bound_more) else { return NONE };
        let shape = self.shape_of_value(value);
        // A function that adopted the variable has turned its type into what it returns.
        match self.facts.shapes[shape as usize] {
            Shape::Called(of) if value.kind == ValueKind::Shape => of,
            _ => shape,
        }
    }

    /// What a function is expected to return.
    fn result_of(&mut self, depth: usize, reach: u32) -> ShapeId {
        let symbol = self.frames[depth].symbol;
        if let Some(symbol) = self.facts.symbols.get(symbol as usize) {
            return symbol.value.map_or(NONE, |value| self.shape_of_value(value));
        }
        let of = self.expected(depth, reach);
        self.shape_on(of, Shape::Called(of))
    }

    /// What a function that is a value gets as its parameter of that number.
    fn parameter(&mut self, depth: usize, number: u32, reach: u32) -> ShapeId {
        let class = self.frames[depth].rule.map(|rule| rule.class);
        let of = match class {
            Some(Class::Anonymous(..)) => self.expected(depth, reach),
            // A method of an object literal.
            Some(Class::Define(..)) if depth > 0 => {
                let around = self.frames[depth - 1].rule.map(|rule| rule.class);
                let symbol = self.facts.symbols.get(self.frames[depth].symbol as usize);
                let name = symbol.map_or(NONE, |symbol| symbol.name);
                if !matches!(around, Some(Class::Fields)) || name == NONE {
                    return NONE;
                }
                let of = self.expected(depth - 1, reach);
                self.shape_on(of, Shape::Member(of, name))
            }
            _ => NONE,
        };
        self.shape_on(of, Shape::Parameter(of, number))
    }

    fn argument(&mut self, call: usize, number: u32) -> ShapeId {
        let frame = self.frames[call];
        if !matches!(frame.rule.map(|rule| rule.class), Some(Class::Call)) {
            return NONE;
        }
        let callee = self.shape_of(frame.first);
        self.shape_on(callee, Shape::Argument(callee, number))
    }

    /// The symbol just bound is a part of a pattern, or a parameter whose type its place says.
    pub(super) fn bound_in_pattern(&mut self, name: NameId, from: u32, ctx: Ctx) {
        if !self.follows {
            return;
        }
        let Some(depth) = self.frames.len().checked_sub(1) else { return };
        let Some(rule) = self.frames[depth].rule else { return };
        let is_parameter = ctx == Ctx::Param && matches!(rule.class, Class::Anonymous(..) | Class::Plain);
        let around = depth.checked_sub(1).and_then(|depth| self.frames[depth].rule).map(|rule| rule.class);
        let is_field = matches!(rule.class, Class::Fields)
            || matches!(rule.class, Class::Default) && matches!(around, Some(Class::Fields));
        if !is_parameter && !is_field && !matches!(rule.class, Class::Items | Class::Field | Class::Default) {
            return;
        }
        let mut shape = self.expected_in(depth, ctx, REACH);
        if shape == NONE {
            return;
        }
        if is_field {
            self.member_here(name, from, shape, Role::Read);
            shape = self.add_shape(Shape::Member(shape, name));
        }
        let bound = self.facts.symbols.iter_mut().rev().take(4);
        if let Some(symbol) = bound.into_iter().find(|symbol| symbol.name_start == from) {
            symbol.value = Some(Value { kind: ValueKind::Shape, at: shape });
        }
    }

    /// A parameter that is left without a type has the one that its function's place gives it.
    pub(super) fn settle_parameter(&mut self, frame: &super::Frame<'_>) {
        if frame.annotated || frame.ctx != Ctx::Param || !self.follows {
            return;
        }
        let Some(depth) = self.frames.len().checked_sub(1) else { return };
        let shape = self.expected_in(depth, Ctx::Param, REACH);
        let Some(known) = self.facts.shapes.get(shape as usize).copied() else { return };
        if frame.pattern != NONE {
            self.facts.shapes[frame.pattern as usize] = known;
        } else if let Some(symbol) = self.facts.symbols.get_mut(frame.bound as usize)
            && symbol.value.is_none()
        {
            symbol.value = Some(Value { kind: ValueKind::Shape, at: shape });
        }
    }

    /// A key of an object literal or pattern: a member of what is expected there.
    pub(super) fn key(&mut self, name: NameId, from: u32) {
        let depth = self.frames.len() - 1;
        let is_field = matches!(self.frames[depth].rule.map(|rule| rule.class), Some(Class::Field));
        let of = if is_field && self.follows { self.expected(depth, REACH) } else { NONE };
        self.member_here(name, from, of, Role::Write);
    }

    /// `{ name }`, a value: also a key.
    pub(super) fn shorthand(&mut self, name: NameId, from: u32) {
        let depth = self.frames.len() - 1;
        if matches!(self.frames[depth].rule.map(|rule| rule.class), Some(Class::Fields)) && self.follows {
            let of = self.expected(depth, REACH);
            if of != NONE {
                self.member_here(name, from, of, Role::Write);
            }
        }
    }

    /// The use of a member of a shape, written without a dot.
    fn member_here(&mut self, name: NameId, from: u32, of: ShapeId, role: Role) {
        self.emit(name, from, role, Receiver::Other, NONE);
        if of != NONE {
            self.facts.receivers.push((from, of));
        }
    }
}
