//! Text as it is written in a JSON string.

/// Appends `text` as it stands between a JSON string's quotes.
pub(super) fn json(text: &str, written: &mut Vec<u8>) {
    let quoted = serde_json::Value::from(text).to_string();
    written.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
}
