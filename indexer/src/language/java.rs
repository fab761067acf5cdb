//! Java.

use super::{Class, Ctx, Exports, Rule, Spec, Visit};
use crate::extract::Extract;
use crate::symbol::{ImportKind, NONE, ScopeKind, SymbolKind};
use tree_sitter::Node;

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_java::LANGUAGE,
    extensions: &["java"],
    base: &[],
    nodes: NODES,
    exports: Exports::Modifier,
    doc_comments: true,
    wrappers: &[],
    collections: &[],
    assigned_fields: false,
};

const VARIABLE: Ctx = Ctx::Bind(SymbolKind::Variable);
const INHERIT: Rule = Rule::new(Class::Plain).rest(Ctx::Inherit);
const BASES: Rule = Rule::new(Class::Plain).rest(Ctx::Base);
const TYPES: Rule = Rule::new(Class::Transparent).rest(Ctx::Type);
const BLOCK: Rule = Rule::new(Class::Scope(ScopeKind::Block));
const CALLABLE: &[(&str, Ctx)] =
    &[("type", Ctx::Annotation), ("name", Ctx::Name), ("parameters", Ctx::Param), ("body", Ctx::Body)];
const TYPE_BODY: &[(&str, Ctx)] = &[
    ("name", Ctx::Name),
    ("superclass", Ctx::Base),
    ("interfaces", Ctx::Base),
    ("permits", Ctx::Type),
    // A record's parameters are its fields.
    ("parameters", Ctx::Bind(SymbolKind::Field)),
    ("body", Ctx::Body),
];
const FIELDS: &[(&str, Ctx)] = &[("type", Ctx::Type), ("declarator", Ctx::Bind(SymbolKind::Field))];
const PARAMETER: &[(&str, Ctx)] = &[("type", Ctx::Annotation), ("name", Ctx::Inherit)];
const LOCAL: &[(&str, Ctx)] = &[("type", Ctx::Annotation), ("name", VARIABLE), ("value", Ctx::Value)];
const PATH: &[(&str, Ctx)] = &[("scope", Ctx::Receiver), ("name", Ctx::Member)];
const ANNOTATION: &[(&str, Ctx)] = &[("name", Ctx::Type)];

const NODES: &[(&str, Rule)] = &[
    // Leaves.
    ("line_comment", Rule::new(Class::Comment)),
    ("block_comment", Rule::new(Class::Comment)),
    ("identifier", Rule::new(Class::Name)),
    ("type_identifier", Rule::new(Class::TypeName)),
    ("string_literal", Rule::new(Class::Skip)),
    ("this", Rule::new(Class::This)),
    ("super", Rule::new(Class::Super)),
    ("modifiers", Rule::new(Class::Hook(modifiers))),
    // Declarations.
    ("package_declaration", Rule::new(Class::DefineFlat(SymbolKind::Module)).rest(Ctx::Name)),
    ("import_declaration", Rule::new(Class::Hook(import))),
    ("class_declaration", Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(TYPE_BODY)),
    ("record_declaration", Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(TYPE_BODY)),
    ("enum_declaration", Rule::new(Class::Define(SymbolKind::Enum, ScopeKind::Class)).fields(TYPE_BODY)),
    (
        "interface_declaration",
        Rule::new(Class::Define(SymbolKind::Interface, ScopeKind::Class)).fields(TYPE_BODY),
    ),
    (
        "annotation_type_declaration",
        Rule::new(Class::Define(SymbolKind::Interface, ScopeKind::Class)).fields(TYPE_BODY),
    ),
    ("class_body", Rule::new(Class::Scope(ScopeKind::Class))),
    ("superclass", BASES),
    ("super_interfaces", BASES),
    ("extends_interfaces", BASES),
    ("type_list", INHERIT),
    (
        "enum_constant",
        Rule::new(Class::Define(SymbolKind::EnumMember, ScopeKind::Class))
            .fields(&[("name", Ctx::Name), ("body", Ctx::Body)]),
    ),
    (
        "method_declaration",
        Rule::new(Class::Define(SymbolKind::Method, ScopeKind::Function)).fields(CALLABLE),
    ),
    (
        "annotation_type_element_declaration",
        Rule::new(Class::Define(SymbolKind::Method, ScopeKind::Function)).fields(CALLABLE),
    ),
    (
        "constructor_declaration",
        Rule::new(Class::Define(SymbolKind::Constructor, ScopeKind::Function)).fields(CALLABLE),
    ),
    (
        "compact_constructor_declaration",
        Rule::new(Class::Define(SymbolKind::Constructor, ScopeKind::Function)).fields(CALLABLE),
    ),
    ("field_declaration", Rule::new(Class::Wrapper).fields(FIELDS)),
    (
        "constant_declaration",
        Rule::new(Class::Wrapper)
            .fields(&[("type", Ctx::Type), ("declarator", Ctx::Bind(SymbolKind::Constant))]),
    ),
    (
        "variable_declarator",
        Rule::new(Class::Declaration).fields(&[("name", Ctx::Inherit), ("value", Ctx::Value)]),
    ),
    ("formal_parameters", INHERIT),
    ("formal_parameter", Rule::new(Class::Declaration).fields(PARAMETER)),
    ("spread_parameter", Rule::new(Class::Declaration).rest(Ctx::Inherit)),
    ("inferred_parameters", INHERIT),
    ("static_initializer", Rule::new(Class::Scope(ScopeKind::Function))),
    // Types.
    ("type_parameter", Rule::new(Class::Plain).rest(Ctx::Bind(SymbolKind::TypeParameter))),
    ("type_bound", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("generic_type", Rule::new(Class::Generic).rest(Ctx::Inherit)),
    ("type_arguments", TYPES),
    ("wildcard", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("array_type", Rule::new(Class::Plain).fields(&[("element", Ctx::Type)])),
    ("annotated_type", TYPES),
    ("scoped_type_identifier", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("catch_type", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("throws", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("marker_annotation", Rule::new(Class::Plain).fields(ANNOTATION)),
    ("annotation", Rule::new(Class::Plain).fields(ANNOTATION)),
    ("element_value_pair", Rule::new(Class::Plain).fields(&[("key", Ctx::Key)])),
    ("class_literal", Rule::new(Class::Plain).rest(Ctx::Type)),
    // Statements.
    ("block", BLOCK),
    ("constructor_body", BLOCK),
    ("switch_block", BLOCK),
    ("for_statement", BLOCK),
    ("try_with_resources_statement", BLOCK),
    ("catch_clause", BLOCK),
    (
        "local_variable_declaration",
        Rule::new(Class::Wrapper).fields(&[("type", Ctx::Type), ("declarator", VARIABLE)]),
    ),
    (
        "enhanced_for_statement",
        Rule::new(Class::Scope(ScopeKind::Block)).fields(&[("type", Ctx::Type), ("name", VARIABLE)]),
    ),
    ("resource", Rule::new(Class::Declaration).fields(LOCAL)),
    ("catch_formal_parameter", Rule::new(Class::Plain).fields(LOCAL)),
    ("labeled_statement", Rule::new(Class::Plain)),
    ("break_statement", Rule::new(Class::Skip)),
    ("continue_statement", Rule::new(Class::Skip)),
    // Patterns.
    ("type_pattern", Rule::new(Class::Plain).rest(VARIABLE)),
    ("record_pattern_component", Rule::new(Class::Plain).rest(VARIABLE)),
    ("record_pattern", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("instanceof_expression", Rule::new(Class::Plain).fields(&[("right", Ctx::Type), ("name", VARIABLE)])),
    // Expressions.
    ("lambda_expression", Rule::new(Class::Scope(ScopeKind::Function)).fields(&[("parameters", Ctx::Param)])),
    (
        "method_invocation",
        Rule::new(Class::Call).fields(&[
            ("object", Ctx::Receiver),
            ("name", Ctx::Member),
            ("type_arguments", Ctx::Type),
        ]),
    ),
    ("object_creation_expression", Rule::new(Class::Call).fields(&[("type", Ctx::Callee)])),
    ("array_creation_expression", Rule::new(Class::Plain).fields(&[("type", Ctx::Type)])),
    ("field_access", Rule::new(Class::Member).fields(&[("object", Ctx::Receiver), ("field", Ctx::Member)])),
    ("scoped_identifier", Rule::new(Class::Hook(path)).fields(PATH)),
    ("assignment_expression", Rule::new(Class::Plain).fields(&[("left", Ctx::Write), ("right", Ctx::Read)])),
    ("update_expression", Rule::new(Class::Plain).rest(Ctx::Write)),
    ("cast_expression", Rule::new(Class::Plain).fields(&[("type", Ctx::Type)])),
    ("parenthesized_expression", Rule::new(Class::Transparent)),
];

/// `public` and `protected` members can be used from other packages.
fn modifiers(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let mut cursor = node.walk();
    if node.children(&mut cursor).any(|word| matches!(word.kind(), "public" | "protected")) {
        cx.export_around();
    }
    Visit::Children
}

/// A package's name is its whole path; elsewhere the parts of a path are uses.
fn path(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if cx.context() != Ctx::Name {
        return Visit::Children;
    }
    cx.name_range(node.start_byte(), node.end_byte());
    Visit::Nothing
}

/// `import a.B`, `import a.*`, `import static a.B.c`.
fn import(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let mut cursor = node.walk();
    let mut path = None;
    let mut star = false;
    for child in node.named_children(&mut cursor) {
        match child.kind() {
            "scoped_identifier" | "identifier" => path = Some(child),
            "asterisk" => star = true,
            _ => {}
        }
    }
    let Some(path) = path else { return Visit::Nothing };
    let scope = path.child_by_field_name("scope");
    let mut rest = if star { Some(path) } else { scope };
    while let Some(part) = rest {
        cx.import_part(part.child_by_field_name("name").unwrap_or(part));
        rest = part.child_by_field_name("scope");
    }
    match (star, scope, path.child_by_field_name("name")) {
        (false, Some(scope), Some(bound)) => {
            let (module, name) = (cx.module(scope), cx.intern_node(bound));
            cx.import(ImportKind::Name, module, name, Some(bound));
        }
        (false, _, _) => {
            let module = cx.module(path);
            cx.import(ImportKind::Module, module, NONE, Some(path));
        }
        (true, ..) => {
            let module = cx.module(path);
            cx.import(ImportKind::Star, module, NONE, None);
        }
    }
    Visit::Nothing
}
