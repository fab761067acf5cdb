//! Resources: files and what is staged, read as every reader sees them.

use super::Server;
use super::address::{Address, STAGED};
use crate::main_loop::Handle;
use crate::workspace::{ReadError, RelPath, Selection, Snapshot, decode, difference, revealed};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents};
use rmcp::service::{RequestContext, RoleServer};

/// The largest resource, in bytes: a host takes all of it at once.
const LIMIT: usize = 2 << 20;

/// The resources that have no variable part.
pub(super) fn listed() -> Vec<Resource> {
    vec![
        Resource::new(STAGED, "staged")
            .with_title("Staged changes")
            .with_description("Everything that is staged, as a diff")
            .with_mime_type("text/x-diff"),
    ]
}

impl Server {
    /// Serves `resources/read`.
    ///
    /// # Errors
    /// When the URI names nothing, or nothing that may be read.
    pub(super) async fn resource(
        &self,
        uri: String,
        context: &RequestContext<RoleServer>,
    ) -> Result<ReadResourceResult, ErrorData> {
        let _turn = self.0.calls.acquire().await;
        let workspace =
            self.workspace(context).await.map_err(|text| ErrorData::internal_error(text, None))?;
        let workspace = workspace.clone();
        let contents = blocking(move || read(&workspace, &uri)).await?;
        Ok(ReadResourceResult::new(vec![contents]))
    }
}

/// Runs what may touch the disk; a panic costs this request only.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ErrorData> + Send + 'static,
) -> Result<T, ErrorData> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| {
        Err(ErrorData::internal_error(format!("a defect of the server's own: {panic}"), None))
    })
}

fn read(workspace: &Handle, uri: &str) -> Result<ResourceContents, ErrorData> {
    let snapshot = workspace.fresh_snapshot();
    let address = Address::parse(uri, snapshot.roots()).map_err(|error| absent(&error, uri))?;
    match address {
        Address::Staged => Ok(diff(limited(staged_diff(&snapshot, None)), uri)),
        Address::StagedFile(path) => match staged_diff(&snapshot, Some(&path)) {
            text if text.is_empty() => Err(absent(&format!("nothing is staged for `{path}`"), uri)),
            text => Ok(diff(limited(text), uri)),
        },
        Address::File(path) => file(&snapshot, &path, uri),
    }
}

fn file(snapshot: &Snapshot, path: &RelPath, uri: &str) -> Result<ResourceContents, ErrorData> {
    let seen = snapshot.read_up_to(path, LIMIT as u64).map_err(|error| match error {
        ReadError::NotFound { .. } => absent(&error, uri),
        error => ErrorData::invalid_params(error.to_string(), None),
    })?;
    let bytes = &seen.content.bytes;
    if bytes.len() > LIMIT {
        let size = bytes.len();
        let text = format!(
            "`{path}` has {size} bytes, over the limit of {LIMIT} for a resource; tools read it in parts"
        );
        return Err(ErrorData::invalid_params(text, None));
    }
    Ok(match decode(bytes) {
        Ok((text, _)) => ResourceContents::text(revealed(&text).0, uri),
        Err(_) => ResourceContents::blob(BASE64_STANDARD.encode(bytes), uri)
            .with_mime_type("application/octet-stream"),
    })
}

/// What is staged, or of it what is staged for one file; empty when there is nothing.
pub(super) fn staged_diff(snapshot: &Snapshot, path: Option<&RelPath>) -> String {
    // Everything can always be chosen.
    let chosen = snapshot.staging().choose(&Selection::default()).unwrap_or_default();
    let mut shown = String::new();
    for change in chosen.iter().filter(|change| path.is_none_or(|path| change.path == *path)) {
        if shown.len() > LIMIT {
            break;
        }
        if snapshot.withheld(&change.path).is_some() {
            shown.push_str(&format!("`{}` may hold secrets and is not shown here\n", change.path));
            continue;
        }
        shown
            .push_str(&difference(&change.path, &change.base, &change.target, &|hunk| Some(hunk.id.clone())));
    }
    shown
}

/// A text with a clear end where it is too long.
fn limited(mut text: String) -> String {
    if text.len() > LIMIT {
        text.truncate(text.floor_char_boundary(LIMIT));
        text.push_str("\n… there is more; ask for one file at a time: devtoolkit://staged/PATH\n");
    }
    text
}

fn diff(text: String, uri: &str) -> ResourceContents {
    ResourceContents::text(text, uri).with_mime_type("text/x-diff")
}

fn absent(error: &dyn std::fmt::Display, uri: &str) -> ErrorData {
    ErrorData::resource_not_found(error.to_string(), Some(serde_json::json!({ "uri": uri })))
}
