//! A use → its definition, through scopes, imports, and types that the text shows.
//!
//! Nothing here guesses: what cannot be followed step by step is `None`, and the caller falls back
//! to names and says so.

mod modules;

use crate::language::Language;
use crate::snapshot::{FileFacts, FileId, Snapshot, SymbolId};
use crate::symbol::{
    ImportKind, NONE, NameId, Receiver, Role, ScopeKind, SymbolFact, SymbolKind, Use, ValueKind,
};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Steps that one question may take before it counts as unresolvable.
const STEPS: u32 = 200;
/// Files whose facts a resolver keeps decoded.
const CACHED_FILES: usize = 2_000;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Symbol(SymbolId),
    Module(FileId),
}

/// What a bare name is bound to in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    Symbol(u32),
    Import(u32),
}

/// What an expression evaluates to, as far as members go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    /// A class, an instance of it, or a namespace: members are looked up in the symbol.
    Members(SymbolId),
    Module(FileId),
}

/// Answers questions about one snapshot; keeps what it decoded.
pub(crate) struct Resolver<'s> {
    pub(crate) snapshot: &'s Snapshot,
    files: RefCell<FxHashMap<FileId, Rc<FileFacts<'s>>>>,
    imports: RefCell<FxHashMap<(FileId, u32), Option<Target>>>,
    modules: RefCell<FxHashMap<(FileId, String), Option<FileId>>>,
    steps: Cell<u32>,
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            snapshot,
            files: RefCell::default(),
            imports: RefCell::default(),
            modules: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    pub(crate) fn facts(&self, file: FileId) -> Rc<FileFacts<'s>> {
        if let Some(facts) = self.files.borrow().get(&file) {
            return facts.clone();
        }
        let facts = Rc::new(self.snapshot.facts(file));
        let mut files = self.files.borrow_mut();
        if files.len() >= CACHED_FILES {
            files.clear();
        }
        files.insert(file, facts.clone());
        facts
    }

    /// The definition a use resolves to.
    pub(crate) fn resolve(&self, facts: &FileFacts<'s>, used: &Use) -> Option<Target> {
        self.steps.set(0);
        self.use_target(facts, used)
    }

    /// The language, when it is one whose scopes and imports are followed.
    fn followed(facts: &FileFacts<'s>) -> Option<Language> {
        facts.doc.language.filter(|language| language.resolves())
    }

    fn use_target(&self, facts: &FileFacts<'s>, used: &Use) -> Option<Target> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            return None;
        }
        let language = Self::followed(facts)?;
        match used.receiver {
            Receiver::Bare => self.bare_target(facts, used.name, used.start),
            Receiver::This => {
                let class = enclosing_class(facts, used.start)?;
                self.member(SymbolId { file: facts.file, index: class }, &facts.name(used.name))
            }
            Receiver::Super => {
                let class = enclosing_class(facts, used.start)?;
                let name = facts.name(used.name);
                self.bases(facts, class).into_iter().find_map(|base| self.member(base, &name))
            }
            Receiver::Name | Receiver::Call => {
                let thing = self.receiver(facts, used)?;
                self.member_of(thing, &facts.name(used.name))
            }
            Receiver::Keyword => self.keyword(facts, used, language),
            Receiver::Other if used.role == Role::Import => self.imported_name(facts, used),
            Receiver::Other => None,
        }
    }

    /// `name` in `from m import name as alias`.
    fn imported_name(&self, facts: &FileFacts<'s>, used: &Use) -> Option<Target> {
        let after = facts.doc.imports.iter().filter(|import| import.at >= used.start);
        let import = after.filter(|import| import.name == used.name).min_by_key(|import| import.at)?;
        self.exported(self.module(facts, import.module)?, &facts.name(used.name))
    }

    /// The module that is written at an offset: of `a.b.c`, the part up to the offset's name.
    pub(crate) fn module_at(&self, facts: &FileFacts<'s>, offset: u32) -> Option<Target> {
        let language = Self::followed(facts)?;
        for import in
            facts.doc.imports.iter().filter(|import| import.module != NONE && import.module_at <= offset)
        {
            let module = facts.name(import.module);
            let inside = (offset - import.module_at) as usize;
            if inside > module.len() {
                continue;
            }
            if language.is_script() {
                return self.module(facts, import.module).map(Target::Module);
            }
            let end = module[inside..].find('.').map_or(module.len(), |more| inside + more);
            let path = self.snapshot.path(facts.file);
            return modules::python(self.snapshot, path, &module[..end]).map(Target::Module);
        }
        None
    }

    // Bare names.

    fn bare_target(&self, facts: &FileFacts<'s>, name: NameId, at: u32) -> Option<Target> {
        match self.binding(facts, name, at) {
            Some(Binding::Symbol(index)) => Some(Target::Symbol(SymbolId { file: facts.file, index })),
            Some(Binding::Import(index)) => self.import_target(facts, index),
            None => self.star_target(facts, &facts.name(name)),
        }
    }

    /// The innermost binding of a name that is visible at an offset.
    pub(crate) fn binding(&self, facts: &FileFacts<'s>, name: NameId, at: u32) -> Option<Binding> {
        let doc = &facts.doc;
        // Smaller scopes first; in one scope the last definition before the use, else the first.
        let mut best: Option<(u32, bool, u32, Binding)> = None;
        let mut offer = |scope: u32, start: u32, binding: Binding| {
            let Some(range) = doc.scopes.get(scope as usize).map(|scope| &scope.range) else { return };
            if scope != 0 && !range.contains(&at) {
                return;
            }
            let size = range.end - range.start;
            let before = start <= at;
            let better = best.is_none_or(|(best_size, best_before, best_start, _)| {
                (size, !before) < (best_size, !best_before)
                    || (size, before) == (best_size, best_before)
                        && if before { start > best_start } else { start < best_start }
            });
            if better {
                best = Some((size, before, start, binding));
            }
        };
        for (index, symbol) in (0u32..).zip(&doc.symbols) {
            if symbol.name == name && is_visible(facts, symbol, at) {
                offer(symbol.scope, symbol.name_start, Binding::Symbol(index));
            }
        }
        for (index, import) in (0u32..).zip(&doc.imports) {
            if import.alias == name && import.binds() {
                offer(import.scope, import.at, Binding::Import(index));
            }
        }
        best.map(|(.., binding)| binding)
    }

    /// A name that only `from m import *` can have brought.
    fn star_target(&self, facts: &FileFacts<'s>, name: &str) -> Option<Target> {
        let stars = facts.doc.imports.iter().filter(|import| import.kind == ImportKind::Star);
        stars.rev().take(20).find_map(|import| self.exported(self.module(facts, import.module)?, name))
    }

    // Imports.

    pub(crate) fn import_target(&self, facts: &FileFacts<'s>, index: u32) -> Option<Target> {
        let key = (facts.file, index);
        if let Some(known) = self.imports.borrow().get(&key) {
            return *known;
        }
        // An import that leads back to itself resolves to nothing.
        self.imports.borrow_mut().insert(key, None);
        let import = facts.doc.imports.get(index as usize)?;
        let target = match import.kind {
            ImportKind::Module => self.module(facts, import.module).map(Target::Module),
            ImportKind::Name | ImportKind::Default => {
                let name = facts.name(import.name);
                self.module(facts, import.module).and_then(|module| self.exported(module, &name))
            }
            _ => None,
        };
        self.imports.borrow_mut().insert(key, target);
        target
    }

    /// What a module offers under a name.
    fn exported(&self, module: FileId, name: &str) -> Option<Target> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            return None;
        }
        let facts = self.facts(module);
        let language = Self::followed(&facts)?;
        let found = if language.is_script() {
            self.exported_by_statement(&facts, name)
        } else {
            self.bound_at_top(&facts, name)
        };
        found.or_else(|| (!language.is_script()).then(|| self.submodule(module, name))?.map(Target::Module))
    }

    /// Python: every name bound at the top of the module, stars included.
    fn bound_at_top(&self, facts: &FileFacts<'s>, name: &str) -> Option<Target> {
        if let Some(local) = facts.local(name) {
            match self.binding(facts, local, facts.doc.scopes.first().map_or(0, |file| file.range.end)) {
                Some(Binding::Symbol(index)) if facts.doc.symbols[index as usize].scope == 0 => {
                    return Some(Target::Symbol(SymbolId { file: facts.file, index }));
                }
                Some(Binding::Import(index)) if facts.doc.imports[index as usize].scope == 0 => {
                    // `from . import x` in the package that holds the module `x`.
                    let target = self.import_target(facts, index);
                    if target.is_some() {
                        return target;
                    }
                }
                _ => {}
            }
        }
        self.star_target(facts, name)
    }

    /// TypeScript and JavaScript: exported definitions, export clauses, re-exports.
    fn exported_by_statement(&self, facts: &FileFacts<'s>, name: &str) -> Option<Target> {
        let here = |index| Target::Symbol(SymbolId { file: facts.file, index });
        let local = facts.local(name);
        let mut stars = Vec::new();
        for import in &facts.doc.imports {
            let is_named = local.is_some() && import.alias == local.unwrap_or(NONE);
            match import.kind {
                ImportKind::Export if is_named => return self.bare_target(facts, import.name, import.at),
                ImportKind::ReExport if is_named => {
                    return self.exported(self.module(facts, import.module)?, &facts.name(import.name));
                }
                ImportKind::ReExportModule if is_named => {
                    return self.module(facts, import.module).map(Target::Module);
                }
                ImportKind::ReExportStar => stars.push(import.module),
                _ => {}
            }
        }
        let top = |symbol: &&SymbolFact| !symbol.local && symbol.parent == NONE && symbol.scope == 0;
        for (index, symbol) in (0u32..).zip(&facts.doc.symbols) {
            let is_named =
                name == "default" && symbol.default || Some(symbol.name) == local && symbol.exported;
            if is_named && top(&symbol) {
                return Some(here(index));
            }
        }
        stars.into_iter().take(200).find_map(|module| self.exported(self.module(facts, module)?, name))
    }

    /// The file a module specifier names.
    fn module(&self, facts: &FileFacts<'s>, specifier: NameId) -> Option<FileId> {
        let language = Self::followed(facts)?;
        let specifier = facts.name(specifier);
        if specifier.is_empty() {
            return None;
        }
        let key = (facts.file, specifier);
        if let Some(known) = self.modules.borrow().get(&key) {
            return *known;
        }
        let path = self.snapshot.path(facts.file);
        let found = if language.is_script() {
            self.script_module(path, &key.1)
        } else {
            modules::python(self.snapshot, path, &key.1)
        };
        self.modules.borrow_mut().insert(key, found);
        found
    }

    /// Python: the module of that name inside a package.
    fn submodule(&self, package: FileId, name: &str) -> Option<FileId> {
        let folder = self.snapshot.path(package).strip_suffix("/__init__.py")?;
        modules::python_file(self.snapshot, &format!("{folder}/{name}"))
    }

    // Members.

    fn member_of(&self, thing: Thing, name: &str) -> Option<Target> {
        match thing {
            Thing::Members(symbol) => self.member(symbol, name),
            Thing::Module(file) => self.exported(file, name),
        }
    }

    /// A member of a class, interface, enum or namespace, by way of its bases.
    fn member(&self, of: SymbolId, name: &str) -> Option<Target> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            return None;
        }
        let facts = self.facts(of.file);
        let container = facts.doc.symbols.get(of.index as usize)?;
        if let Some(local) = facts.local(name) {
            let mut members = (0u32..)
                .zip(&facts.doc.symbols)
                .filter(|(_, member)| member.parent == of.index && member.name == local && !member.local);
            if let Some((index, _)) = members.next() {
                return Some(Target::Symbol(SymbolId { file: of.file, index }));
            }
        }
        // A type that stands for another: `type A = B`.
        if container.kind == SymbolKind::Interface && container.bases.is_empty() && container.value.is_some()
        {
            return match self.type_of(of)? {
                Thing::Members(other) if other != of => self.member(other, name),
                _ => None,
            };
        }
        self.bases(&facts, of.index).into_iter().find_map(|base| self.member(base, name))
    }

    /// The classes that a class names as its bases, where they resolve.
    fn bases(&self, facts: &FileFacts<'s>, class: u32) -> Vec<SymbolId> {
        let Some(symbol) = facts.doc.symbols.get(class as usize) else { return Vec::new() };
        let own = SymbolId { file: facts.file, index: class };
        let bases = symbol.bases.iter().take(16);
        bases
            .filter_map(|at| match self.at(facts, *at)? {
                Target::Symbol(base) if base != own => Some(base),
                Target::Symbol(_) | Target::Module(_) => None,
            })
            .collect()
    }

    /// What the name at a position (a use, or a definition's own name) stands for.
    pub(crate) fn at(&self, facts: &FileFacts<'s>, position: u32) -> Option<Target> {
        if let Some(used) = facts.use_starting(position) {
            return self.use_target(facts, used);
        }
        // A parameter property is two symbols at one place: the variable says what both hold.
        let defined = (0u32..).zip(&facts.doc.symbols).filter(|(_, symbol)| symbol.name_start == position);
        let (index, _) = defined.max_by_key(|(_, symbol)| symbol.local)?;
        Some(Target::Symbol(SymbolId { file: facts.file, index }))
    }

    /// What stands before the dot of a use.
    fn receiver(&self, facts: &FileFacts<'s>, used: &Use) -> Option<Thing> {
        let is_call = used.receiver == Receiver::Call;
        let before = facts.uses_of(used.of);
        let before = &before[..before.partition_point(|before| before.start < used.start)];
        let before = before.iter().rev().find(|before| !is_call || before.role == Role::Call)?;
        let target = self.use_target(facts, before)?;
        if is_call { self.called(target) } else { self.thing(target) }
    }

    /// What a target's members are looked up in.
    fn thing(&self, target: Target) -> Option<Thing> {
        let symbol = match target {
            Target::Module(file) => return Some(Thing::Module(file)),
            Target::Symbol(symbol) => symbol,
        };
        let kind = self.facts(symbol.file).doc.symbols.get(symbol.index as usize)?.kind;
        match kind {
            SymbolKind::Class | SymbolKind::Enum | SymbolKind::Interface | SymbolKind::Namespace => {
                Some(Thing::Members(symbol))
            }
            _ => self.type_of(symbol),
        }
    }

    /// What calling a target gives.
    fn called(&self, target: Target) -> Option<Thing> {
        let Target::Symbol(symbol) = target else { return None };
        let facts = self.facts(symbol.file);
        let fact = facts.doc.symbols.get(symbol.index as usize)?;
        match fact.kind {
            SymbolKind::Class => Some(Thing::Members(symbol)),
            // Only what the text says: a return annotation.
            kind if kind.is_callable() => self.type_of(symbol),
            _ => None,
        }
    }

    /// The type of what a symbol holds (of a function: what it returns).
    fn type_of(&self, symbol: SymbolId) -> Option<Thing> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            return None;
        }
        let facts = self.facts(symbol.file);
        let value = facts.doc.symbols.get(symbol.index as usize)?.value?;
        let target = self.at(&facts, value.at)?;
        if target == Target::Symbol(symbol) {
            return None;
        }
        match value.kind {
            ValueKind::Annotation | ValueKind::Alias => self.thing(target),
            ValueKind::Call => self.called(target),
        }
    }

    /// The parameter (or field of a record class) that a keyword argument names.
    fn keyword(&self, facts: &FileFacts<'s>, used: &Use, language: Language) -> Option<Target> {
        if language != Language::Python {
            return None;
        }
        let callees = facts.uses_of(used.of);
        let callee =
            callees.iter().rev().find(|callee| callee.start < used.start && callee.role == Role::Call)?;
        let Target::Symbol(callee) = self.use_target(facts, callee)? else { return None };
        self.parameter(callee, &facts.name(used.name))
    }

    fn parameter(&self, callee: SymbolId, name: &str) -> Option<Target> {
        let facts = self.facts(callee.file);
        let fact = facts.doc.symbols.get(callee.index as usize)?;
        if fact.kind.has_members() {
            if let Some(Target::Symbol(init)) = self.member(callee, "__init__") {
                return self.parameter(init, name);
            }
            return self.member(callee, name);
        }
        let local = facts.local(name)?;
        let parameter = (0u32..).zip(&facts.doc.symbols).find(|(_, symbol)| {
            symbol.parameter && symbol.name == local && fact.range.contains(&symbol.name_start)
        });
        parameter.map(|(index, _)| Target::Symbol(SymbolId { file: callee.file, index }))
    }
}

/// Whether a symbol can be reached by its bare name from an offset within its scope.
fn is_visible(facts: &FileFacts<'_>, symbol: &SymbolFact, at: u32) -> bool {
    let Some(scope) = facts.doc.scopes.get(symbol.scope as usize) else { return false };
    if symbol.kind.is_member() || scope.kind == ScopeKind::Class {
        // Members are seen by bare name only directly in the class body, and only in Python.
        if facts.doc.language != Some(Language::Python) {
            return symbol.kind == SymbolKind::TypeParameter;
        }
        let inside = |inner: &SymbolFact| {
            inner.kind.is_callable()
                && inner.range.start >= scope.range.start
                && inner.range.end <= scope.range.end
                && inner.signature_end <= at
                && inner.range.contains(&at)
        };
        return scope.kind == ScopeKind::Class
            && scope.range.contains(&at)
            && !facts.doc.symbols.iter().any(|inner| !inner.local && inside(inner));
    }
    true
}

/// The innermost class around an offset.
fn enclosing_class(facts: &FileFacts<'_>, at: u32) -> Option<u32> {
    let around = |symbol: &SymbolFact| {
        matches!(symbol.kind, SymbolKind::Class | SymbolKind::Interface)
            && !symbol.local
            && symbol.range.contains(&at)
    };
    let classes = (0u32..).zip(&facts.doc.symbols).filter(|(_, symbol)| around(symbol));
    classes.min_by_key(|(_, symbol)| symbol.range.end - symbol.range.start).map(|(index, _)| index)
}
