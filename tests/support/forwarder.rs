//! A door to an HTTP server for clients that cannot say its token: it adds the header, and changes nothing else.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// The longest head of a request, in bytes.
const HEAD_LIMIT: usize = 64 << 10;

/// Opens a port of this machine that leads to `server` with this token; gives its address. It stays open until the
/// process ends.
///
/// # Panics
/// When no port is free.
pub fn forward(server: SocketAddr, token: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let here = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let token = token.clone();
            // A side that goes away ends its connection, and nothing else.
            thread::spawn(move || drop(relay(client, here, server, &token)));
        }
    });
    here
}

/// Passes one request on and its answer back.
fn relay(mut client: TcpStream, here: SocketAddr, there: SocketAddr, token: &str) -> io::Result<()> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let read = client.read(&mut piece)?;
        if read == 0 || bytes.len() > HEAD_LIMIT {
            return Ok(());
        }
        bytes.extend_from_slice(&piece[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut server = TcpStream::connect(there)?;
    server.write_all(changed(&head, here, there, token).as_bytes())?;
    server.write_all(&bytes[end + 4..])?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        // The client may leave in the midst of an answer: then the server is to know.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let copied = io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    copied.map(drop)
}

/// The head for the server: with the token, under its own address where the client named ours, and one request a
/// connection, so that no later head needs to be found.
fn changed(head: &str, here: SocketAddr, there: SocketAddr, token: &str) -> String {
    let mut lines = head.split("\r\n");
    let mut changed = format!("{}\r\n", lines.next().unwrap_or_default());
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "connection" => {}
            "host" | "origin" => {
                let port = format!(":{}", here.port());
                let value = match value.strip_suffix(&port) {
                    Some(name) => format!("{name}:{}", there.port()),
                    None => value.to_owned(),
                };
                let _ = write!(changed, "{name}:{value}\r\n");
            }
            _ => {
                let _ = write!(changed, "{line}\r\n");
            }
        }
    }
    changed + &format!("Authorization: Bearer {token}\r\nConnection: close\r\n\r\n")
}
