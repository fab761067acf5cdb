//! Endings for what a person is typing: paths by folder, symbols by name.

use super::Server;
use super::prompts::{PATH, SYMBOL};
use super::resources::blocking;
use crate::main_loop::Handle;
use crate::workspace::{Kind, RelPath};
use devtoolkit_index::Filter;
use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo};
use rmcp::service::{RequestContext, RoleServer};

impl Server {
    /// Serves `completion/complete`: all prompts and templates name their arguments alike.
    ///
    /// # Errors
    /// When the workspace cannot be opened.
    pub(super) async fn completed(
        &self,
        request: CompleteRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let workspace =
            self.workspace(context).await.map_err(|text| ErrorData::internal_error(text, None))?;
        let (workspace, argument) = (workspace.clone(), request.argument);
        let (mut values, more) = blocking(move || {
            Ok(match argument.name.as_str() {
                PATH => paths(&workspace, &argument.value),
                SYMBOL => symbols(&workspace, &argument.value),
                _ => (Vec::new(), false),
            })
        })
        .await?;
        let more = more || values.len() > CompletionInfo::MAX_VALUES;
        values.truncate(CompletionInfo::MAX_VALUES);
        let found = CompletionInfo::with_pagination(values, None, more);
        Ok(CompleteResult::new(found.map_err(|error| ErrorData::internal_error(error, None))?))
    }
}

/// What lies in the folder that has been typed and begins with the rest of it; folders end with `/`.
fn paths(workspace: &Handle, typed: &str) -> (Vec<String>, bool) {
    let snapshot = workspace.snapshot();
    let (folder, begin) = typed.rsplit_once('/').unwrap_or((".", typed));
    let Ok(folder) = snapshot.roots().parse(folder) else { return (Vec::new(), false) };
    let Ok((entries, unseen)) = snapshot.list(&folder) else { return (Vec::new(), false) };
    let shown = |(path, kind): (RelPath, Kind)| {
        let end = if kind == Kind::Folder { "/" } else { "" };
        path.file_name().starts_with(begin).then(|| format!("{path}{end}"))
    };
    let more = unseen > 0;
    (entries.into_iter().filter_map(shown).take(CompletionInfo::MAX_VALUES + 1).collect(), more)
}

fn symbols(workspace: &Handle, typed: &str) -> (Vec<String>, bool) {
    let all = workspace.symbols().all().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for index in all.iter().filter(|_| !typed.is_empty()) {
        for hit in index.snapshot.find(typed, &Filter::default(), CompletionInfo::MAX_VALUES) {
            if !names.contains(&hit.symbol.name) {
                names.push(hit.symbol.name);
            }
        }
    }
    (names, false)
}
