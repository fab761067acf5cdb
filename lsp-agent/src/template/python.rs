//! Jinja as Python has it: how values are printed, `tojson` as `json.dumps` writes it, and methods of strings.

use super::json::{self, Style};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, Output, State, Value};
use minijinja_contrib::pycompat;
use thiserror::Error;

/// The steps that a template may take: many times what long conversations need.
pub(super) const FUEL: u64 = 20_000_000;

/// The steps that it may take for a few words.
pub(super) const FUEL_OF_PROBES: u64 = 500_000;

/// How deep macros and loops may stand within each other.
const DEEPEST: usize = 120;

/// What a template says that does not take a conversation.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Raised(pub(super) String);

/// An environment with the settings and functions that chat templates expect.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters are no contradiction"));
    environment.set_fuel(Some(FUEL_OF_PROBES));
    environment.set_recursion_limit(DEEPEST);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(method);
    environment.set_formatter(print);
    environment.add_filter("tojson", to_json);
    environment.add_filter("string", |value: &Value| json::text(value));
    // Python goes through no list that is none.
    environment.add_test("iterable", |value: &Value| !value.is_none() && value.try_iter().is_ok());
    environment.add_function("raise_exception", raise);
    environment
}

/// The template without the marks around what a model is trained on: `{% generation %}` means nothing here.
pub(super) fn without_generation_marks(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(end) = rest[start..].find("%}").map(|end| start + end + 2) else { break };
        let tag = &rest[start..end];
        let word = tag[2..tag.len() - 2].trim_matches(['-', '+']).trim();
        text.push_str(&rest[..start]);
        match word {
            "generation" => text.push_str(&tag.replace("generation", "if true")),
            "endgeneration" => text.push_str(&tag.replace("endgeneration", "endif")),
            _ => text.push_str(tag),
        }
        rest = &rest[end..];
    }
    text + rest
}

fn print(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Undefined => Ok(()),
        ValueKind::String => out.write_str(value.as_str().unwrap_or_default()).map_err(Error::from),
        _ => out.write_str(&json::text(value)?).map_err(Error::from),
    }
}

fn raise(text: &str) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, "raised").with_source(Raised(text.to_owned())))
}

fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let ascii: Option<bool> = options.get("ensure_ascii")?;
    let sorted: Option<bool> = options.get("sort_keys")?;
    let separators: Option<Value> = options.get("separators")?;
    options.assert_all_used()?;
    let mut style = Style::new(indent, ascii.unwrap_or(false), sorted.unwrap_or(false));
    if let Some(separators) = separators.filter(|separators| !separators.is_none()) {
        let both: Vec<String> = separators.try_iter()?.map(|separator| separator.to_string()).collect();
        let [item, key] = both.as_slice() else {
            return Err(Error::new(ErrorKind::InvalidOperation, "`separators` takes two texts"));
        };
        (style.between, style.colon) = (item.clone(), key.clone());
    }
    json::dumps(value, &style).map(Value::from)
}

/// Python's methods, of which `minijinja` has most.
fn method(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        return pycompat::unknown_method_callback(state, value, name, args);
    };
    match name {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)))
        }
        "partition" => {
            let (mark,): (&str,) = from_args(args)?;
            let (before, mark, after) = match text.split_once(mark) {
                Some((before, after)) => (before, mark, after),
                None => (text, "", ""),
            };
            Ok(list([before, mark, after]))
        }
        "rpartition" => {
            let (mark,): (&str,) = from_args(args)?;
            let (before, mark, after) = match text.rsplit_once(mark) {
                Some((before, after)) => (before, mark, after),
                None => ("", "", text),
            };
            Ok(list([before, mark, after]))
        }
        "rsplit" => {
            let (mark, most): (&str, Option<usize>) = from_args(args)?;
            let mut pieces: Vec<&str> = match most {
                Some(most) => text.rsplitn(most + 1, mark).collect(),
                None => text.rsplit(mark).collect(),
            };
            pieces.reverse();
            Ok(list(pieces))
        }
        _ => pycompat::unknown_method_callback(state, value, name, args),
    }
}

fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    texts.into_iter().map(Value::from).collect()
}
