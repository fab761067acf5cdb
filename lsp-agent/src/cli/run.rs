//! `devtoolkit-agent run`: requests from a command line, with their plans, questions and changes in the terminal or as JSON.

use super::opening::{OpeningArguments, Which};
use super::say;
use anyhow::{Result, bail};
use clap::Args;
use devtoolkit_agent::protocol::{Command, Event, Mode};
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

mod decide;
mod diff;
mod json;
mod keys;
mod paint;
mod plain;
mod show;
#[cfg(test)]
mod stand_in;
mod terminal;

use decide::{Approve, Decide, Wanted};

/// What waits to be looked at: then whoever sends waits too.
const MOST_WAITING: usize = 1_024;
/// So long nothing is told when a question is put, because what it is about is told in several events.
const SETTLED: Duration = Duration::from_millis(40);
/// So long nothing is told before that means something: that time passes, or that a review was told of.
const TICK: Duration = Duration::from_secs(1);
/// How long a session may take to end once nothing is asked of it.
const ENDING: Duration = Duration::from_secs(10);
/// Twice Ctrl-C within this time ends everything.
const TWICE: Duration = Duration::from_secs(2);

/// Ask the agent for something, in this terminal
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing was changed though changes were asked for, 130 cancelled.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    opening: OpeningArguments,
    /// How far to go: an answer, a plan, or changes [default: agent]
    #[arg(long, value_name = "ask|plan|agent", value_parser = mode)]
    mode: Option<Mode>,
    /// What is approved without a question [default: ask; none where nobody can be asked]
    #[arg(long, value_enum)]
    approve: Option<Approve>,
    /// Write events and read commands, as JSON Lines
    #[arg(long)]
    json: bool,
    /// Go on with the last session of the project
    #[arg(long = "continue", conflicts_with = "session")]
    go_on: bool,
    /// Go on with this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// What is wanted; several are done one after the other
    #[arg(value_name = "PROMPT", required_unless_present_any = ["json", "go_on", "session"])]
    prompts: Vec<String>,
}

impl RunArguments {
    /// For going on with a session.
    pub(crate) fn resuming(id: String, root: PathBuf, json: bool) -> Self {
        let opening = OpeningArguments { workspace: Some(root), ..OpeningArguments::default() };
        Self {
            opening,
            mode: None,
            approve: None,
            json,
            go_on: false,
            session: Some(id),
            prompts: Vec::new(),
        }
    }
}

/// Starts the session and whatever it needs.
///
/// Once the sender is dropped, it does what was sent, ends, and closes the receiver. An older session first tells what
/// waits in it (its plan, its staged changes), then its status.
///
/// # Errors
/// When something that it needs is not there.
fn start(arguments: &RunArguments) -> Result<(Sender<Command>, Receiver<Event>)> {
    let which = match (&arguments.session, arguments.go_on) {
        (Some(id), _) => Which::Named(id.clone()),
        (None, true) => Which::Newest,
        (None, false) => Which::New,
    };
    let (agent, told) = arguments.opening.start(which, arguments.mode)?;
    let (to, commands) = std::sync::mpsc::channel();
    // It owns the agent, and ends it when nobody can say anything any more.
    thread::spawn(move || commands.into_iter().for_each(|command| agent.send(command)));
    Ok((to, told))
}

/// Does what the command line says.
///
/// # Errors
/// When it is called in a wrong way, or nothing can be printed.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode> {
    if arguments.prompts.iter().any(|prompt| prompt.trim().is_empty()) {
        bail!("a prompt is empty; say what is wanted");
    }
    let approve = arguments.approve.unwrap_or(match arguments.json || io::stdin().is_terminal() {
        true => Approve::Ask,
        false => Approve::None,
    });
    let decide = Decide::new(Wanted {
        approve,
        mode: arguments.mode,
        prompts: arguments.prompts.clone(),
        continued: arguments.go_on || arguments.session.is_some(),
        listens: arguments.json && arguments.prompts.is_empty(),
    });
    terminal::restore_on_panic();
    let (to, from) = match start(arguments) {
        Ok(started) => started,
        Err(error) => {
            say(&format!("error: {error:#}"));
            return Ok(ExitCode::FAILURE);
        }
    };
    let (inbox, more) = Inbox::of(to, from);
    listen_for_interrupts(more.clone())?;
    let code = match arguments.json {
        true => {
            thread::spawn(move || {
                json::read(&mut BufReader::new(io::stdin()), &mut |input| Reads::of(more.send(input)));
            });
            json::follow(decide, inbox, &mut io::stdout())
        }
        false => terminal::follow(decide, inbox),
    };
    match code {
        Ok(code) => Ok(ExitCode::from(code)),
        // A reader that has seen enough.
        Err(error) if is_closed(&error) => Ok(ExitCode::FAILURE),
        Err(error) => Err(error),
    }
}

fn is_closed(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

/// Everything that a run hears.
#[derive(Debug)]
enum Input {
    Event(Event),
    /// A line of standard input, counted from 1: a command, or what is wrong with it.
    Line {
        number: u64,
        read: Result<Command, String>,
    },
    NoMore,
    /// Ctrl-C.
    Interrupt,
    /// The session has ended.
    Closed,
}

/// Whether anybody still takes what is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    Yes,
    No,
}

impl Reads {
    fn of<E>(sent: Result<(), E>) -> Self {
        if sent.is_ok() { Self::Yes } else { Self::No }
    }
}

/// The way to a session and back.
struct Inbox {
    to: Sender<Command>,
    from: Receiver<Input>,
}

impl Inbox {
    /// Puts a session's events among all that a run hears; more of that can be sent by what comes with it.
    fn of(to: Sender<Command>, events: Receiver<Event>) -> (Self, SyncSender<Input>) {
        let (sender, from) = sync_channel(MOST_WAITING);
        let more = sender.clone();
        thread::spawn(move || {
            for event in events {
                if sender.send(Input::Event(event)).is_err() {
                    return;
                }
            }
            // Nobody hears it when the run has ended.
            let _ = sender.send(Input::Closed);
        });
        (Self { to, from }, more)
    }

    fn send(&self, commands: Vec<Command>) {
        for command in commands {
            // A session that is gone says so by closing its events.
            let _ = self.to.send(command);
        }
    }

    /// Asks nothing any more.
    fn close(self) -> Left {
        Left(self.from)
    }
}

/// What a session still tells while it ends.
struct Left(Receiver<Input>);

impl Left {
    /// The next event; nothing once it has ended, or takes too long for that.
    fn event(&self) -> Option<Event> {
        loop {
            match self.0.recv_timeout(ENDING).ok()? {
                Input::Event(event) => return Some(event),
                Input::Closed | Input::Interrupt => return None,
                Input::Line { .. } | Input::NoMore => {}
            }
        }
    }
}

/// Hands Ctrl-C over; the second in short order ends the program, whatever it does.
fn listen_for_interrupts(to: SyncSender<Input>) -> Result<()> {
    let mut last: Option<Instant> = None;
    ctrlc::set_handler(move || {
        let now = Instant::now();
        if last.replace(now).is_some_and(|last| now.duration_since(last) < TWICE) {
            terminal::restore();
            let _ = io::stderr().write_all(b"\n");
            std::process::exit(130);
        }
        // When it is too busy to hear it, the second ends it.
        let _ = to.try_send(Input::Interrupt);
    })?;
    Ok(())
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "ask" => Ok(Mode::Ask),
        "plan" => Ok(Mode::Plan),
        "agent" => Ok(Mode::Agent),
        _ => Err("it is one of ask, plan, agent".to_owned()),
    }
}

#[cfg(test)]
mod tests;
