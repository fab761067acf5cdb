//! Where a symbol is defined, used and called from.

use crate::filter::Filter;
use crate::language::Language;
use crate::resolve::{Resolver, Target};
use crate::snapshot::{FileFacts, FileId, Snapshot, Symbol, SymbolId};
use crate::symbol::{ImportKind, NONE, Receiver, Role, SymbolKind, Use};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// Uses of one name that are resolved; past it they count by name.
const RESOLVE_LIMIT: usize = 20_000;
/// Candidates that a definition by name offers.
const CANDIDATES: usize = 20;

/// How an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// Followed through scopes, imports and types.
    Resolved,
    /// The name is the same; no more is known.
    ByName,
}

impl Certainty {
    /// As the command line and JSON write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::ByName => "by-name",
        }
    }
}

/// One use of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub path: String,
    /// The name, in bytes.
    pub range: Range<u32>,
    pub role: Role,
    pub certainty: Certainty,
    /// Of the snapshot that was asked.
    pub(crate) file: FileId,
}

/// Where a use leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub place: Place,
    pub certainty: Certainty,
}

/// What a use names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Symbol(Symbol),
    /// A whole file, as an imported module is.
    Module {
        path: String,
    },
}

/// One call between two functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The other function: the caller of a call into, the callee of a call out of.
    pub symbol: Symbol,
    /// Where the call stands.
    pub path: String,
    pub range: Range<u32>,
    pub certainty: Certainty,
    /// Calls between the function asked about and this one; 1 for direct ones.
    pub depth: u32,
}

/// What `references` is asked about.
struct Asked {
    symbol: Target,
    /// Of a constructor, the class that it makes instances of.
    class: Option<Target>,
}

impl Asked {
    /// Whether targets have what is asked about, or the class that stands for it.
    fn is_named(&self, found: &[Target]) -> bool {
        found.contains(&self.symbol) || self.class.is_some_and(|class| found.contains(&class))
    }

    /// Whether a use with these targets is one of what is asked about: of a class, only its calls are.
    fn is_meant(&self, used: &Use, found: &[Target]) -> bool {
        found.contains(&self.symbol) || used.role == Role::Call && self.is_named(found)
    }
}

impl Snapshot {
    /// The symbol whose name stands at a byte offset, when a definition does.
    #[must_use]
    pub fn symbol_at(&self, path: &str, offset: u32) -> Option<Symbol> {
        let facts = self.facts(self.file(path)?);
        let at = |index: &u32| {
            let symbol = self.symbol(&facts, *index);
            symbol.name_range.contains(&offset) || symbol.name_range.end == offset
        };
        let near = (0u32..).zip(facts.doc.symbols()).filter(|(_, symbol)| symbol.name_start <= offset);
        let near = near.filter(|(_, symbol)| offset - symbol.name_start <= 256).map(|(index, _)| index);
        let index = near.filter(at).max_by_key(|index| facts.doc.symbols()[*index as usize].name_start)?;
        Some(self.symbol(&facts, index))
    }

    /// What the name at a byte offset means: what it resolves to (each of the overloads of a function or of the
    /// members of a union), else the likeliest definitions of that name. Empty when no name stands there.
    #[must_use]
    pub fn definition(&self, path: &str, offset: u32) -> Vec<Definition> {
        let Some(file) = self.file(path) else { return Vec::new() };
        let resolver = Resolver::new(self);
        let facts = resolver.facts(file);
        let resolved = |place| Definition { place, certainty: Certainty::Resolved };
        let uses = uses_at(&facts, offset);
        for used in &uses {
            let targets = resolver.resolve(&facts, used);
            if !targets.is_empty() {
                return targets.into_iter().map(|target| resolved(self.place(&resolver, target))).collect();
            }
        }
        // What a pattern binds is a definition, whether or not it is known of what.
        if let Some(symbol) = self.symbol_at(path, offset) {
            return vec![resolved(Place::Symbol(symbol))];
        }
        let Some(used) = uses.first() else {
            let module = resolver.module_at(&facts, offset);
            return module.map(|module| resolved(self.place(&resolver, module))).into_iter().collect();
        };
        let mut symbols = self.named(&facts.name(used.name), &Filter::default());
        let language = self.meta(file).language;
        symbols.sort_by_key(|symbol| {
            let other = self.file(&symbol.path).and_then(|other| self.meta(other).language);
            let fits = fits(used, symbol.kind, language);
            (other != language, !fits, symbol.path != path, std::cmp::Reverse(common(&symbol.path, path)))
        });
        symbols.truncate(CANDIDATES);
        let by_name = |symbol| Definition { place: Place::Symbol(symbol), certainty: Certainty::ByName };
        symbols.into_iter().map(by_name).collect()
    }

    fn place(&self, resolver: &Resolver<'_>, target: Target) -> Place {
        match target {
            Target::Symbol(id) => Place::Symbol(self.symbol(&resolver.facts(id.file), id.index)),
            Target::Module(file) => Place::Module { path: self.path(file).to_owned() },
        }
    }

    /// The uses of a symbol: those that resolve to it, then those that may be it by name. Uses
    /// that resolve to something else are left out.
    #[must_use]
    pub fn references(&self, symbol: &Symbol, filter: &Filter) -> Vec<Reference> {
        let mut found = Vec::new();
        self.visit_references(symbol, filter, &mut |facts, used, certainty| {
            found.push(self.reference(facts, used, certainty));
        });
        found.sort_by(|a, b| {
            (a.certainty, &a.path, a.range.start).cmp(&(b.certainty, &b.path, b.range.start))
        });
        // A name that is read and a key at once is two uses at one place.
        let mut seen: FxHashSet<(&str, u32)> = FxHashSet::default();
        let keep: Vec<bool> = found.iter().map(|one| seen.insert((&one.path, one.range.start))).collect();
        let mut keep = keep.into_iter();
        found.retain(|_| keep.next().unwrap_or(true));
        found
    }

    /// All uses of a name, whatever they mean, in path order.
    #[must_use]
    pub fn uses_of_name(&self, name: &str, filter: &Filter) -> Vec<Reference> {
        let resolver = Resolver::new(self);
        let mut found = Vec::new();
        for (file, term) in self.files_with(name, filter) {
            let facts = resolver.facts(file);
            let Some(local) = facts.local_of(term) else { continue };
            let uses = facts.uses_of(local);
            found.extend(uses.iter().map(|used| self.reference(&facts, used, Certainty::ByName)));
        }
        found.sort_by(|a, b| (&a.path, a.range.start).cmp(&(&b.path, b.range.start)));
        found.dedup_by(|a, b| (&a.path, a.range.start) == (&b.path, b.range.start));
        found
    }

    fn reference(&self, facts: &FileFacts<'_>, used: &Use, certainty: Certainty) -> Reference {
        Reference {
            path: self.path(facts.file).to_owned(),
            range: used.start..used.start + facts.name_len(used.name),
            role: used.role,
            certainty,
            file: facts.file,
        }
    }

    /// The innermost symbol that a use stands in; `None` at the top of the file. The reference must
    /// come from this snapshot.
    #[must_use]
    pub fn enclosing(&self, reference: &Reference) -> Option<Symbol> {
        let facts = self.facts(reference.file);
        let within = facts.enclosing(reference.range.start);
        (within != NONE).then(|| self.symbol(&facts, within))
    }

    /// The files that have a name, with their segment's number for it.
    fn files_with<'a>(&'a self, name: &str, filter: &'a Filter) -> Vec<(FileId, u32)> {
        let mut files = Vec::new();
        for (part, held) in (0u32..).zip(self.parts()) {
            let Some(term) = held.segment.term(name) else { continue };
            for (doc, _) in held.segment.postings(term).filter(|(doc, _)| held.live.has(*doc)) {
                let file = FileId { part, doc };
                if filter.admits_file(self.path(file), self.meta(file).language) {
                    files.push((file, term));
                }
            }
        }
        files
    }

    fn visit_references<'s>(
        &'s self,
        symbol: &Symbol,
        filter: &Filter,
        each: &mut dyn FnMut(&FileFacts<'s>, &Use, Certainty),
    ) {
        let resolver = Resolver::new(self);
        let mut resolved = 0;
        let class = self.constructed(symbol);
        let asked = Asked {
            symbol: Target::Symbol(symbol.id),
            class: class.as_ref().map(|class| Target::Symbol(class.id)),
        };
        // The name, what makes instances of it, and what these are exported as.
        let mut names: Vec<String> = class.into_iter().map(|class| class.name).collect();
        names.push(symbol.name.clone());
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            at += 1;
            let is_own = name == symbol.name;
            for (file, term) in self.files_with(&name, filter) {
                if symbol.local && file != symbol.id.file {
                    continue;
                }
                let facts = resolver.facts(file);
                let Some(local) = facts.local_of(term) else { continue };
                for used in &*facts.uses_of(local) {
                    resolved += 1;
                    let past = resolved > RESOLVE_LIMIT;
                    let found = if past { Vec::new() } else { resolver.resolve(&facts, used) };
                    if asked.is_meant(used, &found) {
                        each(&facts, used, Certainty::Resolved);
                    } else if found.is_empty()
                        && is_own
                        && !symbol.local
                        && fits(used, symbol.kind, facts.doc.language)
                    {
                        each(&facts, used, Certainty::ByName);
                    }
                }
                if !symbol.local {
                    self.visit_renamed(&resolver, &facts, local, &asked, &mut names, each);
                }
            }
        }
    }

    /// The uses of the targets under the names that a file imports them as; names that it exports them as are
    /// noted.
    fn visit_renamed<'s>(
        &'s self,
        resolver: &Resolver<'s>,
        facts: &FileFacts<'s>,
        local: u32,
        asked: &Asked,
        names: &mut Vec<String>,
        each: &mut dyn FnMut(&FileFacts<'s>, &Use, Certainty),
    ) {
        for (index, import) in (0u32..).zip(facts.doc.imports()) {
            if import.name != local || import.alias == local || import.alias == NONE {
                continue;
            }
            match import.kind {
                ImportKind::Name | ImportKind::Default
                    if asked.is_named(&resolver.imported(facts, index)) =>
                {
                    for used in &*facts.uses_of(import.alias) {
                        if asked.is_meant(used, &resolver.resolve(facts, used)) {
                            each(facts, used, Certainty::Resolved);
                        }
                    }
                }
                ImportKind::Export | ImportKind::ReExport => {
                    let alias = facts.name(import.alias);
                    let exported = resolver.exported_as(facts, &alias.as_str().into());
                    if asked.is_named(&exported) && !names.contains(&alias) {
                        names.push(alias);
                    }
                }
                _ => {}
            }
        }
    }

    /// The class that a constructor makes instances of.
    fn constructed(&self, symbol: &Symbol) -> Option<Symbol> {
        if symbol.kind != SymbolKind::Constructor {
            return None;
        }
        let facts = self.facts(symbol.id.file);
        let parent = facts.doc.symbols().get(symbol.id.index as usize)?.parent;
        (parent != NONE).then(|| self.symbol(&facts, parent))
    }

    /// The functions that call a function, and their callers, to a depth.
    #[must_use]
    pub fn callers(&self, symbol: &Symbol, depth: u32, filter: &Filter) -> Vec<Call> {
        self.call_graph(symbol, depth, &|of, level| {
            let mut calls = Vec::new();
            self.visit_references(of, filter, &mut |facts, used, certainty| {
                let caller = facts.enclosing(used.start);
                if used.role == Role::Call && caller != NONE {
                    calls.push(Call {
                        symbol: self.symbol(facts, caller),
                        path: self.path(facts.file).to_owned(),
                        range: used.start..used.start + facts.name_len(used.name),
                        certainty,
                        depth: level,
                    });
                }
            });
            calls.sort_by_key(|call| call.certainty);
            calls
        })
    }

    /// The functions that a function calls, and what they call, to a depth.
    #[must_use]
    pub fn callees(&self, symbol: &Symbol, depth: u32, filter: &Filter) -> Vec<Call> {
        let resolver = Resolver::new(self);
        self.call_graph(symbol, depth, &|of, level| {
            let facts = resolver.facts(of.id.file);
            let inside = |used: &&Use| used.role == Role::Call && of.range.contains(&used.start);
            let mut calls = Vec::new();
            let mut uses: Vec<&Use> = facts.uses().iter().filter(inside).collect();
            uses.sort_unstable_by_key(|used| used.start);
            for used in uses {
                let range = used.start..used.start + facts.name_len(used.name);
                let mut add = |symbol: Symbol, certainty| {
                    if filter.admits_file(&symbol.path, None) || filter.language.is_some() {
                        calls.push(Call {
                            symbol,
                            path: of.path.clone(),
                            range: range.clone(),
                            certainty,
                            depth: level,
                        });
                    }
                };
                match resolver.resolve(&facts, used).first().copied() {
                    Some(Target::Symbol(id)) => {
                        add(self.symbol(&resolver.facts(id.file), id.index), Certainty::Resolved);
                    }
                    Some(Target::Module(_)) => {}
                    None => {
                        // By name only where the name is unmistakable.
                        let mut named = self.named(&facts.name(used.name), filter);
                        named.retain(|symbol| fits(used, symbol.kind, facts.doc.language));
                        if let [only] = named.as_slice() {
                            add(only.clone(), Certainty::ByName);
                        }
                    }
                }
            }
            calls
        })
    }

    fn call_graph(&self, symbol: &Symbol, depth: u32, step: &dyn Fn(&Symbol, u32) -> Vec<Call>) -> Vec<Call> {
        let mut seen: FxHashSet<SymbolId> = FxHashSet::default();
        seen.insert(symbol.id);
        let mut calls = Vec::new();
        let mut front = vec![symbol.clone()];
        for level in 1..=depth.min(16) {
            let mut next = Vec::new();
            for of in &front {
                for call in step(of, level) {
                    if seen.insert(call.symbol.id) {
                        // Guesses are shown but not followed.
                        if call.certainty == Certainty::Resolved {
                            next.push(call.symbol.clone());
                        }
                        calls.push(call);
                    } else if level == 1 && call.symbol.id != symbol.id {
                        calls.push(call);
                    }
                }
                if calls.len() > RESOLVE_LIMIT {
                    return calls;
                }
            }
            front = next;
        }
        calls
    }
}

/// The uses whose name spans an offset: two where a name is read and a key at once.
fn uses_at(facts: &FileFacts<'_>, offset: u32) -> Vec<Use> {
    let spans = |used: &&Use| used.start <= offset && offset <= used.start + facts.name_len(used.name);
    // Where one name ends and the next begins, the next is meant.
    let near = facts.uses().iter().filter(|used| used.start <= offset && offset - used.start <= 256);
    let near: Vec<Use> = near.filter(spans).copied().collect();
    let start = near.iter().map(|used| used.start).max();
    near.into_iter().filter(|used| Some(used.start) == start).collect()
}

/// Whether a use can mean a symbol of that kind, as far as its form tells.
fn fits(used: &Use, kind: SymbolKind, language: Option<Language>) -> bool {
    // There `this.` may be left out, and C's enumerators stand alone: a bare name may be a member's.
    let implicit = matches!(language, Some(Language::C | Language::Cpp | Language::Java));
    let by_member = !matches!(used.receiver, Receiver::Bare | Receiver::Keyword)
        || (implicit && used.receiver == Receiver::Bare);
    match used.role {
        Role::Type => !kind.is_callable() && (by_member || !kind.is_member()),
        _ if by_member => true,
        Role::Import => !kind.is_member(),
        _ => !kind.is_member(),
    }
}

/// Length of the common beginning of two paths.
fn common(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests;
