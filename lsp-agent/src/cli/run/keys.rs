//! The questions that a person answers by a key, and what each key says to the session.

use super::decide::{Answer, Question};
use devtoolkit_agent::plan::{Plan, PlanEdit, Step};
use devtoolkit_agent::protocol::{Command, Hunk, Permission, Which};

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    Key(char),
    /// Ctrl-C.
    Stop,
    /// Nothing comes any more.
    End,
}

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Text(String),
    /// The person thought better of it.
    Back,
    Stop,
    End,
}

/// Where answers come from.
pub(crate) trait Keys {
    fn say(&mut self, text: &str);
    fn key(&mut self) -> Pressed;
    /// A line; `first` is what it begins as, to be changed.
    fn text(&mut self, prompt: &str, first: &str) -> Typed;
}

/// Why no answer came of a key: another has to be pressed, or this.
enum Without {
    Answer,
    Stop,
    End,
}

type Taken<T> = Result<T, Without>;

/// Asks until there is an answer.
pub(crate) fn ask(question: &Question, keys: &mut dyn Keys) -> Answer {
    loop {
        keys.say(choices(question));
        let key = match keys.key() {
            Pressed::Key(key) => key,
            Pressed::Stop => return Answer::Cancel,
            Pressed::End => return Answer::Nobody,
        };
        let taken = match question {
            Question::Plan(plan) => of_plan(key, plan, keys),
            Question::Permission { request, .. } => of_permission(key, request),
            Question::Change { path, hunk, .. } => of_change(key, path, hunk.as_ref(), keys),
        };
        match taken {
            Ok(answer) => return answer,
            Err(Without::Answer) => {}
            Err(Without::Stop) => return Answer::Cancel,
            Err(Without::End) => return Answer::Nobody,
        }
    }
}

fn choices(question: &Question) -> &'static str {
    match question {
        Question::Plan(_) => {
            "a approve · r reject · e edit a step · d drop a step · c comment on a step · q cancel: "
        }
        Question::Permission { .. } => "y once · s for this session · A always · n no: ",
        Question::Change { .. } => {
            "y accept · n reject · a accept all that is left · d reject all · q later: "
        }
    }
}

fn of_plan(key: char, plan: &Plan, keys: &mut dyn Keys) -> Taken<Answer> {
    let command = match key {
        'a' => Command::ApprovePlan,
        'r' => Command::RejectPlan { reason: text(keys, "why: ", "")? },
        'e' => {
            let step = step(plan, keys)?;
            let instruction = filled(keys, "instruction: ", &step.instruction)?;
            Command::EditPlan { edit: PlanEdit::Instruct { step: step.id, instruction } }
        }
        'd' => Command::EditPlan { edit: PlanEdit::Remove { step: step(plan, keys)?.id } },
        'c' => {
            let step = step(plan, keys)?.id;
            Command::EditPlan { edit: PlanEdit::Comment { step, text: filled(keys, "comment: ", "")? } }
        }
        'q' => return Ok(Answer::Cancel),
        _ => return Err(Without::Answer),
    };
    Ok(Answer::Send(command))
}

fn of_permission(key: char, request: &str) -> Taken<Answer> {
    let answer = match key {
        'y' => Permission::Once,
        's' => Permission::Session,
        'A' => Permission::Always,
        'n' => Permission::Deny,
        _ => return Err(Without::Answer),
    };
    Ok(Answer::Send(Command::AnswerPermission { request: request.to_owned(), answer }))
}

fn of_change(key: char, path: &str, hunk: Option<&Hunk>, keys: &mut dyn Keys) -> Taken<Answer> {
    let path = path.to_owned();
    let this = match hunk {
        Some(hunk) => Which::Hunk { path, hunk: hunk.id.clone() },
        None => Which::File { path },
    };
    let reason = "why (may be empty): ";
    let command = match key {
        'y' => Command::Accept { which: this },
        'n' => Command::Reject { which: this, reason: text(keys, reason, "")? },
        'a' => Command::Accept { which: Which::All },
        'd' => Command::Reject { which: Which::All, reason: text(keys, reason, "")? },
        'q' => return Ok(Answer::Leave),
        _ => return Err(Without::Answer),
    };
    Ok(Answer::Send(command))
}

/// A step of the plan; the only one is not asked for.
fn step<'p>(plan: &'p Plan, keys: &mut dyn Keys) -> Taken<&'p Step> {
    if let [only] = plan.steps.as_slice() {
        return Ok(only);
    }
    let number = filled(keys, "which step: ", "")?;
    let step = plan.steps.iter().find(|step| step.id.to_string() == number);
    step.ok_or_else(|| {
        keys.say("there is no such step\n");
        Without::Answer
    })
}

/// A line with something in it.
fn filled(keys: &mut dyn Keys, prompt: &str, first: &str) -> Taken<String> {
    Some(text(keys, prompt, first)?).filter(|text| !text.is_empty()).ok_or(Without::Answer)
}

fn text(keys: &mut dyn Keys, prompt: &str, first: &str) -> Taken<String> {
    match keys.text(prompt, first) {
        Typed::Text(text) => Ok(text.trim().to_owned()),
        Typed::Back => Err(Without::Answer),
        Typed::Stop => Err(Without::Stop),
        Typed::End => Err(Without::End),
    }
}

#[cfg(test)]
mod tests;
