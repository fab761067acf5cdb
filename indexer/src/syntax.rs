//! One text's syntax tree, for questions that the index stores no answers to: errors, tokens, branches.
//!
//! The walks keep no more than the tree's cursor and the kinds above it, so nesting costs memory and never the stack.

use crate::extract::offset;
use crate::language::Language;
use crate::parse::Parsers;
use std::ops::Range;
use std::sync::OnceLock;
use tree_sitter::{Node, Tree};

/// What an error shows of the text, in characters.
const SHOWN: usize = 40;

/// A parsed text.
pub struct Syntax<'t> {
    language: Language,
    text: &'t str,
    tree: Tree,
}

/// A place that the parser could not make sense of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Bytes; empty where something is missing.
    pub range: Range<u32>,
    pub message: String,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Comment,
    Name,
    /// A string, number or other literal.
    Literal,
    /// A keyword, an operator, punctuation.
    Other,
}

/// A piece of text without white space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    /// Bytes.
    pub range: Range<u32>,
}

/// What a walk does after a node.
enum Step {
    Into,
    Over,
    Stop,
}

impl<'t> Syntax<'t> {
    /// Parses a text. `None` for texts over 32 MiB, past 10 s, and once `go_on` says no.
    #[must_use]
    pub fn parse(language: Language, text: &'t str, go_on: &mut dyn FnMut() -> bool) -> Option<Self> {
        if text.len() >= crate::file::FILE_LIMIT {
            return None;
        }
        let tree = Parsers::default().parse_while(language, text.as_bytes(), None, go_on)?;
        Some(Self { language, text, tree })
    }

    /// The errors, in order, at most `limit`.
    #[must_use]
    pub fn errors(&self, limit: usize) -> Vec<SyntaxError> {
        let mut errors = Vec::new();
        self.walk(&mut |node, _| {
            if errors.len() == limit {
                return Step::Stop;
            }
            let range = offset(node.start_byte())..offset(node.end_byte());
            if node.is_missing() {
                errors.push(SyntaxError { range, message: format!("missing `{}`", node.kind()) });
                return Step::Over;
            }
            if node.is_error() && !children(node).any(|child| child.has_error()) {
                errors.push(SyntaxError { message: self.unexpected(node), range });
                return Step::Over;
            }
            if node.has_error() { Step::Into } else { Step::Over }
        });
        errors
    }

    fn unexpected(&self, node: Node<'_>) -> String {
        let text = self.text.get(node.byte_range()).unwrap_or_default();
        let line = text.trim_start().lines().next().unwrap_or_default().trim_end();
        let shown: String = line.chars().take(SHOWN).collect();
        let lines = node.end_position().row - node.start_position().row;
        let cut = if shown.len() < line.len() { "…" } else { "" };
        match lines {
            0 => format!("unexpected `{shown}{cut}`"),
            _ => {
                format!("cannot be parsed as {}: `{shown}{cut}` and {lines} more lines", self.language.name())
            }
        }
    }

    /// The grammar's kind of the node without children that spans exactly these bytes.
    #[must_use]
    pub fn leaf(&self, range: &Range<u32>) -> Option<&str> {
        let (start, end) = (range.start as usize, range.end as usize);
        let node = self.tree.root_node().descendant_for_byte_range(start, end)?;
        (node.byte_range() == (start..end) && node.child_count() == 0).then_some(node.kind())
    }

    /// The tokens, in order. Strings and comments are one each.
    pub fn tokens(&self, each: &mut dyn FnMut(Token)) {
        let kinds = classes(self.language);
        self.walk(&mut |node, _| {
            let class = kinds.get(usize::from(node.kind_id())).copied().unwrap_or(Class::Plain);
            let range = offset(node.start_byte())..offset(node.end_byte());
            let whole = matches!(class, Class::Comment | Class::String);
            if !whole && node.child_count() > 0 {
                return Step::Into;
            }
            let kind = match class {
                Class::Comment => TokenKind::Comment,
                Class::String | Class::Literal => TokenKind::Literal,
                Class::Name => TokenKind::Name,
                Class::Plain | Class::Branch | Class::Logical => TokenKind::Other,
            };
            let text = self.text.get(node.byte_range()).unwrap_or_default();
            if !text.trim().is_empty() {
                each(Token { kind, range });
            }
            Step::Over
        });
    }

    /// Where control flow branches: conditions, loops, cases, handlers, and `and` and `or`, as cyclomatic complexity
    /// counts them (T. J. `McCabe`, "A Complexity Measure", 1976). Bytes, in order.
    #[must_use]
    pub fn branches(&self) -> Vec<u32> {
        let kinds = classes(self.language);
        let mut found = Vec::new();
        self.walk(&mut |node, above| {
            let counts = match kinds.get(usize::from(node.kind_id())) {
                Some(Class::Branch) => node.is_named(),
                // `&&` of C++ is also a kind of reference.
                Some(Class::Logical) => above.contains("binary") || above.contains("let_chain"),
                _ => false,
            };
            if counts {
                found.push(offset(node.start_byte()));
            }
            Step::Into
        });
        found.sort_unstable();
        found
    }

    /// Visits the nodes in order, each with the kind of the node around it.
    fn walk<'s>(&'s self, each: &mut dyn FnMut(Node<'s>, &'s str) -> Step) {
        let mut cursor = self.tree.walk();
        let mut above = vec![""];
        loop {
            let node = cursor.node();
            let step = each(node, above.last().copied().unwrap_or_default());
            match step {
                Step::Stop => return,
                Step::Into if cursor.goto_first_child() => {
                    above.push(node.kind());
                    continue;
                }
                Step::Into | Step::Over => {}
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                above.pop();
            }
        }
    }
}

fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut cursor = node.walk();
    let mut more = cursor.goto_first_child();
    std::iter::from_fn(move || {
        let child = more.then(|| cursor.node())?;
        more = cursor.goto_next_sibling();
        Some(child)
    })
}

/// What a node kind means here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Comment,
    String,
    Literal,
    Name,
    Branch,
    Logical,
}

/// The grammars agree on names well enough for one list.
const BRANCHES: &[&str] = &[
    "if_statement",
    "if_expression",
    "if_clause",
    "elif_clause",
    "for_statement",
    "for_in_statement",
    "for_in_clause",
    "for_range_loop",
    "enhanced_for_statement",
    "for_expression",
    "while_statement",
    "while_expression",
    "do_statement",
    "except_clause",
    "catch_clause",
    "case_clause",
    "switch_case",
    "case_statement",
    "expression_case",
    "type_case",
    "communication_case",
    "switch_block_statement_group",
    "switch_rule",
    "match_arm",
    "conditional_expression",
    "ternary_expression",
    "boolean_operator",
];

fn class_of(kind: &str, named: bool) -> Class {
    match kind {
        "&&" | "||" => Class::Logical,
        _ if !named => Class::Plain,
        _ if kind.ends_with("comment") => Class::Comment,
        "string" | "template_string" | "char_literal" | "character_literal" | "concatenated_string" => {
            Class::String
        }
        _ if kind.ends_with("string_literal") => Class::String,
        "integer" | "float" | "number" | "true" | "false" | "none" | "null" | "nil" | "regex" => {
            Class::Literal
        }
        _ if kind.ends_with("_literal") => Class::Literal,
        _ if kind.ends_with("identifier") => Class::Name,
        _ if BRANCHES.contains(&kind) => Class::Branch,
        _ => Class::Plain,
    }
}

/// By node kind number.
fn classes(language: Language) -> &'static [Class] {
    static CLASSES: [OnceLock<Vec<Class>>; 16] = [const { OnceLock::new() }; 16];
    CLASSES[language as usize].get_or_init(|| {
        let grammar = language.grammar();
        let class =
            |id| class_of(grammar.node_kind_for_id(id).unwrap_or_default(), grammar.node_kind_is_named(id));
        (0u16..).take(grammar.node_kind_count()).map(class).collect()
    })
}

#[cfg(test)]
mod tests;
