//! From a name and JSON to a decision.

use crate::permission::{Access, Decision, Policy, Proposal, Rules, Surroundings};
use crate::tool::{Tool, ToolContext, ToolError, ToolOutput, ToolSpec, Toolset, compact};
use crate::workspace::{RelPath, Snapshot};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A call of any tool.
pub(crate) trait AnyCall: Send {
    fn name(&self) -> &'static str;
    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError>;
    fn run(self: Box<Self>, context: &ToolContext) -> Result<ToolOutput, ToolError>;
}

impl<T: Tool> AnyCall for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn access(&self, snapshot: &Snapshot) -> Result<Access, ToolError> {
        Tool::access(self, snapshot)
    }

    fn run(self: Box<Self>, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        Tool::run(*self, context)
    }
}

/// A tool in the list.
#[derive(Clone)]
pub(crate) struct Entry {
    spec: ToolSpec,
    parse: fn(Value) -> Result<Box<dyn AnyCall>, ToolError>,
}

impl Entry {
    /// The entry of a tool.
    pub(crate) fn of<T: Tool>() -> Self {
        let (description, schema) = compact::<T>();
        let spec = ToolSpec {
            name: T::NAME,
            title: T::TITLE,
            description,
            schema: Arc::new(schema),
            effect: T::EFFECT,
            idempotent: T::IDEMPOTENT,
            toolset: T::TOOLSET,
        };
        Self { spec, parse: parse::<T> }
    }
}

fn parse<T: Tool>(arguments: Value) -> Result<Box<dyn AnyCall>, ToolError> {
    match serde_path_to_error::deserialize::<_, T>(arguments) {
        Ok(call) => Ok(Box::new(call)),
        Err(error) => {
            let place = error.path().to_string();
            let place = if place == "." { String::new() } else { format!("`{place}`: ") };
            Err(ToolError::Arguments(format!("{}: {place}{}", T::NAME, error.into_inner())))
        }
    }
}

/// Which tools are listed.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// Toolsets; the usual ones when empty.
    pub toolsets: Vec<Toolset>,
    /// Only these tools, when not empty.
    pub tools: Vec<String>,
    /// Only tools that read.
    pub read_only: bool,
}

/// The tools that are offered, and the rules for calling them.
pub struct Toolbox {
    entries: Vec<Entry>,
    policy: Policy,
}

/// The toolsets of a host that chose none.
const USUAL: &[Toolset] = &[Toolset::Files, Toolset::Symbols, Toolset::Shell];
/// Tools of others that it gets besides.
const USUAL_TOOLS: &[&str] = &["git_status", "git_diff", "git_stage", "git_commit"];

impl Toolbox {
    /// The chosen tools, always in the same order.
    ///
    /// # Errors
    /// When a tool is named that does not exist, by a flag or a rule.
    pub fn new(selected: &Selected, policy: Policy) -> Result<Self, ToolError> {
        let all = crate::tools::all();
        let names: Vec<&str> = all.iter().map(|entry| entry.spec.name).collect();
        if let Some(unknown) = selected.tools.iter().find(|name| !names.contains(&name.as_str())) {
            return Err(unknown_tool(unknown, &names));
        }
        let toolsets = if selected.toolsets.is_empty() { USUAL } else { &selected.toolsets };
        let wanted = |entry: &Entry| {
            let named = match selected.tools.is_empty() {
                true => {
                    toolsets.contains(&entry.spec.toolset)
                        || (selected.toolsets.is_empty() && USUAL_TOOLS.contains(&entry.spec.name))
                }
                false => selected.tools.iter().any(|name| name == entry.spec.name),
            };
            named && (!selected.read_only || entry.spec.effect == crate::tool::Effect::Reads)
        };
        let toolbox = Self { entries: all.into_iter().filter(wanted).collect(), policy };
        toolbox.check(&toolbox.policy.rules)?;
        Ok(toolbox)
    }

    /// Only those of the tools that read, under the same policy.
    #[must_use]
    pub fn reading(&self) -> Self {
        let reads = |entry: &&Entry| entry.spec.effect == crate::tool::Effect::Reads;
        let policy = Policy { read_only: true, ..self.policy.clone() };
        Self { entries: self.entries.iter().filter(reads).cloned().collect(), policy }
    }

    /// The tools as a host sees them.
    pub fn specs(&self) -> impl Iterator<Item = &ToolSpec> {
        self.entries.iter().map(|entry| &entry.spec)
    }

    /// The rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether a tool is offered.
    ///
    /// # Errors
    /// When it is not; the nearest name is in the text.
    pub fn known(&self, name: &str) -> Result<(), ToolError> {
        self.entry(name).map(|_| ())
    }

    fn entry(&self, name: &str) -> Result<&Entry, ToolError> {
        self.entries.iter().find(|entry| entry.spec.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.specs().map(|spec| spec.name).collect();
            unknown_tool(name, &names)
        })
    }

    /// What may become of a call.
    ///
    /// # Errors
    /// When there is no such tool, or the arguments are not its own.
    pub(crate) fn decide(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        around: &Surroundings<'_>,
    ) -> Result<Decision, ToolError> {
        let entry = self.entry(name)?;
        check_names(&entry.spec, &arguments)?;
        let paths = named(&arguments, around.snapshot);
        let arguments = Value::Object(arguments);
        let shown = arguments.to_string();
        let call = (entry.parse)(arguments)?;
        Ok(self.policy.decide(Proposal { call, paths, arguments: shown }, around))
    }

    /// Whether rules name only tools that exist, offered or not.
    ///
    /// # Errors
    /// When one does not; the nearest name is in the text.
    pub fn check(&self, rules: &Rules) -> Result<(), ToolError> {
        let all = crate::tools::all();
        let names: Vec<&str> = all.iter().map(|entry| entry.spec.name).collect();
        match rules.unknown_tool(&names) {
            None => Ok(()),
            Some((unknown, place)) => {
                Err(ToolError::Arguments(format!("{place}: {}", unknown_tool(unknown, &names))))
            }
        }
    }
}

/// Arguments that are paths, alone or in a list, with whatever tool.
const PATHS: &[&str] = &["path", "paths", "from", "to", "only", "focus"];

/// The paths that arguments name, and where they lead where that is another place. What is no path is told by the tool.
fn named(arguments: &Map<String, Value>, snapshot: &Snapshot) -> Vec<RelPath> {
    let values = PATHS.iter().filter_map(|name| arguments.get(*name));
    let texts = values.flat_map(|value| match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        value => Vec::from_iter(value.as_str()),
    });
    let mut paths: Vec<RelPath> = texts.filter_map(|text| snapshot.roots().parse(text).ok()).collect();
    let led: Vec<RelPath> = paths.iter().filter_map(|path| snapshot.locate(path).ok()).collect();
    paths.extend(led);
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn unknown_tool(name: &str, names: &[&str]) -> ToolError {
    let nearest = nearest(name, names.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
    let shown: String = name.chars().take(60).collect();
    ToolError::Arguments(format!("no tool `{shown}`{}", nearest.unwrap_or_default()))
}

/// An argument that the tool does not have is an error, never passed over.
fn check_names(spec: &ToolSpec, arguments: &Map<String, Value>) -> Result<(), ToolError> {
    let known = spec.schema.get("properties").and_then(Value::as_object);
    let known: Vec<&str> = known.map(|known| known.keys().map(String::as_str).collect()).unwrap_or_default();
    let Some(unknown) = arguments.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let shown: String = unknown.chars().take(60).collect();
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it takes none".to_owned(),
        None => format!(
            "it takes {}",
            known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    Err(ToolError::Arguments(format!("`{}` has no argument `{shown}`; {hint}", spec.name)))
}

/// The name most like a misspelled one, if any is much like it.
fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::jaro_winkler(&wrong.to_lowercase(), name), name));
    scored.filter(|(score, _)| *score > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
