//! The thread that owns the model's process: it starts it, passes questions on, and ends it.

use super::{Event, Known, Make, Process};
use crate::provider::wire::{self, Ask, End, Load, Say, Usage};
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufReader, BufWriter};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How often the process may die within [`DYING`] before it is not started again by itself.
const DEATHS: usize = 3;
const DYING: Duration = Duration::from_secs(60);
/// How long the process may take to end once it was told to.
const FAREWELL: Duration = Duration::from_secs(5);

/// The process, once it runs.
struct Live {
    number: u32,
    child: Child,
    pipe: BufWriter<ChildStdin>,
    /// Once it is loaded.
    known: Option<Arc<Known>>,
}

/// The thread's state.
pub(super) struct Owner {
    process: Process,
    load: Load,
    idle: Duration,
    inbox: Sender<Event>,
    live: Option<Live>,
    number: u32,
    /// Questions that were passed on, or wait for the model.
    asked: BTreeMap<u64, Sender<Say>>,
    waiting: VecDeque<(u64, Make)>,
    /// Questions that were passed on and of which nothing was heard yet.
    passed: BTreeMap<u64, Ask>,
    deaths: VecDeque<Instant>,
    /// A model to take once nothing runs.
    next: Option<Load>,
}

impl Owner {
    pub(super) fn new(process: Process, load: Load, idle: Duration, inbox: Sender<Event>) -> Self {
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
    pub(super) fn handle_next(&mut self, events: &Receiver<Event>) -> bool {
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
            Event::Ask(id, make, sender) => {
                self.asked.insert(id, sender);
                self.waiting.push_back((id, make));
                self.pass_on();
            }
            Event::Cancel(id) => {
                if self.asked.remove(&id).is_some() {
                    self.waiting.retain(|(waiting, _)| *waiting != id);
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
                live.known = None;
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
        let known = self.live.as_ref().and_then(|live| live.known.clone());
        if let (Some(known), None) = (known, &self.next) {
            for (id, make) in std::mem::take(&mut self.waiting) {
                self.make(id, make, &known);
            }
        }
    }

    fn make(&mut self, id: u64, make: Make, known: &Known) {
        match make(known) {
            Ok(ask) => {
                self.tell(&ask);
                self.passed.insert(id, ask);
            }
            Err(what) => {
                if let Some(sender) = self.asked.remove(&id) {
                    let _ = sender.send(Say::Refused { id, what });
                }
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
        self.live = Some(Live { number, child, pipe: BufWriter::new(input), known: None });
        let load = Ask::Load(self.load.clone());
        self.tell(&load);
        Ok(())
    }

    fn said(&mut self, say: Say) {
        let to = match &say {
            Say::Loading { .. } => return self.say_to_all(&say),
            Say::Loaded(facts) => {
                for warning in &facts.warnings {
                    tracing::warn!("{warning}");
                }
                if let Some(live) = &mut self.live {
                    live.known = Some(Arc::new(Known::new(facts.clone())));
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
        let mut passed = std::mem::take(&mut self.passed);
        if self.next.is_some() {
            // They were made for the model that goes.
            passed.clear();
        }
        let again = passed.into_iter().map(|(id, ask)| -> (u64, Make) { (id, Box::new(move |_| Ok(ask))) });
        let waiting: VecDeque<_> = again.chain(std::mem::take(&mut self.waiting)).collect();
        let mut kept = BTreeMap::new();
        for (id, _) in &waiting {
            if let Some((id, sender)) = self.asked.remove_entry(id) {
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
