use super::*;
use crate::model::Role;
use crate::template::{Marks, Template, TemplateError};
use proptest::prelude::*;
use serde_json::json;

const CONTROLS: [&str; 7] = ["<|im_start|>", "<|im_end|>", "<|im", "<s>", "</s>", "[INST]", "<"];

/// Turns between marks, with all that a conversation can give written somewhere, and texts of it side by side.
const TURNS: &str = "{{ bos_token }}
{%- if tools %}{{ '<|im_start|>tools' + (tools | tojson) + '<|im_end|>' }}{% endif %}
{%- for m in messages %}
{{- '<|im_' + 'start|>' + m.role + '\n' + m.content + m.content }}
{%- if m.reasoning_content %}{{ '<think>' + m.reasoning_content | trim }}{% endif %}
{%- for c in m.tool_calls or [] %}[INST]{{ c.id }}{{ c.function.name }}{{ c.function.arguments | tojson }}{{ c.function.arguments | string }}{% endfor %}
{{- m.tool_call_id or '' }}{{ '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{{ effort }}{% endif %}";

fn controls() -> Vec<String> {
    CONTROLS.map(str::to_owned).to_vec()
}

fn template(source: &str) -> Template {
    Template::new(Some(source), Marks { begin: "<s>".to_owned(), end: "</s>".to_owned() }).unwrap()
}

/// A conversation in which these texts are said in every place.
fn parts(source: &str, [text, other]: [&str; 2]) -> Vec<Part> {
    let map = json!({text: [other, {other: text}], "n": 1}).as_object().unwrap().clone();
    let call = ToolCall { id: CallId(other.to_owned()), name: text.to_owned(), arguments: map.clone() };
    let messages = [
        Message::new(Role::System, other),
        Message::new(Role::User, text),
        Message {
            reasoning: Some(format!("{text}{other}")),
            calls: vec![call],
            ..Message::new(Role::Assistant, other)
        },
        Message { answers: Some(CallId(other.to_owned())), ..Message::new(Role::Tool, text) },
    ];
    let tools = [ToolDescription { name: other.to_owned(), description: text.to_owned(), schema: map }];
    let mut conversation = Conversation::new(&messages, &tools, 0);
    conversation.more.insert("effort".to_owned(), text.into());
    template(source).render_parts(&conversation, &controls()).unwrap()
}

fn specials(parts: &[Part]) -> Vec<&str> {
    parts.iter().filter(|part| part.special).map(|part| part.text.as_str()).collect()
}

fn joined(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}

#[test]
fn a_templates_own_marks_are_special_and_quoted_ones_are_text() {
    let messages = [Message::new(Role::User, "What is <|im_end|>, <|im_start|> or \u{e000}?")];
    let conversation = Conversation::new(&messages, &[], 0);
    let source = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
    let parts = template(source).render_parts(&conversation, &controls()).unwrap();
    let expected = [
        Part::special("<|im_start|>"),
        Part::text("user\nWhat is <|im_end|>, <|im_start|> or \u{e000}?"),
        Part::special("<|im_end|>"),
        Part::text("\n"),
    ];
    assert_eq!(parts, expected);
}

#[test]
fn the_parts_are_what_is_rendered() {
    let texts = ["end|> <|im_end|> b </s>\\ue000 \u{e001}<|im_", "<|im_\"\\[INST]|im_end|>"];
    let quoted = texts.map(|text| text.replace('<', "(").replace('[', "{"));
    let source = format!("{TURNS}{{{{ tools | tojson(ensure_ascii=true, indent=1) }}}}");
    let parts_of_quoted = parts(&source, [&quoted[0], &quoted[1]]);
    let parts = parts(&source, texts);
    assert_eq!(specials(&parts), specials(&parts_of_quoted));
    // The same text, but for the letters that were exchanged.
    let same = |text: String| text.replace('<', "(").replace('[', "{");
    assert_eq!(same(joined(&parts)), same(joined(&parts_of_quoted)));
    assert_eq!(specials(&parts)[..3], ["<s>", "<|im_start|>", "<|im_end|>"]);
}

#[test]
fn marks_that_a_call_is_written_with_are_special() {
    let source = "{{ '<|tool_call|>' if tools }}{% for m in messages %}{{ m.content }};{% endfor %}";
    let call =
        ToolCall { id: CallId("1".to_owned()), name: "<|tool_call|>".to_owned(), arguments: Map::new() };
    let messages =
        [Message::new(Role::User, "a"), Message { calls: vec![call], ..Message::new(Role::Assistant, "") }];
    let tool = ToolDescription { name: "a".to_owned(), description: String::new(), schema: Map::new() };
    let tools = [tool];
    let conversation = Conversation::new(&messages, &tools, 0);
    let tells = "{{ tools | tojson }}".to_owned() + source;
    let parts = template(&tells).render_parts(&conversation, &["<|tool_call|>".to_owned()]).unwrap();
    assert_eq!(specials(&parts).len(), 2, "{parts:?}");
    assert!(joined(&parts).ends_with("<|tool_call|>[{\"name\": \"<|tool_call|>\", \"arguments\": {}}];"));
}

#[test]
fn a_conversation_that_leaves_no_sentinel_is_refused() {
    let private = |range: RangeInclusive<char>| range.collect::<String>();
    let [first, second, third] = PRIVATE.map(private);
    let refuses = |text: String| {
        let messages = [Message::new(Role::User, text)];
        let conversation = Conversation::new(&messages, &[], 0);
        template("{{ messages[0].content }}").render_parts(&conversation, &controls())
    };
    assert!(matches!(refuses(format!("{first}{second}{third}")), Err(TemplateError::NoSentinel)));
    assert_eq!(refuses(format!("{first}{second}<s>")).unwrap(), [Part::text(format!("{first}{second}<s>"))]);
}

/// Texts of control tokens, their pieces, and what makes JSON escape.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<|im_start|>",
            "<|im_end|>",
            "<|im_",
            "end|>",
            "<",
            "|",
            ">",
            "<s>",
            "</",
            "s>",
            "[",
            "INST",
            "]",
            "<s",
            "i",
            "\\u",
            "e000",
            "\u{e000}",
            "\u{e001}",
            "\"",
            "\\",
            "\n",
            " ",
            "ä",
            "\u{f0000}",
        ])
        .prop_map(str::to_owned),
        "[a-z<|>]{0,4}",
    ];
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn nothing_that_is_said_becomes_special(text in hostile(), other in hostile()) {
        let harmless = parts(TURNS, ["x", "y"]);
        let parts = parts(TURNS, [&text, &other]);
        prop_assert_eq!(specials(&parts), specials(&harmless));
        prop_assert!(parts.windows(2).all(|pair| pair[0].special || pair[1].special));
        let said = joined(&parts);
        prop_assert!(said.contains(&format!("user\n{text}{text}<|im_end|>")), "{said}");
    }
}
