//! The MCP clients of others, where `cargo xtask test` has put them.

use crate::skip;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A program of others that speaks MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// The protocol's conformance suite.
    Conformance,
    /// The official inspector.
    Inspector,
    /// Python with the official SDK.
    PythonSdk,
}

impl Foreign {
    /// Its command line. None where it cannot be had; the skip of `test` is then noted.
    #[must_use]
    pub fn command(self, test: &str) -> Option<Command> {
        let place = |name: &str| env::var_os(name).map(PathBuf::from);
        let command = match self {
            Self::Conformance => node(place("DEVTOOLKIT_NODE"), place("DEVTOOLKIT_CONFORMANCE")),
            Self::Inspector => node(place("DEVTOOLKIT_NODE"), place("DEVTOOLKIT_INSPECTOR")),
            Self::PythonSdk => place("DEVTOOLKIT_PYTHON_SDK").map(Command::new),
        };
        if command.is_none() {
            skip::note(test, "the MCP clients of others are not here; `cargo xtask test` fetches them");
        }
        command
    }
}

fn node(node: Option<PathBuf>, script: Option<PathBuf>) -> Option<Command> {
    let mut command = Command::new(node?);
    command.arg(script?);
    Some(command)
}

/// Runs a command to its end: what it wrote to stdout.
///
/// # Panics
/// When it fails, with all it wrote.
pub fn stdout(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("it can be started");
    let (text, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?} failed with {status}:\n{text}\n{errors}");
    text.into_owned()
}
