//! Prompts that a person picks: each is one message, with what it is about in it.

use super::Server;
use super::resources::{blocking, staged_diff};
use crate::main_loop::Handle;
use rmcp::ErrorData;
use rmcp::model::{GetPromptRequestParams, GetPromptResult, Prompt, PromptArgument, PromptMessage, Role};
use rmcp::service::{RequestContext, RoleServer};

/// The most of a difference in a prompt, in bytes.
const SHOWN: usize = 96 << 10;

const REVIEW: &str = "review_changes";
const EXPLAIN: &str = "explain_symbol";
const COMMIT: &str = "commit_message";
/// The arguments of [`EXPLAIN`].
pub(super) const SYMBOL: &str = "symbol";
pub(super) const PATH: &str = "path";

/// The prompts, always in the same order.
pub(super) fn listed() -> Vec<Prompt> {
    let arguments = vec![
        PromptArgument::new(SYMBOL).with_description("Its name, or `Class.method`").with_required(true),
        PromptArgument::new(PATH).with_description("The file it is in, where several have that name"),
    ];
    vec![
        Prompt::new(REVIEW, Some("Review what is staged before it is written"), None)
            .with_title("Review staged changes"),
        Prompt::new(EXPLAIN, Some("Explain a function, class or other symbol"), Some(arguments))
            .with_title("Explain a symbol"),
        Prompt::new(COMMIT, Some("Write a commit message for what is staged"), None)
            .with_title("Write a commit message"),
    ]
}

impl Server {
    /// Serves `prompts/get`.
    ///
    /// # Errors
    /// When there is no such prompt, or an argument is missing or not its own.
    pub(super) async fn prompt(
        &self,
        request: GetPromptRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<GetPromptResult, ErrorData> {
        let wrong = |text: String| ErrorData::invalid_params(text, None);
        let Some(prompt) = listed().into_iter().find(|prompt| prompt.name == request.name) else {
            let name: String = request.name.chars().take(60).collect();
            return Err(wrong(format!(
                "no prompt `{name}`; there are `{REVIEW}`, `{EXPLAIN}` and `{COMMIT}`"
            )));
        };
        let given = request.arguments.unwrap_or_default();
        let takes = prompt.arguments.clone().unwrap_or_default();
        if let Some(other) = given.keys().find(|name| !takes.iter().any(|argument| argument.name == **name)) {
            let other: String = other.chars().take(60).collect();
            return Err(wrong(format!("`{}` has no argument `{other}`", prompt.name)));
        }
        let argument =
            |name: &str| given.get(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
        let text = match prompt.name.as_str() {
            EXPLAIN => {
                let symbol = argument(SYMBOL).ok_or_else(|| {
                    wrong(format!("`{EXPLAIN}` needs the argument `{SYMBOL}`: the name to explain"))
                })?;
                explain(symbol, argument(PATH))
            }
            name => {
                let workspace = self.workspace(context).await;
                let workspace = workspace.map_err(|text| ErrorData::internal_error(text, None))?.clone();
                let task = if name == REVIEW { REVIEW_TASK } else { COMMIT_TASK };
                blocking(move || Ok(about_staged(&workspace, task))).await?
            }
        };
        let message = PromptMessage::new_text(Role::User, text);
        Ok(GetPromptResult::new(vec![message]).with_description(prompt.description.unwrap_or_default()))
    }
}

const REVIEW_TASK: &str = "Review these staged changes. Look for mistakes, forgotten cases, missing tests and \
    what a reader would not understand. Name the file and line of each finding, the gravest first; say so plainly \
    if there are none. Change nothing yet.";
const COMMIT_TASK: &str = "Write a commit message for these changes: a first line of at most 72 characters that \
    says what changes for the reader, then, after an empty line, why. Give the message alone.";

fn explain(symbol: &str, path: Option<&str>) -> String {
    let place = path.map(|path| format!(" in `{path}`")).unwrap_or_default();
    format!(
        "Explain `{symbol}`{place}: what it is for, how it works, what it takes and gives back, and who uses it. Find its \
         definition and its uses in the index first, and read only what is needed."
    )
}

fn about_staged(workspace: &Handle, task: &str) -> String {
    let mut diff = staged_diff(&workspace.fresh_snapshot(), None);
    if diff.is_empty() {
        return format!("{task}\n\nNothing is staged, so there is nothing to do: say so.");
    }
    if diff.len() > SHOWN {
        let end = diff.floor_char_boundary(SHOWN);
        let more = diff.len() - end;
        diff.truncate(end);
        diff.push_str(&format!(
            "\n… {more} more bytes are not shown here; look at the rest of what is staged as well"
        ));
    }
    // A fence that the text cannot close.
    let fence = "`".repeat(3.max(longest_run(&diff) + 1));
    format!("{task}\n\n{fence}diff\n{diff}\n{fence}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}
