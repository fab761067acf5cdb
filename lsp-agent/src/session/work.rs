//! Working: step by step, each from a small context of its own; then the project's check over what is staged.

use super::{Answer, Effect, Outcome, Role, Session, StagedFile, State, Todo, Wanted, prompts};
use crate::edit::{self, Fault, Format, Target};
use crate::model::CallId;
use crate::plan::{Action, Plan, Step, StepId};
use crate::protocol::{StepState, Verdict, What};
use std::collections::BTreeSet;

/// What is going on.
#[derive(Debug)]
pub(super) struct Working {
    plan: Plan,
    /// Which step.
    place: usize,
    /// Tries of this step that failed.
    tries: u32,
    /// What it changes, once that is found.
    target: Option<(Target, Format)>,
    /// What the model wrote last.
    answer: String,
    /// The call that runs.
    call: Option<CallId>,
    /// It gives the target this name; then the answer is written under it.
    renaming: Option<String>,
    failed: Vec<StepId>,
    /// The files that steps have changed.
    changed: BTreeSet<String>,
    /// Rounds of mending what the check found.
    repairs: u32,
}

impl Working {
    #[cfg(test)]
    pub(super) fn keeps_name(&self) -> bool {
        self.target.as_ref().is_some_and(|(target, _)| target.keeps_name)
    }

    /// Tries of the step that failed.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// Leaves out what stands around the step's target; says whether there was anything.
    pub(super) fn leave_out_around(&mut self) -> bool {
        let target = self.target.as_mut();
        target.is_some_and(|(target, _)| !std::mem::take(&mut target.around).is_empty())
    }

    pub(super) fn runs(&self, call: &CallId) -> bool {
        self.call.as_ref() == Some(call)
    }
}

impl Session {
    pub(super) fn work(&mut self, plan: Plan, todo: &mut Todo) {
        self.state = State::Working(Box::new(Working {
            plan,
            place: 0,
            tries: 0,
            target: None,
            answer: String::new(),
            call: None,
            renaming: None,
            failed: Vec::new(),
            changed: BTreeSet::new(),
            repairs: 0,
        }));
        self.begin_step(todo);
    }

    fn begin_step(&mut self, todo: &mut Todo) {
        let State::Working(working) = &mut self.state else { return };
        if working.place < working.plan.steps.len() {
            // What a person said meanwhile holds for all that is still to come.
            for text in std::mem::take(&mut self.queued) {
                let left = &mut working.plan.steps[working.place..];
                left.iter_mut().for_each(|step| step.comments.push(text.clone()));
            }
        }
        let Some(step) = working.plan.steps.get(working.place).cloned() else { return self.verify(todo) };
        (working.tries, working.target, working.call, working.renaming) = (0, None, None, None);
        self.tell_step(step.id, StepState::Started, "", todo);
        let call = match &step.action {
            Action::Edit { .. } | Action::Create { .. } => {
                todo.push(Effect::Find { turn: self.turn, step });
                return;
            }
            Action::Note => return self.end_step(StepState::Done, "", todo),
            Action::Delete { path } => ("delete_path", vec![("path", path.as_str())]),
            Action::Move { path, to } => ("move_path", vec![("from", path.as_str()), ("to", to)]),
            Action::RenameSymbol { path, symbol, to } => {
                ("rename_symbol", vec![("path", path.as_str()), ("symbol", symbol), ("to", to)])
            }
            Action::Command { command } => ("run_command", vec![("command", command.as_str())]),
        };
        let call = edit::tool_call(self.next_call(), call.0, &call.1);
        let State::Working(working) = &mut self.state else { return };
        working.call = Some(call.id.clone());
        self.call(call, false, todo);
    }

    pub(super) fn found(&mut self, target: Result<Target, String>, todo: &mut Todo) {
        let State::Working(working) = &mut self.state else { return };
        match target {
            Ok(target) if working.target.is_none() && working.call.is_none() => {
                let format = target.format();
                working.target = Some((target, format));
                self.ask_edit(None, todo);
            }
            Ok(_) => {}
            Err(why) => self.end_step(StepState::Failed, &why, todo),
        }
    }

    pub(super) fn ask_edit(&mut self, fault: Option<&str>, todo: &mut Todo) {
        let State::Working(working) = &self.state else { return };
        let (Some((target, format)), Some(step)) = (&working.target, working.plan.steps.get(working.place))
        else {
            return;
        };
        let fault = fault.map(|fault| (working.answer.as_str(), fault));
        let messages = prompts::step(&self.wish, step, target, *format, fault);
        let wanted = Wanted::Edit { target: Box::new(target.clone()), format: *format };
        self.ask(Role::Edit, messages, false, wanted, todo);
    }

    pub(super) fn wrote(&mut self, answer: &Answer, todo: &mut Todo) {
        let id = self.next_call();
        let State::Working(working) = &mut self.state else { return };
        let Some((target, format)) = &working.target else { return };
        if working.call.is_some() {
            return;
        }
        working.answer.clone_from(&answer.text);
        if let Some(to) = target.renamed(*format, &answer.text) {
            let name = target.symbol.as_ref().map(|symbol| symbol.name.clone()).unwrap_or_default();
            let said = working.plan.steps.get(working.place).map(|step| step.instruction.as_str());
            if !names(&self.wish, &to) && !said.is_some_and(|said| names(said, &to)) {
                // Nobody spoke of that name.
                if let Some((target, _)) = &mut working.target {
                    target.keeps_name = true;
                }
                return self.try_again(&Fault::OtherName { name, other: to }, todo);
            }
            let arguments = [("path", target.path.as_str()), ("symbol", name.as_str()), ("to", to.as_str())];
            let call = edit::tool_call(id, "rename_symbol", &arguments);
            working.call = Some(call.id.clone());
            working.renaming = Some(to);
            return self.call(call, false, todo);
        }
        match target.call(*format, &answer.text, id) {
            Ok(call) => {
                working.call = Some(call.id.clone());
                self.call(call, false, todo);
            }
            Err(fault) => self.try_again(&fault, todo),
        }
    }

    pub(super) fn called(&mut self, call: &CallId, outcome: Outcome, todo: &mut Todo) {
        if !self.is_running(call) {
            return;
        }
        if matches!(self.state, State::Understanding(_)) {
            return self.read(call, &outcome, todo);
        }
        self.tell_end(call, &outcome, todo);
        let State::Working(working) = &mut self.state else { return };
        working.call = None;
        let Some(step) = working.plan.steps.get(working.place).cloned() else { return };
        match working.renaming.take() {
            Some(to) if !outcome.is_error => return self.renamed(&to, outcome, todo),
            // Another symbol has that name: it is not this one's.
            Some(_) => working.target.iter_mut().for_each(|(target, _)| target.keeps_name = true),
            None => {}
        }
        let Some((target, _)) = &working.target else {
            self.staged += outcome.staged.len();
            let state = if outcome.is_error { StepState::Failed } else { StepState::Done };
            return self.end_step(state, &outcome.text, todo);
        };
        let verdict = match outcome.is_error {
            true => Err(Fault::Refused(outcome.text.clone())),
            false => checked(target, &step, &outcome),
        };
        match verdict {
            Ok(()) => {
                self.staged += outcome.staged.len();
                working.changed.extend(outcome.staged.into_iter().map(|file| file.path));
                self.end_step(StepState::Done, "", todo);
            }
            // What was asked for came with an earlier step.
            Err(Fault::Unchanged) if working.changed.contains(&target.path) => {
                self.end_step(StepState::Done, "nothing was left to change", todo);
            }
            Err(fault) => {
                if !outcome.changes.is_empty() {
                    todo.push(Effect::Discard { turn: self.turn, changes: outcome.changes });
                }
                self.try_again(&fault, todo);
            }
        }
    }

    /// The target has its new name everywhere; what else the answer changes of it comes now.
    fn renamed(&mut self, to: &str, outcome: Outcome, todo: &mut Todo) {
        let id = self.next_call();
        self.staged += outcome.staged.len();
        let State::Working(working) = &mut self.state else { return };
        let Some((target, format)) = &mut working.target else { return };
        if let Some(symbol) = &mut target.symbol {
            let around = symbol.name.rfind('.').map_or(0, |at| at + 1);
            symbol.name.replace_range(around.., to);
        }
        let after = outcome.staged.iter().find(|file| file.path == target.path);
        target.text = after.and_then(|file| file.after.clone()).or(target.text.take());
        working.changed.extend(outcome.staged.into_iter().map(|file| file.path));
        match target.call(*format, &working.answer, id) {
            Ok(call) => {
                working.call = Some(call.id.clone());
                self.call(call, false, todo);
            }
            Err(fault) => self.try_again(&fault, todo),
        }
    }

    fn try_again(&mut self, fault: &Fault, todo: &mut Todo) {
        let again = self.limits.again;
        let State::Working(working) = &mut self.state else { return };
        working.tries += 1;
        let Some(step) = working.plan.steps.get(working.place).map(|step| step.id) else { return };
        let fault = fault.to_string();
        if working.tries > again {
            return self.end_step(StepState::Failed, &fault, todo);
        }
        self.tell_step(step, StepState::Retried, &fault, todo);
        self.ask_edit(Some(&fault), todo);
    }

    pub(super) fn end_step(&mut self, state: StepState, note: &str, todo: &mut Todo) {
        let State::Working(working) = &mut self.state else { return };
        let Some(step) = working.plan.steps.get(working.place).map(|step| step.id) else { return };
        if state == StepState::Failed {
            working.failed.push(step);
        }
        working.place += 1;
        self.tell_step(step, state, note, todo);
        self.begin_step(todo);
    }

    /// Every step was done or failed.
    fn verify(&mut self, todo: &mut Todo) {
        if self.staged == 0 {
            let State::Working(working) = &self.state else { return };
            let summary = match working.failed.as_slice() {
                [] => "nothing had to be changed".to_owned(),
                failed => format!("nothing was changed: {} failed", steps(failed)),
            };
            self.complete(&summary, todo);
            self.state = State::Idle;
            return;
        }
        let call = self.next_call();
        if let State::Working(mut working) = std::mem::replace(&mut self.state, State::Idle) {
            working.call = Some(call.clone());
            self.state = State::Verifying(working);
        }
        todo.push(Effect::Check { turn: self.turn, call });
    }

    pub(super) fn checked(&mut self, verdict: Verdict, staged: &[StagedFile], todo: &mut Todo) {
        let State::Verifying(working) = &mut self.state else { return };
        self.staged = staged.len();
        if let Verdict::Failed { output, .. } = &verdict
            && working.repairs < self.limits.repairs
            && let Some(step) = repair(&working.plan, output)
        {
            working.repairs += 1;
            working.plan.steps.push(step);
            self.tell(What::Verification { verdict }, todo);
            if let State::Verifying(working) = std::mem::replace(&mut self.state, State::Idle) {
                self.state = State::Working(working);
            }
            return self.begin_step(todo);
        }
        let failed = match working.failed.as_slice() {
            [] => String::new(),
            failed => format!("; {} failed", steps(failed)),
        };
        self.tell_staged(staged, todo);
        self.tell(What::Verification { verdict }, todo);
        self.complete(&format!("changes wait for review{failed}"), todo);
        self.state = State::ChangeReview;
    }
}

/// Whether a text has a name as a word.
fn names(text: &str, name: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).any(|word| word == name)
}

/// Whether what a call staged is what the step may change, and can be right.
fn checked(target: &Target, step: &Step, outcome: &Outcome) -> Result<(), Fault> {
    let Some(file) = outcome.staged.iter().find(|file| file.path == target.path) else {
        return Err(Fault::Unchanged);
    };
    target.check(file.after.as_deref().unwrap_or_default(), &step.instruction)
}

/// A step that mends what the check found: in the file of the plan that the output names first.
fn repair(plan: &Plan, output: &str) -> Option<Step> {
    let paths = plan.steps.iter().rev().filter_map(|step| match &step.action {
        Action::Edit { path, .. } | Action::Create { path } | Action::Move { to: path, .. } => Some(path),
        Action::Delete { .. } | Action::RenameSymbol { .. } | Action::Command { .. } | Action::Note => None,
    });
    let paths: Vec<&String> = paths.collect();
    let named = paths.iter().filter_map(|path| Some((output.find(path.as_str())?, *path))).min();
    let path = named.map(|(_, path)| path).or(paths.first().copied())?;
    let id = StepId(plan.steps.iter().map(|step| step.id.0).max().unwrap_or(0) + 1);
    let instruction = format!("mend what the project's check found:\n{}", prompts::data(tail(output, 2_000)));
    Some(Step {
        id,
        action: Action::Edit { path: path.clone(), symbol: None },
        instruction,
        comments: Vec::new(),
    })
}

/// The end of a text, at most so many bytes.
fn tail(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn steps(steps: &[StepId]) -> String {
    let all: Vec<String> = steps.iter().map(ToString::to_string).collect();
    format!("step {}", all.join(", "))
}
