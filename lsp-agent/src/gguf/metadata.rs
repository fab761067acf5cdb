//! The typed keys and values at the head of a GGUF file.

use super::fault::Fault;
use super::marks;
use super::reader::Head;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

const LONGEST_KEY: u64 = 1 << 10;
/// Bytes of a text that is kept; chat templates have some ten thousand.
const LONGEST_TEXT: u64 = 4 << 20;
/// Elements that are kept of a list: enough for one number a layer.
const FIRST: u64 = 1 << 11;
/// Bytes of a vocabulary's entry that is compared with the known ones.
const LONGEST_MARK: u64 = 64;

const TEXT: u32 = 8;
const LIST: u32 = 9;
pub(super) const VOCABULARY: &str = "tokenizer.ggml.tokens";

/// What a file says of its model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    values: BTreeMap<String, Value>,
    /// Where entries of the vocabulary are whose text has a well-known meaning.
    marks: BTreeMap<&'static str, u32>,
}

/// One value. All widths of a kind are the widest.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    /// A text too long to be kept, in bytes.
    LongText(u64),
    Array(Array),
}

/// A list of values of one type.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub length: u64,
    /// The first elements, at most 2,048; of texts none.
    pub first: Vec<Value>,
}

impl Metadata {
    pub(super) fn read(head: &mut Head<impl Read>, keys: u64) -> Result<Self, Fault> {
        let mut metadata = Self::default();
        for _ in 0..keys {
            let key = name(head, "a key", LONGEST_KEY)?;
            let value = metadata.value(head, &key)?;
            if metadata.values.contains_key(&key) {
                return Err(Fault::Repeated { what: "key", name: key });
            }
            metadata.values.insert(key, value);
        }
        Ok(metadata)
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// All keys with their values, in the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The text of `key`.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number of `key`, when it is one and not negative.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.number()
    }

    /// Where the vocabulary has this text, if it is one of [`marks`].
    pub(super) fn mark(&self, text: &str) -> Option<u32> {
        self.marks.get(text).copied()
    }

    fn value(&mut self, head: &mut Head<impl Read>, key: &str) -> Result<Value, Fault> {
        match head.u32()? {
            TEXT => text(head),
            LIST => self.list(head, key),
            kind => match width(kind) {
                Some(_) => scalar(head, kind),
                None => Err(Fault::Kind { key: key.to_owned(), kind }),
            },
        }
    }

    fn list(&mut self, head: &mut Head<impl Read>, key: &str) -> Result<Value, Fault> {
        let kind = head.u32()?;
        if kind == TEXT {
            let length = head.count("list elements", u64::MAX, 8)?;
            let mut entry = Vec::new();
            for place in 0..length {
                head.text(&mut entry, LONGEST_MARK)?;
                if key == VOCABULARY {
                    self.note(&entry, place);
                }
            }
            return Ok(Value::Array(Array { length, first: Vec::new() }));
        }
        let Some(width) = width(kind) else {
            return Err(Fault::Kind { key: key.to_owned(), kind });
        };
        let length = head.count("list elements", u64::MAX, width)?;
        let kept = length.min(FIRST);
        head.keep(kept * size_of::<Value>() as u64)?;
        let first = (0..kept).map(|_| scalar(head, kind)).collect::<Result<_, _>>()?;
        head.skip((length - kept) * width)?;
        Ok(Value::Array(Array { length, first }))
    }

    fn note(&mut self, entry: &[u8], place: u64) {
        let known = marks::known(entry).zip(u32::try_from(place).ok());
        if let Some((mark, place)) = known {
            self.marks.entry(mark).or_insert(place);
        }
    }
}

impl Value {
    /// The whole number that this is, when it is not negative.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Signed(value) => u64::try_from(*value).ok(),
            Self::Bool(value) => Some(u64::from(*value)),
            Self::Float(_) | Self::Text(_) | Self::LongText(_) | Self::Array(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => value.fmt(f),
            Self::Signed(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Bool(value) => value.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::LongText(bytes) => write!(f, "(a text of {bytes} bytes)"),
            Self::Array(array) => write!(f, "(a list of {})", array.length),
        }
    }
}

/// A name with its length before it.
pub(super) fn name(head: &mut Head<impl Read>, what: &'static str, most: u64) -> Result<String, Fault> {
    let at = head.position();
    let mut bytes = Vec::new();
    let length = head.text(&mut bytes, most)?;
    if length > most {
        return Err(Fault::Long { what, length, most });
    }
    String::from_utf8(bytes).map_err(|_| Fault::Text { what, at })
}

fn text(head: &mut Head<impl Read>) -> Result<Value, Fault> {
    let mut bytes = Vec::new();
    let length = head.text(&mut bytes, LONGEST_TEXT)?;
    if length > LONGEST_TEXT {
        return Ok(Value::LongText(length));
    }
    // Damaged characters are replaced, by up to three bytes each.
    head.keep(length * 3)?;
    Ok(Value::Text(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }))
}

/// Bytes of a value of this type; none of texts, lists and unknown types.
fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn scalar(head: &mut Head<impl Read>, kind: u32) -> Result<Value, Fault> {
    Ok(match kind {
        0 => Value::Unsigned(head.array::<1>()?[0].into()),
        1 => Value::Signed(head.array().map(i8::from_le_bytes)?.into()),
        2 => Value::Unsigned(head.array().map(u16::from_le_bytes)?.into()),
        3 => Value::Signed(head.array().map(i16::from_le_bytes)?.into()),
        4 => Value::Unsigned(head.u32()?.into()),
        5 => Value::Signed(head.array().map(i32::from_le_bytes)?.into()),
        6 => Value::Float(head.array().map(f32::from_le_bytes)?.into()),
        7 => Value::Bool(head.array::<1>()?[0] != 0),
        10 => Value::Unsigned(head.u64()?),
        11 => Value::Signed(head.array().map(i64::from_le_bytes)?),
        _ => Value::Float(head.array().map(f64::from_le_bytes)?),
    })
}
