//! A command as a mere child of the server: where there is no launcher, as on Windows.

#![expect(clippy::disallowed_methods, reason = "programs are started here")]

use super::confined::Confined;
use super::layout::Aftermath;
use super::{Order, SandboxError};
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts it with its environment, in its folder.
pub(super) fn start(
    order: &Order,
    folder: &Path,
    environment: Vec<(OsString, OsString)>,
) -> Result<Confined, SandboxError> {
    let program = order.argv.first().cloned().unwrap_or_default();
    let fail = |source: io::Error| {
        let program = program.to_string_lossy().into_owned();
        match source.kind() {
            io::ErrorKind::NotFound if !folder.is_dir() => {
                SandboxError::NoFolder { folder: order.folder.clone() }
            }
            io::ErrorKind::NotFound => SandboxError::NoProgram { program },
            _ => SandboxError::Start { program, source },
        }
    };
    let (output, writer) = io::pipe().map_err(fail)?;
    let mut command = Command::new(&program);
    command.args(order.argv.get(1..).unwrap_or_default()).current_dir(folder).env_clear().envs(environment);
    command.stdout(writer.try_clone().map_err(fail)?).stderr(writer).stdin(Stdio::null());
    let mut input = None;
    if order.input {
        let (reader, writer) = io::pipe().map_err(fail)?;
        command.stdin(reader);
        input = Some(writer);
    }
    let child = command.spawn().map_err(fail)?;
    Ok(Confined {
        child,
        #[cfg(unix)]
        leash: None,
        exit: None,
        said: None,
        aftermath: Aftermath::default(),
        output: Some(output),
        input,
    })
}
