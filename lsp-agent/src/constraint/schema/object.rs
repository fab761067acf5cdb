//! Objects: known properties in the schema's order, or any names with values of one kind.

use super::super::part::{Length, PartId};
use super::{Parsed, Reader, quoted};
use serde_json::{Map, Value};

/// The most characters of a name that the schema does not know.
const LONGEST_NAME: u32 = 64;

/// The most properties of an object.
const MOST_PROPERTIES: usize = 100;

/// A property of an object.
struct Property {
    /// Its name, a colon and its value.
    part: PartId,
    required: bool,
}

impl Reader<'_, '_> {
    pub(super) fn object(&mut self, map: &Map<String, Value>) -> Parsed {
        self.only(map, &["type", "properties", "required", "additionalProperties"])?;
        let none = Map::new();
        let properties = map.get("properties").and_then(Value::as_object).unwrap_or(&none);
        if properties.is_empty() {
            return match map.get("additionalProperties") {
                Some(Value::Bool(false)) => Ok(self.parts().literal("{}")),
                Some(value) => {
                    let value = self.within("additionalProperties", |this| this.schema(value))?;
                    self.entries(value)
                }
                None if map.contains_key("properties") => Ok(self.parts().literal("{}")),
                None => {
                    let value = self.any(super::DEEPEST_ANY - 1)?;
                    self.entries(value)
                }
            };
        }
        let required: Vec<&str> = match map.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if properties.len() > MOST_PROPERTIES || required.iter().any(|name| !properties.contains_key(*name)) {
            return Err(self.unsupported("required"));
        }
        let mut members = Vec::new();
        for (name, schema) in properties {
            let value = self.within(&format!("properties/{name}"), |this| this.schema(schema))?;
            let part = self.member(name, value)?;
            members.push(Property { part, required: required.contains(&name.as_str()) });
        }
        self.members(&members)
    }

    /// An object of any names whose values are all `value`.
    pub(super) fn entries(&mut self, value: PartId) -> Parsed {
        let name = self.text(Length { least: 1, most: LONGEST_NAME })?;
        let (colon, gap) = (self.parts().literal(":"), self.gap());
        let entry = self.sequence(vec![name, colon, gap, value])?;
        let (open, close, comma) =
            (self.parts().literal("{"), self.parts().literal("}"), self.parts().literal(","));
        let most = self.schemas.most_items;
        self.enclosed([open, comma, close], entry, 0, most)
    }

    fn member(&mut self, name: &str, value: PartId) -> Parsed {
        let mut text = quoted(name);
        text.push(b':');
        let (name, gap) = (self.parts().literal(text), self.gap());
        self.sequence(vec![name, gap, value])
    }

    /// Members in their order. From the last to the first: what may follow a member depends only on whether one was
    /// written, which takes a comma.
    fn members(&mut self, members: &[Property]) -> Parsed {
        let (open, close, comma) =
            (self.parts().literal("{"), self.parts().literal("}"), self.parts().literal(","));
        let gap = self.gap();
        let (mut first, mut later) = (close, self.sequence(vec![gap, close])?);
        for Property { part, required } in members.iter().rev() {
            let with_first = self.sequence(vec![*part, later])?;
            let with_later = self.sequence(vec![comma, gap, *part, later])?;
            (first, later) = if *required {
                (with_first, with_later)
            } else {
                let (without_first, without_later) = (first, later);
                let parts = self.parts();
                let (first, later) =
                    (parts.choice([with_first, without_first]), parts.choice([with_later, without_later]));
                (self.possible(first)?, self.possible(later)?)
            };
        }
        self.sequence(vec![open, gap, first])
    }
}
