//! A shell line's words, where it is one plain command and every shell reads the same words in it.
//!
//! Two readers have to agree. tree-sitter-bash gives the shape, of which only a few kinds of node are allowed; and each
//! word is unquoted here, from an alphabet in which nothing is expanded. What either does not know is not plain.

use super::Unclear;
use tree_sitter::{Node, Parser};

/// The longest line that is looked at, in bytes.
const LONGEST: usize = 8_192;
/// What stands for itself outside of quotes, besides letters and digits.
const PLAIN: &[u8] = b"_-./,:=@%+";
/// What stands for itself behind one of the same, a letter or a digit: elsewhere a shell may make something of it.
const INNER: &[u8] = b"^~";

/// A word as the program gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// It has `*` or `?` outside of quotes, so the program gets names of files instead. It then begins with a letter or a
    /// digit, and so does what it becomes.
    pub(crate) glob: bool,
}

impl Word {
    /// A word that is given as it is.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), glob: false }
    }
}

/// The words of a line that is one plain command.
pub(crate) fn words(line: &str) -> Result<Vec<Word>, Unclear> {
    printable(line)?;
    if line.len() > LONGEST {
        return Err(Unclear::new(format!("it is longer than {LONGEST} bytes")));
    }
    let tree = parse(line).ok_or_else(|| Unclear::new("it cannot be parsed"))?;
    let program = tree.root_node();
    if program.has_error() {
        return Err(Unclear::new("it is no valid shell line"));
    }
    let (Some(command), 1) = (program.child(0), program.child_count()) else {
        return Err(Unclear::new("it is not one single command"));
    };
    if command.kind() != "command" {
        return Err(Unclear::new(format!("it has {}", in_words(command.kind()))));
    }
    let mut words = Vec::new();
    let mut end = 0;
    for place in 0..command.child_count() {
        let node = command.child(place).ok_or_else(|| Unclear::new("it cannot be parsed"))?;
        between(line, end, node.start_byte())?;
        // Where two nodes touch, the tree sees two words and the shell one.
        if place > 0 && end == node.start_byte() {
            return Err(Unclear::new("where its words end is not clear"));
        }
        end = node.end_byte();
        words.push(word(line, node)?);
    }
    between(line, end, line.len())?;
    Ok(words)
}

/// Every command in a line that names its program and words plainly, however they are joined: for rules that forbid.
pub(crate) fn all_commands(line: &str) -> Vec<Vec<String>> {
    let Some(tree) = parse(line) else { return Vec::new() };
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    // Depth first, without recursion: a line may nest as deep as it likes.
    loop {
        let node = cursor.node();
        if node.kind() == "command" {
            let parts = (0..node.child_count()).filter_map(|place| node.child(place));
            found.push(parts.filter_map(|part| Some(word(line, part).ok()?.text)).collect());
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// Only what a person can see as it is: no control characters, nothing outside of ASCII.
pub(crate) fn printable(text: &str) -> Result<(), Unclear> {
    match text.chars().find(|c| !matches!(c, ' '..='~')) {
        None => Ok(()),
        Some(odd) => Err(Unclear::new(format!("it has the character U+{:04X}", u32::from(odd)))),
    }
}

fn parse(line: &str) -> Option<tree_sitter::Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    parser.parse(line, None)
}

/// Between words there are only blanks.
fn between(line: &str, from: usize, to: usize) -> Result<(), Unclear> {
    match line.get(from..to).is_some_and(|gap| gap.bytes().all(|byte| byte == b' ')) {
        true => Ok(()),
        false => Err(Unclear::new("something in it is no word")),
    }
}

/// One word's node: nothing in it is expanded.
fn word(line: &str, node: Node<'_>) -> Result<Word, Unclear> {
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        match node.kind() {
            "command_name" | "concatenation" => {
                nodes.extend((0..node.child_count()).filter_map(|place| node.child(place)));
            }
            "string" => {
                let inner = (0..node.child_count()).filter_map(|place| node.child(place));
                if let Some(odd) =
                    inner.into_iter().find(|inner| !matches!(inner.kind(), "\"" | "string_content"))
                {
                    return Err(Unclear::new(format!("it has {}", in_words(odd.kind()))));
                }
            }
            "word" | "raw_string" | "number" => {}
            kind => return Err(Unclear::new(format!("it has {}", in_words(kind)))),
        }
    }
    unquoted(&line[node.byte_range()])
}

/// A word without its quotes. The bytes are printable ASCII.
fn unquoted(text: &str) -> Result<Word, Unclear> {
    let odd = |byte: u8| Unclear::new(format!("it has `{}` outside of quotes", char::from(byte)));
    let (mut word, mut bytes) = (Word::plain(""), text.bytes());
    let mut last = b' ';
    let take =
        |bytes: &mut std::str::Bytes<'_>| bytes.next().ok_or_else(|| Unclear::new("a quote in it is open"));
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' => loop {
                match take(&mut bytes)? {
                    b'\'' => break,
                    byte => word.text.push(char::from(byte)),
                }
            },
            b'"' => loop {
                match take(&mut bytes)? {
                    b'"' => break,
                    b'\\' => match take(&mut bytes)? {
                        escaped @ (b'"' | b'\\' | b'$' | b'`') => word.text.push(char::from(escaped)),
                        other => word.text.extend(['\\', char::from(other)]),
                    },
                    byte @ (b'$' | b'`') => {
                        return Err(Unclear::new(format!("it has `{}` in double quotes", char::from(byte))));
                    }
                    byte => word.text.push(char::from(byte)),
                }
            },
            b'\\' => match take(&mut bytes)? {
                escaped if escaped.is_ascii_alphanumeric() => return Err(odd(b'\\')),
                escaped => word.text.push(char::from(escaped)),
            },
            byte if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) => word.text.push(char::from(byte)),
            byte if INNER.contains(&byte) && (last.is_ascii_alphanumeric() || INNER.contains(&last)) => {
                word.text.push(char::from(byte));
            }
            b'*' | b'?' if text.as_bytes()[0].is_ascii_alphanumeric() => {
                word.glob = true;
                word.text.push(char::from(byte));
            }
            byte => return Err(odd(byte)),
        }
        last = byte;
    }
    Ok(word)
}

/// What a kind of node is called by people.
fn in_words(kind: &str) -> String {
    let known = match kind {
        "list" | "&&" | "||" | ";" => "several commands",
        "pipeline" => "a pipe",
        "redirected_statement" | "file_redirect" | "heredoc_redirect" | "herestring_redirect" => {
            "a redirection"
        }
        "command_substitution" | "process_substitution" => "a command inside of a word",
        "simple_expansion" | "expansion" | "$" => "a variable",
        "arithmetic_expansion" => "arithmetic",
        "variable_assignment" | "variable_assignments" => "an assignment",
        "subshell" | "compound_statement" => "a group of commands",
        "function_definition" => "a function",
        "declaration_command" | "unset_command" => "a change of the shell's own state",
        "negated_command" => "`!`",
        "comment" => "a comment",
        "ansi_c_string" | "translated_string" => "`$` before a quote",
        "brace_expression" => "braces",
        kind => return format!("`{kind}`, which is no plain word"),
    };
    known.to_owned()
}
