//! A session again from what happened to it, with what it still waits for.

use super::{Began, Entry};
use crate::protocol::{self, Command, Mode, Phase, Problem};
use crate::session::{Effect, Event, Limits, Session};

/// A session as it was, and what is to be done for it.
#[derive(Debug)]
pub struct Replayed {
    pub session: Session,
    /// Whatever it told, in order.
    pub told: Vec<protocol::Event>,
    /// What it wants done and has not heard of, in order: gathering, answers, calls, places, checks, reviews, undoing.
    /// Reviews and undoing have to be done one by one in this order, because what comes of them has no name.
    pub open: Vec<Effect>,
    /// Where the workspace stood before the newest of the open effects that was begun; it may be half done.
    pub began: Option<Began>,
    /// Numbers of the changes that were to be taken back after the newest event. Taking them back again does no harm.
    pub discarded: Vec<u32>,
}

/// A session that is being replayed, entry by entry.
#[derive(Debug)]
pub struct Replay {
    session: Session,
    open: Vec<Effect>,
    began: Option<Began>,
    discarded: Vec<u32>,
}

/// Replays a session from what was kept of it. `mode` and `limits` are those that it was begun with.
pub fn replayed(
    id: String,
    mode: Mode,
    limits: Limits,
    entries: impl IntoIterator<Item = Entry>,
) -> Replayed {
    let mut replay = Replay::new(id, mode, limits);
    let told = entries.into_iter().flat_map(|entry| replay.take(entry)).collect();
    let Replay { session, open, began, discarded } = replay;
    Replayed { session, told, open, began, discarded }
}

impl Replay {
    /// A session in which nothing has happened yet.
    #[must_use]
    pub fn new(id: String, mode: Mode, limits: Limits) -> Self {
        Self { session: Session::new(id, mode, limits), open: Vec::new(), began: None, discarded: Vec::new() }
    }

    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Takes the next entry, and says what the session told then.
    pub fn take(&mut self, entry: Entry) -> Vec<protocol::Event> {
        let event = match entry {
            Entry::Event(event) => event,
            Entry::Began(began) => {
                self.began = Some(began);
                return Vec::new();
            }
        };
        if event.turn() == Some(self.session.turn())
            && let Some(answered) = self.open.iter().position(|effect| answers(&event, effect))
        {
            self.open.remove(answered);
        }
        self.discarded.clear();
        let mut told = Vec::new();
        for effect in self.session.handle(event) {
            match effect {
                Effect::Tell(event) => told.push(event),
                Effect::Discard { changes, .. } => self.discarded.extend(changes),
                effect => self.open.push(effect),
            }
        }
        let turn = self.session.turn();
        self.open.retain(|effect| turn_of(effect) == Some(turn));
        let open = &self.open;
        self.began = self.began.take().filter(|began| open.iter().any(|effect| began.is_before(effect)));
        told
    }

    /// What has to happen so that nothing is being done for the session any more: for a copy of it, for which nothing of
    /// that was begun, and for one that comes from elsewhere, which must not do anything here by itself.
    pub(super) fn settling(&self) -> Option<Event> {
        match self.session.phase() {
            Phase::Idle | Phase::PlanReview | Phase::ChangeReview if self.open.is_empty() => None,
            // Where nothing runs, nothing can be cancelled; but the turn can end.
            Phase::Idle => Some(Event::Failed {
                turn: self.session.turn(),
                problem: Problem {
                    what: "what was begun last was not done".to_owned(),
                    why: "the session was copied before it was".to_owned(),
                    next: "ask for it again".to_owned(),
                },
            }),
            Phase::Understanding
            | Phase::Planning
            | Phase::PlanReview
            | Phase::Working
            | Phase::Verifying
            | Phase::ChangeReview => Some(Event::Command(Command::Cancel)),
        }
    }
}

/// Whether an effect is done by what happened.
fn answers(event: &Event, effect: &Effect) -> bool {
    match (event, effect) {
        (Event::Gathered { .. }, Effect::Gather { .. })
        | (Event::Answered { .. } | Event::Failed { .. } | Event::Overflowed { .. }, Effect::Ask { .. })
        | (Event::Found { .. }, Effect::Find { .. })
        | (Event::Checked { .. }, Effect::Check { .. })
        | (Event::Reviewed { .. }, Effect::Review { .. } | Effect::Undo { .. }) => true,
        (Event::Called { call, .. }, Effect::Call { call: other, .. }) => *call == other.id,
        _ => false,
    }
}

/// The turn of an effect that waits for something to happen.
fn turn_of(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::Gather { turn, .. }
        | Effect::Ask { turn, .. }
        | Effect::Call { turn, .. }
        | Effect::Find { turn, .. }
        | Effect::Check { turn, .. }
        | Effect::Review { turn, .. }
        | Effect::Undo { turn } => Some(*turn),
        Effect::Tell(_)
        | Effect::Permit { .. }
        | Effect::Discard { .. }
        | Effect::Stop { .. }
        | Effect::UseModel { .. } => None,
    }
}

#[cfg(test)]
mod tests;
