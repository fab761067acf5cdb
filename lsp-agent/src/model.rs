//! What a model is asked, and what it says: plain values that every provider shares.

use crate::protocol::Usage;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
    /// A tool's output.
    Tool,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub role: Role,
    pub text: String,
    /// What the model thought before it spoke; only of the assistant.
    pub reasoning: Option<String>,
    /// Tools that the assistant calls.
    pub calls: Vec<ToolCall>,
    /// Of a tool's output: the call that it answers.
    pub answers: Option<CallId>,
}

/// A call's name within its conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallId(pub String);

/// A tool that the model calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: CallId,
    pub name: String,
    pub arguments: Map<String, Value>,
}

/// A tool as the model sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDescription {
    pub name: String,
    pub description: String,
    /// JSON schema of the arguments, its properties in the order in which they are to be written.
    pub schema: Map<String, Value>,
}

/// A piece of a prompt. Where it is not `special`, what looks like a control token is text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub text: String,
    pub special: bool,
}

impl Part {
    /// What somebody says, or a file.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), special: false }
    }

    /// A control token.
    #[must_use]
    pub fn special(text: impl Into<String>) -> Self {
        Self { text: text.into(), special: true }
    }
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    Text(String),
    Reasoning(String),
}

/// A whole answer of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub text: String,
    pub reasoning: String,
    pub calls: Vec<ToolCall>,
    /// Calls that could not be read, in words for the model.
    pub broken: Vec<String>,
    pub usage: Usage,
    /// Of the paths that a plan names, those at which there is a file.
    pub existing: Vec<String>,
}

impl Message {
    /// A message of text alone.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), reasoning: None, calls: Vec::new(), answers: None }
    }
}
