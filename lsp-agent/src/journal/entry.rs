//! What is kept of one moment of a session.

use crate::model::CallId;
use crate::session::{Effect, Event};
use serde::{Deserialize, Serialize};

/// One line of a session's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// What went into the session.
    Event(Event),
    /// Something that changes the workspace was about to be done.
    Began(Began),
}

/// Where the workspace stood before an effect that changes it, so that half of it can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    pub turn: u64,
    pub changing: Changing,
    /// The number of the newest staged change; 0 where there was none.
    pub staged: u32,
    /// The number of the newest applied set; 0 where there was none.
    pub applied: u32,
}

/// An effect that changes the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changing {
    Call(CallId),
    Check,
    Review,
    Undo,
}

impl Began {
    /// What is to be recorded before an effect is done; nothing for one that changes nothing in the workspace.
    #[must_use]
    pub fn before(effect: &Effect, staged: u32, applied: u32) -> Option<Self> {
        let (turn, changing) = match effect {
            Effect::Call { turn, call, only_read: false } => (*turn, Changing::Call(call.id.clone())),
            Effect::Check { turn, .. } => (*turn, Changing::Check),
            Effect::Review { turn, .. } => (*turn, Changing::Review),
            Effect::Undo { turn } => (*turn, Changing::Undo),
            Effect::Call { only_read: true, .. }
            | Effect::Tell(_)
            | Effect::Gather { .. }
            | Effect::Ask { .. }
            | Effect::Permit { .. }
            | Effect::Find { .. }
            | Effect::Discard { .. }
            | Effect::Stop { .. }
            | Effect::UseModel { .. } => return None,
        };
        Some(Self { turn, changing, staged, applied })
    }

    /// Whether this is what stood before `effect`.
    #[must_use]
    pub fn is_before(&self, effect: &Effect) -> bool {
        Self::before(effect, self.staged, self.applied).as_ref() == Some(self)
    }
}
