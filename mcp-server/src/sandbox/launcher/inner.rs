//! The second stage: gives up every privilege, starts the command, and ends with it.

use super::{fail, socket};
use crate::sandbox::Tier;
use crate::sandbox::channel;
use crate::sandbox::plan::{Ending, Failure, Reply, Step, Task, Word};
use rustix::process::{Pid, WaitOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
#[cfg(target_os = "linux")]
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;

pub(super) fn run() -> io::Result<()> {
    let socket = socket()?;
    let Some((task, files)) = channel::receive::<Task>(&socket)? else { return Ok(()) };
    io::stdout().write_all(b".")?;
    io::stdout().flush()?;
    prepare(&task).map_err(|failure| fail(&socket, failure))?;
    let command = start(&task, files).map_err(|failure| fail(&socket, failure))?;
    channel::send(&socket, &Reply::Started, &[])?;
    if task.tier == Tier::Overlay {
        let words = socket.try_clone()?;
        thread::Builder::new().spawn(move || obey(&words))?;
    }
    let ending = wait_for(command)?;
    channel::send(&socket, &Reply::Ended(ending), &[])
}

/// Everything before the command itself.
fn prepare(task: &Task) -> Result<(), Failure> {
    #[cfg(target_os = "linux")]
    {
        if task.tier == Tier::Overlay {
            super::linux::processes::show_own(task.processes)?;
        }
        super::linux::lockdown::lock_down(task)?;
    }
    #[cfg(not(target_os = "linux"))]
    rustix::process::setsid().map_err(|error| Failure::confine("a session of its own", &error.into()))?;
    std::env::set_current_dir(&task.folder)
        .map_err(|error| Failure { step: Step::Folder, errno: error.raw_os_error().unwrap_or_default() })
}

fn start(task: &Task, files: Vec<OwnedFd>) -> Result<Pid, Failure> {
    let not_started =
        |error: io::Error| Failure { step: Step::Program, errno: error.raw_os_error().unwrap_or_default() };
    let mut files = files.into_iter();
    let output = files.next().ok_or_else(|| not_started(io::ErrorKind::InvalidInput.into()))?;
    let argv = &task.argv;
    #[cfg(target_os = "macos")]
    let argv = &if task.tier == Tier::Landlock { super::seatbelt::confined(task) } else { argv.clone() };
    let mut command = Command::new(argv.first().cloned().unwrap_or_default());
    command.args(argv.get(1..).unwrap_or_default());
    // Elsewhere the group is all by which the command's processes are found.
    #[cfg(target_os = "linux")]
    command.process_group(0);
    command.env_clear().envs(task.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(files.next().map_or_else(Stdio::null, Stdio::from));
    command.stderr(output.try_clone().map_err(not_started)?).stdout(output);
    let child = command.spawn().map_err(not_started)?;
    Ok(Pid::from_child(&child))
}

/// Waits for the command, and for whatever becomes this process's child meanwhile.
fn wait_for(command: Pid) -> io::Result<Ending> {
    loop {
        let ended = match rustix::process::wait(WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let Some((_, status)) = ended.filter(|(pid, _)| *pid == command) else { continue };
        if let Some(signal) = status.terminating_signal() {
            return Ok(Ending::Signal(signal));
        }
        if let Some(code) = status.exit_status() {
            return Ok(Ending::Code(code));
        }
    }
}

/// Does what the server says. When it says nothing more, everything in the namespace ends with this process.
fn obey(socket: &UnixStream) {
    while let Ok(Some((Word::Stop, _))) = channel::receive(socket) {
        super::tree::ask_all_to_end();
    }
    std::process::exit(1);
}
