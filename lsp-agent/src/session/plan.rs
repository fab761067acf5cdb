//! Planning, and a person's look at the plan.

use super::{Answer, Role, Session, State, Todo, Wanted, prompts};
use crate::model::{Message, Role as Speaker};
use crate::plan::{Plan, PlanEdit};
use crate::protocol::{Mode, Problem, What};

impl Session {
    /// Asks for a plan; `reason` says why the last one was not taken.
    pub(super) fn plan(&mut self, reason: Option<&str>, todo: &mut Todo) {
        self.state = State::Planning { tries: 0 };
        self.ask_plan(reason, todo);
    }

    pub(super) fn wanted_plan(&self) -> Wanted {
        Wanted::Plan { wish: self.wish.clone(), likely: self.likely.clone() }
    }

    fn ask_plan(&mut self, reason: Option<&str>, todo: &mut Todo) {
        self.talk.push(prompts::plan(reason));
        let wanted = self.wanted_plan();
        self.ask(Role::Plan, self.talk.clone(), false, wanted, todo);
    }

    pub(super) fn planned(&mut self, answer: &Answer, tries: u32, todo: &mut Todo) {
        self.talk.push(Message::new(Speaker::Assistant, answer.text.as_str()));
        match Plan::read(&answer.text, &|path| answer.existing.iter().any(|file| file == path)) {
            Ok(plan) => {
                self.tell(What::Plan { plan: plan.clone() }, todo);
                self.state = State::PlanReview { plan };
                if self.mode == Mode::Plan {
                    self.complete("the plan is ready", todo);
                }
            }
            Err(error) if tries < self.limits.again => {
                self.state = State::Planning { tries: tries + 1 };
                self.ask_plan(Some(&error.to_string()), todo);
            }
            Err(error) => self.fail(
                Problem {
                    what: "the model made no plan that can be followed".to_owned(),
                    why: error.to_string(),
                    next: "ask for less at once, name the files, or choose a larger model".to_owned(),
                },
                todo,
            ),
        }
    }

    pub(super) fn approve_plan(&mut self, todo: &mut Todo) {
        let State::PlanReview { plan } = &self.state else {
            return self.refuse("no plan waits for an answer", todo);
        };
        let plan = plan.clone();
        self.work(plan, todo);
    }

    pub(super) fn reject_plan(&mut self, reason: &str, todo: &mut Todo) {
        if !matches!(self.state, State::PlanReview { .. }) {
            return self.refuse("no plan waits for an answer", todo);
        }
        let reason = if reason.trim().is_empty() { "make another one" } else { reason };
        self.plan(Some(reason), todo);
    }

    pub(super) fn edit_plan(&mut self, edit: PlanEdit, todo: &mut Todo) {
        let State::PlanReview { plan } = &mut self.state else {
            return self.refuse("no plan waits for an answer", todo);
        };
        match plan.edit(edit) {
            Ok(()) => {
                let plan = plan.clone();
                self.tell(What::Plan { plan }, todo);
            }
            Err(error) => self.refuse(&error.to_string(), todo),
        }
    }
}
