use crate::permission::Policy;
use crate::tools::fixture::Project;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;

/// A server that answers each connection with the next of its answers; gives its port, and what it was sent.
fn serve(answers: Vec<String>) -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let (sender, requests) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("\r\n\r\n") {
                let count = stream.read(&mut piece).expect("a request");
                request.extend_from_slice(&piece[..count]);
                if count == 0 {
                    break;
                }
            }
            let _ = stream.write_all(answer.replace("PORT", &port.to_string()).as_bytes());
            let _ = sender.send(String::from_utf8_lossy(&request).into_owned());
        }
    });
    (port, requests)
}

fn call(arguments: Value) -> String {
    Project::new(&[]).call("http_request", arguments)
}

#[test]
fn a_server_on_this_machine_is_asked() {
    let answer = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok";
    let (port, requests) = serve(vec![answer.to_owned()]);
    let arguments = json!({
        "url": format!("http://localhost:{port}/a?b=1#c"), "method": "post", "headers": { "X-B": "c" }, "body": "hi"
    });
    assert_eq!(call(arguments), "HTTP 201 Created\ncontent-length: 2\nx-a: b\n\nok");
    let request = requests.recv().expect("it was asked");
    assert!(request.starts_with("POST /a?b=1 HTTP/1.1\r\n"), "{request}");
    assert!(
        request.to_lowercase().contains("x-b: c\r\n") && request.to_lowercase().contains("content-length: 2")
    );
}

#[test]
fn redirects_stay_with_the_host() {
    let to = |place: &str| format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere".to_owned();
    let (port, _) = serve(vec![to("/next"), last]);
    let reply = call(json!({ "url": format!("http://127.0.0.1:{port}/") }));
    assert!(reply.starts_with("HTTP 200") && reply.ends_with("here"), "{reply}");
    for place in
        ["http://evil.example/", "//169.254.169.254/latest", "http://localhost:PORT/", "https://127.0.0.1/"]
    {
        let (port, _) = serve(vec![to(place)]);
        let reply = call(json!({ "url": format!("http://127.0.0.1:{port}/") }));
        assert!(reply.contains("a redirect to another place is not followed"), "{place}: {reply}");
    }
}

#[test]
fn long_answers_are_cut_and_slow_ones_given_up() {
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n{}", "é".repeat(300_000));
    let (port, _) = serve(vec![long]);
    let reply = call(json!({ "url": format!("http://127.0.0.1:{port}/") }));
    assert!(reply.contains("(more than the first 262144 bytes are left out)"), "{}", reply.len());
    let (port, _) = serve(vec!["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n".to_owned()]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = listener.local_addr().expect("it is bound").port();
    let reply = call(json!({ "url": format!("http://127.0.0.1:{silent}/"), "timeout": 1 }));
    assert!(reply.contains("in 1 s; ask with a longer `timeout`"), "{reply}");
    let reply = call(json!({ "url": format!("http://127.0.0.1:{port}/") }));
    assert!(reply.contains("broke off"), "{reply}");
    drop(listener);
    let reply = call(json!({ "url": format!("http://127.0.0.1:{silent}/") }));
    assert!(reply.contains("nothing listens"), "{reply}");
}

#[test]
fn other_hosts_are_refused_however_they_are_written() {
    for host in [
        "example.com",
        "localhost.",
        "localhost.evil.example",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let reply = call(json!({ "url": format!("http://{host}/") }));
        assert!(reply.contains("is not on this machine"), "{host}: {reply}");
    }
    for url in
        ["http://localhost@evil.example/", "https://localhost/", "gopher://localhost/", "localhost", ""]
    {
        let reply = call(json!({ "url": url }));
        assert!(reply.starts_with("error: `url`"), "{url}: {reply}");
    }
    // A name that is allowed, and leads to this machine all the same.
    let policy = Policy { hosts: vec!["localhost.localdomain".to_owned()], ..Policy::default() };
    let reply =
        Project::with(&[], policy).call("http_request", json!({ "url": "http://localhost.localdomain:1/" }));
    assert!(reply.starts_with("error: ") && !reply.contains("nothing listens"), "{reply}");
}

#[test]
fn what_would_smuggle_a_request_is_refused() {
    for (name, value) in [
        ("Host", "a"),
        ("content-length", "3"),
        ("Transfer-Encoding", "chunked"),
        ("A", "b\r\nC: d"),
        ("A B", "c"),
        ("A:", "b"),
    ] {
        let reply = call(json!({ "url": "http://localhost:1/", "headers": { name: value } }));
        assert!(reply.starts_with("error: `headers`"), "{name}: {reply}");
    }
    let reply = call(json!({ "url": "http://localhost:1/", "method": "GET / HTTP/1.1\r\nX: y" }));
    assert!(reply.starts_with("error: `method`"), "{reply}");
}
