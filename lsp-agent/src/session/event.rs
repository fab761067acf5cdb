//! What happens to a session. It is all that a journal has to keep: whatever a session is comes of it.

use crate::edit::Target;
use crate::model::{Answer, CallId, Piece};
use crate::protocol::{self, Command, Problem, Verdict};
use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Command(Command),
    /// What the request is about, found before any model is asked.
    Gathered {
        turn: u64,
        context: String,
        /// The files whose text is in it.
        read: Vec<String>,
        /// The files that the request is likely to be about, the likeliest first.
        likely: Vec<String>,
    },
    /// A piece of an answer that is being written.
    Said {
        turn: u64,
        piece: Piece,
    },
    Answered {
        turn: u64,
        answer: Answer,
    },
    /// No answer came.
    Failed {
        turn: u64,
        problem: Problem,
    },
    RateLimited {
        turn: u64,
        seconds: u32,
    },
    /// A request was not asked, because it has more tokens than the model takes.
    Overflowed {
        turn: u64,
        need: u32,
        have: u32,
    },
    /// A command that a call is about to run, and in which folder.
    Proposed {
        turn: u64,
        call: CallId,
        command: String,
        folder: String,
    },
    /// A call waits for a person's answer.
    Questioned {
        turn: u64,
        call: CallId,
        tool: String,
        text: String,
    },
    /// A call said something.
    Output {
        turn: u64,
        call: CallId,
        text: String,
    },
    Called {
        turn: u64,
        call: CallId,
        outcome: Outcome,
    },
    /// What a step changes; or why it cannot be found.
    Found {
        turn: u64,
        target: Result<Target, String>,
    },
    /// What the project's check said, and everything that is staged then.
    Checked {
        turn: u64,
        verdict: Verdict,
        staged: Vec<StagedFile>,
    },
    /// Changes were accepted, rejected or taken back; with what is staged afterwards.
    Reviewed {
        turn: u64,
        staged: Vec<StagedFile>,
        said: Result<String, Problem>,
    },
}

/// What a call came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub is_error: bool,
    /// For the model.
    pub text: String,
    /// Files that were read.
    pub read: Vec<String>,
    pub staged: Vec<StagedFile>,
    /// The numbers of the staged changes that it made, by which they can be taken back.
    pub changes: Vec<u32>,
}

/// A file as a call changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedFile {
    pub path: String,
    pub before: Option<String>,
    /// Nothing where it is deleted.
    pub after: Option<String>,
    pub hunks: Vec<protocol::Hunk>,
    /// What lies on disk has since changed in the same lines.
    #[serde(default)]
    pub conflict: bool,
}

impl Event {
    /// The turn that it belongs to; a person's commands belong to none.
    #[must_use]
    pub fn turn(&self) -> Option<u64> {
        match self {
            Self::Command(_) => None,
            Self::Gathered { turn, .. }
            | Self::Said { turn, .. }
            | Self::Answered { turn, .. }
            | Self::Failed { turn, .. }
            | Self::RateLimited { turn, .. }
            | Self::Overflowed { turn, .. }
            | Self::Proposed { turn, .. }
            | Self::Questioned { turn, .. }
            | Self::Output { turn, .. }
            | Self::Called { turn, .. }
            | Self::Found { turn, .. }
            | Self::Checked { turn, .. }
            | Self::Reviewed { turn, .. } => Some(*turn),
        }
    }
}
