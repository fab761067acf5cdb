//! Control tokens in what a template wrote: its own are found, those that a conversation quotes are not.
//!
//! A template writes one text, in which both look the same. So each control token's text in what it is given is broken
//! by a *sentinel* before, a character that occurs nowhere in the conversation, and mended afterwards.

use super::Conversation;
use crate::model::{CallId, Message, Part, ToolCall, ToolDescription};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::ops::RangeInclusive;

/// The texts of a vocabulary's control tokens.
pub(super) struct Controls {
    /// Sorted, without those that could not be broken.
    texts: Vec<String>,
    /// Their lengths, the longest first.
    lengths: Vec<usize>,
    /// The bytes that they begin with.
    firsts: HashSet<u8>,
}

impl Controls {
    pub(super) fn new(texts: &[String]) -> Self {
        let mut texts: Vec<String> =
            texts.iter().filter(|text| text.chars().nth(1).is_some()).cloned().collect();
        texts.sort_unstable();
        texts.dedup();
        let mut lengths: Vec<usize> = texts.iter().map(String::len).collect();
        lengths.sort_unstable_by(|one, other| other.cmp(one));
        lengths.dedup();
        let firsts = texts.iter().map(|text| text.as_bytes()[0]).collect();
        Self { texts, lengths, firsts }
    }

    /// The length of the longest control token that `text` begins with.
    fn begins(&self, text: &str) -> Option<usize> {
        let is_control = |start: &str| self.texts.binary_search_by(|known| known.as_str().cmp(start)).is_ok();
        self.lengths.iter().copied().find(|length| text.get(..*length).is_some_and(is_control))
    }

    /// Whether `text` is the beginning of a control token: what a template writes behind it could complete one.
    fn is_begun(&self, text: &str) -> bool {
        let place = self.texts.partition_point(|known| known.as_str() < text);
        self.texts.get(place).is_some_and(|known| known.starts_with(text))
    }

    /// The text with a sentinel in each control token, and in what could become one.
    fn broken(&self, text: &str, sentinel: char) -> String {
        let longest = self.lengths.first().copied().unwrap_or(0);
        let mut broken = String::with_capacity(text.len());
        for (place, character) in text.char_indices() {
            broken.push(character);
            let rest = &text[place..];
            if self.firsts.contains(&rest.as_bytes()[0])
                && (self.begins(rest).is_some() || rest.len() < longest && self.is_begun(rest))
            {
                broken.push(sentinel);
            }
        }
        broken
    }

    /// What a template wrote, cut at the control tokens that have no sentinel in them, without sentinels.
    pub(super) fn parts(&self, written: &str, sentinel: char) -> Vec<Part> {
        let mut parts = Vec::new();
        let (mut from, mut place) = (0, 0);
        while let Some(first) = written.as_bytes().get(place) {
            let length = self.firsts.contains(first).then(|| self.begins(written.get(place..)?)).flatten();
            let Some(length) = length else {
                place += 1;
                continue;
            };
            add_text(&written[from..place], sentinel, &mut parts);
            parts.push(Part::special(&written[place..place + length]));
            place += length;
            from = place;
        }
        add_text(&written[from..], sentinel, &mut parts);
        parts
    }
}

fn add_text(text: &str, sentinel: char, parts: &mut Vec<Part>) {
    let text = text.replace(sentinel, "");
    if !text.is_empty() {
        parts.push(Part::text(text));
    }
}

/// A character as JSON in ASCII writes it.
pub(super) fn escape(character: char) -> String {
    character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// A conversation's own texts.
pub(super) struct Given {
    messages: Vec<Message>,
    tools: Vec<ToolDescription>,
    more: Map<String, Value>,
}

impl Given {
    pub(super) fn new(conversation: &Conversation<'_>) -> Self {
        Self {
            messages: conversation.messages.to_vec(),
            tools: conversation.tools.to_vec(),
            more: conversation.more.clone(),
        }
    }

    /// The same conversation with these texts.
    pub(super) fn of<'a>(&'a self, conversation: &Conversation<'_>) -> Conversation<'a> {
        Conversation {
            messages: &self.messages,
            tools: &self.tools,
            answer: conversation.answer,
            thinking: conversation.thinking,
            now: conversation.now,
            more: self.more.clone(),
        }
    }

    /// Breaks what looks like a control token. Gives the sentinel, unless every character that can be one is in use.
    pub(super) fn break_controls(&mut self, controls: &Controls, template: &str) -> Option<char> {
        let mut used = Used::default();
        used.note(template);
        self.change(&mut |text| {
            used.note(text);
            None
        });
        let sentinel = used.unused()?;
        self.change(&mut |text| Some(controls.broken(text, sentinel)));
        Some(sentinel)
    }

    /// Puts what `change` gives in the place of every text.
    fn change(&mut self, change: &mut dyn FnMut(&str) -> Option<String>) {
        for Message { role: _, text, reasoning, calls, answers } in &mut self.messages {
            change_text(text, change);
            reasoning.iter_mut().for_each(|text| change_text(text, change));
            answers.iter_mut().for_each(|CallId(id)| change_text(id, change));
            for ToolCall { id: CallId(id), name, arguments } in calls {
                change_text(id, change);
                change_text(name, change);
                change_map(arguments, change);
            }
        }
        for ToolDescription { name, description, schema } in &mut self.tools {
            change_text(name, change);
            change_text(description, change);
            change_map(schema, change);
        }
        // Their names are the template's.
        self.more.values_mut().for_each(|value| change_value(value, change));
    }
}

fn change_text(text: &mut String, change: &mut dyn FnMut(&str) -> Option<String>) {
    if let Some(changed) = change(text) {
        *text = changed;
    }
}

fn change_map(map: &mut Map<String, Value>, change: &mut dyn FnMut(&str) -> Option<String>) {
    let changed = std::mem::take(map).into_iter().map(|(mut name, mut value)| {
        change_text(&mut name, change);
        change_value(&mut value, change);
        (name, value)
    });
    *map = changed.collect();
}

/// JSON is as deep as it may be when it is read: 128 levels.
fn change_value(value: &mut Value, change: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => change_text(text, change),
        Value::Array(items) => items.iter_mut().for_each(|item| change_value(item, change)),
        Value::Object(map) => change_map(map, change),
    }
}

/// Characters for private use, and units of UTF-16 that are escaped, in some texts.
#[derive(Default)]
struct Used {
    characters: HashSet<char>,
    units: HashSet<u16>,
}

const PRIVATE: [RangeInclusive<char>; 3] =
    ['\u{e000}'..='\u{f8ff}', '\u{f0000}'..='\u{ffffd}', '\u{100000}'..='\u{10fffd}'];

impl Used {
    fn note(&mut self, text: &str) {
        let is_private = |character: &char| PRIVATE.iter().any(|range| range.contains(character));
        self.characters.extend(text.chars().filter(is_private));
        let escapes = text.match_indices("\\u").filter_map(|(place, _)| text.get(place + 2..place + 6));
        self.units.extend(escapes.filter_map(|digits| u16::from_str_radix(digits, 16).ok()));
    }

    /// A character that is in none of the texts, in either form.
    fn unused(&self) -> Option<char> {
        let is_escaped = |character: char| {
            character.encode_utf16(&mut [0; 2]).iter().all(|unit| self.units.contains(unit))
        };
        let is_unused = |character: &char| !self.characters.contains(character) && !is_escaped(*character);
        PRIVATE.into_iter().flatten().find(is_unused)
    }
}

#[cfg(test)]
mod tests;
