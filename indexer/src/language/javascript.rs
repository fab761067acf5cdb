//! JavaScript, with JSX: the TypeScript table over its own grammar.

use super::{Spec, typescript};

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_javascript::LANGUAGE,
    extensions: &["js", "mjs", "cjs", "jsx"],
    assigned_fields: true,
    ..typescript::COMMON
};
