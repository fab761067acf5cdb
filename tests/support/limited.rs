//! Programs that may take only so long and whose output is kept only up to a size.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether a program has ended.
const LOOK: Duration = Duration::from_millis(5);
/// How long its output may stay open after its end, by processes that it left behind.
const LINGER: Duration = Duration::from_secs(5);

/// A program that ran.
#[derive(Debug)]
pub struct Ended {
    /// None where it took too long and was killed, with all that it had started.
    pub status: Option<ExitStatus>,
    /// The beginning of what it wrote.
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub took: Duration,
}

impl Ended {
    /// Whether it ended by itself and was content.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// All that it wrote, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let (stdout, stderr) = (String::from_utf8_lossy(&self.stdout), String::from_utf8_lossy(&self.stderr));
        format!("{stdout}{stderr}")
    }
}

/// Runs a program without input; of each of its outputs, `most` bytes are kept.
///
/// # Errors
/// When it cannot be started or waited for.
pub fn run(command: &mut Command, limit: Duration, most: u64) -> io::Result<Ended> {
    own_group(command);
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().map(|pipe| kept(pipe, most));
    let stderr = child.stderr.take().map(|pipe| kept(pipe, most));
    let mut status = child.try_wait()?;
    while status.is_none() && start.elapsed() < limit {
        thread::sleep(LOOK);
        status = child.try_wait()?;
    }
    let took = start.elapsed();
    if status.is_none() {
        kill(&mut child)?;
    }
    let output = |pipe: Option<Receiver<Vec<u8>>>| {
        pipe.and_then(|pipe| pipe.recv_timeout(LINGER).ok()).unwrap_or_default()
    };
    Ok(Ended { status, stdout: output(stdout), stderr: output(stderr), took })
}

/// Reads a pipe to its end, so that nobody waits for us, and sends its beginning.
fn kept(mut pipe: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut kept = Vec::new();
        // What came before an error is still worth having.
        let _ = pipe.by_ref().take(most).read_to_end(&mut kept);
        let _ = io::copy(&mut pipe, &mut io::sink());
        let _ = sender.send(kept);
    });
    receiver
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(unix)]
fn kill(child: &mut Child) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};
    // It is not waited for yet, so that the number is still its own.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait().map(drop)
}

#[cfg(not(unix))]
fn kill(child: &mut Child) -> io::Result<()> {
    let _ = child.kill();
    child.wait().map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration, most: u64) -> Ended {
        run(Command::new("sh").args(["-c", script]), limit, most).expect("there is a shell")
    }

    #[test]
    fn the_beginning_of_the_output_is_kept() {
        let ended = shell("echo 0123456789; echo problem >&2", Duration::from_secs(60), 4);
        assert!(ended.succeeded());
        assert_eq!((ended.stdout, ended.stderr), (b"0123".to_vec(), b"prob".to_vec()));
    }

    #[test]
    fn what_takes_too_long_is_killed_with_what_it_started() {
        // The shell's child holds the output open: were it left, the output would never come.
        let ended = shell("sleep 600 & wait", Duration::from_millis(100), 4);
        assert!(ended.status.is_none() && !ended.succeeded());
        assert!(ended.took < Duration::from_secs(600));
    }
}
