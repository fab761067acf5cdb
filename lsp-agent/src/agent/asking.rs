//! Asking a model: which one, with which tools, held to which form, and whether what it is to read fits.

use super::find;
use super::project::Project;
use crate::constraint::{Form, Quoting};
use crate::guarded::Guarded;
use crate::model::{Answer, Message, Piece, ToolDescription};
use crate::plan::{self, KnownFile};
use crate::protocol::Problem;
use crate::provider::{Heard, Prompt, Provider, Shape};
use crate::session::{Request, Role, Wanted};
use devtoolkit_index::Symbol;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The tools that a model knows from the start. More are read about when they are needed.
const CORE: &[&str] = &["read_file", "search_text", "find_symbol", "references", "outline", "list_directory"];
/// The tool that tells about more tools, and the one that calls them.
const MORE: &str = "more_tools";
const OTHER: &str = "call_tool";
/// The tool by which a model proposes something to be remembered of the project.
const REMEMBER: &str = "remember";
/// Tokens of an answer, of what is said before a plan, of a plan, and the least of an edit.
const TEXT_TOKENS: u32 = 1_024;
const READING_TOKENS: u32 = 400;
const PLAN_TOKENS: u32 = 1_600;
/// Files whose symbols a plan can name, and how many of each.
const MOST_KNOWN: usize = 8;
const MOST_SYMBOLS: usize = 80;
const EDIT_TOKENS: u32 = 512;
/// Tokens that a template puts around a message.
const AROUND_MESSAGE: u32 = 8;
/// How often pieces of an answer are passed on.
const PACE: Duration = Duration::from_millis(50);
/// Texts whose tokens are remembered.
const MOST_COUNTED: usize = 4_096;

/// Finds a model by what a person calls it.
pub type FindModel = Box<dyn Fn(&str) -> Result<Arc<dyn Provider>, Problem> + Send + Sync>;

/// The models of an agent, by what they are asked as.
pub struct Models {
    find: FindModel,
    given: Guarded<HashMap<Role, Arc<dyn Provider>>>,
    /// Tokens of texts, by their hashes: a conversation is counted anew with every message.
    counted: Guarded<HashMap<blake3::Hash, u32>>,
}

/// What became of a request.
pub(super) enum Asked {
    Answered(Answer),
    Failed(Problem),
    /// It was not asked: it has more tokens than the model takes.
    Overflowed {
        need: u32,
        have: u32,
    },
}

impl Models {
    /// One model for everything.
    #[must_use]
    pub fn new(model: Arc<dyn Provider>, find: FindModel) -> Self {
        let given = Role::ALL.map(|role| (role, Arc::clone(&model)));
        Self { find, given: Guarded::new(given.into()), counted: Guarded::default() }
    }

    /// Gives a role another model; all of them without a role.
    ///
    /// # Errors
    /// When there is no such role or model.
    pub fn set(&self, role: Option<&str>, model: &str) -> Result<(), Problem> {
        let roles = match role {
            None => Role::ALL.to_vec(),
            Some(name) => vec![Role::named(name).ok_or_else(|| Problem {
                what: format!("there is no role `{name}`"),
                why: "a model is asked as one of understand, plan, edit, ask".to_owned(),
                next: "name one of these, or none for all of them".to_owned(),
            })?],
        };
        let model = (self.find)(model)?;
        let mut given = self.given.lock();
        given.extend(roles.into_iter().map(|role| (role, Arc::clone(&model))));
        Ok(())
    }

    /// The model that is asked as this.
    pub(super) fn of(&self, role: Role) -> Option<Arc<dyn Provider>> {
        self.given.lock().get(&role).map(Arc::clone)
    }

    /// Tokens of a text.
    pub(super) fn count(&self, model: &dyn Provider, text: &str) -> u32 {
        let key = blake3::hash(format!("{}\0{text}", model.name()).as_bytes());
        if let Some(count) = self.counted.lock().get(&key) {
            return *count;
        }
        // Never less than it is likely to be, where the model cannot be asked.
        let count = model.count(text).unwrap_or_else(|_| u32::try_from(text.len() / 2).unwrap_or(u32::MAX));
        let mut counted = self.counted.lock();
        if counted.len() >= MOST_COUNTED {
            counted.clear();
        }
        counted.insert(key, count);
        count
    }

    fn tokens(&self, model: &dyn Provider, messages: &[Message], tools: &[ToolDescription]) -> u32 {
        let of_message = |message: &Message| {
            let calls: u32 = message.calls.iter().map(|call| self.count(model, &call_text(call))).sum();
            self.count(model, &message.text) + calls + AROUND_MESSAGE
        };
        let described = |tool: &ToolDescription| self.count(model, &tool_text(tool));
        messages.iter().map(of_message).sum::<u32>() + tools.iter().map(described).sum::<u32>()
    }

    /// Asks what a session wants asked. `hear` gets pieces, the model's own pace, and nothing now and then.
    pub(super) fn ask(
        &self,
        project: &Project,
        request: &Request,
        hear: &mut dyn FnMut(Heard) -> ControlFlow<()>,
    ) -> Asked {
        let Some(model) = self.of(request.role) else {
            return Asked::Failed(no_model());
        };
        let prompt = self.prompt(project, &*model, request);
        let capacity = match model.capacity() {
            Ok(capacity) => capacity,
            Err(problem) => return Asked::Failed(problem),
        };
        let need = self.tokens(&*model, &prompt.messages, &prompt.tools).saturating_add(prompt.tokens);
        if need > capacity.context {
            return Asked::Overflowed { need, have: capacity.context };
        }
        let mut paced = Paced { hear, text: String::new(), reasoning: String::new(), last: Instant::now() };
        let answer = model.ask(&prompt, &mut |heard| paced.hear(heard));
        let _ = paced.flush();
        match answer {
            Ok(mut answer) => {
                if matches!(request.wanted, Wanted::Plan { .. }) {
                    answer.existing = existing(project, &answer.text);
                }
                Asked::Answered(answer)
            }
            Err(problem) => Asked::Failed(problem),
        }
    }

    fn prompt(&self, project: &Project, model: &dyn Provider, request: &Request) -> Prompt {
        let is_edit = matches!(request.wanted, Wanted::Edit { .. });
        let tools = if is_edit { Vec::new() } else { tools(project) };
        let mut drafts = Vec::new();
        let (shape, tokens) = match &request.wanted {
            Wanted::Text if request.role == Role::Ask => (Shape::Text, TEXT_TOKENS),
            Wanted::Text => (Shape::Text, READING_TOKENS),
            Wanted::Plan { wish, likely } => {
                let schema = plan::schema(&known(project, wish, likely));
                (Shape::Json { schema, formats: formats(&project.files()) }, PLAN_TOKENS)
            }
            Wanted::Edit { target, format } => {
                let whole =
                    target.symbol.as_ref().map(|symbol| symbol.text.as_str()).or(target.text.as_deref());
                drafts.extend(target.text.clone());
                // As much again as there is, and some for what is new.
                let tokens = EDIT_TOKENS + whole.map_or(0, |text| self.count(model, text) * 5 / 4);
                (Shape::Form(target.form(*format)), tokens)
            }
        };
        let messages = request.messages.clone();
        Prompt {
            number: request.number,
            tries: request.tries,
            messages,
            tools,
            may_call: request.tools,
            shape,
            tokens,
            drafts,
        }
    }
}

fn no_model() -> Problem {
    Problem {
        what: "there is no model to ask".to_owned(),
        why: "none was named".to_owned(),
        next: "name one with --model; `devtoolkit-agent model recommend` says which suit this machine"
            .to_owned(),
    }
}

/// What a conversation's model can call: a few tools that read, and a way to the others.
pub(super) fn tools(project: &Project) -> Vec<ToolDescription> {
    let schema = |properties: Value, required: &[&str]| {
        let schema = json!({"type": "object", "properties": properties, "required": required});
        schema.as_object().cloned().unwrap_or_default()
    };
    let mut tools = project.described(CORE);
    tools.push(ToolDescription {
        name: MORE.to_owned(),
        description: "List the other tools that read, with their arguments.".to_owned(),
        schema: schema(json!({}), &[]),
    });
    tools.push(ToolDescription {
        name: OTHER.to_owned(),
        description: "Call one of the other tools.".to_owned(),
        schema: schema(
            json!({"name": {"type": "string"}, "arguments": {"type": "object"}}),
            &["name", "arguments"],
        ),
    });
    tools.push(ToolDescription {
        name: REMEMBER.to_owned(),
        description: "Propose a lasting fact about the project.".to_owned(),
        schema: schema(json!({"fact": {"type": "string"}}), &["fact"]),
    });
    tools
}

/// The call that is meant by one of another tool; and what is said of other tools where that is asked.
pub(super) enum Meant {
    Call(crate::model::ToolCall),
    Said(String),
    Remember(String),
}

/// What a call means.
pub(super) fn meant(project: &Project, call: &crate::model::ToolCall) -> Meant {
    match call.name.as_str() {
        MORE => {
            let names = project.reading_names();
            let others: Vec<&str> = names.into_iter().filter(|name| !CORE.contains(name)).collect();
            let others = project.described(&others);
            Meant::Said(others.iter().map(|tool| tool_text(tool) + "\n").collect())
        }
        OTHER => {
            let name = call.arguments.get("name").and_then(Value::as_str).unwrap_or_default();
            let arguments = call.arguments.get("arguments").and_then(Value::as_object);
            let arguments = arguments.cloned().unwrap_or_default();
            Meant::Call(crate::model::ToolCall { id: call.id.clone(), name: name.to_owned(), arguments })
        }
        REMEMBER => {
            Meant::Remember(call.arguments.get("fact").and_then(Value::as_str).unwrap_or_default().to_owned())
        }
        _ => Meant::Call(call.clone()),
    }
}

/// A tool in one line.
fn tool_text(tool: &ToolDescription) -> String {
    let ToolDescription { name, description, schema } = tool;
    json!({"name": name, "description": description, "parameters": schema}).to_string()
}

fn call_text(call: &crate::model::ToolCall) -> String {
    format!("{} {}", call.name, Value::Object(call.arguments.clone()))
}

/// The forms of the formats that a plan's schema names: paths that exist, and such as can be made.
fn formats(files: &[String]) -> Vec<(String, Form)> {
    let mut folders: Vec<String> = vec![String::new()];
    for path in files {
        let ends = path.match_indices('/').map(|(at, _)| path[..=at].to_owned());
        folders.extend(ends);
    }
    folders.sort_unstable();
    folders.dedup();
    let new = Form::Sequence(vec![
        Form::Literal("\"".to_owned()),
        Form::OneOf { texts: folders, quoting: Quoting::Plain },
        Form::Free {
            ends: vec!["\"".to_owned()],
            never: Vec::new(),
            before: String::new(),
            most: 80,
            may_stop: false,
        },
    ]);
    let mut formats = vec![("new_path".to_owned(), new)];
    if !files.is_empty() {
        let existing = Form::OneOf { texts: files.to_vec(), quoting: Quoting::Json };
        formats.push(("existing_path".to_owned(), existing));
    }
    formats
}

/// The symbols of files that a plan is likely to be about: of a file of which the person names some, only these, because
/// small models pick any that they may.
fn known(project: &Project, wish: &str, likely: &[String]) -> Vec<KnownFile> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let words: HashSet<&str> = wish.split(|c| !is_part(c)).collect();
    let outline = |path: &String| {
        let all = find::outline(project, path).unwrap_or_default().into_iter();
        (path.clone(), all.filter(|symbol| !symbol.local).collect::<Vec<_>>())
    };
    let there = likely.iter().filter(|path| project.has_file(path)).take(MOST_KNOWN);
    let files: Vec<(String, Vec<Symbol>)> = there.map(outline).collect();
    // `Cache.get` is not the `get` of something else.
    let is_exact = |symbol: &Symbol| symbol.qualified.contains('.') && wish.contains(&symbol.qualified);
    let all = files.iter().flat_map(|(_, symbols)| symbols);
    let exact: HashSet<String> =
        all.filter(|symbol| is_exact(symbol)).map(|symbol| symbol.name.clone()).collect();
    let is_named = |symbol: &Symbol| {
        words.contains(symbol.name.as_str()) && (is_exact(symbol) || !exact.contains(&symbol.name))
    };
    let known = |(path, symbols): (String, Vec<Symbol>)| {
        let named = symbols.iter().filter(|symbol| is_named(symbol));
        let mut names: Vec<String> = named.map(|symbol| symbol.qualified.clone()).collect();
        if names.is_empty() {
            let others = symbols.into_iter().filter(|symbol| !exact.contains(&symbol.name));
            names = others.map(|symbol| symbol.qualified).collect();
        }
        names.truncate(MOST_SYMBOLS);
        KnownFile { path, symbols: names }
    };
    files.into_iter().map(known).collect()
}

/// Of the paths that a plan names, those at which there is a file.
fn existing(project: &Project, plan: &str) -> Vec<String> {
    let plan: Map<String, Value> = serde_json::from_str(plan).unwrap_or_default();
    let steps = plan.get("steps").and_then(Value::as_array);
    let paths = steps.into_iter().flatten().flat_map(|step| [step.get("path"), step.get("to")]);
    let mut paths: Vec<String> = paths
        .flatten()
        .filter_map(Value::as_str)
        .filter(|path| project.has_file(path))
        .map(str::to_owned)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// Passes on pieces as often as a person can read them.
struct Paced<'a> {
    hear: &'a mut dyn FnMut(Heard) -> ControlFlow<()>,
    text: String,
    reasoning: String,
    last: Instant,
}

impl Paced<'_> {
    fn hear(&mut self, heard: Heard) -> ControlFlow<()> {
        match heard {
            Heard::Piece(Piece::Text(text)) => self.text.push_str(&text),
            Heard::Piece(Piece::Reasoning(text)) => self.reasoning.push_str(&text),
            other => (self.hear)(other)?,
        }
        if self.last.elapsed() >= PACE { self.flush() } else { ControlFlow::Continue(()) }
    }

    fn flush(&mut self) -> ControlFlow<()> {
        self.last = Instant::now();
        let reasoning = std::mem::take(&mut self.reasoning);
        let text = std::mem::take(&mut self.text);
        if !reasoning.is_empty() {
            (self.hear)(Heard::Piece(Piece::Reasoning(reasoning)))?;
        }
        if !text.is_empty() {
            (self.hear)(Heard::Piece(Piece::Text(text)))?;
        }
        ControlFlow::Continue(())
    }
}
