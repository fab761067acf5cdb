//! TypeScript and TSX, and the table that JavaScript shares.

use super::{Class, Ctx, Exports, Rule, Spec, Visit};
use crate::extract::Extract;
use crate::symbol::{ImportKind, NONE, ScopeKind, SymbolKind};
use tree_sitter::Node;

pub(crate) static SPEC: Spec = COMMON;

pub(crate) static TSX: Spec =
    Spec { grammar: tree_sitter_typescript::LANGUAGE_TSX, extensions: &["tsx"], ..COMMON };

/// What TypeScript, TSX and JavaScript share.
pub(super) const COMMON: Spec = Spec {
    grammar: tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
    extensions: &["ts", "mts", "cts"],
    base: &[],
    nodes: NODES,
    exports: Exports::Statement,
    doc_comments: true,
    wrappers: &[
        "Promise",
        "PromiseLike",
        "Readonly",
        "Partial",
        "Required",
        "NonNullable",
        "Awaited",
        "Omit",
        "Pick",
        "Exclude",
        "Extract",
    ],
    collections: &[
        "Array",
        "ReadonlyArray",
        "ArrayLike",
        "Iterable",
        "AsyncIterable",
        "IterableIterator",
        "AsyncIterableIterator",
        "Set",
        "ReadonlySet",
        "Map",
        "ReadonlyMap",
        "WeakMap",
        "Record",
    ],
    assigned_fields: false,
};

const VARIABLE: Ctx = Ctx::Bind(SymbolKind::Variable);

const CALLABLE: &[(&str, Ctx)] =
    &[("name", Ctx::Name), ("parameters", Ctx::Param), ("return_type", Ctx::Annotation), ("body", Ctx::Body)];
const TYPE_BODY: &[(&str, Ctx)] = &[("name", Ctx::Name), ("body", Ctx::Body)];
const FIELD: &[(&str, Ctx)] =
    &[("name", Ctx::Name), ("property", Ctx::Name), ("type", Ctx::Annotation), ("value", Ctx::Value)];
const PARAMETER: &[(&str, Ctx)] =
    &[("pattern", Ctx::Param), ("name", Ctx::Param), ("type", Ctx::Annotation), ("value", Ctx::Read)];
const MEMBER: &[(&str, Ctx)] = &[("object", Ctx::Receiver), ("property", Ctx::Member)];

/// Node kinds of the TypeScript, TSX and JavaScript grammars together.
const NODES: &[(&str, Rule)] = &[
    // Leaves.
    ("comment", Rule::new(Class::Comment)),
    ("identifier", Rule::new(Class::Name)),
    ("property_identifier", Rule::new(Class::Name)),
    ("private_property_identifier", Rule::new(Class::Name)),
    ("shorthand_property_identifier", Rule::new(Class::Name)),
    ("shorthand_property_identifier_pattern", Rule::new(Class::Name)),
    ("type_identifier", Rule::new(Class::TypeName)),
    ("predefined_type", Rule::new(Class::Skip)),
    ("string", Rule::new(Class::String)),
    ("regex", Rule::new(Class::Skip)),
    ("number", Rule::new(Class::Skip)),
    ("this", Rule::new(Class::This)),
    ("super", Rule::new(Class::Super)),
    // Functions.
    (
        "function_declaration",
        Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(CALLABLE),
    ),
    (
        "generator_function_declaration",
        Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(CALLABLE),
    ),
    (
        "function_signature",
        Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(CALLABLE),
    ),
    ("method_definition", Rule::new(Class::Define(SymbolKind::Method, ScopeKind::Function)).fields(CALLABLE)),
    ("method_signature", Rule::new(Class::Define(SymbolKind::Method, ScopeKind::Function)).fields(CALLABLE)),
    (
        "abstract_method_signature",
        Rule::new(Class::Define(SymbolKind::Method, ScopeKind::Function)).fields(CALLABLE),
    ),
    (
        "arrow_function",
        Rule::new(Class::Anonymous(SymbolKind::Function, ScopeKind::Function)).fields(&[
            ("parameter", Ctx::Param),
            ("parameters", Ctx::Param),
            ("return_type", Ctx::Annotation),
            ("body", Ctx::Body),
        ]),
    ),
    (
        "function_expression",
        Rule::new(Class::Anonymous(SymbolKind::Function, ScopeKind::Function)).fields(LAMBDA),
    ),
    (
        "generator_function",
        Rule::new(Class::Anonymous(SymbolKind::Function, ScopeKind::Function)).fields(LAMBDA),
    ),
    ("function_type", Rule::new(Class::FunctionType).fields(SIGNATURE)),
    ("constructor_type", Rule::new(Class::FunctionType).fields(SIGNATURE)),
    ("call_signature", Rule::new(Class::Signature).fields(SIGNATURE)),
    ("construct_signature", Rule::new(Class::Signature).fields(SIGNATURE)),
    ("index_signature", Rule::new(Class::Scope(ScopeKind::Function)).fields(&[("name", Ctx::Param)])),
    ("formal_parameters", Rule::new(Class::Plain).rest(Ctx::Param)),
    ("this_type", Rule::new(Class::This)),
    ("required_parameter", Rule::new(Class::Declaration).fields(PARAMETER)),
    ("optional_parameter", Rule::new(Class::Declaration).fields(PARAMETER)),
    ("accessibility_modifier", Rule::new(Class::Hook(parameter_property))),
    // Types.
    ("class_declaration", Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(TYPE_BODY)),
    (
        "abstract_class_declaration",
        Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(TYPE_BODY),
    ),
    (
        "class",
        Rule::new(Class::Anonymous(SymbolKind::Class, ScopeKind::Class))
            .fields(&[("name", Ctx::Bind(SymbolKind::Class)), ("body", Ctx::Body)]),
    ),
    ("class_heritage", Rule::new(Class::Plain).rest(Ctx::Base)),
    (
        "extends_clause",
        Rule::new(Class::Plain).fields(&[("value", Ctx::Base), ("type_arguments", Ctx::Type)]),
    ),
    ("implements_clause", Rule::new(Class::Plain).rest(Ctx::Base)),
    ("extends_type_clause", Rule::new(Class::Plain).rest(Ctx::Base)),
    (
        "interface_declaration",
        Rule::new(Class::Define(SymbolKind::Interface, ScopeKind::Class)).fields(TYPE_BODY),
    ),
    (
        "type_alias_declaration",
        Rule::new(Class::Define(SymbolKind::Interface, ScopeKind::Block))
            .fields(&[("name", Ctx::Name), ("value", Ctx::Annotation)]),
    ),
    ("enum_declaration", Rule::new(Class::Define(SymbolKind::Enum, ScopeKind::Class)).fields(TYPE_BODY)),
    ("enum_body", Rule::new(Class::Plain).fields(&[("name", Ctx::Bind(SymbolKind::EnumMember))])),
    (
        "enum_assignment",
        Rule::new(Class::DefineFlat(SymbolKind::EnumMember))
            .fields(&[("name", Ctx::Name), ("value", Ctx::Read)]),
    ),
    (
        "internal_module",
        Rule::new(Class::Define(SymbolKind::Namespace, ScopeKind::Namespace)).fields(TYPE_BODY),
    ),
    ("module", Rule::new(Class::Define(SymbolKind::Namespace, ScopeKind::Namespace)).fields(TYPE_BODY)),
    ("public_field_definition", Rule::new(Class::DefineFlat(SymbolKind::Field)).fields(FIELD)),
    ("field_definition", Rule::new(Class::DefineFlat(SymbolKind::Field)).fields(FIELD)),
    ("property_signature", Rule::new(Class::DefineFlat(SymbolKind::Property)).fields(FIELD)),
    (
        "type_parameter",
        Rule::new(Class::Declaration)
            .fields(&[("name", Ctx::Bind(SymbolKind::TypeParameter)), ("constraint", Ctx::Annotation)]),
    ),
    ("constraint", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("object_type", Rule::new(Class::ObjectType)),
    ("array_type", Rule::new(Class::List).rest(Ctx::Type)),
    ("mapped_type_clause", Rule::new(Class::Plain).fields(&[("name", Ctx::Bind(SymbolKind::TypeParameter))])),
    ("infer_type", Rule::new(Class::Plain).rest(Ctx::Bind(SymbolKind::TypeParameter))),
    ("type_annotation", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("parenthesized_type", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("readonly_type", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("union_type", Rule::new(Class::Union).rest(Ctx::Type)),
    ("intersection_type", Rule::new(Class::Union).rest(Ctx::Type)),
    (
        "generic_type",
        Rule::new(Class::Generic).fields(&[("name", Ctx::Receiver), ("type_arguments", Ctx::Type)]),
    ),
    ("type_arguments", Rule::new(Class::TypeArguments).rest(Ctx::Type)),
    ("type_query", Rule::new(Class::Transparent).rest(Ctx::Read)),
    (
        "nested_type_identifier",
        Rule::new(Class::Member).fields(&[("module", Ctx::Receiver), ("name", Ctx::Member)]),
    ),
    // Statements.
    ("lexical_declaration", Rule::new(Class::Wrapper).rest(VARIABLE)),
    ("variable_declaration", Rule::new(Class::Wrapper).rest(Ctx::Hoist(SymbolKind::Variable))),
    (
        "variable_declarator",
        Rule::new(Class::Declaration).fields(&[
            ("name", Ctx::Inherit),
            ("type", Ctx::Annotation),
            ("value", Ctx::Value),
        ]),
    ),
    ("statement_block", Rule::new(Class::Scope(ScopeKind::Block))),
    ("switch_body", Rule::new(Class::Scope(ScopeKind::Block))),
    ("class_static_block", Rule::new(Class::Scope(ScopeKind::Function))),
    ("for_statement", Rule::new(Class::Scope(ScopeKind::Block))),
    ("for_in_statement", Rule::new(Class::Each).fields(&[("left", VARIABLE), ("right", Ctx::Value)])),
    ("return_statement", Rule::new(Class::Return)),
    ("catch_clause", Rule::new(Class::Scope(ScopeKind::Block)).fields(&[("parameter", VARIABLE)])),
    ("ambient_declaration", Rule::new(Class::Wrapper)),
    ("export_statement", Rule::new(Class::Export(export)).fields(&[("value", Ctx::Read)])),
    ("export_clause", Rule::new(Class::Skip)),
    ("namespace_export", Rule::new(Class::Skip)),
    ("import_statement", Rule::new(Class::Hook(import))),
    ("import_alias", Rule::new(Class::Declaration).rest(Ctx::Read)),
    // Patterns.
    ("object_pattern", Rule::new(Class::Fields).rest(Ctx::Inherit)),
    ("array_pattern", Rule::new(Class::Items).rest(Ctx::Inherit)),
    ("rest_pattern", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("assignment_pattern", Rule::new(Class::Default).fields(&[("left", Ctx::Inherit), ("right", Ctx::Read)])),
    (
        "object_assignment_pattern",
        Rule::new(Class::Default).fields(&[("left", Ctx::Inherit), ("right", Ctx::Read)]),
    ),
    ("pair_pattern", Rule::new(Class::Field).fields(&[("key", Ctx::Key), ("value", Ctx::Inherit)])),
    // Expressions.
    (
        "assignment_expression",
        Rule::new(Class::Declaration).fields(&[("left", Ctx::Write), ("right", Ctx::Value)]),
    ),
    (
        "augmented_assignment_expression",
        Rule::new(Class::Plain).fields(&[("left", Ctx::Write), ("right", Ctx::Read)]),
    ),
    ("update_expression", Rule::new(Class::Plain).fields(&[("argument", Ctx::Write)])),
    (
        "call_expression",
        Rule::new(Class::Call).fields(&[("function", Ctx::Callee), ("type_arguments", Ctx::Type)]),
    ),
    (
        "new_expression",
        Rule::new(Class::Call).fields(&[("constructor", Ctx::Callee), ("type_arguments", Ctx::Type)]),
    ),
    ("member_expression", Rule::new(Class::Member).fields(MEMBER)),
    ("nested_identifier", Rule::new(Class::Member).fields(MEMBER)),
    ("subscript_expression", Rule::new(Class::Index).fields(&[("object", Ctx::Receiver)])),
    ("arguments", Rule::new(Class::Arguments)),
    ("object", Rule::new(Class::Fields)),
    ("array", Rule::new(Class::Items)),
    (
        "ternary_expression",
        Rule::new(Class::Choice).fields(&[("consequence", Ctx::Value), ("alternative", Ctx::Value)]),
    ),
    ("binary_expression", Rule::new(Class::Choice).fields(&[("left", Ctx::Value), ("right", Ctx::Value)])),
    ("pair", Rule::new(Class::Field).fields(&[("key", Ctx::Key), ("value", Ctx::Read)])),
    ("computed_property_name", Rule::new(Class::Plain)),
    ("parenthesized_expression", Rule::new(Class::Transparent)),
    ("await_expression", Rule::new(Class::Transparent)),
    ("non_null_expression", Rule::new(Class::Transparent)),
    ("as_expression", Rule::new(Class::Cast)),
    ("satisfies_expression", Rule::new(Class::Plain)),
    ("jsx_opening_element", Rule::new(Class::Plain).fields(&[("name", Ctx::Callee)])),
    ("jsx_self_closing_element", Rule::new(Class::Plain).fields(&[("name", Ctx::Callee)])),
    ("jsx_closing_element", Rule::new(Class::Plain)),
    ("jsx_attribute", Rule::new(Class::Plain).rest(Ctx::Key)),
    ("jsx_expression", Rule::new(Class::Plain)),
];

const LAMBDA: &[(&str, Ctx)] = &[
    ("name", Ctx::Bind(SymbolKind::Function)),
    ("parameters", Ctx::Param),
    ("return_type", Ctx::Annotation),
    ("body", Ctx::Body),
];
const SIGNATURE: &[(&str, Ctx)] =
    &[("parameters", Ctx::Param), ("return_type", Ctx::Type), ("type", Ctx::Type)];

/// `constructor(private x: T)`: the parameter is also a field.
fn parameter_property(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if cx.is_in_declaration()
        && let Some(parameter) = node.parent()
        && let Some(name) = parameter.child_by_field_name("pattern")
        && name.kind() == "identifier"
    {
        cx.declare_field_of(name);
    }
    Visit::Nothing
}

/// `export …`: notes what is exported without a definition; definitions are visited afterwards.
fn export(cx: &mut Extract<'_>, node: Node<'_>) {
    let module = node.child_by_field_name("source").map_or(NONE, |source| cx.module(source));
    let mut cursor = node.walk();
    let mut star = module != NONE;
    for child in node.children(&mut cursor) {
        match child.kind() {
            "export_clause" => {
                star = false;
                let mut inner = child.walk();
                for specifier in child.named_children(&mut inner) {
                    export_name(cx, specifier, module);
                }
            }
            "namespace_export" => {
                star = false;
                if let Some(name) = child.named_child(0) {
                    let alias = cx.intern_node(name);
                    cx.export(ImportKind::ReExportModule, module, NONE, alias, name);
                }
            }
            "default" | "=" => {
                cx.export_default();
                if let Some(value) = child.next_named_sibling().filter(|value| value.kind() == "identifier") {
                    let (name, default) = (cx.intern_node(value), cx.intern_literal("default"));
                    cx.export(ImportKind::Export, NONE, name, default, value);
                }
            }
            _ => {}
        }
    }
    if star {
        cx.export(ImportKind::ReExportStar, module, NONE, NONE, node);
    }
}

fn export_name(cx: &mut Extract<'_>, specifier: Node<'_>, module: u32) {
    let Some(name_node) = specifier.child_by_field_name("name") else { return };
    let name = cx.intern_node(name_node);
    let alias_node = specifier.child_by_field_name("alias");
    let alias = alias_node.map_or(name, |alias| cx.intern_node(alias));
    if name == NONE || alias == NONE {
        return;
    }
    if module == NONE {
        cx.use_after(name_node, None);
        cx.export(ImportKind::Export, NONE, name, alias, name_node);
    } else {
        cx.import_part(name_node);
        cx.export(ImportKind::ReExport, module, name, alias, name_node);
    }
}

fn import(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let mut cursor = node.walk();
    let source = node.child_by_field_name("source");
    let module = source.map_or(NONE, |source| cx.module(source));
    let mut bound = false;
    for child in node.named_children(&mut cursor) {
        match child.kind() {
            "import_clause" => {
                bound = true;
                import_clause(cx, child, module);
            }
            "import_require_clause" => {
                bound = true;
                let module = child.child_by_field_name("source").map_or(NONE, |source| cx.module(source));
                if let Some(name) = child.named_child(0) {
                    cx.import(ImportKind::Module, module, NONE, Some(name));
                }
            }
            _ => {}
        }
    }
    if !bound && module != NONE {
        cx.import(ImportKind::Bare, module, NONE, None);
    }
    Visit::Nothing
}

fn import_clause(cx: &mut Extract<'_>, clause: Node<'_>, module: u32) {
    let mut cursor = clause.walk();
    for child in clause.named_children(&mut cursor) {
        match child.kind() {
            "identifier" => {
                let default = cx.intern_literal("default");
                cx.import(ImportKind::Default, module, default, Some(child));
            }
            "namespace_import" => {
                if let Some(name) = child.named_child(0) {
                    cx.import(ImportKind::Module, module, NONE, Some(name));
                }
            }
            "named_imports" => {
                let mut inner = child.walk();
                for specifier in child.named_children(&mut inner) {
                    let Some(name_node) = specifier.child_by_field_name("name") else { continue };
                    let name = cx.intern_node(name_node);
                    let alias = specifier.child_by_field_name("alias");
                    if alias.is_some() {
                        cx.import_part(name_node);
                    }
                    cx.import(ImportKind::Name, module, name, Some(alias.unwrap_or(name_node)));
                }
            }
            _ => {}
        }
    }
}
