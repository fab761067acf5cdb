//! What stands between a host's messages and the protocol: nothing a host sends may end the server or fill its memory.

use rmcp::ErrorData;
use rmcp::model::{
    ClientNotification, ClientRequest, ErrorCode, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use std::collections::HashSet;
use tokio::sync::watch;

/// The most requests that wait for an answer; listening to subscriptions counts as one each.
const WAITING: usize = 512;

/// A transport whose peer need not be well-behaved.
pub(super) struct Gate<T> {
    inner: T,
    /// The connection was opened, so that notifications have a meaning.
    opened: bool,
    /// Requests without an answer yet.
    waiting: HashSet<RequestId>,
    ended: watch::Sender<bool>,
}

impl<T: Transport<RoleServer>> Gate<T> {
    /// The gate, and what tells that the host has left.
    pub(super) fn new(inner: T) -> (Self, watch::Receiver<bool>) {
        let (ended, left) = watch::channel(false);
        (Self { inner, opened: false, waiting: HashSet::new(), ended }, left)
    }

    /// Takes note of a message, and says whether it goes on.
    fn admit(&mut self, message: &RxJsonRpcMessage<RoleServer>) -> Verdict {
        match message {
            JsonRpcMessage::Request(request) => {
                let id = &request.id;
                if self.waiting.contains(id) {
                    let text = format!("request `{id}` is not answered yet; each needs an id of its own");
                    return Verdict::Refuse(id.clone(), ErrorCode::INVALID_REQUEST, text);
                }
                if self.waiting.len() >= WAITING {
                    let text =
                        format!("{WAITING} requests wait for an answer already; wait for some of them");
                    return Verdict::Refuse(id.clone(), ErrorCode::INTERNAL_ERROR, text);
                }
                // A ping or a discovery opens nothing.
                self.opened |= !matches!(
                    request.request,
                    ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_)
                );
                self.waiting.insert(id.clone());
                Verdict::Pass
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    // It gets no answer any more.
                    self.waiting.remove(id);
                }
                self.unless_early()
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => self.unless_early(),
        }
    }

    fn unless_early(&self) -> Verdict {
        if self.opened { Verdict::Pass } else { Verdict::Drop }
    }
}

/// What becomes of a message.
enum Verdict {
    Pass,
    Drop,
    Refuse(RequestId, ErrorCode, String),
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Gate<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        match &message {
            JsonRpcMessage::Response(response) => drop(self.waiting.remove(&response.id)),
            JsonRpcMessage::Error(error) => drop(error.id.as_ref().map(|id| self.waiting.remove(id))),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => {}
        }
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let Some(message) = self.inner.receive().await else {
                // Nobody waits for it when the process ends anyway.
                let _ = self.ended.send(true);
                return None;
            };
            match self.admit(&message) {
                Verdict::Pass => return Some(message),
                Verdict::Drop => tracing::debug!("a message before the connection is open is passed over"),
                Verdict::Refuse(id, code, text) => {
                    let error = ErrorData::new(code, text, None);
                    // Receiving may be broken off at any time, sending may not.
                    drop(tokio::spawn(self.inner.send(ServerJsonRpcMessage::error(error, Some(id)))));
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
