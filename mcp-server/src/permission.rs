//! Who may do what. Only this policy turns a call into a [`PermittedCall`], and only a permitted call can be run.

use crate::sandbox::Sandbox;
use crate::tool::ToolError;
use crate::toolbox::AnyCall;
use crate::workspace::{Protection, RelPath, Selection, Snapshot, protection};

mod approval;

pub use approval::Approval;

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

/// The rules. A workspace may tighten them, never loosen them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Only tools that read.
    pub read_only: bool,
    /// What is staged is written at once: the host reviews by itself.
    pub direct: bool,
    /// The host confirms destructive tools with its user, so we need not ask again.
    pub trust_host: bool,
    /// Hosts besides loopback that may be reached.
    pub hosts: Vec<String>,
}

/// A call that may be run.
pub struct PermittedCall {
    pub(crate) call: Box<dyn AnyCall>,
    /// What the person saw, where one was asked: it must still be so.
    pub(crate) approval: Option<Approval>,
    pub(crate) direct: bool,
}

/// A call that a person has to decide on.
pub struct Question {
    call: Box<dyn AnyCall>,
    approval: Approval,
    direct: bool,
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
        PermittedCall { call: self.call, approval: Some(self.approval), direct: self.direct }
    }
}

/// What the policy says of a call.
pub enum Decision {
    Allow(PermittedCall),
    Ask(Question),
    Deny(ToolError),
}

impl Policy {
    /// Decides on a call. Its only caller is the toolbox.
    pub(crate) fn decide(&self, call: Box<dyn AnyCall>, snapshot: &Snapshot, sandbox: &Sandbox) -> Decision {
        let deny = |text: &str| Decision::Deny(ToolError::Refused(text.to_owned()));
        let direct = self.direct;
        let allow = |call| Decision::Allow(PermittedCall { call, approval: None, direct });
        let ask = |call, approval| Decision::Ask(Question { call, approval, direct });
        let access = match call.access(snapshot) {
            Ok(access) => access,
            Err(error) => return Decision::Deny(error),
        };
        match access {
            Access::Read => allow(call),
            _ if self.read_only => {
                deny("refused: this server was started with --read-only; start it without to make changes")
            }
            Access::Stage => allow(call),
            Access::Network { host } => match is_loopback(&host) || self.hosts.contains(&host) {
                true => allow(call),
                false => deny(&format!(
                    "refused: `{host}` is not on this machine; the person may start the server with --allow-host {host}"
                )),
            },
            Access::Apply(_) | Access::Undo { .. } if self.trust_host => allow(call),
            Access::Undo { .. } if self.direct => allow(call),
            Access::Secrets { paths } => ask(call, Approval::secrets(&paths)),
            Access::Run(run) => ask(call, Approval::run(&run, sandbox.tier())),
            Access::Repository(change) => ask(call, Approval::repository(&change)),
            Access::Apply(selection) => match Approval::apply(snapshot, &selection) {
                Ok(approval) => Decision::Ask(Question { call, approval, direct }),
                Err(error) => Decision::Deny(error),
            },
            Access::Undo { set, checkpoint } => {
                let approval = Approval::undo(set, checkpoint.as_deref());
                Decision::Ask(Question { call, approval, direct })
            }
        }
    }
}

/// Whether writing a path has to be shown to a person by name, each time.
#[must_use]
pub(crate) fn needs_a_look(path: &crate::workspace::RelPath) -> bool {
    protection(path) != Protection::None
}

/// Whether a host's name can only mean this machine.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
