//! What the protocol's conformance suite asks a server for: tools, prompts and resources of fixed names, beside ours.
//!
//! Never in a release. Replies are written as the wire has them, for the suite's documentation does so too.

#![expect(deprecated, reason = "the suite tests the older revisions too")]

mod asking;
mod fixed;

use super::Connection;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, GetPromptRequestParams,
    GetPromptResponse, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, PromptsCapability, ReadResourceRequestParams, ReadResourceResponse,
    ResourcesCapability, ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter,
    Tool, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::{ErrorData, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Context = RequestContext<RoleServer>;
type Answer<T> = Result<T, ErrorData>;

/// A connection that knows the suite's names, and leaves every other to ours.
pub(super) struct Fixture(pub(super) Connection);

/// A value of the wire as rmcp has it.
fn wire<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the fixture is what the protocol says")
}

/// A whole result of the wire. Its type is said since 2026-07-28, and left out by rmcp before.
fn complete<T: DeserializeOwned>(mut result: Value) -> T {
    result["resultType"] = json!("complete");
    wire(result)
}

fn tools() -> impl Iterator<Item = Tool> {
    let schema = |name: &str| match name {
        "test_sampling" => text_argument("prompt"),
        "test_elicitation" => text_argument("message"),
        "json_schema_2020_12_tool" => fixed::full_schema(),
        _ => json!({ "type": "object" }),
    };
    fixed::TOOLS.iter().map(move |name| {
        wire(json!({ "name": name, "description": "For the conformance suite", "inputSchema": schema(name) }))
    })
}

fn text_argument(name: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] })
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let mut config = self.0.get_info();
        let capabilities = &mut config.capabilities;
        capabilities.logging.get_or_insert_default();
        capabilities.completions.get_or_insert_default();
        capabilities.prompts.get_or_insert_with(PromptsCapability::default);
        capabilities.resources.get_or_insert_with(ResourcesCapability::default).subscribe = Some(true);
        config
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Answer<ListToolsResult> {
        let mut list = self.0.list_tools(page, context).await?;
        list.tools.extend(tools());
        Ok(list)
    }

    async fn call_tool(&self, call: CallToolRequestParams, context: Context) -> Answer<CallToolResponse> {
        match call.name.as_ref() {
            name if fixed::ASKING.contains(&name) => asking::call(&call, &context),
            name if fixed::TOOLS.contains(&name) => fixed::call(&call, &context).await,
            _ => self.0.call_tool(call, context).await,
        }
    }

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Answer<ListPromptsResult> {
        let mut list = self.0.list_prompts(page, context).await?;
        list.prompts.extend(wire::<Vec<_>>(fixed::prompts()));
        Ok(list)
    }

    async fn get_prompt(&self, asked: GetPromptRequestParams, context: Context) -> Answer<GetPromptResponse> {
        if asked.name == "test_input_required_result_prompt" {
            return Ok(asking::prompt(&asked));
        }
        let arguments = asked.arguments.clone().unwrap_or_default();
        let argument = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
        match fixed::prompt(&asked.name, argument) {
            Some(messages) => Ok(GetPromptResponse::Complete(complete(json!({ "messages": messages })))),
            None => self.0.get_prompt(asked, context).await,
        }
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Answer<ListResourcesResult> {
        let mut list = self.0.list_resources(page, context).await?;
        // The suite reads the first of the list.
        list.resources.splice(0..0, wire::<Vec<_>>(fixed::resources()));
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        page: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Answer<ListResourceTemplatesResult> {
        let mut list = self.0.list_resource_templates(page, context).await?;
        list.resource_templates.extend(wire::<Vec<_>>(fixed::templates()));
        Ok(list)
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        context: Context,
    ) -> Answer<ReadResourceResponse> {
        if !asked.uri.starts_with("test://") {
            return self.0.read_resource(asked, context).await;
        }
        let unknown = || {
            let data = json!({ "uri": asked.uri });
            ErrorData::invalid_params("there is no such resource", Some(data))
        };
        let contents = fixed::contents(&asked.uri).ok_or_else(unknown)?;
        Ok(ReadResourceResponse::Complete(complete(json!({ "contents": [contents] }))))
    }

    async fn complete(&self, asked: CompleteRequestParams, context: Context) -> Answer<CompleteResult> {
        if asked.argument.name == "arg1" {
            return Ok(complete(
                json!({ "completion": { "values": ["paris", "park"], "total": 2, "hasMore": false } }),
            ));
        }
        self.0.complete(asked, context).await
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: Context) -> Answer<()> {
        Ok(())
    }

    async fn subscribe(&self, asked: SubscribeRequestParams, context: Context) -> Answer<()> {
        if asked.uri.starts_with("test://") { Ok(()) } else { self.0.subscribe(asked, context).await }
    }

    async fn unsubscribe(&self, asked: UnsubscribeRequestParams, context: Context) -> Answer<()> {
        if asked.uri.starts_with("test://") { Ok(()) } else { self.0.unsubscribe(asked, context).await }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(self.0.accepted_subscription_filter(requested).unwrap_or_else(|| requested.clone()))
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Answer<()> {
        self.0.listen(subscription).await
    }
}
