//! The workspace is opened by the first request that needs it, on the roots of the command line or of the host.

use super::{Opening, Server};
use crate::main_loop::{self, Handle};
use crate::workspace::Roots;
use rmcp::model::ProtocolVersion;
use rmcp::service::{RequestContext, RoleServer};
use std::path::PathBuf;
use std::time::Duration;

/// How long a host may take to say its roots.
const ROOTS_WAIT: Duration = Duration::from_secs(5);
/// The most roots that are taken.
const ROOTS_LIMIT: usize = 32;

impl Server {
    /// The workspace, opened if it is not yet.
    ///
    /// # Errors
    /// A text for the model and the person: which folder, and what is wrong with it.
    pub(super) async fn workspace(&self, context: &RequestContext<RoleServer>) -> Result<&Handle, String> {
        self.0.workspace.get_or_try_init(|| self.open(context)).await
    }

    async fn open(&self, context: &RequestContext<RoleServer>) -> Result<Handle, String> {
        let roots = match &self.0.opening {
            Opening::Given(roots) => roots.clone(),
            Opening::OfHost { otherwise } => {
                let mut folders = of_host(context).await;
                if folders.is_empty() {
                    folders.push(otherwise.clone());
                }
                Roots::open(&folders).map_err(|error| {
                    let names: Vec<String> =
                        folders.iter().map(|folder| format!("`{}`", folder.display())).collect();
                    format!("cannot open {}: {error}; start the server with --root DIR", names.join(", "))
                })?
            }
        };
        let (folders, toolbox) = (self.0.folders.clone(), self.0.toolbox.clone());
        let machine = self.0.machine.clone();
        // Opening recovers what an earlier process left: it may write.
        let opened =
            tokio::task::spawn_blocking(move || main_loop::start(roots, &folders, machine, toolbox)).await;
        let opened = opened.map_err(|error| format!("opening the workspace failed: {error}"))?;
        opened.map_err(|error| format!("{:#}", anyhow::Error::from(error)))
    }
}

/// The folders that the host names. None where it cannot, or may not: since 2026-07-28 a server asks nothing of its own.
#[expect(deprecated, reason = "hosts of the earlier revisions have roots")]
async fn of_host(context: &RequestContext<RoleServer>) -> Vec<PathBuf> {
    let modern = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    let has_roots = context.client_capabilities().is_some_and(|client| client.roots.is_some());
    if modern || !has_roots {
        return Vec::new();
    }
    let answer = tokio::time::timeout(ROOTS_WAIT, context.peer.list_roots()).await;
    let Ok(Ok(listed)) = answer else {
        tracing::warn!("the host did not say its roots; working in the current folder");
        return Vec::new();
    };
    let folder =
        |uri: &str| url::Url::parse(uri).ok().filter(|uri| uri.scheme() == "file")?.to_file_path().ok();
    listed.roots.iter().filter_map(|root| folder(&root.uri)).take(ROOTS_LIMIT).collect()
}
