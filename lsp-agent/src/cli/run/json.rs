//! A run as JSON Lines: events on standard output, commands from standard input, one object to a line.

use super::decide::Decide;
use super::{Inbox, Input, Reads, SETTLED, TICK};
use anyhow::{Context, Result};
use devtoolkit_agent::protocol::{Command, Event, Problem, What};
use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::RecvTimeoutError;

/// Bytes of a command.
pub(super) const MOST_LINE: usize = 1 << 20;

/// Follows a run to its end; the exit code.
///
/// # Errors
/// When nothing can be printed.
pub(super) fn follow(mut decide: Decide, inbox: Inbox, to: &mut dyn Write) -> Result<u8> {
    let mut place = Place::default();
    inbox.send(decide.begin());
    let code = loop {
        match inbox.from.recv_timeout(if decide.ended().is_some() { SETTLED } else { TICK }) {
            Ok(Input::Event(event)) => {
                write(&event, to)?;
                place.note(&event);
                inbox.send(decide.event(&event));
            }
            Ok(Input::Line { number, read }) => match read {
                Ok(command) => {
                    decide.sent(&command);
                    inbox.send(vec![command]);
                }
                Err(why) => write(&place.fault(number, why), to)?,
            },
            Ok(Input::NoMore) => inbox.send(decide.nobody()),
            Ok(Input::Interrupt) => inbox.send(decide.interrupt()),
            Ok(Input::Closed) | Err(RecvTimeoutError::Disconnected) => {
                return Ok(decide.ended().unwrap_or(1));
            }
            Err(RecvTimeoutError::Timeout) => {
                inbox.send(decide.quiet());
                if let Some(code) = decide.ended() {
                    break code;
                }
            }
        }
    };
    let left = inbox.close();
    while let Some(event) = left.event() {
        write(&event, to)?;
    }
    Ok(code)
}

/// Reads commands until their end, and hands each over.
pub(super) fn read(from: &mut dyn BufRead, give: &mut dyn FnMut(Input) -> Reads) {
    let mut number = 0;
    loop {
        number += 1;
        let read = match line(from) {
            Ok(Some(bytes)) if bytes.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(Some(bytes)) => command(&bytes),
            Ok(None) | Err(_) => break,
        };
        if give(Input::Line { number, read }) == Reads::No {
            return;
        }
    }
    give(Input::NoMore);
}

/// A line without its end; of one that is too long, a piece that is longer than any may be.
fn line(from: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = Read::take(&mut *from, MOST_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
    if read > MOST_LINE && !bytes.ends_with(b"\n") {
        skip(from)?;
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok((read > 0).then_some(bytes))
}

/// Goes on to the end of a line, and keeps nothing of it.
fn skip(from: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let piece = from.fill_buf()?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (read, done) = (end.map_or(piece.len(), |end| end + 1), end.is_some() || piece.is_empty());
        from.consume(read);
        if done {
            return Ok(());
        }
    }
}

fn command(bytes: &[u8]) -> Result<Command, String> {
    if bytes.len() > MOST_LINE {
        return Err(format!("it has more than {MOST_LINE} bytes"));
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn write(event: &Event, to: &mut dyn Write) -> Result<()> {
    let mut line = serde_json::to_vec(event).context("an event is no JSON")?;
    line.push(b'\n');
    to.write_all(&line).and_then(|()| to.flush()).context("cannot print")
}

/// Where the session is, for what is told beside it.
#[derive(Default)]
struct Place {
    session: String,
    turn: u64,
    sequence: u64,
}

impl Place {
    fn note(&mut self, event: &Event) {
        if self.session != event.session {
            self.session.clone_from(&event.session);
        }
        (self.turn, self.sequence) = (event.turn, event.sequence);
    }

    /// That a line is no command. The session knows nothing of it, so it has the number of the event before it.
    fn fault(&self, number: u64, why: String) -> Event {
        let what = What::Error(Problem {
            what: format!("line {number} is no command"),
            why,
            next: "write one JSON object to a line, such as {\"command\": \"cancel\"}".to_owned(),
        });
        Event { session: self.session.clone(), turn: self.turn, sequence: self.sequence, what }
    }
}

#[cfg(test)]
mod tests;
