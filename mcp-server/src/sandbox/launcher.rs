//! The launcher: our own program, started again by the server, which becomes the place where a command runs.
//!
//! The first stage makes the place (namespaces and mounts, or nothing of the kind) and watches over the second, which
//! gives up every privilege, starts the command and reports how it ended. The server talks to both through one socket,
//! their standard input; when that ends, so does everything.

#![expect(clippy::disallowed_methods, reason = "this is another process: it mounts, and starts the command")]

use super::Tier;
use super::channel;
use super::plan::{Failure, Reply, Setting};
use super::probe::inside;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

mod inner;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod seatbelt;
mod tree;

/// The first argument that makes the program a launcher.
pub(super) const ARGUMENT: &str = "__confine";
/// The second argument of each stage.
pub(super) const OUTER: &str = "outer";
const INNER: &str = "inner";
/// Not stages, but commands that the probe confines.
pub(super) const PROBE: &str = "probe";
pub(super) const LINGER: &str = "linger";

/// Runs as a launcher, if the arguments say so. Has to be called before anything else is done.
pub fn enter(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if arguments.nth(1)? != ARGUMENT {
        return None;
    }
    let stage = arguments.next().unwrap_or_default();
    let ran = match stage.to_str() {
        Some(OUTER) => outer(),
        Some(INNER) => inner::run(),
        Some(PROBE) => inside::run(&arguments.next().unwrap_or_default().to_string_lossy()),
        Some(LINGER) => inside::linger(),
        _ => return Some(ExitCode::FAILURE),
    };
    Some(match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

/// Whether there can be a user namespace in this one.
#[cfg(target_os = "linux")]
pub(super) fn new_users() -> io::Result<()> {
    linux::raw::unshare(rustix::thread::UnshareFlags::NEWUSER)
}

/// Our end of the socket to the server.
fn socket() -> io::Result<UnixStream> {
    io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from)
}

/// Tells the server why nothing is started.
fn fail(socket: &UnixStream, failure: Failure) -> io::Error {
    // Where the server is gone there is nobody to tell.
    let _ = channel::send(socket, &Reply::Failed(failure), &[]);
    io::Error::other("not started")
}

fn outer() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    linux::raw::close_inherited()?;
    let socket = socket()?;
    let Some((setting, _)) = channel::receive::<Setting>(&socket)? else { return Ok(()) };
    match setting.tier {
        #[cfg(target_os = "linux")]
        Tier::Overlay => {
            linux::make_place(&setting).map_err(|failure| fail(&socket, failure))?;
            // Everything in its namespace ends with the first process there, which holds the leash.
            inner_stage(&socket, Stdio::inherit())?.wait()?;
            channel::send(&socket, &Reply::Over, &[])
        }
        #[cfg(not(target_os = "linux"))]
        Tier::Overlay => Err(fail(&socket, Failure::confine("overlays", &io::ErrorKind::Unsupported.into()))),
        Tier::Landlock | Tier::Unconfined => tree::watch(&socket, || inner_stage(&socket, Stdio::piped())),
    }
}

/// This program, also where its file cannot be seen any more.
pub(super) fn own_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// Starts the second stage, which says on its standard output that it has read its task.
fn inner_stage(socket: &UnixStream, ready: Stdio) -> io::Result<Child> {
    let mut command = Command::new(own_program()?);
    command.arg0("devtoolkit-sandbox").args([ARGUMENT, INNER]).env_clear().stdout(ready);
    command.spawn().map_err(|error| fail(socket, Failure::confine("the first process", &error)))
}
