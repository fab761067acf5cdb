use super::*;
use crate::download::stand_in::{Asked, Reply, StandIn};
use crate::model::{CallId, Message, Piece as Said, Role, ToolCall, ToolDescription};
use crate::provider::Shape;
use serde_json::{Map, Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;

mod refused;
mod streamed;

const SECRET: &str = "sk-very-secret";

fn model(base: &str) -> HttpModel {
    HttpModel {
        base_url: format!("{base}/v1/"),
        model: "small".to_owned(),
        key: Some(Key::new(SECRET, "the environment variable `SOME_KEY`").expect("it is one")),
        context: 4096,
        temperature: None,
        headers: vec![("x-title".to_owned(), "devtoolkit".to_owned())],
        allow_plain: false,
        patience: Patience { wait: Duration::from_millis(1), ..Patience::default() },
    }
}

fn prompt() -> Prompt {
    let tool = |name: &str| ToolDescription {
        name: name.to_owned(),
        description: "does it".to_owned(),
        schema: Map::from_iter([("type".to_owned(), json!("object"))]),
    };
    Prompt {
        number: 1,
        tries: 0,
        messages: vec![Message::new(Role::System, "You help."), Message::new(Role::User, "Go.")],
        tools: vec![tool("read"), tool("list")],
        may_call: true,
        shape: Shape::Text,
        tokens: 100,
        drafts: Vec::new(),
    }
}

/// What is heard, a word each, and the answer; whether there are moments in which nothing comes is left to chance.
fn ask(http: &Http, prompt: &Prompt) -> (Vec<String>, Result<Answer, Problem>) {
    let mut heard = Vec::new();
    let answer = http.ask(prompt, &mut |said| {
        match said {
            Heard::Piece(Said::Text(text)) => heard.push(text),
            Heard::Piece(Said::Reasoning(text)) => heard.push(format!("({text})")),
            Heard::RateLimited { seconds } => heard.push(format!("in {seconds} s")),
            Heard::Nothing => {}
            Heard::Loading(_) | Heard::Prefill { .. } => heard.push("?".to_owned()),
        }
        ControlFlow::Continue(())
    });
    (heard, answer)
}

/// Asks a server that answers like this.
fn asked(prompt: &Prompt, answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Result<Answer, Problem> {
    let server = StandIn::start(answer);
    ask(&Http::new(model(&server.base)).expect("it can be asked"), prompt).1
}

fn delta(delta: &Value) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]}))
}

fn end(why: &str) -> String {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {}, "finish_reason": why}]}))
}

fn stream(events: &[String]) -> Reply {
    let body = format!("{}data: [DONE]\n\n", events.concat()).into_bytes();
    Reply { body, ..Reply::status(200).header("content-type", "text/event-stream; charset=utf-8") }
}

fn hello() -> Reply {
    stream(&[delta(&json!({"role": "assistant", "content": "hello"})), end("stop")])
}

fn refusal(status: u16, message: &str) -> Reply {
    let body = json!({"error": {"message": message, "type": "x"}}).to_string().into_bytes();
    Reply { body, ..Reply::status(status).header("content-type", "application/json") }
}

fn sent(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).expect("it is JSON")
}

#[test]
fn what_is_sent_is_what_was_asked() {
    let server = StandIn::start(|_| hello());
    let http = Http::new(model(&server.base)).unwrap();
    let mut prompt = prompt();
    let id = CallId("call_1".to_owned());
    let arguments = Map::from_iter([("path".to_owned(), json!("a.rs"))]);
    let mut called = Message::new(Role::Assistant, "");
    called.calls = vec![ToolCall { id: id.clone(), name: "read".to_owned(), arguments }];
    let mut output = Message::new(Role::Tool, "fn a() {}");
    output.answers = Some(id);
    prompt.messages.extend([called, output]);
    prompt.may_call = false;
    ask(&http, &prompt).1.unwrap();
    let asked = server.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(asked.header("authorization"), Some("Bearer sk-very-secret"));
    assert_eq!(asked.header("x-title"), Some("devtoolkit"));
    let function = |name: &str| json!({"type": "function", "function": {"name": name, "description": "does it", "parameters": {"type": "object"}}});
    let body = json!({
        "model": "small",
        "messages": [
            {"role": "system", "content": "You help."},
            {"role": "user", "content": "Go."},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"a.rs\"}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "fn a() {}"},
        ],
        "stream": true,
        "stream_options": {"include_usage": true},
        "max_tokens": 100,
        "tools": [function("read"), function("list")],
        "tool_choice": "none",
    });
    assert_eq!(sent(&asked), body);
}

#[test]
fn settings_that_cannot_be_are_named() {
    let with = |change: &dyn Fn(&mut HttpModel)| {
        let mut model = model("http://127.0.0.1:1");
        change(&mut model);
        Http::new(model).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(with(&|_| {}), "");
    for wrong in ["", "api", "ftp://a/v1", "https://a/v1?x=1", "file:///etc"] {
        let error = with(&|model| model.base_url = wrong.to_owned());
        assert!(error.starts_with(&format!("`{wrong}` is not the address")), "{wrong}: {error}");
    }
    let error = with(&|model| model.base_url = "https://me:hidden@a/v1".to_owned());
    assert!(error.contains("`a`") && !error.contains("hidden"), "{error}");
    for plain in ["http://example.com/v1", "http://192.168.0.7/v1", "http://127.0.0.1.example.com/v1"] {
        let error = with(&|model| model.base_url = plain.to_owned());
        assert!(error.contains("in the clear"), "{plain}: {error}");
        let change = |model: &mut HttpModel| (model.base_url, model.allow_plain) = (plain.to_owned(), true);
        assert_eq!(with(&change), "");
    }
    let error = with(&|model| model.headers = vec![("x".to_owned(), "a\nb: c".to_owned())]);
    assert!(error.starts_with("the header `x`"), "{error}");
    assert!(Key::new(" \n", "`A`").unwrap_err().to_string().contains("the key from `A`"));
    assert!(!format!("{:?}", model("http://localhost").key).contains("secret"));
}
