//! The values the index speaks in: symbols, references, imports, and the scopes they live in.
//! Offsets are bytes from the start of the file, at most `u32::MAX`.

use std::ops::Range;

/// What a symbol is, with the numbers of LSP's `SymbolKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SymbolKind {
    Module = 2,
    Namespace = 3,
    Class = 5,
    Method = 6,
    Property = 7,
    Field = 8,
    Constructor = 9,
    Enum = 10,
    Interface = 11,
    Function = 12,
    Variable = 13,
    Constant = 14,
    EnumMember = 22,
    Struct = 23,
    TypeParameter = 26,
}

impl SymbolKind {
    /// Every kind, in the order of LSP's numbers.
    pub const ALL: [Self; 15] = [
        Self::Module,
        Self::Namespace,
        Self::Class,
        Self::Method,
        Self::Property,
        Self::Field,
        Self::Constructor,
        Self::Enum,
        Self::Interface,
        Self::Function,
        Self::Variable,
        Self::Constant,
        Self::EnumMember,
        Self::Struct,
        Self::TypeParameter,
    ];

    /// The kind's name as the command line and JSON write it, for example `enum-member`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Namespace => "namespace",
            Self::Class => "class",
            Self::Method => "method",
            Self::Property => "property",
            Self::Field => "field",
            Self::Constructor => "constructor",
            Self::Enum => "enum",
            Self::Interface => "interface",
            Self::Function => "function",
            Self::Variable => "variable",
            Self::Constant => "constant",
            Self::EnumMember => "enum-member",
            Self::Struct => "struct",
            Self::TypeParameter => "type-parameter",
        }
    }

    /// Whether symbols inside it are its members.
    pub(crate) fn has_members(self) -> bool {
        matches!(self, Self::Class | Self::Interface | Self::Enum | Self::Struct)
    }

    /// Whether it is reached through a value (`x.name`) and not by its bare name.
    pub(crate) fn is_member(self) -> bool {
        matches!(self, Self::Method | Self::Property | Self::Field | Self::Constructor | Self::EnumMember)
    }

    /// Whether it can be called and has a body.
    pub(crate) fn is_callable(self) -> bool {
        matches!(self, Self::Function | Self::Method | Self::Constructor)
    }
}

/// How a name is used at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    Read = 0,
    Call = 1,
    Type = 2,
    Write = 3,
    Import = 4,
}

impl Role {
    pub(crate) const ALL: [Self; 5] = [Self::Read, Self::Call, Self::Type, Self::Write, Self::Import];

    /// The role's name as the command line and JSON write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Call => "call",
            Self::Type => "type",
            Self::Write => "write",
            Self::Import => "import",
        }
    }
}

/// Index of a name in its file's name table.
pub(crate) type NameId = u32;

/// Stands for "none" where an index or an offset is expected.
pub(crate) const NONE: u32 = u32::MAX;

/// What stands before the dot of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Receiver {
    /// Nothing: a bare name.
    Bare = 0,
    /// A name or the last name of a chain: `a.x`, `a.b.x`.
    Name = 1,
    /// `self`, `cls` or `this`.
    This = 2,
    /// `super` or `super()`.
    Super = 3,
    /// The result of calling a name: `f().x`, `a.f().x`.
    Call = 4,
    /// Not a receiver: the name of a keyword argument in a call of a name, `f(x=1)`.
    Keyword = 5,
    /// Anything else: `a[0].x`, `(a or b).x`, a key of an object literal. `Facts::receivers` may
    /// say more.
    Other = 6,
}

impl Receiver {
    pub(crate) const ALL: [Self; 7] =
        [Self::Bare, Self::Name, Self::This, Self::Super, Self::Call, Self::Keyword, Self::Other];

    /// Whether the use also stores the name of what it belongs to.
    pub(crate) fn is_named(self) -> bool {
        matches!(self, Self::Name | Self::Call | Self::Keyword)
    }
}

/// One use of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) name: NameId,
    pub(crate) start: u32,
    pub(crate) role: Role,
    pub(crate) receiver: Receiver,
    /// The receiver's (or callee's) last name; `NONE` unless `Receiver::is_named`.
    pub(crate) of: NameId,
}

/// Where a symbol's type can be read: from an annotation, a call or another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ValueKind {
    /// `x: T` or `-> T`: the name at the position is the type.
    Annotation = 1,
    /// `x = f()`: the result of calling the name at the position.
    Call = 2,
    /// `x = y`: whatever the name at the position is.
    Alias = 3,
    /// Anything else that can be followed: the shape of that number, in place of a position.
    Shape = 0,
}

/// A pointer to the use that says what a symbol holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) kind: ValueKind,
    /// Start of the use's name; of a `Shape`, its number.
    pub(crate) at: u32,
}

/// Index of a shape in its file's list.
pub(crate) type ShapeId = u32;

/// What an expression or a type is made of, as far as members can be followed through it. Positions
/// are starts of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing that can be followed.
    Unknown,
    /// What the name at a position holds or, in a type, the type it names.
    Name(u32),
    /// The instance whose class is around the position.
    This(u32),
    /// What calling it gives.
    Called(ShapeId),
    /// An element of it.
    Element(ShapeId),
    /// Its member of that name.
    Member(ShapeId, NameId),
    /// What a call of it expects as an argument, counted from 0.
    Argument(ShapeId, u32),
    /// What it is called with as a parameter, counted from 0.
    Parameter(ShapeId, u32),
    /// One or the other, or both.
    Either(ShapeId, ShapeId),
    /// A collection of it.
    Collection(ShapeId),
    /// The object type that begins there, which is a scope of its own.
    Object(u32),
    /// The function type that begins there, and what it returns.
    Function(u32, ShapeId),
}

impl Shape {
    /// The shapes it is made of.
    pub(crate) fn parts(self) -> [ShapeId; 2] {
        match self {
            Self::Unknown | Self::Name(_) | Self::This(_) | Self::Object(_) => [NONE, NONE],
            Self::Called(of)
            | Self::Element(of)
            | Self::Member(of, _)
            | Self::Argument(of, _)
            | Self::Parameter(of, _)
            | Self::Collection(of)
            | Self::Function(_, of) => [of, NONE],
            Self::Either(one, other) => [one, other],
        }
    }

    /// The same shape of other parts.
    pub(crate) fn with_parts(self, to: impl Fn(ShapeId) -> ShapeId) -> Self {
        match self {
            Self::Unknown | Self::Name(_) | Self::This(_) | Self::Object(_) => self,
            Self::Called(of) => Self::Called(to(of)),
            Self::Element(of) => Self::Element(to(of)),
            Self::Member(of, name) => Self::Member(to(of), name),
            Self::Argument(of, number) => Self::Argument(to(of), number),
            Self::Parameter(of, number) => Self::Parameter(to(of), number),
            Self::Either(one, other) => Self::Either(to(one), to(other)),
            Self::Collection(of) => Self::Collection(to(of)),
            Self::Function(at, of) => Self::Function(at, to(of)),
        }
    }
}

/// One definition, as extracted: every name a file binds except imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SymbolFact {
    pub(crate) name: NameId,
    pub(crate) name_start: u32,
    pub(crate) kind: SymbolKind,
    /// A parameter, a variable of a function, a type parameter: not shown in outlines.
    pub(crate) local: bool,
    pub(crate) exported: bool,
    /// Exported as the module's default.
    pub(crate) default: bool,
    pub(crate) parameter: bool,
    /// The scope that binds the name.
    pub(crate) scope: u32,
    /// The enclosing symbol that is not local; `NONE` at the top. Not kept for locals.
    pub(crate) parent: u32,
    /// What the definition itself names as its container, where that is not around it: the
    /// receiver's type of a Go method, `A::B` of C++'s `void A::B::f()`. `NONE` without one.
    pub(crate) qualifier: NameId,
    /// The whole definition, with decorators, `export` and modifiers. The name alone for locals.
    pub(crate) range: Range<u32>,
    /// Where the signature ends and the body begins.
    pub(crate) signature_end: u32,
    /// The doc comment or string; empty when there is none.
    pub(crate) doc: Range<u32>,
    pub(crate) value: Option<Value>,
    /// Starts of the uses that name its base classes.
    pub(crate) bases: Vec<u32>,
}

impl SymbolFact {
    /// A symbol of which only the name is known, at the top of its file.
    pub(crate) fn new(name: NameId, range: Range<u32>, kind: SymbolKind) -> Self {
        Self {
            name,
            name_start: range.start,
            kind,
            local: false,
            exported: false,
            default: false,
            parameter: false,
            scope: 0,
            parent: NONE,
            qualifier: NONE,
            signature_end: range.end,
            range,
            doc: 0..0,
            value: None,
            bases: Vec::new(),
        }
    }
}

/// What a scope means for the names bound in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ScopeKind {
    File = 0,
    /// Names are members: not seen by bare name from functions inside.
    Class = 1,
    Function = 2,
    Block = 3,
    Namespace = 4,
}

impl ScopeKind {
    pub(crate) const ALL: [Self; 5] = [Self::File, Self::Class, Self::Function, Self::Block, Self::Namespace];
}

/// A region in which names are bound. Scope 0 is the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) range: Range<u32>,
}

/// What an import statement binds, exports or configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ImportKind {
    /// `import a.b`, `import * as a from 'm'`: the module itself.
    Module = 0,
    /// `from m import a`, `import { a } from 'm'`.
    Name = 1,
    /// `import a from 'm'`.
    Default = 2,
    /// `from m import *`: every exported name.
    Star = 3,
    /// `import 'm'`, `#include "m"`: no name bound.
    Bare = 4,
    /// `export { a as b }`: a local name exported as another.
    Export = 5,
    /// `export { a as b } from 'm'`.
    ReExport = 6,
    /// `export * from 'm'`.
    ReExportStar = 7,
    /// `export * as a from 'm'`.
    ReExportModule = 8,
    /// A line of `paths` in a `tsconfig.json`: pattern (`name`) to target (`module`).
    PathAlias = 9,
    /// The name a `package.json` gives its folder.
    PackageName = 10,
}

impl ImportKind {
    pub(crate) const ALL: [Self; 11] = [
        Self::Module,
        Self::Name,
        Self::Default,
        Self::Star,
        Self::Bare,
        Self::Export,
        Self::ReExport,
        Self::ReExportStar,
        Self::ReExportModule,
        Self::PathAlias,
        Self::PackageName,
    ];
}

/// One name that an import or export statement speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportFact {
    pub(crate) kind: ImportKind,
    /// The module as written (`.pkg.mod`, `./file`); `NONE` for exports of local names.
    pub(crate) module: NameId,
    /// Where the module is written; 0 when it is not.
    pub(crate) module_at: u32,
    /// The name asked of the module; `NONE` for the module itself.
    pub(crate) name: NameId,
    /// The name it gets: bound here, or exported. `NONE` when nothing is.
    pub(crate) alias: NameId,
    /// Start of the bound name, or of the statement.
    pub(crate) at: u32,
    /// The scope that binds the alias.
    pub(crate) scope: u32,
}

impl ImportFact {
    /// Whether it binds its alias in its file, so that the alias's place is a use of it.
    pub(crate) fn binds(&self) -> bool {
        let kinds = matches!(self.kind, ImportKind::Module | ImportKind::Name | ImportKind::Default);
        kinds && self.alias != NONE
    }
}

/// Everything extracted from one text. Names are slices of it (or of a literal).
#[derive(Debug, Default)]
pub(crate) struct Facts<'t> {
    pub(crate) names: Vec<&'t str>,
    pub(crate) symbols: Vec<SymbolFact>,
    pub(crate) scopes: Vec<Scope>,
    /// In order of position.
    pub(crate) uses: Vec<Use>,
    pub(crate) imports: Vec<ImportFact>,
    /// What values, types and receivers are that a single name does not say.
    pub(crate) shapes: Vec<Shape>,
    /// What uses with `Receiver::Other` are members of: starts of the uses, in order.
    pub(crate) receivers: Vec<(u32, ShapeId)>,
    /// The parser met text it could not place.
    pub(crate) has_errors: bool,
}
