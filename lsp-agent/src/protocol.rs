//! What a session tells, and what a person tells it: one vocabulary for the terminal, for JSON Lines and for editors.
//!
//! Both are JSON objects, one to a line; `docs/protocol.md` has a sample of each.

use crate::plan::{Plan, PlanEdit, StepId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing is asked of it.
    #[default]
    Idle,
    /// It looks for what the request is about; nothing can be changed.
    Understanding,
    /// It writes a plan.
    Planning,
    /// A person looks at the plan.
    PlanReview,
    /// It does the steps; what they change is staged.
    Working,
    /// The project's own check runs over what is staged.
    Verifying,
    /// A person looks at the changes.
    ChangeReview,
}

/// How far a request goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// An answer; nothing is staged.
    Ask,
    /// A plan, and no more.
    Plan,
    #[default]
    Agent,
}

/// Something that a session tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub session: String,
    /// Which request it belongs to, counted from 1; 0 before the first.
    pub turn: u64,
    /// Counts the session's events.
    pub sequence: u64,
    #[serde(flatten)]
    pub what: What,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    Status {
        phase: Phase,
        mode: Mode,
    },
    MessageDelta {
        text: String,
    },
    ReasoningDelta {
        text: String,
    },
    Plan {
        plan: Plan,
    },
    StepUpdate {
        step: StepId,
        state: StepState,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    ToolStart {
        call: String,
        tool: String,
        arguments: Map<String, Value>,
    },
    /// What a call says while it runs.
    ToolOutput {
        call: String,
        text: String,
    },
    ToolEnd {
        call: String,
        is_error: bool,
        /// What the model reads.
        text: String,
        /// What a screen shows.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        details: Value,
    },
    FileRead {
        path: String,
    },
    ChangeStaged {
        path: String,
        hunks: Vec<Hunk>,
        /// The file on disk has since changed in the same lines: it cannot be accepted as it is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        conflict: bool,
    },
    /// A command that is about to run over what is staged, if it may.
    CommandProposed {
        call: String,
        command: String,
        /// Where, below the workspace's root.
        folder: String,
    },
    /// What a command printed last, or that it still runs.
    CommandOutput {
        call: String,
        text: String,
    },
    PermissionRequest {
        request: String,
        tool: String,
        /// Exactly what would be done, where, and in which sandbox.
        text: String,
    },
    RateLimit {
        /// Seconds until it goes on.
        seconds: u32,
    },
    Usage(Usage),
    /// What the model reads had to become shorter.
    ContextReduced {
        /// What was left out, in words.
        text: String,
    },
    Verification {
        #[serde(flatten)]
        verdict: Verdict,
    },
    Error(Problem),
    Complete {
        /// Whether anything is staged or was applied.
        changed: bool,
        summary: String,
    },
    Cancelled,
}

/// How a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Started,
    /// It is tried again; the note says why.
    Retried,
    Done,
    Failed,
}

/// A changed region of a file, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    pub id: String,
    /// The first line of it, counted from 1.
    pub line: u32,
    pub old: String,
    pub new: String,
}

/// What the project's own check said of what is staged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Such as `41 passed`.
    Passed {
        summary: String,
    },
    Failed {
        summary: String,
        output: String,
    },
    /// And why.
    NotChecked {
        why: String,
    },
}

/// What a model call took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens.
    pub prompt: u32,
    /// Of the prompt's tokens, those that were in a cache.
    pub cached: u32,
    pub generated: u32,
    pub tokens_per_second: f32,
    /// Milliseconds.
    pub first_token: f32,
    /// Tokens that the model's context holds, and those of them that are in use.
    pub context: u32,
    pub context_used: u32,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub what: String,
    pub why: String,
    /// What a person can do.
    pub next: String,
}

/// What a person looks at while asking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Focus {
    pub path: Option<String>,
    /// Lines, counted from 1, both included.
    pub lines: Option<(u32, u32)>,
    pub diagnostics: Vec<String>,
}

/// Something that a person tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    Prompt {
        text: String,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        focus: Focus,
    },
    ApprovePlan,
    /// Wants another plan.
    RejectPlan {
        reason: String,
    },
    EditPlan {
        #[serde(flatten)]
        edit: PlanEdit,
    },
    Accept {
        #[serde(flatten)]
        which: Which,
    },
    Reject {
        #[serde(flatten)]
        which: Which,
        #[serde(default)]
        reason: String,
    },
    AnswerPermission {
        request: String,
        answer: Permission,
    },
    Cancel,
    /// To be taken up when the step is done.
    Queue {
        text: String,
    },
    Undo,
    SetMode {
        mode: Mode,
    },
    SetModel {
        /// `understand`, `plan`, `edit` or `ask`; all of them without.
        #[serde(default)]
        role: Option<String>,
        model: String,
    },
}

/// Staged changes that are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum Which {
    All,
    File { path: String },
    Hunk { path: String, hunk: String },
}

/// A person's answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    Deny,
    Once,
    Session,
    Always,
}

#[cfg(test)]
mod tests;
