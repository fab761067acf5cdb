//! Go.

use super::{Class, Ctx, Exports, Rule, Spec};
use crate::symbol::{ScopeKind, SymbolKind};

pub(crate) static SPEC: Spec = Spec {
    grammar: tree_sitter_go::LANGUAGE,
    extensions: &["go"],
    nodes: NODES,
    exports: Exports::Always,
    doc_comments: true,
    wrappers: &[],
    assigned_fields: false,
    implicit_this: false,
};

const NODES: &[(&str, Rule)] = &[];
