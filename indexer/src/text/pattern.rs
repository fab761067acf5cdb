//! What to search for, and the matcher it compiles to.

use crate::trigram;
use grep_regex::{ErrorKind, RegexMatcher, RegexMatcherBuilder};
use regex_syntax::ast::{self, Ast, ClassSetItem, Visitor};
use regex_syntax::hir::translate;

/// How deep brackets may nest, as ripgrep has it.
const NEST_LIMIT: u32 = 250;

/// The most memory of a compiled pattern, as ripgrep has it.
const SIZE_LIMIT: usize = 100 << 20;

/// The most memory a lazily built automaton may take while it runs. Beyond it matching gets slower, not
/// different.
const CACHE_LIMIT: usize = 32 << 20;

/// Longer patterns are cut where a message shows them, in characters.
const SHOWN: usize = 200;

/// A text search. The defaults are ripgrep's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextQuery {
    /// A regular expression in the syntax of Rust's `regex` crate, or plain text.
    pub pattern: String,
    /// The pattern is plain text.
    pub literal: bool,
    /// Whether upper and lower case differ.
    pub case: Case,
    /// Only matches with no word character right before or after them.
    pub word: bool,
    /// Lines to show before each matching line.
    pub before: usize,
    /// Lines to show after each matching line.
    pub after: usize,
    /// The most matching lines of a file.
    pub limit: Option<u64>,
}

/// Whether upper and lower case differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// They differ.
    #[default]
    Sensitive,
    /// They do not, in any script (Unicode's simple case folding).
    Insensitive,
    /// They differ if the pattern has an upper-case letter.
    Smart,
}

/// Why a pattern cannot be searched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is no regular expression.
    #[error(
        "`{pattern}` is not a regular expression: {reason}, at character {column}; escape what is meant \
         literally, or search for the whole as literal text"
    )]
    Syntax {
        /// The pattern, cut if it is long.
        pattern: String,
        /// What is wrong with it.
        reason: String,
        /// Where, counted in characters from 1.
        column: usize,
    },
    /// It asks for a line break, but lines are searched one by one.
    #[error("`{pattern}` asks for a line break, but no match spans lines; search for a part on one line")]
    LineBreak {
        /// The pattern, cut if it is long.
        pattern: String,
    },
    /// It asks for a NUL byte, but files with one are not searched.
    #[error("`{pattern}` asks for a NUL byte, but files that have one are not searched")]
    Nul {
        /// The pattern, cut if it is long.
        pattern: String,
    },
    /// It is too large or cannot be compiled for another reason.
    #[error("`{pattern}` cannot be compiled: {reason}; search for something simpler")]
    Compile {
        /// The pattern, cut if it is long.
        pattern: String,
        /// Why not.
        reason: String,
    },
}

/// A pattern ready to search with. Threads can share it; each takes a [`super::Scanner`] of its own.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(super) matcher: RegexMatcher,
    trigrams: trigram::Query,
    pub(super) before: usize,
    pub(super) after: usize,
    pub(super) limit: Option<u64>,
}

impl Compiled {
    /// What a text must have for one of its lines to match.
    pub(crate) fn trigrams(&self) -> &trigram::Query {
        &self.trigrams
    }
}

impl TextQuery {
    /// Compiles the query.
    pub fn compile(&self) -> Result<Compiled, PatternError> {
        let source = if self.literal { regex_syntax::escape(&self.pattern) } else { self.pattern.clone() };
        let syntax = |reason: String, span: &ast::Span| PatternError::Syntax {
            pattern: shown(&self.pattern),
            reason,
            column: source.get(..span.start.offset).map_or(0, |before| before.chars().count()) + 1,
        };
        let ast = ast::parse::ParserBuilder::new()
            .nest_limit(NEST_LIMIT)
            .build()
            .parse(&source)
            .map_err(|error| syntax(error.kind().to_string(), error.span()))?;
        let insensitive = match self.case {
            Case::Sensitive => false,
            Case::Insensitive => true,
            Case::Smart => has_only_lower_case(&ast),
        };
        let hir = translate::TranslatorBuilder::new()
            .utf8(false)
            .multi_line(true)
            .case_insensitive(insensitive)
            .build()
            .translate(&source, &ast)
            .map_err(|error| syntax(error.kind().to_string(), error.span()))?;
        Ok(Compiled {
            matcher: self.matcher(insensitive)?,
            trigrams: trigram::query(&hir),
            before: self.before,
            after: self.after,
            limit: self.limit,
        })
    }

    fn matcher(&self, insensitive: bool) -> Result<RegexMatcher, PatternError> {
        RegexMatcherBuilder::new()
            .multi_line(true)
            .line_terminator(Some(b'\n'))
            .ban_byte(Some(0))
            .fixed_strings(self.literal)
            .case_insensitive(insensitive)
            .word(self.word)
            .nest_limit(NEST_LIMIT)
            .size_limit(SIZE_LIMIT)
            .dfa_size_limit(CACHE_LIMIT)
            .build(&self.pattern)
            .map_err(|error| {
                let pattern = shown(&self.pattern);
                match error.kind() {
                    ErrorKind::NotAllowed(_) => PatternError::LineBreak { pattern },
                    ErrorKind::Banned(_) => PatternError::Nul { pattern },
                    _ => PatternError::Compile { pattern, reason: last_line(&error.to_string()) },
                }
            })
    }
}

/// A syntax error is a drawing of several lines, of which the last says what is wrong.
fn last_line(message: &str) -> String {
    let line = message.lines().next_back().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

fn shown(pattern: &str) -> String {
    match pattern.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &pattern[..end]),
        None => pattern.to_owned(),
    }
}

/// Whether the pattern names letters or other characters, and none of them in upper case. What a class
/// such as `\pL` stands for does not count.
fn has_only_lower_case(ast: &Ast) -> bool {
    let Ok(found) = ast::visit(ast, Literals::default());
    found.any && !found.upper
}

#[derive(Default)]
struct Literals {
    any: bool,
    upper: bool,
}

impl Literals {
    fn note(&mut self, literal: &ast::Literal) {
        self.any = true;
        self.upper |= literal.c.is_uppercase();
    }
}

impl Visitor for Literals {
    type Output = Self;
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<Self, Self::Err> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        if let Ast::Literal(literal) = ast {
            self.note(literal);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Literal(literal) => self.note(literal),
            ClassSetItem::Range(range) => {
                self.note(&range.start);
                self.note(&range.end);
            }
            ClassSetItem::Empty(_)
            | ClassSetItem::Ascii(_)
            | ClassSetItem::Unicode(_)
            | ClassSetItem::Perl(_)
            | ClassSetItem::Bracketed(_)
            | ClassSetItem::Union(_) => {}
        }
        Ok(())
    }
}
