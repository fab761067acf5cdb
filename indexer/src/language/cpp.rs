//! C++. A member defined outside of its class (`void A::f() {}`) is qualified by what is written.

use super::c::{DECLARATOR, DECLARED, INHERIT, PARAMETER, named_directly};
use super::{Class, Ctx, Exports, Rule, Spec, Visit};
use crate::extract::Extract;
use crate::symbol::{ImportKind, NONE, ScopeKind, SymbolKind};
use tree_sitter::Node;

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_cpp::LANGUAGE,
    extensions: &[
        "cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "inl", "tpp", "cppm", "ixx", "cu", "cuh",
    ],
    base: super::c::NODES,
    nodes: NODES,
    exports: Exports::Always,
    doc_comments: true,
    wrappers: &[],
    collections: &[],
    assigned_fields: false,
};

const VARIABLE: Ctx = Ctx::Bind(SymbolKind::Variable);
const TYPE_PARAMETER: Ctx = Ctx::Bind(SymbolKind::TypeParameter);
const BLOCK: Rule = Rule::new(Class::Scope(ScopeKind::Block));
const TYPES: Rule = Rule::new(Class::Transparent).rest(Ctx::Type);
const TYPE_BODY: &[(&str, Ctx)] = &[("name", Ctx::Name), ("base", Ctx::Type), ("body", Ctx::Body)];
const TYPE: &[(&str, Ctx)] = &[("type", Ctx::Type)];
const TEMPLATE: &[(&str, Ctx)] = &[("name", Ctx::Member), ("arguments", Ctx::Type)];

/// What C++ has besides C, or means otherwise.
const NODES: &[(&str, Rule)] = &[
    // Leaves.
    ("namespace_identifier", Rule::new(Class::Name)),
    ("operator_name", Rule::new(Class::Name)),
    ("destructor_name", Rule::new(Class::Name)),
    ("this", Rule::new(Class::This)),
    ("raw_string_literal", Rule::new(Class::Skip)),
    // Definitions.
    ("pointer_type_declarator", DECLARATOR),
    ("reference_declarator", INHERIT),
    ("variadic_declarator", INHERIT),
    ("structured_binding_declarator", INHERIT),
    ("function_declarator", Rule::new(Class::Hook(function)).fields(DECLARED)),
    (
        "operator_cast",
        Rule::new(Class::Hook(conversion)).fields(&[("type", Ctx::Type), ("declarator", Ctx::Inherit)]),
    ),
    ("qualified_identifier", Rule::new(Class::Hook(qualified)).fields(QUALIFIED)),
    ("optional_parameter_declaration", PARAMETER),
    ("variadic_parameter_declaration", PARAMETER),
    ("trailing_return_type", TYPES),
    ("field_initializer", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("field_initializer_list", Rule::new(Class::Plain).rest(Ctx::Key)),
    (
        "alias_declaration",
        Rule::new(Class::DefineFlat(SymbolKind::Class))
            .fields(&[("name", Ctx::Name), ("type", Ctx::Annotation)]),
    ),
    (
        "concept_definition",
        Rule::new(Class::DefineFlat(SymbolKind::Interface)).fields(&[("name", Ctx::Name)]),
    ),
    (
        "class_specifier",
        Rule::new(Class::DefineWithBody(SymbolKind::Class, ScopeKind::Class)).fields(TYPE_BODY),
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
    ("base_class_clause", Rule::new(Class::Plain).rest(Ctx::Base)),
    (
        "namespace_definition",
        Rule::new(Class::Define(SymbolKind::Namespace, ScopeKind::Namespace))
            .fields(&[("name", Ctx::Name), ("body", Ctx::Body)]),
    ),
    ("nested_namespace_specifier", Rule::new(Class::Hook(nested_namespace)).rest(Ctx::Inherit)),
    ("namespace_alias_definition", Rule::new(Class::Hook(namespace_alias))),
    ("using_declaration", Rule::new(Class::Hook(using))),
    // Templates.
    ("template_declaration", Rule::new(Class::Hook(template))),
    ("template_parameter_list", Rule::new(Class::Plain).rest(Ctx::Param)),
    ("type_parameter_declaration", Rule::new(Class::Plain).rest(TYPE_PARAMETER)),
    ("variadic_type_parameter_declaration", Rule::new(Class::Plain).rest(TYPE_PARAMETER)),
    (
        "optional_type_parameter_declaration",
        Rule::new(Class::Plain).fields(&[("name", TYPE_PARAMETER), ("default_type", Ctx::Type)]),
    ),
    ("template_type", Rule::new(Class::Generic).fields(TEMPLATE)),
    ("template_function", Rule::new(Class::Plain).fields(TEMPLATE)),
    ("template_method", Rule::new(Class::Plain).fields(TEMPLATE)),
    ("template_argument_list", TYPES),
    // Types.
    ("dependent_type", Rule::new(Class::Transparent).rest(Ctx::Inherit)),
    ("dependent_name", INHERIT),
    ("decltype", Rule::new(Class::Plain).rest(Ctx::Read)),
    // Statements.
    ("if_statement", BLOCK),
    ("while_statement", BLOCK),
    ("switch_statement", BLOCK),
    (
        "for_range_loop",
        Rule::new(Class::Scope(ScopeKind::Block)).fields(&[("type", Ctx::Type), ("declarator", VARIABLE)]),
    ),
    // `Ctx::Name`: the parameters belong to the scope that is open.
    ("catch_clause", Rule::new(Class::Scope(ScopeKind::Block)).fields(&[("parameters", Ctx::Name)])),
    ("lambda_expression", Rule::new(Class::Scope(ScopeKind::Function)).fields(&[("declarator", Ctx::Name)])),
    ("lambda_capture_initializer", Rule::new(Class::Plain).fields(&[("left", VARIABLE)])),
    // Expressions.
    ("new_expression", Rule::new(Class::Call).fields(&[("type", Ctx::Callee)])),
    ("compound_literal_expression", Rule::new(Class::Call).fields(&[("type", Ctx::Callee)])),
    ("cast_expression", Rule::new(Class::Plain).fields(TYPE)),
];

const QUALIFIED: &[(&str, Ctx)] = &[("scope", Ctx::Receiver), ("name", Ctx::Member)];

/// What C's functions are, and constructors: those with their class's name.
fn function(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let Some(named) = named_directly(node) else { return Visit::Children };
    let (class, name) = match scopes(named) {
        Some((_, last, name)) => (cx.text_of(last), name),
        None => (cx.class_name(), named),
    };
    let is_constructor = !class.is_empty() && class == cx.text_of(name);
    match cx.context() {
        Ctx::Bind(SymbolKind::Variable | SymbolKind::Field) => {
            let kind = if is_constructor { SymbolKind::Constructor } else { SymbolKind::Function };
            cx.set_context(Ctx::Bind(kind));
        }
        Ctx::Name if is_constructor => cx.set_kind(SymbolKind::Constructor),
        _ => {}
    }
    Visit::Children
}

/// Scopes that a name may stand in: every node of a path asks, so a long one must not be walked.
const SCOPES: usize = 32;

/// The first and the last scope of `a::b::f` and its name.
fn scopes(node: Node<'_>) -> Option<(Node<'_>, Node<'_>, Node<'_>)> {
    let mut name = node;
    let (mut first, mut last) = (None, None);
    for _ in 0..SCOPES {
        if name.kind() != "qualified_identifier" {
            return Some((first?, last?, name));
        }
        if let Some(scope) = name.child_by_field_name("scope") {
            let scope = scope.child_by_field_name("name").unwrap_or(scope);
            first = first.or(Some(scope));
            last = Some(scope);
        }
        name = name.child_by_field_name("name")?;
    }
    None
}

/// `a::b::f`: in a definition its container's path, elsewhere a use.
fn qualified(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let names = matches!(cx.context(), Ctx::Name | Ctx::Bind(_));
    if names
        && !cx.is_qualified()
        && let Some((first, last, _)) = scopes(node)
    {
        // Template arguments between the scopes are no part of the container's name.
        let simple = first.kind() == "namespace_identifier" && last.kind() == "namespace_identifier";
        let from = if simple { first } else { last };
        cx.qualify(from.start_byte(), last.end_byte());
    }
    Visit::Children
}

/// `operator bool()`: the name is the words before the parameters.
fn conversion(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if matches!(cx.context(), Ctx::Bind(_)) {
        cx.set_context(Ctx::Bind(SymbolKind::Function));
    }
    if let Some(to) = node.child_by_field_name("type") {
        cx.name_range(node.start_byte(), to.end_byte());
    }
    Visit::Children
}

/// `namespace a::b`: one namespace with both names.
fn nested_namespace(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if cx.context() != Ctx::Name {
        return Visit::Children;
    }
    cx.name_range(node.start_byte(), node.end_byte());
    Visit::Nothing
}

/// What a template declares begins at `template`; its parameters are seen inside only.
fn template(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    cx.open_scope(ScopeKind::Namespace, node);
    cx.begin_wrapper(node);
    Visit::Children
}

/// `namespace short = a::b;`
fn namespace_alias(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let name = node.child_by_field_name("name");
    let count = u32::try_from(node.named_child_count()).unwrap_or(u32::MAX);
    if let Some(target) = node.named_child(count.saturating_sub(1)) {
        let module = cx.module(target);
        cx.import(ImportKind::Module, module, NONE, name);
    }
    Visit::Nothing
}

/// `using namespace a;`, `using a::b;`
fn using(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let Some(target) = node.named_child(0) else { return Visit::Nothing };
    if node.child(1).is_some_and(|word| word.kind() == "namespace") {
        let module = cx.module(target);
        cx.import(ImportKind::Star, module, NONE, None);
    } else if let Some((first, last, name)) = scopes(target) {
        let module = cx.module_range(first.start_byte(), last.end_byte());
        let bound = cx.intern_node(name);
        cx.import(ImportKind::Name, module, bound, Some(name));
    }
    Visit::Nothing
}
