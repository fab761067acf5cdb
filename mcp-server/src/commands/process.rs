//! A command that was started, for those who ask about it. Dropping the last of it ends the command.

use super::keeper::{Cause, End, Event, Flags, Keeper, Moment, Waiting, keep};
use super::output::{News, Output, Page, Whole};
use crate::sandbox::{Confined, Effects, SandboxError};
use crate::tool::Cancel;
use crate::workspace::{Snapshot, StagedFile};
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

/// How often whoever waits looks whether anybody waits for it.
const STEP: Duration = Duration::from_millis(20);

/// A started command.
pub struct Process {
    name: String,
    what: String,
    /// What it saw of the workspace when it was started.
    saw: Snapshot,
    inbox: SyncSender<Event>,
    flags: Flags,
}

/// A command at one moment.
#[derive(Clone, Debug)]
pub struct Look {
    /// How it ended, if it did.
    pub end: Option<End>,
    pub age: Duration,
    /// Bytes that it wrote.
    pub written: u64,
    pub last_line: String,
    pub ports: Vec<u16>,
}

/// Why a command does not answer.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("cancelled")]
    Cancelled,
    #[error("the command was ended by a defect of the server's own; start it again")]
    Gone,
    #[error("what it wrote could not be kept on disk, so only the beginning and the end of it are known")]
    Log(#[source] io::Error),
    #[error("it does not read what it is sent, and {0} texts wait already; stop_process ends it")]
    Deaf(usize),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl Process {
    pub(super) fn new(
        (name, what): (String, String),
        (confined, saw): (Confined, Snapshot),
        output: Output,
        limit: Option<Duration>,
    ) -> Self {
        let flags = Flags::default();
        let inbox = keep(confined, output, limit, flags.clone());
        Self { name, what, saw, inbox, flags }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.flags.over.is_set()
    }

    /// Whether staged text is no longer as it was when the command was started.
    #[must_use]
    pub fn is_stale(&self, now: &Snapshot) -> bool {
        let (then, staged) = (self.saw.staging(), now.staging());
        let is_other =
            |(path, file): (&_, &StagedFile)| then.get(path).is_none_or(|old| !old.top.same(&file.top));
        // What was staged and is no more may have been accepted: the text is the same then.
        let is_gone = |(path, old): (&_, &StagedFile)| {
            staged.get(path).is_none() && !now.underneath(path).is_ok_and(|side| side.same(&old.top))
        };
        staged.files().any(is_other) || then.files().any(is_gone)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The command, as it was asked for.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Has its keeper answer.
    fn ask<T: Send + 'static>(
        &self,
        cancel: &Cancel,
        question: impl FnOnce(&mut Keeper) -> T + Send + 'static,
    ) -> Result<T, ProcessError> {
        let (reply, answer) = mpsc::channel();
        // Whoever asked may have stopped waiting.
        let ask = Box::new(move |keeper: &mut Keeper| drop(reply.send(question(keeper))));
        self.inbox.send(Event::Ask(ask)).map_err(|_| ProcessError::Gone)?;
        loop {
            match answer.recv_timeout(STEP) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Err(ProcessError::Gone),
                Err(RecvTimeoutError::Timeout) if cancel.is_set() => return Err(ProcessError::Cancelled),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Waits for something, at most until then; says whether it came. `tell` is called now and then.
    fn wait(
        &self,
        cancel: &Cancel,
        moment: Moment,
        until: Option<Instant>,
        tell: &mut dyn FnMut(),
    ) -> Result<bool, ProcessError> {
        let (reply, answer) = mpsc::channel();
        self.ask(cancel, move |keeper| keeper.wait(Waiting { moment, until, reply }))?;
        let is_late = || until.is_some_and(|until| until <= Instant::now());
        loop {
            let left = until.map_or(STEP, |until| until.saturating_duration_since(Instant::now()).min(STEP));
            match answer.recv_timeout(left) {
                Ok(()) => return Ok(true),
                // The keeper forgets who is late.
                Err(_) if is_late() => return Ok(false),
                Err(RecvTimeoutError::Disconnected) => return Err(ProcessError::Gone),
                Err(RecvTimeoutError::Timeout) if cancel.is_set() => return Err(ProcessError::Cancelled),
                Err(RecvTimeoutError::Timeout) => tell(),
            }
        }
    }

    /// Waits for its end. `tell` gets how it is, once a second.
    ///
    /// # Errors
    /// When nobody waits any more.
    pub fn ended(&self, cancel: &Cancel, mut tell: impl FnMut(&Look)) -> Result<End, ProcessError> {
        let mut told = Instant::now();
        self.wait(cancel, Moment::End, None, &mut || {
            if told.elapsed() >= Duration::from_secs(1)
                && let Ok(look) = self.look(cancel)
            {
                told = Instant::now();
                tell(&look);
            }
        })?;
        self.ask(cancel, |keeper| keeper.end())?.ok_or(ProcessError::Gone)
    }

    /// Waits for new output or its end, at most so long.
    ///
    /// # Errors
    /// When nobody waits any more.
    pub fn news_within(&self, cancel: &Cancel, most: Duration) -> Result<bool, ProcessError> {
        self.wait(cancel, Moment::News, Some(Instant::now() + most), &mut || ())
    }

    /// Waits until it takes connections on a port, or for its end, at most so long.
    ///
    /// # Errors
    /// When nobody waits any more.
    pub fn port_within(&self, cancel: &Cancel, port: u16, most: Duration) -> Result<bool, ProcessError> {
        self.wait(cancel, Moment::Port(port), Some(Instant::now() + most), &mut || ())
    }

    /// How it is.
    ///
    /// # Errors
    /// When nobody waits any more.
    pub fn look(&self, cancel: &Cancel) -> Result<Look, ProcessError> {
        self.ask(cancel, |keeper| Look {
            end: keeper.end(),
            age: keeper.age(),
            written: keeper.output.written(),
            last_line: keeper.output.last_line(),
            ports: keeper.ports().to_vec(),
        })
    }

    /// The beginning and the end of its output.
    ///
    /// # Errors
    /// When nobody waits any more.
    pub fn whole(&self, cancel: &Cancel) -> Result<Whole, ProcessError> {
        self.ask(cancel, |keeper| keeper.output.whole())
    }

    /// The end of its output, at most so many bytes.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn text(&self, cancel: &Cancel, most: usize) -> Result<String, ProcessError> {
        self.ask(cancel, move |keeper| keeper.output.end_of(most))?.map_err(ProcessError::Log)
    }

    /// Some rows of its output, the first counted from 1.
    ///
    /// # Errors
    /// When its log cannot be read, or nobody waits any more.
    pub fn page(&self, cancel: &Cancel, first: u64, rows: u64) -> Result<Page, ProcessError> {
        self.ask(cancel, move |keeper| keeper.output.page(first, rows))?.map_err(ProcessError::Log)
    }

    /// What it wrote since this was asked last.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn news(&self, cancel: &Cancel) -> Result<News, ProcessError> {
        self.ask(cancel, |keeper| keeper.output.news())?.map_err(ProcessError::Log)
    }

    /// Gives it a text to read.
    ///
    /// # Errors
    /// When it has not read what it was given before.
    pub fn write(&self, cancel: &Cancel, text: String) -> Result<(), ProcessError> {
        let is_taken = self.ask(cancel, move |keeper| keeper.write(text))?;
        if is_taken { Ok(()) } else { Err(ProcessError::Deaf(super::keeper::INPUTS)) }
    }

    /// Asks it to end, kills it after a while if it does not, and waits for its end.
    ///
    /// # Errors
    /// When nobody waits any more.
    pub fn stop(&self, cancel: &Cancel) -> Result<End, ProcessError> {
        self.ask(cancel, |keeper| keeper.stop(Cause::Stopped))?;
        self.ended(cancel, |_| ())
    }

    /// What it left behind, once it has ended; `None` before, and for all who ask again.
    ///
    /// # Errors
    /// When what it wrote cannot be read.
    pub fn effects(&self, cancel: &Cancel, snapshot: Snapshot) -> Result<Option<Effects>, ProcessError> {
        let effects = self.ask(cancel, move |keeper| {
            keeper.end()?;
            keeper.confined.take().map(|confined| confined.effects(&snapshot))
        })?;
        Ok(effects.transpose()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.flags.unwanted.set();
        // It may be asleep; if there is no room for this, it is not.
        let _ = self.inbox.try_send(Event::Ask(Box::new(|_| ())));
    }
}
