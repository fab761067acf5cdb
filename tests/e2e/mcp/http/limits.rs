//! Clients that send too much, too slowly or nonsense cost others nothing.

use super::{REVISION, lives, ping};
use crate::mcp::Project;
use e2e_tests::mcp_http::{HttpReply, greeting, head};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn bodies_have_a_greatest_size() {
    let server = Project::new(&[]).listening(&[]);
    for length in ["4194305", "99999999999"] {
        // The length alone decides: nothing of the body is waited for.
        let reply = server.ask("POST", "/mcp", &[("Content-Length", Some(length))], &Value::Null);
        assert_eq!(reply.status, 413, "{reply:?}");
        assert!(reply.body.contains("4194304"), "{reply:?}");
    }
    // No length at all; the parser itself refuses it.
    let absurd = [("Content-Length", Some("18446744073709551615"))];
    assert_eq!(server.ask("POST", "/mcp", &absurd, &Value::Null).status, 431);
    let mut stream = server.connect();
    let start = head("POST", "/mcp", &server.changed(&[("Transfer-Encoding", Some("chunked"))]));
    write!(stream, "{start}\r\n").expect("it reads");
    let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    // One piece too many; it may stop to read before the last is sent.
    for _ in 0..=64 {
        let _ = stream.write_all(piece.as_bytes());
    }
    let reply = HttpReply::read(stream);
    assert_eq!(reply.status, 413, "{reply:?}");
    // What others may not send is not even begun to be read.
    let stranger = [("Authorization", None), ("Content-Length", Some("4000000"))];
    assert_eq!(server.ask("POST", "/mcp", &stranger, &Value::Null).status, 401);
    lives(&server);
}

#[test]
fn a_large_body_within_the_limit_is_read() {
    let project = Project::new(&[]);
    let server = project.listening(&[]);
    let (session, _) = server.open_session(REVISION, &json!({}));
    let text = "abcdefg\n".repeat(450_000);
    let call = json!({ "name": "write_file", "arguments": { "path": "a.txt", "content": text } });
    let reply = server.in_session(&session, "tools/call", &call);
    assert_eq!(reply.status, 200, "{}", reply.head);
    assert_ne!(reply.message()["result"]["isError"], true, "{reply:?}");
}

#[test]
fn heads_have_a_greatest_size() {
    let server = Project::new(&[]).listening(&[]);
    let long = "a".repeat(1 << 20);
    let reply = server.ask("POST", "/mcp", &[("X-Long", Some(&long))], &ping());
    assert!([431, 0].contains(&reply.status), "{}", reply.status);
    let many = "X-Many: 1\r\n".repeat(10_000);
    let mut stream = server.connect();
    let _ = write!(stream, "{}{many}\r\n", head("POST", "/mcp", &server.headers()));
    let reply = HttpReply::read(stream);
    assert!([431, 0].contains(&reply.status), "{}", reply.status);
    lives(&server);
}

#[test]
fn sessions_have_a_greatest_number_and_end_on_request() {
    let server = Project::new(&[]).listening(&["--http-sessions", "3"]);
    let sessions: Vec<String> = (0..3).map(|_| server.open_session(REVISION, &json!({})).0).collect();
    let full = server.ask("POST", "/mcp", &[], &greeting(REVISION, &json!({})));
    assert_eq!(full.status, 429, "{full:?}");
    assert!(full.body.contains("3 sessions") && full.body.contains("DELETE"), "{full:?}");
    for session in &sessions {
        assert_eq!(server.in_session(session, "ping", &json!({})).status, 200, "the others go on");
    }
    let ended = server.ask("DELETE", "/mcp", &[("Mcp-Session-Id", Some(&sessions[1]))], &Value::Null);
    assert!((200..300).contains(&ended.status), "{ended:?}");
    assert_eq!(server.in_session(&sessions[1], "ping", &json!({})).status, 404);
    server.open_session(REVISION, &json!({}));
    assert_eq!(server.ask("POST", "/mcp", &[], &greeting(REVISION, &json!({}))).status, 429);
}

#[test]
fn the_number_of_sessions_holds_when_many_ask_at_once() {
    let server = Project::new(&[]).listening(&["--http-sessions", "3"]);
    let opened = thread::scope(|scope| {
        let ask = || server.ask("POST", "/mcp", &[], &greeting(REVISION, &json!({}))).status;
        let asked: Vec<_> = (0..12).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect::<Vec<_>>()
    });
    assert_eq!(opened.iter().filter(|status| **status == 200).count(), 3, "{opened:?}");
    assert_eq!(opened.iter().filter(|status| **status == 429).count(), 9, "{opened:?}");
}

#[test]
fn idle_sessions_end() {
    let server = Project::new(&[]).listening(&["--http-idle", "1500", "--http-sessions", "1"]);
    let (session, _) = server.open_session(REVISION, &json!({}));
    assert_eq!(server.in_session(&session, "ping", &json!({})).status, 200);
    let begun = Instant::now();
    while server.ask("POST", "/mcp", &[], &greeting(REVISION, &json!({}))).status == 429 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
        thread::sleep(Duration::from_millis(100));
    }
    assert!(begun.elapsed() > Duration::from_millis(700), "it ended too soon: {:?}", begun.elapsed());
    assert_eq!(server.in_session(&session, "ping", &json!({})).status, 404, "it is gone");
}

#[test]
fn slow_clients_are_not_waited_for() {
    let server = Project::new(&[]).listening(&["--http-arrival", "600"]);
    let begun = Instant::now();
    let mut head_only = server.connect();
    head_only.write_all(b"POST /mcp HTTP/1.1\r\nHost: ").expect("it reads");
    let mut silent = server.connect();
    let mut body = server.connect();
    let start = head("POST", "/mcp", &server.headers());
    write!(body, "{start}Content-Length: 100\r\n\r\n{{").expect("it reads");
    lives(&server);
    let mut rest = Vec::new();
    // A connection that is reset has ended too.
    let _ = head_only.read_to_end(&mut rest);
    let _ = silent.read_to_end(&mut rest);
    let reply = HttpReply::read(body);
    assert_eq!(reply.status, 408, "{reply:?}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    lives(&server);
}

#[test]
fn requests_at_one_time_have_a_greatest_number() {
    let server = Project::new(&[]).listening(&["--http-requests", "2"]);
    let start = head("POST", "/mcp", &server.headers());
    let open = |_| {
        let mut stream = server.connect();
        write!(stream, "{start}Content-Length: 100\r\n\r\n{{").expect("it reads");
        stream
    };
    let begun = Instant::now();
    let (half, full) = loop {
        let half: Vec<_> = (0..2).map(open).collect();
        // The halves may still be on their way; and if a question comes in between, it is a half that is refused.
        let full =
            (0..50).map(|_| server.ask("POST", "/mcp", &[], &ping())).find(|reply| reply.status == 429);
        if let Some(full) = full {
            break (half, full);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "more than 2 requests are taken");
    };
    assert!(full.body.contains("2 requests"), "{full:?}");
    drop(half);
    let begun = Instant::now();
    while server.ask("POST", "/mcp", &[], &ping()).status == 429 {
        assert!(begun.elapsed() < Duration::from_secs(5), "clients that left are still counted");
    }
    lives(&server);
}

#[test]
fn connections_at_one_time_have_a_greatest_number() {
    let server = Project::new(&[]).listening(&["--http-connections", "1", "--http-arrival", "1500"]);
    let mut silent = server.connect();
    let begun = Instant::now();
    let reply = server.ask("POST", "/mcp", &[], &greeting(REVISION, &json!({})));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(begun.elapsed() > Duration::from_millis(700), "the second did not wait for the first");
    let _ = silent.read_to_end(&mut Vec::new());
}

#[test]
fn nonsense_is_refused_and_survived() {
    // Some of it lets the server wait for the rest.
    let server = Project::new(&[]).listening(&["--http-arrival", "1000"]);
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let nested = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{deep}}}"#);
    for body in ["", "{", "null", "[]", "\u{0}", "{\"jsonrpc\":\"2.0\"}", &deep, &nested] {
        let reply = server.send("POST", "/mcp", &server.headers(), body);
        assert!((400..500).contains(&reply.status), "{} for {:.40}", reply.status, body);
    }
    let raw: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /mcp HTTP/9.9\r\n\r\n",
    ];
    for bytes in raw {
        let mut stream = server.connect();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let reply = HttpReply::read(stream);
        assert!(reply.status == 0 || reply.status >= 400, "{} for {bytes:?}", reply.status);
    }
    let mut both = server.changed(&[("Transfer-Encoding", Some("chunked"))]);
    both.push(("Content-Length".to_owned(), "5".to_owned()));
    let smuggled = server.send("POST", "/mcp", &both, "");
    assert!(smuggled.status == 0 || smuggled.status >= 400, "{smuggled:?}");
    // Neither UTF-8 nor JSON.
    let mut stream = server.connect();
    write!(stream, "{}Content-Length: 3\r\n\r\n", head("POST", "/mcp", &server.headers())).expect("it reads");
    stream.write_all(b"\"\xff\"").expect("it reads");
    let reply = HttpReply::read(stream);
    assert!((400..500).contains(&reply.status), "{reply:?}");
    for session in ["nobody", "", "../../etc/passwd", &"a".repeat(10_000)] {
        let reply = server.in_session(session, "ping", &json!({}));
        assert!((400..500).contains(&reply.status), "{reply:?}");
    }
    lives(&server);
}
