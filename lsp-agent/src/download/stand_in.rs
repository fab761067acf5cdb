//! A server on this machine for tests, which answers as it is told to: also with cuts, lies and silence.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection ends after so many bytes of the body.
    pub(crate) cut: Option<usize>,
    /// The body comes in chunks of so many bytes.
    pub(crate) chunks: Option<usize>,
    /// The connection stays open, and nothing more comes.
    pub(crate) hang: bool,
}

pub(crate) struct StandIn {
    pub(crate) base: String,
    asked: Receiver<Asked>,
}

impl StandIn {
    /// Answers each request with what `answer` says.
    pub(crate) fn start(mut answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (sender, asked) = channel();
        thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming().flatten() {
                let Some(request) = read(&stream) else { continue };
                let reply = answer(&request);
                // The test may be over.
                let _ = sender.send(request.clone());
                write(&stream, &request, &reply);
                if reply.hang {
                    hanging.push(stream);
                }
            }
        });
        Self { base, asked }
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.try_iter().collect()
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first byte that is asked for.
    pub(crate) fn from(&self) -> usize {
        let range = self.header("range").and_then(|text| text.strip_prefix("bytes="));
        range.and_then(|text| text.strip_suffix('-')?.parse().ok()).unwrap_or(0)
    }
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// The file as a well-behaved hub gives it: its checksum and size first, and the piece that is asked for.
    pub(crate) fn file(asked: &Asked, bytes: &[u8], sha256: &str) -> Self {
        let named = Self::status(200)
            .header("x-linked-etag", format!("\"{sha256}\""))
            .header("x-linked-size", bytes.len())
            .header("x-repo-commit", "c0ffee");
        if asked.method == "HEAD" {
            return named;
        }
        let from = asked.from();
        if from == 0 {
            return Self { body: bytes.to_vec(), ..named };
        }
        let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
        let piece = Self { status: 206, body: bytes[from..].to_vec(), ..named };
        piece.header("content-range", range)
    }

    pub(crate) fn cut(self, after: usize) -> Self {
        Self { cut: Some(after), ..self }
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut asked = Asked { method, path, headers, body: Vec::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut asked.body).ok()?;
    Some(asked)
}

fn write(mut stream: &TcpStream, asked: &Asked, reply: &Reply) {
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", reply.status);
    let own_length = reply.headers.iter().any(|(name, _)| name == "content-length");
    if reply.chunks.is_some() {
        head.push_str("transfer-encoding: chunked\r\n");
    } else if !own_length && asked.method != "HEAD" {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
    }
    reply.headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    let mut pieces = vec![head.into_bytes()];
    if asked.method != "HEAD" {
        let body = &reply.body[..reply.cut.unwrap_or(reply.body.len()).min(reply.body.len())];
        match reply.chunks {
            None => pieces.push(body.to_vec()),
            Some(size) => {
                let chunk =
                    |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
                pieces.extend(body.chunks(size).map(chunk));
                // A body that is cut has no end.
                pieces.extend(reply.cut.is_none().then(|| b"0\r\n\r\n".to_vec()));
            }
        }
    }
    for piece in pieces {
        // A client that had enough has gone.
        if stream.write_all(&piece).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}
