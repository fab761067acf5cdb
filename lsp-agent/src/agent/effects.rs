//! What a session wants done, and how it is done: each on a thread of its own, telling what comes of it.

use super::Input;
use super::asking::{self, Asked, Models};
use super::check;
use super::find;
use super::gather::Search;
use super::permits::Permits;
use super::project::{DECLINED, Project, for_person, own_call};
use crate::guarded::Guarded;
use crate::memory::Memory;
use crate::model::{CallId, ToolCall};
use crate::protocol::{Focus, Permission, Problem, Verdict, Which};
use crate::provider::{Heard, Provider};
use crate::session::{Effect, Event, Outcome, Request, Role};
use devtoolkit_mcp::permission::Question;
use devtoolkit_mcp::tool::Progress;
use devtoolkit_mcp::workspace::{Protection, RelPath, protection};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

/// The time within which a request's first token should come, where nothing is said.
const FIRST_TOKEN: Duration = Duration::from_secs(20);
/// The most tokens of what is found before a model is asked, and the least.
const GATHERED: std::ops::RangeInclusive<u32> = 300..=6_000;
/// Facts that are told with a request.
const MOST_FACTS: u32 = 8;
/// How often a running command is told about.
const PACE: Duration = Duration::from_millis(500);
/// The least and the most bytes of a tool's output that a model reads.
const OUTPUT: std::ops::RangeInclusive<usize> = 2_000..=32_000;

/// What all that is done shares.
pub(super) struct Shared {
    pub(super) project: Project,
    pub(super) models: Models,
    pub(super) permits: Permits,
    memory: Guarded<Option<Memory>>,
    check: Option<String>,
    first_token: Duration,
}

/// Where what happens is told.
#[derive(Clone)]
pub(super) struct Tell(pub(super) SyncSender<Input>);

impl Tell {
    pub(super) fn event(&self, event: Event) {
        // The session may have ended.
        let _ = self.0.send(Input::Event(event));
    }
}

impl Shared {
    pub(super) fn new(
        project: Project,
        models: Models,
        memory: Option<Memory>,
        (check, first_token): (Option<String>, Option<Duration>),
        config: Option<PathBuf>,
    ) -> Self {
        let (permits, first_token) = (Permits::new(config), first_token.unwrap_or(FIRST_TOKEN));
        Self { project, models, permits, memory: Guarded::new(memory), check, first_token }
    }

    /// Does one of the things that take their time.
    pub(super) fn perform(&self, effect: Effect, cancel: &Arc<AtomicBool>, tell: &Tell) {
        match effect {
            Effect::Gather { turn, prompt, focus } => self.gather(turn, &prompt, &focus, cancel, tell),
            Effect::Ask { turn, request } => self.ask(turn, &request, cancel, tell),
            Effect::Call { turn, call, only_read } => {
                let outcome = self.call(turn, &call, only_read, cancel, tell);
                tell.event(Event::Called { turn, call: call.id, outcome });
            }
            Effect::Find { turn, step } => {
                tell.event(Event::Found { turn, target: find::target(&self.project, &step) });
            }
            Effect::Check { turn, call } => {
                let verdict = self.check(turn, &call, cancel, tell);
                tell.event(Event::Checked { turn, verdict, staged: self.project.staged() });
            }
            effect @ (Effect::Review { .. } | Effect::Undo { .. }) => {
                if let Some(event) = self.reviewed(&effect, cancel, tell) {
                    tell.event(event);
                }
            }
            Effect::Tell(_)
            | Effect::Permit { .. }
            | Effect::Discard { .. }
            | Effect::Stop { .. }
            | Effect::UseModel { .. } => {}
        }
    }

    fn gather(&self, turn: u64, prompt: &str, focus: &Focus, cancel: &AtomicBool, tell: &Tell) {
        let model = self.models.of(Role::Understand);
        let count = |text: &str| match &model {
            Some(model) => self.models.count(&**model, text),
            None => u32::try_from(text.len() / 3).unwrap_or(u32::MAX),
        };
        let search = Search {
            project: &self.project,
            prompt,
            focus,
            facts: &self.facts(prompt),
            budget: model.as_ref().map_or(*GATHERED.start(), |model| budget(&**model, self.first_token)),
            count: &count,
            go_on: &|| !cancel.load(Ordering::Relaxed),
        };
        let found = search.gather();
        let (context, read, likely) = (found.context, found.read, found.likely);
        tell.event(Event::Gathered { turn, context, read, likely });
    }

    /// What the person wants remembered that has to do with a request.
    fn facts(&self, prompt: &str) -> Vec<String> {
        let memory = self.memory.lock();
        let Some(memory) = &*memory else { return Vec::new() };
        match memory.found(self.project.root(), prompt, MOST_FACTS) {
            Ok(facts) => facts.into_iter().map(|fact| fact.text).collect(),
            Err(error) => {
                tracing::warn!("what is remembered of the project cannot be read: {error}");
                Vec::new()
            }
        }
    }

    fn ask(&self, turn: u64, request: &Request, cancel: &AtomicBool, tell: &Tell) {
        let mut hear = |heard: Heard| {
            match heard {
                Heard::Piece(piece) => tell.event(Event::Said { turn, piece }),
                Heard::RateLimited { seconds } => tell.event(Event::RateLimited { turn, seconds }),
                Heard::Loading(_) | Heard::Prefill { .. } | Heard::Nothing => {}
            }
            if cancel.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        tell.event(match self.models.ask(&self.project, request, &mut hear) {
            Asked::Answered(answer) => Event::Answered { turn, answer },
            Asked::Failed(problem) => Event::Failed { turn, problem },
            Asked::Overflowed { need, have } => Event::Overflowed { turn, need, have },
        });
    }

    fn call(
        &self,
        turn: u64,
        call: &ToolCall,
        only_read: bool,
        cancel: &Arc<AtomicBool>,
        tell: &Tell,
    ) -> Outcome {
        let call = match asking::meant(&self.project, call) {
            asking::Meant::Call(call) => call,
            asking::Meant::Said(text) => return Outcome { text, ..Outcome::default() },
            asking::Meant::Remember(text) => return self.remember(turn, call, &text, cancel, tell),
        };
        if let ("run_command", Some(Value::String(command))) =
            (call.name.as_str(), call.arguments.get("command"))
        {
            let folder = call.arguments.get("folder").and_then(Value::as_str).unwrap_or(".").to_owned();
            tell.event(Event::Proposed { turn, call: call.id.clone(), command: command.clone(), folder });
        }
        self.run(turn, &call, only_read, cancel, tell)
    }

    /// Remembers what the model proposes, if the person wants that.
    fn remember(
        &self,
        turn: u64,
        call: &ToolCall,
        fact: &str,
        cancel: &Arc<AtomicBool>,
        tell: &Tell,
    ) -> Outcome {
        let (tool, shown) = (call.name.clone(), devtoolkit_mcp::workspace::visible(fact));
        let text = format!("Remember this of the project, for later requests?\n  {shown}\n");
        let put = || tell.event(Event::Questioned { turn, call: call.id.clone(), tool, text });
        if self.permits.ask(&call.id, cancel, put) == Permission::Deny {
            let text = "the person does not want this remembered".to_owned();
            return Outcome { is_error: true, text, ..Outcome::default() };
        }
        let memory = self.memory.lock();
        let kept = memory.as_ref().map(|memory| memory.remember(self.project.root(), fact));
        let (is_error, text) = match kept {
            Some(Ok(_)) => (false, "remembered".to_owned()),
            Some(Err(error)) => (true, error.to_string()),
            None => (true, "nothing is remembered here".to_owned()),
        };
        Outcome { is_error, text, ..Outcome::default() }
    }

    /// Runs a call, asking the person where that is needed.
    fn run(
        &self,
        turn: u64,
        call: &ToolCall,
        only_read: bool,
        cancel: &Arc<AtomicBool>,
        tell: &Tell,
    ) -> Outcome {
        let ask = |question: &Question| {
            if self.permits.has(question.key()) {
                return true;
            }
            let (tool, text) = (call.name.clone(), question.text().to_owned());
            let put = || tell.event(Event::Questioned { turn, call: call.id.clone(), tool, text });
            let answer = match self.permits.ask(&call.id, cancel, put) {
                // Such a yes is for exactly what was shown.
                Permission::Session | Permission::Always if call.name == "accept_changes" => Permission::Once,
                answer => answer,
            };
            if let Err(error) = self.permits.keep(answer, question.key(), call) {
                tell.event(Event::Output {
                    turn,
                    call: call.id.clone(),
                    text: format!("permitted for this session: {error}"),
                });
            }
            answer != Permission::Deny
        };
        let progress = paced(turn, call.id.clone(), tell.clone());
        self.project.call(call, only_read, &ask, progress, cancel, self.output_limit())
    }

    /// Bytes of a tool's output that fit well into the model's context.
    fn output_limit(&self) -> usize {
        let model = self.models.of(Role::Understand);
        let context = model.and_then(|model| model.capacity().ok()).map_or(0, |capacity| capacity.context);
        (context as usize / 2).clamp(*OUTPUT.start(), *OUTPUT.end())
    }

    fn check(&self, turn: u64, id: &CallId, cancel: &Arc<AtomicBool>, tell: &Tell) -> Verdict {
        if let Some(why) = check::hindrance(&self.project) {
            return Verdict::NotChecked { why };
        }
        let checks = check::checks(&self.project, self.check.as_deref(), id);
        let mut verdict = Verdict::NotChecked {
            why: "no check was found; say which command it is with --check".to_owned(),
        };
        for check in checks {
            let (command, folder) = (check.shown.clone(), ".".to_owned());
            tell.event(Event::Proposed { turn, call: id.clone(), command, folder });
            let outcome = self.run(turn, &check.call, false, cancel, tell);
            // What a check leaves behind is nobody's change.
            self.discard(&outcome.changes);
            verdict = check::verdict(outcome.is_error, &outcome.text);
            if !check::is_missing(&outcome.text) {
                break;
            }
        }
        verdict
    }

    /// Does a review or takes back what was applied last, and says what came of it.
    pub(super) fn reviewed(&self, effect: &Effect, cancel: &Arc<AtomicBool>, tell: &Tell) -> Option<Event> {
        let (turn, said) = match effect {
            Effect::Review { turn, call, which: Which::All, accept: true, .. } => {
                (*turn, self.accept_all(*turn, call, cancel, tell))
            }
            Effect::Review { turn, which, accept, .. } => (*turn, self.review(which, *accept, cancel)),
            Effect::Undo { turn } => (*turn, self.own("undo_changes", json!({}), cancel, "undo")),
            _ => return None,
        };
        Some(Event::Reviewed { turn, staged: self.project.staged(), said })
    }

    /// Whether a review has to ask a person before it is done.
    pub(super) fn asks(&self, effect: &Effect) -> bool {
        matches!(effect, Effect::Review { which: Which::All, accept: true, .. })
            && !self.to_be_asked().0.is_empty()
    }

    /// Whether a review that was begun has been done; `applied` is the newest applied set from before it.
    pub(super) fn is_done(&self, effect: &Effect, applied: u32) -> bool {
        let Effect::Review { which, accept: false, .. } = effect else {
            return self.project.marks().1 != applied;
        };
        // What is dropped leaves no trace but that it is gone.
        let staged = self.project.staged();
        match which {
            Which::All => staged.is_empty(),
            Which::File { path } => staged.iter().all(|file| file.path != *path),
            Which::Hunk { path, hunk } => {
                let of_path = staged.iter().filter(|file| file.path == *path);
                of_path.flat_map(|file| &file.hunks).all(|other| other.id != *hunk)
            }
        }
    }

    fn review(&self, which: &Which, accept: bool, cancel: &Arc<AtomicBool>) -> Result<String, Problem> {
        let only = match which {
            Which::All => Vec::new(),
            Which::File { path } => vec![path.clone()],
            Which::Hunk { hunk, .. } => vec![hunk.clone()],
        };
        let tool = if accept { "accept_changes" } else { "discard_changes" };
        let what = if accept { "accept" } else { "reject" };
        self.own(tool, json!({"only": only}), cancel, what)
    }

    /// Accepts everything, but for files that can run code or steer tools: these are asked about by name each time.
    fn accept_all(
        &self,
        turn: u64,
        call: &CallId,
        cancel: &Arc<AtomicBool>,
        tell: &Tell,
    ) -> Result<String, Problem> {
        let (asked, plain) = self.to_be_asked();
        if asked.is_empty() {
            return self.review(&Which::All, true, cancel);
        }
        let mut said = Vec::new();
        if !plain.is_empty() {
            said.push(self.own("accept_changes", json!({"only": plain}), cancel, "accept")?);
        }
        let accept = own_call(call, "accept_changes", json!({"only": &asked}));
        let outcome = self.run(turn, &accept, false, cancel, tell);
        match outcome.is_error {
            false => said.push(for_person(&outcome.text)),
            true if outcome.text == DECLINED => said.push(format!("left for later: {}", asked.join(", "))),
            true => return Err(undone("accept", outcome.text)),
        }
        Ok(said.join("\n"))
    }

    /// The staged files that can run code or steer tools, or that a rule is about; and the others.
    fn to_be_asked(&self) -> (Vec<String>, Vec<String>) {
        let snapshot = self.project.snapshot();
        let paths = snapshot.staging().files().map(|(path, _)| path);
        let needs_a_look = |path: &&RelPath| protection(path) != Protection::None || snapshot.is_ruled(path);
        let (asked, plain): (Vec<&RelPath>, Vec<&RelPath>) = paths.partition(needs_a_look);
        let names = |paths: Vec<&RelPath>| paths.into_iter().map(ToString::to_string).collect();
        (names(asked), names(plain))
    }

    /// Does what a person has just decided, with a tool.
    fn own(
        &self,
        tool: &str,
        arguments: Value,
        cancel: &Arc<AtomicBool>,
        what: &str,
    ) -> Result<String, Problem> {
        let call = own_call(&CallId(what.to_owned()), tool, arguments);
        // The command was the person's yes.
        let outcome = self.project.call(&call, false, &|_| true, Box::new(|_| ()), cancel, *OUTPUT.end());
        match outcome.is_error {
            false => Ok(for_person(&outcome.text)),
            true => Err(undone(what, outcome.text)),
        }
    }

    /// Takes staged changes back, by their numbers. Those that are gone already are passed over.
    pub(super) fn discard(&self, changes: &[u32]) {
        let never = Arc::new(AtomicBool::new(false));
        for change in changes.iter().rev() {
            let only = json!({"only": [change.to_string()]});
            if let Err(problem) = self.own("discard_changes", only, &never, "take back") {
                tracing::debug!("change {change} is not taken back: {}", problem.why);
            }
        }
    }

    /// Takes back all that was staged after a change.
    pub(super) fn discard_after(&self, last: u32) {
        let snapshot = self.project.snapshot();
        let numbers = snapshot.staging().calls().iter().map(|call| call.number.0);
        let newer: Vec<u32> = numbers.filter(|number| *number > last).collect();
        self.discard(&newer);
    }
}

/// A decision of a person's that could not be carried out.
fn undone(what: &str, why: String) -> Problem {
    Problem {
        what: format!("cannot {what} this"),
        why,
        next: "look at the changes as they are now, and decide again".to_owned(),
    }
}

/// Tokens that may be read before a model is asked, so that its first token comes in time.
fn budget(model: &dyn Provider, first_token: Duration) -> u32 {
    let Ok(capacity) = model.capacity() else { return *GATHERED.start() };
    let third = capacity.context / 3;
    let in_time = capacity.reads.map_or(third, |reads| (reads * first_token.as_secs_f32()) as u32);
    third.min(in_time).clamp(*GATHERED.start(), *GATHERED.end())
}

/// Tells what a running call says, as often as a person can read it.
fn paced(turn: u64, call: CallId, tell: Tell) -> Box<dyn Fn(Progress) + Send + Sync> {
    let last = Guarded::new(Instant::now());
    Box::new(move |progress| {
        let mut last = last.lock();
        if last.elapsed() >= PACE && !progress.message.is_empty() {
            *last = Instant::now();
            tell.event(Event::Output { turn, call: call.clone(), text: progress.message });
        }
    })
}
