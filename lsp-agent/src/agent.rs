//! The agent: a session, and what does the things that the session wants done.
//!
//! One thread owns the session. What happens comes to it through one inbox, is recorded, and handled; what is to be done then
//! is done on threads of their own, which put what came of it into the inbox.

mod always;
mod asking;
mod check;
mod effects;
mod find;
mod gather;
mod permits;
mod project;
mod root;

#[cfg(test)]
mod tests;

use crate::journal::{Began, Entry, Held, Journal, JournalError, replayed};
use crate::memory::Memory;
use crate::protocol::{self, Command, Mode, Phase, Problem};
use crate::session::{Effect, Event, Limits, Session};
use effects::{Shared, Tell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use thiserror::Error;

pub use asking::{FindModel, Models};
pub use project::{OpenError, Opening, Project};
pub use root::project_root;

/// What may wait in the inbox; whoever puts more there waits.
const INBOX: usize = 256;
/// Events that may wait to be read.
const OUTBOX: usize = 4_096;

/// What an agent works with.
pub struct Setup {
    pub project: Project,
    pub models: Models,
    /// Where sessions are kept; without one, this is forgotten with the process.
    pub journal: Option<Journal>,
    /// What persons want remembered.
    pub memory: Option<Memory>,
    pub begin: Begin,
    pub limits: Limits,
    /// The command that checks the project, in the place of the one that is found.
    pub check: Option<String>,
    /// Within which the first token of an answer should come; 20 seconds where nothing is said.
    pub first_token: Option<Duration>,
    /// The person's configuration, for what they permit for always.
    pub config: Option<PathBuf>,
}

/// Which session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    New(Mode),
    /// One that is kept, by the beginning of its id. It goes on where it was.
    Resume(String),
}

/// Why an agent cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("session `{id}` is of `{}`, not of `{}`; start it there", .root.display(), .here.display())]
    Elsewhere { id: String, root: PathBuf, here: PathBuf },
    #[error("sessions are not kept, so `{0}` cannot go on; pass a folder for state")]
    NotKept(String),
}

/// What comes to the thread that owns the session.
enum Input {
    Command(Command),
    Event(Event),
    Stop,
}

/// A running agent. When it is dropped, what runs ends; a session that is kept can go on later.
pub struct Agent {
    id: String,
    inbox: SyncSender<Input>,
    thread: Option<JoinHandle<()>>,
}

impl Agent {
    /// Starts an agent; gives it and what its session tells.
    ///
    /// # Errors
    /// When the session cannot be kept, not be found again, or is open in another process.
    pub fn start(setup: Setup) -> Result<(Self, Receiver<protocol::Event>), StartError> {
        let (inbox, inputs) = mpsc::sync_channel(INBOX);
        let (outbox, told) = mpsc::sync_channel(OUTBOX);
        let (mut driver, again) = Driver::new(setup, inbox.clone(), outbox)?;
        let id = driver.session.id().to_owned();
        let thread = thread::Builder::new()
            .name("session".to_owned())
            .spawn(move || {
                driver.go_on(again);
                while let Ok(input) = inputs.recv() {
                    match input {
                        Input::Command(command) => driver.happened(Event::Command(command)),
                        Input::Event(event @ Event::Reviewed { .. }) => {
                            driver.happened(event);
                            driver.next_review();
                        }
                        Input::Event(event) => driver.happened(event),
                        Input::Stop => break,
                    }
                }
                driver.cancel.store(true, Ordering::Relaxed);
                // Nobody hears any more what comes of what still runs; that ends at once.
                drop(inputs);
                driver.threads.into_iter().for_each(|thread| drop(thread.join()));
            })
            .expect("a thread can be started");
        Ok((Self { id, inbox, thread: Some(thread) }, told))
    }

    /// The session's name.
    #[must_use]
    pub fn session(&self) -> &str {
        &self.id
    }

    /// Tells it something. Waits while it has much to do.
    pub fn send(&self, command: Command) {
        // Its thread lives as long as it.
        let _ = self.inbox.send(Input::Command(command));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.inbox.send(Input::Stop);
        if let Some(thread) = self.thread.take() {
            // A panic in it was printed.
            let _ = thread.join();
        }
    }
}

/// What owns the session.
struct Driver {
    session: Session,
    shared: Arc<Shared>,
    journal: Option<Journal>,
    inbox: SyncSender<Input>,
    outbox: SyncSender<protocol::Event>,
    /// Ends what runs for the turn.
    cancel: Arc<AtomicBool>,
    /// Reviews and undoing, one after the other: the first is being done, if any is.
    reviews: VecDeque<Effect>,
    /// What is being done.
    threads: Vec<JoinHandle<()>>,
    /// Of a session that is kept: no other process works on it.
    _held: Option<Held>,
}

/// What is to be done when a session goes on.
#[derive(Default)]
struct Again {
    open: Vec<Effect>,
    began: Option<Began>,
    discarded: Vec<u32>,
    /// What it told last.
    told: Vec<protocol::Event>,
}

impl Driver {
    fn new(
        setup: Setup,
        inbox: SyncSender<Input>,
        outbox: SyncSender<protocol::Event>,
    ) -> Result<(Self, Again), StartError> {
        let Setup { project, models, journal, memory, begin, limits, check, first_token, config } = setup;
        let (session, held, again) = match (begin, &journal) {
            (Begin::New(mode), None) => {
                (Session::new("unkept".to_owned(), mode, limits), None, Again::default())
            }
            (Begin::New(mode), Some(journal)) => {
                let id = journal.create(project.root(), mode, limits)?;
                let held = journal.hold(&id)?;
                (Session::new(id, mode, limits), Some(held), Again::default())
            }
            (Begin::Resume(id), None) => return Err(StartError::NotKept(id)),
            (Begin::Resume(id), Some(journal)) => {
                let kept = journal.find(&id)?;
                if kept.root != project.root() {
                    let here = project.root().to_owned();
                    return Err(StartError::Elsewhere { id: kept.id, root: kept.root, here });
                }
                // Before it is read: nobody else adds to it from here on.
                let held = journal.hold(&kept.id)?;
                let entries = journal.entries(&kept.id)?.into_iter().map(|(_, entry)| entry);
                let was = replayed(kept.id, kept.mode, kept.limits, entries);
                let told = waiting(&was.session, was.told);
                let again = Again { open: was.open, began: was.began, discarded: was.discarded, told };
                (was.session, Some(held), again)
            }
        };
        let shared = Arc::new(Shared::new(project, models, memory, (check, first_token), config));
        let cancel = Arc::new(AtomicBool::new(false));
        let reviews = VecDeque::new();
        Ok((
            Self {
                session,
                shared,
                journal,
                inbox,
                outbox,
                cancel,
                reviews,
                threads: Vec::new(),
                _held: held,
            },
            again,
        ))
    }

    /// Goes on where a session was: what was half done is taken back and done again.
    fn go_on(&mut self, again: Again) {
        let Again { open, began, discarded, told } = again;
        told.into_iter().for_each(|event| self.tell(event));
        self.shared.discard(&discarded);
        if let Some(began) = &began {
            self.shared.discard_after(began.staged);
        }
        let (reviews, open): (Vec<_>, Vec<_>) = open.into_iter().partition(is_review);
        // Done before anything is told of what waits, so that nobody is asked about what was decided.
        let mut is_told = false;
        for (place, effect) in reviews.into_iter().enumerate() {
            is_told = self.review_again(&effect, began.as_ref().filter(|_| place == 0));
        }
        if !is_told {
            self.tell_waiting();
        }
        open.into_iter().for_each(|effect| self.perform(effect));
    }

    /// Tells what waits for a person, and where the session stands.
    fn tell_waiting(&mut self) {
        let staged = self.shared.project.staged();
        if self.session.phase() == Phase::ChangeReview {
            for file in &staged {
                let (path, hunks, conflict) = (file.path.clone(), file.hunks.clone(), file.conflict);
                let what = protocol::What::ChangeStaged { path, hunks, conflict };
                self.tell(self.session.aside(what));
            }
            if staged.is_empty() {
                let said = Ok("no changes wait any more".to_owned());
                return self.happened(Event::Reviewed { turn: self.session.turn(), staged, said });
            }
        }
        let (phase, mode) = (self.session.phase(), self.session.mode());
        self.tell(self.session.aside(protocol::What::Status { phase, mode }));
    }

    /// Does a review that was asked for before the process ended, unless it had been done by then and only the news was lost.
    /// Says whether it went well; then what waits now was told.
    fn review_again(&mut self, effect: &Effect, began: Option<&Began>) -> bool {
        if self.shared.asks(effect) {
            // The answer comes to this thread.
            self.perform(effect.clone());
            return false;
        }
        let began = began.filter(|began| began.is_before(effect));
        let event = match began {
            Some(began) if self.shared.is_done(effect, began.applied) => Some(Event::Reviewed {
                turn: self.session.turn(),
                staged: self.shared.project.staged(),
                said: Ok("this was done before the restart".to_owned()),
            }),
            _ if self.begins(effect) => self.shared.reviewed(effect, &self.cancel, &Tell(self.inbox.clone())),
            _ => None,
        };
        let is_told = matches!(event, Some(Event::Reviewed { said: Ok(_), .. }));
        event.into_iter().for_each(|event| self.happened(event));
        is_told
    }

    fn happened(&mut self, event: Event) {
        if event.turn().is_some_and(|turn| turn != self.session.turn()) {
            // Of a turn that has ended: it changes nothing.
            return;
        }
        if !self.record(&Entry::Event(event.clone())) {
            return;
        }
        for effect in self.session.handle(event) {
            self.perform(effect);
        }
    }

    /// Keeps an entry. What cannot be kept does not happen: otherwise a restart would not know of it.
    fn record(&self, entry: &Entry) -> bool {
        let Some(journal) = &self.journal else { return true };
        match journal.record(self.session.id(), entry) {
            Ok(_) => true,
            Err(error) => {
                let problem = Problem {
                    what: "the session cannot be kept".to_owned(),
                    why: error.to_string(),
                    next: "make room on the disk, or mend the folder for state; then say it again".to_owned(),
                };
                self.tell(self.session.aside(protocol::What::Error(problem)));
                false
            }
        }
    }

    fn tell(&self, event: protocol::Event) {
        // Whoever listened may have gone.
        let _ = self.outbox.send(event);
    }

    /// Records where the workspace stands before an effect that changes it; says whether that worked.
    fn begins(&self, effect: &Effect) -> bool {
        // Most effects change nothing: then nobody needs to know where it stands.
        if Began::before(effect, 0, 0).is_none() {
            return true;
        }
        let (staged, applied) = self.shared.project.marks();
        Began::before(effect, staged, applied).is_none_or(|began| self.record(&Entry::Began(began)))
    }

    fn perform(&mut self, effect: Effect) {
        if is_review(&effect) {
            self.reviews.push_back(effect);
            if self.reviews.len() == 1 {
                self.review();
            }
            return;
        }
        if !self.begins(&effect) {
            return;
        }
        match effect {
            Effect::Tell(event) => self.tell(event),
            Effect::Permit { call, answer } => self.shared.permits.answer(&call, answer),
            // At once, because what comes next works on what is left.
            Effect::Discard { changes, .. } => self.shared.discard(&changes),
            Effect::Stop { .. } => {
                self.cancel.store(true, Ordering::Relaxed);
                self.cancel = Arc::new(AtomicBool::new(false));
                // The one that is being done says when it has ended.
                self.reviews.truncate(1);
            }
            Effect::UseModel { role, model } => {
                if let Err(problem) = self.shared.models.set(role.as_deref(), &model) {
                    self.tell(self.session.aside(protocol::What::Error(problem)));
                }
            }
            effect => self.start(effect),
        }
    }

    /// Does what takes its time, on a thread of its own.
    fn start(&mut self, effect: Effect) {
        let (shared, cancel, tell) = (self.shared.clone(), self.cancel.clone(), Tell(self.inbox.clone()));
        self.threads.retain(|thread| !thread.is_finished());
        let (turn, is_review) = (self.session.turn(), is_review(&effect));
        self.threads.push(thread::spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| shared.perform(effect, &cancel, &tell)));
            if done.is_err() {
                // Otherwise the session would wait for ever.
                tell.event(broken(turn, is_review, &shared));
            }
        }));
    }

    /// Begins the first of the reviews that wait.
    fn review(&mut self) {
        while let Some(effect) = self.reviews.front() {
            if self.begins(effect) {
                return self.start(effect.clone());
            }
            // That it cannot be kept was told.
            self.reviews.pop_front();
        }
    }

    fn next_review(&mut self) {
        self.reviews.pop_front();
        self.review();
    }
}

/// What a session hears of something that ended by a defect of ours, which was printed.
fn broken(turn: u64, is_review: bool, shared: &Shared) -> Event {
    let problem = Problem {
        what: "this failed by a defect of the agent's own".to_owned(),
        why: "it panicked; what is staged stays staged".to_owned(),
        next: "try again, and report it with what stands on stderr".to_owned(),
    };
    match is_review {
        true => Event::Reviewed { turn, staged: shared.project.staged(), said: Err(problem) },
        false => Event::Failed { turn, problem },
    }
}

/// Whether an effect is a decision on what is staged or was applied. These are done one by one: what comes of them has no
/// name, and one that was half done has to be found again after a restart.
fn is_review(effect: &Effect) -> bool {
    matches!(effect, Effect::Review { .. } | Effect::Undo { .. })
}

/// Of what a session told, what a person has to see again: the plan or the changes that wait.
fn waiting(session: &Session, told: Vec<protocol::Event>) -> Vec<protocol::Event> {
    let turn = session.turn();
    let is_plan = |event: &protocol::Event| matches!(event.what, protocol::What::Plan { .. });
    let newest = told.iter().rposition(is_plan);
    let shows = |place: usize, event: &protocol::Event| match (session.phase(), &event.what) {
        (Phase::PlanReview, protocol::What::Plan { .. }) => Some(place) == newest,
        (Phase::ChangeReview, protocol::What::Verification { .. }) => event.turn == turn,
        _ => false,
    };
    told.into_iter()
        .enumerate()
        .filter(|(place, event)| shows(*place, event))
        .map(|(_, event)| event)
        .collect()
}
