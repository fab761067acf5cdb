//! An index that keeps itself current: one thread owns it, a watcher tells it what changed on
//! disk, and readers take snapshots whenever they like.

use crate::index::{EditError, Index, TextEdit};
use crate::snapshot::Snapshot;
use crate::store::{DAMAGED, Loaded, Store};
use crate::walk::{self, WalkOptions, WalkReport};
use arc_swap::ArcSwap;
use notify::{EventKind, RecursiveMode, Watcher};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Changes on disk are gathered for this long before they are read.
const GATHER: Duration = Duration::from_millis(40);
/// The index is saved once nothing has changed for this long.
const IDLE: Duration = Duration::from_secs(20);
/// More changed paths than this are found by a walk instead of one by one.
const PATHS: usize = 512;

/// How far a keeper has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Whether the whole tree has been compared with the index since the start.
    pub verified: bool,
    /// What the last walk found.
    pub report: Option<WalkReport>,
    /// While a walk reads files: how many it has read, and how many it will.
    pub progress: Option<(usize, usize)>,
    /// What went wrong without stopping the keeper: an unusable cache, no watcher, a full disk.
    pub warning: Option<String>,
}

enum Message {
    Update {
        path: String,
        text: String,
    },
    Edit {
        path: String,
        edits: Vec<TextEdit>,
        reply: mpsc::Sender<Result<(), EditError>>,
    },
    Close {
        path: String,
    },
    Changed(Vec<PathBuf>),
    /// The watcher lost count.
    Rescan,
    Walked(Box<Loaded>),
    /// A names tier, ready before the rest.
    Names(Box<Index>),
    Flush(mpsc::Sender<()>),
    Stop,
}

/// Files that a walk has read, and those it will; none while no walk reads.
#[derive(Default)]
struct Steps {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Steps {
    fn set(&self, done: usize, total: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    fn get(&self) -> Option<(usize, usize)> {
        let total = self.total.load(Ordering::Relaxed);
        // Both are written one after the other, so they may be of two walks.
        (total > 0).then(|| (self.done.load(Ordering::Relaxed).min(total), total))
    }
}

/// A running index. Dropping it saves the index and ends its threads.
pub struct Keeper {
    messages: mpsc::Sender<Message>,
    shown: Arc<ArcSwap<(Snapshot, State)>>,
    steps: Arc<Steps>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts keeping a root's index: what is stored answers at once; without a stored index the
    /// names tier comes first and the full structure follows.
    #[must_use]
    pub fn start(store: Store, options: WalkOptions) -> Self {
        let loaded = store.load();
        let mut index = loaded.index;
        if !loaded.found {
            index.set_complete(false);
        }
        let state = State { warning: loaded.warning, ..State::default() };
        let shown = Arc::new(ArcSwap::from_pointee((index.snapshot(), state.clone())));
        let (messages, inbox) = mpsc::channel();
        let steps = Arc::new(Steps::default());
        let mut owner = Owner {
            steps: steps.clone(),
            walking: false,
            walk_again: None,
            dirty: false,
            buffers: FxHashMap::default(),
            changed: BTreeSet::new(),
            store,
            options,
            index,
            state,
            shown: shown.clone(),
            messages: messages.clone(),
        };
        let found = loaded.found;
        let thread = std::thread::spawn(move || owner.run(&inbox, found));
        Self { messages, shown, steps, thread: Some(thread) }
    }

    /// The index as it is now. [`Snapshot::is_complete`] says whether an answer may be partial; a
    /// reader whose snapshot [is damaged](Snapshot::is_damaged) asks again after [`Self::flush`].
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shown.load().0.clone()
    }

    /// How far the keeper has come.
    #[must_use]
    pub fn state(&self) -> State {
        State { progress: self.steps.get(), ..self.shown.load().1.clone() }
    }

    /// Takes the text of an open document or a staged change, which hides the file on disk until
    /// [`Self::close`].
    pub fn update(&self, path: &str, text: &str) {
        self.send(Message::Update { path: path.to_owned(), text: text.to_owned() });
    }

    /// Edits a text given before; see [`Index::edit`].
    ///
    /// # Errors
    /// As [`Index::edit`].
    pub fn edit(&self, path: &str, edits: Vec<TextEdit>) -> Result<(), EditError> {
        let (reply, answer) = mpsc::channel();
        self.send(Message::Edit { path: path.to_owned(), edits, reply });
        answer.recv().unwrap_or_else(|_| Err(EditError::Unknown { path: path.to_owned() }))
    }

    /// Shows the file on disk again.
    pub fn close(&self, path: &str) {
        self.send(Message::Close { path: path.to_owned() });
    }

    /// Waits until everything sent before is in the snapshot.
    pub fn flush(&self) {
        let (reply, answer) = mpsc::channel();
        self.send(Message::Flush(reply));
        // An error means that the thread is gone, and nothing is left to wait for.
        let _ = answer.recv();
    }

    fn send(&self, message: Message) {
        // The thread lives as long as the keeper.
        let _ = self.messages.send(message);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own state.
struct Owner {
    store: Store,
    options: WalkOptions,
    index: Index,
    state: State,
    /// Texts that hide the disk.
    buffers: FxHashMap<String, String>,
    /// Paths that the watcher reported and that are not read yet.
    changed: BTreeSet<String>,
    walking: bool,
    /// Another walk is wanted after this one, and whether a cold one.
    walk_again: Option<bool>,
    dirty: bool,
    shown: Arc<ArcSwap<(Snapshot, State)>>,
    steps: Arc<Steps>,
    messages: mpsc::Sender<Message>,
}

impl Owner {
    fn run(&mut self, inbox: &mpsc::Receiver<Message>, found: bool) {
        let watcher = self.watch();
        self.walk(!found);
        let mut deadline: Option<Instant> = None;
        loop {
            let wait = deadline.map_or(IDLE, |deadline| deadline.saturating_duration_since(Instant::now()));
            match inbox.recv_timeout(wait) {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => {
                    let was_quiet = self.changed.is_empty();
                    self.handle(message);
                    self.mend();
                    if was_quiet && !self.changed.is_empty() {
                        deadline = Some(Instant::now() + GATHER);
                    }
                }
                Err(RecvTimeoutError::Timeout) if deadline.is_some() => {
                    deadline = None;
                    self.read_changed();
                }
                Err(RecvTimeoutError::Timeout) => self.save(),
            }
        }
        drop(watcher);
        self.save();
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Update { path, text } => {
                self.index.update(&path, &text);
                self.buffers.insert(path, text);
            }
            Message::Edit { path, edits, reply } => {
                let edited = self.index.edit(&path, &edits);
                if edited.is_ok()
                    && let Some(text) = self.index.text(&path)
                {
                    self.buffers.insert(path, text.to_owned());
                }
                self.show();
                // Whoever asked may have stopped waiting.
                let _ = reply.send(edited);
            }
            Message::Close { path } => {
                if self.buffers.remove(&path).is_some() {
                    self.changed.insert(path);
                }
            }
            Message::Changed(paths) => self.note(paths),
            Message::Rescan => self.walk(false),
            Message::Names(names) => {
                self.index = *names;
                self.index.set_complete(false);
                self.reapply();
            }
            Message::Walked(walked) => self.walked(*walked),
            Message::Flush(reply) => {
                self.read_changed();
                self.show();
                let _ = reply.send(());
            }
            Message::Stop => {}
        }
        self.show();
    }

    fn show(&self) {
        self.shown.store(Arc::new((self.index.snapshot(), self.state.clone())));
    }

    fn watch(&mut self) -> Option<notify::RecommendedWatcher> {
        let messages = self.messages.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let message = match event {
                Ok(event) if event.need_rescan() => Message::Rescan,
                Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
                Ok(event) => Message::Changed(event.paths),
                Err(_) => Message::Rescan,
            };
            // The keeper may be on its way out.
            let _ = messages.send(message);
        });
        let root = self.store.root().to_path_buf();
        let started = watcher.and_then(|mut watcher| {
            watcher.watch(&root, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        match started {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                self.state.warning = Some(format!("changes on disk are not followed: {error}"));
                None
            }
        }
    }

    /// Notes changed paths; whole folders and ignore files call for a walk.
    fn note(&mut self, paths: Vec<PathBuf>) {
        for path in paths {
            let Some(path) = walk::relative(self.store.root(), &path) else { continue };
            let is_rule = path.ends_with(".gitignore") || path.ends_with("ignore");
            let absolute = self.store.root().join(&path);
            let hidden = path.split('/').any(|part| part.starts_with('.')) && !is_rule;
            if hidden || path.is_empty() {
                continue;
            }
            if is_rule || walk::is_folder(&absolute) || self.index.snapshot().has_folder(&path) {
                self.walk(false);
            } else {
                self.changed.insert(path);
            }
        }
    }

    fn read_changed(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        if changed.len() > PATHS {
            self.walk(false);
            return;
        }
        let paths: Vec<String> =
            changed.into_iter().filter(|path| !self.buffers.contains_key(path)).collect();
        if !paths.is_empty() {
            let root = self.store.root().to_path_buf();
            self.dirty |= walk::refresh_paths(&root, &self.options, &paths, &mut self.index) > 0;
            self.show();
        }
    }

    /// Builds the index anew once a reader came upon damage. What is stored damaged holds for
    /// nobody, so the snapshot is incomplete until that is done.
    fn mend(&mut self) {
        if !self.index.snapshot().is_damaged() {
            return;
        }
        (self.state.verified, self.state.warning) = (false, Some(DAMAGED.to_owned()));
        self.index = Index::new();
        self.index.set_complete(false);
        self.reapply();
        self.walk(true);
        self.show();
    }

    /// Compares the whole tree in a thread of its own; `cold` sends the names tier ahead and takes
    /// nothing from what is stored.
    fn walk(&mut self, cold: bool) {
        if self.walking {
            self.walk_again = Some(cold || self.walk_again == Some(true));
            return;
        }
        self.walking = true;
        let (store, options, messages) = (self.store.clone(), self.options.clone(), self.messages.clone());
        let steps = self.steps.clone();
        std::thread::spawn(move || {
            if cold {
                let mut names = Index::new();
                let names_only = WalkOptions { names_only: true, ..options.clone() };
                if store.refresh(&mut names, &names_only, &|_| {}).is_ok() {
                    let _ = messages.send(Message::Names(Box::new(names)));
                }
            }
            let count = |step: walk::Progress| steps.set(step.done, step.total);
            let walked = match cold {
                true => store.build(&options, &count),
                false => store.load_and_refresh(&options, &count),
            };
            steps.set(0, 0);
            // A stopped keeper needs no result: the index is saved already.
            let _ = messages.send(Message::Walked(Box::new(walked)));
        });
    }

    fn walked(&mut self, walked: Loaded) {
        self.walking = false;
        self.index = walked.index;
        (self.state.verified, self.state.report) = (true, walked.report);
        self.state.warning = walked.warning.or(self.state.warning.take());
        self.reapply();
        if let Some(cold) = self.walk_again.take() {
            self.walk(cold);
        }
    }

    /// Puts the texts that hide the disk on top of a new index.
    fn reapply(&mut self) {
        for (path, text) in &self.buffers {
            self.index.update(path, text);
        }
    }

    fn save(&mut self) {
        if std::mem::take(&mut self.dirty)
            && let Err(error) = self.store.save(&mut self.index)
        {
            self.state.warning = Some(error.to_string());
            self.show();
        }
    }
}

#[cfg(test)]
mod tests;
