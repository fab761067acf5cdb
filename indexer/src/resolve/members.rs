//! The members of classes, types and modules, by way of their bases.

use super::types::Thing;
use super::{Meaning, Resolver, Target, add, enclosing_class};
use crate::language::Language;
use crate::snapshot::{FileFacts, SymbolId};
use crate::symbol::{Receiver, Role, ScopeKind, Use};
use std::rc::Rc;

impl<'s> Resolver<'s> {
    /// What stands before the dot of a use.
    pub(super) fn receivers(&self, facts: &FileFacts<'s>, used: &Use) -> Vec<Thing> {
        match used.receiver {
            Receiver::This => enclosing_class(facts, used.start).map(Thing::Members).into_iter().collect(),
            Receiver::Super => {
                enclosing_class(facts, used.start).map_or_else(Vec::new, |class| self.bases(facts, class))
            }
            Receiver::Name | Receiver::Call => {
                let is_call = used.receiver == Receiver::Call;
                let before = facts.uses_of(used.of);
                let before = &before[..before.partition_point(|before| before.start < used.start)];
                let before = before.iter().rev().find(|before| !is_call || before.role == Role::Call);
                match before {
                    Some(before) if is_call => self.called_use(facts, before),
                    Some(before) => self.used_things(facts, before),
                    None => Vec::new(),
                }
            }
            Receiver::Other => {
                let shape = facts.receiver(used.start);
                shape.map_or_else(Vec::new, |shape| self.things_of(facts, shape))
            }
            Receiver::Bare | Receiver::Keyword => Vec::new(),
        }
    }

    pub(super) fn members_of(&self, thing: Thing, name: &Rc<str>, meaning: Meaning) -> Vec<Target> {
        match thing {
            Thing::Members(symbol) | Thing::Class(symbol) => self.members(symbol, name),
            Thing::Module(file) => self.exported(file, name, meaning),
            // What is read like a field may be a method that computes it.
            Thing::Callable(symbol) => {
                let held = self.type_of(symbol);
                let further = held.iter().filter(|held| !matches!(held, Thing::Callable(_)));
                further.flat_map(|held| self.members_of(*held, name, meaning)).collect()
            }
            Thing::Shape(file, shape) => {
                let facts = self.facts(file);
                match facts.object_scope(shape) {
                    Some(scope) => {
                        self.named(&facts, name, |member| facts.doc.symbols()[member].scope == scope)
                    }
                    None => Vec::new(),
                }
            }
        }
    }

    /// The members of that name of a class, interface, enum or namespace, or of what it is based on.
    pub(super) fn members(&self, of: SymbolId, name: &Rc<str>) -> Vec<Target> {
        self.step(|| self.known(&self.members, (of, name.clone()), || self.members_now(of, name)).to_vec())
    }

    fn members_now(&self, of: SymbolId, name: &Rc<str>) -> Vec<Target> {
        let facts = self.facts(of.file);
        let mut found = self.named(&facts, name, |member| {
            let member = &facts.doc.symbols()[member];
            member.parent == of.index && !member.local
        });
        if !facts.doc.language.is_some_and(Language::is_script) {
            keep_one(&facts, &mut found);
        }
        if !found.is_empty() {
            return found;
        }
        // A type that stands for another, or is a function besides its members.
        let mut things = Vec::new();
        if self.is_alias(&facts, of.index) {
            things = self.type_of(of).to_vec();
        }
        add(&mut things, self.bases(&facts, of));
        let is_script = facts.doc.language.is_some_and(Language::is_script);
        for thing in things.into_iter().filter(|thing| *thing != Thing::Members(of)) {
            add(&mut found, self.members_of(thing, name, Meaning::Any));
            if !is_script && !found.is_empty() {
                break;
            }
        }
        found
    }

    /// The symbols of that name that a condition on their index holds for.
    fn named(&self, facts: &FileFacts<'s>, name: &Rc<str>, holds: impl Fn(usize) -> bool) -> Vec<Target> {
        let Some(local) = self.names.local(facts, name) else { return Vec::new() };
        let symbols = facts.symbols_named(local).iter().filter(|index| holds(**index as usize));
        symbols.map(|index| Target::Symbol(SymbolId { file: facts.file, index: *index })).collect()
    }

    /// What a class names as its bases, where that resolves.
    pub(super) fn bases(&self, facts: &FileFacts<'s>, class: SymbolId) -> Vec<Thing> {
        let Some(symbol) = facts.doc.symbols().get(class.index as usize) else { return Vec::new() };
        let mut bases = Vec::new();
        for at in symbol.bases.iter().take(16) {
            let things = self.things_at(facts, *at);
            add(&mut bases, things.into_iter().filter(|thing| *thing != Thing::Members(class)));
        }
        bases
    }

    /// The parameter (or field of a record class) that a keyword argument names.
    pub(super) fn keyword(&self, facts: &FileFacts<'s>, used: &Use, language: Language) -> Vec<Target> {
        if language != Language::Python {
            return Vec::new();
        }
        let callees = facts.uses_of(used.of);
        let callee =
            callees.iter().rev().find(|callee| callee.start < used.start && callee.role == Role::Call);
        let targets = callee.map_or_else(Vec::new, |callee| self.use_targets(facts, callee));
        match targets.first() {
            Some(Target::Symbol(callee)) => self.parameter(*callee, &self.names.text(facts, used.name)),
            Some(Target::Module(_)) | None => Vec::new(),
        }
    }

    fn parameter(&self, callee: SymbolId, name: &Rc<str>) -> Vec<Target> {
        let facts = self.facts(callee.file);
        let Some(fact) = facts.doc.symbols().get(callee.index as usize) else { return Vec::new() };
        if fact.kind.has_members() {
            if let Some(Target::Symbol(init)) = self.members(callee, &"__init__".into()).first() {
                return self.parameter(*init, name);
            }
            return self.members(callee, name);
        }
        let mut found = self.named(&facts, name, |parameter| {
            let parameter = &facts.doc.symbols()[parameter];
            parameter.parameter && fact.range.contains(&parameter.name_start)
        });
        found.truncate(1);
        found
    }

    /// The parameters of that number of a function, with their types; the scope of a function is its own.
    pub(super) fn parameter_of(&self, function: SymbolId, number: u32) -> Option<SymbolId> {
        let facts = self.facts(function.file);
        let range = &facts.doc.symbols().get(function.index as usize)?.range;
        let inside = |scope: &crate::symbol::Scope| {
            scope.kind == ScopeKind::Function
                && range.start <= scope.range.start
                && scope.range.end <= range.end
        };
        let scopes = (0u32..).zip(facts.doc.scopes()).filter(|(_, scope)| inside(scope));
        let (scope, _) = scopes.max_by_key(|(_, scope)| scope.range.end - scope.range.start)?;
        nth_parameter(&facts, scope, number)
    }
}

/// The parameter of that number that is bound in a scope.
pub(super) fn nth_parameter(facts: &FileFacts<'_>, scope: u32, number: u32) -> Option<SymbolId> {
    let bound = (0u32..).zip(facts.doc.symbols());
    let mut parameters = bound.filter(|(_, symbol)| symbol.parameter && symbol.scope == scope);
    let (index, _) = parameters.nth(number as usize)?;
    Some(SymbolId { file: facts.file, index })
}

/// Python: of the members that share a name the first is meant or, where they are methods, all of them: a
/// property's parts, overloads.
fn keep_one(facts: &FileFacts<'_>, found: &mut Vec<Target>) {
    let is_method = |target: &Target| matches!(target, Target::Symbol(id) if facts.doc.symbols()[id.index as usize].kind.is_callable());
    if !found.iter().all(is_method) {
        found.truncate(1);
    }
}
