//! The schema of a tool's arguments, as small as it can be while clear: every host pays for it in every turn.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The description and the schema of a tool's arguments, from its type and doc comments.
pub(crate) fn compact<T: JsonSchema>() -> (String, Map<String, Value>) {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    shrink(&mut schema);
    let Value::Object(mut schema) = schema else { unreachable!("a struct's schema is an object") };
    let description = match schema.remove("description") {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    (description, schema)
}

/// Drops what models do not need: dialect, titles, number formats and bounds, defaults, "or null".
fn shrink(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    for key in ["$schema", "title", "format", "minimum", "maximum", "default", "additionalProperties"] {
        object.remove(key);
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_mut_slice() {
            let only = only.take();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    flatten_choices(object);
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(shrink);
    }
    if let Some(items) = object.get_mut("items") {
        shrink(items);
    }
}

/// `anyOf [T, null]` is T, and `oneOf` of constants is an `enum`.
fn flatten_choices(object: &mut Map<String, Value>) {
    if let Some(Value::Array(mut any)) = object.remove("anyOf") {
        any.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
        match any.as_mut_slice() {
            [Value::Object(only)] => {
                for (key, value) in std::mem::take(only) {
                    object.entry(key).or_insert(value);
                }
                let mut inner = Value::Object(std::mem::take(object));
                shrink(&mut inner);
                if let Value::Object(inner) = inner {
                    *object = inner;
                }
            }
            _ => drop(object.insert("anyOf".to_owned(), Value::Array(any))),
        }
    }
    if let Some(Value::Array(one)) = object.get("oneOf")
        && one.iter().all(|choice| choice.get("const").is_some())
    {
        let names = one.iter().map(|choice| choice["const"].clone()).collect();
        object.remove("oneOf");
        object.insert("type".to_owned(), Value::from("string"));
        object.insert("enum".to_owned(), Value::Array(names));
    }
}
