use super::*;
use crate::model::{CallId, Role, ToolCall};
use crate::template::calls::Format;
use serde_json::{Value as Json, json};

/// Noon of a Sunday in March 2026.
const NOW: i64 = 1_772_368_496;

/// Turns between marks, as most families have them.
const TURNS: &str = "\
{%- for message in messages %}
{{- '<' + message.role + '>' + message.content + '</>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<assistant>' }}{% endif %}
";

fn template(source: &str) -> Template {
    Template::new(Some(source), Marks { begin: "<s>".to_owned(), end: "</s>".to_owned() }).unwrap()
}

fn said() -> Vec<Message> {
    vec![
        Message::new(Role::System, "Be exact."),
        Message::new(Role::User, "Read it."),
        Message {
            calls: vec![ToolCall {
                id: CallId("first-1".to_owned()),
                name: "read".to_owned(),
                arguments: json!({"path": "ä.rs", "n": 1.0}).as_object().unwrap().clone(),
            }],
            ..Message::new(Role::Assistant, "")
        },
        Message { answers: Some(CallId("first-1".to_owned())), ..Message::new(Role::Tool, "fn a() {}") },
        Message { reasoning: Some("Hm.".to_owned()), ..Message::new(Role::Assistant, "Done.") },
        Message::new(Role::User, "Thanks."),
    ]
}

fn tools() -> Vec<ToolDescription> {
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]});
    let schema = schema.as_object().unwrap().clone();
    vec![ToolDescription { name: "read".to_owned(), description: "Reads.".to_owned(), schema }]
}

fn render(source: &str, messages: &[Message], tools: &[ToolDescription]) -> String {
    template(source).render(&Conversation::new(messages, tools, NOW)).unwrap()
}

/// What an expression prints.
fn prints(expression: &str) -> String {
    // The probes of a template's habits must not fail on what is meant for the test.
    let source = format!("{{{{ {expression} }}}}");
    let mut conversation = Conversation::new(&[], &[], NOW);
    let more = json!({
        "v": {"b": [1, 2.5, -0.0, 1e22, 1e-7, true, null], "a": "é\"\\\n\u{1}<'&"}, "text": " a-b-c ", "big": u64::MAX,
    });
    conversation.more = more.as_object().unwrap().clone();
    match template(&source).render(&conversation) {
        Ok(text) => text,
        Err(error) => error.to_string(),
    }
}

#[test]
fn values_are_printed_as_python_prints_them() {
    let table = [
        ("v.b | tojson", "[1, 2.5, -0.0, 1e+22, 1e-07, true, null]"),
        (
            "v | tojson",
            "{\"b\": [1, 2.5, -0.0, 1e+22, 1e-07, true, null], \"a\": \"é\\\"\\\\\\n\\u0001<'&\"}",
        ),
        ("v.a | tojson(ensure_ascii=true)", "\"\\u00e9\\\"\\\\\\n\\u0001<'&\""),
        ("{'b': [1, {}], 'a': []} | tojson(indent=2)", "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": []\n}"),
        ("{'b': 1, 'a': 2} | tojson(sort_keys=true, separators=(',', ':'))", "{\"a\":2,\"b\":1}"),
        ("v.b", "[1, 2.5, -0.0, 1e+22, 1e-07, True, None]"),
        ("{'a': \"it's\", 'b': 'x\\ny'}", "{'a': \"it's\", 'b': 'x\\ny'}"),
        ("true ~ ''", "True"),
        ("(true | string) + (1.0 | string) + (none | string)", "True1.0None"),
        ("none", "None"),
        ("nothing", ""),
        ("none is iterable", "False"),
        ("nothing is iterable and v is iterable", "True"),
        ("big", "18446744073709551615"),
        ("text.strip().split('-')[1]", "b"),
        ("text.removeprefix(' ') + '|'", "a-b-c |"),
        ("text.partition('-')[2]", "b-c "),
        ("text.strip().rpartition('-')[0]", "a-b"),
        ("text.strip().rsplit('-', 1)", "['a-b', 'c']"),
        ("v.items() | length", "2"),
        ("v.get('c', 'none')", "none"),
        (
            "strftime_now('%d %b %Y, %A %j %H:%M:%S %-d %I %p %y %% %Q')",
            "01 Mar 2026, Sunday 060 12:34:56 1 12 PM 26 % %Q",
        ),
        ("nothing.at.all", "the chat template fails: undefined value: `nothing` is undefined, in line 1"),
    ];
    for (expression, expected) in table {
        assert_eq!(prints(expression), expected, "{expression}");
    }
}

#[test]
fn dates_are_those_of_the_calendar() {
    let days = [
        (0, "1970-01-01 001 Thu"),
        (951_782_400, "2000-02-29 060 Tue"),
        (4_107_542_400, "2100-03-01 060 Mon"),
        (-1, "1969-12-31 365 Wed"),
    ];
    for (now, expected) in days {
        assert_eq!(date::strftime(now, "%F %j %a"), expected);
    }
}

#[test]
fn control_flow_and_white_space_are_those_of_jinja() {
    let source = "
{%- macro line(text, mark='*') -%}
    {{ mark }} {{ text }}
{% endmacro -%}
{%- set seen = namespace(count=0) %}
{% for message in messages if message.role != 'system' %}
    {% if message.role == 'tool' %}{% continue %}{% endif %}
    {%- set seen.count = seen.count + 1 %}
    {% generation %}
{{ line(message.content, mark=loop.index) -}}
    {% endgeneration %}
    {% if loop.last or seen.count > 2 %}{% break %}{% endif %}
{% endfor %}
{{ seen.count }}{# a remark #}
";
    let messages: Vec<Message> =
        ["a", "b", "c", "d"].into_iter().map(|text| Message::new(Role::User, text)).collect();
    assert_eq!(render(source, &messages, &[]), "1 a\n2 b\n3 c\n3");
}

#[test]
fn what_a_template_knows_is_left_to_it() {
    let source = "{{ bos_token }}{% if tools %}[{% for tool in tools %}{{ tool.function | tojson }}{% endfor %}]{% endif %}
{%- for m in messages %}<{{ m.role }}>
{%- if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}{{ m.content }}
{%- for call in m.tool_calls or [] %}<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}
{%- endfor %}{{ '<assistant>' if add_generation_prompt }}";
    assert_eq!(
        render(source, &said(), &tools()),
        concat!(
            "<s>[{\"name\": \"read\", \"description\": \"Reads.\", \"parameters\": {\"type\": \"object\", \"properties\": ",
            "{\"path\": {\"type\": \"string\"}}, \"required\": [\"path\"]}}]<system>Be exact.<user>Read it.<assistant>",
            "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"ä.rs\", \"n\": 1.0}}</tool_call>",
            "<tool>fn a() {}<assistant>(Hm.)Done.<user>Thanks.<assistant>"
        )
    );
    assert_eq!(template(source).format(), Format::Tagged);
}

#[test]
fn what_a_template_does_not_know_is_said_in_words() {
    let written = render(TURNS, &said(), &tools());
    assert!(
        written.starts_with("<system>Be exact.\n\nYou can call these tools:\n{\"name\": \"read\""),
        "{written}"
    );
    assert!(written.contains("<assistant><tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"ä.rs\", \"n\": 1.0}}\n</tool_call></>"));
    assert!(written.contains("<user><tool_response>\nfn a() {}\n</tool_response></>"), "{written}");
    assert_eq!(template(TURNS).format(), Format::Tagged);
}

#[test]
fn calls_are_written_in_the_models_form_where_the_template_lists_tools_only() {
    let source = "{{ 'answer with <|tool_call|>' + tools | tojson if tools }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
    let written = render(source, &said()[1..4], &tools());
    let expected = "<user>Read it.<assistant><|tool_call|>[{\"name\": \"read\", \"arguments\": {\"path\": \"ä.rs\", \"n\": 1.0}}]<tool>fn a() {}";
    assert!(written.ends_with(expected), "{written}");
    assert_eq!(template(source).format(), Format::Granite);
}

#[test]
fn what_a_template_refuses_is_written_otherwise() {
    // No system message, and turns that alternate.
    let strict = "
{%- if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}
{%- for m in messages %}
{%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('take turns') }}{% endif %}
{{- '<' + m.role + '>' + m.content }}
{%- endfor %}";
    let messages = [
        Message::new(Role::System, "Be exact."),
        Message::new(Role::User, "a"),
        Message::new(Role::User, "b"),
        Message::new(Role::Assistant, "c"),
    ];
    assert_eq!(render(strict, &messages, &[]), "<user>Be exact.\n\na\n\nb<assistant>c");
    // Content in parts.
    let parts = "{% for m in messages %}{% for part in m.content %}{{ part.text }}{% endfor %};{% endfor %}";
    assert_eq!(render(parts, &messages, &[]), "Be exact.;a;b;c;");
}

#[test]
fn calls_are_given_as_the_template_takes_them() {
    let with = |call: &str| {
        format!(
            "{{{{ tools | tojson if tools }}}}{{% for m in messages %}}{{% if m.tool_calls %}}{{% for c in m.tool_calls %}}{call}{{% endfor %}}{{% else %}}{{{{ m.content }}}}{{% endif %}}{{% endfor %}}"
        )
    };
    let second = |source: &str| {
        let written = render(source, &said()[1..4], &[]);
        written.strip_prefix("Read it.").unwrap().to_owned()
    };
    let text = with("{{ c.function.name + c.function.arguments }}");
    assert_eq!(second(&text), "read{\"path\": \"ä.rs\", \"n\": 1.0}fn a() {}");
    let short = with(
        "{% if c.id | length != 9 %}{{ raise_exception('ids have nine letters') }}{% endif %}{{ c.id }}{{ c.function.name }}{{ c.function.arguments | tojson }}",
    );
    assert_eq!(second(&short), "call00000read{\"path\": \"ä.rs\", \"n\": 1.0}fn a() {}");
    let null = "{% for m in messages %}{% if m.content is none %}{% for c in m.tool_calls %}{{ c.function | tojson }}{% endfor %}{% else %}{{ m.content }}{% endif %}{% endfor %}";
    assert_eq!(
        second(null),
        "{\"name\": \"read\", \"arguments\": {\"path\": \"ä.rs\", \"n\": 1.0}}fn a() {}"
    );
}

#[test]
fn errors_are_told_in_the_templates_own_words() {
    let error = |source: Option<&str>| Template::new(source, Marks::default()).unwrap_err().to_string();
    assert_eq!(error(None), "the model has no chat template; set one with `--chat-template FILE`");
    assert_eq!(error(Some(" \n")), "the model has no chat template; set one with `--chat-template FILE`");
    assert_eq!(error(Some(&"x".repeat(LARGEST + 1))), "the chat template is larger than 1048576 bytes");
    assert!(error(Some("{% if %}")).starts_with("the chat template cannot be read: syntax error: "));
    let fails = |source: &str| {
        let messages = [Message::new(Role::User, "a")];
        template(source).render(&Conversation::new(&messages, &[], NOW)).unwrap_err().to_string()
    };
    assert_eq!(
        fails("{% for m in messages %}{{ raise_exception('only ' + 'images') }}{% endfor %}"),
        "the chat template refuses the conversation: only images"
    );
    assert_eq!(
        fails("{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"),
        "the chat template does not come to an end"
    );
    assert_eq!(
        fails("{% for a in range(90000) %}{{ 'many bytes, again and again' * 100 }}{% endfor %}"),
        "the chat template writes more than 33554432 bytes"
    );
    assert!(fails("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}").contains("recursion"));
    assert!(
        fails("{{ messages[0].content.nope() }}").starts_with("the chat template fails: unknown method: ")
    );
}

#[test]
fn formats_are_known_by_their_marks() {
    let table = [
        ("<|channel|>", Format::Harmony),
        ("<｜tool▁calls▁begin｜>", Format::DeepSeek),
        ("[TOOL_CALLS]", Format::Mistral),
        ("<|tool_call|>", Format::Granite),
        ("<tool_call>\n<function=", Format::Tagged),
        ("<|python_tag|>", Format::Bare),
        ("nothing", Format::Fenced),
    ];
    for (mark, format) in table {
        assert_eq!(Format::of(mark), format, "{mark}");
    }
}

#[test]
fn more_values_reach_the_template() {
    let mut conversation = Conversation::new(&[], &[], NOW);
    conversation.thinking = Some(false);
    conversation.more = [("reasoning_effort".to_owned(), Json::from("low"))].into_iter().collect();
    let written =
        template("{{ enable_thinking }} {{ thinking }} {{ reasoning_effort }}").render(&conversation);
    assert_eq!(written.unwrap(), "False False low");
}
