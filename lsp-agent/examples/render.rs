//! Renders conversations by a chat template: `render TEMPLATE` prints one line of JSON for each sample conversation,
//! with what the template was given and what it wrote. `tests/models/compare_templates.py` renders the same with
//! Python's Jinja and compares.

use devtoolkit_agent::model::{CallId, Message, Role, ToolCall, ToolDescription};
use devtoolkit_agent::template::{Conversation, Marks, Template};
use serde_json::{Map, Value, json};

/// 2026-03-01 12:34:56.
const NOW: i64 = 1_772_368_496;

#[expect(clippy::print_stdout, reason = "the output is what it is for")]
#[expect(clippy::disallowed_methods, reason = "an example reads its own arguments and files")]
fn main() {
    let path = std::env::args().nth(1).expect("usage: render TEMPLATE");
    let source = std::fs::read_to_string(&path).expect("the template can be read");
    let marks = Marks { begin: "<s>".to_owned(), end: "</s>".to_owned() };
    let template = match Template::new(Some(&source), marks) {
        Ok(template) => template,
        Err(error) => {
            println!("{}", json!({"sample": "all", "error": error.to_string()}));
            return;
        }
    };
    for (sample, messages, tools) in samples() {
        for thinking in [None, Some(false), Some(true)] {
            let conversation = Conversation { thinking, ..Conversation::new(&messages, &tools, NOW) };
            let (given, given_tools) = template.given(&conversation);
            let mut line = json!({
                "sample": sample, "thinking": thinking, "messages": given, "tools": given_tools, "now": NOW,
                "format": format!("{:?}", template.format()),
            });
            match template.render(&conversation) {
                Ok(text) => line["text"] = text.into(),
                Err(error) => line["error"] = error.to_string().into(),
            }
            println!("{line}");
        }
    }
}

type Sample = (&'static str, Vec<Message>, Vec<ToolDescription>);

fn samples() -> Vec<Sample> {
    let say = |role, text: &str| Message::new(role, text);
    let user = || say(Role::User, "Rename `a` to `ä\"b\"`\n  in <main> & co.");
    let system = || say(Role::System, "You are exact.\n");
    let reasoned = Message { reasoning: Some("Hm, wait.".to_owned()), ..say(Role::Assistant, "Done.") };
    let answer = || say(Role::Tool, "{\"lines\": [1, 2.0, null], \"ok\": true}");
    let answers = |id: &str| Message { answers: Some(CallId(id.to_owned())), ..answer() };
    vec![
        ("question", vec![user()], vec![]),
        ("system", vec![system(), user()], vec![]),
        ("turns", vec![system(), user(), reasoned.clone(), say(Role::User, "Thanks")], vec![]),
        ("twice", vec![user(), say(Role::User, "And quickly.")], vec![]),
        ("tools", vec![system(), user()], tools()),
        ("call", vec![system(), user(), call("", &["c1"]), answers("c1")], tools()),
        (
            "call and on",
            vec![user(), call("I look.", &["c1"]), answers("c1"), reasoned, say(Role::User, "Thanks")],
            tools(),
        ),
        (
            "reasoned call",
            vec![user(), Message { reasoning: Some("Hm.".to_owned()), ..call("", &["c1"]) }, answers("c1")],
            tools(),
        ),
        ("two calls", vec![system(), user(), call("", &["c1", "c2"]), answers("c1"), answers("c2")], tools()),
    ]
}

fn call(text: &str, ids: &[&str]) -> Message {
    let arguments =
        json!({"path": "src/ä.rs", "lines": [1, 2], "deep": {"exact": true, "none": null, "size": 1.5e-7}});
    let Value::Object(arguments) = arguments else { unreachable!("it is written above") };
    let call = |id: &&str| ToolCall {
        id: CallId((*id).to_owned()),
        name: "read".to_owned(),
        arguments: arguments.clone(),
    };
    Message { calls: ids.iter().map(call).collect(), ..Message::new(Role::Assistant, text) }
}

fn tools() -> Vec<ToolDescription> {
    let tool = |name: &str, description: &str, schema: Value| {
        let schema: Map<String, Value> = schema.as_object().cloned().unwrap_or_default();
        ToolDescription { name: name.to_owned(), description: description.to_owned(), schema }
    };
    let read = json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "A file's <path>."},
            "lines": {"type": "array", "items": {"type": "integer"}, "description": "Which lines."},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "deep": {"type": "object", "properties": {"exact": {"type": "boolean"}}},
            "either": {"type": ["string", "null"]},
        },
        "required": ["path"],
    });
    vec![
        tool("read", "Reads a file's lines.", read),
        tool("list", "Lists files.\nAll of them.", json!({"type": "object", "properties": {}})),
    ]
}
