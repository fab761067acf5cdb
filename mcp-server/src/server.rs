//! MCP, and nothing else: lists of tools, calls, questions to the person. Here and in `server/` alone `rmcp` is named.
//!
//! One [`Server`] is shared by all connections; what belongs to one of them is a `Connection`.

use crate::main_loop::{Folders, Handle};
use crate::tool::{Effect, ToolSpec};
use crate::toolbox::Toolbox;
use crate::workspace::Roots;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{OnceCell, Semaphore};

mod call;
pub mod http;
mod opening;
mod stdio;

pub use stdio::serve_stdio;

/// The most calls that run at one time; more wait for their turn.
const CALLS: usize = 32;

/// Which folders to work in.
#[derive(Clone, Debug)]
pub enum Opening {
    /// Those of the command line.
    Given(Roots),
    /// Those of the host, or else this one.
    OfHost { otherwise: PathBuf },
}

/// What all connections share.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

struct Shared {
    opening: Opening,
    folders: Folders,
    toolbox: Arc<Toolbox>,
    tools: Vec<Tool>,
    /// Opened by the first request that needs it: only then are the host's roots known.
    workspace: OnceCell<Handle>,
    calls: Semaphore,
}

impl Server {
    /// A server that has not opened its workspace yet.
    #[must_use]
    pub fn new(opening: Opening, folders: Folders, toolbox: Toolbox) -> Self {
        let tools = toolbox.specs().map(listed).collect();
        let calls = Semaphore::new(CALLS);
        let toolbox = Arc::new(toolbox);
        Self(Arc::new(Shared { opening, folders, toolbox, tools, workspace: OnceCell::new(), calls }))
    }

    /// One host's side of it.
    fn connection(&self) -> Connection {
        Connection { server: self.clone() }
    }
}

/// One host.
pub(crate) struct Connection {
    server: Server,
}

impl ServerHandler for Connection {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let mut config = ServerConfig::new(capabilities).with_instructions(INSTRUCTIONS);
        config.server_info =
            Implementation::new("devtoolkit-mcp", env!("CARGO_PKG_VERSION")).with_title("devtoolkit");
        config
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.server.0.tools.clone()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.server.call(request, context).await
    }
}

/// What a model is told once.
const INSTRUCTIONS: &str =
    "Edits are staged: show_changes shows them, accept_changes asks the person and writes them.";

/// A tool as MCP lists it. Hints that say what MCP assumes anyway are left out: every byte costs each host.
fn listed(spec: &ToolSpec) -> Tool {
    let mut hints = ToolAnnotations::default();
    match spec.effect {
        Effect::Reads => hints.read_only_hint = Some(true),
        Effect::Stages => hints.destructive_hint = Some(false),
        Effect::Destroys | Effect::Reaches => {}
    }
    if spec.idempotent && spec.effect != Effect::Reads {
        hints.idempotent_hint = Some(true);
    }
    if spec.effect != Effect::Reaches {
        hints.open_world_hint = Some(false);
    }
    Tool::new(spec.name, spec.description.clone(), spec.schema.clone())
        .with_title(spec.title)
        .with_annotations(hints)
}
