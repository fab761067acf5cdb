//! A command that is running, as the server holds it: its output, its end, and the leash.

#[cfg(unix)]
use super::channel;
use super::layout::Aftermath;
#[cfg(unix)]
use super::plan::{Ending, Reply, Word};
use super::{Effects, Exit, SandboxError};
use crate::workspace::Snapshot;
use std::io::{PipeReader, PipeWriter};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// How often a process is looked at that is about to end.
const GLANCE: Duration = Duration::from_millis(1);
/// How long the launcher may take to end everything, once its leash is cut.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// A command that is running. Dropping it ends it and all that it started.
pub struct Confined {
    pub(super) child: Child,
    /// The way to its launcher; when it closes, everything there ends.
    #[cfg(unix)]
    pub(super) leash: Option<UnixStream>,
    pub(super) exit: Option<Exit>,
    /// How the command ended, as its launcher said, which may still have others to end.
    pub(super) said: Option<Exit>,
    pub(super) aftermath: Aftermath,
    /// What it writes, to its output and its errors alike, in that order.
    pub output: Option<PipeReader>,
    pub input: Option<PipeWriter>,
}

impl Confined {
    /// How it ended, if it did: then nothing that it started is left.
    pub fn try_wait(&mut self) -> Option<Exit> {
        if self.exit.is_none() {
            let is_over = self.listen();
            let status = self.child.try_wait().ok().flatten();
            if !is_over && status.is_none() {
                return None;
            }
            // What it said last may have come in between.
            self.listen();
            self.exit = Some(self.ended(status));
        }
        self.exit
    }

    /// Hears what its launcher has said already; whether that was that nothing is left.
    #[cfg(unix)]
    fn listen(&mut self) -> bool {
        use rustix::net::{RecvFlags, recv};
        let Some(leash) = &self.leash else { return false };
        let is_said = || {
            recv(leash, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok_and(|(_, bytes)| bytes > 0)
        };
        while is_said() {
            match channel::receive::<Reply>(leash) {
                Ok(Some((Reply::Ended(Ending::Code(code)), _))) => self.said = Some(Exit::Code(code)),
                Ok(Some((Reply::Ended(Ending::Signal(signal)), _))) => self.said = Some(Exit::Signal(signal)),
                Ok(Some((Reply::Over, _))) => return true,
                Ok(Some((Reply::Started | Reply::Failed(_), _))) => {}
                Ok(None) | Err(_) => return false,
            }
        }
        false
    }

    #[cfg(not(unix))]
    fn listen(&mut self) -> bool {
        false
    }

    /// How it ended: as its launcher said, which was killed if it said nothing, or as the system does.
    fn ended(&self, status: Option<ExitStatus>) -> Exit {
        #[cfg(unix)]
        if self.leash.is_some() {
            return self.said.unwrap_or(Exit::Signal(9));
        }
        status.map_or(Exit::Signal(9), exit)
    }

    /// Asks it, and all that it started, to end; does not wait.
    pub fn terminate(&mut self) {
        self.ask_to_end();
    }

    /// Ends it and all that it started: asked first, killed after `grace`.
    pub fn stop(&mut self, grace: Duration) -> Exit {
        if !grace.is_zero() {
            self.ask_to_end();
        }
        if let Some(exit) = self.wait_until(Instant::now() + grace) {
            return exit;
        }
        self.cut();
        if let Some(exit) = self.wait_until(Instant::now() + LAST_WAIT) {
            return exit;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        *self.exit.get_or_insert(Exit::Signal(9))
    }

    fn wait_until(&mut self, until: Instant) -> Option<Exit> {
        loop {
            if let Some(exit) = self.try_wait() {
                return Some(exit);
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(GLANCE);
        }
    }

    #[cfg(unix)]
    fn ask_to_end(&self) {
        // One that is ending already does not listen.
        match &self.leash {
            Some(leash) => drop(channel::send(leash, &Word::Stop, &[])),
            None => {
                let pid = rustix::process::Pid::from_child(&self.child);
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
        }
    }

    #[cfg(not(unix))]
    fn ask_to_end(&self) {}

    #[cfg(unix)]
    fn cut(&mut self) {
        match &self.leash {
            Some(leash) => drop(leash.shutdown(std::net::Shutdown::Write)),
            None => drop(self.child.kill()),
        }
    }

    #[cfg(not(unix))]
    fn cut(&mut self) {
        let _ = self.child.kill();
    }

    /// Ports on which it, or something that it started, takes connections.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        #[cfg(target_os = "linux")]
        return i32::try_from(self.child.id()).map(super::family::ports).unwrap_or_default();
        #[cfg(not(target_os = "linux"))]
        return Vec::new();
    }

    /// Whether it sees older texts than it would if it were started now. Staged texts are those of its start as long as
    /// it runs; where it sees the disk itself, nothing is older.
    #[must_use]
    pub fn is_stale(&self, snapshot: &Snapshot) -> bool {
        self.aftermath.is_stale(snapshot)
    }

    /// What it left behind, once it has ended. Each change starts from what the command saw; staging merges it with what
    /// was staged meanwhile, or says that it cannot.
    ///
    /// # Errors
    /// When what it wrote cannot be read.
    pub fn effects(mut self, snapshot: &Snapshot) -> Result<Effects, SandboxError> {
        self.stop(Duration::ZERO);
        self.aftermath.effects(snapshot)
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
        #[cfg(unix)]
        if let Ok(None) = self.child.try_wait() {
            // It takes down its mounts and ends; somebody has to be told, but nobody waits for that.
            let launcher = rustix::process::Pid::from_child(&self.child);
            let wait =
                move || rustix::process::waitpid(Some(launcher), rustix::process::WaitOptions::empty());
            let _ = std::thread::Builder::new().name("reaper".to_owned()).spawn(wait);
        }
    }
}

fn exit(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return Exit::Signal(signal);
        }
    }
    Exit::Code(status.code().unwrap_or(-1))
}
