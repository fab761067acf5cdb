//! The official Rust client drives the real server.

use super::Project;
use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult,
    ElicitationAction, Implementation,
};
use rmcp::service::{RequestContext, RoleClient};
use rmcp::{ClientHandler, ErrorData, ServiceExt};
use serde_json::json;
use std::process::Stdio;

/// A host whose person says yes to everything.
struct Agreeable;

impl ClientHandler for Agreeable {
    fn get_info(&self) -> ClientConfig {
        let capabilities = ClientCapabilities::builder().enable_elicitation().build();
        ClientConfig::new(capabilities, Implementation::new("e2e", "1"))
    }

    async fn create_elicitation(
        &self,
        _request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(json!({})))
    }
}

#[test]
fn tools_are_listed_and_called() {
    let project = Project::new(&[("a.txt", "one\n")]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    runtime.block_on(async {
        let mut command = tokio::process::Command::from(project.command(&[]));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let pipes = (child.stdout.take().expect("piped"), child.stdin.take().expect("piped"));
        let client = Agreeable.serve(pipes).await.expect("a greeting");
        let tools = client.list_all_tools().await.expect("tools");
        assert!(tools.iter().any(|tool| tool.name == "edit_file"));
        let call = |name: &'static str, arguments: serde_json::Value| {
            let arguments = arguments.as_object().expect("object").clone();
            client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments))
        };
        let staged =
            call("write_file", json!({ "path": "a.txt", "content": "two\n" })).await.expect("a reply");
        assert_eq!(staged.is_error, Some(false), "{staged:?}");
        let written = call("accept_changes", json!({})).await.expect("a reply");
        assert_eq!(written.is_error, Some(false), "{written:?}");
        client.cancel().await.expect("goodbye");
    });
    assert_eq!(project.read("a.txt"), "two\n");
}
