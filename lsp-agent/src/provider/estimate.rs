//! How many tokens a text is likely to have, for models whose vocabulary is not at hand.

use crate::model::{Answer, Message};
use crate::protocol::Usage;
use crate::provider::Prompt;
use serde_json::Value;

/// Bytes that a token has at least, on average. Vocabularies of today take 3.5 to 4.5 bytes of English and code for a
/// token, and a character of Chinese, which is three bytes, for one; only runs of digits or signs take fewer.
const BYTES: usize = 3;

/// Tokens that a message's own marks take.
const MARKS: u32 = 6;

/// Tokens of a text: a third of its bytes, rounded up.
pub(super) fn tokens(text: &str) -> u32 {
    tokens_of(text.len())
}

/// Tokens of a whole prompt, its tools included.
pub(super) fn prompt(prompt: &Prompt) -> u32 {
    let messages = prompt.messages.iter().map(message);
    let tools = prompt.tools.iter().map(|tool| {
        let schema = serde_json::to_string(&tool.schema).unwrap_or_default();
        MARKS.saturating_add(tokens_of(tool.name.len() + tool.description.len() + schema.len()))
    });
    messages.chain(tools).fold(0, u32::saturating_add)
}

fn message(message: &Message) -> u32 {
    let calls: usize = message.calls.iter().map(|call| length(&call.name, &call.arguments)).sum();
    let reasoning = message.reasoning.as_ref().map_or(0, String::len);
    MARKS.saturating_add(tokens_of(message.text.len() + reasoning + calls))
}

/// Tokens of what was said.
pub(super) fn answer(answer: &Answer) -> u32 {
    let calls: usize = answer.calls.iter().map(|call| length(&call.name, &call.arguments)).sum();
    let broken: usize = answer.broken.iter().map(String::len).sum();
    tokens_of(answer.text.len() + answer.reasoning.len() + calls + broken)
}

/// What an answer took, as far as it can be told from its text: no times.
pub(super) fn usage(prompt: u32, said: &Answer, context: u32) -> Usage {
    let generated = answer(said);
    Usage { prompt, generated, context, context_used: prompt.saturating_add(generated), ..Usage::default() }
}

fn length(name: &str, arguments: &serde_json::Map<String, Value>) -> usize {
    name.len() + serde_json::to_string(arguments).map_or(0, |text| text.len())
}

fn tokens_of(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallId, Role, ToolCall};
    use crate::provider::Shape;

    #[test]
    fn everything_that_is_sent_counts() {
        assert_eq!((tokens(""), tokens("a"), tokens("abcd"), tokens("你好")), (0, 1, 2, 2));
        let mut asked = Prompt {
            number: 1,
            tries: 0,
            messages: vec![Message::new(Role::User, "abc")],
            tools: Vec::new(),
            may_call: false,
            shape: Shape::Text,
            tokens: 10,
            drafts: Vec::new(),
        };
        let before = prompt(&asked);
        assert_eq!(before, MARKS + 1);
        asked.messages[0].calls.push(ToolCall {
            id: CallId("call_1".to_owned()),
            name: "read".to_owned(),
            arguments: serde_json::Map::from_iter([("path".to_owned(), Value::from("a.rs"))]),
        });
        assert!(prompt(&asked) > before);
    }
}
