//! How a model changes a file: the form that fits what is changed, its answer as a call of a tool, and whether what came
//! of it can be right.
//!
//! Small models write a whole symbol or a whole small file well, and quote badly; so what is quoted can only be text that
//! exists, and what they drop by mistake is found by comparing symbols.

use crate::constraint::{Form, LastBreak, QuoteRule, Quoting, Stop};
use crate::model::{CallId, ToolCall};
use devtoolkit_index::{Index, Language, Syntax};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use thiserror::Error;

/// Files of more bytes are not written anew as a whole.
const SMALL_FILE: usize = 4 << 10;
/// Characters that a model may write of a file, or of what replaces a passage.
const LONGEST: u32 = 32 << 10;
/// Passages of one answer.
const MOST_BLOCKS: u32 = 12;

const SEARCH: &str = "<<<<<<< SEARCH\n";
const DIVIDE: &str = "=======\n";
const REPLACE: &str = ">>>>>>> REPLACE";
const FENCE: &str = "```";

/// What is to be changed, as it is on top of what is staged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub path: String,
    /// The file's text; nothing for one that is to be made.
    pub text: Option<String>,
    /// A symbol in it, with its text.
    pub symbol: Option<TargetSymbol>,
    /// What it uses and who uses it, to be read.
    pub around: String,
    /// The answer has to begin as the symbol does, up to its name: for models that have written another.
    #[serde(default)]
    pub keeps_name: bool,
}

/// One symbol of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSymbol {
    /// With what is around it: `Class.method`.
    pub name: String,
    pub text: String,
}

/// How the model writes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The whole symbol, in a fence.
    Symbol,
    /// The whole file, in a fence.
    File,
    /// Passages to search for, and what stands there afterwards.
    Blocks,
}

/// Why a change is not taken, in words for the model.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    #[error("write the new text between ``` and ```")]
    NoFence,
    #[error("write at least one block: {SEARCH}old lines\n{DIVIDE}new lines\n{REPLACE}")]
    NoBlock,
    #[error("the change was not taken: {0}")]
    Refused(String),
    #[error("the definition is named `{name}`, not `{other}`: write `{name}`")]
    OtherName { name: String, other: String },
    #[error("nothing has changed: write what the step asks for")]
    Unchanged,
    #[error("nothing would be left of the file: write all of it")]
    Emptied,
    #[error("the new text is not valid {language}: line {line}: {message}")]
    Syntax { language: &'static str, line: usize, message: String },
    #[error("{} would be gone, and the step does not say so: keep it", .0.join(", "))]
    Dropped(Vec<String>),
}

impl TargetSymbol {
    /// Its text up to the end of its name, where that stands in it.
    fn up_to_name(&self) -> &str {
        let name = self.name.rsplit('.').next().unwrap_or(&self.name);
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let ends = self.text.match_indices(name).map(|(at, _)| (at, at + name.len()));
        let mut whole = ends.filter(|(from, to)| {
            !self.text[..*from].ends_with(is_part) && !self.text[*to..].starts_with(is_part)
        });
        whole.next().map_or("", |(_, to)| &self.text[..to])
    }
}

impl Target {
    /// The format that fits.
    #[must_use]
    pub fn format(&self) -> Format {
        match (&self.text, &self.symbol) {
            (_, Some(_)) => Format::Symbol,
            (Some(text), None) if text.len() > SMALL_FILE => Format::Blocks,
            (_, None) => Format::File,
        }
    }

    /// What an answer in a format has to be, for a model that can be held to it.
    #[must_use]
    pub fn form(&self, format: Format) -> Form {
        let literal = |text: &str| Form::Literal(text.to_owned());
        let until = |end: String, before: &str| Form::Free {
            ends: vec![end],
            never: Vec::new(),
            before: before.to_owned(),
            most: LONGEST,
            may_stop: false,
        };
        let language = Language::of_path(&self.path).map_or("", Language::name).to_lowercase();
        match format {
            Format::Symbol | Format::File => {
                let begins = self.symbol.as_ref().filter(|_| self.keeps_name && format == Format::Symbol);
                let begins = begins.map(TargetSymbol::up_to_name).unwrap_or_default();
                let opening = format!("{FENCE}{language}\n{begins}");
                Form::Sequence(vec![literal(&opening), until(format!("\n{FENCE}"), "\n")])
            }
            Format::Blocks => {
                let rule = QuoteRule { stop: Stop::Open, last_break: LastBreak::Inside };
                let file = self.text.clone().unwrap_or_default();
                let quote = Form::Quote { file, quoting: Quoting::Plain, rule };
                let block = |before: &str| {
                    Form::Sequence(vec![
                        literal(&format!("{before}{SEARCH}")),
                        quote.clone(),
                        literal(DIVIDE),
                        until(format!("\n{REPLACE}\n"), "\n"),
                    ])
                };
                let more = Box::new(block(""));
                let blocks = Form::Repeat { first: Box::new(block("")), more, least: 1, most: MOST_BLOCKS };
                Form::Sequence(vec![blocks, literal("DONE")])
            }
        }
    }

    /// The call that makes what the model wrote a staged change.
    ///
    /// # Errors
    /// When the answer has no change in this format.
    pub fn call(&self, format: Format, answer: &str, id: CallId) -> Result<ToolCall, Fault> {
        let path = Value::from(self.path.as_str());
        let (name, arguments) = match (format, &self.symbol) {
            (Format::Symbol, Some(symbol)) => {
                let body = fenced(answer).ok_or(Fault::NoFence)?;
                ("replace_symbol", json!({"path": path, "symbol": symbol.name, "body": body}))
            }
            (Format::Blocks, _) => {
                let edits: Vec<Value> =
                    blocks(answer).iter().map(|(old, new)| json!({"old": old, "new": new})).collect();
                if edits.is_empty() {
                    return Err(Fault::NoBlock);
                }
                ("edit_file", json!({"path": path, "edits": edits}))
            }
            (Format::File | Format::Symbol, _) => {
                let mut content = fenced(answer).ok_or(Fault::NoFence)?;
                let ends = self.text.as_ref().is_none_or(|text| text.is_empty() || text.ends_with('\n'));
                if ends && !content.is_empty() && !content.ends_with('\n') {
                    content.push('\n');
                }
                ("write_file", json!({"path": path, "content": content}))
            }
        };
        let Value::Object(arguments) = arguments else { return Err(Fault::NoBlock) };
        Ok(ToolCall { id, name: name.to_owned(), arguments })
    }

    /// The new name, where an answer writes the symbol under another one: that is a renaming, of every use as well.
    #[must_use]
    pub fn renamed(&self, format: Format, answer: &str) -> Option<String> {
        let symbol = self.symbol.as_ref().filter(|_| format == Format::Symbol)?;
        let body = dedented(&fenced(answer)?);
        let mut index = Index::new();
        index.update(&self.path, &body);
        let outline = index.snapshot().outline(&self.path).unwrap_or_default();
        let mut names = outline.into_iter().filter(|symbol| symbol.depth == 0 && !symbol.local);
        let only = names.next().filter(|_| names.next().is_none())?;
        let old = symbol.name.rsplit('.').next().unwrap_or(&symbol.name);
        (only.name != old).then_some(only.name)
    }

    /// What is wrong with a change of the target, if anything can be told. `instruction` says what it was to do.
    ///
    /// # Errors
    /// The first fault: no change, no text any more, text that no longer parses, symbols that are gone though nobody asked for that.
    pub fn check(&self, after: &str, instruction: &str) -> Result<(), Fault> {
        let before = self.text.as_deref().unwrap_or_default();
        // A new file may well be empty.
        if self.text.as_deref() == Some(after) {
            return Err(Fault::Unchanged);
        }
        // A file that is to go is deleted by a step of its own.
        if after.trim().is_empty() && !before.trim().is_empty() {
            return Err(Fault::Emptied);
        }
        let Some(language) = Language::of_path(&self.path) else { return Ok(()) };
        if let Some(fault) = new_error(language, before, after) {
            return Err(fault);
        }
        let of_target = self.symbol.as_ref().map(|symbol| symbol.name.as_str());
        let is_meant = |name: &str| {
            let last = name.rsplit('.').next().unwrap_or(name);
            of_target.is_some_and(|target| name == target || name.starts_with(&format!("{target}.")))
                || instruction.contains(last)
        };
        let after = symbols(&self.path, after);
        let gone =
            symbols(&self.path, before).into_iter().filter(|name| !after.contains(name) && !is_meant(name));
        let gone: Vec<String> = gone.map(|name| format!("`{name}`")).collect();
        if gone.is_empty() { Ok(()) } else { Err(Fault::Dropped(gone)) }
    }
}

/// The first error that the old text does not have as well.
fn new_error(language: Language, before: &str, after: &str) -> Option<Fault> {
    let errors = |text| Syntax::parse(language, text, &mut || true).map(|syntax| syntax.errors(64));
    let (old, new) = (errors(before)?, errors(after)?);
    if new.len() <= old.len() {
        return None;
    }
    let known = |message: &str| old.iter().any(|error| error.message == message);
    let error = new.iter().find(|error| !known(&error.message)).or(new.first())?;
    let line = after.get(..error.range.start as usize)?.matches('\n').count() + 1;
    Some(Fault::Syntax { language: language.name(), line, message: error.message.clone() })
}

/// The names that a text defines, but for what is inside of functions.
fn symbols(path: &str, text: &str) -> BTreeSet<String> {
    let mut index = Index::new();
    index.update(path, text);
    let outline = index.snapshot().outline(path).unwrap_or_default();
    outline.into_iter().filter(|symbol| !symbol.local).map(|symbol| symbol.qualified).collect()
}

/// A text without the indentation that all of its lines have.
fn dedented(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let least = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    text.lines().map(|line| line.get(least..).unwrap_or_default().to_owned() + "\n").collect()
}

/// The text of the first fence, without its last line break.
fn fenced(answer: &str) -> Option<String> {
    let (_, rest) = answer.split_once(FENCE)?;
    // What stands behind the fence names the language.
    let (_, body) = rest.split_once('\n')?;
    let end = if body.starts_with(FENCE) { 0 } else { body.find(&format!("\n{FENCE}"))? };
    Some(body[..end].to_owned())
}

/// The passages of an answer, with what is to stand there.
fn blocks(answer: &str) -> Vec<(String, String)> {
    let mut rest = answer;
    let mut found = Vec::new();
    while let Some((_, block)) = rest.split_once(SEARCH) {
        let Some((old, block)) = block.split_once(DIVIDE) else { break };
        // An empty text has no line break before the mark.
        let (new, left) = match block.strip_prefix(REPLACE) {
            Some(left) => ("", left),
            None => match block.split_once(&format!("\n{REPLACE}")) {
                Some((new, left)) => (new, left),
                None => break,
            },
        };
        let new = if new.is_empty() { String::new() } else { format!("{new}\n") };
        found.push((old.to_owned(), new));
        rest = left;
    }
    found
}

/// A call with arguments by name.
#[must_use]
pub fn tool_call(id: CallId, name: &str, arguments: &[(&str, &str)]) -> ToolCall {
    let arguments: Map<String, Value> =
        arguments.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    ToolCall { id, name: name.to_owned(), arguments }
}

#[cfg(test)]
mod tests;
