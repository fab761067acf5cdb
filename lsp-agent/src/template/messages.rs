//! Messages and tools as the values that templates read, in the way that a template understands.

use super::Conversation;
use super::calls::Format;
use super::habits::{Calls, Habits};
use crate::model::{CallId, Message, Role, ToolCall, ToolDescription};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The messages and the tools of a conversation.
pub(super) fn written(conversation: &Conversation<'_>, habits: &Habits) -> (Value, Value) {
    let mut messages: Vec<Message> = conversation.messages.to_vec();
    let tells = !habits.tools && !conversation.tools.is_empty();
    if tells {
        tell_tools(&mut messages, conversation.tools);
    }
    if habits.calls.is_none() {
        messages = messages.into_iter().map(|message| without_calls(message, habits)).collect();
    }
    if !habits.system {
        messages = without_system(messages);
    }
    if !habits.repeats {
        messages = alternating(messages);
    }
    let mut ids = Ids::default();
    let messages: Vec<Value> = messages.iter().map(|message| value(message, habits, &mut ids)).collect();
    let tools: Vec<Value> = conversation.tools.iter().map(tool).collect();
    (messages.into(), if tools.is_empty() || tells { Value::Null } else { tools.into() })
}

/// A tool as OpenAI's interface lists it, which all templates read.
fn tool(tool: &ToolDescription) -> Value {
    let ToolDescription { name, description, schema } = tool;
    json!({"type": "function", "function": {"name": name, "description": description, "parameters": schema}})
}

/// Tells the tools in the system message, for templates that cannot.
fn tell_tools(messages: &mut Vec<Message>, tools: &[ToolDescription]) {
    let mut text = String::from("You can call these tools:\n");
    for tool in tools {
        let ToolDescription { name, description, schema } = tool;
        text.push_str(&spaced(&json!({"name": name, "description": description, "parameters": schema})));
        text.push('\n');
    }
    text.push_str(concat!(
        "To call one, write its name and its arguments as JSON between these marks, and nothing after them:\n",
        "<tool_call>\n{\"name\": NAME, \"arguments\": ARGUMENTS}\n</tool_call>"
    ));
    match messages.first_mut() {
        Some(first) if first.role == Role::System => first.text = joined(&first.text, &text),
        _ => messages.insert(0, Message::new(Role::System, text)),
    }
}

/// Calls as text in the model's own form, for templates that do not know them; and what they return as what the user
/// says, where nothing else is known.
fn without_calls(message: Message, habits: &Habits) -> Message {
    if message.role == Role::Tool && !habits.results {
        return Message::new(Role::User, format!("<tool_response>\n{}\n</tool_response>", message.text));
    }
    let calls = message.calls.iter();
    let text = match habits.format {
        _ if message.calls.is_empty() => String::new(),
        Format::Granite => {
            let calls: Vec<Value> =
                calls.map(|call| json!({"name": call.name, "arguments": call.arguments})).collect();
            format!("<|tool_call|>{}", spaced(&calls.into()))
        }
        Format::Bare => {
            let calls = calls.map(|call| spaced(&json!({"name": call.name, "parameters": call.arguments})));
            calls.collect::<Vec<_>>().join("; ")
        }
        Format::Tagged | Format::Mistral | Format::DeepSeek | Format::Harmony | Format::Fenced => {
            let calls = calls.map(|call| spaced(&json!({"name": call.name, "arguments": call.arguments})));
            calls.map(|call| format!("<tool_call>\n{call}\n</tool_call>")).collect::<Vec<_>>().join("\n")
        }
    };
    Message { text: joined(&message.text, &text), calls: Vec::new(), ..message }
}

/// What the system says becomes the start of what the user says next.
fn without_system(messages: Vec<Message>) -> Vec<Message> {
    let mut kept: Vec<Message> = Vec::new();
    let mut said = String::new();
    for mut message in messages {
        match message.role {
            Role::System => {
                said = joined(&said, &message.text);
                continue;
            }
            Role::User => message.text = joined(&std::mem::take(&mut said), &message.text),
            Role::Assistant | Role::Tool => {}
        }
        kept.push(message);
    }
    if !said.is_empty() {
        kept.push(Message::new(Role::User, said));
    }
    kept
}

/// What one role says twice in a row becomes one message, and the user is the first to speak.
fn alternating(messages: Vec<Message>) -> Vec<Message> {
    let mut kept: Vec<Message> = Vec::new();
    for message in messages {
        match kept.last_mut() {
            Some(last)
                if last.role == message.role && message.role != Role::Tool && last.calls.is_empty() =>
            {
                last.text = joined(&last.text, &message.text);
                last.calls = message.calls;
            }
            _ => kept.push(message),
        }
    }
    kept
}

fn joined(one: &str, other: &str) -> String {
    match (one, other) {
        ("", text) | (text, "") => text.to_owned(),
        _ => format!("{one}\n\n{other}"),
    }
}

/// Ids in the form that a template takes, and the names of the tools that they call.
#[derive(Default)]
struct Ids {
    short: HashMap<CallId, String>,
    names: HashMap<CallId, String>,
}

impl Ids {
    fn of(&mut self, id: &CallId, calls: Calls) -> String {
        if !calls.short_ids {
            return id.0.clone();
        }
        let next = self.short.len();
        self.short.entry(id.clone()).or_insert_with(|| format!("call{next:05}")).clone()
    }
}

fn value(message: &Message, habits: &Habits, ids: &mut Ids) -> Value {
    let mut value = Map::new();
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    value.insert("role".to_owned(), role.into());
    let content = match habits.calls {
        Some(Calls { null_content: true, .. }) if message.text.is_empty() && !message.calls.is_empty() => {
            Value::Null
        }
        _ if habits.parts => json!([{"type": "text", "text": message.text}]),
        _ => message.text.as_str().into(),
    };
    value.insert("content".to_owned(), content);
    let is_mute = habits.reasons_or_speaks && !message.calls.is_empty() && !message.text.is_empty();
    if let Some(reasoning) = message.reasoning.as_ref().filter(|_| !is_mute) {
        value.insert(habits.reasoning.to_owned(), reasoning.as_str().into());
    }
    if let (Some(calls), false) = (habits.calls, message.calls.is_empty()) {
        let calls: Vec<Value> = message.calls.iter().map(|called| call(called, calls, ids)).collect();
        value.insert("tool_calls".to_owned(), calls.into());
    }
    if let (Some(answers), Some(calls)) = (&message.answers, habits.calls) {
        value.insert("tool_call_id".to_owned(), ids.of(answers, calls).into());
        if let Some(name) = ids.names.get(answers) {
            value.insert("name".to_owned(), name.as_str().into());
        }
    }
    value.into()
}

fn call(call: &ToolCall, calls: Calls, ids: &mut Ids) -> Value {
    let ToolCall { id, name, arguments } = call;
    ids.names.insert(id.clone(), name.clone());
    let arguments = if calls.as_text {
        Value::from(spaced(&Value::from(arguments.clone())))
    } else {
        arguments.clone().into()
    };
    json!({"id": ids.of(id, calls), "type": "function", "function": {"name": name, "arguments": arguments}})
}

/// JSON as Python writes it, which is what models were trained on.
fn spaced(value: &Value) -> String {
    let style = super::json::Style::new(None, false, false);
    super::json::dumps(&super::json::value(value), &style).unwrap_or_else(|_| value.to_string())
}
