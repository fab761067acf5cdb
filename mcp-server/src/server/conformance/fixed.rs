//! The suite's tools, prompts and resources with fixed contents, and those that speak to the client in between.

use super::{Answer, Context, complete, wire};
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities};
use rmcp::{ErrorData, Peer, RoleServer};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const TOOLS: &[&str] = &[
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_logging_tool",
    "test_error_handling",
    "test_tool_with_progress",
    "test_sampling",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_missing_capability",
    "json_schema_2020_12_tool",
    "test_streaming_elicitation",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
];

/// Those of them that ask by their result.
pub(super) const ASKING: &[&str] = TOOLS.split_at(15).1;

/// One red pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// A wave file without samples.
const SILENCE: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

fn pixel() -> Value {
    json!({ "type": "image", "data": PIXEL, "mimeType": "image/png" })
}

fn text(text: impl Into<String>) -> Value {
    json!({ "type": "text", "text": text.into() })
}

fn embedded(uri: &str, mime: &str, text: &str) -> Value {
    json!({ "type": "resource", "resource": { "uri": uri, "mimeType": mime, "text": text } })
}

pub(super) async fn call(call: &CallToolRequestParams, context: &Context) -> Answer<CallToolResponse> {
    let argument = |name: &str| {
        let arguments = call.arguments.as_ref();
        arguments.and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let content = match call.name.as_ref() {
        "test_image_content" => vec![pixel()],
        "test_audio_content" => vec![json!({ "type": "audio", "data": SILENCE, "mimeType": "audio/wav" })],
        "test_embedded_resource" => {
            vec![embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]
        }
        "test_multiple_content_types" => {
            let resource = embedded(
                "test://mixed-content-resource",
                "application/json",
                r#"{"test":"data","value":123}"#,
            );
            vec![text("Multiple content types test:"), pixel(), resource]
        }
        "test_error_handling" => {
            let content = vec![text("This tool intentionally returns an error for testing")];
            return Ok(complete::<CallToolResult>(json!({ "content": content, "isError": true })).into());
        }
        "test_tool_with_logging" => logs(&context.peer).await?,
        "test_tool_with_progress" => progresses(context).await?,
        "test_sampling" => samples(&context.peer, &argument("prompt")).await?,
        "test_elicitation" => {
            let properties = json!({ "username": { "type": "string" }, "email": { "type": "string" } });
            let schema =
                json!({ "type": "object", "properties": properties, "required": ["username", "email"] });
            elicits(&context.peer, &argument("message"), schema, "User response:").await?
        }
        "test_elicitation_sep1034_defaults" => {
            elicits(&context.peer, "Defaults", defaults(), "Elicitation completed:").await?
        }
        "test_elicitation_sep1330_enums" => {
            elicits(&context.peer, "Choices", choices(), "Elicitation completed:").await?
        }
        "test_missing_capability" => {
            if context.client_capabilities().is_none_or(|client| client.sampling.is_none()) {
                let needed: ClientCapabilities = wire(json!({ "sampling": {} }));
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            vec![text("it has the capability")]
        }
        "test_simple_text" => vec![text("This is a simple text response for testing.")],
        _ => vec![text("done")],
    };
    Ok(complete::<CallToolResult>(json!({ "content": content })).into())
}

fn gone(error: impl std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(format!("the client did not do its part: {error}"), None)
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[expect(deprecated, reason = "the suite tests the older revisions too")]
async fn logs(peer: &Peer<RoleServer>) -> Answer<Vec<Value>> {
    for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        peer.notify_logging_message(wire(json!({ "level": "info", "data": line }))).await.map_err(gone)?;
        pause().await;
    }
    Ok(vec![text("logged")])
}

async fn progresses(context: &Context) -> Answer<Vec<Value>> {
    for done in [0, 50, 100] {
        if let Some(token) = context.meta.get_progress_token() {
            let param = json!({ "progressToken": token, "progress": done, "total": 100 });
            context.peer.notify_progress(wire(param)).await.map_err(gone)?;
        }
        pause().await;
    }
    Ok(vec![text("progressed")])
}

#[expect(deprecated, reason = "the suite tests the older revisions too")]
async fn samples(peer: &Peer<RoleServer>, prompt: &str) -> Answer<Vec<Value>> {
    let messages = json!([{ "role": "user", "content": text(prompt) }]);
    let request = wire(json!({ "messages": messages, "maxTokens": 100 }));
    let answer = peer.create_message(request).await.map_err(gone)?;
    let answer = serde_json::to_value(answer).map_err(gone)?;
    Ok(vec![text(format!("LLM response: {}", answer["content"]["text"].as_str().unwrap_or_default()))])
}

async fn elicits(peer: &Peer<RoleServer>, message: &str, schema: Value, said: &str) -> Answer<Vec<Value>> {
    let request = wire(json!({ "mode": "form", "message": message, "requestedSchema": schema }));
    let answer = peer.create_elicitation(request).await.map_err(gone)?;
    let answer = serde_json::to_value(answer).map_err(gone)?;
    let (action, content) = (answer["action"].as_str().unwrap_or_default(), &answer["content"]);
    Ok(vec![text(format!("{said} action={action}, content={content}"))])
}

fn defaults() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "default": true },
        },
    })
}

fn choices() -> Value {
    let plain = json!(["option1", "option2", "option3"]);
    let titled = |titles: [&str; 3]| -> Vec<Value> {
        let numbered = titles.iter().zip(1..);
        numbered.map(|(title, number)| json!({ "const": format!("value{number}"), "title": title })).collect()
    };
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": plain },
            "titledSingle": { "type": "string", "oneOf": titled(["First Option", "Second Option", "Third Option"]) },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
            "titledMulti": {
                "type": "array",
                "items": { "anyOf": titled(["First Choice", "Second Choice", "Third Choice"]) },
            },
        },
    })
}

/// A schema with words that a careless server drops.
pub(super) fn full_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}

pub(super) fn prompts() -> Value {
    let argument = |name: &str| json!({ "name": name, "description": "any text", "required": true });
    let prompt = |name: &str, arguments: Vec<Value>| json!({ "name": name, "description": "For the conformance suite", "arguments": arguments });
    json!([
        prompt("test_simple_prompt", vec![]),
        prompt("test_prompt_with_arguments", vec![argument("arg1"), argument("arg2")]),
        prompt("test_prompt_with_embedded_resource", vec![argument("resourceUri")]),
        prompt("test_prompt_with_image", vec![]),
        prompt("test_input_required_result_prompt", vec![]),
    ])
}

/// The messages of a prompt, if it is one of the suite's.
pub(super) fn prompt<'a>(name: &str, argument: impl Fn(&str) -> &'a str) -> Option<Value> {
    let content = match name {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (one, two) = (argument("arg1"), argument("arg2"));
            vec![text(format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource =
                embedded(argument("resourceUri"), "text/plain", "Embedded resource content for testing.");
            vec![resource, text("Please process the embedded resource above.")]
        }
        "test_prompt_with_image" => vec![pixel(), text("Please analyze the image above.")],
        _ => return None,
    };
    Some(content.into_iter().map(|content| json!({ "role": "user", "content": content })).collect())
}

pub(super) fn resources() -> Value {
    let resource =
        |uri: &str, mime: &str| json!({ "uri": uri, "name": uri, "description": uri, "mimeType": mime });
    json!([
        resource("test://static-text", "text/plain"),
        resource("test://static-binary", "image/png"),
        resource("test://watched-resource", "text/plain"),
    ])
}

pub(super) fn templates() -> Value {
    let uri = "test://template/{id}/data";
    json!([{ "uriTemplate": uri, "name": "template", "description": uri, "mimeType": "application/json" }])
}

/// What is in a resource, if it is one of the suite's.
pub(super) fn contents(uri: &str) -> Option<Value> {
    let text = |text: &str| json!({ "uri": uri, "mimeType": "text/plain", "text": text });
    Some(match uri {
        "test://static-text" => text("This is the content of the static text resource."),
        "test://static-binary" => json!({ "uri": uri, "mimeType": "image/png", "blob": PIXEL }),
        "test://watched-resource" => text("This resource never changes."),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let value = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            json!({ "uri": uri, "mimeType": "application/json", "text": value.to_string() })
        }
    })
}
