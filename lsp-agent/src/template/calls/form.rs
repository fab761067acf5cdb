//! What an answer has to be so that each tool call in it can be read, is of a tool that was offered, and has arguments by
//! its schema: the form that a model on this machine is held to while it writes.

mod functions;

#[cfg(test)]
mod tests;

use super::format::{BEGINNINGS, Format, Inside, Mark};
use super::format::{DEEPSEEK, FENCE, GRANITE, MISTRAL, NEMOTRON, PYTHON, SEED, TAGGED};
use crate::constraint::{Form, Layout, Parts};
use crate::model::ToolDescription;
use serde_json::{Value, json};

/// The most calls of one answer that is held to a form.
const MOST_CALLS: u32 = 8;

/// The most characters of free text. How long an answer may be, its request says in tokens.
const LONGEST_TEXT: u32 = 1 << 24;

/// Stands before an answer whose first character matters: no model writes it.
const BEGINNING: &str = "\u{1}";

/// What an answer is part of.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    pub format: Format,
    /// The template, where it tells the model how to call; empty where we do (`messages`).
    pub template: String,
    /// The texts of the vocabulary's control tokens: such a mark is a token, and others are text.
    pub controls: &'a [String],
    /// The text that the model was given: its end says whether the model begins within its reasoning.
    pub prompt: &'a str,
}

/// Marks that differ between models of one format.
struct Spelling {
    /// Ends the text before the calls.
    open: &'static str,
    /// What follows it.
    calls: Form,
    /// Calls that an answer can begin with, without any mark.
    bare: Option<Form>,
}

/// The form of an answer with calls of `tools` in it: text, perhaps reasoning first, in which the answer may end, or
/// which leads into one to eight calls, after which it ends.
///
/// Nothing where the calls' spelling is not known for sure: channels (gpt-oss), JSON in fences, and `<function=…>`
/// with JSON inside. Or where no tools are offered.
#[must_use]
pub fn form(setting: &Setting<'_>, tools: &[ToolDescription]) -> Option<Form> {
    if tools.is_empty() {
        return None;
    }
    let Spelling { open, calls, bare } = setting.spelling(tools)?;
    let body = match bare {
        Some(bare) => {
            let text = Form::Sequence(vec![setting.text(Some(open), BARE_NEVER_FIRST), calls]);
            Form::Sequence(vec![breaks(), Form::Choice(vec![bare, text])])
        }
        None => Form::Sequence(vec![setting.text(Some(open), &[]), calls]),
    };
    Some(Form::Sequence(vec![setting.reasoning(), body]))
}

/// The form of an answer without calls, whatever the model knows of tools; nothing where the format's marks belong to
/// every answer (gpt-oss).
#[must_use]
pub fn held(setting: &Setting<'_>) -> Option<Form> {
    let text = match setting.format {
        Format::Harmony => return None,
        // There the brace that an answer begins with is a mark too.
        Format::Tagged | Format::Bare => Form::Sequence(vec![breaks(), setting.text(None, BARE_NEVER_FIRST)]),
        Format::Mistral | Format::DeepSeek | Format::Granite | Format::Fenced => setting.text(None, &[]),
    };
    Some(Form::Sequence(vec![setting.reasoning(), text]))
}

/// What the text of an answer that is no bare call does not begin with.
const BARE_NEVER_FIRST: &[&str] = &["{", " ", "\n", "\t", "\r"];

fn literal(text: impl Into<String>) -> Form {
    Form::Literal(text.into())
}

/// The line breaks that stand before an answer behind reasoning.
fn breaks() -> Form {
    Form::Choice(["", "\n", "\n\n"].map(literal).to_vec())
}

/// Perhaps a line break behind the calls, so that one does not call for more of them.
fn ended(calls: Form) -> Form {
    Form::Sequence(vec![calls, Form::Choice(["", "\n"].map(literal).to_vec())])
}

/// One call or several.
fn repeated(first: Form, more: Form) -> Form {
    Form::Repeat { first: Box::new(first), more: Box::new(more), least: 1, most: MOST_CALLS }
}

impl Setting<'_> {
    fn spelling(&self, tools: &[ToolDescription]) -> Option<Spelling> {
        let template = &self.template;
        match self.format {
            Format::Tagged => self.tagged(tools),
            Format::Bare => {
                let calls = bare(tools, "parameters", "; ");
                Some(Spelling { open: PYTHON.open, calls: calls.clone(), bare: Some(calls) })
            }
            Format::Mistral if template.contains("[ARGS]") => {
                let named = |tool: &ToolDescription| {
                    let arguments = self.mark("[ARGS]");
                    Form::Sequence(vec![literal(&tool.name), arguments, self::arguments(tool)])
                };
                let call = Form::Choice(tools.iter().map(named).collect());
                let more = Form::Sequence(vec![self.mark(MISTRAL.open), call.clone()]);
                Some(Spelling { open: MISTRAL.open, calls: repeated(call, more), bare: None })
            }
            Format::Mistral => Some(Spelling { open: MISTRAL.open, calls: list(tools), bare: None }),
            Format::Granite => Some(Spelling { open: GRANITE.open, calls: list(tools), bare: None }),
            Format::DeepSeek => {
                Some(Spelling { open: DEEPSEEK.open, calls: self.deepseek(tools), bare: None })
            }
            Format::Harmony | Format::Fenced => None,
        }
    }

    fn tagged(&self, tools: &[ToolDescription]) -> Option<Spelling> {
        let has = |text: &str| self.template.contains(text);
        let mark = [SEED, NEMOTRON].into_iter().find(|mark| has(mark.open)).unwrap_or(TAGGED);
        let close = mark.close.map(|close| self.mark(close))?;
        // Small models forget the marks (Qwen2.5-Coder).
        let bare = Some(ended(bare(tools, "arguments", "\n")));
        if mark == NEMOTRON {
            return Some(Spelling { open: mark.open, calls: Form::Sequence(vec![list(tools), close]), bare });
        }
        let call = match has("<function=") {
            // Between the marks, not in their place.
            true if has(mark.open) && has("<parameter=") => functions::calls(tools, mark.close?),
            true => return None,
            false => calls(tools, "arguments"),
        };
        let one = Form::Sequence(vec![literal("\n"), call, literal("\n"), close]);
        let more = Form::Sequence(vec![literal("\n"), self.mark(mark.open), one.clone()]);
        Some(Spelling { open: mark.open, calls: ended(repeated(one, more)), bare })
    }

    fn deepseek(&self, tools: &[ToolDescription]) -> Form {
        let [begin, between, end] =
            ["<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"].map(|mark| self.mark(mark));
        let is_fenced = self.template.contains("```json");
        let call = |tool: &ToolDescription| {
            let name = literal(&tool.name);
            let arguments = arguments(tool);
            let inside = match is_fenced {
                true => {
                    let (open, close) = (literal("\n```json\n"), literal("\n```"));
                    vec![literal("function"), between.clone(), name, open, arguments, close]
                }
                false => vec![name, between.clone(), arguments],
            };
            Form::Sequence(inside)
        };
        let call = Form::Choice(tools.iter().map(call).collect());
        let call = Form::Sequence(vec![begin, call, end]);
        let gap = literal(if is_fenced { "\n" } else { "" });
        let more = Form::Sequence(vec![gap, call.clone()]);
        let close = DEEPSEEK.close.map_or(literal(""), |close| self.mark(close));
        Form::Sequence(vec![repeated(call, more), close])
    }

    /// Nothing, or what the model thinks, where the prompt or the model begins with that.
    fn reasoning(&self) -> Form {
        let begun = BEGINNINGS.iter().find(|mark| self.prompt.trim_end().ends_with(mark.open));
        if let Some(close) = begun.and_then(|mark| mark.close) {
            return self.until(close, Vec::new(), "");
        }
        let thoughts = |mark: &Mark| {
            let close = mark.close.filter(|_| mark.inside == Inside::Reasoning)?;
            Some(Form::Sequence(vec![self.mark(mark.open), self.until(close, Vec::new(), "")]))
        };
        let none = std::iter::once(literal(""));
        Form::Choice(none.chain(self.format.marks().iter().filter_map(thoughts)).collect())
    }

    /// Text in which the answer may end. It leads to `open`, where there is one, and has no other mark in it, so that it
    /// is read as the text that it is; nor does it begin with one of `first`.
    fn text(&self, open: Option<&str>, first: &[&str]) -> Form {
        let others = self.format.marks().iter().map(|mark| mark.open);
        // Code in a fence is text as long as it is no call.
        let others = others.filter(|other| Some(*other) != open && *other != FENCE.open);
        let first = first.iter().map(|first| format!("{BEGINNING}{first}"));
        let never: Vec<String> = others.map(str::to_owned).chain(first).collect();
        match open {
            Some(open) => self.until(open, never, BEGINNING),
            None => free(Vec::new(), never, BEGINNING),
        }
    }

    /// Text up to a mark, in which the answer may end too.
    fn until(&self, mark: &str, mut never: Vec<String>, before: &str) -> Form {
        if self.is_control(mark) {
            // Its letters must not come without it.
            never.push(mark.to_owned());
            return Form::Sequence(vec![free(Vec::new(), never, before), Form::Token(mark.to_owned())]);
        }
        free(vec![mark.to_owned()], never, before)
    }

    fn mark(&self, text: &str) -> Form {
        if self.is_control(text) { Form::Token(text.to_owned()) } else { literal(text) }
    }

    fn is_control(&self, text: &str) -> bool {
        self.controls.iter().any(|control| control == text)
    }
}

fn free(ends: Vec<String>, never: Vec<String>, before: &str) -> Form {
    Form::Free { ends, never, before: before.to_owned(), most: LONGEST_TEXT, may_stop: true }
}

/// A list of calls.
fn list(tools: &[ToolDescription]) -> Form {
    let call = calls(tools, "arguments");
    let more = Form::Sequence(vec![literal(", "), call.clone()]);
    Form::Sequence(vec![literal("["), repeated(call, more), literal("]")])
}

/// Calls without any marks.
fn bare(tools: &[ToolDescription], key: &str, between: &str) -> Form {
    let call = calls(tools, key);
    let more = Form::Sequence(vec![literal(between), call.clone()]);
    repeated(call, more)
}

/// A call of one of the tools as JSON, spaced as Python writes it.
fn calls(tools: &[ToolDescription], key: &str) -> Form {
    let call = |tool: &ToolDescription| {
        let head = format!("{{\"name\": {}, \"{key}\": ", Value::from(tool.name.as_str()));
        Form::Sequence(vec![literal(head), arguments(tool), literal("}")])
    };
    Form::Choice(tools.iter().map(call).collect())
}

/// A tool's arguments.
fn arguments(tool: &ToolDescription) -> Form {
    let mut schema = tool.schema.clone();
    // They are an object, also where nothing is said of them.
    if !schema.keys().any(|key| KINDS.contains(&key.as_str())) {
        schema.insert("type".to_owned(), "object".into());
    }
    schema_form(&schema.into(), &json!({"type": "object"}), &tool.name)
}

/// Keywords of a schema that say what kind of value it is.
const KINDS: [&str; 8] = ["type", "properties", "$ref", "const", "enum", "oneOf", "anyOf", "allOf"];

/// JSON of a schema of the tool that is named; of `other`, where the schema has what cannot be followed.
fn schema_form(schema: &Value, other: &Value, tool: &str) -> Form {
    let json =
        |schema: &Value| Form::Json { schema: schema.clone(), layout: Layout::Loose, formats: Vec::new() };
    let form = json(schema);
    match form.build(&mut Parts::new(), &|_| None) {
        Ok(_) => form,
        Err(error) => {
            tracing::debug!(tool, %error, "arguments are not held to their schema");
            json(other)
        }
    }
}
