//! A use → its definitions, through scopes, imports, and types that the text shows.
//!
//! Nothing here guesses: what cannot be followed step by step leads nowhere, and the caller falls back
//! to names and says so. Several definitions mean that each of them is meant: the overloads of a function,
//! a type and a value of one name that are imported together, the members of a union.

mod imports;
mod known;
mod members;
mod modules;
mod names;
mod types;

use crate::language::Language;
use crate::snapshot::{FileFacts, FileId, Snapshot, SymbolId};
use crate::symbol::{NameId, Receiver, Role, ScopeKind, SymbolFact, SymbolKind, Use};
use known::{Known, Pending};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use types::Thing;

/// Steps that one question may take before it counts as unresolvable, and how many may hang on each other.
const STEPS: u32 = 4_000;
const DEPTH: u32 = 100;
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
enum Binding {
    Symbol(u32),
    Import(u32),
}

/// Which of the things that share a name is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Type,
    Value,
    Any,
}

impl Meaning {
    fn of(role: Role) -> Self {
        match role {
            Role::Type => Self::Type,
            Role::Import => Self::Any,
            Role::Read | Role::Call | Role::Write => Self::Value,
        }
    }

    fn admits(self, symbol: &SymbolFact) -> bool {
        match self {
            Self::Any => true,
            Self::Type => !matches!(
                symbol.kind,
                SymbolKind::Function | SymbolKind::Variable | SymbolKind::Constant | SymbolKind::Method
            ),
            Self::Value => !matches!(symbol.kind, SymbolKind::Interface | SymbolKind::TypeParameter),
        }
    }
}

/// The files that something leads to.
type Files<K> = FxHashMap<K, Option<FileId>>;

/// Answers questions about one snapshot; keeps what it decoded.
pub(crate) struct Resolver<'s> {
    pub(crate) snapshot: &'s Snapshot,
    files: RefCell<FxHashMap<FileId, Rc<FileFacts<'s>>>>,
    names: names::Names,
    imports: Known<(FileId, u32), Target>,
    exports: Known<(FileId, Rc<str>), Target>,
    members: Known<(SymbolId, Rc<str>), Target>,
    modules: RefCell<Files<(FileId, NameId)>>,
    /// By folder.
    configs: RefCell<Files<String>>,
    /// By configuration and specifier.
    packages: RefCell<Files<(Option<FileId>, String)>>,
    types: Known<SymbolId, Thing>,
    pending: Pending,
    steps: Cell<u32>,
    depth: Cell<u32>,
}

impl<'s> Resolver<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            snapshot,
            files: RefCell::default(),
            names: names::Names::default(),
            imports: Known::default(),
            exports: Known::default(),
            members: Known::default(),
            modules: RefCell::default(),
            configs: RefCell::default(),
            packages: RefCell::default(),
            types: Known::default(),
            pending: Pending::default(),
            steps: Cell::new(0),
            depth: Cell::new(0),
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

    /// The definitions a use resolves to, the likeliest first; none when it does not resolve.
    pub(crate) fn resolve(&self, facts: &FileFacts<'s>, used: &Use) -> Vec<Target> {
        self.restart();
        self.use_targets(facts, used)
    }

    /// Another question begins.
    fn restart(&self) {
        self.steps.set(0);
        self.depth.set(0);
    }

    /// One step further, unless there were too many.
    fn step<T: Default>(&self, further: impl FnOnce() -> T) -> T {
        self.steps.set(self.steps.get() + 1);
        if self.depth.get() >= DEPTH {
            self.steps.set(STEPS + 1);
        }
        if self.is_exhausted() {
            return T::default();
        }
        self.depth.set(self.depth.get() + 1);
        let found = further();
        self.depth.set(self.depth.get() - 1);
        found
    }

    /// Whether what was found last may lack what more steps would have found.
    fn is_exhausted(&self) -> bool {
        self.steps.get() > STEPS
    }

    /// The language, when it is one whose scopes and imports are followed.
    fn followed(facts: &FileFacts<'s>) -> Option<Language> {
        facts.doc.language.filter(|language| language.resolves())
    }

    fn use_targets(&self, facts: &FileFacts<'s>, used: &Use) -> Vec<Target> {
        let Some(language) = Self::followed(facts) else { return Vec::new() };
        self.step(|| match used.receiver {
            Receiver::Bare => self.bare(facts, used.name, used.start, Meaning::of(used.role)),
            Receiver::Keyword => self.keyword(facts, used, language),
            Receiver::Other if used.role == Role::Import => self.imported_name(facts, used),
            Receiver::This | Receiver::Super | Receiver::Name | Receiver::Call | Receiver::Other => {
                let name = self.names.text(facts, used.name);
                let meaning = Meaning::of(used.role);
                let mut found = Vec::new();
                for thing in self.receivers(facts, used) {
                    add(&mut found, self.members_of(thing, &name, meaning));
                    // Python asks one base after the other.
                    if used.receiver == Receiver::Super && !language.is_script() && !found.is_empty() {
                        break;
                    }
                }
                found
            }
        })
    }

    /// The symbol whose own name stands at a position.
    fn defined_at(&self, facts: &FileFacts<'s>, position: u32) -> Option<SymbolId> {
        // A parameter property is two symbols at one place: the variable says what both hold.
        let defined = (0u32..).zip(facts.doc.symbols()).filter(|(_, symbol)| symbol.name_start == position);
        let (index, _) = defined.max_by_key(|(_, symbol)| symbol.local)?;
        Some(SymbolId { file: facts.file, index })
    }

    // Bare names.

    fn bare(&self, facts: &FileFacts<'s>, name: NameId, at: u32, meaning: Meaning) -> Vec<Target> {
        let mut found = Vec::new();
        let bindings = bindings(facts, name, at, meaning);
        for binding in &bindings {
            match *binding {
                Binding::Symbol(index) => {
                    add(&mut found, [Target::Symbol(SymbolId { file: facts.file, index })]);
                }
                Binding::Import(index) => {
                    add(&mut found, self.meant(&self.import_targets(facts, index), meaning));
                }
            }
        }
        if bindings.is_empty() {
            self.star_targets(facts, &self.names.text(facts, name), meaning)
        } else {
            found
        }
    }

    /// Those of the targets that can be meant, if any can; else all.
    fn meant(&self, targets: &[Target], meaning: Meaning) -> Vec<Target> {
        let admits = |target: &&Target| match target {
            Target::Module(_) => true,
            Target::Symbol(id) => {
                let facts = self.facts(id.file);
                facts.doc.symbols().get(id.index as usize).is_some_and(|symbol| meaning.admits(symbol))
            }
        };
        if meaning == Meaning::Any || targets.len() < 2 || !targets.iter().any(|target| admits(&target)) {
            return targets.to_vec();
        }
        targets.iter().filter(admits).copied().collect()
    }
}

/// Adds what is not there yet.
fn add<T: PartialEq>(found: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for one in more {
        if !found.contains(&one) {
            found.push(one);
        }
    }
}

/// What a name is bound to in the innermost scope that binds it and is visible at an offset. In Python that is
/// the last binding before the offset, else the first; elsewhere all of a scope's hold at once, and those
/// of the wanted meaning come before others.
fn bindings(facts: &FileFacts<'_>, name: NameId, at: u32, meaning: Meaning) -> Vec<Binding> {
    let doc = &facts.doc;
    let is_script = doc.language.is_some_and(Language::is_script);
    let named = facts.symbols_named(name);
    let imports = (0u32..).zip(doc.imports()).filter(|(_, import)| import.alias == name && import.binds());
    if named.is_empty() {
        // So it is as a rule, and the scopes need not be known.
        let mut imports = imports.clone();
        match (imports.next(), imports.next()) {
            (None, _) => return Vec::new(),
            (Some((index, import)), None) if import.scope == 0 => return vec![Binding::Import(index)],
            _ => {}
        }
    }
    // (meant otherwise, scope's size, after the use, distance, binding); the least is the best.
    let mut offers: Vec<(bool, u32, bool, u32, Binding)> = Vec::new();
    let mut offer = |scope: u32, start: u32, meant: bool, binding: Binding| {
        let Some(range) = doc.scopes().get(scope as usize).map(|scope| &scope.range) else { return };
        if scope == 0 || range.contains(&at) {
            let rank = if start <= at { at - start } else { start };
            offers.push((!meant, range.end - range.start, start > at, rank, binding));
        }
    };
    for index in named {
        let symbol = &doc.symbols()[*index as usize];
        if is_visible(facts, symbol, at) {
            offer(
                symbol.scope,
                symbol.name_start,
                !is_script || meaning.admits(symbol),
                Binding::Symbol(*index),
            );
        }
    }
    for (index, import) in imports {
        offer(import.scope, import.at, true, Binding::Import(index));
    }
    offers.sort_by_key(|(other, size, after, distance, _)| (*other, *size, *after, *distance));
    let Some(best) = offers.first().copied() else { return Vec::new() };
    let kept = if is_script { offers.len() } else { 1 };
    let same = offers.into_iter().take(kept).filter(|offer| (offer.0, offer.1) == (best.0, best.1));
    same.map(|(.., binding)| binding).collect()
}

/// Whether a symbol can be reached by its bare name from an offset within its scope.
fn is_visible(facts: &FileFacts<'_>, symbol: &SymbolFact, at: u32) -> bool {
    let Some(scope) = facts.doc.scopes().get(symbol.scope as usize) else { return false };
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
            && !facts.doc.symbols().iter().any(|inner| !inner.local && inside(inner));
    }
    true
}

/// The innermost class around an offset.
fn enclosing_class(facts: &FileFacts<'_>, at: u32) -> Option<SymbolId> {
    let around = |symbol: &SymbolFact| {
        matches!(symbol.kind, SymbolKind::Class | SymbolKind::Interface)
            && !symbol.local
            && symbol.range.contains(&at)
    };
    let classes = (0u32..).zip(facts.doc.symbols()).filter(|(_, symbol)| around(symbol));
    let (index, _) = classes.min_by_key(|(_, symbol)| symbol.range.end - symbol.range.start)?;
    Some(SymbolId { file: facts.file, index })
}
