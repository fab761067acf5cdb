//! `call_graph`: who calls a function, or whom it calls, over several steps.

use crate::symbols::RootIndex;
use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::Address;
use crate::tools::listing::{counted, listing};
use crate::tools::view::{View, wait};
use devtoolkit_index::{Call, Certainty, Filter};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Functions of a reply.
const SHOWN: usize = 100;
/// Lines of calls that are named for one function.
const PLACES: usize = 8;
/// The most steps.
const DEPTH: u32 = 8;

/// List callers of a function, or its callees.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CallGraph {
    #[serde(flatten)]
    address: Address,
    callees: Option<bool>,
    depth: Option<u32>,
    offset: Option<usize>,
}

impl Tool for CallGraph {
    const NAME: &'static str = "call_graph";
    const TITLE: &'static str = "Call graph";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let found = self.address.one(&view)?;
        let Some((root, _)) = view.indexed(&found.file.source) else {
            let notice = view.notice();
            let path = &found.file.source.path;
            return Err(ToolError::failed(format!(
                "the index does not have `{path}` as it is now, so its calls are not known; ask again in a moment {notice}"
            )));
        };
        let (snapshot, symbol) = (found.file.snapshot.clone(), found.symbol.clone());
        let (depth, callees) = (self.depth.unwrap_or(1).clamp(1, DEPTH), self.callees.unwrap_or(false));
        let calls = wait(context, "following calls", move || match callees {
            true => snapshot.callees(&symbol, depth, &Filter::default()),
            false => snapshot.callers(&symbol, depth, &Filter::default()),
        })?;
        let answers = shown(&view, root, calls)?;
        let count = match callees {
            true => counted(answers.len(), "callee", "callees"),
            false => counted(answers.len(), "caller", "callers"),
        };
        let text = format!("{}\n{count}\n", found.line());
        Ok(ToolOutput::text(text + &listing(&answers, self.offset, SHOWN) + &view.notice()))
    }
}

/// Each function once, under the number of steps to it, with the lines of its calls.
fn shown(
    view: &View<'_>,
    root: &Arc<RootIndex>,
    calls: Vec<Call>,
) -> Result<Vec<(String, String)>, ToolError> {
    type Key = (u32, Certainty, String, u32);
    let mut functions: BTreeMap<Key, (Call, Vec<(String, u32)>)> = BTreeMap::new();
    for call in calls {
        let key = (call.depth, call.certainty, call.symbol.path.clone(), call.symbol.name_range.start);
        let at = (call.path.clone(), call.range.start);
        functions.entry(key).or_insert_with(|| (call, Vec::new())).1.push(at);
    }
    let mut answers = Vec::new();
    for ((depth, certainty, ..), (call, places)) in functions {
        view.context.cancelled()?;
        let Some(source) = view.quoted(root, &call.symbol.path) else { continue };
        let line = source.line(call.symbol.name_range.start);
        let guess = if certainty == Certainty::ByName { " (by name only)" } else { "" };
        let mut lines: Vec<String> = Vec::new();
        for (path, at) in places.iter().take(PLACES) {
            let Some(other) = view.quoted(root, path) else { continue };
            let line = other.line(*at);
            let place =
                if *path == call.symbol.path { line.to_string() } else { format!("{}:{line}", other.path) };
            if !lines.contains(&place) {
                lines.push(place);
            }
        }
        let more = places.len().saturating_sub(PLACES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (kind, name) = (call.symbol.kind.name(), &call.symbol.qualified);
        let at = lines.join(", ");
        let text = format!("  {}:{line} {kind} {name}  called at {at}{more}{guess}", source.path);
        answers.push((counted(depth as usize, "step", "steps"), text));
    }
    Ok(answers)
}

#[cfg(test)]
mod tests;
