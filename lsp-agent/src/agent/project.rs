//! The project that an agent works on: its workspace and index, and the tools, called in process.

use crate::model::{CallId, ToolCall, ToolDescription};
use crate::protocol;
use crate::session::{Outcome, StagedFile};
use devtoolkit_mcp::main_loop::{self, Folders, Handle, StartError};
use devtoolkit_mcp::permission::{Decision, PermittedCall, Policy, Question};
use devtoolkit_mcp::sandbox::Machine;
use devtoolkit_mcp::tool::{Content, Progress, ToolError, Toolset};
use devtoolkit_mcp::toolbox::{Selected, Toolbox};
use devtoolkit_mcp::workspace::{RelPath, Roots, Side, Snapshot, Status, hunks, in_words, texts};
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use thiserror::Error;

/// How often a running call looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// How long a question waits for the index of a tree that was never read.
const INDEXING: Duration = Duration::from_secs(20);
/// What a model is told of a call that the person does not want.
pub(super) const DECLINED: &str = "the person does not want this; do something else";
/// The most of what undoing says, in bytes.
const UNDO: usize = 8 << 10;
/// How long the thread that owns a workspace may take to end.
const ENDING: Duration = Duration::from_secs(5);
/// Files whose paths a plan may choose from.
const MOST_FILES: usize = 50_000;

/// What a project is opened with.
pub struct Opening {
    /// Its folder.
    pub root: PathBuf,
    pub folders: Folders,
    pub machine: Machine,
    /// The person's rules.
    pub policy: Policy,
}

/// Why a project cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("cannot open `{}`; pass the folder of a project with --workspace", .path.display())]
    Root { path: PathBuf, source: io::Error },
    #[error("cannot start a runtime")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Tools(#[from] ToolError),
    #[error(transparent)]
    Start(#[from] StartError),
}

/// A workspace, its tools, and those of them that only read.
pub struct Project {
    root: PathBuf,
    handle: Handle,
    reading: Handle,
    runtime: tokio::runtime::Runtime,
    // The last: what is above it has gone by then.
    _ended: Ended,
}

/// Waits until the thread that owns the workspace has ended, and its locks are free for whoever opens it next.
struct Ended(tokio::sync::watch::Receiver<u64>);

impl Drop for Ended {
    fn drop(&mut self) {
        let begun = Instant::now();
        // Its side is closed last of all.
        while self.0.has_changed().is_ok() && begun.elapsed() < ENDING {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// What decides on a call that needs a person's yes. What it gives says whether there was one.
pub(super) type Ask<'a> = &'a dyn Fn(&Question) -> bool;

impl Project {
    /// Opens a project. Its index is read in the background.
    ///
    /// # Errors
    /// When its folder or the state folder cannot be used.
    pub fn open(opening: Opening) -> Result<Self, OpenError> {
        let Opening { root, folders, machine, policy } = opening;
        let roots = Roots::open(std::slice::from_ref(&root))
            .map_err(|source| OpenError::Root { path: root.clone(), source })?;
        let toolsets =
            vec![Toolset::Files, Toolset::Symbols, Toolset::Analysis, Toolset::Shell, Toolset::Git];
        let toolbox = Toolbox::new(&Selected { toolsets, ..Selected::default() }, policy)?;
        let root = roots.all()[0].path.clone();
        let handle = main_loop::start(roots, &folders, machine, toolbox.into())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(32)
            .enable_all()
            .build()
            .map_err(OpenError::Runtime)?;
        Ok(Self { root, reading: handle.reading(), runtime, _ended: Ended(handle.staged()), handle })
    }

    /// Its folder, absolute and without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.handle.fresh_snapshot()
    }

    /// The tools that read, by name, as a model sees them.
    pub(super) fn described(&self, names: &[&str]) -> Vec<ToolDescription> {
        let specs: Vec<_> = self.reading.specs().collect();
        let known = names.iter().filter_map(|name| specs.iter().find(|spec| spec.name == *name));
        known
            .map(|spec| ToolDescription {
                name: spec.name.to_owned(),
                description: spec.description.clone(),
                schema: (*spec.schema).clone(),
            })
            .collect()
    }

    /// The names of all tools that read.
    pub(super) fn reading_names(&self) -> Vec<&'static str> {
        self.reading.specs().map(|spec| spec.name).collect()
    }

    /// The text of a file as it is seen on top of what is staged; nothing where there is none that may be read.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let snapshot = self.snapshot();
        let seen = snapshot.read(&snapshot.roots().parse(path).ok()?).ok()?;
        seen.content.text().ok().map(|(text, _)| text.into_owned())
    }

    /// Whether there is a file at a path, staged ones counted.
    pub(super) fn has_file(&self, path: &str) -> bool {
        let snapshot = self.snapshot();
        let Ok(path) = snapshot.roots().parse(path) else { return false };
        snapshot.side(&path).is_ok_and(|side| side.file().is_some())
    }

    /// The paths of the project's files that the index knows, staged ones seen.
    pub(super) fn files(&self) -> Vec<String> {
        let indexes = self.handle.symbols().all().unwrap_or_default();
        let paths = indexes.iter().flat_map(|index| {
            index.snapshot.files().map(|file| self.handle.symbols().path(index, &file.path).to_string())
        });
        let mut paths: Vec<String> = paths.take(MOST_FILES).collect();
        let staging = self.snapshot();
        for (path, file) in staging.staging().files() {
            match file.top.file() {
                Some(_) => paths.push(path.to_string()),
                None => paths.retain(|other| *other != path.as_str()),
            }
        }
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Waits until the index knows the whole tree, but for no more than some seconds, and not once `go_on` says no.
    pub(super) fn indexed(&self, go_on: &dyn Fn() -> bool) {
        let begun = Instant::now();
        let known = || {
            self.handle.symbols().all_while(go_on).is_some_and(|all| all.iter().all(|index| index.verified))
        };
        while begun.elapsed() < INDEXING && go_on() && !known() {
            std::thread::sleep(LOOK);
        }
    }

    /// What a tool that reads says; nothing where it fails.
    pub(super) fn read(&self, tool: &str, arguments: Value) -> Option<String> {
        let Value::Object(arguments) = arguments else { return None };
        let permitted = match self.reading.decide(tool, arguments).ok()? {
            Decision::Allow(call) => call,
            Decision::Ask(_) | Decision::Deny(_) => return None,
        };
        self.run(&self.reading, permitted, Box::new(|_| ()), &AtomicBool::new(false)).ok()
    }

    /// Runs a call; where it needs a person's yes, `ask` decides. `most` is how many bytes the model may read of it.
    pub(super) fn call(
        &self,
        call: &ToolCall,
        only_read: bool,
        ask: Ask<'_>,
        progress: Box<dyn Fn(Progress) + Send + Sync>,
        cancel: &AtomicBool,
        most: usize,
    ) -> Outcome {
        let handle = if only_read { &self.reading } else { &self.handle };
        let last = last_change(&handle.snapshot());
        let permitted = match handle.decide(&call.name, call.arguments.clone()) {
            Ok(Decision::Allow(permitted)) => Ok(permitted),
            Ok(Decision::Ask(question)) => match ask(&question) {
                true => Ok(question.approved()),
                false => Err(DECLINED.to_owned()),
            },
            Ok(Decision::Deny(error)) | Err(error) => Err(error.to_string()),
        };
        let said = permitted.and_then(|permitted| {
            self.run(handle, permitted, progress, cancel).map_err(|error| error.to_string())
        });
        let snapshot = handle.snapshot();
        let calls = snapshot.staging().calls().iter().filter(|call| call.number.0 > last);
        let mut paths: Vec<&RelPath> =
            calls.clone().flat_map(|call| call.files.iter().map(|file| &file.path)).collect();
        paths.sort_unstable();
        paths.dedup();
        let staged = paths.into_iter().filter_map(|path| staged_file(&snapshot, path)).collect();
        let changes = calls.map(|call| call.number.0).collect();
        let is_error = said.is_err();
        let text = cut(said.unwrap_or_else(|error| error), most);
        let read = if is_error { Vec::new() } else { read_by(call) };
        Outcome { is_error, text, read, staged, changes }
    }

    fn run(
        &self,
        handle: &Handle,
        call: PermittedCall,
        progress: Box<dyn Fn(Progress) + Send + Sync>,
        cancel: &AtomicBool,
    ) -> Result<String, ToolError> {
        let content = self.runtime.block_on(async {
            let mut running = handle.run(call, progress);
            loop {
                tokio::select! {
                    content = &mut running => return content,
                    // Dropping the call ends it.
                    () = tokio::time::sleep(LOOK) => if cancel.load(Ordering::Relaxed) {
                        return Err(ToolError::Cancelled);
                    },
                }
            }
        })?;
        let text = content.iter().map(|piece| match piece {
            Content::Text(text) => text.clone(),
            Content::Image { mime, bytes } => format!("[{mime}, {} bytes]", bytes.len()),
        });
        Ok(text.collect::<Vec<_>>().join("\n"))
    }

    /// Takes back what was applied last; what changed since is kept.
    ///
    /// # Errors
    /// When nothing was applied, or it can no longer be taken back; in words.
    pub fn undo(&self) -> Result<String, String> {
        let call = own_call(&CallId("undo".to_owned()), "undo_changes", Value::Null);
        let never = AtomicBool::new(false);
        // Whoever calls this is the person.
        let outcome = self.call(&call, false, &|_| true, Box::new(|_| ()), &never, UNDO);
        if outcome.is_error { Err(outcome.text) } else { Ok(for_person(&outcome.text)) }
    }

    /// Everything that is staged, rebased onto what lies underneath now.
    pub(super) fn staged(&self) -> Vec<StagedFile> {
        let snapshot = self.snapshot();
        snapshot.staging().files().filter_map(|(path, _)| staged_file(&snapshot, path)).collect()
    }

    /// The newest staged change's number, and the newest applied set's.
    pub(super) fn marks(&self) -> (u32, u32) {
        let snapshot = self.handle.snapshot();
        let set = snapshot.history().sets.first().and_then(|line| line.split(':').next()?.parse().ok());
        (last_change(&snapshot), set.unwrap_or(0))
    }
}

fn last_change(snapshot: &Snapshot) -> u32 {
    snapshot.staging().calls().iter().map(|call| call.number.0).max().unwrap_or(0)
}

/// A staged file with its hunks.
fn staged_file(snapshot: &Snapshot, path: &RelPath) -> Option<StagedFile> {
    let file = snapshot.staging().get(path)?;
    let text = |side: &Side| side.file().and_then(|file| file.text().ok().map(|(text, _)| text.into_owned()));
    let both = texts(&file.base, &file.top);
    let hunk = |hunk: devtoolkit_mcp::workspace::Hunk| {
        let (old, new) = match &both {
            Some((old, new)) if old != new => (lines(old, &hunk.old), lines(new, &hunk.new)),
            // What has no lines to compare is told in words.
            _ => (in_words(&file.base), in_words(&file.top)),
        };
        let line = u32::try_from(hunk.old.start + 1).unwrap_or(u32::MAX);
        protocol::Hunk { id: hunk.id, line, old, new }
    };
    Some(StagedFile {
        path: path.to_string(),
        before: text(&file.base),
        after: text(&file.top),
        hunks: hunks(path, &file.base, &file.top).into_iter().map(hunk).collect(),
        conflict: matches!(file.status, Status::Conflicted { .. }),
    })
}

fn lines(text: &str, range: &std::ops::Range<usize>) -> String {
    text.split_inclusive('\n').skip(range.start).take(range.len()).collect()
}

/// The files that a call reads.
fn read_by(call: &ToolCall) -> Vec<String> {
    let path = |value: &Value| value.as_str().map(str::to_owned);
    match call.name.as_str() {
        "read_file" => call.arguments.get("path").and_then(path).into_iter().collect(),
        "read_files" => {
            let paths = call.arguments.get("paths").and_then(Value::as_array);
            paths.map(|paths| paths.iter().filter_map(path).collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// What a tool says of something done, without what a model can call next.
pub(super) fn for_person(said: &str) -> String {
    said.split("; undo_changes").next().unwrap_or(said).to_owned()
}

/// At most so many bytes of a text, and that there are more.
pub(super) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = text.floor_char_boundary(most);
        let more = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("\n… {more} more bytes are left out; ask for less at a time"));
    }
    text
}

/// A call of our own.
pub(super) fn own_call(id: &CallId, name: &str, arguments: Value) -> ToolCall {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    ToolCall { id: id.clone(), name: name.to_owned(), arguments }
}
