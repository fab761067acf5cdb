//! Every rule speaks of node kinds and fields that exist: a rule that does not would be silent.

use super::Language;
use crate::language::{Ctx, Rule};
use jsonc_parser::JsonValue;
use std::collections::{BTreeMap, BTreeSet};

/// The node kinds of a grammar, each with the names of its fields.
type Kinds = BTreeMap<String, BTreeSet<String>>;
type Nodes = &'static [(&'static str, Rule)];
type Fields = &'static [(&'static str, Ctx)];

fn kinds(language: Language) -> Kinds {
    let node_types = match language {
        Language::Python => tree_sitter_python::NODE_TYPES,
        Language::TypeScript => tree_sitter_typescript::TYPESCRIPT_NODE_TYPES,
        Language::Tsx => tree_sitter_typescript::TSX_NODE_TYPES,
        Language::JavaScript => tree_sitter_javascript::NODE_TYPES,
        Language::Rust => tree_sitter_rust::NODE_TYPES,
        Language::Go => tree_sitter_go::NODE_TYPES,
        Language::Java => tree_sitter_java::NODE_TYPES,
        Language::C => tree_sitter_c::NODE_TYPES,
        Language::Cpp => tree_sitter_cpp::NODE_TYPES,
    };
    let Ok(Some(JsonValue::Array(nodes))) = jsonc_parser::parse_to_value(node_types, &Default::default())
    else {
        panic!("a grammar describes its nodes as a list");
    };
    let mut kinds = Kinds::new();
    for node in nodes.take_inner() {
        let JsonValue::Object(mut node) = node else { continue };
        if node.get_boolean("named") == Some(true) {
            let fields =
                node.take_object("fields").map(|fields| fields.into_iter().map(|(name, _)| name.into()));
            let kind = node.take_string("type").expect("nodes have a type");
            kinds.insert(kind.into(), fields.into_iter().flatten().collect());
        }
    }
    kinds
}

/// The languages that share a table, with it.
fn tables() -> Vec<(Vec<Language>, Nodes)> {
    let mut tables: Vec<(Vec<Language>, Nodes)> = Vec::new();
    let of =
        |language: &Language| [language.spec().base, language.spec().nodes].map(|nodes| (*language, nodes));
    for (language, nodes) in Language::ALL.iter().flat_map(of).filter(|(_, nodes)| !nodes.is_empty()) {
        let same =
            |known: &[(&str, Rule)]| known.iter().map(|rule| rule.0).eq(nodes.iter().map(|rule| rule.0));
        match tables.iter_mut().find(|(_, known)| same(known)) {
            Some((languages, _)) => languages.push(language),
            None => tables.push((vec![language], nodes)),
        }
    }
    tables
}

#[test]
fn every_kind_of_a_table_exists_and_has_one_rule() {
    for (languages, nodes) in tables() {
        let mut seen = BTreeSet::new();
        for (kind, _) in nodes {
            // The description of a grammar's nodes leaves out some aliases; the grammar has them.
            let known = languages.iter().any(|language| language.grammar().id_for_node_kind(kind, true) != 0);
            assert!(known, "{languages:?}: no grammar has the kind `{kind}`");
            assert!(seen.insert(kind), "{languages:?}: two rules for `{kind}`");
        }
    }
}

#[test]
fn every_field_of_a_table_exists() {
    for (languages, nodes) in tables() {
        let grammars: Vec<Kinds> = languages.iter().map(|language| kinds(*language)).collect();
        // Kinds may share a list of fields: each field must belong to one of them.
        let mut lists: Vec<(Fields, Vec<&str>)> = Vec::new();
        for (kind, rule) in nodes {
            match lists.iter_mut().find(|(fields, _)| *fields == rule.fields) {
                Some((_, kinds)) => kinds.push(kind),
                None => lists.push((rule.fields, vec![kind])),
            }
        }
        for (fields, kinds) in lists {
            for (field, _) in fields {
                let has = |kind: &&str| {
                    let mut fields = grammars.iter().filter_map(|grammar| grammar.get(*kind));
                    fields.any(|fields| fields.contains(*field))
                };
                assert!(kinds.iter().any(has), "{languages:?}: none of {kinds:?} has the field `{field}`");
            }
        }
    }
}

#[test]
fn extensions_belong_to_one_language() {
    for language in Language::ALL {
        for extension in language.spec().extensions {
            assert_eq!(Language::of_path(&format!("a.b/c.{extension}")), Some(*language), "{extension}");
        }
        assert_eq!(Language::from_name(language.name()), Some(*language));
        assert_eq!(Language::from_number(*language as u8), Some(*language));
    }
    for path in ["README", "a.rs/b", "a.unknown", ".gitignore", "x."] {
        assert_eq!(Language::of_path(path), None, "{path}");
    }
}
