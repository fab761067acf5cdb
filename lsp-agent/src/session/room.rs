//! Room in the model's context: what is left out when a request is too long, the least useful first, and told.

use super::{Session, State, Todo, Wanted, prompts};
use crate::model::Role as Speaker;
use crate::plan::MOST_STEPS;
use crate::protocol::{Mode, Problem, StepState, What};
use crate::session::Role;

/// Outputs of tools that stay, the newest.
const OUTPUTS_KEPT: usize = 1;
/// Shorter outputs stay, in bytes: leaving them out makes no room.
const SHORT: usize = 200;

impl Session {
    /// A request did not fit: leaves something out and asks again, or says that even the least does not fit.
    pub(super) fn overflowed(&mut self, need: u32, have: u32, todo: &mut Todo) {
        if let State::Working(working) = &mut self.state {
            if working.leave_out_around() {
                let text = "what stands around the step's target is left out".to_owned();
                self.tell(What::ContextReduced { text }, todo);
                return self.ask_edit(None, todo);
            }
            let why = format!("it needs {need} tokens and the model takes {have}; make the step smaller");
            return self.end_step(StepState::Failed, &why, todo);
        }
        let (role, tools, wanted) = match &self.state {
            State::Understanding(understanding) => {
                let role = if self.mode == Mode::Ask { Role::Ask } else { Role::Understand };
                (role, understanding.may_read(self.limits.reading), Wanted::Text)
            }
            State::Planning { .. } => (Role::Plan, false, self.wanted_plan()),
            _ => return,
        };
        let Some(text) = self.leave_out_outputs().or_else(|| self.shorten_turns()) else {
            return self.fail(
                Problem {
                    what: "the request does not fit into the model's context".to_owned(),
                    why: format!("at least {need} tokens are needed, and the model takes {have}"),
                    next: "ask for less at once, or choose a model with a larger context".to_owned(),
                },
                todo,
            );
        };
        self.tell(What::ContextReduced { text }, todo);
        self.ask(role, self.talk.clone(), tools, wanted, todo);
    }

    /// Leaves out what tools said, but for the newest.
    fn leave_out_outputs(&mut self) -> Option<String> {
        let outputs = self.talk.iter_mut().rev().filter(|message| message.role == Speaker::Tool);
        let long: Vec<_> = outputs.skip(OUTPUTS_KEPT).filter(|message| message.text.len() > SHORT).collect();
        let count = long.len();
        long.into_iter().for_each(|message| message.text = prompts::LEFT_OUT.to_owned());
        (count > 0).then(|| format!("the outputs of {count} earlier tool calls are left out"))
    }

    /// Makes of what was said before this request a list of what was asked and answered.
    fn shorten_turns(&mut self) -> Option<String> {
        if self.request <= 1 {
            return None;
        }
        let earlier: Vec<_> = self.talk.drain(1..self.request).collect();
        let summary = prompts::summary(&earlier, MOST_STEPS);
        self.request = 1;
        if let Some(request) = self.talk.get_mut(1) {
            request.text = format!("{summary}{}", request.text);
        }
        Some("earlier requests and answers are shortened".to_owned())
    }
}
