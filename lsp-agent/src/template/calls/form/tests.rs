use super::super::{Expected, Reader, Said};
use super::*;
use crate::constraint::{Constraint, Piece, TokenId, TokenMask, Vocabulary};
use proptest::prelude::*;
use std::sync::Arc;

/// The token that ends an answer; behind it stand the control tokens of a setting, then some of text.
const END: TokenId = 256;

/// Texts that are one token.
const WORDS: [&str; 14] = [
    "</parameter>",
    "<tool_call>",
    "<tool",
    "\n{\"name\": \"",
    "</tool_call>\n<",
    "\"}}",
    "```json\n",
    "<think>",
    "</think>",
    "<function=read>",
    "[TOOL_CALLS]",
    "{\"name\": \"read\", \"par",
    "<|python_tag|>",
    "日本",
];

fn tools() -> Vec<ToolDescription> {
    let tool = |name: &str, schema: Value| {
        let schema = schema.as_object().unwrap().clone();
        ToolDescription { name: name.to_owned(), description: String::new(), schema }
    };
    let read = json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "maxLength": 40},
            "lines": {"type": "integer", "minimum": 1},
            "side": {"type": "string", "enum": ["disk", "staged"]},
            "range": {"$ref": "#/$defs/Range"},
        },
        "required": ["path"],
        "$defs": {"Range": {"type": "object", "properties": {"from": {"type": "integer"}}, "required": ["from"]}},
    });
    vec![tool("read", read), tool("list", json!({"type": "object", "properties": {}}))]
}

fn setting(format: Format, template: &str) -> Setting<'static> {
    Setting { format, template: template.to_owned(), controls: &[], prompt: "" }
}

/// The settings whose calls have a form.
fn settings(controls: &[String]) -> Vec<Setting<'_>> {
    let of = |format, template: &str| Setting { controls, ..setting(format, template) };
    vec![
        of(Format::Tagged, ""),
        of(Format::Tagged, "<tool_call>\n<function=x>\n<parameter=y>"),
        of(Format::Tagged, "<seed:tool_call>\n<function=x>\n<parameter=y>"),
        of(Format::Tagged, "<TOOLCALL>"),
        of(Format::Bare, "<|python_tag|>"),
        of(Format::Mistral, "[TOOL_CALLS]"),
        of(Format::Mistral, "[TOOL_CALLS]x[ARGS]"),
        of(Format::Granite, "<|tool_call|>"),
        of(Format::DeepSeek, "<｜tool▁calls▁begin｜>"),
        of(Format::DeepSeek, "<｜tool▁calls▁begin｜>```json"),
    ]
}

/// Marks that are control tokens in some vocabularies.
fn marks() -> Vec<String> {
    let marks = [
        "<think>",
        "</think>",
        "[TOOL_CALLS]",
        "[ARGS]",
        "<tool_call>",
        "</tool_call>",
        "<|tool_call|>",
        "<|python_tag|>",
        "<｜tool▁calls▁begin｜>",
        "<｜tool▁calls▁end｜>",
        "<｜tool▁call▁begin｜>",
        "<｜tool▁call▁end｜>",
        "<｜tool▁sep｜>",
    ];
    marks.map(str::to_owned).to_vec()
}

/// An answer that is being written.
struct Answer {
    constraint: Constraint,
    vocabulary: Arc<Vocabulary>,
    controls: Vec<String>,
}

impl Answer {
    fn new(form: &Form, controls: &[String]) -> Self {
        let bytes: Vec<[u8; 1]> = (0..=u8::MAX).map(|byte| [byte]).collect();
        let alone = bytes.iter().map(|byte| Piece::Text(byte)).chain([Piece::End]);
        let words = WORDS.iter().map(|word| Piece::Text(word.as_bytes()));
        let all = alone.chain(controls.iter().map(|_| Piece::Control)).chain(words);
        let vocabulary = Arc::new(Vocabulary::new(all));
        let token = |text: &str| Some(END + 1 + place(controls.iter().position(|control| control == text)?));
        let mut parts = Parts::new();
        let root = form.build(&mut parts, &token).unwrap();
        let constraint = Constraint::new(Arc::clone(&vocabulary), Arc::new(parts), root);
        Self { constraint, vocabulary, controls: controls.to_vec() }
    }

    /// Writes a text byte by byte, but for its control tokens. Gives what cannot be written of it.
    fn write<'a>(&mut self, text: &'a str) -> Result<(), &'a str> {
        let mut at = 0;
        while at < text.len() {
            let control = self.controls.iter().position(|control| text[at..].starts_with(control.as_str()));
            let (token, length) = match control {
                Some(control) => (END + 1 + place(control), self.controls[control].len()),
                None => (TokenId::from(text.as_bytes()[at]), 1),
            };
            self.constraint.accept(token).map_err(|_| text.get(at..).unwrap_or("within a character"))?;
            at += length;
            while !text.is_char_boundary(at) {
                self.constraint
                    .accept(TokenId::from(text.as_bytes()[at]))
                    .map_err(|_| "within a character")?;
                at += 1;
            }
        }
        Ok(())
    }

    /// Writes what chance says, then the shortest end. The text, control tokens as their texts.
    fn write_any(mut self, picks: &[u16]) -> Vec<u8> {
        let mut written = Vec::new();
        let mut mask = TokenMask::default();
        let mut picks = picks.iter();
        for _ in 0..9_000 {
            if self.constraint.is_done() {
                return written;
            }
            self.constraint.allowed(&mut mask);
            let short = [
                END,
                END + 1 + place(self.controls.len()),
                u32::from(b'"'),
                u32::from(b'}'),
                u32::from(b']'),
            ];
            let token = match picks.next() {
                // Longer tokens more often than single bytes.
                Some(pick) => {
                    let tokens: Vec<TokenId> = mask.iter().filter(|token| *token != END).collect();
                    let from = if pick % 4 == 0 { 0 } else { tokens.partition_point(|token| *token < END) };
                    let tokens = if from < tokens.len() { &tokens[from..] } else { &tokens };
                    tokens.get(usize::from(*pick) % tokens.len().max(1)).copied().unwrap_or(END)
                }
                None => short.into_iter().find(|token| mask.contains(*token)).or(mask.iter().next()).unwrap(),
            };
            self.constraint.accept(token).unwrap();
            let control = token.checked_sub(END + 1).and_then(|place| self.controls.get(place as usize));
            written.extend(control.map_or(self.vocabulary.text(token), |control| control.as_bytes()));
        }
        panic!("no end after {}", String::from_utf8_lossy(&written[..200]));
    }
}

fn place(at: usize) -> TokenId {
    TokenId::try_from(at).unwrap()
}

/// Whether an answer can be written whole: where not, what of it cannot.
fn check(setting: &Setting<'_>, form: &Form, answer: &str) -> Result<(), String> {
    let mut writing = Answer::new(form, setting.controls);
    writing.write(answer).map_err(str::to_owned)?;
    if writing.constraint.may_end() { Ok(()) } else { Err("it may not end".to_owned()) }
}

fn said(setting: &Setting<'_>, written: &[u8], may_call: bool) -> Vec<Said> {
    let tools = tools();
    let Setting { format, prompt, .. } = *setting;
    let mut reader = Reader::new(Expected { format, tools: &tools, prompt, calls: 0, may_call });
    let mut said = reader.push(written);
    said.extend(reader.finish());
    said
}

/// Answers in the spelling of each setting, `{}` in them a call of `read`.
fn right(setting: &Setting<'_>) -> Vec<&'static str> {
    let template = setting.template.as_str();
    match setting.format {
        Format::Tagged if template.contains("<seed:") => vec![
            "<seed:tool_call>\n<function=read>\n<parameter=path>\na\n</parameter>\n</function>\n</seed:tool_call>",
        ],
        Format::Tagged if template.contains("<function=") => vec![
            "I look.\n<tool_call>\n<function=read>\n<parameter=path>\na\n</parameter>\n<parameter=lines>\n12\n</parameter>\n<parameter=side>\ndisk\n</parameter>\n<parameter=range>\n{\"from\": 2}\n</parameter>\n</function>\n</tool_call>",
            "<tool_call>\n<function=list>\n</function>\n</tool_call>\n<tool_call>\n<function=list>\n</function>\n</tool_call>",
        ],
        Format::Tagged if template.contains("<TOOLCALL>") => {
            vec!["<TOOLCALL>[{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}]</TOOLCALL>"]
        }
        Format::Tagged => vec![
            "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a\", \"lines\": 3}}\n</tool_call>",
            "{\"name\": \"list\", \"arguments\": {}}\n{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}",
            "I look.\n\n<tool_call>\n{\"name\": \"list\", \"arguments\": {}}\n</tool_call>\n<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"</tool\", \"range\": {\"from\": 1}}}\n</tool_call>",
            "<think>\nShould I <tool?</think>\n\nYes.<tool_call>\n{\"name\": \"list\", \"arguments\": {}}\n</tool_call>",
        ],
        Format::Bare => vec![
            "{\"name\": \"read\", \"parameters\": {\"path\": \"a\"}}",
            "{\"name\": \"list\", \"parameters\": {}}; {\"name\": \"list\", \"parameters\": {}}",
            "Well.<|python_tag|>{\"name\": \"list\", \"parameters\": {}}",
            "<think>Hm {</think>\n\n{\"name\": \"list\", \"parameters\": {}}",
        ],
        Format::Mistral if template.contains("[ARGS]") => {
            vec!["Yes[TOOL_CALLS]read[ARGS]{\"path\": \"a\"}[TOOL_CALLS]list[ARGS]{}"]
        }
        Format::Mistral => {
            vec![
                "[TOOL_CALLS][{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}, {\"name\": \"list\", \"arguments\": {}}]",
            ]
        }
        Format::Granite => vec!["<|tool_call|>[{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}]"],
        Format::DeepSeek if template.contains("```json") => vec![
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read\n```json\n{\"path\": \"a\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>list\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        ],
        Format::DeepSeek => vec![
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read<｜tool▁sep｜>{\"path\": \"a\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>list<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        ],
        Format::Harmony | Format::Fenced => Vec::new(),
    }
}

#[test]
fn calls_are_written_as_each_format_has_them_and_read_again() {
    for controls in [Vec::new(), marks()] {
        for setting in settings(&controls) {
            let form = form(&setting, &tools()).unwrap();
            assert_eq!(check(&setting, &form, "Only text, 1 < 2 {\n"), Ok(()), "{setting:?}");
            for answer in right(&setting) {
                assert_eq!(check(&setting, &form, answer), Ok(()), "{answer} {setting:?}");
                let said = said(&setting, answer.as_bytes(), true);
                assert!(matches!(said.last(), Some(Said::Call(_))), "{said:?}");
                let others = |said: &Said| matches!(said, Said::Text(_) | Said::Reasoning(_) | Said::Call(_));
                assert!(said.iter().all(others), "{said:?}");
                // Another tool, another argument, another type, more text, and half of it.
                for (from, to) in
                    [("read", "write"), ("list", "lost"), ("path", "file"), ("\"a\"", "7"), ("3}", "3.5}")]
                {
                    if answer.contains(from) {
                        let wrong = answer.replacen(from, to, 1);
                        assert!(check(&setting, &form, &wrong).is_err(), "{wrong} {setting:?}");
                    }
                }
                if setting.format == Format::Tagged && setting.template != "<TOOLCALL>" {
                    assert_eq!(check(&setting, &form, &format!("{answer}\n")), Ok(()), "{answer}");
                }
                for more in ["And so", "{", "\n\n"] {
                    assert!(
                        check(&setting, &form, &format!("{answer}{more}")).is_err(),
                        "{answer} {setting:?}"
                    );
                }
                let half = answer.rfind(['{', '=', '1']).unwrap();
                assert!(check(&setting, &form, &answer[..=half]).is_err(), "{answer} {setting:?}");
            }
        }
    }
}

#[test]
fn marks_that_lead_nowhere_cannot_be_written() {
    let tagged = setting(Format::Tagged, "");
    let form = form(&tagged, &tools()).unwrap();
    for other in ["<TOOLCALL>", "<function=", "<seed:tool_call>", "a <think>", "</think>"] {
        assert!(check(&tagged, &form, other).unwrap_err().ends_with(&other[other.len() - 1..]), "{other}");
    }
    // In an argument a mark is text.
    let call = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"</tool_call>\"}}\n</tool_call>";
    assert_eq!(check(&tagged, &form, call), Ok(()));
    // What begins with a brace is a call, wherever white space stands.
    let bare = setting(Format::Bare, "");
    let form = super::form(&bare, &tools()).unwrap();
    for wrong in ["{\"name\": \"read\", \"parameters\": {}}", "\n\n\n{", " {", "{}"] {
        assert!(check(&bare, &form, wrong).is_err(), "{wrong}");
    }
    // A mark that is a control token cannot be spelled.
    let controls = marks();
    let mistral = Setting { controls: &controls, ..setting(Format::Mistral, "") };
    let form = super::form(&mistral, &tools()).unwrap();
    let mut answer = Answer::new(&form, &controls);
    answer.controls.clear();
    assert_eq!(answer.write("I [TOOL_CALLS][{"), Err("][{"));
}

#[test]
fn a_prompt_that_begins_the_reasoning_is_gone_on_with() {
    let begun = Setting { prompt: "<|im_start|>assistant\n<think>\n", ..setting(Format::Tagged, "") };
    let form = form(&begun, &tools()).unwrap();
    let call = "<tool_call>\n{\"name\": \"list\", \"arguments\": {}}\n</tool_call>";
    assert_eq!(check(&begun, &form, &format!("Is <tool_call>x a mark?\n</think>\n\n{call}")), Ok(()));
    assert_eq!(check(&begun, &form, &format!("{call} is how.")), Ok(()));
    assert!(check(&begun, &form, &format!("So.</think>{call}{call}")).is_err());
    assert!(check(&begun, &form, "So.</think><tool_call>x").is_err());
}

#[test]
fn what_has_no_form_is_left_to_the_model() {
    let tools = tools();
    for (format, template) in [
        (Format::Harmony, "<|channel|>"),
        (Format::Fenced, "nothing"),
        (Format::Tagged, "<function={name}>{arguments}</function>"),
    ] {
        assert_eq!(form(&setting(format, template), &tools), None);
    }
    assert_eq!(form(&setting(Format::Tagged, ""), &[]), None);
    assert_eq!(held(&setting(Format::Harmony, "")), None);
}

#[test]
fn a_schema_that_cannot_be_followed_allows_any_object() {
    let odd = json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "x+"}}});
    let odd = odd.as_object().unwrap().clone();
    let tool = |schema| ToolDescription { name: "odd".to_owned(), description: String::new(), schema };
    for tools in [[tool(odd)], [tool(serde_json::Map::new())]] {
        let tagged = setting(Format::Tagged, "");
        let form = form(&tagged, &tools).unwrap();
        let call = |arguments: &str| {
            format!("<tool_call>\n{{\"name\": \"odd\", \"arguments\": {arguments}}}\n</tool_call>")
        };
        assert_eq!(check(&tagged, &form, &call("{\"a\": \"y\", \"b\": [1]}")), Ok(()));
        assert!(check(&tagged, &form, &call("[]")).is_err());
        assert!(check(&tagged, &form, &call("\"a\"")).is_err());
    }
}

#[test]
fn an_answer_without_calls_has_no_mark_in_it() {
    for controls in [Vec::new(), marks()] {
        for setting in settings(&controls) {
            let form = held(&setting).unwrap();
            assert_eq!(
                check(&setting, &form, "<think>Hm.</think>\n\nYes, {\"a\": 1}.\n```json\n{}\n```\n"),
                Ok(())
            );
            for answer in right(&setting) {
                let cut = check(&setting, &form, answer).unwrap_err();
                assert!(cut.starts_with(['>', ']', '=', '<', '[', '{']), "{cut}");
            }
        }
    }
    // What comes in spite of that is read as the text that it is.
    let bare = setting(Format::Bare, "");
    let call = "{\"name\": \"list\", \"parameters\": {}}";
    assert_eq!(said(&bare, call.as_bytes(), false), [Said::Text(call.to_owned())]);
    let tagged = format!("Yes.\n<tool_call>{call}</tool_call>");
    let text: String = said(&setting(Format::Tagged, ""), tagged.as_bytes(), false)
        .into_iter()
        .map(|said| if let Said::Text(text) = said { text } else { panic!("{said:?}") })
        .collect();
    assert_eq!(text, tagged);
}

/// Whether arguments are of a tool's schema.
fn fits(tool: &ToolDescription, arguments: &Value) -> bool {
    let form = Form::Json { schema: tool.schema.clone().into(), layout: Layout::Tight, formats: Vec::new() };
    let mut answer = Answer::new(&form, &[]);
    answer.write(&arguments.to_string()).is_ok() && answer.constraint.is_done()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_picked_each_call_can_be_run(
        place in 0..10_usize,
        with_controls in any::<bool>(),
        begun in any::<bool>(),
        may_call in any::<bool>(),
        picks in prop::collection::vec(any::<u16>(), 0..120),
    ) {
        let controls = if with_controls { marks() } else { Vec::new() };
        let mut setting = settings(&controls).swap_remove(place);
        setting.prompt = if begun { "<think>\n" } else { "" };
        let tools = tools();
        let form = if may_call { form(&setting, &tools).unwrap() } else { held(&setting).unwrap() };
        let written = Answer::new(&form, &controls).write_any(&picks);
        for said in said(&setting, &written, may_call) {
            match said {
                Said::Text(_) | Said::Reasoning(_) => {}
                Said::Call(call) => {
                    prop_assert!(may_call);
                    let tool = tools.iter().find(|tool| tool.name == call.name);
                    prop_assert!(tool.is_some_and(|tool| fits(tool, &call.arguments.clone().into())), "{call:?}");
                }
                Said::Broken(error) => {
                    prop_assert!(false, "{error}: {}", String::from_utf8_lossy(&written));
                }
            }
        }
    }
}
