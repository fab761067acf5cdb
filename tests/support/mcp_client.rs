//! A client that shows the wire: every message as JSON, every wait with a deadline. The server under it is the real one.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long any answer may take.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A running server and the pipes to it. Dropping it ends the server.
pub struct McpClient {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Receiver<String>,
    /// Messages that came while another was waited for.
    waiting: Vec<Value>,
    id: u64,
}

impl McpClient {
    /// Starts a server; nothing is sent.
    ///
    /// # Panics
    /// When it does not start.
    pub fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        // Whoever reads may have gone.
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let (sender, errors) = mpsc::channel();
        let mut output = child.stderr.take().expect("stderr is piped");
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = output.read_to_end(&mut text);
            let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
        });
        let input = child.stdin.take();
        Self { child, input, lines, errors, waiting: Vec::new(), id: 0 }
    }

    /// Greets the server as a host with these capabilities, in this revision of the protocol; gives its answer.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn greet(&mut self, revision: &str, capabilities: Value) -> Value {
        let client = json!({ "name": "e2e", "version": "1" });
        let params =
            json!({ "protocolVersion": revision, "capabilities": capabilities, "clientInfo": client });
        let answer = self.request("initialize", params);
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        answer
    }

    /// Sends a request and gives the whole answer, `result` or `error` in it.
    ///
    /// # Panics
    /// When no answer comes in time.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.start(method, params);
        self.answer(id)
    }

    /// Sends a request and gives its id.
    pub fn start(&mut self, method: &str, params: Value) -> u64 {
        self.id += 1;
        let id = self.id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Waits for the answer to a request.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn answer(&mut self, id: u64) -> Value {
        self.wait_for(&format!("the answer to request {id}"), |message| {
            message["id"] == id && message.get("method").is_none()
        })
    }

    /// Waits for a request or notification of the server's.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn asked(&mut self, method: &str) -> Value {
        self.wait_for(&format!("`{method}`"), |message| message["method"] == method)
    }

    /// A message of this kind, if one has come already or comes within `wait`.
    pub fn heard(&mut self, method: &str, wait: Duration) -> Option<Value> {
        self.find(Instant::now() + wait, &|message| message["method"] == method)
    }

    /// Calls a tool: its text, and whether it is an error.
    ///
    /// # Panics
    /// When the answer is none of a tool.
    pub fn call(&mut self, tool: &str, arguments: Value) -> (String, bool) {
        let id = self.start("tools/call", json!({ "name": tool, "arguments": arguments }));
        self.reply(id)
    }

    /// Waits for the reply of a tool that was started.
    ///
    /// # Panics
    /// When the answer is none of a tool.
    pub fn reply(&mut self, id: u64) -> (String, bool) {
        let answer = self.answer(id);
        let result = answer.get("result").unwrap_or_else(|| panic!("no result of a tool: {answer}"));
        let pieces = result["content"].as_array().unwrap_or_else(|| panic!("no content: {answer}"));
        let text: Vec<&str> = pieces.iter().filter_map(|piece| piece["text"].as_str()).collect();
        (text.join("\n"), result["isError"] == true)
    }

    /// The text of a call that must go well.
    ///
    /// # Panics
    /// When it fails.
    pub fn ok(&mut self, tool: &str, arguments: Value) -> String {
        let (text, failed) = self.call(tool, arguments);
        assert!(!failed, "`{tool}` failed: {text}");
        text
    }

    /// The text of a call that must be refused or fail.
    ///
    /// # Panics
    /// When it goes well.
    pub fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let (text, failed) = self.call(tool, arguments);
        assert!(failed, "`{tool}` was not refused: {text}");
        text
    }

    /// Starts a call, and answers yes when the person is asked whether it may be made; gives its id.
    ///
    /// # Panics
    /// When there is neither a question nor an answer in time.
    pub fn start_agreed(&mut self, tool: &str, arguments: Value) -> u64 {
        let id = self.start("tools/call", json!({ "name": tool, "arguments": arguments }));
        let message = self.wait_for(&format!("a question or the answer to request {id}"), |message| {
            message["method"] == "elicitation/create"
                || (message["id"] == id && message.get("method").is_none())
        });
        if message["method"] == "elicitation/create" {
            let yes = json!({ "action": "accept", "content": {} });
            self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": yes }));
        } else {
            self.waiting.push(message);
        }
        id
    }

    /// Calls a tool, and answers yes when the person is asked: its text, and whether it is an error.
    ///
    /// # Panics
    /// When the answer is none of a tool.
    pub fn call_agreed(&mut self, tool: &str, arguments: Value) -> (String, bool) {
        let id = self.start_agreed(tool, arguments);
        self.reply(id)
    }

    /// The text of a call that must go well once the person has agreed.
    ///
    /// # Panics
    /// When it fails.
    pub fn agreed(&mut self, tool: &str, arguments: Value) -> String {
        let (text, failed) = self.call_agreed(tool, arguments);
        assert!(!failed, "`{tool}` failed: {text}");
        text
    }

    /// Gives a request up.
    pub fn cancel(&mut self, id: u64) {
        let params = json!({ "requestId": id, "reason": "enough" });
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
    }

    /// Sends a message as it is.
    ///
    /// # Panics
    /// When the server no longer reads.
    pub fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string());
    }

    /// Sends a line as it is.
    ///
    /// # Panics
    /// When the server no longer reads.
    pub fn send_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("stdin is open");
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).expect("the server reads");
        input.flush().expect("the server reads");
    }

    /// Sends bytes that do not end a line.
    ///
    /// # Panics
    /// When the server no longer reads.
    pub fn send_piece(&mut self, text: &str) {
        let input = self.input.as_mut().expect("stdin is open");
        input.write_all(text.as_bytes()).expect("the server reads");
    }

    /// The answer to a request, if it has come already or comes within `wait`.
    pub fn heard_answer(&mut self, id: u64, wait: Duration) -> Option<Value> {
        self.find(Instant::now() + wait, &|message| message["id"] == id && message.get("method").is_none())
    }

    /// The server's process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills the server, as the system would for want of memory.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Closes the server's stdin and waits for its end: how it ended, how long that took, and what it said on stderr.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn close(&mut self) -> (ExitStatus, Duration, String) {
        self.input = None;
        self.end()
    }

    /// Waits for the server's end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn end(&mut self) -> (ExitStatus, Duration, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the server is our child") {
                let took = begun.elapsed();
                return (status, took, self.errors.recv_timeout(DEADLINE).unwrap_or_default());
            }
            assert!(begun.elapsed() < DEADLINE, "the server does not end");
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = self.find(Instant::now() + DEADLINE, &wanted);
        found.unwrap_or_else(|| panic!("{what} did not come; came: {:?}", self.waiting))
    }

    fn find(&mut self, deadline: Instant, wanted: &dyn Fn(&Value) -> bool) -> Option<Value> {
        if let Some(place) = self.waiting.iter().position(wanted) {
            return Some(self.waiting.remove(place));
        }
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).ok()?;
            let message: Value = serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("stdout belongs to the protocol, but has `{line}`: {error}"));
            if wanted(&message) {
                return Some(message);
            }
            self.waiting.push(message);
        }
    }
}

impl Drop for McpClient {
    fn drop(&mut self) {
        self.kill();
    }
}
