//! What imports bind and modules export.

use super::{Binding, Meaning, Resolver, Target, add, bindings, modules};
use crate::language::Language;
use crate::snapshot::{FileFacts, FileId, SymbolId};
use crate::symbol::{ImportKind, NONE, NameId, SymbolFact, Use};
use std::rc::Rc;

impl<'s> Resolver<'s> {
    /// `name` in `from m import name as alias`.
    pub(super) fn imported_name(&self, facts: &FileFacts<'s>, used: &Use) -> Vec<Target> {
        let after = facts.doc.imports().iter().filter(|import| import.at >= used.start);
        let import = after.filter(|import| import.name == used.name).min_by_key(|import| import.at);
        let module = import.and_then(|import| self.module(facts, import.module));
        module.map_or_else(Vec::new, |module| {
            self.exported(module, &self.names.text(facts, used.name), Meaning::Any)
        })
    }

    /// The module that is written at an offset: of `a.b.c`, the part up to the offset's name.
    pub(crate) fn module_at(&self, facts: &FileFacts<'s>, offset: u32) -> Option<Target> {
        let language = Self::followed(facts)?;
        for import in
            facts.doc.imports().iter().filter(|import| import.module != NONE && import.module_at <= offset)
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

    /// A name that only `from m import *` can have brought.
    pub(super) fn star_targets(
        &self,
        facts: &FileFacts<'s>,
        name: &Rc<str>,
        meaning: Meaning,
    ) -> Vec<Target> {
        let stars = facts.doc.imports().iter().filter(|import| import.kind == ImportKind::Star);
        let modules = stars.rev().take(20).filter_map(|import| self.module(facts, import.module));
        modules
            .map(|module| self.exported(module, name, meaning))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// What the import of that number binds its alias to, whatever is meant by it.
    pub(crate) fn imported(&self, facts: &FileFacts<'s>, index: u32) -> Rc<[Target]> {
        self.restart();
        self.import_targets(facts, index)
    }

    pub(super) fn import_targets(&self, facts: &FileFacts<'s>, index: u32) -> Rc<[Target]> {
        self.known(&self.imports, (facts.file, index), || {
            let import = facts.doc.imports().get(index as usize);
            let module = import.and_then(|import| self.module(facts, import.module));
            match (import, module) {
                (Some(import), Some(module)) if import.kind == ImportKind::Module => {
                    vec![Target::Module(module)]
                }
                (Some(import), Some(module))
                    if matches!(import.kind, ImportKind::Name | ImportKind::Default) =>
                {
                    self.exported(module, &self.names.text(facts, import.name), Meaning::Any)
                }
                _ => Vec::new(),
            }
        })
    }

    /// What a file of TypeScript or JavaScript exports under a name.
    pub(crate) fn exported_as(&self, facts: &FileFacts<'s>, name: &Rc<str>) -> Vec<Target> {
        self.restart();
        if Self::followed(facts).is_some_and(Language::is_script) {
            self.exported_by_statement(facts, name)
        } else {
            Vec::new()
        }
    }

    /// What a module offers under a name.
    pub(super) fn exported(&self, module: FileId, name: &Rc<str>, meaning: Meaning) -> Vec<Target> {
        self.step(|| {
            let facts = self.facts(module);
            let Some(language) = Self::followed(&facts) else { return Vec::new() };
            let found = self.known(&self.exports, (module, name.clone()), || {
                if language.is_script() {
                    return self.exported_by_statement(&facts, name);
                }
                let found = self.bound_at_top(&facts, name);
                if found.is_empty() {
                    return self.submodule(module, name).into_iter().map(Target::Module).collect();
                }
                found
            });
            if language.is_script() { self.meant(&found, meaning) } else { found.to_vec() }
        })
    }

    /// Python: every name bound at the top of the module, stars included.
    fn bound_at_top(&self, facts: &FileFacts<'s>, name: &Rc<str>) -> Vec<Target> {
        if let Some(local) = self.names.local(facts, name) {
            let end = facts.doc.scopes().first().map_or(0, |file| file.range.end);
            match bindings(facts, local, end, Meaning::Any).first() {
                Some(Binding::Symbol(index)) if facts.doc.symbols()[*index as usize].scope == 0 => {
                    return vec![Target::Symbol(SymbolId { file: facts.file, index: *index })];
                }
                Some(Binding::Import(index)) if facts.doc.imports()[*index as usize].scope == 0 => {
                    // `from . import x` in the package that holds the module `x`.
                    let targets = self.import_targets(facts, *index);
                    if !targets.is_empty() {
                        return targets.to_vec();
                    }
                }
                _ => {}
            }
        }
        self.star_targets(facts, name, Meaning::Any)
    }

    /// TypeScript and JavaScript: what the file exports under the name itself, else what its stars do.
    fn exported_by_statement(&self, facts: &FileFacts<'s>, name: &Rc<str>) -> Vec<Target> {
        let is_default = &**name == "default";
        let local = self.names.local(facts, name);
        let (mut found, mut is_own) = (Vec::new(), false);
        for import in facts.doc.imports().iter().filter(|import| local == Some(import.alias)) {
            let module = || self.module(facts, import.module);
            match import.kind {
                ImportKind::Export => {
                    add(&mut found, self.bare(facts, import.name, import.at, Meaning::Any));
                }
                ImportKind::ReExport => {
                    let name = self.names.text(facts, import.name);
                    let exported = |module| self.exported(module, &name, Meaning::Any);
                    add(&mut found, module().into_iter().flat_map(exported));
                }
                ImportKind::ReExportModule => add(&mut found, module().map(Target::Module)),
                _ => continue,
            }
            is_own = true;
        }
        let top = |symbol: &SymbolFact| !symbol.local && symbol.parent == NONE && symbol.scope == 0;
        let mut offer = |index: u32, is_named: &dyn Fn(&SymbolFact) -> bool| {
            let symbol = &facts.doc.symbols()[index as usize];
            if is_named(symbol) && top(symbol) {
                add(&mut found, [Target::Symbol(SymbolId { file: facts.file, index })]);
                is_own = true;
            }
        };
        let named = local.map_or(&[][..], |local| facts.symbols_named(local));
        named.iter().for_each(|index| offer(*index, &|symbol| symbol.exported));
        if is_default {
            let all = 0..crate::extract::offset(facts.doc.symbols().len());
            all.for_each(|index| offer(index, &|symbol| symbol.default));
        }
        if is_own || is_default {
            return found;
        }
        // All of them: which star is asked first must not matter where they lead to each other.
        let stars = facts.doc.imports().iter().filter(|import| import.kind == ImportKind::ReExportStar);
        for module in stars.take(200).filter_map(|import| self.module(facts, import.module)) {
            add(&mut found, self.exported(module, name, Meaning::Any));
        }
        found
    }

    /// The file a module specifier names.
    fn module(&self, facts: &FileFacts<'s>, specifier: NameId) -> Option<FileId> {
        let language = Self::followed(facts)?;
        let key = (facts.file, specifier);
        if let Some(known) = self.modules.borrow().get(&key) {
            return *known;
        }
        let path = self.snapshot.path(facts.file);
        let specifier = self.names.text(facts, specifier);
        let found = if specifier.is_empty() {
            None
        } else if language.is_script() {
            self.script_module(path, &specifier)
        } else {
            modules::python(self.snapshot, path, &specifier)
        };
        self.modules.borrow_mut().insert(key, found);
        found
    }

    /// Python: the module of that name inside a package.
    fn submodule(&self, package: FileId, name: &str) -> Option<FileId> {
        let folder = self.snapshot.path(package).strip_suffix("/__init__.py")?;
        modules::python_file(self.snapshot, &format!("{folder}/{name}"))
    }
}
