//! `definition`: where what a name means is defined.

use crate::tool::{Effect, Tool, ToolContext, ToolError, ToolOutput, Toolset};
use crate::tools::address::Address;
use crate::tools::listing::counted;
use crate::tools::view::View;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write as _;

/// Definitions of a reply.
const SHOWN: usize = 20;
/// Lines of one definition's source.
const LINES: usize = 400;

/// Show a definition: by Class.name, or LINE:COLUMN of path.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Definition {
    #[serde(flatten)]
    address: Address,
    body: Option<bool>,
}

impl Tool for Definition {
    const NAME: &'static str = "definition";
    const TITLE: &'static str = "Definition";
    const TOOLSET: Toolset = Toolset::Symbols;
    const EFFECT: Effect = Effect::Reads;

    fn run(self, context: &ToolContext) -> Result<ToolOutput, ToolError> {
        let view = View::new(context)?;
        let found = match self.address.all(&view) {
            Ok(found) => found,
            Err(error) => match self.address.module(&view) {
                Some(path) => return Ok(ToolOutput::text(format!("{path} (the whole file)\n"))),
                None => return Err(error),
            },
        };
        let mut text = String::new();
        for found in found.iter().take(SHOWN) {
            context.cancelled()?;
            let guess = if found.by_name { "  (by name only)" } else { "" };
            let _ = writeln!(text, "{}{guess}", found.line());
            if self.body.unwrap_or(false) {
                text.push_str(&found.numbered(LINES));
            }
        }
        if found.len() > SHOWN {
            let more = counted(found.len() - SHOWN, "definition", "definitions");
            let _ = writeln!(text, "({more} more; give `path` to narrow it)");
        }
        Ok(ToolOutput::text(text + &view.notice()))
    }
}

#[cfg(test)]
mod tests;
