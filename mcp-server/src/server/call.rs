//! A call, from the host's words to the reply: decided, perhaps asked about, run, cancelled, told about.

use super::Server;
use crate::main_loop::Handle;
use crate::permission::{Decision, PermittedCall, Question};
use crate::tool::{Content, Progress, ToolError};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ElicitRequest,
    ElicitRequestParams, ElicitationAction, ElicitationSchema, InputRequest, InputRequiredResult,
    ProgressNotificationParam, ProgressToken, ProtocolVersion,
};
use rmcp::service::{RequestContext, RoleServer};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// The least time between two notifications of progress.
const PROGRESS_PAUSE: Duration = Duration::from_millis(100);
/// What the person's answer is called in the newer way of asking.
const ANSWER: &str = "accept";

/// A call may be run, or its end is known already.
enum Answer {
    Yes(PermittedCall),
    Ended(CallToolResponse),
}

impl Server {
    /// Serves `tools/call`.
    ///
    /// # Errors
    /// Only when there is no such tool: everything else is for the model to read.
    pub(super) async fn call(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if let Err(unknown) = self.0.toolbox.known(&request.name) {
            return Err(ErrorData::invalid_params(unknown.to_string(), None));
        }
        let _turn = self.0.calls.acquire().await;
        let workspace = match self.workspace(&context).await {
            Ok(workspace) => workspace,
            Err(text) => return Ok(failed(text)),
        };
        let arguments = request.arguments.take().unwrap_or_default();
        let decision = {
            let (workspace, name) = (workspace.clone(), request.name.clone());
            // Deciding may read the disk.
            tokio::task::spawn_blocking(move || workspace.decide(&name, arguments)).await
        };
        let call = match decision {
            Err(panic) => {
                return Ok(failed(format!("`{}` failed by a defect of its own: {panic}", request.name)));
            }
            Ok(Err(error) | Ok(Decision::Deny(error))) => return Ok(failed(error.to_string())),
            Ok(Ok(Decision::Allow(call))) => call,
            Ok(Ok(Decision::Ask(question))) => match self.ask(question, &request, &context).await {
                Answer::Yes(call) => call,
                Answer::Ended(response) => return Ok(response),
            },
        };
        Ok(run(workspace, call, &context).await)
    }
}

async fn run(
    workspace: &Handle,
    call: PermittedCall,
    context: &RequestContext<RoleServer>,
) -> CallToolResponse {
    let (tell, told) = watch::channel(None);
    // Nobody may be listening.
    let running = workspace.run(call, Box::new(move |progress| drop(tell.send(Some(progress)))));
    let tell_host = async {
        if let Some(token) = context.meta.get_progress_token() {
            pass_on(told, token, context).await;
        }
        std::future::pending::<()>().await;
    };
    let reply = tokio::select! {
        reply = running => reply,
        // Dropping the call ends it.
        () = context.ct.cancelled() => Err(ToolError::Cancelled),
        () = tell_host => Err(ToolError::Cancelled),
    };
    match reply {
        Ok(content) => CallToolResult::success(content.into_iter().map(block).collect()).into(),
        Err(error) => failed(error.to_string()),
    }
}

/// Tells the host how far a call is, as often as a person can read it.
async fn pass_on(
    mut told: watch::Receiver<Option<Progress>>,
    token: ProgressToken,
    context: &RequestContext<RoleServer>,
) {
    let mut last = None;
    while told.changed().await.is_ok() {
        let Some(progress) = told.borrow_and_update().clone() else { continue };
        // The protocol wants each greater than the one before.
        if last.is_some_and(|last| progress.done <= last) {
            continue;
        }
        last = Some(progress.done);
        let mut param = ProgressNotificationParam::new(token.clone(), progress.done as f64)
            .with_message(progress.message);
        param.total = progress.total.map(|total| total as f64);
        // A host that has gone ends the call elsewhere.
        let _ = context.peer.notify_progress(param).await;
        tokio::time::sleep(PROGRESS_PAUSE).await;
    }
}

const DECLINED: &str =
    "the person declined; nothing was done, and what is staged stays staged. Ask them what to do instead";
const UNANSWERED: &str = "the person gave no answer; nothing was done, and what is staged stays staged";

impl Server {
    /// Puts a question to the person: in the result since 2026-07-28, by a request of ours before.
    async fn ask(
        &self,
        question: Question,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Answer {
        let can_ask = context.client_capabilities().and_then(|client| client.elicitation);
        let can_ask = can_ask.is_some_and(|how| how.form.is_some() || how.url.is_none());
        if !can_ask {
            return Answer::Ended(failed(question.refusal()));
        }
        let modern =
            context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        if modern {
            return self.ask_in_result(question, request);
        }
        let answer = tokio::select! {
            answer = context.peer.create_elicitation(form(&question)) => answer,
            () = context.ct.cancelled() => return Answer::Ended(failed(ToolError::Cancelled.to_string())),
        };
        match answer {
            Ok(answer) => match answer.action {
                ElicitationAction::Accept => Answer::Yes(question.approved()),
                ElicitationAction::Decline => Answer::Ended(failed(DECLINED.to_owned())),
                // Cancelled, or what a later revision adds.
                _ => Answer::Ended(failed(UNANSWERED.to_owned())),
            },
            Err(error) => Answer::Ended(failed(format!("{UNANSWERED} ({error})"))),
        }
    }

    /// The answer comes with the repeated call, and counts once and only for what was asked.
    fn ask_in_result(&self, question: Question, request: &CallToolRequestParams) -> Answer {
        let open = &self.0.asked;
        let same = request.request_state.as_deref().is_some_and(|state| open.close(state, question.key()));
        let answer = request.input_responses.as_ref().and_then(|answers| answers.get(ANSWER));
        if let (true, Some(answer)) = (same, answer) {
            return match answer.get("action").and_then(serde_json::Value::as_str) {
                Some("accept") => Answer::Yes(question.approved()),
                Some("decline") => Answer::Ended(failed(DECLINED.to_owned())),
                _ => Answer::Ended(failed(UNANSWERED.to_owned())),
            };
        }
        let elicit = InputRequest::Elicitation(ElicitRequest::new(form(&question)));
        let mut required =
            InputRequiredResult::from_input_requests(BTreeMap::from([(ANSWER.to_owned(), elicit)]));
        required.request_state = Some(open.open(question.key()));
        Answer::Ended(required.into())
    }
}

/// A form without fields: a yes or a no.
fn form(question: &Question) -> ElicitRequestParams {
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.text().to_owned(),
        requested_schema: ElicitationSchema::new(BTreeMap::new()),
    }
}

fn failed(text: String) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}

fn block(content: Content) -> ContentBlock {
    match content {
        Content::Text(text) => ContentBlock::text(text),
        Content::Image { mime, bytes } => ContentBlock::image(BASE64_STANDARD.encode(&bytes), mime),
    }
}
