//! Values as Python writes them: `json.dumps`, and `str`.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};
use std::fmt::Write as _;

/// How deep a value may be.
const DEEPEST: usize = 128;

/// How `json.dumps` writes.
pub(super) struct Style {
    indent: Option<usize>,
    ascii: bool,
    sorted: bool,
    /// Between items, and behind keys.
    pub(super) between: String,
    pub(super) colon: String,
}

impl Style {
    /// Python's separators: with an indent, a line break follows a comma and no space.
    pub(super) fn new(indent: Option<usize>, ascii: bool, sorted: bool) -> Self {
        let between = if indent.is_some() { "," } else { ", " };
        Self { indent, ascii, sorted, between: between.to_owned(), colon: ": ".to_owned() }
    }
}

/// JSON as a template reads it, its properties in their order.
pub(super) fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(truth) => Value::from(*truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(value).collect(),
        serde_json::Value::Object(map) => {
            Value::from_pairs(map.iter().map(|(key, item)| (key.as_str(), value(item))))
        }
    }
}

/// A value as `json.dumps` writes it.
pub(super) fn dumps(value: &Value, style: &Style) -> Result<String, Error> {
    let mut text = String::new();
    dump(value, style, 0, &mut text)?;
    Ok(text)
}

/// A value as `str` writes it.
pub(super) fn text(value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None if value.is_undefined() => Ok(String::new()),
        None => {
            let mut text = String::new();
            represent(value, 0, &mut text)?;
            Ok(text)
        }
    }
}

fn dump(value: &Value, style: &Style, depth: usize, text: &mut String) -> Result<(), Error> {
    check(depth)?;
    match value.kind() {
        ValueKind::None => text.push_str("null"),
        ValueKind::Bool => text.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => number(value, text),
        ValueKind::String => quote(value.as_str().unwrap_or_default(), style.ascii, text),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter()?;
            list(text, ['[', ']'], style, depth, items, |item, text| dump(&item, style, depth + 1, text))?;
        }
        ValueKind::Map => {
            let mut keys: Vec<Value> = value.try_iter()?.collect();
            if style.sorted {
                keys.sort();
            }
            list(text, ['{', '}'], style, depth, keys.into_iter(), |key, text| {
                quote(&self::text(&key)?, style.ascii, text);
                text.push_str(&style.colon);
                dump(&value.get_item(&key)?, style, depth + 1, text)
            })?;
        }
        kind => return Err(Error::new(ErrorKind::InvalidOperation, format!("{kind} is not JSON"))),
    }
    Ok(())
}

fn list(
    text: &mut String,
    [open, close]: [char; 2],
    style: &Style,
    depth: usize,
    items: impl Iterator<Item = Value>,
    mut item: impl FnMut(Value, &mut String) -> Result<(), Error>,
) -> Result<(), Error> {
    let line = |depth: usize, text: &mut String| {
        if let Some(indent) = style.indent {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent * depth));
        }
    };
    text.push(open);
    let mut is_empty = true;
    for value in items {
        if !is_empty {
            text.push_str(&style.between);
        }
        line(depth + 1, text);
        item(value, text)?;
        is_empty = false;
    }
    if !is_empty {
        line(depth, text);
    }
    text.push(close);
    Ok(())
}

fn represent(value: &Value, depth: usize, text: &mut String) -> Result<(), Error> {
    check(depth)?;
    match value.kind() {
        ValueKind::None => text.push_str("None"),
        ValueKind::Bool => text.push_str(if value.is_true() { "True" } else { "False" }),
        ValueKind::Number => number(value, text),
        ValueKind::String => represent_text(value.as_str().unwrap_or_default(), text),
        ValueKind::Seq | ValueKind::Iterable => {
            text.push('[');
            for (place, item) in value.try_iter()?.enumerate() {
                text.push_str(if place > 0 { ", " } else { "" });
                represent(&item, depth + 1, text)?;
            }
            text.push(']');
        }
        ValueKind::Map => {
            text.push('{');
            for (place, key) in value.try_iter()?.enumerate() {
                text.push_str(if place > 0 { ", " } else { "" });
                represent(&key, depth + 1, text)?;
                text.push_str(": ");
                represent(&value.get_item(&key)?, depth + 1, text)?;
            }
            text.push('}');
        }
        _ => text.push_str(&value.to_string()),
    }
    Ok(())
}

fn check(depth: usize) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("a value is more than {DEEPEST} deep")));
    }
    Ok(())
}

fn number(value: &Value, text: &mut String) {
    match f64::try_from(value.clone()) {
        Ok(number) if !value.is_integer() => text.push_str(&float(number)),
        _ => text.push_str(&value.to_string()),
    }
}

/// A float with the fewest digits that say it, with an exponent where Python writes one.
fn float(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{number:?}");
    }
    let written = format!("{number:e}");
    let (digits, exponent) = written.split_once('e').expect("the format has an exponent");
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

fn quote(from: &str, ascii: bool, text: &mut String) {
    let quoted = serde_json::Value::from(from).to_string();
    if !ascii {
        return text.push_str(&quoted);
    }
    for character in quoted.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("writing to a string cannot fail");
            }
        }
    }
}

fn represent_text(from: &str, text: &mut String) {
    let mark = if from.contains('\'') && !from.contains('"') { '"' } else { '\'' };
    text.push(mark);
    for character in from.chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\\' => text.push_str("\\\\"),
            _ if character == mark => text.extend(['\\', mark]),
            _ if character.is_ascii_control() => {
                write!(text, "\\x{:02x}", u32::from(character)).expect("writing to a string cannot fail");
            }
            _ => text.push(character),
        }
    }
    text.push(mark);
}
