//! A prompt as the JSON that OpenAI's chat completions take, in the dialect of the server.

use crate::model::{Message, Role, ToolDescription};
use crate::provider::{Prompt, Shape};
use serde_json::{Map, Value, json};

/// What a server does not take, as far as that was found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    json: Json,
    /// The limit of tokens goes by its newer name.
    new_limit: bool,
    /// It is not asked for its count of tokens.
    no_usage: bool,
}

/// How a server is told that it has to write JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Json {
    #[default]
    Schema,
    Object,
    Nothing,
}

impl Dialect {
    /// Another to try when a request was refused with this message; nothing where the dialect cannot be the reason. Each
    /// asks for less than the one before, so that the tries end.
    pub(super) fn after(self, message: &str, prompt: &Prompt) -> Option<Self> {
        if !self.new_limit && message.contains("max_completion_tokens") {
            return Some(Self { new_limit: true, ..self });
        }
        if !self.no_usage && message.contains("stream_options") {
            return Some(Self { no_usage: true, ..self });
        }
        let json = match (&prompt.shape, self.json) {
            (Shape::Json { .. }, Json::Schema) => Json::Object,
            (Shape::Json { .. }, Json::Object) => Json::Nothing,
            (Shape::Json { .. }, Json::Nothing) | (Shape::Text | Shape::Form(_), _) => return None,
        };
        Some(Self { json, ..self })
    }

    /// As a number, so that threads can share what was found out.
    pub(super) fn to_number(self) -> u8 {
        let json = match self.json {
            Json::Schema => 0,
            Json::Object => 1,
            Json::Nothing => 2,
        };
        json | u8::from(self.new_limit) << 2 | u8::from(self.no_usage) << 3
    }

    pub(super) fn from_number(number: u8) -> Self {
        let json = match number & 3 {
            0 => Json::Schema,
            1 => Json::Object,
            _ => Json::Nothing,
        };
        Self { json, new_limit: number & 4 != 0, no_usage: number & 8 != 0 }
    }
}

/// The body of a request to `model`.
pub(super) fn of(model: &str, temperature: Option<f32>, prompt: &Prompt, dialect: Dialect) -> Vec<u8> {
    let messages: Vec<Value> = prompt.messages.iter().map(message).collect();
    let mut body = json!({ "model": model, "messages": messages, "stream": true });
    if !dialect.no_usage {
        body["stream_options"] = json!({ "include_usage": true });
    }
    let limit = if dialect.new_limit { "max_completion_tokens" } else { "max_tokens" };
    body[limit] = json!(prompt.tokens);
    if let Some(temperature) = temperature {
        body["temperature"] = json!(temperature);
    }
    if !prompt.tools.is_empty() {
        body["tools"] = prompt.tools.iter().map(tool).collect();
        if !prompt.may_call {
            body["tool_choice"] = json!("none");
        }
    }
    match (&prompt.shape, dialect.json) {
        (Shape::Json { schema, .. }, Json::Schema) => {
            let schema = without_formats(schema);
            let schema = json!({ "name": "answer", "strict": false, "schema": schema });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": schema });
        }
        (Shape::Json { .. }, Json::Object) => body["response_format"] = json!({ "type": "json_object" }),
        (Shape::Json { .. }, Json::Nothing) | (Shape::Text | Shape::Form(_), _) => {}
    }
    body.to_string().into_bytes()
}

/// What the model thought is not sent back: most servers refuse it or pass over it.
fn message(message: &Message) -> Value {
    let Message { role, text, reasoning: _, calls, answers } = message;
    match (role, answers) {
        (Role::System, _) => json!({ "role": "system", "content": text }),
        (Role::Tool, Some(id)) => json!({ "role": "tool", "tool_call_id": id.0, "content": text }),
        // Servers refuse an output that belongs to no call.
        (Role::User, _) | (Role::Tool, None) => json!({ "role": "user", "content": text }),
        (Role::Assistant, _) if calls.is_empty() => json!({ "role": "assistant", "content": text }),
        (Role::Assistant, _) => {
            let content = if text.is_empty() { Value::Null } else { json!(text) };
            let calls = calls.iter().map(|call| {
                let arguments = Value::Object(call.arguments.clone()).to_string();
                let function = json!({ "name": call.name, "arguments": arguments });
                json!({ "id": call.id.0, "type": "function", "function": function })
            });
            json!({ "role": "assistant", "content": content, "tool_calls": calls.collect::<Vec<_>>() })
        }
    }
}

fn tool(tool: &ToolDescription) -> Value {
    let ToolDescription { name, description, schema } = tool;
    let function = json!({ "name": name, "description": description, "parameters": schema });
    json!({ "type": "function", "function": function })
}

/// A schema without its formats: ours are names that no server knows, and some refuse what they do not know.
fn without_formats(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(fields.iter().filter_map(stripped).collect()),
        Value::Array(schemas) => schemas.iter().map(without_formats).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

fn stripped((key, value): (&String, &Value)) -> Option<(String, Value)> {
    let value = match (key.as_str(), value) {
        ("format", _) => return None,
        // Values, in which a field of that name is a value too.
        ("enum" | "const" | "default" | "examples", _) => value.clone(),
        // Names of our choice, each with its schema.
        ("properties" | "$defs" | "definitions" | "patternProperties", Value::Object(fields)) => {
            let fields = fields.iter().map(|(name, schema)| (name.clone(), without_formats(schema)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        _ => without_formats(value),
    };
    Some((key.clone(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_loses_its_formats_and_nothing_else() {
        let schema = json!({"type": "object", "properties": {
            "format": {"type": "string", "format": "existing_path"},
            "list": {"type": "array", "items": {"anyOf": [{"type": "string", "format": "new_path"}]}},
            "kind": {"enum": [{"format": "kept"}]},
        }});
        let stripped = json!({"type": "object", "properties": {
            "format": {"type": "string"},
            "list": {"type": "array", "items": {"anyOf": [{"type": "string"}]}},
            "kind": {"enum": [{"format": "kept"}]},
        }});
        assert_eq!(without_formats(&schema), stripped);
    }

    #[test]
    fn a_dialect_is_shared_as_a_number() {
        for json in [Json::Schema, Json::Object, Json::Nothing] {
            for (new_limit, no_usage) in [(false, false), (false, true), (true, false), (true, true)] {
                let dialect = Dialect { json, new_limit, no_usage };
                assert_eq!(Dialect::from_number(dialect.to_number()), dialect);
            }
        }
    }
}
