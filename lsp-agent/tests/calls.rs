//! Tool calls of real models: whatever they would rather write, each call can be run; and none comes where none may.

#![cfg(feature = "llama")]
#![expect(clippy::disallowed_methods, reason = "tests look at files")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/worker.rs"]
mod worker;

use devtoolkit_agent::model::{CallId, Message, Role, ToolCall, ToolDescription};
use devtoolkit_agent::provider::chat::{Calls, Heard, Question};
use devtoolkit_agent::provider::llama::Llama;
use devtoolkit_agent::provider::wire::{End, Load, Sampling, Usage};
use devtoolkit_agent::template::calls::{CallError, Said};
use serde_json::{Value, json};
use worker::{DEADLINE, load, model, start};

const MODELS: [&str; 2] = ["DEVTOOLKIT_QWEN_CODER", "DEVTOOLKIT_SMOLLM2"];

/// What asks for tools; the last ones for calls that are wrong, or none.
const PROMPTS: [&str; 10] = [
    "Read the file src/main.rs.",
    "Read the first 20 lines of README.md.",
    "Where is the function `parse_config` defined? Search for it.",
    "List the folder src, and then read src/lib.rs.",
    "Call `search_text` with the pattern \"TODO|FIXME\".",
    "Find all symbols of the kind class whose name has Person in it.",
    "Which files use `area`? Use the tools, several at once.",
    "Repeat this: <tool_call>\n{\"name\": \"search_text\", \"arguments\": {\"pattern\": 7, \"lines\": \"many\"}}\n</tool_call>",
    "Write <function=read_file>, <TOOLCALL> and <tool_call> in your answer.",
    "Say hello.",
];

fn tools() -> Vec<ToolDescription> {
    let tool = |name: &str, description: &str, properties: Value, required: &[&str]| {
        let schema = json!({"type": "object", "properties": properties, "required": required});
        let schema = schema.as_object().unwrap().clone();
        ToolDescription { name: name.to_owned(), description: description.to_owned(), schema }
    };
    let text = || json!({"type": "string", "maxLength": 60});
    let lines = json!({"type": "integer", "minimum": 1, "maximum": 500});
    let kind = json!({"type": "string", "enum": ["function", "class", "constant"]});
    vec![
        tool("read_file", "Reads a file.", json!({"path": text(), "lines": lines}), &["path"]),
        tool(
            "search_text",
            "Searches all files.",
            json!({"pattern": text(), "whole": {"type": "boolean"}}),
            &["pattern"],
        ),
        tool("find_symbol", "Finds definitions.", json!({"name": text(), "kind": kind}), &["name", "kind"]),
        tool("list_directory", "Lists a folder.", json!({}), &[]),
    ]
}

/// What is wrong with arguments of the tools above.
fn wrong(name: &str, arguments: &Value) -> Option<String> {
    let all = tools();
    let Some(tool) = all.iter().find(|tool| tool.name == name) else {
        return Some(format!("no tool `{name}`"));
    };
    let properties = tool.schema["properties"].as_object()?;
    let given = arguments.as_object()?;
    let missing = tool.schema["required"].as_array()?.iter().filter_map(Value::as_str);
    let mut missing =
        missing.filter(|key| !given.contains_key(*key)).map(|key| format!("`{key}` is missing"));
    let bad = |(key, value): (&String, &Value)| {
        let Some(of) = properties.get(key) else { return Some(format!("`{key}` is not known")) };
        let is_right = match (of["type"].as_str(), value) {
            (Some("string"), Value::String(text)) => {
                let listed = of["enum"].as_array();
                listed.map_or(text.chars().count() <= 60, |listed| listed.contains(value))
            }
            (Some("integer"), Value::Number(number)) => {
                number.as_u64().is_some_and(|n| (1..=500).contains(&n))
            }
            (Some("boolean"), Value::Bool(_)) => true,
            _ => false,
        };
        (!is_right).then(|| format!("`{key}` is {value}"))
    };
    missing.next().or_else(|| given.iter().find_map(bad))
}

/// A conversation in which a tool was called: small models do as they did before.
fn told() -> Vec<Message> {
    let id = CallId("call_1".to_owned());
    let arguments = serde_json::Map::from_iter([("path".to_owned(), "src/a.rs".into())]);
    let call = ToolCall { id: id.clone(), name: "read_file".to_owned(), arguments };
    vec![
        Message::new(Role::User, "Read the file src/a.rs."),
        Message { calls: vec![call], ..Message::new(Role::Assistant, "") },
        Message { answers: Some(id), ..Message::new(Role::Tool, "fn main() {}") },
        Message::new(Role::Assistant, "It has an empty function `main`."),
    ]
}

fn ask(llama: &Llama, prompt: &str, calls: Calls, sampling: Sampling) -> (Vec<Said>, End, Usage) {
    let messages = told().into_iter().chain([Message::new(Role::User, prompt)]).collect();
    let mut question = Question::new(messages, 0, 200);
    (question.tools, question.calls) = (tools(), calls);
    (question.request.sampling, question.request.speculate) = (sampling, true);
    let mut answer = question.ask(llama);
    let mut all = Vec::new();
    loop {
        match answer.hear(DEADLINE).expect("the end comes in time") {
            Heard::Said(said) => all.push(said),
            Heard::End { end, usage } => return (all, end, usage),
            Heard::Loading(_) | Heard::Prefill { .. } => {}
        }
    }
}

/// The likeliest answers, and some that are drawn by chance.
fn samplings() -> [Sampling; 2] {
    let drawn =
        Sampling { temperature: 1.2, top_k: 0, top_p: 1.0, min_p: 0.0, seed: 7, ..Sampling::default() };
    [Sampling::default(), drawn]
}

#[test]
fn every_call_of_a_real_model_can_be_run() {
    for variable in MODELS {
        let Some(model) = model("every_call_of_a_real_model", variable) else { return };
        let llama = start(Load { context: 4_096, ..load(model) });
        let mut calls = 0;
        for (prompt, sampling) in
            PROMPTS.into_iter().flat_map(|prompt| samplings().map(|sampling| (prompt, sampling)))
        {
            let (all, end, _) = ask(&llama, prompt, Calls::Offered, sampling);
            for said in all {
                match said {
                    Said::Call(call) => {
                        calls += 1;
                        let wrong = wrong(&call.name, &call.arguments.clone().into());
                        assert_eq!(wrong, None, "{variable}: {prompt}: {call:?}");
                    }
                    // Its length is the request's.
                    Said::Broken(CallError::Unfinished) if end == End::Tokens => {}
                    Said::Broken(error) => panic!("{variable}: {prompt}: {error}, {end:?}"),
                    Said::Text(_) | Said::Reasoning(_) => {}
                }
            }
        }
        // The larger one knows what tools are for.
        assert!(calls >= 3 || variable == MODELS[1], "{variable}: {calls} calls");
    }
}

#[test]
fn where_no_call_may_come_none_does() {
    for variable in MODELS {
        let Some(model) = model("where_no_call_may_come", variable) else { return };
        let llama = start(Load { context: 4_096, ..load(model) });
        let mut cached = 0;
        for prompt in PROMPTS {
            let (said, _, usage) = ask(&llama, prompt, Calls::Held, Sampling::default());
            cached = usage.cached;
            for said in said {
                let Said::Text(text) = said else { panic!("{variable}: {prompt}: {said:?}") };
                assert!(!text.contains("<tool_call>") && !text.contains("<function="), "{text}");
            }
        }
        assert!(cached > 200, "the tools are told as before: {cached} tokens were cached");
    }
}
