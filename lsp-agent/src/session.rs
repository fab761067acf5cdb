//! One conversation, as a state machine: what happened goes in, what is to be done comes out. It has no input or output, no
//! clock and no thread of its own, so that replaying what happened gives the same again.
//!
//! Only a person's command moves it past a review. Whatever belongs to a turn carries the turn's number, and what comes
//! late is not heard.

mod effect;
mod event;
mod plan;
mod prompts;
mod review;
mod room;
mod understand;
mod work;

#[cfg(test)]
mod tests;

use crate::model::{Answer, CallId, Message, Piece, ToolCall};
use crate::plan::{Plan, StepId};
use crate::protocol::{self, Command, Focus, Mode, Phase, Problem, What};
use std::collections::VecDeque;

pub use effect::{Effect, Request, Role, Wanted};
pub use event::{Event, Outcome, StagedFile};

/// Requests that may wait.
const MOST_QUEUED: usize = 16;

/// How often a session lets a model try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rounds of reading before it has to answer or plan.
    pub reading: u32,
    /// Tries of a plan or a step after the first.
    pub again: u32,
    /// Rounds of mending what the check found.
    pub repairs: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { reading: 6, again: 2, repairs: 2 }
    }
}

/// Where a session is, with what it needs there.
#[derive(Debug)]
enum State {
    Idle,
    Understanding(understand::Understanding),
    Planning { tries: u32 },
    PlanReview { plan: Plan },
    Working(Box<work::Working>),
    Verifying(Box<work::Working>),
    ChangeReview,
}

/// A conversation.
#[derive(Debug)]
pub struct Session {
    id: String,
    limits: Limits,
    mode: Mode,
    state: State,
    turn: u64,
    sequence: u64,
    /// What the model reads, only ever added to, so that what it has evaluated stays of use.
    talk: Vec<Message>,
    /// What the person wants, in their words.
    wish: String,
    /// The files that it is likely to be about.
    likely: Vec<String>,
    /// Where in it the request begins that is being worked on.
    request: usize,
    /// What a person said of changes that were rejected: told with the next request.
    remarks: Vec<String>,
    /// The reviews that are being done.
    reviews: VecDeque<CallId>,
    /// The call that runs a command.
    command: Option<CallId>,
    queued: VecDeque<String>,
    calls: u64,
    requests: u64,
    /// Changes that wait for a person.
    staged: usize,
}

impl Session {
    /// A conversation in which nothing was said yet.
    #[must_use]
    pub fn new(id: String, mode: Mode, limits: Limits) -> Self {
        Self {
            id,
            limits,
            mode,
            state: State::Idle,
            turn: 0,
            sequence: 0,
            talk: Vec::new(),
            wish: String::new(),
            likely: Vec::new(),
            request: 0,
            remarks: Vec::new(),
            reviews: VecDeque::new(),
            command: None,
            queued: VecDeque::new(),
            calls: 0,
            requests: 0,
            staged: 0,
        }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far requests go that do not say.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// An event that is told beside the session's own: it counts as the newest of them.
    #[must_use]
    pub fn aside(&self, what: What) -> protocol::Event {
        protocol::Event { session: self.id.clone(), turn: self.turn, sequence: self.sequence, what }
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match &self.state {
            State::Idle => Phase::Idle,
            State::Understanding(_) => Phase::Understanding,
            State::Planning { .. } => Phase::Planning,
            State::PlanReview { .. } => Phase::PlanReview,
            State::Working(_) => Phase::Working,
            State::Verifying(_) => Phase::Verifying,
            State::ChangeReview => Phase::ChangeReview,
        }
    }

    /// The number of the turn, which what happens to it has to carry: counted from 1, and 0 before the first. A request
    /// begins one, and one that is cancelled or fails ends.
    #[must_use]
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Takes what happened, and says what is to be done, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        let mut todo = Todo(Vec::new());
        let phase = self.phase();
        match event {
            Event::Command(command) => self.command(command, &mut todo),
            // Of a turn that has ended.
            event if event.turn() != Some(self.turn) => return Vec::new(),
            event => self.happened(event, &mut todo),
        }
        if self.phase() != phase {
            let what = What::Status { phase: self.phase(), mode: self.mode };
            self.tell(what, &mut todo);
        }
        if matches!(self.state, State::Idle)
            && let Some(text) = self.queued.pop_front()
        {
            let prompt = Command::Prompt { text, mode: None, focus: Focus::default() };
            todo.0.extend(self.handle(Event::Command(prompt)));
        }
        todo.0
    }

    fn command(&mut self, command: Command, todo: &mut Todo) {
        match command {
            Command::Prompt { text, mode, focus } => self.prompt(text, mode, focus, todo),
            Command::Queue { text } => self.queue(text, todo),
            Command::Cancel => self.cancel(todo),
            Command::ApprovePlan => self.approve_plan(todo),
            Command::RejectPlan { reason } => self.reject_plan(&reason, todo),
            Command::EditPlan { edit } => self.edit_plan(edit, todo),
            Command::Accept { which } => self.review(which, true, String::new(), todo),
            Command::Reject { which, reason } => self.review(which, false, reason, todo),
            Command::AnswerPermission { request, answer } => {
                let call = CallId(request);
                if self.is_running(&call) {
                    todo.push(Effect::Permit { call, answer });
                } else {
                    self.refuse("no question of this name waits", todo);
                }
            }
            Command::Undo => match self.state {
                State::Idle | State::ChangeReview => todo.push(Effect::Undo { turn: self.turn }),
                _ => self.refuse("something is running; cancel it first", todo),
            },
            Command::SetMode { mode } => self.set_mode(mode, todo),
            Command::SetModel { role, model } => todo.push(Effect::UseModel { role, model }),
        }
    }

    fn happened(&mut self, event: Event, todo: &mut Todo) {
        match event {
            Event::Said { piece: Piece::Text(text), .. } => self.tell(What::MessageDelta { text }, todo),
            Event::Said { piece: Piece::Reasoning(text), .. } => {
                self.tell(What::ReasoningDelta { text }, todo);
            }
            Event::RateLimited { seconds, .. } => self.tell(What::RateLimit { seconds }, todo),
            Event::Questioned { call, tool, text, .. } if self.is_running(&call) => {
                self.tell(What::PermissionRequest { request: call.0, tool, text }, todo);
            }
            Event::Output { call, text, .. } if self.is_running(&call) => {
                let is_command = self.command.as_ref() == Some(&call);
                self.tell(
                    match is_command {
                        true => What::CommandOutput { call: call.0, text },
                        false => What::ToolOutput { call: call.0, text },
                    },
                    todo,
                );
            }
            Event::Proposed { call, command, folder, .. } if self.is_running(&call) => {
                self.tell(What::CommandProposed { call: call.0.clone(), command, folder }, todo);
                self.command = Some(call);
            }
            Event::Questioned { .. } | Event::Output { .. } | Event::Proposed { .. } | Event::Command(_) => {}
            Event::Overflowed { need, have, .. } => self.overflowed(need, have, todo),
            Event::Gathered { context, read, likely, .. } => {
                self.likely = likely;
                self.gathered(&context, &read, todo);
            }
            Event::Answered { answer, .. } => {
                self.tell(What::Usage(answer.usage), todo);
                match self.state {
                    State::Understanding(_) => self.understood(answer, todo),
                    State::Planning { tries } => self.planned(&answer, tries, todo),
                    State::Working(_) => self.wrote(&answer, todo),
                    State::Idle | State::PlanReview { .. } | State::Verifying(_) | State::ChangeReview => {}
                }
            }
            Event::Failed { problem, .. } => self.fail(problem, todo),
            Event::Called { call, outcome, .. } => self.called(&call, outcome, todo),
            Event::Found { target, .. } => self.found(target, todo),
            Event::Checked { verdict, staged, .. } => self.checked(verdict, &staged, todo),
            Event::Reviewed { staged, said, .. } => self.reviewed(&staged, said, todo),
        }
    }

    fn queue(&mut self, text: String, todo: &mut Todo) {
        if self.queued.len() >= MOST_QUEUED {
            return self.refuse(&format!("{MOST_QUEUED} requests wait already"), todo);
        }
        self.queued.push_back(text);
    }

    /// Ends the turn. What it staged stays to be looked at.
    fn cancel(&mut self, todo: &mut Todo) {
        if matches!(self.state, State::Idle) {
            return self.refuse("nothing is running", todo);
        }
        todo.push(Effect::Stop { turn: self.turn });
        self.tell(What::Cancelled, todo);
        self.turn += 1;
        self.queued.clear();
        self.reviews.clear();
        self.rest();
    }

    fn fail(&mut self, problem: Problem, todo: &mut Todo) {
        todo.push(Effect::Stop { turn: self.turn });
        self.tell(What::Error(problem), todo);
        self.turn += 1;
        self.reviews.clear();
        self.rest();
    }

    /// Waits for a person: for a review where something is staged.
    fn rest(&mut self) {
        self.state = match self.staged {
            0 => State::Idle,
            _ => State::ChangeReview,
        };
    }

    fn complete(&mut self, summary: &str, todo: &mut Todo) {
        let summary = summary.to_owned();
        self.tell(What::Complete { changed: self.staged > 0, summary }, todo);
    }

    fn is_running(&self, call: &CallId) -> bool {
        match &self.state {
            State::Understanding(understanding) => understanding.runs(call),
            State::Working(working) | State::Verifying(working) => working.runs(call),
            State::ChangeReview => self.reviews.contains(call),
            State::Idle | State::Planning { .. } | State::PlanReview { .. } => false,
        }
    }

    /// Asks a model.
    fn ask(&mut self, role: Role, messages: Vec<Message>, tools: bool, wanted: Wanted, todo: &mut Todo) {
        self.requests += 1;
        let tries = match &self.state {
            State::Planning { tries } => *tries,
            State::Working(working) => working.tries(),
            _ => 0,
        };
        let request = Request { number: self.requests, tries, role, messages, tools, wanted };
        todo.push(Effect::Ask { turn: self.turn, request });
    }

    /// Runs a tool.
    fn call(&mut self, call: ToolCall, only_read: bool, todo: &mut Todo) {
        let (id, tool) = (call.id.0.clone(), call.name.clone());
        self.tell(What::ToolStart { call: id, tool, arguments: call.arguments.clone() }, todo);
        todo.push(Effect::Call { turn: self.turn, call, only_read });
    }

    fn next_call(&mut self) -> CallId {
        self.calls += 1;
        CallId(format!("call_{}", self.calls))
    }

    fn tell_end(&mut self, call: &CallId, outcome: &Outcome, todo: &mut Todo) {
        let (text, details) = (outcome.text.clone(), details(outcome));
        self.tell(What::ToolEnd { call: call.0.clone(), is_error: outcome.is_error, text, details }, todo);
        self.tell_read(&outcome.read, todo);
        self.tell_staged(&outcome.staged, todo);
    }

    fn tell_read(&mut self, paths: &[String], todo: &mut Todo) {
        paths.iter().for_each(|path| self.tell(What::FileRead { path: path.clone() }, todo));
    }

    fn tell_staged(&mut self, staged: &[StagedFile], todo: &mut Todo) {
        for file in staged {
            let (path, hunks) = (file.path.clone(), file.hunks.clone());
            self.tell(What::ChangeStaged { path, hunks, conflict: file.conflict }, todo);
        }
    }

    fn tell_step(&mut self, step: StepId, state: protocol::StepState, note: &str, todo: &mut Todo) {
        self.tell(What::StepUpdate { step, state, note: note.to_owned() }, todo);
    }

    fn tell(&mut self, what: What, todo: &mut Todo) {
        self.sequence += 1;
        let (session, turn, sequence) = (self.id.clone(), self.turn, self.sequence);
        todo.push(Effect::Tell(protocol::Event { session, turn, sequence, what }));
    }

    /// Says that a command cannot be followed now.
    fn refuse(&mut self, why: &str, todo: &mut Todo) {
        let next = match self.phase() {
            Phase::Idle => "ask something",
            Phase::PlanReview => "approve, change or reject the plan",
            Phase::ChangeReview => "accept or reject the changes",
            Phase::Understanding | Phase::Planning | Phase::Working | Phase::Verifying => "wait, or cancel",
        };
        let what = "the command cannot be followed".to_owned();
        self.tell(What::Error(Problem { what, why: why.to_owned(), next: next.to_owned() }), todo);
    }
}

/// What a screen can show of a call besides its text.
fn details(outcome: &Outcome) -> serde_json::Value {
    let Outcome { read, staged, changes, .. } = outcome;
    if read.is_empty() && staged.is_empty() {
        return serde_json::Value::Null;
    }
    let staged: Vec<&str> = staged.iter().map(|file| file.path.as_str()).collect();
    serde_json::json!({"read": read, "staged": staged, "changes": changes})
}

/// What is to be done, in order.
struct Todo(Vec<Effect>);

impl Todo {
    fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }
}
