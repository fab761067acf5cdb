//! Chat templates: a conversation becomes the text that a model was trained on, by the Jinja template in its GGUF file;
//! and what the model then writes becomes text, reasoning and tool calls again ([`calls`]).
//!
//! Families differ in what their templates understand. What one does not is found by asking it (`habits`) and written
//! in a way that it does, so that callers need not know.

pub mod calls;
mod controls;
mod date;
mod habits;
mod json;
mod messages;
mod python;

#[cfg(test)]
mod tests;

use crate::model::{Message, Part, ToolDescription};
use calls::Format;
use calls::form::Setting;
use controls::{Controls, Given};
use habits::Habits;
use minijinja::{Environment, Value};
use serde_json::Map;
use thiserror::Error;

/// The most bytes that a template may write.
const LONGEST: usize = 32 << 20;

/// The largest template, in bytes.
const LARGEST: usize = 1 << 20;

/// A template that cannot be used, or that refuses a conversation.
#[derive(Debug, Error)]
pub enum TemplateError {
    #[error("the model has no chat template; set one with `--chat-template FILE`")]
    Missing,
    #[error("the chat template is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the chat template cannot be read: {0}")]
    Syntax(String),
    #[error("the chat template refuses the conversation: {0}")]
    Raised(String),
    #[error("the chat template fails: {0}")]
    Failed(String),
    #[error("the chat template does not come to an end")]
    Endless,
    #[error("the chat template writes more than {LONGEST} bytes")]
    TooLong,
    #[error(
        "the conversation has every character for private use in it, and none is left to mark what it quotes"
    )]
    NoSentinel,
}

/// What is to be said to a model.
#[derive(Clone, Debug)]
pub struct Conversation<'a> {
    pub messages: &'a [Message],
    pub tools: &'a [ToolDescription],
    /// Whether the text ends where the model's answer begins.
    pub answer: bool,
    /// Whether the model is to think first, where it can; nothing leaves it to the template.
    pub thinking: Option<bool>,
    /// The time, in seconds since 1970 as the user's clock shows it.
    pub now: i64,
    /// More values for the template, such as `reasoning_effort`.
    pub more: Map<String, serde_json::Value>,
}

impl<'a> Conversation<'a> {
    /// Messages that an answer is wanted to, with tools.
    #[must_use]
    pub fn new(messages: &'a [Message], tools: &'a [ToolDescription], now: i64) -> Self {
        Self { messages, tools, answer: true, thinking: None, now, more: Map::new() }
    }
}

/// Texts of a vocabulary's tokens that templates write.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub begin: String,
    pub end: String,
}

/// A model's chat template.
///
/// Its steps and what it writes are bounded. What it keeps in variables is not: a template that doubles a text forty times
/// takes all memory, and the Jinja library asks nobody before it joins texts. Only a process with a limit could hold that.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
    marks: Marks,
    habits: Habits,
}

/// The name of the only template.
const NAME: &str = "chat";

impl Template {
    /// Reads a template, and finds out what it understands.
    ///
    /// # Errors
    /// When there is none, or it is not Jinja.
    pub fn new(source: Option<&str>, marks: Marks) -> Result<Self, TemplateError> {
        let source = source.filter(|source| !source.trim().is_empty()).ok_or(TemplateError::Missing)?;
        if source.len() > LARGEST {
            return Err(TemplateError::TooLarge);
        }
        let mut environment = python::environment();
        environment
            .add_template_owned(NAME, python::without_generation_marks(source))
            .map_err(|error| TemplateError::Syntax(told(&error)))?;
        let mut this = Self { environment, marks, habits: Habits::default() };
        this.habits = Habits::of(source, &this);
        this.environment.set_fuel(Some(python::FUEL));
        Ok(this)
    }

    /// How the model writes tool calls.
    #[must_use]
    pub fn format(&self) -> Format {
        self.habits.format
    }

    /// How an answer to `prompt` is written, for the form that it has to have. `controls` are the texts of the
    /// vocabulary's control tokens.
    #[must_use]
    pub fn setting<'a>(&self, controls: &'a [String], prompt: &'a str) -> Setting<'a> {
        let template = match self.habits.tools {
            true => self.environment.get_template(NAME).expect("the template was added").source().to_owned(),
            false => String::new(),
        };
        Setting { format: self.format(), template, controls, prompt }
    }

    /// The conversation as the model reads it, its marks written out. Where it begins with the vocabulary's own first
    /// token, none must be added.
    ///
    /// # Errors
    /// When the template refuses it, or fails.
    pub fn render(&self, conversation: &Conversation<'_>) -> Result<String, TemplateError> {
        let (messages, tools) = self.given(conversation);
        self.write(conversation, &messages, &tools)
    }

    /// The conversation as parts of a prompt: only control tokens that the template itself writes are special, whatever
    /// is said in the conversation. `controls` are the texts of the vocabulary's control tokens.
    ///
    /// A template that writes half of a control token and takes the other half from the conversation is not seen
    /// through; no known one does.
    ///
    /// # Errors
    /// When the template refuses it, or fails; or all 137,468 characters for private use occur in the conversation.
    pub fn render_parts(
        &self,
        conversation: &Conversation<'_>,
        controls: &[String],
    ) -> Result<Vec<Part>, TemplateError> {
        let known = Controls::new(controls);
        let template = self.environment.get_template(NAME).expect("the template was added");
        let mut given = Given::new(conversation);
        let sentinel = given.break_controls(&known, template.source()).ok_or(TemplateError::NoSentinel)?;
        let mut written = self.render(&given.of(conversation))?;
        if template.source().contains("ensure_ascii") {
            written = written.replace(&controls::escape(sentinel), &sentinel.to_string());
        }
        Ok(known.parts(&written, sentinel))
    }

    /// The messages and the tools as the template is given them.
    #[must_use]
    pub fn given(&self, conversation: &Conversation<'_>) -> (serde_json::Value, serde_json::Value) {
        messages::written(conversation, &self.habits)
    }

    fn write(
        &self,
        conversation: &Conversation<'_>,
        messages: &serde_json::Value,
        tools: &serde_json::Value,
    ) -> Result<String, TemplateError> {
        let template = self.environment.get_template(NAME).expect("the template was added");
        let mut context: Map<String, serde_json::Value> = conversation.more.clone();
        context.insert("messages".to_owned(), messages.clone());
        context.insert("tools".to_owned(), tools.clone());
        context.insert("add_generation_prompt".to_owned(), conversation.answer.into());
        context.insert("bos_token".to_owned(), self.marks.begin.clone().into());
        context.insert("eos_token".to_owned(), self.marks.end.clone().into());
        if let Some(thinking) = conversation.thinking {
            // Two names are in use.
            context.insert("enable_thinking".to_owned(), thinking.into());
            context.insert("thinking".to_owned(), thinking.into());
        }
        let mut values: std::collections::BTreeMap<String, Value> =
            context.into_iter().map(|(name, value)| (name, json::value(&value))).collect();
        let now = conversation.now;
        let strftime = move |format: &str| date::strftime(now, format);
        values.insert("strftime_now".to_owned(), Value::from_function(strftime));
        let context = Value::from_pairs(values);
        let mut written = Bounded(Vec::new());
        match template.render_captured_to(context, &mut written) {
            Ok(_) => Ok(String::from_utf8(written.0).expect("templates write text")),
            Err(error) => Err(failure(&error)),
        }
    }
}

/// Text of a bounded length.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn failure(error: &minijinja::Error) -> TemplateError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(python::Raised(text)) = inner.downcast_ref() {
            return TemplateError::Raised(text.clone());
        }
        cause = inner.source();
    }
    match error.kind() {
        minijinja::ErrorKind::OutOfFuel => TemplateError::Endless,
        minijinja::ErrorKind::WriteFailure => TemplateError::TooLong,
        _ => TemplateError::Failed(told(error)),
    }
}

/// An error in one line, with the template's line.
fn told(error: &minijinja::Error) -> String {
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    error.line().map_or(what.clone(), |line| format!("{what}, in line {line}"))
}
