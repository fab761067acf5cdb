//! Numbers and their bounds.

use super::{Parsed, Reader, SchemaError};
use serde_json::{Map, Value};

/// Integers that every reader of JSON keeps exactly, where the schema does not say.
const EXACT: i64 = (1 << 53) - 1;

impl Reader<'_, '_> {
    pub(super) fn integer(&mut self, map: &Map<String, Value>) -> Parsed {
        self.only(map, &["type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])?;
        let (mut least, mut most) = bounds_of(map.get("format").and_then(Value::as_str).unwrap_or_default());
        if let Some(bound) = self.bound(map, "minimum")? {
            least = least.max(bound);
        }
        if let Some(bound) = self.bound(map, "exclusiveMinimum")? {
            least = least.max(bound.saturating_add(1));
        }
        if let Some(bound) = self.bound(map, "maximum")? {
            most = most.min(bound);
        }
        if let Some(bound) = self.bound(map, "exclusiveMaximum")? {
            most = most.min(bound.saturating_sub(1));
        }
        let integer = self.parts().integer(least, most);
        self.possible(integer)
    }

    pub(super) fn number(&mut self, map: &Map<String, Value>) -> Parsed {
        self.only(map, &["type"])?;
        Ok(self.parts().decimal())
    }

    fn bound(&self, map: &Map<String, Value>, keyword: &str) -> Result<Option<i64>, SchemaError> {
        let Some(value) = map.get(keyword) else { return Ok(None) };
        let too_large = || value.as_u64().map(|_| i64::MAX);
        value.as_i64().or_else(too_large).map(Some).ok_or_else(|| self.unsupported(keyword))
    }
}

/// The integers of a format that `schemars` writes for Rust's types.
fn bounds_of(format: &str) -> (i64, i64) {
    match format {
        "uint8" => (0, i64::from(u8::MAX)),
        "uint16" => (0, i64::from(u16::MAX)),
        "uint32" => (0, i64::from(u32::MAX)),
        "uint" | "uint64" | "uint128" => (0, EXACT),
        "int8" => (i64::from(i8::MIN), i64::from(i8::MAX)),
        "int16" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "int32" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (-EXACT, EXACT),
    }
}
