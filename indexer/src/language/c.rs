//! C. Names stand inside declarators (`*name[3]`), which hand down what they declare.

use super::{Class, Ctx, Exports, Rule, Spec, Visit};
use crate::extract::Extract;
use crate::symbol::{ImportKind, NONE, ScopeKind, SymbolKind};
use tree_sitter::Node;

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_c::LANGUAGE,
    // A header may be C++ as well; its path does not tell.
    extensions: &["c", "h"],
    base: &[],
    nodes: NODES,
    exports: Exports::Always,
    doc_comments: true,
    wrappers: &[],
    collections: &[],
    assigned_fields: false,
    // Enumerators are used by their bare names.
};

const VARIABLE: Ctx = Ctx::Bind(SymbolKind::Variable);
const BLOCK: Rule = Rule::new(Class::Scope(ScopeKind::Block));
const TYPE_BODY: &[(&str, Ctx)] = &[("name", Ctx::Name), ("body", Ctx::Body)];

pub(super) const INHERIT: Rule = Rule::new(Class::Plain).rest(Ctx::Inherit);
pub(super) const DECLARATOR: Rule = Rule::new(Class::Plain).fields(&[("declarator", Ctx::Inherit)]);
pub(super) const DECLARATION: Rule =
    Rule::new(Class::Declaration).fields(&[("type", Ctx::Type), ("declarator", VARIABLE)]);
pub(super) const FUNCTION: Rule = Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function))
    .fields(&[("type", Ctx::Type), ("declarator", Ctx::Name), ("body", Ctx::Body)]);
/// The parameters of a definition belong to its scope; those of a prototype get their own.
pub(super) const DECLARED: &[(&str, Ctx)] = &[("declarator", Ctx::Inherit), ("parameters", Ctx::Inherit)];
pub(super) const PARAMETER: Rule =
    Rule::new(Class::Declaration).fields(&[("type", Ctx::Annotation), ("declarator", Ctx::Param)]);

/// C++ adds to it.
pub(super) const NODES: &[(&str, Rule)] = &[
    // Leaves.
    ("comment", Rule::new(Class::Comment)),
    ("identifier", Rule::new(Class::Name)),
    ("field_identifier", Rule::new(Class::Name)),
    ("type_identifier", Rule::new(Class::TypeName)),
    ("string_literal", Rule::new(Class::Skip)),
    ("char_literal", Rule::new(Class::Skip)),
    ("storage_class_specifier", Rule::new(Class::Modifier("static", false))),
    ("attribute_declaration", Rule::new(Class::Skip)),
    // Definitions.
    ("function_definition", FUNCTION),
    ("declaration", DECLARATION),
    ("init_declarator", DECLARATOR),
    ("pointer_declarator", DECLARATOR),
    ("array_declarator", DECLARATOR),
    ("parenthesized_declarator", INHERIT),
    ("attributed_declarator", INHERIT),
    ("function_declarator", Rule::new(Class::Hook(function)).fields(DECLARED)),
    ("abstract_function_declarator", Rule::new(Class::Plain).fields(DECLARED)),
    ("parameter_list", Rule::new(Class::Hook(parameters)).rest(Ctx::Param)),
    ("parameter_declaration", PARAMETER),
    (
        "type_definition",
        Rule::new(Class::Declaration)
            .fields(&[("type", Ctx::Type), ("declarator", Ctx::Bind(SymbolKind::Class))]),
    ),
    (
        "struct_specifier",
        Rule::new(Class::DefineWithBody(SymbolKind::Struct, ScopeKind::Class)).fields(TYPE_BODY),
    ),
    (
        "union_specifier",
        Rule::new(Class::DefineWithBody(SymbolKind::Struct, ScopeKind::Class)).fields(TYPE_BODY),
    ),
    (
        "enum_specifier",
        Rule::new(Class::DefineWithBody(SymbolKind::Enum, ScopeKind::Class)).fields(TYPE_BODY),
    ),
    (
        "field_declaration",
        Rule::new(Class::Declaration)
            .fields(&[("type", Ctx::Type), ("declarator", Ctx::Bind(SymbolKind::Field))]),
    ),
    (
        "enumerator",
        Rule::new(Class::DefineFlat(SymbolKind::EnumMember))
            .fields(&[("name", Ctx::Name), ("value", Ctx::Read)]),
    ),
    ("preproc_def", Rule::new(Class::DefineFlat(SymbolKind::Constant)).fields(&[("name", Ctx::Name)])),
    (
        "preproc_function_def",
        Rule::new(Class::DefineFlat(SymbolKind::Function))
            .fields(&[("name", Ctx::Name), ("parameters", Ctx::Nothing)]),
    ),
    ("preproc_include", Rule::new(Class::Hook(include))),
    ("preproc_arg", Rule::new(Class::Hook(macro_body))),
    // Types.
    ("type_descriptor", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("sized_type_specifier", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("macro_type_specifier", Rule::new(Class::Plain).fields(&[("name", Ctx::Callee), ("type", Ctx::Type)])),
    // Statements.
    ("compound_statement", BLOCK),
    ("for_statement", BLOCK),
    // Expressions.
    ("call_expression", Rule::new(Class::Call).fields(&[("function", Ctx::Callee)])),
    (
        "field_expression",
        Rule::new(Class::Member).fields(&[("argument", Ctx::Receiver), ("field", Ctx::Member)]),
    ),
    ("assignment_expression", Rule::new(Class::Plain).fields(&[("left", Ctx::Write), ("right", Ctx::Read)])),
    ("update_expression", Rule::new(Class::Plain).fields(&[("argument", Ctx::Write)])),
    ("pointer_expression", Rule::new(Class::Transparent)),
    ("parenthesized_expression", Rule::new(Class::Transparent).rest(Ctx::Inherit)),
    ("initializer_pair", Rule::new(Class::Plain).fields(&[("designator", Ctx::Key), ("value", Ctx::Read)])),
    ("field_designator", INHERIT),
    ("offsetof_expression", Rule::new(Class::Plain).fields(&[("type", Ctx::Type), ("member", Ctx::Key)])),
];

/// `int f(int)` declares a function, `int (*f)(int)` a variable.
pub(super) fn function(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if matches!(cx.context(), Ctx::Bind(SymbolKind::Variable | SymbolKind::Field))
        && named_directly(node).is_some()
    {
        cx.set_context(Ctx::Bind(SymbolKind::Function));
    }
    Visit::Children
}

/// The name that a function declarator declares as a function, when it does.
pub(super) fn named_directly(declarator: Node<'_>) -> Option<Node<'_>> {
    let mut inner = declarator.child_by_field_name("declarator")?;
    while inner.kind() == "parenthesized_declarator" {
        inner = inner.named_child(0)?;
    }
    let of_another = matches!(
        inner.kind(),
        "pointer_declarator" | "function_declarator" | "array_declarator" | "reference_declarator"
    );
    (!of_another).then_some(inner)
}

pub(super) fn parameters(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if cx.context() != Ctx::Name {
        cx.open_scope(ScopeKind::Function, node);
    }
    Visit::Children
}

pub(super) fn include(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let Some(path) = node.child_by_field_name("path") else { return Visit::Nothing };
    if matches!(path.kind(), "string_literal" | "system_lib_string") {
        let module = cx.module(path);
        cx.import(ImportKind::Bare, module, NONE, None);
        return Visit::Nothing;
    }
    Visit::Children
}

/// What a macro stands for is text to the grammar; its names are uses nevertheless.
pub(super) fn macro_body(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    cx.tokens(node, |word| KEYWORDS.contains(&word));
    Visit::Nothing
}

/// Words of C and C++ that name nothing.
const KEYWORDS: &[&str] = &[
    "auto",
    "bool",
    "break",
    "case",
    "char",
    "class",
    "const",
    "constexpr",
    "continue",
    "default",
    "defined",
    "delete",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "namespace",
    "new",
    "nullptr",
    "operator",
    "private",
    "protected",
    "public",
    "register",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "template",
    "this",
    "throw",
    "true",
    "try",
    "typedef",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "while",
];
