//! `devtoolkit-agent run` as a program: a person with folders of their own, a project, a script that answers, and a run
//! whose events are read and whose questions are answered.

#![allow(dead_code, reason = "no test needs all of it")]

use devtoolkit_agent::protocol::{Event, Phase, What};
use devtoolkit_mcp::sandbox::{Machine, Sandbox, Tier};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take: a machine that does other things is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Where programs are found, of which no test needs a rare one.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A person with a project, `shop`.
pub(crate) struct Person {
    home: TempDir,
}

/// A run that speaks JSON Lines.
pub(crate) struct Run {
    child: Child,
    input: Option<ChildStdin>,
    /// Each line as it came, and as an event.
    lines: Receiver<(String, Event)>,
    errors: Option<JoinHandle<String>>,
    /// All that was told so far.
    pub(crate) heard: Vec<Event>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Person {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        // Not below `/tmp`, which a command has for itself in the sandbox.
        let home = if cfg!(unix) { TempDir::new_in("/var/tmp") } else { TempDir::new() };
        let person = Self { home: home.expect("a folder") };
        fs::create_dir(person.project()).expect("a folder");
        for (path, text) in files {
            person.write(&format!("shop/{path}"), text);
        }
        person
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.home.path()).expect("it is there").join(name)
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.at("shop")
    }

    /// The state folder of the agent.
    pub(crate) fn state(&self) -> PathBuf {
        self.at("state/devtoolkit")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// A file of the project as it is on disk; nothing where there is none.
    pub(crate) fn on_disk(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.project().join(path)).ok()
    }

    /// The project's files with their texts, by path.
    pub(crate) fn tree(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut folders = vec![self.project()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("it can be read").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(self.project()).expect("below").to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(&path).unwrap_or_default()));
            }
        }
        files.sort();
        files
    }

    /// Keeps a script of answers, and gives its path.
    pub(crate) fn script(&self, answers: &[Value]) -> String {
        let text: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
        self.write("script.jsonl", &text);
        self.at("script.jsonl").to_string_lossy().into_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_devtoolkit-agent"), arguments)
    }

    /// Another program, in the same place.
    pub(crate) fn command_of(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.project()).args(arguments);
        command.env("PATH", PATH).env("HOME", self.home.path());
        for (name, folder) in
            [("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")]
        {
            command.env(name, self.at(folder));
        }
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().expect("it starts"))
    }

    /// Runs a request with a script, without anybody who answers.
    pub(crate) fn run(&self, answers: &[Value], arguments: &[&str]) -> Ended {
        let script = self.script(answers);
        self.output(&[&["run", "--replay", &script], arguments].concat())
    }

    /// Starts a run that speaks JSON Lines, with the script that was kept.
    pub(crate) fn speaks(&self, arguments: &[&str]) -> Run {
        let script = self.at("script.jsonl").to_string_lossy().into_owned();
        let mut command = self.command(&[&["run", "--json", "--replay", &script], arguments].concat());
        Run::start(command.stdin(Stdio::piped()))
    }
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The events that it told, where those are what it prints.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
    }
}

impl Run {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (to, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        thread::spawn(move || {
            for line in out.lines() {
                // A line that a kill cut off is no event.
                let Ok(line) = line else { return };
                let Ok(event) = serde_json::from_str(&line) else { return };
                if to.send((line, event)).is_err() {
                    return;
                }
            }
        });
        let mut err = child.stderr.take().expect("a pipe");
        let errors = thread::spawn(move || {
            let mut text = Vec::new();
            // What it says to a person is short.
            let _ = err.by_ref().take(1 << 20).read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let input = child.stdin.take();
        Self { child, input, lines, errors: Some(errors), heard: Vec::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next event, if one comes before `deadline`; nothing as well when no more can come.
    pub(crate) fn next_before(&mut self, deadline: Instant) -> Result<Event, RecvTimeoutError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let (_, event) = self.lines.recv_timeout(left)?;
        self.heard.push(event.clone());
        Ok(event)
    }

    /// Reads until something is told, and gives it.
    #[track_caller]
    pub(crate) fn until(&mut self, is: impl Fn(&What) -> bool) -> What {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.next_before(deadline) {
                Ok(event) if is(&event.what) => return event.what,
                Ok(_) => {}
                Err(error) => panic!("{error} after {:#?}", self.heard),
            }
        }
    }

    #[track_caller]
    pub(crate) fn until_phase(&mut self, wanted: Phase) {
        self.until(|what| matches!(what, What::Status { phase, .. } if *phase == wanted));
    }

    /// The files that wait and their hunks, as they were told last before a phase.
    #[track_caller]
    pub(crate) fn until_review(&mut self) -> Vec<(String, Vec<devtoolkit_agent::protocol::Hunk>)> {
        let from = self.heard.len();
        self.until_phase(Phase::ChangeReview);
        let told = self.heard[from..]
            .iter()
            .rposition(|event| matches!(event.what, What::Status { phase: Phase::Verifying, .. }));
        let mut files: Vec<(String, Vec<_>)> = Vec::new();
        for event in &self.heard[from + told.unwrap_or(0)..] {
            if let What::ChangeStaged { path, hunks, .. } = &event.what {
                files.retain(|(other, _)| other != path);
                files.push((path.clone(), hunks.clone()));
            }
        }
        files
    }

    pub(crate) fn say(&mut self, command: &Value) {
        self.line(&command.to_string());
    }

    /// A line, right or wrong. Whether it is still read shows by what is told.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(format!("{line}\n").as_bytes()).and_then(|()| input.flush());
        }
    }

    pub(crate) fn prompt(&mut self, text: &str) {
        self.say(&json!({"command": "prompt", "text": text}));
    }

    /// Nothing more is said.
    pub(crate) fn hush(&mut self) {
        self.input = None;
    }

    /// Kills it as the system does when memory is short.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ended");
    }

    /// Says nothing more, and reads to the end; the exit code, and what it printed for a person.
    #[track_caller]
    pub(crate) fn end(mut self) -> (Option<i32>, String, Vec<Event>) {
        self.hush();
        let deadline = Instant::now() + PATIENCE;
        while let Ok(_event) = self.next_before(deadline) {}
        assert!(Instant::now() < deadline, "it does not end: {:#?}", self.heard);
        let code = self.child.wait().expect("it ended").code();
        let err = self.errors.take().map(|errors| errors.join().unwrap_or_default());
        (code, err.unwrap_or_default(), std::mem::take(&mut self.heard))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether commands see here what is staged; where they do not, the test notes that it could not run.
pub(crate) fn has_overlay(test: &str) -> bool {
    // Tried where the runs keep their layers: it depends on the file system too.
    let person = Person::new(&[]);
    let machine = Machine {
        program: Some(PathBuf::from(env!("CARGO_BIN_EXE_devtoolkit-agent"))),
        home: Some(person.at("")),
        state: Some(person.state()),
        environment: vec![("PATH".into(), PATH.into())],
        ..Machine::default()
    };
    let is = Sandbox::new(machine).tier() == Tier::Overlay;
    if !is {
        skipped(test, "commands do not see here what is staged");
    }
    is
}

/// Whether a program is there; where it is not, the test notes that it could not run.
pub(crate) fn has_program(test: &str, name: &str) -> bool {
    let is = PATH.split(':').any(|folder| PathBuf::from(folder).join(name).is_file());
    if !is {
        skipped(test, &format!("there is no `{name}`"));
    }
    is
}

/// Notes that a test could not run, where somebody reads it.
pub(crate) fn skipped(test: &str, why: &str) {
    let Some(file) = std::env::var_os("DEVTOOLKIT_SKIPPED") else { return };
    let file = fs::File::options().create(true).append(true).open(file);
    writeln!(file.expect("the list of skipped tests can be opened"), "{test}: {why}").expect("and written");
}

/// An answer that is text.
pub(crate) fn text(text: &str) -> Value {
    json!({"text": text})
}

/// An answer that is a plan.
pub(crate) fn plan(steps: &Value) -> Value {
    let plan = json!({"title": "depth", "description": "", "reasoning": "", "steps": steps});
    json!({"text": plan.to_string()})
}
