//! What a session tells, as text for a person: each event becomes what is printed for it, and nothing else happens.

use super::decide::Question;
use super::diff::{self, Extent};
use super::paint::{Hue, Style};
use super::plain;
use devtoolkit_agent::plan::{Plan, StepId};
use devtoolkit_agent::protocol::{Event, Hunk, Mode, Phase, Problem, StepState, Usage, Verdict, What};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

mod steps;

/// Lines of one hunk, and hunks of one file, that are shown while they come; a question about one shows all of it.
const MOST_LINES: usize = 120;
const MOST_HUNKS: usize = 40;
/// Lines of the output of a check, and of a note.
const MOST_OUTPUT: usize = 20;
const MOST_NOTE: usize = 6;
/// Calls that are remembered by name, and files whose changes are.
const MOST_CALLS: usize = 64;
const MOST_FILES: usize = 4_096;

/// What was printed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Lines,
    Message,
    Reasoning,
}

/// What is shown of a run, and what of it has to be remembered.
#[derive(Debug)]
pub(crate) struct Shown {
    style: Style,
    phase: Option<Phase>,
    mode: Mode,
    plan: Option<Plan>,
    step: Option<StepId>,
    calls: VecDeque<(String, String)>,
    /// What of each file was shown last, as a hash.
    staged: BTreeMap<String, u64>,
    stream: Stream,
    /// The line has no end yet.
    open: bool,
    /// The model said something since it read something.
    said: bool,
    /// Characters that were written and are not shown, because what they become is.
    written: usize,
    usage: Option<Usage>,
}

impl Shown {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            phase: None,
            mode: Mode::default(),
            plan: None,
            step: None,
            calls: VecDeque::new(),
            staged: BTreeMap::new(),
            stream: Stream::Lines,
            open: false,
            said: false,
            written: 0,
            usage: None,
        }
    }

    /// What is printed for an event, after what was printed before; nothing for some.
    pub(crate) fn event(&mut self, event: &Event) -> String {
        match &event.what {
            What::MessageDelta { text } => return self.message(text),
            What::ReasoningDelta { text } => return self.speech(Stream::Reasoning, text),
            What::Status { .. }
            | What::Plan { .. }
            | What::StepUpdate { .. }
            | What::ToolStart { .. }
            | What::ToolOutput { .. }
            | What::ToolEnd { .. }
            | What::FileRead { .. }
            | What::ChangeStaged { .. }
            | What::CommandProposed { .. }
            | What::CommandOutput { .. }
            | What::ContextReduced { .. }
            | What::PermissionRequest { .. }
            | What::RateLimit { .. }
            | What::Usage(_)
            | What::Verification { .. }
            | What::Error(_)
            | What::Complete { .. }
            | What::Cancelled => {}
        }
        let text = self.lines(&event.what);
        if text.is_empty() { text } else { self.close() + &text }
    }

    /// Ends the line that is being written.
    pub(crate) fn close(&mut self) -> String {
        self.stream = Stream::Lines;
        if std::mem::take(&mut self.open) { "\n".to_owned() } else { String::new() }
    }

    /// One line that says what goes on, while something does; it takes less than a line's columns. `elapsed` is counted
    /// from the phase's begin.
    pub(crate) fn progress(&self, elapsed: Duration) -> Option<String> {
        let phase = match self.phase? {
            Phase::Idle | Phase::PlanReview | Phase::ChangeReview => return None,
            Phase::Understanding => "reading",
            Phase::Planning => "planning",
            Phase::Working => "working",
            Phase::Verifying => "checking",
        };
        if self.open {
            return None;
        }
        let mut parts = vec![phase.to_owned()];
        if let (Phase::Working, Some(id)) = (self.phase?, self.step) {
            parts.push(self.label(id));
        }
        parts.extend(self.calls.back().map(|(_, what)| what.clone()));
        parts.push(format!("{} s", elapsed.as_secs()));
        if self.written > 0 {
            parts.push(format!("{} characters", self.written));
        }
        if let Some(usage) = &self.usage {
            parts.push(format!("{:.1} tokens/s", usage.tokens_per_second));
            let share = u64::from(usage.context_used) * 100 / u64::from(usage.context.max(1));
            parts.push(format!("context {} of {} ({share} %)", usage.context_used, usage.context));
        }
        Some(plain::cut(&parts.join(" · "), self.style.width.saturating_sub(1)))
    }

    /// What a question is about. With `again`, also where it was shown before.
    pub(crate) fn question(&mut self, question: &Question, again: bool) -> String {
        let text = match question {
            Question::Plan(plan) if again => self.plan(plan),
            Question::Permission { tool, text, .. } if again => self.permission(tool, text),
            Question::Plan(_) | Question::Permission { .. } => String::new(),
            Question::Change { path, hunk, left } => {
                let of =
                    if *left == 1 { "the last change".to_owned() } else { format!("{left} changes wait") };
                let head = self.style.paint(Hue::Bold, &format!("{} – {of}", plain::line(path))) + "\n";
                let body = match hunk {
                    Some(hunk) => diff::hunk(path, hunk, Extent::Whole, self.style),
                    None => "  no line of it changes: it is made, moved or deleted\n".to_owned(),
                };
                head + &body
            }
        };
        self.close() + &text
    }

    fn message(&mut self, text: &str) -> String {
        // A plan and an edit are shown as what they are, not as what a model writes for them.
        if matches!(self.phase, Some(Phase::Planning | Phase::Working | Phase::Verifying)) {
            self.written = self.written.saturating_add(text.chars().count());
            return String::new();
        }
        self.said = true;
        self.speech(Stream::Message, text)
    }

    fn speech(&mut self, stream: Stream, text: &str) -> String {
        let mut shown = String::new();
        let mut text = text;
        if self.stream != stream {
            text = text.trim_start_matches('\n');
            shown = self.close();
        }
        if text.is_empty() {
            return String::new();
        }
        (self.stream, self.open) = (stream, !text.ends_with('\n'));
        let plain = plain::lines(text);
        shown += &match stream {
            Stream::Reasoning => self.style.paint(Hue::Faint, &plain),
            Stream::Message | Stream::Lines => plain.into_owned(),
        };
        shown
    }

    fn lines(&mut self, what: &What) -> String {
        match what {
            What::MessageDelta { .. } | What::ReasoningDelta { .. } => String::new(),
            What::Status { phase, mode } => {
                if *phase == Phase::Understanding {
                    (self.said, self.plan, self.step) = (false, None, None);
                }
                (self.phase, self.mode, self.written) = (Some(*phase), *mode, 0);
                String::new()
            }
            What::Plan { plan } => {
                self.plan = Some(plan.clone());
                self.plan(plan)
            }
            What::StepUpdate { step, state, note } => {
                self.written = 0;
                self.step_update(*step, *state, note)
            }
            What::ToolStart { call, tool, arguments } => {
                if self.calls.len() >= MOST_CALLS {
                    self.calls.pop_front();
                }
                self.calls.push_back((call.clone(), steps::call(tool, arguments)));
                String::new()
            }
            What::ToolOutput { .. } | What::CommandOutput { .. } => String::new(),
            What::CommandProposed { command, folder, .. } => {
                let place =
                    if folder == "." { String::new() } else { format!(" in {}", plain::line(folder)) };
                self.faint(&format!("  $ {}{place}", plain::line(command)))
            }
            What::ContextReduced { text } => {
                self.faint(&format!("  the model's context is full: {}", plain::line(text)))
            }
            What::ToolEnd { call, is_error, text, .. } => self.tool_end(call, *is_error, text),
            What::FileRead { path } => self.faint(&format!("  read {}", plain::line(path))),
            What::ChangeStaged { path, hunks, conflict } => {
                self.staged(path, hunks) + &self.conflict(path, *conflict)
            }
            What::PermissionRequest { tool, text, .. } => self.permission(tool, text),
            What::RateLimit { seconds } => {
                self.faint(&format!("  the model's server wants a rest: it goes on in {seconds} s"))
            }
            What::Usage(usage) => {
                self.usage = Some(*usage);
                String::new()
            }
            What::Verification { verdict } => self.verdict(verdict),
            What::Error(problem) => self.problem(problem),
            What::Complete { changed, summary } => self.complete(*changed, summary),
            What::Cancelled => {
                self.calls.clear();
                self.style.paint(Hue::Warning, "■ cancelled") + "\n"
            }
        }
    }

    fn faint(&self, text: &str) -> String {
        self.style.paint(Hue::Faint, text) + "\n"
    }

    /// That a staged file no longer fits what lies on disk.
    fn conflict(&self, path: &str, conflict: bool) -> String {
        if !conflict {
            return String::new();
        }
        let text =
            format!("! {} changed on disk in the same lines: reject this, or ask again", plain::line(path));
        self.style.paint(Hue::Warning, &text) + "\n"
    }

    fn tool_end(&mut self, call: &str, is_error: bool, text: &str) -> String {
        self.said = false;
        let place = self.calls.iter().position(|(other, _)| other == call);
        let what = place
            .and_then(|place| self.calls.remove(place))
            .map_or_else(|| call.to_owned(), |(_, what)| what);
        let (mark, hue) = if is_error { ("✗", Hue::Bad) } else { ("✓", Hue::Good) };
        let width = self.style.width.saturating_sub(4);
        // What was asked is known; what came of it is not.
        let outcome = plain::cut(plain::first_line(text), (width * 2 / 3).max(1));
        let left = width.saturating_sub(outcome.chars().count() + 3).max(12);
        let arrow = if outcome.is_empty() { "" } else { " → " };
        let line = format!("{}{arrow}{outcome}", plain::cut(&what, left));
        format!("  {} {}\n", self.style.paint(hue, mark), self.style.paint(Hue::Faint, &line))
    }

    fn staged(&mut self, path: &str, hunks: &[Hunk]) -> String {
        let mut hasher = DefaultHasher::new();
        hunks.iter().for_each(|hunk| (hunk.line, &hunk.old, &hunk.new).hash(&mut hasher));
        if self.staged.len() >= MOST_FILES {
            self.staged.clear();
        }
        let hash = hasher.finish();
        let same = self.staged.insert(path.to_owned(), hash) == Some(hash);
        // In a review, each change is shown where it is asked about.
        if same || self.phase == Some(Phase::ChangeReview) {
            return String::new();
        }
        let (minus, plus) = diff::count(hunks);
        let head = self.style.paint(Hue::Bold, &format!("± {}", plain::line(path)));
        let counts = (
            self.style.paint(Hue::Good, &format!("+{plus}")),
            self.style.paint(Hue::Bad, &format!("-{minus}")),
        );
        let mut shown = format!("{head} {} {}\n", counts.0, counts.1);
        for hunk in hunks.iter().take(MOST_HUNKS) {
            shown += &diff::hunk(path, hunk, Extent::Lines(MOST_LINES), self.style);
        }
        if hunks.len() > MOST_HUNKS {
            shown += &self.faint(&format!("… {} more changes of it", hunks.len() - MOST_HUNKS));
        }
        shown
    }

    /// All of what is asked for: whoever answers has to see it.
    fn permission(&self, tool: &str, text: &str) -> String {
        let head = self.style.paint(Hue::Warning, &format!("? {} asks for permission", plain::line(tool)));
        let body: Vec<String> = text.lines().map(|line| format!("  {}\n", plain::lines(line))).collect();
        format!("{head}\n{}", body.concat())
    }

    fn verdict(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Passed { summary } => {
                self.style
                    .paint(Hue::Good, &format!("✓ the project's check passed: {}", plain::line(summary)))
                    + "\n"
            }
            Verdict::Failed { summary, output } => {
                let head = format!("✗ the project's check failed: {}", plain::line(summary));
                let lines: Vec<&str> = output.lines().collect();
                let before = lines.len().saturating_sub(MOST_OUTPUT);
                let mut shown = self.style.paint(Hue::Bad, &head) + "\n";
                if before > 0 {
                    shown += &self.faint(&format!("  … {before} lines before"));
                }
                for line in &lines[before..] {
                    shown += &format!("  {}\n", plain::lines(line));
                }
                shown
            }
            Verdict::NotChecked { why } => self.faint(&format!("– not checked: {}", plain::line(why))),
        }
    }

    fn problem(&mut self, problem: &Problem) -> String {
        self.calls.clear();
        let Problem { what, why, next } = problem;
        let head = self.style.paint(Hue::Bad, &format!("✗ {}", plain::line(what)));
        let why = if why.is_empty() { String::new() } else { format!(": {}", plain::lines(why)) };
        let next = if next.is_empty() { String::new() } else { format!("  {}\n", plain::lines(next)) };
        format!("{head}{why}\n{next}")
    }

    fn complete(&mut self, changed: bool, summary: &str) -> String {
        self.calls.clear();
        if self.mode == Mode::Ask {
            // The answer itself, which was read while it was written.
            let seen = std::mem::take(&mut self.said);
            return if seen { String::new() } else { format!("{}\n", plain::lines(summary.trim_end())) };
        }
        let mark = if changed || self.phase == Some(Phase::Planning) { "✓" } else { "–" };
        self.style.paint(Hue::Bold, &format!("{mark} {}", plain::lines(summary))) + "\n"
    }

    fn label(&self, id: StepId) -> String {
        let step = self.plan.iter().flat_map(|plan| &plan.steps).find(|step| step.id == id);
        step.map_or_else(|| format!("step {id}"), |step| format!("{id} {}", steps::action(&step.action)))
    }

    fn step_update(&mut self, step: StepId, state: StepState, note: &str) -> String {
        let (mark, hue) = match state {
            StepState::Started => {
                self.step = Some(step);
                return String::new();
            }
            StepState::Retried => ("↻", Hue::Warning),
            StepState::Done => ("✓", Hue::Good),
            StepState::Failed => ("✗", Hue::Bad),
        };
        let mut lines = note.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().map(|line| format!(": {}", plain::line(line.trim()))).unwrap_or_default();
        let mut shown = format!("{} {}{first}\n", self.style.paint(hue, mark), self.label(step));
        for line in lines.by_ref().take(MOST_NOTE - 1) {
            shown += &self.faint(&format!("    {}", plain::line(line)));
        }
        let left = lines.count();
        if left > 0 {
            shown += &self.faint(&format!("    … {left} more lines"));
        }
        shown
    }

    fn plan(&self, plan: &Plan) -> String {
        steps::plan(plan, self.style)
    }
}

#[cfg(test)]
mod tests;
