//! What a run does next: from what a session tells and what was approved beforehand, which commands are sent, what a person
//! is asked, and when and how it ends. It reads and writes nothing, so that every run can be a test.

use clap::ValueEnum;
use devtoolkit_agent::plan::Plan;
use devtoolkit_agent::protocol::{Command, Event, Hunk, Mode, Permission, Phase, What, Which};
use std::collections::VecDeque;

mod settle;

/// Files of which a person is asked by name; more can be accepted or rejected together.
const MOST_FILES: usize = 4_096;
/// Questions of tools that may wait; more are denied.
const MOST_QUESTIONS: usize = 64;

/// What a person decided before anything was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// Nothing: the plan, each permission and each change is asked about
    Ask,
    /// The plan; permissions and changes are asked about
    Plan,
    /// The plan, each permission once, and all changes
    All,
    /// Nothing, and nothing is asked: the run ends with its plan
    None,
}

/// Something that a person has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Plan(Plan),
    Permission {
        request: String,
        tool: String,
        text: String,
    },
    Change {
        path: String,
        /// Nothing where a file has no lines that change: it is empty, or deleted.
        hunk: Option<Hunk>,
        /// Changes that wait, this one too.
        left: usize,
    },
}

/// What a person says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Send(Command),
    /// The changes stay for later.
    Leave,
    Cancel,
    /// There is nobody who answers, now and later.
    Nobody,
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Yes,
    No,
    /// A person, when asked.
    Asked,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Cancelled,
}

/// What is asked of a run.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) approve: Approve,
    pub(crate) mode: Option<Mode>,
    pub(crate) prompts: Vec<String>,
    /// The session is an older one: it tells first where it stands.
    pub(crate) continued: bool,
    /// Commands come from elsewhere too, so that the run goes on until they end.
    pub(crate) listens: bool,
}

/// A run.
#[derive(Debug)]
pub(crate) struct Decide {
    approve: Approve,
    wanted_mode: Option<Mode>,
    prompts: VecDeque<String>,
    listens: bool,
    /// Whether there is somebody to ask.
    answers: bool,
    /// Where the session stands has to be told first.
    unknown: bool,
    phase: Phase,
    mode: Mode,
    /// A request was sent, and nothing was heard of it.
    asked: bool,
    /// A decision was sent, and not all was heard that follows from it.
    waits: bool,
    /// A review asks something before it goes on.
    asks_back: bool,
    /// Files that are still to be told of after a review of some changes; and whether any was.
    left: Vec<String>,
    heard: bool,
    /// How the request ended, told before the phase that it left behind.
    told: Option<Outcome>,
    plan: Option<Plan>,
    questions: VecDeque<(String, String, String)>,
    staged: Vec<(String, Vec<Hunk>)>,
    /// Everything was accepted already; it is not tried twice.
    took_all: bool,
    /// Changes were accepted, and it was not heard that this failed.
    accepting: bool,
    cancelling: bool,
    /// A plan was given up for the sake of the next request.
    leaving: bool,
    changed: bool,
    last: Option<Outcome>,
    ended: Option<u8>,
}

impl Decide {
    pub(crate) fn new(wanted: Wanted) -> Self {
        let Wanted { approve, mode, prompts, continued, listens } = wanted;
        Self {
            approve,
            wanted_mode: mode,
            prompts: prompts.into(),
            listens,
            answers: true,
            unknown: continued,
            phase: Phase::Idle,
            mode: mode.unwrap_or_default(),
            asked: false,
            waits: false,
            asks_back: false,
            left: Vec::new(),
            heard: false,
            told: None,
            plan: None,
            questions: VecDeque::new(),
            staged: Vec::new(),
            took_all: false,
            accepting: false,
            cancelling: false,
            leaving: false,
            changed: false,
            last: None,
            ended: None,
        }
    }

    /// What is sent first.
    pub(crate) fn begin(&mut self) -> Vec<Command> {
        if self.unknown { Vec::new() } else { self.next() }
    }

    /// The exit code, once there is nothing left to do.
    pub(crate) fn ended(&self) -> Option<u8> {
        self.ended
    }

    /// Takes what the session tells, and says what is sent to it.
    pub(crate) fn event(&mut self, event: &Event) -> Vec<Command> {
        match &event.what {
            What::Status { phase, mode } => return self.status(*phase, *mode),
            What::Plan { plan } => {
                self.plan = Some(plan.clone());
                self.waits = false;
            }
            What::PermissionRequest { request, tool, text } => {
                if self.questions.len() >= MOST_QUESTIONS {
                    let (request, answer) = (request.clone(), Permission::Deny);
                    return vec![Command::AnswerPermission { request, answer }];
                }
                self.questions.push_back((request.clone(), tool.clone(), text.clone()));
                // A review that asks goes on when it is answered.
                self.asks_back |= std::mem::take(&mut self.waits);
            }
            What::ToolEnd { call, .. } => self.questions.retain(|(request, ..)| request != call),
            What::ChangeStaged { path, hunks, .. } => self.stage(path, hunks),
            What::Error(_) => return self.error(),
            What::Complete { .. } => self.tell(Outcome::Done),
            What::Cancelled => self.tell(Outcome::Cancelled),
            What::MessageDelta { .. }
            | What::ReasoningDelta { .. }
            | What::StepUpdate { .. }
            | What::ToolStart { .. }
            | What::ToolOutput { .. }
            | What::FileRead { .. }
            | What::CommandProposed { .. }
            | What::CommandOutput { .. }
            | What::ContextReduced { .. }
            | What::RateLimit { .. }
            | What::Usage(_)
            | What::Verification { .. } => return Vec::new(),
        }
        self.settle()
    }

    /// Notes a command that somebody else sends.
    pub(crate) fn sent(&mut self, command: &Command) {
        let resting = matches!(self.phase, Phase::Idle | Phase::ChangeReview);
        match command {
            Command::Prompt { .. } if resting => {
                (self.asked, self.told, self.plan, self.took_all) = (true, None, None, false);
                self.last = None;
            }
            Command::ApprovePlan | Command::RejectPlan { .. } | Command::EditPlan { .. } => {
                self.waits = self.phase == Phase::PlanReview;
            }
            Command::Accept { which } | Command::Reject { which, .. }
                if self.phase == Phase::ChangeReview =>
            {
                self.confirm();
                self.accepting = matches!(command, Command::Accept { .. });
                // What is left is told again, perhaps by other names.
                let staged = std::mem::take(&mut self.staged);
                let left = staged.into_iter().filter(|(path, hunks)| stays(which, path, hunks.len()));
                self.left = left.map(|(path, _)| path).collect();
                (self.waits, self.heard) = (true, false);
            }
            Command::AnswerPermission { request, .. } => {
                self.waits |= std::mem::take(&mut self.asks_back);
                self.questions.retain(|(other, ..)| other != request);
            }
            Command::Prompt { .. }
            | Command::Accept { .. }
            | Command::Reject { .. }
            | Command::Cancel
            | Command::Queue { .. }
            | Command::Undo
            | Command::SetMode { .. }
            | Command::SetModel { .. } => {}
        }
    }

    /// What a person is to be asked now.
    pub(crate) fn question(&self) -> Option<Question> {
        if self.is_busy() {
            return None;
        }
        if let Some((request, tool, text)) = self.questions.front() {
            let (request, tool, text) = (request.clone(), tool.clone(), text.clone());
            let asked = self.permits(&tool) == Says::Asked;
            return asked.then_some(Question::Permission { request, tool, text });
        }
        match self.phase {
            Phase::PlanReview if self.plans() == Says::Asked => self.plan.clone().map(Question::Plan),
            Phase::ChangeReview if self.changes() == Says::Asked => {
                let (path, hunks) = self.staged.first()?;
                let left = self.staged.iter().map(|(_, hunks)| hunks.len().max(1)).sum();
                Some(Question::Change { path: path.clone(), hunk: hunks.first().cloned(), left })
            }
            Phase::Idle
            | Phase::Understanding
            | Phase::Planning
            | Phase::PlanReview
            | Phase::Working
            | Phase::Verifying
            | Phase::ChangeReview => None,
        }
    }

    /// Takes the answer to the question that stands.
    pub(crate) fn answer(&mut self, answer: Answer) -> Vec<Command> {
        match answer {
            Answer::Send(command) => self.send(command),
            Answer::Leave => self.end_request(Outcome::Done),
            Answer::Cancel => self.interrupt(),
            Answer::Nobody => self.nobody(),
        }
    }

    /// Nothing was told for a while: what was told of a review is all that is left.
    pub(crate) fn quiet(&mut self) -> Vec<Command> {
        if !std::mem::take(&mut self.heard) || !self.waits {
            return Vec::new();
        }
        self.waits = false;
        self.settle()
    }

    /// A person wants it to end; when that was wanted before, it is not waited for.
    pub(crate) fn interrupt(&mut self) -> Vec<Command> {
        let resting = matches!(self.phase, Phase::Idle | Phase::ChangeReview) && !self.asked;
        if resting || self.unknown || self.cancelling {
            self.ended = Some(130);
            return Vec::new();
        }
        self.cancelling = true;
        vec![Command::Cancel]
    }

    /// Nobody answers any more, and no command comes from elsewhere. What was approved beforehand holds.
    pub(crate) fn nobody(&mut self) -> Vec<Command> {
        (self.answers, self.listens) = (false, false);
        let todo = self.settle();
        let rests = match self.phase {
            Phase::Idle | Phase::PlanReview | Phase::ChangeReview => !self.is_busy(),
            Phase::Understanding | Phase::Planning | Phase::Working | Phase::Verifying => false,
        };
        if rests && todo.is_empty() {
            return self.next();
        }
        todo
    }

    /// Whether it is not yet, or no more, known what is to be decided.
    fn is_busy(&self) -> bool {
        let gives_up = self.cancelling || self.leaving;
        self.asked || self.waits || self.unknown || gives_up || self.ended.is_some()
    }

    fn says(&self, beforehand: bool) -> Says {
        match self.approve {
            Approve::None => Says::No,
            Approve::Ask | Approve::Plan | Approve::All if beforehand => Says::Yes,
            Approve::Ask | Approve::Plan | Approve::All if self.answers => Says::Asked,
            Approve::Ask | Approve::Plan | Approve::All => Says::No,
        }
    }

    fn plans(&self) -> Says {
        self.says(matches!(self.approve, Approve::Plan | Approve::All))
    }

    /// Writing what can run code is asked about each time, whatever was approved beforehand.
    fn permits(&self, tool: &str) -> Says {
        self.says(self.approve == Approve::All && tool != "accept_changes")
    }

    fn changes(&self) -> Says {
        self.says(self.approve == Approve::All)
    }

    fn status(&mut self, phase: Phase, mode: Mode) -> Vec<Command> {
        if self.asked && phase == Phase::Idle && self.told.is_none() {
            // Where it stood before it heard of the request.
            return Vec::new();
        }
        let first = std::mem::take(&mut self.unknown);
        (self.phase, self.mode, self.asked, self.waits) = (phase, mode, false, false);
        match phase {
            // Everything that is staged is told when the check has run.
            Phase::Verifying => self.staged.clear(),
            Phase::Idle => {
                self.confirm();
                if first && !self.listens {
                    return self.next();
                }
            }
            Phase::Understanding
            | Phase::Planning
            | Phase::PlanReview
            | Phase::Working
            | Phase::ChangeReview => {}
        }
        self.settle()
    }

    fn stage(&mut self, path: &str, hunks: &[Hunk]) {
        if self.phase == Phase::ChangeReview {
            self.heard = true;
            let place = self.left.iter().position(|other| other == path);
            if let Some(place) = place {
                self.left.swap_remove(place);
                self.waits &= !self.left.is_empty();
            }
        }
        if let Some((_, old)) = self.staged.iter_mut().find(|(other, _)| other == path) {
            *old = hunks.to_vec();
        } else if self.staged.len() < MOST_FILES {
            self.staged.push((path.to_owned(), hunks.to_vec()));
        }
    }

    fn tell(&mut self, outcome: Outcome) {
        self.told = Some(outcome);
        self.questions.clear();
    }

    fn error(&mut self) -> Vec<Command> {
        (self.waits, self.accepting) = (false, false);
        if self.asked {
            self.asked = false;
            return self.end_request(Outcome::Failed);
        }
        let decided = match self.phase {
            Phase::Understanding | Phase::Planning | Phase::Working | Phase::Verifying => {
                // Either its end, and its phase comes next; or a command that did not fit, and it goes on.
                self.told = Some(Outcome::Failed);
                return Vec::new();
            }
            Phase::Idle => {
                self.ended = self.ended.or(self.cancelling.then_some(130));
                return Vec::new();
            }
            Phase::PlanReview => self.plans(),
            Phase::ChangeReview => self.changes(),
        };
        match decided {
            Says::Yes | Says::No => self.end_request(Outcome::Failed),
            // The question stands again.
            Says::Asked => Vec::new(),
        }
    }

    /// What was accepted is applied, as nothing else was heard.
    fn confirm(&mut self) {
        self.changed |= std::mem::take(&mut self.accepting);
    }
}

/// Whether something of a file waits after a review, as far as that can be foreseen.
fn stays(which: &Which, path: &str, hunks: usize) -> bool {
    match which {
        Which::All => false,
        Which::File { path: reviewed } => reviewed != path,
        Which::Hunk { path: reviewed, .. } => reviewed != path || hunks > 1,
    }
}

#[cfg(test)]
mod tests;
