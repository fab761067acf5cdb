use super::*;
use crate::template::calls::format::Format;
use proptest::prelude::*;
use serde_json::{Value, json};

fn tools() -> Vec<ToolDescription> {
    let tool = |name: &str, schema: Value| {
        let Value::Object(schema) = schema else { panic!("a schema is an object") };
        ToolDescription { name: name.to_owned(), description: String::new(), schema }
    };
    let read = json!({"type": "object", "properties": {
        "path": {"type": "string"}, "lines": {"type": "integer"}, "tags": {"type": "array"}, "end": {"type": ["string", "null"]}}});
    vec![tool("read", read), tool("list", json!({"type": "object"}))]
}

/// What is said in an answer that comes in pieces of the given size, told in lines.
fn tell(format: Format, prompt: &str, answer: &str, size: usize) -> String {
    let tools = tools();
    let mut reader = Reader::new(Expected { format, tools: &tools, prompt, calls: 0, may_call: true });
    let mut said: Vec<Said> = Vec::new();
    for piece in answer.as_bytes().chunks(size) {
        said.extend(reader.push(piece));
    }
    said.extend(reader.finish());
    let mut lines: Vec<String> = Vec::new();
    let mut kind = "";
    for said in said {
        let (now, text) = match said {
            Said::Text(text) => ("text", text),
            Said::Reasoning(text) => ("thinks", text),
            Said::Call(ToolCall { id, name, arguments }) => {
                ("call", format!("{} {name} {}", id.0, Value::from(arguments)))
            }
            Said::Broken(error) => ("broken", error.to_string()),
        };
        match lines.last_mut() {
            Some(last) if now == kind && (now == "text" || now == "thinks") => last.push_str(&text),
            _ => lines.push(format!("{now}: {text}")),
        }
        kind = now;
    }
    lines.join("\n")
}

fn check(format: Format, prompt: &str, answer: &str, expected: &[&str]) {
    for size in [answer.len().max(1), 1, 2, 7] {
        assert_eq!(tell(format, prompt, answer, size), expected.join("\n"), "{answer} by {size} bytes");
    }
}

#[test]
fn tagged_calls() {
    let check = |answer: &str, expected: &[&str]| check(Format::Tagged, "", answer, expected);
    check("Just text, 1 < 2 <tool.\n", &["text: Just text, 1 < 2 <tool.\n"]);
    check(
        "<think>\nHm é\n</think>\n\nI look.\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.rs\"}}\n</tool_call>",
        &["thinks: Hm é", "text: I look.", r#"call: call_1 read {"path":"a.rs"}"#],
    );
    check(
        "<tool_call>{\"name\": \"list\"}</tool_call>\n<tool_call>{\"name\": \"list\", \"arguments\": {}}</tool_call>",
        &["call: call_1 list {}", "call: call_2 list {}"],
    );
    check(
        r#"<tool_call>{"name": "read", "arguments": {"path": "</tool_call>"}}</tool_call> then"#,
        &[r#"call: call_1 read {"path":"</tool_call>"}"#, "text: then"],
    );
    check(
        r#"<tool_call>{"name": "read", "arguments": "{\"path\": \"b\"}"}</tool_call>"#,
        &[r#"call: call_1 read {"path":"b"}"#],
    );
    check(
        "<tool_call>{\"name\": \"read\", \"argu",
        &["broken: the tool call stops in the middle; write it again, shorter"],
    );
    check(
        "<tool_call>{'name': 1}</tool_call>ok",
        &["broken: the tool call is not valid JSON: key must be a string at line 1 column 2", "text: ok"],
    );
    check(
        "<tool_call>{\"a\": 1}</tool_call>",
        &["broken: the tool call has no `name`; write {\"name\": NAME, \"arguments\": ARGUMENTS}"],
    );
    check(
        r#"<tool_call>{"name": "read", "arguments": [1]}</tool_call>"#,
        &["broken: the arguments of `read` are not a JSON object"],
    );
    check(
        "{\"name\": \"list\", \"arguments\": {}}\n{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}\n",
        &["call: call_1 list {}", r#"call: call_2 read {"path":"a"}"#],
    );
    check("{\"name\": \"Joe\"}\n", &["text: {\"name\": \"Joe\"}\n"]);
    check(
        "a </think> b",
        &["text: a", "text: b"].join("").replace("text: atext: b", "text: ab").split('|').collect::<Vec<_>>(),
    );
}

#[test]
fn json_is_text_where_no_tool_is_known() {
    let none: [ToolDescription; 0] = [];
    let expected = Expected { format: Format::Tagged, tools: none, prompt: "", calls: 0, may_call: true };
    let text = "{\"name\": \"Joe\"}";
    assert_eq!(Reader::new(expected).push(text.as_bytes()), [Said::Text(text.to_owned())]);
}

#[test]
fn functions_with_parameters() {
    let check = |answer: &str, expected: &[&str]| check(Format::Tagged, "", answer, expected);
    check(
        "Yes.\n<tool_call>\n<function=read>\n<parameter=path>\na\n b</parameter> \n\n</parameter>\n<parameter=lines>\n12\n</parameter>\n<parameter=tags>\n[1, \"x\"]\n</parameter>\n<parameter=end>\nnull\n</parameter>\n</function>\n</tool_call>",
        &[
            "text: Yes.",
            r#"call: call_1 read {"path":"a\n b</parameter> \n","lines":12,"tags":[1,"x"],"end":null}"#,
        ],
    );
    // Some leave the outer mark out.
    check("<function=list>\n</function>", &["call: call_1 list {}"]);
    check(
        "<tool_call>\n<function=read>\n<parameter=path>\na",
        &["broken: the tool call stops in the middle; write it again, shorter"],
    );
    check(
        "<tool_call><function=read><parameter=path>a</parameter><parameter=path>b</parameter></function></tool_call>",
        &["broken: the call of `read` has `path` twice"],
    );
}

#[test]
fn a_prompt_can_begin_the_reasoning() {
    check(
        Format::Tagged,
        "<|im_start|>assistant\n<think>\n",
        "So.\n\n</think>\n\nYes",
        &["thinks: So.", "text: Yes"],
    );
    check(Format::Tagged, "<think>\n\n</think>\n\n", "Yes", &["text: Yes"]);
    check(Format::Mistral, "", "[THINK]So.[/THINK]Yes", &["thinks: So.", "text: Yes"]);
}

#[test]
fn bare_json() {
    let check = |answer: &str, expected: &[&str]| check(Format::Bare, "", answer, expected);
    check(r#"{"name": "read", "parameters": {"path": "a"}}"#, &[r#"call: call_1 read {"path":"a"}"#]);
    check(
        r#"<|python_tag|>{"name": "list", "parameters": {}}; {"name": "list"}"#,
        &["call: call_1 list {}", "call: call_2 list {}"],
    );
    check(r#"{"name": "Joe", "age": 3}"#, &[r#"text: {"name": "Joe", "age": 3}"#]);
    check("{ } is a block", &["text: { } is a block"]);
    check(
        r#"{"name": "read", "parameters": {"path": "#,
        &["broken: the tool call stops in the middle; write it again, shorter"],
    );
}

#[test]
fn families_with_marks_of_their_own() {
    check(
        Format::Mistral,
        "",
        r#"[TOOL_CALLS]read[ARGS]{"path": "[TOOL_CALLS]a[ARGS]"}[TOOL_CALLS]list[TOOL_CALLS]list{}"#,
        &[
            r#"call: call_1 read {"path":"[TOOL_CALLS]a[ARGS]"}"#,
            "call: call_2 list {}",
            "call: call_3 list {}",
        ],
    );
    check(
        Format::Mistral,
        "",
        "[TOOL_CALLS]list[ARGS]{} so",
        &["broken: the tool call is not valid JSON: something follows the arguments"],
    );
    check(
        Format::Mistral,
        "",
        r#"Ok[TOOL_CALLS][{"name": "read", "arguments": {"path": "a"}, "id": "abc123def"}, {"name": "list", "arguments": {}}]"#,
        &["text: Ok", r#"call: abc123def read {"path":"a"}"#, "call: call_2 list {}"],
    );
    check(
        Format::Mistral,
        "",
        r#"[TOOL_CALLS]read[CALL_ID]xyz[ARGS]{"path": "a"}[TOOL_CALLS]list{}"#,
        &[r#"call: xyz read {"path":"a"}"#, "call: call_2 list {}"],
    );
    check(
        Format::DeepSeek,
        "",
        "Ok<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read<｜tool▁sep｜>{\"path\": \"a\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>list<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        &["text: Ok", r#"call: call_1 read {"path":"a"}"#, "call: call_2 list {}"],
    );
    check(
        Format::DeepSeek,
        "<think>\n",
        "x</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read\n```json\n{\"path\": \"a\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        &["thinks: x", r#"call: call_1 read {"path":"a"}"#],
    );
    check(
        Format::Granite,
        "",
        r#"<|tool_call|>[{"name": "read", "arguments": {"path": "a"}}]"#,
        &[r#"call: call_1 read {"path":"a"}"#],
    );
    check(
        Format::DeepSeek,
        "",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read",
        &["broken: the tool call has no `name`; write {\"name\": NAME, \"arguments\": ARGUMENTS}"],
    );
}

#[test]
fn fences_that_name_a_tool_are_calls() {
    let check = |answer: &str, expected: &[&str]| check(Format::Fenced, "", answer, expected);
    check(
        "Look:\n```json\n{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}\n```",
        &["text: Look:", r#"call: call_1 read {"path":"a"}"#],
    );
    check(
        "Look:\n```json\n{\"name\": \"other\"}\n```\nDone.",
        &["text: Look:\n```json\n{\"name\": \"other\"}\n```\nDone."],
    );
    check("```rust\nfn a() {}\n```", &["text: ```rust\nfn a() {}\n```"]);
}

#[test]
fn channels() {
    let check =
        |answer: &str, expected: &[&str]| check(Format::Harmony, "<|start|>assistant", answer, expected);
    check(
        "<|channel|>analysis<|message|>Hm é.<|end|><|start|>assistant<|channel|>commentary to=functions.read <|constrain|>json<|message|>{\"path\": \"a\"}<|call|>",
        &["thinks: Hm é.", r#"call: call_1 read {"path":"a"}"#],
    );
    check(" to=functions.list<|channel|>commentary json<|message|>{}<|call|>", &["call: call_1 list {}"]);
    check("<|channel|>final<|message|>Yes, a <| b.<|return|>", &["text: Yes, a <| b."]);
    check("<|channel|>final<|message|>Yes", &["text: Yes"]);
    check(
        "<|channel|>commentary to=functions.read<|message|>{\"path",
        &["broken: the tool call stops in the middle; write it again, shorter"],
    );
    check("no channels at all", &["text: no channels at all"]);
    super::tests::check(
        Format::Harmony,
        "<|start|>assistant<|channel|>analysis<|message|>",
        "Hm<|end|>",
        &["thinks: Hm"],
    );
}

#[test]
fn answers_are_bounded() {
    let large = format!("<tool_call>{{\"name\": \"{}\"}}</tool_call>after", "x".repeat(LARGEST));
    let expected = "broken: a tool call of more than 1048576 bytes; write less at once\ntext: after";
    assert_eq!(tell(Format::Tagged, "", &large, 4096), expected);
    let many = "<tool_call>{\"name\": \"list\"}</tool_call>".repeat(MOST_CALLS + 1);
    let told = tell(Format::Tagged, "", &many, 64);
    assert_eq!(told.lines().count(), MOST_CALLS + 1);
    assert!(told.ends_with("broken: more than 64 tool calls in one answer; the rest is left out"));
}

#[test]
fn what_is_no_text_is_shown_as_such() {
    let tools = tools();
    let mut reader =
        Reader::new(Expected { format: Format::Tagged, tools: &tools, prompt: "", calls: 7, may_call: true });
    assert_eq!(reader.push(b"a\xffb\xe6\x97"), [Said::Text("a\u{fffd}b".to_owned())]);
    assert_eq!(reader.push(b"\xa5"), [Said::Text("日".to_owned())]);
    assert_eq!(reader.push(b" <tool"), []);
    assert_eq!(reader.push(b"s>\xe6"), [Said::Text(" <tools>".to_owned())]);
    assert_eq!(reader.finish(), [Said::Text("\u{fffd}".to_owned())]);
}

#[test]
fn special_tokens_show_the_format() {
    assert_eq!(Format::of_tokens(["<s>", "[TOOL_CALLS]"]), Some(Format::Mistral));
    assert_eq!(Format::of_tokens(["<|im_start|>", "<tool_call>"]), Some(Format::Tagged));
    assert_eq!(Format::of_tokens(["<s>"]), None);
}

proptest! {
    #[test]
    fn how_an_answer_is_cut_does_not_matter(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<think>", "</think>", "<tool_call>", "</tool_call>", "{\"name\": \"read\", \"arguments\": {", "}}", "\"a\": 1", "<function=read>",
            "</function>", "<parameter=a>", "</parameter>", "```json\n", "```", "[TOOL_CALLS]", "text", " ", "\n", "<", "é", "<|channel|>",
            "final", "analysis", "<|message|>", "<|end|>", "to=functions.list", "<|call|>", "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>",
            "<｜tool▁sep｜>", "<｜tool▁calls▁end｜>", "{", "<|python_tag|>",
        ]), 0..20),
        format in prop::sample::select(vec![
            Format::Tagged, Format::Bare, Format::Mistral, Format::DeepSeek, Format::Granite, Format::Harmony, Format::Fenced,
        ]),
        size in 1..9_usize,
    ) {
        let answer = pieces.concat();
        prop_assert_eq!(tell(format, "", &answer, size), tell(format, "", &answer, answer.len().max(1)));
    }
}
