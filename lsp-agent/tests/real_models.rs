//! Chat templates and constraints with what real GGUF files have: `cargo xtask test` says where they are.

#![expect(clippy::disallowed_methods, reason = "tests read the model files that they are told of")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use devtoolkit_agent::constraint::{
    Allowed, Constraint, Found, LastBreak, Parts, Piece, Quotable, QuoteRule, Quoting, Stop, TokenMask,
    Vocabulary,
};
use devtoolkit_agent::model::{CallId, Message, Role, ToolCall, ToolDescription};
use devtoolkit_agent::template::calls::{Expected, Format, Reader, Said};
use devtoolkit_agent::template::{Conversation, Marks, Template};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Write as _};
use std::sync::Arc;

const SMALL: &str = "DEVTOOLKIT_SMOLLM2";
const CODER: &str = "DEVTOOLKIT_QWEN_CODER";

/// The facts in a model file's head; where there is no file, the test notes that it could not run.
fn head(test: &str, variable: &str) -> Option<HashMap<String, Value>> {
    let path = std::env::var_os(variable).filter(|path| std::path::Path::new(path).is_file());
    if let (None, Some(file)) = (&path, std::env::var_os("DEVTOOLKIT_SKIPPED")) {
        let mut file = File::options().create(true).append(true).open(file).unwrap();
        writeln!(file, "{test}: `{variable}` names no model").unwrap();
    }
    let mut file = BufReader::new(File::open(path?).unwrap());
    assert_eq!(bytes::<4>(&mut file), *b"GGUF");
    let _version = bytes::<4>(&mut file);
    let (_tensors, count) = (number(&mut file), number(&mut file));
    Some(
        (0..count)
            .map(|_| {
                let name = text(&mut file);
                let kind = u32::from_le_bytes(bytes(&mut file));
                (name, value(kind, &mut file))
            })
            .collect(),
    )
}

fn bytes<const N: usize>(file: &mut impl Read) -> [u8; N] {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).unwrap();
    bytes
}

fn number(file: &mut impl Read) -> u64 {
    u64::from_le_bytes(bytes(file))
}

fn text(file: &mut impl Read) -> String {
    let mut text = vec![0; usize::try_from(number(file)).unwrap()];
    file.read_exact(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// A value of one of GGUF's kinds; numbers that are not asked for are their first byte.
fn value(kind: u32, file: &mut impl Read) -> Value {
    match kind {
        0 | 1 | 7 => bytes::<1>(file)[0].into(),
        2 | 3 => bytes::<2>(file)[0].into(),
        4..=6 => u32::from_le_bytes(bytes(file)).into(),
        8 => text(file).into(),
        9 => {
            let kind = u32::from_le_bytes(bytes(file));
            let count = number(file);
            (0..count).map(|_| value(kind, file)).collect()
        }
        _ => number(file).into(),
    }
}

fn template(head: &HashMap<String, Value>) -> Template {
    Template::new(head["tokenizer.chat_template"].as_str(), Marks::default()).unwrap()
}

fn conversation() -> (Vec<Message>, Vec<ToolDescription>) {
    let arguments = json!({"path": "a.rs"}).as_object().unwrap().clone();
    let id = CallId("call_1".to_owned());
    let call = ToolCall { id: id.clone(), name: "read".to_owned(), arguments };
    let messages = vec![
        Message::new(Role::System, "Be exact."),
        Message::new(Role::User, "Read it."),
        Message { calls: vec![call], ..Message::new(Role::Assistant, "") },
        Message { answers: Some(id), ..Message::new(Role::Tool, "fn a() {}") },
    ];
    let schema =
        json!({"type": "object", "properties": {"path": {"type": "string"}}}).as_object().unwrap().clone();
    (messages, vec![ToolDescription { name: "read".to_owned(), description: "Reads.".to_owned(), schema }])
}

/// Whether the words come in this order.
fn has_in_order(text: &str, words: &[&str]) -> bool {
    words.iter().try_fold(text, |rest, word| rest.split_once(word).map(|(_, rest)| rest)).is_some()
}

#[test]
fn templates_of_real_models_take_tools_and_calls() {
    for (variable, knows_tools) in [(SMALL, false), (CODER, true)] {
        let Some(head) = head("templates_of_real_models_take_tools_and_calls", variable) else { return };
        let template = template(&head);
        let (messages, tools) = conversation();
        let written = template.render(&Conversation::new(&messages, &tools, 0)).unwrap();
        let result = if knows_tools { "<tool_response>\nfn a() {}\n</tool_response>" } else { "fn a() {}" };
        let words = [
            "<|im_start|>system\nBe exact.",
            "\"name\": \"read\"",
            "<|im_end|>\n<|im_start|>user\nRead it.<|im_end|>\n",
            "<|im_start|>assistant\n",
            "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"a.rs\"}}\n</tool_call>",
            "<|im_start|>user\n",
            result,
            "<|im_end|>\n<|im_start|>assistant\n",
        ];
        assert!(has_in_order(&written, &words), "{written}");
        assert!(written.ends_with("<|im_start|>assistant\n"), "{written}");
        assert_eq!(template.format(), Format::Tagged);
        let mut reader = Reader::new(Expected {
            format: template.format(),
            tools: &tools,
            prompt: &written,
            calls: 1,
            may_call: true,
        });
        let mut said =
            reader.push(b"<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"b\"}}\n</tool_call>");
        said.extend(reader.finish());
        let [Said::Call(call)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!((call.name.as_str(), call.id.0.as_str()), ("read", "call_2"));
    }
}

/// The vocabulary in a file's head, whose tokens are written in letters that stand for bytes.
fn vocabulary(head: &HashMap<String, Value>) -> Arc<Vocabulary> {
    // Bytes that are no letters of their own stand behind the others, from U+0100 on (as GPT-2 has it).
    let is_own = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..);
    let others: Vec<u8> = (0..=u8::MAX).filter(|byte| !is_own(*byte)).collect();
    let byte_of = |letter: char| match u8::try_from(u32::from(letter)) {
        Ok(byte) => byte,
        Err(_) => others.get(u32::from(letter) as usize - 0x100).copied().unwrap_or(b'?'),
    };
    let tokens = head["tokenizer.ggml.tokens"].as_array().unwrap();
    let kinds = head["tokenizer.ggml.token_type"].as_array().unwrap();
    let end = head["tokenizer.ggml.eos_token_id"].as_u64().unwrap();
    let texts: Vec<Vec<u8>> =
        tokens.iter().map(|token| token.as_str().unwrap().chars().map(byte_of).collect()).collect();
    let piece = |(id, (text, kind)): (u64, (&'_ Vec<u8>, &Value))| match kind.as_u64() {
        _ if id == end => None,
        Some(1) => Some(text.clone()),
        _ => Some(Vec::new()),
    };
    let pieces: Vec<Option<Vec<u8>>> = (0..).zip(texts.iter().zip(kinds)).map(piece).collect();
    let pieces = pieces.iter().map(|piece| match piece.as_deref() {
        None => Piece::End,
        Some([]) => Piece::Control,
        Some(text) => Piece::Text(text),
    });
    Arc::new(Vocabulary::new(pieces))
}

#[test]
fn a_real_vocabulary_quotes_its_own_source() {
    let Some(head) = head("a_real_vocabulary_quotes_its_own_source", CODER) else { return };
    let vocabulary = vocabulary(&head);
    assert!(vocabulary.size() > 150_000, "{}", vocabulary.size());
    let file = include_str!("real_models.rs");
    let quotable = Arc::new(Quotable::new(file, Quoting::Plain).unwrap());
    let rule = QuoteRule { stop: Stop::AtUniqueLine, last_break: LastBreak::Outside };
    let mut mask = TokenMask::default();
    for seed in 0..50_usize {
        let mut parts = Parts::new();
        let quote = parts.quote(Arc::clone(&quotable), rule);
        let mut constraint = Constraint::new(Arc::clone(&vocabulary), Arc::new(parts), quote);
        let mut written = Vec::new();
        while !constraint.is_done() {
            assert_eq!(
                constraint.allowed(&mut mask),
                Allowed::Tokens,
                "{:?}",
                String::from_utf8_lossy(&written)
            );
            let token = mask.iter().nth((seed * 7919 + written.len() * 31) % mask.count()).unwrap();
            constraint.accept(token).unwrap();
            written.extend_from_slice(vocabulary.text(token));
        }
        let found = constraint.found();
        let [Found::Quoted { place, .. }] = found.as_slice() else { panic!("{found:?}") };
        let written = String::from_utf8(written).unwrap();
        assert_eq!(&file[place.bytes.clone()], written);
        assert_eq!(format!("\n{file}").matches(&format!("\n{written}\n")).count(), 1, "{written}");
    }
    // Bytes that no UTF-8 has are no tokens here; all others are.
    assert!(vocabulary.missing_bytes().iter().all(|byte| std::str::from_utf8(&[*byte]).is_err()));
}
