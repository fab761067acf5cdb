//! Ending all that a command started, where no namespace does it: this process becomes the parent of whatever loses
//! its own, so nothing gets away by forking twice or by a session of its own.

use crate::sandbox::channel;
use crate::sandbox::plan::Word;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How long what was killed may take to vanish.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(2);

/// Starts the inner stage and waits until it has ended; then ends what is left of it.
pub(super) fn watch(socket: &UnixStream, start: impl FnOnce() -> io::Result<Child>) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut child = start()?;
    let inner = Pid::from_child(&child);
    // It reads its task from the same socket, and says so; what comes then is for us.
    let _ = child.stdout.take().map(|mut ready| ready.read(&mut [0]));
    let words = socket.try_clone()?;
    thread::Builder::new().spawn(move || obey(&words, inner))?;
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, _))) if pid == inner => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    end_rest(inner);
    Ok(())
}

/// Does what the server says; when it says nothing more, nothing is left alive.
fn obey(socket: &UnixStream, inner: Pid) {
    while let Ok(Some((Word::Stop, _))) = channel::receive(socket) {
        for pid in below(inner) {
            let _ = rustix::process::kill_process(pid, Signal::TERM);
        }
    }
    end(inner);
    let _ = rustix::process::kill_process(inner, Signal::KILL);
}

/// Kills until there is nobody left.
fn end_rest(inner: Pid) {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        end(inner);
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => break,
                // No child, and so no child's child.
                Err(_) => return,
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Asks everything in this process's namespace to end, which has no other first process.
pub(super) fn ask_all_to_end() {
    #[cfg(target_os = "linux")]
    for pid in linux::others() {
        let _ = rustix::process::kill_process(pid, Signal::TERM);
    }
}

#[cfg(target_os = "linux")]
fn end(_inner: Pid) {
    let everybody = linux::below(rustix::process::getpid());
    // Nobody is to fork while the others die.
    for signal in [Signal::STOP, Signal::KILL] {
        for pid in &everybody {
            let _ = rustix::process::kill_process(*pid, signal);
        }
    }
}

#[cfg(target_os = "linux")]
use linux::below;

#[cfg(not(target_os = "linux"))]
fn end(inner: Pid) {
    let _ = rustix::process::kill_process_group(inner, Signal::KILL);
}

/// Its process group: there is no asking who descends from whom.
#[cfg(not(target_os = "linux"))]
fn below(inner: Pid) -> Vec<Pid> {
    let _ = rustix::process::kill_process_group(inner, Signal::TERM);
    Vec::new()
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::sandbox::family::parents;
    use rustix::process::Pid;

    /// All that descend from a process.
    pub(super) fn below(ancestor: Pid) -> Vec<Pid> {
        let ancestor = ancestor.as_raw_nonzero().get();
        crate::sandbox::family::below(ancestor).into_iter().filter_map(Pid::from_raw).collect()
    }

    /// All that can be seen but this one.
    pub(super) fn others() -> Vec<Pid> {
        let own = rustix::process::getpid();
        parents().into_keys().filter_map(Pid::from_raw).filter(|pid| *pid != own).collect()
    }
}
