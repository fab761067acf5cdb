//! One conversation, as a state machine: what happened goes in, what is to be done comes out. It has no input or output, no
//! clock and no thread of its own, so that replaying what happened gives the same again.
//!
//! Only a person's command moves it past a review. Whatever belongs to a turn carries the turn's number, and what comes
//! late is not heard.

mod plan;
mod prompts;
mod review;
mod understand;
mod work;

#[cfg(test)]
mod tests;

use crate::edit::{Format, Target};
use crate::model::{CallId, Message, ToolCall};
use crate::plan::{Plan, Step, StepId};
use crate::protocol::{self, Command, Focus, Mode, Permission, Phase, Problem, Usage, Verdict, What, Which};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

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

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    Command(Command),
    /// What the request is about, found before any model is asked.
    Gathered {
        turn: u64,
        context: String,
        files: Vec<String>,
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
    Checked {
        turn: u64,
        verdict: Verdict,
    },
    /// Changes were accepted, rejected or taken back: how many are left.
    Reviewed {
        turn: u64,
        left: usize,
        said: Result<String, Problem>,
    },
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Reasoning(String),
}

/// A whole answer of a model.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub text: String,
    pub reasoning: String,
    pub calls: Vec<ToolCall>,
    /// Calls that could not be read, in words for the model.
    pub broken: Vec<String>,
    pub usage: Usage,
}

/// What a call came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub is_error: bool,
    /// For the model.
    pub text: String,
    pub staged: Vec<StagedFile>,
}

/// A file as a call changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    pub path: String,
    pub before: Option<String>,
    /// Nothing where it is deleted.
    pub after: Option<String>,
    pub hunks: Vec<protocol::Hunk>,
}

/// Something to do.
#[derive(Clone, Debug)]
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
    /// Take back what a call staged.
    Discard {
        turn: u64,
        call: CallId,
    },
    Check {
        turn: u64,
    },
    Review {
        turn: u64,
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
#[derive(Clone, Debug)]
pub struct Request {
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
#[derive(Clone, Debug)]
pub enum Wanted {
    Text,
    /// A plan, in JSON.
    Plan,
    Edit {
        target: Box<Target>,
        format: Format,
    },
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
    /// Files that exist, as they were when the request came.
    files: Vec<String>,
    queued: VecDeque<String>,
    calls: u64,
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
            files: Vec::new(),
            queued: VecDeque::new(),
            calls: 0,
            staged: 0,
        }
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
                self.tell(What::ToolOutput { call: call.0, text }, todo);
            }
            Event::Questioned { .. } | Event::Output { .. } | Event::Command(_) => {}
            Event::Gathered { context, files, .. } => self.gathered(&context, files, todo),
            Event::Answered { answer, .. } => {
                self.tell(What::Usage(answer.usage), todo);
                match self.state {
                    State::Understanding(_) => self.understood(answer, todo),
                    State::Planning { tries } => self.planned(&answer.text, tries, todo),
                    State::Working(_) => self.wrote(&answer, todo),
                    State::Idle | State::PlanReview { .. } | State::Verifying(_) | State::ChangeReview => {}
                }
            }
            Event::Failed { problem, .. } => self.fail(problem, todo),
            Event::Called { call, outcome, .. } => self.called(&call, outcome, todo),
            Event::Found { target, .. } => self.found(target, todo),
            Event::Checked { verdict, .. } => self.checked(verdict, todo),
            Event::Reviewed { left, said, .. } => self.reviewed(left, said, todo),
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
        self.rest();
    }

    fn fail(&mut self, problem: Problem, todo: &mut Todo) {
        todo.push(Effect::Stop { turn: self.turn });
        self.tell(What::Error(problem), todo);
        self.turn += 1;
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
            State::Working(working) => working.runs(call),
            State::Idle
            | State::Planning { .. }
            | State::PlanReview { .. }
            | State::Verifying(_)
            | State::ChangeReview => false,
        }
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
        let (text, details) = (outcome.text.clone(), serde_json::Value::Null);
        self.tell(What::ToolEnd { call: call.0.clone(), is_error: outcome.is_error, text, details }, todo);
        for file in &outcome.staged {
            self.tell(What::ChangeStaged { path: file.path.clone(), hunks: file.hunks.clone() }, todo);
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

impl Event {
    fn turn(&self) -> Option<u64> {
        match self {
            Self::Command(_) => None,
            Self::Gathered { turn, .. }
            | Self::Said { turn, .. }
            | Self::Answered { turn, .. }
            | Self::Failed { turn, .. }
            | Self::RateLimited { turn, .. }
            | Self::Questioned { turn, .. }
            | Self::Output { turn, .. }
            | Self::Called { turn, .. }
            | Self::Found { turn, .. }
            | Self::Checked { turn, .. }
            | Self::Reviewed { turn, .. } => Some(*turn),
        }
    }
}

/// What is to be done, in order.
struct Todo(Vec<Effect>);

impl Todo {
    fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }
}
