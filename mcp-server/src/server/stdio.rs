//! One host over stdin and stdout, until it leaves or the system says stop.

use super::Server;
use anyhow::Context as _;
use rmcp::ServiceExt;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::io::stdio_pipes;

/// The longest message, in bytes.
const MESSAGE_LIMIT: usize = 16 << 20;

/// Serves the host at stdin and stdout.
///
/// # Errors
/// When the host does not speak MCP.
pub async fn serve_stdio(server: Server) -> anyhow::Result<()> {
    let (reader, writer) = stdio_pipes();
    let transport = AsyncRwTransport::new_server(reader, writer).with_max_line_length(MESSAGE_LIMIT);
    let serve = async {
        match server.connection().serve(transport).await {
            Ok(running) => running.waiting().await.map(|_| ()).context("serving the host ended badly"),
            // A host that leaves without a word is no error.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(error).context("the host at stdin does not begin as MCP does"),
        }
    };
    tokio::select! {
        served = serve => served,
        () = told_to_stop() => Ok(()),
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
