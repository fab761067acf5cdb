//! One thread for each command: it owns the command and its output, and answers those who ask. It never waits for the
//! command: reading is one more thread's, writing another's.

use super::output::Output;
use crate::sandbox::{Confined, Exit};
use crate::tool::Cancel;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;
/// Pieces that may wait for the keeper.
const PIECES: usize = 4;
/// Texts that may wait for a command that does not read.
pub(super) const INPUTS: usize = 16;
/// How long output is waited for once a command has ended: something that it left behind may keep its output open.
const DRAIN: Duration = Duration::from_millis(100);
/// The longest time between two looks at a command.
const LONGEST: Duration = Duration::from_millis(200);
/// How long ports that were looked at are taken for those there are.
const PORTS: Duration = Duration::from_millis(50);
/// How long a command that was asked to end may take.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// What a keeper gets.
pub(super) enum Event {
    Output(Vec<u8>),
    Closed,
    Ask(Box<dyn FnOnce(&mut Keeper) + Send>),
}

/// Why a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Itself,
    Timeout,
    /// It wrote more than is kept.
    Flood,
    Stopped,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub exit: Exit,
    pub cause: Cause,
    pub took: Duration,
}

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    End,
    /// Output that nobody was told, or the end.
    News,
    /// A port on which it takes connections, or the end.
    Port(u16),
}

/// Somebody who waits.
pub(super) struct Waiting {
    pub(super) moment: Moment,
    pub(super) until: Option<Instant>,
    pub(super) reply: mpsc::Sender<()>,
}

/// A command, and all that is known of it.
pub(super) struct Keeper {
    /// Until what it left behind was taken over.
    pub(super) confined: Option<Confined>,
    pub(super) output: Output,
    begun: Instant,
    deadline: Option<Instant>,
    /// Since when nothing more will be read.
    closed: Option<Instant>,
    exit: Option<(Exit, Instant)>,
    cause: Cause,
    kill_at: Option<Instant>,
    end: Option<End>,
    input: Option<SyncSender<String>>,
    waiting: Vec<Waiting>,
    /// When the ports were looked at, and what they were.
    ports: Option<(Instant, Vec<u16>)>,
    flags: Flags,
}

/// What a command and its keeper tell each other without asking.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags {
    /// Nobody wants the command any more.
    pub(super) unwanted: Cancel,
    /// It has ended.
    pub(super) over: Cancel,
}

/// Starts the threads of a command that was started. They end once it is unwanted, and end it then.
pub(super) fn keep(
    mut confined: Confined,
    output: Output,
    limit: Option<Duration>,
    flags: Flags,
) -> SyncSender<Event> {
    let (inbox, events) = mpsc::sync_channel(PIECES);
    if let Some(pipe) = confined.output.take() {
        let (inbox, unwanted) = (inbox.clone(), flags.unwanted.clone());
        spawn("output", move || read(pipe, &inbox, &unwanted));
    }
    let input = confined.input.take().map(|pipe| {
        let (input, texts) = mpsc::sync_channel(INPUTS);
        spawn("input", move || write(pipe, &texts));
        input
    });
    spawn("command", move || {
        let begun = Instant::now();
        let mut keeper = Keeper {
            confined: Some(confined),
            output,
            begun,
            deadline: limit.map(|limit| begun + limit),
            closed: None,
            exit: None,
            cause: Cause::Itself,
            kill_at: None,
            end: None,
            input,
            waiting: Vec::new(),
            ports: None,
            flags,
        };
        keeper.run(&events);
    });
    inbox
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.to_owned()).spawn(work).expect("a thread can be started");
}

fn read(mut pipe: PipeReader, inbox: &SyncSender<Event>, unwanted: &Cancel) {
    let mut piece = vec![0; PIECE];
    while !unwanted.is_set() {
        match pipe.read(&mut piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(length) => {
                if inbox.send(Event::Output(piece[..length].to_vec())).is_err() {
                    return;
                }
            }
        }
    }
    // Nobody may be left to be told.
    let _ = inbox.send(Event::Closed);
}

fn write(mut pipe: PipeWriter, texts: &Receiver<String>) {
    // A command that reads no more is no error: it may have all it needs.
    while let Ok(text) = texts.recv() {
        if pipe.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

impl Keeper {
    fn run(&mut self, events: &Receiver<Event>) {
        while !self.flags.unwanted.is_set() {
            match events.recv_timeout(self.pause()) {
                Ok(Event::Output(bytes)) if self.end.is_none() => self.output.push(&bytes),
                Ok(Event::Output(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Closed) => self.closed = Some(Instant::now()),
                Ok(Event::Ask(ask)) => ask(self),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.step(Instant::now());
            self.tell();
        }
    }

    /// How long nothing needs to be looked at. The end of a command mostly shows as the end of its output, so looking
    /// for it can be rare otherwise, and the rarer the longer it takes.
    fn pause(&self) -> Duration {
        let Some(awake) = self.end.is_none().then(|| self.closed.unwrap_or(self.begun)) else {
            return Duration::from_secs(1);
        };
        let now = Instant::now();
        let next = [self.deadline, self.kill_at].into_iter().flatten().filter(|at| *at > now).min();
        let until = next.map_or(LONGEST, |at| at - now);
        ((now - awake) / 20).min(until).clamp(Duration::from_millis(1), LONGEST)
    }

    fn step(&mut self, now: Instant) {
        let Some(confined) = self.confined.as_mut().filter(|_| self.end.is_none()) else { return };
        if self.exit.is_none() {
            self.exit = confined.try_wait().map(|exit| (exit, now));
        }
        match self.exit {
            Some((exit, at)) if self.closed.is_some() || now >= at + DRAIN => {
                // What it left running would write into what is taken over next.
                confined.stop(Duration::ZERO);
                self.output.end();
                self.input = None;
                self.end = Some(End { exit, cause: self.cause, took: at - self.begun });
                self.flags.over.set();
            }
            Some(_) => {}
            None if self.kill_at.is_some_and(|at| at <= now) => {
                self.exit = Some((confined.stop(Duration::ZERO), now));
            }
            None if self.cause != Cause::Itself => {}
            None if self.output.is_flood() => self.stop(Cause::Flood),
            None if self.deadline.is_some_and(|deadline| deadline <= now) => self.stop(Cause::Timeout),
            None => {}
        }
    }

    /// Asks the command to end, and kills it if it does not in time.
    pub(super) fn stop(&mut self, cause: Cause) {
        if let (Some(confined), None, None) = (&mut self.confined, self.exit, self.kill_at) {
            confined.terminate();
            self.cause = cause;
            self.kill_at = Some(Instant::now() + GRACE);
        }
    }

    /// Tells those whose moment has come; the others go on waiting.
    fn tell(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let now = Instant::now();
        waiting.retain(|waiting| {
            let is_met = self.is_met(waiting.moment);
            if is_met {
                // Whoever waited may have stopped waiting.
                let _ = waiting.reply.send(());
            }
            !is_met && waiting.until.is_none_or(|until| now < until)
        });
        self.waiting = waiting;
    }

    fn is_met(&mut self, moment: Moment) -> bool {
        self.end.is_some()
            || match moment {
                Moment::End => false,
                Moment::News => self.output.has_news(),
                Moment::Port(port) => self.ports().contains(&port),
            }
    }

    /// Ports on which it takes connections.
    pub(super) fn ports(&mut self) -> &[u16] {
        if self.ports.as_ref().is_none_or(|(at, _)| at.elapsed() >= PORTS) {
            let ports = self.confined.as_ref().filter(|_| self.end.is_none()).map(Confined::ports);
            self.ports = Some((Instant::now(), ports.unwrap_or_default()));
        }
        self.ports.as_ref().map_or(&[], |(_, ports)| ports)
    }

    pub(super) fn wait(&mut self, waiting: Waiting) {
        self.waiting.push(waiting);
    }

    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Gives it a text to read. Says whether there was room for it.
    pub(super) fn write(&self, text: String) -> bool {
        self.input.as_ref().is_some_and(|input| input.try_send(text).is_ok())
    }
}
