//! llama.cpp in a process of its own, so that an abort in it, or the system taking its memory back, costs one request.
//!
//! One thread owns that process. It is started by the first request, told which model to load, ended when nothing was
//! asked for some time, and started again when it dies; what was cached comes back from disk.

mod owner;

use super::wire::{Ask, End, Generate, Load, Loaded, Part, Say};
use crate::template::{Marks, Template, TemplateError};
use owner::Owner;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// How the process is started.
#[derive(Clone, Debug)]
pub struct Process {
    /// Our own program.
    pub program: PathBuf,
    /// Before these, it gets `infer-worker`.
    pub arguments: Vec<String>,
    /// Variables besides our own, such as `GOMP_SPINCOUNT`.
    pub variables: Vec<(String, String)>,
}

impl Process {
    /// With the variables that llama.cpp wants: threads that do not spin for long, and nothing printed where it crashes.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        let variables = [("GOMP_SPINCOUNT", "2000"), ("GGML_NO_BACKTRACE", "1")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { program, arguments: Vec::new(), variables }
    }

    /// # Errors
    /// When it cannot be started, in words.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts the model's process")]
    pub(super) fn start(&self) -> Result<(Child, ChildStdin, ChildStdout), String> {
        let mut command = Command::new(&self.program);
        command.arg("infer-worker").args(&self.arguments).envs(self.variables.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child =
            command.spawn().map_err(|error| format!("the model's process cannot be started: {error}"))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok((child, input, output)),
            _ => Err("the model's process has no pipes".to_owned()),
        }
    }
}

/// A model that is loaded.
#[derive(Debug)]
pub struct Known {
    pub facts: Loaded,
    template: OnceLock<Result<Template, TemplateError>>,
}

impl Known {
    fn new(facts: Loaded) -> Self {
        Self { facts, template: OnceLock::new() }
    }

    /// Its chat template.
    ///
    /// # Errors
    /// When it has none, or one that cannot be used.
    pub fn template(&self) -> Result<&Template, &TemplateError> {
        let template = self.template.get_or_init(|| {
            let marks = Marks { begin: self.facts.bos.clone(), end: self.facts.eos.clone() };
            Template::new(self.facts.template.as_deref(), marks)
        });
        template.as_ref()
    }
}

/// Makes a question for the model that it will be asked of.
type Make = Box<dyn FnOnce(&Known) -> Result<Ask, String> + Send>;

enum Event {
    /// What makes a question, and where its answers go.
    Ask(u64, Make, Sender<Say>),
    Cancel(u64),
    /// Another model from the next request on.
    Model(Load),
    /// To end the process; whoever waits is told when it has ended.
    Unload(Sender<()>),
    /// The process of this number said something.
    Said(u32, Say),
    /// The process of this number has closed its pipe.
    Ended(u32),
    /// Nobody can ask any more.
    Stop,
}

/// A model on this machine. Cheap to clone; the process ends with the last clone and request.
#[derive(Clone)]
pub struct Llama(Arc<Asking>);

struct Asking {
    inbox: Sender<Event>,
    next: AtomicU64,
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = self.inbox.send(Event::Stop);
    }
}

/// A request that runs. Dropping it cancels it.
pub struct Running {
    id: u64,
    asking: Arc<Asking>,
    /// What comes of it; ends with `End` or `Refused`.
    pub events: Receiver<Say>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended, and the request with it.
        let _ = self.asking.inbox.send(Event::Cancel(self.id));
    }
}

impl Llama {
    /// A model that is loaded by the first request, and unloaded when nothing was asked for `idle`.
    #[must_use]
    pub fn new(process: Process, load: Load, idle: Duration) -> Self {
        let (inbox, events) = mpsc::channel();
        let own = inbox.clone();
        thread::spawn(move || {
            let mut owner = Owner::new(process, load, idle, own);
            while owner.handle_next(&events) {}
        });
        Self(Arc::new(Asking { inbox, next: AtomicU64::new(1) }))
    }

    fn ask(&self, make: impl FnOnce(u64, &Known) -> Result<Ask, String> + Send + 'static) -> Running {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (sender, events) = mpsc::channel();
        let make = Box::new(move |known: &Known| make(id, known));
        // If the owner has gone, the receiver says so.
        let _ = self.0.inbox.send(Event::Ask(id, make, sender));
        Running { id, asking: Arc::clone(&self.0), events }
    }

    /// Lets the model write. The request's `id` is given here.
    #[must_use]
    pub fn generate(&self, request: Generate) -> Running {
        self.generate_with(move |_| Ok(request))
    }

    /// Lets the model write what `make` asks for, which is told of the model that will write. It runs on the thread that
    /// owns the process; where it fails, the request is refused in its words.
    #[must_use]
    pub fn generate_with(
        &self,
        make: impl FnOnce(&Known) -> Result<Generate, String> + Send + 'static,
    ) -> Running {
        self.ask(move |id, known| Ok(Ask::Generate(Box::new(Generate { id, ..make(known)? }))))
    }

    /// Counts or shows the tokens of a text.
    ///
    /// # Errors
    /// When no model can be loaded.
    pub fn tokens(&self, parts: Vec<Part>) -> Result<Vec<i32>, String> {
        self.tokens_with(move |_| Ok(parts))
    }

    /// The tokens of what `make` makes for the model whose tokens they are, as in [`Self::generate_with`].
    ///
    /// # Errors
    /// When no model can be loaded, or `make` fails.
    pub fn tokens_with(
        &self,
        make: impl FnOnce(&Known) -> Result<Vec<Part>, String> + Send + 'static,
    ) -> Result<Vec<i32>, String> {
        let running = self.ask(move |id, known| Ok(Ask::Tokenize { id, parts: make(known)? }));
        answer(&running, |say| match say {
            Say::Tokens { tokens, .. } => Some(tokens.clone()),
            _ => None,
        })
    }

    /// The vector of a text, from a model that embeds.
    ///
    /// # Errors
    /// When the model does not, or none can be loaded.
    pub fn embed(&self, text: String) -> Result<Vec<f32>, String> {
        let running = self.ask(move |id, _| Ok(Ask::Embed { id, text }));
        answer(&running, |say| match say {
            Say::Embedding { vector, .. } => Some(vector.clone()),
            _ => None,
        })
    }

    /// Whether both are the same process.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes another model from the next request on.
    pub fn set_model(&self, load: Load) {
        let _ = self.0.inbox.send(Event::Model(load));
    }

    /// Ends the process and waits until it has, which takes seconds at most; the next request starts it again.
    pub fn unload(&self) {
        let (ended, wait) = mpsc::channel();
        let _ = self.0.inbox.send(Event::Unload(ended));
        // An owner that has gone has ended it.
        let _ = wait.recv();
    }
}

/// Waits for the one answer of a question.
fn answer<T>(running: &Running, wanted: impl Fn(&Say) -> Option<T>) -> Result<T, String> {
    for say in &running.events {
        if let Some(value) = wanted(&say) {
            return Ok(value);
        }
        if let Say::Refused { what, .. } | Say::End { end: End::Failed(what), .. } = say {
            return Err(what);
        }
    }
    Err("the model's process is gone".to_owned())
}
