//! A plan: what is to be done, in steps that a person can read, change and approve before anything happens.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use thiserror::Error;

/// The most steps of a plan.
pub const MOST_STEPS: usize = 24;
/// The most that a model that is held to the schema writes: small ones go on for as long as they may.
const MOST_WRITTEN: usize = 8;

/// A step's number, which it keeps when others are moved or removed. Counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.0)
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub title: String,
    pub description: String,
    /// Why it is done in this way.
    pub reasoning: String,
    pub steps: Vec<Step>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub id: StepId,
    #[serde(flatten)]
    pub action: Action,
    /// What it is to achieve, in words for whoever does it.
    pub instruction: String,
    /// What a person says of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<String>,
}

/// What a step does, and to what. Paths are the workspace's, with `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Changes a file, or one symbol in it.
    Edit {
        path: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        symbol: Option<String>,
    },
    /// Makes a new file.
    Create {
        path: String,
    },
    Delete {
        path: String,
    },
    Move {
        path: String,
        to: String,
    },
    /// Renames a symbol wherever it is used; the index does that, not the model.
    RenameSymbol {
        path: String,
        symbol: String,
        to: String,
    },
    /// Runs a command over what is staged.
    Command {
        command: String,
    },
    /// Something to know; nothing is done.
    Note,
}

/// How a person changes a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum PlanEdit {
    /// Another instruction.
    Instruct {
        step: StepId,
        instruction: String,
    },
    Remove {
        step: StepId,
    },
    /// To this place, counted from 0.
    Move {
        step: StepId,
        place: usize,
    },
    Comment {
        step: StepId,
        text: String,
    },
}

/// What is wrong with a plan, in words for the model or the person who wrote it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    #[error("the plan is no JSON of the schema: {0}")]
    Json(String),
    #[error("the plan has no steps")]
    Empty,
    #[error("the plan has {0} steps; at most {MOST_STEPS} can be reviewed, so do less or put steps together")]
    TooLong(usize),
    #[error("step {step}: there is no file `{path}`; name a file that exists")]
    NoFile { step: StepId, path: String },
    #[error("step {step}: `{path}` exists already; edit it, or choose another name")]
    Exists { step: StepId, path: String },
    #[error("step {step}: `{path}` is no path inside of the workspace")]
    Outside { step: StepId, path: String },
    #[error("step {step}: its instruction is empty")]
    NoInstruction { step: StepId },
    #[error("there is no step {0}")]
    NoStep(StepId),
}

/// A plan as a model writes it: without numbers.
#[derive(Deserialize)]
struct Written {
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    reasoning: String,
    steps: Vec<WrittenStep>,
}

#[derive(Deserialize)]
struct WrittenStep {
    #[serde(flatten)]
    action: Action,
    #[serde(default)]
    instruction: String,
}

impl Plan {
    /// Reads what a model wrote. `is_file` says which paths exist, steps before taken into account by the plan itself.
    ///
    /// # Errors
    /// When it is no plan, or a step's target cannot be.
    pub fn read(text: &str, is_file: &dyn Fn(&str) -> bool) -> Result<Self, PlanError> {
        let Written { title, description, reasoning, mut steps } = written(text)?;
        make_possible(&mut steps, is_file);
        let steps = (1..).zip(merged(steps)).map(|(id, WrittenStep { action, instruction })| Step {
            id: StepId(id),
            action,
            instruction,
            comments: Vec::new(),
        });
        let plan = Self { title, description, reasoning, steps: steps.collect() };
        plan.check(is_file)?;
        Ok(plan)
    }

    /// Whether every step can be done after those before it.
    fn check(&self, is_file: &dyn Fn(&str) -> bool) -> Result<(), PlanError> {
        match self.steps.len() {
            0 => return Err(PlanError::Empty),
            count if count > MOST_STEPS => return Err(PlanError::TooLong(count)),
            _ => {}
        }
        // What earlier steps made and removed, the latest last.
        let mut changed: Vec<(String, bool)> = Vec::new();
        for Step { id, action, instruction, .. } in &self.steps {
            let step = *id;
            let exists = |path: &str, changed: &[(String, bool)]| {
                let last = changed.iter().rev().find(|(other, _)| other == path);
                last.map_or_else(|| is_file(path), |(_, is_there)| *is_there)
            };
            for path in action.paths() {
                if !is_inside(path) {
                    return Err(PlanError::Outside { step, path: path.to_owned() });
                }
            }
            if let Some(path) = action.existing().filter(|path| !exists(path, &changed)) {
                return Err(PlanError::NoFile { step, path: path.to_owned() });
            }
            if let Some(path) = action.made().filter(|path| exists(path, &changed)) {
                return Err(PlanError::Exists { step, path: path.to_owned() });
            }
            if instruction.trim().is_empty() && matches!(action, Action::Edit { .. } | Action::Create { .. })
            {
                return Err(PlanError::NoInstruction { step });
            }
            if let Action::Delete { path } | Action::Move { path, .. } = action {
                changed.push((path.clone(), false));
            }
            changed.extend(action.made().map(|path| (path.to_owned(), true)));
        }
        Ok(())
    }

    /// Changes the plan as a person wants it.
    ///
    /// # Errors
    /// When there is no such step, or none would be left.
    pub fn edit(&mut self, edit: PlanEdit) -> Result<(), PlanError> {
        match edit {
            PlanEdit::Instruct { step, instruction } => self.step(step)?.instruction = instruction,
            PlanEdit::Comment { step, text } => self.step(step)?.comments.push(text),
            PlanEdit::Remove { step } => {
                let place = self.place(step)?;
                if self.steps.len() == 1 {
                    return Err(PlanError::Empty);
                }
                self.steps.remove(place);
            }
            PlanEdit::Move { step, place } => {
                let moved = self.steps.remove(self.place(step)?);
                self.steps.insert(place.min(self.steps.len()), moved);
            }
        }
        Ok(())
    }

    fn place(&self, step: StepId) -> Result<usize, PlanError> {
        self.steps.iter().position(|other| other.id == step).ok_or(PlanError::NoStep(step))
    }

    fn step(&mut self, step: StepId) -> Result<&mut Step, PlanError> {
        let place = self.place(step)?;
        Ok(&mut self.steps[place])
    }
}

impl Action {
    /// The file that has to be there.
    #[must_use]
    pub fn existing(&self) -> Option<&str> {
        match self {
            Self::Edit { path, .. }
            | Self::Delete { path }
            | Self::Move { path, .. }
            | Self::RenameSymbol { path, .. } => Some(path),
            Self::Create { .. } | Self::Command { .. } | Self::Note => None,
        }
    }

    /// The file that it makes.
    #[must_use]
    pub fn made(&self) -> Option<&str> {
        match self {
            Self::Create { path } | Self::Move { to: path, .. } => Some(path),
            Self::Edit { .. }
            | Self::Delete { .. }
            | Self::RenameSymbol { .. }
            | Self::Command { .. }
            | Self::Note => None,
        }
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.existing().into_iter().chain(self.made())
    }
}

/// Whether a text is a plain path below the root: what the workspace takes is decided there.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('/')
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

/// A plan as it is written. Of one that breaks off, because its model went on and on, the steps that are whole count.
fn written(text: &str) -> Result<Written, PlanError> {
    let error = match serde_json::from_str(text) {
        Ok(written) => return Ok(written),
        Err(error) if error.is_eof() => error,
        Err(error) => return Err(PlanError::Json(error.to_string())),
    };
    let ends = text.rmatch_indices('}').map(|(at, _)| &text[..=at]);
    let mut whole = ends.take(MOST_STEPS).filter_map(|text| serde_json::from_str(&format!("{text}]}}")).ok());
    whole.next().ok_or(PlanError::Json(error.to_string()))
}

/// Of a file that exists a model may say that it is to be made: then it is to be changed, unless a step before takes it away.
fn make_possible(steps: &mut [WrittenStep], is_file: &dyn Fn(&str) -> bool) {
    for place in 0..steps.len() {
        let (before, step) = steps.split_at_mut(place);
        let takes_away = |step: &WrittenStep, path: &str| matches!(&step.action, Action::Delete { path: gone } | Action::Move { path: gone, .. } if gone == path);
        if let Some(WrittenStep { action, .. }) = step.first_mut()
            && let Action::Create { path } = action
            && is_file(path)
            && !before.iter().any(|step| takes_away(step, path))
        {
            *action = Action::Edit { path: std::mem::take(path), symbol: None };
        }
    }
}

/// Steps that do the same to the same are one, with the instructions of all.
fn merged(steps: Vec<WrittenStep>) -> Vec<WrittenStep> {
    let mut merged: Vec<WrittenStep> = Vec::new();
    for step in steps {
        let is_edit = matches!(step.action, Action::Edit { .. });
        match merged.iter_mut().find(|other| other.action == step.action) {
            Some(same) if same.instruction.split('\n').any(|line| line == step.instruction) => {}
            Some(same) if is_edit => same.instruction = format!("{}\n{}", same.instruction, step.instruction),
            _ => merged.push(step),
        }
    }
    merged
}

/// A file whose symbols are known, by their names with what is around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFile {
    pub path: String,
    pub symbols: Vec<String>,
}

/// The schema of a plan as a model writes it. Symbols can only be named of files in `known`, and only those that there are. The formats `existing_path` and `new_path` stand for paths, so that a
/// constraint can allow only those that there are, and those that can be made.
#[must_use]
pub fn schema(known: &[KnownFile]) -> Value {
    let text = |most: u32| json!({"type": "string", "maxLength": most});
    let existing = json!({"type": "string", "format": "existing_path"});
    let new = json!({"type": "string", "format": "new_path"});
    let step = |kind: &str, fields: &[(&str, Value)]| {
        let mut properties = serde_json::Map::new();
        properties.insert("kind".to_owned(), json!({"const": kind}));
        properties.extend(fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
        properties.insert("instruction".to_owned(), text(300));
        let required: Vec<&String> = properties.keys().collect();
        let required = json!(required);
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    };
    let mut steps = vec![
        step("edit", &[("path", existing.clone())]),
        step("create", &[("path", new.clone())]),
        step("delete", &[("path", existing.clone())]),
        step("move", &[("path", existing), ("to", new)]),
        step("command", &[("command", text(200))]),
        step("note", &[]),
    ];
    for KnownFile { path, symbols } in known.iter().filter(|file| !file.symbols.is_empty()) {
        let place = [("path", json!({"const": path})), ("symbol", json!({"enum": symbols}))];
        steps.push(step("edit", &place));
        let [path, symbol] = place;
        steps.push(step("rename_symbol", &[path, symbol, ("to", text(80))]));
    }
    json!({
        "type": "object",
        "properties": {
            "title": text(80),
            "description": text(200),
            "reasoning": text(200),
            "steps": {"type": "array", "items": {"anyOf": steps}, "minItems": 1, "maxItems": MOST_WRITTEN},
        },
        "required": ["title", "description", "reasoning", "steps"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests;
