//! What follows from where a session stands: what was approved beforehand is sent, and a request ends.

use super::{Decide, Outcome, Says};
use devtoolkit_agent::protocol::{Command, Focus, Mode, Permission, Phase, Which};

impl Decide {
    /// What follows from where the session stands.
    pub(super) fn settle(&mut self) -> Vec<Command> {
        if self.asked || self.waits || self.unknown || self.ended.is_some() {
            return Vec::new();
        }
        if self.cancelling || self.leaving {
            return match (self.phase, self.told) {
                (Phase::Idle | Phase::ChangeReview, Some(outcome)) => self.end_request(outcome),
                _ => Vec::new(),
            };
        }
        if !self.questions.is_empty() {
            return self.settle_questions();
        }
        match self.phase {
            Phase::Understanding | Phase::Planning | Phase::Working | Phase::Verifying => Vec::new(),
            Phase::Idle => match self.told.take() {
                Some(outcome) => self.end_request(outcome),
                None => Vec::new(),
            },
            Phase::PlanReview => self.settle_plan(),
            Phase::ChangeReview => self.settle_changes(),
        }
    }

    /// Answers what is decided beforehand; what a person is asked stays.
    fn settle_questions(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        for (request, tool, _) in self.questions.clone() {
            let answer = match self.permits(&tool) {
                Says::Yes => Permission::Once,
                Says::No => Permission::Deny,
                Says::Asked => continue,
            };
            commands.extend(self.send(Command::AnswerPermission { request, answer }));
        }
        commands
    }

    fn settle_plan(&mut self) -> Vec<Command> {
        match (self.told, self.plans()) {
            // The plan was all that was wanted; or the request is being given up, and its phase comes next.
            (Some(Outcome::Done), _) => self.end_request(Outcome::Done),
            (Some(Outcome::Cancelled | Outcome::Failed), _) | (None, Says::Asked) => Vec::new(),
            (None, Says::Yes) => self.send(Command::ApprovePlan),
            (None, Says::No) => self.end_request(Outcome::Done),
        }
    }

    fn settle_changes(&mut self) -> Vec<Command> {
        match (self.told, self.changes()) {
            (Some(outcome @ (Outcome::Failed | Outcome::Cancelled)), _) => self.end_request(outcome),
            (Some(Outcome::Done) | None, Says::Asked) => Vec::new(),
            (Some(Outcome::Done) | None, Says::No) => self.end_request(Outcome::Done),
            // What a request left behind that did not end well waits for somebody to look at it.
            (Some(Outcome::Done) | None, Says::Yes)
                if matches!(self.last, Some(Outcome::Failed | Outcome::Cancelled)) =>
            {
                Vec::new()
            }
            // Reviewed to the end: the phase that follows ends the request.
            (Some(Outcome::Done) | None, Says::Yes) if self.took_all && self.staged.is_empty() => Vec::new(),
            // Some of it could not be applied.
            (Some(Outcome::Done) | None, Says::Yes) if self.took_all => self.end_request(Outcome::Failed),
            (Some(Outcome::Done) | None, Says::Yes) => {
                self.took_all = true;
                self.send(Command::Accept { which: Which::All })
            }
        }
    }

    pub(super) fn send(&mut self, command: Command) -> Vec<Command> {
        self.sent(&command);
        vec![command]
    }

    pub(super) fn end_request(&mut self, outcome: Outcome) -> Vec<Command> {
        self.told = None;
        self.questions.clear();
        if self.cancelling {
            self.ended = Some(130);
            return Vec::new();
        }
        let given_up = std::mem::take(&mut self.leaving) && outcome == Outcome::Cancelled;
        if !given_up {
            self.last = Some(outcome);
        }
        // What waits for a later review is a change as well.
        self.changed |=
            outcome == Outcome::Done && self.phase == Phase::ChangeReview && !self.staged.is_empty();
        match outcome {
            Outcome::Done => self.next(),
            Outcome::Cancelled if given_up => self.next(),
            Outcome::Failed | Outcome::Cancelled if self.listens => Vec::new(),
            // What comes next was thought of as following this.
            Outcome::Failed | Outcome::Cancelled => {
                self.ended = Some(self.code());
                Vec::new()
            }
        }
    }

    /// The next request; or the end.
    pub(super) fn next(&mut self) -> Vec<Command> {
        if !self.prompts.is_empty() && self.phase == Phase::PlanReview {
            self.leaving = true;
            return vec![Command::Cancel];
        }
        match self.prompts.pop_front() {
            Some(text) => {
                let mode = self.wanted_mode;
                self.send(Command::Prompt { text, mode, focus: Focus::default() })
            }
            None => {
                self.ended = (!self.listens).then(|| self.code());
                Vec::new()
            }
        }
    }

    fn code(&self) -> u8 {
        match self.last {
            Some(Outcome::Failed) => 1,
            Some(Outcome::Cancelled) => 130,
            Some(Outcome::Done) if self.mode == Mode::Agent && !self.changed => 3,
            Some(Outcome::Done) | None => 0,
        }
    }
}
