//! Rust. An `impl` block is a symbol of kind `Namespace` with its type's name, so that an outline
//! shows the methods inside it and their qualified name is `Type.method`.

use super::{Class, Ctx, Exports, Rule, Spec, Visit};
use crate::extract::Extract;
use crate::symbol::{ImportKind, NONE, ScopeKind, SymbolKind};
use tree_sitter::Node;

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_rust::LANGUAGE,
    extensions: &["rs"],
    base: &[],
    nodes: NODES,
    exports: Exports::Modifier,
    doc_comments: true,
    wrappers: &[],
    collections: &[],
    assigned_fields: false,
};

const CALLABLE: &[(&str, Ctx)] = &[
    ("name", Ctx::Name),
    ("type_parameters", Ctx::Type),
    ("parameters", Ctx::Param),
    ("return_type", Ctx::Annotation),
    ("body", Ctx::Body),
];
const TYPE_BODY: &[(&str, Ctx)] = &[("name", Ctx::Name), ("body", Ctx::Body)];
const ITEM: &[(&str, Ctx)] =
    &[("name", Ctx::Name), ("type", Ctx::Annotation), ("value", Ctx::Value), ("bounds", Ctx::Base)];
const INHERIT: Rule = Rule::new(Class::Plain).rest(Ctx::Inherit);
const TYPES: Rule = Rule::new(Class::Transparent).rest(Ctx::Type);
const PATH: &[(&str, Ctx)] = &[("path", Ctx::Receiver), ("name", Ctx::Member)];
const BLOCK: Rule = Rule::new(Class::Scope(ScopeKind::Block));

const NODES: &[(&str, Rule)] = &[
    // Leaves.
    ("line_comment", Rule::new(Class::Hook(comment))),
    ("block_comment", Rule::new(Class::Hook(comment))),
    ("identifier", Rule::new(Class::Name)),
    ("field_identifier", Rule::new(Class::Name)),
    ("shorthand_field_identifier", Rule::new(Class::Hook(shorthand))),
    ("type_identifier", Rule::new(Class::TypeName)),
    ("primitive_type", Rule::new(Class::Skip)),
    ("self", Rule::new(Class::This)),
    ("lifetime", Rule::new(Class::Skip)),
    ("label", Rule::new(Class::Skip)),
    ("string_literal", Rule::new(Class::Skip)),
    ("raw_string_literal", Rule::new(Class::Skip)),
    ("visibility_modifier", Rule::new(Class::Modifier("pub", true))),
    ("attribute_item", Rule::new(Class::Attribute)),
    // Items.
    ("function_item", Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(CALLABLE)),
    (
        "function_signature_item",
        Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(CALLABLE),
    ),
    ("struct_item", Rule::new(Class::Define(SymbolKind::Struct, ScopeKind::Class)).fields(TYPE_BODY)),
    ("union_item", Rule::new(Class::Define(SymbolKind::Struct, ScopeKind::Class)).fields(TYPE_BODY)),
    ("enum_item", Rule::new(Class::Define(SymbolKind::Enum, ScopeKind::Class)).fields(TYPE_BODY)),
    (
        "enum_variant",
        Rule::new(Class::Define(SymbolKind::EnumMember, ScopeKind::Class)).fields(&[("name", Ctx::Name)]),
    ),
    (
        "trait_item",
        Rule::new(Class::Define(SymbolKind::Interface, ScopeKind::Class)).fields(&[
            ("name", Ctx::Name),
            ("bounds", Ctx::Base),
            ("body", Ctx::Body),
        ]),
    ),
    (
        "impl_item",
        Rule::new(Class::Define(SymbolKind::Namespace, ScopeKind::Class)).fields(&[
            ("trait", Ctx::Base),
            ("type", Ctx::Owner),
            ("body", Ctx::Body),
        ]),
    ),
    ("mod_item", Rule::new(Class::Define(SymbolKind::Module, ScopeKind::Namespace)).fields(TYPE_BODY)),
    (
        "macro_definition",
        Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(&[("name", Ctx::Name)]),
    ),
    ("const_item", Rule::new(Class::DefineFlat(SymbolKind::Constant)).fields(ITEM)),
    ("static_item", Rule::new(Class::DefineFlat(SymbolKind::Variable)).fields(ITEM)),
    ("type_item", Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(ITEM)),
    ("associated_type", Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(ITEM)),
    ("field_declaration", Rule::new(Class::DefineFlat(SymbolKind::Field)).fields(ITEM)),
    ("ordered_field_declaration_list", Rule::new(Class::Hook(tuple_fields)).rest(Ctx::Nothing).fields(TYPE)),
    ("use_declaration", Rule::new(Class::Hook(import))),
    ("extern_crate_declaration", Rule::new(Class::Hook(extern_crate))),
    // Types.
    ("type_parameter", Rule::new(Class::Plain).fields(&[("name", TYPE_PARAMETER)]).rest(Ctx::Type)),
    ("const_parameter", Rule::new(Class::Plain).fields(&[("name", TYPE_PARAMETER), ("type", Ctx::Type)])),
    ("lifetime_parameter", Rule::new(Class::Skip)),
    ("type_arguments", TYPES),
    ("reference_type", TYPES),
    ("pointer_type", TYPES),
    ("array_type", Rule::new(Class::Plain).fields(&[("element", Ctx::Type), ("length", Ctx::Read)])),
    ("dynamic_type", TYPES),
    ("abstract_type", TYPES),
    ("bounded_type", TYPES),
    ("tuple_type", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("trait_bounds", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("where_predicate", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("generic_type", Rule::new(Class::Generic).fields(&[("type", Ctx::Type), ("type_arguments", Ctx::Type)])),
    ("generic_type_with_turbofish", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("function_type", Rule::new(Class::Scope(ScopeKind::Function)).rest(Ctx::Type)),
    ("scoped_type_identifier", Rule::new(Class::Member).fields(PATH)),
    // Patterns.
    (
        "let_declaration",
        Rule::new(Class::Declaration).fields(&[
            ("pattern", Ctx::Pattern),
            ("type", Ctx::Annotation),
            ("value", Ctx::Value),
        ]),
    ),
    ("let_condition", Rule::new(Class::Declaration).fields(&[("pattern", Ctx::Pattern)])),
    ("match_pattern", Rule::new(Class::Plain).fields(&[("condition", Ctx::Read)]).rest(Ctx::Pattern)),
    ("parameters", Rule::new(Class::Plain).rest(Ctx::Param)),
    ("closure_parameters", Rule::new(Class::Plain).rest(Ctx::Param)),
    (
        "parameter",
        Rule::new(Class::Declaration).fields(&[("pattern", Ctx::Param), ("type", Ctx::Annotation)]),
    ),
    ("mut_pattern", INHERIT),
    ("ref_pattern", INHERIT),
    ("reference_pattern", INHERIT),
    ("captured_pattern", INHERIT),
    ("or_pattern", INHERIT),
    ("tuple_pattern", INHERIT),
    ("slice_pattern", INHERIT),
    ("tuple_struct_pattern", Rule::new(Class::Plain).fields(&[("type", Ctx::Read)]).rest(Ctx::Inherit)),
    ("struct_pattern", Rule::new(Class::Plain).fields(TYPE).rest(Ctx::Inherit)),
    ("field_pattern", Rule::new(Class::Plain).fields(&[("name", Ctx::Key), ("pattern", Ctx::Inherit)])),
    // Expressions.
    ("block", BLOCK),
    ("match_arm", BLOCK),
    ("if_expression", BLOCK),
    ("while_expression", BLOCK),
    ("for_expression", Rule::new(Class::Scope(ScopeKind::Block)).fields(&[("pattern", Ctx::Pattern)])),
    (
        "closure_expression",
        Rule::new(Class::Scope(ScopeKind::Function)).fields(&[("return_type", Ctx::Type)]),
    ),
    ("call_expression", Rule::new(Class::Call).fields(&[("function", Ctx::Callee)])),
    (
        "generic_function",
        Rule::new(Class::Plain).fields(&[("function", Ctx::Inherit), ("type_arguments", Ctx::Type)]),
    ),
    (
        "field_expression",
        Rule::new(Class::Member).fields(&[("value", Ctx::Receiver), ("field", Ctx::Member)]),
    ),
    ("scoped_identifier", Rule::new(Class::Member).fields(PATH)),
    ("struct_expression", Rule::new(Class::Plain).fields(&[("name", Ctx::Type)])),
    ("field_initializer", Rule::new(Class::Plain).fields(&[("field", Ctx::Key), ("value", Ctx::Read)])),
    ("assignment_expression", Rule::new(Class::Plain).fields(&[("left", Ctx::Write), ("right", Ctx::Read)])),
    (
        "compound_assignment_expr",
        Rule::new(Class::Plain).fields(&[("left", Ctx::Write), ("right", Ctx::Read)]),
    ),
    ("type_cast_expression", Rule::new(Class::Plain).fields(TYPE)),
    ("parenthesized_expression", Rule::new(Class::Transparent)),
    ("reference_expression", Rule::new(Class::Transparent)),
    ("try_expression", Rule::new(Class::Transparent)),
    ("await_expression", Rule::new(Class::Transparent)),
    ("macro_invocation", Rule::new(Class::Call).fields(&[("macro", Ctx::Callee)])),
    ("macro_rule", Rule::new(Class::Plain).fields(&[("left", Ctx::Nothing)])),
    ("token_tree", Rule::new(Class::Plain).rest(Ctx::Token)),
    ("token_repetition", Rule::new(Class::Plain).rest(Ctx::Token)),
];

const TYPE: &[(&str, Ctx)] = &[("type", Ctx::Type)];
const TYPE_PARAMETER: Ctx = Ctx::Bind(SymbolKind::TypeParameter);

/// `//!` and `/*!` document the file or module that they stand in.
fn comment(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if cx.text_of(node).get(2..3) == Some("!") {
        cx.inner_comment();
    } else {
        cx.outer_comment(node);
    }
    Visit::Nothing
}

/// `S { name }` in a pattern binds `name`.
fn shorthand(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    cx.bind_here(node, SymbolKind::Variable);
    Visit::Nothing
}

/// The types of `struct S(A, B)` belong to the signature: unlike other bodies they do not end it.
fn tuple_fields(_: &mut Extract<'_>, _: Node<'_>) -> Visit {
    Visit::Children
}

fn extern_crate(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if let Some(name) = node.child_by_field_name("name") {
        let module = cx.module(name);
        cx.import(ImportKind::Module, module, NONE, Some(node.child_by_field_name("alias").unwrap_or(name)));
    }
    Visit::Nothing
}

/// `use a::b::{c, d::e as f, g::*}`. The module is the path before the list, as written, and the
/// name the rest of the path; in a list within a list the module is only the inner list's own path.
fn import(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let mut open: Vec<(Node<'_>, Option<Node<'_>>)> = Vec::new();
    open.extend(node.child_by_field_name("argument").map(|argument| (argument, None)));
    while let Some((part, around)) = open.pop() {
        let module = around.map_or(NONE, |path| cx.module(path));
        match part.kind() {
            "scoped_use_list" => {
                let path = part.child_by_field_name("path");
                path.iter().for_each(|path| use_path(cx, *path));
                open.extend(part.child_by_field_name("list").map(|list| (list, path.or(around))));
            }
            "use_list" => {
                let mut cursor = part.walk();
                let from = open.len();
                open.extend(part.named_children(&mut cursor).map(|child| (child, around)));
                open[from..].reverse();
            }
            "use_wildcard" => {
                let path = part.named_child(0);
                path.iter().for_each(|path| use_path(cx, *path));
                let from = path.map_or(module, |path| cx.module(path));
                cx.import(ImportKind::Star, from, NONE, None);
            }
            "use_as_clause" => {
                let alias = part.child_by_field_name("alias");
                if let Some(path) = part.child_by_field_name("path") {
                    use_path(cx, path);
                    imported(cx, path, module, alias);
                }
            }
            // `a::b::{self}` binds `b`, which stands before the list.
            "self" => {
                if let Some(path) = around {
                    let bound = path.child_by_field_name("name").unwrap_or(path);
                    let alias = cx.intern_node(bound);
                    cx.export(ImportKind::Module, module, NONE, alias, bound);
                }
            }
            _ => imported(cx, part, module, None),
        }
    }
    Visit::Nothing
}

/// One path of a `use`: its last name is bound here, or the alias is.
fn imported(cx: &mut Extract<'_>, path: Node<'_>, module: u32, alias: Option<Node<'_>>) {
    let (before, last) = match path.kind() {
        "scoped_identifier" => (path.child_by_field_name("path"), path.child_by_field_name("name")),
        "identifier" => (None, Some(path)),
        _ => (None, None),
    };
    if alias.is_none() {
        before.iter().for_each(|before| use_path(cx, *before));
    }
    let (module, name) = match (before, last) {
        (Some(before), Some(last)) if module == NONE => (cx.module(before), cx.intern_node(last)),
        (None, Some(last)) if module == NONE => (cx.module(last), NONE),
        (_, Some(_)) => (module, cx.intern_node(path)),
        (_, None) => (module, NONE),
    };
    let kind = if name == NONE { ImportKind::Module } else { ImportKind::Name };
    cx.import(kind, module, name, alias.or(last));
}

/// The names of a path are looked up, not bound.
fn use_path(cx: &mut Extract<'_>, path: Node<'_>) {
    let mut rest = Some(path);
    while let Some(node) = rest {
        rest = None;
        match node.kind() {
            "identifier" => cx.import_part(node),
            "scoped_identifier" => {
                if let Some(name) = node.child_by_field_name("name") {
                    cx.import_part(name);
                }
                rest = node.child_by_field_name("path");
            }
            _ => {}
        }
    }
}
