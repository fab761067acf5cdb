//! `devtoolkit-mcp`, as hosts meet it.

#[cfg(unix)]
mod attacks;
mod cancel;
mod commands;
mod conformance;
#[cfg(unix)]
mod crash;
mod doctor;
#[cfg(unix)]
mod fidelity;
mod foreign;
mod git;
mod http;
mod lifecycle;
mod packaging;
mod prompts;
mod protocol;
mod resources;
mod rmcp_client;
mod staging;

use e2e_tests::binary;
use e2e_tests::mcp_client::McpClient;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The revision that most hosts speak.
const REVISION: &str = "2025-06-18";

/// A project of its own, with folders of its own for state and cache.
struct Project {
    root: TempDir,
    home: TempDir,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { root: TempDir::new().expect("folder"), home: TempDir::new().expect("folder") };
        for (path, text) in files {
            project.write(path, text.as_bytes());
        }
        project
    }

    fn root(&self) -> &Path {
        self.root.path()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("files lie in folders")).expect("create");
        fs::write(path, bytes).expect("write");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).expect("read")
    }

    /// The server's command line, on this project.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary::devtoolkit_mcp());
        command.arg("--root").arg(self.root()).args(arguments);
        self.prepare(&mut command);
        command
    }

    /// Gives a command this project's folders.
    fn prepare(&self, command: &mut Command) {
        command.current_dir(self.root());
        command.env("HOME", self.home.path());
        command.env("XDG_STATE_HOME", self.home.path().join("state"));
        command.env("XDG_CACHE_HOME", self.home.path().join("cache"));
    }

    /// A server that was greeted by a host that can ask the person.
    fn server(&self, arguments: &[&str]) -> McpClient {
        let mut client = McpClient::spawn(&mut self.command(arguments));
        client.greet(REVISION, json!({ "elicitation": {} }));
        client
    }
}
