//! The suite's tools and its prompt that ask the client by their result, as since 2026-07-28.

use super::{Answer, Context, complete, wire};
use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, GetPromptRequestParams, GetPromptResponse,
    InputRequiredResult, InputResponses,
};
use serde_json::{Value, json};

/// The key that seals a fixture's state. It protects nothing.
const KEY: &[u8; 32] = b"a key for the conformance suite.";

pub(super) fn call(call: &CallToolRequestParams, context: &Context) -> Answer<CallToolResponse> {
    let answers = Answers(call.input_responses.as_ref());
    let state = call.request_state.as_deref().map(opened).transpose()?;
    Ok(match call.name.trim_start_matches("test_input_required_result_") {
        "sampling" => match answers.get("capital_question") {
            Some(answer) => done(answer["content"]["text"].as_str().unwrap_or_default()),
            None => {
                required(json!({ "capital_question": sample("What is the capital of France?", 100) }), None)
            }
        },
        "list_roots" => match answers.get("client_roots") {
            Some(answer) => done(&format!("roots: {}", answer["roots"])),
            None => required(json!({ "client_roots": roots() }), None),
        },
        "request_state" | "tampered_state" => match (answers.field("confirm", "ok"), state) {
            (Some(_), Some("confirming")) => done("state-ok"),
            _ => required(json!({ "confirm": form("Please confirm", "ok", "boolean") }), Some("confirming")),
        },
        "multiple_inputs" => {
            let all = ["user_name", "greeting", "client_roots"];
            match all.iter().all(|name| answers.get(name).is_some()) && state.is_some() {
                true => done("all answers are there"),
                false => {
                    let requests = json!({
                        "user_name": form("What is your name?", "name", "string"),
                        "greeting": sample("Generate a greeting", 50),
                        "client_roots": roots(),
                    });
                    required(requests, Some("all"))
                }
            }
        }
        "multi_round" => match (answers.field("step1", "name"), answers.field("step2", "color"), state) {
            (_, Some(color), Some(name)) if name.starts_with("name:") => done(&format!("{name}, {color}")),
            (Some(name), _, Some("first")) => {
                let step = form("Step 2: What is your favorite color?", "color", "string");
                required(json!({ "step2": step }), Some(&format!("name:{name}")))
            }
            _ => {
                let step = form("Step 1: What is your name?", "name", "string");
                required(json!({ "step1": step }), Some("first"))
            }
        },
        "capabilities" => {
            let client = context.client_capabilities().unwrap_or_default();
            let mut requests = json!({});
            if client.sampling.is_some() {
                requests["greeting"] = sample("Generate a greeting", 50);
            }
            if client.elicitation.is_some() {
                requests["user_name"] = form("What is your name?", "name", "string");
            }
            required(requests, None)
        }
        // `elicitation`, and `test_streaming_elicitation`.
        _ => match answers.field("user_name", "name").as_ref().and_then(Value::as_str) {
            Some(name) => done(&format!("Hello, {name}!")),
            None => required(json!({ "user_name": form("What is your name?", "name", "string") }), None),
        },
    })
}

pub(super) fn prompt(asked: &GetPromptRequestParams) -> GetPromptResponse {
    match Answers(asked.input_responses.as_ref()).field("user_context", "context") {
        Some(context) => {
            let content = json!({ "type": "text", "text": format!("In the context {context}") });
            GetPromptResponse::Complete(complete(
                json!({ "messages": [{ "role": "user", "content": content }] }),
            ))
        }
        None => {
            let asks = form("What context should the prompt use?", "context", "string");
            GetPromptResponse::InputRequired(result(json!({ "user_context": asks }), None))
        }
    }
}

/// What the client answered, by the names of the questions.
struct Answers<'a>(Option<&'a InputResponses>);

impl Answers<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.0?.get(name)
    }

    /// A field of a form that the person agreed to.
    fn field(&self, name: &str, field: &str) -> Option<Value> {
        let answer = self.get(name).filter(|answer| answer["action"] == "accept")?;
        answer.get("content")?.get(field).cloned()
    }
}

fn done(text: &str) -> CallToolResponse {
    complete::<CallToolResult>(json!({ "content": [{ "type": "text", "text": text }] })).into()
}

fn required(requests: Value, state: Option<&str>) -> CallToolResponse {
    result(requests, state).into()
}

fn result(requests: Value, state: Option<&str>) -> InputRequiredResult {
    let mut result = InputRequiredResult::from_input_requests(wire(requests));
    result.request_state = state.map(|state| format!("{state}.{}", seal(state)));
    result
}

fn seal(state: &str) -> blake3::Hash {
    blake3::keyed_hash(KEY, state.as_bytes())
}

/// The state within a sealed one.
fn opened(sealed: &str) -> Answer<&str> {
    let state = sealed.rsplit_once('.').filter(|(state, found)| seal(state).to_string() == *found);
    let refused = || ErrorData::invalid_params("`requestState` is not as it was given out", None);
    state.map(|(state, _)| state).ok_or_else(refused)
}

fn form(message: &str, field: &str, kind: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { field: { "type": kind } }, "required": [field] });
    let params = json!({ "mode": "form", "message": message, "requestedSchema": schema });
    json!({ "method": "elicitation/create", "params": params })
}

fn sample(prompt: &str, most: u32) -> Value {
    let content = json!({ "type": "text", "text": prompt });
    let params = json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": most });
    json!({ "method": "sampling/createMessage", "params": params })
}

fn roots() -> Value {
    json!({ "method": "roots/list", "params": {} })
}
