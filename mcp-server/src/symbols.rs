//! The symbol index of each root, kept current in the background, with staged and open texts on top of the disk.

use crate::workspace::{RelPath, Roots};
use devtoolkit_index::Snapshot;
use devtoolkit_index::keep::Keeper;
use devtoolkit_index::store::Store;
use devtoolkit_index::walk::WalkOptions;
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A question waits this long for texts that are on their way into the index: a large one is parsed for seconds.
const FLUSH: Duration = Duration::from_millis(1_000);
/// How often a waiting question looks up.
const STEP: Duration = Duration::from_millis(10);

/// The index of one root at one moment.
pub struct RootIndex {
    pub snapshot: Snapshot,
    /// The whole tree has been compared with the disk since the start.
    pub verified: bool,
    /// While a walk reads files: how many it has read, and how many it will.
    pub progress: Option<(usize, usize)>,
    pub warning: Option<String>,
    /// Files that it cannot have, because their names are not UTF-8.
    unnameable: u64,
    /// The root's place among the workspace's.
    root: usize,
}

impl RootIndex {
    /// Whether no file of the tree is missing, so that what it does not find is not there.
    #[must_use]
    pub fn knows_all(&self) -> bool {
        self.verified && self.unnameable == 0 && self.snapshot.is_complete() && !self.snapshot.is_damaged()
    }
}

enum Message {
    /// A text that hides the disk, or `None` when it no longer does.
    Text {
        root: usize,
        path: String,
        text: Option<String>,
    },
    Flush(mpsc::Sender<()>),
}

/// The indexes of a workspace. They are loaded in the background, so making this costs nothing.
pub struct Symbols {
    roots: Roots,
    keepers: std::sync::Arc<OnceLock<Vec<Keeper>>>,
    messages: mpsc::Sender<Message>,
}

impl Symbols {
    /// Starts indexing in the background; `cache` is the folder for indexes, or `None` to keep them in memory only.
    #[must_use]
    pub fn start(roots: Roots, cache: Option<PathBuf>) -> Self {
        let (messages, inbox) = mpsc::channel();
        let keepers = std::sync::Arc::new(OnceLock::new());
        let (paths, made): (Vec<PathBuf>, _) =
            (roots.all().iter().map(|root| root.path.clone()).collect(), keepers.clone());
        thread::spawn(move || {
            let keepers = made
                .get_or_init(|| paths.iter().map(|path| keep(path, cache.as_deref())).collect::<Vec<_>>());
            while let Ok(message) = inbox.recv() {
                take(keepers, message);
            }
        });
        Self { roots, keepers, messages }
    }

    /// Every root's index as it is now, staged texts included; `None` while the stored indexes are being loaded.
    #[must_use]
    pub fn all(&self) -> Option<Vec<RootIndex>> {
        self.all_while(&|| true)
    }

    /// As [`Self::all`], without waiting for texts once `go_on` says no; it is asked every few milliseconds.
    #[must_use]
    pub fn all_while(&self, go_on: &dyn Fn() -> bool) -> Option<Vec<RootIndex>> {
        self.flush(go_on);
        let keepers = self.keepers.get()?;
        let index = |(root, keeper): (usize, &Keeper)| {
            let state = keeper.state();
            let unnameable = state.report.map_or(0, |report| report.unnameable);
            let (verified, progress, warning) = (state.verified, state.progress, state.warning);
            RootIndex { snapshot: keeper.snapshot(), verified, progress, warning, unnameable, root }
        };
        Some(keepers.iter().enumerate().map(index).collect())
    }

    /// The root of a path by its place among [`Self::all`], and the path as that root's index knows it.
    #[must_use]
    pub fn place(&self, path: &RelPath) -> Option<(usize, String)> {
        let (root, inner) = self.roots.locate(path)?;
        let place = self.roots.all().iter().position(|other| other.label == root.label)?;
        Some((place, inner.to_os().to_str()?.replace('\\', "/")))
    }

    /// The index that has a path, and the path as that index knows it.
    #[must_use]
    pub fn of(&self, path: &RelPath) -> Option<(RootIndex, String)> {
        let (place, inner) = self.place(path)?;
        Some((self.all()?.into_iter().nth(place)?, inner))
    }

    /// The workspace's path of an index's path.
    #[must_use]
    pub fn path(&self, index: &RootIndex, inner: &str) -> RelPath {
        let root = &self.roots.all()[index.root];
        let path = inner.split('/').fold(RelPath::root(), |at, name| at.join_os(name.as_ref()));
        self.roots.in_root(root, &path)
    }

    /// Takes the text that hides a file on disk, or with `None` shows the disk again.
    pub fn show(&self, path: &RelPath, text: Option<String>) {
        if let Some((root, path)) = self.place(path) {
            // The thread lives as long as we do.
            let _ = self.messages.send(Message::Text { root, path, text });
        }
    }

    /// Waits until everything shown before is in the indexes, but for no more than `FLUSH`; not for the tree to be
    /// read.
    fn flush(&self, go_on: &dyn Fn() -> bool) {
        let (reply, answer) = mpsc::channel();
        if self.keepers.get().is_none() || self.messages.send(Message::Flush(reply)).is_err() {
            return;
        }
        let begun = Instant::now();
        while answer.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout)
            && begun.elapsed() < FLUSH
            && go_on()
        {}
    }
}

fn keep(root: &std::path::Path, cache: Option<&std::path::Path>) -> Keeper {
    let kept = cache.map(|cache| Store::open(root, Some(cache)));
    let store = match kept {
        Some(Ok(store)) => store,
        Some(Err(error)) => {
            tracing::warn!("the index is not kept: {error}");
            Store::in_memory(root).expect("the root was opened before")
        }
        None => Store::in_memory(root).expect("the root was opened before"),
    };
    Keeper::start(store, WalkOptions::default())
}

fn take(keepers: &[Keeper], message: Message) {
    match message {
        Message::Text { root, path, text: Some(text) } => keepers[root].update(&path, &text),
        Message::Text { root, path, text: None } => keepers[root].close(&path),
        Message::Flush(reply) => {
            keepers.iter().for_each(Keeper::flush);
            // Whoever asked may have stopped waiting.
            let _ = reply.send(());
        }
    }
}
