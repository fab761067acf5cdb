//! Output that is JSON: cargo, rustc, eslint, ruff, mypy, pylint, pyright, jest, and `go test`, which has lines in it.

use super::found::Sink;
use super::located::of_code;
use super::place::Place;
use super::{Readers, Severity, cut};
use serde_json::Value;

/// The largest value, in bytes.
const VALUE: usize = 16 << 20;

/// Reads a value that begins on a line of its own and goes over several. How many bytes it has.
pub(super) fn several_lines(text: &str, sink: &mut Sink<'_>) -> Option<usize> {
    let text = cut(text, VALUE);
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next()?.ok()?;
    reports(&value, sink);
    Some(values.byte_offset())
}

/// Whether a line is a value that is known.
pub(super) fn line(line: &str, readers: &mut Readers, sink: &mut Sink<'_>) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(cut(line.trim_end(), VALUE)) else { return false };
    if let (Some(_), Some(output)) = (value.get("Action"), text(&value, "Output")) {
        for line in output.lines() {
            readers.line(&super::plain(line), sink);
        }
        return true;
    }
    if let Some(results) = value.get("testResults") {
        jest(results, readers, sink);
        return true;
    }
    if value.get("Action").is_some() {
        return true;
    }
    reports(&value, sink)
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn number(value: &Value, key: &str) -> Option<u32> {
    u32::try_from(value.get(key)?.as_u64()?).ok()
}

/// Whether a value has diagnostics in a form that is known.
fn reports(value: &Value, sink: &mut Sink<'_>) -> bool {
    if let Some(list) = value.as_array() {
        return list.iter().filter(|value| report(value, sink).is_some()).count() > 0;
    }
    if let Some(list) = value.get("generalDiagnostics").and_then(Value::as_array) {
        return list.iter().filter(|value| pyright(value, sink).is_some()).count() > 0;
    }
    report(value, sink).is_some()
}

fn report(value: &Value, sink: &mut Sink<'_>) -> Option<()> {
    if let Some(path) = text(value, "filePath") {
        for message in value.get("messages")?.as_array()? {
            let severity =
                if number(message, "severity") == Some(1) { Severity::Warning } else { Severity::Error };
            let place = Place { path, line: number(message, "line"), column: number(message, "column") };
            sink.add(&place, severity, text(message, "message")?, text(message, "ruleId"));
        }
        return Some(());
    }
    match (text(value, "reason"), value.get("$message_type")) {
        (Some("compiler-message"), _) => rustc(value.get("message")?, sink),
        (Some(_), _) => Some(()),
        (None, Some(_)) => rustc(value, sink),
        (None, None) => python(value, sink),
    }
}

fn rustc(message: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let severity = match text(message, "level")? {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => return Some(()),
    };
    let spans = message.get("spans")?.as_array()?;
    let primary = spans.iter().find(|span| span.get("is_primary") == Some(&Value::Bool(true)))?;
    let place = Place {
        path: text(primary, "file_name")?,
        line: number(primary, "line_start"),
        column: number(primary, "column_start"),
    };
    let code = message.get("code").and_then(|code| text(code, "code"));
    sink.add(&place, severity, text(message, "message")?, code);
    Some(())
}

/// What ruff, mypy and pylint write.
fn python(value: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let message = text(value, "message")?;
    if let Some(location) = value.get("location") {
        let (path, code) = (text(value, "filename")?, text(value, "code"));
        let place = Place { path, line: number(location, "row"), column: number(location, "column") };
        sink.add(&place, code.map_or(Severity::Error, |code| of_code(code, false)), message, code);
        return Some(());
    }
    let is_pylint = value.get("message-id").is_some();
    let path = text(value, if is_pylint { "path" } else { "file" })?;
    let severity = match text(value, if is_pylint { "type" } else { "severity" })? {
        "error" | "fatal" => Severity::Error,
        "note" => return Some(()),
        _ => Severity::Warning,
    };
    let code = text(value, if is_pylint { "message-id" } else { "code" });
    // Both count columns from 0 here.
    let column = number(value, "column").map(|column| column.saturating_add(1));
    sink.add(&Place { path, line: number(value, "line"), column }, severity, message, code);
    Some(())
}

/// Pyright counts lines and columns from 0.
fn pyright(value: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let start = value.get("range")?.get("start")?;
    let from_one = |key| number(start, key).map(|number| number.saturating_add(1));
    let place = Place { path: text(value, "file")?, line: from_one("line"), column: from_one("character") };
    let severity = match text(value, "severity")? {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => return Some(()),
    };
    sink.add(&place, severity, text(value, "message")?, text(value, "rule"));
    Some(())
}

fn jest(results: &Value, readers: &mut Readers, sink: &mut Sink<'_>) {
    let failed = |value: &&Value| text(value, "status") == Some("failed");
    for suite in results.as_array().into_iter().flatten().filter(failed) {
        let file = text(suite, "name").unwrap_or_default();
        let tests = suite.get("assertionResults").and_then(Value::as_array);
        let mut told = false;
        for test in tests.into_iter().flatten().filter(failed) {
            let message = test.get("failureMessages").and_then(|all| all.get(0)).and_then(Value::as_str);
            let name = text(test, "fullName").unwrap_or_default();
            readers.javascript.reported(file, name, message.unwrap_or("failed"), sink);
            told = true;
        }
        if let Some(message) = text(suite, "message").filter(|_| !told) {
            readers.javascript.reported(file, "", message, sink);
        }
    }
}
