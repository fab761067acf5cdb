//! A small MCP client over stdio: one request at a time, so that what is measured is the server.
#![expect(clippy::disallowed_methods, reason = "it starts the servers that it measures")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// How to start a server on a folder.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

/// A server that is running.
pub(crate) struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    id: u64,
    /// Until the tools were listed.
    pub(crate) start: Duration,
    /// The answer to `tools/list`, as it came.
    pub(crate) tools: String,
}

impl Server {
    /// Starts the server in `folder` and waits for its list of tools.
    pub(crate) fn start(&self, folder: &Path, state: &Path) -> Result<Session> {
        let begun = Instant::now();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(folder)
            .current_dir(folder)
            .env("XDG_STATE_HOME", state)
            .env("XDG_CACHE_HOME", state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{}`", self.program))?;
        let input = child.stdin.take().context("stdin is piped")?;
        let output = BufReader::new(child.stdout.take().context("stdout is piped")?);
        let mut session =
            Session { child, input, output, id: 0, start: Duration::ZERO, tools: String::new() };
        let client = json!({ "name": "bench", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        session.ask("initialize", &hello)?;
        session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        let tools = session.ask("tools/list", &json!({}))?;
        session.start = begun.elapsed();
        session.tools = tools["tools"].to_string();
        Ok(session)
    }
}

impl Session {
    /// Calls a tool and gives its text.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Result<String> {
        let result = self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }))?;
        let text =
            result["content"].as_array().into_iter().flatten().filter_map(|part| part["text"].as_str());
        let text: Vec<&str> = text.collect();
        if result["isError"] == true {
            bail!("`{tool}` failed: {}", text.join("\n"));
        }
        Ok(text.join("\n"))
    }

    /// Sends a request and waits for its result.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.id += 1;
        let id = self.id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line)? == 0 {
                bail!("the server ended during `{method}`");
            }
            let mut message: Value = serde_json::from_str(&line)?;
            if message["id"] == id && message.get("method").is_none() {
                if let Some(error) = message.get("error") {
                    bail!("`{method}` failed: {error}");
                }
                return Ok(message["result"].take());
            }
        }
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let mut line = message.to_string();
        line.push('\n');
        self.input.write_all(line.as_bytes())?;
        Ok(self.input.flush()?)
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the system says so")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A server that has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
