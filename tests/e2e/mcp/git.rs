//! The tools of git over real repositories, and over the wire.

use super::Project;
use e2e_tests::mcp_client::McpClient;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Ann", "-c", "user.email=ann@x", "-c", "http.receivepack=true"];
    let output =
        Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn repository(files: &[(&str, &str)]) -> Project {
    let project = Project::new(files);
    git(project.root(), &["init", "-q", "-b", "main"]);
    for (key, value) in [("user.name", "Ann"), ("user.email", "ann@x")] {
        git(project.root(), &["config", key, value]);
    }
    git(project.root(), &["add", "-A"]);
    git(project.root(), &["commit", "-q", "-m", "First"]);
    project
}

fn server(project: &Project) -> McpClient {
    project.server(&["--toolsets", "files,git"])
}

#[test]
fn a_change_goes_from_its_proposal_to_a_commit() {
    let project = repository(&[("a.txt", "one\ntwo\n")]);
    let mut client = server(&project);
    client.ok("edit_file", json!({ "path": "a.txt", "edits": [{ "old": "two", "new": "2" }] }));
    assert!(client.ok("git_diff", json!({ "to": "proposed" })).contains("-two\n+2\n"));
    assert_eq!(client.ok("git_diff", json!({})), "no differences\n", "it is not on disk yet");
    client.agreed("accept_changes", json!({}));
    client.ok("git_stage", json!({ "paths": ["a.txt"] }));
    assert_eq!(client.ok("git_status", json!({})), "## main\nM  a.txt\n");
    client.agreed("git_commit", json!({ "message": "Second" }));
    assert_eq!(git(project.root(), &["log", "--format=%s"]), "Second\nFirst\n");
    assert!(client.ok("git_blame", json!({ "path": "a.txt" })).contains(": Second\n     2\t2\n"));
}

#[test]
fn the_usual_tools_have_those_of_git_that_are_used_most() {
    let project = repository(&[("a.txt", "one\n")]);
    let mut client = project.server(&[]);
    assert_eq!(client.ok("git_status", json!({})), "## main\n");
    assert_eq!(client.ok("git_diff", json!({})), "no differences\n");
}

#[cfg(unix)]
#[test]
fn hooks_run_in_the_sandbox_when_they_are_asked_for() {
    use std::os::unix::fs::PermissionsExt;
    let project = repository(&[("a.txt", "one\n")]);
    let hook = |text: &str| {
        let path = project.root().join(".git/hooks/pre-commit");
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("hook");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
    };
    let mut client = server(&project);
    project.write("a.txt", b"two\n");
    client.ok("git_stage", json!({ "paths": ["a.txt"] }));
    hook("echo not like this; exit 1");
    let (said, failed) = client.call_agreed("git_commit", json!({ "message": "m", "hooks": true }));
    assert!(failed && said.contains("not like this"), "{said}");
    assert_eq!(git(project.root(), &["log", "--format=%s"]), "First\n");
    hook("git diff --cached --name-only");
    client.agreed("git_commit", json!({ "message": "m", "hooks": true }));
    assert_eq!(git(project.root(), &["log", "--format=%s"]), "m\nFirst\n");
}

/// A web server on this machine that lets `git http-backend` answer for the repositories of a folder.
fn web(folder: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let folder = folder.clone();
            std::thread::spawn(move || answer(stream, &folder));
        }
    });
    port
}

fn answer(mut stream: TcpStream, folder: &Path) {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a request");
    let mut words = line.split(' ');
    let (method, target) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let (mut kind, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).expect("a header");
        let header = header.trim().to_owned();
        match header.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-type") => kind = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    if target.starts_with("/moved") {
        let _ = stream
            .write_all(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    if target.starts_with("/private") {
        let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut backend = Command::new("git");
    backend.args(["-c", "http.receivepack=true", "http-backend"]).env("GIT_PROJECT_ROOT", folder);
    backend.env("GIT_HTTP_EXPORT_ALL", "1").env("PATH_INFO", path).env("QUERY_STRING", query);
    backend.env("REQUEST_METHOD", method).env("CONTENT_TYPE", kind).env("CONTENT_LENGTH", length.to_string());
    let mut backend = backend.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git");
    let mut input = backend.stdin.take().expect("piped");
    std::thread::spawn(move || input.write_all(&body));
    let output = backend.wait_with_output().expect("an answer").stdout;
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").expect("headers");
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let body = &output[end + 4..];
    let head =
        format!("HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

#[test]
fn a_repository_is_cloned_fetched_and_pushed_over_http() {
    let hub = repository(&[("a.txt", "one\n")]);
    git(hub.root(), &["clone", "-q", "--bare", ".", "hub"]);
    let port = web(hub.root().to_path_buf());
    let project = Project::new(&[]);
    let mut client = server(&project);
    let url = format!("http://127.0.0.1:{port}/hub");
    client.agreed("git_clone", json!({ "url": url, "path": "copy" }));
    assert_eq!(project.read("copy/a.txt"), "one\n");
    let copy = project.root().join("copy");
    for (key, value) in [("user.name", "Ann"), ("user.email", "ann@x")] {
        git(&copy, &["config", key, value]);
    }
    project.write("copy/a.txt", b"two\n");
    client.ok("git_stage", json!({ "paths": ["copy/a.txt"] }));
    client.agreed("git_commit", json!({ "message": "Second", "repo": "copy" }));
    client.agreed("git_push", json!({ "repo": "copy" }));
    assert_eq!(git(&hub.root().join("hub"), &["log", "--format=%s", "main"]), "Second\nFirst\n");
    assert!(client.agreed("git_fetch", json!({ "repo": "copy" })).contains("nothing new"));
    for (path, words) in [("moved/x", "it moved to"), ("private/x", "who you are"), ("nothing", "404")] {
        let url = format!("http://127.0.0.1:{port}/{path}");
        let (said, failed) = client.call_agreed("git_clone", json!({ "url": url, "path": "other" }));
        assert!(failed && said.contains(words), "{said}");
        assert!(!project.root().join("other").exists(), "what failed leaves nothing");
    }
}

/// A program in the place of `ssh` that runs what it is told to run at the other end.
#[cfg(unix)]
#[test]
fn ssh_is_the_persons_own_and_is_told_never_to_ask() {
    use std::os::unix::fs::PermissionsExt;
    let hub = repository(&[("a.txt", "one\n")]);
    git(hub.root(), &["clone", "-q", "--bare", ".", "hub"]);
    let project = Project::new(&[]);
    let programs = tempfile::tempdir().expect("folder");
    let ssh = programs.path().join("ssh");
    std::fs::write(
        &ssh,
        "#!/bin/sh\necho \"$@\" >> \"$0.log\"\nfor last; do :; done\nexec sh -c \"$last\"\n",
    )
    .expect("ssh");
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let mut command = project.command(&["--toolsets", "files,git"]);
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").expect("PATH"));
    let mut client = McpClient::spawn(command.env("PATH", path));
    client.greet(super::REVISION, json!({ "elicitation": {} }));
    let url = format!("git@host.invalid:{}", hub.root().join("hub").display());
    client.agreed("git_clone", json!({ "url": url, "path": "copy" }));
    assert_eq!(project.read("copy/a.txt"), "one\n");
    let said = std::fs::read_to_string(programs.path().join("ssh.log")).expect("it was run");
    assert!(
        said.contains("-oBatchMode=yes") && said.contains("-- git@host.invalid git-upload-pack '"),
        "{said}"
    );
}
