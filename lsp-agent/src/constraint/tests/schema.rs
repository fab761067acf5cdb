use super::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A plan, with each of the things that a schema of ours can have.
#[derive(Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Plan {
    #[schemars(length(min = 1, max = 20))]
    title: String,
    #[schemars(length(min = 1, max = 3))]
    steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    certainty: Option<f64>,
    tests: bool,
    pair: (u8, String),
    #[serde(default)]
    labels: std::collections::BTreeMap<String, i32>,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    /// Changes a file.
    Edit {
        #[schemars(extend("format" = "path"))]
        path: String,
        lines: u32,
        #[serde(default)]
        weight: Option<Weight>,
    },
    Ask {
        question: String,
    },
    Stop,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Weight {
    /// Little.
    Light,
    Heavy,
}

const PATHS: [&str; 3] = ["src/a.rs", "src/a.rs.bak", "docs/über \"us\".md"];

fn plan(layout: Layout) -> (Parts, PartId) {
    let mut parts = Parts::new();
    let paths = parts.one_of(Arc::new(OneOf::json(&PATHS))).unwrap();
    let schema = serde_json::to_value(schemars::schema_for!(Plan)).unwrap();
    let root =
        Schemas::new(&mut parts).format("path", paths).layout(layout).bounds(12, 3).read(&schema).unwrap();
    (parts, root)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_is_picked_is_a_plan(
        loose in any::<bool>(),
        tokens in pieces(r#"{"title": "é\"","steps":[{"action":"edit","path":"src/a.rs","lines":12,"weight":null},{"action":"stop"}],"tests":true"#),
        picks in prop::collection::vec(any::<u16>(), 1500),
    ) {
        let vocabulary = vocabulary(&tokens);
        let (parts, root) = plan(if loose { Layout::Loose } else { Layout::Tight });
        let mut constraint = constraint(&vocabulary, parts, root);
        let (written, done) = write_fast(&mut constraint, &picks);
        prop_assert!(done, "{}", String::from_utf8_lossy(&written));
        let read: Plan = serde_json::from_slice(&written)
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", String::from_utf8_lossy(&written))))?;
        let mut paths = Vec::new();
        for step in &read.steps {
            if let Step::Edit { path, .. } = step {
                prop_assert!(PATHS.contains(&path.as_str()));
                paths.push(path.clone());
            }
        }
        let keys: Vec<String> = match serde_json::from_slice(&written).unwrap() {
            Value::Object(map) => map.into_iter().map(|(key, _)| key).collect(),
            other => panic!("{other}"),
        };
        let order = ["title", "steps", "note", "certainty", "tests", "pair", "labels"];
        prop_assert!(keys.iter().map(|key| order.iter().position(|name| name == key)).is_sorted());
    }
}

/// As [`write`], comparing the mask with what is accepted now and then only.
fn write_fast(constraint: &mut Constraint, picks: &[u16]) -> (Vec<u8>, bool) {
    let mut written = Vec::new();
    let mut mask = TokenMask::default();
    for (place, pick) in picks.iter().enumerate() {
        if constraint.is_done() {
            break;
        }
        if place % 16 == 0 {
            written.extend(write(constraint, &[*pick]).0);
            continue;
        }
        constraint.allowed(&mut mask);
        let token = mask.iter().nth(usize::from(*pick) % mask.count()).unwrap();
        constraint.accept(token).unwrap();
        written.extend_from_slice(constraint.vocabulary.text(token));
    }
    (written, constraint.is_done())
}

/// Whether `text` is a whole value of `schema`.
fn fits(schema: &Value, text: &str) -> bool {
    let mut parts = Parts::new();
    let root = Schemas::new(&mut parts).read(schema).unwrap();
    let vocabulary = vocabulary::<&str>(&[]);
    let mut constraint = constraint(&vocabulary, parts, root);
    text.bytes().all(|byte| constraint.accept(TokenId::from(byte)).is_ok()) && constraint.may_end()
}

#[test]
fn schemas_allow_what_they_say() {
    let object = json!({"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "integer"}}, "required": ["a"]});
    let tables = [
        (&object, r#"{"b": "x", "a": 1}"#, true),
        (&object, r#"{"a":1}"#, true),
        (&object, "{\n  \"a\": 1\n}", true),
        (&object, r#"{"a":1,"b":"x"}"#, false),
        (&object, r#"{"b":"x"}"#, false),
        (&object, r#"{"a":1,}"#, false),
        (&object, r#"{"a":01}"#, false),
        (&object, r#"{"a":-0}"#, false),
        (&json!({"type": ["string", "null"]}), "null", true),
        (&json!({"type": ["string", "null"]}), r#""\u00e9""#, true),
        (&json!({"type": ["string", "null"]}), r#""\ud800""#, false),
        (&json!({"enum": ["a", 1, null]}), "1", true),
        (&json!({"enum": ["a", 1, null]}), "a", false),
        (&json!({"type": "array", "items": {"type": "boolean"}, "maxItems": 2}), "[true, false]", true),
        (&json!({"type": "array", "items": {"type": "boolean"}, "maxItems": 2}), "[true,true,true]", false),
        (&json!({"type": "array", "items": {"type": "boolean"}, "minItems": 1}), "[]", false),
        (&json!({"type": "array", "items": true, "maxItems": 0}), "[]", true),
        (&json!({"type": "array", "prefixItems": [{"const": 1}, {"type": "null"}]}), "[1, null]", true),
        (&json!({"type": "integer", "minimum": 5, "maximum": 12}), "12", true),
        (&json!({"type": "integer", "minimum": 5, "maximum": 12}), "13", false),
        (&json!({"type": "integer", "exclusiveMinimum": 5}), "5", false),
        (&json!({"type": "integer", "format": "uint8"}), "256", false),
        (&json!({"type": "number"}), "-0.25", true),
        (&json!({"type": "number"}), "1.", false),
        (&json!({"anyOf": [{"type": "string"}, {"type": "string", "maxLength": 2}]}), r#""abc""#, true),
        (&json!(true), r#"{"a": [1, {"b": null}]}"#, true),
        (&json!({"type": "object", "properties": {}}), "{}", true),
        (
            &json!({"type": "object", "additionalProperties": {"type": "integer"}}),
            r#"{"x": 1, "y": 2}"#,
            true,
        ),
        (&json!({"type": "object", "additionalProperties": {"type": "integer"}}), "{}", true),
    ];
    for (schema, text, expected) in tables {
        assert_eq!(fits(schema, text), expected, "{text} in {schema}");
    }
}

#[test]
fn what_is_not_supported_is_named() {
    let check = |schema: Value, expected: &str| {
        let error = Schemas::new(&mut Parts::new()).read(&schema).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        json!({"properties": {"a": {"type": "string", "pattern": "x"}}}),
        "the schema's `pattern` at `/properties/a` is not supported",
    );
    check(
        json!({"$ref": "#/$defs/A", "$defs": {"A": {"type": "array", "items": {"$ref": "#/$defs/A"}}}}),
        "the schema at `#/$defs/A` contains itself",
    );
    check(json!({"$ref": "#/x"}), "the schema at `/` refers to `#/x`, which it does not have");
    check(json!({"type": "integer", "minimum": 3, "maximum": 2}), "the schema at `/` allows nothing");
    check(json!(false), "the schema's `false` at `/` is not supported");
    let deep = (0..100).fold(json!(true), |inner, _| json!({"type": "array", "items": inner}));
    assert!(matches!(Schemas::new(&mut Parts::new()).read(&deep), Err(SchemaError::TooDeep { .. })));
}
