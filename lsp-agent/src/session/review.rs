//! A person's look at the changes.

use super::{Effect, Session, StagedFile, State, Todo, prompts};
use crate::protocol::{Problem, What, Which};

/// Rejections that are told with the next request.
const MOST_REMARKS: usize = 32;

impl Session {
    /// Accepts or rejects. Only a person's command comes here.
    pub(super) fn review(&mut self, which: Which, accept: bool, reason: String, todo: &mut Todo) {
        if !matches!(self.state, State::ChangeReview) {
            return self.refuse("no changes wait for an answer", todo);
        }
        if !accept && !reason.trim().is_empty() && self.remarks.len() < MOST_REMARKS {
            self.remarks.push(prompts::rejected(&which, &reason));
        }
        let call = self.next_call();
        self.reviews.push_back(call.clone());
        todo.push(Effect::Review { turn: self.turn, call, which, accept, reason });
    }

    pub(super) fn reviewed(&mut self, staged: &[StagedFile], said: Result<String, Problem>, todo: &mut Todo) {
        self.reviews.pop_front();
        let left = staged.len();
        self.staged = left;
        self.tell_staged(staged, todo);
        let done = match said {
            Ok(said) => said,
            Err(problem) => {
                self.tell(What::Error(problem), todo);
                // Where nothing waits, there is nothing more to decide.
                if left == 0 && matches!(self.state, State::ChangeReview) {
                    self.state = State::Idle;
                }
                return;
            }
        };
        match self.state {
            State::ChangeReview if left == 0 => {
                self.tell(What::Complete { changed: true, summary: done }, todo);
                self.state = State::Idle;
            }
            State::Idle if left > 0 => self.state = State::ChangeReview,
            // That all of what is left was told.
            _ => self.tell(What::Status { phase: self.phase(), mode: self.mode }, todo),
        }
    }
}
