//! Lines that say it all: `path:3:5: error: …`, as compilers, type checkers and linters write them.

use super::Severity;
use super::found::Sink;
use super::place::Place;

/// What a program says of a place.
struct Said<'l> {
    severity: Severity,
    code: Option<&'l str>,
    message: &'l str,
    /// The program counts columns from 0.
    from_zero: bool,
}

pub(super) fn line(line: &str, sink: &mut Sink<'_>) {
    let line = line.trim_start();
    let text =
        ["vet: ", "error: cannot parse: ", "ERROR: "].iter().find_map(|before| line.strip_prefix(before));
    let text = text.unwrap_or(line);
    if let Some((mut place, rest)) = Place::at_start(text) {
        if let Some(said) = said(&place, rest) {
            place.column = place.column.map(|column| column.saturating_add(u32::from(said.from_zero)));
            let is_told = sink.add(&place, said.severity, said.message, said.code);
            // `web:test: src/a.ts`, as programs write that run several at once; and `ERROR in src/a.ts`.
            if let Some((_, path)) = place.path.rsplit_once(' ').filter(|_| !is_told) {
                sink.add(&Place { path, ..place }, said.severity, said.message, said.code);
            }
        } else if text != line && rest.is_empty() {
            sink.error(&place, "cannot parse");
        }
    } else if let Some((path, rest)) = text.split_once(": line ")
        && let Some((number, message)) = rest.split_once(": ")
        && let Ok(number) = number.parse()
    {
        sink.error(&Place { path, line: Some(number), column: None }, message);
    }
}

fn said<'l>(place: &Place<'_>, rest: &'l str) -> Option<Said<'l>> {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("- ").unwrap_or(rest);
    by_severity(rest)
        .or_else(|| by_code(rest))
        .or_else(|| by_rule(rest))
        .or_else(|| {
            let stop = rest.strip_prefix("*** ")?;
            Some(error(stop.strip_suffix(" Stop.").unwrap_or(stop)))
        })
        // What go's compiler and vet say has no mark; that they name a column sets it apart.
        .or_else(|| (place.path.ends_with(".go") && place.column.is_some() && !rest.is_empty()).then(|| error(rest)))
}

fn error(message: &str) -> Said<'_> {
    Said { severity: Severity::Error, code: None, message, from_zero: false }
}

/// `error: …`, `error TS2304: …`, `fatal error: …`, `[warning] …`.
fn by_severity(rest: &str) -> Option<Said<'_>> {
    let rest = rest.strip_prefix("fatal ").unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '[').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let (word, after) = match word.strip_prefix('[') {
        Some(word) => (word, after.strip_prefix(']')?),
        None => (word, after),
    };
    let severity = match word {
        "error" | "Error" | "ERROR" => Severity::Error,
        "warning" | "Warning" | "WARNING" => Severity::Warning,
        _ => return None,
    };
    let (code, message) = match after.strip_prefix(':') {
        Some(message) => coded(message.trim()),
        None => match after.trim_start().split_once(": ") {
            Some((code, message)) if is_code(code) => (Some(code), message.trim()),
            _ if rest.starts_with('[') => coded(after.trim()),
            _ => return None,
        },
    };
    Some(Said { severity, code, message, from_zero: false })
}

/// A message that ends with its code: `…  [assignment]`, `… [-Wunused]`, `… (reportMissing)`.
fn coded(message: &str) -> (Option<&str>, &str) {
    let split = |close, open| message.strip_suffix(close).and_then(|rest: &str| rest.rsplit_once(open));
    let is_name = |code: &str| {
        !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+=".contains(&byte))
    };
    let found = split(']', " [").or_else(|| split(')', " ("));
    match found {
        Some((message, code)) if is_name(code) => (Some(code), message.trim_end()),
        _ => (None, message),
    }
}

/// Letters, then digits: `F401`, `TS2304`.
pub(super) fn is_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = word.len() - digits.len();
    (1..=5).contains(&letters)
        && (1..=6).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `F401 [*] …`, `C0114: … (missing-docstring)`, `invalid-syntax: …`.
fn by_code(rest: &str) -> Option<Said<'_>> {
    let (word, message) = rest.split_once(' ')?;
    let (code, is_pylint) = match word.strip_suffix(':') {
        Some(code) => (code, is_code(code)),
        None => (word, false),
    };
    let is_syntax = matches!(word, "invalid-syntax:" | "SyntaxError:");
    if !is_code(code) && !is_syntax {
        return None;
    }
    let message = message.strip_prefix("[*] ").unwrap_or(message);
    let message = if is_pylint { coded(message).1 } else { message };
    let severity = if is_syntax { Severity::Error } else { of_code(code, is_pylint) };
    Some(Said { severity, code: Some(code), message, from_zero: is_pylint })
}

/// How bad what a linter of Python names so is.
pub(super) fn of_code(code: &str, is_pylint: bool) -> Severity {
    let is_error = match is_pylint {
        true => code.starts_with(['E', 'F']),
        // What keeps the code from running: it cannot be parsed, or a name is not there.
        false => code.starts_with("E9") || matches!(code, "F821" | "F822" | "F823" | "invalid-syntax"),
    };
    if is_error { Severity::Error } else { Severity::Warning }
}

/// `… [Error/no-unused-vars]`.
fn by_rule(rest: &str) -> Option<Said<'_>> {
    let (message, rule) = rest.strip_suffix(']')?.rsplit_once(" [")?;
    let (word, code) = rule.split_once('/').map_or((rule, None), |(word, code)| (word, Some(code)));
    let severity = match word {
        "Error" => Severity::Error,
        "Warning" => Severity::Warning,
        _ => return None,
    };
    Some(Said { severity, code, message, from_zero: false })
}
