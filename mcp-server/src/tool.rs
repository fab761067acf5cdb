//! What a tool is: a typed value that reads a snapshot and returns what it wants.
//!
//! Tools are data to everyone else. The MCP adapter and the agent list their [`ToolSpec`]s and run
//! calls by name; neither knows any tool.

use crate::commands::Commands;
use crate::permission::Access;
use crate::symbols::Symbols;
use crate::workspace::{PathError, ReadError, RelPath, Snapshot, WorkspaceOp};
use arc_swap::ArcSwap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

mod schema;

pub(crate) use schema::compact;

/// The most text of one reply, in bytes. Tools page long before; this is the last guard.
pub const REPLY_LIMIT: usize = 320 << 10;

/// A group of tools that is switched on or off as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Toolset {
    Files,
    Symbols,
    Analysis,
    Shell,
    Git,
}

/// What a tool does to the world, in MCP's terms. For those that only read, the other hints have no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Reads,
    /// Proposes changes; nothing is written before a person accepts it.
    Stages,
    /// Writes what was proposed, or takes it back.
    Destroys,
    /// Talks to something outside of the workspace.
    Reaches,
}

/// A tool as a host sees it.
#[derive(Clone, Debug)]
pub struct ToolSpec {
    pub name: &'static str,
    pub title: &'static str,
    pub description: String,
    /// JSON schema of the arguments: an object's.
    pub schema: Arc<Map<String, Value>>,
    pub effect: Effect,
    /// Calling it twice with the same arguments is as calling it once.
    pub idempotent: bool,
    pub toolset: Toolset,
}

/// A kind of action. Its value is one call's arguments.
pub trait Tool: DeserializeOwned + JsonSchema + Send + 'static {
    /// `[a-z_]`, at most 30 characters.
    const NAME: &'static str;
    /// For people.
    const TITLE: &'static str;
    const TOOLSET: Toolset;
    const EFFECT: Effect;
    const IDEMPOTENT: bool = false;

    /// What the call touches, for the policy to decide on.
    ///
    /// # Errors
    /// When an argument that says so is wrong.
    fn access(&self, _snapshot: &Snapshot) -> Result<Access, ToolError> {
        Ok(match Self::EFFECT {
            Effect::Reads => Access::Read,
            Effect::Stages | Effect::Destroys | Effect::Reaches => Access::Stage,
        })
    }

    /// Does the work. Long ones look at [`ToolContext::cancelled`] at least every 50 ms.
    ///
    /// # Errors
    /// A text for the model: what is wrong, and what to do next.
    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError>;
}

/// A piece of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Text(String),
    Image { mime: &'static str, bytes: Vec<u8> },
}

/// What a call gives back, and what it wants done.
#[derive(Debug, Default)]
pub struct ToolOutput {
    pub content: Vec<Content>,
    /// Done in order by the main loop once the tool has returned; what they come to is added to the reply.
    pub ops: Vec<WorkspaceOp>,
    /// The content tells what has happened whatever becomes of `ops`: it is given even if they fail.
    pub happened: bool,
}

impl ToolOutput {
    /// Only text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: vec![Content::Text(text.into())], ..Self::default() }
    }

    /// Text, and an operation whose outcome follows it.
    #[must_use]
    pub fn op(text: impl Into<String>, op: WorkspaceOp) -> Self {
        let text = text.into();
        let content = if text.is_empty() { Vec::new() } else { vec![Content::Text(text)] };
        Self { content, ops: vec![op], happened: false }
    }

    /// Text about something that has happened, and what follows from it.
    #[must_use]
    pub fn happened(text: impl Into<String>, ops: Vec<WorkspaceOp>) -> Self {
        Self { content: vec![Content::Text(text.into())], ops, happened: true }
    }
}

/// Why a call failed; read by a model, so each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0}")]
    Arguments(String),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Failed(String),
    #[error("cancelled")]
    Cancelled,
    #[error(
        "`{tool}` failed by a defect of its own: {what}; nothing was changed, and other tools still work"
    )]
    Panicked { tool: &'static str, what: String },
}

impl ToolError {
    /// A failure with its text.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }
}

/// How far a call has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub done: u64,
    pub total: Option<u64>,
    pub message: String,
}

/// What a running tool sees.
pub struct ToolContext {
    pub snapshot: Snapshot,
    pub symbols: Arc<Symbols>,
    pub commands: Arc<Commands>,
    /// Whether a person agreed to this very call.
    pub agreed: bool,
    /// Where the newest snapshot is.
    pub(crate) shown: Arc<ArcSwap<Snapshot>>,
    pub(crate) cancel: Cancel,
    pub(crate) progress: Box<dyn Fn(Progress) + Send + Sync>,
}

impl ToolContext {
    /// A path as it came in an argument.
    ///
    /// # Errors
    /// When it leads outside of the workspace or is no path.
    pub fn path(&self, text: &str) -> Result<RelPath, ToolError> {
        Ok(self.snapshot.roots().parse(text)?)
    }

    /// The workspace as it is now, for a call that took its time.
    #[must_use]
    pub fn latest(&self) -> Snapshot {
        Snapshot::clone(&self.shown.load())
    }

    /// Ends a call whose host no longer waits.
    ///
    /// # Errors
    /// [`ToolError::Cancelled`] once it was cancelled.
    pub fn cancelled(&self) -> Result<(), ToolError> {
        if self.cancel.is_set() { Err(ToolError::Cancelled) } else { Ok(()) }
    }

    /// Tells the host how far the call is. Cheap; the adapter passes on as many as a host can use.
    pub fn progress(&self, done: u64, total: Option<u64>, message: impl Into<String>) {
        (self.progress)(Progress { done, total, message: message.into() });
    }
}

/// A flag that says that nobody waits any more.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
