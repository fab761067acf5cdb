//! What a session wants done.

use crate::edit::{Format, Target};
use crate::model::{CallId, Message, ToolCall};
use crate::plan::Step;
use crate::protocol::{self, Focus, Permission, Which};
use serde::{Deserialize, Serialize};

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Tell(protocol::Event),
    /// Find what a request is about.
    Gather {
        turn: u64,
        prompt: String,
        focus: Focus,
    },
    Ask {
        turn: u64,
        request: Request,
    },
    /// Run a tool; while a session understands, only such as read.
    Call {
        turn: u64,
        call: ToolCall,
        only_read: bool,
    },
    /// A person's answer to a call's question.
    Permit {
        call: CallId,
        answer: Permission,
    },
    /// Find what a step changes.
    Find {
        turn: u64,
        step: Step,
    },
    /// Take back what a call staged, by the numbers of its changes.
    Discard {
        turn: u64,
        changes: Vec<u32>,
    },
    /// Run the project's own check over what is staged, as this call.
    Check {
        turn: u64,
        call: CallId,
    },
    /// Accept or reject changes, as this call.
    Review {
        turn: u64,
        call: CallId,
        which: Which,
        accept: bool,
        reason: String,
    },
    Undo {
        turn: u64,
    },
    /// End whatever runs for a turn.
    Stop {
        turn: u64,
    },
    UseModel {
        role: Option<String>,
        model: String,
    },
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Counts the session's requests, from 1.
    pub number: u64,
    /// How often the same was asked before and the answer not taken.
    pub tries: u32,
    pub role: Role,
    pub messages: Vec<Message>,
    /// Whether it may call tools that read.
    pub tools: bool,
    pub wanted: Wanted,
}

/// What a model is asked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Understand,
    Plan,
    Edit,
    Ask,
}

/// What an answer has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    Text,
    /// A plan, in JSON, of what the person wished for; with the files that it is likely to be about, the likeliest first.
    Plan {
        wish: String,
        likely: Vec<String>,
    },
    Edit {
        target: Box<Target>,
        format: Format,
    },
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Understand, Self::Plan, Self::Edit, Self::Ask];

    /// The role of a name, as the protocol has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "understand" => Some(Self::Understand),
            "plan" => Some(Self::Plan),
            "edit" => Some(Self::Edit),
            "ask" => Some(Self::Ask),
            _ => None,
        }
    }
}
