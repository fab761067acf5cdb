//! One thread owns the workspace. Tools run beside it on snapshots and send it what they want done.

use crate::commands::Commands;
use crate::permission::{Approval, Decision, PermittedCall, Rules, RulesError, Surroundings};
use crate::sandbox::{Machine, Sandbox};
use crate::symbols::Symbols;
use crate::tool::{Cancel, Content, Progress, REPLY_LIMIT, ToolContext, ToolError, ToolSpec};
use crate::toolbox::Toolbox;
use crate::workspace::{
    JournalError, ReadError, RelPath, Roots, Side, Snapshot, Workspace, WorkspaceOp, revealed,
};
use arc_swap::ArcSwap;
use serde_json::{Map, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread;
use tokio::sync::{oneshot, watch};

/// The outcome of a call.
pub type Reply = Result<Vec<Content>, ToolError>;

enum Event {
    Perform {
        ops: Vec<WorkspaceOp>,
        approval: Option<Approval>,
        direct: bool,
        reply: mpsc::Sender<Result<String, ToolError>>,
    },
    Refresh {
        reply: mpsc::Sender<()>,
    },
}

/// Where things are kept.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Journals and tokens.
    pub state: PathBuf,
    /// Indexes; `None` keeps them in memory.
    pub cache: Option<PathBuf>,
    /// The person's configuration, which no tool may touch.
    pub config: Option<PathBuf>,
}

/// Why a workspace cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the workspace's own rules cannot be read")]
    Read(#[from] ReadError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Tool(#[from] ToolError),
}

/// A handle to the running workspace: cheap to clone, usable from any thread.
#[derive(Clone)]
pub struct Handle {
    shown: Arc<ArcSwap<Snapshot>>,
    inbox: mpsc::Sender<Event>,
    toolbox: Arc<Toolbox>,
    symbols: Arc<Symbols>,
    commands: Arc<Commands>,
    bounds: Arc<Bounds>,
    /// Counts changes of the staged layer.
    staged: watch::Receiver<u64>,
}

/// What the policy has to know of this workspace besides its texts.
struct Bounds {
    tightened: Rules,
    foreign_programs: Option<String>,
}

/// Opens a workspace and starts its thread. What was recovered is logged.
///
/// # Errors
/// When the state folder or the workspace's own rules cannot be used.
pub fn start(
    mut roots: Roots,
    folders: &Folders,
    machine: Machine,
    toolbox: Arc<Toolbox>,
) -> Result<Handle, StartError> {
    for own in folders.cache.iter().chain(&folders.config) {
        roots.keep_out(own);
    }
    let tightened = tightened(&roots)?;
    toolbox.check(&tightened)?;
    let bounds = Arc::new(Bounds { foreign_programs: foreign_programs(&machine, &roots), tightened });
    let (mut workspace, recovered) = Workspace::open(roots.clone(), &folders.state)?;
    for line in recovered {
        tracing::warn!("{line}");
    }
    workspace.withhold(Rules::withholding(&[&toolbox.policy().rules, &bounds.tightened]));
    let symbols = Arc::new(Symbols::start(roots, folders.cache.clone()));
    let mut machine = machine;
    machine.state.get_or_insert_with(|| folders.state.clone());
    machine.own.extend(folders.cache.clone());
    let commands = Arc::new(Commands::new(Sandbox::new(machine), folders.state.clone()));
    let shown = Arc::new(ArcSwap::from_pointee(workspace.snapshot()));
    let (inbox, events) = mpsc::channel();
    let (changes, staged) = watch::channel(0);
    let mut main = MainLoop { workspace, shown: shown.clone(), symbols: symbols.clone(), changes };
    // What was staged when the last process ended.
    main.show();
    thread::Builder::new()
        .name("workspace".to_owned())
        .spawn(move || {
            while let Ok(event) = events.recv() {
                main.handle(event);
            }
        })
        .expect("a thread can be started");
    Ok(Handle { shown, inbox, toolbox, symbols, commands, bounds, staged })
}

/// What the files of a workspace's roots ask for. What they cannot ask for is logged.
fn tightened(roots: &Roots) -> Result<Rules, StartError> {
    let mut rules = Rules::default();
    for (file, text) in roots.own_rules()? {
        let (more, ignored) = Rules::parse_of_workspace(&text, file.as_str())?;
        ignored.iter().for_each(|line| tracing::warn!("{line}"));
        rules = rules.and(more);
    }
    Ok(rules)
}

/// The first folder of the search path that a workspace can put programs into: one of its own, or one that is named from
/// wherever a command runs.
fn foreign_programs(machine: &Machine, roots: &Roots) -> Option<String> {
    let (_, path) = machine.environment.iter().find(|(name, _)| name == "PATH")?;
    let is_foreign = |folder: &PathBuf| {
        !folder.is_absolute() || roots.all().iter().any(|root| folder.starts_with(&root.path))
    };
    std::env::split_paths(path).find(is_foreign).map(|folder| folder.display().to_string())
}

impl Handle {
    /// The workspace as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::clone(&self.shown.load())
    }

    /// The workspace with staged changes rebased onto what lies underneath now.
    #[must_use]
    pub fn fresh_snapshot(&self) -> Snapshot {
        if !self.shown.load().staging().is_empty() {
            let (reply, answer) = mpsc::channel();
            if self.inbox.send(Event::Refresh { reply }).is_ok() {
                let _ = answer.recv();
            }
        }
        self.snapshot()
    }

    /// The tools offered, always in the same order.
    pub fn specs(&self) -> impl Iterator<Item = &ToolSpec> {
        self.toolbox.specs()
    }

    /// The same workspace with only the tools that read: whatever is called through it, nothing changes.
    #[must_use]
    pub fn reading(&self) -> Self {
        Self { toolbox: Arc::new(self.toolbox.reading()), ..self.clone() }
    }

    /// Changes whenever the staged layer does.
    #[must_use]
    pub fn staged(&self) -> watch::Receiver<u64> {
        self.staged.clone()
    }

    /// How far the indexes are.
    #[must_use]
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The commands that run.
    #[must_use]
    pub fn commands(&self) -> &Commands {
        &self.commands
    }

    /// What may become of a call.
    ///
    /// # Errors
    /// When there is no such tool, or the arguments are not its own.
    pub fn decide(&self, name: &str, arguments: Map<String, Value>) -> Result<Decision, ToolError> {
        let around = Surroundings {
            snapshot: &self.fresh_snapshot(),
            tier: &|| self.commands.sandbox().tier(),
            tightened: &self.bounds.tightened,
            foreign_programs: self.bounds.foreign_programs.as_deref(),
        };
        self.toolbox.decide(name, arguments, &around)
    }

    /// Runs a call on a thread of its own. Dropping what this returns cancels it.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn run(&self, call: PermittedCall, progress: Box<dyn Fn(Progress) + Send + Sync>) -> Running {
        let (cancel, (sender, done)) = (Cancel::default(), oneshot::channel());
        let context = ToolContext {
            snapshot: self.snapshot().opened(&call.opened),
            symbols: Arc::clone(&self.symbols),
            commands: Arc::clone(&self.commands),
            agreed: call.agreed,
            shown: Arc::clone(&self.shown),
            cancel: cancel.clone(),
            progress,
        };
        let inbox = self.inbox.clone();
        tokio::task::spawn_blocking(move || {
            let name = call.call.name();
            let _span = tracing::info_span!("call", tool = name).entered();
            // A tool that panics costs its own call only; without an answer the host would wait for ever.
            let ran = catch_unwind(AssertUnwindSafe(|| run(call, &context, &inbox)));
            let reply =
                ran.unwrap_or_else(|panic| Err(ToolError::Panicked { tool: name, what: words(&*panic) }));
            // Whoever asked may have stopped waiting.
            let _ = sender.send(reply);
        });
        Running { cancel, done }
    }
}

/// A call that is running. It ends when it is dropped.
pub struct Running {
    cancel: Cancel,
    done: oneshot::Receiver<Reply>,
}

impl Future for Running {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reply> {
        Pin::new(&mut self.done).poll(context).map(|reply| reply.unwrap_or(Err(ToolError::Cancelled)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel.set();
    }
}

fn run(call: PermittedCall, context: &ToolContext, inbox: &mpsc::Sender<Event>) -> Reply {
    let PermittedCall { call, approval, direct, .. } = call;
    let output = call.run(context)?;
    let mut content = output.content;
    if !output.ops.is_empty() {
        // A call that nobody waits for changes nothing.
        context.cancelled()?;
        let (reply, answer) = mpsc::channel();
        let stopping = || ToolError::failed("the server is stopping; nothing was changed");
        inbox.send(Event::Perform { ops: output.ops, approval, direct, reply }).map_err(|_| stopping())?;
        content.push(Content::Text(match answer.recv().map_err(|_| stopping())? {
            Err(error) if output.happened => format!("but it could not be staged: {error}"),
            done => done?,
        }));
    }
    let mut left = REPLY_LIMIT;
    for piece in &mut content {
        if let Content::Text(text) = piece {
            reveal(text);
            if text.len() > left {
                let end = text.floor_char_boundary(left);
                let more = text.len() - end;
                text.truncate(end);
                text.push_str(&format!("\n… {more} more bytes are left out; ask for less at a time"));
            }
            left -= text.len().min(left);
        }
    }
    Ok(content)
}

/// Nothing reaches a model that the person would not see.
fn reveal(text: &mut String) {
    let (shown, count) = revealed(text);
    if count > 0 {
        let characters = if count == 1 { "1 invisible character is" } else { "invisible characters are" };
        let number = if count == 1 { String::new() } else { format!("{count} ") };
        *text = format!("{shown}\n({number}{characters} shown escaped)");
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

/// The owner.
struct MainLoop {
    workspace: Workspace,
    shown: Arc<ArcSwap<Snapshot>>,
    symbols: Arc<Symbols>,
    changes: watch::Sender<u64>,
}

impl MainLoop {
    fn handle(&mut self, event: Event) {
        match event {
            Event::Perform { ops, approval, direct, reply } => {
                let done = catch_unwind(AssertUnwindSafe(|| self.perform(ops, approval.as_ref(), direct)));
                self.workspace.keep();
                self.show();
                let done = done.unwrap_or_else(|panic| {
                    Err(ToolError::failed(format!("a defect of the server's own: {}", words(&*panic))))
                });
                // Whoever asked may have stopped waiting.
                let _ = reply.send(done);
            }
            Event::Refresh { reply } => {
                self.workspace.refresh_all();
                self.show();
                let _ = reply.send(());
            }
        }
    }

    fn perform(
        &mut self,
        ops: Vec<WorkspaceOp>,
        approval: Option<&Approval>,
        direct: bool,
    ) -> Result<String, ToolError> {
        let mut lines = Vec::new();
        for op in ops {
            if let Some(approval) = approval {
                self.still_as_shown(&op, approval)?;
            }
            let staged = match &op {
                WorkspaceOp::Stage { files, .. } => {
                    Some(files.iter().map(|file| file.path.clone()).collect())
                }
                _ => None,
            };
            lines.push(self.one(op)?);
            if let (true, Some(paths)) = (direct, staged) {
                lines.pop();
                lines.push(self.write_at_once(paths)?);
            }
        }
        Ok(lines.join("\n"))
    }

    /// Refuses what is not what the person saw.
    fn still_as_shown(&mut self, op: &WorkspaceOp, approval: &Approval) -> Result<(), ToolError> {
        let (now, what) = match op {
            WorkspaceOp::Accept(selection) => {
                self.workspace.refresh_all();
                (Approval::apply(&self.workspace.snapshot(), selection)?, "the staged changes are")
            }
            WorkspaceOp::Undo { set, checkpoint } => {
                let snapshot = self.workspace.snapshot();
                (Approval::undo(&snapshot, *set, checkpoint.as_deref()), "what would be taken back is")
            }
            WorkspaceOp::Stage { .. } | WorkspaceOp::Discard(_) | WorkspaceOp::Checkpoint { .. } => {
                return Ok(());
            }
        };
        if now.key() == approval.key() {
            return Ok(());
        }
        Err(ToolError::Refused(format!("{what} no longer what was shown, so nothing was written; ask again")))
    }

    /// Writes what was just staged, but for what a person has to see first.
    fn write_at_once(&mut self, paths: Vec<RelPath>) -> Result<String, ToolError> {
        let staging = self.workspace.snapshot();
        let staged = paths.into_iter().filter(|path| staging.staging().get(path).is_some());
        let is_held = |path: &RelPath| crate::permission::needs_a_look(path) || staging.is_ruled(path);
        let (held, paths): (Vec<_>, Vec<_>) = staged.partition(is_held);
        let mut lines = Vec::new();
        if !paths.is_empty() {
            lines.push(
                self.one(WorkspaceOp::Accept(crate::workspace::Selection { paths, ..Default::default() }))?,
            );
        }
        for path in held {
            let why = match staging.is_ruled(&path) {
                true => "a rule of the person's is about it",
                false => "it can run code or steer tools",
            };
            lines.push(format!("`{path}` is staged only, because {why}: accept_changes asks the person"));
        }
        Ok(if lines.is_empty() { "nothing changed".to_owned() } else { lines.join("\n") })
    }

    fn one(&mut self, op: WorkspaceOp) -> Result<String, ToolError> {
        self.workspace.perform(op).map_err(|error| {
            let causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
            ToolError::failed(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
        })
    }

    /// Publishes the workspace, and tells the indexes what its top layer is now.
    fn show(&mut self) {
        let changed = self.workspace.take_changes();
        let snapshot = self.workspace.snapshot();
        for path in &changed {
            let text = match snapshot.staging().get(path).map(|file| &file.top) {
                Some(Side::File(file)) => file.text().ok().map(|(text, _)| text.into_owned()),
                Some(Side::Absent | Side::Link(_) | Side::Folder) => Some(String::new()),
                None => snapshot.document(path).map(|document| document.text.clone()),
            };
            self.symbols.show(path, text);
        }
        self.shown.store(Arc::new(snapshot));
        if !changed.is_empty() {
            self.changes.send_modify(|count| *count += 1);
        }
    }
}

#[cfg(test)]
mod tests;
