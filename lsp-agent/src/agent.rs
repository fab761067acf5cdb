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

use crate::journal::{Began, Changing, Entry, Journal, JournalError, replayed};
use crate::memory::Memory;
use crate::protocol::{self, Command, Mode, Phase, Problem};
use crate::session::{Effect, Event, Limits, Session};
use effects::{Shared, Tell};
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
    /// When the session cannot be kept, or not be found again.
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
                        Input::Event(event) => driver.happened(event),
                        Input::Stop => break,
                    }
                }
                driver.cancel.store(true, Ordering::Relaxed);
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
        let (session, again) = match (begin, &journal) {
            (Begin::New(mode), None) => (Session::new("unkept".to_owned(), mode, limits), Again::default()),
            (Begin::New(mode), Some(journal)) => {
                let id = journal.create(project.root(), mode, limits)?;
                (Session::new(id, mode, limits), Again::default())
            }
            (Begin::Resume(id), None) => return Err(StartError::NotKept(id)),
            (Begin::Resume(id), Some(journal)) => {
                let kept = journal.find(&id)?;
                if kept.root != project.root() {
                    let here = project.root().to_owned();
                    return Err(StartError::Elsewhere { id: kept.id, root: kept.root, here });
                }
                let entries = journal.entries(&kept.id)?.into_iter().map(|(_, entry)| entry);
                let was = replayed(kept.id, kept.mode, kept.limits, entries);
                let told = waiting(&was.session, was.told);
                let again = Again { open: was.open, began: was.began, discarded: was.discarded, told };
                (was.session, again)
            }
        };
        let shared = Arc::new(Shared::new(project, models, memory, (check, first_token), config));
        let cancel = Arc::new(AtomicBool::new(false));
        Ok((Self { session, shared, journal, inbox, outbox, cancel }, again))
    }

    /// Goes on where a session was: what was half done is taken back and done again.
    fn go_on(&mut self, again: Again) {
        let Again { open, began, discarded, told } = again;
        told.into_iter().for_each(|event| self.tell(event));
        if self.session.phase() == Phase::ChangeReview {
            for file in self.shared.project.staged() {
                let (path, hunks, conflict) = (file.path, file.hunks, file.conflict);
                let what = protocol::What::ChangeStaged { path, hunks, conflict };
                self.tell(self.session.aside(what));
            }
        }
        self.shared.discard(&discarded);
        let (_, applied) = self.shared.project.marks();
        if let Some(began) = &began {
            self.shared.discard_after(began.staged);
        }
        let (phase, mode) = (self.session.phase(), self.session.mode());
        self.tell(self.session.aside(protocol::What::Status { phase, mode }));
        for effect in open {
            let is_done = began.as_ref().is_some_and(|began| {
                matches!(began.changing, Changing::Review | Changing::Undo)
                    && began.is_before(&effect)
                    && applied != began.applied
            });
            match is_done {
                // It was written before the process ended, and only the news was lost.
                true => {
                    let staged = self.shared.project.staged();
                    let said = Ok("this was done before the restart".to_owned());
                    self.happened(Event::Reviewed { turn: self.session.turn(), staged, said });
                }
                false => self.perform(effect),
            }
        }
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

    fn perform(&mut self, effect: Effect) {
        let (staged, applied) = self.shared.project.marks();
        if let Some(began) = Began::before(&effect, staged, applied)
            && !self.record(&Entry::Began(began))
        {
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
            }
            Effect::UseModel { role, model } => {
                if let Err(problem) = self.shared.models.set(role.as_deref(), &model) {
                    self.tell(self.session.aside(protocol::What::Error(problem)));
                }
            }
            effect => {
                let (shared, cancel) = (self.shared.clone(), self.cancel.clone());
                let tell = Tell(self.inbox.clone());
                thread::spawn(move || shared.perform(effect, &cancel, &tell));
            }
        }
    }
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
