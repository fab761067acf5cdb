//! Python.

use super::{Class, Ctx, Exports, Rule, Spec, Visit};
use crate::extract::Extract;
use crate::symbol::{ImportKind, NONE, ScopeKind, SymbolKind};
use tree_sitter::Node;

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_python::LANGUAGE,
    extensions: &["py", "pyi", "pyw"],
    base: &[],
    nodes: NODES,
    exports: Exports::NoUnderscore,
    doc_comments: false,
    wrappers: &[
        "Optional",
        "Final",
        "ClassVar",
        "Annotated",
        "Awaitable",
        "Required",
        "NotRequired",
        "ReadOnly",
    ],
    collections: &[],
    assigned_fields: true,
};

const VARIABLE: Ctx = Ctx::Bind(SymbolKind::Variable);

const NODES: &[(&str, Rule)] = &[
    ("comment", Rule::new(Class::Comment)),
    ("identifier", Rule::new(Class::Name)),
    ("string", Rule::new(Class::String)),
    ("integer", Rule::new(Class::Skip)),
    ("float", Rule::new(Class::Skip)),
    (
        "function_definition",
        Rule::new(Class::Define(SymbolKind::Function, ScopeKind::Function)).fields(&[
            ("name", Ctx::Name),
            ("parameters", Ctx::Param),
            ("return_type", Ctx::Annotation),
            ("body", Ctx::Body),
            ("type_parameters", Ctx::Bind(SymbolKind::TypeParameter)),
        ]),
    ),
    (
        "class_definition",
        Rule::new(Class::Define(SymbolKind::Class, ScopeKind::Class)).fields(&[
            ("name", Ctx::Name),
            ("superclasses", Ctx::Base),
            ("body", Ctx::Body),
            ("type_parameters", Ctx::Bind(SymbolKind::TypeParameter)),
        ]),
    ),
    ("decorated_definition", Rule::new(Class::Wrapper)),
    (
        "lambda",
        Rule::new(Class::Scope(ScopeKind::Function))
            .fields(&[("parameters", Ctx::Param), ("body", Ctx::Read)]),
    ),
    ("parameters", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("lambda_parameters", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    (
        "default_parameter",
        Rule::new(Class::Declaration).fields(&[("name", Ctx::Param), ("value", Ctx::Read)]),
    ),
    ("typed_parameter", Rule::new(Class::Declaration).fields(&[("type", Ctx::Annotation)]).rest(Ctx::Param)),
    (
        "typed_default_parameter",
        Rule::new(Class::Declaration).fields(&[
            ("name", Ctx::Param),
            ("type", Ctx::Annotation),
            ("value", Ctx::Read),
        ]),
    ),
    ("list_splat_pattern", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("dictionary_splat_pattern", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("tuple_pattern", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("list_pattern", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("pattern_list", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    (
        "assignment",
        Rule::new(Class::Declaration).fields(&[
            ("left", VARIABLE),
            ("type", Ctx::Annotation),
            ("right", Ctx::Value),
        ]),
    ),
    ("augmented_assignment", Rule::new(Class::Plain).fields(&[("left", Ctx::Write), ("right", Ctx::Read)])),
    ("named_expression", Rule::new(Class::Declaration).fields(&[("name", VARIABLE), ("value", Ctx::Value)])),
    ("for_statement", Rule::new(Class::Plain).fields(&[("left", VARIABLE)])),
    ("for_in_clause", Rule::new(Class::Plain).fields(&[("left", VARIABLE)])),
    ("list_comprehension", Rule::new(Class::Scope(ScopeKind::Function))),
    ("set_comprehension", Rule::new(Class::Scope(ScopeKind::Function))),
    ("dictionary_comprehension", Rule::new(Class::Scope(ScopeKind::Function))),
    ("generator_expression", Rule::new(Class::Scope(ScopeKind::Function))),
    ("as_pattern", Rule::new(Class::Declaration).fields(&[("alias", VARIABLE)]).rest(Ctx::Value)),
    ("as_pattern_target", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("except_clause", Rule::new(Class::Plain).fields(&[("alias", VARIABLE)])),
    ("attribute", Rule::new(Class::Member).fields(&[("object", Ctx::Receiver), ("attribute", Ctx::Member)])),
    ("call", Rule::new(Class::Call).fields(&[("function", Ctx::Callee), ("arguments", Ctx::Read)])),
    // A class's bases stand in an argument list too.
    ("argument_list", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("keyword_argument", Rule::new(Class::Plain).fields(&[("name", Ctx::Keyword), ("value", Ctx::Read)])),
    ("subscript", Rule::new(Class::Generic).fields(&[("value", Ctx::Receiver), ("subscript", Ctx::Read)])),
    ("parenthesized_expression", Rule::new(Class::Transparent)),
    ("await", Rule::new(Class::Transparent)),
    ("type", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("generic_type", Rule::new(Class::Generic).rest(Ctx::Type)),
    ("type_parameter", Rule::new(Class::Transparent).rest(Ctx::Type)),
    ("union_type", Rule::new(Class::Union).rest(Ctx::Type)),
    ("binary_operator", Rule::new(Class::Union).rest(Ctx::Inherit)),
    (
        "type_alias_statement",
        Rule::new(Class::Declaration)
            .fields(&[("left", Ctx::Bind(SymbolKind::Class)), ("right", Ctx::Annotation)]),
    ),
    ("dotted_name", Rule::new(Class::Hook(dotted_name))),
    ("case_pattern", Rule::new(Class::Plain).rest(VARIABLE)),
    ("class_pattern", Rule::new(Class::Plain).rest(Ctx::Read)),
    ("splat_pattern", Rule::new(Class::Plain).rest(VARIABLE)),
    ("keyword_pattern", Rule::new(Class::Plain).rest(Ctx::Nothing)),
    ("union_pattern", Rule::new(Class::Plain).rest(Ctx::Inherit)),
    ("import_statement", Rule::new(Class::Hook(import))),
    ("import_from_statement", Rule::new(Class::Hook(import_from))),
    ("future_import_statement", Rule::new(Class::Skip)),
    ("global_statement", Rule::new(Class::Hook(global))),
    ("nonlocal_statement", Rule::new(Class::Hook(global))),
];

/// `case name:` binds, `case a.b:` reads; elsewhere dotted names stand only in imports.
fn dotted_name(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let mut before = None;
    let count = node.named_child_count();
    for i in 0..count {
        let Some(part) = node.named_child(u32::try_from(i).unwrap_or(u32::MAX)) else { break };
        if count == 1 && cx.is_binding() {
            cx.bind_here(part, SymbolKind::Variable);
        } else {
            before = cx.use_after(part, before);
        }
    }
    Visit::Nothing
}

fn import(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let mut cursor = node.walk();
    for child in node.children_by_field_name("name", &mut cursor) {
        let (name, alias) = aliased(child);
        let module = cx.module(name);
        match alias {
            Some(alias) => cx.import(ImportKind::Module, module, NONE, Some(alias)),
            // `import a.b` binds `a`, the package.
            None => {
                if let Some(first) = name.named_child(0) {
                    if first.end_byte() != name.end_byte() {
                        cx.export(ImportKind::Bare, module, NONE, NONE, name);
                    }
                    let bound = cx.module(first);
                    cx.import(ImportKind::Module, bound, NONE, Some(first));
                }
            }
        }
    }
    Visit::Nothing
}

fn import_from(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let Some(module_node) = node.child_by_field_name("module_name") else { return Visit::Nothing };
    let module = cx.module(module_node);
    let mut cursor = node.walk();
    let mut any = false;
    for child in node.children_by_field_name("name", &mut cursor) {
        any = true;
        let (name_node, alias) = aliased(child);
        let name = cx.intern_node(name_node);
        if alias.is_some() {
            cx.import_part(name_node);
        }
        cx.import(ImportKind::Name, module, name, Some(alias.unwrap_or(name_node)));
    }
    if !any {
        cx.export(ImportKind::Star, module, NONE, NONE, module_node);
    }
    Visit::Nothing
}

/// The name and the alias of `name` or `name as alias`.
fn aliased(node: Node<'_>) -> (Node<'_>, Option<Node<'_>>) {
    if node.kind() != "aliased_import" {
        return (node, None);
    }
    (node.child_by_field_name("name").unwrap_or(node), node.child_by_field_name("alias"))
}

/// `global x`: assignments in this function bind nothing here.
fn global(cx: &mut Extract<'_>, node: Node<'_>) -> Visit {
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        cx.unbind(child);
    }
    Visit::Nothing
}
