//! Processes see staged text, and what they and tasks write is staged.

use super::tools::SERVER;
use crate::mcp::Project;
use e2e_tests::skip;
use serde_json::json;
use std::net::TcpListener;

#[test]
fn a_development_server_is_waited_for_asked_and_stopped() {
    let project = Project::new(&[("serve.py", SERVER), ("page.txt", "on disk\n")]);
    let mut client = project.server(&["--toolsets", "files,shell,analysis"]);
    client.ok("write_file", json!({ "path": "page.txt", "content": "staged\n" }));
    let port = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port").port();
    let reply = client.agreed(
        "start_process",
        json!({ "name": "web", "command": format!("python3 serve.py {port}"), "port": port, "network": true }),
    );
    assert!(reply.starts_with("ready\n") && reply.contains(&format!("listens on {port}")), "{reply}");
    let is_overlaid = reply.contains("staged view");
    let page = client.ok("http_request", json!({ "url": format!("http://127.0.0.1:{port}/page.txt") }));
    assert!(page.ends_with(if is_overlaid { "\nstaged\n" } else { "\non disk\n" }), "{page}");
    let list = client.ok("read_process", json!({}));
    assert!(list.starts_with("web: python3 serve.py"), "{list}");
    client.ok("write_file", json!({ "path": "page.txt", "content": "again\n" }));
    let news = client.ok("read_process", json!({ "name": "web", "wait_s": 5 }));
    assert!(news.contains("GET /page.txt"), "{news}");
    assert_eq!(news.contains("staged text has changed since its start"), is_overlaid, "{news}");
    let reply = client.ok("stop_process", json!({ "name": "web" }));
    assert!(reply.contains("(`web` stopped after"), "{reply}");
    let gone = client.refused("http_request", json!({ "url": format!("http://127.0.0.1:{port}/page.txt") }));
    assert!(gone.contains("nothing listens"), "{gone}");
}

#[test]
fn what_processes_and_tasks_write_is_staged_at_their_end() {
    let makefile = "gen:\n\techo made > made.txt\n\t@echo 'a.c:1:1: error: wrong'\n\t@false\n";
    let project = Project::new(&[("Makefile", makefile), ("a.c", "int x;\n")]);
    let mut client = project.server(&[]);
    let ask = "read line; echo \"$line\" > said.txt; read line";
    let reply = client.agreed("start_process", json!({ "name": "ask", "command": ask }));
    if !reply.contains("staged view") {
        return skip::note(
            "what_processes_and_tasks_write_is_staged_at_their_end",
            "there is no overlay here",
        );
    }
    client.agreed("write_process", json!({ "name": "ask", "text": "hello" }));
    assert!(!client.ok("list_changes", json!({})).contains("said.txt"), "it still runs");
    let reply = client.ok("stop_process", json!({ "name": "ask" }));
    assert!(reply.contains("changed `said.txt`") && reply.contains("staged as change 1"), "{reply}");
    assert_eq!(
        client.ok("read_process", json!({ "name": "ask" })).matches("staged as").count(),
        0,
        "only once"
    );
    let reply = client.agreed("run_task", json!({ "name": "gen" }));
    assert!(reply.starts_with("a.c:1:1: error: wrong\n"), "{reply}");
    assert!(reply.contains("changed `made.txt`") && reply.contains("staged as change 2"), "{reply}");
    assert!(client.ok("read_file", json!({ "path": "said.txt" })).contains("hello"));
    assert!(!project.root().join("said.txt").exists() && !project.root().join("made.txt").exists());
}
