//! Streamable HTTP: who is answered, and what the answers are.

mod limits;

use super::{Project, REVISION};
use e2e_tests::mcp_client::McpClient;
use e2e_tests::mcp_http::{HttpServer, event, head};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};

impl Project {
    /// A server of this project that listens on a free port of this machine.
    fn listening(&self, arguments: &[&str]) -> HttpServer {
        HttpServer::spawn(self.command(&["--http", "127.0.0.1:0"]).args(arguments))
    }

    /// What a server says that does not start.
    fn not_listening(&self, arguments: &[&str]) -> String {
        let (status, _, said) = McpClient::spawn(&mut self.command(arguments)).end();
        assert_eq!(status.code(), Some(2), "{said}");
        said
    }
}

fn ping() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" })
}

/// Requests as they should be are answered, whatever came before.
#[track_caller]
fn lives(server: &HttpServer) {
    let (session, _) = server.open_session(REVISION, &json!({}));
    let reply = server.in_session(&session, "ping", &json!({}));
    assert_eq!((reply.status, &reply.message()["result"]), (200, &json!({})));
    let ended = server.ask("DELETE", "/mcp", &[("Mcp-Session-Id", Some(&session))], &Value::Null);
    assert!((200..300).contains(&ended.status), "{ended:?}");
}

#[test]
fn names_that_lead_here_from_elsewhere_are_refused() {
    let server = Project::new(&[]).listening(&[]);
    let port = server.address.port();
    for host in [
        format!("evil.example:{port}"),
        "evil.example".to_owned(),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.nip.example:{port}"),
        format!("127.0.0.1:{port}@evil.example"),
        format!("0.0.0.0:{port}"),
        format!("127.0.0.2:{port}"),
        format!("[::1]:{port}"),
        format!("2130706433:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
    ] {
        for method in ["POST", "GET", "DELETE", "OPTIONS"] {
            let reply = server.ask(method, "/mcp", &[("Host", Some(&host))], &Value::Null);
            assert_eq!(reply.status, 403, "{method} to {host}");
            assert!(reply.body.contains("Host"), "{reply:?}");
        }
    }
    let missing = server.ask("POST", "/mcp", &[("Host", None)], &ping());
    assert_eq!(missing.status, 400, "{missing:?}");
    let mut twice = server.headers();
    twice.push(("Host".to_owned(), format!("evil.example:{port}")));
    assert_eq!(server.send("POST", "/mcp", &twice, &ping().to_string()).status, 400);
    let elsewhere = server.ask("POST", &format!("http://evil.example:{port}/mcp"), &[], &ping());
    assert_eq!(elsewhere.status, 403, "{elsewhere:?}");
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}")] {
        let reply = server.ask("POST", "/mcp", &[("Host", Some(&host))], &ping());
        assert!(![403, 401].contains(&reply.status), "{host}: {reply:?}");
    }
    lives(&server);
}

#[test]
fn pages_in_a_browser_are_refused() {
    let server = Project::new(&[]).listening(&[]);
    let port = server.address.port();
    let own = format!("http://127.0.0.1:{port}");
    for origin in [
        "http://evil.example".to_owned(),
        format!("http://evil.example:{port}"),
        format!("http://127.0.0.1.evil.example:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("{own}/"),
        format!("http://user@127.0.0.1:{port}"),
        "http://localhost".to_owned(),
        "vscode-webview://1".to_owned(),
        "file://".to_owned(),
        "null".to_owned(),
    ] {
        for method in ["POST", "GET", "DELETE", "OPTIONS"] {
            let reply = server.ask(method, "/mcp", &[("Origin", Some(&origin))], &Value::Null);
            assert_eq!(reply.status, 403, "{method} from {origin}");
            assert_eq!(reply.header("access-control-allow-origin"), None, "{reply:?}");
        }
    }
    let mut twice = server.changed(&[("Origin", Some(&own))]);
    twice.push(("Origin".to_owned(), "http://evil.example".to_owned()));
    assert_eq!(server.send("POST", "/mcp", &twice, &ping().to_string()).status, 400);
    let reply = server.ask("POST", "/mcp", &[("Origin", Some(&own))], &ping());
    assert!(![403, 401].contains(&reply.status), "{reply:?}");
}

#[test]
fn nothing_is_answered_without_the_token() {
    let server = Project::new(&[]).listening(&[]);
    let token = server.token.clone();
    let wrong = "0".repeat(token.len());
    for given in [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(token.clone()),
        Some(format!("Basic {token}")),
        Some(format!("Bearer {wrong}")),
        Some(format!("Bearer {}", &token[1..])),
        Some(format!("Bearer {token}{token}")),
        Some(format!("Bearer {}", token.to_uppercase()).replace("BEARER", "Bearer")),
    ] {
        // A token without letters is the same in capitals.
        if given.as_deref() == Some(&format!("Bearer {token}")) {
            continue;
        }
        for method in ["POST", "GET", "DELETE", "PUT", "OPTIONS"] {
            let reply = server.ask(method, "/mcp", &[("Authorization", given.as_deref())], &Value::Null);
            assert_eq!(reply.status, 401, "{method} with {given:?}");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{reply:?}");
            assert!(reply.body.contains("token") && !reply.body.contains(&token), "{reply:?}");
        }
    }
    let in_address = server.ask("POST", &format!("/mcp?token={token}"), &[("Authorization", None)], &ping());
    assert_eq!(in_address.status, 401, "{in_address:?}");
    assert!(!server.said.contains(&token), "the token is never printed");
    lives(&server);
}

#[test]
fn other_paths_and_methods_are_told_what_to_use() {
    let server = Project::new(&[]).listening(&[]);
    for path in ["/", "/mcp/", "/MCP", "/sse", "/messages", "/mcp/../mcp", "/%6dcp"] {
        let reply = server.ask("POST", path, &[], &ping());
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.body.contains("/mcp"), "{reply:?}");
    }
    for method in ["PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "ANYTHING"] {
        let reply = server.ask(method, "/mcp", &[], &Value::Null);
        assert_eq!(reply.status, 405, "{method}");
        assert_eq!(reply.header("allow"), Some("POST, GET, DELETE"), "{reply:?}");
    }
}

#[test]
fn only_this_machine_can_reach_it_unless_told_otherwise() {
    let project = Project::new(&[]);
    let server = project.listening(&[]);
    assert!(server.address.ip().is_loopback(), "{}", server.address);
    #[cfg(target_os = "linux")]
    {
        let sockets =
            std::fs::read_to_string(format!("/proc/{}/net/tcp", server.process())).expect("sockets");
        let port = format!(":{:04X}", server.address.port());
        // State 0A listens.
        let listening: Vec<&str> = sockets
            .lines()
            .filter_map(|line| {
                let mut fields = line.split_whitespace().skip(1);
                let local = fields.next()?;
                (local.ends_with(&port) && fields.nth(1)? == "0A").then_some(local)
            })
            .collect();
        assert_eq!(listening, [format!("0100007F{port}")]);
    }
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let said = project.not_listening(&["--http", address]);
        assert!(said.contains("--listen-anyway") && said.contains("127.0.0.1"), "{said}");
    }
    let said =
        HttpServer::spawn(&mut project.command(&["--http", "0.0.0.0:0", "--listen-anyway"])).said.clone();
    assert!(said.contains("warning") && said.contains("not encrypted"), "{said}");
    assert!(!server.said.contains("warning"), "{}", server.said);
}

#[test]
#[cfg(unix)]
fn a_token_that_others_may_know_is_refused() {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = Project::new(&[]);
    let (file, token) = {
        let server = project.listening(&[]);
        (server.token_file.clone(), server.token.clone())
    };
    let mode = |mode| fs::set_permissions(&file, PermissionsExt::from_mode(mode)).expect("it is ours");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(project.listening(&[]).token, token, "a second start takes the same");
    let refused = || {
        let said = project.not_listening(&["--http", "127.0.0.1:0"]);
        assert!(said.contains(file.to_str().expect("text")) && said.contains("delete it"), "{said}");
        assert!(!said.contains(&token), "{said}");
        said
    };
    mode(0o644);
    assert!(refused().contains("600"));
    mode(0o600);
    let elsewhere = project.root().join("elsewhere");
    fs::rename(&file, &elsewhere).expect("it moves");
    symlink(&elsewhere, &file).expect("a link");
    assert!(refused().contains("link"));
    fs::remove_file(&file).expect("it is there");
    fs::write(&file, "").expect("an empty file");
    mode(0o600);
    assert!(refused().contains("no token"));
    fs::remove_file(&file).expect("it is there");
    assert_ne!(project.listening(&[]).token, token, "a new one is random");
}

#[test]
fn every_revision_with_sessions_is_spoken() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let server = project.listening(&[]);
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let (session, answer) = server.open_session(revision, &json!({}));
        assert_eq!(answer["result"]["protocolVersion"], revision);
        let tools = server.in_session(&session, "tools/list", &json!({})).message();
        assert!(tools["result"]["tools"].as_array().is_some_and(|tools| !tools.is_empty()), "{tools}");
        let call = json!({ "name": "read_file", "arguments": { "path": "a.txt" } });
        let read = server.in_session(&session, "tools/call", &call).message();
        assert!(read["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("one")));
    }
}

#[test]
fn the_revision_without_sessions_asks_the_person_in_the_result() {
    let project = Project::new(&[]);
    let server = project.listening(&[]);
    let revision = "2026-07-28";
    let ask = |method: &str, name: Option<&str>, mut params: Value| {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientInfo": { "name": "e2e", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } },
        });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let headers =
            [("MCP-Protocol-Version", Some(revision)), ("Mcp-Method", Some(method)), ("Mcp-Name", name)];
        let reply = server.ask("POST", "/mcp", &headers, &body);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("mcp-session-id"), None, "{reply:?}");
        reply.message()["result"].clone()
    };
    let known = ask("server/discover", None, json!({}));
    assert!(
        known["supportedVersions"].as_array().is_some_and(|all| all.contains(&json!(revision))),
        "{known}"
    );
    let staged = json!({ "name": "write_file", "arguments": { "path": "a.txt", "content": "one\n" } });
    ask("tools/call", Some("write_file"), staged);
    let accept = json!({ "name": "accept_changes", "arguments": {} });
    let required = ask("tools/call", Some("accept_changes"), accept.clone());
    assert_eq!(required["resultType"], "input_required", "{required}");
    assert!(!project.root().join("a.txt").exists());
    let key =
        required["inputRequests"].as_object().and_then(|asked| asked.keys().next()).expect("a question");
    let mut answered = accept;
    answered["inputResponses"] = json!({ key: { "action": "accept", "content": {} } });
    answered["requestState"] = required["requestState"].clone();
    let done = ask("tools/call", Some("accept_changes"), answered);
    assert_ne!(done["isError"], true, "{done}");
    assert_eq!(project.read("a.txt"), "one\n");
}

#[test]
fn the_person_is_asked_within_the_call() {
    let project = Project::new(&[]);
    let server = project.listening(&[]);
    let (session, _) = server.open_session(REVISION, &json!({ "elicitation": {} }));
    let staged = json!({ "name": "write_file", "arguments": { "path": "a.txt", "content": "one\n" } });
    server.in_session(&session, "tools/call", &staged);
    let mut stream = server.connect();
    let call = json!({ "name": "accept_changes", "arguments": {} });
    let body = json!({ "jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": call }).to_string();
    let start = head("POST", "/mcp", &server.changed(&[("Mcp-Session-Id", Some(&session))]));
    write!(stream, "{start}Content-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    let mut messages = BufReader::new(stream).lines().map_while(Result::ok).filter_map(|line| event(&line));
    let question = messages.find(|message| message["method"] == "elicitation/create").expect("a question");
    assert!(!project.root().join("a.txt").exists());
    let answer =
        json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": {} } });
    let told = server.ask("POST", "/mcp", &[("Mcp-Session-Id", Some(&session))], &answer);
    assert_eq!(told.status, 202, "{told:?}");
    let reply = messages.find(|message| message["id"] == 9).expect("a reply");
    assert_ne!(reply["result"]["isError"], true, "{reply}");
    assert_eq!(project.read("a.txt"), "one\n");
}

#[test]
fn sessions_share_one_workspace() {
    let project = Project::new(&[]);
    let server = project.listening(&[]);
    let (one, _) = server.open_session(REVISION, &json!({}));
    let (other, _) = server.open_session(REVISION, &json!({}));
    let staged = json!({ "name": "write_file", "arguments": { "path": "a.txt", "content": "shared\n" } });
    server.in_session(&one, "tools/call", &staged);
    let read = json!({ "name": "read_file", "arguments": { "path": "a.txt" } });
    let reply = server.in_session(&other, "tools/call", &read).message();
    assert!(
        reply["result"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("shared")),
        "{reply}"
    );
}

#[test]
#[cfg(unix)]
fn it_ends_when_told_to_and_says_nothing_on_stdout() {
    let project = Project::new(&[]);
    let mut server = project.listening(&[]);
    lives(&server);
    // A stream that stays open does not hold it up.
    let (session, _) = server.open_session(REVISION, &json!({}));
    let mut stream = server.connect();
    let start = head("GET", "/mcp", &server.changed(&[("Mcp-Session-Id", Some(&session))]));
    write!(stream, "{start}\r\n").expect("it reads");
    let mut status = String::new();
    BufReader::new(&stream).read_line(&mut status).expect("an answer");
    assert!(status.contains("200"), "{status}");
    let told = std::process::Command::new("kill").arg(server.process().to_string()).status();
    assert!(told.expect("kill").success());
    let (status, took, output) = server.end();
    assert!(status.success(), "{status}");
    assert!(took.as_millis() < 1500, "{took:?}");
    assert_eq!(output, "");
}
