//! MCP, and nothing else: lists of tools, calls, questions to the person. Here and in `server/` alone `rmcp` is named.
//!
//! One [`Server`] is shared by all connections; what belongs to one of them is a `Connection`.

use crate::main_loop::{Folders, Handle};
use crate::sandbox::Machine;
use crate::tool::{Effect, ToolSpec};
use crate::toolbox::Toolbox;
use crate::workspace::Roots;
use address::Address;
use asked::Asked;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, GetPromptRequestParams,
    GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, SubscribeRequestParams, SubscriptionFilter, Tool, ToolAnnotations,
    UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::{ErrorData, ServerHandler};
use std::path::PathBuf;
use std::sync::Arc;
use subscriptions::{Watched, Wish};
use tokio::sync::{OnceCell, Semaphore, mpsc, oneshot};

mod address;
mod asked;
mod call;
mod completion;
#[cfg(feature = "conformance")]
mod conformance;
mod gate;
pub mod http;
mod opening;
mod prompts;
mod resources;
mod stdio;
mod subscriptions;

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
    machine: Machine,
    toolbox: Arc<Toolbox>,
    tools: Vec<Tool>,
    /// Opened by the first request that needs it: only then are the host's roots known.
    workspace: OnceCell<Handle>,
    calls: Semaphore,
    /// Questions whose answers come with another request.
    asked: Asked,
}

impl Server {
    /// A server that has not opened its workspace yet.
    #[must_use]
    pub fn new(opening: Opening, folders: Folders, machine: Machine, toolbox: Toolbox) -> Self {
        let tools = toolbox.specs().map(listed).collect();
        let calls = Semaphore::new(CALLS);
        let toolbox = Arc::new(toolbox);
        Self(Arc::new(Shared {
            opening,
            folders,
            machine,
            toolbox,
            tools,
            workspace: OnceCell::new(),
            calls,
            asked: Asked::default(),
        }))
    }

    /// One host's side of it.
    fn connection(&self) -> Host {
        let connection = Connection { server: self.clone(), wishes: OnceCell::new() };
        #[cfg(feature = "conformance")]
        let connection = conformance::Fixture(connection);
        connection
    }
}

#[cfg(not(feature = "conformance"))]
type Host = Connection;
#[cfg(feature = "conformance")]
type Host = conformance::Fixture;

/// One host.
pub(crate) struct Connection {
    server: Server,
    /// Where the older way of subscribing is served, once it is used.
    wishes: OnceCell<mpsc::Sender<Wish>>,
}

impl Connection {
    async fn subscribed(&self, uri: String, context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
        let wrong = |text: String| ErrorData::invalid_params(text, None);
        let workspace = self.server.workspace(context).await.map_err(wrong)?;
        Address::parse(&uri, workspace.snapshot().roots()).map_err(|error| wrong(error.to_string()))?;
        let start = || async { subscriptions::serve(workspace.clone(), context.peer.clone()) };
        let (answer, room) = oneshot::channel();
        let asked = self.wishes.get_or_init(start).await.send(Wish::Start(uri, answer)).await;
        match asked.is_ok() && room.await.unwrap_or_default() {
            true => Ok(()),
            false => Err(wrong(format!("at most {} resources can be subscribed to", subscriptions::LIMIT))),
        }
    }
}

impl ServerHandler for Connection {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_completions()
            .enable_resources()
            .enable_resources_subscribe()
            .build();
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

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::listed()))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(address::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(self.server.resource(request.uri, &context).await?.into())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.subscribed(request.uri, &context).await
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if let Some(wishes) = self.wishes.get() {
            // Whoever is subscribed to nothing stays so.
            let _ = wishes.send(Wish::Stop(request.uri)).await;
        }
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let uris = requested.resource_subscriptions.iter().flatten();
        let known = uris.filter(|uri| Address::is_known(uri)).take(subscriptions::LIMIT);
        Some(SubscriptionFilter::builder().resource_subscriptions(known).build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let workspace = self.server.workspace(context.request_context()).await;
        let workspace = workspace.map_err(|text| ErrorData::internal_error(text, None))?;
        let mut watched = Watched::new(workspace.clone());
        for uri in context.accepted().resource_subscriptions.iter().flatten() {
            watched.add(uri.clone()).await;
        }
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = watched.changed() => for uri in changed {
                    if context.sink().notify_resource_updated(uri).await.is_err() {
                        return Ok(());
                    }
                },
            }
        }
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::listed()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(self.server.prompt(request, &context).await?.into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        self.server.completed(request, &context).await
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
    let mut tool = Tool::new(spec.name, spec.description.clone(), spec.schema.clone());
    // Hosts make this one of the name themselves.
    if !spec.title.eq_ignore_ascii_case(&spec.name.replace('_', " ")) {
        tool = tool.with_title(spec.title);
    }
    if hints == ToolAnnotations::default() { tool } else { tool.with_annotations(hints) }
}
