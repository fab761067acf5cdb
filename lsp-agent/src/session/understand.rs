//! Understanding: what was found is read, and the model may ask for more, by tools that only read.

use super::{Answer, Effect, Outcome, Role, Session, State, Todo, Wanted, prompts};
use crate::model::{CallId, Message, Role as Speaker};
use crate::protocol::{Focus, Mode, Problem, What};

/// Calls that a model may make at once.
const MOST_CALLS: usize = 8;
/// How often a model is told that its calls cannot be read, before it has to do without.
const RECOVERIES: u32 = 2;

/// What is going on.
#[derive(Debug, Default)]
pub(super) struct Understanding {
    prompt: String,
    rounds: u32,
    /// Answers with calls that could not be read.
    broken: u32,
    /// Calls in the order in which they were made, with what they came to.
    calls: Vec<(CallId, Option<String>)>,
}

impl Understanding {
    /// Whether there are rounds of reading left.
    pub(super) fn may_read(&self, most: u32) -> bool {
        self.rounds < most
    }

    pub(super) fn runs(&self, call: &CallId) -> bool {
        self.calls.iter().any(|(other, text)| other == call && text.is_none())
    }
}

impl Session {
    pub(super) fn prompt(&mut self, text: String, mode: Option<Mode>, focus: Focus, todo: &mut Todo) {
        match self.state {
            State::Idle => {}
            // Whoever asks for something else has not decided on the changes: they stay, and so does the question.
            State::ChangeReview => {}
            _ => return self.refuse("a request is being worked on; queue this one, or cancel", todo),
        }
        if text.trim().is_empty() {
            return self.refuse("the request is empty", todo);
        }
        self.turn += 1;
        self.reviews.clear();
        self.mode = mode.unwrap_or(self.mode);
        self.state = State::Understanding(Understanding { prompt: text.clone(), ..Understanding::default() });
        todo.push(Effect::Gather { turn: self.turn, prompt: text, focus });
    }

    pub(super) fn set_mode(&mut self, mode: Mode, todo: &mut Todo) {
        self.mode = mode;
        self.tell(What::Status { phase: self.phase(), mode }, todo);
    }

    pub(super) fn gathered(&mut self, context: &str, read: &[String], todo: &mut Todo) {
        let State::Understanding(understanding) = &self.state else { return };
        self.wish.clone_from(&understanding.prompt);
        if self.talk.is_empty() {
            self.talk.push(prompts::system());
        }
        let remarks = std::mem::take(&mut self.remarks);
        self.tell_read(read, todo);
        self.request = self.talk.len();
        self.talk.push(prompts::request(context, &remarks, &self.wish, self.mode));
        self.read_on(todo);
    }

    /// Asks the model, which may read more as long as there are rounds left.
    fn read_on(&mut self, todo: &mut Todo) {
        let State::Understanding(understanding) = &self.state else { return };
        let tools = understanding.may_read(self.limits.reading);
        if !tools {
            match self.mode {
                Mode::Ask => self.talk.push(prompts::answer_now()),
                // What it has read is enough for a plan.
                Mode::Plan | Mode::Agent => return self.plan(None, todo),
            }
        }
        let role = if self.mode == Mode::Ask { Role::Ask } else { Role::Understand };
        self.ask(role, self.talk.clone(), tools, Wanted::Text, todo);
    }

    pub(super) fn understood(&mut self, answer: Answer, todo: &mut Todo) {
        let State::Understanding(understanding) = &mut self.state else { return };
        if !understanding.calls.is_empty() {
            // An answer that nobody asked for.
            return;
        }
        let reads = understanding.may_read(self.limits.reading);
        let calls: Vec<_> = answer.calls.into_iter().take(MOST_CALLS).collect();
        understanding.rounds += 1;
        let text = Message { calls: calls.clone(), ..Message::new(Speaker::Assistant, answer.text.as_str()) };
        self.talk.push(text);
        if calls.is_empty() && answer.broken.is_empty() {
            return match self.mode {
                Mode::Ask if answer.text.trim().is_empty() => self.fail(no_answer(), todo),
                Mode::Ask => {
                    self.complete(&answer.text, todo);
                    self.rest();
                }
                Mode::Plan | Mode::Agent => self.plan(None, todo),
            };
        }
        if !reads || calls.is_empty() {
            let wrong = match answer.broken.is_empty() {
                true => "No more tools can be called.".to_owned(),
                false => answer.broken.join("\n"),
            };
            self.talk.push(Message::new(Speaker::User, wrong));
            return self.recover(todo);
        }
        let State::Understanding(understanding) = &mut self.state else { return };
        understanding.calls = calls.iter().map(|call| (call.id.clone(), None)).collect();
        for call in calls {
            self.call(call, true, todo);
        }
    }

    /// After calls that could not be read: asks again, or without tools once that was often enough.
    fn recover(&mut self, todo: &mut Todo) {
        let reading = self.limits.reading;
        if let State::Understanding(understanding) = &mut self.state {
            understanding.broken += 1;
            if understanding.broken > RECOVERIES {
                understanding.rounds = understanding.rounds.max(reading);
            }
        }
        self.read_on(todo);
    }

    /// A call of the model's came back. Once all have, it reads them in the order in which it asked.
    pub(super) fn read(&mut self, call: &CallId, outcome: &Outcome, todo: &mut Todo) {
        self.tell_end(call, outcome, todo);
        for path in &outcome.read {
            if !self.likely.contains(path) {
                self.likely.insert(0, path.clone());
            }
        }
        let State::Understanding(understanding) = &mut self.state else { return };
        if let Some((_, text)) = understanding.calls.iter_mut().find(|(other, _)| other == call) {
            *text = Some(outcome.text.clone());
        }
        if understanding.calls.iter().any(|(_, text)| text.is_none()) {
            return;
        }
        for (id, text) in std::mem::take(&mut understanding.calls) {
            let text = prompts::data(&text.unwrap_or_default());
            self.talk.push(Message { answers: Some(id), ..Message::new(Speaker::Tool, text) });
        }
        self.read_on(todo);
    }
}

fn no_answer() -> Problem {
    Problem {
        what: "the model gave no answer".to_owned(),
        why: "its text is empty".to_owned(),
        next: "ask again, in other words or with another model".to_owned(),
    }
}
