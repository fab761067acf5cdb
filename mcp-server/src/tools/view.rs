//! What tools over symbols see: each root's index, and the texts that its answers are quoted from.
//!
//! An index may be a moment behind, or still be read. So a text is quoted only where the index speaks of exactly it, and a
//! question about one file is answered by parsing that file where the index cannot.

use crate::symbols::RootIndex;
use crate::tool::{ToolContext, ToolError};
use crate::tools::source::Source;
use crate::workspace::{ReadError, RelPath};
use devtoolkit_index::{Filter, Index, Language, Snapshot, Symbol};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The largest file whose symbols are looked at without the index, in bytes.
const PARSED: usize = 4 << 20;
/// A question waits this long for the tree to be read, so that small trees are answered whole at once.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often waiting looks up.
const STEP: Duration = Duration::from_millis(10);
/// Texts kept at once; answers come sorted by path, so few are needed again.
const KEPT: usize = 256;

/// The indexes, and the texts asked for so far.
pub(super) struct View<'c> {
    pub(super) context: &'c ToolContext,
    roots: Vec<Arc<RootIndex>>,
    sources: RefCell<HashMap<RelPath, Option<Rc<Source>>>>,
    /// An answer was left out because its text is newer than the index.
    behind: Cell<bool>,
}

/// One file's symbols with the text they are of.
#[derive(Clone)]
pub(super) struct FileView {
    /// The root's index, or one of this file alone.
    pub(super) snapshot: Snapshot,
    /// The path as the snapshot knows it.
    pub(super) inner: String,
    pub(super) language: Language,
    pub(super) source: Rc<Source>,
    /// Whether it is the root's index, which knows other files too.
    pub(super) whole: bool,
}

impl FileView {
    /// The symbols, without locals, in order of position.
    pub(super) fn outline(&self) -> Vec<Symbol> {
        self.snapshot.outline(&self.inner).unwrap_or_default()
    }
}

impl<'c> View<'c> {
    /// The indexes as they are now.
    pub(super) fn new(context: &'c ToolContext) -> Result<Self, ToolError> {
        let begun = Instant::now();
        let go_on = || context.cancelled().is_ok();
        let mut roots = context.symbols.all_while(&go_on);
        let is_read = |roots: &Option<Vec<RootIndex>>| {
            roots.as_ref().is_some_and(|roots| roots.iter().all(|root| root.snapshot.is_complete()))
        };
        while !is_read(&roots) && begun.elapsed() < PATIENCE {
            context.cancelled()?;
            std::thread::sleep(STEP);
            roots = context.symbols.all_while(&go_on);
        }
        context.cancelled()?;
        let roots = roots.unwrap_or_default().into_iter().map(Arc::new).collect();
        Ok(Self { context, roots, sources: RefCell::default(), behind: Cell::new(false) })
    }

    /// What a reply has to say of answers that may be missing; empty when all is known.
    pub(super) fn notice(&self) -> String {
        if self.roots.is_empty() {
            return "(index: being loaded; the answer may be incomplete, ask again in a moment)\n".to_owned();
        }
        if let Some(root) = self.roots.iter().find(|root| !root.snapshot.is_complete()) {
            let percent = root.progress.map_or(0, |(done, total)| done * 100 / total.max(1));
            return format!("(index: {percent}%; the answer may be incomplete, ask again in a moment)\n");
        }
        if self.behind.get() {
            return "(some files have just changed and are left out; ask again in a moment)\n".to_owned();
        }
        String::new()
    }

    /// Whether every file of the tree is known.
    pub(super) fn is_complete(&self) -> bool {
        !self.roots.is_empty() && self.roots.iter().all(|root| root.snapshot.is_complete())
    }

    pub(super) fn roots(&self) -> &[Arc<RootIndex>] {
        &self.roots
    }

    /// The workspace's path of an index's path.
    pub(super) fn path(&self, root: &RootIndex, inner: &str) -> RelPath {
        self.context.symbols.path(root, inner)
    }

    /// The text of a file.
    pub(super) fn source(&self, path: &RelPath) -> Result<Rc<Source>, ToolError> {
        if let Some(Some(known)) = self.sources.borrow().get(path) {
            return Ok(known.clone());
        }
        let source = Rc::new(Source::read(self.context, path)?);
        self.keep(path, Some(source.clone()));
        Ok(source)
    }

    fn keep(&self, path: &RelPath, source: Option<Rc<Source>>) {
        let mut sources = self.sources.borrow_mut();
        if sources.len() >= KEPT {
            sources.clear();
        }
        sources.insert(path.clone(), source);
    }

    /// The text of an index's path, where it is the one that the index speaks of.
    pub(super) fn quoted(&self, root: &RootIndex, inner: &str) -> Option<Rc<Source>> {
        let path = self.path(root, inner);
        if let Some(known) = self.sources.borrow().get(&path) {
            return known.clone();
        }
        let read = Source::read(self.context, &path);
        let is_withheld =
            matches!(read, Err(ToolError::Read(ReadError::Secret { .. } | ReadError::Protected { .. })));
        let source = read.ok().filter(|source| source.is_of(&root.snapshot, inner)).map(Rc::new);
        if source.is_none() && !is_withheld {
            self.behind.set(true);
        }
        self.keep(&path, source.clone());
        source
    }

    /// One file's symbols: the index's where it speaks of this very text, else the file is parsed.
    pub(super) fn file(&self, path: &RelPath) -> Result<FileView, ToolError> {
        let source = self.source(path)?;
        let path = source.path.clone();
        let Some(language) = Language::of_path(path.as_str()) else {
            let known: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
            return Err(ToolError::failed(format!(
                "`{path}` is in no language with symbols ({}); read_file shows its text",
                known.join(", ")
            )));
        };
        if let Some((root, inner)) = self.indexed(&source) {
            let snapshot = root.snapshot.clone();
            return Ok(FileView { snapshot, inner, language, source, whole: true });
        }
        if source.text.len() > PARSED {
            return Err(ToolError::failed(format!(
                "`{path}` has {} bytes, too many for its symbols to be looked at (over {PARSED}); read_file and search_text show its text",
                source.text.len()
            )));
        }
        let (inner, text) = (path.as_str().to_owned(), source.text.clone());
        let snapshot = wait(self.context, &format!("parsing {path}"), move || {
            let mut index = Index::new();
            index.update(&inner, &text);
            index.snapshot()
        })?;
        let inner = path.as_str().to_owned();
        let source = if source.is_guessed() { Rc::new(source.as_given()) } else { source.clone() };
        Ok(FileView { snapshot, inner, language, source, whole: false })
    }

    /// The root whose index speaks of exactly this text.
    pub(super) fn indexed(&self, source: &Source) -> Option<(&Arc<RootIndex>, String)> {
        let (place, inner) = self.context.symbols.place(&source.path)?;
        let root = self.roots.get(place)?;
        (root.snapshot.is_complete() && source.is_of(&root.snapshot, &inner) && !source.is_guessed())
            .then_some((root, inner))
    }

    /// Each root that a path, folder or glob may mean, with a filter for it.
    pub(super) fn filtered(&self, path: Option<&str>) -> Result<Vec<(Arc<RootIndex>, Filter)>, ToolError> {
        let all = || self.roots.iter().cloned();
        let Some(path) = path else { return Ok(all().map(|root| (root, Filter::default())).collect()) };
        let with = |pattern: &str| {
            Filter::default()
                .with_path(pattern)
                .map_err(|error| ToolError::failed(format!("`path`: {error}")))
        };
        let is_glob = path.contains(['*', '?', '[', '{']);
        let parsed = match self.context.path(path) {
            Ok(parsed) => parsed,
            Err(_) if is_glob && self.roots.len() > 1 => {
                let filter = with(path)?;
                return Ok(all().map(|root| (root, filter.clone())).collect());
            }
            Err(error) => return Err(error),
        };
        if parsed.is_root() {
            return Ok(all().map(|root| (root, Filter::default())).collect());
        }
        let place = self.context.symbols.place(&parsed);
        let Some((place, inner)) = place else { return Ok(Vec::new()) };
        let inner = if inner.is_empty() { ".".to_owned() } else { inner };
        let filter = with(&inner)?;
        Ok(self.roots.get(place).map(|root| (root.clone(), filter)).into_iter().collect())
    }

    /// The files of the indexes below a path, in path order, root by root.
    pub(super) fn files(&self, path: Option<&str>) -> Result<Vec<(Arc<RootIndex>, String)>, ToolError> {
        let mut files = Vec::new();
        for (root, filter) in self.filtered(path)? {
            let all = root.snapshot.files().filter(|file| filter.admits_file(&file.path, None));
            let mut paths: Vec<String> = all.map(|file| file.path).collect();
            paths.sort_unstable();
            files.extend(paths.into_iter().map(|path| (root.clone(), path)));
        }
        Ok(files)
    }

    /// Reads texts on another thread, for questions that quote them.
    pub(super) fn reader(&self, root: &Arc<RootIndex>) -> impl Fn(&str) -> Option<String> + Send + use<> {
        let (snapshot, root) = (self.context.snapshot.clone(), root.clone());
        let symbols = self.context.symbols.clone();
        move |inner| {
            let source = Source::of(&snapshot, &symbols.path(&root, inner)).ok()?;
            (source.is_of(&root.snapshot, inner) && !source.is_guessed()).then_some(source.text)
        }
    }
}

/// Does work that cannot be interrupted on a thread of its own, and stops waiting for it once the call is cancelled. What
/// is given to it is bounded, so it ends by itself.
pub(super) fn wait<T: Send + 'static>(
    context: &ToolContext,
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ToolError> {
    wait_at_most(context, what, Duration::MAX, work)
}

/// The same for work that may wait for something for ever: it is left alone after a time.
pub(super) fn wait_at_most<T: Send + 'static>(
    context: &ToolContext,
    what: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ToolError> {
    let (sender, answer) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        // Whoever asked may have stopped waiting.
        let _ = sender.send(work());
    });
    let begun = Instant::now();
    let mut told = 0;
    loop {
        match answer.recv_timeout(STEP) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => context.cancelled()?,
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Err(ToolError::Cancelled),
            },
        }
        if begun.elapsed() > limit {
            return Err(ToolError::failed(format!(
                "{what} did not end within {} s and was given up",
                limit.as_secs()
            )));
        }
        if begun.elapsed().as_secs() > told {
            told = begun.elapsed().as_secs();
            context.progress(told, None, what);
        }
    }
}
