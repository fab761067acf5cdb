//! The flags of `--http`, and what is told when it listens.

use super::say;
use anyhow::Result;
use clap::Args;
use devtoolkit_mcp::server::Server;
use devtoolkit_mcp::server::http::{self, Limits};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct HttpArguments {
    /// Serve streamable HTTP here instead, such as 127.0.0.1:0; the URL and the token's file are told on stderr
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<SocketAddr>,
    /// With --http: listen on an address that other machines can reach
    #[arg(long, requires = "http")]
    listen_anyway: bool,
    // Of no use but to reach the limits quickly.
    #[arg(long, requires = "http", hide = true)]
    http_sessions: Option<usize>,
    #[arg(long, requires = "http", hide = true)]
    http_requests: Option<usize>,
    #[arg(long, requires = "http", hide = true)]
    http_connections: Option<usize>,
    #[arg(long, requires = "http", hide = true, value_name = "MS")]
    http_idle: Option<u64>,
    #[arg(long, requires = "http", hide = true, value_name = "MS")]
    http_arrival: Option<u64>,
}

impl HttpArguments {
    /// Where to listen, if at all.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Listens, says where, and serves until the system says stop.
    pub(super) async fn serve(&self, server: Server, address: SocketAddr, state: &Path) -> Result<()> {
        let listening = http::listen(address, self.listen_anyway, state).await?;
        if !address.ip().is_loopback() {
            say(
                "warning: other machines can reach this address, and what is sent, the token too, is not encrypted",
            );
        }
        let (url, token) = (listening.url(), listening.token_file().display());
        say(&format!("listening on {url}; every request needs the token in `{token}` as its bearer"));
        listening.serve(server, self.limits()).await;
        Ok(())
    }

    fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            sessions: self.http_sessions.unwrap_or(usual.sessions),
            requests: self.http_requests.unwrap_or(usual.requests),
            connections: self.http_connections.unwrap_or(usual.connections),
            idle: self.http_idle.map_or(usual.idle, Duration::from_millis),
            arrival: self.http_arrival.map_or(usual.arrival, Duration::from_millis),
            ..usual
        }
    }
}
