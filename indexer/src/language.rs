//! The languages: which files are theirs, their grammars, and what their node kinds mean.
//!
//! To add one, write `language/<name>.rs` with its table and one line in `languages!` below.

mod c;
mod cpp;
mod go;
mod java;
mod javascript;
mod python;
mod rust;
mod typescript;

use crate::symbol::{ScopeKind, SymbolKind};
use std::sync::OnceLock;
use tree_sitter::Node;
use tree_sitter_language::LanguageFn;

use crate::extract::Extract;

macro_rules! languages {
    ($($variant:ident = $number:literal, $name:literal, $spec:path;)*) => {
        /// A language the index parses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Language { $(#[doc = $name] $variant = $number,)* }

        impl Language {
            /// Every language, in a fixed order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name on the command line and in JSON.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(crate) fn spec(self) -> &'static Spec {
                match self { $(Self::$variant => &$spec,)* }
            }
        }
    };
}

// The numbers are stored in index files: never reuse one.
languages! {
    Python = 1, "python", python::SPEC;
    TypeScript = 2, "typescript", typescript::SPEC;
    Tsx = 3, "tsx", typescript::TSX;
    JavaScript = 4, "javascript", javascript::SPEC;
    Rust = 5, "rust", rust::SPEC;
    Go = 6, "go", go::SPEC;
    Java = 7, "java", java::SPEC;
    C = 8, "c", c::SPEC;
    Cpp = 9, "cpp", cpp::SPEC;
}

impl Language {
    /// The language of a path, by its extension; `None` when it is not one of ours.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let file = path.rsplit('/').next().unwrap_or(path);
        let (_, extension) = file.rsplit_once('.')?;
        Self::ALL.iter().copied().find(|language| {
            language.spec().extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
        })
    }

    /// The language of that name, as [`Language::name`] gives it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| language.name() == name)
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| *language as u8 == number)
    }

    /// The tree-sitter grammar.
    #[must_use]
    pub fn grammar(self) -> tree_sitter::Language {
        tree_sitter::Language::new(self.spec().grammar)
    }

    /// Whether imports and scopes are resolved, and not names alone.
    pub(crate) fn resolves(self) -> bool {
        matches!(self, Self::Python) || self.is_script()
    }

    /// Whether it is of the TypeScript and JavaScript family, whose files import each other.
    pub(crate) fn is_script(self) -> bool {
        matches!(self, Self::TypeScript | Self::Tsx | Self::JavaScript)
    }

    pub(crate) fn table(self) -> &'static Table {
        static TABLES: [OnceLock<Table>; 16] = [const { OnceLock::new() }; 16];
        TABLES[self as usize].get_or_init(|| Table::new(self))
    }
}

/// One language's description.
pub(crate) struct Spec {
    pub(crate) grammar: LanguageFn,
    /// Without the dot.
    pub(crate) extensions: &'static [&'static str],
    /// The table of a language that this one adds to.
    pub(crate) base: &'static [(&'static str, Rule)],
    /// What each node kind means, where the base says nothing or something else; kinds that are not
    /// listed only pass on what is inside them.
    pub(crate) nodes: &'static [(&'static str, Rule)],
    pub(crate) exports: Exports,
    /// The comment above a definition documents it.
    pub(crate) doc_comments: bool,
    /// Generic types that stand for their argument: `Optional[T]`, `Promise<T>`.
    pub(crate) wrappers: &'static [&'static str],
    /// Generic types that hold any number of their last argument: `Array<T>`, `Map<K, V>`.
    pub(crate) collections: &'static [&'static str],
    /// Assigning to an undeclared member of `self` or `this` declares it.
    pub(crate) assigned_fields: bool,
}

/// How a language says that a definition can be used from other files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exports {
    /// By an `export` statement around it.
    Statement,
    /// Unless its name begins with an underscore.
    NoUnderscore,
    /// When its name begins with a capital.
    Capital,
    /// By a modifier (a `Class::Modifier` node); without one it is not.
    Modifier,
    /// Always, unless a modifier says no.
    Always,
}

/// What a node kind means.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) class: Class,
    /// What the child in a field is for.
    pub(crate) fields: &'static [(&'static str, Ctx)],
    /// What the other children are for.
    pub(crate) rest: Ctx,
}

impl Rule {
    pub(crate) const fn new(class: Class) -> Self {
        Self { class, fields: &[], rest: Ctx::Read }
    }

    pub(crate) const fn fields(self, fields: &'static [(&'static str, Ctx)]) -> Self {
        Self { fields, ..self }
    }

    pub(crate) const fn rest(self, rest: Ctx) -> Self {
        Self { rest, ..self }
    }
}

/// What a node does.
#[derive(Clone, Copy)]
pub(crate) enum Class {
    /// Only passes on to its children.
    Plain,
    /// Like `Plain`, and means what its last meaningful child means: `(x)`, `await x`.
    Transparent,
    /// Holds nothing of interest.
    Skip,
    /// A name; what it is depends on where it stands.
    Name,
    /// A name that is a type wherever it stands.
    TypeName,
    Comment,
    /// A string, which may be a doc string, a quoted name in a type, or an entry of `__all__`.
    String,
    /// `self`-like keyword.
    This,
    Super,
    /// Defines one symbol, named by the child with `Ctx::Name`.
    Define(SymbolKind, ScopeKind),
    /// Defines one symbol and opens no scope.
    DefineFlat(SymbolKind),
    /// Like `Define` where the node has a `body`, else the use of a type: C's `struct S`.
    DefineWithBody(SymbolKind, ScopeKind),
    /// Stands before a definition and belongs to it, as Rust's attributes do.
    Attribute,
    /// Binds names that stand inside it with a binding `Ctx`.
    Declaration,
    /// A function or class without a name of its own; gives its kind to the variable that holds it.
    Anonymous(SymbolKind, ScopeKind),
    Scope(ScopeKind),
    /// Surrounds a definition and belongs to it.
    Wrapper,
    /// A wrapper that exports what it surrounds; its code notes what is exported by name.
    Export(fn(&mut Extract<'_>, Node<'_>)),
    /// `a.b`: `Ctx::Receiver` and `Ctx::Member` children.
    Member,
    /// `f(x)`: a `Ctx::Callee` child.
    Call,
    /// `a[b]` in an expression; `G<T>` in a type: a `Ctx::Receiver` child is the head.
    Generic,
    /// `A | B`: stands for either.
    Union,
    /// `A[]`: a collection of its child.
    List,
    /// The arguments of a `Generic`.
    TypeArguments,
    /// `(a: A) => B`, in a type: a scope of its parameters; a `Ctx::Type` child is what it returns.
    FunctionType,
    /// `(a: A): B`, a member without a name: like `FunctionType`, of the type around.
    Signature,
    /// `{ a: A }`, in a type: a scope of its members.
    ObjectType,
    /// `a[b]`: an element of its `Ctx::Receiver` child.
    Index,
    /// `a || b`: stands for either of its `Ctx::Value` children.
    Choice,
    /// `return x`.
    Return,
    /// `for (x of y)`: the names bound in it are elements of its `Ctx::Value` child.
    Each,
    /// The arguments of a `Call`.
    Arguments,
    /// `[a, b]`, a value or a pattern.
    Items,
    /// `{ a, b: c }`, a value or a pattern.
    Fields,
    /// `a: b` in `Fields`.
    Field,
    /// `a = b` in a pattern: stands for its binding child.
    Default,
    /// `x as T`: stands for its last child.
    Cast,
    /// Exports (or hides) the definitions it stands in, when its text contains the word.
    Modifier(&'static str, bool),
    /// Handled by the language's own code; children are visited when it says so.
    Hook(fn(&mut Extract<'_>, Node<'_>) -> Visit),
}

/// Whether the children of a hooked node are visited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    Children,
    Nothing,
}

/// What a child is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ctx {
    /// The same as its parent.
    Inherit,
    Read,
    Write,
    Type,
    /// What is called.
    Callee,
    /// The name of the definition around it.
    Name,
    /// Bound in the nearest scope, as a symbol of that kind.
    Bind(SymbolKind),
    /// Bound in the nearest function (JavaScript's `var`).
    Hoist(SymbolKind),
    Param,
    /// Bound as a variable, except for capitalised names: those are constants or variants.
    Pattern,
    /// A loose token of a macro's arguments: the characters beside it say what it is.
    Token,
    /// The type that names the definition around it, where nothing else does: `impl T`, embedded `T`.
    Owner,
    /// What stands before a dot.
    Receiver,
    /// The name after the dot.
    Member,
    /// What the bound symbol is set to.
    Value,
    /// What the bound symbol's type is.
    Annotation,
    /// A base class.
    Base,
    /// The body of the definition around it.
    Body,
    /// The name of a keyword argument.
    Keyword,
    /// A key of an object literal or pattern.
    Key,
    /// Not visited.
    Nothing,
}

/// A [`Spec`] compiled to the grammar's numbers.
pub(crate) struct Table {
    /// By node kind number: index into `rules` plus one; 0 for none.
    kinds: Vec<u8>,
    /// By node kind number: whether it is named, as opposed to punctuation and keywords.
    named: Vec<bool>,
    rules: Vec<CompiledRule>,
}

pub(crate) struct CompiledRule {
    pub(crate) class: Class,
    pub(crate) fields: Vec<(u16, Ctx)>,
    pub(crate) rest: Ctx,
}

impl Table {
    fn new(language: Language) -> Self {
        let grammar = language.grammar();
        let spec = language.spec();
        let mut kinds = vec![0; grammar.node_kind_count()];
        let mut rules = Vec::new();
        for (name, rule) in spec.base.iter().chain(spec.nodes) {
            rules.push(CompiledRule {
                class: rule.class,
                fields: rule
                    .fields
                    .iter()
                    .filter_map(|(field, ctx)| Some((grammar.field_id_for_name(field)?.get(), *ctx)))
                    .collect(),
                rest: rule.rest,
            });
            let number = u8::try_from(rules.len()).expect("a table has fewer than 255 rules");
            // A grammar may have several numbers for one visible kind (aliases). Later rules win.
            for (id, kind) in (0u16..).zip(&mut kinds) {
                if grammar.node_kind_is_named(id) && grammar.node_kind_for_id(id) == Some(name) {
                    *kind = number;
                }
            }
        }
        let named = (0u16..).take(kinds.len()).map(|id| grammar.node_kind_is_named(id)).collect();
        Self { kinds, named, rules }
    }

    /// Whether nodes of a kind are named; errors, which have a number past all others, are.
    #[inline]
    pub(crate) fn is_named(&self, kind: u16) -> bool {
        self.named.get(usize::from(kind)).copied().unwrap_or(true)
    }

    #[inline]
    pub(crate) fn rule(&self, kind: u16) -> Option<&CompiledRule> {
        let number = *self.kinds.get(usize::from(kind))?;
        self.rules.get(usize::from(number).wrapping_sub(1))
    }
}

#[cfg(test)]
mod tests;
