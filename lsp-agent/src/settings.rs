//! The person's settings of the agent, `agent.toml`: which model for what, servers of models, and the command that checks.
//! Every key is known; nothing of a workspace has a say in it.

use crate::session::Role;
use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// Tokens of a server's model, where nothing is said.
const CONTEXT: u32 = 32_768;

/// What a person has set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The model for everything.
    pub model: Option<String>,
    /// Models for roles: `understand`, `plan`, `edit`, `ask`.
    pub roles: BTreeMap<String, String>,
    /// The command that checks a project, in the place of the one that is found.
    pub check: Option<String>,
    /// Seconds within which the first token of an answer should come: so much is read before a model is asked.
    pub first_token: Option<u32>,
    /// Servers of models, by the names that are used for them.
    pub servers: BTreeMap<String, Server>,
}

/// A server that speaks OpenAI's chat completions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The address of the API, such as `http://127.0.0.1:8080/v1`.
    pub url: String,
    /// What the server calls the model.
    pub model: String,
    /// The variable of the environment that has the key.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The program that prints the key, with its arguments: the way to a keyring or a password store.
    #[serde(default)]
    pub key_command: Vec<String>,
    /// Tokens that a prompt and its answer may have together.
    #[serde(default = "usual_context")]
    pub context: u32,
    /// Whether the address may be `http://` although it leaves this machine.
    #[serde(default)]
    pub allow_plain: bool,
}

fn usual_context() -> u32 {
    CONTEXT
}

/// Seconds that may be asked for.
const FIRST_TOKEN: std::ops::RangeInclusive<u32> = 1..=3_600;

/// Why settings cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    #[error("`{file}`, line {line}: {what}; mend the file or remove it")]
    Toml { file: String, line: usize, what: String },
    #[error("`{file}`: `first_token` is {seconds}; it is a number of seconds from 1 to 3600")]
    FirstToken { file: String, seconds: u32 },
    #[error("`{file}`: there is no role `{role}`; it is one of understand, plan, edit, ask")]
    Role { file: String, role: String },
}

impl Settings {
    /// Reads settings. `file` is how the file is named in errors.
    ///
    /// # Errors
    /// When something in them is not known, with its line.
    pub fn parse(text: &str, file: &str) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            SettingsError::Toml { file: file.to_owned(), line, what: error.message().replace('\n', ", ") }
        })?;
        if let Some(seconds) = settings.first_token.filter(|seconds| !FIRST_TOKEN.contains(seconds)) {
            return Err(SettingsError::FirstToken { file: file.to_owned(), seconds });
        }
        match settings.roles.keys().find(|role| Role::named(role).is_none()) {
            Some(role) => Err(SettingsError::Role { file: file.to_owned(), role: role.clone() }),
            None => Ok(settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_what_is_wrong_has_its_line() {
        let text = "model = \"small\"\ncheck = \"make check\"\n[roles]\nedit = \"work\"\n[servers.work]\nurl = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\nkey_env = \"KEY\"\n";
        let settings = Settings::parse(text, "agent.toml").unwrap();
        assert_eq!(settings.roles["edit"], "work");
        assert_eq!((settings.servers["work"].context, settings.servers["work"].allow_plain), (32_768, false));
        let wrong = |text: &str| Settings::parse(text, "agent.toml").unwrap_err().to_string();
        assert!(wrong("model = \"a\"\nmodle = 1\n").starts_with("`agent.toml`, line 2: unknown field"));
        assert!(wrong("[roles]\nwrite = \"a\"\n").contains("there is no role `write`"));
        assert!(wrong("first_token = 0\n").contains("from 1 to 3600"));
        assert!(wrong("[servers.a]\nurl = \"u\"\n").contains("missing field `model`"));
    }
}
