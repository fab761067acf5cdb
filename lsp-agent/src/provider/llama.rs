//! llama.cpp in a process of its own, so that an abort in it, or the system taking its memory back, costs one request.
//!
//! One thread owns that process. It is started by the first request, told which model to load, ended when nothing was
//! asked for some time, and started again when it dies; what was cached comes back from disk.

use super::wire::{self, Ask, End, Generate, Load, Loaded, Part, Say, Usage};
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufReader, BufWriter};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How often the process may die within [`DYING`] before it is not started again by itself.
const DEATHS: usize = 3;
const DYING: Duration = Duration::from_secs(60);
/// How long the process may take to end once it was told to.
const FAREWELL: Duration = Duration::from_secs(5);

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

enum Event {
    /// A question, and where its answers go.
    Ask(u64, Ask, Sender<Say>),
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

    fn ask(&self, ask: impl FnOnce(u64) -> Ask) -> Running {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (sender, events) = mpsc::channel();
        // If the owner has gone, the receiver says so.
        let _ = self.0.inbox.send(Event::Ask(id, ask(id), sender));
        Running { id, asking: Arc::clone(&self.0), events }
    }

    /// Lets the model write. The request's `id` is given here.
    #[must_use]
    pub fn generate(&self, request: Generate) -> Running {
        self.ask(|id| Ask::Generate(Box::new(Generate { id, ..request })))
    }

    /// Counts or shows the tokens of a text.
    ///
    /// # Errors
    /// When no model can be loaded.
    pub fn tokens(&self, parts: Vec<Part>) -> Result<Vec<i32>, String> {
        let running = self.ask(|id| Ask::Tokenize { id, parts });
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
        let running = self.ask(|id| Ask::Embed { id, text });
        answer(&running, |say| match say {
            Say::Embedding { vector, .. } => Some(vector.clone()),
            _ => None,
        })
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

/// The process, once it runs.
struct Live {
    number: u32,
    child: Child,
    pipe: BufWriter<ChildStdin>,
    loaded: bool,
}

/// The thread's state.
struct Owner {
    process: Process,
    load: Load,
    idle: Duration,
    inbox: Sender<Event>,
    live: Option<Live>,
    number: u32,
    /// Questions that were passed on, or wait for the model.
    asked: BTreeMap<u64, Sender<Say>>,
    waiting: VecDeque<Ask>,
    /// Questions that were passed on and of which nothing was heard yet.
    passed: BTreeMap<u64, Ask>,
    deaths: VecDeque<Instant>,
    /// A model to take once nothing runs.
    next: Option<Load>,
}

impl Owner {
    fn new(process: Process, load: Load, idle: Duration, inbox: Sender<Event>) -> Self {
        Self {
            process,
            load,
            idle,
            inbox,
            live: None,
            number: 0,
            asked: BTreeMap::new(),
            waiting: VecDeque::new(),
            passed: BTreeMap::new(),
            deaths: VecDeque::new(),
            next: None,
        }
    }

    /// Whether there will be more.
    fn handle_next(&mut self, events: &Receiver<Event>) -> bool {
        match events.recv_timeout(self.idle) {
            Ok(Event::Stop) => return false,
            Ok(event) => self.handle(event),
            Err(RecvTimeoutError::Timeout) if self.asked.is_empty() => self.end_process(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Ask(id, ask, sender) => {
                self.asked.insert(id, sender);
                self.waiting.push_back(ask);
                self.pass_on();
            }
            Event::Cancel(id) => {
                if self.asked.remove(&id).is_some() {
                    self.waiting.retain(|ask| id_of(ask) != Some(id));
                    self.passed.remove(&id);
                    self.tell(&Ask::Cancel { id });
                }
            }
            Event::Model(load) => {
                self.next = Some(load);
                self.pass_on();
            }
            Event::Unload(ended) => {
                self.end_process();
                let _ = ended.send(());
            }
            Event::Stop => {}
            Event::Said(number, say) => {
                if self.live.as_ref().is_some_and(|live| live.number == number) {
                    self.said(say);
                }
            }
            Event::Ended(number) => {
                if self.live.as_ref().is_some_and(|live| live.number == number) {
                    self.died();
                }
            }
        }
    }

    /// Starts what has to be started, and asks what can be asked.
    fn pass_on(&mut self) {
        let runs = self.asked.len() > self.waiting.len();
        if let Some(load) = self.next.take_if(|_| !runs) {
            self.load = load;
            if let Some(live) = &mut self.live {
                live.loaded = false;
                self.tell(&Ask::Load(self.load.clone()));
            }
        }
        if self.waiting.is_empty() {
            return;
        }
        if self.live.is_none() {
            if let Err(what) = self.start() {
                self.fail_all(&what);
            }
            return;
        }
        if self.live.as_ref().is_some_and(|live| live.loaded) && self.next.is_none() {
            for ask in std::mem::take(&mut self.waiting) {
                self.tell(&ask);
                self.passed.extend(id_of(&ask).map(|id| (id, ask)));
            }
        }
    }

    fn tell(&mut self, ask: &Ask) {
        if let Some(live) = &mut self.live
            && wire::write(&mut live.pipe, ask).is_err()
        {
            tracing::debug!("the model's process takes no more questions");
        }
    }

    fn start(&mut self) -> Result<(), String> {
        self.deaths.retain(|death| death.elapsed() < DYING);
        if self.deaths.len() >= DEATHS {
            self.deaths.clear();
            return Err(format!(
                "the model's process died {DEATHS} times within a minute; choose a smaller model or context \
                 (`devtoolkit-agent model recommend`), then ask again"
            ));
        }
        let (child, input, output) = self.process.start()?;
        self.number += 1;
        let (number, inbox) = (self.number, self.inbox.clone());
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Ok(Some(say)) = wire::read(&mut output) {
                if inbox.send(Event::Said(number, say)).is_err() {
                    return;
                }
            }
            let _ = inbox.send(Event::Ended(number));
        });
        self.live = Some(Live { number, child, pipe: BufWriter::new(input), loaded: false });
        let load = Ask::Load(self.load.clone());
        self.tell(&load);
        Ok(())
    }

    fn said(&mut self, say: Say) {
        let to = match &say {
            Say::Loading { .. } => return self.say_to_all(&say),
            Say::Loaded(Loaded { warnings, .. }) => {
                for warning in warnings {
                    tracing::warn!("{warning}");
                }
                if let Some(live) = &mut self.live {
                    live.loaded = true;
                }
                self.say_to_all(&say);
                return self.pass_on();
            }
            Say::LoadFailed { what } => {
                self.fail_all(what);
                // The next request tries anew: the file may have been mended.
                return self.end_process();
            }
            Say::Unloaded | Say::Kept { .. } | Say::Cards { .. } => return,
            Say::Prefill { id, .. }
            | Say::Text { id, .. }
            | Say::End { id, .. }
            | Say::Tokens { id, .. }
            | Say::Embedding { id, .. }
            | Say::Refused { id, .. } => *id,
        };
        self.passed.remove(&to);
        let ends = !matches!(say, Say::Prefill { .. } | Say::Text { .. });
        if let Some(sender) = self.asked.get(&to) {
            // Whoever asked may have gone; then it was cancelled.
            let _ = sender.send(say);
        }
        if ends {
            self.asked.remove(&to);
            self.pass_on();
        }
    }

    fn say_to_all(&self, say: &Say) {
        for sender in self.asked.values() {
            let _ = sender.send(say.clone());
        }
    }

    /// Ends every question with what went wrong.
    fn fail_all(&mut self, what: &str) {
        self.waiting.clear();
        self.passed.clear();
        for (id, sender) in std::mem::take(&mut self.asked) {
            let end = End::Failed(what.to_owned());
            let _ = sender.send(Say::End { id, end, usage: Usage::default() });
        }
    }

    /// The process ended by itself. What it was doing fails; what it had not begun goes to the next.
    fn died(&mut self) {
        let Some(mut live) = self.live.take() else { return };
        let how = live.child.wait().map_or_else(|error| error.to_string(), describe);
        self.deaths.push_back(Instant::now());
        tracing::warn!("the model's process {how}");
        let passed = std::mem::take(&mut self.passed);
        let waiting: VecDeque<Ask> = passed.into_values().chain(std::mem::take(&mut self.waiting)).collect();
        let mut kept = BTreeMap::new();
        for ask in &waiting {
            if let Some((id, sender)) = id_of(ask).and_then(|id| self.asked.remove_entry(&id)) {
                kept.insert(id, sender);
            }
        }
        self.fail_all(&format!(
            "the model's process {how}; it is started again, and nothing else is lost: ask again"
        ));
        (self.asked, self.waiting) = (kept, waiting);
        self.pass_on();
    }

    /// Ends the process in peace: it keeps what it has cached.
    fn end_process(&mut self) {
        let Some(Live { mut child, pipe, .. }) = self.live.take() else { return };
        drop(pipe);
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return self.fail_all("the model was unloaded");
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        self.fail_all("the model was unloaded");
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.end_process();
    }
}

fn id_of(ask: &Ask) -> Option<u64> {
    match ask {
        Ask::Generate(generate) => Some(generate.id),
        Ask::Tokenize { id, .. } | Ask::Embed { id, .. } | Ask::Cancel { id } => Some(*id),
        Ask::Load(_) | Ask::Unload | Ask::Keep | Ask::Cards => None,
    }
}

/// How a process ended, in words.
fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        match status.signal() {
            Some(9) => return "was killed; the system may have needed its memory".to_owned(),
            Some(6) => {
                return "gave up (SIGABRT): llama.cpp met something that it does not handle".to_owned();
            }
            Some(signal) => return format!("crashed with signal {signal}"),
            None => {}
        }
    }
    match status.code() {
        Some(code) => format!("ended with code {code}"),
        None => "ended".to_owned(),
    }
}
