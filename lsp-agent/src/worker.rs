//! The process in which llama.cpp lives: the agent's own program, started again as `infer-worker`.
//!
//! It reads questions from its standard input and answers on its standard output (`provider/wire.rs`). One thread owns the
//! model; another reads, so that a request can be cancelled while a batch is evaluated. This room alone names
//! `llama_cpp_2`.

mod backends;
mod batches;
mod choose;
mod draft;
mod keep;
mod load;
mod prefixes;
mod slot;
mod smaller;
mod writer;

use crate::provider::wire::{self, Ask, Say};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{self, BufWriter};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::Duration;

/// Questions that wait; whoever asks more waits for the pipe.
const WAITING: usize = 256;

/// Serves until the standard input ends.
///
/// # Errors
/// When llama.cpp cannot be started at all, or the pipe breaks.
pub fn serve() -> Result<()> {
    let mut say = Pipe(BufWriter::new(take_stdout().context("cannot take over the standard output")?));
    llama_cpp_2::send_logs_to_tracing(llama_cpp_2::LogOptions::default());
    let backend = backends::start()?;
    let asks = Asks::read();
    let mut next = None;
    loop {
        let ask = match next.take() {
            Some(ask) => ask,
            None => match asks.wait() {
                Some(ask) => ask,
                None => return Ok(()),
            },
        };
        match ask {
            Ask::Load(load) => next = load::serve(&backend, &load, &asks, &mut say)?,
            Ask::Unload => say.say(&Say::Unloaded)?,
            Ask::Keep => say.say(&Say::Kept { prefixes: 0 })?,
            Ask::Cards => say.say(&Say::Cards { cards: backends::cards() })?,
            Ask::Generate(generate) => say.refuse(generate.id, NO_MODEL)?,
            Ask::Tokenize { id, .. } | Ask::Embed { id, .. } => say.refuse(id, NO_MODEL)?,
            // It ended already.
            Ask::Cancel { .. } => {}
        }
    }
}

const NO_MODEL: &str = "no model is loaded";

/// Where answers go.
struct Pipe(BufWriter<File>);

impl Pipe {
    fn say(&mut self, say: &Say) -> io::Result<()> {
        wire::write(&mut self.0, say)
    }

    fn refuse(&mut self, id: u64, what: impl Into<String>) -> io::Result<()> {
        self.say(&Say::Refused { id, what: what.into() })
    }
}

/// Keeps the standard output for answers: what libraries print goes to the standard error from here on.
#[cfg(unix)]
fn take_stdout() -> io::Result<File> {
    let pipe = rustix::io::dup(rustix::stdio::stdout())?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(File::from(pipe))
}

#[cfg(windows)]
fn take_stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

/// What was asked and not looked at yet.
struct Asks(Receiver<Ask>);

impl Asks {
    fn read() -> Self {
        let (sender, asks) = mpsc::sync_channel(WAITING);
        thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                match wire::read(&mut input) {
                    Ok(Some(ask)) => {
                        if sender.send(ask).is_err() {
                            return;
                        }
                    }
                    Ok(None) => return,
                    Err(error) => {
                        tracing::error!("what the agent says cannot be read: {error}");
                        return;
                    }
                }
            }
        });
        Self(asks)
    }

    /// The next; `None` when there will be none.
    fn wait(&self) -> Option<Ask> {
        self.0.recv().ok()
    }

    /// The next, if it comes in time.
    fn wait_for(&self, time: Duration) -> Result<Option<Ask>, Gone> {
        match self.0.recv_timeout(time) {
            Ok(ask) => Ok(Some(ask)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Gone),
        }
    }

    /// The next, if there is one.
    fn next(&self) -> Result<Option<Ask>, Gone> {
        match self.0.try_recv() {
            Ok(ask) => Ok(Some(ask)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Gone),
        }
    }
}

/// The agent has gone.
#[derive(Debug)]
struct Gone;
