//! Starting the launcher, and telling it what to do.

#![expect(clippy::disallowed_methods, reason = "programs are started here, with limits")]

use super::confined::Confined;
use super::layout::Aftermath;
use super::plan::{Failure, Reply, Setting, Step, Task};
use super::{Order, SandboxError, channel, launcher};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a place may take to be made.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a command in the place that the setting describes.
pub(super) fn launch(
    program: &Path,
    setting: &Setting,
    task: &Task,
    order: &Order,
    aftermath: Aftermath,
) -> Result<Confined, SandboxError> {
    let said = |source| SandboxError::Confine { step: "the launcher".to_owned(), source };
    let (leash, theirs) = UnixStream::pair().map_err(said)?;
    let (output, writer) = io::pipe().map_err(said)?;
    let input = if order.input { Some(io::pipe().map_err(said)?) } else { None };
    let mut command = Command::new(program);
    command.args([launcher::ARGUMENT, launcher::OUTER]).env_clear().current_dir("/");
    command
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command.spawn().map_err(said)?;
    // From here on, whatever goes wrong, what was started ends with it.
    let mut confined = Confined {
        child,
        leash: Some(leash),
        exit: None,
        said: None,
        aftermath,
        output: Some(output),
        input: None,
    };
    drop(command);
    let mut files = vec![writer.as_fd()];
    files.extend(input.iter().map(|(reader, _)| reader.as_fd()));
    let leash = confined.leash.as_ref().expect("it was put there");
    let told = channel::send(leash, setting, &[]).and_then(|()| channel::send(leash, task, &files));
    drop(writer);
    // What it says is worth more than that it does not listen any more.
    let answer = leash.set_read_timeout(Some(PATIENCE)).and_then(|()| channel::receive::<Reply>(leash));
    match answer {
        Ok(Some((Reply::Started, _))) => {}
        Ok(Some((Reply::Failed(failure), _))) => return Err(explained(&failure, order)),
        Ok(Some((Reply::Ended(_) | Reply::Over, _)) | None) => {
            return Err(said(told.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())));
        }
        Err(error) => return Err(said(error)),
    }
    confined.input = input.map(|(_, writer)| writer);
    Ok(confined)
}

fn explained(failure: &Failure, order: &Order) -> SandboxError {
    let source = io::Error::from_raw_os_error(failure.errno);
    let program =
        || order.argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default();
    match &failure.step {
        Step::Program if source.kind() == io::ErrorKind::NotFound => {
            SandboxError::NoProgram { program: program() }
        }
        Step::Program => SandboxError::Start { program: program(), source },
        Step::Folder => SandboxError::NoFolder { folder: order.folder.clone() },
        Step::Confine(step) => SandboxError::Confine { step: step.clone(), source },
    }
}
