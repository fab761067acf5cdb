//! A server that listens for HTTP, and requests to it written byte by byte, so that wrong ones can be sent too.

use crate::mcp_client::DEADLINE;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A running server. Dropping it ends it.
pub struct HttpServer {
    child: Child,
    /// Where it listens, as it says.
    pub address: SocketAddr,
    /// The file of its token.
    pub token_file: PathBuf,
    /// The token.
    pub token: String,
    /// What it said on stderr until it listened.
    pub said: String,
}

impl HttpServer {
    /// Starts a server whose command line has `--http`, and waits until it listens.
    ///
    /// # Panics
    /// When it does not start, or says something else on stdout or stderr than that it listens.
    pub fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut errors = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut said = String::new();
        while !said.contains("listening on") {
            let read = errors.read_line(&mut said).expect("stderr is text");
            assert!(read > 0, "the server ended: {said}");
        }
        // Whatever else it says must not hold it up.
        thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        let between = |from: &str, to: &str| {
            let rest = said.split_once(from).unwrap_or_else(|| panic!("no `{from}` in {said}")).1;
            rest.split_once(to).unwrap_or_else(|| panic!("no `{to}` in {said}")).0
        };
        let address = between("http://", "/mcp").parse().expect("an address");
        let token_file = PathBuf::from(between("token in `", "`"));
        let token = fs::read_to_string(&token_file).expect("the token").trim().to_owned();
        Self { child, address, token_file, token, said }
    }

    /// The server's process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// A connection on which every read has a deadline.
    ///
    /// # Panics
    /// When nothing listens.
    #[must_use]
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        stream
    }

    /// The headers of a request that is as it should be, and asks for the connection's end.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        [
            ("Host", self.address.to_string()),
            ("Authorization", format!("Bearer {}", self.token)),
            ("Accept", "application/json, text/event-stream".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("Connection", "close".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Sends a request with exactly these headers, and `Content-Length` where there is a body; gives the whole answer.
    ///
    /// # Panics
    /// When no answer comes in time.
    pub fn send(&self, method: &str, path: &str, headers: &[(String, String)], body: &str) -> HttpReply {
        let mut stream = self.connect();
        let mut request = head(method, path, headers);
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        request += body;
        // It may answer before everything is sent.
        let _ = stream.write_all(request.as_bytes());
        HttpReply::read(stream)
    }

    /// Sends a request as it should be, but for the headers in `changed`: replaced or added, or left out where they
    /// are `None`.
    ///
    /// # Panics
    /// When no answer comes in time.
    pub fn ask(&self, method: &str, path: &str, changed: &[(&str, Option<&str>)], body: &Value) -> HttpReply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &self.changed(changed), &body)
    }

    /// The usual headers with some of them changed.
    #[must_use]
    pub fn changed(&self, changed: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
        let mut headers = self.headers();
        for (name, value) in changed {
            headers.retain(|(usual, _)| !usual.eq_ignore_ascii_case(name));
            headers.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
        }
        headers
    }

    /// Opens a session in this revision, with these capabilities of the host: its id and the server's answer.
    ///
    /// # Panics
    /// When it is refused.
    pub fn open_session(&self, revision: &str, capabilities: &Value) -> (String, Value) {
        let reply = self.ask("POST", "/mcp", &[], &greeting(revision, capabilities));
        assert_eq!(reply.status, 200, "{reply:?}");
        let session = reply.header("mcp-session-id").expect("a session's id").to_owned();
        let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let accepted = self.ask("POST", "/mcp", &[("Mcp-Session-Id", Some(&session))], &told);
        assert_eq!(accepted.status, 202, "{accepted:?}");
        (session, reply.message())
    }

    /// Sends a request within a session.
    ///
    /// # Panics
    /// When no answer comes in time.
    pub fn in_session(&self, session: &str, method: &str, params: &Value) -> HttpReply {
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        self.ask("POST", "/mcp", &[("Mcp-Session-Id", Some(session))], &body)
    }

    /// Waits for the server's end: how it ended, and all that it wrote on stdout.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn end(&mut self) -> (ExitStatus, Duration, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the server is our child") {
                let took = begun.elapsed();
                let mut output = String::new();
                let stdout = self.child.stdout.as_mut().expect("stdout is piped");
                stdout.read_to_string(&mut output).expect("text");
                return (status, took, output);
            }
            assert!(begun.elapsed() < DEADLINE, "the server does not end");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An `initialize` request.
#[must_use]
pub fn greeting(revision: &str, capabilities: &Value) -> Value {
    let client = json!({ "name": "e2e", "version": "1" });
    let params = json!({ "protocolVersion": revision, "capabilities": capabilities, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params })
}

/// A request's head, but for the empty line at its end.
#[must_use]
pub fn head(method: &str, path: &str, headers: &[(String, String)]) -> String {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("{method} {path} HTTP/1.1\r\n{}", lines.collect::<String>())
}

/// A whole answer.
#[derive(Debug)]
pub struct HttpReply {
    /// 0 where the connection was closed without an answer.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, without the framing of chunks.
    pub body: String,
}

impl HttpReply {
    /// Reads until the connection ends.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn read(mut stream: impl Read) -> Self {
        let mut bytes = Vec::new();
        if let Err(error) = stream.read_to_end(&mut bytes) {
            // What came before a reset is the answer; a deadline that passed is not.
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "the connection does not end");
        }
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if chunked { dechunked(body) } else { body.to_owned() };
        Self { status, head: head.to_owned(), body }
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The last message of the body, which is JSON or a stream of events.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn message(&self) -> Value {
        let mut events = self.body.lines().filter_map(event);
        let whole = serde_json::from_str(&self.body).ok();
        events.next_back().or(whole).unwrap_or_else(|| panic!("no message: {self:?}"))
    }
}

/// The message in a line of a stream of events, if it has one.
#[must_use]
pub fn event(line: &str) -> Option<Value> {
    serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()
}

fn dechunked(mut text: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        let Some(chunk) = rest.get(..size).filter(|chunk| !chunk.is_empty()) else { break };
        body += chunk;
        text = rest[size..].strip_prefix("\r\n").unwrap_or_default();
    }
    body
}
