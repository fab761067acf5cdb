//! What a person permits for always, as a rule in their own configuration: exactly this tool with exactly this.

#![expect(clippy::disallowed_methods, reason = "the person's configuration is written where they said so")]

use crate::model::ToolCall;
use devtoolkit_mcp::permission::Rules;
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// Why a permission is not kept.
#[derive(Debug, Error)]
pub(super) enum AlwaysError {
    #[error("there is no configuration file to keep it in")]
    NoFile,
    #[error("a call of `{0}` cannot be told by a rule, so it is permitted for this session only")]
    NoRule(String),
    #[error("`{}` cannot be used: {what}; mend it, or write the rule by hand", .path.display())]
    Unreadable { path: PathBuf, what: String },
    #[error("`{}` cannot be written", .path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Adds an `allow` rule for a call to a configuration, which is made if it is not there. What else stands in it stays.
///
/// # Errors
/// When no rule can be exactly about the call, or the file cannot be read as rules or written.
pub(super) fn allow(config: &Path, call: &ToolCall) -> Result<(), AlwaysError> {
    let (key, text) = subject(call).ok_or_else(|| AlwaysError::NoRule(call.name.clone()))?;
    let unreadable = |what: String| AlwaysError::Unreadable { path: config.to_owned(), what };
    let old = match fs::read_to_string(config) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let mut document: DocumentMut =
        old.parse().map_err(|error: toml_edit::TomlError| unreadable(error.message().to_owned()))?;
    let mut rule = Table::new();
    rule.insert("tool", value(call.name.as_str()));
    rule.insert(key, value(text));
    match document.entry("allow").or_insert(Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(rules) => rules.push(rule),
        Item::Value(toml_edit::Value::Array(rules)) => rules.push(rule.into_inline_table()),
        _ => return Err(unreadable("`allow` is no list of rules".to_owned())),
    }
    let new = document.to_string();
    Rules::parse(&new, &config.display().to_string()).map_err(|error| unreadable(error.to_string()))?;
    write(config, &new).map_err(|source| AlwaysError::Write { path: config.to_owned(), source })
}

/// What a rule can tell the call by.
fn subject(call: &ToolCall) -> Option<(&'static str, String)> {
    let text = |name: &str| call.arguments.get(name).and_then(Value::as_str).map(str::to_owned);
    // More than the command, such as the network, is not in the rule.
    let is_plain =
        call.arguments.keys().all(|name| matches!(name.as_str(), "command" | "path" | "timeout_s"));
    let command = text("command").map(|command| ("command", command));
    let path = || text("path").map(|path| ("path", literal(&path)));
    command.or_else(path).filter(|_| is_plain)
}

/// A glob that only this path has.
fn literal(path: &str) -> String {
    let mut glob = String::new();
    for c in path.chars() {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' => glob.extend(['[', c, ']']),
            c => glob.push(c),
        }
    }
    glob
}

/// All of it or nothing.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let new = path.with_extension("toml.new");
    let mut file = fs::File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::project::own_call;
    use crate::model::CallId;
    use serde_json::json;

    fn call(name: &str, arguments: Value) -> ToolCall {
        own_call(&CallId("call_1".to_owned()), name, arguments)
    }

    #[test]
    fn a_rule_is_added_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("devtoolkit/config.toml");
        allow(&config, &call("run_command", json!({"command": "make check"}))).unwrap();
        let first = fs::read_to_string(&config).unwrap();
        assert_eq!(first, "[[allow]]\ntool = \"run_command\"\ncommand = \"make check\"\n");
        for old in ["# mine\nhosts = [\"a\"]\n", "allow = [{ tool = \"git_status\" }] # mine\n"] {
            fs::write(&config, old).unwrap();
            allow(&config, &call("delete_path", json!({"path": "a[1].py"}))).unwrap();
            let text = fs::read_to_string(&config).unwrap();
            assert!(text.contains("# mine") && text.contains("a[[]1[]].py"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_exactly_or_kept_is_refused_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        let wide = call("run_command", json!({"command": "curl x", "network": true}));
        assert!(matches!(allow(&config, &wide), Err(AlwaysError::NoRule(_))));
        assert!(!config.exists());
        fs::write(&config, "allow = 3\n").unwrap();
        let error = allow(&config, &call("run_command", json!({"command": "make"}))).unwrap_err();
        assert!(error.to_string().contains("`allow` is no list of rules"), "{error}");
        assert_eq!(fs::read_to_string(&config).unwrap(), "allow = 3\n");
    }
}
