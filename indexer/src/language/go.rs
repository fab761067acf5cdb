//! Go. A method's qualified name begins with its receiver's type.

use super::{Class, Ctx, Exports, Rule, Spec, Visit};
use crate::extract::Extract;
use crate::symbol::{ImportKind, NONE, ScopeKind, SymbolKind};
use tree_sitter::Node;

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_go::LANGUAGE,
    extensions: &["go"],
    base: &[],
    nodes: NODES,
    exports: Exports::Capital,
    doc_comments: true,
    wrappers: &[],
    collections: &[],
    assigned_fields: false,
};

const VARIABLE: Ctx = Ctx::Bind(SymbolKind::Variable);
const INHERIT: Rule = Rule::new(Class::Plain).rest(Ctx::Inherit);
const TYPES: Rule = Rule::new(Class::Transparent).rest(Ctx::Type);
const BLOCK: Rule = Rule::new(Class::Scope(ScopeKind::Block));
const CALLABLE: &[(&str, Ctx)] = &[
    // Visited before the name: the hook of parameter lists finds the type there.
    ("receiver", Ctx::Owner),
    ("name", Ctx::Name),
    ("type_parameters", Ctx::Type),
    ("parameters", Ctx::Param),
    ("result", Ctx::Annotation),
    ("body", Ctx::Body),
];
const TYPE: &[(&str, Ctx)] = &[("name", Ctx::Name), ("type", Ctx::Type), ("type_parameters", Ctx::Type)];
const PARAMETER: &[(&str, Ctx)] = &[("name", Ctx::Param), ("type", Ctx::Annotation)];

const NODES: &[(&str, Rule)] = &[
    // Leaves.
    ("comment", Rule::new(Class::Comment)),
    ("identifier", Rule::new(Class::Name)),
    ("field_identifier", Rule::new(Class::Name)),
    ("package_identifier", Rule::new(Class::Name)),
    ("type_identifier", Rule::new(Class::TypeName)),
    ("interpreted_string_literal", Rule::new(Class::Skip)),
    ("raw_string_literal", Rule::new(Class::Skip)),
    // Declarations.
    ("package_clause", Rule::new(Class::DefineFlat(SymbolKind::Module)).rest(Ctx::Name)),
    ("import_declaration", Rule::new(Class::Plain)),
    ("import_spec", Rule::new(Class::Hook(import))),
    (
        "function_declaration",
        Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(CALLABLE),
    ),
    (
        "method_declaration",
        Rule::new(Class::Define(SymbolKind::Method, ScopeKind::Function)).fields(CALLABLE),
    ),
    ("method_elem", Rule::new(Class::Define(SymbolKind::Method, ScopeKind::Function)).fields(CALLABLE)),
    ("func_literal", Rule::new(Class::Scope(ScopeKind::Function)).fields(CALLABLE)),
    ("function_type", Rule::new(Class::Scope(ScopeKind::Function)).fields(CALLABLE)),
    ("parameter_list", Rule::new(Class::Hook(parameters)).rest(Ctx::Param)),
    ("parameter_declaration", Rule::new(Class::Declaration).fields(PARAMETER)),
    ("variadic_parameter_declaration", Rule::new(Class::Declaration).fields(PARAMETER)),
    ("type_declaration", Rule::new(Class::Hook(declaration))),
    ("type_spec", Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(TYPE)),
    ("type_alias", Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(TYPE)),
    ("type_parameter_list", Rule::new(Class::Plain)),
    (
        "type_parameter_declaration",
        Rule::new(Class::Plain)
            .fields(&[("name", Ctx::Bind(SymbolKind::TypeParameter)), ("type", Ctx::Type)]),
    ),
    ("struct_type", Rule::new(Class::Hook(structure))),
    ("interface_type", Rule::new(Class::Hook(interface)).rest(Ctx::Base)),
    ("type_elem", Rule::new(Class::Transparent).rest(Ctx::Inherit)),
    (
        "field_declaration",
        Rule::new(Class::Declaration).fields(&[
            ("name", Ctx::Bind(SymbolKind::Field)),
            // An embedded type is also the field's name.
            ("type", Ctx::Owner),
        ]),
    ),
    ("const_declaration", Rule::new(Class::Hook(declaration))),
    (
        "const_spec",
        Rule::new(Class::Declaration).fields(&[
            ("name", Ctx::Bind(SymbolKind::Constant)),
            ("type", Ctx::Annotation),
            ("value", Ctx::Value),
        ]),
    ),
    ("var_declaration", Rule::new(Class::Hook(declaration))),
    (
        "var_spec",
        Rule::new(Class::Declaration).fields(&[
            ("name", VARIABLE),
            ("type", Ctx::Annotation),
            ("value", Ctx::Value),
        ]),
    ),
    // Types.
    ("pointer_type", TYPES),
    ("parenthesized_type", TYPES),
    ("slice_type", TYPES),
    ("channel_type", TYPES),
    ("map_type", TYPES),
    ("array_type", Rule::new(Class::Plain).fields(&[("element", Ctx::Type), ("length", Ctx::Read)])),
    ("generic_type", Rule::new(Class::Generic).fields(&[("type", Ctx::Type), ("type_arguments", Ctx::Type)])),
    ("type_arguments", TYPES),
    ("type_constraint", TYPES),
    ("qualified_type", Rule::new(Class::Member).fields(&[("package", Ctx::Receiver), ("name", Ctx::Member)])),
    // Statements.
    ("block", BLOCK),
    ("if_statement", BLOCK),
    ("for_statement", BLOCK),
    ("expression_switch_statement", BLOCK),
    ("expression_case", BLOCK),
    ("default_case", BLOCK),
    ("type_switch_statement", Rule::new(Class::Scope(ScopeKind::Block)).fields(&[("alias", VARIABLE)])),
    ("type_case", Rule::new(Class::Scope(ScopeKind::Block)).fields(&[("type", Ctx::Type)])),
    ("communication_case", BLOCK),
    ("receive_statement", Rule::new(Class::Plain).fields(&[("left", VARIABLE)])),
    ("range_clause", Rule::new(Class::Plain).fields(&[("left", VARIABLE)])),
    (
        "short_var_declaration",
        Rule::new(Class::Declaration).fields(&[("left", VARIABLE), ("right", Ctx::Value)]),
    ),
    ("assignment_statement", Rule::new(Class::Plain).fields(&[("left", Ctx::Write), ("right", Ctx::Read)])),
    ("inc_statement", Rule::new(Class::Plain).rest(Ctx::Write)),
    ("dec_statement", Rule::new(Class::Plain).rest(Ctx::Write)),
    ("expression_list", Rule::new(Class::Transparent).rest(Ctx::Inherit)),
    // Expressions.
    (
        "call_expression",
        Rule::new(Class::Call).fields(&[("function", Ctx::Callee), ("type_arguments", Ctx::Type)]),
    ),
    (
        "selector_expression",
        Rule::new(Class::Member).fields(&[("operand", Ctx::Receiver), ("field", Ctx::Member)]),
    ),
    ("composite_literal", Rule::new(Class::Plain).fields(&[("type", Ctx::Type)])),
    ("keyed_element", Rule::new(Class::Plain).fields(&[("key", Ctx::Key), ("value", Ctx::Read)])),
    ("literal_element", INHERIT),
    ("type_assertion_expression", Rule::new(Class::Plain).fields(&[("type", Ctx::Type)])),
    ("type_conversion_expression", Rule::new(Class::Plain).fields(&[("type", Ctx::Type)])),
    ("type_instantiation_expression", Rule::new(Class::Plain).rest(Ctx::Type)),
    ("parenthesized_expression", Rule::new(Class::Transparent)),
    ("unary_expression", Rule::new(Class::Transparent)),
];

/// `const x = 1` begins with its keyword; in `const ( … )` each line stands for itself.
fn declaration(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let group = node.child(1).is_some_and(|second| matches!(second.kind(), "(" | "var_spec_list"));
    if !group {
        cx.begin_wrapper(node);
    }
    Visit::Children
}

/// A method belongs to its receiver's type.
fn parameters(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    if cx.context() != Ctx::Owner {
        return Visit::Children;
    }
    let mut inner = node.named_child(0).and_then(|receiver| receiver.child_by_field_name("type"));
    while let Some(part) = inner {
        inner = match part.kind() {
            "type_identifier" => {
                cx.qualify(part.start_byte(), part.end_byte());
                None
            }
            "generic_type" => part.child_by_field_name("type"),
            "pointer_type" | "parenthesized_type" => part.named_child(0),
            _ => None,
        };
    }
    Visit::Children
}

fn structure(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    body(cx, node, SymbolKind::Struct)
}

fn interface(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    body(cx, node, SymbolKind::Interface)
}

/// `type T struct { … }`: the type behind the name says what the name is.
fn body(cx: &mut Extract<'_>, node: Node<'_>, kind: SymbolKind) -> Visit {
    if let Some(braces) = node.child(1) {
        cx.is_body_of(kind, braces.start_byte());
    }
    Visit::Children
}

/// `import alias "path"`. Without an alias the last part of the path is the name.
fn import(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let Some(path) = node.child_by_field_name("path") else { return Visit::Nothing };
    let module = cx.module(path);
    if module == NONE {
        return Visit::Nothing;
    }
    let alias = node.child_by_field_name("name");
    match alias.map(|alias| alias.kind()) {
        Some("dot") => cx.import(ImportKind::Star, module, NONE, None),
        Some("blank_identifier") => cx.import(ImportKind::Bare, module, NONE, None),
        Some(_) => cx.import(ImportKind::Module, module, NONE, alias),
        None => {
            let (from, to) = package_name(cx.text_of(path));
            cx.import_range(
                ImportKind::Module,
                module,
                NONE,
                path.start_byte() + from,
                path.start_byte() + to,
            );
        }
    }
    Visit::Nothing
}

/// Where the package's name stands in a quoted import path: the last part, without `v2` or `.v3`.
fn package_name(quoted: &str) -> (usize, usize) {
    let mut end = quoted.trim_end_matches(['"', '`']).len();
    let last_part = |end: usize| quoted[..end].rfind(['/', '"', '`']).map_or(0, |at| at + 1);
    let mut from = last_part(end);
    let version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    if version(&quoted[from..end]) && from > 1 {
        end = from - 1;
        from = last_part(end);
    }
    match quoted[from..end].rsplit_once('.') {
        Some((name, suffix)) if version(suffix) => (from, from + name.len()),
        _ => (from, end),
    }
}
