//! What expressions and types stand for, as far as their members go.

use super::members::nth_parameter;
use super::{Meaning, Resolver, Target, add, enclosing_class};
use crate::snapshot::{FileFacts, FileId, SymbolId};
use crate::symbol::{Role, Shape, ShapeId, SymbolKind, Use, ValueKind};
use std::rc::Rc;

/// What an expression evaluates to or a type names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// An instance of a class or interface, an enum or a namespace.
    Members(SymbolId),
    /// A class itself.
    Class(SymbolId),
    /// A function.
    Callable(SymbolId),
    Module(FileId),
    /// An object type, a function type or a collection, as its file writes it.
    Shape(FileId, ShapeId),
}

/// Methods of the language's own collections: those that give an element, those that give a collection of the
/// same, and those whose callback gets an element first.
const GIVE_ELEMENT: &[&str] = &["at", "find", "findLast", "get", "pop", "shift"];
const GIVE_SAME: &[&str] = &["concat", "filter", "reverse", "slice", "sort", "splice", "toSorted", "values"];
const CALL_WITH_ELEMENT: &[&str] = &[
    "every",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flatMap",
    "forEach",
    "map",
    "some",
];

impl<'s> Resolver<'s> {
    /// What the members of a target are looked up in.
    fn thing(&self, target: Target) -> Vec<Thing> {
        let symbol = match target {
            Target::Module(file) => return vec![Thing::Module(file)],
            Target::Symbol(symbol) => symbol,
        };
        let facts = self.facts(symbol.file);
        let Some(fact) = facts.doc.symbols().get(symbol.index as usize) else { return Vec::new() };
        match fact.kind {
            SymbolKind::Class => vec![Thing::Class(symbol)],
            SymbolKind::Interface if self.is_alias(&facts, symbol.index) => {
                let mut things = self.type_of(symbol).to_vec();
                // What can be called may have members too.
                if things.iter().all(|thing| self.is_function(*thing)) {
                    things.push(Thing::Members(symbol));
                }
                things
            }
            SymbolKind::Enum | SymbolKind::Interface | SymbolKind::Namespace => vec![Thing::Members(symbol)],
            kind if kind.is_callable() => vec![Thing::Callable(symbol)],
            _ => self.type_of(symbol).to_vec(),
        }
    }

    /// Whether a symbol is a type that stands for another.
    pub(super) fn is_alias(&self, facts: &FileFacts<'s>, symbol: u32) -> bool {
        let symbol = facts.doc.symbols().get(symbol as usize);
        symbol.is_some_and(|symbol| symbol.kind == SymbolKind::Interface && symbol.value.is_some())
    }

    /// What a symbol holds (of a function: what it returns).
    pub(super) fn type_of(&self, symbol: SymbolId) -> Rc<[Thing]> {
        self.known(&self.types, symbol, || {
            let facts = self.facts(symbol.file);
            let value = facts.doc.symbols().get(symbol.index as usize).and_then(|symbol| symbol.value);
            self.step(|| match value {
                Some(value) => match value.kind {
                    ValueKind::Annotation | ValueKind::Alias => self.things_at(&facts, value.at),
                    ValueKind::Call => self.called_at(&facts, value.at),
                    ValueKind::Shape => self.things_of(&facts, value.at),
                },
                None => Vec::new(),
            })
        })
    }

    /// What the name at a position holds or, where it is a type, what is of that type.
    pub(super) fn things_at(&self, facts: &FileFacts<'s>, position: u32) -> Vec<Thing> {
        match facts.use_starting(position) {
            Some(used) => self.used_things(facts, &used),
            None => {
                self.defined_at(facts, position).map_or_else(Vec::new, |id| self.thing(Target::Symbol(id)))
            }
        }
    }

    pub(super) fn used_things(&self, facts: &FileFacts<'s>, used: &Use) -> Vec<Thing> {
        let mut things = Vec::new();
        for target in self.use_targets(facts, used) {
            add(&mut things, self.thing(target));
        }
        if used.role == Role::Type {
            for thing in &mut things {
                if let Thing::Class(class) = *thing {
                    *thing = Thing::Members(class);
                }
            }
        }
        things
    }

    fn called_at(&self, facts: &FileFacts<'s>, position: u32) -> Vec<Thing> {
        match facts.use_starting(position) {
            Some(used) => self.called_use(facts, &used),
            None => {
                self.things_at(facts, position).into_iter().flat_map(|thing| self.called(thing)).collect()
            }
        }
    }

    /// What the call of a use gives.
    pub(super) fn called_use(&self, facts: &FileFacts<'s>, used: &Use) -> Vec<Thing> {
        let targets = self.use_targets(facts, used);
        if targets.is_empty() {
            return self.called_collection(facts, used);
        }
        let mut things = Vec::new();
        for target in targets {
            let Target::Symbol(symbol) = target else { continue };
            if self.returns_this(symbol) {
                add(&mut things, self.receivers(facts, used));
            } else {
                let called = self.thing(target).into_iter().flat_map(|thing| self.called(thing));
                add(&mut things, called.collect::<Vec<_>>());
            }
        }
        things
    }

    fn returns_this(&self, symbol: SymbolId) -> bool {
        let facts = self.facts(symbol.file);
        let symbol = facts.doc.symbols().get(symbol.index as usize);
        let value = symbol.filter(|symbol| symbol.kind == SymbolKind::Method).and_then(|symbol| symbol.value);
        value.is_some_and(|value| {
            value.kind == ValueKind::Shape && matches!(facts.shape(value.at), Shape::This(_))
        })
    }

    /// What calling a thing gives.
    fn called(&self, thing: Thing) -> Vec<Thing> {
        match thing {
            Thing::Class(class) => vec![Thing::Members(class)],
            Thing::Callable(function) => self.type_of(function).to_vec(),
            Thing::Shape(file, shape) => {
                let facts = self.facts(file);
                match facts.shape(shape) {
                    Shape::Function(_, returned) => self.things_of(&facts, returned),
                    _ => Vec::new(),
                }
            }
            Thing::Members(_) | Thing::Module(_) => Vec::new(),
        }
    }

    fn called_collection(&self, facts: &FileFacts<'s>, used: &Use) -> Vec<Thing> {
        let name = self.names.text(facts, used.name);
        if !GIVE_ELEMENT.contains(&&*name) && !GIVE_SAME.contains(&&*name) {
            return Vec::new();
        }
        let mut things = self.receivers(facts, used);
        things.retain(|thing| self.is_collection(*thing));
        if GIVE_SAME.contains(&&*name) {
            return things;
        }
        things.into_iter().flat_map(|thing| self.elements(thing)).collect()
    }

    fn is_collection(&self, thing: Thing) -> bool {
        matches!(thing, Thing::Shape(file, shape)
            if matches!(self.facts(file).shape(shape), Shape::Collection(_)))
    }

    fn is_function(&self, thing: Thing) -> bool {
        matches!(thing, Thing::Shape(file, shape)
            if matches!(self.facts(file).shape(shape), Shape::Function(..)))
    }

    fn elements(&self, thing: Thing) -> Vec<Thing> {
        let Thing::Shape(file, shape) = thing else { return Vec::new() };
        let facts = self.facts(file);
        match facts.shape(shape) {
            Shape::Collection(of) => self.things_of(&facts, of),
            _ => Vec::new(),
        }
    }

    /// What a shape stands for.
    pub(super) fn things_of(&self, facts: &FileFacts<'s>, shape: ShapeId) -> Vec<Thing> {
        self.step(|| match facts.shape(shape) {
            Shape::Unknown => Vec::new(),
            Shape::Name(at) => self.things_at(facts, at),
            Shape::This(at) => enclosing_class(facts, at).map(Thing::Members).into_iter().collect(),
            Shape::Called(of) => match facts.shape(of) {
                Shape::Name(at) => self.called_at(facts, at),
                _ => self.each(facts, of, |thing| self.called(thing)),
            },
            Shape::Element(of) => self.each(facts, of, |thing| self.elements(thing)),
            Shape::Member(of, name) => {
                let name = self.names.text(facts, name);
                self.each(facts, of, |thing| {
                    if self.is_collection(thing) {
                        return self.elements(thing);
                    }
                    let members = self.members_of(thing, &name, Meaning::Value);
                    members.into_iter().flat_map(|member| self.thing(member)).collect()
                })
            }
            Shape::Argument(of, number) => {
                let callees = self.things_of(facts, of);
                callees.into_iter().flat_map(|callee| self.parameter_type(callee, number)).collect()
            }
            Shape::Parameter(of, number) => {
                let things = self.each(facts, of, |thing| self.parameter_type(thing, number));
                if things.is_empty() { self.callback_parameter(facts, of, number) } else { things }
            }
            Shape::Either(one, other) => {
                let mut things = self.things_of(facts, one);
                add(&mut things, self.things_of(facts, other));
                things
            }
            Shape::Collection(_) | Shape::Object(_) | Shape::Function(..) => {
                vec![Thing::Shape(facts.file, shape)]
            }
        })
    }

    fn each(&self, facts: &FileFacts<'s>, of: ShapeId, then: impl Fn(Thing) -> Vec<Thing>) -> Vec<Thing> {
        let mut things = Vec::new();
        for thing in self.things_of(facts, of) {
            add(&mut things, then(thing));
        }
        things
    }

    /// The type of a function's parameter, counted from 0.
    fn parameter_type(&self, function: Thing, number: u32) -> Vec<Thing> {
        let parameter = match function {
            Thing::Callable(symbol) => self.parameter_of(symbol, number),
            Thing::Class(class) => {
                let constructors = self.members(class, &"constructor".into());
                let things = constructors.into_iter().flat_map(|made| self.thing(made));
                return things.flat_map(|made| self.parameter_type(made, number)).collect();
            }
            Thing::Shape(file, shape) => {
                let facts = self.facts(file);
                match facts.shape(shape) {
                    Shape::Function(at, _) => {
                        facts.scope_starting(at).and_then(|scope| nth_parameter(&facts, scope, number))
                    }
                    _ => None,
                }
            }
            Thing::Members(_) | Thing::Module(_) => None,
        };
        parameter.map_or_else(Vec::new, |parameter| self.type_of(parameter).to_vec())
    }

    /// What a method of a collection calls its argument with.
    fn callback_parameter(&self, facts: &FileFacts<'s>, callback: ShapeId, number: u32) -> Vec<Thing> {
        let Shape::Argument(callee, 0) = facts.shape(callback) else { return Vec::new() };
        let Shape::Name(at) = facts.shape(callee) else { return Vec::new() };
        let Some(used) = facts.use_starting(at) else { return Vec::new() };
        let name = self.names.text(facts, used.name);
        let takes = match (&*name, number) {
            ("sort" | "toSorted", 0 | 1) | ("reduce", 1) => true,
            (name, 0) => CALL_WITH_ELEMENT.contains(&name),
            _ => false,
        };
        if takes {
            return self.receivers(facts, &used).into_iter().flat_map(|thing| self.elements(thing)).collect();
        }
        // A promise stands for what it promises.
        if &*name == "then" && number == 0 { self.receivers(facts, &used) } else { Vec::new() }
    }
}
