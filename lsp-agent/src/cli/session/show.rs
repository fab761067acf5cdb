//! What happened in a session, to be read: what a person said, and what the session told.

use super::whole;
use crate::cli::print::{json_line, printable};
use anyhow::Result;
use devtoolkit_agent::journal::{Entry, Journal, JournalError, Replay, Summary};
use devtoolkit_agent::plan::{Action, Plan, PlanEdit, Step};
use devtoolkit_agent::protocol::{
    Command, Hunk, Mode, Permission, Problem, StepState, Usage, Verdict, What, Which,
};
use devtoolkit_agent::session::Event;
use std::io::{self, BufWriter, Write};

/// Lines of a tool's or a check's output.
const MOST_LINES: usize = 20;

/// Prints a session, an entry at a time.
pub(super) fn show(journal: &Journal, summary: &Summary, json: bool) -> Result<()> {
    let mut to = BufWriter::new(io::stdout().lock());
    let mut replay = Replay::new(summary.id.clone(), summary.mode, summary.limits);
    let mut page = Page::default();
    if !json {
        page.begin(summary);
    }
    let shown = journal.each_entry(&summary.id, |number, entry| {
        if let (false, Entry::Event(Event::Command(command))) = (json, &entry) {
            page.command(number, command);
        }
        for told in replay.take(entry) {
            if json {
                let line = json_line(&told).map_err(|error| JournalError::Stream(io::Error::other(error)))?;
                page.text.push_str(&line);
            } else {
                page.told(&told.what);
            }
        }
        to.write_all(std::mem::take(&mut page.text).as_bytes()).map_err(JournalError::Stream)
    });
    page.flush();
    let rest = page.text;
    whole(
        shown.and_then(|()| {
            to.write_all(rest.as_bytes()).and_then(|()| to.flush()).map_err(JournalError::Stream)
        }),
    )
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Ask => "ask",
        Mode::Plan => "plan",
        Mode::Agent => "agent",
    }
}

/// Text that is being made, with what the model is just saying and thinking, which comes in pieces.
#[derive(Default)]
struct Page {
    text: String,
    says: String,
    thinks: String,
}

impl Page {
    /// A label and what belongs to it. Further lines are indented, so that no text can look like another label.
    fn line(&mut self, label: &str, text: &str) {
        let mut lines = text.trim_end().split('\n');
        let first = lines.next().unwrap_or_default();
        let space = if label.is_empty() || first.is_empty() { "" } else { " " };
        self.text.push_str(&format!("{label}{space}{}\n", printable(first)));
        for line in lines {
            self.text.push_str(&format!("    {}\n", printable(line)));
        }
    }

    /// Lines of something's output, below a label.
    fn output(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let lines: Vec<&str> = text.trim_end().split('\n').collect();
        for line in lines.iter().take(MOST_LINES) {
            self.text.push_str(&format!("    | {}\n", printable(line)));
        }
        if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
            self.text.push_str(&format!("    | ({more} more lines)\n"));
        }
    }

    /// What the model has said and thought until now.
    fn flush(&mut self) {
        let (thinks, says) = (std::mem::take(&mut self.thinks), std::mem::take(&mut self.says));
        if !thinks.trim().is_empty() {
            self.line("thinks:", thinks.trim());
        }
        if !says.trim().is_empty() {
            self.line("says:", says.trim());
        }
    }

    fn begin(&mut self, summary: &Summary) {
        let root = summary.root.display().to_string();
        self.line(&format!("session {} in", summary.id), &root);
        self.line("title:", &summary.title);
        self.line("mode:", mode(summary.mode));
        if let Some(parent) = &summary.parent {
            self.line("forked from:", parent);
        }
    }

    /// What a person said, by the number of its entry.
    fn command(&mut self, number: u64, command: &Command) {
        self.flush();
        let (label, text) = match command {
            Command::Prompt { text, mode: None, .. } => ("prompt:".to_owned(), text.clone()),
            Command::Prompt { text, mode: Some(given), .. } => {
                (format!("prompt ({}):", mode(*given)), text.clone())
            }
            Command::ApprovePlan => ("plan approved".to_owned(), String::new()),
            Command::RejectPlan { reason } => ("plan rejected:".to_owned(), because(reason)),
            Command::EditPlan { edit } => ("plan changed:".to_owned(), edited(edit)),
            Command::Accept { which } => ("accepted:".to_owned(), meant(which)),
            Command::Reject { which, reason } => {
                ("rejected:".to_owned(), format!("{}, {}", meant(which), because(reason)))
            }
            Command::AnswerPermission { request, answer } => {
                ("permission".to_owned(), format!("for {request}: {}", permission(*answer)))
            }
            Command::Cancel => ("cancel".to_owned(), String::new()),
            Command::Queue { text } => ("queued:".to_owned(), text.clone()),
            Command::Undo => ("undo".to_owned(), String::new()),
            Command::SetMode { mode: given } => ("mode:".to_owned(), mode(*given).to_owned()),
            Command::SetModel { role, model } => {
                ("model:".to_owned(), format!("{model} for {}", role.as_deref().unwrap_or("everything")))
            }
        };
        self.line(&format!("\n#{number} {label}"), &text);
    }

    /// What the session told.
    fn told(&mut self, what: &What) {
        match what {
            What::MessageDelta { text } => return self.says.push_str(text),
            What::ReasoningDelta { text } => return self.thinks.push_str(text),
            // The answer was said already.
            What::Complete { summary, .. } if *summary == self.says => {
                self.flush();
                return self.line("done", "");
            }
            _ => self.flush(),
        }
        match what {
            What::Plan { plan } => self.plan(plan),
            What::StepUpdate { step, state, note } => {
                self.line(&format!("step {step} {}", step_state(*state)), note);
            }
            What::ToolStart { call, tool, arguments } => {
                let arguments = serde_json::to_string(arguments).unwrap_or_default();
                self.line("tool:", &format!("{tool} {arguments} ({call})"));
            }
            What::ToolOutput { text, .. } | What::CommandOutput { text, .. } => self.output(text),
            What::CommandProposed { command, folder, .. } => {
                self.line("runs:", &format!("{command} in {folder}"));
            }
            What::ContextReduced { text } => self.line("context full:", text),
            What::ToolEnd { call, is_error, text, .. } => {
                self.line(if *is_error { "tool failed:" } else { "tool done:" }, call);
                self.output(text);
            }
            What::FileRead { path } => self.line("read:", path),
            What::ChangeStaged { path, hunks, conflict } => {
                self.change(path, hunks);
                if *conflict {
                    self.line("    conflict:", "the file on disk has changed in the same lines");
                }
            }
            What::PermissionRequest { request, tool, text } => {
                self.line("asks:", &format!("{request}: {tool} {text}"));
            }
            What::RateLimit { seconds } => self.line("waits:", &format!("{seconds} s, for the model server")),
            What::Usage(Usage { prompt, generated, .. }) => {
                self.line("usage:", &format!("{prompt} tokens read, {generated} written"));
            }
            What::Verification { verdict } => self.verdict(verdict),
            What::Error(Problem { what, why, next }) => {
                self.line("error:", &format!("{what}: {why}; {next}"));
            }
            What::Complete { summary, .. } => self.line("done:", summary),
            What::Cancelled => self.line("cancelled", ""),
            What::Status { .. } | What::MessageDelta { .. } | What::ReasoningDelta { .. } => {}
        }
    }

    fn plan(&mut self, plan: &Plan) {
        self.line("plan:", &plan.title);
        for (label, text) in [("    what:", &plan.description), ("    why:", &plan.reasoning)] {
            if !text.is_empty() {
                self.line(label, text);
            }
        }
        for Step { id, action, instruction, comments } in &plan.steps {
            self.line(&format!("    {id}. {}", printable(&acted(action)).replace('\n', " ")), instruction);
            for comment in comments {
                self.line("       note:", comment);
            }
        }
    }

    fn change(&mut self, path: &str, hunks: &[Hunk]) {
        self.line("changes:", path);
        for Hunk { id, line, old, new } in hunks {
            self.line("    @@", &format!("line {line}, hunk {id}"));
            for (sign, text) in [('-', old), ('+', new)] {
                for line in text.lines() {
                    self.text.push_str(&format!("    {sign}{}\n", printable(line)));
                }
            }
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed { summary } => self.line("check passed:", summary),
            Verdict::Failed { summary, output } => {
                self.line("check failed:", summary);
                self.output(output);
            }
            Verdict::NotChecked { why } => self.line("not checked:", why),
        }
    }
}

fn because(reason: &str) -> String {
    match reason.trim() {
        "" => "no reason was given".to_owned(),
        reason => format!("because {reason}"),
    }
}

fn meant(which: &Which) -> String {
    match which {
        Which::All => "all changes".to_owned(),
        Which::File { path } => path.clone(),
        Which::Hunk { path, hunk } => format!("hunk {hunk} of {path}"),
    }
}

fn edited(edit: &PlanEdit) -> String {
    match edit {
        PlanEdit::Instruct { step, instruction } => format!("step {step} is: {instruction}"),
        PlanEdit::Remove { step } => format!("step {step} removed"),
        PlanEdit::Move { step, place } => format!("step {step} moved to place {}", place.saturating_add(1)),
        PlanEdit::Comment { step, text } => format!("note to step {step}: {text}"),
    }
}

fn acted(action: &Action) -> String {
    match action {
        Action::Edit { path, symbol: None } => format!("edit {path}:"),
        Action::Edit { path, symbol: Some(symbol) } => format!("edit {symbol} in {path}:"),
        Action::Create { path } => format!("create {path}:"),
        Action::Delete { path } => format!("delete {path}"),
        Action::Move { path, to } => format!("move {path} to {to}"),
        Action::RenameSymbol { path, symbol, to } => format!("rename {symbol} of {path} to {to}"),
        Action::Command { command } => format!("run {command}"),
        Action::Note => "note:".to_owned(),
    }
}

fn permission(answer: Permission) -> &'static str {
    match answer {
        Permission::Deny => "denied",
        Permission::Once => "given once",
        Permission::Session => "given for the session",
        Permission::Always => "given for good",
    }
}

fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Started => "started",
        StepState::Retried => "tried again:",
        StepState::Done => "done",
        StepState::Failed => "failed:",
    }
}
