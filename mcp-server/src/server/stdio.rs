//! One host over stdin and stdout, until it leaves or the system says stop.

use super::Server;
use super::gate::Gate;
use anyhow::Context as _;
use rmcp::ServiceExt;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::io::stdio_pipes;
use std::time::Duration;

/// The longest message, in bytes.
const MESSAGE_LIMIT: usize = 16 << 20;

/// How long calls may still be answered after the host has closed our input: a script sends all of its lines at once.
const LAST_ANSWERS: Duration = Duration::from_millis(400);

/// Serves the host at stdin and stdout.
///
/// # Errors
/// When the host does not speak MCP.
pub async fn serve_stdio(server: Server) -> anyhow::Result<()> {
    let (reader, writer) = stdio_pipes();
    let transport = AsyncRwTransport::new_server(reader, writer).with_max_line_length(MESSAGE_LIMIT);
    let (gate, mut left) = Gate::new(transport);
    let serve = async {
        match server.connection().serve(gate).await {
            Ok(running) => running.waiting().await.map(|_| ()).context("serving the host ended badly"),
            // A host that leaves without a word is no error.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(error).context("the host at stdin does not begin as MCP does"),
        }
    };
    tokio::select! {
        served = serve => served,
        () = told_to_stop() => Ok(()),
        () = async {
            // Without a gate the serving has ended.
            let _ = left.wait_for(|left| *left).await;
            tokio::time::sleep(LAST_ANSWERS).await;
        } => Ok(()),
    }
}

/// Ends when the system asks the process to stop.
pub(super) async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate());
        let Ok(mut terminate) = terminate else { return std::future::pending().await };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    // Without the handler the system's own way to stop remains.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
