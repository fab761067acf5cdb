//! The person's own rules, from a file of theirs; and what a workspace asks for besides, which can only be stricter.

use super::command::{all_commands, plain};
use super::{Access, Care, CommandText, Cover, Reason};
use crate::workspace::{RelPath, Snapshot, Withholding};
use globset::GlobSet;
use std::collections::BTreeSet;

mod file;
#[cfg(test)]
mod tests;

pub use file::RulesError;

/// Rules, in no order: what denies comes before what asks, and that before what allows.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    hosts: BTreeSet<String>,
}

/// One rule: it is about a call for which everything holds that it names.
#[derive(Clone, Debug)]
struct Rule {
    verdict: Verdict,
    tools: Vec<String>,
    /// What a command begins with, word by word.
    commands: Vec<Vec<String>>,
    paths: Option<GlobSet>,
    /// The globs as they are written.
    globs: Vec<String>,
    /// For messages.
    place: String,
}

/// What rules say of a call; the stricter is the lesser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Deny,
    Ask,
    Allow {
        /// A command may use the network, too.
        network: bool,
        /// A command may read the workspace's secret files, too.
        secrets: bool,
    },
    /// There is no rule for it.
    Silent,
}

impl Verdict {
    /// Whether it is enough where these are the reasons to ask. Never for what can run code, for secrets or for what no
    /// sandbox holds.
    pub(super) fn allows(self, reasons: &[Reason]) -> bool {
        let Self::Allow { network, .. } = self else { return false };
        reasons.iter().all(|reason| match reason.cover {
            Cover::Host => true,
            Cover::Told(care) => care == Care::Network && network,
            Cover::Nothing => false,
        })
    }

    pub(super) fn opens_secrets(self) -> bool {
        matches!(self, Self::Allow { secrets: true, .. })
    }
}

/// What rules can tell calls by.
pub(super) struct Subject<'a> {
    tool: &'a str,
    /// In the form in which names are compared.
    paths: Vec<String>,
    command: Option<Command>,
}

/// A command as rules see it.
struct Command {
    /// Its words, if it is plain. Only then an `allow` can be about it.
    plain: Option<Vec<String>>,
    /// The words of all commands that can be told in it.
    all: Vec<Vec<String>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(tool: &'a str, access: &Access, named: &[RelPath], snapshot: &Snapshot) -> Self {
        let chosen = match access {
            Access::Apply(selection) => snapshot.staging().choose(selection).unwrap_or_default(),
            _ => Vec::new(),
        };
        let paths = match access {
            Access::Apply(_) => chosen.iter().map(|change| snapshot.compared(&change.path)).collect(),
            _ => named.iter().map(|path| snapshot.compared(path)).collect(),
        };
        let command = match access {
            Access::Run(run) => Some(Command::new(&run.command)),
            _ => None,
        };
        Self { tool, paths, command }
    }
}

impl Command {
    fn new(command: &CommandText) -> Self {
        let words = plain(command).ok().filter(|words| words.iter().all(|word| !word.glob));
        let plain = words.map(|words| words.into_iter().map(|word| word.text).collect::<Vec<_>>());
        let all = match command {
            CommandText::Line(line) | CommandText::Input { text: line, .. } => all_commands(line),
            CommandText::Argv(argv) => vec![argv.clone()],
        };
        Self { plain, all }
    }

    fn begins(&self, with: &[String]) -> bool {
        self.plain.as_ref().is_some_and(|words| words.starts_with(with))
    }

    /// Whether the words are anywhere in it, also behind another program that would run them.
    fn has(&self, words: &[String]) -> bool {
        let same = |there: &[String]| {
            let name = there[0].rsplit('/').next().unwrap_or_default();
            name == words[0] && there[1..] == words[1..]
        };
        self.all.iter().chain(&self.plain).any(|all| all.windows(words.len()).any(same))
    }
}

impl Rules {
    /// Hosts that may be reached.
    pub(super) fn hosts(&self) -> &BTreeSet<String> {
        &self.hosts
    }

    /// The strictest that any rule says, and which rule that is.
    pub(super) fn verdict(&self, subject: &Subject<'_>) -> (Verdict, &str) {
        let mut said = (Verdict::Silent, "");
        for rule in &self.rules {
            let verdict = match rule.is_about(subject) {
                true => rule.verdict,
                // What cannot be told apart may be what is forbidden.
                false if rule.may_be_about(subject) => Verdict::Ask,
                false => continue,
            };
            said = match (said.0, verdict) {
                (
                    Verdict::Allow { network, secrets },
                    Verdict::Allow { network: more_network, secrets: more_secrets },
                ) => {
                    let verdict =
                        Verdict::Allow { network: network || more_network, secrets: secrets || more_secrets };
                    (verdict, said.1)
                }
                _ => said.min((verdict, rule.place.as_str())),
            };
        }
        said
    }

    /// How many there are of each kind.
    #[must_use]
    pub fn in_words(&self) -> String {
        let count = |is: &dyn Fn(Verdict) -> bool| self.rules.iter().filter(|rule| is(rule.verdict)).count();
        format!(
            "{} that deny, {} that ask, {} that allow, {} hosts",
            count(&|verdict| verdict == Verdict::Deny),
            count(&|verdict| verdict == Verdict::Ask),
            count(&|verdict| matches!(verdict, Verdict::Allow { .. })),
            self.hosts.len()
        )
    }

    /// A tool that a rule names and that does not exist, and which rule that is.
    pub(crate) fn unknown_tool<'r>(&'r self, known: &[&str]) -> Option<(&'r str, &'r str)> {
        let mut named = self.rules.iter().flat_map(|rule| rule.tools.iter().map(move |tool| (tool, rule)));
        let (tool, rule) = named.find(|(tool, _)| !known.contains(&tool.as_str()))?;
        Some((tool, &rule.place))
    }

    /// What these rules keep from readers altogether: paths that they deny or ask about, whatever the call.
    #[must_use]
    pub(crate) fn withholding(all: &[&Self]) -> Withholding {
        let globs = |verdict: Verdict| -> GlobSet {
            let rules = all.iter().flat_map(|rules| &rules.rules);
            let alone = rules
                .filter(|rule| rule.verdict == verdict && rule.tools.is_empty() && rule.commands.is_empty());
            let globs: Vec<&str> = alone.flat_map(|rule| &rule.globs).map(String::as_str).collect();
            // Each of them was compiled before.
            file::globs(&globs).unwrap_or_default()
        };
        Withholding::new(globs(Verdict::Ask), globs(Verdict::Deny))
    }

    /// All rules of several files.
    #[must_use]
    pub(crate) fn and(mut self, more: Self) -> Self {
        self.rules.extend(more.rules);
        self.hosts.extend(more.hosts);
        self
    }
}

impl Rule {
    fn is_about(&self, subject: &Subject<'_>) -> bool {
        let allows = matches!(self.verdict, Verdict::Allow { .. });
        let is_tool = self.tools.is_empty() || self.tools.iter().any(|tool| tool == subject.tool);
        let is_path = self.paths.as_ref().is_none_or(|globs| match allows {
            true => !subject.paths.is_empty() && subject.paths.iter().all(|path| globs.is_match(path)),
            false => subject.paths.iter().any(|path| globs.is_match(path)),
        });
        let is_command = match (&subject.command, self.commands.is_empty()) {
            // To allow every command is to have no rules at all.
            (Some(_), true) => !allows,
            (None, true) => true,
            (None, false) => false,
            (Some(command), false) => self.commands.iter().any(|words| match allows {
                true => command.begins(words),
                false => command.has(words),
            }),
        };
        is_tool && is_path && is_command
    }

    /// Whether it forbids commands, and whether this is one of them cannot be told.
    fn may_be_about(&self, subject: &Subject<'_>) -> bool {
        let is_tool = self.tools.is_empty() || self.tools.iter().any(|tool| tool == subject.tool);
        let is_unclear = subject.command.as_ref().is_some_and(|command| command.plain.is_none());
        is_unclear && is_tool && !self.commands.is_empty() && !matches!(self.verdict, Verdict::Allow { .. })
    }
}
