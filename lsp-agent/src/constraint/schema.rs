//! A JSON schema as parts: the subset that `schemars` writes. Properties come in the schema's order, strings and lists
//! are bounded, and a string's `format` can name a part of its own, such as the paths that exist.

use super::escape;
use super::part::{Length, OneOf, PartError, PartId, Parts};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;

mod list;
mod number;
mod object;

/// How deep schemas may stand within each other.
const DEEPEST: usize = 48;

/// How deep a value may be of which the schema says nothing.
const DEEPEST_ANY: usize = 3;

/// The indentation that white space may have, in spaces.
const INDENTATION: u8 = 24;

/// Keywords that say nothing about what is valid, or that are read elsewhere.
const SILENT: &[&str] = &[
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "format",
    "readOnly",
    "title",
    "writeOnly",
];

/// A schema that cannot be followed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SchemaError {
    #[error("the schema's `{keyword}` at `{at}` is not supported")]
    Unsupported { keyword: String, at: String },
    #[error("the schema at `{at}` refers to `{to}`, which it does not have")]
    NoReference { to: String, at: String },
    #[error("the schema at `{at}` contains itself")]
    Recursive { at: String },
    #[error("the schema is nested too deep at `{at}`")]
    TooDeep { at: String },
    #[error("the schema at `{at}` allows nothing")]
    Impossible { at: String, source: PartError },
}

/// White space between JSON's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    /// None.
    Tight,
    /// At each place none, a space, or a line break with indentation.
    Loose,
}

/// Turns schemas into parts of one table.
pub struct Schemas<'a> {
    parts: &'a mut Parts,
    formats: HashMap<String, PartId>,
    layout: Layout,
    /// The most characters of a string, and items of a list, where the schema does not say.
    longest_string: u32,
    most_items: u32,
}

/// One schema that is being read.
struct Reader<'a, 'b> {
    schemas: &'b mut Schemas<'a>,
    root: &'b Value,
    /// References that were read, or are being read.
    references: HashMap<String, Option<PartId>>,
    /// The pointer to the schema that is being read.
    at: Vec<String>,
}

type Parsed = Result<PartId, SchemaError>;

impl<'a> Schemas<'a> {
    /// Schemas whose parts go to `parts`; strings of at most 4,096 characters and lists of at most 64 items where
    /// they do not say.
    pub fn new(parts: &'a mut Parts) -> Self {
        Self { parts, formats: HashMap::new(), layout: Layout::Loose, longest_string: 4096, most_items: 64 }
    }

    /// Strings of this `format` are `part`, their quotes included.
    #[must_use]
    pub fn format(mut self, format: &str, part: PartId) -> Self {
        self.formats.insert(format.to_owned(), part);
        self
    }

    /// White space.
    #[must_use]
    pub fn layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// The most characters of a string, and items of a list, where a schema does not say.
    #[must_use]
    pub fn bounds(self, longest_string: u32, most_items: u32) -> Self {
        Self { longest_string, most_items, ..self }
    }

    /// JSON that `schema` allows.
    ///
    /// # Errors
    /// When it has what is not supported, or allows nothing.
    pub fn read(&mut self, schema: &Value) -> Result<PartId, SchemaError> {
        Reader { schemas: self, root: schema, references: HashMap::new(), at: Vec::new() }.schema(schema)
    }
}

impl Reader<'_, '_> {
    fn schema(&mut self, schema: &Value) -> Parsed {
        if self.at.len() > DEEPEST {
            return Err(SchemaError::TooDeep { at: self.here() });
        }
        match schema {
            Value::Bool(true) => self.any(DEEPEST_ANY),
            Value::Object(map) => self.map(map),
            Value::Bool(false) | Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(self.unsupported(&schema.to_string()))
            }
        }
    }

    fn map(&mut self, map: &Map<String, Value>) -> Parsed {
        if let Some(Value::String(to)) = map.get("$ref") {
            self.only(map, &["$ref"])?;
            return self.reference(to);
        }
        if let Some(value) = map.get("const") {
            self.only(map, &["const", "type"])?;
            return Ok(self.parts().literal(value.to_string()));
        }
        if let Some(Value::Array(values)) = map.get("enum") {
            self.only(map, &["enum", "type"])?;
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            let values = self.parts().one_of(Arc::new(OneOf::plain(&values)));
            return self.possible(values);
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            let Some(Value::Array(schemas)) = map.get(keyword) else { continue };
            self.only(map, &[keyword])?;
            if keyword == "allOf" && schemas.len() > 1 {
                return Err(self.unsupported(keyword));
            }
            return self.choice(keyword, schemas);
        }
        match map.get("type") {
            Some(Value::String(kind)) => self.kind(kind, map),
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().map(|kind| self.kind(kind.as_str().unwrap_or_default(), map));
                let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
                let kinds = self.parts().choice(kinds);
                self.possible(kinds)
            }
            _ if map.contains_key("properties") => self.kind("object", map),
            _ => {
                self.only(map, &[])?;
                self.any(DEEPEST_ANY)
            }
        }
    }

    fn kind(&mut self, kind: &str, map: &Map<String, Value>) -> Parsed {
        match kind {
            "null" => Ok(self.parts().literal("null")),
            "boolean" => {
                self.only(map, &["type"])?;
                self.boolean()
            }
            "string" => self.string(map),
            "integer" => self.integer(map),
            "number" => self.number(map),
            "array" => self.list(map),
            "object" => self.object(map),
            _ => Err(self.unsupported("type")),
        }
    }

    fn boolean(&mut self) -> Parsed {
        let both = self.parts().one_of(Arc::new(OneOf::plain(&["true", "false"])));
        self.possible(both)
    }

    fn string(&mut self, map: &Map<String, Value>) -> Parsed {
        self.only(map, &["type", "minLength", "maxLength"])?;
        let named =
            map.get("format").and_then(Value::as_str).and_then(|format| self.schemas.formats.get(format));
        if let Some(part) = named {
            return Ok(*part);
        }
        let least = self.count(map, "minLength")?.unwrap_or(0);
        let most = self.count(map, "maxLength")?.unwrap_or(self.schemas.longest_string.max(least));
        self.text(Length { least, most })
    }

    fn text(&mut self, length: Length) -> Parsed {
        let characters = self.parts().json_string(length);
        let characters = self.possible(characters)?;
        let quote = self.parts().literal("\"");
        self.sequence(vec![quote, characters])
    }

    fn reference(&mut self, to: &str) -> Parsed {
        match self.references.get(to) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err(SchemaError::Recursive { at: to.to_owned() }),
            None => {}
        }
        let missing = || SchemaError::NoReference { to: to.to_owned(), at: self.here() };
        let schema =
            to.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)).ok_or_else(missing)?;
        self.references.insert(to.to_owned(), None);
        let part = self.within(to, |this| this.schema(schema))?;
        self.references.insert(to.to_owned(), Some(part));
        Ok(part)
    }

    fn choice(&mut self, keyword: &str, schemas: &[Value]) -> Parsed {
        let mut choices = Vec::new();
        for (place, schema) in schemas.iter().enumerate() {
            choices.push(self.within(&format!("{keyword}/{place}"), |this| this.schema(schema))?);
        }
        let choices = self.parts().choice(choices);
        self.possible(choices)
    }

    /// Any value, its lists and objects at most `depth` deep.
    fn any(&mut self, depth: usize) -> Parsed {
        let null = self.parts().literal("null");
        let number = self.parts().decimal();
        let text = self.text(Length { least: 0, most: self.schemas.longest_string })?;
        let mut kinds = vec![null, self.boolean()?, number, text];
        if depth > 0 {
            let inner = self.any(depth - 1)?;
            let most = self.schemas.most_items;
            kinds.push(self.items(inner, 0, most)?);
            kinds.push(self.entries(inner)?);
        }
        let kinds = self.parts().choice(kinds);
        self.possible(kinds)
    }

    fn sequence(&mut self, items: Vec<PartId>) -> Parsed {
        let sequence = self.parts().sequence(items);
        self.possible(sequence)
    }

    fn gap(&mut self) -> PartId {
        match self.schemas.layout {
            Layout::Tight => self.parts().literal(""),
            Layout::Loose => self.parts().gap(INDENTATION),
        }
    }

    /// A count that a keyword has.
    fn count(&self, map: &Map<String, Value>, keyword: &str) -> Result<Option<u32>, SchemaError> {
        let Some(value) = map.get(keyword) else { return Ok(None) };
        let count = value.as_u64().map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        count.map(Some).ok_or_else(|| self.unsupported(keyword))
    }

    /// Refuses keywords other than `known` and those that say nothing about what is valid.
    fn only(&self, map: &Map<String, Value>, known: &[&str]) -> Result<(), SchemaError> {
        // What is meant for people and other programs begins with `x-`.
        let is_known = |key: &str| known.contains(&key) || SILENT.contains(&key) || key.starts_with("x-");
        match map.keys().find(|key| !is_known(key)) {
            Some(key) => Err(self.unsupported(key)),
            None => Ok(()),
        }
    }

    fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(name.to_owned());
        let result = read(self);
        self.at.pop();
        result
    }

    fn possible(&self, part: Result<PartId, PartError>) -> Parsed {
        part.map_err(|source| SchemaError::Impossible { at: self.here(), source })
    }

    fn unsupported(&self, keyword: &str) -> SchemaError {
        SchemaError::Unsupported { keyword: keyword.to_owned(), at: self.here() }
    }

    fn here(&self) -> String {
        format!("/{}", self.at.join("/"))
    }

    fn parts(&mut self) -> &mut Parts {
        self.schemas.parts
    }
}

/// A text as a JSON string.
fn quoted(text: &str) -> Vec<u8> {
    let mut written = vec![b'"'];
    escape::json(text, &mut written);
    written.push(b'"');
    written
}
