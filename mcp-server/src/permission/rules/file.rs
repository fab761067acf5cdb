//! Rules as they are written: TOML, in which every key is known.

use super::super::command::words;
use super::{Rule, Rules, Verdict};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use toml::Spanned;

/// Why a file of rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`, line {line}: {what}; mend the file or remove it")]
pub struct RulesError {
    file: String,
    line: usize,
    what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    #[serde(default)]
    allow: Vec<Spanned<RuleText>>,
    #[serde(default)]
    ask: Vec<Spanned<RuleText>>,
    #[serde(default)]
    deny: Vec<Spanned<RuleText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    #[serde(default)]
    tool: Many,
    #[serde(default)]
    command: Many,
    #[serde(default)]
    path: Many,
    #[serde(default)]
    network: bool,
    #[serde(default)]
    secrets: bool,
}

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum Many {
    One(String),
    All(Vec<String>),
}

impl Default for Many {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Many {
    fn texts(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::All(texts) => texts.clone(),
        }
    }
}

impl Rules {
    /// The rules of the person's own file.
    ///
    /// # Errors
    /// When something in it is not known, with its line.
    pub fn parse(text: &str, file: &str) -> Result<Self, RulesError> {
        read(text, file).map(|(rules, _)| rules)
    }

    /// The rules of a workspace's file, and what is wrong with it: it can ask and deny, and what it would allow counts for
    /// nothing.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_of_workspace(text: &str, file: &str) -> Result<(Self, Vec<String>), RulesError> {
        let (mut rules, lines) = read(text, file)?;
        let mut ignored = Vec::new();
        let mut ignore = |line: &usize, what: &str| {
            ignored.push(format!(
                "`{file}`, line {line}: a workspace cannot {what}, so this counts for nothing; only your own configuration can"
            ));
        };
        for (rule, line) in rules.rules.iter().zip(&lines.rules) {
            if matches!(rule.verdict, Verdict::Allow { .. }) {
                ignore(line, "allow anything");
            }
        }
        lines.hosts.iter().for_each(|line| ignore(line, "name hosts"));
        rules.rules.retain(|rule| !matches!(rule.verdict, Verdict::Allow { .. }));
        rules.hosts.clear();
        Ok((rules, ignored))
    }
}

/// Where rules and hosts are written, in the order of their lists.
struct Lines {
    rules: Vec<usize>,
    hosts: Vec<usize>,
}

fn read(text: &str, file: &str) -> Result<(Rules, Lines), RulesError> {
    let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let wrong = |at: usize, what: String| RulesError { file: file.to_owned(), line: line(at), what };
    let written: Written = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(at, error.message().replace('\n', ", "))
    })?;
    let mut lines = Lines { rules: Vec::new(), hosts: Vec::new() };
    let mut rules = Rules::default();
    for host in written.hosts {
        lines.hosts.push(line(host.span().start));
        rules.hosts.insert(host.into_inner());
    }
    let lists = [("allow", written.allow), ("ask", written.ask), ("deny", written.deny)];
    for (list, rule) in
        lists.into_iter().flat_map(|(list, rules)| rules.into_iter().map(move |rule| (list, rule)))
    {
        let at = rule.span().start;
        let place =
            format!("an `{list}` rule (`{file}`, line {})", line(at)).replace("an `deny`", "a `deny`");
        rules.rules.push(compiled(list, rule.get_ref(), place).map_err(|what| wrong(at, what))?);
        lines.rules.push(line(at));
    }
    Ok((rules, lines))
}

fn compiled(list: &str, written: &RuleText, place: String) -> Result<Rule, String> {
    let RuleText { network, secrets, .. } = *written;
    let verdict = match list {
        "allow" => Verdict::Allow { network, secrets },
        _ if network || secrets => {
            return Err(format!("`network` and `secrets` are for `allow`, not for `{list}`"));
        }
        "ask" => Verdict::Ask,
        _ => Verdict::Deny,
    };
    let (tools, globs) = (written.tool.texts(), written.path.texts());
    let mut commands = Vec::new();
    for command in written.command.texts() {
        let words = words(&command).map_err(|unclear| {
            format!("`command` is the first words of one plain command, and in `{command}`: {}", unclear.why)
        })?;
        if words.is_empty() || words.iter().any(|word| word.glob) {
            return Err(format!("`command`: `{command}` is no plain words"));
        }
        commands.push(words.into_iter().map(|word| word.text).collect());
    }
    if tools.is_empty() && globs.is_empty() && commands.is_empty() {
        return Err("a rule needs a `tool`, a `path` or a `command`".to_owned());
    }
    let borrowed: Vec<&str> = globs.iter().map(String::as_str).collect();
    let paths = if globs.is_empty() { None } else { Some(self::globs(&borrowed)?) };
    Ok(Rule { verdict, tools, commands, paths, globs, place })
}

/// Globs as one. One without `/` is about names in any folder; one that names a folder, about everything in it.
pub(super) fn globs(patterns: &[&str]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let inner =
            pattern.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/').to_lowercase();
        let anywhere = if inner.contains('/') { inner } else { format!("**/{inner}") };
        for pattern in [anywhere.clone(), format!("{anywhere}/**")] {
            let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`path`: {error}"))?);
        }
    }
    set.build().map_err(|error| format!("`path`: {error}"))
}
