//! Which graphics cards llama.cpp can use: asked of a process of its own, because a driver may crash.

use super::llama::Process;
use super::wire::{self, Ask, Say};
use crate::machine::Gpu;
use std::io::{BufReader, BufWriter};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long drivers may take to start.
const STARTING: Duration = Duration::from_secs(30);

/// Whether this build has a back end for graphics cards at all.
pub const BUILT: bool =
    cfg!(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "dynamic-backends"));

/// The cards of this machine, with what is free on them now.
///
/// # Errors
/// When the process cannot be started, or does not answer.
pub fn ask(process: &Process) -> Result<Vec<Gpu>, String> {
    let (mut child, input, output) = process.start()?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        // Whoever asked may have given up.
        let _ = tell.send(wire::read(&mut BufReader::new(output)));
    });
    let asked = wire::write(&mut BufWriter::new(input), &Ask::Cards);
    let answer = told.recv_timeout(STARTING);
    let _ = child.kill();
    let _ = child.wait();
    match (asked, answer) {
        (Ok(()), Ok(Ok(Some(Say::Cards { cards })))) => {
            let card = |card: wire::Card| Gpu {
                name: card.name,
                total: card.total,
                free: card.free,
                in_main: card.in_main,
            };
            Ok(cards.into_iter().map(card).collect())
        }
        _ => Err("graphics cards cannot be asked for; give their memory with --gpu".to_owned()),
    }
}
