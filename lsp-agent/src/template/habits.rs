//! What a chat template understands, found by rendering small conversations and looking for their words.

use super::calls::Format;
use super::{Conversation, Template};
use crate::model::{CallId, Message, Role, ToolCall, ToolDescription};
use serde_json::{Map, Value, json};

/// How conversations must be written for a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Habits {
    /// Content is a list of parts, not a text.
    pub(super) parts: bool,
    /// There are system messages.
    pub(super) system: bool,
    /// A role may speak twice in a row.
    pub(super) repeats: bool,
    /// Tools are told to the model.
    pub(super) tools: bool,
    /// How calls and what they return are written; nothing where the template does not know them.
    pub(super) calls: Option<Calls>,
    /// What tools return is told, though calls are not.
    pub(super) results: bool,
    /// How the model writes calls, and so do we where the template does not.
    pub(super) format: Format,
    /// The property that reasoning goes to.
    pub(super) reasoning: &'static str,
    /// Reasoning and text may not both stand beside a call.
    pub(super) reasons_or_speaks: bool,
}

/// How calls are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Calls {
    /// Arguments are JSON as a text.
    pub(super) as_text: bool,
    /// Where the assistant says nothing beside its calls, its content is null.
    pub(super) null_content: bool,
    /// Ids are nine letters and digits.
    pub(super) short_ids: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            parts: false,
            system: true,
            repeats: true,
            tools: true,
            calls: Some(Calls { as_text: false, null_content: false, short_ids: false }),
            results: true,
            format: Format::Tagged,
            reasoning: "reasoning_content",
            reasons_or_speaks: false,
        }
    }
}

/// Words that no template has.
const ASKED: &str = "zqasked";
const TOLD: &str = "zqtold";
const TOOL: &str = "zq_tool";
const KEY: &str = "zqkey";
const VALUE: &str = "zqvalue";
const RESULT: &str = "zqresult";

impl Habits {
    /// The habits of a template whose text is `source`.
    pub(super) fn of(source: &str, template: &Template) -> Self {
        let mut habits = Self::default();
        if source.contains("message.thinking") || source.contains("message['thinking']") {
            habits.reasoning = "thinking";
        }
        habits.reasons_or_speaks = source.contains("message.content and message.thinking");
        let asked = Message::new(Role::User, ASKED);
        let has = |habits: &Self, messages: &[Message], tools: &[ToolDescription], words: &[&str]| {
            let conversation = Conversation::new(messages, tools, 0);
            let (messages, tools) = super::messages::written(&conversation, habits);
            let text = template.write(&conversation, &messages, &tools).ok();
            text.filter(|text| words.iter().all(|word| text.contains(word)))
        };
        let alone = std::slice::from_ref(&asked);
        if has(&habits, alone, &[], &[ASKED]).is_none() {
            let parts = Self { parts: true, ..habits.clone() };
            habits.parts = has(&parts, alone, &[], &[ASKED]).is_some();
        }
        let system = [Message::new(Role::System, TOLD), asked.clone()];
        habits.system = has(&habits, &system, &[], &[TOLD, ASKED]).is_some();
        let twice = [asked.clone(), Message::new(Role::User, TOLD)];
        habits.repeats = has(&habits, &twice, &[], &[TOLD, ASKED]).is_some();
        let tools = [tool()];
        habits.tools = has(&habits, alone, &tools, &[TOOL]).is_some();
        let offered: &[ToolDescription] = if habits.tools { &tools } else { &[] };
        let called = [asked, call(), result()];
        habits.calls = variants().find(|calls| {
            let habits = Self { calls: Some(*calls), ..habits.clone() };
            has(&habits, &called, offered, &[TOOL, KEY, VALUE, RESULT])
                .is_some_and(|text| is_written_well(&text))
        });
        habits.results = habits.tools && has(&habits, &called, offered, &[RESULT]).is_some();
        if habits.tools {
            habits.format = Format::of(source);
        }
        habits
    }
}

/// Ways to write calls, the usual ones first.
fn variants() -> impl Iterator<Item = Calls> {
    (0..8).map(|bits| Calls { as_text: bits & 2 > 0, null_content: bits & 4 > 0, short_ids: bits & 1 > 0 })
}

/// Whether arguments are neither Python's way to write a map nor JSON in a JSON string.
fn is_written_well(text: &str) -> bool {
    !text.contains(&format!("'{KEY}'")) && !text.contains(&format!("\\\"{KEY}\\\""))
}

fn tool() -> ToolDescription {
    let schema = json!({"type": "object", "properties": {KEY: {"type": "string", "description": "a word"}}, "required": [KEY]});
    let Value::Object(schema) = schema else { unreachable!("it is written above") };
    ToolDescription { name: TOOL.to_owned(), description: "a tool".to_owned(), schema }
}

fn call() -> Message {
    let arguments = Map::from_iter([(KEY.to_owned(), VALUE.into())]);
    let call = ToolCall { id: CallId("call_1".to_owned()), name: TOOL.to_owned(), arguments };
    Message { calls: vec![call], ..Message::new(Role::Assistant, "") }
}

fn result() -> Message {
    Message { answers: Some(CallId("call_1".to_owned())), ..Message::new(Role::Tool, RESULT) }
}
