//! One request to a server and what comes back, in a thread of its own, so that nobody waits for a connection that hangs.

use crate::provider::{Heard, waiting};
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

/// Bytes that are read at once.
const PIECE: usize = 16 << 10;

/// Pieces that may wait to be heard.
const WAITING: usize = 8;

/// What comes back: a head first, then bytes until the end.
#[derive(Debug)]
pub(super) enum Piece {
    Head(Head),
    Bytes(Vec<u8>),
    End,
    Failed(String),
}

#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
}

impl Head {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }
}

/// Why nothing more is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Whoever listens has heard enough.
    Asked,
    /// Nothing came for too long.
    Silent,
}

/// A request that is under way. Dropping it closes its connection.
pub(super) struct Exchange {
    pieces: Receiver<Piece>,
    /// Its own, so that closing it closes no other's connection.
    agent: Agent,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Wakes the thread, which may wait for a server that says nothing.
        self.agent.clone().shutdown();
    }
}

impl Exchange {
    /// Sends `body` to `url`.
    pub(super) fn begin(agent: Agent, url: String, headers: HeaderMap, body: Vec<u8>) -> Self {
        let (sender, pieces) = sync_channel(WAITING);
        let own = agent.clone();
        thread::spawn(move || {
            let mut request = own.post(url);
            if let Some(all) = request.headers_mut() {
                *all = headers;
            }
            match request.send(body) {
                Ok(response) => pass_on(response, &sender),
                // Whoever listened may have gone; then there is nobody to tell.
                Err(error) => drop(sender.send(Piece::Failed(error.to_string()))),
            }
        });
        Self { pieces, agent }
    }

    /// What comes next, within `patience`; `hear` is told each moment that nothing has come yet.
    pub(super) fn next(
        &self,
        patience: Duration,
        hear: &mut dyn FnMut(Heard) -> ControlFlow<()>,
    ) -> Result<Piece, Stop> {
        let begun = Instant::now();
        loop {
            match self.pieces.recv_timeout(waiting::TICK) {
                Ok(piece) => return Ok(piece),
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Piece::Failed("the connection was lost".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) if hear(Heard::Nothing).is_break() => return Err(Stop::Asked),
                Err(RecvTimeoutError::Timeout) if begun.elapsed() > patience => return Err(Stop::Silent),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// Hands on an answer until it ends, or nobody listens.
fn pass_on(response: Response<Body>, sender: &SyncSender<Piece>) {
    let (parts, body) = response.into_parts();
    let head = Head { status: parts.status.as_u16(), headers: parts.headers };
    if sender.send(Piece::Head(head)).is_err() {
        return;
    }
    let mut reader = body.into_reader();
    loop {
        let mut piece = vec![0; PIECE];
        let (piece, is_last) = match reader.read(&mut piece) {
            Ok(0) => (Piece::End, true),
            Ok(count) => {
                piece.truncate(count);
                (Piece::Bytes(piece), false)
            }
            Err(error) => (Piece::Failed(error.to_string()), true),
        };
        if sender.send(piece).is_err() || is_last {
            return;
        }
    }
}
