//! Who may do what. Only this policy turns a call into a [`PermittedCall`], and only a permitted call can be run.

use crate::sandbox::Tier;
use crate::tool::ToolError;
use crate::toolbox::AnyCall;
use crate::workspace::{Protection, RelPath, Selection, Snapshot, Withheld, protection};
use rules::{Subject, Verdict};
use std::fmt;

mod approval;
mod command;
mod look;
mod rules;
#[cfg(test)]
mod tests;

pub use approval::Approval;
pub use rules::{Rules, RulesError};

/// What a call touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads the workspace.
    Read,
    /// Proposes changes, or forgets proposed ones: nothing on disk changes.
    Stage,
    /// Writes proposed changes to disk.
    Apply(Selection),
    /// Takes back what was written: a set, or all since a checkpoint.
    Undo { set: Option<u32>, checkpoint: Option<String> },
    /// Sends a request to a host of the network.
    Network { host: String },
    /// Reads files that hold secrets.
    Secrets { paths: Vec<RelPath> },
    /// Runs a program, or says something to one that runs.
    Run(Run),
    /// Changes a repository's own state: its index, branches, commits, or what it knows of others.
    Repository(RepositoryChange),
}

/// A program to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub command: CommandText,
    pub folder: RelPath,
    pub network: bool,
}

/// What is run, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandText {
    /// A line for a shell.
    Line(String),
    /// A program and its arguments, without a shell.
    Argv(Vec<String>),
    /// Text for the standard input of a process that runs.
    Input { process: String, text: String },
}

/// A change of a repository's own state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryChange {
    /// One line: what it does, to what.
    pub what: String,
    /// All that the person has to see of it: messages, files, names.
    pub detail: String,
    /// Files whose work of no commit would be lost.
    pub loses: Vec<RelPath>,
    /// The address that it talks to.
    pub remote: Option<String>,
    /// Hooks that would run, by name.
    pub hooks: Vec<String>,
}

/// What is asked about every time, whoever else confirms calls, unless the person says otherwise of just this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Care {
    /// Writing files that can run code or steer tools.
    Protected,
    /// Showing a model files that may hold secrets.
    Secrets,
    /// Commands and repositories that reach the network.
    Network,
    /// Commands where no sandbox holds them.
    Unconfined,
    /// Losing work of which there is no commit.
    Losses,
    /// Running a repository's hooks.
    Hooks,
}

impl fmt::Display for Care {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Protected => "protected",
            Self::Secrets => "secrets",
            Self::Network => "network",
            Self::Unconfined => "unconfined",
            Self::Losses => "losses",
            Self::Hooks => "hooks",
        })
    }
}

/// The rules. A workspace may tighten them, never loosen them.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Only tools that read.
    pub read_only: bool,
    /// What is staged is written at once: the host reviews by itself.
    pub direct: bool,
    /// The host confirms destructive tools with its user, so we need not ask again; and what of that which is always asked
    /// about it may confirm as well.
    pub trust_host: Option<Vec<Care>>,
    /// Hosts besides loopback that may be reached.
    pub hosts: Vec<String>,
    /// The person's own rules.
    pub rules: Rules,
}

/// A call, and what the policy has to know of it besides what it touches.
pub(crate) struct Proposal {
    pub(crate) call: Box<dyn AnyCall>,
    /// The paths that its arguments name, and where they lead.
    pub(crate) paths: Vec<RelPath>,
    /// Its arguments as they came.
    pub(crate) arguments: String,
}

/// What a call would work on.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) snapshot: &'a Snapshot,
    /// How commands are confined. Asked only where there is one: finding out may take a moment.
    pub(crate) tier: &'a dyn Fn() -> Tier,
    /// What the workspace asks for. It has no rule that allows.
    pub(crate) tightened: &'a Rules,
    /// A folder in which programs are looked for and that the workspace may have filled.
    pub(crate) foreign_programs: Option<&'a str>,
}

/// A call that may be run.
pub struct PermittedCall {
    pub(crate) call: Box<dyn AnyCall>,
    /// What the person saw, where one was asked: it must still be so.
    pub(crate) approval: Option<Approval>,
    /// A person agreed to this very call: here, or to the host that is trusted with it.
    pub(crate) agreed: bool,
    /// Files whose text may be shown though they may hold secrets.
    pub(crate) opened: Vec<RelPath>,
    pub(crate) direct: bool,
}

/// A call that a person has to decide on.
pub struct Question {
    permitted: PermittedCall,
    approval: Approval,
    reasons: Vec<Reason>,
}

/// Why a person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reason {
    /// In one clause.
    why: String,
    cover: Cover,
}

/// What else than a person's yes would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cover {
    /// A host that confirms such calls, or a rule that allows it.
    Host,
    /// A host that is trusted with just this.
    Told(Care),
    /// Nothing: a rule wants a person asked.
    Nothing,
}

impl Reason {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), cover: Cover::Host }
    }

    fn of(care: Care, why: impl Into<String>) -> Self {
        Self { why: why.into(), cover: Cover::Told(care) }
    }
}

impl Question {
    /// What the person is to see. Bounded; characters that hide something are escaped.
    #[must_use]
    pub fn text(&self) -> &str {
        self.approval.text()
    }

    /// A short name of exactly what is asked: the same only for the same bytes.
    #[must_use]
    pub fn key(&self) -> &str {
        self.approval.key()
    }

    /// The person's yes.
    #[must_use]
    pub fn approved(self) -> PermittedCall {
        PermittedCall { approval: Some(self.approval), agreed: true, ..self.permitted }
    }

    /// What is said where the host has no way of asking: what was refused, why, and what would allow it.
    #[must_use]
    pub fn refusal(&self) -> String {
        let name = self.permitted.call.name();
        let why = self.reasons.iter().map(|reason| reason.why.as_str()).collect::<Vec<_>>().join("; ");
        let mut cares: Vec<String> = Vec::new();
        for reason in &self.reasons {
            match reason.cover {
                Cover::Told(care) => cares.push(care.to_string()),
                Cover::Nothing => {
                    return format!(
                        "refused: `{name}` needs a person's yes ({why}), and this host cannot ask. Nothing was done. They may \
                         change the rule, or use a host that can ask"
                    );
                }
                Cover::Host => {}
            }
        }
        cares.sort_unstable();
        cares.dedup();
        let value = if cares.is_empty() { String::new() } else { format!("={}", cares.join(",")) };
        format!(
            "refused: `{name}` needs a person's yes ({why}), and this host cannot ask. Nothing was done, and what is staged stays \
             staged. The person may start the server with `--trust-host{value}`, if the host itself confirms such calls, or use \
             a host that can ask"
        )
    }
}

/// What the policy says of a call.
pub enum Decision {
    Allow(PermittedCall),
    Ask(Question),
    Deny(ToolError),
}

/// What the policy would do, were there no rules.
enum Usual {
    Allow,
    Ask(Approval, Vec<Reason>),
    Deny(ToolError),
}

fn deny(text: impl Into<String>) -> Usual {
    Usual::Deny(ToolError::Refused(text.into()))
}

impl Policy {
    /// Decides on a call. Its only caller is the toolbox.
    pub(crate) fn decide(&self, proposal: Proposal, around: &Surroundings<'_>) -> Decision {
        let Proposal { call, paths, arguments } = proposal;
        let access = match call.access(around.snapshot) {
            Ok(access) => access,
            Err(error) => return Decision::Deny(error),
        };
        let opened = secrets(&access, &paths, around.snapshot);
        let subject = Subject::new(call.name(), &access, &paths, around.snapshot);
        let mut usual = self.usual(&access, &opened, around);
        let (verdict, rule) = self.rules.verdict(&subject).min(around.tightened.verdict(&subject));
        match (verdict, &mut usual) {
            (Verdict::Deny, _) => {
                return Decision::Deny(ToolError::Refused(format!(
                    "refused: {rule} denies this; do without, or ask the person to change it"
                )));
            }
            (Verdict::Ask, Usual::Allow) => {
                let reasons = vec![Reason { why: format!("{rule} asks"), cover: Cover::Nothing }];
                usual = Usual::Ask(Approval::call(call.name(), &arguments), reasons);
            }
            (Verdict::Ask, Usual::Ask(_, reasons)) => {
                reasons.push(Reason { why: format!("{rule} asks"), cover: Cover::Nothing });
            }
            _ => {}
        }
        let permitted = PermittedCall { call, approval: None, agreed: false, opened, direct: self.direct };
        match usual {
            Usual::Deny(error) => Decision::Deny(error),
            Usual::Allow => Decision::Allow(permitted),
            Usual::Ask(_, reasons) if self.trusts_host_with(&reasons) => {
                Decision::Allow(PermittedCall { agreed: true, ..permitted })
            }
            Usual::Ask(_, reasons) if verdict.allows(&reasons) => {
                Decision::Allow(PermittedCall { agreed: verdict.opens_secrets(), ..permitted })
            }
            Usual::Ask(approval, reasons) => Decision::Ask(Question { permitted, approval, reasons }),
        }
    }

    /// Whether the host's own question is enough.
    fn trusts_host_with(&self, reasons: &[Reason]) -> bool {
        self.trust_host.as_ref().is_some_and(|cares| {
            reasons.iter().all(|reason| match reason.cover {
                Cover::Host => true,
                Cover::Told(care) => cares.contains(&care),
                Cover::Nothing => false,
            })
        })
    }

    fn usual(&self, access: &Access, secrets: &[RelPath], around: &Surroundings<'_>) -> Usual {
        match access {
            Access::Read | Access::Secrets { .. } => {}
            _ if self.read_only => {
                return deny(
                    "refused: this server was started with --read-only; start it without to make changes",
                );
            }
            Access::Stage => {}
            Access::Network { host } => {
                let known = self.hosts.contains(host) || self.rules.hosts().contains(host);
                return match is_loopback(host) || known {
                    true => Usual::Allow,
                    false => deny(format!(
                        "refused: `{host}` is not on this machine; the person may start the server with --allow-host {host}"
                    )),
                };
            }
            Access::Run(run) => return self.run(run, around),
            Access::Repository(change) => return repository(change),
            Access::Apply(selection) => return apply(selection, around.snapshot),
            Access::Undo { .. } if self.direct => return Usual::Allow,
            Access::Undo { set, checkpoint } => {
                let approval = Approval::undo(around.snapshot, *set, checkpoint.as_deref());
                return Usual::Ask(approval, vec![Reason::new("it writes to disk")]);
            }
        }
        if secrets.is_empty() {
            return Usual::Allow;
        }
        let names: Vec<String> = secrets.iter().map(|path| format!("`{path}`")).collect();
        let why = format!("{} may hold secrets", names.join(", "));
        Usual::Ask(Approval::secrets(secrets), vec![Reason::of(Care::Secrets, why)])
    }

    fn run(&self, run: &Run, around: &Surroundings<'_>) -> Usual {
        if let Protection::Refused(rule) = protection(&run.folder) {
            return deny(format!("refused: `{}` is protected: {rule}; run it elsewhere", run.folder));
        }
        let tier = (around.tier)();
        let mut reasons = look::reasons(run, tier, around);
        if run.network {
            reasons.push(Reason::of(Care::Network, "it may use the network"));
        }
        if tier == Tier::Unconfined {
            reasons.push(Reason::of(Care::Unconfined, "there is no sandbox here"));
        }
        if reasons.is_empty() {
            return Usual::Allow;
        }
        Usual::Ask(Approval::run(run, tier, &whys(&reasons)), reasons)
    }
}

/// The files whose text a call would show though they may hold secrets.
fn secrets(access: &Access, paths: &[RelPath], snapshot: &Snapshot) -> Vec<RelPath> {
    let named = match access {
        Access::Read | Access::Stage => paths,
        Access::Secrets { paths } => paths,
        _ => &[],
    };
    let is_secret = |path: &&RelPath| snapshot.withheld(path) == Some(Withheld::Secret);
    named.iter().filter(is_secret).cloned().collect()
}

fn repository(change: &RepositoryChange) -> Usual {
    let mut reasons = vec![Reason::new("it changes the repository")];
    if let Some(remote) = &change.remote {
        reasons.push(Reason::of(Care::Network, format!("it talks to `{remote}`")));
    }
    if !change.loses.is_empty() {
        let count = change.loses.len();
        reasons.push(Reason::of(
            Care::Losses,
            format!("work in {count} files would be lost that no commit has"),
        ));
    }
    if !change.hooks.is_empty() {
        reasons.push(Reason::of(Care::Hooks, format!("it runs the hooks {}", change.hooks.join(", "))));
    }
    Usual::Ask(Approval::repository(change), reasons)
}

fn apply(selection: &Selection, snapshot: &Snapshot) -> Usual {
    let approval = match Approval::apply(snapshot, selection) {
        Ok(approval) => approval,
        Err(error) => return Usual::Deny(error),
    };
    let chosen = snapshot.staging().choose(selection).unwrap_or_default();
    let protected: Vec<String> = chosen
        .iter()
        .filter(|change| needs_a_look(&change.path))
        .map(|change| format!("`{}`", change.path))
        .collect();
    let reason = match protected.is_empty() {
        true => Reason::new("it writes to disk"),
        false => Reason::of(
            Care::Protected,
            format!(
                "{} can run code or steer tools; name other files in `only` to accept those",
                protected.join(", ")
            ),
        ),
    };
    Usual::Ask(approval, vec![reason])
}

fn whys(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.why.as_str()).collect::<Vec<_>>().join("; ")
}

/// Whether writing a path has to be shown to a person by name, each time.
#[must_use]
pub(crate) fn needs_a_look(path: &RelPath) -> bool {
    protection(path) != Protection::None
}

/// Whether a host's name can only mean this machine.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
