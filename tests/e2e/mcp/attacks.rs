//! What hosts, models and trees may do to the server: the cases of `samples/attacks/files.json`, run as they are written,
//! and relatives of theirs. Of its area `crash`, three belong to a store of conversations, which comes with the agent:
//! `crash-12`, `crash-13` and `crash-14`. What they ask for is asked of the journal here (`crash.rs`).

use super::REVISION;
use e2e_tests::binary;
use e2e_tests::mcp_client::McpClient;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

mod checks;
mod cmdpolicy;
mod config;
mod git;
mod inject;
#[cfg(target_os = "linux")]
mod process;
mod races;
mod relatives;
#[cfg(target_os = "linux")]
mod sandbox;

/// A workspace `ws` with a folder `out` beside it.
pub(super) struct Scene {
    pub(super) folder: TempDir,
}

impl Scene {
    pub(super) fn new() -> Self {
        let scene = Self { folder: TempDir::new().expect("folder") };
        for name in ["ws", "out", "home"] {
            fs::create_dir(scene.folder.path().join(name)).expect("create");
        }
        scene
    }

    pub(super) fn ws(&self) -> PathBuf {
        self.folder.path().join("ws")
    }

    pub(super) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    pub(super) fn shell(&self, line: &str) {
        let mut command = Command::new("bash");
        command.args(["-c", line]).env("WS", self.ws()).env("OUT", self.out());
        let status = command.current_dir(self.folder.path()).status().expect("bash");
        assert!(status.success(), "`{line}` failed");
    }

    pub(super) fn prepare(&self, command: &mut Command) {
        let home = self.folder.path().join("home");
        command.args(["--root".as_ref(), self.ws().as_os_str()]).arg("--trust-host");
        command.env("HOME", &home).env("XDG_STATE_HOME", home.join("state"));
        command.env("XDG_CACHE_HOME", home.join("cache")).current_dir(self.folder.path());
    }

    pub(super) fn server(&self) -> McpClient {
        let mut command = Command::new(binary::devtoolkit_mcp());
        self.prepare(&mut command);
        greeted(&mut command)
    }

    fn is_of_root(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(self.folder.path()).expect("it is there").uid() == 0
    }

    /// The server as a user without rights, of a copy of the binary that this user may start.
    pub(super) fn server_of_nobody(&self) -> McpClient {
        use std::os::unix::fs::{PermissionsExt, chown};
        use std::os::unix::process::CommandExt;
        let copy = self.folder.path().join("devtoolkit-mcp");
        fs::copy(binary::devtoolkit_mcp(), &copy).expect("copy");
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).expect("mode");
        let mut all = vec![self.ws(), self.folder.path().join("home")];
        while let Some(path) = all.pop() {
            chown(&path, Some(65534), Some(65534)).expect("owner");
            if path.is_dir() {
                all.extend(fs::read_dir(&path).expect("list").map(|entry| entry.expect("entry").path()));
            }
        }
        let mut command = Command::new(copy);
        self.prepare(&mut command);
        greeted(command.uid(65534).gid(65534))
    }
}

pub(super) fn greeted(command: &mut Command) -> McpClient {
    let mut client = McpClient::spawn(command);
    client.greet(REVISION, json!({}));
    client
}

/// What came of one step.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) text: String,
    pub(super) failed: bool,
    pub(super) took: Duration,
}

/// What came of a case, and where.
pub(super) struct Ran {
    pub(super) scene: Scene,
    pub(super) steps: Vec<Outcome>,
    /// Memory of the server in KiB before and after.
    pub(super) memory: (u64, u64),
}

impl Ran {
    pub(super) fn text(&self) -> String {
        self.steps.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn refused(&self) -> bool {
        self.steps.iter().any(|step| step.failed)
    }

    pub(super) fn within(&self, seconds: u64) -> bool {
        self.steps.iter().all(|step| step.took < Duration::from_secs(seconds))
    }

    pub(super) fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.scene.ws().join(path)).unwrap_or_default()
    }
}

pub(super) fn cases() -> Vec<Value> {
    let file = binary::checkout().join("tests/samples/attacks/files.json");
    let all: Value = serde_json::from_slice(&fs::read(file).expect("samples")).expect("JSON");
    all["cases"].as_array().expect("cases").clone()
}

/// Runs the cases of an area and looks at each with a check of its own. Gives what is wrong.
pub(super) fn run_area(area: &str, check: impl Fn(&str, &Ran) -> Option<bool>) {
    let mut wrong = Vec::new();
    // A fault needs a test of its own, which says which case it is.
    let is_run = |case: &&Value| case["area"] == area && case["action"]["kind"] != "fault";
    for case in cases().iter().filter(is_run) {
        let id = case["id"].as_str().expect("id");
        let ran = run(case);
        match check(id, &ran) {
            Some(true) => {}
            Some(false) => wrong.push(format!("{id}: {:?}, memory {:?}", ran.steps, ran.memory)),
            None => wrong.push(format!("{id} has no check")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn run(case: &Value) -> Ran {
    let scene = Scene::new();
    for line in case["setup"].as_array().expect("setup") {
        let line = line.as_str().expect("a line");
        scene.shell(
            line.split("   # run as")
                .next()
                .expect("a line")
                .replace("2>/dev/null;", "2>/dev/null || true;")
                .as_str(),
        );
    }
    // As root, no mode keeps anyone out.
    let as_nobody = case["setup"].to_string().contains("non-root") && scene.is_of_root();
    let mut client = if as_nobody { scene.server_of_nobody() } else { scene.server() };
    let before = memory(client.process());
    let mut steps = Vec::new();
    let action = &case["action"];
    let sequence = action["steps"].as_array().cloned().unwrap_or_else(|| vec![action.clone()]);
    for step in sequence {
        if let Some(line) = step["shell"].as_str() {
            scene.shell(line);
            continue;
        }
        steps.push(call(&mut client, &scene, &step["tool"], &step["args"], &steps));
        if let Some(then) = step.get("then") {
            steps.push(call(&mut client, &scene, then, &json!({}), &steps));
        }
    }
    let memory = (before, memory(client.process()));
    // Whatever it was, the server lives.
    client.ok("list_changes", json!({}));
    Ran { scene, steps, memory }
}

/// One step with the cases' names of tools and arguments as ours.
fn call(client: &mut McpClient, scene: &Scene, tool: &Value, args: &Value, before: &[Outcome]) -> Outcome {
    let mut args = args.clone();
    let object = args.as_object_mut().expect("arguments");
    object.remove("approve");
    for value in object.values_mut().filter(|value| value.is_string()) {
        let text = value.as_str().expect("a string").replace("${WS}", &scene.ws().display().to_string());
        let listed = before.last().and_then(|step| step.text.lines().find(|line| line.contains("bad")));
        *value = json!(match text.as_str() {
            "<name exactly as listed>" => listed.expect("it is listed").trim(),
            text => text,
        });
    }
    let tool = match tool.as_str().expect("a tool") {
        "apply_changes" => "accept_changes",
        "delete_file" => "delete_path",
        "move_file" => "move_path",
        name => name,
    };
    match tool {
        "edit_file" => {
            let (old, new) = (object.remove("old"), object.remove("new"));
            object.insert("edits".to_owned(), json!([{ "old": old, "new": new }]));
        }
        "delete_path" => drop(object.remove("recursive")),
        _ => {}
    }
    let started = Instant::now();
    let (text, failed) = client.call(tool, args);
    Outcome { text, failed, took: started.elapsed() }
}

/// Resident memory in KiB; 0 where there is no telling.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let line = status.unwrap_or_default().lines().find(|line| line.starts_with("VmRSS:")).map(str::to_owned);
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}
