//! The inside of tool calls.

use super::CallError;
use super::format::Style;
use crate::model::ToolDescription;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// A call that was read.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
}

/// Why there is no call.
#[derive(Debug)]
pub(super) enum NotRead {
    /// It is text after all.
    Text,
    Broken(CallError),
}

impl From<CallError> for NotRead {
    fn from(error: CallError) -> Self {
        Self::Broken(error)
    }
}

type Calls = Result<Vec<Wanted>, NotRead>;

/// The calls in `text`.
pub(super) fn read(text: &str, style: Style, tools: &[ToolDescription]) -> Calls {
    let trimmed = text.trim();
    match style {
        Style::Tagged if trimmed.starts_with("<function=") => {
            function(trimmed.trim_start_matches("<function="), tools)
        }
        Style::Tagged => json(trimmed),
        Style::Function => function(trimmed, tools),
        Style::Mistral => mistral(trimmed),
        Style::DeepSeek => deepseek(trimmed),
        Style::Named => named(trimmed).map(|call| vec![call]),
        Style::Perhaps => match json(trimmed) {
            Ok(calls) if tools.is_empty() || calls.iter().all(|call| is_known(&call.name, tools)) => {
                Ok(calls)
            }
            // A call of a tool that is there, but not as it must be.
            Err(NotRead::Broken(error)) if tools.iter().any(|tool| begins_call(trimmed, &tool.name)) => {
                Err(error.into())
            }
            _ => Err(NotRead::Text),
        },
    }
}

fn is_known(name: &str, tools: &[ToolDescription]) -> bool {
    tools.iter().any(|tool| tool.name == name)
}

fn begins_call(text: &str, name: &str) -> bool {
    let rest = text.trim_start_matches(['{', '[', ' ', '\n']).strip_prefix("\"name\"").map(str::trim_start);
    let rest = rest.and_then(|rest| rest.strip_prefix(':')).map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with(&format!("\"{name}\"")))
}

/// Calls as JSON: one, a list, or several one after the other, with or without `;` between them.
fn json(text: &str) -> Calls {
    let mut calls = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match values.next() {
            Some(Ok(Value::Array(list))) => {
                for item in list {
                    calls.push(object(item)?);
                }
            }
            Some(Ok(value)) => calls.push(object(value)?),
            Some(Err(error)) => return Err(not_json(&error).into()),
            None => break,
        }
        rest = rest[values.byte_offset()..].trim_start_matches([';', ',']).trim();
    }
    if calls.is_empty() { Err(CallError::NoName.into()) } else { Ok(calls) }
}

fn not_json(error: &serde_json::Error) -> CallError {
    if error.is_eof() { CallError::Unfinished } else { CallError::Json(error.to_string()) }
}

fn object(value: Value) -> Result<Wanted, CallError> {
    let Value::Object(mut call) = value else { return Err(CallError::NoName) };
    // OpenAI's own form has the call one level deeper.
    if let Some(Value::Object(function)) = call.shift_remove("function") {
        call.extend(function);
    }
    let Some(Value::String(name)) = call.shift_remove("name") else { return Err(CallError::NoName) };
    let arguments = ["arguments", "parameters", "args"].iter().find_map(|key| call.shift_remove(*key));
    let id = call.shift_remove("id").and_then(|id| id.as_str().map(str::to_owned));
    let arguments = match arguments {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(map)) => map,
        // JSON in a text, as some write it.
        Some(Value::String(text)) => self::arguments(&name, &text)?,
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_)) => return Err(CallError::Arguments(name)),
    };
    Ok(Wanted { id, name, arguments })
}

/// The arguments of a call of `name`, as JSON in a text; none where it is empty.
pub(crate) fn arguments(name: &str, text: &str) -> Result<Map<String, Value>, CallError> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(CallError::Arguments(name.to_owned())),
        Err(error) => Err(not_json(&error)),
    }
}

/// A name, a line break, and arguments.
fn named(text: &str) -> Result<Wanted, NotRead> {
    let (name, body) = text.split_once('\n').unwrap_or((text, ""));
    let name = name.trim().to_owned();
    if name.is_empty() {
        return Err(CallError::NoName.into());
    }
    let arguments = arguments(&name, body)?;
    Ok(Wanted { id: None, name, arguments })
}

/// `NAME><parameter=KEY>VALUE</parameter>…</function>`, as Qwen3-Coder writes it: what a value is, the tool's schema
/// says.
fn function(text: &str, tools: &[ToolDescription]) -> Calls {
    let (name, mut rest) = text.split_once('>').ok_or(CallError::Unfinished)?;
    let name = name.trim().to_owned();
    if name.is_empty() {
        return Err(CallError::NoName.into());
    }
    let schema = tools.iter().find(|tool| tool.name == name).and_then(|tool| tool.schema.get("properties"));
    let mut arguments = Map::new();
    while let Some((_, parameter)) = rest.split_once("<parameter=") {
        let (key, value) = parameter.split_once('>').ok_or(CallError::Unfinished)?;
        let (value, after) = end_of_value(value).ok_or(CallError::Unfinished)?;
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        let key = key.trim();
        let value = typed(value, schema.and_then(|properties| properties.get(key)));
        if arguments.insert(key.to_owned(), value).is_some() {
            return Err(CallError::Twice(name, key.to_owned()).into());
        }
        rest = after;
    }
    Ok(vec![Wanted { id: None, name, arguments }])
}

/// A value and what follows it. Its end is followed by another parameter or by the call's end, so that a value can
/// hold the same mark.
fn end_of_value(text: &str) -> Option<(&str, &str)> {
    const END: &str = "</parameter>";
    let is_end = |after: &str| {
        let after = after.trim_start();
        after.is_empty() || after.starts_with("<parameter=") || after.starts_with("</function>")
    };
    let found = text.match_indices(END).find(|(at, _)| is_end(&text[at + END.len()..]));
    found.map(|(at, _)| (&text[..at], &text[at + END.len()..]))
}

fn typed(text: &str, schema: Option<&Value>) -> Value {
    let takes_text = schema.is_none_or(|schema| match schema.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string") && text.trim() != "null",
        _ => false,
    });
    let value = || serde_json::from_str(text.trim()).unwrap_or_else(|_| Value::from(text));
    if takes_text { Value::from(text) } else { value() }
}

/// A list of calls, or `NAME[ARGS]{…}` once or more, perhaps with an id before the arguments.
fn mistral(text: &str) -> Calls {
    const MARK: &str = "[TOOL_CALLS]";
    if text.starts_with(['[', '{']) && !text.starts_with("[ARGS]") {
        return json(text);
    }
    let mut calls = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        while let Some(after) = rest.strip_prefix(MARK) {
            rest = after.trim_start();
        }
        if rest.is_empty() {
            return if calls.is_empty() { Err(CallError::NoName.into()) } else { Ok(calls) };
        }
        let (name, body) = rest.split_at(rest.find(['[', '{']).unwrap_or(rest.len()));
        let name = name.trim().to_owned();
        if name.is_empty() {
            return Err(CallError::NoName.into());
        }
        let is_head = |head: &str| head.is_empty() || head.starts_with("[CALL_ID]");
        let split = body.split_once("[ARGS]").map(|(head, body)| (head.trim(), body));
        let (head, body) = split.filter(|(head, _)| is_head(head)).unwrap_or(("", body));
        let id = head.strip_prefix("[CALL_ID]").map(str::to_owned);
        // The mark of the next call can stand in a text of this one.
        let mut values = serde_json::Deserializer::from_str(body).into_iter::<IgnoredAny>();
        let end = match body.trim_start() {
            none if none.is_empty() || none.starts_with(MARK) => 0,
            _ => match values.next() {
                Some(Err(error)) => return Err(not_json(&error).into()),
                Some(Ok(_)) | None => values.byte_offset(),
            },
        };
        let (written, after) = body.split_at(end);
        let arguments = arguments(&name, written)?;
        rest = after.trim_start();
        if !rest.is_empty() && !rest.starts_with(MARK) {
            return Err(CallError::Json("something follows the arguments".to_owned()).into());
        }
        calls.push(Wanted { id, name, arguments });
    }
}

/// `<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>ARGUMENTS<｜tool▁call▁end｜>`; older ones write `function` for the name, then
/// the name, a line break and a fence.
fn deepseek(text: &str) -> Calls {
    let mut calls = Vec::new();
    for call in text.split("<｜tool▁call▁begin｜>").map(str::trim).filter(|call| !call.is_empty()) {
        let call = call.split("<｜tool▁call▁end｜>").next().unwrap_or(call);
        let (kind, rest) = call.split_once("<｜tool▁sep｜>").ok_or(CallError::NoName)?;
        let (name, body) = match rest.split_once("```json") {
            Some((name, fenced)) if kind.trim() == "function" => {
                (name, fenced.trim_end().strip_suffix("```").ok_or(CallError::Unfinished)?)
            }
            _ => (kind, rest),
        };
        let name = name.trim().to_owned();
        let arguments = arguments(&name, body)?;
        calls.push(Wanted { id: None, name, arguments });
    }
    if calls.is_empty() { Err(CallError::NoName.into()) } else { Ok(calls) }
}
