//! Calls as Qwen3-Coder writes them: each argument between marks of its own, texts as they are and the rest as JSON.
//! Of a text's schema, the most characters and a list of what it may be are followed.

use super::{LONGEST_TEXT, literal, schema_form};
use crate::constraint::{Form, Quoting};
use crate::model::ToolDescription;
use serde_json::{Map, Value};

/// What ends an argument. The line break before it belongs to the value, whose reader takes it off.
const END: &str = "</parameter>";

/// A call of one of the tools, without the marks around it, of which `close` may stand in no argument.
pub(super) fn calls(tools: &[ToolDescription], close: &str) -> Form {
    Form::Choice(tools.iter().map(|tool| call(tool, close)).collect())
}

fn call(tool: &ToolDescription, close: &str) -> Form {
    let ToolDescription { name, schema, .. } = tool;
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let is_required = |key: &String| {
        let required = schema.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|name| name == key))
    };
    let mut parts = vec![literal(format!("<function={name}>\n"))];
    for (key, of) in properties {
        let open = literal(format!("<parameter={key}>\n"));
        let parameter = Form::Sequence(vec![open, value(tool, of, close), literal("\n")]);
        parts.push(match is_required(key) {
            true => parameter,
            false => Form::Choice(vec![parameter, literal("")]),
        });
    }
    parts.push(literal("</function>"));
    Form::Sequence(parts)
}

/// A value of the schema `of`, which is part of the tool's, and the mark behind it.
fn value(tool: &ToolDescription, of: &Value, close: &str) -> Form {
    let ToolDescription { name, schema, .. } = tool;
    let is_text = match of.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    };
    let end = literal(format!("\n{END}"));
    let longest = of.get("maxLength").and_then(Value::as_u64).and_then(|most| u32::try_from(most).ok());
    let longest = longest.unwrap_or(LONGEST_TEXT);
    match of.get("enum").and_then(Value::as_array) {
        Some(texts) if is_text => {
            let texts = texts.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            Form::Sequence(vec![Form::OneOf { texts, quoting: Quoting::Plain }, end])
        }
        _ if is_text => Form::Free {
            ends: vec![END.to_owned()],
            never: vec![close.to_owned()],
            before: String::new(),
            most: longest,
            may_stop: false,
        },
        _ => {
            let mut of = of.clone();
            if let (Some(of), Some(definitions)) = (of.as_object_mut(), schema.get("$defs")) {
                of.insert("$defs".to_owned(), definitions.clone());
            }
            Form::Sequence(vec![schema_form(&of, &true.into(), name), end])
        }
    }
}
